"""The host is read whichever way it is built, and its session is left as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as Lite
from sqlalchemy.ext.asyncio import async_scoped_session, async_sessionmaker, create_async_engine
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    registry,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import exempt, null
from flask_guesterase.store import tables as own
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from tests.kinds import Case, Cases

CASES = Cases()
POLICY = Policy({"name": null})


class Base(DeclarativeBase):
    """A plain declarative base."""


class Guest(Base):
    """A guest; the policy is written on the class."""

    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    __erasure__ = POLICY


class Vip(Guest):
    """A guest with an attribute more; it inherits the mapping, not the declaration."""


class Room(Base):
    """A room; declared as nobody's."""

    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    __erasure__ = exempt("rooms are nobody")


def names(host: Host) -> list[str]:
    """Return the names of the host's tables."""
    return [table.fullname for table in host.tables()]


def test_a_plain_declarative_base_is_read() -> None:
    """Tables, mappers and declarations of a base are found; a subclass does not declare again."""
    host = Host(scoped_session(sessionmaker()), models=Base)
    assert names(host) == ["guests", "rooms"]
    assert [m.class_.__name__ for m in host.mappers()] == ["Guest", "Room", "Vip"]
    assert list(host.declarations()) == [(Guest, POLICY), (Room, exempt("rooms are nobody"))]


def test_a_declaration_on_a_mixin_is_each_models_own() -> None:
    """What a model takes from classes without a table counts; a mapped parent speaks for itself."""

    class Other(DeclarativeBase):
        """Base of this test's models."""

    class Personal:
        """Columns that several tables of people have."""

        __erasure__: ClassVar[Any] = POLICY
        name: Mapped[str | None]

    class Lodger(Personal, Other):
        __tablename__ = "lodgers"
        id: Mapped[int] = mapped_column(primary_key=True)

    class Regular(Lodger):
        __tablename__ = "regulars"
        id: Mapped[int] = mapped_column(sa.ForeignKey("lodgers.id"), primary_key=True)

    class Waiter(Personal, Other):
        __tablename__ = "waiters"
        __erasure__ = exempt("staff are declared elsewhere")
        id: Mapped[int] = mapped_column(primary_key=True)

    found = dict(Host(scoped_session(sessionmaker()), Other).declarations())
    assert found == {Lodger: POLICY, Waiter: Waiter.__erasure__}
    assert Regular.__erasure__ is POLICY


