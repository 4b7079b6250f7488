"""The doctor measures: each look is good, bad, or unknown where the account may not see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, make_url, text

from flask_guesterase.core.depth import Measure, Status
from flask_guesterase.core.errors import GuesteraseError, SetupError
from flask_guesterase.store.doctor import disk
from flask_guesterase.store.doctor.visit import second_copy, visit
from flask_guesterase.store.keys import copies
from flask_guesterase.store.settings import Settings
from tests.store.hotel import Hotel
from tests.store.test_depth_sqlite import attached, opened
from tests.store.test_physical import became

GOOD, BAD, UNKNOWN = Status.GOOD, Status.BAD, Status.UNKNOWN


def seen(engine: Engine, settings: Settings | None = None) -> dict[str, Measure]:
    """What the doctor says; whoever must do something is told what."""
    found = visit(engine, settings or Settings())
    assert all(bool(each.todo) is (each.status is not GOOD) for each in found), found
    assert all(each.message.endswith(".") for each in found)
    return {each.id: each for each in found}


def test_a_tidy_sqlite_file_is_good_and_an_untidy_one_is_not(sqlite_url: str) -> None:
    """Free pages, a persistent journal, a lax text index and a reader in the log are seen."""
    with opened(sqlite_url) as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql("CREATE TABLE t (v TEXT)")
        assert {s.status for i, s in seen(engine).items() if i not in _APART} == {GOOD}
    with opened(sqlite_url, journal_mode="persist") as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql("CREATE VIRTUAL TABLE words USING fts5(v)")
            conn.exec_driver_sql("INSERT INTO t VALUES (zeroblob(50000))")
            conn.exec_driver_sql("DELETE FROM t")
        found = seen(engine)
        bad = {i for i, s in found.items() if s.status is BAD and i not in _APART}
        assert bad == {"free-pages", "text-index", "journal-mode", "journal-left"}
        assert "words" in found["text-index"].message
        with engine.begin() as conn:
            conn.exec_driver_sql("INSERT INTO words(words, rank) VALUES ('secure-delete', 1)")
        assert seen(engine)["text-index"].status is GOOD


def test_a_file_the_host_attaches_is_looked_at_as_well(sqlite_url: str, tmp_path: Path) -> None:
    """What is untidy in it is untidy in the database."""
    with attached(sqlite_url, tmp_path / "other.sqlite") as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql('CREATE VIRTUAL TABLE "guest book".words USING fts5(v)')
            conn.exec_driver_sql('CREATE TABLE "guest book".t (v TEXT)')
            conn.exec_driver_sql('INSERT INTO "guest book".t VALUES (zeroblob(50000))')
        with engine.begin() as conn:
            conn.exec_driver_sql('DELETE FROM "guest book".t')
        found = seen(engine)
        bad = {i for i, s in found.items() if s.status is BAD and i not in _APART}
    assert bad >= {"free-pages", "text-index"}


def test_a_reader_that_stays_in_the_log_is_seen(sqlite_url: str) -> None:
    """Pages that cannot be moved to the file are counted, and again none when it has gone."""
    with opened(sqlite_url, journal_mode="wal") as engine:
        with engine.begin() as conn:
            conn.exec_driver_sql("CREATE TABLE t (v TEXT)")
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM t").fetchall()
            with engine.begin() as conn:
                conn.exec_driver_sql("INSERT INTO t VALUES ('x')")
            assert seen(engine)["log-checkpoint"].status is BAD
        assert seen(engine)["log-checkpoint"].status is GOOD


_APART = frozenset({"keys-disk", "register-disk", "backup-days"})


def test_folders_on_the_disk_of_the_database_are_told(sqlite_url: str, tmp_path: Path) -> None:
    """Keys and register on the database's disk are bad; on another one they are good."""
    away = Path("/proc/guesterase-is-not-here")
    with opened(sqlite_url) as engine:
        settings = Settings(keys=str(tmp_path / "keys"), register=str(away), backup_days=35)
        found = seen(engine, settings)
        assert found["keys-disk"].status is BAD
        assert found["register-disk"].status is GOOD
        assert found["backup-days"].status is GOOD
        found = seen(engine, replace(settings, register="", backup_days=None))
        assert found["register-disk"].status is BAD
        assert found["backup-days"].status is BAD
    with opened("sqlite://") as engine:
        assert seen(engine, settings)["keys-disk"].status is UNKNOWN
        assert seen(engine, settings)["file-size"].status is UNKNOWN
    assert disk.apart("it", "", tmp_path, "Do it.")[0] is False


