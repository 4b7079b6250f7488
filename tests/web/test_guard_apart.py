"""What the host's own code deletes is journaled where it lies, whichever application is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from flask_guesterase import Guesterase, Policy, Property, Subject, null
from flask_guesterase.core.events import DeleteBypassed
from flask_guesterase.core.log import slug
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import guard
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.upkeep import upgrade

RULES = Policy(
    {"email": null, "name": null}, subject=Subject(match=["email"], name="name", contact=["email"])
)
SALT = "only-for-tests-" + "0" * 32


class Product:
    """Models of which a vendor's factory makes applications, each with a database of its own.

    :param folder: where databases and keys go.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = db = SQLAlchemy()
        self.made: list[Flask] = []

        class Guest(db.Model):  # type: ignore[misc,name-defined]  # made at run time
            id = sa.Column(sa.Integer, primary_key=True)
            email = sa.Column(sa.String(80))
            name = sa.Column(sa.String(80))

        class Room(db.Model):  # type: ignore[misc,name-defined]  # made at run time
            id = sa.Column(sa.Integer, primary_key=True)

        self.guest: Any = Guest
        self.room: Any = Room

    def app(self, name: str, database: str = "", watched: bool = True) -> Flask:
        """Return an application of the factory, with its own Guesterase or without one."""
        folder = self.folder / name
        folder.mkdir()
        app = Flask(name, instance_path=str(folder))
        app.config.update(
            SECRET_KEY=SALT,
            TESTING=True,
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{self.folder}/{database or name}.sqlite",
        )
        self.db.init_app(app)
        self.made.append(app)
        if watched:
            extension = Guesterase(
                self.db, authorize=lambda *_: True, properties=[Property("h", name, name)]
            )
            extension.register(self.guest, RULES)
            extension.init_app(app)
            with app.app_context():
                self.db.create_all()
                upgrade.upgrade(self.db.engine)
                upgrade.make_keys(self.db.engine, extension.custodian)
        return app

    def delete(self, app: Flask, flushed: bool) -> None:
        """Delete a guest in the context of an application, by the session or by a statement."""
        with app.app_context():
            self.db.session.add(made := self.guest(email="ann@mail.example", name="Ann Roe"))
            self.db.session.commit()
            if flushed:
                self.db.session.delete(made)
            else:
                self.db.session.execute(sa.delete(self.guest))
            self.db.session.commit()

    def told(self, app: Flask) -> list[str]:
        """Return whose journals the lines that wait in an application's database are for."""
        with app.app_context(), self.db.engine.connect() as conn:
            return list(conn.execute(sa.select(tables.loose.c.controller)).scalars())


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A product whose engines are closed at the end."""
    made = Product(tmp_path)
    with ExitStack() as stack:
        yield made
        for app in made.made:
            stack.enter_context(app.app_context())
            stack.callback(made.db.engine.dispose)


@pytest.mark.parametrize("flushed", [True, False])
def test_a_job_of_the_hosts_is_journaled_by_whose_database_it_works_in(
    product: Product, flushed: bool
) -> None:
    """It has no Guesterase, and of those there are the one of this database writes its line."""
    product.app("one")
    two = product.app("two")
    product.app("three")
    job = product.app("job", database="two", watched=False)
    product.delete(job, flushed)
    assert product.told(two) == [slug("two")]


def test_what_waits_is_in_the_journal_after_a_round_though_nothing_of_ours_happens(
    product: Product,
) -> None:
    """A line that waits could be taken out again without a trace, and at a quiet house it would."""
    two = product.app("two")
    product.delete(two, flushed=False)
    assert product.told(two) == [slug("two")]
    with two.app_context():
        assert two.extensions["guesterase"].extension.work().problems == {}
        with product.db.engine.connect() as conn:
            written = list(conn.execute(sa.select(tables.entry.c.action)).scalars())
    assert product.told(two) == []
    assert DeleteBypassed.name in written


@pytest.mark.parametrize("flushed", [True, False])
def test_no_line_goes_to_the_database_of_another_installation(
    product: Product, flushed: bool
) -> None:
    """The only Guesterase in the process is of another one than the job works in."""
    other = Product(product.folder)
    there = other.app("two")
    one = product.app("one")
    assert one.extensions["guesterase"].extension.host in guard._sides
    job = product.app("job", database="two", watched=False)
    product.delete(job, flushed)
    assert product.told(job) == []
    with there.app_context():
        other.db.engine.dispose()


class Base(DeclarativeBase):
    """Base of a host's models that knows no application."""


