"""A CHECK that takes no mask is named by `check`, and by the erasure where only rows can tell."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
)

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, mentions, null, placeholder, redact
from flask_guesterase.store.erasing.probing import misfits
from flask_guesterase.store.transaction import transaction
from tests.store.inn import datamap, erase, host, whole

CANARY = "Aino Korhonen"


def hotel(*conditions: CheckConstraint) -> MetaData:
    """Guests, and cards of theirs under conditions."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("email", String(80)))
    Table(
        "cards", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("name", String(40)),
        Column("code", String(20)), Column("kind", String(8)), Column("stars", Integer),
        *conditions,
    )  # fmt: skip
    return metadata


def declared(metadata: MetaData, **rules: Any) -> Any:
    """Return a data map in which cards go by these rules."""
    kept: dict[str, Any] = dict.fromkeys(("name", "code", "kind", "stars"), keep("a test"))
    return datamap(metadata, {
        "guests": Policy({"email": null}, subject=Subject(match=["email"])),
        "cards": Policy({**kept, **rules}, via="guest_id"),
    })  # fmt: skip


def found(url: str, condition: str, **rules: Any) -> list[Finding]:
    """Return what is said of cards under a condition."""
    metadata = hotel(CheckConstraint(condition, name="odd"))
    with host(url, metadata) as engine, transaction(engine, write=False) as conn:
        full, live = whole(conn, declared(metadata, **rules))
        return list(misfits(conn, full, live))


@pytest.mark.parametrize(
    ("condition", "rules", "places"),
    [
        ("name IS NOT NULL", {"name": null}, ["cards.name"]),
        ("name IS NOT NULL", {"name": redact}, []),
        ("kind IN ('a:b', 'b%')", {"kind": redact}, ["cards.kind"]),
        ("kind IN ('a:b', 'b%')", {"kind": "b%"}, []),
        ("kind IN ('a:b', 'b%')", {"kind": null}, []),
        ("code LIKE '+%'", {"code": placeholder}, ["cards.code"]),
        ("code LIKE 'erased%'", {"code": placeholder}, []),
        ("length(name) < 5", {"name": redact}, ["cards.name"]),
        ("stars > 0", {"stars": 0}, ["cards.stars"]),
        ("stars > 0", {"stars": 1}, []),
        ("name IS NOT NULL OR code IS NOT NULL", {"name": null, "code": null},
         ["cards.code, name"]),
        # What rows hold as well, nobody can say where there are none.
        ("name IS NOT NULL OR code IS NOT NULL", {"name": null}, []),
        ("name <> '[erased]'", {"name": mentions}, []),
    ],
)  # fmt: skip
def test_what_no_row_could_hold_is_said_beforehand(
    database_url: str, condition: str, rules: dict[str, Any], places: list[str]
) -> None:
    """The database judges the values by themselves, without a row."""
    said = found(database_url, condition, **rules)
    assert [f.place for f in said] == places
    assert {f.id for f in said} <= {"rule-misfit"}
    assert all("CHECK" in f.message for f in said)


@pytest.mark.parametrize(("kind", "some"), [("guest", True), ("clerk", False)])
@pytest.mark.parametrize(("condition", "rules"), [
    ("kind <> 'guest' OR name IS NOT NULL", {"name": null}),
    ("kind <> 'guest' OR stars > 0 OR code <> name", {"name": "x", "code": "x"}),
])  # fmt: skip
def test_what_some_rows_could_not_hold_is_said_beforehand(
    database_url: str, kind: str, some: bool, condition: str, rules: dict[str, Any]
) -> None:
    """Beside what stays in the rows there are, as where each class has needs of its own."""
    metadata = hotel(CheckConstraint(condition, name="odd"))
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["cards"]), [
                {"id": 1, "kind": "clerk", "name": "Bo Lind", "code": "1", "stars": 0},
                {"id": 2, "kind": kind, "name": CANARY, "code": "2", "stars": 0},
            ])  # fmt: skip
        with transaction(engine, write=False) as conn:
            full, live = whole(conn, declared(metadata, **rules))
            said = list(misfits(conn, full, live))
    assert [(f.place, f.severity) for f in said] == (
        [(f"cards.{', '.join(sorted(rules))}", Severity.WARN)] if some else []
    )
    assert all("some of the rows" in f.message for f in said)


def test_rows_that_do_not_count_need_no_value(sqlite_url: str) -> None:
    """Of a class that is nobody's guest nothing is overwritten."""
    metadata = hotel(CheckConstraint("kind <> 'clerk' OR name IS NOT NULL", name="odd"))
    cards = Policy(
        dict.fromkeys(("code", "kind", "stars"), keep("a test")) | {"name": null},
        via="guest_id", where=lambda table: table.c.kind == "guest",
    )  # fmt: skip
    guests = Policy({"email": null}, subject=Subject(match=["email"]))
    with host(sqlite_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["cards"]).values(id=1, kind="clerk", name="Bo"))
        with transaction(engine, write=False) as conn:
            full, live = whole(conn, datamap(metadata, {"guests": guests, "cards": cards}))
            assert list(misfits(conn, full, live)) == []


