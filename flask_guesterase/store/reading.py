"""Cells of the register as text: the same for a row that lives and for one from a box."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Dialect, TypeDecorator

from ..core.image import Cell, Native
from .lines import Lines
from .sql import python_type


def texts(lines: Lines, cells: Iterable[Cell], dialect: Dialect) -> dict[str, str]:
    """Return the columns of a line as text, by their names in the database.

    :param lines: the table's columns; cells of others are left out.
    :param cells: what was read, or sealed, in the engine's own form.
    :param dialect: dialect of the engine it was read from.
    """
    known = {column.name: column for column in lines.shown}
    return {
        cell.name: _text(known[cell.name], cell.native(), dialect)
        for cell in cells
        if cell.name in known
    }


def _text(column: Column[Any], value: Native, dialect: Dialect) -> str:
    if value is None:
        return ""
    if isinstance(column.type, TypeDecorator):
        return by_the_host(column.type, value, dialect)
    if isinstance(value, bytes):
        return value.hex()
    if python_type(column.type) is datetime:
        return _moment(str(value))
    return str(value)


def by_the_host(type_: TypeDecorator[Any], value: Native, dialect: Dialect) -> str:
    """Return what a host's own type, one that encrypts for example, reads from a value."""
    read = type_.dialect_impl(dialect).result_processor(dialect, None)
    try:
        said = value if read is None else read(value)
    except Exception:
        # It expected what the driver gives; the engine's own text still says what was kept.
        return str(value)
    return "" if said is None else str(said)


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat(" ", "seconds")
    except ValueError:
        return text
