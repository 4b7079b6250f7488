"""Rows of many tables are found by one statement, and they are those found one table at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    select,
)

from benchmarks.rows import Shape, fill
from benchmarks.schema import POLICIES, Base
from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Policy, Subject, delete, keep, redact
from flask_guesterase.store.datamap import DataMap, resolve
from flask_guesterase.store.eraser import erase, plan
from flask_guesterase.store.finder import find, owned
from tests.store import inn


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Yield a list that fills with what is sent to a database."""
    sent: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def hotel(database_url: str) -> Iterator[tuple[Engine, DataMap]]:
    """A hotel of twelve tables and forty guests."""
    engine = create_engine(database_url)
    Base.metadata.create_all(engine)
    fill(engine, Shape(40))
    yield engine, resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    engine.dispose()


def test_one_statement_finds_what_a_statement_a_table_does(
    hotel: tuple[Engine, DataMap],
) -> None:
    """The same rows, of the same people, in the same order of keys."""
    engine, datamap = hotel
    people: list[Person] = [("guests", (id,)) for id in (3, 4, 5, 17, 39)]
    with engine.connect() as conn:
        with statements(engine) as sent:
            found = find(conn, datamap, people)
        assert len(sent) == 1
        for name, declared in datamap.tables.items():
            alone = owned(conn, datamap, declared, people)
            assert {row.key: set(row.owners) for row in found.get(name, [])} == alone
            assert [row.key for row in found.get(name, [])] == sorted(alone)
    assert set(found) >= {"guests", "reservations", "folios", "invoices", "stays"}


KEEPS = """
CREATE TRIGGER keeps AFTER DELETE ON loyalty BEGIN
  INSERT INTO loyalty (id, guest_id, card, points) VALUES (old.id, old.guest_id, 'back', 0);
END
"""


def test_one_look_sees_the_table_that_keeps_a_deleted_row(sqlite_url: str) -> None:
    """Six tables are looked at together; the one in which a row came back is named."""
    engine = create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    fill(engine, Shape(40))
    datamap = resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    with engine.begin() as conn:
        conn.exec_driver_sql(KEEPS)
        member = conn.exec_driver_sql("SELECT guest_id FROM loyalty LIMIT 1").scalar_one()
        drawn = plan(conn, datamap, [("guests", (member,))])
        with statements(engine) as sent, pytest.raises(ErasureError, match="Rows of loyalty"):
            erase(conn, datamap, drawn)
        assert sum(statement.startswith("SELECT (SELECT count(*)") for statement in sent) == 1
        conn.rollback()
    engine.dispose()


def uncased() -> MetaData:
    """Guests whose codes SQLite compares without case, and wishes that name them as typed."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("code", String(20, collation="NOCASE"), unique=True), Column("name", String(40)),
    )  # fmt: skip
    Table(
        "wishes", metadata, Column("id", Integer, primary_key=True),
        Column("code", String(20), ForeignKey("guests.code"), index=True),
        Column("said", String(40)),
    )  # fmt: skip
    return metadata


def fill_uncased(engine: Engine, metadata: MetaData) -> None:
    """Put two guests in, with a wish each in another case; SQLite takes them as keys that hold."""
    guests, wishes = metadata.tables["guests"], metadata.tables["wishes"]
    with engine.begin() as conn:
        conn.execute(insert(guests), [
            {"id": 1, "code": "Ada", "name": "Ada"}, {"id": 2, "code": "Bo", "name": "Bo"},
        ])
        conn.execute(insert(wishes), [
            {"id": 1, "code": "ADA", "said": "tea"}, {"id": 2, "code": "bo", "said": "milk"},
        ])


def test_a_key_that_holds_is_followed_whatever_its_case(sqlite_url: str) -> None:
    """What points at a guest by SQLite's own reckoning is the guest's, and nobody else's."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({"code": keep("a key"), "name": redact}, subject=Subject(match=["name"])),
        "wishes": Policy({"said": redact}, via="code"),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        inn.erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            said = conn.execute(select(metadata.tables["wishes"].c.said)).scalars().all()
        assert said == ["[erased]", "milk"]
        assert inn.remains(engine, declared, ("guests", (1,))) == []


def test_rows_go_with_what_points_at_them_whatever_its_case(sqlite_url: str) -> None:
    """A row that points at one that goes is found, goes first, and is nobody else's."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
        "wishes": Policy({}, via="code", rows=delete),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        inn.erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            left = [conn.execute(select(t.c.id)).scalars().all() for t in metadata.tables.values()]
        assert left == [[2], [2]]


def test_a_row_left_behind_stands_in_the_way_whatever_its_case(sqlite_url: str) -> None:
    """What still points at a row that goes is named before anything is tried."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
        "wishes": Policy({}, via="code", rows=delete, where=lambda table: table.c.said != "tea"),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        (block,) = inn.draw(engine, declared, ("guests", (1,))).blocked
    assert (block.reason, block.table, block.rows) == ("referenced", "wishes", 1)
