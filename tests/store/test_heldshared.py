"""A row that went with one of two guests is held with the other, as long as its copy is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, update

from flask_guesterase.core.policy import Blocker, Equal, Policy
from flask_guesterase.core.treatment import delete, keep, null
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_heldhome import Kept
from tests.store.test_still_needed import night

SHARED = Table(
    "shared", MetaData(), Column("id", Integer, primary_key=True), Column("one", Integer),
    Column("other", Integer), Column("text", String(80)), Column("state", String(10)),
    Column("dated", Date),
)  # fmt: skip
POLICY = Policy(
    {"text": null, "state": keep("open or paid"), "dated": keep("statistics")},
    via={Equal({"one": "id"}, to="people"): [], Equal({"other": "id"}, to="people"): []},
    rows=delete,
)  # fmt: skip


class House(Kept):
    """A hotel with notes about two guests each, which go with the first of them."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        SHARED.create(self.engine)
        known = [(each.table, each.policy) for each in self.datamap.tables.values()]
        known.append((SHARED, POLICY))
        self.datamap = resolve(known, [table for table, _ in known], [])
        for id in range(1, 5):
            self.person(id, date(2026, 3, 1), visa=None)

    def noted(self, id: int, *whose: int, **values: Any) -> None:
        """Put a note about two guests on file."""
        one, other = whose
        row = {"id": id, "one": one, "other": other, "text": "Berg and Lind", **values}
        with self.engine.begin() as conn:
            conn.execute(insert(SHARED).values(row))

    def notes(self) -> set[int]:
        """Return the numbers of the notes there are."""
        with self.engine.connect() as conn:
            return set(conn.execute(select(SHARED.c.id)).scalars())

    def erase(self, id: int) -> str:
        """Erase a guest at their wish; return the number of the request."""
        number = self.approved(email=f"p{id}@mail.example")
        self.erased(number)
        return number

    def copies(self, number: str) -> set[str]:
        """Return under which keys the safety copies of a request lie that are there."""
        return {
            row["label"] for row in self.ours("box")
            if row["purpose"] == "recovery" and row["request"] == number
            and row["forgotten_at"] is None
        }  # fmt: skip

    def past(self) -> None:
        """Let so many days pass that every window is over, one after another."""
        for _ in range(10):
            self.later(days=1)
            forgetting.forget(self.run)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The hotel on SQLite."""
    made = House(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """The hotel on each of the three engines in turn."""
    made = House(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_what_went_with_another_guest_is_held_with_who_lives(any_house: House) -> None:
    """It was theirs as well; the copies of guests with whom they shared nothing end on their day,
    and so does this one once two people have lifted the hold."""
    house = any_house
    house.noted(1, 1, 2)
    house.noted(2, 3, 4)
    number, other, alone = house.erase(1), house.erase(3), house.erase(4)
    assert house.notes() == set()
    id = house.whose(2)
    assert house.copies(number) == {f"hold:{id}"}
    assert all("day:" in each for each in house.copies(other) | house.copies(alone))
    house.past()
    assert (house.copies(number), house.copies(other)) == ({f"hold:{id}"}, set())
    house.lift(id)
    assert house.copies(number) == set()


def test_what_went_with_another_guest_is_held_where_a_query_names_who_lives(
    house: House,
) -> None:
    """Their own row is there, and is asked; of whom it does not name nothing is held."""
    house.noted(1, 1, 2)
    house.noted(2, 3, 4)
    number, other = house.erase(1), house.erase(3)
    id = house.query("people", 2)
    assert house.copies(number) == {f"hold:{id}"}
    house.past()
    assert (house.copies(number), house.copies(other)) == ({f"hold:{id}"}, set())


@pytest.mark.parametrize("file", ["key-day-*.json", "key-returning-*.json"])
def test_what_nobody_can_tell_now_keeps_nobody_from_a_hold(house: House, file: str) -> None:
    """The key of the copy, or of the marks, is damaged; once it is back the copy is held."""
    house.noted(1, 1, 2)
    number = house.erase(1)
    damaged = {path: path.read_bytes() for path in house.custodian.path.glob(file)}
    assert damaged
    for path in damaged:
        path.write_bytes(b"")
    house.custodian = FolderCustodian(house.custodian.path)
    id = house.whose(2)
    for path, whole in damaged.items():
        path.write_bytes(whole)
    house.custodian = FolderCustodian(house.custodian.path)
    house.past()
    assert house.copies(number) == {f"hold:{id}"}


def test_what_went_later_with_another_guest_is_held_with_who_lives(house: House) -> None:
    """A precondition kept it while the request was carried out; the copy of it is younger."""
    house.blockers = (
        Blocker(
            "open-note", "shared", lambda table, today: table.c.state == "open",
            needs={"shared": ["text"]},
        ),
    )  # fmt: skip
    house.noted(1, 1, 2, state="open")
    number = house.erase(1)
    assert house.notes() == {1}
    with house.engine.begin() as conn:
        conn.execute(update(SHARED).values(state="paid"))
    house.later(days=1)
    night(house)
    assert house.notes() == set()
    id = house.whose(2)
    assert f"hold:{id}" in house.copies(number)
    house.past()
    assert house.copies(number) == {f"hold:{id}"}


@pytest.mark.parametrize("decided", [False, True])
def test_what_a_replay_took_with_another_guest_is_held_with_who_lives(
    house: House, decided: bool
) -> None:
    """An older database is put in place; what it knows of the request was not carried out."""
    house.noted(1, 1, 2)
    number = house.approved(email="p1@mail.example") if decided else ""
    with house.copied() as restore:
        if decided:
            house.erased(number)
        else:
            number = house.erase(1)
        restore()
        assert house.notes() == set()
        id = house.whose(2)
        assert house.copies(number) == {f"hold:{id}"}
