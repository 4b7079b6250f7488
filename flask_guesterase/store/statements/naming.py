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
    Label,
    ScalarSelect,
    Select,
    SelectBase,
    TableClause,
    TextClause,
    UpdateBase,
)
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.elements import TableValuedColumn
from sqlalchemy.sql.selectable import AliasedReturnsRows

from .assigned import assigned, conditions, overwritten, renewed, replaces, written
from .spelling import mentioned, plain_word, spelled


@dataclass(frozen=True)
class Guarded:
    """Columns of one table that may have to be hidden.

    :param columns: their SQL names.
    :param words: every name by which a statement may mean them, attribute names among them.
    :param names: the SQL names of all columns of the table.
    :param unions: selectables by which a mapper loads instances of several tables at once.
    """

    columns: frozenset[str]
    words: frozenset[str]
    names: frozenset[str] = frozenset()
    unions: frozenset[FromClause] = frozenset()


Gate = Mapping[str, Guarded]
"""Table name, with its schema where it has one -> its guarded columns."""

_STAR = re.compile(r"\s*\*\s*(?:,|$)")
_LABEL = re.compile(r"\bas\s+(\w+)", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\b", re.IGNORECASE)


def named(gate: Gate, statement: Any, parameters: Any = None) -> dict[str, set[str]]:
    """Return the guarded columns that a statement names, per table.

    An entity that is loaded as instances names none of its columns; a table or subquery whose
    rows are handed on names all of them, and so does a text with a star.

    :param gate: the guarded tables.
    :param statement: anything a session executes.
    :param parameters: what it is executed with; keys of an UPDATE name columns.
    """
    # A statement made of a lambda is the statement that this returns.
    statement = getattr(statement, "_resolved", statement)
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
        self.labels: set[str] = set()
        self.aliases: dict[str, FromClause] = {}
        self.origins: dict[int, str] = {}
        self._tested: set[int] = set()
        self._read: dict[int, Any] = {}
        self._loads = False
        self._unions = {union for guarded in gate.values() for union in guarded.unions}

    def result(self) -> dict[str, set[str]]:
        """Return what was named, texts and bare words judged by all tables that were met."""
        for text in self.origins.values():
            self.tables |= mentioned(text, self.gate)
        here = self.tables & set(self.gate)
        if self.texts:
            self._judge(here)
        for table in here:
            self._note(table, self.words)
        return self.found

    def _judge(self, here: set[str]) -> None:
        """Note what texts name, of tables and of what stands there by another name."""
        columns = {table: guarded.columns for table, guarded in self.gate.items()}
        parts = [text for text in self.texts if not _FROM.search(text)]
        self.labels |= {label for text in parts for label in _LABEL.findall(text)}
        taken = {table: guarded.names | self.labels for table, guarded in self.gate.items()}
        exported = {name: self._exported(source) for name, source in self.aliases.items()}
        origins = "".join(f" from {text}" for text in self.origins.values())
        for text in self.texts:
            whole = text + origins
            for table, names in spelled(whole, columns, here, self._loads, taken).items():
                self._note(table, names)
            for name, source in exported.items():
                hit = spelled(whole, {name: source}, {name}, self._loads, {name: self.labels})
                for column in hit.get(name, ()):
                    self._note(source[column], {column})

    def _exported(self, source: FromClause) -> dict[str, str]:
        """Return the guarded columns that an alias or a subquery hands on -> their tables."""
        inner = _Reader(self.gate)
        inner.rows(source)
        return {column: table for table, columns in inner.found.items() for column in columns}

    def read(self, element: Any) -> None:
        """Walk through an element and everything in it."""
        stack = [element]
        while stack:
            child = stack.pop()
            if not isinstance(child, ClauseElement) and hasattr(child, "__clause_element__"):
                child = child.__clause_element__()
            if not hasattr(child, "get_children"):
                continue
            if child in self._unions:
                # A mapper's own: it names all columns, and what is loaded are instances.
                self.tables |= _tables(child)
                continue
            self._note_select(child)
            self._one(child)
            stack.extend(self._children(child))

    def _note_select(self, child: Any) -> None:
        """Note what a select within a statement hands on to what is around it."""
        if isinstance(child, Exists):
            # That there is a row says nothing of its columns.
            self._tested |= {id(child.element), id(getattr(child.element, "element", None))}
        elif isinstance(child, ScalarSelect) and id(child) not in self._tested:
            self.hand_on(child.element, strict=True)
        elif isinstance(child, Select):
            self.origins |= {id(each): each.text for each in _texts(child)}
            if id(child) not in self._tested and any(map(_is_star, child._raw_columns)):
                for source in _sources(child):
                    self.rows(source)

    def _one(self, child: Any) -> None:
        if isinstance(child, TextClause):
            self.texts.append(f"from {child.text}" if id(child) in self.origins else child.text)
        elif isinstance(child, TableValuedColumn):
            self._rows(child.scalar_alias)
        elif isinstance(child, ColumnClause):
            self._column(child)
        elif isinstance(child, TableClause):
            self.tables.add(child.fullname)
        elif isinstance(child, AliasedReturnsRows):
            self.aliases[child.name] = child
        elif isinstance(child, Label):
            self.labels.add(child.name)
        elif child.__visit_name__ == "textual_label_reference":
            self.words |= set(re.findall(r"\w+", child.element))

    def _children(self, child: Any) -> Iterable[Any]:
        if not isinstance(child, UpdateBase):
            return child.get_children()  # type: ignore[no-any-return] # SQLAlchemy leaves it open
        self.write(child, ())
        self.tables.add(getattr(child.table, "fullname", ""))
        left_out = {"_values", "_multi_values", "_ordered_values", "_post_values_clause"}
        values = [value for _, value in assigned(child)]
        fresh = isinstance(child, Insert) and child._post_values_clause is None
        if isinstance(child, Insert):
            values += conditions(child)
            if replaces(child):
                self.rows(child.table)
        if fresh:
            # What RETURNING gives back of a new row is what the host just wrote, subqueries aside.
            left_out.add("_returning")
            values += [each for part in child._returning for each in _subqueries(part)]
        else:
            self._exports(child, child._returning, strict=False)
        if isinstance(child, Insert) and child.select is not None:
            self.hand_on(child.select, strict=True)
        return [*child.get_children(omit_attrs=tuple(left_out)), *values]

    def write(self, statement: UpdateBase, keys: Iterable[Any]) -> None:
        """Note the columns a statement changes in rows that are there.

        :param keys: further keys, from its parameters.
        """
        fresh = isinstance(statement, Insert)
        sets = overwritten(statement) if fresh else assigned(statement)
        for key in [*(key for key, _ in sets), *keys, *renewed(statement)]:
            if isinstance(key, str):
                for table in written(statement):
                    self._note(table, {key})
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
            self._exports(statement, statement._raw_columns, strict)
        elif getattr(statement, "is_from_statement", False):
            self._loads = True
            self._exports(statement, statement._raw_columns, strict)
        elif element is not None and hasattr(element, "get_children"):
            self.hand_on(element, strict)

    def _exports(self, statement: Any, columns: Iterable[Any], strict: bool) -> None:
        orm = statement._propagate_attrs.get("compile_state_plugin") == "orm"
        for each in columns:
            # A join has its first entity's name, and is one only among what the ORM compiles.
            entity = each._annotations.get("parententity") if orm else None
            if isinstance(each, FromClause) and (strict or entity is None):
                self._rows(each)
                if entity is not None:
                    self._properties(entity.mapper)

    def _properties(self, mapper: Mapper[Any]) -> None:
        """Read what a class has loaded beside the columns of its tables."""
        for attribute in mapper.column_attrs:
            if not attribute.deferred:
                for expression in attribute.columns:
                    self.read(expression)

    def rows(self, source: Any) -> None:
        """Note everything guarded in a source of rows, as a star does."""
        table = getattr(source, "element", source)
        if isinstance(source, TextClause):
            for name in mentioned(source.text, self.gate):
                self._note(name, self.gate[name].columns)
        elif isinstance(table, TableClause):
            guarded = self.gate.get(table.fullname)
            self._note(table.fullname, guarded.columns if guarded is not None else ())
        else:
            self._rows(source)

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
            elif not isinstance(base, ColumnClause):
                self._made(base)
            elif table is None:
                self.words.add(base.name)
                self.texts.append(plain_word(base.name))

    def _made(self, base: Any) -> None:
        """Read what a column of a subquery is made of."""
        if id(base) not in self._read:
            self._read[id(base)] = base
            self.read(base)

    def _note(self, table: str, words: Iterable[str]) -> None:
        guarded = self.gate.get(table)
        hit = guarded.words & set(words) if guarded is not None else None
        if hit:
            self.found.setdefault(table, set()).update(hit)


def _is_star(column: Any) -> bool:
    """Return whether a part of a select is all there is, written out."""
    if isinstance(column, TextClause):
        return bool(_STAR.match(column.text))
    return isinstance(column, ColumnClause) and column.is_literal and bool(_STAR.match(column.name))


def _subqueries(part: Any) -> Iterator[Any]:
    """Yield the queries within a part of a statement, not those within them."""
    if isinstance(part, SelectBase | ScalarSelect | Exists):
        yield part
    else:
        for child in part.get_children():
            yield from _subqueries(child)


def _texts(select: Select[Any]) -> list[TextClause]:
    """Return the texts that stand where tables do."""
    origins: tuple[Any, ...] = select._from_obj
    return [each for each in origins if isinstance(each, TextClause)]


def _sources(select: Select[Any]) -> Iterator[Any]:
    """Yield where a select's rows come from: tables, aliases, and texts that stand there."""
    texts = {id(each) for each in _texts(select)}
    stack: list[Any] = [*select.get_children()]
    while stack:
        child = stack.pop()
        if not isinstance(child, ClauseElement) and hasattr(child, "__clause_element__"):
            child = child.__clause_element__()
        table = getattr(child, "table", None)
        if isinstance(child, TableClause | AliasedReturnsRows) or id(child) in texts:
            yield child
        elif isinstance(child, ColumnClause) and isinstance(table, FromClause):
            yield table
        elif hasattr(child, "get_children") and not isinstance(child, SelectBase | ScalarSelect):
            stack.extend(child.get_children())


def _tables(source: FromClause) -> set[str]:
    bases = [getattr(base, "table", None) for column in source.c for base in column.base_columns]
    return {table.fullname for table in bases if isinstance(table, TableClause)}


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
