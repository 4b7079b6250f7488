"""Whether a value of the host's is what an erasure leaves, told by looking at it alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column

from ..core.policy import Constant, File, Null, Placeholder, Redact, Rule
from .datamap import Declared
from .masks import is_marked, looks_invented, looks_redacted
from .sql import text_length


def is_left(rule: Rule, column: Column[Any], value: Any) -> bool | None:
    """Return whether a value is the mark of an erasure, or None where nobody can tell.

    :param rule: what an erasure makes of the column.
    :param column: the column.
    :param value: what the host reads in it.
    """
    inner = rule.then if isinstance(rule, File) else rule
    if value is None or value == "":
        return None
    if isinstance(inner, Null):
        return False
    if isinstance(inner, Constant):
        # A value that other rows have as well says nothing about this one.
        return None if value == inner.value else False
    if not isinstance(value, str):
        return None
    if isinstance(inner, Redact):
        return looks_redacted(value.rstrip())
    if isinstance(inner, Placeholder) and is_marked(column.name, text_length(column.type)):
        return looks_invented(column.name, text_length(column.type), value)
    return None


def looks_erased(declared: Declared, values: Mapping[str, Any]) -> bool:
    """Return whether a row can be one that was erased: nothing of the person is in it.

    Only a row that cannot be told from an erased one by what it holds needs a look at more than
    itself, so that nobody else costs a query.

    :param declared: its table.
    :param values: column -> value as the host reads it; columns that are not known are left out.
    """
    known = {name: rule for name, rule in declared.erase.items() if name in values}
    told = [is_left(rule, declared.column(name), values[name]) for name, rule in known.items()]
    return bool(told) and False not in told
