"""Bring our own tables to the newest revision, one runner at a time, beside the host's Alembic.

Alembic's module-wide ``op`` and ``context`` are not used: a host's migration, or another thread,
may be using them in the same process. It is imported where it is used, because it is large and a
host that serves and sweeps only asks at which revision its tables are.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlalchemy.pool import SingletonThreadPool, StaticPool
from sqlalchemy.schema import CreateTable

from ...core.errors import BusyError, InputError, KeyMissingError, SetupError
from .. import tables
from ..keys import installation
from ..keys.custodian import FolderCustodian
from ..statements.folder import refused_as
from ..statements.lent import LOCK_SECONDS
from ..statements.sql import MARIADB
from ..tables import PREFIX
from ..transaction import transaction

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import Script, ScriptDirectory

VERSION_TABLE = PREFIX + "version"
"""Where the revision of our tables is written; the host's own version table is never touched."""

WAIT_SECONDS = 60.0
"""How long an upgrade waits for another one, or for a transaction that uses our tables."""

DIALECTS = ("mariadb", "mysql", "postgresql", "sqlite")
"""Dialects that `sql` can write for."""

SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
"""Folder of our Alembic environment."""

_T = TypeVar("_T")
_PAUSE = 0.1
_LOCK = int.from_bytes(hashlib.sha256(VERSION_TABLE.encode()).digest()[:8], "big", signed=True)
_OPTIONS = {"version_table": VERSION_TABLE}
_version = sa.Table(
    VERSION_TABLE,
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    implicit_returning=False,
)
_FOUND = sa.select(_version.c.version_num)
NOTED = sa.select(sa.func.max(_version.c.version_num)).scalar_subquery()
"""The revision our tables are at, to be read in a statement that reads something else."""


def upgrade(engine: Engine, wait: float = WAIT_SECONDS) -> tuple[str, ...]:
    """Create our tables, or bring them to the newest revision; nothing when they are there.

    PostgreSQL and SQLite do all of it in one transaction. MariaDB commits every statement, so
    each step of a revision can be repeated: after a crash half-way, run it again.

    :param engine: the host's engine.
    :param wait: seconds to wait for another upgrade or for a transaction that uses our tables.
    :returns: the revisions that were run, oldest first.
    :raises SetupError: the application may not create tables, or a newer version made them.
    :raises BusyError: somebody else was at it for longer than `wait`.
    """
    return alone(engine, _to_head, wait)


def sql(dialect: str, since: str | None = None) -> str:
    """Return the statements of an upgrade as plain SQL; running them by hand is an upgrade.

    :param dialect: one of `DIALECTS`.
    :param since: revision that the database is at, None when our tables are not there yet.
    :raises InputError: the dialect is not supported.
    :raises SetupError: there is no such revision.
    """
    if dialect not in DIALECTS:
        raise InputError(
            f"There is no SQL for '{dialect}'.", f"Supported are: {', '.join(DIALECTS)}."
        )
    from alembic.runtime.migration import MigrationContext

    written = StringIO()
    context = MigrationContext.configure(
        dialect_name=dialect,
        opts={
            **_OPTIONS,
            "as_sql": True,
            "output_buffer": written,
            "literal_binds": True,
            "transactional_ddl": dialect in ("postgresql", "sqlite"),
        },
    )
    with context.begin_transaction():
        _run(context, since)
    return written.getvalue()


def current(conn: Connection) -> str | None:
    """Return the revision our tables are at, None when they are not there."""
    if not sa.inspect(conn).has_table(VERSION_TABLE):
        return None
    found: str | None = conn.execute(_FOUND).scalar()
    return found


@cache
def head() -> str:
    """Return the newest revision of this version of the package."""
    scripts = (SCRIPTS / "versions").glob("[0-9]*.py")
    return max(script.stem.partition("_")[0] for script in scripts)


def pending(conn: Connection) -> bool:
    """Return whether `upgrade` has something to do."""
    return current(conn) != head()


def newer(conn: Connection) -> bool:
    """Return whether a newer version of the package made our tables than this one."""
    return (current(conn) or "") > head()


def require(conn: Connection) -> None:
    """Make sure that this version knows the tables beneath it, before it erases by them.

    It reads one row: each transaction asks, as the tables can be upgraded while a sweep goes on.

    :raises SetupError: a newer version of the package made them.
    """
    if noted(conn):
        judge(conn.execute(_FOUND).scalar())


def noted(conn: Connection) -> bool:
    """Return whether the database notes at which revision our tables are."""
    # What was there once is looked for no more over this connection.
    if VERSION_TABLE not in conn.info and sa.inspect(conn).has_table(VERSION_TABLE):
        conn.info[VERSION_TABLE] = True
    return VERSION_TABLE in conn.info


def judge(revision: str | None) -> None:
    """Make sure that this version knows a revision, which was read beside something else.

    :raises SetupError: a newer version of the package made it.
    """
    if (revision or "") > head():
        raise SetupError(
            "Our tables were made by a newer version of this package, whose rules this one does "
            "not know: nothing is erased.",
            "Install that version, or a newer one, wherever this application runs.",
        )


