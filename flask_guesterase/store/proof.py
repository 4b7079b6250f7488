"""Whether a column holds what its rule says it should hold after an erasure."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TypeDecorator

from ..core.image import Cell, Form
from ..core.policy import Computed, Constant, File, Null, Placeholder, Redact, Rule
from .datamap import Declared
from .masks import looks_invented, redacted
from .sql import text_length


def compare(declared: Declared, now: Cell, before: Cell | None, written: Any = None) -> bool:
    """Return whether a cell is as its rule left it.

    :param declared: the table.
    :param now: the cell as it is.
    :param before: the cell as it was, or None when nobody knows (a later check).
    :param written: the value that was written into this row alone, or None.
    """
    rule = declared.rules[now.name]
    if isinstance(rule, File):
        rule = rule.then
    if isinstance(rule, Null):
        return now.form is Form.NULL
    column = declared.column(now.name)
    if isinstance(rule, Redact) and not isinstance(column.type, TypeDecorator):
        return _padded(now) == redacted(text_length(column.type))
    if isinstance(rule, Placeholder) and written is not None and now.form is Form.TEXT:
        if not isinstance(column.type, TypeDecorator):
            return _same_text(now, str(written))
    if before is None:
        return not isinstance(rule, Placeholder) or looks_invented(now.value)
    return _moved(rule, now, before)


def _moved(rule: Rule, now: Cell, before: Cell) -> bool:
    """Return whether the value differs from before, where it had to."""
    if now.value != before.value or now.form is not before.form:
        return True
    return before.form is Form.NULL or isinstance(rule, Constant | Computed)


def _padded(cell: Cell) -> str:
    return cell.value.rstrip(" ")


def _same_text(cell: Cell, text: str) -> bool:
    return cell.value.replace("-", "").rstrip(" ") == text.replace("-", "")