OWN = {
    "postgresql": (
        "CREATE DOMAIN short AS varchar(40) CHECK (VALUE ~ '^[A-Z]');; "
        "ALTER TABLE cards ALTER name TYPE short;; CREATE TYPE stay AS ENUM ('in', 'out');; "
        "ALTER TABLE cards ADD COLUMN now stay CHECK (now <> 'in'), ADD EXCLUDE (code WITH =)",
        ["cards.name"],
    ),
    "mariadb": (
        "ALTER TABLE cards MODIFY name varchar(40) COLLATE utf8mb4_bin CHECK (name <> '[ERASED]'), "
        "MODIFY code varchar(20) COLLATE utf8mb4_general_ci CHECK (code <> '[ERASED]')",
        ["cards.code"],
    ),
    "sqlite": (
        "DROP TABLE cards;; CREATE TABLE cards (id INTEGER PRIMARY KEY, guest_id INTEGER, "
        "name TEXT COLLATE NOCASE CHECK (name <> '[ERASED]'), "
        "code TEXT CHECK (\"code\" <> '[ERASED]' -- as it is\n), kind TEXT, stars INTEGER, "
        "CHECK (cards.code <> \"kind\"))",
        ["cards.name"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", OWN)
def test_a_condition_is_judged_by_the_columns_own_type_and_collation(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Domains, enumerations and letters' case; what cannot be asked by itself says nothing."""
    script, places = OWN[kind]
    metadata = hotel()
    url = request.getfixturevalue(f"{kind}_url")
    with host(url, metadata, script) as engine, transaction(engine, write=False) as conn:
        full, live = whole(conn, declared(metadata, name=redact, code=redact))
        assert [f.place for f in misfits(conn, full, live)] == places


@pytest.mark.parametrize("condition", ["name IS NOT NULL OR stars > 3", "name IS NOT NULL"])
def test_the_erasure_names_table_and_condition(database_url: str, condition: str) -> None:
    """Whoever has to act reads which condition of which table it is, and nobody's name."""
    metadata = hotel(CheckConstraint(condition, name="odd"))
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]).values(id=1, email="a@post.example"))
            conn.execute(insert(metadata.tables["cards"]).values(
                id=1, guest_id=1, name=CANARY, stars=1
            ))  # fmt: skip
        with pytest.raises(ErasureError) as refused:
            erase(engine, declared(metadata, name=null), ("guests", (1,)))
    assert "CHECK 'odd'" in refused.value.message
    assert "cards" in refused.value.message
    assert "rule" in refused.value.hint
    assert "Aino" not in repr(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


PLACED = {
    "postgresql": "PARTITION BY LIST (name);; CREATE TABLE a PARTITION OF cards FOR VALUES IN "
    "('Aino Korhonen')",
    "mariadb": "PARTITION BY LIST COLUMNS (name) (PARTITION a VALUES IN ('Aino Korhonen'))",
}


@pytest.mark.parametrize("kind", PLACED)
@pytest.mark.parametrize("default", [False, True])
def test_the_erasure_names_the_table_whose_partitions_take_no_mask(
    kind: str, default: bool, request: pytest.FixtureRequest
) -> None:
    """Where one takes it the row moves; where none does, nothing is changed and all is told."""
    metadata = hotel()
    cards = metadata.tables["cards"]
    script = "DROP TABLE cards;; CREATE TABLE cards (id integer, guest_id integer, " \
        "name varchar(40), code varchar(20), kind varchar(8), stars integer) " + PLACED[kind]
    if default and kind == "postgresql":
        script += ";; CREATE TABLE b PARTITION OF cards DEFAULT"
    elif default:
        script += ";; ALTER TABLE cards ADD PARTITION (PARTITION b DEFAULT)"
    with host(request.getfixturevalue(f"{kind}_url"), metadata, script) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]).values(id=1, email="a@post.example"))
            conn.execute(insert(cards).values(id=1, guest_id=1, name=CANARY))
        asked = engine, declared(metadata, name=redact), ("guests", (1,))
        if default:
            erase(*asked)
            with engine.connect() as conn:
                assert conn.execute(select(cards.c.name)).scalars().all() == ["[erased]"]
            return
        with pytest.raises(ErasureError) as refused:
            erase(*asked)
    assert "partition" in refused.value.message
    assert "cards" in refused.value.message
    assert "Aino" not in repr(refused.value)
