"""Columns that the database computes, and what they are made of."""

from __future__ import annotations

import re

from sqlalchemy import Column, Table

_TOKEN = re.compile(
    r"""(?P<name>"(?:[^"]|"")*"|`[^`]*`)|'(?:[^']|'')*'|(?:::|\bAS\s)\s*(?:"[^"]*"|\w+)|[()]""",
    re.IGNORECASE,
)
"""A quoted name, a literal, the type of a cast, or a bracket."""

_UNSURE = re.compile(r"\\|\$\w*\$|--|/\*")
"""By what a quote may be none that ends or begins a literal."""


def made_of(table: Table) -> dict[str, set[str]]:
    """Return the columns that a mapping says are computed -> those that they are made of.

    :param table: the table; what the database alone computes is not known here.
    """
    return {
        column.name: named(_expression(column), table)
        for column in table.c if column.computed is not None
    }  # fmt: skip


def named(part: str, table: Table) -> set[str]:
    """Return the columns that are a part of an index, or that an expression names.

    In place of a column that the database computes those that it is made of.

    :param part: a column, or an expression over some.
    :param table: the table.
    """
    found: set[str] = set()
    seen: set[str] = set()
    todo = [part]
    while todo:
        for column in _words(todo.pop(), table):
            if column.computed is None:
                found.add(column.name)
            elif column.name not in seen:
                seen.add(column.name)
                todo.append(_expression(column))
    return found


def _expression(column: Column[object]) -> str:
    return str(column.computed.sqltext) if column.computed is not None else ""


def _words(text: str, table: Table) -> list[Column[object]]:
    """Return the columns whose names stand in a text, quoted or not."""
    text = _bare(text)
    return [
        column for column in table.c
        if re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", text, re.IGNORECASE)
    ]  # fmt: skip


def _bare(text: str) -> str:
    """Return an expression without its literals and the types of its casts."""
    # Rather a word too many: a name that is overlooked would be shown.
    if _UNSURE.search(text):
        return text
    parts: list[str] = []
    at = depth = 0
    for found in _TOKEN.finditer(text):
        parts += text[at : found.start()], found["name"] or ""
        at = found.end()
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth < 0:
            # What SQLAlchemy reflects on SQLite may run on into the columns that follow.
            return " ".join(parts)
    return " ".join([*parts, text[at:]])
