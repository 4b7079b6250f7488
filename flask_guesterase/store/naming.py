"""What a statement names: columns in any of its parts, and whole rows that it hands on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnClause,
    CompoundSelect,
    Exists,
    FromClause,
    Insert,
    ScalarSelect,
    Select,
    TableClause,
    TextClause,
    UpdateBase,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.elements import TableValuedColumn

from .spelling import spelled


@dataclass(frozen=True)
class Guarded:
    """Columns of one table that may have to be hidden.

    :param columns: their SQL names.
    :param words: every name by which a statement may mean them, attribute names among them.
    """

    columns: frozenset[str]
    words: frozenset[str]


Gate = Mapping[str, Guarded]
"""Table name, with its schema where it has one -> its guarded columns."""

_FORMS = 1000
"""Forms of statements that are remembered before all are forgotten."""


def named(gate: Gate, statement: Any, parameters: Any = None) -> dict[str, set[str]]:
    """Return the guarded columns that a statement names, per table.

    An entity that is loaded as instances names none of its columns; a table or subquery whose
    rows are handed on names all of them, and so does a text with a star.

    :param gate: the guarded tables.
    :param statement: anything a session executes.
    :param parameters: what it is executed with; keys of an UPDATE name columns.
    """
    reader = _Reader(gate)
    reader.read(statement)
    reader.hand_on(statement)
    for option in getattr(statement, "_with_options", ()):
        for criterion in _criteria(option, gate):
            reader.read(criterion)
    if isinstance(statement, UpdateBase) and not isinstance(statement, Insert):
        given = parameters if isinstance(parameters, list | tuple) else [parameters]
        keys = {key for each in given if isinstance(each, Mapping) for key in each}
        reader.write(statement, keys)
    return reader.result()


class Names:
    """What statements name, remembered by their form: a host asks the same few all day."""

    def __init__(self) -> None:
        self._held: tuple[Gate, dict[Any, dict[str, set[str]]]] = ({}, {})

    def of(self, gate: Gate, statement: Any, parameters: Any = None) -> dict[str, set[str]]:
        """Return what `named` does, for the caller to change.

        Only a SELECT is remembered, by what SQLAlchemy caches its compiled text by: values of
        parameters aside, that is everything it is made of.

        :param gate: the guarded tables; other ones are another mapping.
        :param statement: anything a session executes.
        :param parameters: what it is executed with.
        """
        form = statement._generate_cache_key() if isinstance(statement, Select) else None
        if form is None:
            reads = hasattr(statement, "get_children")
            return named(gate, statement, parameters) if reads else {}
        held, known = self._held
        if held is not gate or len(known) >= _FORMS:
            known = {}
            self._held = (gate, known)
        found = known.get(form.key)
        if found is None:
            found = known[form.key] = named(gate, statement, parameters)
        return {table: set(columns) for table, columns in found.items()} if found else {}


def joined(gate: Gate, path: Any) -> dict[str, set[str]]:
    """Return the guarded columns by which a relationship itself finds its rows.

    :param path: the loader's path of a statement that loads a relationship.
    """
    reader = _Reader(gate)
    for step in path or ():
        if hasattr(step, "primaryjoin"):
            for part in (step.primaryjoin, step.secondaryjoin, *(step.order_by or ())):
                if part is not None:
                    reader.read(part)
    return reader.result()


class _Reader:
    """Collects what is named while it walks through statements."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.found: dict[str, set[str]] = {}
        self.tables: set[str] = set()
        self.texts: list[str] = []
        self.words: set[str] = set()
        self._loads = False

    def result(self) -> dict[str, set[str]]:
        """Return what was named, texts and bare words judged by all tables that were met."""
        here = self.tables & set(self.gate)
        for text in self.texts:
            for table, columns in spelled(text, self._names(), here, self._loads).items():
                self._note(table, columns)
        for table in here:
            self._note(table, self.words)
        return self.found

    def _names(self) -> dict[str, frozenset[str]]:
        return {table: guarded.columns for table, guarded in self.gate.items()}

    def read(self, element: Any) -> None:
        """Walk through an element and everything in it."""
        stack, tested = [element], set()
        while stack:
            child = stack.pop()
            if not isinstance(child, ClauseElement) and hasattr(child, "__clause_element__"):
                child = child.__clause_element__()
            if not hasattr(child, "get_children"):
                continue
            if isinstance(child, Exists):
                # That there is a row says nothing of its columns.
                tested.add(id(child.element))
            elif isinstance(child, ScalarSelect) and id(child) not in tested:
                self.hand_on(child.element, strict=True)
            self._one(child)
            stack.extend(self._children(child))

    def _one(self, child: Any) -> None:
        if isinstance(child, TextClause):
            self.texts.append(child.text)
        elif isinstance(child, TableValuedColumn):
            self._rows(child.scalar_alias)
        elif isinstance(child, ColumnClause):
            self._column(child)
        elif isinstance(child, TableClause):
            self.tables.add(child.fullname)
        elif child.__visit_name__ == "textual_label_reference":
            self.words |= set(re.findall(r"\w+", child.element))

    def _children(self, child: Any) -> Iterable[Any]:
        if not isinstance(child, UpdateBase):
            return child.get_children()  # type: ignore[no-any-return] # SQLAlchemy leaves it open
        self.write(child, ())
        self.tables.add(getattr(child.table, "fullname", ""))
        left_out = {"_values", "_multi_values", "_ordered_values", "_post_values_clause"}
        values = [value for _, value in _assigned(child)]
        fresh = isinstance(child, Insert) and child._post_values_clause is None
        if fresh:
            # What RETURNING gives back of a new row is what the host just wrote.
            left_out.add("_returning")
        else:
            self._exports(child._returning, strict=False)
        if isinstance(child, Insert) and child.select is not None:
            self.hand_on(child.select, strict=True)
        return [*child.get_children(omit_attrs=tuple(left_out)), *values]

    def write(self, statement: UpdateBase, keys: Iterable[Any]) -> None:
        """Note the columns a statement changes in rows that are there.

        :param keys: further keys, from its parameters.
        """
        fresh = isinstance(statement, Insert)
        assigned = _conflict(statement) if fresh else _assigned(statement)
        for key in [*(key for key, _ in assigned), *keys]:
            if isinstance(key, str):
                self._note(getattr(statement.table, "fullname", ""), {key})
            else:
                self.read(key)

    def hand_on(self, statement: Any, strict: bool = False) -> None:
        """Note the columns of tables and subqueries whose rows a statement returns as rows.

        :param strict: entities become rows here too, not instances.
        """
        element = getattr(statement, "element", None)
        if isinstance(statement, CompoundSelect):
            for each in statement.selects:
                self.hand_on(each, strict=True)
        elif isinstance(statement, Select):
            self._exports(statement._raw_columns, strict)
        elif getattr(statement, "is_from_statement", False):
            self._loads = True
            self._exports(statement._raw_columns, strict)
        elif element is not None and hasattr(element, "get_children"):
            self.hand_on(element, strict)

    def _exports(self, columns: Iterable[Any], strict: bool) -> None:
        for each in columns:
            entity = "parententity" in each._annotations
            if isinstance(each, FromClause) and (strict or not entity):
                self._rows(each)

    def _rows(self, source: Any) -> None:
        for column in source.c:
            self._column(column)

    def _column(self, column: Any) -> None:
        if getattr(column, "is_literal", False):
            self.texts.append(column.name)
            return
        for base in column.base_columns:
            table = getattr(base, "table", None)
            if isinstance(table, TableClause):
                self.tables.add(table.fullname)
                self._note(table.fullname, {base.name})
            elif table is None and isinstance(base, ColumnClause):
                self.words.add(base.name)

    def _note(self, table: str, words: Iterable[str]) -> None:
        guarded = self.gate.get(table)
        hit = guarded.words & set(words) if guarded is not None else None
        if hit:
            self.found.setdefault(table, set()).update(hit)


