"""Staff pages of what goes wrong: the list, taking and closing an alert, reporting a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.alert import BY_PEOPLE, SINCE_A_DAY, AlertKind, Mistake
from ...core.errors import InputError
from ...core.incidents import Happening
from ...core.permissions import Permission
from ...store.failures import alerts
from ...store.settings import Property
from ..current import current
from ..forms import pressing, schemas
from ..forms.untaken import on_page
from ..pages import no_fields
from ..staffpages.desk import deed, me, must, staff_pages
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.trouble import NEXT
from ..wording.words import word

_WHEN = N_("A mistake was noticed in the last year, not in the future.")


@staff_pages.get("/watch")
def watch() -> str:
    """List what is wrong, of one hotel or of all that the reader watches, and what was closed."""
    hotels = {hotel.code: hotel for hotel in must(Permission.WATCH)}
    chosen = request.args.get("property", "")
    chosen = chosen if chosen in hotels else ""
    with current.begin(write=False) as office:
        open_ = office.alerts(me(), chosen)
        closed = office.alerts(me(), chosen, closed=True)
        looked, stale = office.looked()
        backups = office.backups()
        now = office.work.now
    # What is the whole house's is told in the zone of the hotel that is looked at, or the first.
    tongue = language(zone=(hotels[chosen] if chosen else next(iter(hotels.values()))).zone)
    return render_template(
        "guesterase/staff/watch.html",
        hotels=hotels,
        chosen=chosen,
        alerts=[
            {
                **row,
                "since": _since(tongue, hotels, row),
                "what": _what(tongue, row),
                "next": tongue.gettext(NEXT.get(row["kind"], "")),
            }
            for row in open_
        ],
        closed=[{**row, "closed": _moment(tongue, hotels, row, "closed_at")} for row in closed],
        looked=looked,
        stale=stale,
        backups=[(each, each.stale(now)) for each in backups],
        ground_options=[(each.value, word(tongue, each)) for each in BY_PEOPLE],
    )


def _since(tongue: Language, hotels: Mapping[str, Property], row: Mapping[str, Any]) -> str:
    """Return since when something is wrong; a day is the same day in every zone."""
    if row["kind"] in SINCE_A_DAY:
        return tongue.day(row["since"].date())
    return _moment(tongue, hotels, row, "since")


def _what(tongue: Language, row: Mapping[str, Any]) -> str:
    """Return what exactly is wrong; of rows that are late, their table and their category.

    A database is called what the host calls it.
    """
    if row["kind"] == AlertKind.PAST_DUE:
        table, _, category = row["about"].rpartition("/")
        return f"{table}{tongue.colon}{word(tongue, category)}"
    if row["kind"] == AlertKind.DATABASE_AWAY:
        return str(row["about"])
    return word(tongue, row["about"])


def _moment(
    tongue: Language, hotels: Mapping[str, Property], row: Mapping[str, Any], which: str
) -> str:
    """Return a moment of an alert in the zone of its hotel."""
    hotel = hotels.get(row["property"])
    return (replace(tongue, zone=hotel.zone) if hotel else tongue).moment(row[which])


@staff_pages.post("/watch/look")
def look_over() -> AnyResponse:
    """Look over everything now."""
    must(Permission.WATCH)
    alerts.look_over(current.run)
    return redirect(url_for(".watch"), 303)


@staff_pages.post("/watch/<int:alert>/take")
def take_alert(alert: int) -> AnyResponse:
    """Say that one looks after an alert."""
    must(Permission.WATCH)
    with current.begin() as office:
        office.take_alert(alert, me())
    return redirect(url_for(".watch"), 303)


@staff_pages.post("/watch/<int:alert>/close")
@on_page("watch")
def close_alert(alert: int) -> AnyResponse:
    """Close an alert on a ground."""
    must(Permission.WATCH)
    form = schemas.read(schemas.Closed(), request.form)
    deed(lambda office: office.close_alert(alert, me(), form["ground"]))
    return redirect(url_for(".watch"), 303)


@staff_pages.get("/mistake")
def mistake() -> str:
    """Show the form by which anybody on duty reports a mistake."""
    hotels = must(Permission.REPORT)
    return _form({"noticed": _now(hotels[0])}, {})


@staff_pages.post("/mistake")
def report_mistake() -> AnyResponse:
    """Report a mistake."""
    hotels = {hotel.code: hotel for hotel in must(Permission.REPORT)}
    try:
        form = schemas.read(schemas.Reported(property=hotels), request.form)
        zone = ZoneInfo(hotels[form["property"]].zone)
        with current.begin() as office:
            number = pressing.once(office, lambda: office.report_mistake(
                form["property"], me(), form["kind"], form["noticed"].replace(tzinfo=zone),
                form["words"],
            ))  # fmt: skip
    except InputError as problem:
        wrong = no_fields(problem) if problem.fields else {"noticed": [_WHEN]}
        return make_response(_form(request.form, wrong), 422)
    return make_response(render_template(
        "guesterase/staff/reported.html", alert=number, incident=_INCIDENTS.get(form["kind"])
    ))  # fmt: skip


_INCIDENTS: dict[str, str] = {
    Mistake.SEEN: Happening.LEAK,
    Mistake.SENT: Happening.RECIPIENT,
    Mistake.WRONG_ERASED: Happening.ERASURE,
}
"""Kind of mistake -> what it is as an incident, of which the law may want somebody told."""


def _now(hotel: Property) -> str:
    return datetime.now(ZoneInfo(hotel.zone)).strftime("%Y-%m-%dT%H:%M")


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(Permission.REPORT)
    tongue = language()
    return render_template(
        "guesterase/staff/mistake.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        kind_options=[(kind.value, word(tongue, kind)) for kind in Mistake],
    )
