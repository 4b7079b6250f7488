"""What is still there after an erasure, or again, is told; and nothing of it is taken for gone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Column, Engine, ForeignKey, Integer, MetaData, String, Table, insert, select
from sqlalchemy.orm import registry

from flask_guesterase.core.errors import BlockedError, ErasureError
from flask_guesterase.core.plan import Block, Person
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, null, redact
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.transaction import transaction
from tests.store.inn import Policies, datamap, erase, host, remains, whole

AINO: Person = ("guests", (1,))
PERSON = Subject(match=["name"], name="name")


def guests(keyed: bool = True) -> MetaData:
    """Return a mapping of guests, and of notes about them, which need not have a key."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True),
        Column("name", String(80)), Column("phone", String(80)),
    )
    Table(
        "notes", metadata, *([Column("id", Integer, primary_key=True)] if keyed else []),
        Column("said", String(80)), Column("guest_id", ForeignKey("guests.id"), index=True),
    )
    return metadata


GUESTS = Policy({"name": redact, "phone": null}, subject=PERSON)
DELETED: Policies = {"guests": GUESTS, "notes": Policy({}, via="guest_id", rows=delete)}
KEYLESS: Policies = {"guests": GUESTS, "notes": Policy({"said": redact}, via="guest_id")}


def filled(engine: Engine, metadata: MetaData, **values: Any) -> None:
    """Let a guest have a note."""
    guest, note = metadata.tables["guests"], metadata.tables["notes"]
    with engine.begin() as conn:
        conn.execute(insert(guest).values(id=1, name="Aino Korhonen", phone="0401"))
        conn.execute(insert(note).values(guest_id=1, said="Aino snores", **values))


def written(engine: Engine, metadata: MetaData) -> list[tuple[Any, ...]]:
    """Return what notes say."""
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(metadata.tables["notes"].c.said))]


def run_sql(engine: Engine, *statements: str) -> None:
    """Let somebody else write into the database."""
    with engine.begin() as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("UPDATE guests SET phone = '0401' WHERE id = 1", "guests"),
        ("INSERT INTO notes (id, guest_id) VALUES (7, 1)", "notes"),
    ],
    ids=["one-column-again", "whole-row-again"],
)
def test_what_is_there_again_is_left(database_url: str, statement: str, left: str) -> None:
    """A row of which one column is filled again, the others as the erasure left them; and one that
    went whole, whatever it holds: no column of it has a rule."""
    metadata = guests()
    declared = datamap(metadata, DELETED)
    with host(database_url, metadata) as engine:
        filled(engine, metadata, id=1)
        erase(engine, declared, AINO)
        assert remains(engine, declared, AINO) == []
        run_sql(engine, statement)
        assert remains(engine, declared, AINO) == [left]


def test_a_trigger_that_writes_a_row_without_a_key_back_changes_nothing(sqlite_url: str) -> None:
    """Such a row is another one once it is overwritten; it is looked for as what it should be."""
    metadata = guests(keyed=False)
    script = """CREATE TRIGGER restores AFTER UPDATE ON notes BEGIN
        UPDATE notes SET said = OLD.said WHERE rowid = NEW.rowid; END"""
    policies = {**KEYLESS, "notes": replace(KEYLESS["notes"], triggers={"restores": "it is said"})}
    with host(sqlite_url, metadata, script) as engine:
        filled(engine, metadata)
        with pytest.raises(ErasureError, match="does not hold"):
            erase(engine, datamap(metadata, policies), AINO)
        assert written(engine, metadata) == [("Aino snores",)]


WRITTEN = replace(GUESTS, triggers={"writes": "copies are declared"})


@pytest.mark.parametrize("said", ["Aino snores", "Aino"])
def test_a_row_without_a_key_that_is_written_into_as_another_changes_is_not_called_gone(
    sqlite_url: str, said: str
) -> None:
    """What it was before it is again, and nothing is changed; what is new in it goes as well."""
    metadata = guests(keyed=False)
    script = f"""CREATE TRIGGER writes AFTER UPDATE ON guests BEGIN
        UPDATE notes SET said = '{said}' WHERE guest_id = OLD.id; END"""
    again = pytest.raises(ErasureError, match="does not hold") if said == "Aino snores" else None
    with host(sqlite_url, metadata, script) as engine:
        filled(engine, metadata)
        with again or nullcontext():
            erase(engine, datamap(metadata, {**KEYLESS, "guests": WRITTEN}), AINO)
        assert written(engine, metadata) == [("Aino snores" if again else "[erased]",)]


