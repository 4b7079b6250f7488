"""Rows of a request in which an erased person came back and nothing is settled yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Executable, Select, select, union
from sqlalchemy import Row as Line

from ...core.certificate import Left
from ...core.plan import Key, Person, key_text
from .. import tables
from ..casework import purview
from ..erasing import people
from ..erasing.finder import owners
from ..statements.failure import is_unread
from ..work import Work

GOES = "open"
"""State of a row that is erased again by itself, once nothing stands in its way."""

ASKED = "staff"
"""State of a row of which a person says whose it is."""

SEEN, THERE = "seen", "there"
"""States of a row that was seen in the host's own transaction and not judged yet: it is a new one;
or it was there before, or may have been, and was written to."""

HOLDING = (GOES, ASKED, SEEN, THERE)
"""States of a row in which somebody who was erased may stand."""

REASONS = {GOES: "came-back", ASKED: "perhaps-back"}
"""State of a row that came back -> why a request is not complete while it stands."""

LIVES = "lives"
"""State of a row that is another person's, or of a new stay."""

STAYS = "row:lives"
"""Why a kept row has ended that stands where it was, as its row lives; no precondition is so
called."""

WAITING = tuple(REASONS)
"""States of a row that came back as long as it is neither erased again nor let live."""


def left(work: Work, number: str, others: bool = False) -> list[Left]:
    """Return what of a request came back and is neither erased again nor let live.

    :param work: the open transaction.
    :param number: number of the request.
    :param others: also of people it erased whose line names another request.
    """
    lines = [*work.conn.execute(_lines(number, WAITING, others))]
    lines += _records(work, number, WAITING) if others else []
    found = Counter((line.table_name, line.state) for line in lines)
    return [Left(name, rows, REASONS[state]) for (name, state), rows in sorted(found.items())]


def holds(work: Work, number: str) -> bool:
    """Return whether a row keeps a request from ending: one of the guest's may stand there.

    It goes again by itself, or a person says whose it is. A profile that several requests erased
    keeps each of them, whichever its line names, and so does a record of theirs.

    :param work: the open transaction.
    :param number: number of the request.
    """
    if work.conn.execute(_lines(number, HOLDING, others=True)).first() is not None:
        return True
    return bool(_records(work, number, HOLDING))


def _records(work: Work, number: str, states: Collection[str]) -> list[Line[Any]]:
    """Return lines about records of people that a request erased which name another of theirs.

    Whose a record is the host tells: of several people whom the other one erased, one may be this
    request's. What is another company's is no part of what was asked here.
    """
    back, mine, other = tables.returned.c, tables.subject.alias().c, tables.subject.alias().c
    told = back.id, back.table_name, back.row_key, back.state, back.property
    found: Select[Any] = select(*told).distinct()
    lines = work.conn.execute(found.where(
        mine.request == number, mine.erased_at.is_not(None), other.request != number,
        other.table_name == mine.table_name, other.row_key == mine.row_key,
        other.erased_at.is_not(None), back.request == other.request, back.state.in_(states),
        back.table_name.not_in(sorted(work.datamap.subjects)),
    )).all()  # fmt: skip
    if not lines:
        return []
    request = tables.request.c
    house = work.conn.scalar(select(request.property).where(request.number == number))
    others = purview.foreign(work, house or "")
    lines = [line for line in lines if line.property not in others]
    theirs = _of(work, lines, set(people.taken(work, number)))
    return [line for line in lines if line.id in theirs]


def _of(work: Work, lines: Iterable[Line[Any]], who: Collection[Person]) -> set[int]:
    """Return the lines whose rows are some people's; as long as one cannot be read it may be."""
    known = [line for line in lines if line.table_name in work.datamap.tables]
    keys, found = people.keys_of(work, known)
    by_name: dict[str, dict[int, Key]] = {}
    for line in known:
        if line.id in keys:
            by_name.setdefault(line.table_name, {})[line.id] = keys[line.id]
    for name, some in by_name.items():
        theirs = _owned(work, name, list(set(some.values())), who)
        found |= {id for id, key in some.items() if key in theirs}
    return found


def _owned(work: Work, name: str, keys: Sequence[Key], who: Collection[Person]) -> set[Key]:
    try:
        found = owners(work.conn, work.datamap, work.datamap.declared(name), keys)
    except Exception as problem:
        if not is_unread(problem):
            raise
        if len(keys) == 1:
            return set(keys)
        return {key for each in keys for key in _owned(work, name, [each], who)}
    return {key for key, some in found.items() if any(person in who for person, _ in some)}


def _lines(number: str, states: Collection[str], others: bool) -> Executable:
    """Return the statement that finds lines of a request in some states.

    Each half begins at the request: of all others together thousands may wait for a word.
    """
    back, subject = tables.returned.c, tables.subject.c
    wanted = select(back.id, back.table_name, back.state).where(back.state.in_(states))
    mine = wanted.where(back.request == number)
    if not others:
        return mine
    return union(mine, wanted.where(
        subject.table_name == back.table_name, subject.row_key == back.row_key,
        subject.request == number, subject.erased_at.is_not(None),
    ))  # fmt: skip


def theirs() -> Select[tuple[str]]:
    """Return the requests that erased the profile a line about a row that came back is about."""
    back, subject = tables.returned.c, tables.subject.c
    return select(subject.request).where(
        subject.table_name == back.table_name, subject.row_key == back.row_key,
        subject.erased_at.is_not(None),
    )  # fmt: skip


def settled(work: Work, number: str, who: Iterable[Person]) -> tuple[Person, ...]:
    """Return people without those whose row came back and lives, or may be somebody else's.

    Of the one nothing is left undone; of the other a person says whose it is, and what hangs on
    the row is until then nobody's to keep under the request.

    :param work: the open transaction.
    :param number: number of the request.
    :param who: the people it is about.
    """
    table = tables.returned
    found = work.conn.execute(
        select(table.c.table_name, table.c.row_key).where(
            table.c.request == number, table.c.state.in_((LIVES, ASKED))
        )
    )
    without = {(row.table_name, row.row_key) for row in found}
    return tuple((name, key) for name, key in who if (name, key_text(key)) not in without)
