"""Where a transaction of ours is opened and committed: on a connection that is not the host's."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from ..core.errors import BusyError, ErasureError, GuesteraseError, RetryableError, SetupError
from .mapping.crossing import ALONE, Binds, Crossing, binds_of
from .statements.connection import give_back, take
from .statements.failure import is_stale, translated, unsure
from .statements.lent import LOCK_SECONDS, lent, put_back

_PAUSE_SECONDS = 0.05

WRITES = "guesterase_writes"
"""Execution option of our connections: whether what is written there will be committed."""


@contextmanager
def transaction(
    engine: Engine, write: bool = True, binds: Binds = ALONE
) -> Iterator[Connection]:
    """Open a transaction on a connection that is not the host's, and commit it at the end.

    READ COMMITTED with a lock time-out on PostgreSQL and MariaDB, ``BEGIN IMMEDIATE`` on SQLite.

    :param engine: the host's engine.
    :param write: False takes no write lock on SQLite and rolls back at the end.
    :param binds: the host's other databases; what is written there is committed right after.
    :raises BusyError: the engine can only give the host's own connection while it has something
        pending, or somebody else's transaction holds what is needed.
    """
    with (
        _settled() as others, _connected(engine, write, binds) as conn,
        _isolated(conn, engine.dialect.name, write) as isolated,
    ):
        others.append(conn)
        yield isolated
        if isinstance(conn, Crossing):
            conn.go_ahead()


@contextmanager
def _settled() -> Iterator[list[Connection]]:
    """Let the other databases follow the default one: committed after it, or rolled back."""
    opened: list[Connection] = []
    try:
        yield opened
    except BaseException as problem:
        for conn in opened:
            if isinstance(conn, Crossing):
                conn.drop(problem)
        raise
    for conn in opened:
        if isinstance(conn, Crossing):
            conn.settle()


@contextmanager
def outside(engine: Engine) -> Iterator[Connection]:
    """Open a connection that is not the host's, on which each statement commits by itself.

    For what no transaction may hold (``VACUUM``, ``OPTIMIZE TABLE``, a checkpoint of the log) and
    for looks of which one may fail without the others. Locks are waited for as in `transaction`.

    :param engine: the host's engine.
    :raises BusyError: the engine can only give the host's own connection while it has something
        pending, or somebody else's transaction holds what is needed.
    """
    dialect = engine.dialect.name
    with _connected(engine, True) as conn:
        if dialect == "sqlite":
            with _sqlite(conn, write=False, each=True):
                yield conn
            return
        raw: Any = conn.connection.dbapi_connection
        with _by_driver(conn):
            if dialect == "postgresql" and _is_begun(raw):
                # What a listener of the host's set for the session in there is to last.
                raw.commit()
            conn = conn.execution_options(isolation_level="AUTOCOMMIT")
        with _session_settings(conn) if dialect == "postgresql" else lent(conn, dialect):
            yield conn


@contextmanager
def _connected(engine: Engine, write: bool, binds: Binds = ALONE) -> Iterator[Connection]:
    """Take a connection that is not the host's; what a driver raises on it is translated."""
    try:
        _refuse_the_hosts_own(engine)
        crossing = bool(binds.engines)
        conn = Crossing(engine, binds, transaction) if crossing else take(engine)
    except PoolTimeoutError:
        raise BusyError(
            "No database connection was free.",
            "Raise the pool size by one, or commit before calling this.",
        ) from None
    except DBAPIError as raised:
        raise translated(raised) from None
    conn = conn.execution_options(**{WRITES: write})
    problem: GuesteraseError | None = None
    try:
        if isinstance(engine.pool, SingletonThreadPool):
            _refuse_open(conn.connection.dbapi_connection)
        # What a listener of the host's began as it was given out.
        conn.rollback()
        yield conn
    except DBAPIError as raised:
        if is_stale(raised):
            conn.invalidate()
        problem = unsure(raised) if write else translated(raised)
    except StatementError as raised:
        problem = ErasureError(
            f"A value does not fit its column ({type(raised.orig).__name__}).",
            "Look at the rules of the tables in the plan; nothing was changed.",
        )
    finally:
        give_back(conn)
    if problem is not None:
        raise problem from None


