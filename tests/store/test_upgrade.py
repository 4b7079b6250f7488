"""Our own tables: created and brought forward on real engines, one runner at a time."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from inspect import signature
from io import StringIO
from pathlib import Path
from typing import Any

import alembic.op
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from sqlalchemy import Engine, event

from flask_guesterase.core.errors import BusyError, InputError, SetupError
from flask_guesterase.store import tables
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.upkeep import upgrade
from tests import engines

ROOT = Path(__file__).resolve().parents[2]
EVERY = tuple(sorted(path.name[:4] for path in (upgrade.SCRIPTS / "versions").glob("0*.py")))
"""The revisions of our tables, oldest first."""

MOMENT = datetime(2026, 3, 1, 9)


@contextmanager
def opened(url: str, **options: Any) -> Iterator[Engine]:
    engine = sa.create_engine(url, **options)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with opened(database_url) as found:
        yield found


def described(engine: Engine) -> dict[str, Any]:
    """Everything the engine says about our tables, save the version table."""
    inspector = sa.inspect(engine)
    return {
        name: {
            "columns": [
                (c["name"], repr(c["type"]), c["nullable"], c.get("autoincrement"), c["default"])
                for c in inspector.get_columns(name)
            ],
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(
                (u["name"], u["column_names"]) for u in inspector.get_unique_constraints(name)
            ),
            "indexes": sorted(
                (i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(name)
            ),
            "options": {
                key: value
                for key, value in inspector.get_table_options(name).items()
                if key.endswith(("_engine", "_collate", "_charset", "_default charset"))
            },
        }
        for name in inspector.get_table_names()
        if name.startswith(tables.PREFIX) and name != upgrade.VERSION_TABLE
    }


def drift(engine: Engine) -> Any:
    """What Alembic finds different between the database and our metadata."""
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn,
            opts={
                "version_table": upgrade.VERSION_TABLE,
                "include_object": lambda found, name, kind, *rest: upgrade.is_ours(kind, name),
            },
        )
        return compare_metadata(context, tables.metadata)


def test_the_revisions_build_what_the_tables_say(engine: Engine) -> None:
    """An upgraded database equals one made from the metadata, says Alembic and the engine."""
    upgrade.upgrade(engine)
    assert drift(engine) == []
    with (
        engines.fresh_database(engine.dialect.name) as other_url,
        opened(other_url) as other,
    ):
        tables.metadata.create_all(other)
        expected = described(other)
    assert set(expected) == set(tables.metadata.tables)
    assert described(engine) == expected


def test_an_upgrade_is_done_once(engine: Engine) -> None:
    """A second upgrade finds nothing to do, and pending() says so before and after."""
    with engine.connect() as conn:
        assert upgrade.current(conn) is None
        assert upgrade.pending(conn)
    done = upgrade.upgrade(engine)
    assert done[-1] == upgrade.head()
    assert upgrade.upgrade(engine) == ()
    with engine.connect() as conn:
        assert upgrade.current(conn) == upgrade.head()
        assert not upgrade.pending(conn)


def test_no_table_is_made_in_a_schema_that_nobody_looks_into(engine: Engine) -> None:
    """On MariaDB half of them would stay there: it is said before the first one is made."""
    with engine.begin() as conn:
        if engine.dialect.name != "sqlite":
            conn.execute(sa.text("DROP SCHEMA IF EXISTS tenant_elsewhere"))
            conn.execute(sa.text("CREATE SCHEMA tenant_elsewhere"))
    tenant = engine.execution_options(schema_translate_map={None: "tenant_elsewhere"})
    with pytest.raises(SetupError) as raised:
        upgrade.upgrade(tenant)
    assert "schema_translate_map" in raised.value.message
    found = sa.inspect(engine)
    assert found.get_table_names() == []
    if engine.dialect.name != "sqlite":
        assert found.get_table_names(schema="tenant_elsewhere") == []
        with engine.begin() as conn:
            conn.execute(sa.text("DROP SCHEMA tenant_elsewhere"))


def test_the_hosts_tables_are_left_alone(engine: Engine) -> None:
    """A host's table and its Alembic version table stay as they are."""
    host = sa.MetaData()
    sa.Table("guests", host, sa.Column("id", sa.Integer, primary_key=True))
    version = sa.Table("alembic_version", host, sa.Column("version_num", sa.String(32)))
    host.create_all(engine)
    with engine.begin() as conn:
        conn.execute(version.insert().values(version_num="abc"))
    upgrade.upgrade(engine)
    with engine.connect() as conn:
        assert conn.execute(sa.select(version.c.version_num)).scalars().all() == ["abc"]
    names = sa.inspect(engine).get_table_names()
    assert {name for name in names if not name.startswith(tables.PREFIX)} == set(host.tables)


