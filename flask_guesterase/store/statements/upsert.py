"""A row of ours, whether it is there already or not, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite

from .sql import MARIADB


def upsert(conn: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or write its values into the row that has its primary key.

    :param conn: open transaction.
    :param table: one of our tables.
    :param values: column -> value.
    """
    conn.execute(_made(conn.dialect.name, table, tuple(values)), dict(values))


@cache
def _made(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    key = [column.name for column in table.primary_key]
    rest = [name for name in names if name not in key]
    if dialect in MARIADB:
        mine = mysql.insert(table)
        return mine.on_duplicate_key_update({name: mine.inserted[name] for name in rest})
    new = (postgresql if dialect == "postgresql" else sqlite).insert(table)
    set_ = {name: new.excluded[name] for name in rest}
    return new.on_conflict_do_update(index_elements=key, set_=set_)
