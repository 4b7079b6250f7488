"""One registration form of two guests: until when it stays, and what is left when one has gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, retain
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from tests.store import forms
from tests.store.forms import Forms
from tests.store.test_unended import OLD, listed, state

LATELY = date(2026, 3, 1)
"""A departure whose year has just begun."""


class Base(DeclarativeBase):
    """Base of the host's models."""


class Nation(Base):
    __tablename__ = "nations"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10))


class Form(Base):
    __tablename__ = "forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    left_on: Mapped[date]
    name: Mapped[str | None] = mapped_column(String(40))
    guests: Mapped[list[Guest]] = relationship()


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    house: Mapped[str] = mapped_column(String(10))
    email: Mapped[str | None] = mapped_column(String(120))
    nation: Mapped[str | None] = mapped_column(String(10))
    nation_id: Mapped[int | None] = mapped_column(ForeignKey("nations.id"))
    home: Mapped[Nation | None] = relationship()
    cards: Mapped[list[Card]] = relationship()


class Card(Base):
    __tablename__ = "cards"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    nation: Mapped[str | None] = mapped_column(String(10))
    left_on: Mapped[date | None]
    guest: Mapped[Guest] = relationship(overlaps="cards")


KEPT = keep("for the law")


@pytest.fixture(autouse=True)
def schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hotels be made of these tables."""
    monkeypatch.setattr(forms, "Base", Base)


def mapped(nation: Any, path: str = "guests.nation", left: str = "left_on") -> DataMap:
    """Resolve the policies.

    :param nation: what becomes of a nationality.
    :param path: where the law finds it.
    :param left: where it finds the day of departure.
    """
    guest = {"house": KEPT, "email": placeholder, "nation": nation, "nation_id": null,
             "form_id": KEPT}  # fmt: skip
    form = {"house": KEPT, "left_on": KEPT, "name": retain("guest_register", null)}
    policies = [
        (Guest, Policy(
            guest, subject=Subject(match=["email"], contact=["email"], property="house"),
        )),
        (Form, Policy(
            form, via="guests", category="guest_register", place="house",
            clock={"departed": left}, facts={"nationality": path},
        )),
        (Card, Policy({}, via="guest", rows=delete)),
    ]  # fmt: skip
    return resolve(policies, Base.metadata.tables.values(), list(Base.registry.mappers))


class Couples(Forms):
    """Two German hotels where two guests sign one form; a nationality goes without a trace."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped(null)


class Marked(Couples):
    """The two where a word is left of a nationality."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped("none")


class Carded(Couples):
    """The two where a card says it, which goes with its guest."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped(null, "guests.cards.nation")


class Parted(Couples):
    """The two where each guest's card says when they left."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped(null, left="guests.cards.left_on")


class Pointed(Couples):
    """The two where a guest points at a country, and an erasure lets go of it."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped(null, "guests.home.code")


@contextmanager
def couple(house: Forms, left: date, *nations: str | None) -> Iterator[Forms]:
    """Let two guests sign a form."""
    with house.engine.begin() as conn:
        conn.execute(insert(Form).values(id=1, house="mu", left_on=left, name="Ann and Bea Roe"))
        for number, nation in enumerate(nations, 1):
            mail = f"g{number}@mail.example"
            home = number if nation else None
            if home:
                conn.execute(insert(Nation).values(id=home, code=nation))
            conn.execute(insert(Guest).values(
                id=number, form_id=1, house="mu", email=mail, nation=nation, nation_id=home,
            ))
            conn.execute(insert(Card).values(id=number, guest_id=number, nation=nation))
    yield house
    house.engine.dispose()


def name(house: Forms) -> str | None:
    """Return whose form it is."""
    with house.engine.connect() as conn:
        return conn.execute(select(Form.name)).scalar_one()


def erased(house: Forms, id: int) -> str:
    """Let a guest ask, and be erased; return how the request is called."""
    ask = {"email": f"g{id}@mail.example"}
    number = house.run(lambda office: office.request(ask, property="mu", by="officer"))
    house.run(lambda office: office.confirm(number, "officer"))
    house.run(
        lambda office: office.approve(number, "second", office.preview(number, "second").digest)
    )
    house.confirmed()
    return number


@pytest.mark.parametrize("nations", [("AT", "FR"), ("DE", "FR"), ("AT", None), ("AT", "AT")])
def test_the_form_of_a_foreigner_goes_on_its_day_whoever_else_signed_it(
    database_url: str, tmp_path: Path, nations: tuple[str | None, ...]
) -> None:
    """Two passports, or one that nobody asked for, leave nothing open that the law answers."""
    with couple(Couples(database_url, tmp_path), OLD, *nations) as house:
        house.confirmed()
        assert (name(house), listed(house)) == (None, {})


