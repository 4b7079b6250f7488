"""One step of an owner path, from a table to the next, and the path they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    or_,
)

from ..statements.hosted import plain
from ..statements.sql import as_texts, equal, filled, unmasked
from .unique import is_unique


@dataclass(frozen=True)
class Hop:
    """One step of a path: columns of one table equal columns of the next.

    :param source: columns on this side.
    :param target: columns on the other side, all of one table.
    :param fold: compare text without regard to case.
    :param void: per column, what matches nobody: masks that an erasure writes into it are no link
        between people. None where a foreign key vouches for the column.
    :param blank: places of columns, in groups; where all of one are empty or 0, nobody is matched.
    :param copied: the row that it leads to must be there: a copy of its key alone names nobody.
    """

    source: tuple[Column[Any], ...]
    target: tuple[Column[Any], ...]
    fold: bool = False
    void: tuple[tuple[Any, ...] | None, ...] = ()
    blank: tuple[tuple[int, ...], ...] = ()
    copied: bool = False
    _steps: dict[int, FromClause] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _joins: dict[int, tuple[FromClause, ColumnElement[bool]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def vouched(self) -> bool:
        """Return whether foreign keys vouch for all of the link."""
        return not any(void is not None for void in self.voids())

    def voids(self) -> tuple[tuple[Any, ...] | None, ...]:
        """Return, per column, the values that match nobody, or None where each is somebody's."""
        return self.void or (None,) * len(self.source)

    @property
    def table(self) -> Table:
        """Return the table this hop leads to."""
        return table_of(self.target[0])

    def condition(self, here: FromClause, there: FromClause) -> ColumnElement[bool]:
        """Return the condition by which rows of both tables belong together.

        :param here: the table on this side.
        :param there: the table on the other side.
        """
        pairs = [
            _compared(a, here, b, there) for a, b in zip(self.source, self.target, strict=True)
        ]
        same = (equal(one, other, self.fold) for one, other in pairs)
        return and_(*same, *self._named([one for one, _ in pairs]))

    def named(self, here: FromClause) -> list[ColumnElement[bool]]:
        """Return the conditions by which a row of this side names anybody."""
        return self._named([here.c[column.key] for column in self.source])

    def _named(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[bool]]:
        """Return the conditions by which what stands in the step's columns names anybody."""
        found = []
        for group in self.blank:
            parts = [part for at in group if (part := filled(columns[at])) is not None]
            # A column of a type without an empty value is never empty, nor is its group.
            if len(parts) == len(group):
                found.append(or_(*parts))
        masked = zip(columns, self.voids(), strict=True)
        return [*found, *(unmasked(column, self.fold, void) for column, void in masked if void)]

    def step(self, here: FromClause, number: int) -> tuple[FromClause, ColumnElement[bool]]:
        """Return the next table as ``t<number>``, made once, and the condition that joins it.

        :param here: the table on this side.
        :param number: how many steps lead there.
        """
        # The one for all threads: two in one statement would be two tables.
        there = self._steps.setdefault(number, self.table.alias(f"t{number}"))
        kept = self._joins.get(number)
        if kept is None or kept[0] is not here:
            kept = self._joins[number] = here, self.condition(here, there)
        return there, kept[1]

    @property
    def to_one(self) -> bool:
        """Return whether at most one row of the next table answers."""
        known = is_unique(self.table, self.target, whole=True)
        return known and not self.fold and all(map(_alike, self.source, self.target))


def _alike(a: Column[Any], b: Column[Any]) -> bool:
    """Return whether two columns are compared as the second is with itself, where it is unique."""
    collations = {getattr(plain(c.type), "collation", None) for c in (a, b)}
    return a.references(b) or b.references(a) or len(collations) == 1


def _compared(
    a: Column[Any], here: FromClause, b: Column[Any], there: FromClause
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return both columns as they are compared, first the one that a foreign key points at.

    SQLite compares by the collation of what stands first, and a foreign key by that of its target.
    """
    pair = here.c[a.key], there.c[b.key]
    if a.references(b):
        return pair[::-1]
    return pair if b.references(a) else as_texts(*pair)


@dataclass(frozen=True)
class Path:
    """From a table's rows to subject rows.

    :param label: how the vendor wrote it.
    :param hops: steps in order; empty when the rows are subject rows themselves.
    :param subject: the subject table at the end.
    :param select: the vendor's own select, which leads on from where the hops end.
    """

    label: str
    hops: tuple[Hop, ...]
    subject: Table
    select: Select[Any] | None = None

    @cached_property
    def to_one(self) -> bool:
        """Return whether each row has at most one owner by this path."""
        return self.select is None and all(hop.to_one for hop in self.hops)


def given(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns that somebody fills; what the database makes of them tells no row."""
    return tuple(c for c in table.c if c.computed is None and not c.system)


def table_of(column: Column[Any]) -> Table:
    table = column.table
    if not isinstance(table, Table):
        raise TypeError("an owner path leads through something that is not a table")
    return table
