"""The whole content of a database as the engine's own text, to compare before with after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, inspect, literal_column, text
from sqlalchemy.dialects.mysql import BIT
from sqlalchemy.types import LargeBinary, NullType, _Binary

OURS = ("guesterase_", "alembic_version")

Line = tuple[str | None, ...]
"""One row: the engine's text of each column, None where it holds NULL."""


@dataclass(frozen=True)
class Content:
    """One table's rows.

    :param columns: every column there is, mapped or not.
    :param key: the primary key's columns; empty when there is none.
    :param lines: the rows, sorted.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    lines: tuple[Line, ...]

    def identity(self, line: Line) -> Line:
        """What tells the row from others: its key, or all of it."""
        return tuple(line[self.columns.index(n)] for n in self.key) or line


Dump = dict[str, Content]
"""Table (qualified outside the default schema) -> content."""


def dump(
    conn: Connection, schemas: Iterable[str | None] = (None,), without: Collection[str] = OURS
) -> Dump:
    """Read every column of every table there is, as the engine writes it, sorted.

    :param conn: connection; only reads.
    :param schemas: which schemas; None is the default one.
    :param without: tables whose name starts with one of these are left out.
    """
    found = {}
    look = inspect(conn)
    for schema in schemas:
        every = look.get_table_names(schema=schema)
        names = sorted(name for name in every if not name.startswith(tuple(without)))
        # Where an engine can say it of all tables at once, that takes as long as of one.
        columns = look.get_multi_columns(schema=schema, filter_names=names)
        keys = look.get_multi_pk_constraint(schema=schema, filter_names=names)
        for name in names:
            key = tuple(keys[schema, name]["constrained_columns"])
            full = f"{schema}.{name}" if schema else name
            found[full] = _content(conn, (schema, name), columns[schema, name], key)
    return found


def _content(
    conn: Connection, place: tuple[str | None, str], columns: Any, key: tuple[str, ...]
) -> Content:
    quote = _quote(conn)
    schema, name = place
    names = tuple(c["name"] for c in columns)
    source = f"{quote(schema)}.{quote(name)}" if schema else quote(name)
    text_of = _AS_TEXT[conn.dialect.name]
    wanted = ", ".join(text_of(quote(c["name"]), c["type"]) for c in columns)
    statement = text(f"SELECT {wanted} FROM {source}".replace(":", "\\:"))
    lines = [tuple(row) for row in conn.execute(statement)]
    return Content(names, key, tuple(sorted(lines, key=_order)))


def _order(line: Line) -> tuple[tuple[bool, str], ...]:
    return tuple((value is not None, value or "") for value in line)


def _sqlite(column: str, type_: Any) -> str:
    text_ = f"typeof({column}) || ' ' || quote({column})"
    return f"CASE WHEN {column} IS NULL THEN NULL ELSE {text_} END"


def _postgresql(column: str, type_: Any) -> str:
    return f"CAST({column} AS text)"


def _mariadb(column: str, type_: Any) -> str:
    # What SQLAlchemy has no class for is a geometry.
    if isinstance(type_, (LargeBinary, _Binary, BIT, NullType)):
        return f"HEX({column})"
    return f"CAST({column} AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_bin"


_AS_TEXT: Mapping[str, Callable[[str, Any], str]] = {
    "sqlite": _sqlite, "postgresql": _postgresql, "mysql": _mariadb, "mariadb": _mariadb,
}

def _quote(conn: Connection) -> Callable[[str], str]:
    quote = conn.dialect.identifier_preparer.quote
    # It doubles what text() and literal_column() will double.
    double = conn.dialect.paramstyle in ("format", "pyformat")
    return lambda name: quote(name).replace("%%", "%") if double else quote(name)


def as_text(conn: Connection, column: Column[Any]) -> Any:
    """The expression that gives a column of a mapped table as a dump writes it."""
    quote, table = _quote(conn), column.table
    named = ".".join(quote(n) for n in (table.schema, table.name, column.name) if n)
    made = _AS_TEXT[conn.dialect.name](named, column.type)
    return literal_column(made)


Change = dict[str, tuple[str | None, str | None]]
"""Column -> before and after."""


@dataclass(frozen=True)
class Changes:
    """What differs between two dumps, per table.

    :param gone: rows that are no longer there.
    :param new: rows that were not there.
    :param changed: identity -> what changed; only where the table has a key.
    """

    gone: Mapping[str, Sequence[Line]]
    new: Mapping[str, Sequence[Line]]
    changed: Mapping[str, Mapping[Line, Change]]

    def columns(self) -> dict[str, set[str]]:
        """Return table -> columns that changed in any row."""
        return {
            table: {column for change in rows.values() for column in change}
            for table, rows in self.changed.items()
        }

    def __bool__(self) -> bool:
        return bool(self.gone or self.new or self.changed)

    def __str__(self) -> str:
        lines = []
        for title, rows in (("gone", self.gone), ("new", self.new)):
            lines += [f"{table}: {title} {line}" for table in rows for line in rows[table]]
        for table, each in self.changed.items():
            for key, change in each.items():
                lines += [f"{table} {key}.{c}: {a!r} -> {b!r}" for c, (a, b) in change.items()]
        return "\n".join(lines)


def changes(before: Dump, after: Dump) -> Changes:
    """Compare two dumps row by row.

    :raises AssertionError: a table or a column came or went.
    """
    assert before.keys() == after.keys(), f"tables differ: {set(before) ^ set(after)}"
    gone: dict[str, list[Line]] = {}
    new: dict[str, list[Line]] = {}
    changed: dict[str, dict[Line, Change]] = {}
    for table, old in before.items():
        now = after[table]
        assert old.columns == now.columns, f"{table}: {old.columns} became {now.columns}"
        left, came = Counter(old.lines), Counter(now.lines)
        lost, made = list((left - came).elements()), list((came - left).elements())
        pairs = {}
        if old.key:
            kept = {now.identity(line): line for line in made}
            pairs = {old.identity(a): (a, kept[old.identity(a)])
                     for a in lost if old.identity(a) in kept}
        if pairs:
            changed[table] = {
                key: {c: (x, y) for c, x, y in zip(old.columns, a, b, strict=True) if x != y}
                for key, (a, b) in pairs.items()
            }
        if rest := [line for line in lost if old.identity(line) not in pairs]:
            gone[table] = rest
        if rest := [line for line in made if now.identity(line) not in pairs]:
            new[table] = rest
    return Changes(gone, new, changed)


def assert_same(before: Dump, after: Dump) -> None:
    """Assert that two dumps are equal, byte for byte; say what is not."""
    found = changes(before, after)
    assert not found, str(found)


def places(content: Dump, *values: str) -> list[str]:
    """Return the "table.column" places whose text holds one of these values, whatever the case.

    Binary columns hold it as hexadecimal digits of its UTF-8 form.
    """
    wanted = [v.lower() for v in values] + [v.encode().hex() for v in values]
    return sorted({
        f"{table}.{column}"
        for table, each in content.items()
        for line in each.lines
        for column, cell in zip(each.columns, line, strict=True)
        if cell is not None and any(v in cell.lower() for v in wanted)
    })
