"""A driver's error is told as ours: held, met, forbidden, missing, away or refused."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pymysql
import pytest
from sqlalchemy import String, TypeDecorator, create_engine, func, literal, make_url, select
from sqlalchemy.exc import DBAPIError

from flask_guesterase.core.errors import (
    BusyError,
    ErasureError,
    FullError,
    GuesteraseError,
    RetryableError,
    SetupError,
)
from flask_guesterase.store.statements import failure
from flask_guesterase.store.statements.failure import checked, is_unplaced, is_unread, translated
from flask_guesterase.store.transaction import transaction

CANARY = "Aino Korhonen-Öberg"
MYSQL, PG = pymysql.err, psycopg.errors


def sqlite(sql: str) -> Exception:
    """Return what SQLite really raises for a statement."""
    conn = sqlite3.connect(":memory:")
    conn.execute("PRAGMA max_page_count = 50")
    try:
        conn.executescript("CREATE TABLE t (a UNIQUE, CHECK (a <> 5)); INSERT INTO t VALUES (1)")
        conn.execute(sql)
    except sqlite3.Error as raised:
        return raised
    finally:
        conn.close()
    raise AssertionError(f"nothing was raised by {sql}")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (PG.LockNotAvailable(CANARY), BusyError),
        (PG.DeadlockDetected(CANARY), RetryableError),
        (PG.SerializationFailure(CANARY), RetryableError),
        (PG.InsufficientPrivilege(CANARY), SetupError),
        (PG.ReadOnlySqlTransaction(CANARY), SetupError),
        (PG.UndefinedTable(CANARY), SetupError),
        (PG.UndefinedColumn(CANARY), SetupError),
        (PG.AdminShutdown(CANARY), BusyError),
        (PG.QueryCanceled(CANARY), BusyError),
        (PG.TooManyConnections(CANARY), BusyError),
        (PG.CheckViolation(CANARY), ErasureError),
        (PG.UniqueViolation(CANARY), ErasureError),
        (PG.StringDataRightTruncation(CANARY), ErasureError),
        (PG.RaiseException(CANARY), ErasureError),
        (PG.ExternalRoutineException(CANARY), ErasureError),
        (PG.ExternalRoutineInvocationException(CANARY), ErasureError),
        (MYSQL.OperationalError(1205, CANARY), BusyError),
        (MYSQL.OperationalError(1213, CANARY), RetryableError),
        (MYSQL.OperationalError(1020, CANARY), RetryableError),
        (MYSQL.OperationalError(1142, CANARY), SetupError),
        (MYSQL.OperationalError(1290, CANARY), SetupError),
        (MYSQL.ProgrammingError(1146, CANARY), SetupError),
        (MYSQL.OperationalError(1054, CANARY), SetupError),
        (MYSQL.OperationalError(2013, CANARY), BusyError),
        (MYSQL.OperationalError(1927, CANARY), BusyError),
        (MYSQL.OperationalError(1040, CANARY), BusyError),
        (MYSQL.OperationalError(1644, CANARY), ErasureError),
        (MYSQL.OperationalError(4025, CANARY), ErasureError),
        (MYSQL.IntegrityError(1062, CANARY), ErasureError),
        (MYSQL.DataError(1406, CANARY), ErasureError),
        (sqlite3.OperationalError("database is locked"), BusyError),
        (sqlite3.OperationalError("database table is locked: t"), BusyError),
        (sqlite3.OperationalError("attempt to write a readonly database"), SetupError),
        (sqlite3.OperationalError("disk I/O error"), BusyError),
        (sqlite("SELECT * FROM nowhere"), SetupError),
        (sqlite("SELECT b FROM t"), SetupError),
        (sqlite(f"SELECT '{CANARY}' FROM FROM"), ErasureError),
        (sqlite(f"SELECT json('{CANARY}')"), ErasureError),
        (sqlite("INSERT INTO t VALUES (1)"), ErasureError),
        (sqlite("INSERT INTO t VALUES (5)"), ErasureError),
    ],
    ids=lambda each: f"{type(each).__module__}.{type(each).__name__}"
    if isinstance(each, Exception) else each.__name__,
)
def test_each_failure_has_its_own_words(
    raised: Exception, expected: type[GuesteraseError]
) -> None:
    """The kind is kept, with a next step; neither statement nor value is passed on."""
    bases = (sqlite3, psycopg, pymysql.err)
    base = next(b.Error for b in bases if isinstance(raised, b.Error))
    problem = DBAPIError.instance(f"SELECT '{CANARY}'", {"name": CANARY}, raised, base)
    assert isinstance(problem, DBAPIError)
    told = translated(problem)
    assert type(told) is expected
    assert told.hint
    assert "Korhonen" not in str(told) + repr(told)


@pytest.mark.parametrize(
    "raised",
    [
        PG.DiskFull(CANARY),
        MYSQL.OperationalError(1021, CANARY),
        MYSQL.OperationalError(1114, CANARY),
        MYSQL.OperationalError(1030, 'Got error 28 "No space left on device" from storage engine'),
        MYSQL.OperationalError(1030, "Got error 28 from storage engine"),
        MYSQL.OperationalError(1026, "Error writing file '/tmp/a' (errno: 28 \"No space left\")"),
        MYSQL.OperationalError(3, "Error writing file '/tmp/a' (Errcode: 122 \"Disk quota\")"),
        sqlite(
            "WITH n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) "
            "INSERT INTO t SELECT i + 9 FROM n"
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_full_disk_is_called_so(raised: Exception) -> None:
    """Whoever has to act learns that room is missing, not that nobody answered."""
    bases = (sqlite3, psycopg, pymysql.err)
    base = next(b.Error for b in bases if isinstance(raised, b.Error))
    told = translated(DBAPIError.instance("INSERT", {}, raised, base))
    # Of a round of the worker, `check` and the log know the name of the class alone.
    assert type(told) is FullError
    assert "full" in told.message


@pytest.mark.parametrize("said", [
    'Got error 127 "Undefined error" from storage engine',
    # A storage engine means no quota by this number.
    'Got error 122 "Internal (unspecified) error in handler" from storage engine InnoDB',
    "Got error 122 from storage engine",
])  # fmt: skip
def test_a_file_that_cannot_be_written_is_no_full_disk_by_that_alone(said: str) -> None:
    """Another error of the system has another name."""
    raised = MYSQL.OperationalError(1030, said)
    told = translated(DBAPIError.instance("INSERT", {}, raised, pymysql.err.Error))
    assert type(told) is ErasureError


@pytest.mark.parametrize(("kind", "words"), [
    # psycopg names no state of who was not let in.
    ("postgresql", "did not answer"), ("mariadb", "does not let this account in"),
])  # fmt: skip
def test_an_account_that_is_not_let_in_is_no_server_that_is_away(
    kind: str, words: str, request: pytest.FixtureRequest
) -> None:
    """Nobody waits for a server to come back whose password is the wrong one."""
    url = make_url(request.getfixturevalue(f"{kind}_url"))
    engine = create_engine(url.set(username="nobody_of_here", password="wrong"))
    with pytest.raises(BusyError, match=words) as told, transaction(engine):
        pass
    assert "password" in told.value.hint
    assert "nobody_of_here" not in str(told.value)
    engine.dispose()


def test_a_server_that_takes_no_such_packet_is_not_waited_for(mariadb_url: str) -> None:
    """It answers, and hangs up; trying again when it is back would change nothing."""
    engine = create_engine(mariadb_url)
    with engine.connect() as conn:
        most = conn.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one()
    with pytest.raises(ErasureError, match="size") as told, transaction(engine) as conn:
        conn.execute(select(func.length("x" * most)))
    engine.dispose()
    assert "max_allowed_packet" in told.value.hint


@pytest.mark.parametrize(
    ("raised", "name", "unplaced"),
    [
        (MYSQL.OperationalError(4025, f"CONSTRAINT `odd` for `t` {CANARY}"), "odd", False),
        (MYSQL.OperationalError(4025, CANARY), "", False),
        (MYSQL.OperationalError(1526, CANARY), None, True),
        (MYSQL.IntegrityError(1062, CANARY), None, False),
        # PostgreSQL speaks the server's language: only the name that is missing tells.
        (PG.CheckViolation(CANARY), None, True),
        (sqlite("INSERT INTO t VALUES (5)"), "a <> 5", False),
        (sqlite("INSERT INTO t VALUES (1)"), None, False),
    ],
)
def test_what_refused_a_row_is_told_by_its_name(
    raised: Exception, name: str | None, unplaced: bool
) -> None:
    """The name is the schema's; of the row nothing is passed on."""
    bases = (sqlite3, psycopg, pymysql.err)
    base = next(b.Error for b in bases if isinstance(raised, b.Error))
    problem = DBAPIError.instance("UPDATE", {"name": CANARY}, raised, base)
    assert isinstance(problem, DBAPIError)
    assert (checked(problem), is_unplaced(problem)) == (name, unplaced)


