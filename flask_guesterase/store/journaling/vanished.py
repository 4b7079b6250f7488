"""Records with a number that the journal saw begin and not end, and that are gone or called ended.

An incident, a complaint, a disclosure or a review ends by what people do, and each such step is an
entry. Whoever deletes a row, or writes into it that it ended so that it goes with the old ones,
leaves no such entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, not_, select

from ...core.events import (
    CheckCompleted,
    ComplaintAnswered,
    ComplaintReceived,
    DataCopyEnded,
    DataCopyRefused,
    DataCopyRequested,
    DataCopyWithdrawn,
    DisclosureReviewed,
    ErasureRefused,
    ErasureRequested,
    ErasureWithdrawn,
    Event,
    IncidentClosed,
    IncidentOpened,
    JournalContinued,
    MonthlyClosed,
    MonthlyOpened,
    RegisterProduced,
    RequestExpired,
)
from ...core.log import read_entry
from .. import tables
from ..work import Work


@dataclass(frozen=True)
class _Kind:
    """Records of one kind.

    :param table: where they are.
    :param ended: column that says when one ended.
    :param begins: event by which the journal knows of one.
    :param ends: event by which it knows that one ended.
    """

    table: Table
    ended: Column[object]
    begins: type[Event]
    ends: type[Event]


_KINDS = (
    _Kind(tables.incident, tables.incident.c.closed_at, IncidentOpened, IncidentClosed),
    _Kind(tables.complaint, tables.complaint.c.ended_at, ComplaintReceived, ComplaintAnswered),
    _Kind(
        tables.disclosure, tables.disclosure.c.reviewed_at, RegisterProduced, DisclosureReviewed
    ),
    _Kind(tables.monthly, tables.monthly.c.closed_at, MonthlyOpened, MonthlyClosed),
)


BEGINS = tuple(kind.begins.name for kind in _KINDS)
"""Names of the events by which the journal knows of such a record."""

ENDS = tuple(kind.ends.name for kind in _KINDS)
"""Names of those by which it knows that one ended."""


def vanished(work: Work) -> Iterator[tuple[str, str]]:
    """Yield number and controller of records that ended or went past the journal.

    What a restored database lost, and the journal got back from outside, is left out: it went with
    the restore, which has entries of its own.

    :param work: an open transaction; a read-only one is enough.
    """
    # Others may act meanwhile: who began is read first, then what lives, then who ended.
    begun = _entries(work, [kind.begins for kind in _KINDS])
    living: set[str] = set()
    for kind in _KINDS:
        mine = select(kind.table.c.number).where(kind.ended.is_(None))
        living.update(work.conn.execute(mine).scalars())
    gone = [row for row in begun if row.request not in living]
    if not gone:
        return
    ends = {(row.action, row.request) for row in _entries(work, [kind.ends for kind in _KINDS])}
    after = {kind.begins.name: kind.ends.name for kind in _KINDS}
    lost = put_back(work)
    for row in gone:
        ended = (after[row.action], row.request) in ends
        if not ended and (row.controller, row.epoch, row.position) not in lost:
            yield row.request, row.controller


_ASKED = ErasureRequested.name, DataCopyRequested.name
_OVER = tuple(
    event.name
    for event in (
        CheckCompleted, ErasureRefused, ErasureWithdrawn, RequestExpired, DataCopyRefused,
        DataCopyWithdrawn, DataCopyEnded,
    )
)  # fmt: skip
"""By one of these each request ends whose row goes some years later."""


def unended(work: Work) -> Iterator[tuple[str, str]]:
    """Yield number and controller of requests that are gone and of which no entry says an end.

    Every request of years is looked through, which is for who looks the whole journal through.

    :param work: an open transaction; a read-only one is enough.
    """
    entry, end, tree = tables.entry, tables.entry.alias(), tables.tree
    there = select(tables.request.c.id).where(tables.request.c.number == entry.c.request)
    ended = select(end.c.position).where(end.c.request == entry.c.request, end.c.action.in_(_OVER))
    # What ended one may have been taken out of an epoch since, as an old entry.
    pruned = select(tree.c.size).where(
        tree.c.controller == entry.c.controller, tree.c.epoch > entry.c.epoch,
        tree.c.pruned.is_not(None),
    )  # fmt: skip
    gone = work.conn.execute(
        select(entry.c.request, entry.c.controller, entry.c.epoch, entry.c.position)
        .where(
            entry.c.action.in_(_ASKED), entry.c.request.is_not(None),
            ~there.exists(), ~ended.exists(), ~pruned.exists(),
        )
        .order_by(entry.c.controller, entry.c.epoch, entry.c.position)
    ).all()  # fmt: skip
    lost = put_back(work) if gone else set()
    for row in gone:
        if (row.controller, row.epoch, row.position) not in lost:
            yield row.request, row.controller


def lost(work: Work) -> list[str]:
    """Return the numbers of requests and records of which only entries tell that were put back.

    :param work: an open transaction; a read-only one is enough.
    """
    there: set[str] = set(work.conn.execute(select(tables.request.c.number)).scalars())
    for kind in _KINDS:
        there.update(work.conn.execute(select(kind.table.c.number)).scalars())
    begun = _entries(work, [ErasureRequested, *(kind.begins for kind in _KINDS)])
    missing = [row for row in begun if row.request not in there]
    places = put_back(work) if missing else set()
    return sorted({
        row.request for row in missing if (row.controller, row.epoch, row.position) in places
    })  # fmt: skip


def _entries(work: Work, events: Iterable[type[Event]]) -> Sequence[Any]:
    """Return what the journal says happened to records, the oldest first."""
    entry = tables.entry
    return work.conn.execute(
        select(
            entry.c.action, entry.c.request, entry.c.controller, entry.c.epoch, entry.c.position
        )
        .where(
            entry.c.action.in_([event.name for event in events]), entry.c.request.is_not(None)
        )
        .order_by(entry.c.controller, entry.c.epoch, entry.c.position)
    ).all()  # fmt: skip


_BETWEEN = 100
"""Entries that may have waited meanwhile, and stand between those put back and the word of it.

