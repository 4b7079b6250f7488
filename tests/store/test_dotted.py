"""A table whose name has a dot in it lies in no other schema for that."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, Text, insert

from flask_guesterase.core.image import Images
from flask_guesterase.core.payload import decode, encode
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, mentions, redact
from flask_guesterase.store.checking import live
from flask_guesterase.store.recovery.refusal import Fate, Old
from flask_guesterase.store.recovery.together import put_back
from flask_guesterase.store.transaction import transaction
from tests.oracle.dump import assert_same, dump
from tests.store import inn

ADA = ("crm.guests", (1,))


@pytest.mark.parametrize("notes", [
    Policy({"text": mentions}, via="guest_id"), Policy({}, via="guest_id", rows=delete),
])  # fmt: skip
def test_what_was_erased_there_comes_back(database_url: str, notes: Any) -> None:
    """Byte for byte, overwritten rows and deleted ones."""
    metadata = MetaData()
    guests = Table(
        "crm.guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(80))
    )
    texts = Table(
        "Pms.Notes", metadata, Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey(guests.c.id), index=True), Column("text", Text),
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        "crm.guests": Policy({"name": redact}, subject=Subject(match=["name"], name="name")),
        "Pms.Notes": notes,
    })  # fmt: skip
    with inn.host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests).values(id=1, name="Ada Quill"))
            conn.execute(insert(texts).values(id=1, guest_id=1, text="Ms Quill hums"))
        with engine.connect() as conn:
            before = dump(conn)
        images = inn.erase(engine, declared, ADA).images
        with transaction(engine) as conn:
            found = live.read(conn)
            rows = decode(encode(Images(found.dialect, "", tuple(images)))).rows
            back = put_back(conn, declared, found, [Old(row, "b") for row in reversed(rows)])
        with engine.connect() as conn:
            assert_same(before, dump(conn))
    assert {each.fate for each in back} == {Fate.RESTORED}
