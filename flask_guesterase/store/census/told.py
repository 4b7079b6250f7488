"""What the journal says of earlier counts, and of the steps since that may explain what left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, func, literal, select, union_all

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


def steps(work: Work, controller: str, code: str, table: str, since: datetime) -> list[Step]:
    """Return the steps since a time that may have taken lines of a table, the hotel's own first.

    One batch has a step for each hotel: where each explains its own lines, none is named for more
    than it took, though the hotels of a company are counted one by one.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param code: code of the property.
    :param table: name of the table.
    :param since: naive UTC.
    """
    own, others = list[Step](), list[Step]()
    for entry in backwards(work, controller, LAWFUL):
        at = at_of(entry)
        if at < since:
            break
        rows = entry.draft.counts.get(word(table), 0)
        if rows:
            into = own if entry.draft.facts.get("property") == word(code) else others
            into.append(Step(entry.draft.action, entry.index, at, entry.draft.request or "", rows))
    return own[::-1] + others[::-1]


def _epochs(work: Work, controller: str) -> Iterator[int]:
    """Yield the epochs of which a journal has entries, the newest first."""
    table = tables.entry
    # A step of the index for each; DISTINCT would read the entry of every row.
    last = select(func.max(table.c.epoch)).where(table.c.controller == controller)
    epoch = work.conn.execute(last).scalar()
    while epoch is not None:
        yield epoch
        # A journal begins with epoch 0.
        before = last.where(table.c.epoch < epoch)
        epoch = work.conn.execute(before).scalar() if epoch else None


def at_of(entry: Entry) -> datetime:
    """Return when an entry was written, naive UTC."""
    return datetime.fromisoformat(entry.draft.at).replace(tzinfo=None)


def backwards(work: Work, controller: str, actions: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a journal with these actions, the newest first."""
    wanted = tuple(sorted(actions))
    for epoch in _epochs(work, controller):
        place = {"mine": controller, "there": epoch}
        pages: dict[str, list[Any]] = {action: [] for action in wanted}
        for row in sorted(work.conn.execute(_first(wanted), place), key=lambda row: -row.position):
            pages[row.asked].append(row)
        each = [_of(work, place, action, page) for action, page in pages.items()]
        for _, entry in merge(*each, key=itemgetter(0)):
            yield entry


_ENTRY = tables.entry.c
_MINE = (
    select(_ENTRY.position, _ENTRY.body)
    .where(_ENTRY.controller == bindparam("mine"), _ENTRY.epoch == bindparam("there"))
    .order_by(_ENTRY.position.desc())
)


@cache
def _first(actions: tuple[str, ...]) -> Any:
    """Return what reads the newest entries of each action, all of them in one statement."""
    # Asked for as a list, an engine goes through all entries in the order of places.
    each = [
        _MINE.add_columns(literal(action).label("asked"))
        .where(_ENTRY.action == action)
        .limit(_FIRST)
        for action in actions
    ]
    return union_all(*(page.subquery().select() for page in each))


def _of(
    work: Work, place: Mapping[str, Any], action: str, rows: Sequence[Any]
) -> Iterator[tuple[int, Entry]]:
    """Yield the entries of one action, the newest first, each after its place below zero."""
    size, mine = _FIRST, _MINE.where(_ENTRY.action == action)
    while rows:
        for row in rows:
            yield -row.position, read_entry(row.body.encode())
        if len(rows) < size:
            return
        size, last = min(2 * size, PAGE), rows[-1].position
        rows = work.conn.execute(mine.where(_ENTRY.position < last).limit(size), place).all()
