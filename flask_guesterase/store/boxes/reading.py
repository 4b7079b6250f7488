"""Cells of the register as text: the same for a row that lives and for one from a box."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    LargeBinary,
    Text,
    TypeDecorator,
    cast,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from ...core.image import Cell, Native
from ..mapping.crossing import at
from ..mapping.lines import Lines
from ..statements.hosted import stored, told, unbounded
from ..statements.sql import python_type

if TYPE_CHECKING:
    from ..work import Work


def texts(lines: Lines, cells: Iterable[Cell], conn: Connection) -> dict[str, str]:
    """Return the columns of a line as text, by their names in the database.

    :param lines: the table's columns; cells of others are left out.
    :param cells: what was read, or sealed, in the engine's own form.
    :param conn: open transaction with the engine it was read from.
    """
    known = {column.name: column for column in lines.shown}
    return {
        cell.name: _text(known[cell.name], cell, conn)
        for cell in cells
        if cell.name in known
    }


def renamed(lines: Lines, cells: Iterable[Cell]) -> dict[str, str]:
    """Return the sealed columns that the table does not have any more, as they lie in the box.

    :param lines: the table's columns.
    :param cells: what was sealed, in the engine's own form.
    """
    here = {column.name for column in lines.declared.table.c}
    told = ((cell.name, cell.native()) for cell in cells if cell.name not in here)
    return {
        name: value.hex() if isinstance(value, bytes) else str(value)
        for name, value in told
        if value is not None
    }


def moments(work: Work, lines: Lines) -> frozenset[str]:
    """Return the columns of a line whose moments are told in the zone of the session, here UTC.

    :param work: the open transaction.
    :param lines: the table's columns.
    """
    name = lines.declared.name
    live, dialect = work.live().table(name), at(work.conn, name).dialect
    columns = () if live is None else live.columns.values()
    return frozenset(c.name for c in columns if _is_moment(c.type, dialect))


def _is_moment(type_: str, dialect: Dialect) -> bool:
    """Return whether a column of this type, in the engine's own text, keeps a moment."""
    low = type_.lower()
    return dialect.name != "sqlite" and low.startswith("timestamp") and "without" not in low


def _text(column: Column[Any], cell: Cell, conn: Connection) -> str:
    value = cell.native()
    if value is None:
        return ""
    if isinstance(column.type, TypeDecorator):
        return by_the_host(column.type, value, conn)
    if isinstance(value, bytes):
        return value.hex()
    if python_type(column.type) is datetime:
        return _moment(str(value), UTC if _is_moment(cell.type, conn.dialect) else None)
    return str(value)


def by_the_host(type_: TypeDecorator[Any], value: Native, conn: Connection) -> str:
    """Return what a host's own type, one that encrypts for example, reads from a value."""
    dialect = conn.dialect
    given = literal(value, LargeBinary() if isinstance(value, bytes) else Text())
    kept = cast(given, unbounded(stored(type_))) if dialect.name == "postgresql" else given
    asked, given_back = told(type_, kept, dialect)
    read = given_back.dialect_impl(dialect).result_processor(dialect, None)
    try:
        if asked is not kept:
            # What SQL cannot read ends a transaction of PostgreSQL.
            with conn.begin_nested():
                value = conn.scalar(select(type_coerce(asked, NullType())))
        said = value if read is None else read(value)
    except Exception:
        # It expected what the driver gives; the engine's own text still says what was kept.
        return str(value)
    return "" if said is None else str(said)


def _moment(text: str, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.isoformat(" ", "seconds")