def _assigned(statement: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a statement sets: columns or their names, and the values."""
    for values in (getattr(statement, "_values", None), *_multiple(statement)):
        if isinstance(values, Mapping):
            yield from values.items()
    yield from getattr(statement, "_ordered_values", None) or ()
    if isinstance(statement, Insert):
        yield from _conflict(statement)


def _multiple(statement: Any) -> Iterator[Any]:
    for part in getattr(statement, "_multi_values", ()):
        yield from part


def _conflict(statement: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what an INSERT sets in a row that is there already."""
    clause = statement._post_values_clause
    parts = [clause, *getattr(clause, "clauses", ())]
    for part in parts:
        for name in ("update_values_to_set", "update"):
            values = getattr(part, name, None)
            if isinstance(values, Mapping):
                yield from values.items()
            elif isinstance(values, list | tuple):
                yield from values


def _criteria(option: Any, gate: Gate) -> Iterator[Any]:
    """Yield the conditions that a loader option brings into a statement."""
    for element in getattr(option, "context", ()):
        yield from getattr(element, "_extra_criteria", ())
    condition = getattr(option, "where_criteria", None)
    if condition is None:
        return
    if not option.deferred_where_criteria:
        yield condition
        return
    for mapper in _entities(option):
        if any(getattr(table, "fullname", "") in gate for table in mapper.tables):
            yield option._resolve_where_criteria(mapper)


def _entities(option: Any) -> Iterator[Mapper[Any]]:
    if option.entity is not None:
        yield option.entity.mapper
        return
    yield from _mappers_below(option.root_entity)


def _mappers_below(base: type[Any]) -> Iterator[Mapper[Any]]:
    mapper = base.__dict__.get("__mapper__")
    if mapper is not None:
        yield mapper
    for each in base.__subclasses__():
        yield from _mappers_below(each)
