"""A row that leads to several others says to the law what each of them says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, ForeignKey, String, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.conditions import applicable
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.retention import due, floor, pared
from flask_guesterase.core.rule import Facts, Open, Start
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.core.whence import PLACE
from flask_guesterase.store import tables
from flask_guesterase.store.lawbook.clocks import Record, facts_of, places_of
from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.mapping.ways import also
from flask_guesterase.store.retaining.silent import is_clear
from flask_guesterase.store.settings import Property, Settings
from tests.engines import build
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
    build(engine, Base.metadata, tables.metadata)
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
    ("nations", "said", "applies"),
    [
        (["AT", "DE"], ("AT", "DE"), True),
        (["DE", "AT"], ("AT", "DE"), True),
        (["AT", "FR"], ("AT", "FR"), True),
        (["AT", None], (None, "AT"), True),
        (["DE", None], (None, "DE"), None),
        ([None, "DE"], (None, "DE"), None),
        (["DE", ""], (None, "DE"), None),
        ([None, None], None, None),
        (["AT", "at "], "at", True),
        (["DE", " de"], "de", False),
    ],
)
def test_a_form_of_several_guests_is_a_foreigners_where_one_of_them_is(
    database_url: str, nations: list[str | None], said: Any, applies: bool | None
) -> None:
    """Neither goes what the law keeps of the foreigner by the passport of another, nor does it
    stay open: it is unknown only where somebody's is missing, and nobody else is one for sure."""
    facts = told(database_url, *({"nation": nation} for nation in nations)).facts
    answer = facts.answers.get("nationality")
    assert (answer.strip().lower() if isinstance(answer, str) else answer) == said
    rule = next(each for each in bundled()["DE"].rules if "foreign" in each.when)
    found = floor([replace(rule, signed=True)], "guest_register", facts)
    assert applicable(rule, facts, date(2026, 3, 1)) is applies
    assert (Open.UNKNOWN_FACT in found.open) is (applies is None)
    assert found.kept(date(2026, 3, 2)) is (applies is not False)
    assert (due([replace(rule, signed=True)], "guest_register", facts).day is not None) is (
        applies is True
    )


def test_each_of_several_births_is_asked_and_of_several_dates_the_latest_counts(
    sqlite_url: str,
) -> None:
    """A rule for grown-ups keeps what a child signed with them."""
    child, grown = date(2026, 3, 5), date(1980, 3, 5)
    facts = told(sqlite_url, {"born": child}, {"born": grown}).facts
    assert facts.answers["birth"] == (grown, child)
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


@pytest.mark.parametrize(
    ("hotels", "place"),
    [(["ber", None], "ber"), ([None, "ber"], "ber"), (["x", None], ""), ([None, None], ""),
     (["x", "ber"], "")],
)  # fmt: skip
def test_where_there_is_one_hotel_a_row_that_names_none_lies_there(
    sqlite_url: str, hotels: list[str | None], place: str
) -> None:
    """It is no second hotel beside the only one there is."""
    alone = Settings({"ber": BERLIN})
    with signed(sqlite_url, *({"hotel": hotel, "old": hotel} for hotel in hotels)) as (conn, known):
        forms = known.declared("forms")
        before = also(known, forms, {(PLACE, "property"): ("guests.old",)})
        for found in (None, before):
            placed = places_of(conn, known, alone, forms, [(1,)], found)
            assert placed.get((1,), "") == place


@pytest.mark.parametrize(
    ("old", "new", "several", "said"),
    [
        ("guest", "payer", {"role"}, ("guest", "payer")),
        (("guest", "payer"), "payer", {"role"}, ("guest", "payer")),
        ((None, "guest"), "guest", {"role"}, (None, "guest")),
        ("2.50", Decimal("2.50"), {"role"}, Decimal("2.50")),
        ("guest", None, {"role"}, "guest"),
        ("guest", "payer", set(), "payer"),
    ],
)
def test_what_was_written_down_of_several_counts_beside_what_is_left(
    old: Any, new: Any, several: set[str], said: Any
) -> None:
    """Somebody whose row an erasure took away is not answered for by who is there."""
    before = Record("ber", Facts({}, {"role": old}))
    now = Record("ber", Facts({}, {} if new is None else {"role": new}), frozenset(several))
    assert before.under(now).facts.answers == {"role": said}


