"""Which rows are counted as lines of a hotel's register, page by page, however they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, retain
from flask_guesterase.store.census import counting, register
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from tests.store.forms import Forms
from tests.store.test_census import NEW, any_house, clerk, counted, entries, sealing

__all__ = ["any_house", "clerk"]


class Base(DeclarativeBase):
    """Base of this host's models."""


class Guest(Base):
    __tablename__ = "book_guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(120))


class Stay(Base):
    __tablename__ = "book_stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("book_guests.id"))
    house: Mapped[str] = mapped_column(String(10))
    guest: Mapped[Guest] = relationship()


class Entry(Base):
    __tablename__ = "book_entries"
    book: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("book_stays.id"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    left_on: Mapped[date]
    stay: Mapped[Stay] = relationship()


class Books(Forms):
    """Two hotels that keep one register in books, in which the number of a line begins anew."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        Base.metadata.create_all(self.engine)
        self.ids = count(1)

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        wanted = [
            (Guest, Policy({"email": email}, subject=Subject(match=["email"], contact=["email"]))),
            (Stay, Policy({"house": keep("which house")}, via="guest")),
            (
                Entry,
                Policy(
                    {"book": keep("which book"), "kind": keep("what it is"),
                     "name": retain("guest_register", null), "left_on": keep("statistics")},
                    via="stay.guest", category="guest_register", clock={"departed": "left_on"},
                    place="stay.house", where=lambda table: table.c.kind == "line",
                ),
            ),
        ]  # fmt: skip
        return resolve(wanted, Base.metadata.tables.values(), list(Base.registry.mappers))

    def line(self, book: str, number: int, house: str = "mu", kind: str = "line") -> None:
        """Write a line into a book."""
        id = next(self.ids)
        with self.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=id, email=f"g{id}@mail.example"))
            conn.execute(insert(Stay).values(id=id, guest_id=id, house=house))
            conn.execute(insert(Entry).values(
                book=book, number=number, stay_id=id, kind=kind, name="Ada Roe", left_on=NEW,
            ))  # fmt: skip


@pytest.fixture
def books(database_url: str, tmp_path: Path) -> Iterator[Books]:
    """Two hotels whose register has lines in three books, on each of the three engines in turn."""
    made = Books(database_url, tmp_path)
    for book in ("a", "b", "c"):
        for number in (1, 2, 3):
            made.line(book, number)
    made.line("b", 4, "be")
    made.line("b", 5, kind="note")
    yield made
    made.engine.dispose()


def test_each_line_is_counted_once_however_many_a_page_has(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over two columns of a key, at the hotel its stay says, and what is no line is none."""
    roots = set()
    for page in (2000, 1, 2, 3, 4):
        monkeypatch.setattr(register, "PAGE", page)
        books.run(lambda office: counting.count(office.work, "mu"))
        books.run(lambda office: counting.count(office.work, "be"))
        assert counted(books)["rows"] == 9, page
        assert counted(books, "be")["rows"] == 1, page
        roots.add(tuple(each.marks["root"] for each in entries(books, "register-counted")[-2:]))
        books.later(days=1)
    assert len(roots) == 1


@pytest.mark.usefixtures("clerk")
def test_each_sealed_line_is_counted_however_many_a_page_has(
    any_house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = any_house
    house.sweep()
    sealing(house, 1, 2, 3, 4, 5)
    for page in (2000, 1, 2, 5):
        monkeypatch.setattr(register, "PAGE", page)
        house.later(days=1)
        house.run(lambda office: counting.count(office.work, "mu"))
        assert counted(house) == {"rows": 5, "arrived": 0, "departed": 0, "missed": 0}, page
