"""Hosts whose keys are of a type of their own: a UUID as bytes, a number with a word before it."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.holding import lots, reach
from flask_guesterase.store.retaining.living import Hold
from tests.oracle.dump import places
from tests.owntypes import Numbered, Packed
from tests.store import night
from tests.store.manor import whole_way
from tests.store.test_mapped import ADA, AGED, BO, NEW, OLD, WHO, manor


class Base(DeclarativeBase):
    """Base of a host that knows its rows by what it makes of what is stored."""


class Guest(Base):
    __tablename__ = "guests_of"
    id: Mapped[uuid.UUID] = mapped_column(Packed, primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), index=True)
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder,
         "seen": keep("statistics")},
        subject=WHO, **AGED,
    )  # fmt: skip


class Stay(Base):
    __tablename__ = "stays_of"
    id: Mapped[str] = mapped_column(Numbered, primary_key=True, autoincrement=False)
    guest_id: Mapped[uuid.UUID] = mapped_column(Packed, ForeignKey("guests_of.id"), index=True)
    wish: Mapped[str | None] = mapped_column(String(80))
    guest: Mapped[Guest] = relationship()
    __erasure__ = Policy({"wish": null}, via="guest")


class Call(Base):
    __tablename__ = "calls_of"
    id: Mapped[uuid.UUID] = mapped_column(Packed, primary_key=True)
    stay_id: Mapped[str] = mapped_column(Numbered, ForeignKey("stays_of.id"), index=True)
    number: Mapped[str] = mapped_column(String(40))
    stay: Mapped[Stay] = relationship()
    __erasure__ = Policy({}, via="stay.guest", rows=delete)


SECRETS = ["Ada Quill", "ada@quill.example", "Walnut allergy", "900123"]


def rows() -> list[Any]:
    """Return a guest who was here lately, and one of long ago."""
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)
    return [
        Guest(id=one, seen=NEW, **ADA), Guest(id=other, seen=OLD, **BO),
        Stay(id="gst_1", guest_id=one, wish="Walnut allergy"),
        Stay(id="gst_2", guest_id=other, wish="A cot"),
        Call(id=uuid.UUID(int=11), stay_id="gst_1", number="+44 7700 900123"),
        Call(id=uuid.UUID(int=12), stay_id="gst_2", number="+44 7700 900777"),
    ]


def test_keys_of_a_type_of_the_hosts_go_the_whole_way(database_url: str, tmp_path: Path) -> None:
    """What goes comes back in the window, row by row, goes again, and by its day as well."""
    with manor(database_url, tmp_path, Base, *rows()) as house:
        done = whole_way(house, SECRETS, email="ada@quill.example")
        assert done.columns() == {"guests_of": {"name", "email"}, "stays_of": {"wish"}}
        assert sorted(done.gone) == ["calls_of"]
        house.swept()
        assert places(house.content(), "Bo Lind", "A cot", "900777") == []


def test_a_copy_that_holds_such_a_row_is_known(database_url: str, tmp_path: Path) -> None:
    """So that whoever freezes a row that is gone by now keeps what is left of it."""
    with manor(database_url, tmp_path, Base, *rows()) as house:
        number = house.approved(email="ada@quill.example")
        assert house.erased(number) == "erased"
        with house.begin() as office:
            for table, key in (
                ("guests_of", uuid.UUID(int=1)), ("stays_of", "gst_1"),
                ("calls_of", uuid.UUID(int=11)),
            ):  # fmt: skip
                assert reach.in_copies(office.work, table, (key,)) == ({number}, set())
            assert reach.in_copies(office.work, "stays_of", ("gst_2",)) == (set(), set())


def test_of_a_row_whose_key_nobody_can_tell_any_more_every_hold_may_be(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host reads other keys by now: copies stay, and nobody hears that there is no such row."""

    def another(self: object, value: object, dialect: object) -> None:
        raise ValueError("keys are of another form since the last release")

    with manor(database_url, tmp_path, Base, *rows()) as house:
        number = house.approved(email="ada@quill.example")
        assert house.erased(number) == "erased"
        house.swept()
        monkeypatch.setattr(Numbered, "process_result_value", another)
        holds = [Hold(1, "record", "", "stays_of", "gst_3"), Hold(2, "place", "elsewhere")]
        with house.begin() as office:
            for table, key in (("stays_of", "gst_3"), ("calls_of", uuid.UUID(int=12))):
                told = reach.in_copies(office.work, table, (key,))
                assert told == (set(), {number} if table == "stays_of" else set())
            (copy,) = lots.every(office.work)[lots.SWEEPS].copies
            assert reach.holders(office.work, holds, copy) == {1, 2}


def test_a_register_with_such_keys_is_produced(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it sealed: the same lines as before, at any hour."""

    class Own(DeclarativeBase):
        """Base of a host whose register is numbered so."""

    class Lodger(Own):
        __table__ = night.Guest.__table__.to_metadata(Own.metadata)

    lines = night.Line.__table__.to_metadata(Own.metadata)
    lines.c.id.type = Numbered()

    class Line(Own):
        __table__ = lines
        first, last, reported = lines.c.first_night, lines.c.last_night, lines.c.reportedAt

    for name, model in {"Base": Own, "Guest": Lodger, "Line": Line}.items():
        monkeypatch.setattr(night, name, model)
    house = night.Night(database_url, tmp_path)
    try:
        for number in (1, 2):
            house.stay(f"gst_{number}", family=f"Zebrafinch{number}", passport=f"E{number}")
        before = house.produce().table()
        house.seal(["gst_1"])
        produced = house.produce()
        assert produced.table() == before
        assert [line.sealed for line in produced.lines] == [True, False]
    finally:
        house.engine.dispose()
