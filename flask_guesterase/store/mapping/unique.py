"""Which columns name at most one row, as the mapping promises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Table,
    UniqueConstraint,
)


def is_unique(table: Table, columns: Iterable[Column[Any]], whole: bool = False) -> bool:
    """Return whether the mapping promises that these columns name at most one row.

    :param whole: leave out what it promises of some rows alone, or of what is made of columns.
    """
    names = {column.name for column in columns}
    return any(key <= names for key in unique_keys(table, whole))


def unique_keys(table: Table, whole: bool = False) -> list[set[str]]:
    """Return the sets of columns of which the mapping promises that no two rows agree in them.

    :param whole: leave out what it promises of some rows alone, or of what is made of columns.
    """
    keys = [{c.name for c in table.primary_key.columns}]
    keys += [{c.name for c in u.columns} for u in _uniques(table)]
    keys += [{c.name} for c in table.c if c.unique]
    indexes = (index for index in table.indexes if index.unique)
    keys += [{c.name for c in index.columns} for index in indexes if not whole or _is_whole(index)]
    return [key for key in keys if key]


def _is_whole(index: Index) -> bool:
    """Return whether an index is over all rows, and over plain columns."""
    some = (value for name, value in index.dialect_kwargs.items() if name.endswith("_where"))
    bare = all(isinstance(each, Column) for each in index.expressions)
    return bare and all(value is None for value in some)


def _uniques(table: Table) -> list[UniqueConstraint]:
    return [c for c in table.constraints if isinstance(c, UniqueConstraint)]
