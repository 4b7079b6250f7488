"""PostgreSQL: what can be seen of old rows, statistics, logs and copies, as frozen values."""

from __future__ import annotations

from sqlalchemy import Connection

from ...core.certificate import Level
from ..depth.postgresql import setting, writes_statements
from .look import Looks, Seen, named

GRANT = "GRANT pg_monitor TO the application's account."
OLD_SECONDS = 60
"""Seconds after which a transaction is no passing one."""


def _dead(conn: Connection) -> Seen:
    rows = conn.exec_driver_sql(
        "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE n_dead_tup > 0"
        " ORDER BY n_dead_tup DESC"
    ).all()
    return (
        not rows,
        f"{sum(row[1] for row in rows)} dead rows keep old values: {named(r[0] for r in rows)}."
        if rows else "No table has dead rows.",
        "Run `flask guesterase physical --table NAME` where erased people were.",
    )  # fmt: skip


def _snapshots(conn: Connection) -> Seen:
    many, seconds = conn.exec_driver_sql(
        "SELECT count(*), coalesce(max(extract(epoch FROM now() - xact_start)), 0)::bigint"
        " FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)"
    ).one()
    return (
        seconds < OLD_SECONDS,
        f"{many} other transactions are open; the oldest is {seconds} seconds old.",
        "Old snapshots keep erased rows in the files: end transactions that stay open, and set "
        "idle_in_transaction_session_timeout.",
    )


def _prepared(conn: Connection) -> Seen:
    many = conn.exec_driver_sql("SELECT count(*) FROM pg_prepared_xacts").scalar_one()
    return (
        not many,
        f"{many} prepared transactions wait for their second half.",
        "COMMIT PREPARED or ROLLBACK PREPARED them: they keep erased rows in the files.",
    )


def _slots(conn: Connection) -> Seen:
    many = conn.exec_driver_sql("SELECT count(*) FROM pg_replication_slots").scalar_one()
    return (
        not many,
        f"{many} replication slots keep log segments, and may keep old rows.",
        "Drop slots nobody reads; what the others keep goes when their reader has read on.",
    )


def _statistics(conn: Connection) -> Seen:
    names = conn.exec_driver_sql(
        "SELECT relname FROM pg_stat_user_tables t WHERE n_mod_since_analyze > 0 AND EXISTS"
        " (SELECT 1 FROM pg_stats s WHERE s.schemaname = t.schemaname AND s.tablename = t.relname"
        " AND (s.most_common_vals IS NOT NULL OR s.histogram_bounds IS NOT NULL))"
        " ORDER BY relname"
    ).scalars().all()  # fmt: skip
    return (
        not names,
        f"Planner statistics may show values that are gone: {named(names)}."
        if names else "Planner statistics are as new as their tables.",
        "ANALYZE these tables.",
    )  # fmt: skip


def _statements(conn: Connection) -> Seen:
    found = writes_statements(conn)
    return (
        not found,
        f"Statements reach the server's log with their values: {found}."
        if found else "Statements do not reach the server's log.",
        "Set log_statement = none, log_min_duration_statement = -1 and log_min_error_statement = "
        "fatal, and let old log files end.",
    )  # fmt: skip


def _recycle(conn: Connection) -> Seen:
    return (
        setting(conn, "wal_recycle") == "off",
        f"wal_recycle is {setting(conn, 'wal_recycle')}.",
        "ALTER SYSTEM SET wal_recycle = off: a recycled segment keeps its old content until it is "
        "written over.",
    )


def _archive(conn: Connection) -> Seen:
    mode = setting(conn, "archive_mode")
    return (
        mode == "off",
        f"archive_mode is {mode}.",
        "Archived segments hold every erased row: let them end after a known number of days, and "
        "count these in GUESTERASE_BACKUP_DAYS.",
    )


def _replicas(conn: Connection) -> Seen:
    many = conn.exec_driver_sql("SELECT count(*) FROM pg_stat_replication").scalar_one()
    return (
        not many,
        f"{many} replicas, or base backups under way, are connected.",
        "Their files and logs hold what this server's held; they follow when they have replayed.",
    )


LOOKS: Looks = {
    "dead-rows": (Level.FILES, _dead),
    "old-snapshots": (Level.FILES, _snapshots),
    "prepared-transactions": (Level.FILES, _prepared),
    "planner-statistics": (Level.FILES, _statistics),
    "replication-slots": (Level.LOGS, _slots),
    "statement-log": (Level.LOGS, _statements),
    "wal-recycling": (Level.LOGS, _recycle),
    "log-archive": (Level.COPIES, _archive),
    "replicas": (Level.COPIES, _replicas),
}
