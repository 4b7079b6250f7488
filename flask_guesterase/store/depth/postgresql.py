"""PostgreSQL: rewrite tables without the old versions of their rows, and say what remains.

Measured on PostgreSQL 15 and 18: an UPDATE or DELETE leaves the old row in table, index and TOAST;
plain VACUUM leaves most of its bytes. VACUUM FULL removes them, unless a snapshot that is older
than the erasure still sees them, wherever in the database it is. Planner statistics keep values
until the next ANALYZE, and the file of ``pg_statistic`` until that is rewritten too.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, Table

from ...core.certificate import Level
from ...core.depth import Evidence, Reached
from ...core.errors import BusyError, SetupError
from ..statements.lent import LOCK_SECONDS
from ..statements.sql import quoted

ROUNDS = 3
"""Switches of the log after which an idle server has let go of its old segments."""

_PAUSE = 0.1

_ROWS = """
  SELECT xact_start AS since, backend_xmin AS xmin FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND (datid IS NULL OR datname = current_database())
  UNION ALL SELECT xact_start, backend_xid FROM pg_stat_activity WHERE pid <> pg_backend_pid()
  UNION ALL SELECT prepared, transaction FROM pg_prepared_xacts
  UNION ALL SELECT NULL, xmin FROM pg_replication_slots
"""
"""Who keeps old versions of rows: snapshots, slots of replicas, and writers in any database.

Every snapshot begins with the oldest transaction that writes, in whatever database of the server,
and VACUUM FULL takes one of its own: what that transaction might see it keeps.
"""

_CATALOGS = "\n".join((_ROWS, "UNION ALL SELECT NULL, catalog_xmin FROM pg_replication_slots"))
"""Who keeps old versions of the catalogs' rows, statistics among them: logical slots as well."""

_HORIZON = """
SELECT count(*), coalesce(max(extract(epoch FROM now() - since)), 0)::bigint
  FROM ({who}) AS seen WHERE xmin IS NOT NULL AND age(xmin) > age('{now}'::xid)
"""


def rewrite(conn: Connection, tables: Sequence[Table], logs: bool = False) -> Reached:
    """Rewrite tables so that old versions of their rows leave the data files.

    Each is locked against everybody (ACCESS EXCLUSIVE) while it is rewritten.

    :param conn: a connection outside any transaction.
    :param tables: tables whose rows were erased before this is called.
    :param logs: also empty the write-ahead log, as far as this account may.
    :raises BusyError: an older transaction still sees old rows, or a table is in use.
    :raises SetupError: this account may not rewrite a table.
    """
    _require_unseen(conn)
    for table in tables:
        name = quoted(conn.dialect, table)
        for each in (name, *_heirs(conn, name)):
            if not _rewritten(conn, each, "FULL, ANALYZE"):
                raise SetupError(
                    f"This account may not rewrite {table.fullname if each == name else each}.",
                    "Run this as the owner of the table.",
                )
    # Whoever began to look while tables were rewritten may see the statistics of before.
    _require_unseen(conn)
    seen = _older(conn, _CATALOGS) is not None
    statistics = [_rewritten(conn, each, "FULL") for each in _statistics(conn)]
    if seen or not all(statistics):
        # The view shows the new values; the file still has the old ones.
        return Reached(Level.LOGICAL, (Evidence.NO_SNAPSHOT, Evidence.STATISTICS_LEFT))
    shown = (Evidence.REWRITTEN, Evidence.NO_SNAPSHOT, Evidence.STATISTICS)
    if logs and _log_gone(conn):
        return Reached(Level.LOGS, (*shown, Evidence.LOG_GONE))
    return Reached(Level.FILES, shown)


def _require_unseen(conn: Connection) -> None:
    """Go on only where nobody sees rows of before.

    :raises BusyError: somebody does.
    """
    if (older := _older(conn, _ROWS)) is not None:
        raise BusyError(
            f"{older[0] or 1} transactions, snapshots or slots are older than this and see old "
            f"rows; the oldest transaction is {older[1]} seconds old.",
            "Let it end, or end it with pg_terminate_backend(); drop a slot that "
            "pg_replication_slots shows, or let its reader read on; then try again.",
        )


