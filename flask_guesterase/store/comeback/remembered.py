"""Marks of who was erased on request, outside the database: who came after a copy is known too.

A restored copy has no row of a guest who was new since, so nothing is erased again that would leave
marks; and what sends bookings sends those of the lost days once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from ...core.period import months_after
from ...core.remembrance import Kind, Line, Note, Trace
from ...core.returning import MONTHS
from .. import tables
from ..retaining.keeping import Origin
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


def put_back(work: Work, line: Line) -> int:
    """Write marks of the register into our table again; return how many were not there.

    :param work: the open transaction.
    :param line: line of the register.
    """
    at = datetime.fromisoformat(line.at).astimezone(UTC).replace(tzinfo=None)
    ends_on = months_after(at.date(), MONTHS).isoformat()
    if ends_on < work.today:
        return 0
    table, said = tables.mark, line.note
    known = {
        (row.mark, row.row_mark)
        for part in chunks(sorted({trace.row for trace in said.rows}))
        for row in work.conn.execute(
            select(table.c.mark, table.c.row_mark).where(table.c.mark.in_(part))
        )
    }
    rows = [
        {
            "request": said.request or None, "controller": said.controller,
            "property": said.property, "kind": kind, "table_name": trace.table,
            "mark": trace.row, "row_mark": person, "erased_at": at, "ends_on": ends_on,
        }
        for trace in said.rows
        for kind, person in trace.values.items()
        if (trace.row, person) not in known
    ]  # fmt: skip
    if rows:
        work.conn.execute(insert(table), rows)
    return len(rows)
