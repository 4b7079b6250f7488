"""Reading a table from end to end in short pieces, as text, with what names each row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    Select,
    Text,
    TypeDecorator,
    and_,
    cast,
    column,
    func,
    literal_column,
    null,
    or_,
    select,
    table,
    tuple_,
    type_coerce,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import NullType

from ..mapping.crossing import of_bind
from ..statements.hosted import told
from ..statements.sql import MARIADB, quoted
from .space import Field, How, Place, Way

Opened = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that only reads; each piece of a table is read in one of its own."""

SMALLEST, LARGEST = 50, 5000
"""Rows of a piece: of the first one, and what it grows to while rows are small."""

WEIGHT = 4_000_000
"""Characters of a piece from which the next one is smaller: this bounds the memory."""

CELL = 1_048_576
"""Bytes of a binary value that are read; of a larger one only the beginning."""

PAGES = 64
"""Pages of a PostgreSQL table without a key that make one piece."""

SECONDS = 60
"""Longest time a server may take for one piece."""

_PAGES = sql_text(
    "SELECT pg_relation_size(to_regclass(:it)) / current_setting('block_size')::int"
)

Values = tuple[Any, ...]


@dataclass
class Piece:
    """Some rows of a table.

    :param keys: what names each row.
    :param columns: per field of the place, the text of each row.
    :param unread: (field's name, why) of values that could not be read as text.
    """

    keys: list[Values]
    columns: list[Sequence[str]]
    unread: set[tuple[str, str]] = field(default_factory=set)

    @property
    def weight(self) -> int:
        """Return how many characters were read."""
        return sum(sum(map(len, texts)) for texts in self.columns)


def pieces(opened: Opened, place: Place) -> Iterator[Piece]:
    """Yield the rows of a table, piece by piece; never the whole.

    :param opened: opens a transaction that only reads.
    :param place: the table.
    :raises GuesteraseError: it cannot be read.
    """

    @contextmanager
    def there() -> Iterator[Connection]:
        with opened() as conn:
            yield of_bind(conn, place.bind)

    walk = {Way.STREAM: _stream, Way.BLOCKS: _blocks}.get(place.way, _by_key)
    yield from walk(there, place)


def _by_key(opened: Opened, place: Place) -> Iterator[Piece]:
    last: Values | None = None
    size, full = SMALLEST, True
    while full:
        with opened() as conn, _bounded(conn):
            reads = _Reads(conn, place)
            piece, last_read = reads.piece(reads.after(last, size))
        last = last_read
        full = len(piece.keys) == size
        yield piece
        size = _next_size(size, piece.weight)


