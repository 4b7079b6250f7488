"""What an INSERT or UPDATE through the session writes: its values, and the rows that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Insert, Update, select

from ...core.plan import Key
from ..sql import is_text
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
    return {value for row in rows for value in row.values() if text_of(value)}


def only_adds(statement: Insert | Update) -> bool:
    """Return whether a statement can only have added rows: an upsert may write to any.

    What comes after the values, ON CONFLICT for example, or before them, INSERT OR REPLACE, says
    what becomes of a row that is there.
    """
    return (
        isinstance(statement, Insert)
        and statement._post_values_clause is None
        and not statement._prefixes
    )


def keys_by(conn: Connection, one: Watched, column: str, value: Any) -> list[Key]:
    """Return the keys of the rows that hold a value in a column; in the key when it is empty."""
    declared = one.declared
    wanted = declared.column(column) if column else declared.key[0]
    given = text_of(value) if is_text(wanted.type) else value
    return [tuple(row) for row in conn.execute(select(*declared.key).where(wanted == given))]
