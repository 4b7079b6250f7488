"""One transaction of ours, and the only place where one is opened and committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from ..core.errors import BusyError
from .settings import Settings

if TYPE_CHECKING:
    from ..core.events import Event
    from .custodian import FolderCustodian
    from .datamap import DataMap

LOCK_SECONDS = 2

Authorize = Callable[[str, str, str], bool]
"""Answers whether a user (id) has a permission at a property (code)."""


@dataclass
class Work:
    """What every use case is given: one open transaction and what it may rely on.

    :param conn: connection with an open transaction; nobody but `begin` commits it.
    :param now: aware UTC time, the same for the whole transaction.
    :param settings: the operator's settings.
    :param datamap: the resolved data map.
    :param custodian: who holds the keys.
    :param authorize: the host's answer to who may do what; denies by default.
    :param events: what happened, journaled last and announced after the commit.
    """

    conn: Connection
    now: datetime
    settings: Settings
    datamap: DataMap
    custodian: FolderCustodian
    authorize: Authorize
    events: list[Event] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)

    @property
    def stamp(self) -> datetime:
        """Return the time of this transaction as our tables keep it: UTC without a zone."""
        return self.now.replace(tzinfo=None, microsecond=0)

    @property
    def today(self) -> str:
        """Return the UTC day of this transaction, ISO."""
        return self.now.date().isoformat()


@contextmanager
def transaction(engine: Engine, write: bool = True) -> Iterator[Connection]:
    """Open a transaction on a connection that is not the host's, and commit it at the end.

    READ COMMITTED with a lock time-out on PostgreSQL and MariaDB, ``BEGIN IMMEDIATE`` on SQLite.

    :param engine: the host's engine.
    :param write: False takes no write lock on SQLite and rolls back at the end.
    :raises BusyError: the engine can only give the host's own connection while it has something
        pending, or somebody else's transaction holds what is needed.
    """
    dialect = engine.dialect.name
    try:
        conn = engine.connect()
    except PoolTimeoutError:
        raise BusyError(
            "No database connection was free.",
            "Raise the pool size by one, or commit before calling this.",
        ) from None
    try:
        _refuse_the_hosts_own(engine, conn)
        with _isolated(conn, dialect, write) as isolated:
            yield isolated
    except OperationalError as problem:
        if is_lock(problem):
            raise BusyError(
                "Another transaction holds the rows that are needed.",
                "Commit or roll back what is pending, the host's own session included; "
                "then try again.",
            ) from None
        raise
    finally:
        conn.close()


@contextmanager
def _isolated(conn: Connection, dialect: str, write: bool) -> Iterator[Connection]:
    if dialect == "sqlite":
        with _sqlite(conn, write):
            yield conn
        return
    conn = conn.execution_options(isolation_level="READ COMMITTED")
    with _session_settings(conn, _SESSION if dialect in MARIADB else {}):
        with conn.begin() as running:
            for statement in _LOCAL.get(dialect, ()):
                conn.exec_driver_sql(statement)
            yield conn
            if not write:
                running.rollback()


MARIADB = frozenset({"mysql", "mariadb"})

_LOCAL = {
    "postgresql": (
        f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
        "SET LOCAL TimeZone = 'UTC'",
        "SET LOCAL DateStyle = 'ISO, YMD'",
        "SET LOCAL IntervalStyle = 'postgres'",
        "SET LOCAL bytea_output = 'hex'",
        "SET LOCAL extra_float_digits = 1",
    ),
}

_SESSION = {
    "innodb_lock_wait_timeout": str(LOCK_SECONDS),
    "lock_wait_timeout": str(LOCK_SECONDS),
    "time_zone": "'+00:00'",
    "sql_mode": "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
}
"""MariaDB has no SET LOCAL: what we set is put back before the pool gets the connection."""


@contextmanager
def _session_settings(conn: Connection, wanted: dict[str, str]) -> Iterator[None]:
    before = {}
    for name, value in wanted.items():
        before[name] = conn.exec_driver_sql(f"SELECT @@SESSION.{name}").scalar_one()
        conn.exec_driver_sql(f"SET SESSION {name} = {value}")
    conn.rollback()
    try:
        yield
    finally:
        if not conn.closed and not conn.invalidated:
            for name, value in before.items():
                conn.exec_driver_sql(f"SET SESSION {name} = %s", (value,))
            conn.rollback()


@contextmanager
def _sqlite(conn: Connection, write: bool) -> Iterator[None]:
    before = conn.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    secure = conn.exec_driver_sql("PRAGMA secure_delete").scalar_one()
    conn.rollback()
    conn.exec_driver_sql(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")
    conn.exec_driver_sql("PRAGMA secure_delete = ON")
    raw: Any = conn.connection.dbapi_connection
    try:
        if raw.in_transaction:
            raw.rollback()
        if write:
            conn.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        if write:
            conn.commit()
        else:
            conn.rollback()
    except BaseException:
        conn.rollback()
        raise
    finally:
        if not conn.closed and not conn.invalidated:
            conn.exec_driver_sql(f"PRAGMA busy_timeout = {before}")
            conn.exec_driver_sql(f"PRAGMA secure_delete = {secure}")
            conn.rollback()


def _refuse_the_hosts_own(engine: Engine, conn: Connection) -> None:
    """Raise when the pool can only hand out the connection the host is using right now."""
    if not isinstance(engine.pool, (StaticPool, SingletonThreadPool)):
        return
    raw: Any = conn.connection.dbapi_connection
    if engine.dialect.name == "sqlite" and not raw.in_transaction:
        return
    raise BusyError(
        "This engine shares one connection with the host, which has a transaction open on it.",
        "Commit or roll back the session first, or use a pool that gives more than one "
        "connection.",
    )


_RETRY_STATES = frozenset({"40001", "40P01"})
_LOCK_STATES = frozenset({"55P03"})
_RETRY_NUMBERS = frozenset({1213, 1020})
_LOCK_NUMBERS = frozenset({1205})


def is_retryable(problem: BaseException) -> bool:
    """Return whether the whole unit may succeed when run again: deadlock, serialisation."""
    if not isinstance(problem, DBAPIError):
        return False
    return _state(problem) in _RETRY_STATES or _number(problem) in _RETRY_NUMBERS


def is_lock(problem: BaseException) -> bool:
    """Return whether a lock was not given in time."""
    if not isinstance(problem, DBAPIError):
        return False
    if "database is locked" in str(problem.orig) or "table is locked" in str(problem.orig):
        return True
    return _state(problem) in _LOCK_STATES or _number(problem) in _LOCK_NUMBERS


def _state(problem: DBAPIError) -> str:
    return str(getattr(problem.orig, "sqlstate", "") or "")


def _number(problem: DBAPIError) -> int:
    args = getattr(problem.orig, "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


def again(unit: Callable[[], Any], tries: int = 3) -> Any:
    """Run a unit of work, and once more from its beginning after a deadlock.

    :param unit: callable that opens its own transaction.
    :param tries: how often at most.
    """
    attempt = 1
    while True:
        try:
            return unit()
        except DBAPIError as problem:
            if attempt >= tries or not is_retryable(problem):
                raise
        attempt += 1
