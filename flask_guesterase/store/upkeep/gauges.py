"""Gauges for whoever watches the installation: counts and ages, nobody's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from .. import tables
from ..access import brake
from ..messages.outbox import FAILED, QUEUED, READY, SENDING
from ..requests import deadlines
from ..sweeping import doors, halting, runs
from ..sweeping.backlog import Backlog, backlog

if TYPE_CHECKING:
    from ..work import Work


@dataclass(frozen=True)
class Gauges:
    """What is counted at one moment.

    :param due: what has had its time and is still there.
    :param requests: state -> how many requests.
    :param overdue: requests whose answer, or word of receipt, is late; also what reached nobody.
    :param last: when the last sweep began and ended and what it did, or None.
    :param pending: messages, files and notices that are still to be sent.
    :param dead: those that were given up, so that a person must look.
    :param entries: entries of all journals.
    :param halted: whether somebody stopped erasing by day.
    :param doubted: whether the clock is in doubt.
    :param silence: seconds since something last ran by itself, or None where nothing ever did.
    :param now: naive UTC, when it was counted.
    """

    due: Sequence[Backlog]
    requests: Mapping[str, int]
    overdue: int
    last: Mapping[str, Any] | None
    pending: int
    dead: int
    entries: int
    halted: bool
    doubted: bool
    silence: float | None
    now: datetime

    def age(self, line: Backlog) -> float:
        """Return for how many seconds the oldest of some rows should have been gone."""
        return max(0.0, (self.now.date() - date.fromisoformat(line.oldest)).days * 86400.0)


def gauges(work: Work) -> Gauges:
    """Count everything once.

    :param work: an open transaction; a read-only one is enough.
    """
    heart = doors.heartbeat(work.conn)
    boxes = _by(work, tables.outbox.c.state)
    late = [case for case in deadlines.watched(work) if deadlines.late(work, case)]
    return Gauges(
        due=backlog(work),
        requests=_by(work, tables.request.c.state),
        overdue=len(late) + len(deadlines.untold(work)),
        last=runs.last_sweep(work),
        pending=sum(boxes.get(state, 0) for state in (QUEUED, SENDING, READY)),
        dead=boxes.get(FAILED, 0),
        entries=int(work.conn.execute(select(func.sum(tables.tree.c.size))).scalar() or 0),
        halted=halting.halted(work.conn),
        doubted=bool(brake.doubted(work)),
        silence=None if heart is None else max(0.0, (work.stamp - heart).total_seconds()),
        now=work.stamp,
    )


def _by(work: Work, column: Any) -> dict[str, int]:
    rows = work.conn.execute(select(column, func.count()).group_by(column))
    return {str(word): int(count) for word, count in rows}