@pytest.mark.parametrize(
    ("old", "said", "heard", "applies"),
    [
        ((None, False), "DE", {"b"}, False),
        ((None, False), "DE", {"c"}, None),
        ((None, False), ("AT", "DE"), {"b"}, True),
        ((None, False), (None, "DE"), {"b"}, None),
        (False, (None, "DE"), {"b"}, None),
        (None, "DE", {"b"}, False),
        (None, "DE", {"c"}, None),
    ],
)
def test_what_was_missing_is_so_until_who_did_not_say_it_does(
    old: Any, said: Any, heard: set[str], applies: bool | None
) -> None:
    """Neither another one's word ends that, nor does theirs speak for who says nothing now."""
    answers = {} if old is None else {"foreign": old}
    before = Record("ber", Facts({}, answers), silent={"nationality": frozenset({"b"})})
    now = Record("ber", Facts({}, {"nationality": said}, "DE"), frozenset({"nationality"}))
    rule = next(each for each in bundled()["DE"].rules if "foreign" in each.when)
    told = before.under(now, {"nationality": frozenset(heard)})
    for facts in (told.facts, pared(told.facts, [rule])):
        assert applicable(rule, facts, date(2026, 3, 1)) is applies
    assert bool(told.silent) is ("b" not in heard)


@pytest.mark.parametrize(
    ("born", "clear"), [("1980-02-01", True), ("1980-05-01", False), ("1.5.80?", False)]
)
def test_an_answer_that_is_written_down_as_none_is_nobodys_silence(born: str, clear: bool) -> None:
    """An age that is another one on each day on which a rule asks for it stays unknown, also once
    all the others have said theirs."""
    facts = Facts({"departed": date(2026, 3, 1), "created": date(2026, 6, 1)}, {}, "DE")
    told = bundled()["DE"].rules[0]
    rules = [
        replace(told, when={"age_min": 14}, clock=(event,), start=Start.EVENT)
        for event in facts.events
    ]
    assert is_clear(facts, "birth", born, rules) is clear


class Inn(DeclarativeBase):
    """Base of models of guests who stayed here and there."""


class Visitor(Inn):
    __tablename__ = "visitors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(String(40))
    visits: Mapped[list[Visit]] = relationship()


class Visit(Inn):
    __tablename__ = "visits"
    id: Mapped[int] = mapped_column(primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("visitors.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"))
    hotel: Mapped[str | None] = mapped_column(String(10))
    nation: Mapped[str | None] = mapped_column(String(10))
    visitor: Mapped[Visitor] = relationship(overlaps="visits")


class Booking(Inn):
    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("visitors.id"))
    name: Mapped[str | None] = mapped_column(String(40))
    visitor: Mapped[Visitor] = relationship()
    visits: Mapped[list[Visit]] = relationship()


VISITED = {
    Visitor: Policy({"name": redact}, subject=Subject(match=["name"], name="name"),
                    place="visits.hotel"),
    Visit: Policy({"hotel": KEPT, "nation": KEPT}, via="visitor"),
    Booking: Policy({"name": redact}, via="visitor", place="visits.hotel",
                    facts={"nationality": "visits.nation"}),
}  # fmt: skip


@contextmanager
def visited(url: str, *visits: dict[str, Any]) -> Iterator[tuple[Connection, DataMap]]:
    """Open a house where one guest booked these stays."""
    engine = create_engine(url)
    build(engine, Inn.metadata, tables.metadata)
    with engine.begin() as conn:
        conn.execute(insert(Visitor).values(id=1, name="Ann"))
        conn.execute(insert(Booking).values(id=1, visitor_id=1, name="Ann"))
        same = {"visitor_id": 1, "booking_id": 1, "hotel": "ber", "nation": None}
        conn.execute(insert(Visit), [
            same | {"id": number} | each for number, each in enumerate(visits, 1)
        ])
        yield conn, datamap(Inn.metadata, VISITED, list(Inn.registry.mappers))
    engine.dispose()


@pytest.mark.parametrize(
    ("hotels", "place"),
    [(["ber", None], "ber"), ([" ", "ber"], "ber"), (["ber", "a", None], ""), ([None], "")],
)
def test_a_stay_of_a_guest_that_names_no_hotel_is_no_second_one(
    database_url: str, hotels: list[str | None], place: str
) -> None:
    """Where their other stays name one, the guest, and what they booked, lies there."""
    with visited(database_url, *({"hotel": hotel} for hotel in hotels)) as (conn, known):
        for name in ("visitors", "bookings"):
            placed = places_of(conn, known, SETTINGS, known.declared(name), [(1,)])
            assert placed.get((1,), "") == place, name


def test_what_one_guest_booked_for_others_is_no_word_of_theirs(sqlite_url: str) -> None:
    """Of who came with them, and has no profile, nobody knows a country that is not on record."""
    with visited(sqlite_url, {"nation": "DE"}, {"nation": ""}) as (conn, known):
        told = facts_of(conn, known, SETTINGS, "bookings", [(1,)])[1,]
        assert told.facts.answers["nationality"] == (None, "DE")
