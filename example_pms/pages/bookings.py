"""The booking page with check-in and check-out, the folio and the invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from flask import abort, current_app, flash, redirect, render_template, request
from flask import url_for as link
from werkzeug.wrappers import Response

from flask_guesterase import GuesteraseError
from flask_guesterase.reception import freezing, tick, ticked

from ..audit import utcnow
from ..base import db
from ..foreign import Invoice
from ..frontdesk import Arrival, DeskError, cancel, charge, check_in, check_out, free_rooms, no_show
from ..models import Booking, Guest, IdDocumentFile
from ..seed import picture
from .blueprint import bp, desk, held, hotel, my_booking, need, person

SPARE = 2
"""Empty lines on the check-in form, for companions nobody announced."""


@bp.get("/bookings/<number>")
@need("view")
def booking(number: str) -> str:
    """Show a booking with what may be done to it now."""
    one = my_booking(number)
    invoices = db.session.scalars(
        db.select(Invoice).where(Invoice.booking_number == one.number).order_by(Invoice.number)
    ).all()
    rooms = free_rooms(db.session(), one.property_code) if one.status == "booked" else ()
    # Whoever leaves today sleeps no night any more; the first one is theirs whenever they leave.
    night = min((line.first_night for line in one.registrations), default=hotel().business_date)
    return render_template(
        "pms/booking.html", booking=one, invoices=invoices, rooms=rooms, spare=SPARE,
        remarks=look_through(one, one.guests, count=False),
        tick=tick(one.property_code),
        freeze=freezing(one.property_code, night, one.room_no or ""),
    )  # fmt: skip


REMARKS = {
    "beyond-purpose": "More is filled in than a stay needs",
    "no-purpose": "No policy says what this record is for",
    "clock-missing": "Nothing says when this record goes",
    "copy-forbidden": "A copy of an identity document is forbidden here",
    "no-backup": "No recent backup is known",
    "no-reviewer": "Nobody is named who looked",
}
"""What the review before check-in says, in a clerk's words."""


def look_through(one: Booking, records: Iterable[object], count: bool = True) -> list[str]:
    """Let the privacy extension look through records; it informs and never keeps anybody waiting.

    :param count: whether it counts for the house's figures.
    """
    privacy = current_app.extensions["guesterase"].extension
    found: dict[str, None] = {}
    for record in records:
        review = privacy.review_record(record, person(), one.property_code, count)
        for remark in review.remarks:
            columns = ", ".join(review.columns) if remark == "beyond-purpose" else ""
            found[f"{REMARKS[remark]}: {columns}" if columns else REMARKS[remark]] = None
    return list(found)


def act(number: str, action: Callable[[Booking], str]) -> Response:
    """Do something to a booking, all of it or nothing, and say how it went."""
    one = my_booking(number)
    try:
        words = action(one)
        db.session.commit()
        flash(words, "done")
        file_when_ticked(one)
    except DeskError as error:
        db.session.rollback()
        flash(str(error), "error")
    return redirect(link("pms.booking", number=number))


def file_when_ticked(one: Booking) -> None:
    """File the main guest's request when it was ticked; the guest is in or out whatever comes."""
    try:
        filed = ticked(one.guests[0], one.property_code) if one.guests else ""
        fresh = bool(filed) and _to_be_shown(filed)
    except GuesteraseError as error:
        again = "This form is done: file it anew under Erasure requests, File a request."
        flash(f"The request to erase was not filed: {error.message} {error.hint} {again}", "error")
        return
    if fresh:
        flash(f"Request {filed} is filed.", "erasure")
    elif filed:
        flash(f"Request {filed} was filed before, and it was shown who the guest is.", "known")


def _to_be_shown(number: str) -> bool:
    """Return whether nobody has shown yet who the guest of a request is."""
    with current_app.extensions["guesterase"].extension.begin(write=False) as office:
        return bool(office.show(number)["state"] == "received")