class Lodger(Base):
    __tablename__ = "apart_lodgers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(sa.String(80))
    name: Mapped[str | None] = mapped_column(sa.String(80))


class Walker(Base):
    __tablename__ = "apart_walkers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(sa.String(80))
    name: Mapped[str | None] = mapped_column(sa.String(80))


class Clerk(Base):
    __tablename__ = "apart_clerks"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(sa.String(80))
    name: Mapped[str | None] = mapped_column(sa.String(80))


def by_flush(session: Any, model: Any = Lodger) -> None:
    session.delete(session.scalars(sa.select(model)).one())


def by_statement(session: Any, model: Any = Lodger) -> None:
    session.execute(sa.delete(model))


@contextmanager
def _made(url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(url)
    Base.metadata.create_all(made)
    upgrade.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The database of one installation, with its tables and ours."""
    with _made(database_url) as made:
        yield made


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_two_applications_of_one_installation_write_one_line(
    engine: sa.Engine, tmp_path: Path, delete: Callable[[Any], None]
) -> None:
    """The guests' and the staff's share models, database and keys: also outside of both."""
    session = scoped_session(sessionmaker(engine))
    apps = [_half(name, session, tmp_path) for name in ("guests", "staff")]
    upgrade.make_keys(engine, FolderCustodian(tmp_path / "guesterase-keys"))
    counts = []
    for app in (*apps, Flask("job"), None):
        with app.app_context() if app is not None else nullcontext():
            session.add(Lodger(email="ann@mail.example", name="Ann Roe"))
            session.commit()
            delete(session)
            session.commit()
            counts.append(session.scalar(sa.select(sa.func.count()).select_from(tables.loose)))
            session.remove()
    assert counts == [1, 2, 3, 4]


def _half(
    name: str, session: Any, folder: Path, models: Iterable[Any] = (Lodger,), code: str = "h"
) -> Flask:
    app = Flask(name, instance_path=str(folder))
    app.config.update(SECRET_KEY=SALT, TESTING=True)
    extension = Guesterase(
        session, models=Base, authorize=lambda *_: True, properties=[Property(code, code, code)]
    )
    for model in models:
        extension.register(model, RULES)
    extension.init_app(app)
    return app


def told(session: Any, delete: Callable[..., None], model: Any = Lodger) -> list[str]:
    """Delete somebody outside of every application; return whose journals lines came for."""
    wanted = sa.select(tables.loose.c.controller).order_by(tables.loose.c.id)
    before = len(session.scalars(wanted).all())
    session.add(model(email="ann@mail.example", name="Ann Roe"))
    session.commit()
    delete(session, model)
    session.commit()
    found = session.scalars(wanted).all()
    session.remove()
    return sorted(found[before:])


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_what_one_of_two_applications_declares_is_journaled_whatever_the_other_does(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None]
) -> None:
    """The guests' application declares more tables, and not the one of the staff's."""
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        apps = [
            _half("guests", session, tmp_path, [Lodger, Walker]),
            _half("staff", session, tmp_path, [Clerk]),
        ]
        upgrade.make_keys(engine, FolderCustodian(tmp_path / "guesterase-keys"))
        assert len(apps) == 2
        assert [told(session, delete, model) for model in (Lodger, Clerk)] == [["h"], ["h"]]


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_each_journal_of_two_applications_gets_its_line_and_gets_it_once(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None]
) -> None:
    """They name hotels of their own over the same keys, which one reaches by another path."""
    keys, link = tmp_path / "keys", tmp_path / "link"
    keys.mkdir()
    link.symlink_to(keys)
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        apps = [
            _half("one", session, keys, code="i"), _half("two", session, keys, code="j"),
            _half("three", session, link, code="j"),
        ]
        upgrade.make_keys(engine, FolderCustodian(keys / "guesterase-keys"))
        assert len(apps) == 3
        assert told(session, delete) == ["i", "j"]


def one_file_is_lost(keys: Path) -> None:
    (keys / "secret-pepper.json").unlink()


def no_folder_is_reached(keys: Path) -> None:
    keys.rename(keys.with_name("away"))
    keys.symlink_to(keys)


@pytest.mark.parametrize("spoil", [one_file_is_lost, no_folder_is_reached])
@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_keys_that_cannot_be_opened_silence_no_other_installation(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None], spoil: Callable[[Path], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The first to be asked has none that open; the database belongs to the second."""
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        apps = [_half(name, session, tmp_path / name, code=name) for name in ("one", "two")]
        FolderCustodian(tmp_path / "one" / "guesterase-keys").create("2026-11-30")
        upgrade.make_keys(engine, FolderCustodian(tmp_path / "two" / "guesterase-keys"))
        spoil(tmp_path / "one" / "guesterase-keys")
        assert len(apps) == 2
        assert told(session, delete) == ["two"]
    assert "The guard could not look at a" in caplog.text


class Nobodys(Session):
    """A session of a host that goes by who is served, where nobody is."""

    def get_bind(self, *args: Any, **given: Any) -> Any:
        raise LookupError("nobody is served")


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_a_session_that_gives_no_engine_silences_no_other_installation(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """What a host's own router raises is its own affair, and not that of the next one asked."""
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        lost = scoped_session(sessionmaker(class_=Nobodys))
        apps = [_half("lost", lost, tmp_path / "lost"), _half("one", session, tmp_path)]
        upgrade.make_keys(engine, FolderCustodian(tmp_path / "guesterase-keys"))
        assert len(apps) == 2
        assert told(session, delete) == ["h"]
    assert "The guard could not look at an application (LookupError)." in caplog.text


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_the_only_installation_writes_its_line_though_its_keys_cannot_be_opened(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None]
) -> None:
    """A line for the journal is signed later: while the host deletes no key is needed."""
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        app = _half("one", session, tmp_path)
        upgrade.make_keys(engine, FolderCustodian(tmp_path / "guesterase-keys"))
        (tmp_path / "guesterase-keys" / "secret-pepper.json").unlink()
        assert app.extensions["guesterase"].extension.host in guard._sides
        assert told(session, delete) == ["h"]


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_a_database_that_is_made_anew_is_asked_again_whose_it_is(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None]
) -> None:
    """The engine stays, as in a host's tests; the keys are other ones, and so is the journal."""
    found = []
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        apps = [_half(name, session, tmp_path / name, code=name) for name in ("one", "two")]
        for app in apps:
            with engine.begin() as conn:
                conn.execute(sa.delete(tables.epoch_key))
            custodian = app.extensions["guesterase"].custodian
            upgrade.make_keys(engine, custodian)
            found.append(told(session, delete))
    assert found == [["one"], ["two"]]


