"""Keys that an erasure overwrites: a row is known by what could have been left there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column

from ...core.treatment import Constant, Keep, Placeholder, Redact, Retain, Rule
from ..mapping.masks import beneath, looks_invented, looks_redacted
from ..statements.sql import text_length


@dataclass(frozen=True)
class LostPart:
    """One column of a key that an erasure overwrites.

    :param place: where it stands in the key.
    :param column: the column.
    :param rule: what becomes of it.
    """

    place: int
    column: Column[Any]
    rule: Rule

    def left(self, value: Any) -> bool:
        """Return whether a value could be what an erasure left; of a computed one nobody can tell.

        :param value: what a row has there.
        """
        rule = beneath(self.rule)
        if isinstance(rule, Placeholder):
            return looks_invented(self.column.name, text_length(self.column.type), str(value))
        if isinstance(rule, Redact):
            return looks_redacted(str(value))
        return not isinstance(rule, Constant) or bool(value == rule.value)


def lost_parts(key: Iterable[Column[Any]], rules: Mapping[str, Rule]) -> tuple[LostPart, ...]:
    """Return the parts of a key that an erasure overwrites.

    :param key: the columns of the key.
    :param rules: SQL name of a column -> what becomes of it.
    """
    return tuple(
        LostPart(place, column, rules[column.name])
        for place, column in enumerate(key)
        if not isinstance(rules.get(column.name, Keep("")), Keep | Retain)
    )
