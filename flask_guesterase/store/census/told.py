"""What the journal says of earlier counts, and of the steps since that may explain what left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from heapq import merge
from operator import itemgetter

from sqlalchemy import func, select

from ...core.census import LAWFUL, Step
from ...core.events import RegisterCounted
from ...core.log import Draft, Entry, read_entry, word
from .. import tables
from ..work import Work

PAGE, _FIRST = 500, 8
"""Entries read at once, and at first: often the newest is all that is asked for."""


def newest(work: Work, controller: str, code: str, table: str) -> Draft | None:
    """Return what the journal says of the last count of a table, or None where there is none.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param code: code of the property.
    :param table: name of the table.
    """
    wanted = word(code), (word(table),)
    for entry in backwards(work, controller, {RegisterCounted.name}):
        if (entry.draft.facts.get("property"), entry.draft.grounds) == wanted:
            return entry.draft
    return None


def steps(work: Work, controller: str, table: str, since: datetime) -> list[Step]:
    """Return the steps since a time that may have taken lines of a table, the oldest first.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param table: name of the table.
    :param since: naive UTC.
    """
    found = []
    for entry in backwards(work, controller, LAWFUL):
        at = at_of(entry)
        if at < since:
            break
        rows = entry.draft.counts.get(word(table), 0)
        if rows:
            found.append(
                Step(entry.draft.action, entry.index, at, entry.draft.request or "", rows)
            )
    return found[::-1]


def _epochs(work: Work, controller: str) -> Iterator[int]:
    """Yield the epochs of which a journal has entries, the newest first."""
    table = tables.entry
    # A step of the index for each; DISTINCT would read the entry of every row.
    last = select(func.max(table.c.epoch)).where(table.c.controller == controller)
    epoch = work.conn.execute(last).scalar()
    while epoch is not None:
        yield epoch
        epoch = work.conn.execute(last.where(table.c.epoch < epoch)).scalar()


def at_of(entry: Entry) -> datetime:
    """Return when an entry was written, naive UTC."""
    return datetime.fromisoformat(entry.draft.at).replace(tzinfo=None)


def backwards(work: Work, controller: str, actions: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a journal with these actions, the newest first."""
    for epoch in _epochs(work, controller):
        # Asked for several at once, an engine goes through all entries in the order of places.
        each = [_of(work, controller, epoch, action) for action in sorted(actions)]
        for _, entry in merge(*each, key=itemgetter(0)):
            yield entry


def _of(
    work: Work, controller: str, epoch: int, action: str
) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of one action, the newest first, each after its place below zero."""
    table = tables.entry
    mine = select(table.c.position, table.c.body).where(
        table.c.controller == controller, table.c.action == action, table.c.epoch == epoch
    )
    mine = mine.order_by(table.c.position.desc())
    size, rows = _FIRST, work.conn.execute(mine.limit(_FIRST)).all()
    while rows:
        for row in rows:
            yield -row.position, read_entry(row.body.encode())
        if len(rows) < size:
            return
        size, last = min(2 * size, PAGE), rows[-1].position
        rows = work.conn.execute(mine.where(table.c.position < last).limit(size)).all()
