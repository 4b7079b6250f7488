"""Relationships that no foreign key vouches for lead to nobody by what means nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, and_, insert, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    foreign,
    mapped_column,
    registry,
    relationship,
    remote,
)

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.erasing.finder import find
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.mapping.ways import ways
from tests.store import inn
from tests.store.test_mapped import ADA, BO, WHO, manor


class Base(DeclarativeBase):
    """Base of a host whose visits know a guest by the card that was swiped."""


class Guest(Base):
    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), index=True)
    card: Mapped[str] = mapped_column(String(80), index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder, "card": redact},
        subject=WHO,
    )


class Visit(Base):
    __tablename__ = "visits_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    card: Mapped[str] = mapped_column(String(80), index=True)
    guest: Mapped[Guest] = relationship(
        primaryjoin="foreign(Visit.card) == Guest.card", viewonly=True
    )
    __erasure__ = Policy({}, via="guest", rows=delete)


def test_a_visit_without_a_card_is_not_that_of_a_guest_without_one(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who has no card takes no visit along of somebody who had none either."""
    with manor(
        sqlite_url, tmp_path, Base, Guest(id=1, card="", **ADA), Guest(id=2, card="C2", **BO),
        Visit(id=1, card=""), Visit(id=2, card="C2"), Visit(id=3, card="[erased]"),
    ) as house:
        left = []
        for email in (ADA["email"], BO["email"]):
            assert house.erased(house.approved(email=email)) == "erased"
            left.append(house.session.scalars(select(Visit.id).order_by(Visit.id)).all())
            house.session.remove()
    assert left == [[1, 2, 3], [1, 3]]


def plain(columns: Any) -> dict[str, Any]:
    """Visits hold the guest's card."""
    return {"primaryjoin": foreign(columns.visits.card) == columns.guests.card}


def far(columns: Any) -> dict[str, Any]:
    """The guest's side holds the visit's card."""
    join = columns.visits.card == remote(foreign(columns.guests.card))
    return {"primaryjoin": join, "uselist": True}


def two(columns: Any) -> dict[str, Any]:
    """Visits hold the guest's card and hotel."""
    v, g = columns.visits, columns.guests
    return {"primaryjoin": and_(foreign(v.card) == g.card, foreign(v.hotel) == g.hotel)}


def between(columns: Any) -> dict[str, Any]:
    """A view of cards stands between visits and guests."""
    v, g, c = columns.visits, columns.guests, columns.cards
    return {
        "secondary": c.card.table, "primaryjoin": v.card == foreign(c.card),
        "secondaryjoin": foreign(c.owner) == g.card,
    }  # fmt: skip


CARDS = ["C1", "", "0", "[erased]", "***", None]
VIEW = "CREATE VIEW cards AS SELECT id, card, card AS owner FROM guests"


@pytest.mark.parametrize("join", [plain, far, two, between], ids=lambda join: join.__name__)
def test_a_relationship_leads_to_nobody_by_what_means_nobody(
    database_url: str, join: Callable[[Any], dict[str, Any]]
) -> None:
    """An empty card, 0 and what an erasure leaves are no card; by 0 alone a date is read."""
    metadata, views = MetaData(), MetaData()
    guests, visits, cards = (
        Table(
            name, of, Column("id", Integer, primary_key=True),
            Column("card", String(20), index=True), Column(other, String(20)),
        )
        for name, of, other in (
            ("guests", metadata, "hotel"), ("visits", metadata, "hotel"), ("cards", views, "owner"),
        )
    )  # fmt: skip
    told = SimpleNamespace(guests=guests.c, visits=visits.c, cards=cards.c)
    declared = mapped(guests, visits, **join(told))
    blank = [f.place for f in declared.findings if f.id == "path-blank"]
    assert blank == ["visits.card, hotel"] * (join is two)
    with inn.host(database_url, metadata, VIEW) as engine, engine.begin() as conn:
        for table in (guests, visits):
            conn.execute(insert(table), [
                {"id": n, "card": card, "hotel": "sh"} for n, card in enumerate(CARDS, 1)
            ])
        people = [("guests", (n,)) for n in range(1, len(CARDS) + 1)]
        assert [row.key for row in find(conn, declared, people)["visits"]] == [(1,)]
        visit = declared.declared("visits")
        (reach,) = ways(declared, visit).events["document"]
        dated = dict(reach.each(conn, visit, [(n,) for n in range(1, len(CARDS) + 1)]))
        assert dated.keys() == {(1,), (3,)}