RUN = """
import multiprocessing, sys, sqlalchemy
from flask_guesterase.store.upkeep.upgrade import upgrade
forked = multiprocessing.get_context("fork")
ready = forked.Barrier(4)
def run():
    engine = sqlalchemy.create_engine(sys.argv[1])
    with engine.connect():
        pass
    ready.wait(60)
    print(",".join(upgrade(engine)) or "nothing", flush=True)
processes = [forked.Process(target=run) for _ in range(4)]
for process in processes:
    process.start()
for process in processes:
    process.join()
sys.exit(any(process.exitcode for process in processes))
"""


def test_four_processes_upgrade_at_once(database_url: str) -> None:
    """Four upgrades started at once all end well and exactly one does the work."""
    command = [sys.executable, "-W", "error", "-c", RUN, database_url]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == [",".join(EVERY), "nothing", "nothing", "nothing"]


def test_threads_of_one_process_upgrade_at_once(engine: Engine) -> None:
    """Four threads share Alembic's modules and do not disturb each other."""
    answers: list[tuple[str, ...]] = []
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait()
        answers.append(upgrade.upgrade(engine))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(), (), (), EVERY]


def test_the_lock_goes_after_the_commit(mariadb_url: str) -> None:
    """Whoever gets the lock next sees the revision; MariaDB's locks outlive a transaction."""
    seen = []

    def look(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "release_lock" in statement.lower():
            with opened(mariadb_url) as other, other.connect() as reader:
                seen.append(upgrade.current(reader))

    with opened(mariadb_url) as engine:
        event.listen(engine, "before_cursor_execute", look)
        upgrade.upgrade(engine)
    assert seen == [upgrade.head()]


class PowerCut(Exception):
    """The upgrade stopped here."""


def test_an_upgrade_cut_off_half_way_is_before_or_can_be_run_again(engine: Engine) -> None:
    """Where DDL is transactional nothing remains; MariaDB resumes; both end complete."""
    left = [12]

    def cut(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        left[0] -= statement.lstrip().startswith("CREATE")
        if left[0] == 0:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", cut)
    with pytest.raises(PowerCut):
        upgrade.upgrade(engine)
    event.remove(engine, "before_cursor_execute", cut)
    assert bool(described(engine)) is (engine.dialect.name == "mariadb")
    with engine.connect() as conn:
        assert upgrade.pending(conn)
    assert upgrade.upgrade(engine) == EVERY
    assert set(described(engine)) == set(tables.metadata.tables)
    assert drift(engine) == []


def run_script(engine: Engine, script: str) -> None:
    """Run SQL text as an administrator would, without SQLAlchemy looking at it."""
    raw: Any = engine.raw_connection()
    try:
        if engine.dialect.name == "sqlite":
            raw.executescript(script)
        else:
            cursor = raw.cursor()
            for statement in script.split(";\n"):
                if statement.strip():
                    cursor.execute(statement)
        raw.commit()
    finally:
        raw.close()


def test_sql_run_by_hand_is_an_upgrade(engine: Engine) -> None:
    """After the printed SQL ran by hand an upgrade finds nothing to do and nothing is missing."""
    run_script(engine, upgrade.sql(engine.dialect.name))
    by_hand = described(engine)
    assert upgrade.upgrade(engine) == ()
    assert set(by_hand) == set(tables.metadata.tables)
    with (
        engines.fresh_database(engine.dialect.name) as other_url,
        opened(other_url) as other,
    ):
        upgrade.upgrade(other)
        assert described(other) == by_hand


@pytest.mark.parametrize("dialect", upgrade.DIALECTS)
def test_sql_since_a_revision_holds_only_what_follows(dialect: str) -> None:
    """SQL since the newest revision creates and inserts nothing; an unknown one is refused."""
    assert "CREATE" not in upgrade.sql(dialect, upgrade.head())
    assert "INSERT" not in upgrade.sql(dialect, upgrade.head())
    with pytest.raises(SetupError):
        upgrade.sql(dialect, "no-such-revision")


def test_sql_for_another_engine_is_refused() -> None:
    """An engine we cannot serve is named together with those we can."""
    with pytest.raises(InputError, match="oracle") as caught:
        upgrade.sql("oracle")
    assert "postgresql" in caught.value.hint


def test_tables_of_a_newer_version_are_not_touched(engine: Engine) -> None:
    """A database that a later version upgraded is left alone, with a hint."""
    upgrade.upgrade(engine)
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE guesterase_version SET version_num = '9999'"))
    with pytest.raises(SetupError, match="9999"):
        upgrade.upgrade(engine)
    with engine.connect() as conn:
        assert upgrade.current(conn) == "9999"


@contextmanager
def without_create(kind: str, url: str) -> Iterator[Engine]:
    """An engine of an account that may read but not create tables."""
    if kind == "sqlite":
        path = url.removeprefix("sqlite:///")
        with opened(url) as owner, owner.begin() as conn:
            conn.execute(sa.text("CREATE TABLE guests (id INTEGER)"))
        with opened(f"sqlite:///file:{path}?mode=ro&uri=true") as reader:
            yield reader
        return
    name = f"reader_{secrets.token_hex(6)}"
    who = f"'{name}'@'%%'" if kind == "mariadb" else name
    with opened(url, isolation_level="AUTOCOMMIT") as owner, owner.connect() as conn:
        if kind == "mariadb":
            conn.exec_driver_sql(f"CREATE USER {who} IDENTIFIED BY 'invented'")
            conn.exec_driver_sql(f"GRANT SELECT, INSERT ON {owner.url.database}.* TO {who}")
        else:
            conn.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'invented'")
        try:
            account = owner.url.set(username=name, password="invented")
            with opened(account.render_as_string(hide_password=False)) as reader:
                yield reader
        finally:
            conn.exec_driver_sql(f"DROP {'USER' if kind == 'mariadb' else 'ROLE'} {who}")


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_an_account_that_may_not_create_is_told_about_sql(kind: str) -> None:
    """Where the application may not create tables, the error says how the SQL is printed, and what
    the account needs in the tables that somebody else made."""
    with engines.fresh_database(kind) as url, without_create(kind, url) as reader:
        with pytest.raises(SetupError) as caught:
            upgrade.upgrade(reader)
        assert "guesterase db sql" in caught.value.hint
        if kind != "sqlite":
            assert "SELECT, INSERT, UPDATE and DELETE" in caught.value.hint
            assert "USAGE of their sequences" in caught.value.hint


def test_keys_are_made_by_one_of_several(sqlite_url: str, tmp_path: Path) -> None:
    """Processes that set up the same installation at once make one set of keys."""
    made: list[bool] = []
    with opened(sqlite_url) as engine:
        upgrade.upgrade(engine)
        gate = threading.Barrier(4)

        def run() -> None:
            custodian = FolderCustodian(tmp_path / "keys")
            gate.wait()
            made.append(upgrade.make_keys(engine, custodian))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(made) == [False, False, False, True]


def test_a_key_folder_that_cannot_be_made_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """Whoever sets up reads which folder it is and which key to set, and can simply repeat it."""
    (tmp_path / "file").write_text("")
    with opened(sqlite_url) as engine:
        upgrade.upgrade(engine)
        with pytest.raises(SetupError) as caught:
            upgrade.make_keys(engine, FolderCustodian(tmp_path / "file" / "keys"))
        assert str(tmp_path / "file" / "keys") in caught.value.message
        assert "GUESTERASE_KEYS" in caught.value.hint
        assert upgrade.make_keys(engine, FolderCustodian(tmp_path / "keys")) is True


class Late(FolderCustodian):
    """A custodian of a process that looked for keys just before another made and used them."""

    def __init__(self, path: Path, meanwhile: Callable[[], object]) -> None:
        """Take what the other process does after the first look."""
        super().__init__(path)
        self._meanwhile = [meanwhile]

    def exists(self) -> bool:
        """Tell what was there before the other process acted, and the truth from then on."""
        there = super().exists()
        while self._meanwhile:
            self._meanwhile.pop()()
        return there


def test_keys_another_process_made_and_used_meanwhile_are_its_keys(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who looked too early neither makes keys nor says that they are missing."""
    with opened(sqlite_url) as engine:
        upgrade.upgrade(engine)
        other = FolderCustodian(tmp_path / "keys")
        late = Late(tmp_path / "keys", lambda: upgrade.make_keys(engine, other))
        assert upgrade.make_keys(engine, late) is False
        assert FolderCustodian(tmp_path / "keys").fingerprint() == other.fingerprint()


def test_a_hosts_migration_may_be_running(engine: Engine, tmp_path: Path) -> None:
    """Alembic's module-wide operations, when a host is using them, are the host's afterwards."""
    with opened(f"sqlite:///{tmp_path / 'host.sqlite'}") as host, host.connect() as conn:
        theirs = MigrationContext.configure(conn)
        with Operations.context(theirs):
            upgrade.upgrade(engine)
            assert alembic.op.get_context() is theirs
            alembic.op.create_table("rooms", sa.Column("id", sa.Integer, primary_key=True))
        assert sa.inspect(conn).get_table_names() == ["rooms"]


def test_a_connection_shared_with_the_host_is_refused_at_once() -> None:
    """Under StaticPool with a pending host transaction there is nothing to wait for."""
    with opened("sqlite://", poolclass=sa.StaticPool) as engine, engine.connect() as host:
        host.exec_driver_sql("CREATE TABLE guests (id INTEGER)")
        host.exec_driver_sql("INSERT INTO guests VALUES (1)")
        with pytest.raises(BusyError):
            upgrade.upgrade(engine)
        host.commit()
        assert upgrade.upgrade(engine) == EVERY


def test_an_upgrade_waits_no_longer_than_asked(engine: Engine) -> None:
    """While another upgrade holds the lock, one that may not wait ends with BusyError."""
    holding, release = threading.Event(), threading.Event()

    def hold(conn: sa.Connection) -> None:
        holding.set()
        release.wait()

    other = threading.Thread(target=upgrade.alone, args=(engine, hold))
    other.start()
    holding.wait()
    try:
        with pytest.raises(BusyError):
            upgrade.upgrade(engine, wait=0)
    finally:
        release.set()
        other.join()
    assert upgrade.upgrade(engine) == EVERY


def test_alembics_own_commands_work_on_our_environment(sqlite_url: str, tmp_path: Path) -> None:
    """A developer's `alembic check` is clean beside a host's table; a new revision takes `op`."""
    scripts = tmp_path / "migrations"
    shutil.copytree(upgrade.SCRIPTS, scripts)
    with opened(sqlite_url) as engine, engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE guests (id INTEGER)")
        config = Config(stdout=StringIO(), attributes={"connection": conn})
        config.set_main_option("script_location", str(scripts))
        command.upgrade(config, "head")
        command.check(config)
        assert upgrade.current(conn) == upgrade.head()
        written = command.revision(config, "Add a column", autogenerate=True)
    assert isinstance(written, Script)
    assert written.down_revision == upgrade.head()
    assert list(signature(written.module.upgrade).parameters) == ["op"]


def test_tables_of_the_first_revision_keep_their_rows(engine: Engine) -> None:
    """A database that was at 0001 is brought to the newest with what it holds."""
    first = upgrade._directory().get_revision("0001")
    with engine.begin() as conn:
        context = MigrationContext.configure(conn, opts={"version_table": upgrade.VERSION_TABLE})
        context.stamp(upgrade._directory(), "0001")
        first.module.upgrade(Operations(context))
        conn.execute(sa.text(
            "INSERT INTO guesterase_request (number, property, controller, kind, state, channel,"
            " lang, received_at, due_on, version, attempts) VALUES"
            " ('GR-1', 'sh', 'pine', 'erasure', 'review', 'desk', 'en',"
            " '2026-01-01 00:00:00', '2026-02-01', 1, 0)"
        ))
    assert upgrade.upgrade(engine) == EVERY[1:]
    with engine.connect() as conn:
        row = conn.execute(sa.select(tables.request)).one()
    assert (row.number, row.state, row.asked_by) == ("GR-1", "review", None)


def test_who_came_back_before_takes_a_request_where_it_may_be_another_person(
    engine: Engine,
) -> None:
    """A line of before says nothing of whether its row is new, so no one person's word is enough;
    what a request named, what was seen to and what a replay found is as it was."""
    upgrade.upgrade(engine)
    lines = [
        ("erased-contact", "staff"), ("erased-reference", "open"), ("erased-record", "staff"),
        ("erased-contact", "seen"), ("erased-key", "open"), ("erased-contact", "lives"),
        ("changed", "staff"),
    ]  # fmt: skip
    one = upgrade._directory().get_revision("0019")
    with engine.begin() as conn:
        conn.execute(sa.insert(tables.returned), [
            {"controller": "pine", "property": "sh", "table_name": "guests", "row_key": "int:1",
             "why": why, "door": "flush", "state": state, "seen_at": MOMENT, "attempts": 0,
             "try_at": MOMENT}
            for why, state in lines
        ])  # fmt: skip
        one.module.upgrade(Operations(MigrationContext.configure(conn)))
        row = tables.returned.c
        found = conn.execute(sa.select(row.why, row.state, row.try_at).order_by(row.id)).all()
    assert [tuple(each) for each in found] == [
        *([("perhaps-another", "staff", None)] * 3), *((*line, MOMENT) for line in lines[3:])
    ]  # fmt: skip


def test_who_serves_and_sweeps_does_not_load_alembic() -> None:
    """Ten megabytes in each process of the host; whoever upgrades loads them."""
    code = (
        "import sys; from flask_guesterase.store.upkeep import upgrade; upgrade.head(); "
        "print([name for name in sys.modules if name.partition('.')[0] == 'alembic'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
