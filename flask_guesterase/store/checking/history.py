"""The history an engine keeps by itself (MariaDB system versioning), ended with an erasure."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from ...core.errors import ErasureError
from ...core.treatment import RowRule
from ..catalog.shape import LiveSchema
from ..mapping.declared import Declared


def end_history(conn: Connection, declared: Declared, live: LiveSchema | None) -> None:
    """Delete the old versions of a table's rows where the vendor said so.

    The engine knows no way to delete those of one row alone.

    :param conn: open transaction, in which rows of the table were changed.
    :param declared: the table.
    :param live: the database as read.
    :raises ErasureError: something of the history is left.
    """
    found = live.table(declared.name) if live is not None else None
    if found is None or not found.versioned or declared.policy.history is not RowRule.DELETE:
        return
    table = declared.table
    name = conn.dialect.identifier_preparer.format_table(table)
    conn.exec_driver_sql(f"DELETE HISTORY FROM {name}")
    everything = select(func.count()).select_from(table).with_hint(table, "FOR SYSTEM_TIME ALL")
    now = select(func.count()).select_from(table)
    if conn.execute(everything).scalar_one() != conn.execute(now).scalar_one():
        raise ErasureError(
            f"Old versions of rows of {declared.name} are still there.",
            "Look at the partitions and rights of its history; nothing was changed.",
        )