def _next_size(size: int, weight: int) -> int:
    if weight > WEIGHT:
        return max(1, size // 4)
    return min(LARGEST, size * 2) if weight < WEIGHT // 4 else size


def _blocks(opened: Opened, place: Place) -> Iterator[Piece]:
    with opened() as conn:
        reads = _Reads(conn, place)
        size = conn.execute(_PAGES, {"it": reads.spelled()}).scalar()
    for first in range(0, int(size or 0) + 1, PAGES):
        with opened() as conn, _bounded(conn):
            reads = _Reads(conn, place)
            piece, _ = reads.piece(reads.between(first, first + PAGES))
        if piece.keys:
            yield piece


def _stream(opened: Opened, place: Place) -> Iterator[Piece]:
    with opened() as conn:
        reads = _Reads(conn.execution_options(stream_results=True), place)
        yield from reads.streamed()


@contextmanager
def _bounded(conn: Connection) -> Iterator[None]:
    """Let no statement of a piece run long: a server that is busy is asked again later."""
    dialect = conn.dialect.name
    if dialect == "postgresql":
        before = conn.exec_driver_sql("SHOW statement_timeout").scalar_one()
        conn.exec_driver_sql(f"SET LOCAL statement_timeout = '{SECONDS}s'")
        yield
        conn.execute(sql_text("SELECT set_config('statement_timeout', :it, true)"), {"it": before})
    elif dialect in MARIADB:
        before = conn.exec_driver_sql("SELECT @@SESSION.max_statement_time").scalar_one()
        conn.exec_driver_sql(f"SET SESSION max_statement_time = {SECONDS}")
        try:
            yield
        finally:
            if not conn.closed and not conn.invalidated:
                conn.exec_driver_sql(f"SET SESSION max_statement_time = {float(before)}")
    else:
        yield


@dataclass(frozen=True)
class _Slot:
    """One expression of a select, and what turns its values into text."""

    of: Field
    source: ColumnElement[Any]
    how: How
    type: Any = None


class _Reads:
    """Selects from one table on one connection."""

    def __init__(self, conn: Connection, place: Place) -> None:
        self.conn = conn
        self.place = place
        self.dialect = conn.dialect
        mapped = place.mapped
        self._known = {c.name: c for c in mapped.c} if mapped is not None else {}
        live = place.table
        bare = live.name.removeprefix(f"{live.schema}.")
        schema = live.schema if bare != live.name else None
        self.source: FromClause = (
            mapped if mapped is not None
            else table(quoted_name(bare, True), schema=schema and quoted_name(schema, True))
        )
        self._walk = self._walked()
        self._key = [self._naming(name) for name in place.key] or self._walk
        self._slots = [slot for each in place.fields for slot in self._of(each)]

    def spelled(self) -> str:
        """Return the table's name as SQL spells it."""
        return quoted(self.dialect, self.source)

    def after(self, last: Values | None, size: int) -> Select[Any]:
        """Return the select of the rows that follow one."""
        statement = self._select().order_by(*self._walk).limit(size)
        if last is None:
            return statement
        if len(self._walk) == 1:
            return statement.where(self._walk[0] > last[0])
        if self.dialect.name == "postgresql":
            return statement.where(tuple_(*self._walk) > last)
        # MariaDB finds no index for a comparison of rows.
        return statement.where(or_(*(
            and_(*(c == v for c, v in zip(self._walk[:at], last[:at], strict=True)),
                 self._walk[at] > last[at])
            for at in range(len(self._walk))
        )))  # fmt: skip

    def between(self, first: int, behind: int) -> Select[Any]:
        """Return the select of the rows on some pages of a PostgreSQL table."""
        mark: ColumnElement[Any] = literal_column("ctid")
        return self._select().where(
            mark >= literal_column(f"'({first},0)'::tid"),
            mark < literal_column(f"'({behind},0)'::tid"),
        )

    def piece(self, statement: Select[Any]) -> tuple[Piece, Values | None]:
        """Read rows; return them, and what the last one is walked by."""
        rows: Sequence[Any] = self._leniently(lambda: self.conn.execute(statement).fetchall())
        last = tuple(rows[-1])[: len(self._walk)] if rows else None
        return self._piece(rows), last

    def streamed(self) -> Iterator[Piece]:
        """Yield all rows in the order in which the server gives them."""
        with self.conn.execute(self._select()) as result:
            size = SMALLEST
            while rows := self._leniently(lambda: result.fetchmany(size)):  # noqa: B023
                piece = self._piece(rows)
                yield piece
                size = _next_size(size, piece.weight)

    def _select(self) -> Select[Any]:
        statement = select(
            *(c.label(f"w{i}") for i, c in enumerate(self._walk)),
            *(c.label(f"k{i}") for i, c in enumerate(self._key)),
            *(slot.source.label(f"f{i}") for i, slot in enumerate(self._slots)),
        ).select_from(self.source)
        if self.place.alone:
            return statement.with_hint(self.source, "ONLY")
        if self.place.table.versioned:
            return statement.with_hint(self.source, "FOR SYSTEM_TIME ALL")
        return statement

    def _walked(self) -> list[ColumnElement[Any]]:
        place = self.place
        if place.way is Way.KEY:
            return [self._naming(name) for name in place.table.primary_key]
        if place.way is not Way.ROWID:
            return []
        taken = {name.lower() for name in place.table.columns}
        names = [name for name in ("_rowid_", "rowid", "oid") if name not in taken]
        if names:
            mark: ColumnElement[Any] = literal_column(names[0])
            with suppress(OperationalError):
                self.conn.execute(select(mark).select_from(self.source).limit(0))
                return [mark]
        return [self._naming(name) for name in place.table.primary_key]

    def _naming(self, name: str) -> ColumnElement[Any]:
        """Return a column that names rows: by the host's type only where a declaration does.

        What a type of the host cannot read would keep a whole table from being looked into.
        """
        known = self._column(name)
        return known if self.place.declared is not None else column(quoted_name(known.name, True))

    def _column(self, name: str) -> ColumnElement[Any]:
        known = self._known.get(name)
        if known is None:
            lower = name.lower()
            known = next((c for n, c in self._known.items() if n.lower() == lower), None)
        return column(quoted_name(name, True)) if known is None else known

    def _of(self, each: Field) -> Iterator[_Slot]:
        if each.how is How.NAMES:
            for name in each.name.split("\x1f"):
                source = self._column(name)
                hosts = isinstance(source.type, TypeDecorator)
                yield self._slot(each, source, How.HOST if hosts else How.TEXT)
        else:
            yield self._slot(each, self._column(each.name), each.how)

    def _slot(self, each: Field, source: ColumnElement[Any], how: How) -> _Slot:
        type_ = source.type
        if how is How.HOST:
            # What the host's type reads is made value by value: one it cannot read hides no other.
            source, type_ = told(type_, source, self.dialect)
            return _Slot(each, func.coalesce(source, null(), type_=NullType()), how, type_)
        if how is How.BYTES:
            raw = func.substr(type_coerce(source, LargeBinary()), 1, CELL, type_=NullType())
            return _Slot(each, raw, how)
        as_text: Any = Text()
        if self.dialect.name in MARIADB:
            as_text = mysql.CHAR(charset="utf8mb4")
        plain = cast(type_coerce(source, NullType()), as_text)
        return _Slot(each, func.coalesce(plain, literal_column("''"), type_=NullType()), how)

    def _leniently(self, read: Callable[[], Any]) -> Any:
        """Read; on SQLite once more where a text is none in UTF-8, with a mark for what is not."""
        try:
            return read()
        except OperationalError as raised:
            if self.dialect.name != "sqlite" or "decode" not in str(raised.orig):
                raise
        raw: Any = self.conn.connection.dbapi_connection
        before = raw.text_factory
        raw.text_factory = _decoded
        try:
            return read()
        finally:
            raw.text_factory = before

    def _piece(self, rows: Sequence[Any]) -> Piece:
        width = len(self._walk)
        unread: set[tuple[str, str]] = set()
        # Twice as fast as turning the rows over at once.
        columns = [
            [row[at] for row in rows] for at in range(width + len(self._key) + len(self._slots))
        ]
        keys = list(zip(*columns[width : width + len(self._key)], strict=True))
        if not keys:
            keys = [()] * len(rows)
        read: dict[int, list[Sequence[str]]] = {}
        order: list[int] = []
        for slot, values in zip(self._slots, columns[width + len(self._key) :], strict=True):
            if id(slot.of) not in read:
                order.append(id(slot.of))
            read.setdefault(id(slot.of), []).append(self._texts(slot, values, unread))
        texts = [
            parts[0] if len(parts) == 1 else [" ".join(each) for each in zip(*parts, strict=True)]
            for parts in (read[one] for one in order)
        ]
        return Piece(keys, texts, unread)

    def _texts(
        self, slot: _Slot, values: Sequence[Any], unread: set[tuple[str, str]]
    ) -> Sequence[str]:
        if slot.how is How.BYTES:
            return [_from_bytes(value, slot.of.name, unread) for value in values]
        if slot.how is not How.HOST:
            return values
        read = slot.type.dialect_impl(self.dialect).result_processor(self.dialect, None)
        return [_from_host(value, read, slot.of.name, unread) for value in values]


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _from_bytes(value: Any, name: str, unread: set[tuple[str, str]]) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raw = bytes(value)
    if len(raw) >= CELL:
        unread.add((name, "beyond the first MiB"))
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # What stands between pictures and numbers is found; what a picture shows is not.
        unread.add((name, "not text"))
        return raw.decode("utf-8", "replace")


def _from_host(value: Any, read: Any, name: str, unread: set[tuple[str, str]]) -> str:
    if value is None:
        return ""
    try:
        said = value if read is None else read(value)
    except Exception:
        unread.add((name, "the host's type cannot read it"))
        return ""
    if isinstance(said, bytes):
        return said.decode("utf-8", "replace")
    if isinstance(said, dict | list):
        return json.dumps(said, ensure_ascii=False, default=str)
    return "" if said is None else str(said)
