"""Telling whom no letter reached, in public or by hand: one records it, a second one confirms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from sqlalchemy import Row

from ...core import complaining
from ...core.errors import FourEyesError, InputError, MovedError, TransitionError
from ...core.events import PublicNoticeConfirmed, PublicNoticeRecorded
from ...core.incidents import Way, Whom
from ...core.log import canonical
from ...core.seal import fingerprint
from ..access.sameness import same
from ..boxes import safe
from ..casework import written
from ..casework.cases import day_at
from ..work import Work
from . import alarms, noticing, records
from .records import Incident


@dataclass(frozen=True)
class Public:
    """How those were told of an incident whom no letter reached.

    :param place: where, for example the hotel's web site; or who wrote or called.
    :param on: the day.
    :param text: what it said, where that is not what the letters say.
    :param way: in public, by post or by telephone.
    """

    place: str
    on: date
    text: str = ""
    way: Way = Way.PUBLIC


def record(work: Work, number: str, alarm: str, how: Public, by: str) -> None:
    """Record how those were told whom no letter reached; a second person confirms it.

    Recorded again before that, it is the new one and its person's.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param how: where, when and what; it is sealed, but for the day.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises UnknownError: there is no such duty at its property.
    :raises InputError: nothing says where, or nobody can have been told on that day.
    :raises TransitionError: letters have not gone yet or reached everybody, it was confirmed, or
        the incident is closed.

    Source: GDPR Article 34(3)(c).
    """
    row, actor = records.at_work(work, number, by)
    notice = _owing(work, row, alarm)
    said = {"place": _place(how.place), "text": _cut(how.text), "way": Way(how.way).value}
    _possible(work, row, how.on)
    safe.drop(work, notice.public_box)
    alarms.write(
        work, notice, public_box=written.seal(work, row.controller, records.PURPOSE, said),
        public_on=how.on.isoformat(), public_by=actor, public_at=work.stamp,
    )  # fmt: skip
    records.tell(work, PublicNoticeRecorded, row, actor, (alarm.replace("/", "."),))


def confirm(work: Work, number: str, alarm: str, by: str, seen: str) -> None:
    """Confirm how those were told whom no letter reached, as the second person.

    :param work: the open transaction.
    :param number: number of the incident.
    :param alarm: id of the duty.
    :param by: the host's id of the person.
    :param seen: digest of what they read.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises FourEyesError: they recorded it.
    :raises MovedError: it is not what they read any more.
    :raises TransitionError: nobody recorded it, the journal knows of no such record, nobody can
        read it any more, or it was confirmed.
    """
    row, actor = records.at_work(work, number, by)
    notice = _owing(work, row, alarm)
    if notice.public_by is None:
        raise TransitionError("Nobody recorded how the others were told.", "Record it first.")
    if safe.peek(work, notice.public_box) is None:
        raise TransitionError("What was recorded cannot be read any more.", "Record it anew.")
    if same(work.conn, notice.public_by, actor, work.stamp):
        raise FourEyesError(
            "Two people say how the others were told.", "Ask a second person to look at it."
        )
    name = PublicNoticeRecorded.name
    if not noticing.said(work, notice, (name,), (name, notice.public_by, notice.public_at)):
        raise TransitionError("The journal knows of no such record.", "Record it anew.")
    if not noticing.is_same(_digest(work, notice), seen):
        raise MovedError("It is not the record that you read.", "Read it again and confirm that.")
    alarms.write(work, notice, confirmed_by=actor, confirmed_at=work.stamp)
    counts = {"untold": notice.untold}
    records.tell(work, PublicNoticeConfirmed, row, actor, (alarm.replace("/", "."),), counts)


def shown(work: Work, notice: Row[Any], actor: str) -> dict[str, Any] | None:
    """Return how the others were told, as who deals with the incident reads it; None where not.

    The digest is what a second person confirms it with.

    :param work: the open transaction.
    :param notice: the row of the duty.
    :param actor: opaque number of who reads it.
    """
    if notice.public_by is None:
        return None
    said = safe.peek(work, notice.public_box) or {}
    waits = notice.confirmed_at is None
    return {
        # Versions of before knew the public alone.
        "way": str(said.get("way", Way.PUBLIC.value)),
        "place": str(said.get("place", "")),
        "text": str(said.get("text", "")),
        "on": notice.public_on,
        "by": notice.public_by,
        "mine": notice.public_by == actor,
        "confirmed_by": notice.confirmed_by or "",
        "confirmed_at": notice.confirmed_at,
        "digest": _digest(work, notice) if waits else "",
    }


def _owing(work: Work, row: Incident, alarm: str) -> Row[Any]:
    """Return the letters of a duty of which somebody got none, and nobody confirmed how they were
    told otherwise.
    """
    duty = alarms.duty(work, row, alarm, Whom.GUESTS)
    if duty.notice is None or not duty.unreached:
        raise nobody_left()
    return duty.notice


def nobody_left() -> TransitionError:
    """Return the refusal where nobody, or not yet anybody, is left to be told otherwise."""
    return TransitionError(
        "Nobody else is left to be told: letters reached everybody or have not gone yet, or it "
        "was recorded and confirmed.",
        "Look at the incident again.",
    )


def _place(text: str) -> str:
    """Return where they were told, or by whom.

    :raises InputError: there is nothing in it that anybody can see.
    """
    try:
        return complaining.wording(text)
    except InputError as problem:
        raise InputError(problem.message, problem.hint, {"place": [problem.message]}) from None


def _cut(text: str) -> str:
    return text.replace("\0", "").strip()[: complaining.LONGEST_TEXT]


def _possible(work: Work, row: Incident, on: date) -> None:
    """Let nobody have been told on a day ahead, or before the incident was noticed."""
    hotel = work.settings.home(row.property)
    wrong = ""
    if on > day_at(hotel, work.now):
        wrong = "This day lies ahead."
    elif on < day_at(hotel, row.noticed_at.replace(tzinfo=UTC)):
        wrong = "This day is before it was noticed."
    if wrong:
        raise InputError(wrong, "Give the day on which they were told.", {"on": [wrong]})


def _digest(work: Work, notice: Row[Any]) -> str:
    """Return the digest of what is recorded as it stands."""
    told = {
        "public": [notice.incident, notice.alarm, notice.public_on],
        "said": safe.peek(work, notice.public_box) or {},
        "recorded": [notice.public_by, notice.public_at.isoformat()],
        # A later look may have found more of them since it was read.
        "untold": notice.untold,
    }
    return fingerprint(work.custodian.pepper("incident"), "public", canonical(told).decode())
