"""Which tables, columns and attributes may have to be hidden: what a policy retains in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    Column,
    ColumnClause,
    ColumnElement,
    FromClause,
    Join,
    Select,
    Table,
)
from sqlalchemy.event import contains, listen
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows
from sqlalchemy.sql.util import find_tables

from ..core.plan import key_text
from ..core.policy import Policy
from ..core.treatment import Exempt, Retain
from .assigned import sets_itself
from .datamap import Target, table_name
from .forms import PLUGIN, SHORT, Free, is_plain
from .host import Host, written
from .lostkeys import LostPart, lost_parts
from .naming import Gate, Guarded, named
from .paths import Atlas

Declarations = Sequence[tuple[Target, Policy | Exempt]]
"""What a vendor registered from outside."""

Listener = Callable[..., None]


@dataclass(frozen=True)
class Cover:
    """One table behind a mapped class, and what of it can be hidden.

    :param table: name of the table.
    :param key: attributes that hold the row's key, in its order, each with its place in the
        identity by which the session knows the row, or None where it is no part of it.
    :param by_column: SQL name -> the attributes and composites made of it.
    :param renewed: attributes that any UPDATE of the row sets by itself (`onupdate=`).
    :param stored: attributes that are columns of the table, and not computed from others.
    :param unique: the key is the table's primary key: while a row has it, none comes with it.
    :param lost: the parts of the key that an erasure overwrites.
    """

    table: str
    key: tuple[tuple[str, int | None], ...]
    by_column: Mapping[str, frozenset[str]]
    renewed: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
    unique: bool = False
    lost: tuple[LostPart, ...] = ()

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


class Learnt:
    """What was read off all mappings and policies at once; it is never read half made."""

    def __init__(self) -> None:
        self.gate: dict[str, Guarded] = {}
        self.keys: dict[Any, tuple[str, ...]] = {}
        self.lost: dict[Any, tuple[LostPart, ...]] = {}
        self.covers: WeakKeyDictionary[Mapper[Any], tuple[Cover, ...]] = WeakKeyDictionary()
        self.glimpses: WeakKeyDictionary[Mapper[Any], tuple[Glimpse, ...]] = WeakKeyDictionary()


class Gates:
    """Everything that may have to be hidden in this process, over all hosts there are."""

    def __init__(self) -> None:
        self.listeners: dict[str, Listener] = {}
        self.free: Free = {}
        self._hosts: WeakKeyDictionary[Host, Declarations] = WeakKeyDictionary()
        self._learnt = Learnt()
        self._heard: WeakSet[Mapper[Any]] = WeakSet()
        self._lock = RLock()
        self._changes = 0
        self._known = 0
        self._learning = False

    def add(self, host: Host, declared: Declarations) -> None:
        """Take in a host, once."""
        self.attend()
        self._hosts.setdefault(host, declared)
        self.renew()

    def attend(self) -> None:
        """Hear of every class that is mapped from now on; once is enough."""
        if not contains(Mapper, "after_configured", self._on_configured):
            listen(Mapper, "after_mapper_constructed", self._on_mapper)
            listen(Mapper, "after_configured", self._on_configured)

    def renew(self) -> None:
        """Have everything learnt anew before anybody asks: a mapping or a policy was added."""
        self._changes += 1
        # What is still noted in the one that was goes with it.
        self.free = {}

    def gate(self) -> Gate:
        """Return the guarded tables; cheap unless a mapping or a policy was added."""
        if self._known != self._changes:
            with self._lock:
                # Others wait: what is half learnt would let through what it does not know yet.
                if self._known != self._changes and not self._learning:
                    self._learn_all()
        return self._learnt.gate

    def plain(self, statement: Any) -> bool:
        """Return whether a statement loads instances by columns that nobody guards, and no more.

        It is asked of every statement of the host, so it looks at little.

        :param statement: anything a session executes.
        """
        if type(statement) is not Select:
            return False
        # Taken hold of before it is looked what is guarded, which may change meanwhile.
        free = self.free
        if statement._propagate_attrs.get(PLUGIN) != "orm":
            return is_plain(free, self.gate(), statement)
        for part in statement._raw_columns:
            if id(part) not in free:
                return is_plain(free, self.gate(), statement)
        for part in statement._where_criteria:
            if type(part) is BinaryExpression and type(part.right) is BindParameter:
                part = part.left
            if id(part) not in free:
                return is_plain(free, self.gate(), statement)
        return SHORT.issuperset(statement.__dict__) or is_plain(free, self.gate(), statement)

    def _learn_all(self) -> None:
        seen, self._learning = self._changes, True
        try:
            learnt = Learnt()
            mappers = [
                mapper
                for host, declared in list(self._hosts.items())
                for mapper in self._learn(learnt, host, declared)
            ]
            # In one step: who asked just before goes on with all that was known until now.
            self._learnt = learnt
            for mapper in mappers:
                self._hear(mapper)
            self._known = seen
        finally:
            self._learning = False

    def covers(self, mapper: Mapper[Any]) -> tuple[Cover, ...]:
        """Return what of a mapped class can be hidden, per table."""
        found = self._learnt.covers.get(mapper)
        if found is None:
            self.gate()
            learnt = self._learnt
            found = tuple(
                _cover(mapper, table, learnt.keys[table], learnt.lost[table])
                for table in mapper.tables
                if isinstance(table, Table) and table in learnt.keys
            )
            learnt.covers[mapper] = found
        return found

    def glimpses(self, mapper: Mapper[Any]) -> tuple[Glimpse, ...]:
        """Return what a mapped class shows of other rows that can be hidden, per table."""
        found = self._learnt.glimpses.get(mapper)
        if found is None:
            gate, covers = self.gate(), self.covers(mapper)
            learnt = self._learnt
            found = _glimpses(mapper, gate, covers)
            if learnt.gate is gate:
                learnt.glimpses[mapper] = found
        return found

    def _on_mapper(self, mapper: Mapper[Any], class_: type[Any]) -> None:
        self.renew()

    def _on_configured(self) -> None:
        # Some classes get the union of their tables only now.
        self.renew()

    def _hear(self, mapper: Mapper[Any]) -> None:
        if mapper in self._heard:
            return
        if _guarded_tables(mapper, self._learnt.gate) or self.glimpses(mapper):
            self._heard.add(mapper)
            for name, listener in self.listeners.items():
                # Before the host's own, and before what a class does when it is loaded.
                listen(mapper, name, listener, raw=True, insert=True)

    def _learn(
        self, learnt: Learnt, host: Host, declared: Declarations
    ) -> list[Mapper[Any]]:
        given = [*written(host.mapped()), *declared]
        classes = [getattr(t, "__mapper__", None) for t, _ in given if isinstance(t, type)]
        mappers = [m for m in dict.fromkeys([*host.mapped(), *classes]) if m is not None]
        named_tables = [target for target, _ in given if isinstance(target, Table)]
        atlas = Atlas([*named_tables, *host.tables()], mappers)
        for target, policy in given:
            wanted = _retained(policy)
            if wanted:
                self._guard(learnt, atlas, (table_name(target), policy), wanted)
        return mappers

    def _guard(
        self, learnt: Learnt, atlas: Atlas, what: tuple[str, Policy | Exempt], wanted: list[str]
    ) -> None:
        name, policy = what
        table = atlas.tables.get(name)
        if table is None:
            return
        mappers = atlas.mappers.get(name, [])
        key = [column.name for column in atlas.key(table)]
        columns = {_column_name(table, mappers, each) for each in wanted} - _fixed(mappers, key)
        attributes = {
            attribute
            for mapper in mappers
            for attribute, column in mapper.columns.items()
            if getattr(column, "table", None) is table and column.name in columns
        }
        keys = {column.key for column in table.c if column.name in columns}
        before = learnt.gate.get(name, Guarded(frozenset(), frozenset()))
        learnt.gate[name] = Guarded(
            before.columns | columns,
            before.words | columns | attributes | keys,
            before.names | {column.name for column in table.c},
            before.unions | _unions(mappers),
        )
        learnt.keys[table] = tuple(key)
        rules = {} if isinstance(policy, Exempt) else policy.rules()
        named_rules = {_column_name(table, mappers, n): rule for n, rule in rules.items()}
        learnt.lost[table] = lost_parts(atlas.key(table), named_rules)


def _retained(policy: Policy | Exempt) -> list[str]:
    if isinstance(policy, Exempt):
        return []
    return [name for name, rule in policy.rules().items() if isinstance(rule, Retain)]


def _column_name(table: Table, mappers: Iterable[Mapper[Any]], wanted: str) -> str:
    """Return the SQL name of the column a vendor means by a Python or an SQL name."""
    for mapper in mappers:
        column = mapper.columns.get(wanted)
        if isinstance(column, Column) and column.table is table:
            return str(column.name)
    return str(table.c[wanted].name) if wanted in table.c else wanted


def _fixed(mappers: Iterable[Mapper[Any]], key: Iterable[str]) -> set[str]:
    """Return the columns without which the session could not tell rows or classes apart."""
    fixed = set(key)
    for mapper in mappers:
        for column in (mapper.version_id_col, mapper.polymorphic_on, *mapper.primary_key):
            if isinstance(column, Column):
                fixed.add(column.name)
    return fixed


def _guarded_tables(mapper: Mapper[Any], gate: Gate) -> bool:
    return any(getattr(table, "fullname", "") in gate for table in mapper.tables)


def _unions(mappers: Iterable[Mapper[Any]]) -> set[FromClause]:
    """Return the unions by which instances of several tables are loaded at once."""
    every = {each for mapper in mappers for each in mapper.iterate_to_root()}
    # They are there when classes are configured, which is not ours to bring about.
    found: list[Any] = [each.with_polymorphic[1] for each in every if each.with_polymorphic]
    found += [
        each.local_table
        for each in every
        # An abstract class: all that is loaded by it are instances of others.
        if each.polymorphic_on is not None and each.polymorphic_identity is None
    ]
    return {union for union in found if isinstance(union, AliasedReturnsRows)}


def _glimpses(mapper: Mapper[Any], gate: Gate, covers: Iterable[Cover]) -> tuple[Glimpse, ...]:
    """Read off a mapped class which attributes show something of other rows."""
    own = {cover.table: cover.attributes for cover in covers}
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


def _cover(
    mapper: Mapper[Any], table: Table, key: tuple[str, ...], lost: tuple[LostPart, ...]
) -> Cover:
    """Read off a mapped class which attributes show which columns of a table."""
    fixed = _fixed([mapper], key)
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
                    by_column.setdefault(column.name, set()).add(attribute.key)
    composites = {c.key: frozenset(a.key for a in c.props) for c in mapper.composites}
    for made, parts in composites.items():
        for attributes in by_column.values():
            if attributes & parts:
                attributes.add(made)
    return Cover(
        table.fullname,
        tuple((keys.get(column, ""), _place(mapper, table, column)) for column in key),
        {column: frozenset(attributes) for column, attributes in by_column.items()},
        frozenset(renewed),
        frozenset(stored),
        set(key) == {column.name for column in table.primary_key},
        lost,
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