def test_the_form_of_a_german_and_of_somebody_without_a_country_stays(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Nobody knows whether the law keeps it, and somebody is told."""
    with couple(Couples(sqlite_url, tmp_path), OLD, "DE", None) as house:
        house.confirmed()
        assert name(house) is not None
        assert listed(house) == {"mu/forms/unknown-fact": 1}


@pytest.mark.parametrize("made", [Couples, Marked, Carded, Pointed])
@pytest.mark.parametrize(
    ("nations", "order"),
    [(("AT", "AT"), (1, 2)), (("AT", "AT"), (2,)), (("AT", "DE"), (1, 2)), (("AT", "DE"), (2,)),
     (("DE", "AT"), (1, 2))],
)  # fmt: skip
def test_a_foreigners_form_ends_on_its_day_whoever_of_two_was_erased(
    sqlite_url: str,
    tmp_path: Path,
    made: type[Couples],
    nations: tuple[str, ...],
    order: tuple[int, ...],
) -> None:
    """What an erasure left of a guest is no guest without a country, and what the law kept of them
    stays as long as it was to, also where the other is at home."""
    with couple(made(sqlite_url, tmp_path), LATELY, *nations) as house:
        numbers = []
        for id in order:
            numbers.append(erased(house, id))
            assert name(house) is not None
            house.later(days=10)
        house.later(days=330)
        house.confirmed()
        assert name(house) is not None
        house.later(days=30)
        house.confirmed()
        house.work()
        assert name(house) is None
        assert [state(house, number) for number in numbers] == ["erased"] * len(order)


def test_what_the_law_keeps_of_a_foreigner_is_a_germans_alone_after_its_day(
    sqlite_url: str, tmp_path: Path
) -> None:
    """It stays until that day although the other who is there is at home, whose form then waits
    like any German's."""
    with couple(Couples(sqlite_url, tmp_path), LATELY, "DE", "AT") as house:
        number = erased(house, 2)
        house.later(days=330)
        house.confirmed()
        assert (state(house, number), listed(house)) == ("sealed", {})
        house.later(days=40)
        house.confirmed()
        assert (state(house, number), listed(house)) == ("erased", {"mu/forms/no-rule": 1})


@pytest.mark.parametrize("made", [Couples, Marked])
def test_the_form_of_two_who_are_at_home_goes_with_them(
    sqlite_url: str, tmp_path: Path, made: type[Couples]
) -> None:
    """The law wants forms of foreigners: that of two Germans is the other's still when one asked,
    and goes when both did."""
    with couple(made(sqlite_url, tmp_path), LATELY, "DE", "DE") as house:
        first = erased(house, 1)
        assert (name(house), state(house, first)) == ("Ann and Bea Roe", "erased")
        house.later(days=10)
        second = erased(house, 2)
        assert (name(house), state(house, second)) == (None, "erased")


@pytest.mark.parametrize("silent", [None, ""])
def test_a_guests_card_that_says_nothing_is_no_second_guest(
    database_url: str, tmp_path: Path, silent: str | None
) -> None:
    """The form of a German goes with them, also where another card of theirs names no country."""
    with couple(Carded(database_url, tmp_path), LATELY, "DE") as house:
        with house.engine.begin() as conn:
            conn.execute(insert(Card).values(id=9, guest_id=1, nation=silent))
        number = erased(house, 1)
        assert (name(house), state(house, number)) == (None, "erased")


def test_the_card_of_one_guest_says_nothing_of_another(sqlite_url: str, tmp_path: Path) -> None:
    """Of somebody whose own card names no country nobody knows whether the law keeps the form."""
    with couple(Carded(sqlite_url, tmp_path), OLD, "DE", None) as house:
        house.confirmed()
        assert listed(house) == {"mu/forms/unknown-fact": 1}


def test_a_form_ends_by_the_day_of_who_left_last_also_when_they_are_erased(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The day of the guest who left before them, and is still there, ends nothing earlier."""
    with couple(Parted(sqlite_url, tmp_path), LATELY, "AT", "AT") as house:
        with house.engine.begin() as conn:
            for id, left in ((1, LATELY), (2, OLD)):
                conn.execute(update(Card).where(Card.id == id).values(left_on=left))
        number = erased(house, 1)
        house.later(days=10)
        house.confirmed()
        assert (name(house), state(house, number)) == ("Ann and Bea Roe", "sealed")
        house.later(days=380)
        house.confirmed()
        assert (name(house), state(house, number)) == (None, "erased")
