"""Rows that come with a statement, as a source to select, update or insert from.

Arrays on PostgreSQL, a JSON document on SQLite and MariaDB: one parameter however many rows, and
one statement where a driver would send one a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Integer,
    Table,
    Text,
    Update,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .listed import ARRAYS, LISTS, Packed, is_listable
from .sql import MARIADB, abiding

_OLDEST = (3, 38)
"""SQLite that always reads JSON, and whose UPDATE reads from a source."""

_FEW = 8
"""Rows below which a statement for each is as fast."""

Given = Sequence[tuple[Column[Any], Sequence[Any]]]
"""Columns with the value of each row; texts, whole numbers and NULL."""


def source(dialect: Dialect, given: Given) -> list[ColumnElement[Any]] | None:
    """Return the expressions of the columns of a source, or None where there is no such way.

    :param dialect: the engine and driver it is for.
    :param given: the columns and their values.
    """
    if not all(
        is_listable(column.type, [v for v in values if v is not None])
        for column, values in given
    ):
        return None
    if dialect.name == "postgresql" and dialect.driver in ARRAYS:
        return _arrays(given)
    if not all(_is_plain(column) for column, _ in given):
        return None
    document = bindparam(None, _document(given), type_=Text(), unique=True)
    if dialect.name == "sqlite" and (dialect.server_version_info or ()) >= _OLDEST:
        item = func.json_each(document).table_valued("value", name="given").c.value
        return [
            func.json_extract(item, literal_column(f"'$[{n}]'"), type_=column.type)
            for n, (column, _) in enumerate(given)
        ]
    if dialect.name in MARIADB and dialect.driver in LISTS:
        return _json_columns(given, document)
    return None


def _is_plain(column: Column[Any]) -> bool:
    """Return whether JSON holds a column's values as the database does."""
    return isinstance(column.type, Integer) or column.type.python_type is str


def _document(given: Given) -> str:
    return json.dumps(list(zip(*(values for _, values in given), strict=True)))


def _arrays(given: Given) -> list[ColumnElement[Any]]:
    arrays = [
        bindparam(None, values, type_=Packed(column.type), unique=True)
        for column, values in given
    ]
    names = [f"v{n}" for n in range(len(given))]
    rows = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
    return [rows.c[name] for name in names]


def _json_columns(given: Given, document: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    names = [f"v{n}" for n in range(len(given))]
    shape = ", ".join(
        f"{name} {'BIGINT' if isinstance(column.type, Integer) else 'LONGTEXT'} PATH '$[{n}]'"
        for n, (name, (column, _)) in enumerate(zip(names, given, strict=True))
    )
    form: ColumnElement[Any] = literal_column(f"COLUMNS ({shape})")
    rows = _JsonTable(document, form).table_valued(*names, name="given")
    return [rows.c[name] for name in names]


class _JsonTable(FunctionElement[Any]):
    """MariaDB's JSON_TABLE over a list of lists."""

    name = "json_table"
    inherit_cache = True


@compiles(_JsonTable)
def _json_table(element: _JsonTable, compiler: Any, **options: Any) -> str:
    document, form = (compiler.process(each, **options) for each in element.clauses)
    return f"JSON_TABLE({document}, '$[*]' {form})"


def spread(
    dialect: Dialect, key: Column[Any], rows: Mapping[Any, Mapping[Column[Any], Any]]
) -> Update | None:
    """Return the statement that gives each row its own values, or None: another way is needed.

    :param dialect: the engine and driver it is for.
    :param key: the key column.
    :param rows: key -> column -> value, the same columns for each.
    """
    columns = list(next(iter(rows.values())))
    # On MariaDB texts of two collations are not compared.
    if dialect.name != "postgresql" and not isinstance(key.type, Integer):
        return None
    given = [(key, list(rows)), *((c, [row[c] for row in rows.values()]) for c in columns)]
    found = source(dialect, given)
    if found is None:
        return None
    made = dict(zip(columns, found[1:], strict=True))
    return abiding(update(key.table)).where(key == found[0]).values(made)


@lru_cache(64)
def _into(table: Table) -> Insert:
    """Return the insert of plain rows into a table, made once."""
    return insert(table)


def put(conn: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, all with the same columns; many in one statement where that is faster.

    :param conn: open transaction.
    :param table: one of our tables.
    :param rows: the rows.
    """
    lines = list(rows)
    if len(lines) < _FEW:
        if lines:
            conn.execute(_into(table), lines)
        return
    same, own = {}, []
    for name in lines[0]:
        values = [line[name] for line in lines]
        if values.count(values[0]) == len(values):
            same[name] = values[0]
        else:
            own.append((table.c[name], values))
    found = source(conn.dialect, own) if own else None
    if found is None:
        conn.execute(_into(table), lines)
        return
    names = [*same, *(column.name for column, _ in own)]
    values = [literal(value, table.c[name].type) for name, value in same.items()]
    conn.execute(insert(table).from_select(names, select(*values, *found)))
