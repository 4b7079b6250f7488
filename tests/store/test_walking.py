"""Rows of many tables are found by one statement, and they are those found one table at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    insert,
    select,
    text,
)

from benchmarks.rows import Shape, fill
from benchmarks.schema import POLICIES, Base
from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.plan import Person, key_text
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, redact
from flask_guesterase.store.erasing.eraser import erase, plan
from flask_guesterase.store.erasing.finder import find, owned
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from tests.store import inn


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Yield a list that fills with what is sent to a database."""
    sent: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def hotel(database_url: str) -> Iterator[tuple[Engine, DataMap]]:
    """A hotel of twelve tables and forty guests."""
    engine = create_engine(database_url)
    Base.metadata.create_all(engine)
    fill(engine, Shape(40))
    yield engine, resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    engine.dispose()


def test_an_owner_is_named_by_the_key_that_was_asked_for(sqlite_url: str) -> None:
    """A column of another type that points to it makes no other person of them, in any table."""
    schema = MetaData()
    for name, kind in {"early": Numeric(10, 0), "late": Integer()}.items():
        Table(
            name, schema, Column("id", Integer, primary_key=True), Column("guest_id", kind),
            Column("name", String(20)), ForeignKeyConstraint(["guest_id"], ["guests.id"]),
        )  # fmt: skip
    Table("guests", schema, Column("id", Integer, primary_key=True), Column("email", String(20)))
    datamap = inn.datamap(schema, {
        "guests": Policy({"email": null}, subject=Subject(match=["email"], contact=["email"])),
        **{name: Policy({"name": null}, via="guest_id") for name in ("early", "late")},
    })  # fmt: skip
    told = ";;".join([
        "INSERT INTO guests VALUES (1, 'ada@mail.example')",
        *(f"INSERT INTO {name} VALUES (1, 1, 'Ada')" for name in ("early", "late")),
    ])
    with inn.host(sqlite_url, schema, told) as engine, engine.begin() as conn:
        found = find(conn, datamap, [("guests", (1,))])
    owners = {key_text(p[1]) for rows in found.values() for row in rows for p, _ in row.owners}
    assert (set(found), owners) == ({"guests", "early", "late"}, {"int:1"})


def test_one_statement_finds_what_a_statement_a_table_does(
    hotel: tuple[Engine, DataMap],
) -> None:
    """The same rows, of the same people, in the same order of keys."""
    engine, datamap = hotel
    people: list[Person] = [("guests", (id,)) for id in (3, 4, 5, 17, 39)]
    with engine.connect() as conn:
        with statements(engine) as sent:
            found = find(conn, datamap, people)
        assert len(sent) == 1
        for name, declared in datamap.tables.items():
            alone = owned(conn, datamap, declared, people)
            assert {row.key: set(row.owners) for row in found.get(name, [])} == alone
            assert [row.key for row in found.get(name, [])] == sorted(alone)
    assert set(found) >= {"guests", "reservations", "folios", "invoices", "stays"}


def test_two_threads_make_one_table_under_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a statement that were made beside each other fit together; twice is a cross join."""
    datamap = resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    declared, named, both = datamap.tables["guests"], Table.alias, threading.Barrier(2)
    hop = next(path.hops[0] for path in datamap.tables["folios"].paths if path.hops)

    def slowly(table: Table, *name: Any) -> Any:
        both.wait(30)
        return named(table, *name)

    monkeypatch.setattr(Table, "alias", slowly)
    here = named(hop.source[0].table, "t0")
    with ThreadPoolExecutor(2) as threads:
        for make in (lambda: declared.alias("beside"), lambda: hop.step(here, 7)[0]):
            one, other = [each.result() for each in [threads.submit(make) for _ in range(2)]]
            assert one is other


def test_a_step_joins_the_table_it_is_asked_from() -> None:
    """The condition is kept for one that leads there, and made anew for another."""
    datamap = resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    hop = next(path.hops[0] for path in datamap.tables["folios"].paths if path.hops)
    here, other = (hop.source[0].table.alias(name) for name in ("here", "other"))
    there, joined = hop.step(here, 1)
    assert hop.step(here, 1)[1] is joined
    for start in (other, here):
        assert str(hop.step(start, 1)[1]) == str(hop.condition(start, there))


KEEPS = """
CREATE TRIGGER keeps AFTER DELETE ON loyalty BEGIN
  INSERT INTO loyalty (id, guest_id, card, points) VALUES (old.id, old.guest_id, 'back', 0);
