"""Rows of our own tables by number, without a look at any other row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Delete, Select, Table, Update

from .sql import one_of
from .transaction import MARIADB

_Statement = TypeVar("_Statement", Select[Any], Update, Delete)


def only_numbers(statement: _Statement, table: Table, numbers: Sequence[int]) -> _Statement:
    """Let a statement that locks or changes rows be about those with these numbers.

    Of a small table MariaDB would rather read all, and a row that is read to be changed is locked
    first: it would wait for what others have claimed, as they would for what is claimed here.

    :param statement: a statement about one of our tables.
    :param table: the table, whose key is its number.
    :param numbers: the numbers, at least one.
    """
    for name in MARIADB:
        statement = statement.with_hint(
            text="FORCE INDEX (PRIMARY)", selectable=table, dialect_name=name
        )
    return statement.where(one_of(table.c.id, numbers))
