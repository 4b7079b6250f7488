"""MariaDB: rewrite tables without the bytes of erased rows, and say what remains.

Measured on MariaDB 11.8, InnoDB: purging leaves most of a deleted row's bytes in its page unless
``innodb_immediate_scrub_data_uncompressed`` is ON; OPTIMIZE TABLE removes them in any case, also
while a snapshot is held. Undo, redo and binary log keep them longer, and so may
``mysql.column_stats``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from ...core.certificate import Level
from ...core.depth import Evidence, Reached
from ...core.errors import BusyError, ErasureError, SetupError
from ..statements.sql import quoted

SCRUB = "innodb_immediate_scrub_data_uncompressed"


def rewrite(conn: Connection, tables: Sequence[Table], logs: bool = False) -> Reached:
    """Rewrite tables so that the bytes of erased rows leave the data files.

    Each is locked for a moment at the beginning and at the end; writers wait no longer.

    :param conn: a connection outside any transaction.
    :param tables: tables whose rows were erased before this is called.
    :param logs: without effect: nothing that an account may do empties this engine's logs surely.
    :raises BusyError: a table is in use.
    :raises SetupError: a table is not of a kind that this is known of.
    """
    for table in tables:
        _refuse_unknown(conn, table)
    scrub(conn)
    for table in tables:
        _done(conn, f"OPTIMIZE TABLE {quoted(conn.dialect, table)}")
    return _statistics(conn, tables)


def scrub(conn: Connection) -> bool:
    """Let purging overwrite the bytes of deleted rows from now on; return whether it does.

    It takes the right to set global variables, and ends with the server.
    """
    if setting(conn, SCRUB):
        return True
    try:
        conn.exec_driver_sql(f"SET GLOBAL {SCRUB} = ON")
    except DBAPIError as problem:
        if problem.connection_invalidated:
            raise
        return False
    return True


def _refuse_unknown(conn: Connection, table: Table) -> None:
    asked = (
        "SELECT engine FROM information_schema.tables"
        " WHERE table_schema = coalesce(%s, DATABASE()) AND table_name = %s"
    )
    kind = conn.exec_driver_sql(asked, (table.schema, table.name)).scalar_one_or_none()
    if str(kind).lower() != "innodb" or not setting(conn, "innodb_file_per_table"):
        raise SetupError(
            f"{table.fullname} is not an InnoDB table in a file of its own.",
            "Convert it with ALTER TABLE ... ENGINE=InnoDB and innodb_file_per_table=ON.",
        )


def _done(conn: Connection, statement: str) -> None:
    """Run a statement that answers with rows, and says there when it could not be done."""
    rows: Sequence[Any] = conn.exec_driver_sql(statement.replace("%", "%%")).all()
    told = [str(row[3]) for row in rows]
    if any("Lock wait timeout" in line for line in told):
        raise BusyError("A table is in use.", "Try again when nobody holds it.")
    if told[-1] != "OK":
        raise ErasureError(
            "The database could not rewrite a table.",
            "Look at the account's rights and at room on the disk; then try again.",
        )


def _statistics(conn: Connection, tables: Sequence[Table]) -> Reached:
    """Renew statistics the planner keeps of these tables, where there are any."""
    asked = (
        "SELECT count(*) FROM mysql.column_stats"
        " WHERE db_name = coalesce(%s, DATABASE()) AND table_name = %s"
    )
    why = Evidence.STATISTICS_UNKNOWN
    try:
        kept = [t for t in tables if conn.exec_driver_sql(asked, (t.schema, t.name)).scalar_one()]
        why = Evidence.STATISTICS_LEFT
        for table in kept:
            _done(conn, f"ANALYZE TABLE {quoted(conn.dialect, table)} PERSISTENT FOR ALL")
        if kept:
            # OPTIMIZE leaves bytes of old statistics in this table's file; a copy does not.
            conn.exec_driver_sql("ALTER TABLE mysql.column_stats FORCE")
    except (DBAPIError, ErasureError) as problem:
        if isinstance(problem, DBAPIError) and problem.connection_invalidated:
            raise
        return Reached(Level.LOGICAL, (why,))
    return Reached(Level.FILES, (Evidence.REWRITTEN, Evidence.STATISTICS))


def setting(conn: Connection, name: str) -> Any:
    """Return a global variable of the server."""
    return conn.exec_driver_sql(f"SELECT @@global.{name}").scalar_one()


STEPS = (
    f"Put {SCRUB} = ON into the server's configuration: what was set now ends with the server.",
    "SET GLOBAL innodb_max_purge_lag_wait = 0; SET GLOBAL innodb_log_checkpoint_now = ON;",
    "SET GLOBAL innodb_undo_log_truncate = ON;  -- undo files shrink when they are purged",
    "SET GLOBAL innodb_log_file_size = <another size>;  -- makes the redo log anew",
    "PURGE BINARY LOGS BEFORE NOW();  -- when no replica and no backup needs them",
    "Let general log, slow log, backups and replicas end or be rebuilt.",
)
"""What only somebody who runs the server can do about its logs and copies."""
