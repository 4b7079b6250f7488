"""What the host's own code deletes is journaled where it lies, whichever application is at work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from flask_guesterase import Guesterase, Policy, Property, Subject, null
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


def by_flush(session: Any) -> None:
    session.delete(session.scalars(sa.select(Lodger)).one())


def by_statement(session: Any) -> None:
    session.execute(sa.delete(Lodger))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The database of one installation, with its tables and ours."""
    made = sa.create_engine(database_url)
    Base.metadata.create_all(made)
    upgrade.upgrade(made)
    yield made
    made.dispose()


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


def _half(name: str, session: Any, folder: Path) -> Flask:
    app = Flask(name, instance_path=str(folder))
    app.config.update(SECRET_KEY=SALT, TESTING=True)
    extension = Guesterase(
        session, models=Base, authorize=lambda *_: True, properties=[Property("h", "H", "h")]
    )
    extension.register(Lodger, RULES)
    extension.init_app(app)
    return app


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
