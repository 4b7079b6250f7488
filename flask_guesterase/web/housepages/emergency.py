"""Staff page of the emergency plan: dated, printed, and asked for again when it changes."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.incidents import Severity
from ...core.permissions import Permission
from ...store.casework import answering
from ...store.settings import Property, Settings
from ..current import current
from ..forms import schemas
from ..staffpages.desk import me, must, staff_pages, today
from ..wording.cited import cited
from ..wording.instructions import CASES
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.trouble import ROLES
from ..wording.words import word


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
        duties=duties(tongue, current.settings, hotel),
        cases=CASES,
        roles=ROLES,
    )


def duties(tongue: Language, settings: Settings, hotel: Property) -> list[tuple[str, str, str]]:
    """Return who must be told of a leak at a hotel, how fast, and by which article.

    :param tongue: the reader's language.
    :param settings: how the extension is set up, or would be.
    :param hotel: the hotel.
    """
    found = []
    for alarm in answering.alarms(settings, hotel):
        always = alarm.severity is Severity.UNLIKELY
        whom = word(tongue, alarm.whom)
        whom += "" if always else tongue.aside(word(tongue, alarm.severity))
        when = (
            tongue.ngettext("within %(num)s hour", "within %(num)s hours", alarm.hours)
            if alarm.hours
            else tongue.gettext(N_("at once"))
        )
        house = N_("A choice of the house: no law is recorded for this place.")
        found.append((whom, when, cited(tongue, alarm.article or house)))
    return found


@staff_pages.post("/emergency")
def emergency_printed() -> AnyResponse:
    """Note that the reader printed the plan."""
    must(Permission.WATCH, Permission.REPORT)
    form = schemas.read(schemas.Printed(), request.form)
    with current.begin() as office:
        office.emergency_printed(form["property"], me(), form["fingerprint"])
    return redirect(url_for(".emergency", property=form["property"]), 303)
