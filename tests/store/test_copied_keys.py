"""Promise: a key that is itself somebody's is in their copy, as any other column is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import delete, keep, redact
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Base, Hotel, policies
from tests.store.test_copying import copied

LETTERS = Table(
    "letters", MetaData(), Column("email", String(80), primary_key=True),
    Column("guest_id", Integer, index=True), Column("topic", String(40)),
)  # fmt: skip
VIA = Equal({"guest_id": "id"}, to="guests")


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel that knows who reads its letters by their mailbox."""
    made = Hotel(database_url, tmp_path)
    LETTERS.create(made.engine)
    made.guest(1, name="Ann Berg", email="ann@mail.example")
    with made.engine.begin() as conn:
        conn.execute(insert(LETTERS).values(email="a.b@post.example", guest_id=1, topic="spa"))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("policy", [
    Policy({}, via=VIA, rows=delete), Policy({"topic": redact, "guest_id": keep("whose")}, via=VIA),
], ids=["whole", "columns"])  # fmt: skip
def test_a_mailbox_that_is_a_key_is_in_the_copy(hotel: Hotel, policy: Policy) -> None:
    """It needs no rule where the row goes whole, and is the guest's data all the same."""
    known = [*Base.metadata.tables.values(), LETTERS]
    declared = [*policies(str(hotel.files)), (LETTERS, policy)]
    hotel.datamap = resolve(declared, known, list(Base.registry.mappers))
    (part,) = [part for part in copied(hotel).parts if part.table == "letters"]
    assert [each.values["email"] for each in part.records] == ["a.b@post.example"]
    assert "topic" in part.columns