def test_a_text_nobody_can_read_is_no_server_that_is_away(sqlite_url: str) -> None:
    """Whoever waits for it to come back waits for ever; what it says is in no error of ours."""
    engine = create_engine(sqlite_url)
    with engine.connect() as conn, pytest.raises(DBAPIError) as caught:
        conn.exec_driver_sql("SELECT CAST(X'4dfc6c6c6572' AS TEXT)").all()
    engine.dispose()
    told = translated(caught.value)
    assert isinstance(told, ErasureError)
    assert "UTF-8" in told.message
    assert "ller" not in str(told)
    assert is_unread(caught.value)


def test_a_fault_of_our_own_is_no_value_that_nobody_can_read(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """It is told, not taken for a row that says nothing; a host's type may fail by the same."""

    class Odd(TypeDecorator[str]):
        impl = String
        cache_ok = True

        def process_result_value(self, value: Any, dialect: Any) -> str:
            raise NameError("no such name")

    engine = create_engine(sqlite_url)
    with engine.connect() as conn, pytest.raises(NameError) as theirs:
        conn.execute(select(literal("x", Odd()))).all()
    engine.dispose()
    assert is_unread(theirs.value)
    monkeypatch.delattr(failure, "is_garbled")
    with pytest.raises(NameError) as ours:
        is_unread(DBAPIError("SELECT", {}, ValueError()))
    assert not is_unread(ours.value)
