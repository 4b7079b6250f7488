"""Rows without a key of their own that are equal are counted as they are: preview, certificate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import delete, keep, null, redact, retain
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Base, Hotel, policies

MAIL = "ann@mail.example"
KEYLESS = MetaData()
VISITS, SWIPES, SLIPS, BADGES = (
    Table(name, KEYLESS, Column("guest", Integer), *(Column(word, String(40)) for word in words))
    for name, words in (
        ("visits", ("day",)), ("swipes", ("door", "who")), ("slips", ("payer", "note")),
        ("badges", ("holder",)),
    )
)  # fmt: skip


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """Tables without a key: one goes, one is overwritten, two are retained, in part or whole."""
    made = Hotel(database_url, tmp_path)
    via = Equal({"guest": "id"}, to="guests")
    number = {"guest": keep("a key")}
    declared: list[tuple[Any, Policy]] = [
        *policies(str(made.files)),
        (VISITS, Policy({}, via=via, rows=delete)),
        (SWIPES, Policy({**number, "door": keep("security"), "who": redact}, via=via)),
        (SLIPS, Policy({**number, "payer": retain("invoice"), "note": null}, via=via)),
        (BADGES, Policy({**number, "holder": retain("invoice")}, via=via)),
    ]
    KEYLESS.create_all(made.engine)
    every = [*Base.metadata.tables.values(), *KEYLESS.tables.values()]
    made.datamap = resolve(declared, every, list(Base.registry.mappers))
    for id, mail in ((1, MAIL), (2, "bo@mail.example")):
        made.guest(id, hotel="sh", name="Ann Berg", email=mail)
    fill(made, 1)
    fill(made, 2)
    yield made
    made.engine.dispose()


def fill(hotel: Hotel, guest: int) -> None:
    """Write three rows of a guest into each table, two of which are equal."""
    with hotel.engine.begin() as conn:
        for table in KEYLESS.tables.values():
            words = [column.name for column in table.c][1:]
            conn.execute(insert(table), [
                {"guest": guest, **dict.fromkeys(words, text)} for text in ("n", "n", "s")
            ])  # fmt: skip


def rows(items: Any) -> dict[str, int]:
    """Return how many rows are told of each of the tables."""
    return {i["table"]: i["rows"] for i in items if i["table"] in KEYLESS.tables}


def told(hotel: Hotel, number: str) -> list[dict[str, int]]:
    """Return what the newest certificate says: what went, what stays."""
    with hotel.begin() as office:
        content = office.certificate(number)["content"]
    return [rows(content["went"]), rows(content["stays"])]


def summed(lines: Any) -> dict[str, int]:
    """Return the rows of the lines of a preview, table by table."""
    found: dict[str, int] = {}
    for line in lines:
        if line.table in KEYLESS.tables:
            found[line.table] = found.get(line.table, 0) + line.rows
    return found


def test_the_certificate_counts_each_of_equal_rows(hotel: Hotel) -> None:
    number = hotel.file(email=MAIL)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        seen = office.preview(number)
    assert summed(seen.erase) == {"visits": 3, "swipes": 3, "slips": 3}
    assert summed(seen.retain) == {"slips": 3, "badges": 3}
    hotel.approve(number)
    assert hotel.erased(number) == "sealed"
    assert told(hotel, number) == [
        {"visits": 3, "swipes": 3, "slips": 3}, {"slips": 3, "badges": 3},
    ]  # fmt: skip


def test_what_is_left_counts_each_of_equal_rows(hotel: Hotel) -> None:
    """Somebody writes them again before it is looked whether they are gone."""
    number = hotel.approved(email=MAIL)
    with hotel.begin() as office:
        office.erase(number)
    fill(hotel, 1)
    with hotel.begin() as office:
        assert office.check(number).value == "partial"
        content = office.certificate(number)["content"]
    assert rows(content["partial"]) == {"visits": 3, "swipes": 3, "slips": 3}