@bp.post("/bookings/<number>/check-in")
@desk
def arrive(number: str) -> Response:
    """Check in: room, register, and a scan of the main guest's document when asked for."""

    def action(one: Booking) -> str:
        room = request.form.get("room", "")
        guests = check_in(db.session(), one, room, arrivals(), person())
        scans = [keep_scan(guests[0])] if request.form.get("scan") else []
        remarks = look_through(one, [*guests, *scans])
        return ". ".join([f"Checked in to room {room}", *remarks]) + "."

    return act(number, action)


def arrivals() -> list[Arrival]:
    """Read the lines of the check-in form, leaving out those without a name."""
    lines = []
    for place in range(min(request.form.get("lines", 0, type=int), 20)):
        name = request.form.get(f"name-{place}", "").strip()[:80]
        if name:
            kind = request.form.get(f"type-{place}", "passport")
            lines.append(
                Arrival(
                    guest_id=held(request.form.get(f"guest-{place}", 0, type=int)) or None,
                    name=name,
                    document_type=kind if kind in ("id_card", "passport", "permit") else "passport",
                    document_no=request.form.get(f"document-{place}", "").strip()[:24],
                    nationality=request.form.get(f"nationality-{place}", "").strip().upper()[:2],
                )
            )
    return lines


def keep_scan(guest: Guest) -> IdDocumentFile:
    """Put a picture where a scanner would have put the document, named after the guest."""
    name = "".join("_" if sign in " /\\" else sign for sign in guest.name)
    path = f"{guest.property_code}/{name}_{guest.document_type}_{guest.id}_{utcnow():%H%M%S%f}.png"
    content = picture(f"INVENTED {guest.name} {guest.document_no}", guest.id)
    target = Path(current_app.config["PMS_SCANS"]) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    kind, now = guest.document_type, utcnow()
    scan = IdDocumentFile(kind=kind, path=path, size=len(content), taken_at=now)
    guest.documents.append(scan)
    return scan


@bp.post("/bookings/<number>/check-out")
@desk
def depart(number: str) -> Response:
    """Check out: payment, invoice, room to be cleaned."""

    def action(one: Booking) -> str:
        method = request.form.get("method", "")
        billed_to = request.form.get("billed_to", "").strip()[:80]
        invoice = check_out(db.session(), one, method, billed_to, person())
        return f"Checked out. Invoice {invoice.number} is written."

    return act(number, action)


@bp.post("/bookings/<number>/cancel")
@desk
def call_off(number: str) -> Response:
    """Cancel the booking."""

    def action(one: Booking) -> str:
        cancel(db.session(), one, person())
        return "The booking is cancelled."

    return act(number, action)


@bp.post("/bookings/<number>/no-show")
@desk
def never_came(number: str) -> Response:
    """Note that nobody came."""

    def action(one: Booking) -> str:
        no_show(db.session(), one, person())
        return "The booking is a no-show."

    return act(number, action)


@bp.get("/bookings/<number>/folio")
@need("view")
def folio(number: str) -> str:
    """Show charges and payments."""
    one = my_booking(number)
    if one.folio is None:
        abort(404)
    total = sum((line.amount for line in one.folio.lines), Decimal(0))
    return render_template("pms/folio.html", booking=one, folio=one.folio, total=total)


@bp.post("/bookings/<number>/folio")
@desk
def add_charge(number: str) -> Response:
    """Put a charge on the folio."""

    def action(one: Booking) -> str:
        if one.folio is None:
            raise DeskError("The booking has no folio. Check the guest in first.")
        words = request.form.get("description", "").strip()
        try:
            amount = Decimal(request.form.get("amount", "")).quantize(Decimal("0.01"))
        except InvalidOperation as error:
            raise DeskError("The amount is no number.") from error
        if not amount.is_finite() or amount >= 10**8:
            raise DeskError("The amount is no sum a guest could owe.")
        charge(db.session(), one.folio, words, amount, person())
        return "Charged."

    act(number, action)
    return redirect(link("pms.folio", number=number))


@bp.get("/invoices/<number>")
@need("view")
def invoice(number: str) -> str:
    """Show an issued invoice, ready to print."""
    one = db.session.scalar(db.select(Invoice).where(Invoice.number == number))
    if one is None or one.property_code != person().property_code:
        abort(404)
    return render_template("pms/invoice.html", invoice=one)
