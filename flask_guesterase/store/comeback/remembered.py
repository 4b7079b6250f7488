"""Marks of who was erased on request, outside the database: who came after a copy is known too.

A restored copy has no row of a guest who was new since, so nothing is erased again that would leave
marks; and what sends bookings sends those of the lost days once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from ...core.period import months_after
from ...core.remembrance import Kind, Line, Note, Trace
from ...core.returning import MONTHS
from .. import tables
from ..retaining.keeping import Origin
from ..statements.bynumber import delete_by_number
from ..statements.sql import chunks
from ..work import Work


def notes(origin: Origin, lines: Iterable[Mapping[str, Any]]) -> list[Note]:
    """Return what the register is told of the marks of an erasure, one note for each property.

    :param origin: on whose behalf it is carried out.
    :param lines: the marks, as they are written into our table.
    """
    rows: dict[str, list[Trace]] = {}
    for line in lines:
        trace = Trace(line["table_name"], line["mark"], {line["kind"]: line["row_mark"]})
        rows.setdefault(line["property"], []).append(trace)
    number = origin.number or ""
    return [
        Note(Kind.MARKED, origin.controller, code, number, tuple(rows[code]))
        for code in sorted(rows)
    ]


Fits = Callable[[Trace, str], bool]
"""Answers whether the mark of a row, and of a kind, is to be written down again."""


def put_back(work: Work, line: Line, fits: Fits) -> int:
    """Write marks of the register into our table again; return how many were not there.

    Those of an earlier erasure give way, as they did then: they count from the last one on.

    :param work: the open transaction.
    :param line: line of the register.
    :param fits: which of its marks.
    """
    at = datetime.fromisoformat(line.at).astimezone(UTC).replace(tzinfo=None)
    ends_on = months_after(at.date(), MONTHS).isoformat()
    if ends_on < work.today:
        return 0
    said = line.note
    wanted = {
        (trace.row, person): {
            "request": said.request or None, "controller": said.controller,
            "property": said.property, "kind": kind, "table_name": trace.table,
            "mark": trace.row, "row_mark": person, "erased_at": at, "ends_on": ends_on,
        }
        for trace in said.rows
        for kind, person in trace.values.items()
        if fits(trace, kind)
    }  # fmt: skip
    known = _known(work, {mark for mark, _ in wanted})
    older = {pair: id for pair, (id, since) in known.items() if pair in wanted and since < at}
    if older:
        delete_by_number(work.conn, tables.mark, sorted(older.values()))
    rows = [row for pair, row in wanted.items() if pair not in known or pair in older]
    if rows:
        work.conn.execute(insert(tables.mark), rows)
    return len(rows)


def _known(work: Work, marks: Iterable[str]) -> dict[tuple[str, str], tuple[int, datetime]]:
    """Return mark and mark of the person -> number and time of the newest such row of our table."""
    table, found = tables.mark, dict[tuple[str, str], tuple[int, datetime]]()
    for part in chunks(sorted(marks)):
        for row in work.conn.execute(
            select(table.c.id, table.c.mark, table.c.row_mark, table.c.erased_at)
            .where(table.c.mark.in_(part))
            .order_by(table.c.erased_at)
        ):
            found[row.mark, row.row_mark] = row.id, row.erased_at
    return found
