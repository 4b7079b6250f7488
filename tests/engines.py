"""Real databases for tests: one PostgreSQL and one MariaDB a session, a fresh database a test.

A server is looked for in `GUESTERASE_TEST_POSTGRESQL` / `GUESTERASE_TEST_MARIADB` (an address
with the right to create databases), then among the installed programs, which are started on a
free loopback port when a test first needs them. Every process of a session (xdist workers,
commands a test starts) shares them through the folder named in `GUESTERASE_TEST_SESSION`.

An engine that is not there is a named skip, and a failure where CI=true.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NoReturn

import psycopg
import pymysql
import pytest
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import (
    DDL,
    URL,
    Column,
    Engine,
    MetaData,
    String,
    Table,
    create_mock_engine,
    event,
    make_url,
)
from sqlalchemy.schema import ExecutableDDLElement

from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import upgrade
from tests import serve
from tests.serve import BrokenEngine, MissingEngine

ENGINES = ("sqlite", "postgresql", "mariadb")
SERVERS = ("postgresql", "mariadb")
DEEP = ("sqlite", *(pytest.param(name, marks=pytest.mark.long) for name in SERVERS))
"""For tests whose short run is on SQLite alone: the engines by themselves are tried elsewhere."""
SESSION = "GUESTERASE_TEST_SESSION"
DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}
MISSING = "engine not available: "

_ROOT = Path(__file__).resolve().parent.parent
_owned: dict[Path, IO[str]] = {}


@dataclass(frozen=True)
class Server:
    """A running server: its kind, the address of an account that may create databases, and its
    data folder (None where an environment variable named the server)."""

    kind: str
    url: URL
    data: Path | None


def strict() -> bool:
    """Whether a missing engine fails the run: where CI is set to true."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def missing(name: str, why: str) -> NoReturn:
    """Skip the running test for want of an engine, or fail it where CI=true."""
    if strict():
        pytest.fail(f"{MISSING}{name} ({why}); CI=true allows no skipped engine", pytrace=False)
    pytest.skip(f"{MISSING}{name}")


def session_folder() -> Path:
    """The folder the processes of this session share; the first to ask owns it until it ends."""
    known = os.environ.get(SESSION, "")
    if known and Path(known).is_dir():
        return Path(known)
    folder = Path(tempfile.mkdtemp(prefix="guesterase-"))
    folder.chmod(0o711)  # the servers' own accounts must reach their folders below it
    alive = (folder / "alive").open("w")
    fcntl.lockf(alive, fcntl.LOCK_EX)
    _owned[folder] = alive
    os.environ[SESSION] = str(folder)
    atexit.register(end_session)
    return folder


def end_session(seconds: float = 20.0) -> None:
    """Stop the servers of the session this process owns and wait until they are gone."""
    while _owned:
        folder, alive = _owned.popitem()
        alive.close()
        until = time.monotonic() + seconds
        while any(folder.glob("*.json")) and time.monotonic() < until:
            time.sleep(0.02)
        shutil.rmtree(folder, ignore_errors=True)
        if os.environ.get(SESSION) == str(folder):
            del os.environ[SESSION]


_built: dict[tuple[MetaData, ...], bytes] = {}


def build(engine: Engine, *schemas: MetaData) -> None:
    """Create tables; an SQLite file that is not there is a copy of the first one of its kind.

    A thousand tests begin with the same empty tables, and an SQLite file is but bytes.
    """
    file = Path(engine.url.database or "")
    schemas = tuple(map(_with_revision, schemas))
    new = engine.dialect.name == "sqlite" and engine.url.database and not file.exists()
    if new and schemas in _built:
        file.write_bytes(_built[schemas])
        return
    if engine.dialect.name != "sqlite":
        with engine.begin() as conn:
            conn.execution_options(no_parameters=True).exec_driver_sql(_statements(engine, schemas))
        return
    for each in schemas:
        each.create_all(engine)
    if new:
        _built[schemas] = file.read_bytes()


@lru_cache(maxsize=8)
def _with_revision(schema: MetaData) -> MetaData:
    """Return a schema, with the table of our own revision where it is ours.

    Without it each connection would look anew whether somebody brought the tables forward.
    """
    if schema is not tables.metadata:
        return schema
    own = MetaData()
    for table in schema.tables.values():
        table.to_metadata(own)
    version = Table(
        upgrade.VERSION_TABLE, own, Column("version_num", String(32), primary_key=True)
    )
    event.listen(
        version, "after_create",
        DDL(f"INSERT INTO {upgrade.VERSION_TABLE} VALUES ('{upgrade.head()}')"),
    )  # fmt: skip
    return own


_said: dict[tuple[object, ...], str] = {}


def _statements(engine: Engine, schemas: tuple[MetaData, ...]) -> str:
    """Return what makes tables on a server, compiled once and sent in one message."""
    name = engine.dialect.name
    if (name, *schemas) not in _said:
        said: list[str] = []

        def say(statement: ExecutableDDLElement, *_: Any, **__: Any) -> None:
            # Without parameters a percent sign is not written twice.
            said.append(str(statement.compile(dialect=engine.dialect)).replace("%%", "%"))

        for each in schemas:
            each.create_all(create_mock_engine(engine.url, say), checkfirst=False)
        text = ";\n".join(said)
        # MariaDB takes several statements at once as the body of a block.
        _said[name, *schemas] = text if name == "postgresql" else f"BEGIN NOT ATOMIC\n{text};\nEND"
    return _said[name, *schemas]


