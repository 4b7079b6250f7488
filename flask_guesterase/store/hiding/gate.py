"""Which tables, columns and attributes may have to be hidden: what a policy retains in place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import RLock
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    Column,
    FromClause,
    Select,
    Table,
)
from sqlalchemy.event import contains, listen
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.selectable import AliasedReturnsRows

from ...core.policy import Policy
from ...core.treatment import Exempt, Keep, Retain, Rule
from ..erasing.lostkeys import LostPart, lost_parts
from ..mapping.datamap import Target, table_name
from ..mapping.host import Host, written
from ..mapping.made import made_of
from ..mapping.paths import Atlas
from ..statements.forms import PLUGIN, SHORT, Free, is_plain
from ..statements.naming import Gate, Guarded
from .cover import Cover, Glimpse, cover_of, fixed_in, glimpses_of

Declarations = Sequence[tuple[Target, Policy | Exempt]]
"""What a vendor registered from outside."""

Listener = Callable[..., None]


class Reading(NamedTuple):
    """What the mapping and the policy of one host say of a table's rows.

    :param key: SQL names of the columns by which they are known.
    :param lost: the parts of the key that an erasure overwrites.
    :param made: columns that the database computes -> those whose values they must not show.
    """

    key: tuple[str, ...]
    lost: tuple[LostPart, ...]
    made: dict[str, set[str]]


class Learnt:
    """What was read off all mappings and policies at once; it is never read half made."""

    def __init__(self) -> None:
        self.gate: dict[str, Guarded] = {}
        self.readings: dict[Table, list[Reading]] = {}
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
        """Return what of a mapped class can be hidden, per table, and per host that differs."""
        found = self._learnt.covers.get(mapper)
        if found is None:
            self.gate()
            learnt = self._learnt
            found = tuple(
                cover_of(mapper, table, *reading)
                for table in mapper.tables if isinstance(table, Table)
                for reading in learnt.readings.get(table, ())
            )  # fmt: skip
            learnt.covers[mapper] = found
        return found

    def glimpses(self, mapper: Mapper[Any]) -> tuple[Glimpse, ...]:
        """Return what a mapped class shows of other rows that can be hidden, per table."""
        found = self._learnt.glimpses.get(mapper)
        if found is None:
            gate, covers = self.gate(), self.covers(mapper)
            learnt = self._learnt
            found = glimpses_of(mapper, gate, covers)
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
        found: dict[Table, Reading] = {}
        for target, policy in given:
            wanted = _retained(policy)
            if wanted:
                found |= self._guard(learnt, atlas, (table_name(target), policy), wanted)
        for table, reading in found.items():
            # What one host hides of a table, another one's policy does not show.
            known = learnt.readings.setdefault(table, [])
            if reading not in known:
                known.append(reading)
        return mappers

    def _guard(
        self, learnt: Learnt, atlas: Atlas, what: tuple[str, Policy | Exempt], wanted: list[str]
    ) -> dict[Table, Reading]:
        name, policy = what
        table = atlas.tables.get(name)
        if table is None:
            return {}
        mappers = atlas.mappers.get(name, [])
        key = [column.name for column in atlas.key(table)]
        fixed = fixed_in(mappers, key)
        rules = {} if isinstance(policy, Exempt) else policy.rules()
        named_rules = {_column_name(table, mappers, n): rule for n, rule in rules.items()}
        retained = {_column_name(table, mappers, each) for each in wanted} - fixed
        made = _showing(table, named_rules, fixed)
        shown = {name for name, sources in made.items() if sources & retained}
        columns = (retained | shown) - fixed
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
        return {table: Reading(tuple(key), lost_parts(atlas.key(table), named_rules), made)}


def _showing(table: Table, rules: Mapping[str, Rule], fixed: set[str]) -> dict[str, set[str]]:
    """Return the columns that the database computes -> those whose values they must not show."""
    return {
        name: sources - fixed for name, sources in made_of(table).items()
        # Whoever keeps it by a rule of its own has said that it may be seen.
        if not isinstance(rules.get(name), Keep)
    }  # fmt: skip


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
