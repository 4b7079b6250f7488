"""Rows that nobody can tell apart are named, and whoever asks meanwhile is told or kept waiting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
)

from flask_guesterase.core.errors import GapError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import null, placeholder, redact
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.mapping.datamap import resolve
from tests.store import inn
from tests.store.hotel import Guest, Hotel, policies

MAIL = "ann@mail.example"


class Number:
    """What a host makes of a key; its class says nothing of what it equals."""

    def __init__(self, text: str) -> None:
        self.text = text


class Known(Number):
    """One that compares and is written by its value."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text


class Half(Known):
    """One that compares by its value, and is written by where it lies in memory."""

    __hash__ = Known.__hash__
    __str__ = object.__str__


def numbered(made: type[Number]) -> TypeDecorator[Any]:
    """Return a type of the host's whose values are such objects."""

    class Key(TypeDecorator[Any]):
        impl = String
        cache_ok = True

        def process_bind_param(self, value: Any, dialect: Any) -> Any:
            return getattr(value, "text", value)

        def process_result_value(self, value: Any, dialect: Any) -> Any:
            return None if value is None else made(value)

    return Key(40)


def named(*columns: Column[Any]) -> list[tuple[str, str]]:
    """Return what is said of members with these columns beside their mailbox."""
    metadata = MetaData()
    Table("members", metadata, *columns, Column("email", String(80)))
    rules = {c.name: null for c in columns if not c.primary_key}
    member = Policy({"email": placeholder, **rules}, subject=Subject(match=["email"]))
    return [(f.id, f.place) for f in inn.datamap(metadata, {"members": member}).findings]


@pytest.mark.parametrize(
    ("type_", "wrong"),
    [
        (numbered(Number), True), (numbered(Half), True), (numbered(Known), False),
        (ARRAY(Text), True), (String(40), False), (Integer(), False),
    ],
    ids=["object", "half", "value", "array", "text", "number"],
)  # fmt: skip
def test_a_key_by_which_no_row_is_known_again_is_named(type_: Any, wrong: bool) -> None:
    """No request about such a row would ever come to its end."""
    found = named(Column("number", type_, primary_key=True))
    assert found == ([("rule-misfit", "members.number")] if wrong else [])


def imported(url: str, folder: Path, alone: bool) -> Hotel:
    """A hotel with members from an old system, whose table has no key and holds JSON."""
    hotel = Hotel(url, folder)
    members = Table(
        "members", MetaData(), Column("email", String(80)), Column("name", String(80)),
        Column("likes", JSON), Column("hotel", String(8)),
    )  # fmt: skip
    member = Policy(
        {"email": placeholder, "name": redact, "likes": null, "hotel": null},
        subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    )
    known = [(members, member), *([] if alone else policies(str(hotel.files)))]
    mapped = [members, *([] if alone else Guest.metadata.tables.values())]
    mappers = [] if alone else list(Guest.registry.mappers)
    hotel.datamap = resolve(known, mapped, mappers, coverage)
    members.create(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(members).values(
            email=MAIL, name="Ann Berg", likes={"tea": ["green"]}, hotel="sh"
        ))  # fmt: skip
    return hotel


@pytest.mark.parametrize("alone", [True, False])
def test_whoever_can_only_be_there_is_told_so_and_not_lost(
    sqlite_url: str, tmp_path: Path, alone: bool
) -> None:
    """A clerk reads why; what a guest sent waits until the table has a key."""
    hotel = imported(sqlite_url, tmp_path, alone)

    with pytest.raises(GapError, match="members"):
        hotel.file(email=MAIL)
    hotel.ask(email=MAIL, name="Ann Berg")

    assert hotel.look() == 0
    assert len(hotel.ours("intake")) == 1


def day_after_day(hotel: Hotel, days: int) -> None:
    """Let days pass on each of which the worker looks, and ends the keys of the day before last."""
    for _ in range(days):
        hotel.later(days=1)
        hotel.look()
        hotel.custodian.forget(f"intake:{(hotel.now - timedelta(days=2)).date()}")


def test_what_was_sent_waits_for_who_mends_the_installation(
    sqlite_url: str, tmp_path: Path
) -> None:
    """It was over after a day, and nobody ever knew that somebody had asked."""
    hotel = imported(sqlite_url, tmp_path, alone=False)
    whole = Hotel.mapped(policies(str(hotel.files)))
    hotel.ask(email=MAIL, name="Ann Berg")
    asked = hotel.now.date()
    day_after_day(hotel, 5)
    assert len(hotel.ours("intake")) == 1

    hotel.datamap = whole
    hotel.guest(1, name="Ann Berg", email=MAIL)
    assert hotel.look() == 1
    (request,) = hotel.ours("request")
    assert request["received_at"].date() == asked, "the time to answer runs since then"


def test_what_nobody_mends_ends_after_a_month(sqlite_url: str, tmp_path: Path) -> None:
    hotel = imported(sqlite_url, tmp_path, alone=False)
    hotel.ask(email=MAIL, name="Ann Berg")
    day_after_day(hotel, 30)
    assert len(hotel.ours("intake")) == 1
    day_after_day(hotel, 1)
    assert hotel.ours("intake") == []


def test_whom_another_table_knows_waits_for_the_plan(sqlite_url: str, tmp_path: Path) -> None:
    """The request is there, and its plan says what stands in the way."""
    hotel = imported(sqlite_url, tmp_path, alone=False)
    hotel.guest(1, name="Ann Berg", email=MAIL)

    number = hotel.file(email=MAIL)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        blocked = office.preview(number).blocked

    assert "members" in str(blocked)