END
"""


def test_one_look_sees_the_table_that_keeps_a_deleted_row(sqlite_url: str) -> None:
    """Six tables are looked at together; the one in which a row came back is named."""
    engine = create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    fill(engine, Shape(40))
    datamap = resolve(POLICIES, Base.metadata.tables.values(), list(Base.registry.mappers))
    with engine.begin() as conn:
        conn.exec_driver_sql(KEEPS)
        member = conn.exec_driver_sql("SELECT guest_id FROM loyalty LIMIT 1").scalar_one()
        drawn = plan(conn, datamap, [("guests", (member,))])
        with statements(engine) as sent, pytest.raises(ErasureError, match="Rows of loyalty"):
            erase(conn, datamap, drawn)
        assert sum(statement.startswith("SELECT (SELECT count(*)") for statement in sent) == 1
        conn.rollback()
    engine.dispose()


def uncased() -> MetaData:
    """Guests whose codes SQLite compares without case, and wishes that name them as typed."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("code", String(20, collation="NOCASE"), unique=True), Column("name", String(40)),
    )  # fmt: skip
    Table(
        "wishes", metadata, Column("id", Integer, primary_key=True),
        Column("code", String(20), ForeignKey("guests.code"), index=True),
        Column("said", String(40)),
    )  # fmt: skip
    return metadata


def fill_uncased(engine: Engine, metadata: MetaData) -> None:
    """Put two guests in, with a wish each in another case; SQLite takes them as keys that hold."""
    guests, wishes = metadata.tables["guests"], metadata.tables["wishes"]
    with engine.begin() as conn:
        conn.execute(insert(guests), [
            {"id": 1, "code": "Ada", "name": "Ada"}, {"id": 2, "code": "Bo", "name": "Bo"},
        ])
        conn.execute(insert(wishes), [
            {"id": 1, "code": "ADA", "said": "tea"}, {"id": 2, "code": "bo", "said": "milk"},
        ])


def test_a_key_that_holds_is_followed_whatever_its_case(sqlite_url: str) -> None:
    """What points at a guest by SQLite's own reckoning is the guest's, and nobody else's."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({"code": keep("a key"), "name": redact}, subject=Subject(match=["name"])),
        "wishes": Policy({"said": redact}, via="code"),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        inn.erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            said = conn.execute(select(metadata.tables["wishes"].c.said)).scalars().all()
        assert said == ["[erased]", "milk"]
        assert inn.remains(engine, declared, ("guests", (1,))) == []


def test_rows_go_with_what_points_at_them_whatever_its_case(sqlite_url: str) -> None:
    """A row that points at one that goes is found, goes first, and is nobody else's."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
        "wishes": Policy({}, via="code", rows=delete),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        inn.erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            left = [conn.execute(select(t.c.id)).scalars().all() for t in metadata.tables.values()]
        assert left == [[2], [2]]


