"""Which rows an erasure kept in the host's own tables, as the session's own transaction sees it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, inspect, literal_column, select, update

from .. import tables
from ..retaining import vouching

MODES = ("place", "held", "blocked")
"""Modes of what is kept where it was; what is sealed is no longer there to be hidden."""

WHOLE = 1000
"""Kept rows of a table up to which they are read at once; beyond that, each when it is loaded, or
all before rows stream in."""

_Part = tuple[str, frozenset[str]]


@dataclass
class Restricted:
    """The kept rows of one table, in one transaction.

    :param table: name of the table.
    :param rows: key text -> its parts: property and columns.
    :param whole: whether `rows` holds all there are; else it holds what was asked for.
    """

    table: str
    rows: dict[str, list[_Part]] = field(default_factory=dict)
    whole: bool = True

    def columns(self, conn: Connection, key: str, opened: Collection[str]) -> frozenset[str]:
        """Return the columns that are hidden in one row.

        :param conn: the session's connection.
        :param key: the row's key as text.
        :param opened: properties whose books are open.
        """
        if key not in self.rows:
            if self.whole:
                return frozenset()
            alike = _living(self.table, tables.kept.c.row_key == key)
            self.rows[key] = _parts(conn, alike.distinct())
        parts = self.rows[key]
        return frozenset().union(*(names for place, names in parts if place not in opened))

    def of_any(
        self, conn: Connection, keys: Iterable[str], opened: Collection[str]
    ) -> frozenset[str]:
        """Return the columns that are hidden in a row that is known by any of these keys."""
        return frozenset().union(*(self.columns(conn, key, opened) for key in keys))

    def closed(self, conn: Connection, opened: Collection[str]) -> bool:
        """Return whether the table has a kept row whose property's books are not open."""
        if self.whole:
            return any(place not in opened for parts in self.rows.values() for place, _ in parts)
        if not opened:
            return True
        elsewhere = tables.kept.c.property.not_in(opened)
        return conn.execute(_living(self.table, elsewhere).limit(1)).first() is not None

    def complete(self, conn: Connection) -> None:
        """Read every kept row, however many there are, so that nothing has to be asked any more.

        :param conn: the session's connection, while it is free for a question.
        """
        if not self.whole:
            self.rows = _by_key(conn.execute(_EVERY, {"name": self.table}))
            self.whole = True

    def replaced(self, conn: Connection, key: str) -> None:
        """Note that a new row has a key, so that what was kept under it is there no more.

        :param conn: the session's connection.
        :param key: the row's key as text.
        """
        if not self.columns(conn, key, ()):
            return
        kept, now = tables.kept, datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        mine = kept.c.table_name == self.table, kept.c.row_key == key
        living = kept.c.mode.in_(MODES), kept.c.ended_at.is_(None)
        conn.execute(update(kept).where(*mine, *living).values(
            ended_at=now, facts=vouching.unmarked(kept.c)
        ))
        self.rows[key] = []


def read(conn: Connection, table: str) -> Restricted:
    """Read the kept rows of a table, or as many as show that there are too many.

    :param conn: the session's connection, in its transaction.
    :param table: name of the table.
    """
    rows = conn.execute(_FIRST, {"name": table}).all()
    if len(rows) > WHOLE:
        return Restricted(table, whole=False)
    return Restricted(table, _by_key(rows))


def _living(table: Any, *conditions: Any) -> Select[Any]:
    kept = tables.kept
    # Written out: a list of parameters would be spelled anew each time a host loads a row.
    modes: list[Any] = [literal_column(f"'{mode}'") for mode in MODES]
    return select(kept.c.row_key, kept.c.property, kept.c.columns).where(
        kept.c.table_name == table, kept.c.mode.in_(modes), kept.c.ended_at.is_(None), *conditions
    )


_ALL = _living(bindparam("name"))
_FIRST = _ALL.limit(WHOLE + 1)
"""The rows of one table, built once: it is asked in each transaction that loads such a row."""

_EVERY = _ALL.limit(2**63 - 1)
"""All of them, also in a session of MariaDB that shows so many rows where nobody says how many."""


def _by_key(rows: Iterable[Any]) -> dict[str, list[_Part]]:
    found: dict[str, list[_Part]] = {}
    for row in rows:
        found.setdefault(row.row_key, []).append(_part(row.property, row.columns))
    return found


def _parts(conn: Connection, statement: Select[Any]) -> list[_Part]:
    return [_part(row.property, row.columns) for row in conn.execute(statement)]


@lru_cache(128)
def _part(property_: str, columns: str) -> _Part:
    # Of all kept rows of a table there are a handful, and each would be held as often as a row is.
    return property_, frozenset(json.loads(columns))


def present(conn: Connection) -> bool:
    """Return whether our tables are in this database."""
    return bool(inspect(conn).has_table(tables.kept.name))
