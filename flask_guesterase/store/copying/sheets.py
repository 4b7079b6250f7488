"""Tables on their way into a copy, and their cells in words a person reads."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, TypeDecorator

from ...core.copying import Record
from ...core.image import Cell, Form
from ...core.plan import Key, Row, key_text
from ..boxes.reading import by_the_host
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..statements.sql import python_type
from ..work import Work
from . import others
from .others import Mask

ANOTHERS, GAP, UNOPENED, WRITTEN = "another-persons", "gap", "unopened", "written-since"
"""Why something is not in a copy."""

Texts = list[tuple[str, str, str]]
"""Table, column and text of what was written freely."""


@dataclass
class Sheet:
    """One table on its way into the copy.

    :param declared: the table.
    :param rows: the guest's rows, with their other owners.
    :param own: key of each -> its columns that are the guest's to have.
    :param strange: key as text -> a row that is only others' now, and of which something of the
        guest's is sealed.
    :param records: key -> what the copy has of a row.
    :param alone: what it has of sealed rows by themselves.
    :param closed: why some columns of a sealed row are not in it, and which.
    """

    declared: Declared
    rows: Sequence[Row] = ()
    own: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    strange: Mapping[str, Row] = field(default_factory=dict)
    records: dict[Key, Record] = field(default_factory=dict)
    alone: list[Record] = field(default_factory=list)
    closed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = {key_text(row.key): row for row in self.rows}

    def row(self, text: str) -> Row | None:
        """Return the guest's row that has this key as text."""
        return self._known.get(text)


class Said:
    """Cells of one table in words."""

    def __init__(self, work: Work, declared: Declared, mask: Mask) -> None:
        self._mask = mask
        self._conn = at(work.conn, declared.name)
        self._columns = {column.name: column for column in declared.table.c}
        self._plain = others.names(work.datamap, declared.name)

    def text(self, cell: Cell) -> str | None:
        """Return a cell as text, as the host knows it."""
        return spoken(self._columns.get(cell.name), cell, self._conn)

    def masked(self, name: str, text: str | None) -> str | None:
        """Return a text without other people; what says who the guest is stays as it is."""
        if text is None or name in self._plain or not self._worded(name):
            return text
        return self._mask.struck(text)

    def names_guest(self, text: str | None) -> bool:
        """Return whether a text names the guest."""
        return text is not None and self._mask.names_guest(text)

    def _worded(self, name: str) -> bool:
        column = self._columns.get(name)
        # What it was is not known of one that is there no more: it may have been a text.
        return column is None or python_type(column.type) in (str, dict, list)


def spoken_of(work: Work, declared: Declared, cells: Iterable[Cell]) -> dict[str, str]:
    """Return column -> text of the cells of one row that hold something.

    :param work: the open transaction.
    :param declared: the table.
    :param cells: what was read, or sealed, in the engine's own form.
    """
    conn = at(work.conn, declared.name)
    columns = {column.name: column for column in declared.table.c}
    said = {cell.name: spoken(columns.get(cell.name), cell, conn) for cell in cells}
    return {name: text for name, text in said.items() if text is not None}


def spoken(column: Column[Any] | None, cell: Cell, conn: Connection) -> str | None:
    """Return a cell as text a person reads; what an erasure left there is nothing.

    :param column: the column, or None where the mapping does not know it.
    :param cell: what was read, or sealed, in the engine's own form.
    :param conn: open transaction with the engine it was read from.
    """
    value = cell.native()
    if value is None:
        return None
    if column is not None and isinstance(column.type, TypeDecorator):
        if isinstance(value, str) and cell.type == "bytea" and value.startswith("\\x"):
            value = bytes.fromhex(value[2:])
        return by_the_host(column.type, value, conn)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    kind = None if column is None else python_type(column.type)
    if kind is bool:
        return "true" if str(value).lower() in ("1", "t", "true") else "false"
    if kind is datetime and cell.form is Form.TEXT:
        return str(value).replace("T", " ")
    return str(value)
