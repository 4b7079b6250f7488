"""Rows of our own tables by number, locked or changed without a look at any other row.

Of a small table MariaDB would rather read all, and a row that is read to be changed is locked
first: it would wait for what others have claimed, as they would for what is claimed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, Select, Table, Update, bindparam, delete, text

from .sql import MARIADB, one_of

_Statement = TypeVar("_Statement", Select[Any], Update)

_BY_KEY = "FORCE INDEX (PRIMARY)"


def by_number(statement: _Statement, table: Table, numbers: Sequence[int]) -> _Statement:
    """Let a statement that locks or changes rows be about those with these numbers.

    :param statement: a statement about one of our tables.
    :param table: the table, whose key is its number.
    :param numbers: the numbers, at least one.
    """
    for name in MARIADB:
        statement = statement.with_hint(text=_BY_KEY, selectable=table, dialect_name=name)
    return statement.where(one_of(table.c.id, numbers))


def delete_by_number(conn: Connection, table: Table, numbers: Sequence[int]) -> None:
    """Delete the rows with these numbers.

    :param conn: the open transaction.
    :param table: one of our tables, whose key is its number.
    :param numbers: the numbers, at least one.
    """
    if conn.dialect.name not in MARIADB:
        conn.execute(delete(table).where(one_of(table.c.id, numbers)))
        return
    name = conn.dialect.identifier_preparer.format_table(table)
    # Of one table alone MySQL, and MariaDB of some years ago, take no hint.
    wanted = f"DELETE {name} FROM {name} {_BY_KEY} WHERE {name}.id IN :numbers"
    given: BindParameter[Any] = bindparam("numbers", list(numbers), expanding=True)
    conn.execute(text(wanted).bindparams(given))