def test_registries_metadata_and_several_sources_are_read() -> None:
    """models= takes a registry, a MetaData, a base, or several of them."""
    mapped, plain = registry(), sa.MetaData()
    sa.Table("ledger", mapped.metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("cards", plain, sa.Column("id", sa.Integer), schema="crm")
    session = scoped_session(sessionmaker())
    assert names(Host(session, models=mapped)) == ["ledger"]
    assert names(Host(session, models=[mapped, plain, Base])) == [
        "crm.cards", "guests", "ledger", "rooms",
    ]
    with pytest.raises(SetupError, match="models="):
        Host(session, models="guests")


def test_flask_sqlalchemy_is_read_with_its_binds() -> None:
    """Flask-SQLAlchemy's own models and the tables of every bind are found."""
    db = SQLAlchemy()
    sa.Table("cards", db.metadata, sa.Column("id", sa.Integer))

    class Visit(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
        __bind_key__ = "archive"
        id = sa.Column(sa.Integer, primary_key=True)

    host = Host(db)
    assert names(host) == ["cards", "visit"]
    assert [m.class_ for m in host.mappers()] == [Visit]


def test_our_own_tables_are_not_the_hosts() -> None:
    """Tables of ours that the host reflected are left out."""
    metadata = sa.MetaData()
    for table in own.metadata.tables.values():
        table.to_metadata(metadata)
    sa.Table("guests", metadata, sa.Column("id", sa.Integer))
    assert names(Host(scoped_session(sessionmaker()), models=metadata)) == ["guests"]


def test_an_automap_host_is_read(sqlite_url: str) -> None:
    """Classes that automap makes from the database are the host's mappers."""
    engine = sa.create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    base = automap_base()
    base.prepare(autoload_with=engine)
    host = Host(scoped_session(sessionmaker(engine)), models=base)
    assert names(host) == ["guests", "rooms"]
    assert [m.class_.__name__ for m in host.mappers()] == ["guests", "rooms"]
    engine.dispose()


def test_the_engine_is_the_one_the_session_uses(sqlite_url: str) -> None:
    """The default engine is found for a scoped session, and for both Flask extensions."""
    engine = sa.create_engine(sqlite_url)
    assert Host(scoped_session(sessionmaker(engine))).engine() is engine
    for make, key, value in (
        (SQLAlchemy, "SQLALCHEMY_DATABASE_URI", sqlite_url),
        (Lite, "SQLALCHEMY_ENGINES", {"default": sqlite_url}),
    ):
        app = Flask(__name__)
        app.config[key] = value
        db = make(app)
        with app.app_context():
            assert Host(db, models=Base).engine() is db.engine
            db.engine.dispose()


def test_a_replica_is_found_whatever_the_session_did_before(sqlite_url: str) -> None:
    """A new one of its kind is asked, of a scoped session and of Flask-SQLAlchemy-Lite."""
    leader, follower = sa.create_engine(sqlite_url), sa.create_engine(sqlite_url)

    class Held(Session):
        wrote = False

        def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
            self.wrote = self.wrote or isinstance(clause, sa.UpdateBase)
            return leader if self.wrote else follower

    app = Flask(__name__)
    app.config["SQLALCHEMY_ENGINES"] = {"default": "sqlite://"}
    lite = Lite(app, session_options={"class_": Held})
    with app.app_context():
        for db in (scoped_session(sessionmaker(class_=Held)), lite):
            host = Host(db, models=Base)
            assert host.engine() is leader
            assert host.readers() == {follower}
        lite.engine.dispose()


def test_a_session_at_work_is_not_closed_to_find_its_replica(sqlite_url: str) -> None:
    """A scoped session may give one that somebody made by hand: what waits in it stays."""
    engine = sa.create_engine(sqlite_url)
    with Session(engine) as session:
        session.add(guest := Guest(id=1))
        assert Host(scoped_session(lambda: session), Base).readers() == {engine}
        assert guest in session.new
    engine.dispose()


def test_a_session_without_a_database_is_told(sqlite_url: str) -> None:
    """No bind, or no application context, is a clear error and no stack of the library."""
    with pytest.raises(SetupError, match="no default database"):
        Host(scoped_session(sessionmaker())).engine()
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = sqlite_url
    with pytest.raises(SetupError, match="application context"):
        Host(SQLAlchemy(app)).engine()


def test_what_is_no_session_is_refused_at_once(sqlite_url: str) -> None:
    """Whoever opens sessions by hand gives a factory first, and is told what to make of it."""
    engine = sa.create_engine(sqlite_url)
    for given in (sessionmaker(engine), engine, Session, lambda: Session(engine)):
        with pytest.raises(SetupError, match="scoped session") as refused:
            Host(given, Base)
        assert "scoped_session(sessionmaker(engine))" in refused.value.hint


def test_an_asynchronous_engine_is_refused() -> None:
    """What cannot be worked with is said at once, and what to give instead."""
    made = create_async_engine("postgresql+psycopg_async://nobody@localhost/nothing")
    session = async_scoped_session(async_sessionmaker(made), scopefunc=lambda: 1)
    with pytest.raises(SetupError, match="asynchronous") as refused:
        Host(session, Base).engine()
    assert "synchronous engine" in refused.value.hint


def test_what_was_erased_is_loaded_anew(sqlite_url: str) -> None:
    """The host's session forgets erased values, and keeps what it has not written yet."""
    engine = sa.create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    session = scoped_session(sessionmaker(engine))
    session.add(Guest(id=1, name="Aino Korhonen", phone="1"))
    session.add(Room(id=1))
    session.commit()
    guest, room = session.get_one(Guest, 1), session.get_one(Room, 1)
    guest.phone = "2"
    Host(session, models=Base).expire({"guests"})
    assert "name" not in guest.__dict__
    assert guest.__dict__["phone"] == "2"
    assert guest in session.dirty
    assert "id" in room.__dict__
    session.remove()
    engine.dispose()


def test_a_session_nobody_opened_stays_closed(sqlite_url: str) -> None:
    """Expiring does not open a session where the thread has none."""
    session = scoped_session(sessionmaker())
    Host(session, models=Base).expire({"guests"})
    assert not session.registry.has()


def test_an_open_session_is_a_source_of_its_own(sqlite_url: str) -> None:
    """A plain Session works in the place of a scoped one."""
    engine = sa.create_engine(sqlite_url)
    with Session(engine) as session:
        host = Host(session, models=Base)
        assert host.engine() is engine
        assert host.session is session
    engine.dispose()


@CASES.of("several-binds")
def several_binds(wrong: bool) -> list[Finding]:
    """A vendor's select that joins tables of two databases is found."""
    app = Flask(__name__)
    app.config |= {"SQLALCHEMY_DATABASE_URI": "sqlite://", "SQLALCHEMY_BINDS": {
        "archive": "sqlite:///archive.sqlite",
    }}  # fmt: skip
    db = SQLAlchemy(app)

    class Guest(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
        id = sa.Column(sa.Integer, primary_key=True)

    class Visit(db.Model):  # type: ignore[name-defined,misc]
        __bind_key__ = "archive" if wrong else None
        id = sa.Column(sa.Integer, primary_key=True)
        email = sa.Column(sa.String(80))

    def by_select(visits: sa.Table) -> sa.Select[tuple[int, int]]:
        return sa.select(visits.c.id, Guest.id).join_from(visits, Guest, visits.c.id == Guest.id)

    with app.app_context():
        host = Host(db)
        declared = [(Guest, Policy({}, subject=Subject(match=["id"]))),
                    (Visit, Policy({"email": null}, via=by_select))]  # fmt: skip
        return host.findings(resolve(declared, host.tables(), host.mappers()))


@CASES.of("several-binds")
def a_tenant_by_schema_translate_map(wrong: bool) -> list[Finding]:
    """The catalogue is read of one schema and the rows of another would be changed."""
    engine = sa.create_engine("sqlite://")
    if wrong:
        engine = engine.execution_options(schema_translate_map={None: "tenant"})
    host = Host(scoped_session(sessionmaker(engine)), Base)
    return host.findings(resolve([(Guest, POLICY)], host.tables(), host.mappers()))


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """What would need a join between two databases is reported; within one it is not."""
    case.check()


class Parts(DeclarativeBase):
    """Base of models of which one lies elsewhere."""


class Lodger(Parts):
    __tablename__ = "lodgers"
    id: Mapped[int] = mapped_column(primary_key=True)


class Visit(Parts):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize("routed", [Visit, Visit.__table__], ids=["class", "table"])
def test_a_session_that_routes_a_table_elsewhere_is_followed(routed: Any, tmp_path: Path) -> None:
    """A mapping of classes or of tables to engines names the database by its address."""
    home, away = (sa.create_engine(f"sqlite:///{tmp_path}/{n}.sqlite") for n in ("home", "away"))
    binds = Host(scoped_session(sessionmaker(home, binds={routed: away})), Parts).binds()
    (name,) = binds.engines
    assert name.endswith("/away.sqlite")
    assert dict(binds.places) == {"visits": name}
    assert binds.of("lodgers") == ""
    assert binds.named(["lodgers", "visits"]) == [name]


def test_flask_sqlalchemy_lite_names_its_databases(tmp_path: Path) -> None:
    """A class that the session sends to another engine lies in the database of that name."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_ENGINES"] = {
        "default": f"sqlite:///{tmp_path}/home.sqlite", "away": f"sqlite:///{tmp_path}/a.sqlite",
    }  # fmt: skip
    db = Lite(app, session_options={"binds": {Visit: "away"}})
    with app.app_context():
        binds = Host(db, Parts).binds()
    assert dict(binds.places) == {"visits": "away"}


def test_a_bind_to_the_same_database_is_none(tmp_path: Path) -> None:
    """Two engines with one address lead to one database, and nothing is crossed."""
    app, url = Flask(__name__), f"sqlite:///{tmp_path}/one.sqlite"
    app.config |= {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_BINDS": {"archive": url}}
    db = SQLAlchemy(app)

    class Visit(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
        __bind_key__ = "archive"
        id = sa.Column(sa.Integer, primary_key=True)

    with app.app_context():
        assert not Host(db).binds().engines


def test_binds_of_both_flask_extensions_are_named(tmp_path: Path) -> None:
    """A database has the name that Flask-SQLAlchemy gives it."""
    app = Flask(__name__)
    app.config |= {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/home.sqlite",
                   "SQLALCHEMY_BINDS": {"archive": f"sqlite:///{tmp_path}/a.sqlite"}}  # fmt: skip
    db = SQLAlchemy(app)

    class Visit(db.Model):  # type: ignore[name-defined,misc]  # the class is made at run time
        __bind_key__ = "archive"
        id = sa.Column(sa.Integer, primary_key=True)

    with app.app_context():
        binds = Host(db).binds()
    assert dict(binds.places) == {"visit": "archive"}
    assert list(binds.engines) == ["archive"]


def test_one_name_in_two_databases_is_found(tmp_path: Path) -> None:
    """The data map knows a table by its name, so that two of one name cannot both be declared."""
    app = Flask(__name__)
    app.config |= {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/home.sqlite",
                   "SQLALCHEMY_BINDS": {"archive": f"sqlite:///{tmp_path}/a.sqlite"}}  # fmt: skip
    db = SQLAlchemy(app)
    for key in (None, "archive"):
        sa.Table("cards", db.metadatas.setdefault(key, sa.MetaData(info={"bind_key": key})),
                 sa.Column("id", sa.Integer, primary_key=True))  # fmt: skip
    with app.app_context():
        host = Host(db)
        declared = [("cards", Policy({}, subject=Subject(match=["id"])))]
        found = host.findings(resolve(declared, host.tables(), host.mappers()))
    assert [(f.id, f.table) for f in found] == [("several-binds", "cards")]


def test_a_reflected_double_lies_in_no_other_database(tmp_path: Path) -> None:
    """Reflecting a table of nobody's brings the tables that its keys lead to along."""
    app = Flask(__name__)
    app.config |= {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/home.sqlite",
                   "SQLALCHEMY_BINDS": {"archive": f"sqlite:///{tmp_path}/a.sqlite"}}  # fmt: skip
    db, reflected = SQLAlchemy(app), sa.MetaData()
    sa.Table("cards", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    db.metadatas["archive"] = away = sa.MetaData(info={"bind_key": "archive"})
    sa.Table("visits", away, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("cards", reflected, sa.Column("id", sa.Integer, primary_key=True))
    with app.app_context():
        host = Host(db, models=[reflected])
        declared = [("cards", Policy({}, subject=Subject(match=["id"])))]
        assert host.binds().engines
        assert host.findings(resolve(declared, host.tables(), host.mappers())) == []


def test_a_mapped_table_is_not_replaced_by_its_reflected_double(sqlite_url: str) -> None:
    """Only the mapping knows the host's own types, those of encrypted columns for example."""
    engine, reflected = sa.create_engine(sqlite_url), sa.MetaData()
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE notes (guest INTEGER REFERENCES guests (id))")
    reflected.reflect(engine, only=["notes"])
    session = scoped_session(sessionmaker(engine))
    for models in ([Base, reflected], [reflected, Base]):
        host = Host(session, models=models)
        assert names(host) == ["guests", "notes", "rooms"]
        assert Guest.__table__ in host.tables()
    engine.dispose()


class Routed(Session):
    """SQLAlchemy's own recipe for replicas: what writes goes to the leader, all else elsewhere."""

    engines: ClassVar[dict[str, sa.Engine]] = {}

    def get_bind(self, mapper: Any = None, clause: Any = None, **_: Any) -> sa.Engine:
        """Return the leader for what writes, a follower for what reads."""
        writes = self._flushing or isinstance(clause, sa.Update | sa.Delete)
        return self.engines["leader" if writes else "follower"]


def test_a_session_that_reads_from_replicas_is_written_to_where_it_writes(tmp_path: Path) -> None:
    """Our tables and the host's are in the leader; a replica is no database of its own."""
    leader, follower = (sa.create_engine(f"sqlite:///{tmp_path}/{n}.db") for n in ("a", "b"))
    Routed.engines = {"leader": leader, "follower": follower}
    host = Host(scoped_session(sessionmaker(class_=Routed)), Base)
    assert host.engine() is leader
    assert not host.binds().engines
