"""Staff page of the emergency plan: dated, printed, and asked for again when it changes."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ..core.permissions import Permission
from . import lawwords, schemas
from .current import current
from .desk import me, must, staff_pages, today
from .instructions import CASES
from .pages import language
from .rendering import render_template
from .trouble import ROLES


@staff_pages.get("/emergency")
def emergency() -> str:
    """Show the emergency plan of a hotel, ready to print."""
    hotels = {hotel.code: hotel for hotel in must(Permission.WATCH, Permission.REPORT)}
    hotel = hotels.get(request.args.get("property", ""), next(iter(hotels.values())))
    with current.begin(write=False) as office:
        plan, why, printed = office.emergency(hotel.code, me())
        backups = office.backups()
        now = office.work.now
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/emergency.html",
        hotels=hotels.values(),
        hotel=hotel,
        plan=plan,
        mark=plan.fingerprint(),
        why=why,
        printed=printed,
        today=today(hotel),
        backups=[(each, each.stale(now)) for each in backups],
        complaint=lawwords.complaint(tongue, hotel),
        cases=CASES,
        roles=ROLES,
    )


@staff_pages.post("/emergency")
def emergency_printed() -> AnyResponse:
    """Note that the reader printed the plan."""
    must(Permission.WATCH, Permission.REPORT)
    form = schemas.read(schemas.Printed(), request.form)
    with current.begin() as office:
        office.emergency_printed(form["property"], me(), form["fingerprint"])
    return redirect(url_for(".emergency", property=form["property"]), 303)
