"""Lines that leave the guest register by a lawful step are noted, so that nobody misses them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, insert, select

from ...core.census import LABEL, LAWFUL, Departure, label, mark
from ...core.errors import KeyMissingError
from ...core.events import SYSTEM, ErasureBegun, Event, RetentionEnded
from ...core.log import slug
from ...core.plan import Plan, key_text
from .. import tables
from ..erasing.taking import Erased
from ..retaining import law
from ..statements.listed import Listed
from ..statements.sql import chunks
from ..work import Work
from .register import boxed, counted, standing


def note(work: Work, property_: str, number: str, plan: Plan, erased: Erased) -> None:
    """Note which lines a plan took, after it was carried out and before what it sealed is written.

    :param work: the open transaction.
    :param property_: code of the property asked, for rows that name none.
    :param number: number of the request, or empty.
    :param plan: the plan.
    :param erased: what was done.
    """
    touched = _watched(work, {step.decision.table for step in plan.changing()})
    known = counted(work) if touched else {}
    # A row that held all of it before was none of the lines that left, or left with another step.
    same = erased.same if touched else {}
    for table in sorted(touched & known.keys()):
        keys = {
            row.key
            for step in plan.changing()
            if step.decision.table == table
            for row in step.rows
            if (step.decision, row.key) not in same
        }
        for decision, images in erased.sealed.items():
            keys -= set(images) if decision.table == table else set()
        keys -= standing(work, known[table], keys)
        by_text = {key_text(key): key for key in keys}
        for text in sorted(by_text.keys() - boxed(work, table, by_text)):
            ruling = plan.rulings.get((table, by_text[text]))
            place = (ruling.place if ruling is not None else "") or property_
            work.departures.append(Departure(place, table, text, number))


def closed(work: Work, lines: Iterable[Row[Any]]) -> None:
    """Note lines whose box ended on its day.

    :param work: the open transaction.
    :param lines: rows of our table of what is kept, before they are ended.
    """
    mine = [line for line in lines if line.mode == law.SEALED and line.row_key]
    for table in sorted(_watched(work, {line.table_name for line in mine})):
        work.departures += [
            Departure(line.property, table, line.row_key, line.request or "", ended=True)
            for line in mine
            if line.table_name == table
        ]


def _watched(work: Work, names: Iterable[str]) -> set[str]:
    """Return which of these tables were or are counted; of others nobody misses a line."""
    wanted = sorted(names)
    if not wanted:
        return set()
    found = set(work.conn.execute(_COUNTED, {"names": wanted}).scalars())
    # Of a first count that is under way nothing stands there yet.
    return found | (counted(work).keys() & set(wanted) if _beginning(work) else set())


_CENSUS = tables.census.c
_COUNTED = (
    select(_CENSUS.table_name)
    .where(Listed(_CENSUS.table_name, given="names"), _CENSUS.marks.is_not(None))
    .distinct()
)


def _beginning(work: Work) -> set[str]:
    """Return the labels under which a count that is under way may mark lines; their keys live."""
    nights = (work.now.date() + timedelta(days=more) for more in (-1, 0, 1))
    found = set()
    for name in {label(night.isoformat()) for night in nights}:
        with suppress(KeyMissingError):
            work.custodian.mortal(name, LABEL)
            found.add(name)
    return found


def settle(work: Work) -> None:
    """Write down what left in this transaction, each with the entry of the journal it goes under.

    Call it before the journal is written for the last time.
    """
    if not work.departures:
        return
    left, work.departures = work.departures, []
    groups: dict[tuple[str, str, str, bool], list[Departure]] = {}
    for each in left:
        groups.setdefault((each.property, each.table, each.request, each.ended), []).append(each)
    taken: Counter[tuple[int, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for group in groups.values():
        for event, lines in _events(work, group, taken):
            rows += [row for each in lines for row in _rows(work, each, event)]
    for part in chunks(rows):
        work.conn.execute(insert(tables.departed), part)


def _events(
    work: Work, group: Sequence[Departure], taken: Counter[tuple[int, str]]
) -> Iterator[tuple[Event, Sequence[Departure]]]:
    """Yield the events that account for lines of one kind; the last of their own if need be.

    Rows of one batch go under several entries: a line that any of them counts has none of its own.
    """
    first, left = group[0], group
    hotel = work.settings.properties.get(first.property)
    for place, event in enumerate(() if first.ended else tuple(work.events)):
        fits = event.name in LAWFUL and event.number == first.request
        if not fits or (hotel is not None and slug(event.controller) != slug(hotel.controller)):
            continue
        free = event.counts.get(first.table, 0) - taken[place, first.table]
        part, left = left[:free], left[free:]
        if part:
            taken[place, first.table] += len(part)
            yield event, part
    if not left:
        return
    controller = slug((hotel or next(iter(work.settings.properties.values()))).controller)
    # An erasure that only begins here tells of these lines once more as it ends.
    begins = not first.ended and any(
        isinstance(event, ErasureBegun) and event.number == first.request for event in work.events
    )
    own = RetentionEnded(
        controller, first.property, first.request, SYSTEM, {first.table: len(left)},
        (ErasureBegun.name,) if begins else (),
    )  # fmt: skip
    work.events.append(own)
    taken[len(work.events) - 1, first.table] += len(left)
    yield own, left


def _rows(work: Work, each: Departure, event: Event) -> list[dict[str, Any]]:
    """Return the rows of one line: one under each key by which it may have been counted."""
    return [
        {
            "controller": slug(event.controller),
            "property": each.property,
            "table_name": each.table,
            "mark": mark(work.custodian.mortal(name, LABEL), each.table, each.row).hex(),
            "action": event.name,
            "request": event.number or None,
            "at": work.stamp,
        }
        for name in _labels(work, each.table)
    ]


def _labels(work: Work, name: str) -> list[str]:
    """Return the labels under which a table was counted last, or is now, and whose keys live."""
    table = tables.census
    rows = select(table.c.label).where(table.c.table_name == name, table.c.marks.is_not(None))
    found = set(work.conn.execute(rows.distinct()).scalars())
    return sorted(found & work.custodian.labels() | _beginning(work))


