"""What has had its time goes by itself: no less than that, no more, and again if it came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, update

from flask_guesterase.core.policy import Equal, Policy, Subject, keep, null, redact, retain
from flask_guesterase.store import expiry, finishing
from flask_guesterase.store.datamap import resolve
from flask_guesterase.store.settings import Property
from tests.store.hotel import Hotel

METADATA = MetaData()
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("hotel", String(10), nullable=False),
    Column("name", String(80)),
    Column("email", String(80)),
    Column("visa", String(40)),
    Column("seen", Date),
)
BILLS = Table(
    "bills",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("one", Integer),
    Column("other", Integer),
    Column("payer", String(80)),
    Column("scan", String(80)),
    Column("dated", Date),
)
PACK = """
code = "NZ"
name = "New Zealand"
level = "country"
country = "NZ"
as_of = "2026"
review_by = 2059-03-31
id_copy = "none"

[[rule]]
id = "NZ/profiles"
category = "reservation"
ceiling = "P3Y"
ceiling_kind = "hard"
clock = ["last_activity"]
article = "Art. 1"
source = "https://law.example/1"
grade = "A"
as_of = "2026"
rank = "law"

[[rule]]
id = "NZ/register"
category = "guest_register"
floor = "P1Y"
clock = ["last_activity"]
article = "Art. 2"
source = "https://law.example/2"
grade = "A"
as_of = "2026"
rank = "law"

[[rule]]
id = "NZ/bills"
category = "invoice_accounting"
floor = "P2Y"
clock = ["document"]
article = "Art. 3"
source = "https://law.example/3"
grade = "A"
as_of = "2026"
rank = "law"

[[rule]]
id = "NZ/scans"
category = "identity_document_copy"
ceiling = "P1M"
ceiling_kind = "hard"
clock = ["document"]
article = "Art. 4"
source = "https://law.example/4"
grade = "A"
as_of = "2026"
rank = "law"
"""


class Inn(Hotel):
    """A hotel whose people run out by themselves, and whose bills may be two people's."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        file = folder / "NZ.toml"
        file.write_text(PACK, encoding="utf-8")
        self.settings = replace(
            self.settings,
            packs=(str(file),),
            properties={
                "sh": Property("sh", "Kauri", "Kauri Ltd", "NZ", "Pacific/Auckland", "en")
            },
        )
        self.datamap = resolve(
            [
                (PEOPLE, Policy(
                    {
                        "hotel": keep("which house"), "name": redact, "email": null,
                        "visa": retain("guest_register"), "seen": keep("statistics"),
                    },
                    subject=Subject(
                        match=["email"], name="name", contact=["email"], property="hotel"
                    ),
                    category="reservation",
                    clock={"last_activity": "seen"},
                )),
                (BILLS, Policy(
                    {
                        "payer": retain("invoice_accounting"),
                        "scan": retain("identity_document_copy"),
                        "dated": keep("statistics"),
                    },
                    via={
                        Equal({"one": "id"}, to="people"): [],
                        Equal({"other": "id"}, to="people"): [],
                    },
                    clock="dated",
                )),
            ],
            [*METADATA.tables.values()],
            [],
        )
        METADATA.create_all(self.engine)
        self.grants["officer"].add("law")
        with self.begin() as office:
            office.sign_pack("NZ", "officer")

    def person(self, id: int, seen: date, **values: Any) -> None:
        """Put somebody on file."""
        row = {
            "id": id, "hotel": "sh", "name": "Ann Berg", "email": f"p{id}@mail.example",
            "visa": "V1", "seen": seen, **values,
        }
        with self.engine.begin() as conn:
            conn.execute(insert(PEOPLE).values(row))

    def bill(self, id: int, **values: Any) -> None:
        """Put a bill on file."""
        row = {"payer": "Ann Berg", "scan": None, "dated": date(2026, 3, 1), **values}
        with self.engine.begin() as conn:
            conn.execute(insert(BILLS).values(id=id, **row))

    def set(self, table: Table, id: int, **values: Any) -> None:
        """Let the host write into a row."""
        with self.engine.begin() as conn:
            conn.execute(update(table).where(table.c.id == id).values(**values))

    def read(self, table: Table, id: int = 1) -> dict[str, Any]:
        """Return one row."""
        with self.engine.connect() as conn:
            return dict(conn.execute(select(table).where(table.c.id == id)).one()._mapping)

    def run(self, unit: Any) -> Any:
        """Run a unit of work in a transaction of its own."""
        with self.begin() as office:
            return unit(office)

    def content(self, number: str) -> dict[str, Any]:
        """Return what the newest certificate of a request says."""
        with self.begin() as office:
            return dict(office.certificate(number)["content"])


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The hotel on SQLite."""
    made = Inn(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The hotel on each of the three engines in turn."""
    made = Inn(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_who_comes_back_runs_out_again(any_inn: Inn) -> None:
    """The host fills the shell of somebody whose time was over; it goes again on its day."""
    inn = any_inn
    inn.person(1, date(2022, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.read(PEOPLE)["email"] is None
    inn.set(PEOPLE, 1, name="Ann Berg", email="p1@mail.example", seen=date(2026, 5, 1))
    inn.later(days=4 * 366)
    inn.person(2, date(2026, 1, 1))
    assert expiry.expire(inn.run)["people"] == 2
    assert {inn.read(PEOPLE, 1)["email"], inn.read(PEOPLE, 2)["email"]} == {None}


def test_a_part_whose_floor_is_over_takes_nothing_else_along(any_inn: Inn) -> None:
    """What the register needed of a profile goes a year later; the profile has two more."""
    inn = any_inn
    inn.person(1, date(2025, 1, 1))
    inn.bill(1, one=1, dated=date(2020, 1, 1))
    expiry.expire(inn.run)
    row = inn.read(PEOPLE)
    assert (row["visa"], row["name"], row["email"]) == (None, "Ann Berg", "p1@mail.example")
    assert inn.ours("subject") == [], "nobody was erased"


def test_a_ceiling_without_a_floor_ends_what_is_retained_under_it(any_inn: Inn) -> None:
    """A scan that may be kept a month goes then, though the bill beside it stays two years."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, scan="front.png", dated=date(2026, 2, 1))
    inn.bill(2, one=1, scan="back.png", dated=date(2026, 2, 20))
    expiry.expire(inn.run)
    assert (inn.read(BILLS, 1)["scan"], inn.read(BILLS, 1)["payer"]) == (None, "Ann Berg")
    assert inn.read(BILLS, 2)["scan"] == "back.png"


def test_a_supplement_says_what_stays_because_it_is_another_persons(any_inn: Inn) -> None:
    """The bill's floor is over, and a living guest is on it too: it was not overwritten."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(1, one=1, other=2)
    inn.bill(2, one=1)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    inn.later(days=2 * 366)
    inn.set(PEOPLE, 2, seen=inn.now.date())
    finishing.finish(inn.run)
    assert (inn.read(BILLS, 1)["payer"], inn.read(BILLS, 2)["payer"]) == ("Ann Berg", None)
    said = inn.content(number)
    gone = [(g["table"], g["rows"]) for g in said["went"] if g["table"] == "bills"]
    shared = [(s["table"], s["rows"], s["columns"]) for s in said["shared"]]
    assert said["state"] == "erased"
    assert gone == [("bills", 1)]
    assert shared == [("bills", 1, ["payer"])]
