"""Rows in the engine's own form: what the host's types would change on the way is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Text,
    TypeDecorator,
    cast,
    collate,
    column,
    func,
    null,
    select,
    type_coerce,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.types import NullType

from ...core.image import Cell, Form, cell
from ...core.plan import Key
from ..catalog.shape import LiveSchema, LiveTable
from ..statements.sql import MARIADB, asked, holds_text, in_order, parts, text_length
from .crossing import at
from .declared import Declared

_BINARY = ("blob", "binary", "bit", "geometry", "point", "polygon", "linestring")


@dataclass(frozen=True)
class Reader:
    """Reads rows of one table as cells.

    :param conn: open transaction.
    :param declared: the table.
    :param live: the table as the database knows it, or None where it was not read.
    """

    conn: Connection
    declared: Declared
    live: LiveTable | None

    def names(self) -> list[str]:
        """Return every column, those that exist only in the database included."""
        if self.live is None:
            return [c.name for c in self.declared.table.c]
        return list(self.live.columns)

    def type_of(self, name: str) -> str:
        """Return the engine's own text for the type of a column, in any spelling of its name."""
        if self.live is None:
            return str(self.declared.column(name).type.compile(self.conn.dialect))
        found = self.live.column(name)
        return found.type if found is not None else ""

    def room(self, name: str) -> int | None:
        """Return the longest text a column takes by mapping and database, or None."""
        found = self.live.column(name) if self.live is not None else None
        lengths = (
            text_length(self.declared.column(name).type),
            found.length if found is not None else None,
        )
        return min((n for n in lengths if n is not None), default=None)

    def read(
        self, keys: Sequence[Key], names: Sequence[str]
    ) -> dict[Key, tuple[Cell, ...]]:
        """Return key -> cells of the rows that are there.

        :param keys: which rows.
        :param names: columns to read in the engine's own form.
        """
        return {key: cells for key, cells, _ in self.rows(keys, names)}

    def rows(
        self, keys: Sequence[Key], names: Sequence[str], typed: Sequence[str] = ()
    ) -> Iterator[tuple[Key, tuple[Cell, ...], dict[str, Any]]]:
        """Yield (key, cells, host's values of the columns in `typed`), row by row.

        Without a key of their own, equal rows come as often as they are there.

        :param keys: which rows.
        :param names: columns to read in the engine's own form.
        :param typed: columns to read through the host's type as well.
        """
        types = [self.type_of(name) for name in names]
        width, end = len(self.declared.key), len(self.declared.key) + len(names)
        for row in self.lines(keys, names, typed):
            cells = tuple(map(cell, names, types, row[width:end]))
            yield row[:width], cells, dict(zip(typed, row[end:], strict=True))

    def texts(self, keys: Sequence[Key], name: str) -> Iterator[tuple[Key, str]]:
        """Yield the key and the text of rows that have one in a column, as the host knows it.

        :param keys: which rows.
        :param name: the column; what is no text in it is a document.
        """
        hosts = [name] if isinstance(self.declared.column(name).type, TypeDecorator) else []
        for key, (own,), values in self.rows(keys, [name], hosts):
            if own.form is Form.NULL:
                continue
            value = values.get(name, own.value)
            yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    def lines(
        self,
        keys: Sequence[Key],
        names: Sequence[str],
        typed: Sequence[str] = (),
        lock: bool = False,
        others: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """Yield what `rows` does as one tuple a row: key, engine's own values, host's values.

        :param lock: lock the rows, in a fixed order.
        :param others: whether others of ours may lock them so as well, who change nothing either.
        """
        types = {name: self.type_of(name) for name in names}
        dialect = self.conn.dialect.name
        place = ("raw", dialect, lock, others, *types.items(), *typed)

        def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
            statement = self._made(names, typed, types, dialect)
            return statement.with_for_update(read=others) if lock else statement, self.key

        for part in parts(in_order(keys)):
            statement, given = asked(self.declared.said, place, made, part)
            yield from map(tuple, self.conn.execute(statement, given).all())

    def alike(
        self, keys: Sequence[Key], names: Sequence[str]
    ) -> list[tuple[tuple[Any, ...], int]]:
        """Return each way in which these columns are filled in these rows, and in how many.

        :param keys: which rows.
        :param names: columns, compared in the engine's own form, to the letter.
        """
        types = ((name, self.type_of(name)) for name in names)
        place = ("alike", self.conn.dialect.name, *types)
        found: dict[tuple[Any, ...], int] = {}
        for part in parts(keys):
            statement, given = asked(
                self.declared.said, place, lambda: (self.ways(names), self.key), part
            )
            for many, *cells in self.conn.execute(statement, given):
                found[tuple(cells)] = found.get(tuple(cells), 0) + many
        return list(found.items())

    def ways(self, names: Sequence[str], *more: ColumnElement[Any]) -> Select[Any]:
        """Return the select of in how many rows these columns are filled in each way, and how.

        :param names: columns, compared in the engine's own form, to the letter.
        :param more: what is selected before that.
        """
        dialect = self.conn.dialect.name
        columns = [
            to_the_letter(dialect, own).label(f"r{i}") for i, own in enumerate(self.own(names))
        ]
        wanted = select(*more, func.count().label("rows_"), *columns)
        return wanted.select_from(self.declared.table).group_by(*columns)

    def own(self, names: Sequence[str]) -> list[ColumnElement[Any]]:
        """Return the expressions that give columns in the engine's own form.

        :param names: SQL names of columns.
        """
        mapped = {c.name: c for c in self.declared.table.c}
        dialect = self.conn.dialect.name
        return [
            own_form(dialect, mapped[n] if n in mapped else column(n), self.type_of(n))
            for n in names
        ]

    @property
    def key(self) -> list[Column[Any]]:
        """Return the columns by which a row is known."""
        return [self.declared.table.c[c.key] for c in self.declared.key]

    def _made(
        self, names: Sequence[str], typed: Sequence[str], types: Mapping[str, str], dialect: str
    ) -> Select[Any]:
        """Return the select of these columns of all rows, in the order of their keys."""
        table, key = self.declared.table, self.key
        mapped = {c.name: c for c in table.c}
        return (
            select(
                *(c.label(f"k{i}") for i, c in enumerate(key)),
                *(own_form(dialect, mapped[n] if n in mapped else column(n), types[n])
                  .label(f"r{i}") for i, n in enumerate(names)),
                *(mapped[n].label(f"t{i}") for i, n in enumerate(typed)),
            )
            .select_from(table)
            .order_by(*key)
        )


def to_the_letter(dialect: str, own: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column's own form so that only what is the same to the letter is equal."""
    if isinstance(own.type, LargeBinary | NullType):
        return own
    return collate(own, "C" if dialect == "postgresql" else "utf8mb4_nopad_bin")


def whole_key(reads: Reader) -> list[ColumnElement[Any]]:
    """Return the columns by which rows are known, of rows without a key compared to the letter.

    Their texts may differ in nothing but what a collation takes for equal.
    """
    dialect, found = reads.conn.dialect.name, list[ColumnElement[Any]]()
    for source in reads.key:
        if reads.declared.keyed or dialect == "postgresql" or not holds_text(source.type):
            found.append(source)
        elif dialect == "sqlite":
            found.append(type_coerce(collate(source, "BINARY"), source.type))
        else:
            own = to_the_letter(dialect, own_form(dialect, source, reads.type_of(source.name)))
            found.append(type_coerce(own, source.type))
    return found


def own_form(dialect: str, source: ColumnElement[Any], type_: str) -> ColumnElement[Any]:
    """Return the expression that gives a column in the engine's own form.

    :param dialect: name of SQLAlchemy's dialect.
    :param source: the column.
    :param type_: the engine's own text for its type.
    """
    if dialect == "sqlite":
        # An expression has no declared type, by which sqlite3 may be told to convert.
        return func.ifnull(source, null(), type_=NullType())
    if dialect == "postgresql":
        return cast(source, Text)
    if is_bytes(dialect, type_):
        return type_coerce(source, LargeBinary())
    if type_.lower().startswith("float"):
        return cast(cast(source, mysql.DOUBLE()), mysql.CHAR())
    return cast(source, mysql.CHAR(charset="utf8mb4"))


def is_bytes(dialect: str, type_: str) -> bool:
    """Return whether a column's own form is bytes, which no text holds.

    :param dialect: name of SQLAlchemy's dialect.
    :param type_: the engine's own text for the column's type.
    """
    return dialect in MARIADB and any(word in type_.lower() for word in _BINARY)


def reader(conn: Connection, declared: Declared, live: LiveSchema | None) -> Reader:
    """Return a reader of one declared table."""
    found = live.table(declared.name) if live is not None else None
    return Reader(at(conn, declared.name), declared, found)
