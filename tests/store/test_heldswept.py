"""What a sweep took of somebody is held with them: its safety copy says whose it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy import delete as deleting

from flask_guesterase.core.errors import SetupError
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import delete, keep, null
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_expiry import PEOPLE
from tests.store.test_heldhome import Kept

HOST = MetaData()
PEOPLE.to_metadata(HOST)
STAYS = Table(
    "stays", HOST, Column("id", Integer, primary_key=True),
    Column("guest", Integer), Column("dated", Date),
)  # fmt: skip
CALLS = Table(
    "calls", HOST, Column("id", Integer, primary_key=True),
    Column("stay", Integer, ForeignKey("stays.id")), Column("dated", Date),
)  # fmt: skip
WISHES = Table(
    "wishes", HOST, Column("id", Integer, primary_key=True),
    Column("email", String(80)), Column("dated", Date),
)  # fmt: skip
NOTES = Table(
    "notes", HOST, Column("id", Integer, primary_key=True),
    Column("stay", Integer), Column("text", String(80)), Column("dated", Date),
)  # fmt: skip
REPLIES = Table(
    "replies", HOST, Column("id", Integer, primary_key=True),
    Column("note", Integer), Column("text", String(80)), Column("dated", Date),
)  # fmt: skip
OLD, YOUNG = date(2026, 2, 1), date(2027, 2, 1)
AFTER = "2026-03-20"
_OVER: dict[str, Any] = {
    "category": "identity_document_copy", "clock": {"document": "dated"},
}  # fmt: skip


class House(Kept):
    """A hotel whose stays and calls go whole a month later, of wishes the address alone, of notes
    and replies the text."""

    pack = Kept.pack.replace('ceiling_kind = "hard"', 'ceiling_kind = "soft"')

    def __init__(self, url: str, folder: Path) -> None:
        self.hotels = {"sh"}
        super().__init__(url, folder)
        by_mail = Equal({"email": "email"}, to="people")
        told = {"email": null, "dated": keep("statistics")}
        noted = {"text": null, "dated": keep("statistics")}
        self.datamap = resolve(
            [
                (HOST.tables["people"], self.datamap.tables["people"].policy),
                (STAYS, Policy({}, via=Equal({"guest": "id"}, to="people"), rows=delete, **_OVER)),
                (CALLS, Policy({}, via="stay", rows=delete, **_OVER)),
                (WISHES, Policy(told, via=by_mail, **_OVER)),
                (NOTES, Policy(noted, via=Equal({"stay": "id"}, to="stays"), **_OVER)),
                (REPLIES, Policy(noted, via=Equal({"note": "id"}, to="notes"), **_OVER)),
            ],
            [*HOST.tables.values()], [],
        )  # fmt: skip
        for table in (STAYS, CALLS, WISHES, NOTES, REPLIES):
            table.create(self.engine)
        for id in (1, 2, 3):
            self.person(id, date(2026, 3, 1))

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return property_ in self.hotels and permission in self.grants.get(user, ())

    def put(self, table: Table, id: int, **values: Any) -> None:  # type: ignore[override]
        """Have a row of somebody, that is old enough unless it says otherwise."""
        with self.engine.begin() as conn:
            conn.execute(insert(table).values({"id": id, "dated": OLD, **values}))

    def swept(self, table: Table, id: int, **values: Any) -> str:
        """Put in a row, and let a sweep take it; return the box of its safety copy."""
        self.put(table, id, **values)
        return self.sweep()

    def sweep(self) -> str:
        """Let a sweep take what is over; return the box of its safety copy."""
        before = {row["id"] for row in self.ours("box")}
        assert expiry.expire(self.run) == {"expired": 1}
        (copy,) = {row["id"] for row in self.ours("box") if row["purpose"] == "recovery"} - before
        return str(copy)

    def held(self, copy: str) -> str:
        """Return the key under which a copy lies after a round."""
        self.round()
        return str(self.box(copy)["label"])


@pytest.fixture
def house_kind() -> type[House]:
    """Stays, calls and wishes are what sweeps take here."""
    return House


def test_what_a_sweep_deleted_of_a_guest_is_held_with_them(any_house: House) -> None:
    """The copy says whose it was, and outlives its window until two people lift the hold; another
    guest's ends with its own."""
    house = any_house
    copy, other = house.swept(STAYS, 1, guest=1), house.swept(STAYS, 2, guest=2)
    day = house.box(copy)["label"]
    id = house.whose(1)
    assert (house.held(copy), house.held(other)) == (f"hold:{id}", day)
    house.on(AFTER)
    assert (house.opens(copy), house.opens(other)) == (True, False)
    house.lift(id)
    house.round()
    assert not house.opens(copy)
    assert f"hold:{id}" not in house.custodian.labels()


