"""Keys that are equal to the database and not letter by letter: 'BOB' is Bob's booking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, ForeignKey, MetaData, String, Table, insert, select

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null
from tests import engines
from tests.store.crowd import NEW, Crowd

SPELT = MetaData()
PEOPLE = Table(
    "people", SPELT,
    Column("code", String(20), primary_key=True),
    Column("hotel", String(10), nullable=False),
    Column("email", String(120)),
    Column("seen", Date),
)  # fmt: skip
BOOKINGS = Table(
    "bookings", SPELT,
    Column("ref", String(20), primary_key=True),
    Column("guest", ForeignKey("people.code"), nullable=False, index=True),
    Column("remark", String(120)),
)  # fmt: skip


def policies() -> list[tuple[Any, Policy]]:
    """Return what the vendor declares."""
    return [
        (PEOPLE, Policy(
            {"code": keep("a key"), "hotel": keep("which house"), "email": null,
             "seen": keep("statistics")},
            subject=Subject(match=["email"], contact=["email"], property="hotel"),
        )),
        (BOOKINGS, Policy(
            {"ref": keep("a key"), "guest": keep("a key"), "remark": null}, via="guest"
        )),
    ]  # fmt: skip


class Spelt(Crowd):
    """A hotel whose bookings name guests as somebody typed them."""

    schema = SPELT
    declared = staticmethod(policies)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Crowd]:
    """The hotel on MariaDB, with two guests."""
    with engines.fresh_database("mariadb") as url:
        made = Spelt(url, tmp_path)
        made.build()
        with made.engine.begin() as conn:
            conn.execute(insert(PEOPLE), [
                {"code": name, "hotel": "sh", "email": f"{name.lower()}@mail.example", "seen": NEW}
                for name in ("Ada", "Bob")
            ])
            conn.execute(insert(BOOKINGS), [
                {"ref": "r1", "guest": "ADA", "remark": "quiet room"},
                {"ref": "r2", "guest": "BOB", "remark": "late arrival"},
            ])  # fmt: skip
        yield made
        made.engine.dispose()


def erased(house: Crowd, email: str) -> None:
    """Ask for, approve and carry out the erasure of who has an address."""
    number = house.run(
        lambda office: office.request({"email": email}, property="sh", by="clerk")
    )
    house.run(lambda office: office.confirm(number, "clerk"))
    digest = house.run(lambda office: office.preview(number, "officer").digest)
    house.run(lambda office: office.approve(number, "officer", digest))
    house.run(lambda office: office.erase(number))


def remarks(house: Crowd) -> dict[str, str | None]:
    """Return booking -> remark."""
    with house.engine.connect() as conn:
        return {row.ref: row.remark for row in conn.execute(select(BOOKINGS))}


def test_a_row_belongs_to_whom_the_database_says(house: Crowd) -> None:
    """Ada's booking goes with her, however it spells her."""
    erased(house, "ada@mail.example")
    assert remarks(house) == {"r1": None, "r2": "late arrival"}


def test_a_hold_on_a_person_holds_rows_that_spell_them_otherwise(house: Crowd) -> None:
    """Bob is held by a court: nothing of his booking goes."""
    wanted = Wanted("subject", "court-order", "people", "Bob")
    house.run(lambda office: office.place_hold(wanted, "officer"))
    erased(house, "bob@mail.example")
    assert remarks(house) == {"r1": "quiet room", "r2": "late arrival"}
