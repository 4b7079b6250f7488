"""Host shapes that are about the installation: how it is mapped, and where its tables lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as Lite
from sqlalchemy import Engine, ForeignKey, Integer, MetaData, Text, create_engine
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import DeclarativeBase, mapped_column, scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store import tables as own
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.erasing import carrying, eraser
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.mapping.masks import MARK
from flask_guesterase.store.messages.removal import remove
from flask_guesterase.store.transaction import transaction
from tests import engines
from tests.oracle.dump import assert_same, dump
from tests.store import inn

from .hosts import SHAPES, built
from .hotel import ASKS, NEIGHBOUR, Hotel, check, erase


def note_of(base: Any) -> Any:
    """Return a class of the host's own, written on its base."""

    class Note(base):  # type: ignore[misc]  # the base is made at run time
        """A note about a guest."""

        __tablename__ = "notes"
        id = mapped_column(Integer, primary_key=True, autoincrement=False)
        guest_id = mapped_column(ForeignKey("guests.id"), index=True)
        text = mapped_column("body", Text)

    return Note


@contextmanager
def plain_base(url: str, metadata: MetaData) -> Iterator[tuple[Any, Any]]:
    """No Flask extension for SQLAlchemy at all: a declarative base and a scoped session."""
    base: Any = type("Base", (DeclarativeBase,), {"metadata": metadata})
    engine = create_engine(url)
    yield scoped_session(sessionmaker(engine)), base
    engine.dispose()


@contextmanager
def flask_sqlalchemy(url: str, metadata: MetaData) -> Iterator[tuple[Any, Any]]:
    """Flask-SQLAlchemy and its own model class."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db = SQLAlchemy(app, metadata=metadata)
    with app.app_context():
        yield db, db.Model
        db.engine.dispose()


@contextmanager
def flask_sqlalchemy_lite(url: str, metadata: MetaData) -> Iterator[tuple[Any, Any]]:
    """Flask-SQLAlchemy-Lite, which knows engines and sessions but no models."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_ENGINES"] = {"default": url}
    db = Lite(app)
    with app.app_context():
        yield db, type("Base", (DeclarativeBase,), {"metadata": metadata})
        db.engine.dispose()


@pytest.mark.parametrize("install", [plain_base, flask_sqlalchemy, flask_sqlalchemy_lite])
def test_mapped_with(install: Any, database_url: str, tmp_path: Path) -> None:
    """Whichever way the host is mapped, its classes are known and its guest goes."""
    hotel = built(ASKS, tmp_path, ["companions_and_shared_rooms"])
    with install(database_url, hotel.metadata) as (db, base):
        note = note_of(base)
        hotel.declare(note, Policy({"text": redact}, via="guest_id"))
        for number, who in ((1, hotel.guest), (2, NEIGHBOUR)):
            hotel.put(note.__table__, {"id": number, "guest_id": number, "body": who.text},
                      {"body": MARK} if number == 1 else {})  # fmt: skip
        host = Host(db, [base, hotel.registry])
        declared = resolve(hotel.policies.items(), host.tables(), host.mappers(), coverage)
        with host.engine().begin() as conn:
            own.metadata.create_all(conn, [own.subject, own.kept])
            hotel.metadata.create_all(conn)
        check(hotel, erase(hotel, host.engine(), declared))


def test_reflected_automap(database_url: str, tmp_path: Path) -> None:
    """Classes that automap reads from the database lead over an association it made itself."""
    hotel = built(ASKS, tmp_path, [
        "companions_and_shared_rooms", "children_that_point_at_a_unique_column",
    ])
    with inn.host(database_url, hotel.metadata) as engine:
        base = automap_base()
        base.prepare(autoload_with=engine)
        classes, made = base.classes, hotel.policies
        stays, doors = hotel.metadata.tables["stays"], hotel.metadata.tables["doors"]
        policies: dict[Any, Any] = {
            classes.guests: made[hotel.Guest],
            classes.stays: Policy(
                {"room": keep("occupancy"), "wishes": redact}, via="guests_collection"
            ),
            classes.doors: Policy({"spoken": null}, via="guests"),
            base.metadata.tables["stay_guests"]: Policy({}, via="guest_id"),
        }
        assert {stays.name, doors.name} <= set(base.metadata.tables)
        host = Host(scoped_session(sessionmaker(engine)), base)
        declared = resolve(policies.items(), host.tables(), host.mappers(), coverage)
        check(hotel, erase(hotel, engine, declared))