Versions before told no more than how many were put back.
"""


def put_back(work: Work) -> set[tuple[str, int, int]]:
    """Return the places of entries that were put back after a restore.

    Whatever a restored copy had always had is none of them: it did not go with the restore.

    :param work: an open transaction; a read-only one is enough.
    """
    entry = tables.entry
    said = work.conn.execute(
        select(entry.c.controller, entry.c.epoch, entry.c.position, entry.c.body).where(
            entry.c.action == JournalContinued.name
        )
    ).all()
    places: set[tuple[str, int, int]] = set()
    for row in said:
        counts = read_entry(row.body.encode()).draft.counts
        mine = select(entry.c.epoch, entry.c.position).where(
            entry.c.controller == row.controller, _before(row.epoch, row.position)
        )
        place, count = (entry.c.epoch, entry.c.position), counts.get("entries", 0)
        if "from" in counts:
            mine = mine.where(not_(_before(counts["epoch"], counts["from"])))
            mine = mine.order_by(*place).limit(max(0, count - _gone(work, row.controller, counts)))
        else:
            mine = mine.order_by(*(each.desc() for each in place)).limit(count + _BETWEEN)
        places |= {(row.controller, *each) for each in work.conn.execute(mine)}
    return places


def _gone(work: Work, controller: str, counts: Mapping[str, int]) -> int:
    """Return how many of the entries that were put back have been taken out since as old ones."""
    tree = tables.tree.c
    epoch = (tree.controller == controller) & (tree.epoch == counts["epoch"])
    pruned = work.conn.execute(select(tree.pruned).where(epoch)).scalar() or 0
    return int(max(0, pruned - counts["from"]))


def _before(epoch: int, position: int) -> ColumnElement[bool]:
    """Return the condition of the entries of a journal that stand before a place."""
    entry = tables.entry.c
    return (entry.epoch < epoch) | ((entry.epoch == epoch) & (entry.position < position))
