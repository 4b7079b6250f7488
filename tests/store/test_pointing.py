"""A foreign key that would refuse what an erasure writes is named before a guest asks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import (
    Exempt,
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.store.checking.drift import drift
from flask_guesterase.store.checking.live import read
from tests.store.inn import datamap, draw, erase, host
from tests.store.test_unsound import billing, kept

WHOLE = Policy({}, via="guest_id", rows=delete)


def said(url: str, action: str | None, bills: Policy | Exempt) -> list[tuple[str, str]]:
    """Return what is named of a key from bills to the guests' mailbox, which is overwritten."""
    metadata = billing(action)
    declared = datamap(metadata, {**kept(null), "bills": bills})
    with host(url, metadata) as engine, engine.connect() as conn:
        return [(f.id, f.place) for f in drift(declared, read(conn)) if f.id == "rule-misfit"]


def ruled(rule: Any, **more: Any) -> Policy:
    """Declare the bills' copy of the mailbox."""
    return Policy({"sent_to": rule}, via="guest_id", **more)


TARGET, SOURCE = ("rule-misfit", "guests.email"), ("rule-misfit", "bills.sent_to")


@pytest.mark.parametrize(
    ("action", "bills", "named"),
    [
        (None, ruled(keep("printed")), [TARGET]),
        (None, ruled(retain("invoice_accounting", then=null)), [TARGET]),
        (None, exempt("somebody else's"), [TARGET]),
        (None, ruled(placeholder), [SOURCE, TARGET]),
        ("CASCADE", ruled(placeholder), [SOURCE]),
        ("CASCADE", ruled(redact), [SOURCE]),
        ("CASCADE", ruled(retain("invoice_accounting", then=redact)), [SOURCE]),
        ("CASCADE", ruled(redact, rows=delete_when_last_owner), [SOURCE]),
        ("CASCADE", ruled(keep("printed")), []),
        ("SET NULL", ruled(keep("printed")), []),
        (None, ruled(null), []),
        (None, ruled(None), []),
        (None, WHOLE, []),
        ("CASCADE", ruled(null), []),
    ],
)  # fmt: skip
def test_what_would_point_at_nothing_is_named(
    database_url: str, action: str | None, bills: Policy | Exempt, named: list[tuple[str, str]]
) -> None:
    """Both ends: a pointer that gets what no row has, and a row that pointers keep waiting for."""
    assert sorted(said(database_url, action, bills)) == named


def test_a_key_that_is_not_enforced_refuses_nothing(sqlite_url: str) -> None:
    """SQLite looks at foreign keys only where a connection asks it to."""
    metadata = billing(None)
    declared = datamap(metadata, {**kept(null), "bills": ruled(placeholder)})
    engine = create_engine(sqlite_url)
    metadata.create_all(engine)
    with engine.connect() as conn:
        assert "rule-misfit" not in {f.id for f in drift(declared, read(conn))}
    engine.dispose()


@pytest.mark.parametrize(
    ("action", "blocked"),
    [("SET NULL", True), (None, True), ("RESTRICT", True), ("CASCADE", False)],
)
@pytest.mark.parametrize("mine", [False, True])
def test_a_row_of_somebody_else_that_points_there_stands_in_the_way(
    database_url: str, action: str | None, blocked: bool, mine: bool
) -> None:
    """The database would change or refuse it: Bo's bill is no part of Ada's erasure.

    A cascade carries the new value on, and back again when the erasure is taken back.
    """
    metadata = billing(action)
    declared = datamap(metadata, kept(null))
    guests, bills = metadata.tables["guests"], metadata.tables["bills"]
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": 1, "hotel": 1, "name": "Ada Quill", "email": "ada@mail.example"},
                {"id": 2, "hotel": 1, "name": "Bo Lind", "email": "bo@mail.example"},
            ])  # fmt: skip
            owner = 1 if mine else 2
            conn.execute(insert(bills), [
                {"id": 1, "guest_id": owner, "sent_to": "ada@mail.example"},
                {"id": 2, "guest_id": 2, "sent_to": "bo@mail.example"},
            ])  # fmt: skip
        plan = draw(engine, declared, ("guests", (1,)))
        told = [(b.reason, b.table, b.rows) for b in plan.blocked]
        assert told == ([("referenced", "bills", 1)] if blocked and not mine else [])
        if not told:
            erase(engine, declared, ("guests", (1,)))
        with engine.connect() as conn:
            left = conn.execute(select(bills.c.sent_to).order_by(bills.c.id)).scalars().all()
    assert left[1] == "bo@mail.example"
    assert (left[0] == "ada@mail.example") is bool(told)
