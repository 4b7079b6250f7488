"""What hand-written SQL says differently on each engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from .schema import Base

Ids = Sequence[int]


class Tongue:
    """How one engine takes lists of keys, locks, builds JSON, and takes many rows at once.

    :param engine: the database.
    """

    def __init__(self, engine: Engine) -> None:
        self.name = engine.dialect.name
        if self.name == "mysql":
            self.name = "mariadb"
        self.raw: Any = engine.raw_connection()
        self.mark = "?" if self.name == "sqlite" else "%s"
        # On SQLite the one writer holds everything.
        self.lock = "" if self.name == "sqlite" else " FOR UPDATE"
        self.skip = {"postgresql": " FOR UPDATE OF g SKIP LOCKED", "mariadb": " FOR UPDATE"}.get(
            self.name, ""
        )
        if self.name == "sqlite":
            self.raw.driver_connection.isolation_level = None
        self.cursor = self.raw.cursor()

    def begin(self) -> None:
        """Begin a transaction as the extension does."""
        if self.name == "sqlite":
            self.cursor.execute("BEGIN IMMEDIATE")
        elif self.name == "mariadb":
            self.cursor.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")

    def commit(self) -> None:
        """End the transaction."""
        if self.name == "sqlite":
            self.cursor.execute("COMMIT")
        else:
            self.raw.commit()

    def close(self) -> None:
        """Give the connection back."""
        self.raw.close()

    def among(self, column: str, ids: Ids) -> tuple[str, tuple[Any, ...]]:
        """Return the condition that a column is one of these keys, and its parameters."""
        if self.name == "postgresql":
            return f"{column} = ANY(%s)", (list(ids),)
        if self.name == "sqlite":
            return f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
        return f"{column} IN ({', '.join(map(str, ids)) or 'NULL'})", ()

    def all(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        self.cursor.execute(sql, params)
        return list(self.cursor.fetchall())

    def run(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Run a statement."""
        self.cursor.execute(sql, params)

    def put(self, table: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert many rows the way the engine is fastest at."""
        said = f"{table} ({', '.join(names)})"
        if self.name == "postgresql" and len(rows) > 10:
            with self.cursor.copy(f"COPY {said} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join([self.mark] * len(names))
        self.cursor.executemany(f"INSERT INTO {said} VALUES ({marks})", rows)

    def columns(self, table: str, names: Sequence[str]) -> str:
        """Return the expression by which values of a row come as they are."""
        return ", ".join(names)

    def document(self, table: str, names: Sequence[str]) -> str:
        """Return the expression by which the server writes values of a row as JSON."""
        columns = Base.metadata.tables[table].c
        blob = "encode({}, 'hex')" if self.name == "postgresql" else "hex({})"
        parts = [f"'_', '{table}'"]
        for name in names:
            binary = columns[name].type.python_type is bytes
            parts.append(f"'{name}', {blob.format(name) if binary else name}")
        function = "json_build_object" if self.name == "postgresql" else "json_object"
        text = "::text" if self.name == "postgresql" else ""
        return f"{function}({', '.join(parts)}){text}"
