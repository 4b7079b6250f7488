"""After the erasure: answers that are late, and supplements when all recipients got further."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, or_, select

from ...core.lifecycle import State
from ...core.recipient import OPEN, reached
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..casework.cases import day_at, load
from ..certificates import certifying
from ..executing import supplementing
from ..messages.post import remind_late
from ..unit import HasWork, Run
from ..work import Work
from . import outstanding, recipients

MOST = 1000
"""Requests one sweep looks at for a supplement; the next one goes on after them."""

LOOKED = "supplements"
"""Name of the pulse that holds the last of them."""

EVERY = 7
"""Days between reminders of the same request."""

_ENDED = (State.ERASED, State.SEALED, State.PARTIAL)


def follow(run: Run) -> int:
    """Remind of late answers and issue supplements; return how many reminders and supplements."""
    count = int(run(_remind))
    for number in run(_waiting):
        count += int(run(partial(_supplement, number)))
    return count


# late answers


def _remind(office: HasWork) -> int:
    """Remind officers of requests whose recipients are late, at first and then once a week."""
    work, table = office.work, tables.delivery
    rows = work.conn.execute(
        select(table.c.request, func.min(table.c.due_at), func.count())
        .where(
            table.c.state.in_([stage.value for stage in OPEN]),
            table.c.due_at <= work.stamp,
            table.c.request.is_not(None),
            outstanding.standing(),
        )
        .group_by(table.c.request)
        .order_by(table.c.request)
    ).all()
    return sum(_remind_of(work, number, due, many) for number, due, many in rows)


def _remind_of(work: Work, number: str, due: datetime, many: int) -> bool:
    case = load(work, number)
    hotel = work.settings.properties.get(case.property)
    if hotel is None or not hotel.officer:
        return False
    day = day_at(hotel, due.replace(tzinfo=UTC))
    weeks = (day_at(hotel, work.now) - day).days // EVERY
    params = {"due": day.isoformat(), "left": str(many)}
    return remind_late(work, case, hotel.officer, params, str(weeks))


# supplements


def _waiting(office: HasWork) -> list[str]:
    """Return requests of which a recipient moved since their newest certificate, in turns.

    Where another one of theirs never answers they wait for years, and the others go on.
    """
    work, table, issued = office.work, tables.delivery, tables.certificate
    newest = (
        select(issued.c.request, func.max(issued.c.issued_at).label("at"))
        .group_by(issued.c.request)
        .subquery()
    )
    rows = work.conn.execute(
        select(table.c.request)
        .join(newest, newest.c.request == table.c.request)
        .where(or_(table.c.sent_at >= newest.c.at, table.c.answered_at >= newest.c.at))
        .distinct()
    )
    numbers = sorted(rows.scalars())
    if len(numbers) <= MOST:
        return numbers
    last = pulse.look(work.conn, LOOKED)
    first = 0 if last is None else bisect_right(numbers, last.note)
    turn = (numbers[first:] + numbers[:first])[:MOST]
    pulse.put(work.conn, LOOKED, Pulse(work.stamp, turn[-1]))
    return turn


def _supplement(number: str, office: HasWork) -> bool:
    """Issue a supplement when all recipients got further, at most one a day and request."""
    work = office.work
    case = load(work, number, lock=True)
    if case.state not in _ENDED or certifying.issued_today(work, case):
        return False
    before = certifying.newest(work, number)["content"].get("recipients", [])
    now = recipients.told(work, number)
    if reached([each.state for each in now]) <= reached([each["state"] for each in before]):
        return False
    supplementing.supplement(work, case)
    return True
