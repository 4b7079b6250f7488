"""A mistake that somebody on duty reports: of what kind, when noticed, and words, sealed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ...core.alert import OLDEST_MISTAKE, AlertKind, Cause, Mistake
from ...core.errors import InputError
from ...core.events import MistakeReported
from ...core.log import slug
from ...core.permissions import Permission
from ...core.seal import Terms
from ..access import actors
from ..boxes import safe
from ..work import Work
from . import alerts

LONGEST = 400
"""Characters of the words that are kept."""

DAYS = 366
"""Days for which the words are kept at most; they go when the alert is closed."""

_AHEAD = timedelta(minutes=5)


def report(
    work: Work, property_: str, by: str, kind: str, noticed: datetime, words: str = ""
) -> int:
    """Report a mistake; return the number of its alert.

    :param work: the open transaction.
    :param property_: code of the property.
    :param by: the host's id of who reports it.
    :param kind: one of `core.alert.Mistake`.
    :param noticed: aware time at which it was noticed.
    :param words: what they write; sealed, and read by who may watch there.
    :raises ForbiddenError: they may not report at this property.
    :raises InputError: there is no such kind, or it was noticed in the future or too long ago.
    :raises UnknownError: there is no such property.
    """
    hotel = work.settings.property(property_)
    actor = actors.allow(work, by, Permission.REPORT, hotel.code)
    if kind not in {each.value for each in Mistake}:
        raise InputError("There is no such kind of mistake.", "Choose one of the list.")
    if noticed.tzinfo is None or not -_AHEAD <= work.now - noticed <= OLDEST_MISTAKE:
        raise InputError(
            "A mistake was noticed in the last year, not in the future.", "Correct day and time."
        )
    box = None
    if words.strip():
        ends = (work.now.date() + timedelta(days=DAYS)).isoformat()
        terms = Terms(slug(hotel.controller), "alert", ends)
        box = safe.keep(work, terms, words.strip()[:LONGEST])
    since = noticed.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    number = alerts.report(work, Cause(AlertKind.MISTAKE, hotel.code, kind, since), actor, box)
    alerts.tell(work, MistakeReported, hotel.code, actor, (kind,), {"alert": number})
    return number
