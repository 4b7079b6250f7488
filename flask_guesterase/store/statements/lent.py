"""A session of the host's on MariaDB, lent to us for one transaction and given back as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from .sql import MARIADB

LOCK_SECONDS = 2
"""How long a transaction of ours waits for a lock, on every engine."""

SESSION = {
    "innodb_lock_wait_timeout": str(LOCK_SECONDS),
    "lock_wait_timeout": str(LOCK_SECONDS),
    "time_zone": "'+00:00'",
    "sql_mode": "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
    # What a house sets for people at a console: rows beyond so many are left out without a word,
    # and changes by anything but a key, or joins of many rows, are refused.
    "sql_select_limit": "18446744073709551615",
    "sql_safe_updates": "0",
    "sql_big_selects": "1",
}
"""MariaDB has no SET LOCAL: what we set is put back before the pool gets the connection."""

_LENT = "guesterase_lent"
"""How often a driver's connection is lent right now."""

_IN_TRANSACTION = 1
"""A bit of what a server says of a session with each answer."""


@contextmanager
def lent(conn: Connection, dialect: str) -> Iterator[None]:
    """Let a session of MariaDB be as ours need it, and as the host had it at the end.

    By the driver, in a message each: every transaction comes by here, and what SQLAlchemy sends
    begins one that is to be rolled back.
    """
    if dialect not in MARIADB:
        yield
        return
    raw: Any = conn.connection.dbapi_connection
    wanted = SESSION | _of_transactions(conn)
    # A pool of one connection may lend it once more meanwhile.
    info, mine = conn.info, f"@guesterase_{conn.info.get(_LENT, 0)}"
    # All that is to be kept is read before anything is set.
    keep = [f"{mine}_{name} = @@SESSION.{name}" for name in wanted]
    change = [f"SESSION {name} = {value}" for name, value in wanted.items()]
    back = "SET " + ", ".join(f"SESSION {name} = {mine}_{name}" for name in wanted)
    _send(conn, raw, "SET " + ", ".join([*keep, *change]))
    info[_LENT] = info.get(_LENT, 0) + 1
    try:
        if getattr(raw, "server_status", 1) & _IN_TRANSACTION:
            # A listener of the host's began something as the pool gave this connection out.
            conn.begin().rollback()
        yield
    finally:
        info[_LENT] = info.get(_LENT, 1) - 1
        put_back(conn, lambda: _sent(conn, raw, back))


def _send(conn: Connection, raw: Any, statement: str) -> None:
    """Send a statement by the driver; what goes wrong is told as SQLAlchemy tells it."""
    try:
        _sent(conn, raw, statement)
    except conn.dialect.loaded_dbapi.Error:
        conn.exec_driver_sql(statement)
        conn.rollback()


def _sent(conn: Connection, raw: Any, statement: str) -> None:
    try:
        cursor = raw.cursor()
        try:
            cursor.execute(statement)
        finally:
            cursor.close()
    except conn.dialect.loaded_dbapi.Error:
        raise
    except BaseException:
        # Who was interrupted does not know how far it came; nobody else is to have this session.
        conn.invalidate()
        raise


def _of_transactions(conn: Connection) -> dict[str, str]:
    """Return what is set of transactions themselves: MariaDB had names of its own for it.

    Whether they only read stays as it is in this session; so set, it holds for the next one too.
    """
    dialect: Any = conn.dialect
    old = dialect.is_mariadb and (dialect.server_version_info or ()) < (11, 1)
    kind = "tx" if old else "transaction"
    return {
        f"{kind}_isolation": "'READ-COMMITTED'",
        f"{kind}_read_only": f"@@SESSION.{kind}_read_only",
    }


def put_back(conn: Connection, what: Callable[[], object]) -> None:
    """Make a connection as the host had it, or give it up where that cannot be done any more.

    What was committed by then was: nobody may be told that nothing was changed.
    """
    if conn.closed or conn.invalidated:
        return
    try:
        what()
        conn.rollback()
    except (DBAPIError, conn.dialect.loaded_dbapi.Error):
        conn.invalidate()
