"""A request that reached the hotel otherwise than through the form, filed by a clerk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ...core.asking import asker, receivable, spoken
from ...core.errors import InputError, UnknownError
from ...core.events import SYSTEM
from ...core.permissions import Permission
from ...core.reasons import recordable
from ...core.wish import wish
from ..access import actors
from ..casework import answering
from ..casework.cases import Opening, day_at, noon
from ..casework.matching import Match, by_clerk
from ..settings import Property
from ..work import Work
from .intake import check_channel, recorded


@dataclass(frozen=True)
class Filing:
    """What a clerk gives.

    :param match: match key, or kind, -> value.
    :param property: code of the property; empty: where they are on file.
    :param channel: one of `intake.CHANNELS`.
    :param received: day of receipt at the property, or None for today.
    :param lang: language of the guest; the property's when empty.
    :param asked_by: one of `core.asking.Asker`; the guest when empty.
    :param reason: one of `core.reasons.Reason`, or empty.
    :param wish: one of `core.wish.Wish`; erasure when empty.
    """

    match: Mapping[str, str]
    property: str
    channel: str
    received: date | None
    lang: str
    asked_by: str = ""
    reason: str = ""
    wish: str = ""


def file(work: Work, filing: Filing, by: str | None) -> str:
    """Record a request that reached the hotel otherwise than through the form.

    :param work: the open transaction.
    :param filing: what the clerk gives.
    :param by: the host's id of the clerk, or None at a console.
    :return: the request's number; that of the open request when the same was filed before. Of a
        copy and an erasure after it, that of the copy.
    :raises MatchError: nothing was given by which anybody can be found.
    :raises InputError: the day of receipt lies ahead or before 2000, the channel is unknown, or
        no property was given and they are on file at several; nobody may ask under that word, the
        reason is none under the law there, or the language has no such tag.
    :raises UnknownError: nobody is on file under it.
    :raises ForbiddenError: the clerk may not file at this property.
    """
    check_channel(filing.channel)
    who, wished, lang = asker(filing.asked_by), wish(filing.wish), spoken(filing.lang)
    property_, match = _where(work, filing, by)
    actor = actors.allow(work, by, Permission.FILE, property_.code) if by is not None else None
    today = day_at(property_, work.now)
    received = filing.received or today
    receivable(received, today)
    opening = Opening(
        property_,
        filing.channel,
        lang or property_.lang,
        received,
        work.stamp if received == today else noon(property_, received),
        actor,
        match.mark,
        who.value,
        recordable(answering.law(work.settings, property_), filing.reason),
    )
    return recorded(work, opening, match, wished, (actor or SYSTEM, by), filing.lang)[0].number


def _where(work: Work, filing: Filing, by: str | None) -> tuple[Property, Match]:
    """Return the property a clerk means and who is on file there.

    Permission comes before looking, so that a clerk learns nothing about other hotels.
    """
    if filing.property:
        places = [work.settings.property(filing.property)]
    else:
        places = list(work.settings.properties.values())
    if by is not None:
        allowed = [p for p in places if actors.may(work, by, Permission.FILE, p.code)]
        if not allowed:
            actors.require(work, by, Permission.FILE, places[0].code)
        places = allowed
    found = [(place, by_clerk(work, filing.match, place)) for place in places]
    there = [(place, match) for place, match in found if match.judged]
    if not there:
        raise UnknownError(
            "Nobody is on file under this at this property.", "Try another key or spelling."
        )
    if len(there) > 1:
        codes = ", ".join(place.code for place, _ in there)
        raise InputError("They are on file at several properties.", f"Name one of {codes}.")
    return there[0]