@pytest.mark.parametrize(("held", "wanted"), [
    (lambda: ForeignKey("guests.id"), {1: 0, 2: 1}),
    (Integer, {2: 1, 3: 7}),
    (lambda: String(20), {2: 1}),
], ids=["key", "number", "text"])  # fmt: skip
def test_a_number_is_somebodys_where_a_key_says_so_or_it_is_not_zero(
    database_url: str, held: Callable[[], Any], wanted: dict[int, int]
) -> None:
    """A foreign key vouches for 0; without one a visit is found that points at who is gone."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("card", String(20)),
    )  # fmt: skip
    visits = Table(
        "visits", metadata, Column("id", Integer, primary_key=True),
        Column("card", held(), index=True), Column("hotel", String(20)),
    )  # fmt: skip
    declared = mapped(guests, visits, primaryjoin=foreign(visits.c.card) == guests.c.id)
    text = isinstance(visits.c.card.type, String)
    numbers: list[Any] = ["0", "1", "7-1"] if text else [0, 1, 7][: 3 - bool(visits.foreign_keys)]
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(insert(guests), [{"id": 0}, {"id": 1}])
        conn.execute(insert(visits), [{"id": n, "card": c} for n, c in enumerate(numbers, 1)])
        found = find(conn, declared, [("guests", (n,)) for n in (0, 1, 7)])["visits"]
    assert {row.key[0]: p[1][0] for row in found for p, _ in row.owners} == wanted


NUMBERS = {"number": (Integer, 0, 3), "text": (lambda: String(8), "0", "3"),
           "blank": (lambda: String(8), "", "3")}  # fmt: skip
"""Type of a house's column, the house that looks like none, and another one."""


@pytest.mark.parametrize("house", NUMBERS)
@pytest.mark.parametrize("key", [False, True], ids=["free", "vouched"])
def test_the_first_house_is_a_house(database_url: str, house: str, key: bool) -> None:
    """An empty value or 0 in one of several columns is a number of its own; in all it is nobody's,
    unless a foreign key vouches for one."""
    metadata, (type_, main, annex) = MetaData(), NUMBERS[house]
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("house", type_(), primary_key=not key), Column("card", String(20)),
    )  # fmt: skip
    visits = Table(
        "visits", metadata, Column("id", Integer, primary_key=True),
        Column("card", Integer, *[ForeignKey("guests.id")] * key), Column("hotel", type_()),
    )  # fmt: skip
    link = and_(foreign(visits.c.card) == guests.c.id, foreign(visits.c.hotel) == guests.c.house)
    declared = mapped(guests, visits, primaryjoin=link)
    people = [(7, main), (0, main), *([(8, annex)] if key else [(7, annex), (0, annex)])]
    stays = [(7, main), (0, main), (7, annex), (0, annex)]
    wanted = {1: (7, main), 3: (7, annex), 4: (0, annex)} if not key else {1: (7,), 2: (0,)}
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(insert(guests), [{"id": n, "house": h} for n, h in people])
        conn.execute(insert(visits), [
            {"id": n, "card": card, "hotel": h} for n, (card, h) in enumerate(stays, 1)
        ])
        found = find(conn, declared, [("guests", who[: 2 - key]) for who in people])["visits"]
    assert {row.key[0]: p[1] for row in found for p, _ in row.owners} == wanted


@pytest.mark.parametrize(("type_", "main"), [(Integer, 0), (lambda: String(20), "0")])
def test_what_the_law_asks_is_read_by_0(
    database_url: str, type_: Callable[[], Any], main: Any
) -> None:
    """A house or a folio of the number 0 tells its property, dates and facts like any other."""
    metadata = MetaData()
    guests, visits = (
        Table(
            name, metadata, Column("id", Integer, primary_key=True),
            Column("card", type_()), Column("hotel", String(20)),
        )
        for name in ("guests", "visits")
    )  # fmt: skip
    declared = mapped(guests, visits, primaryjoin=foreign(visits.c.card) == guests.c.card)
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(insert(guests), [{"id": 1, "card": main, "hotel": "main"}])
        conn.execute(insert(visits), [{"id": 1, "card": main}])
        visit = declared.declared("visits")
        told = ways(declared, visit)
        (clock,) = told.events["document"]
        assert told.place is not None
        reaches = (told.place, clock, told.answers["paid"])
        assert [dict(each.each(conn, visit, [(1,)])) for each in reaches] == [{(1,): "main"}] * 3


def mapped(guests: Table, visits: Table, **said: Any) -> DataMap:
    """Map guests and visits with a relationship between them, and declare both.

    :param said: what `relationship` is given.
    """
    made, guest, visit = registry(), *(type(name, (), {}) for name in ("Guest", "Visit"))
    link = {"guest": relationship(guest, viewonly=True, **said)}
    mappers = [
        made.map_imperatively(guest, guests), made.map_imperatively(visit, visits, properties=link)
    ]  # fmt: skip
    made.configure()
    rule = redact if isinstance(guests.c.card.type, String) else null
    policies = {
        "guests": Policy({"card": rule}, subject=Subject(match=["card"])),
        "visits": Policy(
            {"card": keep("a card"), "hotel": null}, via="guest", clock="guest.hotel",
            place="guest.hotel", facts={"paid": "guest.hotel"},
        ),
    }
    return inn.datamap(guests.metadata, policies, mappers)