def test_what_a_sweep_deleted_goes_home_once_its_hold_is_lifted(house: House) -> None:
    """Its window goes on, and its day's key with it."""
    copy = house.swept(STAYS, 1, guest=1)
    day = house.box(copy)["label"]
    id = house.whose(1)
    assert house.held(copy) == f"hold:{id}"
    house.lift(id)
    assert (house.held(copy), house.opens(copy)) == (day, True)
    house.on(AFTER)
    assert not house.opens(copy)


def test_what_was_deleted_is_held_though_the_profile_is_gone(house: House) -> None:
    """The copy names the profile by its number, whoever deleted that since."""
    copy = house.swept(STAYS, 1, guest=1)
    id = house.whose(1)
    with house.engine.begin() as conn:
        conn.execute(deleting(PEOPLE).where(PEOPLE.c.id == 1))
    assert house.held(copy) == f"hold:{id}"


def test_what_was_deleted_of_a_row_that_is_there_is_its_owners(any_house: House) -> None:
    """A call names a stay, and that its guest."""
    house = any_house
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    copy = house.swept(CALLS, 1, stay=1)
    second = house.whose(2)
    assert house.held(copy) != f"hold:{second}"
    first = house.whose(1)
    assert house.held(copy) == f"hold:{first}"


def test_what_led_to_a_guest_is_read_from_the_copy(any_house: House) -> None:
    """The sweep took the address by which a wish was theirs; the row stands without it."""
    house = any_house
    copy = house.swept(WISHES, 1, email="p1@mail.example")
    second = house.whose(2)
    assert house.held(copy) != f"hold:{second}"
    first = house.whose(1)
    assert house.held(copy) == f"hold:{first}"


def test_where_nobody_can_tell_whose_it_was_it_may_be_anybodys(any_house: House) -> None:
    """A call names a stay that went on its own: a hold that was there when the call went had been
    asked, and whoever is held since may be meant."""
    house = any_house
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    before = house.whose(2)
    house.later(hours=1)
    copy = house.swept(CALLS, 1, stay=1)
    with house.engine.begin() as conn:
        conn.execute(deleting(STAYS))
    house.later(hours=1)
    assert house.held(copy) != f"hold:{before}"
    since = house.whose(3)
    assert house.held(copy) == f"hold:{since}"


@pytest.mark.parametrize(("stay", "kept"), [(1, True), (2, False), (None, False), (0, False)])
def test_what_stands_and_names_a_row_that_went_may_be_anybodys(
    any_house: House, stay: int | None, kept: bool
) -> None:
    """A note lost its text alone, and the stay went on its own: whoever is held since may be
    meant, unless the note names another stay, or none."""
    house = any_house
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    house.put(STAYS, 2, guest=2, dated=YOUNG)
    copy = house.swept(NOTES, 1, stay=stay, text="late")
    with house.engine.begin() as conn:
        conn.execute(deleting(STAYS).where(STAYS.c.id == 1))
    id = house.whose(1)
    assert (house.held(copy) == f"hold:{id}") is kept


