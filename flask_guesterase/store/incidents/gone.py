"""Who was erased since an incident may have happened, and how many records went with them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Result, Row, func, or_, select
from sqlalchemy.exc import DBAPIError

from ...core.errors import BusyError, SetupError
from ...core.log import slug
from ...core.plan import Outcome
from .. import tables
from ..lawbook.clocks import places_of
from ..mapping.crossing import at
from ..mapping.ways import ways
from ..retaining.holds import keys_of
from ..statements.failure import is_lock, is_refusal, is_retryable, is_unread
from ..statements.sql import chunks
from ..work import Work


@dataclass(frozen=True)
class Tombstone:
    """When somebody's row was erased, and by which request; of the sweep there is none."""

    erased_at: datetime
    request: str


def tombstones(work: Work, code: str, company: str) -> dict[tuple[str, str], Tombstone]:
    """Return whose rows were erased at a property, and when; those without a place among them.

    Who asked at another hotel of the same company was erased here as well where both have one
    table of guests, unless their row says that they were a guest of another one alone.

    :param work: the open transaction.
    :param code: code of the property.
    :param company: who answered for it when the incident was opened, as a word for origins.
    """
    found: dict[tuple[str, str], Tombstone] = {}
    others: dict[str, dict[str, Tombstone]] = {}
    for each in _erased(work, code, company):
        stone = Tombstone(each.erased_at, each.request)
        if each.property in (None, code):
            found[each.table_name, each.row_key] = stone
        else:
            others.setdefault(each.table_name, {})[each.row_key] = stone
    for table, stones in others.items():
        for text in here(work, code, table, stones):
            found.setdefault((table, text), stones[text])
    return found


def asked(work: Work, code: str, company: str) -> ColumnElement[bool]:
    """Return the condition that a request came in at a hotel, or at one that may have been it.

    That is each other one of the same company, by the settings of today or those of then, and
    each that the settings do not name any more: it may have been given another code since. It was
    not where its company answers for others still, and this hotel had its own code already.

    :param work: the open transaction.
    :param code: code of the hotel.
    :param company: who answered for it when the incident was opened, as a word for origins.
    """
    request, first = tables.request.c, tables.request.alias("first")
    hotels = {c: slug(hotel.controller) for c, hotel in work.settings.properties.items()}
    whose = {company, hotels.get(code, company)}
    theirs = {code, *(c for c, each in hotels.items() if each in whose)}
    since = select(func.min(first.c.id)).where(first.c.property == code).scalar_subquery()
    return or_(
        request.property.in_(sorted(theirs)),
        request.controller.in_(sorted(whose)),
        request.property.not_in(sorted(hotels)) & or_(
            request.controller.not_in(sorted(set(hotels.values()))),
            since.is_(None), request.id < since,
        ),
    )  # fmt: skip


def here(work: Work, code: str, table: str, texts: Collection[str]) -> set[str]:
    """Return which of these rows may have been of a hotel although another one was asked.

    All of them may where their table cannot be asked: it may be what an incident is about.

    :param work: the open transaction.
    :param code: code of the hotel.
    :param table: name of their table.
    :param texts: their keys, as text.
    """
    declared = work.datamap.tables.get(table)
    place = None if declared is None else ways(work.datamap, declared).place
    if declared is None or place is None:
        return set(texts)
    on_way = [declared.name, *(hop.table.fullname for hop in place.hops)]
    try:
        with _apart(work.conn, on_way):
            keys = keys_of(work, table, texts)
            wanted = list(keys.values())
            places = places_of(work.conn, work.datamap, work.settings, declared, wanted)
    except Exception as raised:
        if not _is_untold(raised):
            raise
        return set(texts)
    elsewhere = set(work.settings.properties) - {code}
    return set(texts) - {text for text, key in keys.items() if places.get(key) in elsewhere}


@contextmanager
def _apart(conn: Connection, names: Iterable[str]) -> Iterator[None]:
    """Set a savepoint wherever some tables lie, if what is refused would end the transaction."""
    with ExitStack() as stack:
        for there in dict.fromkeys(at(conn, name) for name in names):
            # MariaDB sets none once rows of an Aria table were read, and goes on without it.
            if there.dialect.name == "postgresql":
                stack.enter_context(there.begin_nested())
        yield


def _is_untold(problem: Exception) -> bool:
    """Return whether the host's tables do not tell where a row lies, or their database is away."""
    if isinstance(problem, DBAPIError) and (is_lock(problem) or is_retryable(problem)):
        return False
    if isinstance(problem, DBAPIError) and is_refusal(problem):
        return True
    return isinstance(problem, BusyError | SetupError) or is_unread(problem)


def _erased(work: Work, code: str, company: str) -> Iterator[Row[Any]]:
    """Yield whose rows were erased, when, by which request, and at which hotel that was asked."""
    subject, request = tables.subject, tables.request
    rows: Result[Any] = work.conn.execute(
        select(
            subject.c.table_name, subject.c.row_key, subject.c.erased_at, subject.c.request,
            request.c.property,
        )
        .outerjoin(request, request.c.number == subject.c.request)
        .where(subject.c.erased_at.is_not(None))
        .where(or_(request.c.number.is_(None), asked(work, code, company)))
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