class Mark:
    """What is known by what it says, by its mapper alone."""


def test_a_row_whose_key_went_is_not_called_gone_once_it_is_written_into(sqlite_url: str) -> None:
    """It is looked at by the key that it has now."""
    metadata = guests(keyed=False)
    marks = Table(
        "marks", metadata, Column("said", String(80)), Column("more", String(80)),
        Column("guest_id", ForeignKey("guests.id"), index=True),
    )
    mapper = registry().map_imperatively(Mark, marks, primary_key=[marks.c.said])
    policies = {
        "guests": WRITTEN, "notes": KEYLESS["notes"],
        Mark: Policy({"said": redact, "more": redact}, via="guest_id"),
    }  # fmt: skip
    script = """CREATE TRIGGER writes AFTER UPDATE ON guests BEGIN
        UPDATE marks SET more = OLD.name WHERE guest_id = OLD.id; END"""
    with host(sqlite_url, metadata, script) as engine:
        filled(engine, metadata)
        with engine.begin() as conn:
            conn.execute(insert(marks).values(said="Aino", more="tea", guest_id=1))
        with pytest.raises(ErasureError, match="marks does not hold"):
            erase(engine, datamap(metadata, policies, [mapper]), AINO)
        assert written(engine, metadata) == [("Aino snores",)]


def test_a_row_without_a_key_is_erased_once_beside_a_trigger(sqlite_url: str) -> None:
    """It is no row that a trigger added: what is kept for taking back is as it was before."""
    metadata = guests(keyed=False)
    script = """CREATE TABLE counted (n INTEGER);;
        CREATE TRIGGER counts AFTER UPDATE ON guests BEGIN
        INSERT INTO counted VALUES (1); END"""
    policies = {**KEYLESS, "guests": replace(GUESTS, triggers={"counts": "numbers only"})}
    with host(sqlite_url, metadata, script) as engine:
        filled(engine, metadata)
        erased = erase(engine, datamap(metadata, policies), AINO)
        assert written(engine, metadata) == [("[erased]",)]
    assert erased.counts == {"guests": 1, "notes": 1}
    assert [c.value for i in erased.images for c in i.columns if c.name == "said"] == [
        "Aino snores"
    ]


def test_rows_that_appear_again_and_again_change_nothing(sqlite_url: str) -> None:
    """A trigger that answers each deletion with another row: nobody says that they are gone."""
    metadata = guests()
    script = """CREATE TRIGGER again AFTER DELETE ON notes BEGIN
        INSERT INTO notes (id, said, guest_id) VALUES (OLD.id + 1, OLD.said, 1); END"""
    notes = replace(DELETED["notes"], triggers={"again": "it is said"})
    with host(sqlite_url, metadata, script) as engine:
        filled(engine, metadata, id=1)
        with pytest.raises(ErasureError, match="keep appearing"):
            erase(engine, datamap(metadata, {**DELETED, "notes": notes}), AINO)
        assert written(engine, metadata) == [("Aino snores",)]


def test_a_locked_plan_that_is_blocked_is_not_carried_out(sqlite_url: str) -> None:
    """Whichever door forgot to look: nothing of it is done."""
    metadata = guests()
    with host(sqlite_url, metadata) as engine:
        filled(engine, metadata, id=1)
        with transaction(engine) as conn:
            full, found = whole(conn, datamap(metadata, DELETED))
            scope = eraser.everything(conn, full, [AINO])
            held = eraser.locked(conn, full, scope, found)
            blocked = replace(held.plan, blocked=(Block("notes", "unpaid", 1, ""),))
            with pytest.raises(BlockedError):
                eraser.carry_out(replace(held, plan=blocked), scope)
        assert written(engine, metadata) == [("Aino snores",)]
