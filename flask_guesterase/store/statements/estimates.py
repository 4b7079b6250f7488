"""What PostgreSQL knows of our own tables: a plan made for an empty one reads all of a full one."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, text

from .. import tables

_GROWING = (
    tables.subject, tables.mark, tables.due, tables.box, tables.kept, tables.entry, tables.node,
)  # fmt: skip
"""Tables of ours that a first sweep fills from nothing."""

_GROWN = text("""
    SELECT relname FROM pg_catalog.pg_class
    WHERE relname IN :names AND relkind = 'r' AND pg_catalog.pg_table_is_visible(oid)
      AND pg_catalog.pg_relation_size(oid)
          >= 2 * relpages * pg_catalog.current_setting('block_size')::bigint
      AND pg_catalog.pg_relation_size(oid) > 0
    ORDER BY relname
""").bindparams(bindparam("names", expanding=True))
# What was never counted has no pages as it says of itself.


def learn(conn: Connection) -> list[str]:
    """Let PostgreSQL count those of our tables that have doubled since it did; return their names.

    It does so by itself, minutes later. Until then it takes a table that a sweep is filling for
    the small one it was, and looks for a few of its rows by reading all; and a prepared statement
    keeps its plan until its tables are counted again. The other engines need no telling.

    :param conn: open transaction of its own, committed soon: nobody else may count meanwhile.
    """
    if conn.dialect.name != "postgresql":
        return []
    names = [table.name for table in _GROWING]
    found = list(conn.execute(_GROWN, {"names": names}).scalars())
    quote = conn.dialect.identifier_preparer.quote
    for name in found:
        conn.exec_driver_sql(f"ANALYZE {quote(name)}")
    return found
