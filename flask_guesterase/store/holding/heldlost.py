"""Rows that left a hold past us: given to somebody else, filed under another key, or deleted.

A hold is on what is there, and on whose it is, by the host's own tables; who may hold is told where
that is less than it was. What people erase by our doors is none of it: a hold stops them.
"""

from __future__ import annotations

from functools import partial

from ...core.holding import Scope
from ..access import pulse
from ..access.pulse import Pulse
from ..erasing import keyed
from ..retaining.holds import keys_of
from ..retaining.living import Hold, living
from ..unit import HasWork, Run
from ..work import Work
from . import reach

_BETWEEN = "/"
"""Divides the most rows that a hold had from those it has."""


def note(work: Work, hold: Hold) -> None:
    """Write down how many rows a hold is on, as it is placed, or was found to be needed still.

    :param work: the open transaction.
    :param hold: the hold.
    """
    count = _count(work, hold)
    if count is not None:
        _put(work, hold.id, count, count)


def nightly(run: Run) -> int:
    """Count the rows of every hold again; return 0: how many have less is not everybody's to read.

    Each in a transaction of its own: one whose rows cannot be read keeps no other from it.

    :param run: runs a unit of work.
    """
    problem = None
    for hold in run(lambda office: living(office.work)):
        try:
            run(partial(_look, hold))
        except Exception as raised:
            problem = problem or raised
    if problem is not None:
        raise problem
    return 0


def _look(hold: Hold, office: HasWork) -> None:
    work = office.work
    count, before = _count(work, hold), _said(work, hold.id)
    if count is None:
        return
    most = max(count, before[0]) if before is not None else count
    if before != (most, count):
        _put(work, hold.id, most, count)


def lost(work: Work, hold: int) -> bool:
    """Return whether a hold was on more rows than at the last look.

    :param work: the open transaction.
    :param hold: its number.
    """
    most, count = _said(work, hold) or (0, 0)
    return count < most


def forget(work: Work, hold: int) -> None:
    """Forget how many rows a hold is on: it is lifted.

    :param work: the open transaction.
    :param hold: its number.
    """
    pulse.take(work.conn, _name(hold))


def _count(work: Work, hold: Hold) -> int | None:
    """Return how many rows of the host's a hold is on, or None where it names no row."""
    if hold.scope == Scope.SUBJECT:
        return sum(map(len, reach.rows_of(work, hold).values()))
    if hold.scope != Scope.RECORD:
        return None
    declared = work.datamap.tables.get(hold.table)
    keys = keys_of(work, hold.table, [hold.row]).values() if declared is not None else ()
    return sum(keyed.there(work, declared, key) is not None for key in keys if declared)


def _said(work: Work, hold: int) -> tuple[int, int] | None:
    said = pulse.look(work.conn, _name(hold))
    parts = said.note.split(_BETWEEN) if said is not None else []
    if len(parts) != len(("most", "count")) or not all(map(str.isdecimal, parts)):
        return None
    return int(parts[0]), int(parts[1])


def _put(work: Work, hold: int, most: int, count: int) -> None:
    pulse.put(work.conn, _name(hold), Pulse(work.stamp, f"{most}{_BETWEEN}{count}"))


def _name(hold: int) -> str:
    return f"held-rows-{hold}"
