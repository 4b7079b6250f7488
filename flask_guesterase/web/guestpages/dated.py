"""The days of a guest's case: on its page, and as a file for the guest's own calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from flask import Response, session

from ...core import agenda
from ...core.agenda import Milestone, Moment
from ...core.plan import LEGAL_DUTY
from ..current import current
from ..wording.casewords import SHOWN
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.words import word
from .guestdesk import CASE, guest_pages

_SOME = N_("some of your data")
_OURS = N_("Your data: %(what)s")


@guest_pages.get("/case/dates.ics")
def calendar() -> Response:
    """Hand out the days that are still to come as a calendar file.

    :raises TokenError: this browser holds no case.
    """
    code = str(session.get(CASE, ""))
    with current.begin(write=False) as office:
        view = office.case(code)
        found, now = office.milestones(code), office.work.now
    hotel = current.settings.property(view.property)
    tongue = language(zone=hotel.zone)
    ahead = to_come(found, now.astimezone(ZoneInfo(hotel.zone)).date())
    events = [(each, tongue.gettext(_OURS, what=said(tongue, each))) for each in ahead]
    response = Response(agenda.calendar(events, now), mimetype="text/calendar")
    # Neither number nor hotel: files lie about on devices that others use.
    response.headers["Content-Disposition"] = 'attachment; filename="dates.ics"'
    return response


def to_come(found: Iterable[Milestone], today: date) -> list[Milestone]:
    """Return the days that are not over yet."""
    return [each for each in found if each.moment in agenda.COMING and each.day >= today]


def taken_back(found: Iterable[Milestone]) -> date | None:
    """Return the day on which the guest took the request back, or None."""
    return next((each.day for each in found if each.moment is Moment.WITHDRAWN), None)


def reached(found: Iterable[Milestone]) -> int:
    """Return how many of the five words a request came to that ended without being done."""
    return 1 + len({each.moment for each in found} & {Moment.SHOWN, Moment.DECIDED})


def said(tongue: Language, milestone: Milestone) -> str:
    """Return in words what happens on a day, and to what."""
    if milestone.moment is Moment.SHOWN and milestone.what in SHOWN:
        return tongue.gettext(SHOWN[milestone.what])
    if milestone.moment is not Moment.STAYS or not milestone.what:
        return word(tongue, milestone.moment)
    what = tongue.gettext(_SOME) if milestone.what == LEGAL_DUTY else word(tongue, milestone.what)
    return tongue.gettext(N_("what stays goes by itself: %(what)s"), what=what)
