"""When entries of a journal were written since the last heartbeat, each read once by a process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Integer, bindparam, select

from ...core.events import ClockConfirmed
from ...core.log import read_entry
from .. import tables

_BATCH, _BATCHES = 200, 5000
"""Entries that are read first, and at once of a journal that is long since the last heartbeat."""

_REMEMBERED = 10_000
"""Moments that are kept of one journal; where nothing beats for days, they are read each time."""


@dataclass(frozen=True)
class _Seen:
    """What was read of a journal: since which heartbeat, up to which entry, and when all were."""

    since: datetime
    position: int
    body: str
    times: frozenset[datetime]


_seen: WeakKeyDictionary[Engine, dict[tuple[str, int], _Seen]] = WeakKeyDictionary()

_ENTRY = tables.entry.c
_MINE = (
    select(_ENTRY.position, _ENTRY.action, _ENTRY.body)
    .where(_ENTRY.controller == bindparam("controller"), _ENTRY.epoch == bindparam("epoch"))
    .order_by(_ENTRY.position.desc())
    .limit(bindparam("most", type_=Integer()))
)
_NEWEST = _MINE.where(_ENTRY.position >= bindparam("above"))
_OLDER = _MINE.where(_ENTRY.position < bindparam("below"))


def since(conn: Connection, tree: Any, heart: datetime | None) -> frozenset[datetime]:
    """Return times of a journal's newest entries, back to the heartbeat or to a confirmation.

    What this process read before is not read again while the newest entry of then is the same.

    :param conn: open transaction.
    :param tree: controller and epoch of the journal.
    :param heart: the last heartbeat, naive UTC; of a journal without one the newest entry counts.
    """
    known = _seen.setdefault(conn.engine, {})
    place = (tree.controller, tree.epoch)
    before = known.get(place)
    if before is not None and before.since != heart:
        before = None
    found, newest = set[datetime](), None
    for row in _rows(conn, tree, before, _BATCH if heart is not None else 1):
        newest = newest or row
        if before is not None and (row.position, row.body) == (before.position, before.body):
            found |= before.times
            break
        then = at(row.body)
        if heart is not None and then < heart:
            break
        found.add(then)
        if heart is None or row.action == ClockConfirmed.name:
            break
    times = frozenset(found)
    if heart is not None and newest is not None and len(times) <= _REMEMBERED:
        known[place] = _Seen(heart, newest.position, newest.body, times)
    return times


def _rows(conn: Connection, tree: Any, before: _Seen | None, most: int) -> Iterator[Any]:
    """Yield entries, the newest first: down to the newest of before, and then all others."""
    mine: Mapping[str, Any] = {"controller": tree.controller, "epoch": tree.epoch}
    above = 0 if before is None else before.position
    rows = conn.execute(_NEWEST, {**mine, "most": most, "above": above}).all()
    while rows or above:
        yield from rows
        if len(rows) < most and not above:
            return
        # In a database that was put back the newest entry of before may not be there.
        below = rows[-1].position if rows else above
        above, most = 0, _BATCHES
        rows = conn.execute(_OLDER, {**mine, "most": most, "below": below}).all()


_WHEN = re.compile(r'"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z"')


def at(body: str) -> datetime:
    """Return when an entry was written, naive UTC, without reading the rest of it.

    :param body: its canonical text; one that is written otherwise is read as a whole.
    """
    told = _WHEN.search(body)
    if told is None:
        then = read_entry(body.encode()).draft.at
        return datetime.fromisoformat(then).astimezone(UTC).replace(tzinfo=None)
    return datetime.fromisoformat(told[1])