@pytest.mark.parametrize(("stay", "kept"), [(1, True), (2, False), (None, False), (0, False)])
def test_what_names_a_row_that_names_one_that_went_may_be_anybodys(
    any_house: House, stay: int | None, kept: bool
) -> None:
    """A reply names a note that stands, and that a stay that went."""
    house = any_house
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    house.put(STAYS, 2, guest=2, dated=YOUNG)
    house.put(NOTES, 1, stay=stay, dated=YOUNG)
    copy = house.swept(REPLIES, 1, note=1, text="soon")
    with house.engine.begin() as conn:
        conn.execute(deleting(STAYS).where(STAYS.c.id == 1))
    id = house.whose(1)
    assert (house.held(copy) == f"hold:{id}") is kept


def test_what_is_told_elsewhere_in_a_copy_is_not_anybodys(any_house: House) -> None:
    """Of a guest who ran out the calls went with the stays, which say whose they were."""
    house = any_house
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    house.put(CALLS, 1, stay=1, dated=YOUNG)
    with house.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 1).values(seen=date(2022, 1, 1)))
    expiry.expire(house.run)
    with house.engine.connect() as conn:
        assert conn.execute(select(CALLS)).all() == []
    (copy,) = [row["id"] for row in house.ours("box") if row["purpose"] == "recovery"]
    second = house.whose(2)
    assert house.held(copy) != f"hold:{second}"
    first = house.whose(1)
    assert house.held(copy) == f"hold:{first}"


def test_a_table_that_is_away_keeps_no_other_copy_from_ending(any_house: House) -> None:
    """Whose a stay was nobody can tell while theirs is gone, so its copy waits until it is back."""
    house = any_house
    copy = house.swept(STAYS, 1, guest=1)
    house.later(days=1)
    other = house.swept(WISHES, 1, email="p1@mail.example")
    house.whose(3)
    with house.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE stays RENAME TO stays_before")
    with pytest.raises(SetupError):
        house.on(AFTER)
    assert (house.opens(copy), house.opens(other)) == (True, False)
    with house.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE stays_before RENAME TO stays")
    house.round()
    assert not house.opens(copy)


@pytest.mark.parametrize("guest", [None, 0])
def test_what_was_nobodys_is_held_with_nobody(house: House, guest: int | None) -> None:
    """A stay that names no guest was of none."""
    copy = house.swept(STAYS, 1, guest=guest)
    id = house.whose(1)
    assert house.held(copy) != f"hold:{id}"


@pytest.mark.parametrize(("table", "number", "kept"), [
    ("people", 1, True), ("people", 2, False), ("stays", 7, True), ("calls", 7, False),
])  # fmt: skip
def test_a_query_holds_what_was_deleted_of_whom_it_names(
    any_house: House, table: str, number: int, kept: bool
) -> None:
    """Whether it named a row that is gone nobody can tell."""
    house = any_house
    copy = house.swept(STAYS, 1, guest=1)
    id = house.query(table, number)
    assert (house.held(copy) == f"hold:{id}") is kept


def test_a_query_that_was_asked_when_a_row_went_does_not_hold_its_copy(house: House) -> None:
    """It did not name it then, and the row is what it was."""
    id = house.query("stays", 7)
    house.later(hours=1)
    copy = house.swept(STAYS, 1, guest=1)
    house.later(hours=1)
    assert house.held(copy) != f"hold:{id}"


def test_what_nobody_can_tell_of_another_company_is_not_held(house: House) -> None:
    """Its copies are not this house's to keep."""
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    copy = house.swept(CALLS, 1, stay=1)
    with house.engine.begin() as conn:
        conn.execute(deleting(STAYS))
    places = house.settings.properties
    elm = replace(places["sh"], code="mu", controller="Elm GmbH")
    house.settings = replace(house.settings, properties={**places, "mu": elm})
    with house.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 1).values(hotel="mu"))
    house.hotels.add("mu")
    id = house.whose(1)
    assert house.held(copy) != f"hold:{id}"
