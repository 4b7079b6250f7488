"""Requests that ended, or wait, beyond their day, and whose guest had heard before why they wait.

A guest who is told what an approved erasure waits for has an answer, which is in time where it
came in time. When they were told, only the journal says: the request is past it by then.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from ..requests import waiting
from ..requests.waiting import for_guests
from ..settings import Property
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
    done = and_(each.state.in_([state.value for state in GRANTED]), each.answered > each.due_on)
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
        heard = _heard(hotel, row.body, row.due_on, given_up.get(row.number))
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


def _given_up(work: Work, rows: Sequence[Row[Any]]) -> dict[str, datetime]:
    """Return when the last letter was written of requests of which that was given up."""
    untold, found = waiting.untold(work) if rows else set(), dict[str, datetime]()
    for row in rows:
        if row.number in untold:
            entry = read_entry(row.body.encode())
            at = at_of(entry)
            if for_guests(entry.draft.grounds):
                found[row.number] = max(at, found.get(row.number, at))
    return found


def _heard(hotel: Property, body: str, due_on: str, given_up: datetime | None) -> bool:
    """Return whether an entry tells of a letter to the guest that was written in time, and left."""
    entry = read_entry(body.encode())
    at = at_of(entry)
    day = day_at(hotel, at.replace(tzinfo=UTC)).isoformat()
    return day <= due_on and bool(for_guests(entry.draft.grounds)) and at != given_up
