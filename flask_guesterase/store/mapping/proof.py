"""Whether a column holds what its rule says it should hold after an erasure."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Column, Dialect, Integer, TypeDecorator

from ...core.image import Cell, Form
from ...core.treatment import Constant, Inside, Mentions, Null, Placeholder, Redact, Rule
from ..statements.sql import holds_text, is_text
from .masks import beneath, is_invented, looks_invented, looks_redacted, redacted


def took(
    rule: Rule, column: Column[Any], now: Cell, before: Cell, written: Any, same: bool
) -> bool:
    """Return whether a rule took hold of a cell.

    :param rule: the rule of the column.
    :param column: the column.
    :param now: the cell as it is.
    :param before: the cell as it was.
    :param written: the value that was written.
    :param same: the host's value was equal to what was written, so that nothing had to change.
    """
    rule = beneath(rule)
    if isinstance(rule, Null):
        return now.form is Form.NULL
    if isinstance(rule, Mentions | Inside):
        if written is None:
            return now.form is Form.NULL
        if _is_plain(column, now):
            return _alike(now.value, str(written))
    if isinstance(rule, Redact | Placeholder) and _is_plain(column, now):
        return _bare(now.value) == _bare(str(written))
    return same or before.form is Form.NULL or (now.form, now.value) != (before.form, before.value)


def stays(rule: Rule, column: Column[Any], now: Any, written: Any) -> bool:
    """Return whether a column plainly holds what was written into it; False means: look closer.

    :param rule: the rule of the column.
    :param column: the column.
    :param now: the engine's own value, as it is.
    :param written: the value that was written.
    """
    inner = beneath(rule)
    if isinstance(inner, Null) or written is None:
        return now is None
    if isinstance(inner, Constant | Redact | Placeholder):
        return type(now) is str and now == written and is_text(column.type)
    return False


def stands(rule: Rule, column: Column[Any], now: Cell, room: int | None) -> bool:
    """Return whether a cell can be what its rule leaves; True as well where nobody can tell.

    :param rule: the rule of the column.
    :param column: the column.
    :param now: the cell as it is.
    :param room: longest text the column takes, or None.
    """
    rule = beneath(rule)
    if isinstance(rule, Null) or now.form is Form.NULL:
        return now.form is Form.NULL
    if not _is_plain(column, now):
        return True
    if isinstance(rule, Redact):
        return looks_redacted(now.value.rstrip(" "))
    if isinstance(rule, Placeholder):
        return looks_invented(column.name, room, now.value)
    if isinstance(rule, Constant) and isinstance(rule.value, str) and holds_text(column.type):
        return now.value.rstrip(" ") == rule.value.rstrip(" ")
    return True


def holds(rule: Rule, column: Column[Any], now: Cell, room: int | None) -> bool:
    """Return whether a cell surely is what its rule would write; False where nobody can tell.

    :param rule: the rule of the column.
    :param column: the column.
    :param now: the cell as it is.
    :param room: longest text the column takes, or None.
    """
    inner = beneath(rule)
    empties = isinstance(inner, Null) or inner == Constant(None)
    if empties or now.form is Form.NULL:
        return empties and now.form is Form.NULL
    if isinstance(inner, Placeholder):
        return is_invented(column, now.value, room)
    if isinstance(inner, Constant) and isinstance(column.type, Integer):
        return type(inner.value) is int and now.value == str(inner.value)
    if not isinstance(inner, Redact | Constant) or not _is_plain(column, now):
        return False
    written = redacted(room) if isinstance(inner, Redact) else inner.value
    return is_text(column.type) and now.value == written


def same(column: Column[Any], one: Any, other: Any, dialect: Dialect) -> bool:
    """Return whether two values of the host are written to a column in the same form."""
    if one == other:
        return True
    bind = column.type.dialect_impl(dialect).bind_processor(dialect)
    pair = [bind(value) if bind is not None else value for value in (one, other)]
    texts = [value.rstrip(" ") if isinstance(value, str) else value for value in pair]
    return bool(texts[0] == texts[1])


def _alike(now: str, written: str) -> bool:
    """Return whether a column holds a text, or the same JSON in the engine's own form."""
    if now.rstrip(" ") == written.rstrip(" "):
        return True
    try:
        return bool(json.loads(now) == json.loads(written))
    except (ValueError, RecursionError):
        return False


def _is_plain(column: Column[Any], now: Cell) -> bool:
    """Return whether the cell is the host's own text, not what its type makes of it."""
    return now.form is Form.TEXT and not isinstance(column.type, TypeDecorator)


def _bare(text: str) -> str:
    """Return a text without what engines add to it: padding, and the hyphens of a UUID."""
    return text.rstrip(" ").replace("-", "")