@lru_cache(maxsize=1)
def templates() -> FileSystemBytecodeCache:
    """Where the applications of a session keep what Jinja made of their templates."""
    folder = session_folder() / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def server(kind: str, *, durable: bool = False) -> Server:
    """The session's server of a kind ("postgresql", "mariadb"), started when first asked for.

    `durable` asks for a second one that writes through to the disk, for tests of crashes.
    Raises MissingEngine where the machine has none, BrokenEngine where it does not start.
    """
    given = os.environ.get(f"GUESTERASE_TEST_{kind.upper()}")
    if given and not durable:
        return Server(kind, make_url(given).set(drivername=DRIVERS[kind]), None)
    # Looked up here, where the answer is a skip, before a process is started for it.
    serve.postgresql_bin() if kind == "postgresql" else serve.mariadb_programs()
    folder, name = session_folder(), f"{kind}-durable" if durable else kind
    note, failed = folder / f"{name}.json", folder / f"{name}.failed"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists() and not failed.exists():
            _launch(name, folder)
    if failed.exists():
        raise BrokenEngine(f"{kind} does not start: {json.loads(failed.read_text())['error']}")
    content = json.loads(note.read_text())
    return Server(kind, make_url(content["url"]), Path(content["data"]))


def _launch(name: str, folder: Path) -> None:
    """Start the process that serves until the session ends, and wait for its word."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.serve", name, str(folder)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until = time.monotonic() + serve.START_SECONDS + 30
    while not any((folder / f"{name}.{end}").exists() for end in ("json", "failed")):
        if process.poll() is not None or time.monotonic() > until:
            raise BrokenEngine(f"{name} could not be served: {log.read_text(errors='replace')}")
        time.sleep(0.02)
    # It ends after us by design; without this Python would warn that it still runs.
    process.returncode = 0


@contextmanager
def fresh_database(kind: str, *, durable: bool = False) -> Iterator[str]:
    """An empty database of a kind ("sqlite", "postgresql", "mariadb"); yields its SQLAlchemy
    address, drops it at the end whoever is still connected.

    Skips the running test where the engine is missing, fails it where CI=true.
    """
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="guesterase-") as folder:
            yield f"sqlite:///{folder}/test.sqlite"
        return
    try:
        found = server(kind, durable=durable)
    except MissingEngine as error:
        missing(kind, str(error))
    with _named_database(found.url, None) as url:
        yield url


@contextmanager
def clone_database(url: str) -> Iterator[str]:
    """A copy of a database of `fresh_database`, tables, rows and triggers; yields its address.

    Close the connections to the original first (`engine.dispose()`): PostgreSQL copies only a
    database nobody uses. On MariaDB views, routines and sequences are not copied.
    """
    source = make_url(url)
    if source.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(prefix="guesterase-") as folder:
            copy = f"{folder}/test.sqlite"
            with (
                closing(sqlite3.connect(str(source.database))) as old,
                closing(sqlite3.connect(copy)) as new,
            ):
                old.backup(new)
            yield f"sqlite:///{copy}"
        return
    with _named_database(source, source.database) as target:
        yield target


@contextmanager
def _named_database(server_url: URL, template: str | None) -> Iterator[str]:
    """Create a database under a random name, as a copy of `template` if given, and drop it."""
    name = f"t_{secrets.token_hex(8)}"
    postgresql = server_url.get_backend_name() == "postgresql"
    create, drop = (
        (_create_postgresql, _drop_postgresql) if postgresql else (_create_mariadb, _drop_mariadb)
    )
    create(server_url, name, template)
    try:
        yield server_url.set(database=name).render_as_string(hide_password=False)
    finally:
        drop(server_url, name)


def _postgresql(url: URL) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=url.host,
        port=url.port,
        user=url.username,
        password=url.password,
        dbname="postgres",
        autocommit=True,
    )


def _create_postgresql(url: URL, name: str, template: str | None) -> None:
    with closing(_postgresql(url)) as conn:
        conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template0"}"'.encode())


def _drop_postgresql(url: URL, name: str) -> None:
    with closing(_postgresql(url)) as conn:
        conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _mariadb(url: URL) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host=url.host,
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        charset="utf8mb4",
        autocommit=True,
    )


def _create_mariadb(url: URL, name: str, template: str | None) -> None:
    with closing(_mariadb(url)) as conn, conn.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{name}`")
        if template:
            _copy_mariadb(cursor, template, name)


def _drop_mariadb(url: URL, name: str) -> None:
    with closing(_mariadb(url)) as conn, conn.cursor() as cursor:
        # DROP would wait for a forgotten open transaction for a day.
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
        for (number,) in cursor.fetchall():
            # Whoever left by themselves since is gone all the same.
            with suppress(pymysql.err.OperationalError):
                cursor.execute(f"KILL {number}")
        cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")


def _copy_mariadb(cursor: Any, old: str, new: str) -> None:
    """Copy the tables, their rows and triggers of one database into another, empty one."""
    cursor.execute(
        "SET foreign_key_checks = 0, sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"
    )
    cursor.execute(f"SHOW FULL TABLES FROM `{old}` WHERE Table_type LIKE 'BASE TABLE'")
    tables = [row[0] for row in cursor.fetchall()]
    cursor.execute(f"USE `{new}`")
    for table in tables:
        cursor.execute(f"SHOW CREATE TABLE `{old}`.`{table}`")
        cursor.execute(cursor.fetchone()[1])
        cursor.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s AND generation_expression IS NULL",
            (old, table),
        )
        names = ", ".join(f"`{row[0]}`" for row in cursor.fetchall())
        cursor.execute(f"INSERT INTO `{table}` ({names}) SELECT {names} FROM `{old}`.`{table}`")
    cursor.execute(
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = %s", (old,)
    )
    for (trigger,) in cursor.fetchall():
        cursor.execute(f"SHOW CREATE TRIGGER `{old}`.`{trigger}`")
        cursor.execute(cursor.fetchone()[2])
