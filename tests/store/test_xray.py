"""Promise: an x-ray needs no declaration, reads where nobody may write, and tells no value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, Column, Engine, Integer, MetaData, String, Table, Text, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import scoped_session, sessionmaker

from flask_guesterase import Guesterase
from flask_guesterase.core.errors import MatchError
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.search.xray import LIKELY, SURE, Picture, sought, xray
from tests.oracle.dump import dump
from tests.shapes.contents import Sealed
from tests.store.inn import datamap

NAME, MAIL, PHONE = "Åsa Lindgren", "asa@post.example", "+49 30 23125099"
GIVEN = [("email", MAIL), ("phone", PHONE), ("name", NAME)]


def fill(engine: Engine) -> DataMap:
    """Make tables nobody declares, with one guest all over them; return the host's mapping."""
    metadata = MetaData()
    key = lambda: Column("id", Integer, primary_key=True, autoincrement=False)  # noqa: E731
    people = Table("Gäste", metadata, key(), Column("name", String(40)), Column("mail", String(40)))
    logs = Table("log", metadata, key(), Column("line", Text), Column("n", String(20)))
    numbers = Table("calls", metadata, key(), Column("digits", String(20)), Column("data", JSON))
    sealed = Table("cards", metadata, key(), Column("holder", Sealed(200)))
    with engine.begin() as conn:
        metadata.create_all(conn)
        conn.execute(people.insert(), [
            {"id": 1, "name": NAME, "mail": MAIL}, {"id": 2, "name": "B B", "mail": "b@x.example"},
        ])  # fmt: skip
        conn.execute(logs.insert(), [
            {"id": 1, "line": f"called ASA LINDGREN twice, {MAIL}"},
            {"id": 2, "line": "Lindgren, Åsa, again"}, {"id": 3, "line": "nothing", "n": "3.50"},
        ])  # fmt: skip
        conn.execute(numbers.insert(), [{"id": 1, "digits": "030/23125099", "data": {"m": [MAIL]}}])
        conn.execute(sealed.insert(), [{"id": 1, "holder": MAIL}])
    return datamap(metadata, {})


def look(engine: Engine, mapping: DataMap, everything: bool = False) -> Picture:
    """X-ray one database."""
    return xray({"": engine}, mapping, sought(GIVEN, "DE"), everything)


def told(picture: Picture) -> dict[str, tuple[int, str]]:
    """Return place -> how many rows, and how sure."""
    return {f"{s.table}.{s.column}": (s.rows, s.sure) for s in picture.seen}


def test_every_place_is_told_with_how_sure_it_is(database_url: str) -> None:
    """Names count everywhere; one beside the person's own contact is the person's."""
    engine = create_engine(database_url)
    mapping = fill(engine)
    with engine.connect() as conn:
        before = dump(conn)
    picture = look(engine, mapping)
    with engine.connect() as conn:
        assert dump(conn) == before
    engine.dispose()

    assert told(picture) == {
        "Gäste.name": (1, SURE), "Gäste.mail": (1, SURE), "log.line": (2, SURE),
        "calls.digits": (1, SURE), "calls.data": (1, SURE), "cards.holder": (1, SURE),
    }  # fmt: skip
    assert picture.rows == 7
    assert picture.unsearched == ()


def test_a_name_alone_may_be_anothers_and_a_number_mostly_is_theirs(sqlite_url: str) -> None:
    """How much a find says is said with it."""
    engine = create_engine(sqlite_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, n BIGINT)")
        conn.exec_driver_sql("INSERT INTO a (t, n) VALUES ('Åsa Lindgren', 493023125099)")
        conn.exec_driver_sql("INSERT INTO a (t) VALUES ('Asa Lindgren')")
    picture = look(engine, datamap(MetaData(), {}))
    engine.dispose()
    assert told(picture) == {"a.n": (1, LIKELY), "a.t": (2, SURE)}


