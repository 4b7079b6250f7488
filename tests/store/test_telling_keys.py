"""A key that is itself a mailbox or a number leaves our tables with its request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Unicode,
    insert,
    select,
    update,
)

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, placeholder
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel
from tests.store.test_owndata import forget, night, runner


class Mailbox(TypeDecorator[str]):
    """What a host does that wants every address in small letters."""

    impl = Unicode
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


class Bytes(TypeDecorator[str]):
    """What a host does that keeps an address as bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        return None if value is None else bytes(value).decode()


@pytest.mark.parametrize(
    ("type_", "kind", "value"),
    [
        (String(80), "email", "ann@mail.example"),
        (Mailbox(80), "email", "ann@mail.example"),
        (Bytes(80), "email", "ann@mail.example"),
        (BigInteger(), "phone", 8613800138000),
    ],
)
def test_a_key_that_says_who_it_was_goes_when_its_request_has_ended(
    sqlite_url: str, tmp_path: Path, type_: Any, kind: str, value: Any
) -> None:
    """Whatever the host's type for it: no row has that key any more, so nobody is told by it."""
    hotel = Hotel(sqlite_url, tmp_path)
    members = Table(
        "members", MetaData(), Column(kind, type_, primary_key=True), Column("name", String(80)),
        Column("hotel", String(8)),
    )  # fmt: skip
    hotel.datamap = resolve(
        [(members, Policy(
            {}, rows=delete, subject=Subject(match=[kind], name="name", property="hotel"),
        ))],
        [members], [],
    )  # fmt: skip
    members.create(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(members).values({kind: value, "name": "Ann Berg", "hotel": "sh"}))

    number = hotel.approved(**{kind: f"+{value}" if kind == "phone" else value})
    state = hotel.erased(number)
    forget(hotel)
    night(hotel)

    assert state == "erased"
    assert hotel.ours("subject") == []


def test_what_was_needed_for_a_while_is_not_told_by_its_key_afterwards(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The line that said a row had to wait names its key no longer than the row is there."""
    hotel = Hotel(sqlite_url, tmp_path)
    metadata = MetaData()
    members = Table(
        "members", metadata, Column("id", Integer, primary_key=True), Column("email", String(80)),
        Column("hotel", String(8)),
    )  # fmt: skip
    cards = Table(
        "cards", metadata, Column("email", Mailbox(80), primary_key=True),
        Column("member_id", ForeignKey("members.id"), index=True), Column("due", Integer),
    )  # fmt: skip
    hotel.datamap = resolve(
        [
            (members, Policy(
                {"email": placeholder, "hotel": keep("house")},
                subject=Subject(match=["email"], property="hotel"),
            )),
            (cards, Policy({"due": null}, via="member_id", rows=delete)),
        ],
        [members, cards], [],
    )  # fmt: skip
    needs = {"cards": ["due"]}
    hotel.blockers = (Blocker("unpaid", "cards", lambda t, _: t.c.due > 0, needs=needs),)
    metadata.create_all(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(members).values(id=1, email="ann@mail.example", hotel="sh"))
        conn.execute(insert(cards).values(email="ann@mail.example", member_id=1, due=9))

    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    waiting = [row["row_key"] for row in hotel.ours("kept")]
    with hotel.engine.begin() as conn:
        conn.execute(update(cards).values(due=0))
    finishing.finish(runner(hotel))

    assert waiting == ["str:ann@mail.example"]
    with hotel.engine.connect() as conn:
        assert conn.execute(select(cards)).all() == []
    assert [row["row_key"] for row in hotel.ours("kept")] == [""]
