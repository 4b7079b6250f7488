"""Owner paths: how a row of one table leads to the people it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, ColumnElement, Table
from sqlalchemy.orm import Mapper, RelationshipProperty

from ...core.finding import Finding, Severity
from ...core.policy import Equal, Policy, Via
from ..statements.converted import stored_apart, unread, writes_anew
from ..statements.sql import filled
from .declared import written
from .hops import Hop, Path, given, table_of
from .joins import blank, is_key, joined, place_of, reachable, spelt
from .masks import in_common


class Atlas:
    """All tables and mappers of a host, to resolve names against."""

    def __init__(self, tables: Iterable[Table], mappers: Iterable[Mapper[Any]]) -> None:
        self.tables = {table.fullname: table for table in tables}
        self.mappers: dict[str, list[Mapper[Any]]] = {}
        for mapper in mappers:
            local = mapper.local_table
            if isinstance(local, Table):
                self.mappers.setdefault(local.fullname, []).append(mapper)
                self.tables.setdefault(local.fullname, local)

    def column(self, table: Table, name: str) -> Column[Any] | None:
        """Return the column a vendor means by a Python or an SQL name."""
        for mapper in self.mappers.get(table.fullname, ()):
            prop = mapper.attrs.get(name)
            for column in getattr(prop, "columns", ()):
                if isinstance(column, Column) and column.table is table:
                    return column
        if name in table.c:
            return table.c[name]
        return next((column for column in table.c if column.name == name), None)

    def key(self, table: Table) -> tuple[Column[Any], ...]:
        """Return what identifies a row: the mapper's key, the table's, or all that it was given."""
        for mapper in self.mappers.get(table.fullname, ()):
            columns = tuple(c for c in mapper.primary_key if isinstance(c, Column))
            if columns and all(c.table is table for c in columns):
                return columns
        return tuple(table.primary_key.columns) or given(table)

    def relationships(self, table: Table, name: str) -> list[RelationshipProperty[Any]]:
        """Return the relationships of this name on the classes mapped to the table."""
        found = (mapper.attrs.get(name) for mapper in self.mappers.get(table.fullname, ()))
        props = [prop for prop in found if isinstance(prop, RelationshipProperty)]
        return list(dict.fromkeys(props))


class Resolver:
    """Turns what vendors wrote under `via` into paths that end at subject tables."""

    def __init__(self, atlas: Atlas, policies: Mapping[str, Policy]) -> None:
        self.atlas = atlas
        self.policies = policies
        self.findings: list[Finding] = []

    def paths(self, name: str) -> tuple[tuple[Path, frozenset[str] | None], ...]:
        """Return the owner paths of a table, each with the columns that are its owner's alone."""
        return self._paths(name, ())

    def _paths(
        self, name: str, seen: tuple[str, ...]
    ) -> tuple[tuple[Path, frozenset[str] | None], ...]:
        policy, table = self.policies[name], self.atlas.tables[name]
        if policy.subject is not None:
            return ((Path("self", (), table), None),)
        if name in seen:
            self._say("path-endless", name, " -> ".join((*seen, name)), _ENDLESS)
            return ()
        found: list[tuple[Path, frozenset[str] | None]] = []
        for via, alone in _vias(policy):
            for path in self._resolve(table, via, (*seen, name)):
                found.append((path, alone))
        return tuple(found)

    def _resolve(self, table: Table, via: Via, seen: tuple[str, ...]) -> tuple[Path, ...]:
        if isinstance(via, str):
            return self._dotted(table, via, seen)
        if isinstance(via, Equal):
            return self._equal(table, via, seen)
        return self._select(table, via)

    def _dotted(self, table: Table, via: str, seen: tuple[str, ...]) -> tuple[Path, ...]:
        hops: list[Hop] = []
        here = table
        for part in via.split("."):
            steps = self.step(here, part)
            if not steps:
                self._lost(table, via, here, part)
                return ()
            hops += (self._vouched(hop, via) for hop in steps)
            here = steps[-1].table
        return self._onward(table, via, tuple(hops), seen)

    def step(self, table: Table, part: str) -> list[Hop]:
        """Return the hops of a relationship or of a column with one foreign key, or none."""
        meant = [joined(table, r) for r in self.atlas.relationships(table, part)]
        if meant:
            alike = all(spelt(hops) == spelt(meant[0]) for hops in meant)
            return meant[0] if alike else []
        column = self.atlas.column(table, part)
        constraints = {fk.constraint for fk in column.foreign_keys} if column is not None else set()
        if len(constraints) != 1:
            return []
        constraint = constraints.pop()
        elements = constraint.elements if constraint is not None else []
        return [Hop(tuple(e.parent for e in elements), tuple(e.column for e in elements))]

    def _vouched(self, hop: Hop, via: str) -> Hop:
        """Return a hop with what matches nobody where no foreign key vouches."""
        void = self.void(hop)
        if void == hop.voids():
            return hop
        return self._blanked(replace(hop, void=void), via)

    def _blanked(self, hop: Hop, via: str) -> Hop:
        """Return a hop with the columns that lead to nobody where they are empty or 0."""
        groups = blank(hop, hop.void)
        if len(groups) > 1 and any(filled(column) is not None for column in hop.source):
            names = ", ".join(column.name for column in hop.source)
            self.findings.append(Finding(
                "path-blank", table_of(hop.source[0]).fullname, names, f"The owner path '{via}' "
                f"compares {names} with columns that may name several rows: where one of them is "
                "empty or 0 it leads to nobody, also where a house has the number 0.",
                _UNIQUE, Severity.WARN,
            ))
        return replace(hop, blank=groups)

    def void(self, hop: Hop) -> tuple[tuple[Any, ...] | None, ...]:
        """Return, per column of a hop, what an erasure leaves in it; None where a key vouches."""
        return tuple(
            None if is_key(a, b) else self._void(a, b)
            for a, b in zip(hop.source, hop.target, strict=True)
        )

    def _equal(self, table: Table, via: Equal, seen: tuple[str, ...]) -> tuple[Path, ...]:
        label = f"= {via.to}." + ",".join(via.columns.values())
        other = self.atlas.tables.get(via.to)
        if other is None:
            self._say("path-unknown", table.fullname, label, f"There is no table '{via.to}'.")
            return ()
        here = [self.atlas.column(table, name) for name in via.columns]
        there = [self.atlas.column(other, name) for name in via.columns.values()]
        if any(c is None for c in (*here, *there)):
            self._say("path-unknown", table.fullname, label, "A column of this path is unknown.")
            return ()
        mine = tuple(c for c in here if c is not None)
        theirs = tuple(c for c in there if c is not None)
        void = tuple(self._void(a, b) for a, b in zip(mine, theirs, strict=True))
        hop = self._blanked(Hop(mine, theirs, via.fold, void, copied=True), label)
        return self._onward(table, label, (hop,), seen)

    def _void(self, one: Column[Any], other: Column[Any]) -> tuple[Any, ...]:
        """Return what an erasure leaves in either of two columns, where both can hold it."""
        found = list[Any]()
        for value in (*self._masks(one), *self._masks(other)):
            # A host's own type that cannot read it would raise where it is asked for.
            if value not in found and not (unread(one.type, value) or unread(other.type, value)):
                found.append(value)
        return tuple(found)

    def _masks(self, column: Column[Any]) -> tuple[Any, ...]:
        """Return the values an erasure leaves in a column of several people, by all its rules."""
        table = table_of(column)
        policy = self.policies.get(table.fullname)
        rules = policy.rules().items() if policy is not None else ()
        return tuple(
            value
            for name, rule in rules
            if self.atlas.column(table, name) is column
            for value in in_common(written(rule, column), column)
        )

    def _onward(
        self, table: Table, label: str, hops: tuple[Hop, ...], seen: tuple[str, ...]
    ) -> tuple[Path, ...]:
        salted = [c.name for h in hops for c in (*h.source, *h.target) if writes_anew(c.type)]
        if salted:
            why = f"What '{salted[0]}' holds is written anew each time and equals nothing."
            self._say("path-unknown", table.fullname, label, why)
            return ()
        for a, b in (pair for h in hops for pair in zip(h.source, h.target, strict=True)):
            if not (a.references(b) or b.references(a)) and self._apart(table, label, a, b):
                return ()
        end = hops[-1].table.fullname
        if end not in self.policies:
            self._say("path-unknown", table.fullname, label, f"'{end}' is not declared itself.")
            return ()
        return tuple(
            Path(label, hops + rest.hops, rest.subject, rest.select)
            for rest, _ in self._paths(end, seen)
        )

    def _apart(self, table: Table, label: str, a: Column[Any], b: Column[Any]) -> bool:
        """Report two columns that hold the same in different forms; tell whether none is equal."""
        apart = stored_apart(a.type, b.type)
        if apart:
            why = f"'{a.name}' and '{b.name}' are compared as they are stored: the one as bytes."
            self.findings.append(Finding(
                "path-unknown", table.fullname, label,
                f"The owner path '{label}' leads nowhere. {why}", _CONVERT,
            ))
        elif apart is None:
            self.findings.append(Finding(
                "path-unclear", table.fullname, label, f"The owner path '{label}' compares "
                f"'{a.name}' with '{b.name}' as they are stored, and the host's own type shows "
                "a number with more than its digits: a text that was copied from it is not found.",
                _CONVERT, Severity.WARN,
            ))
        return bool(apart)

    def _select(self, table: Table, make: Callable[..., Any]) -> tuple[Path, ...]:
        label = getattr(make, "__name__", "select")
        try:
            statement = make(table)
            tail = list(statement.selected_columns)[len(self.atlas.key(table)) :]
        except Exception as problem:  # a vendor's own code, which may not know its tables yet
            why = f"Asked for its select, it raised {type(problem).__name__}."
            self._say("path-unknown", table.fullname, label, why)
            return ()
        name = self._whose(tail)
        if not name:
            self._say(
                "path-unknown", table.fullname, label, "The select must return this table's key, "
                "then the key of a subject table or foreign keys to it, all columns of each.",
            )
            return ()
        return (Path(label, (), self.atlas.tables[name], statement),)

    def _whose(self, held: Sequence[ColumnElement[Any]]) -> str:
        """Return the subject table whose key these columns hold, or an empty string."""
        ends = [reachable({*column.base_columns}) for column in held]
        for name in sorted({table for places in ends for table, _ in places}):
            if name in self.policies and self.policies[name].subject is not None:
                key = [place_of(column) for column in self.atlas.key(self.atlas.tables[name])]
                fit = (column in places for column, places in zip(key, ends, strict=False))
                if len(key) == len(held) and all(fit):
                    return name
        return ""

    def _lost(self, table: Table, via: str, here: Table, part: str) -> None:
        """Report the part of a path from which it cannot be followed."""
        if not self.atlas.relationships(here, part):
            why = f"'{part}' is neither a relationship nor a column with one foreign key."
            self._say("path-unknown", table.fullname, via, why)
            return
        self.findings.append(Finding(
            "path-unclear", table.fullname, via, f"The owner path '{via}' runs over the "
            f"relationship '{part}', which says more than that columns of {here.fullname} equal "
            "columns of one other table.", _UNCLEAR,
        ))

    def _say(self, code: str, table: str, column: str, why: str) -> None:
        self.findings.append(
            Finding(code, table, column, f"The owner path '{column}' leads nowhere. {why}", _HINT)
        )


_CONVERT = (
    "Give via= a callable that takes the table and returns a select() of both keys, in which SQL "
    "brings the one into the form of the other."
)
_HINT = "Write a path of relationships or foreign-key columns that ends at a subject table."
_UNCLEAR = (
    "Write a callable that returns a select() of both keys, or Equal(...) with where=. Where a "
    "parent class has the relationship, name the foreign-key column that leads to its table."
)
_UNIQUE = (
    "Declare the columns of one side unique together in the mapping where they are, or give via= a "
    "callable that returns a select() of both keys."
)
_ENDLESS = "It comes back to where it started."


def _vias(policy: Policy) -> list[tuple[Via, frozenset[str] | None]]:
    via = policy.via
    if via is None:
        return []
    if isinstance(via, str | Equal) or callable(via):
        return [(via, None)]
    if isinstance(via, Mapping):
        return [(path, frozenset(columns)) for path, columns in via.items()]
    return [(path, None) for path in via]
