"""A host with Flask-Migrate goes on migrating as if our tables were not there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web import migrate
from tests.engines import fresh_database

HOST = '''
"""A hotel's application, a year old; HOST_* in the environment say which variant runs."""
import os
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_guesterase import Guesterase

db = SQLAlchemy()

class Guest(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80))
    email = sa.Column(sa.String(80), index=True)

class Booking(db.Model):
    id = sa.Column(sa.Integer, primary_key=True)
    guest_id = sa.Column(sa.ForeignKey("guest.id"))
    if "column" in os.environ.get("HOST_EXTRA", ""):
        room = sa.Column(sa.String(20))

def not_legacy(found, name, kind, reflected, other):
    return not (kind == "table" and name == "legacy")

def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)
    order = os.environ["HOST_ORDER"]
    if order == "ours first":
        Guesterase(db).init_app(app)
        with app.app_context():
            pass
    Migrate(app, db, include_object=not_legacy)
    if order == "theirs first":
        Guesterase(db).init_app(app)
    return app
'''


class Host:
    """A folder with the application above, and `flask` run in it."""

    def __init__(self, folder: Path, url: str, order: str) -> None:
        self.folder, self.url, self.order = folder, url, order
        folder.joinpath("host.py").write_text(HOST)

    def run(self, *arguments: str, extra: str = "", fails: bool = False) -> str:
        """Run `flask ARGUMENTS`; returns what it printed, both streams."""
        done = subprocess.run(
            [
                *(sys.executable, "-W", "error"),
                # Flask-Migrate 4.1's own env.py; see facts in pyproject.toml.
                *("-W", "ignore:'get_engine' is deprecated:DeprecationWarning"),
                *("-m", "flask", "--app", "host:create_app", *arguments),
            ],
            cwd=self.folder,
            env=os.environ
            | {
                "DATABASE_URL": self.url,
                "HOST_ORDER": self.order,
                "HOST_EXTRA": extra,
                "PYTHONPATH": os.pathsep.join(
                    [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
                ),
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def revisions(self) -> str:
        """The text of all of the host's revisions."""
        files = sorted(self.folder.glob("migrations/versions/*.py"))
        return "\n".join(file.read_text() for file in files)

    def tables(self) -> set[str]:
        """The names of all tables in the database."""
        engine = sa.create_engine(self.url)
        try:
            return set(sa.inspect(engine).get_table_names())
        finally:
            engine.dispose()

    def install_ours(self) -> None:
        """Create our tables, and one of the host's own that its filter leaves out."""
        if self.order != "not at all":
            self.run("guesterase", "db", "upgrade")
        engine = sa.create_engine(self.url)
        try:
            upgrade.upgrade(engine)
            with engine.begin() as conn:
                conn.execute(sa.text("CREATE TABLE legacy (id INTEGER PRIMARY KEY)"))
        finally:
            engine.dispose()


OURS = {*tables.metadata.tables, upgrade.VERSION_TABLE}


_HOSTS = [
    ("sqlite", "ours first"),
    ("postgresql", "theirs first"),
    *(pytest.param(each, marks=pytest.mark.long)
      for each in (("mariadb", "ours first"), ("sqlite", "theirs first"))),
]  # fmt: skip


@pytest.fixture(params=_HOSTS)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """A host on each engine; the order of initialisation has nothing to do with the engine."""
    kind, order = request.param
    with fresh_database(kind) as url:
        yield Host(tmp_path, url, order)


def test_a_host_upgrades_autogenerates_and_downgrades(host: Host) -> None:
    """With our tables there the diff is empty, a real change is found alone, downgrade works."""
    host.run("db", "init")
    host.run("db", "migrate", "-m", "first")
    host.run("db", "upgrade")
    host.install_ours()
    host.run("db", "check")
    before = host.revisions()
    host.run("db", "migrate", "-m", "nothing")
    assert host.revisions() == before
    host.run("db", "migrate", "-m", "room", extra="column")
    assert host.revisions() != before
    assert "guesterase" not in host.revisions()
    assert "legacy" not in host.revisions()
    host.run("db", "upgrade", extra="column")
    host.run("db", "downgrade", "base")
    assert host.tables() == OURS | {"legacy", "alembic_version"}
    host.run("db", "upgrade")
    assert host.tables() == OURS | {"legacy", "alembic_version", "guest", "booking"}
    host.run("guesterase", "uninstall", "--out", "export", "--yes")
    assert host.tables() == {"legacy", "alembic_version", "guest", "booking"}
    host.run("db", "check", extra="column")


def test_without_the_filter_our_tables_would_be_dropped(sqlite_url: str, tmp_path: Path) -> None:
    """The danger is real: without our filter a host's next revision drops our tables."""
    host = Host(tmp_path, sqlite_url, "not at all")
    host.run("db", "init")
    host.install_ours()
    host.run("db", "migrate", "-m", "first")
    assert "drop_table('guesterase_request')" in host.revisions()


ENV_IGNORES = """
from alembic import context
from flask import current_app
db = current_app.extensions["migrate"].db
with db.engine.connect() as conn:
    context.configure(connection=conn, target_metadata=db.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
ENV_OWN = """
from alembic import context
from flask import current_app
{imported}
config = current_app.extensions["migrate"]
def visible(found, name, kind, reflected, other):
    return name != "legacy" and {answer}
arguments = dict(config.configure_args)
with config.db.engine.connect() as conn:
    context.configure(
        connection=conn, target_metadata=config.db.metadata, include_object=visible,
        **{{key: value for key, value in arguments.items()}},
    )
    with context.begin_transaction():
        context.run_migrations()
"""
CURED = ENV_OWN.format(
    imported="from flask_guesterase.web.migrate import include_object as shown",
    answer="shown(found, name, kind, reflected, other)",
)


def make_app(monkeypatch: pytest.MonkeyPatch, folder: Path, env: str | None) -> Flask:
    """An application in `folder` whose migrations have this env.py."""
    monkeypatch.chdir(folder)
    if env is not None:
        folder.joinpath("migrations").mkdir()
        folder.joinpath("migrations", "env.py").write_text(env)
    app = Flask("host", root_path=str(folder))
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    return app


@pytest.mark.parametrize(
    ("env", "active"),
    [
        (None, True),
        (ENV_IGNORES, False),
        (ENV_OWN.format(imported="", answer="True"), False),
        (CURED, True),
        ("# include_object stands in the docs\ncontext.configure(**configure_args)", True),
        ("a hand-written file that is not Python, configure_args", True),
    ],
    ids=["none yet", "ignores the arguments", "own filter", "cured", "comment", "not Python"],
)
def test_a_hand_written_environment_is_judged(
    env: str | None, active: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An env.py that would not use our filter is a finding with the lines that cure it."""
    app = make_app(monkeypatch, tmp_path, env)
    migrate.install(app)
    Migrate(app, SQLAlchemy(app))
    assert migrate.filter_active(app) is active
    found = migrate.findings(app)
    assert [finding.id for finding in found] == ([] if active else ["migrate-filter"])
    assert all("include_object=include_object" in finding.hint for finding in found)


def test_an_environment_with_its_own_filter_still_runs(sqlite_url: str, tmp_path: Path) -> None:
    """A host that passes include_object itself is not given the argument twice."""
    host = Host(tmp_path, sqlite_url, "theirs first")
    host.folder.joinpath("host.py").write_text(HOST.replace(", include_object=not_legacy", ""))
    host.run("db", "init")
    env = host.folder / "migrations" / "env.py"
    env.write_text(ENV_OWN.format(imported="", answer="True"))
    host.run("db", "migrate", "-m", "first")
    host.run("db", "upgrade")
    env.write_text(CURED)
    host.install_ours()
    host.run("db", "check")


def test_a_host_without_flask_migrate_has_nothing_to_filter() -> None:
    """No Flask-Migrate, no finding."""
    app = Flask("host")
    migrate.install(app)
    with app.app_context():
        assert migrate.filter_active(app)
    assert migrate.findings(app) == []


def test_the_filter_follows_a_second_initialisation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Flask-Migrate initialised again, with the host's own filter, keeps both filters."""
    app = make_app(monkeypatch, tmp_path, None)
    database = SQLAlchemy(app)
    Migrate(app, database)
    migrate.install(app)
    Migrate(app, database, include_object=lambda found, name, *rest: name != "legacy")
    with app.app_context():
        shown = app.extensions["migrate"].configure_args["include_object"]
    answers = {
        name: shown(None, name, "table", True, None)
        for name in ("guests", "legacy", "guesterase_box")
    }
    assert answers == {"guests": True, "legacy": False, "guesterase_box": False}


def test_columns_and_indexes_of_our_tables_are_ours() -> None:
    """Whatever belongs to one of our tables is left out, whatever its own name."""
    table = tables.metadata.tables["guesterase_outbox"]
    guests = sa.Table("guests", sa.MetaData(), sa.Column("state", sa.String(9), index=True))
    for kind, ours, theirs in (
        ("column", table.c.state, guests.c.state),
        ("index", next(iter(table.indexes)), next(iter(guests.indexes))),
    ):
        assert not migrate.include_object(ours, ours.name, kind, True, None)
        assert migrate.include_object(theirs, theirs.name, kind, True, None)
