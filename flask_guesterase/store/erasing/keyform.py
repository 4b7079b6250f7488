"""Of which form the keys of a table are: how many parts, and of which type each of them is.

What we noted under keys of another form is found by none of today's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sqlalchemy import Column, ColumnElement, Connection, TypeDecorator, func, or_, select
from sqlalchemy.types import NullType

from ..mapping.declared import Declared
from ..statements.failure import is_unread
from ..statements.sql import python_type
from ..work import Work
from .people import words

Form = tuple[str, ...]
"""Of each part of a key the word of its type, as `core.plan.key_text` writes it; empty for any."""


def form(conn: Connection, declared: Declared) -> Form:
    """Return the form of a table's keys today: that of a row, or of its columns where it has none.

    :param conn: an open transaction.
    :param declared: a table that can be read.
    """
    try:
        row = conn.execute(select(*declared.key).limit(1)).first()
    except Exception as raised:
        # What the host's own type cannot read of one row says nothing of the others.
        if not is_unread(raised):
            raise
        row = None
    if row is None:
        return tuple(map(_word, declared.key))
    pairs = zip(row, declared.key, strict=True)
    return tuple("" if _is_open(column) else type(part).__name__ for part, column in pairs)


def fitting(work: Work, declared: Declared) -> Callable[[str], bool]:
    """Return what tells whether a text of `key_text` could be that of one of a table's keys today.

    :param work: the open transaction.
    :param declared: a table that can be read; a row of it is, once, where its types do not tell.
    """
    types, today = tuple(map(_word, declared.key)), cache(lambda: form(work.conn, declared))

    def fits(text: str) -> bool:
        told = tuple(words(text))
        if not declared.keyed or told == types:
            return True
        alike = len(told) == len(types)
        return alike and all(a == b or not b for a, b in zip(told, today(), strict=True))

    return fits


def misfit(text: ColumnElement[str], form: Form) -> ColumnElement[bool]:
    """Return the condition that a text of `key_text` is that of a key of another form.

    :param text: the column that holds it.
    :param form: the form of today's keys.
    """
    # Within a part the sign that divides parts is escaped, and so is what escapes it.
    bare = func.replace(func.replace(text, "\\\\", ""), "\\|", "")
    divided = func.length(bare) - func.length(func.replace(bare, "|", ""))
    alike = "|".join(f"{word}:%" if word else "%" for word in form)
    return or_(divided != len(form) - 1, bare.not_like(alike))


def _word(column: Column[object]) -> str:
    """Return the word of a column's type, empty where only its values can say."""
    if _is_open(column) or isinstance(column.type, TypeDecorator):
        return ""
    return python_type(column.type).__name__


def _is_open(column: Column[object]) -> bool:
    """Return whether values of a column may be of several types, or none."""
    return bool(column.nullable) or isinstance(column.type, NullType)
