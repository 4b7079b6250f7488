"""Rows that point at each other in circles come back together, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    text,
    update,
)

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null
from flask_guesterase.store.checking import live
from flask_guesterase.store.erasing.taking import Erased
from flask_guesterase.store.recovery import together
from flask_guesterase.store.recovery.refusal import Back, Fate, Old
from flask_guesterase.store.transaction import transaction
from tests.oracle.dump import assert_same, dump
from tests.store.inn import datamap, erase, host

AINO = ("guests", (1,))
POLICIES = {
    "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
    "stays": Policy({}, via="guest_id", rows=delete),
    "bills": Policy({}, via="stay_id", rows=delete),
}


def circle(nullable: bool, kind: str) -> MetaData:
    """Return tables in which a stay has a bill, a bill its stay, and a stay the one before."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
    late: dict[str, Any] = {}
    if not nullable and kind != "mariadb":
        late = {"deferrable": True, "initially": "DEFERRED"}
    Table(
        "stays", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), nullable=False),
        Column("bill_id", Integer, nullable=nullable),
        Column("before_id", ForeignKey("stays.id")),
        ForeignKeyConstraint(
            ["bill_id"], ["bills.id"], name="fk_bill", use_alter=kind != "sqlite", **late
        ),
    )
    Table(
        "bills", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("stay_id", ForeignKey("stays.id"), nullable=False),
    )
    return metadata


def filled(engine: Engine, metadata: MetaData, nullable: bool) -> None:
    """Put two circles of Aino's in, one row that points at itself, and another guest's circle."""
    with engine.begin() as conn:
        if engine.dialect.name == "mariadb":
            conn.execute(text("SET foreign_key_checks = 0"))
        elif not nullable and engine.dialect.name == "postgresql":
            conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        elif engine.dialect.name == "sqlite":
            conn.execute(text("PRAGMA defer_foreign_keys = ON"))
        guests, stays, bills = (metadata.tables[n] for n in ("guests", "stays", "bills"))
        conn.execute(insert(guests), [{"id": 1, "name": "Aino"}, {"id": 2, "name": "Bo"}])
        rows = [(1, 1, 1, None), (2, 1, 2, 3), (3, 1, 3, 2), (4, 1, 4, 4), (9, 2, 9, None)]
        if engine.dialect.name == "postgresql" and nullable:
            conn.execute(insert(stays), [
                {"id": i, "guest_id": g, "bill_id": None} for i, g, _, _ in rows
            ])  # fmt: skip
            conn.execute(insert(bills), [{"id": b, "stay_id": i} for i, _, b, _ in rows])
            conn.execute(text("UPDATE stays SET bill_id = id"))
        else:
            conn.execute(insert(stays), [
                {"id": i, "guest_id": g, "bill_id": n} for i, g, n, _ in rows
            ])  # fmt: skip
            conn.execute(insert(bills), [{"id": b, "stay_id": i} for i, _, b, _ in rows])
        for id, _, _, before in rows:
            conn.execute(update(stays).where(stays.c.id == id).values(before_id=before))
        if engine.dialect.name == "mariadb":
            conn.execute(text("SET foreign_key_checks = 1"))


def put_back(engine: Engine, declared: Any, erased: Erased) -> list[Back]:
    with transaction(engine) as conn:
        rows = [Old(image, "b") for image in reversed(erased.images)]
        return together.put_back(conn, declared, live.read(conn), rows)


@pytest.mark.parametrize("nullable", [True, False])
def test_circles_come_back(database_url: str, nullable: bool) -> None:
    """Rows in circles of two tables, of one table, and of themselves: as they were."""
    kind = database_url.partition("+")[0].partition(":")[0]
    metadata = circle(nullable, kind)
    declared = datamap(metadata, POLICIES)
    with host(database_url, metadata) as engine:
        filled(engine, metadata, nullable)
        with engine.connect() as conn:
            before = dump(conn)
        erased = erase(engine, declared, AINO)
        back = put_back(engine, declared, erased)
        with engine.connect() as conn:
            assert_same(before, dump(conn))
    assert [each.fate for each in back] == [Fate.RESTORED] * 9


def test_a_circle_that_cannot_close_stays_out_as_a_whole(database_url: str) -> None:
    """One number of it is taken: none of its rows comes back, and the other circles do."""
    kind = database_url.partition("+")[0].partition(":")[0]
    metadata = circle(True, kind)
    declared = datamap(metadata, POLICIES)
    with host(database_url, metadata) as engine:
        filled(engine, metadata, True)
        erased = erase(engine, declared, AINO)
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["bills"]).values(id=2, stay_id=9))
        back = put_back(engine, declared, erased)
        with engine.connect() as conn:
            stays = set(conn.execute(text("SELECT id FROM stays")).scalars())
            bills = set(conn.execute(text("SELECT id FROM bills WHERE stay_id <> 9")).scalars())
    assert {(b.old.image.table, b.fate) for b in back if b.fate is not Fate.RESTORED} >= {
        ("bills", Fate.REUSED),
    }  # fmt: skip
    assert stays >= {1, 4, 9}
    assert bills >= {1, 4}


def test_rows_without_a_key_come_back(database_url: str) -> None:
    """Equal rows and rows that only the erasure made equal: each is what it was."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
    visits = Table(
        "visits", metadata, Column("guest_id", ForeignKey("guests.id")), Column("wish", String(9)),
        Column("note", String(9)),
    )
    declared = datamap(metadata, {
        "guests": Policy({"name": null}, subject=Subject(match=["name"])),
        "visits": Policy({"wish": null, "note": keep("which")}, via="guest_id"),
    })
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), [{"id": 1, "name": "Aino"}])
            conn.execute(insert(visits), [
                {"guest_id": 1, "wish": wish, "note": note}
                for wish, note in (("a", "x"), ("a", "x"), ("b", "x"), (None, "x"), ("a", "y"))
            ])  # fmt: skip
        with engine.connect() as conn:
            before = dump(conn)
        erased = erase(engine, declared, AINO)
        with engine.connect() as conn:
            assert set(conn.execute(text("SELECT wish FROM visits")).scalars()) == {None}
        put_back(engine, declared, erased)
        with engine.connect() as conn:
            assert_same(before, dump(conn))
