"""Rows without a key that a collation takes for equal are each given their own, and come back."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
)

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store.checking import live
from flask_guesterase.store.recovery.refusal import Fate, Old
from flask_guesterase.store.recovery.together import put_back
from flask_guesterase.store.transaction import transaction
from tests.oracle.dump import assert_same, dump
from tests.store.inn import datamap, erase, host

LOOSE = {"sqlite": "NOCASE", "mariadb": "utf8mb4_general_ci"}
BODIES = ["Ann", "ANN", "ann", "ann ", "Ann"]


def _swapped(old: str) -> str:
    return old.swapcase()


@pytest.mark.parametrize("kind", LOOSE)
@pytest.mark.parametrize("rule", [placeholder, redact, _swapped], ids=["own", "mark", "callable"])
def test_rows_that_differ_in_letters_case_alone(
    kind: str, rule: Any, request: pytest.FixtureRequest
) -> None:
    """What one of them becomes is not written into another, and none is taken for another."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("email", String(80))
    )
    notes = Table(
        "notes", metadata, Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("body", String(40, collation=LOOSE[kind])),
        Column("more", String(40, collation=LOOSE[kind])),
    )  # fmt: skip
    declared = datamap(metadata, {
        "guests": Policy({"email": null}, subject=Subject(match=["email"])),
        "notes": Policy({"body": rule, "more": keep("a test")}, via="guest_id"),
    })  # fmt: skip
    with host(request.getfixturevalue(f"{kind}_url"), metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [{"id": n, "email": "a@post.example"} for n in (1, 2)])
            conn.execute(insert(notes), [
                {"guest_id": 1, "body": body, "more": "X" if body == "ann" else "x"}
                for body in BODIES
            ])  # fmt: skip
            conn.execute(insert(notes).values(guest_id=2, body="ann", more="x"))
            before = dump(conn)
        images = erase(engine, declared, ("guests", (1,))).images
        mine = _bodies(engine, notes, 1)
        assert _bodies(engine, notes, 2) == ["ann"]
        if rule is placeholder:
            # Two rows that are the same to the letter stay so.
            assert len(set(mine)) == 4
        else:
            assert mine == [("[erased]" if rule is redact else _swapped(each)) for each in BODIES]
        with transaction(engine) as conn:
            rows = [Old(image, "b") for image in reversed(images)]
            back = put_back(conn, declared, live.read(conn), rows)
        assert {each.fate for each in back} == {Fate.RESTORED}
        with engine.connect() as conn:
            assert_same(before, dump(conn))


def _bodies(engine: Engine, notes: Table, guest: int) -> list[str]:
    """Return the bodies of a guest's rows, in the order in which they were put in."""
    with engine.connect() as conn:
        found = conn.execute(select(notes.c.body).where(notes.c.guest_id == guest))
        return list(found.scalars())
