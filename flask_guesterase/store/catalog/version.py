"""By what an engine tells cheaply that its catalogue is the one that was read before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from . import mariadb
from .called import FIRST
from .shape import LiveSchema

Version = tuple[object, ...]

_SQLITE = text("""
    SELECT (SELECT schema_version FROM pragma_schema_version) AS version,
           (SELECT foreign_keys FROM pragma_foreign_keys) AS enforced,
           (SELECT query_only FROM pragma_query_only) AS read_only,
           (SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')) AS more,
           (SELECT count(*) FROM sqlite_temp_master) AS temporary,
           (SELECT file FROM pragma_database_list WHERE name = 'main') AS file
""")

_CATALOGS = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
    "pg_attrdef": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_inherits": "inhrelid",
    "pg_namespace": "oid",
    "pg_policy": "oid",
    "pg_proc": "oid",
    "pg_rewrite": "oid",
    "pg_trigger": "oid",
    "pg_type": "oid",
}
"""Catalogue -> what numbers the object a row of it is about."""

# A row of the catalogue that changes is another row, written by another transaction.
_ROWS = " UNION ALL ".join(
    f"SELECT hashint8extended(xmin::text::bigint # ({number}::bigint << 32), 0) AS row "  # noqa: S608
    f"FROM pg_catalog.{name} WHERE {number} >= {FIRST}"
    for name, number in _CATALOGS.items()
)
_POSTGRESQL = text(f"""
    SELECT current_user, current_database(), pg_is_in_recovery(),
           current_schemas(false)::text, current_setting('server_version'),
           current_setting('default_transaction_read_only'),
           current_setting('session_replication_role'), current_setting('row_security'),
           (SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles
            WHERE rolname = current_user),
           count(*), sum(row)
    FROM ({_ROWS}) AS rows
""")  # noqa: S608 - names of catalogues, no value in it


def version(conn: Connection, schemas: Sequence[str]) -> Version | None:
    """Return what changes whenever the catalogue does, or None where nothing tells it cheaply.

    :param conn: an open connection.
    :param schemas: further schemas that are read.
    """
    dialect: Any = conn.dialect
    if dialect.name == "postgresql":
        return tuple(conn.execute(_POSTGRESQL).one())
    if getattr(dialect, "is_mariadb", False):
        return mariadb.mark(conn, schemas)
    if dialect.name != "sqlite" or schemas:
        return None
    found = conn.execute(_SQLITE).one()
    if found.temporary or found.more or not found.file:
        return None
    try:
        file = os.stat(found.file)
    except OSError:
        return None
    return *found, file.st_dev, file.st_ino


def lasts(schema: LiveSchema) -> bool:
    """Return whether all of what was read is of the catalogue, and of no table's rows."""
    return not any(table.virtual for table in schema.tables.values())
