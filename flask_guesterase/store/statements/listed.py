"""A column that holds one of many values, said so that the statement is the same for any number.

The values go as one parameter where engine and driver take that: an array on PostgreSQL, a JSON
array on SQLite, a list on MariaDB. Elsewhere, and of types an array may read differently, each is
a parameter of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Dialect,
    Enum,
    Integer,
    String,
    Text,
    TypeDecorator,
    Uuid,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeEngine

from .hosted import unbounded

ARRAYS = frozenset({"psycopg"})
LISTS = frozenset({"pymysql", "mysqldb"})
"""Drivers that take many values as one parameter."""

_SAFE = (1, 2, 4)
"""PyMySQL that escapes what is in a list by the session's mode (GHSA-m75w-33c4-7v8q)."""

GIVEN = "guesterase_given"
"""Name of the parameter that takes the values of a statement made before they are known."""


def is_listable(type_: TypeEngine[Any], values: Sequence[Any]) -> bool:
    """Return whether these values of a type mean the same in one parameter as in many."""
    if isinstance(type_, TypeDecorator | Enum):
        return False
    if isinstance(type_, Integer):
        return set(map(type, values)) <= {int}
    if isinstance(type_, Uuid):
        return set(map(type, values)) <= {UUID, str}
    if not isinstance(type_, String) or not set(map(type, values)) <= {str}:
        return False
    return "\0" not in "".join(values)


class Packed(TypeDecorator[Any]):
    """Many values of one type as one parameter.

    :param item: type of each.
    """

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return an array on PostgreSQL; elsewhere the text or list is passed on as it is."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(unbounded(self.item)))
        return dialect.type_descriptor(Text()) if dialect.name == "sqlite" else _Bare()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Return the values as the driver takes them."""
        return value if dialect.name == "postgresql" else self._packing(dialect)(value)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Return what packs values, which SQLAlchemy keeps: how each is said, it asks once."""
        postgresql = dialect.name == "postgresql"
        return super().bind_processor(dialect) if postgresql else self._packing(dialect)

    def _packing(self, dialect: Dialect) -> Callable[[Iterable[Any]], Any]:
        bind = self.item.dialect_impl(dialect).bind_processor(dialect)
        said: Callable[[list[Any]], Any] = json.dumps if dialect.name == "sqlite" else list
        if bind is None:
            # A list of whole numbers alone is written as JSON writes it, and in half the time.
            plain = dialect.name == "sqlite" and isinstance(self.item, Integer)
            said = str if plain else said
            return lambda values: said(list(values))
        return lambda values: said(list(map(bind, values)))


class _Bare(TypeEngine[Any]):
    """What the driver is given as it is."""


class Listed(ColumnElement[bool]):
    """The condition that a column holds one of these values, none of which is NULL.

    :param column: the column.
    :param values: the values, at least one; None where they come with the execution.
    :param given: under which name they come then.
    """

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - the name and form SQLAlchemy asks for
        ("column", InternalTraversal.dp_clauseelement),
        ("packed", InternalTraversal.dp_clauseelement),
        ("each", InternalTraversal.dp_clauseelement),
    ]

    def __init__(
        self, column: ColumnElement[Any], values: Sequence[Any] | None = None, given: str = GIVEN
    ) -> None:
        self.column = column
        self.type = Boolean()
        packed = Packed(column.type)
        if values is None:
            # Of the two an engine is only ever told one.
            self.packed = bindparam(given, required=True, type_=packed)
            self.each = bindparam(given, required=True, type_=column.type, expanding=True)
        else:
            self.packed = bindparam(None, values, type_=packed, unique=True)
            self.each = bindparam(None, values, type_=column.type, unique=True, expanding=True)

    def self_group(self, against: Any = None) -> Listed:
        """Return itself: compared with true, no index would be used."""
        return self


@compiles(Listed)
def _each(element: Listed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.column.in_(element.each), **options))


@compiles(Listed, "postgresql")
def _array(element: Listed, compiler: Any, **options: Any) -> str:
    if compiler.dialect.driver not in ARRAYS:
        return _each(element, compiler, **options)
    column = compiler.process(element.column, **options)
    return f"{column} = ANY ({compiler.process(element.packed, **options)})"


@compiles(Listed, "sqlite")
def _document(element: Listed, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    values = compiler.process(element.packed, **options)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - no value in it


@compiles(Listed, "mysql", "mariadb")
def _list(element: Listed, compiler: Any, **options: Any) -> str:
    if not _takes_lists(compiler.dialect):
        return _each(element, compiler, **options)
    column = compiler.process(element.column, **options)
    return f"{column} IN {compiler.process(element.packed, **options)}"


def _takes_lists(dialect: Dialect) -> bool:
    """Return whether the driver takes a list, and no text in it for a piece of the statement.

    Where backslashes escape nothing (NO_BACKSLASH_ESCAPES, which a session may say at any time) an
    older PyMySQL lets a quote in a list's text end it. It also stands in for mysqlclient.
    """
    module: Any = dialect.dbapi
    old = getattr(module, "__name__", "") == "pymysql" and tuple(module.VERSION[:3]) < _SAFE
    return dialect.driver in LISTS and not old
