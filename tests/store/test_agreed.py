"""A row that leads to several others says to the law only what all of them say alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, ForeignKey, String, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.retention import floor
from flask_guesterase.core.rule import Open
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.core.whence import PLACE
from flask_guesterase.store.lawbook.clocks import Record, facts_of, places_of
from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.mapping.ways import also
from flask_guesterase.store.settings import Property, Settings
from tests.store.inn import datamap

BERLIN = Property("ber", "Hotel Fir", "Fir GmbH", "DE", "Europe/Berlin")
SETTINGS = Settings({"a": replace(BERLIN, code="a"), "ber": BERLIN})


class Base(DeclarativeBase):
    """Base of the host's models."""


class Form(Base):
    __tablename__ = "forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    left: Mapped[date]
    name: Mapped[str | None] = mapped_column(String(40))
    guests: Mapped[list[Guest]] = relationship()


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"))
    hotel: Mapped[str | None] = mapped_column(String(10))
    old: Mapped[str | None] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(40))
    nation: Mapped[str | None] = mapped_column(String(10))
    born: Mapped[date | None]


KEPT = keep("for the law")
GUEST = Policy(
    dict.fromkeys(["hotel", "old", "nation", "born"], KEPT) | {"name": redact},
    subject=Subject(match=["name"], name="name"),
)
FORM = Policy(
    {"left": KEPT, "name": retain("guest_register")},
    via="guests",
    category="guest_register",
    clock={"departed": ["left", "guests.born"]},
    facts={"nationality": "guests.nation", "birth": "guests.born"},
    place="guests.hotel",
)


@contextmanager
def signed(url: str, *guests: dict[str, Any]) -> Iterator[tuple[Connection, DataMap]]:
    """Open a house with a form of these guests."""
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(Form), [{"id": 1, "left": date(2026, 3, 1), "name": "Ann"}])
        same = {"form_id": 1, "hotel": "ber", "old": None, "name": "x", "nation": "DE"}
        conn.execute(insert(Guest), [
            same | {"id": number, "born": None} | each for number, each in enumerate(guests, 1)
        ])
        mappers = list(Base.registry.mappers)
        yield conn, datamap(Base.metadata, {Form: FORM, Guest: GUEST}, mappers)
    engine.dispose()


def told(url: str, *guests: dict[str, Any]) -> Record:
    """Return what the law may ask of a form of these guests."""
    with signed(url, *guests) as (conn, known):
        return facts_of(conn, known, SETTINGS, "forms", [(1,)])[1,]


@pytest.mark.parametrize(
    ("nations", "said", "why"),
    [
        (["AT", "DE"], None, (Open.UNKNOWN_FACT,)),
        (["DE", None], None, (Open.UNKNOWN_FACT,)),
        ([None, "DE"], None, (Open.UNKNOWN_FACT,)),
        (["DE", ""], None, (Open.UNKNOWN_FACT,)),
        ([None, None], None, (Open.UNKNOWN_FACT,)),
        (["AT", "at "], "at", ()),
    ],
)
def test_a_form_of_several_guests_is_of_a_nation_that_all_of_them_have(
    database_url: str, nations: list[str | None], said: str | None, why: tuple[Open, ...]
) -> None:
    """What the law keeps of the foreigner among them does not go by the passport of another."""
    facts = told(database_url, *({"nation": nation} for nation in nations)).facts
    answer = facts.answers.get("nationality")
    assert (answer and answer.strip().lower()) == said
    found = floor(bundled()["DE"].rules, "guest_register", facts)
    assert found.kept(date(2026, 3, 2))
    assert tuple(each for each in found.open if each is Open.UNKNOWN_FACT) == why


def test_guests_of_one_country_have_no_form_that_the_law_keeps(sqlite_url: str) -> None:
    """Those of two Germans are asked for by nobody, whatever blanks and case they are in."""
    facts = told(sqlite_url, {}, {"nation": " de"}).facts
    assert Open.UNKNOWN_FACT not in floor(bundled()["DE"].rules, "guest_register", facts).open


def test_of_several_births_none_is_the_forms_and_of_several_dates_the_latest_is(
    sqlite_url: str,
) -> None:
    """A rule for grown-ups does not let go of what a child signed with them."""
    child, grown = date(2026, 3, 5), date(1980, 3, 5)
    facts = told(sqlite_url, {"born": child}, {"born": grown}).facts
    assert "birth" not in facts.answers
    assert facts.events == {"departed": child}


@pytest.mark.parametrize(
    ("hotels", "place"),
    [(["a", "ber"], ""), (["ber", None], ""), ([None, "ber"], ""), (["ber", "  "], ""),
     (["ber", "ber  "], "ber"), ([None, None], "")],
)  # fmt: skip
def test_a_row_between_two_hotels_lies_at_neither(
    database_url: str, hotels: list[str | None], place: str
) -> None:
    """Nobody can tell by whose law it ends, as where its owners lie at two."""
    assert told(database_url, *({"hotel": hotel} for hotel in hotels)).place == place


def test_what_said_two_hotels_until_lately_is_no_word_for_one_of_them(sqlite_url: str) -> None:
    """Where the property stood before, and that is several, nobody can place the row."""
    bound = {(PLACE, "property"): ("guests.old",)}
    for before, place in (("ber", "ber"), ("a", ""), (None, "")):
        with signed(sqlite_url, {"old": "ber"}, {"old": before}) as (conn, known):
            forms = known.declared("forms")
            found = also(known, forms, bound)
            placed = places_of(conn, known, SETTINGS, forms, [(1,)], found)
            assert placed.get((1,), "") == place
            Base.metadata.drop_all(conn)
