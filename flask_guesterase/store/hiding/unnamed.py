"""What is kept in tables and columns that the host does not have any more."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row, func, select

from ...core.finding import Finding, Severity
from .. import tables
from ..retaining.remainder import columns_of
from ..work import Work
from .restricted import MODES

_SHOWN = "what took their place is shown to everybody, and does not end on its day."


def findings(work: Work) -> list[Finding]:
    """Return the tables and columns of which nobody can say what took their place.

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
    return [_finding(work, row) for row in rows if columns_of(work, row) is None]


def _finding(work: Work, row: Row[Any]) -> Finding:
    if row.table_name not in work.datamap.tables:
        return Finding(
            "table-unknown", row.table_name, "",
            f"Something is kept in {row.many} rows of a table about which nothing is declared any "
            f"more: {_SHOWN}",
            "Declare it again; a table that was renamed gets its name back.", Severity.WARN,
        )  # fmt: skip
    return Finding(
        "column-unknown", row.table_name, ", ".join(json.loads(row.columns)),
        f"Something is kept in {row.many} rows in columns that the table does not have any more, "
        f"and nothing in it is retained as '{row.category}': {_SHOWN}",
        f"Declare the columns that took their place with retain('{row.category}').", Severity.WARN,
    )  # fmt: skip
