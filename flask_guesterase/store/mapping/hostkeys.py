"""Keys of rows as the host writes them, from the engine's own form that images keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Dialect, Enum, TypeDecorator
from sqlalchemy.types import TypeEngine

from ...core.image import Columns, Native
from ...core.plan import Key
from ..statements.hosted import over
from ..statements.sql import host_values, is_text
from .declared import Declared


def keys_told(
    declared: Declared, columns: Columns, rows: Sequence[Sequence[Native]], dialect: Dialect
) -> Iterator[Key]:
    """Yield the host's keys of rows; none of one that is none of this table's keys by now.

    :param declared: their table.
    :param columns: name and engine's own type of the columns that are told.
    :param rows: of each row what these columns hold, in the engine's own form.
    :param dialect: dialect of the engine the table lies in.
    """
    for values in values_told(declared.key, columns, rows, dialect):
        if None not in values:
            yield values


def values_told(
    wanted: Sequence[Column[Any]],
    columns: Columns,
    rows: Sequence[Sequence[Native]],
    dialect: Dialect,
) -> Iterator[tuple[Any, ...]]:
    """Yield of each row what columns of the host's hold; None where nothing is told of it.

    :param wanted: the columns.
    :param columns: name and engine's own type of the columns that are told.
    :param rows: of each row what these columns hold, in the engine's own form.
    :param dialect: dialect of the engine the table lies in.
    """
    names = [name for name, _ in columns]
    found = []
    for column in wanted:
        at = names.index(column.name) if column.name in names else None
        read = _by(column.type, "" if at is None else columns[at][1], dialect)
        found.append([None if at is None else read(row[at]) for row in rows])
    yield from zip(*found, strict=True)


def _by(type_: TypeEngine[Any], engines: str, dialect: Dialect) -> Callable[[Native], Any]:
    """Return what makes a value of the host's of one in the engine's own form, None if it is none.

    :param type_: the type of the host's column.
    :param engines: the engine's own text for the type the value was kept under.
    """
    if is_text(type_):
        return lambda value: None if value is None else str(value)
    told, word = over(type_), engines.lower().partition("(")[0].partition(" ")[0]
    own = isinstance(told, TypeDecorator) or (isinstance(told, Enum) and told.enum_class)

    def read(value: Native) -> Any:
        if value is None:
            return None
        if not own and not isinstance(value, bytes) and (plain := host_values(told, [str(value)])):
            return plain[0]
        try:
            given = _driven(value, word, dialect.name)
            made = told.dialect_impl(dialect).result_processor(dialect, _CODES.get(word))
            return given if made is None else made(given)
        except Exception:  # the host's own code, or a column that holds something else by now
            return None

    return read


def _driven(value: Native, word: str, dialect: str) -> Any:
    """Return what a driver would have given for a value that was read in the engine's own form."""
    make = None if dialect == "sqlite" else _DRIVEN.get(word)
    if dialect == "postgresql":
        make = _POSTGRESQL.get(word, make)
    return value if make is None or not isinstance(value, str) else make(value)


def _span(text: str) -> timedelta:
    """Return a TIME of MariaDB, which may be longer than a day, or less than nothing."""
    hours, minutes, seconds = text.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return -span if text.startswith("-") else span


def _unread(text: str) -> Any:
    raise ValueError("nothing here reads what the engine writes of it")


_DRIVEN: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"), int),
    **dict.fromkeys(("decimal", "numeric"), Decimal),
    **dict.fromkeys(("float", "double", "real"), float),
    **dict.fromkeys(("datetime", "timestamp"), datetime.fromisoformat),
    "date": date.fromisoformat, "time": _span,
}  # fmt: skip
_POSTGRESQL: Mapping[str, Callable[[str], Any]] = {
    "uuid": UUID, "time": time.fromisoformat, "boolean": lambda text: text == "true",
    "bytea": lambda text: bytes.fromhex(text.removeprefix("\\x")), "interval": _unread,
}  # fmt: skip
_CODES = {"smallint": 21, "integer": 23, "bigint": 20, "real": 700, "double": 701, "numeric": 1700}
"""What drivers of PostgreSQL call these types: SQLAlchemy asks for it where a number was read."""
