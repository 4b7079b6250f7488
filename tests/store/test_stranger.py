"""The row of an erased guest that holds somebody else by now says nothing of who was erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_guesterase.core.plan import Key
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import null, placeholder, retain
from flask_guesterase.store import tables
from flask_guesterase.store.erasing.people import EXPIRED
from flask_guesterase.store.lawbook.clocks import Record
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import law
from tests.store import forms
from tests.store.forms import Forms
from tests.store.test_census import sealing
from tests.store.test_couple import (
    KEPT,
    LATELY,
    Base,
    Card,
    Couples,
    Form,
    Guest,
    couple,
    erased,
    mapped,
)
from tests.store.test_unended import listed, state
from tests.store.test_unsaid import OPEN, SOON, Booked, say, swept


class Boxed(Couples):
    """The hotels where a form is of who booked, so that it is sealed."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        known = mapped(null)
        form = replace(known.tables["forms"].policy, via=Equal({"id": "id"}, to="guests"))
        policies = [(Guest, known.tables["guests"].policy), (Form, form),
                    (Card, known.tables["cards"].policy)]  # fmt: skip
        return resolve(policies, Base.metadata.tables.values(), list(Base.registry.mappers))


class Kept(Boxed):
    """The same where a guest's country stays in their row."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return Booked.mapped()


class Slip(Base):
    __tablename__ = "slips"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    house: Mapped[str] = mapped_column(String(10))
    left_on: Mapped[date]
    name: Mapped[str | None] = mapped_column(String(40))
    guest: Mapped[Guest] = relationship()


class Slips(Couples):
    """The hotels where each guest has a slip of their own."""

    PLACE, LEFT = "house", "left_on"
    NATION: Any = null

    @classmethod
    def mapped(cls, email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        known = mapped(cls.NATION)
        slip = Policy(
            {"guest_id": KEPT, "house": KEPT, "left_on": KEPT,
             "name": retain("guest_register", null)},
            via="guest", category="guest_register", place=cls.PLACE,
            clock={"departed": cls.LEFT}, facts={"nationality": "guest.nation"},
        )  # fmt: skip
        policies = [*((made, known.tables[made.__tablename__].policy) for made in
                      (Guest, Form, Card)), (Slip, slip)]  # fmt: skip
        return resolve(policies, Base.metadata.tables.values(), list(Base.registry.mappers))


class Stated(Slips):
    """The same where a guest's country stays in their row."""

    NATION = KEPT


class Bare(Slips):
    """The same where a guest's rows say at which hotel they were, and when they left."""

    PLACE, LEFT = "guest.house", "guest.cards.left_on"


@pytest.fixture(autouse=True)
def schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hotels be made of the tables of couples."""
    monkeypatch.setattr(forms, "Base", Base)


def slip(house: Forms, left_on: date, name: str, id: int = 1) -> None:
    """Write a slip of whoever is in the row of the first guest."""
    said = {"id": id, "guest_id": 1, "house": "mu", "left_on": left_on, "name": name}
    with house.engine.begin() as conn:
        conn.execute(insert(Slip).values(said))


def ends_on_its_day(house: Forms, number: str) -> None:
    """Assert that the slip is there for fifteen days more, and not for thirty."""
    swept(house, 15)
    assert (on_slip(house), state(house, number)) == ("Ann Roe", "sealed")
    swept(house, 15)
    assert (on_slip(house), state(house, number)) == (None, "erased")


def on_slip(house: Forms) -> str | None:
    """Return whose slip it is."""
    with house.engine.connect() as conn:
        return conn.execute(select(Slip.name)).scalar_one()


def records(keys: Sequence[Key], office: Office) -> dict[Key, Record]:
    """Return what slips say to the law."""
    return law.records_of(office.work, office.work.datamap.declared("slips"), keys)


def told(office: Office) -> Record:
    """Return what the slip says to the law."""
    return records([(1,)], office)[1,]


def another(house: Forms, nation: str) -> None:
    """Write somebody else into the row of the first guest."""
    say(house, 1, nation, email="new@mail.example")


MODES = {Couples: "place", Boxed: "sealed", Kept: "sealed"}


@pytest.mark.parametrize("nation", ["DE", "AT"])
@pytest.mark.parametrize("made", MODES)
def test_a_stranger_does_not_say_the_country_of_whose_row_it_was(
    sqlite_url: str, tmp_path: Path, made: type[Couples], nation: str
) -> None:
    """What was kept for want of it stays for want of it, in its row or in a box."""
    with couple(made(sqlite_url, tmp_path), SOON, None) as house:
        if issubclass(made, Boxed):
            sealing(house)
        number = erased(house, 1)
        assert {line["mode"] for line in house.ours("kept")} == {MODES[made]}
        swept(house, 5)
        another(house, nation)
        for days in (5, 30):
            swept(house, days)
            assert (state(house, number), listed(house)) == ("sealed", OPEN)


@pytest.mark.parametrize("then", [another, lambda house, nation: say(house, 1, nation)])
def test_what_the_law_keeps_of_a_foreigner_ends_by_no_strangers_country(
    database_url: str, tmp_path: Path, then: Callable[[Forms, str], None]
) -> None:
    """Nor by another one that somebody writes into their row: it stays until its day."""
    with couple(Slips(database_url, tmp_path), SOON, "AT") as house:
        slip(house, SOON, "Ann Roe")
        number = erased(house, 1)
        then(house, "DE")
        ends_on_its_day(house, number)


def test_a_stranger_who_was_erased_as_well_leaves_no_country_of_whose_row_it_was(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Also where it stays in the row."""
    with couple(Stated(sqlite_url, tmp_path), SOON, "AT") as house:
        slip(house, SOON, "Ann Roe")
        number = erased(house, 1)
        house.later(days=1)
        say(house, 1, "DE", email="g9@mail.example")
        erased(house, 9)
        record = house.run(told)
        assert record.facts.answers == {"foreign": True}
        ends_on_its_day(house, number)


