"""Whom an incident concerns in the guest register: whoever slept there on one of its nights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import ForeignKey, String, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Register, Subject
from flask_guesterase.core.treatment import keep, null, retain
from flask_guesterase.store.incidents.affected import Asked
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.forms import Forms

DECEMBER, JANUARY, FEBRUARY = date(2025, 12, 20), date(2026, 1, 31), date(2026, 2, 10)


class Base(DeclarativeBase):
    """Base of a host that keeps a guest register."""


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(120))


class Line(Base):
    __tablename__ = "guest_book"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    room: Mapped[str] = mapped_column(String(8))
    first_night: Mapped[date | None]
    last_night: Mapped[date | None]
    left_on: Mapped[date | None]
    name: Mapped[str | None] = mapped_column(String(80))
    document_no: Mapped[str | None] = mapped_column(String(40))
    person: Mapped[Person] = relationship()


class Lodging(Forms):
    """A hotel whose law asks for the day of departure alone."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.settings = replace(self.settings, properties={"mu": self.settings.properties["mu"]})
        nights = dict.fromkeys(("room", "first_night", "last_night", "left_on"), keep("occupancy"))
        self.datamap = resolve(
            [
                (Person, Policy({"email": null}, subject=Subject(match=["email"]))),
                (Line, Policy(
                    {**nights, "name": retain("guest_register", null),
                     "document_no": retain("guest_register", null)},
                    via="person", category="guest_register", clock={"departed": "left_on"},
                    register=Register("room", "first_night", "last_night", "name", "document_no"),
                )),
            ],
            Base.metadata.tables.values(), list(Base.registry.mappers),
        )  # fmt: skip
        Base.metadata.create_all(self.engine)

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return user == "officer"

    def line(self, id: int, first: date | None, last: date | None, left: date | None) -> None:
        """Put a guest with a line of the register in."""
        with self.engine.begin() as conn:
            conn.execute(insert(Person).values(id=id, email=f"g{id}@mail.example"))
            conn.execute(insert(Line).values(
                id=id, person_id=id, room="7", first_night=first, last_night=last, left_on=left
            ))  # fmt: skip

    def concerned(self, since: date | None, until: date | None) -> int:
        """Return how many an incident concerns that was about the register of some days."""
        with self.begin() as office:
            number = office.open_incident(Report("mu", "leak", "The book is gone."), "officer")
            asked = Asked("guest_book", since, until)
            return office.measure_incident(number, asked, "officer")["living"]


@pytest.fixture
def lodging(database_url: str, tmp_path: Path) -> Iterator[Lodging]:
    """A hotel with a guest register, on each of the three engines in turn."""
    made = Lodging(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_line_of_the_register_is_of_each_of_its_nights(lodging: Lodging) -> None:
    """Who was in the house on the days of a leak is told, though the clock says departures only."""
    lodging.line(1, DECEMBER, date(2026, 2, 9), FEBRUARY)
    lodging.line(2, DECEMBER, None, None)
    lodging.line(3, DECEMBER, date(2025, 12, 30), date(2025, 12, 31))
    lodging.line(4, FEBRUARY, date(2026, 2, 11), date(2026, 2, 12))
    lodging.line(5, date(2026, 1, 30), date(2026, 1, 30), JANUARY)
    assert lodging.concerned(date(2026, 1, 1), date(2026, 1, 29)) == 2
    assert lodging.concerned(date(2026, 1, 1), JANUARY) == 3
    assert lodging.concerned(None, DECEMBER) == 3
    assert lodging.concerned(FEBRUARY, None) == 3


def test_a_line_without_a_first_night_is_of_each_day_before_its_last(lodging: Lodging) -> None:
    """Nobody knows when they came: what cannot be told counts, as of any record."""
    lodging.line(1, None, date(2026, 2, 9), FEBRUARY)
    lodging.line(2, None, date(2025, 12, 31), date(2026, 1, 1))
    assert lodging.concerned(date(2026, 1, 10), JANUARY) == 1
    assert lodging.concerned(date(2026, 2, 11), None) == 0


@pytest.mark.parametrize(("left", "counted"), [
    (date(2026, 1, 2), [1, 1, 1, 0]), (None, [1, 1, 1, 1]),
])  # fmt: skip
def test_a_line_without_a_last_night_is_of_no_day_behind_its_departure(
    lodging: Lodging, left: date | None, counted: list[int]
) -> None:
    """A desk that writes down the departure alone has nobody in the house for ever by it."""
    lodging.line(1, DECEMBER, None, left)
    days = [
        (DECEMBER, DECEMBER), (date(2025, 12, 24), date(2025, 12, 27)),
        (date(2026, 1, 2), None), (JANUARY, FEBRUARY),
    ]  # fmt: skip
    assert [lodging.concerned(*span) for span in days] == counted


def test_a_line_without_any_night_may_be_of_each_day(lodging: Lodging) -> None:
    """As one that is sealed: when they left says nothing of when they came."""
    lodging.line(1, None, None, FEBRUARY)
    assert lodging.concerned(date(2026, 1, 10), JANUARY) == 1


def test_a_night_that_the_database_cannot_tell_any_more_may_be_any(lodging: Lodging) -> None:
    """Without the column of the first night each line counts, as without one of days."""
    lodging.line(1, DECEMBER, date(2025, 12, 30), date(2025, 12, 31))
    with lodging.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE guest_book RENAME COLUMN first_night TO came")
    assert lodging.concerned(date(2026, 1, 1), JANUARY) == 1
