"""A table of the host as it is today, and how an old row fits into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TableClause,
    and_,
    bindparam,
    column,
    literal,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.types import NullType

from ...core.image import Cell, Form, cell
from ..catalog.shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable
from ..mapping.raw import own_form, to_the_letter
from ..statements.sql import quoted

Cells = tuple[Cell, ...]

_ROW: dict[str, tuple[str, ...]] = {
    "postgresql": ("ctid",), "sqlite": ("rowid", "_rowid_", "oid"),
}  # fmt: skip
"""By what a row without a key is found again in the same transaction."""


@dataclass(frozen=True)
class Found:
    """A row that is there.

    :param handle: by what the engine itself knows it; None where it does not say.
    :param cells: what it holds.
    """

    handle: Any
    cells: Cells

    def cell(self, name: str) -> Cell | None:
        """Return one of its cells."""
        return next((each for each in self.cells if each.name == name), None)


class Target:
    """A table of the host as it is today.

    :param conn: open transaction.
    :param live: the table as the database knows it.
    :param keyed: whether a row is known by a key of its own.
    """

    def __init__(self, conn: Connection, live: LiveTable, keyed: bool) -> None:
        self.conn = conn
        self.live = live
        self.keyed = keyed
        self.dialect = "mariadb" if conn.dialect.name == "mysql" else conn.dialect.name
        bare = live.name.removeprefix(f"{live.schema}.")
        self.source: TableClause = table(
            bare, *(column(name) for name in live.columns),
            schema=live.schema if bare != live.name else None,
        )

    def column(self, name: str) -> LiveColumn | None:
        """Return the column that an old one is now, in whatever case it is written, or None."""
        found = self.live.column(name)
        if found is not None:
            return found
        alike = [c for c in self.live.columns.values() if c.name.lower() == name.lower()]
        return alike[0] if len(alike) == 1 else None

    def fits(self, cells: Iterable[Cell]) -> tuple[Cells, tuple[str, ...]]:
        """Return cells under today's names, and the names of those whose column is gone."""
        here, gone = [], []
        for each in cells:
            now = self.column(each.name)
            if now is None:
                gone.append(each.name)
            else:
                here.append(Cell(now.name, each.type, each.form, each.value))
        return tuple(here), tuple(gone)

    def writable(self, name: str) -> bool:
        """Return whether a column takes a value; one that is computed does not."""
        return not self.live.columns[name].generated or name in self.numbered

    def needed(self, given: Iterable[str]) -> list[str]:
        """Return the columns that must be given and are not among these."""
        known = set(given)
        return [
            c.name
            for c in self.live.columns.values()
            if not (c.nullable or c.default or c.generated or c.name in known or self._fills(c))
        ]

    def _fills(self, of: LiveColumn) -> bool:
        """Return whether SQLite gives the number of a row by itself."""
        return self.dialect == "sqlite" and self.live.primary_key == (of.name,)

    @cached_property
    def numbered(self) -> frozenset[str]:
        """Return the columns PostgreSQL numbers always, unless told that the value stands."""
        if self.dialect != "postgresql":
            return frozenset()
        rows = self.conn.execute(
            text(
                "SELECT attname FROM pg_attribute"
                " WHERE attrelid = to_regclass(:name) AND attidentity = 'a'"
            ),
            {"name": self.spelled},
        )
        return frozenset(rows.scalars())

    @property
    def spelled(self) -> str:
        """Return the table's name as a statement writes it."""
        return quoted(self.conn.dialect, self.source)

    def quote(self, name: str) -> str:
        """Return a column's name as a statement writes it."""
        return quoted(self.conn.dialect, name)

    @cached_property
    def _handle(self) -> str:
        names = {name.lower() for name in self.live.columns}
        free = (word for word in _ROW.get(self.dialect, ()) if word not in names)
        return "" if self.keyed else next(free, "")

    def where(self, known: Cells) -> ColumnElement[bool]:
        """Return the condition that a row holds these cells, as exactly as the engine tells."""
        return and_(*(self._equal(each) for each in known))

    def _equal(self, known: Cell) -> ColumnElement[bool]:
        source: ColumnElement[Any] = self.source.c[known.name]
        if known.form is Form.NULL:
            return source.is_(None)
        if not self._comparable(known.name) or self._loose:
            source = own_form(self.dialect, source, self.live.columns[known.name].type)
            source = to_the_letter(self.dialect, source) if self._loose else source
        return source == literal(known.native(), NullType())

    @property
    def _loose(self) -> bool:
        """Return whether rows are told apart by texts alone, which MariaDB compares loosely."""
        return not self.keyed and self.dialect == "mariadb"

    def _comparable(self, name: str) -> bool:
        """Return whether the engine compares values of a column, by an index where there is one."""
        if self.dialect == "sqlite":
            return True
        return any(name in each for each in (
            self.live.primary_key, *self.live.indexes, *self.live.unique
        ))

    def mine(self, row: Found, known: Cells) -> ColumnElement[bool]:
        """Return the condition by which exactly one row is changed."""
        if row.handle is None:
            return self.where(known)
        if self.dialect == "postgresql":
            handle = bindparam("handle", row.handle, type_=NullType())
            return and_(text("ctid = CAST(:handle AS tid)").bindparams(handle))
        return literal_column(self._handle) == literal(row.handle)

    def find(self, known: Cells) -> list[Found]:
        """Return the rows that hold exactly these cells, which nobody changes until we end.

        :param known: cells under today's names.
        """
        names = list(self.live.columns)
        statement = self._read(names).where(self.where(known))
        if self.dialect != "sqlite":
            statement = statement.with_for_update()
        found = []
        for row in self.conn.execute(statement):
            values = tuple(row)
            cells = tuple(
                cell(name, self.live.columns[name].type, value)
                for name, value in zip(names, values[1:], strict=True)
            )
            one = Found(values[0], cells)
            if all((now := one.cell(k.name)) is not None and alike(now, k) for k in known):
                found.append(one)
        return found

    def _read(self, names: Sequence[str]) -> Select[Any]:
        handle: Any = literal_column(self._handle or "NULL")
        if self._handle == "ctid":
            handle = literal_column("CAST(ctid AS text)")
        wanted = [
            own_form(self.dialect, self.source.c[n], self.live.columns[n].type).label(f"r{i}")
            for i, n in enumerate(names)
        ]
        return select(handle.label("handle"), *wanted).select_from(self.source)