def test_a_second_copy_of_the_keys_is_part_of_it(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until two people confirmed it, it is bad."""
    with hotel.begin() as office:
        assert second_copy(office.work).status is BAD
        monkeypatch.setattr(copies, "confirmed", lambda work: True)
        assert second_copy(office.work).status is GOOD


def test_another_engine_has_no_doctor() -> None:
    """What is not supported is said, not guessed at."""
    engine = create_engine("sqlite://")
    engine.dialect.name = "oracle"
    with pytest.raises(SetupError):
        visit(engine, Settings())
    engine.dispose()


@contextmanager
def account(url: str, *statements: str) -> Iterator[tuple[Engine, Engine]]:
    """The owner's engine, and one of an account without any right but to come in."""
    owner = create_engine(url)
    name = str(make_url(url).database)
    with owner.begin() as conn:
        for statement in statements:
            conn.execute(text(statement.format(name=name)))
    address = make_url(url).set(username=name, password="secret")
    poor = create_engine(address)
    yield owner, poor
    poor.dispose()
    kind = "ROLE" if url.startswith("postgresql") else "USER"
    with owner.begin() as conn:
        conn.execute(text(f"DROP {kind} {name}" + ("" if kind == "ROLE" else "@'%'")))
    owner.dispose()


def test_postgresql_is_measured_and_an_account_without_rights_is_told_so(
    postgresql_url: str,
) -> None:
    """Dead rows, statistics, snapshots, log settings; a look that fails hurts no other."""
    with account(postgresql_url, "CREATE ROLE {name} LOGIN PASSWORD 'secret'") as (owner, poor):
        with owner.begin() as conn:
            conn.execute(text("CREATE TABLE t (v text)"))
            conn.execute(text("ALTER TABLE t SET (autovacuum_enabled = off)"))
            conn.execute(text("INSERT INTO t SELECT 'g' || n FROM generate_series(1, 50) n"))
            conn.execute(text("ANALYZE t"))
        assert seen(owner)["dead-rows"].status is GOOD
        with owner.begin() as conn:
            conn.execute(text("DELETE FROM t WHERE v < 'g3'"))
        assert became(lambda: seen(owner)["dead-rows"].status is BAD)
        found = seen(owner)
        assert "t." in found["dead-rows"].message
        assert found["planner-statistics"].status is BAD
        assert found["statement-log"].status is BAD
        assert "log_min_error_statement" in found["statement-log"].message
        assert found["wal-recycling"].status is BAD
        assert found["prepared-transactions"].status is GOOD
        found = seen(poor)
        assert found["keys-disk"].status in (BAD, UNKNOWN)
        assert found["wal-recycling"].status is BAD


def test_mariadb_is_measured_and_an_account_without_rights_is_told_so(mariadb_url: str) -> None:
    """Settings are seen by everybody, statistics of the planner only by some."""
    made = "CREATE USER {name}@'%' IDENTIFIED BY 'secret'"
    with account(mariadb_url, made, "GRANT ALL ON {name}.* TO {name}@'%'") as (owner, poor):
        with owner.begin() as conn:
            conn.execute(text("CREATE TABLE t (v varchar(40))"))
            conn.execute(text("INSERT INTO t VALUES ('somebody')"))
        assert seen(owner)["column-statistics"].status is GOOD
        with owner.begin() as conn:
            conn.execute(text("ANALYZE TABLE t PERSISTENT FOR ALL"))
        found = seen(owner)
        assert found["column-statistics"].status is BAD
        assert found["redo-log"].status is UNKNOWN
        assert found["file-per-table"].status is GOOD
        assert {found["binary-log"].status, found["statement-log"].status} == {GOOD}
        found = seen(poor)
        assert found["column-statistics"].status is UNKNOWN
        assert "SELECT on mysql" in found["column-statistics"].todo
        assert found["file-per-table"].status is GOOD


def test_a_dead_connection_is_an_error_and_no_unknown(sqlite_url: str) -> None:
    """When the database is gone there is nothing to say about it."""
    with opened(sqlite_url) as engine:

        @event.listens_for(engine, "handle_error")
        def gone(context: Any) -> None:
            context.is_disconnect = True

        @event.listens_for(engine, "before_cursor_execute")
        def break_it(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if "freelist" in statement:
                cursor.execute("SELECT no_such_thing")

        with pytest.raises(GuesteraseError):
            visit(engine, Settings())
