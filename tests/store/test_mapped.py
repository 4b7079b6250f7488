"""Hosts as they are mapped out there: inheritance, versions, keys that are somebody's address."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, FetchedValue, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import UserDefinedType

from flask_guesterase.core.errors import ErasureError, MovedError
from flask_guesterase.core.finding import Severity
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from tests import engines
from tests.oracle.dump import places
from tests.store.manor import Manor, whole_way

ADA = {"hotel": "sh", "name": "Ada Quill", "email": "ada@quill.example"}
BO = {"hotel": "sh", "name": "Bo Lind", "email": "bo@lind.example"}
OLD, NEW = date(2020, 1, 1), date(2026, 1, 1)
"""Last seen longer ago than the law lets anybody be kept, and lately."""

WHO = Subject(match=["email"], name="name", contact=["email"], property="hotel")
AGED: dict[str, Any] = {"category": "reservation", "clock": {"last_activity": "seen"}}


@contextmanager
def patched(model: Any, policy: Policy) -> Iterator[None]:
    """Let a class declare something else for a while."""
    before, model.__erasure__ = model.__erasure__, policy
    try:
        yield
    finally:
        model.__erasure__ = before


@contextmanager
def manor(url: str, folder: Path, base: Any, *rows: Any, **more: Any) -> Iterator[Manor]:
    """A hotel over these classes, with these rows in it."""
    made = Manor(url, folder, base, **more)
    try:
        made.save(*rows)
        yield made
    finally:
        made.close()


# inheritance


class Base(DeclarativeBase):
    """Base of a host in which everybody is a person, and each paper a document."""


class Person(Base):
    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(80), index=True)
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads it
        "polymorphic_on": "kind", "polymorphic_identity": "person", "version_id_col": version,
    }
    __erasure__ = Policy(
        {"kind": keep("which class"), "hotel": keep("which house"), "name": redact,
         "email": placeholder, "seen": keep("statistics"), "version": keep("counts changes")},
        subject=WHO, where=lambda table: table.c.kind.in_(["guest", "regular"]), **AGED,
    )  # fmt: skip


class Guest(Person):
    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    __mapper_args__ = {"polymorphic_identity": "guest"}  # noqa: RUF012
    __erasure__ = Policy({"phone": null}, via="id")


class Regular(Guest):
    __tablename__ = "regulars_of"
    id: Mapped[int] = mapped_column(ForeignKey("guests_of.id"), primary_key=True)
    wishes: Mapped[str | None] = mapped_column(String(200))
    __mapper_args__ = {"polymorphic_identity": "regular"}  # noqa: RUF012
    __erasure__ = Policy({}, via="id", rows=delete)


class Employee(Person):
    __tablename__ = "employees_of"
    id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    salary: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "employee"}  # noqa: RUF012
    __erasure__ = Policy({"salary": keep("their contract")}, via="id")


class Document(Base):
    __tablename__ = "papers_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    number: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    person: Mapped[Person] = relationship()
    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads it
        "polymorphic_on": "kind", "version_id_col": version,
        "version_id_generator": lambda version: uuid.uuid4().hex,
    }
    __erasure__ = Policy({}, via="person", rows=delete)


class Passport(Document):
    mrz: Mapped[str | None] = mapped_column(String(90))
    __mapper_args__ = {"polymorphic_identity": "passport"}  # noqa: RUF012


class Licence(Document):
    plate: Mapped[str | None] = mapped_column(String(20))
    __mapper_args__ = {"polymorphic_identity": "licence"}  # noqa: RUF012


SECRETS = ["Ada Quill", "ada@quill.example", "+44 7700 900123", "Walnut allergy", "QX7781234",
           "P<GBRQUILL", "AQ 12345"]  # fmt: skip


def people() -> list[Any]:
    """Return a guest of a class of a class who was not seen for long, another, and a clerk."""
    return [
        Regular(id=1, seen=OLD, phone="+44 7700 900123", wishes="Walnut allergy", **ADA),
        Guest(id=2, seen=NEW, phone="+44 7700 900777", **BO),
        Employee(id=3, hotel="sh", name="Clara Desk", email="clara@desk.example", seen=OLD),
        Passport(id=1, person_id=1, number="QX7781234", mrz="P<GBRQUILL"),
        Licence(id=2, person_id=1, number="L1", plate="AQ 12345"),
        Passport(id=3, person_id=2, number="BU1002003", mrz="P<GBRLIND"),
    ]


def test_classes_that_inherit_go_the_whole_way(database_url: str, tmp_path: Path) -> None:
    """What lies in three tables of one guest goes, comes back with its versions, and goes again."""
    with manor(database_url, tmp_path, Base, *people()) as house:
        done = whole_way(house, SECRETS, email="ada@quill.example")
        assert done.columns() == {"persons": {"name", "email"}, "guests_of": {"phone"}}
        assert {table: len(rows) for table, rows in done.gone.items()} == {
            "papers_of": 2, "regulars_of": 1,
        }  # fmt: skip
        assert house.flushed(Regular(id=50, **ADA)) == [("persons", "seen")]


def test_a_sweep_takes_classes_that_inherit(database_url: str, tmp_path: Path) -> None:
    """The same rows go by their day; a clerk of that age, who is no guest, stays."""
    with manor(database_url, tmp_path, Base, *people()) as house:
        house.swept()
        assert places(house.content(), *SECRETS) == []
        assert places(house.content(), "Clara Desk", "Bo Lind") == ["persons.name"]


class Xid(UserDefinedType[str]):
    """What PostgreSQL numbers transactions with."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        """Return its name there."""
        return "xid"


def test_versions_that_the_database_counts(postgresql_url: str, tmp_path: Path) -> None:
    """SQLAlchemy can take PostgreSQL's own xmin for a version: no column that anybody declares."""

    class Own(DeclarativeBase):
        """Base of a host whose rows are versioned so."""

    class Card(Own):
        __tablename__ = "cards_of"
        id: Mapped[int] = mapped_column(primary_key=True)
        hotel: Mapped[str] = mapped_column(String(8))
        name: Mapped[str] = mapped_column(String(80))
        email: Mapped[str] = mapped_column(String(80))
        xmin: Mapped[str] = mapped_column(Xid, system=True, server_default=FetchedValue())
        __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads it
            "version_id_col": xmin, "version_id_generator": False,
        }
        __erasure__ = Policy(
            {"hotel": keep("which house"), "name": redact, "email": placeholder}, subject=WHO
        )

    cards = [Card(id=1, **ADA), Card(id=2, **BO)]
    with manor(postgresql_url, tmp_path, Own, *cards) as house:
        assert house.said() == []
        card = house.session.get(Card, 1)
        assert card.name == "Ada Quill"
        house.session.commit()
        whole_way(house, ["Ada Quill", "ada@quill.example"], email="ada@quill.example")
        card.name = "Ada Quill-Roe"
        house.session.commit()


