"""A row is found by the text of its key, whatever type the host gave it: to hold it, or explain."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Date,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
    insert,
)
from sqlalchemy.dialects import mysql

from flask_guesterase.core.errors import InputError, UnknownError
from flask_guesterase.core.holding import Scope, Wanted
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, placeholder, redact
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel

NUMBER = UUID(int=0xA1 << 64 | 7)


class BinaryUuid(TypeDecorator[UUID]):
    """What a host does that keeps its UUIDs in sixteen bytes."""

    impl = LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Any) -> bytes | None:
        return None if value is None else value.bytes

    def process_result_value(self, value: bytes | None, dialect: Any) -> UUID | None:
        return None if value is None else UUID(bytes=bytes(value))


class Word(TypeDecorator[str]):
    """What a host does that writes its keys in small letters."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


Bytes = LargeBinary(16).with_variant(mysql.VARBINARY(16), "mysql", "mariadb")


def members(hotel: Hotel, type_: Any, key: Any) -> None:
    """Give the hotel members with keys of this type."""
    table = Table(
        "members", MetaData(), Column("key", type_, primary_key=True),
        Column("email", String(80)), Column("name", String(80)), Column("hotel", String(8)),
    )  # fmt: skip
    policy = Policy(
        {"email": placeholder, "name": redact, "hotel": keep("house")},
        subject=Subject(match=["email"], name="name", contact=["email"], property="hotel"),
    )
    hotel.datamap = resolve([(table, policy)], [table], [])
    table.create(hotel.engine)
    with hotel.engine.begin() as conn:
        row = {"key": key, "email": "ann@mail.example", "name": "Ann Berg", "hotel": "sh"}
        conn.execute(insert(table).values(row))
    hotel.grants["officer"].add("hold")


@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize(
    ("type_", "key"),
    [
        (BinaryUuid(), NUMBER), (Uuid(), NUMBER), (Uuid(native_uuid=False), NUMBER),
        (Word(), "m-7"), (String(40), "m:7|8"), (Date(), date(2026, 1, 2)),
    ],
    ids=["binary", "uuid", "plain", "word", "text", "date"],
)  # fmt: skip
def test_a_row_is_held_and_explained_by_its_key(
    database_url: str, tmp_path: Path, type_: Any, key: Any, ours: bool
) -> None:
    """As a person writes it, and as our pages do."""
    hotel = Hotel(database_url, tmp_path)
    members(hotel, type_, key)
    text = key_text((key,)) if ours else str(key)

    with hotel.begin() as office:
        said = office.why("members", text)
    with hotel.begin() as office:
        wanted = Wanted(Scope.SUBJECT, "legal-claim", table="members", key=text)
        office.place_hold(wanted, "officer")

    assert "the row stays" in said
    assert [row["row_key"] for row in hotel.ours("hold")] == [key_text((key,))]
    hotel.engine.dispose()


@pytest.mark.parametrize(
    ("text", "error"), [(str(UUID(int=3)), UnknownError), ("no such thing", UnknownError)]
)
def test_a_key_that_no_row_has_is_told(
    database_url: str, tmp_path: Path, text: str, error: type[Exception]
) -> None:
    """Also one that the host's own type does not take; what comes after it is answered."""
    hotel = Hotel(database_url, tmp_path)
    members(hotel, BinaryUuid(), NUMBER)
    with hotel.begin() as office:
        with pytest.raises(error):
            office.why("members", text)
        with pytest.raises(error):
            office.place_hold(
                Wanted(Scope.SUBJECT, "legal-claim", table="members", key=text), "officer"
            )
        assert office.why("members", str(NUMBER))
    hotel.engine.dispose()


def test_what_is_no_key_of_the_type_is_told(sqlite_url: str, tmp_path: Path) -> None:
    """A date is none that is written in words."""
    hotel = Hotel(sqlite_url, tmp_path)
    members(hotel, Date(), date(2026, 1, 2))
    with hotel.begin() as office, pytest.raises(InputError):
        office.why("members", "new year")
    hotel.engine.dispose()


@pytest.mark.parametrize(
    "text",
    ["000000a1ff0000000700000000000000", "0x000000A1FF0000000700000000000000",
     "\\x000000a1ff0000000700000000000000", "000000a1-ff00-0000-0700-000000000000"],
)  # fmt: skip
def test_bytes_are_written_in_hexadecimal(
    database_url: str, tmp_path: Path, text: str
) -> None:
    """As an engine's own console shows them, or as a UUID is written."""
    hotel = Hotel(database_url, tmp_path)
    members(hotel, Bytes, b"\x00\x00\x00\xa1\xff\x00\x00\x00\x07" + bytes(7))
    with hotel.begin() as office:
        assert "the row stays" in office.why("members", text)
        with pytest.raises(UnknownError):
            office.why("members", text[:-2] + "01")
    hotel.engine.dispose()


def test_a_number_without_a_sign_is_read(mariadb_url: str, tmp_path: Path) -> None:
    """BIGINT UNSIGNED has numbers that no other integer has."""
    hotel = Hotel(mariadb_url, tmp_path)
    members(hotel, mysql.BIGINT(unsigned=True), 2**63 + 7)
    with hotel.begin() as office:
        assert "the row stays" in office.why("members", str(2**63 + 7))
        wanted = Wanted(Scope.SUBJECT, "legal-claim", table="members", key=str(2**63 + 7))
        office.place_hold(wanted, "officer")
    assert [row["row_key"] for row in hotel.ours("hold")] == [key_text((2**63 + 7,))]
    hotel.engine.dispose()