@pytest.mark.parametrize("delete", [by_flush, by_statement])
def test_one_guesterase_in_two_applications_writes_one_line_outside_of_both(
    sqlite_url: str, tmp_path: Path, delete: Callable[..., None]
) -> None:
    """The database says that it is theirs, so nobody must guess which of them is meant."""
    with _made(sqlite_url) as engine:
        session = scoped_session(sessionmaker(engine))
        app, other = _half("guests", session, tmp_path), Flask("staff", instance_path=str(tmp_path))
        other.config.update(app.config)
        app.extensions["guesterase"].extension.init_app(other)
        upgrade.make_keys(engine, FolderCustodian(tmp_path / "guesterase-keys"))
        assert told(session, delete) == ["h"]


def test_what_nobody_watches_is_passed_over_in_each_of_two_applications(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is not at work there has no say in it; a guest is looked at in each as before."""
    apps, looks, look = [product.app("one"), product.app("two")], list[int](), guard._all
    monkeypatch.setattr(guard, "_all", lambda: looks.append(1) or look())
    counts = []
    # The second application that answers has the classes of the first looked at once more.
    for model in (product.room, product.room, product.room, product.guest, product.guest):
        for app in apps:
            with app.app_context():
                looks.clear()
                product.db.session.add(model())
                product.db.session.commit()
                counts.append(len(looks))
    assert counts == [1, 1, 1, 0, 0, 0, 1, 1, 1, 1]
