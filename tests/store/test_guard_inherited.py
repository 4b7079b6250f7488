"""Who comes back by a class that inherits: SQLAlchemy writes to each table behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, insert, select, update
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, placeholder, redact
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import guard
from flask_guesterase.store.comeback.lookout import Side
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from tests.store.hotel import Hotel

ANN = {"name": "Ann Berg", "email": "ann@mail.example", "house": "sh"}


class Base(DeclarativeBase):
    """Base of the host's models; their policies are written on them."""


class Person(Base):
    __tablename__ = "heir_people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80))
    house: Mapped[str] = mapped_column(String(8))
    __erasure__ = Policy(
        {"name": redact, "email": placeholder, "house": keep("house")},
        subject=Subject(match=["email"], name="name", contact=["email"], property="house"),
    )


class Regular(Person):
    __tablename__ = "heir_regulars"
    id: Mapped[int] = mapped_column(ForeignKey("heir_people.id"), primary_key=True)
    points: Mapped[int]
    __erasure__ = Policy({"points": keep("house")}, via="id")


class House:
    """A watched hotel in which a regular guest was erased."""

    def __init__(self, url: str, folder: Path) -> None:
        self.hotel = Hotel(url, folder)
        self.session = scoped_session(sessionmaker(self.hotel.engine))
        self.host = Host(self.session, models=Base)
        self.hotel.datamap = resolve(
            self.host.declarations(), self.host.tables(), self.host.mappers()
        )
        Base.metadata.create_all(self.hotel.engine)
        guard.install(self.host, self.sides)
        with Session(self.hotel.engine) as writer:
            writer.add(Regular(id=1, points=1, **ANN))
            writer.commit()
        self.hotel.erased(self.hotel.approved(email=ANN["email"]))

    def sides(self) -> list[Side]:
        """Return what the guard must know."""
        hotel = self.hotel
        pool = hotel.engine.pool
        return [Side(pool, hotel.settings, hotel.datamap, hotel.custodian, lambda: hotel.now)]

    def seen(self) -> list[Any]:
        """Return the rows the guard noted."""
        returned = tables.returned
        noted = select(returned.c.table_name, returned.c.row_key, returned.c.state)
        return [tuple(row) for row in self.session.execute(noted)]


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The hotel on SQLite."""
    made = House(sqlite_url, tmp_path)
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def test_a_statement_of_a_child_is_watched_for_its_parent(house: House) -> None:
    """Rows that it adds, and such that it writes to by their keys."""
    house.session.execute(insert(Regular), [{"id": 50, "points": 70, **ANN}])
    assert house.seen() == [("heir_people", "int:50", "seen")]
    house.session.rollback()
    house.session.execute(update(Regular), [{"id": 1, "email": ANN["email"]}])
    assert house.seen() == [("heir_people", "int:1", "there")]
