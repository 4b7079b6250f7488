"""What of a mapped class can be hidden: attributes that show columns of a table, or other rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import (
    Column,
    ColumnClause,
    ColumnElement,
    Join,
    Select,
    Table,
)
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows
from sqlalchemy.sql.util import find_tables

from ...core.plan import key_text
from ..erasing.lostkeys import LostPart
from ..statements.assigned import sets_itself
from ..statements.naming import Gate, named


@dataclass(frozen=True)
class Cover:
    """One table behind a mapped class, and what of it can be hidden, as one host reads it.

    :param table: name of the table.
    :param key: attributes that hold the row's key, in its order, each with its place in the
        identity by which the session knows the row, or None where it is no part of it.
    :param by_column: SQL name -> the attributes and composites made of it, those of columns that
        are computed of it among them.
    :param renewed: attributes that any UPDATE of the row sets by itself (`onupdate=`).
    :param stored: attributes that are columns of the table, and not computed from others.
    :param unique: the key is the table's primary key: while a row has it, none comes with it.
    :param lost: the parts of the key that an erasure overwrites.
    :param names: the SQL names of all columns of the table.
    """

    table: str
    key: tuple[tuple[str, int | None], ...]
    by_column: Mapping[str, frozenset[str]]
    renewed: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    unique: bool = False
    lost: tuple[LostPart, ...] = ()
    names: frozenset[str] = frozenset()

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Return every attribute that can be hidden."""
        return frozenset().union(*self.by_column.values())

    def key_of(self, state: InstanceState[Any]) -> str:
        """Return the key of an instance's row as text; empty where a part of it is not loaded."""
        # Of an instance that is loaded in part the session knows the key all the same, unless the
        # class has another identity than its table.
        key = self._key(state)
        return "" if key is None else key_text(key)

    def erased(self, state: InstanceState[Any]) -> bool:
        """Return whether an instance's key could be what an erasure left of another."""
        key = self._key(state) if self.lost else None
        return key is not None and all(part.left(key[part.place]) for part in self.lost)

    def _key(self, state: InstanceState[Any]) -> tuple[Any, ...] | None:
        identity: Sequence[Any] = state.key[1] if state.key is not None else ()
        if any((place is None or not identity) and n not in state.dict for n, place in self.key):
            return None
        return tuple(
            identity[place] if place is not None and identity else state.dict.get(name)
            for name, place in self.key
        )

    def hidden_by(self, columns: Iterable[str]) -> frozenset[str]:
        """Return the attributes that show something of these columns."""
        return frozenset().union(*(self.by_column.get(name, ()) for name in columns))


@dataclass(frozen=True)
class Glimpse:
    """Attributes of a mapped class that show something of rows other than its own.

    :param table: name of the table those rows are in.
    :param attributes: made of columns there that can be hidden, in a subquery as a rule.
    """

    table: str
    attributes: frozenset[str]


def fixed_in(mappers: Iterable[Mapper[Any]], key: Iterable[str]) -> set[str]:
    """Return the columns without which the session could not tell rows or classes apart."""
    fixed = set(key)
    for mapper in mappers:
        for column in (mapper.version_id_col, mapper.polymorphic_on, *mapper.primary_key):
            if isinstance(column, Column):
                fixed.add(column.name)
    return fixed


def glimpses_of(mapper: Mapper[Any], gate: Gate, covers: Iterable[Cover]) -> tuple[Glimpse, ...]:
    """Read off a mapped class which attributes show something of other rows."""
    own: dict[str, frozenset[str]] = {}
    for cover in covers:
        own[cover.table] = own.get(cover.table, frozenset()) | cover.attributes
    found: dict[str, set[str]] = {}
    columns: Iterable[tuple[str, Any]] = mapper.columns.items()
    for key, expression in columns:
        if isinstance(expression, ColumnClause) and not expression.is_literal:
            continue
        for table in named(gate, expression):
            if key not in own.get(table, ()) or _elsewhere(expression, table):
                found.setdefault(table, set()).add(key)
    return tuple(Glimpse(table, frozenset(keys)) for table, keys in found.items())


def _elsewhere(expression: Any, table: str) -> bool:
    """Return whether an expression looks at rows of its own table beside the one it is part of."""
    for part in visitors.iterate(expression):
        if isinstance(part, Select):
            # A table that stands there alone, by itself, is not the one around it.
            sources: list[Any] = [*part._iterate_from_elements()]
            apart = len(sources) == 1
        elif isinstance(part, AliasedReturnsRows | Join):
            sources, apart = [part], True
        else:
            continue
        if apart and any(each.fullname == table for each in find_tables(sources[0])):
            return True
    return False


def cover_of(
    mapper: Mapper[Any],
    table: Table,
    key: tuple[str, ...],
    lost: tuple[LostPart, ...],
    made: Mapping[str, set[str]],
) -> Cover:
    """Read off a mapped class which attributes show which columns of a table."""
    fixed = fixed_in([mapper], key)
    by_column: dict[str, set[str]] = {}
    keys: dict[str, str] = {}
    renewed: set[str] = set()
    stored: set[str] = set()
    for attribute in mapper.column_attrs:
        for expression in attribute.columns:
            for column in _columns(expression, table):
                if expression is column:
                    keys.setdefault(column.name, attribute.key)
                    if isinstance(column, Column):
                        stored |= {attribute.key} if column.computed is None else set()
                        renewed |= {attribute.key} if sets_itself(column) else set()
                if column.name not in fixed:
                    for name in (column.name, *made.get(column.name, ())):
                        by_column.setdefault(name, set()).add(attribute.key)
    composites = {c.key: frozenset(a.key for a in c.props) for c in mapper.composites}
    for composite, parts in composites.items():
        for attributes in by_column.values():
            if attributes & parts:
                attributes.add(composite)
    return Cover(
        table.fullname,
        tuple((keys.get(column, ""), _place(mapper, table, column)) for column in key),
        {column: frozenset(attributes) for column, attributes in by_column.items()},
        frozenset(renewed),
        frozenset(stored),
        set(key) == {column.name for column in table.primary_key},
        lost,
        frozenset(column.name for column in table.c),
    )


def _place(mapper: Mapper[Any], table: Table, name: str) -> int | None:
    """Return where a column of a table stands in the identity of instances, or None."""
    for place, column in enumerate(mapper.primary_key):
        for each in (column, *mapper._equivalent_columns.get(column, ())):
            if _of(each, table) and each.name == name:
                return place
    return None


def _columns(expression: Any, table: Table) -> Iterator[Any]:
    for part in visitors.iterate(expression):
        if isinstance(part, ColumnElement):
            yield from (base for base in part.base_columns if _of(base, table))


def _of(column: Any, table: Table) -> bool:
    return getattr(getattr(column, "table", None), "fullname", "") == table.fullname
