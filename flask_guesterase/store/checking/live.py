"""What the live database holds and does by itself, read before anything is erased."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from ...core.errors import SetupError
from ..catalog import mariadb, postgresql, sqlite
from ..catalog.shape import LiveColumn, LiveForeignKey, LiveSchema, LiveTable, LiveTrigger
from ..catalog.version import Version, lasts, version
from ..mapping.crossing import HOME, Binds, binds_of, of_bind

__all__ = [
    "LiveColumn",
    "LiveForeignKey",
    "LiveSchema",
    "LiveTable",
    "LiveTrigger",
    "known",
    "read",
    "read_only",
    "signature",
]


def read(
    conn: Connection, *, schemas: Sequence[str] = (), only: Collection[str] | None = None
) -> LiveSchema:
    """Read what the database holds and does by itself, in about ten catalogue queries.

    The default schema is always read (on PostgreSQL: every schema of the search path). Our own
    tables and the engine's internals are left out.

    :param conn: an open connection; nothing is written, locked or committed.
    :param schemas: further schemas (SQLite: attached databases; MariaDB: databases).
    :param only: keys of the tables wanted; those that point at them, directly or through others,
        come along, because they act when a wanted row goes.
    :raises SetupError: the engine is not SQLite, PostgreSQL or MariaDB.
    """
    binds = binds_of(conn)
    if binds.engines:
        found = {name: _read(of_bind(conn, name), schemas, binds, name)
                 for name in (HOME, *binds.engines)}
        return _joined(found, binds)
    schema = _one(conn, schemas)
    return schema if only is None else _only(schema, only)


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
    elif dialect.name in ("mysql", "mariadb") and dialect.is_mariadb:
        schema = mariadb.read(conn, schemas)
    else:
        raise SetupError(
            f"The database engine {dialect.name} is not supported.",
            "Use SQLite, PostgreSQL or MariaDB.",
        )
    return schema


def signature(schema: LiveSchema) -> str:
    """SHA-256 (hex) of everything that decides what an erasure does; plain indexes do not.

    Neither the server's version nor whether it is read-only at the moment counts, nor a new
    partition without triggers of its own.
    """
    tables = [_matters(table) for table in schema.tables.values() if not _plain_partition(table)]
    value = {
        "dialect": schema.dialect,
        "foreign_keys_enforced": schema.foreign_keys_enforced,
        "triggers_known": schema.triggers_known,
        "tables": sorted(tables, key=lambda table: str(table["name"])),
    }
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _matters(table: LiveTable) -> dict[str, Any]:
    # asdict copies mappings by pickling rules a read-only mapping does not know.
    columns = {name: asdict(column) for name, column in table.columns.items()}
    value = asdict(replace(table, columns={}, indexes=()))
    for trigger in value["triggers"]:
        for key in ("events", "old_columns"):
            trigger[key] = trigger[key] if trigger[key] is None else sorted(trigger[key])
    return {**value, "columns": columns}


def _plain_partition(table: LiveTable) -> bool:
    return table.partition_of is not None and not table.triggers


def _only(schema: LiveSchema, wanted: Collection[str]) -> LiveSchema:
    found = [schema.table(name) for name in wanted]
    waiting = [table.name for table in found if table is not None]
    kept: dict[str, LiveTable] = {}
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = schema.tables[name]
            waiting += [foreign.table for foreign in schema.incoming(name)]
            waiting += [t.name for t in schema.tables.values() if t.partition_of == name]
    tables: Mapping[str, LiveTable] = MappingProxyType(dict(sorted(kept.items())))
    return replace(schema, tables=tables)
