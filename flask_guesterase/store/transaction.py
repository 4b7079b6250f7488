"""Where a transaction of ours is opened and committed: on a connection that is not the host's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from ..core.errors import BusyError, ErasureError, GuesteraseError, RetryableError, SetupError

LOCK_SECONDS = 2


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
    except DBAPIError as raised:
        raise translated(raised) from None
    problem: GuesteraseError | None = None
    try:
        _refuse_the_hosts_own(engine, conn)
        with _isolated(conn, dialect, write) as isolated:
            yield isolated
    except DBAPIError as raised:
        problem = translated(raised)
    except StatementError as raised:
        problem = ErasureError(
            f"A value does not fit its column ({type(raised.orig).__name__}).",
            "Look at the rules of the tables in the plan; nothing was changed.",
        )
    finally:
        conn.close()
    if problem is not None:
        raise problem from None


def translated(problem: DBAPIError) -> GuesteraseError:
    """Return our own error for a driver's: theirs quotes statements and values.

    :param problem: what the driver raised.
    """
    if is_lock(problem):
        return BusyError(
            "Another transaction holds the rows that are needed.",
            "Commit or roll back what is pending, the host's own session included; then try "
            "again.",
        )
    if is_retryable(problem):
        return RetryableError("Two transactions met at the same rows.", "Try again.")
    if is_forbidden(problem):
        return SetupError(
            f"The database does not let this account do that ({_code(problem)}).",
            "Grant the right; our own tables can also be made by somebody who has it, from what "
            "'flask guesterase db sql' prints.",
        )
    if is_missing(problem):
        return SetupError(
            f"A table or column that is needed is not in the database ({_code(problem)}).",
            "Nothing was changed; run 'flask guesterase check', which names it.",
        )
    if problem.connection_invalidated or not _is_refusal(problem):
        return BusyError(
            f"The database did not answer ({_code(problem)}).",
            "Nothing was changed; try again when it is back.",
        )
    return ErasureError(
        f"The database refused a statement ({_code(problem)}).",
        "Nothing was changed; look at constraints and triggers of the tables in the plan.",
    )


def _is_refusal(problem: DBAPIError) -> bool:
    """Return whether the database answered, and the answer was no."""
    if isinstance(problem, _REFUSALS):
        return True
    # PyMySQL calls whatever it has no class for an operational error, CHECK and SIGNAL among it.
    number = _number(problem)
    if number:
        return number not in _AWAY_NUMBERS and not 2000 <= number < 3000
    return getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF == _SQLITE_ERROR


_REFUSALS = (IntegrityError, DataError, ProgrammingError, NotSupportedError, InternalError)
_SQLITE_ERROR = 1
_AWAY_NUMBERS = frozenset(
    {1040, 1042, 1043, 1045, 1049, 1053, 1077, 1078, 1079, 1080, 1129, 1130, 1152}
    | {1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1317, 1927}
)
"""MariaDB: too many connections, access, shutdown, network, and statements that were killed."""


def _code(problem: DBAPIError) -> str:
    return " ".join(
        filter(None, (type(problem.orig).__name__, _state(problem) or str(_number(problem) or "")))
    )


@contextmanager
def _isolated(conn: Connection, dialect: str, write: bool) -> Iterator[Connection]:
    if dialect == "sqlite":
        with _sqlite(conn, write):
            yield conn
        return
    conn = conn.execution_options(isolation_level="READ COMMITTED")
    wanted = _SESSION if dialect in MARIADB else {}
    with _session_settings(conn, wanted), conn.begin() as running:
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
_MISSING_STATES = frozenset({"42P01", "42703", "3F000"})
_MISSING_NUMBERS = frozenset({1146, 1054})
_RIGHT_STATES = frozenset({"42501", "25006"})
_RIGHT_NUMBERS = frozenset({1044, 1142, 1143, 1290})


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


def is_forbidden(problem: BaseException) -> bool:
    """Return whether the account lacks a right, or the database can only be read."""
    if not isinstance(problem, DBAPIError):
        return False
    return (
        _state(problem) in _RIGHT_STATES
        or _number(problem) in _RIGHT_NUMBERS
        or "readonly database" in str(problem.orig)
    )


def is_missing(problem: BaseException) -> bool:
    """Return whether a table or column is not there."""
    if not isinstance(problem, DBAPIError):
        return False
    return (
        _state(problem) in _MISSING_STATES
        or _number(problem) in _MISSING_NUMBERS
        or "no such table" in str(problem.orig)
        or "no such column" in str(problem.orig)
    )


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
        except RetryableError:
            if attempt >= tries:
                raise
        attempt += 1