def alike(now: Cell, then: Cell) -> bool:
    """Return whether a column holds what it held; in another type now, a number may look different.

    :param now: the cell as it is.
    :param then: the cell as it was.
    """
    if (now.form, now.value) == (then.form, then.value):
        return True
    if now.type == then.type or Form.NULL in (now.form, then.form):
        return False
    one, other = now.native(), then.native()
    if str(one) == str(other):
        return True
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return False


def enforced(target: Target) -> tuple[LiveForeignKey, ...]:
    """Return the foreign keys of a table that the database looks at."""
    return tuple(key for key in target.live.foreign_keys if key.enforced)


def points(conn: Connection, schema: LiveSchema, key: LiveForeignKey, cells: Cells) -> bool:
    """Return whether what a foreign key of a row points at is there; one that is empty points at
    nothing.

    :param conn: open transaction.
    :param schema: the live database.
    :param key: the foreign key.
    :param cells: what the row holds.
    """
    held = {each.name: each for each in cells}
    mine = [held.get(name) for name in key.columns]
    found = schema.table(key.target)
    if found is None or any(each is None or each.form is Form.NULL for each in mine):
        return True
    target = Target(conn, found, True)
    wanted = []
    for name, each in zip(key.target_columns, mine, strict=True):
        now = target.column(name)
        if now is None or each is None:
            return True
        wanted.append(target.source.c[now.name] == literal(each.native(), NullType()))
    asked = select(literal(1)).select_from(target.source).where(and_(*wanted)).limit(1)
    return conn.execute(asked).first() is not None
