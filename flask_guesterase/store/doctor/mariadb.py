"""MariaDB: what can be seen of deleted bytes, statistics and logs, as frozen values."""

from __future__ import annotations

from sqlalchemy import Connection

from ...core.certificate import Level
from ..depth.mariadb import SCRUB, setting
from .look import Looks, Seen

GRANT = "Let an account with the right (SELECT on mysql.*, or PROCESS) run this once."


def _scrub(conn: Connection) -> Seen:
    return (
        bool(setting(conn, SCRUB)),
        f"{SCRUB} is {'ON' if setting(conn, SCRUB) else 'OFF'}.",
        f"Set {SCRUB} = ON in the server's configuration: without it purging leaves the bytes of "
        "deleted rows in their pages.",
    )


def _own_files(conn: Connection) -> Seen:
    return (
        bool(setting(conn, "innodb_file_per_table")),
        f"innodb_file_per_table is {'ON' if setting(conn, 'innodb_file_per_table') else 'OFF'}.",
        "Set innodb_file_per_table = ON and rewrite the tables with OPTIMIZE TABLE.",
    )


def _purge(conn: Connection) -> Seen:
    asked = "SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'"
    length = int(conn.exec_driver_sql(asked).one()[1])
    return (
        length == 0,
        f"{length} old versions of rows wait to be purged.",
        "It shrinks by itself when no transaction stays open; to wait for it: SET GLOBAL "
        "innodb_max_purge_lag_wait = 0.",
    )


def _statistics(conn: Connection) -> Seen:
    asked = "SELECT count(DISTINCT table_name) FROM mysql.column_stats WHERE db_name = DATABASE()"
    many = conn.exec_driver_sql(asked).scalar_one()
    return (
        not many,
        f"Statistics of {many} tables in mysql.column_stats may hold values that are gone.",
        "ANALYZE TABLE ... PERSISTENT FOR ALL, then ALTER TABLE mysql.column_stats FORCE; "
        "`flask guesterase physical --table NAME` does both for a table.",
    )


def _binlog(conn: Connection) -> Seen:
    if not setting(conn, "log_bin"):
        return True, "There is no binary log.", ""
    seconds = int(setting(conn, "binlog_expire_logs_seconds"))
    kept = f"for {seconds // 86400} days" if seconds else "for ever"
    return (
        False,
        f"The binary log keeps every changed row {kept}.",
        "Let it end soon (binlog_expire_logs_seconds), PURGE BINARY LOGS when nobody needs it, and "
        "count its days in GUESTERASE_BACKUP_DAYS.",
    )


def _statements(conn: Connection) -> Seen:
    found = [n for n in ("general_log", "slow_query_log") if setting(conn, n)]
    return (
        not found,
        f"Statements reach a log with their values: {', '.join(found)}."
        if found else "Statements do not reach a log.",
        "Turn these logs off, and let old files end.",
    )  # fmt: skip


def _undo(conn: Connection) -> Seen:
    spaces = int(setting(conn, "innodb_undo_tablespaces"))
    shrinks = bool(setting(conn, "innodb_undo_log_truncate"))
    return (
        shrinks and spaces >= 2,
        f"innodb_undo_log_truncate is {'ON' if shrinks else 'OFF'}, with {spaces} undo files.",
        "Set innodb_undo_log_truncate = ON and innodb_undo_tablespaces = 2 or more.",
    )


def _redo(conn: Connection) -> Seen:
    size = int(setting(conn, "innodb_log_file_size")) >> 20
    return (
        None,
        f"The redo log of {size} MiB keeps erased rows until it is written over; nobody can see "
        "when that was.",
        "SET GLOBAL innodb_log_file_size to another size makes it anew.",
    )


LOOKS: Looks = {
    "scrubbing": (Level.FILES, _scrub),
    "file-per-table": (Level.FILES, _own_files),
    "purge-lag": (Level.FILES, _purge),
    "column-statistics": (Level.FILES, _statistics),
    "undo-log": (Level.LOGS, _undo),
    "redo-log": (Level.LOGS, _redo),
    "binary-log": (Level.LOGS, _binlog),
    "statement-log": (Level.LOGS, _statements),
}
