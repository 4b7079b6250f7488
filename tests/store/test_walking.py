"""Rows of many tables are found by one statement, and they are those found one table at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, event

from benchmarks.rows import Shape, fill
from benchmarks.schema import POLICIES, Base
from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.plan import Person
from flask_guesterase.store.datamap import DataMap, resolve
from flask_guesterase.store.eraser import erase, plan
from flask_guesterase.store.finder import find, owned


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
