"""Rows that wait, looked at once more: as somebody says whose they are, and before they go."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import Row as Line

from ...core.errors import TransitionError
from ...core.plan import NEW_STAY, Person
from ...core.returning import (
    ASKED_ALONE,
    ASKED_ANEW,
    NOT_DECIDED,
    PERHAPS_ANOTHER,
    Sign,
    Verdict,
)
from ..comeback import known
from ..comeback.arrived import booked
from ..comeback.judging import Judge, Judged
from ..erasing import people
from ..lawbook.blockers import today_at
from ..remembrance import forgotten as remembered
from ..statements.failure import is_unread
from ..work import Work
from .again import Again, Fate
from .promised import Register

REPLAY = "replay"
"""Door of rows that were seen while a restored database caught up."""

_SIGHTED = frozenset(sign.value for sign in Sign)

_OTHERWISE = {
    Verdict.LIVES: Fate.LIVES, Verdict.UNCLEAR: Fate.STAFF, Verdict.STRANGER: Fate.GONE,
}  # fmt: skip


def require(work: Work, row: Line[Any]) -> None:
    """Refuse that one person says of a row that it is theirs, where that is not theirs to say.

    That a row is new was seen when it was found; who it is, is judged by what stands there now.

    :param work: the open transaction.
    :param row: the line about it, which waits.
    :raises TransitionError: it goes by itself, was never approved, or may be another person.
    """
    if row.state == Fate.OPEN.value:
        raise TransitionError(
            "This row will be erased again without that.",
            "Say of it that it lives, or leave it alone.",
        )
    if row.why not in ASKED_ANEW and not _apart(work, row):
        return
    raise TransitionError(
        "What would be done to this row was never approved."
        if row.why == NOT_DECIDED else "This may be another person, or a new stay.",
        "File a request for this person; a second person approves it.",
        anew=row.why != NOT_DECIDED,
    )


def _apart(work: Work, row: Line[Any]) -> bool:
    """Return whether another name or document stands in a row by now, or in whose it is."""
    if row.why not in _SIGHTED:
        return False
    keys, _ = people.keys_of(work, [row])
    if row.id not in keys:
        return False
    try:
        found = _judged(work, (row.table_name, keys[row.id]))
    except Exception as problem:
        # What nobody can read is looked at again before it goes, and does not go until then.
        if not is_unread(problem):
            raise
        return False
    return found is not None and found.apart


def _judged(work: Work, who: Person, again: bool = True) -> Judged | None:
    judge, (table, key) = Judge(work, lambda mark: True, again=again), who
    return judge.rows(table, [key]).get(key) if table in judge.known else None


def otherwise(work: Work, row: Line[Any], who: Person, register: Register) -> Again | None:
    """Return what becomes of a row that shows another life by now, or None where it goes still.

    What nobody decided was judged when it was seen, which may be days ago; and whatever was said
    of a row was said of the one that carried the contact, not of another one under its number.

    :param work: the open transaction.
    :param row: the line about it.
    :param who: table and key of the row.
    :param register: what the register remembers.
    """
    return _seen(work, row, who) or _remembered(work, row, who, register)


def _seen(work: Work, row: Line[Any], who: Person) -> Again | None:
    """Return what becomes of a row by the marks that it carries now."""
    decided, asked = row.decided_by is not None, Again(Fate.STAFF, (PERHAPS_ANOTHER,))
    if decided and row.why == NEW_STAY and _booked_anew(work, row, who):
        return Again(Fate.STAFF)
    if decided and row.why not in _SIGHTED:
        return None
    found = _judged(work, who, decided)
    if found is None:
        return None
    if found.mark is None and row.why == Sign.CONTACT and who[0] in work.datamap.subjects:
        return Again(Fate.GONE) if known.lives(work, row.request) else asked
    if decided and found.apart:
        return asked
    if not found.against or (decided and not _booked_anew(work, row, who)):
        return None
    fate = _OTHERWISE.get(found.verdict)
    return Again(fate, (PERHAPS_ANOTHER,) if found.apart else ()) if fate is not None else None


def _booked_anew(work: Work, row: Line[Any], who: Person) -> bool:
    """Return whether a record of theirs was made after somebody said whose the row is.

    On the day of that word it was made before, as far as anybody knows, where the row goes at once.
    """
    at = row.decided_at.replace(tzinfo=UTC)
    day = today_at(work.settings, at, row.property)
    first = day if row.attempts else day + timedelta(days=1)
    return bool(booked(work, who[0], [who[1]], at, first, row.property))


_ORDER = tuple(remembered.Verdict)


def _remembered(work: Work, row: Line[Any], who: Person, register: Register) -> Again | None:
    """Return what becomes of a row that a restored database has by what the register remembers.

    Its number may be somebody else's since it was laid before staff, or was held.
    """
    lines = register.lines.get(row.request or "", ()) if row.door == REPLAY else ()
    judged = [remembered.again(work, line, who) for line in lines if remembered.judges(line)]
    told = [each for each in judged if each is not None]
    if not told:
        return None
    best = min(told, key=lambda each: (_ORDER.index(each.verdict), each.why in ASKED_ANEW))
    if best.verdict is remembered.Verdict.ASK:
        mine = row.decided_by is not None and best.why in ASKED_ALONE
        return None if mine else Again(Fate.STAFF, (best.why,))
    return _FATES.get(best.verdict)


_FATES = {
    remembered.Verdict.LIVES: Again(Fate.LIVES), remembered.Verdict.OTHER: Again(Fate.GONE),
    remembered.Verdict.GONE: Again(Fate.GONE),
}  # fmt: skip