def test_a_short_number_counts_only_where_such_numbers_are(sqlite_url: str) -> None:
    """A booking number of five digits is somebody's postcode in every other column."""
    engine = create_engine(sqlite_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE a (id INTEGER PRIMARY KEY, zip TEXT, booking TEXT)")
        conn.exec_driver_sql("INSERT INTO a (zip, booking) VALUES ('10115', '7'), ('7', '10115')")
    wanted = sought([("booking", "10115")])
    picture = xray({"": engine}, datamap(MetaData(), {}), wanted)
    engine.dispose()
    assert told(picture) == {"a.booking": (1, SURE)}


def test_rows_without_a_key_are_counted_one_by_one(database_url: str) -> None:
    """Also where they say the same."""
    engine = create_engine(database_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE loose (t VARCHAR(90))")
        for _ in range(3):
            conn.exec_driver_sql(f"INSERT INTO loose VALUES ('{MAIL}')")
    picture = look(engine, datamap(MetaData(), {}))
    engine.dispose()
    assert told(picture) == {"loose.t": (3, SURE)}


def reading_only(url: str) -> Engine:
    """Return an engine whose connections may not write."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite":
        return create_engine(f"sqlite:///file:{where.database}?mode=ro&uri=true")
    option = (
        {"options": "-c default_transaction_read_only=on"}
        if where.get_backend_name() == "postgresql"
        else {"init_command": "SET SESSION TRANSACTION READ ONLY"}
    )
    return create_engine(url, connect_args=option)


def test_it_reads_from_a_replica(database_url: str) -> None:
    """A server, file or session that refuses changes is enough."""
    engine = create_engine(database_url)
    mapping = fill(engine)
    wanted = told(look(engine, mapping))
    engine.dispose()
    replica = reading_only(database_url)
    with pytest.raises(Exception, match=r"(?i)read.?only"), replica.begin() as conn:
        conn.exec_driver_sql("DELETE FROM log")
    found = told(look(replica, mapping))
    replica.dispose()
    assert found == wanted
    assert len(wanted) == 6


def test_everything_reads_other_schemas_too(postgresql_url: str) -> None:
    """What lies in a schema no mapping names is read when that is asked for."""
    engine = create_engine(postgresql_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE SCHEMA old")
        conn.exec_driver_sql("CREATE TABLE old.guest (who text)")
        conn.exec_driver_sql("INSERT INTO old.guest VALUES ('asa@post.example')")
    mapping = datamap(MetaData(), {})
    assert told(look(engine, mapping)) == {}
    assert told(look(engine, mapping, everything=True)) == {"old.guest.who": (1, SURE)}
    engine.dispose()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("colour", "blue-4711"), ("email", "not-one"), ("name", "Anna"), ("phone", "0"),
        ("passport", ""),
    ],
)
def test_what_means_nobody_is_refused_without_being_repeated(key: str, value: str) -> None:
    """A value that anybody could carry would find everybody."""
    with pytest.raises(MatchError) as refused:
        sought([(key, value)])
    assert not value or value not in str(refused.value)


# the command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a scan that is named after the guest."""
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "åsa_lindgren.png").write_bytes(b"")
    (tmp_path / "scans" / "other.png").write_bytes(b"")
    return tmp_path


def flask_sqlalchemy(app: Flask, url: str) -> None:
    """An application with a second database and nothing mapped."""
    db = SQLAlchemy()
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_BINDS"] = {"archive": f"{url}.archive"}
    db.init_app(app)
    Guesterase(db).init_app(app)


def reflected(app: Flask, url: str) -> None:
    """A plain session over classes that are made from the database as it is."""
    engine = create_engine(url)
    base = automap_base()
    base.prepare(autoload_with=engine)
    session = scoped_session(sessionmaker(bind=engine))
    Guesterase(session, models=base).init_app(app)


INSTALLS = {"flask-sqlalchemy": flask_sqlalchemy, "automap": reflected}


@pytest.fixture(params=INSTALLS)
def app(request: pytest.FixtureRequest, sqlite_url: str, folder: Path) -> Iterator[Flask]:
    """An application over a filled database, with no policy, no keys, no tables of ours."""
    for at in ("", ".archive"):
        engine = create_engine(f"{sqlite_url}{at}")
        fill(engine)
        engine.dispose()
    app = Flask("vendor", instance_path=str(folder))
    app.config["SECRET_KEY"] = "x"
    install: Callable[[Flask, str], None] = INSTALLS[request.param]
    with app.app_context():
        install(app, sqlite_url)
        yield app
        host: Host = app.extensions["guesterase"].extension.host
        for engine in host.engines().values():
            engine.dispose()


def test_the_first_thing_a_vendor_runs(app: Flask, folder: Path) -> None:
    """Counts alone, in both forms of the answer; the values come in by the input."""
    lines = "\n".join(["", *(f"{key}={value}" for key, value in GIVEN)])
    scans = str(folder / "scans")
    words = ["guesterase", "xray", "--match", "-", "--region", "DE", "--folder", scans]
    runner = app.test_cli_runner()
    plain = runner.invoke(args=words, input=lines)
    as_json = runner.invoke(args=[*words, "--json"], input=lines)

    assert plain.exit_code == as_json.exit_code == 0, plain.output
    data = json.loads(as_json.stdout)
    found = {f"{each['table']}.{each['column']}": each["rows"] for each in data["seen"]}
    assert found["Gäste.mail"] == 1
    assert found[f"files.{scans}"] == 1
    assert ("archive:Gäste.mail" in found) == ("SQLAlchemy" in str(type(current_db(app))))
    for _, value in GIVEN:
        assert value not in plain.output + as_json.output
    assert "log" in plain.stdout
    assert "rows read" in plain.stderr


def current_db(app: Flask) -> object:
    """Return what the extension was given as the host's database."""
    host: Host = app.extensions["guesterase"].extension.host
    return host.db


def test_wrong_use_repeats_nothing(app: Flask) -> None:
    """What was typed may be a guest's; it is in no message."""
    runner = app.test_cli_runner()
    for given in ("secret@post.example", "=x", "hat=secret"):
        done = runner.invoke(args=["guesterase", "xray", "--match", given])
        assert done.exit_code != 0
        assert "secret" not in done.output
