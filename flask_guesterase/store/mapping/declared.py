"""A table with a policy, resolved: its rules, its owner paths, and what becomes of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, FromClause, PickleType, Table
from sqlalchemy import Computed as Generated

from ...core.deciding import Shape
from ...core.policy import Policy
from ...core.treatment import (
    MENTIONS,
    Computed,
    Constant,
    File,
    Inside,
    Keep,
    Mentions,
    Null,
    Placeholder,
    Redact,
    Retain,
    RowRule,
    Rule,
    null,
    redact,
)
from ..statements.converted import reads_apart, writes_anew
from ..statements.sql import holds_text
from .hops import Path, given

UNRULED = (
    "Take its rule out of the policy and map it with Computed(...): it goes, and is hidden, with "
    "what it is made of."
)
"""The cure for a rule that stands at a column which the database computes."""


@dataclass(frozen=True)
class Declared:
    """A table with a policy, resolved.

    :param table: the table.
    :param key: the columns that identify a row.
    :param policy: what the vendor wrote.
    :param rules: SQL column name -> rule.
    :param paths: owner paths that end at subject tables.
    :param alone: per path, the columns that are its owner's alone, or None.
    :param optional: columns that a stay does not need.
    """

    table: Table
    key: tuple[Column[Any], ...]
    policy: Policy
    rules: Mapping[str, Rule]
    paths: tuple[Path, ...]
    alone: tuple[frozenset[str] | None, ...]
    optional: frozenset[str] = frozenset()

    @cached_property
    def name(self) -> str:
        """Return the table's name, with its schema where it has one."""
        return self.table.fullname

    @cached_property
    def erase(self) -> dict[str, Rule]:
        """Return the columns that are overwritten, with their rules."""
        return {n: r for n, r in self.rules.items() if not isinstance(r, Keep | Retain)}

    @cached_property
    def retain(self) -> dict[str, str]:
        """Return the columns the law keeps, with their categories."""
        return {n: r.category for n, r in self.rules.items() if isinstance(r, Retain)}

    def written(self, name: str) -> Rule:
        """Return the rule that says what a column becomes when it goes; of a retained one too."""
        return self._written[name]

    def partly(self, names: Iterable[str]) -> bool:
        """Return whether only a part goes of one of these columns, which may be nothing."""
        return any(isinstance(self.written(name), Mentions | Inside) for name in names)

    @cached_property
    def _written(self) -> dict[str, Rule]:
        return {name: written(rule, self.column(name)) for name, rule in self.rules.items()}

    @property
    def deletes(self) -> bool:
        """Return whether rows of this table may be deleted."""
        return self.policy.rows is not RowRule.OVERWRITE and not self.retain

    @property
    def goes_whole(self) -> bool:
        """Return whether each row goes with its owner, whoever else owns it."""
        return self.deletes and self.policy.rows is RowRule.DELETE

    @cached_property
    def taken(self) -> tuple[str, ...]:
        """Return the columns that go when a row does, also those that the law keeps a while.

        A row that goes whole needs no rules: all it holds goes, save its key and what it points at.
        """
        whole = [name for name in self.free if name not in self.rules] if self.goes_whole else []
        return (*self.erase, *self.retain, *whole)

    @cached_property
    def free(self) -> tuple[str, ...]:
        """Return the columns that are no key, and point at nothing."""
        return tuple(c.name for c in self.table.c if not c.primary_key and not c.foreign_keys)

    def overwrites(self, name: str) -> bool:
        """Return whether a column gets another value some day, when erased or had its time."""
        rule = self.written(name) if name in self.rules else None
        return rule is not None and not isinstance(rule, Keep | Retain)

    @property
    def keyed(self) -> bool:
        """Return whether a row is known by a key of its own, not by all it holds."""
        return bool(self.table.primary_key.columns) or len(self.key) < len(given(self.table))

    def keyed_by(self, names: Iterable[str]) -> bool:
        """Return whether one of these columns is of the key, which then changes with it."""
        return not {c.name for c in self.key}.isdisjoint(names)

    @cached_property
    def blurred(self) -> tuple[Column[Any], ...]:
        """Return the key columns by whose values no row can be told from another."""
        return tuple(
            c for c in self.key
            if isinstance(c.type, JSON | ARRAY | PickleType)
            or writes_anew(c.type) or reads_apart(c.type)
        )  # fmt: skip

    def column(self, name: str) -> Column[Any]:
        """Return the column with this SQL name."""
        return self._columns[name]

    def find(self, name: str) -> Column[Any] | None:
        """Return the column with this SQL name, or None where only the database has it."""
        return self._columns.get(name)

    @cached_property
    def said(self) -> dict[tuple[Any, ...], Any]:
        """Return what is made of this declaration once and used again: parts of statements."""
        return {}

    def alias(self, name: str) -> FromClause:
        """Return the table under another name, made once."""
        place = ("alias", name)
        if place not in self.said:
            # The first one made is that of all threads: two in one statement would be two tables.
            self.said.setdefault(place, self.table.alias(name))
        found: FromClause = self.said[place]
        return found

    @cached_property
    def _columns(self) -> dict[str, Column[Any]]:
        return {column.name: column for column in self.table.c}

    @cached_property
    def shape(self) -> Shape:
        """Return what the planner must know of this table."""
        deletes = {RowRule.OVERWRITE: "never", RowRule.DELETE: "always"}
        after = {
            name: rule_word(then)
            for name, rule in self.rules.items()
            if isinstance(rule, Retain)
            and (then := replacement(rule, self.column(name))) is not None
        }
        return Shape(
            self.name,
            deletes.get(self.policy.rows, "last") if self.deletes else "never",
            {name: rule_word(rule) for name, rule in self.erase.items()},
            self.retain,
            self.alone,
            after,
        )


def replacement(rule: Retain, column: Column[Any]) -> Rule | None:
    """Return what a retained column becomes when its time ends, or None when nobody said."""
    if rule.then is not None:
        return rule.then
    if column.nullable:
        return null
    return redact if holds_text(column.type) else None


def written(rule: Rule, column: Column[Any]) -> Rule:
    """Return the rule that says what a column becomes when it goes; of a retained one too."""
    after = replacement(rule, column) if isinstance(rule, Retain) else rule
    return rule if after is None else after


def rule_word(rule: Rule) -> str:
    """Return the word by which staff and digest know a rule; never a value."""
    words = {
        Null: "null", Redact: "redact", Placeholder: "placeholder", Constant: "constant",
        Mentions: MENTIONS,
    }  # fmt: skip
    if isinstance(rule, Inside):
        return "inside:" + ",".join(f"{path.text}={rule_word(part)}" for path, part in rule.parts)
    if isinstance(rule, Computed):
        return f"computed:{getattr(rule.function, '__name__', 'callable')}"
    if isinstance(rule, File):
        return f"file:{rule_word(rule.then)}"
    if isinstance(rule, Keep):
        return "keep"
    return f"retain:{rule.category}" if isinstance(rule, Retain) else words[type(rule)]


def is_generated(column: Column[Any]) -> bool:
    """Return whether the database computes the column by itself."""
    return column.system or isinstance(column.server_default, Generated)