@contextmanager
def _isolated(conn: Connection, dialect: str, write: bool) -> Iterator[Connection]:
    if dialect == "sqlite":
        with _sqlite(conn, write):
            yield conn
        return
    if commits_alone(conn.connection.dbapi_connection):
        with _by_driver(conn):
            conn = conn.execution_options(isolation_level="READ COMMITTED")
    begun = dialect == "postgresql" and _is_begun(conn.connection.dbapi_connection)
    with lent(conn, dialect), _level(conn) as levelled, conn.begin() as running:
        if begun:
            _require_level(conn)
        if dialect == "postgresql" and not levelled:
            conn.exec_driver_sql(_LEVEL)
        for statement in _LOCAL.get(dialect, ()):
            conn.exec_driver_sql(statement)
        try:
            yield conn
        except BaseException:
            # Why it is rolled back is told, not that the server did it first.
            with suppress(DBAPIError):
                running.rollback()
            raise
        if not write:
            running.rollback()


@contextmanager
def _by_driver(conn: Connection) -> Iterator[None]:
    """Say how a connection commits, of which SQLAlchemy lets the driver's own errors through.

    :raises DBAPIError: the connection died in the pool.
    """
    raw: Any = conn.connection.dbapi_connection
    try:
        yield
    except conn.dialect.loaded_dbapi.Error as raised:
        gone = conn.dialect.is_disconnect(raised, raw, None)
        raise DBAPIError("", None, raised, connection_invalidated=gone) from None


def writes(conn: Connection) -> bool:
    """Return whether what is written on a connection will be committed."""
    return bool(conn.get_execution_options().get(WRITES, True))


def alone(conn: Connection) -> bool:
    """Return whether nobody else can write as long as this transaction is open.

    So it is on SQLite, where a transaction of ours that writes locks the whole file.
    """
    if binds_of(conn).engines or conn.dialect.name != "sqlite":
        return False
    return bool(conn.get_execution_options().get(WRITES))


def commits_alone(raw: Any) -> bool:
    """Return whether the host's engine commits each statement by itself.

    :param raw: a driver's connection.
    """
    if hasattr(raw, "get_autocommit"):
        return bool(raw.get_autocommit())
    return bool(getattr(raw, "autocommit", False))


_LEVEL = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
"""Of this one transaction: the session's own level may be one chosen past the driver."""

_LOCAL = {
    "postgresql": (
        f"SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true),"
        " set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true),"
        " set_config('IntervalStyle', 'postgres', true), set_config('bytea_output', 'hex', true),"
        " set_config('extra_float_digits', '1', true)",
    ),
}

_ALONE = {"lock_timeout": f"'{LOCK_SECONDS}s'"}
"""PostgreSQL outside a transaction, where SET LOCAL ends with its own statement."""


@contextmanager
def _level(conn: Connection) -> Iterator[bool]:
    """Let a transaction on PostgreSQL begin with its level, which nothing changes any more once a
    listener of the host's has read.

    Yields whether it has that level then: a listener may choose another one as it begins, or
    before its first statement.
    """
    raw: Any = conn.connection.dbapi_connection
    if conn.dialect.name != "postgresql" or not hasattr(raw, "isolation_level") or _is_open(raw):
        yield False
        return
    before = raw.isolation_level
    conn.dialect.set_isolation_level(raw, "READ COMMITTED")
    try:
        yield not (conn.dispatch.begin or conn.dispatch.before_cursor_execute)
    finally:
        put_back(conn, lambda: setattr(raw, "isolation_level", before))


def _is_begun(raw: Any) -> bool:
    """Return whether a listener of the host's left a transaction open as the pool gave a driver's
    connection of PostgreSQL out.
    """
    return hasattr(raw, "info") and int(raw.info.transaction_status) != 0


def _require_level(conn: Connection) -> None:
    """Go on only where a transaction that somebody else began has the level of ours.

    :raises SetupError: it has another one, which nothing changes any more.
    """
    if conn.exec_driver_sql("SHOW transaction_isolation").scalar() != "read committed":
        raise SetupError(
            "A listener of the application's leaves a transaction open at checkout from the pool, "
            "at another level than READ COMMITTED.",
            "Let it commit, or roll back, what it begins.",
        )