# keys that are somebody's address


class Named(DeclarativeBase):
    """Base of a host that knows its guests by their address."""


class Reader(Named):
    __tablename__ = "readers_of"
    email: Mapped[str] = mapped_column(String(80), primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "seen": keep("statistics")},
        subject=WHO, rows=delete, **AGED,
    )  # fmt: skip


class Letter(Named):
    __tablename__ = "letters_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[str | None] = mapped_column(
        ForeignKey("readers_of.email", onupdate="CASCADE"), index=True
    )
    cents: Mapped[int]
    __erasure__ = Policy({"cents": keep("books"), "reader": null}, via="reader")


class Nick(Named):
    __tablename__ = "nicks_of"
    reader: Mapped[str] = mapped_column(
        ForeignKey("readers_of.email", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    nick: Mapped[str] = mapped_column(String(40))
    __erasure__ = Policy({}, via="reader", rows=delete)


MAIL = "ada@quill.example"


def readers() -> list[Any]:
    """Return a reader who was not seen for long, with a letter and a name, and another."""
    return [
        Reader(seen=OLD, **ADA), Reader(seen=NEW, **BO), Letter(id=1, reader=MAIL, cents=5),
        Letter(id=2, reader=BO["email"], cents=5), Nick(reader=MAIL, number=1, nick="Quilly"),
    ]


def test_a_key_that_is_an_address_goes_the_whole_way(database_url: str, tmp_path: Path) -> None:
    """The row goes and what repeats its key; a day later we do not know the address either."""
    with manor(database_url, tmp_path, Named, *readers()) as house:
        done = whole_way(house, [MAIL, "Ada Quill", "Quilly"], email=MAIL)
        assert done.columns() == {"letters_of": {"reader"}}
        assert sorted(done.gone) == ["nicks_of", "readers_of"]
        assert house.flushed(Reader(**ADA)) == [("readers_of", "seen")]
        # The case of the erasure that was taken back names the row as well.
        assert house.everywhere(MAIL) == ["guesterase_subject.row_key"]
        house.night()
        assert house.everywhere(MAIL) == []
        assert house.flushed(Reader(**ADA)) == [("readers_of", "seen")]


@pytest.mark.parametrize("kind", engines.DEEP)
def test_a_key_that_is_an_address_goes_by_its_day(kind: str, tmp_path: Path) -> None:
    """Nothing keeps it for as long as a number that says nothing would be kept."""
    with (
        engines.fresh_database(kind) as url, manor(url, tmp_path, Named, *readers()) as house
    ):
        house.swept()
        assert places(house.content(), MAIL, "Ada Quill", "Quilly") == []
        house.night()
        assert house.everywhere(MAIL) == []
        assert house.flushed(Reader(**ADA)) == [("readers_of", "seen")]


def test_a_key_that_somebody_changed_meanwhile_goes_back_to_review(
    sqlite_url: str, tmp_path: Path
) -> None:
    """ON UPDATE CASCADE carries a new address along; under the old one nobody is left."""
    with manor(sqlite_url, tmp_path, Named, *readers()) as house:
        number = house.approved(email=MAIL)
        with house.engine.begin() as conn:
            conn.execute(text("UPDATE readers_of SET email = 'a@b.example' WHERE name LIKE 'Ada%'"))
        before = house.content()
        with pytest.raises(MovedError):
            house.erased(number)
        assert house.content() == before
        assert house.state(number) == "review"


# what the database lets hold one value but once


class Once(DeclarativeBase):
    """Base of a host that notes no number of a guest twice."""


class Caller(Once):
    __tablename__ = "callers_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80))
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder}, subject=WHO
    )


