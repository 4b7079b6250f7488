"""Rows waiting to be written: numbered as the database would number them, table by table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, func, insert, select, text
from sqlalchemy.orm import Session

Row = dict[str, Any]


class Rows:
    """Collects rows and writes each table with one statement."""

    def __init__(self) -> None:
        self.tables: defaultdict[str, list[Row]] = defaultdict(list)
        self.scans: dict[str, bytes] = {}

    def add(self, table: str, **values: Any) -> Row:
        """Keep one row for `table`, keyed by column name, and return it."""
        self.tables[table].append(values)
        return values

    def number(self, table: str) -> int:
        """Return the key that the next row of `table` will bear."""
        return len(self.tables[table]) + 1

    def write(self, session: Session, metadata: MetaData) -> dict[str, int]:
        """Insert everything, parents first, and return how many rows each table got."""
        connection = session.connection()
        for table in metadata.sorted_tables:
            if rows := self.tables.get(table.name):
                connection.execute(insert(table), rows)
        if connection.dialect.name == "postgresql":
            self._move_sequences(session, metadata)
        return {name: len(rows) for name, rows in sorted(self.tables.items())}

    def _move_sequences(self, session: Session, metadata: MetaData) -> None:
        # PostgreSQL counts on from 1 unless told that keys were given by hand.
        for table in metadata.sorted_tables:
            column = table.autoincrement_column
            if column is None or not self.tables.get(table.name):
                continue
            session.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"),
                {
                    "table": table.name,
                    "column": column.name,
                    "last": session.scalar(select(func.max(column))),
                },
            )

    def write_scans(self, folder: Path) -> None:
        """Write the document scans below `folder`."""
        for name, content in self.scans.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


class Calendar:
    """Which rooms of a property are free, so that nobody sleeps in somebody else's bed."""

    def __init__(self, rooms: Iterable[str]) -> None:
        self.taken: dict[str, list[tuple[date, date]]] = {room: [] for room in rooms}

    def take(self, wish: int, first: date, leave: date) -> str | None:
        """Take a room from `first` until `leave`, looking from room `wish` on; None when full."""
        rooms = list(self.taken)
        for step in range(len(rooms)):
            room = rooms[(wish + step) % len(rooms)]
            if all(leave <= start or end <= first for start, end in self.taken[room]):
                self.taken[room].append((first, leave))
                return room
        return None
