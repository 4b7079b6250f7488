"""Foreign keys, as mapped and as they are, and what they do or forbid when rows go."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, insert

from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, exempt, keep, null, redact
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.mapping.links import Link, children_first, circular, links
from tests.store.inn import Policies, datamap, draw, host

AINO: Person = ("guests", (1,))
NAMES = [f"t{n}" for n in range(7)]
EDGES = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)))


def link(child: str, parent: str) -> Link:
    """Return a foreign key between two tables."""
    return Link(child, (f"{parent}_id",), parent, ("id",))


def reaches(edges: set[tuple[str, str]], start: str, end: str) -> bool:
    """Return whether a way of one step or more leads from one table to another."""
    seen: set[str] = set()
    todo = [b for a, b in edges if a == start]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += [b for a, b in edges if a == here]
    return end in seen


@given(EDGES)
def test_children_come_before_their_parents(edges: set[tuple[str, str]]) -> None:
    """Whatever points where: each table comes once, before those it points at outside a circle."""
    order = children_first(NAMES, [link(a, b) for a, b in sorted(edges)])
    assert sorted(order) == NAMES
    for child, parent in edges:
        if child != parent and not reaches(edges, parent, child):
            in_circles = any(reaches(edges, n, n) for n in NAMES)
            assert in_circles or order.index(child) < order.index(parent)


@given(EDGES, st.sets(st.sampled_from(NAMES)))
def test_a_key_is_circular_when_a_way_leads_back(
    edges: set[tuple[str, str]], deleting: set[str]
) -> None:
    """Only keys among the tables deleted count, and only those on a way back to their table."""
    inside = {(a, b) for a, b in edges if a in deleting and b in deleting}
    known = [link(a, b) for a, b in sorted(edges)]
    for name in NAMES:
        found = {(k.child, k.parent) for k in circular(name, deleting, known)}
        assert found == {
            (a, b) for a, b in inside if a == name and (b == name or reaches(inside, b, name))
        }


def hotel(**key: Any) -> MetaData:
    """Guests, and cards that point at them."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
    Table(
        "cards", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id", **key), index=True), Column("plate", String(9)),
    )
    return metadata


GOING = Policy({}, subject=Subject(match=["name"]), rows=delete)


def test_keys_are_read_as_they_are(database_url: str) -> None:
    """The database's own action wins over the mapping's; a key nobody mapped is there as well."""
    metadata = hotel(ondelete="CASCADE", onupdate="SET NULL")
    script = """CREATE TABLE keys_lent (id INTEGER PRIMARY KEY, guest INTEGER, card INTEGER,
        FOREIGN KEY (guest) REFERENCES guests (id) ON DELETE SET NULL ON UPDATE CASCADE)"""
    declared = datamap(hotel(), {"guests": GOING})
    with host(database_url, metadata, script) as engine, engine.connect() as conn:
        known = links(declared, read(conn))
    assert links(declared, None) == (Link("cards", ("guest_id",), "guests", ("id",)),)
    assert known == (
        Link("cards", ("guest_id",), "guests", ("id",), "CASCADE", "SET NULL", True),
        Link("keys_lent", ("guest",), "guests", ("id",), "SET NULL", "CASCADE", True),
    )


def test_keys_have_the_spelling_of_the_mapping(sqlite_url: str) -> None:
    """Where the engine folds case, one key is one key, however it is written in the database."""
    script = """CREATE TABLE GUESTS (ID INTEGER PRIMARY KEY, NAME TEXT);;
        CREATE TABLE Cards (id INTEGER PRIMARY KEY, Guest_ID INTEGER REFERENCES Guests (Id))"""
    declared = datamap(hotel(), {"guests": GOING})
    with host(sqlite_url, None, script) as engine, engine.connect() as conn:
        known = links(declared, read(conn))
    assert known == (Link("cards", ("guest_id",), "guests", ("id",), enforced=True),)


def test_a_mapped_key_that_is_not_there_is_none(database_url: str) -> None:
    """A key to or from what the database does not have stands in nobody's way."""
    metadata = hotel()
    declared = datamap(metadata, {"guests": GOING})
    with host(database_url, metadata, "DROP TABLE cards") as engine, engine.connect() as conn:
        assert links(declared, read(conn)) == ()


@pytest.mark.parametrize(
    ("action", "cards", "expected"),
    [
        (None, Policy({"plate": null}, via="guest_id"), "still point at them"),
        ("CASCADE", Policy({"plate": null}, via="guest_id"), "deleted by the database itself"),
        ("SET NULL", Policy({"plate": null}, via="guest_id"), "changed by the database itself"),
        ("CASCADE", exempt("only in this test"), "deleted by the database itself"),
        (None, Policy({"plate": null, "guest_id": null}, via="guest_id"), ""),
        ("CASCADE", Policy({}, via="guest_id", rows=delete), ""),
        (None, Policy({}, via="guest_id", rows=delete), ""),
    ],
)
def test_what_points_at_rows_that_go_stands_in_the_way(
    database_url: str, action: str | None, cards: Any, expected: str
) -> None:
    """Unless it goes too or lets go, what points at a deleted row blocks, and says what happens."""
    metadata = hotel(ondelete=action)
    policies: Policies = {"guests": GOING, "cards": cards}
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), [
                {"id": 1, "name": "Aino"}, {"id": 2, "name": "Bo"},
            ])
            conn.execute(insert(metadata.tables["cards"]), [
                {"id": n, "guest_id": 1 if n < 3 else 2} for n in (1, 2, 3)
            ])
        plan = draw(engine, datamap(metadata, policies), AINO)
    found = [b for b in plan.blocked if b.reason == "referenced"]
    assert [(b.table, b.rows) for b in found] == ([("cards", 2)] if expected else [])
    assert all(expected in b.detail for b in found)


def test_rows_that_are_overwritten_may_be_pointed_at(database_url: str) -> None:
    """Nothing stands in the way of a row that stays."""
    metadata = hotel(ondelete="CASCADE")
    guests = Policy({"name": redact}, subject=Subject(match=["name"]))
    policies: Policies = {"guests": guests, "cards": Policy({"plate": keep("x")}, via="guest_id")}
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), {"id": 1, "name": "Aino"})
            conn.execute(insert(metadata.tables["cards"]), {"id": 1, "guest_id": 1})
        assert draw(engine, datamap(metadata, policies), AINO).blocked == ()
