"""Guest list and guest card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flask import abort, current_app, flash, redirect, render_template, request, send_from_directory
from flask import url_for as link
from sqlalchemy import or_
from werkzeug.wrappers import Response

from ..audit import record
from ..base import db
from ..foreign import Invoice, Message
from ..models import Guest, IdDocumentFile
from .blueprint import bp, desk, held, my_guest, need, person

PAGE = 50
FIELDS = ("name", "email", "phone", "address", "notes")


@bp.get("/guests")
@need("view")
def guests() -> str:
    """List guests, or find them by name, contact or document number."""
    wanted = request.args.get("q", "").strip()
    page = held(max(request.args.get("page", 1, type=int), 1))
    query = db.select(Guest).where(Guest.property_code == person().property_code)
    if wanted:
        query = query.where(
            or_(
                Guest.name.contains(wanted, autoescape=True),
                Guest.email.contains(wanted, autoescape=True),
                Guest.phone.contains(wanted, autoescape=True),
                Guest.document_no == wanted,
            )
        )
    rows = db.session.scalars(
        query.order_by(Guest.name, Guest.id).offset((page - 1) * PAGE).limit(PAGE + 1)
    ).all()
    return render_template(
        "pms/guests.html", guests=rows[:PAGE], more=len(rows) > PAGE, page=page, wanted=wanted
    )


@bp.get("/guests/<int:key>")
@need("view")
def guest(key: int) -> str:
    """Show everything the hotel has about one guest."""
    one = my_guest(key)
    numbers = {booking.number for booking in (*one.booked, *one.stays)}
    invoices = db.session.scalars(
        db.select(Invoice).where(Invoice.booking_number.in_(numbers)).order_by(Invoice.issued_on)
    ).all()
    return render_template(
        "pms/guest.html", guest=one, invoices=invoices, messages=messages_to(one)
    )


def messages_to(one: Guest) -> Sequence[Message]:
    """Return the messages that went to one of the guest's contacts, newest first."""
    contacts = {contact for contact in (one.email, one.phone) if contact and contact != "0"}
    return db.session.scalars(
        db.select(Message)
        .where(Message.recipient.in_(contacts), Message.property_code == one.property_code)
        .order_by(Message.sent_at.desc())
        .limit(50)
    ).all()


@bp.post("/guests/<int:key>")
@desk
def change_guest(key: int) -> Response:
    """Correct the profile."""
    one = my_guest(key)
    old = {field: getattr(one, field) for field in FIELDS}
    new = {field: request.form.get(field, "").strip() for field in FIELDS}
    if not new["name"] or len(new["name"]) > 80 or (new["email"] and "@" not in new["email"]):
        flash("A guest needs a name, and an e-mail address has an @.", "error")
        return redirect(link("pms.guest", key=key))
    limits = {field: Guest.__table__.c[field].type for field in FIELDS}
    for field, value in new.items():
        setattr(one, field, value[: getattr(limits[field], "length", None)])
    record(db.session(), person(), "guest.update", ("guests", key), old, new)
    db.session.commit()
    flash("The profile is changed.", "done")
    return redirect(link("pms.guest", key=key))


@bp.post("/guests/<int:key>/anonymise")
@need("erase")
def anonymise(key: int) -> Response:
    """Overwrite name, e-mail and phone of the profile: what such buttons do, and no more.

    Register, folios, payments, invoices, messages, notes, scans, the second profile of the same
    person and the audit log keep the name; the entry written here adds it once more.
    """
    one = my_guest(key)
    old = {"name": one.name, "email": one.email, "phone": one.phone}
    one.name, one.email, one.phone = "Anonymous", "", None
    record(db.session(), person(), "guest.anonymise", ("guests", key), old, {"name": one.name})
    db.session.commit()
    flash("The guest is anonymised.", "done")
    return redirect(link("pms.guest", key=key))


@bp.get("/scans/<int:key>")
@need("verify")
def scan(key: int) -> Response:
    """Show the scan of an identity document."""
    file = db.session.get(IdDocumentFile, held(key))
    if file is None or not file.path or file.guest.property_code != person().property_code:
        abort(404)
    answer = send_from_directory(Path(current_app.config["PMS_SCANS"]).resolve(), file.path)
    # A file that is sent says "no-cache" by itself, with which the browser keeps it.
    answer.headers["Cache-Control"] = "no-store"
    return answer
