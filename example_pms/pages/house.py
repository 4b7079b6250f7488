"""Housekeeping, the guest register, the night audit and the audit log."""

from __future__ import annotations

from datetime import date, timedelta

from flask import flash, redirect, render_template, request
from flask import url_for as link
from werkzeug.wrappers import Response

from ..base import db
from ..foreign import audit_log
from ..frontdesk import night_audit
from ..models import Booking, HousekeepingNote, Registration, Room
from .blueprint import bp, desk, hotel, need, person


@bp.get("/housekeeping")
@need("view")
def housekeeping() -> str:
    """Show rooms to clean and the latest notes."""
    code = hotel().code
    rooms = db.session.scalars(
        db.select(Room).where(Room.property_code == code).order_by(Room.number)
    ).all()
    notes = db.session.scalars(
        db.select(HousekeepingNote)
        .where(HousekeepingNote.property_code == code)
        .order_by(HousekeepingNote.on_day.desc(), HousekeepingNote.id.desc())
        .limit(60)
    ).all()
    return render_template("pms/housekeeping.html", rooms=rooms, notes=notes)


@bp.post("/housekeeping")
@desk
def add_note() -> Response:
    """Write a note about a room; who sleeps there is linked."""
    code, number = hotel().code, request.form.get("room", "")
    words = request.form.get("text", "").strip()[:2000]
    room = db.session.get(Room, (code, number))
    if room is None or not (words or request.form.get("clean")):
        flash("Choose a room and write something, or mark it clean.", "error")
        return redirect(link("pms.housekeeping"))
    room.clean = bool(request.form.get("clean")) or room.clean
    if words:
        staying = db.session.scalar(
            db.select(Booking.id).where(
                Booking.property_code == code,
                Booking.room_no == number,
                Booking.status == "in_house",
            )
        )
        db.session.add(
            HousekeepingNote(
                property_code=code,
                room_no=number,
                booking_id=staying,
                on_day=hotel().business_date,
                text=words,
                author=person().login,
            )
        )
    db.session.commit()
    flash("Noted.", "done")
    return redirect(link("pms.housekeeping"))


@bp.get("/register")
@need("verify")
def register() -> str:
    """Show the guest register of one night."""
    night = day(request.args.get("night", ""), hotel().business_date - timedelta(days=1))
    lines = db.session.scalars(
        db.select(Registration)
        .where(
            Registration.property_code == hotel().code,
            Registration.first_night <= night,
            Registration.last_night >= night,
        )
        .order_by(Registration.room_no, Registration.id)
    ).all()
    return render_template("pms/register.html", lines=lines, night=night)


def day(text: str, otherwise: date) -> date:
    """Read an ISO day, or return `otherwise`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


@bp.get("/night-audit")
@need("view")
def night() -> str:
    """Say what the night audit would do."""
    return render_template("pms/night.html")


@bp.post("/night-audit")
@desk
def run_night() -> Response:
    """Run the night audit; its mark is visible to others while it runs."""
    here = hotel()
    if here.night_audit_running:
        flash("The night audit is running already.", "error")
        return redirect(link("pms.night"))
    here.night_audit_running = True
    db.session.commit()
    try:
        posted, missing = night_audit(db.session(), here, person())
        db.session.commit()
    finally:
        db.session.rollback()
        here.night_audit_running = False
        db.session.commit()
    flash(f"{posted} nights posted, {missing} no-shows. It is {here.business_date}.", "done")
    return redirect(link("pms.board"))


@bp.get("/audit")
@need("audit")
def audit() -> str:
    """Show the newest entries of the audit log."""
    entries = db.session.execute(
        db.select(audit_log)
        .where(audit_log.c.property_code == hotel().code)
        .order_by(audit_log.c.id.desc())
        .limit(100)
    ).all()
    return render_template("pms/audit.html", entries=entries)
