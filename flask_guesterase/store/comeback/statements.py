"""What an INSERT or UPDATE through the session writes: its values, and the rows that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, Insert, Update, select

from ...core.plan import Key
from ..statements.sql import is_text
from .watched import Watched, text_of


def carried(statement: Insert | Update, parameters: Any, conn: Connection) -> set[Any]:
    """Return every value that a statement carries and that could be a key or a number.

    Which column a value goes to is not asked: a statement may be an upsert, or name columns by
    the words of the mapping. Rows that a SELECT hands on are not seen.

    :param statement: the statement.
    :param parameters: what it is executed with: nothing, a mapping, or several.
    :param conn: the connection it was executed on.
    """
    given = parameters if isinstance(parameters, list | tuple) else [parameters]
    rows: list[Mapping[str, Any]] = [each for each in given if isinstance(each, Mapping)]
    if not rows or isinstance(statement, Update):
        rows = [*rows, statement.compile(dialect=conn.dialect).params]
    elif statement._values:
        # What is the same in each of the rows stands in the statement itself.
        rows = [*rows, _by_column(statement.table, {}, statement._values)]
    return {value for row in rows for value in row.values() if text_of(value)}


def added(statement: Insert | Update, parameters: Any) -> list[dict[str, Any]]:
    """Return the rows that a statement can only have added, by their columns; else none.

    Rows that a SELECT hands on are not seen, nor what SQL makes of a value.

    :param statement: the statement.
    :param parameters: what it is executed with: nothing, a mapping, or several.
    """
    if not isinstance(statement, Insert) or statement.select is not None:
        return []
    if not _only_adds(statement):
        return []
    subject = statement._propagate_attrs.get("plugin_subject")
    mapped = {} if subject is None else {a.key: a.columns[0] for a in subject.mapper.column_attrs}
    given = parameters if isinstance(parameters, list | tuple) else [parameters]
    several = [
        row if isinstance(row, Mapping) else dict(zip(statement.table.c, row, strict=False))
        for part in statement._multi_values for row in part
    ]
    fixed = _by_column(statement.table, mapped, statement._values or {})
    rows = [
        {**fixed, **_by_column(statement.table, mapped, row)}
        for row in (*given, *several) if isinstance(row, Mapping)
    ]
    return rows or [fixed]


def _by_column(
    table: Any, mapped: Mapping[str, Any], row: Mapping[Any, Any]
) -> dict[str, Any]:
    """Return values by the names of their columns, whatever a row calls them.

    :param mapped: attribute of the mapped class -> its column.
    """
    found = {}
    for key, value in row.items():
        column = mapped.get(key, table.c.get(key)) if isinstance(key, str) else key
        name = getattr(column, "name", None)
        if name is not None:
            found[name] = value.value if isinstance(value, BindParameter) else value
    return found


def _only_adds(statement: Insert) -> bool:
    """Return whether a statement can only have added rows: an upsert may write to any.

    What comes after the values, ON CONFLICT for example, or before them, INSERT OR REPLACE, says
    what becomes of a row that is there.
    """
    return statement._post_values_clause is None and not statement._prefixes


def keys_by(conn: Connection, one: Watched, column: str, value: Any) -> list[Key]:
    """Return the keys of the rows that hold a value in a column; in the key when it is empty."""
    declared = one.declared
    wanted = declared.column(column) if column else declared.key[0]
    given = text_of(value) if is_text(wanted.type) else value
    return [tuple(row) for row in conn.execute(select(*declared.key).where(wanted == given))]