def test_a_row_left_behind_stands_in_the_way_whatever_its_case(sqlite_url: str) -> None:
    """What still points at a row that goes is named before anything is tried."""
    metadata = uncased()
    declared = inn.datamap(metadata, {
        "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
        "wishes": Policy({}, via="code", rows=delete, where=lambda table: table.c.said != "tea"),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        fill_uncased(engine, metadata)
        (block,) = inn.draw(engine, declared, ("guests", (1,))).blocked
    assert (block.reason, block.table, block.rows) == ("referenced", "wishes", 1)


TOKENS = [UUID(int=n << 64 | n, version=4) for n in (0xA1, 0xB2)]


@pytest.mark.parametrize(("kind", "keys", "trail"), [
    (Integer, [1, 2], ["1", "1-7", "01", "1 x", "2"]),
    (Uuid, TOKENS, [str(TOKENS[0]), str(TOKENS[1]), "", str(TOKENS[0]).upper(), TOKENS[0].hex]),
])  # fmt: skip
def test_a_number_is_not_taken_for_a_text_that_begins_with_it(
    database_url: str, kind: Any, keys: list[Any], trail: list[str]
) -> None:
    """A copied key in a text column leads to whom it names in full, on every engine alike."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", kind, primary_key=True), Column("name", String(40))
    )
    audit = Table(
        "audit", metadata, Column("id", Integer, primary_key=True),
        Column("about", String(40), index=True), Column("said", String(40)),
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        "guests": Policy({"name": redact}, subject=Subject(match=["name"])),
        "audit": Policy({"about": keep("a key"), "said": redact},
                        via=Equal({"about": "id"}, to="guests")),
    })  # fmt: skip
    with inn.host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": key, "name": name} for key, name in zip(keys, ("Ada", "Bo"), strict=True)
            ])
            conn.execute(insert(audit), [
                {"id": n, "about": about, "said": "tea"} for n, about in enumerate(trail, 1)
            ])
        inn.erase(engine, declared, ("guests", (keys[0],)))
        assert inn.remains(engine, declared, ("guests", (keys[0],))) == []
        with engine.connect() as conn:
            gone = conn.execute(select(audit.c.id).where(audit.c.said == "[erased]")).scalars()
            assert sorted(gone) == ([1] if kind is Integer else [1, 4, 5])


def test_a_text_that_is_no_number_leads_to_nobody(database_url: str) -> None:
    """Neither a mask nor an empty text is a number's owner, and none of them is an error."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("card", String(20)),
    )  # fmt: skip
    taps = Table(
        "taps", metadata, Column("id", Integer, primary_key=True), Column("card", Integer),
        Column("said", String(40)),
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        "guests": Policy({"card": redact}, subject=Subject(match=["card"])),
        "taps": Policy({"card": -1, "said": redact}, via=Equal({"card": "card"}, to="guests")),
    })  # fmt: skip
    with inn.host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": n, "card": card} for n, card in enumerate(("77", "77b", "0", "", "-1"), 1)
            ])
            conn.execute(insert(taps), [
                {"id": n, "card": card, "said": "tea"} for n, card in enumerate((77, 0, -1), 1)
            ])
        for person in (2, 3, 4, 5, 1):
            drawn = inn.draw(engine, declared, ("guests", (person,)))
            rows = {s.decision.table: len(s.rows) for s in drawn.changing()}
            assert rows.get("taps", 0) == (person == 1)


def of_active(guests: Table) -> Index:
    """A mailbox is one guest's among those who are not marked as deleted."""
    living = guests.c.gone.is_(None)
    return Index("of_active", guests.c.email, unique=True, sqlite_where=living,
                 postgresql_where=living)


def of_words(guests: Table) -> Index:
    """A mailbox is one guest's under each name; of an expression nobody knows what it says."""
    return Index("of_words", guests.c.email, text("lower(name)"), unique=True)


def to_the_letter(guests: Table) -> Index:
    """A mailbox is one guest's as it was typed."""
    return Index("to_the_letter", guests.c.email, unique=True)


@pytest.mark.parametrize(("index", "other", "fold"), [
    (of_active, "ada@post.example", False),
    (of_words, "ada@post.example", False),
    (to_the_letter, "Ada@post.example", True),
    (to_the_letter, "Ada@post.example", False),
])
def test_a_mail_of_two_guests_waits_for_both(
    sqlite_url: str, index: Callable[[Table], Index], other: str, fold: bool
) -> None:
    """A unique index over some rows, over words or by case does not make a mailbox one person's."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("name", String(40)), Column("email", String(80)), Column("gone", Integer),
    )  # fmt: skip
    index(guests)
    collation = None if fold else "NOCASE"
    mails = Table(
        "mails", metadata, Column("id", Integer, primary_key=True),
        Column("address", String(80, collation=collation), index=True), Column("text", String(40)),
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        "guests": Policy({"name": redact, "email": null, "gone": keep("statistics")},
                         subject=Subject(match=["email"])),
        "mails": Policy({"address": redact, "text": redact},
                        via=Equal({"address": "email"}, to="guests", fold=fold)),
    })  # fmt: skip
    with inn.host(sqlite_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": 1, "name": "Ada", "email": "ada@post.example", "gone": 1},
                {"id": 2, "name": "Bo", "email": other, "gone": None},
            ])  # fmt: skip
            conn.execute(insert(mails), {"id": 1, "address": other, "text": "dear both"})
        said = select(mails.c.text)
        inn.erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            assert conn.execute(said).scalars().all() == ["dear both"]
        inn.erase(engine, declared, ("guests", (2,)))
        with engine.connect() as conn:
            assert conn.execute(said).scalars().all() == ["[erased]"]
