"""A row whose key is longer than we can write down keeps nobody else waiting, and is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, Text, insert

from flask_guesterase.core.errors import GapError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel


@pytest.fixture
def imported(database_url: str, tmp_path: Path) -> Hotel:
    """A hotel with members from an old system, in a table without a key: a row is all it holds."""
    hotel = Hotel(database_url, tmp_path)
    members = Table(
        "members", MetaData(), Column("email", String(80)), Column("name", String(80)),
        Column("notes", Text), Column("hotel", String(8)),
    )  # fmt: skip
    policy = Policy(
        {"email": placeholder, "name": redact, "notes": null, "hotel": keep("house")},
        subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    )
    hotel.datamap = resolve([(members, policy)], [members], [])
    members.create(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(members), [
            {"email": "ann@mail.example", "name": "Ann Berg", "notes": "x" * 400, "hotel": "sh"},
            {"email": "bea@mail.example", "name": "Bea Lund", "notes": "tea", "hotel": "sh"},
        ])  # fmt: skip
    return hotel


def test_nobody_else_waits_for_such_a_row(imported: Hotel) -> None:
    """Whoever comes after is written to; what this guest sent is kept until the table has a key."""
    hotel = imported
    long = hotel.engine.dialect.name != "sqlite"
    hotel.ask(email="ann@mail.example", name="Ann Berg")
    hotel.ask(email="bea@mail.example", name="Bea Lund")

    assert hotel.look() == (1 if long else 2)
    assert len(hotel.ours("intake")) == (1 if long else 0)
    assert len(hotel.ours("request")) == (1 if long else 2)
    hotel.engine.dispose()


def test_a_clerk_is_told_what_it_is(imported: Hotel) -> None:
    """With the table, and the cure."""
    hotel = imported
    if hotel.engine.dialect.name == "sqlite":
        assert hotel.file(email="ann@mail.example")
    else:
        with pytest.raises(GapError, match="members") as raised:
            hotel.file(email="ann@mail.example")
        assert "key" in raised.value.hint
    hotel.engine.dispose()