def _older(conn: Connection, who: str) -> tuple[int, int] | None:
    """Wait, no longer than for a lock, until nobody sees what was there before now.

    A snapshot taken later cannot see rows whose erasure was committed earlier, so from then on
    the rewriting leaves them out.

    :param who: the select of those who keep old rows.
    :return: how many see it after all, as far as this account may know, and the seconds for which
        the oldest transaction has; None where nobody does.
    """
    now = int(conn.exec_driver_sql("SELECT txid_current()").scalar_one())
    asked = _HORIZON.format(who=who, now=now % (1 << 32))
    # Of other people's transactions this account may be told nothing; a snapshot knows them all.
    mine = "SELECT txid_snapshot_xmin(txid_current_snapshot())"
    until = time.monotonic() + LOCK_SECONDS
    while True:
        count, seconds = conn.exec_driver_sql(asked).one()
        if not count and conn.exec_driver_sql(mine).scalar_one() > now:
            return None
        if time.monotonic() > until:
            return count, seconds
        time.sleep(_PAUSE)


_HEIRS = """
WITH RECURSIVE heirs AS (
  SELECT inhrelid FROM pg_inherits WHERE inhparent = CAST(%s AS regclass)
  UNION SELECT i.inhrelid FROM pg_inherits i JOIN heirs h ON i.inhparent = h.inhrelid
)
SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM heirs JOIN pg_class c ON c.oid = inhrelid
  WHERE NOT c.relispartition ORDER BY 1
"""
"""Tables that inherit a table, in whose files some of its rows lie; partitions go with it."""


def _heirs(conn: Connection, name: str) -> list[str]:
    return list(conn.exec_driver_sql(_HEIRS, (name,)).scalars())


def _rewritten(conn: Connection, name: str, how: str) -> bool:
    """Rewrite a relation; return whether it has another file now: a refusal is but a warning."""
    before = _files(conn, name)
    conn.exec_driver_sql(f"VACUUM ({how}) {name}".replace("%", "%%"))
    after = _files(conn, name)
    return all(file is None or after.get(part) != file for part, file in before.items())


def _files(conn: Connection, name: str) -> dict[int, int | None]:
    """Return the file of a relation, or of each of its partitions."""
    rows = conn.exec_driver_sql(
        "SELECT part::int8, pg_relation_filenode(part) FROM (SELECT CAST(%s AS regclass) AS part"
        " UNION SELECT relid FROM pg_partition_tree(CAST(%s AS regclass)) WHERE isleaf) AS parts",
        (name, name),
    )
    return {row[0]: row[1] for row in rows}


def _statistics(conn: Connection) -> list[str]:
    """Return the catalogs in which the planner keeps values it has seen."""
    extended = conn.exec_driver_sql("SELECT count(*) FROM pg_statistic_ext").scalar_one()
    more = ["pg_catalog.pg_statistic_ext_data"] if extended else []
    return ["pg_catalog.pg_statistic", *more]


# the log


def _log_gone(conn: Connection) -> bool:
    """Switch the log to new segments and return whether none is left that may hold old values.

    A recycled segment waits under a future name with its old content, so none of those either.
    """
    role = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    if not conn.exec_driver_sql(role).scalar_one():
        return False
    start = str(conn.exec_driver_sql("SELECT pg_current_wal_lsn()").scalar_one())
    for _ in range(ROUNDS):
        conn.exec_driver_sql("SELECT pg_switch_wal()").scalar_one()
        conn.exec_driver_sql("CHECKPOINT")
    kept = conn.exec_driver_sql(
        "SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND"
        " (name <= pg_walfile_name(%s::pg_lsn) OR name > pg_walfile_name(pg_current_wal_lsn()))",
        (start,),
    ).scalar_one()
    return not kept and not writes_statements(conn)


def writes_statements(conn: Connection) -> str:
    """Return the settings by which statements, and values in them, reach the server's log."""
    found = []
    if setting(conn, "log_statement") in ("mod", "all"):
        found.append("log_statement")
    if setting(conn, "log_min_duration_statement") != "-1":
        found.append("log_min_duration_statement")
    if setting(conn, "log_min_error_statement") not in ("fatal", "panic"):
        found.append("log_min_error_statement")
    return ", ".join(found)


def setting(conn: Connection, name: str) -> str:
    """Return a setting of the server as text."""
    return str(conn.exec_driver_sql(f"SHOW {name}").scalar_one())


STEPS = (
    "ALTER SYSTEM SET wal_recycle = off; ALTER SYSTEM SET min_wal_size = '32MB';"
    " SELECT pg_reload_conf();",
    "SELECT pg_switch_wal(); CHECKPOINT;  -- three times",
    "Look at pg_ls_waldir(): no segment may be older than the erasure, or lie ahead of"
    " pg_current_wal_lsn().",
    "Let archived segments, base backups and replicas end or be rebuilt.",
)
"""What only somebody who runs the server can do about its log and copies."""