@contextmanager
def _session_settings(conn: Connection) -> Iterator[None]:
    """Let locks be waited for as in `transaction`, where each statement commits by itself."""
    read = ", ".join(f"current_setting('{name}')" for name in _ALONE)
    back = "SELECT " + ", ".join(f"set_config('{name}', %s, false)" for name in _ALONE)
    before = tuple(conn.exec_driver_sql(f"SELECT {read}").one())
    for name, value in _ALONE.items():
        conn.exec_driver_sql(f"SET SESSION {name} = {value}")
    conn.rollback()
    try:
        yield
    finally:
        put_back(conn, lambda: conn.exec_driver_sql(back, before))


_AS_BEFORE = -1
"""sqlite3.LEGACY_TRANSACTION_CONTROL, which Python 3.11 does not know."""


@contextmanager
def _sqlite(conn: Connection, write: bool, each: bool = False) -> Iterator[None]:
    """Open a transaction on SQLite, or let each statement commit by itself."""
    raw: Any = conn.connection.dbapi_connection
    # By the driver, which is ten times as quick: every transaction comes by here.
    before = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    secure = raw.execute("PRAGMA secure_delete").fetchone()[0]
    raw.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    raw.execute("PRAGMA secure_delete = ON")
    conn.rollback()
    # Whatever a listener of the host's begins here is ended below.
    conn.begin()
    level = raw.isolation_level
    # Since Python 3.12 a host may have sqlite3 open transactions as PEP 249 says; ours is explicit.
    by_driver = getattr(raw, "autocommit", True) is False
    try:
        if raw.in_transaction:
            raw.rollback()
        if by_driver:
            raw.autocommit = True if write or each else _AS_BEFORE
        if write:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        elif not each and level is None:
            # A transaction that only reads has no BEGIN; what writes in it all the same gets one.
            raw.isolation_level = "DEFERRED"
        yield
        if write:
            conn.exec_driver_sql("COMMIT")
    finally:
        if not conn.closed and not conn.invalidated:
            if raw.in_transaction:
                conn.exec_driver_sql("ROLLBACK")
            raw.isolation_level = level
            conn.rollback()
            raw.execute(f"PRAGMA busy_timeout = {before}")
            raw.execute(f"PRAGMA secure_delete = {'FAST' if secure == 2 else secure}")
            if by_driver:
                raw.autocommit = False


def _refuse_the_hosts_own(engine: Engine) -> None:
    """Raise when the pool can only hand out the connection the host is using right now.

    Looked at before it is taken from the pool: giving it back would roll back what is pending.
    """
    if isinstance(engine.pool, StaticPool):
        _refuse_open(engine.pool.connection.dbapi_connection)


def _refuse_open(raw: Any) -> None:
    if _is_open(raw):
        raise BusyError(
            "This engine shares one connection with the host, which has a transaction open on it.",
            "Commit or roll back the session first, or use a pool that gives more than one "
            "connection.",
        )


def _is_open(raw: Any) -> bool:
    """Return whether a driver's connection has a transaction open; True when it does not tell."""
    if hasattr(raw, "in_transaction"):
        return bool(raw.in_transaction)
    if hasattr(raw, "info"):
        return int(raw.info.transaction_status) != 0
    return bool(getattr(raw, "server_status", 1) & 1)


def again(
    unit: Callable[[], Any], tries: int = 3, met: type[BusyError] = RetryableError
) -> Any:
    """Run a unit of work, and after a deadlock once more from its beginning.

    :param unit: callable that opens its own transaction.
    :param tries: how often at most; between them a short pause.
    :param met: after what it is run once more; a lock is waited for in each run by itself.
    """
    attempt = 1
    while True:
        try:
            return unit()
        except met:
            if attempt >= tries:
                raise
        # Whoever begins anew at once takes the lock the other has not woken up for, and meets it
        # again.
        time.sleep(_PAUSE_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        attempt += 1
