"""What is kept in tables and columns that the host does not have, or no rule takes, any more."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, func, select

from ...core.finding import Finding, Severity
from .. import tables
from ..retaining.remainder import columns_of, is_left, unruled
from ..work import Work
from .restricted import MODES

_SHOWN = "what took their place is shown to everybody, and does not end on its day."


def findings(work: Work) -> list[Finding]:
    """Return the tables and columns of which nobody can say what took their place, or that stay.

    Where a column retained under the same category did, it is hidden and ends on that day.

    :param work: an open transaction; a read-only one is enough.
    """
    kept = tables.kept
    groups = kept.c.table_name, kept.c.columns, kept.c.category
    rows = work.conn.execute(
        select(*groups, func.count().label("many"))
        .where(kept.c.ended_at.is_(None), kept.c.mode.in_(MODES))
        .group_by(*groups)
    )
    found = rows.all()
    stays = [_left(row, left) for row in found if (left := sorted(unruled(work, row)))]
    return [*stays, *(
        _finding(work, row) for row in found
        if columns_of(work, row) is None and not is_left(work, row)
    )]  # fmt: skip


def _left(row: Row[Any], columns: list[str]) -> Finding:
    how = f"retain('{row.category}')" if row.category else "null"
    return Finding(
        "column-uncovered", row.table_name, ", ".join(columns),
        f"Something is kept of who was erased in {row.many} rows in columns that no rule takes any "
        "more: statements may show it, and it does not end on its day.",
        f"Give them a rule again, such as {how}; certificates say until when they stay.",
        Severity.WARN,
    )


def _finding(work: Work, row: Row[Any]) -> Finding:
    if row.table_name not in work.datamap.tables:
        return Finding(
            "table-unknown", row.table_name, "",
            f"Something is kept in {row.many} rows of a table about which nothing is declared any "
            f"more: {_SHOWN}",
            "Declare it again; a table that was renamed gets its name back.", Severity.WARN,
        )  # fmt: skip
    unknown = (name for name in json.loads(row.columns) if name not in unruled(work, row))
    return Finding(
        "column-unknown", row.table_name, ", ".join(unknown),
        f"Something is kept in {row.many} rows in columns that the table does not have any more, "
        f"and nothing in it is retained as '{row.category}': {_SHOWN}",
        f"Declare the columns that took their place with retain('{row.category}').", Severity.WARN,
    )  # fmt: skip
