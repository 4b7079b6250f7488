"""Who was erased since an incident may have happened, and how many records went with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Result, Row, select

from ...core.plan import Outcome
from .. import tables
from ..lawbook.clocks import places_of
from ..mapping.ways import ways
from ..retaining.holds import keys_of
from ..statements.sql import chunks
from ..work import Work


@dataclass(frozen=True)
class Tombstone:
    """When somebody's row was erased, and by which request; of the sweep there is none."""

    erased_at: datetime
    request: str


def tombstones(work: Work, code: str) -> dict[tuple[str, str], Tombstone]:
    """Return whose rows were erased at a property, and when; those without a place among them.

    Who asked at another hotel of the same company was erased here as well where both have one
    table of guests, unless their row says that they were a guest of another one alone.

    :param work: the open transaction.
    :param code: code of the property.
    """
    theirs = sisters(work, code)
    found: dict[tuple[str, str], Tombstone] = {}
    others: dict[str, dict[str, Tombstone]] = {}
    for each in _erased(work):
        stone = Tombstone(each.erased_at, each.request)
        if each.property in (None, code):
            found[each.table_name, each.row_key] = stone
        elif each.property in theirs:
            others.setdefault(each.table_name, {})[each.row_key] = stone
    for table, stones in others.items():
        for text in here(work, code, table, stones):
            found.setdefault((table, text), stones[text])
    return found


def sisters(work: Work, code: str) -> set[str]:
    """Return the codes of the other hotels of the same company.

    :param work: the open transaction.
    :param code: code of the property.
    """
    hotels = work.settings.properties
    whose = hotels[code].controller if code in hotels else ""
    return {c for c, hotel in hotels.items() if c != code and hotel.controller == whose}


def here(work: Work, code: str, table: str, texts: Collection[str]) -> set[str]:
    """Return which of these rows may have been of a hotel although another one was asked.

    :param work: the open transaction.
    :param code: code of the hotel.
    :param table: name of their table.
    :param texts: their keys, as text.
    """
    declared = work.datamap.tables.get(table)
    if declared is None or ways(work.datamap, declared).place is None:
        return set(texts)
    keys = keys_of(work, table, texts)
    places = places_of(work.conn, work.datamap, work.settings, declared, list(keys.values()))
    elsewhere = set(work.settings.properties) - {code}
    return set(texts) - {text for text, key in keys.items() if places.get(key) in elsewhere}


def _erased(work: Work) -> Iterator[Row[Any]]:
    """Yield whose rows were erased, when, by which request, and at which hotel that was asked."""
    subject, request = tables.subject, tables.request
    rows: Result[Any] = work.conn.execute(
        select(
            subject.c.table_name, subject.c.row_key, subject.c.erased_at, subject.c.request,
            request.c.property,
        )
        .outerjoin(request, request.c.number == subject.c.request)
        .where(subject.c.erased_at.is_not(None))
    )  # fmt: skip
    yield from rows


def since(
    buried: Mapping[tuple[str, str], Tombstone], happened: datetime | None
) -> dict[tuple[str, str], Tombstone]:
    """Return who was erased since it may have happened, and so was on file then."""
    day = datetime.min if happened is None else datetime.combine(happened.date(), time.min)
    return {who: each for who, each in buried.items() if each.erased_at >= day}


def category(work: Work, name: str) -> str:
    """Return what records of a table are called: by their category, or by the table's name.

    :param work: the open transaction.
    :param name: name of a declared table.
    """
    return work.datamap.declared(name).policy.category or name


def records(
    work: Work, buried: Mapping[tuple[str, str], Tombstone], names: Collection[str]
) -> Counter[str]:
    """Return how many records of some tables went with people who were erased, by category.

    :param work: the open transaction.
    :param buried: who was erased.
    :param names: the tables.
    """
    found: Counter[str] = Counter()
    numbers = {each.request for each in buried.values()}
    known = {}
    request = tables.request
    for part in chunks(sorted(numbers)):
        wanted = select(request.c.number, request.c.decisions).where(request.c.number.in_(part))
        known.update({each.number: each.decisions for each in work.conn.execute(wanted)})
    for decisions in known.values():
        for item in json.loads(decisions or "{}").get("did", ()):
            if item["outcome"] in _GONE and item["table"] in names:
                found[category(work, item["table"])] += item["rows"]
    for (name, _), each in buried.items():
        # What went by its day has no request, and is a record by itself.
        if each.request not in known and name in names:
            found[category(work, name)] += 1
    return found


_GONE = (Outcome.DELETE.value, Outcome.OVERWRITE.value)
