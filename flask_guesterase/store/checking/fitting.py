"""Whether the rule of a column can be written into it: why not, in words for a vendor."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Integer, Numeric, Uuid

from ...core.treatment import (
    Constant,
    File,
    Inside,
    Mentions,
    Null,
    Placeholder,
    Redact,
    Rule,
)
from ..mapping.masks import fallback, holds_json, value_for
from ..statements.converted import unread
from ..statements.sql import holds_text


def fits(rule: Rule, column: Column[Any], nullable: bool, length: int | None) -> str:
    """Return why a rule cannot fit its column, or an empty string.

    :param rule: an erasing rule.
    :param column: the column.
    :param nullable: whether the live column takes NULL.
    :param length: longest text the live column takes, or None.
    """
    if isinstance(rule, File):
        return fits(rule.then, column, nullable, length)
    return _misplaced(rule, column, nullable, length) or _unread(rule, column, length)


def _unread(rule: Rule, column: Column[Any], length: int | None) -> str:
    """Return why the column's own type would not read what a rule writes, or an empty string."""
    then = fallback(rule, column) if isinstance(rule, Inside) else rule
    if not isinstance(then, Null | Redact | Placeholder | Constant):
        return ""
    why = unread(column.type, value_for(then, column, None, secrets.token_bytes, length))
    return f"the column's own type cannot read back what is written ({why})" if why else ""


def _misplaced(rule: Rule, column: Column[Any], nullable: bool, length: int | None) -> str:
    if isinstance(rule, Mentions | Inside):
        if not holds_text(column.type) and not holds_json(column):
            return "the column holds neither text nor JSON"
        then = fallback(rule, column) if isinstance(rule, Inside) else None
        return "the column does not take NULL" if isinstance(then, Null) and not nullable else ""
    if isinstance(rule, Null):
        return "" if nullable else "the column does not take NULL"
    if isinstance(rule, Redact | Placeholder):
        if isinstance(rule, Placeholder) and isinstance(column.type, Uuid):
            return ""
        return "" if holds_text(column.type) else "the column does not hold text"
    if isinstance(rule, Constant):
        if rule.value is None and not nullable:
            return "the column does not take NULL"
        if isinstance(rule.value, str) and length is not None and len(rule.value) > length:
            return f"the constant is longer than {length} characters"
        if isinstance(rule.value, str) and isinstance(column.type, Integer | Numeric):
            return "" if _is_number(rule.value) else "the constant is no number"
    return ""


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