def test_a_stranger_says_their_own_country_of_what_is_theirs(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Of what came after the erasure their row says whose it is, also while it is kept."""
    with couple(Slips(sqlite_url, tmp_path), LATELY, "DE") as house:
        erased(house, 1)
        another(house, "AT")
        slip(house, LATELY, "Bea Roe")
        number = house.run(lambda office: office.request(
            {"email": "new@mail.example"}, property="mu", by="officer",
        ))  # fmt: skip
        house.run(lambda office: office.confirm(number, "officer"))
        house.run(lambda office: office.approve(
            number, "second", office.preview(number, "second").digest,
        ))  # fmt: skip
        house.confirmed()
        assert (on_slip(house), state(house, number)) == ("Bea Roe", "sealed")
        swept(house, 370)
        assert (on_slip(house), state(house, number)) == (None, "erased")


def test_a_stranger_says_neither_day_nor_hotel_of_whose_row_it_was(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Somebody who left another hotel later keeps nothing of a guest who was erased."""
    with couple(Bare(sqlite_url, tmp_path), SOON, "AT") as house:
        with house.engine.begin() as conn:
            conn.execute(update(Card).values(left_on=SOON))
        slip(house, SOON, "Ann Roe")
        number = erased(house, 1)
        another(house, "DE")
        with house.engine.begin() as conn:
            conn.execute(update(Guest).values(house="be"))
            conn.execute(insert(Card).values(id=9, guest_id=1, nation="DE", left_on=LATELY))
        record = house.run(told)
        assert (record.place, record.facts.country) == ("mu", "DE")
        assert record.facts.events == {"departed": SOON}
        swept(house, 30)
        assert (on_slip(house), state(house, number)) == (None, "erased")


@pytest.mark.parametrize("days", [0, 3])
def test_staff_settle_what_a_guest_did_not_say_whose_profile_went_after_their_form_was_kept(
    sqlite_url: str, tmp_path: Path, days: int
) -> None:
    """Of several databases the last may be reached days later: nobody else stood in it."""
    with couple(Stated(sqlite_url, tmp_path), SOON, None) as house:
        number = erased(house, 1)
        with house.engine.begin() as conn:
            late = house.now.replace(tzinfo=None) + timedelta(days=days)
            for table in (tables.subject, tables.request):
                conn.execute(update(table).values(erased_at=late))
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        say(house, 1, "DE")
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("erased", {})


def test_a_stranger_whose_time_was_over_leaves_no_country_either(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Of those there is one row of ours, with the last time."""
    with couple(Stated(sqlite_url, tmp_path), SOON, "AT") as house:
        slip(house, SOON, "Ann Roe")
        erased(house, 1)
        say(house, 1, "DE")
        with house.engine.begin() as conn:
            late = house.now.replace(tzinfo=None) + timedelta(days=1)
            conn.execute(update(tables.subject).values(request=EXPIRED, erased_at=late))
        assert house.run(told).facts.answers == {"foreign": True}


def test_what_a_slip_tells_does_not_depend_on_which_others_are_asked(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A profile that was erased once more after one slip was kept, and as the other was."""
    with couple(Stated(sqlite_url, tmp_path), SOON, None) as house:
        for number in (1, 2):
            slip(house, SOON, "Ann Roe", number)
        erased(house, 1)
        with house.engine.begin() as conn:
            late = house.now.replace(tzinfo=None) + timedelta(days=1)
            conn.execute(update(tables.subject).values(erased_at=late))
            kept = update(tables.kept).where(tables.kept.c.row_key == "int:2")
            assert conn.execute(kept.values(since=late)).rowcount == 1
        say(house, 1, "DE")
        first, second = (house.run(partial(records, [(id,)])) for id in (1, 2))
        assert house.run(partial(records, [(1,), (2,)])) == first | second
