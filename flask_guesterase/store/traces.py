"""Whether a row still holds something of its columns, or only what an erasure leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, FromClause, or_, select, true

from ..core.plan import Key
from ..core.policy import Constant, File, Null, Placeholder, Redact, Rule
from .datamap import Declared
from .masks import fixed_value, is_marked
from .sql import among, chunks, is_text, text_length


def holding(
    conn: Connection, declared: Declared, keys: Sequence[Key], columns: Iterable[str]
) -> set[Key]:
    """Return which rows still hold something of these columns.

    :param conn: open transaction.
    :param declared: their table.
    :param keys: their keys.
    :param columns: names of columns that an erasure overwrites.
    """
    here = declared.table.alias("t0")
    mine = [here.c[c.key] for c in declared.key]
    wanted = holds(declared, here, list(columns))
    return {
        tuple(row)
        for part in chunks(keys)
        for row in conn.execute(select(*mine).where(among(mine, part), wanted))
    }


def holds(
    declared: Declared, start: FromClause, columns: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a row still holds something of these columns."""
    if declared.deletes:
        return true()
    parts = [_differs(declared, start, name) for name in columns]
    known = [part for part in parts if part is not None]
    return or_(*known) if known and len(known) == len(parts) else (true() if parts else ~true())


def tells(declared: Declared, columns: Iterable[str]) -> bool:
    """Return whether each of these columns tells by itself that it holds nothing any more."""
    here = declared.table.alias("t0")
    return all(_differs(declared, here, name) is not None for name in columns)


def _differs(declared: Declared, start: FromClause, name: str) -> ColumnElement[bool] | None:
    """Return the condition that a column is not what its rule leaves, or None: nobody can tell."""
    rule: Rule = declared.written(name)
    column = declared.column(name)
    here = start.c[column.key]
    inner = rule.then if isinstance(rule, File) else rule
    if isinstance(inner, Null):
        return here.is_not(None)
    if isinstance(inner, Redact | Constant):
        value = fixed_value(inner, column)
        return here.is_not(None) & (here != value) if value is not None else here.is_not(None)
    if isinstance(inner, Placeholder) and is_text(column.type):
        if not is_marked(column.name, text_length(column.type)):
            return None
        return here.is_not(None) & here.not_like("erased-%") & here.not_like("%@erased.invalid")
    return None
