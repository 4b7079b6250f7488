"""Marks looked up: who was erased before, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from ...core.identity import Kind, Readings
from ...core.plan import Key
from .. import tables
from ..retaining.keeping import Origin
from ..statements.listed import Listed
from ..statements.sql import chunks
from ..work import Work
from .marks import KEY, NAMES, row_text, seals


@dataclass(frozen=True)
class Mark:
    """A mark that was found.

    :param kind: what it is a mark of.
    :param mark: the mark.
    :param person: mark of the subject row whose erasure it was.
    :param origin: request, controller and property.
    :param erased_at: naive UTC.
    """

    kind: str
    mark: str
    person: str
    origin: Origin
    erased_at: datetime


def find(conn: Connection, wanted: Iterable[str], today: str) -> list[Mark]:
    """Return living marks among these; a mark whose day is over does nothing.

    :param conn: any connection to the database.
    :param wanted: marks.
    :param today: ISO day.
    """
    found = []
    for part in chunks(sorted(set(wanted)), _MOST):
        found += [_mark(row) for row in conn.execute(_LIVING, {"marks": part, "today": today})]
    return found


_MARK = tables.mark.c
_LIVING = select(
    _MARK.kind, _MARK.mark, _MARK.row_mark, _MARK.request, _MARK.controller, _MARK.property,
    _MARK.erased_at,
).where(
    Listed(_MARK.mark, given="marks"),
    or_(_MARK.ends_on >= bindparam("today"), _MARK.ends_on.is_(None)),
)
# Made once: a host waits for it.


def lives(work: Work, number: str | None) -> bool:
    """Return whether a mark of a request lives: without one nobody it erased is known again.

    :param work: the open transaction.
    :param number: number of the request; None for what had its time by the law's ceiling.
    """
    table = tables.mark.c
    wanted = select(table.id).where(table.request == number, table.ends_on >= work.today)
    return work.conn.execute(wanted.limit(1)).first() is not None


_MOST = 900
"""Marks one statement asks for; below every engine's limit of parameters."""


def _mark(row: Any) -> Mark:
    origin = Origin(row.request, row.controller, row.property)
    return Mark(row.kind, row.mark, row.row_mark, origin, row.erased_at)


@dataclass(frozen=True)
class Told:
    """What marks tell of somebody erased, to be compared with who seems to be back.

    :param name: marks of the readings of each part of the name.
    :param documents: marks of the documents.
    """

    name: Readings = (frozenset(), frozenset())
    documents: frozenset[str] = frozenset()


def told(conn: Connection, people: Iterable[str]) -> dict[str, Told]:
    """Return what is known of erased people by marks: mark of a subject row -> what it tells.

    :param conn: any connection to the database.
    :param people: marks of subject rows.
    """
    table = tables.mark
    found: dict[str, dict[str, set[str]]] = {}
    for some in chunks(sorted(set(people))):
        rows = conn.execute(
            select(table.c.kind, table.c.mark, table.c.row_mark).where(
                table.c.row_mark.in_(some), table.c.kind.in_((*NAMES, Kind.DOCUMENT.value))
            )
        )
        for row in rows:
            found.setdefault(row.row_mark, {}).setdefault(row.kind, set()).add(row.mark)
    return {
        who: Told(
            tuple(frozenset(kinds.get(kind, ())) for kind in NAMES),
            frozenset(kinds.get(Kind.DOCUMENT.value, ())),
        )
        for who, kinds in found.items()
    }


def place(work: Work, table: str, key: Key) -> str:
    """Return the code of the property at which somebody was erased last; empty: nobody knows.

    :param work: the open transaction.
    :param table: name of their subject table.
    :param key: key of their row, which may be gone.
    """
    of = seals(work.custodian, work.now.date()).of(KEY, row_text(table, key))
    mine, at = tables.mark.c.row_mark.in_(of.values()), tables.mark.c.erased_at
    found = select(tables.mark.c.property).where(mine).order_by(at.desc()).limit(1)
    return work.conn.execute(found).scalar() or ""