def test_several_binds(sqlite_url: str) -> None:
    """A table in a database of its own is of the plan, and goes with the others."""
    app = Flask(__name__)
    app.config |= {"SQLALCHEMY_DATABASE_URI": sqlite_url,
                   "SQLALCHEMY_BINDS": {"archive": sqlite_url + "-archive"}}  # fmt: skip
    db = SQLAlchemy(app)
    hotel = Hotel(ASKS, Path(), metadata=db.metadata)

    class Visit(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
        __bind_key__ = "archive"
        id = db.Column(db.Integer, primary_key=True)
        email = db.Column(db.String(80))

    hotel.declare(Visit, Policy({"email": placeholder}, subject=Subject(match=["email"])))
    with app.app_context():
        db.create_all()
        host = Host(db, hotel.registry)
        declared = resolve(hotel.policies.items(), host.tables(), host.mappers(), lambda found: [
            *coverage(found), *host.findings(found),
        ])
        with db.engine.begin() as conn:
            own.metadata.create_all(conn, [own.subject, own.kept])
            hotel.fill(conn)
        with db.engines["archive"].begin() as conn:
            conn.execute(Visit.__table__.insert(), [{"id": 1, "email": "ann@mail.example"}])
        with transaction(db.engine, True, host.binds()) as crossing:
            full, found = inn.whole(crossing, declared)
            plan = eraser.plan(crossing, full, [*hotel.people, ("visit", (1,))], found)
        db.engine.dispose()
        db.engines["archive"].dispose()

    assert not plan.blocked, plan.blocked
    assert "visit" in {step.decision.table for step in plan.changing()}


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_tenant_by_database(kind: str, tmp_path: Path) -> None:
    """Each house has a database of its own; the same guest stays in the one not asked."""
    names = ["companions_and_shared_rooms", "links_by_an_email", "tables_that_point_in_circles"]
    hotel, other = (built(ASKS, tmp_path, names) for _ in range(2))
    with ExitStack() as stack:
        urls = [stack.enter_context(engines.fresh_database(kind)) for _ in range(2)]
        asked, spared = (
            stack.enter_context(inn.host(url, h.metadata))
            for url, h in zip(urls, (hotel, other), strict=True)
        )
        before = filled(other, spared)
        session = scoped_session(sessionmaker(asked))
        check(hotel, erase(hotel, Host(session, hotel.registry).engine(), hotel.datamap()))
        with spared.connect() as conn:
            assert_same(before, dump(conn))


def filled(hotel: Hotel, engine: Engine, schema: str | None = None) -> Any:
    """Fill a hotel and return what is in it."""
    with engine.begin() as conn:
        hotel.fill(conn)
        return dump(conn, [schema])


@contextmanager
def two_schemas(url: str) -> Iterator[Engine]:
    """Two schemas of one PostgreSQL database."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as conn:
        for name in ("house_a", "house_b"):
            conn.exec_driver_sql(f"CREATE SCHEMA {name}")
    yield engine
    engine.dispose()


SCHEMA_SHAPES = [
    "companions_and_shared_rooms", "keys_that_are_composite", "tables_that_point_in_circles",
    "json_columns",
]


def test_tenant_by_postgresql_schema(postgresql_url: str, tmp_path: Path) -> None:
    """Tables that name their schema are found in it, and in no other."""
    hotels = [
        Hotel(ASKS, tmp_path, metadata=MetaData(schema=schema)) for schema in ("house_a", "house_b")
    ]
    with two_schemas(postgresql_url) as engine:
        for hotel in hotels:
            for name in SCHEMA_SHAPES:
                SHAPES[name](hotel)
            hotel.people = [(f"{hotel.metadata.schema}.{t}", key) for t, key in hotel.people]
            with engine.begin() as conn:
                hotel.metadata.create_all(conn)
        with engine.begin() as conn:
            own.metadata.create_all(conn, [own.subject, own.kept])
        before = filled(hotels[1], engine, "house_b")
        check(hotels[0], erase(hotels[0], engine, hotels[0].datamap()))
        with engine.connect() as conn:
            assert_same(before, dump(conn, ["house_b"]))


def test_tenant_by_search_path(postgresql_url: str, tmp_path: Path) -> None:
    """The same mapping serves both houses; the connection's search path tells which."""
    names = [*SCHEMA_SHAPES, "links_by_an_email"]
    hotel, other = (built(ASKS, tmp_path, names) for _ in range(2))
    with two_schemas(postgresql_url), ExitStack() as stack:
        asked, spared = (
            stack.enter_context(inn.host(
                f"{postgresql_url}?options=-csearch_path%3D{schema}", h.metadata
            ))
            for schema, h in (("house_a", hotel), ("house_b", other))
        )
        before = filled(other, spared)
        check(hotel, erase(hotel, asked, hotel.datamap()))
        with spared.connect() as conn:
            assert_same(before, dump(conn))


def test_a_file_named_after_the_guest_is_taken_from_disk(sqlite_url: str, tmp_path: Path) -> None:
    """What the erasure hands on is the guest's file, and removing it leaves the neighbour's."""
    folder = tmp_path / "scans"
    folder.mkdir()
    hotel = built(ASKS, folder, ["files_named_after_the_guest"])
    with inn.host(sqlite_url, hotel.metadata) as engine:
        outcome = erase(hotel, engine, hotel.datamap())
    assert outcome.erased.files == [(str(folder), f"{ASKS.name}.jpg")]
    for root, name in outcome.erased.files:
        remove(root, name)
    assert [path.name for path in folder.iterdir()] == [f"{NEIGHBOUR.name}.jpg"]


def test_a_hashed_identifier_finds_its_member(database_url: str, tmp_path: Path) -> None:
    """A match that is a callable finds the row by what the guest typed, and nobody else's."""
    hotel = built(ASKS, tmp_path, ["identifiers_the_host_hashes"])
    declared = hotel.datamap()
    with inn.host(database_url, hotel.metadata) as engine:
        filled(hotel, engine)
        with engine.connect() as conn:
            found = carrying.candidates(conn, declared, "email", ASKS.email.upper(), None)
    assert {c.person for c in found} == {("loyalty", (1,)), ("guests", (1,))}


def test_an_audit_table_that_refuses_changes(sqlite_url: str, tmp_path: Path) -> None:
    """A trigger that forbids the change ends in a clear error, and everything is as before."""
    hotel = built(ASKS, tmp_path, ["audit_tables_full_of_names"])
    declared = hotel.datamap()
    refuse = """CREATE TRIGGER append_only BEFORE UPDATE ON audit BEGIN
        SELECT RAISE(ABORT, 'append only'); END"""
    with inn.host(sqlite_url, hotel.metadata, refuse) as engine:
        before = filled(hotel, engine)
        plan = inn.draw(engine, declared, *hotel.people)
        assert plan.blocked == ()
        with pytest.raises(ErasureError, match="othing was changed"):
            inn.erase(engine, declared, *hotel.people)
        with engine.connect() as conn:
            assert_same(before, dump(conn))
