"""Values of their own for many rows in one statement: as rows of a source beside the table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Integer,
    Text,
    Update,
    bindparam,
    func,
    literal_column,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .listed import ARRAYS, LISTS, Packed, is_listable
from .sql import is_text

_OLDEST = (3, 33)
"""SQLite from which an UPDATE can read from a source."""


def spread(
    dialect: Dialect, key: Column[Any], rows: Mapping[Any, Mapping[Column[Any], Any]]
) -> Update | None:
    """Return the statement that gives each row its own texts, or None: another way is needed.

    :param dialect: the engine and driver it is for.
    :param key: the key column.
    :param rows: key -> column -> text or None, the same columns for each.
    """
    keys, columns = list(rows), list(next(iter(rows.values())))
    if not is_listable(key.type, keys) or not all(is_text(c.type) for c in columns):
        return None
    values = [[row[c] for row in rows.values()] for c in columns]
    if any("\0" in value for each in values for value in each if value is not None):
        return None
    given = _source(dialect, key, keys, list(zip(columns, values, strict=True)))
    if given is None:
        return None
    where, expressions = given
    made = dict(zip(columns, expressions, strict=True))
    return update(key.table).where(key == where).values(made)


def _source(
    dialect: Dialect,
    key: Column[Any],
    keys: Sequence[Any],
    columns: Sequence[tuple[Column[Any], Sequence[Any]]],
) -> tuple[ColumnElement[Any], list[ColumnElement[Any]]] | None:
    """Return the expressions of the key and of each column of the source."""
    if dialect.name == "postgresql" and dialect.driver in ARRAYS:
        arrays = [
            bindparam(None, each, type_=Packed(column.type), unique=True)
            for column, each in ((key, keys), *columns)
        ]
        names = ["k", *(f"v{n}" for n in range(len(columns)))]
        given = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
        return given.c.k, [given.c[name] for name in names[1:]]
    if not isinstance(key.type, Integer):
        return None
    rows = [list(row) for row in zip(keys, *(each for _, each in columns), strict=True)]
    document = bindparam(None, json.dumps(rows), type_=Text(), unique=True)
    if dialect.name == "sqlite" and (dialect.server_version_info or ()) >= _OLDEST:
        item = func.json_each(document).table_valued("value", name="given").c.value
        cells = [
            func.json_extract(item, literal_column(f"'$[{n}]'"))
            for n in range(len(columns) + 1)
        ]
        return cells[0], list(cells[1:])
    if dialect.name in ("mysql", "mariadb") and dialect.driver in LISTS:
        names = [f"v{n}" for n in range(len(columns))]
        texts = [f"{name} LONGTEXT PATH '$[{n}]'" for n, name in enumerate(names, 1)]
        shape = ", ".join(["k BIGINT PATH '$[0]'", *texts])
        form: ColumnElement[Any] = literal_column(f"COLUMNS ({shape})")
        given = _JsonTable(document, form).table_valued("k", *names, name="given")
        return given.c.k, [given.c[name] for name in names]
    return None


class _JsonTable(FunctionElement[Any]):
    """MariaDB's JSON_TABLE over a list of lists."""

    name = "json_table"
    inherit_cache = True


@compiles(_JsonTable)
def _json_table(element: _JsonTable, compiler: Any, **options: Any) -> str:
    document, form = (compiler.process(each, **options) for each in element.clauses)
    return f"JSON_TABLE({document}, '$[*]' {form})"