class Line(Once):
    __tablename__ = "lines_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    caller_id: Mapped[int] = mapped_column(ForeignKey("callers_of.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    number: Mapped[str] = mapped_column(String(40))
    __table_args__ = (UniqueConstraint("caller_id", "kind", "number", name="one_line"),)
    __erasure__ = Policy({"kind": keep("statistics"), "number": redact}, via="caller_id")


def test_a_unique_index_that_refuses_what_is_written_is_named(
    database_url: str, tmp_path: Path
) -> None:
    """Two numbers of one guest become one: `check` says they may, and the error by which index."""
    rows = [Caller(id=1, **ADA), Line(id=1, caller_id=1, kind="tel", number="for key 'x'"),
            Line(id=2, caller_id=1, kind="tel", number="+44 7700 900124")]  # fmt: skip
    with manor(database_url, tmp_path, Once, *rows) as house:
        (found,) = house.said()
        assert (found.id, found.place, found.severity) == (
            "rule-misfit", "lines_of.number", Severity.WARN,
        )  # fmt: skip
        assert "agree in caller_id, kind" in found.message
        before, number = house.content(), house.approved(email=MAIL)
        with pytest.raises(ErasureError) as caught:
            house.erased(number)
        sqlite = house.engine.dialect.name == "sqlite"
        assert ("lines_of.number'" if sqlite else "'one_line'") in str(caught.value)
        assert "900124" not in str(caught.value)
        assert house.content() == before


def test_a_placeholder_is_another_one_in_each_row(database_url: str, tmp_path: Path) -> None:
    """So the cure that is named is one."""
    line = replace(Line.__erasure__, columns={"kind": keep("statistics"), "number": placeholder})
    rows = [Caller(id=1, **ADA), Line(id=1, caller_id=1, kind="tel", number="+44 7700 900123"),
            Line(id=2, caller_id=1, kind="tel", number="+44 7700 900124")]  # fmt: skip
    with patched(Line, line), manor(database_url, tmp_path, Once, *rows) as house:
        assert house.said() == []
        whole_way(house, ["Ada Quill", "900123", "900124"], email=MAIL)
