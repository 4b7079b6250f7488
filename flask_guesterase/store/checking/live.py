"""What the live database holds and does by itself, read before anything is erased."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from ...core.errors import SetupError
from ..catalog import mariadb, postgresql, sqlite
from ..catalog.shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger
from ..catalog.version import Version, lasts, version
from ..mapping.crossing import HOME, Binds, away_of, binds_of, of_bind
from ..statements.sql import MARIADB

__all__ = [
    "LiveColumn",
    "LiveForeignKey",
    "LiveSchema",
    "LiveTable",
    "LiveTrigger",
    "known",
    "read",
    "read_only",
]


def read(conn: Connection, *, schemas: Sequence[str] = ()) -> LiveSchema:
    """Read what the database holds and does by itself, in about ten catalogue queries.

    The default schema is always read (on PostgreSQL: every schema of the search path). Our own
    tables and the engine's internals are left out.

    Of several databases one that is known not to answer holds nothing.

    :param conn: an open connection; nothing is written, locked or committed.
    :param schemas: further schemas (SQLite: attached databases; MariaDB: databases).
    :raises SetupError: the engine is not SQLite, PostgreSQL or MariaDB.
    """
    binds = binds_of(conn)
    if binds.engines:
        away = away_of(conn)
        found = {name: _read(of_bind(conn, name), schemas, binds, name)
                 for name in (HOME, *binds.engines) if name not in away}
        found |= {name: LiveSchema(binds.engines[name].dialect.name, "", "") for name in away}
        return _joined(found, binds)
    return _one(conn, schemas)


_known: WeakKeyDictionary[Engine, dict[tuple[str, ...], tuple[Version | None, LiveSchema]]] = (
    WeakKeyDictionary()
)


def known(conn: Connection, schemas: Sequence[str] = ()) -> LiveSchema:
    """Return what `read` does, read again only when the catalogue changed.

    :param conn: an open connection.
    :param schemas: further schemas.
    :raises SetupError: the engine is not SQLite, PostgreSQL or MariaDB.
    """
    if binds_of(conn).engines:
        return read(conn, schemas=schemas)
    now = version(conn, schemas)
    mine = _known.setdefault(conn.engine, {})
    wanted = tuple(schemas)
    seen = mine.get(wanted)
    if now is not None and seen is not None and seen[0] == now:
        return seen[1]
    schema = read(conn, schemas=schemas)
    if seen is not None and seen[1] == schema:
        # What was made of it before is found again by the very same object.
        schema = seen[1]
    # What changed and changed back meanwhile would be taken for what was read.
    if now is None or (lasts(schema) and version(conn, schemas) == now):
        mine[wanted] = (now, schema)
    return schema


def read_only(conn: Connection) -> bool:
    """Return whether the server, file or session refuses changes.

    :param conn: an open connection of an engine that `read` knows.
    """
    if conn.dialect.name == "sqlite":
        return sqlite.read_only(conn)
    if conn.dialect.name == "postgresql":
        return postgresql.read_only(conn)
    return mariadb.read_only(conn)


def _read(
    conn: Connection, schemas: Sequence[str], binds: Binds, name: str
) -> LiveSchema:
    """Read one of several databases, of the schemas named only those that lie there."""
    lying = {table.rpartition(".")[0] for table, bind in binds.places.items() if bind == name}
    elsewhere = {table.rpartition(".")[0] for table in binds.places} - {""}
    mine = [s for s in schemas if s in lying or (name == HOME and s not in elsewhere)]
    return _one(conn, mine)


def _joined(found: Mapping[str, LiveSchema], binds: Binds) -> LiveSchema:
    """Return several databases as one; where two have a table of one name, the mapping decides."""
    home, tables = found[HOME], {}
    for name, part in found.items():
        for table in part.tables.values():
            if table.name not in tables or binds.of(table.name) == name:
                tables[table.name] = table
    return replace(
        home,
        tables=MappingProxyType(dict(sorted(tables.items()))),
        parts=MappingProxyType(dict(found)),
        places=MappingProxyType(dict(binds.places)),
    )


def _one(conn: Connection, schemas: Sequence[str]) -> LiveSchema:
    dialect: Any = conn.dialect
    if dialect.name == "sqlite":
        schema = sqlite.read(conn, schemas)
    elif dialect.name == "postgresql":
        schema = postgresql.read(conn, schemas)
    elif dialect.name in MARIADB and dialect.is_mariadb:
        schema = mariadb.read(conn, schemas)
    else:
        raise SetupError(
            f"The database engine {dialect.name} is not supported.",
            "Use SQLite, PostgreSQL or MariaDB.",
        )
    return schema
