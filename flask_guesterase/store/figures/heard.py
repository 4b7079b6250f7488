"""Requests that ended, or wait, beyond their day, and whose guest had heard before why they wait.

A guest who is told what an approved erasure waits for has an answer, which is in time where it
came in time. When they were told, only the journal says: the request is past it by then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, or_, select

from ...core.deadlines import answer_by
from ...core.events import RequestWaiting
from ...core.figures import Alike
from ...core.lifecycle import DONE, UNANSWERED, State
from ...core.log import read_entry
from .. import tables
from ..casework import answering
from ..casework.cases import day_at
from ..census.told import at_of
from ..messages import unheard
from ..messages.outbox import LOST
from ..requests import waiting
from ..requests.waiting import for_guests
from ..settings import Property
from ..statements.sql import chunks
from ..work import Work

GRANTED = DONE | {State.RESTORED}
"""States in which the answer is the erasure; one that nobody looked at again is none yet."""

_WAITED = (State.WAITING, State.ERASING, State.CHECKING)
"""States before an answer of what may have waited."""


def before(days: Subquery, today: date) -> ColumnElement[bool]:
    """Return whether a request is beyond its day and the journal says that it waited.

    :param days: requests, with the days on which they had to be and were answered.
    :param today: day at the property.
    """
    each, entry = days.c, tables.entry.alias()
    waited = (entry.c.request == each.number, entry.c.action == RequestWaiting.name)
    mine = select(entry.c.leaf).where(*waited).correlate(days).exists()
    # Of whom no letter reached that it is done, nobody knows a day of the answer.
    late = or_(
        each.answered > each.due_on,
        and_(each.answered.is_(None), each.due_on < today.isoformat()),
    )
    done = and_(each.state.in_([state.value for state in GRANTED]), late)
    waited_on = each.state.in_([state.value for state in _WAITED])
    waits = and_(waited_on, each.due_on < today.isoformat())
    return and_(or_(done, waits).is_(True), mine)


def of(
    work: Work,
    hotel: Property,
    days: Subquery,
    wanted: Sequence[ColumnElement[Any]],
    told: ColumnElement[bool],
) -> list[Alike]:
    """Return each of these requests; late is whose guest heard of it after the day, or never.

    :param work: the open transaction.
    :param hotel: the property.
    :param days: requests, as for `before`.
    :param wanted: their month, channel, state, ground and days until the answer.
    :param told: what `before` returned.
    """
    entry = tables.entry.c
    mine = and_(entry.request == days.c.number, entry.action == RequestWaiting.name)
    more = (
        days.c.number, days.c.kind, days.c.due_on, days.c.erased, days.c.answered, entry.body,
    )  # fmt: skip
    found: Select[Any] = select(*wanted, *more).where(told, mine)
    seen: dict[str, Alike] = {}
    rows = work.conn.execute(found).all()
    given_up = _given_up(work, rows)
    for row in rows:
        heard = _heard(hotel, row, given_up)
        late = not heard or _unseen(work, hotel, row)
        known = seen.get(row.number)
        seen[row.number] = Alike(
            row.month, row.channel, "" if State(row.state) in UNANSWERED else row.state,
            row.ground or "", row.days, late and (known is None or known.late),
        )  # fmt: skip
    return list(seen.values())


def _unseen(work: Work, hotel: Property, row: Row[Any]) -> bool:
    """Return whether an erasure waited longer than the law gives for somebody to look at it again.

    As `deadlines.due` has it: who waited hears of the erasure in that time from then on.
    """
    if row.erased is None:
        return False
    day = date.fromisoformat(row.erased)
    law, free = answering.periods(work, hotel, row.kind), answering.holidays(work, hotel, day)
    last = day_at(hotel, work.now).isoformat() if row.answered is None else row.answered
    return bool(last > answer_by(day, law, free).isoformat())


def _given_up(work: Work, rows: Sequence[Row[Any]]) -> set[tuple[str, datetime]]:
    """Return which letters were given up: their requests, and when they were written."""
    numbers = {number for number, _ in waiting.given_up(work)} if rows else set()
    wrote = dict[str, list[datetime]]()
    for row in rows:
        if row.number in numbers and (at := _wrote(row)) is not None:
            wrote.setdefault(row.number, []).append(at)
    out, states = tables.outbox.c, dict[str, list[str]]()
    for part in chunks(sorted(wrote)):
        mine = select(out.request, out.state).where(
            out.request.in_(part), out.template == unheard.WAITING
        )
        for letter in work.conn.execute(mine.order_by(out.id.desc())):
            states.setdefault(letter.request, []).append(letter.state)
    # Each entry that tells of one has its letter, the newest its newest; old ones had their time.
    return {
        (number, at)
        for number, moments in wrote.items()
        for at, state in zip(sorted(moments, reverse=True), states.get(number, ()), strict=False)
        if state in LOST
    }


def _wrote(row: Row[Any]) -> datetime | None:
    """Return when the letter to the guest was written that an entry tells of; None of no letter."""
    entry = read_entry(row.body.encode())
    return at_of(entry) if for_guests(entry.draft.grounds) else None


def _heard(hotel: Property, row: Row[Any], given_up: Collection[tuple[str, datetime]]) -> bool:
    """Return whether an entry tells of a letter to the guest that was written in time, and left."""
    at = _wrote(row)
    if at is None or (row.number, at) in given_up:
        return False
    return bool(day_at(hotel, at.replace(tzinfo=UTC)).isoformat() <= row.due_on)