def make_keys(engine: Engine, custodian: FolderCustodian, now: datetime | None = None) -> bool:
    """Make the keys of a new installation; return whether that was needed.

    The database notes which keys belong to it.

    :param engine: the host's engine, upgraded.
    :param custodian: who shall hold the keys.
    :param now: aware UTC time; the age of the first root is counted from that day.
    :raises KeyMissingError: this database was used with keys before; new ones would open nothing.
    :raises SetupError: the folder cannot be written to.
    """
    moment = (now or datetime.now(UTC)).replace(tzinfo=None, microsecond=0)
    made = not custodian.exists() and _make(engine, custodian, moment.date().isoformat())
    with transaction(engine) as conn:
        installation.claim(conn, custodian, moment)
    return made


def _make(engine: Engine, custodian: FolderCustodian, today: str) -> bool:
    with transaction(engine, write=False) as conn:
        used = any(
            conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
            for table in (tables.tree, tables.box, tables.actor, tables.epoch_key)
        )
    if used:
        if custodian.exists():
            # Whoever used it made them between our two looks.
            return False
        raise KeyMissingError(
            f"The keys of this database are not in {custodian.path}.",
            "Mount the key folder, or bring its copy back; new keys would open nothing.",
        )
    unmade = refused_as(
        SetupError, f"The key folder {custodian.path} cannot be made",
        "Point GUESTERASE_KEYS to a folder that this application may write to.",
    )  # fmt: skip
    try:
        with unmade:
            custodian.create(today)
    except SetupError:
        # Another process was faster, or nothing can be made there.
        if not custodian.exists():
            raise
        return False
    return True


def is_ours(kind: str, name: str | None) -> bool:
    """Return False for tables that our revisions do not keep: the host's.

    :param kind: what Alembic compares, "table", "column", "index" ...; only tables are judged.
    :param name: its name.
    """
    return kind != "table" or (name is not None and name.startswith(PREFIX))


def alone(engine: Engine, unit: Callable[[Connection], _T], wait: float = WAIT_SECONDS) -> _T:
    """Run a unit that creates, changes or drops our tables while nobody else does such a thing.

    Each try asks for its locks for `LOCK_SECONDS` only, so that nobody who wants to read behind
    us is held up for long; what was rolled back is tried again.

    :param engine: the host's engine.
    :param unit: what to do with the connection; committed when it returns.
    :param wait: seconds to go on trying.
    :raises BusyError: it did not become free.
    :raises SetupError: the engine sends statements about our tables to another schema.
    """
    if None in (engine.get_execution_options().get("schema_translate_map") or ()):
        raise SetupError(
            "The engine sends statements to another schema (schema_translate_map) than the one "
            "that is looked into.",
            "Give each tenant an engine whose address or search_path names its schema.",
        )
    shared = isinstance(engine.pool, StaticPool | SingletonThreadPool)
    end = time.monotonic() + wait
    while True:
        try:
            with transaction(engine) as conn, _locked(conn):
                return unit(conn)
        except BusyError:
            if shared or time.monotonic() >= end:
                raise
            time.sleep(_PAUSE)


@contextmanager
def _locked(conn: Connection) -> Iterator[None]:
    """Hold the one lock of all upgrades; on SQLite the write transaction is that lock."""
    dialect = conn.dialect.name
    if dialect == "postgresql":
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    if dialect not in MARIADB:
        yield
        return
    # The name is one for the whole server, so the database is part of it; 64 characters at most.
    name = sa.func.left(sa.func.concat(f"{PREFIX}{_LOCK:x}_", sa.func.md5(sa.func.database())), 64)
    if conn.execute(sa.select(sa.func.get_lock(name, LOCK_SECONDS))).scalar() != 1:
        raise BusyError("Another upgrade is at work.", "Wait for it to end, then try again.")
    try:
        yield
        # The next runner must see our revision: commit before the lock goes.
        conn.exec_driver_sql("COMMIT")
    finally:
        conn.execute(sa.select(sa.func.release_lock(name)))


def _to_head(conn: Connection) -> tuple[str, ...]:
    from alembic.runtime.migration import MigrationContext

    return _run(MigrationContext.configure(conn, opts=_OPTIONS), current(conn))


def _run(context: MigrationContext, since: str | None) -> tuple[str, ...]:
    from alembic.operations import Operations

    op = Operations(context)
    scripts = _between(since)
    if since is None:
        op.execute(CreateTable(_version, if_not_exists=True))
    for script in scripts:
        script.module.upgrade(op)
        # Literals, because a script for a person to run has no parameters.
        revision: Any = sa.literal_column(f"'{script.revision}'")
        op.execute(_version.delete())
        op.execute(_version.insert().values(version_num=revision))
    return tuple(script.revision for script in scripts)


def _between(since: str | None) -> list[Script]:
    """Return the revisions after `since`, oldest first."""
    from alembic.script.revision import RevisionError

    try:
        return list(_directory().iterate_revisions("head", since or "base"))[::-1]
    except RevisionError:
        raise SetupError(
            f"Our tables are at revision '{since}', which this version does not know.",
            "Install the version of flask_guesterase that made it, or a newer one.",
        ) from None


@cache
def _directory() -> ScriptDirectory:
    # It reads and runs every revision's file.
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(SCRIPTS))
