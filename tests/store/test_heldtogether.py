"""Safety copies that end in one night are looked into together; each says what it alone holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.store.boxes import vault
from flask_guesterase.store.holding import heldcopies, heldkeys, lots, reach
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.retaining.living import living
from tests.store.test_heldswept import CALLS, NOTES, OLD, STAYS, WISHES, YOUNG, House

OVER = date(2026, 3, 20)


@pytest.fixture
def house_kind() -> type[House]:
    """Stays, calls, wishes and notes are what sweeps take here."""
    return House


def is_over(house: House) -> None:
    """Let it be behind the last day of all copies."""
    house.later(days=(OVER - house.now.date()).days)


def looked(house: House) -> tuple[heldcopies.Looked, int]:
    """Look into what ends; return what was found, and how many statements that took."""
    asked = list[str]()

    def note(*given: Any) -> None:
        asked.append(given[2])

    event.listen(house.engine, "before_cursor_execute", note)
    try:
        return heldcopies.look(house.run), len(asked)
    finally:
        event.remove(house.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("place", [
    lambda house: house.whose(1), lambda house: house.query("people", 1),
    lambda house: house.query("stays", 7),
], ids=["person", "query", "gone"])  # fmt: skip
def test_ten_copies_take_the_statements_of_two(
    any_house: House, place: Callable[[House], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night's look asks for all of them at once whose they are."""
    house = any_house
    copies = [house.swept(STAYS, id, guest=2) for id in range(1, 11)]
    house.later(hours=1)
    place(house)
    is_over(house)
    found = list[int]()
    for many in (2, 10):
        monkeypatch.setattr(heldkeys, "outlived", lambda _, m=many: set(copies[:m]))
        told, count = looked(house)
        assert told.copies.keys() == set(copies[:many])
        found.append(count)
    assert found[0] == found[1]


def test_each_copy_says_alone_what_it_holds(any_house: House) -> None:
    """One row lies in two of them, another names what lies in a third; each tells as by itself."""
    house, copies = any_house, dict[str, str]()
    # A wish lost its address, got another guest's from the host, and lost that as well.
    copies["first"] = house.swept(WISHES, 1, email="p1@mail.example")
    with house.engine.begin() as conn:
        conn.execute(update(WISHES).values(email="p2@mail.example"))
    copies["second"] = house.sweep()
    # A call went before the stay that it names: its own copy does not say whose it was.
    house.put(STAYS, 1, guest=1, dated=YOUNG)
    copies["call"] = house.swept(CALLS, 1, stay=1)
    with house.engine.begin() as conn:
        conn.execute(update(STAYS).values(dated=OLD))
    copies["stay"] = house.sweep()
    copies["other"] = house.swept(STAYS, 2, guest=2)
    house.put(STAYS, 3, guest=3, dated=YOUNG)
    copies["note"] = house.swept(NOTES, 1, stay=3, text="late")
    house.later(hours=1)
    holds = {house.whose(1): "one", house.whose(2): "two", house.whose(3): "three"}
    is_over(house)
    told, _ = looked(house)
    names = {copy: name for name, copy in copies.items()}
    found = {names[copy]: {holds[id] for id in ids} for copy, ids in told.copies.items()}
    assert found == {
        "first": {"one"}, "second": {"two"}, "call": {"one", "two", "three"}, "stay": {"one"},
        "other": {"two"}, "note": {"three"},
    }  # fmt: skip
    with house.begin() as office:
        for copy, ids in told.copies.items():
            assert reach.holders(office.work, living(office.work), copy) == ids


def test_one_copy_that_does_not_open_keeps_no_other(house: House) -> None:
    """They are looked into one by one then, and what nobody can tell waits."""
    first = house.swept(STAYS, 1, guest=1)
    house.later(days=1)
    second = house.swept(STAYS, 2, guest=1)
    house.later(hours=1)
    id = house.whose(1)
    is_over(house)
    label = str(house.box(first)["label"])
    (house.custodian.path / f"key-{label.replace(':', '-')}.json").write_bytes(b"")
    house.custodian = FolderCustodian(house.custodian.path)
    told, _ = looked(house)
    assert told.copies == {first: (), second: {id}}
    assert told.closed.keys() == {first}


def test_what_is_large_is_opened_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a night's look, and where day turned behind it; thousands of copies are never held."""
    for id in range(1, 4):
        house.put(STAYS, id, guest=id, dated=YOUNG)
        house.swept(NOTES, id, stay=id, text=secrets.token_hex(200_000))
    house.swept(NOTES, 4, stay=1, text="late")
    house.swept(NOTES, 5, stay=1, text="later")
    house.later(hours=1)
    id = house.whose(1)
    is_over(house)
    opened, unseal = list[int](), vault.unseal

    def opening(conn: Any, custodian: Any, ids: Any) -> Any:
        opened.append(len(ids))
        return unseal(conn, custodian, ids)

    monkeypatch.setattr(vault, "unseal", opening)
    told, _ = looked(house)
    assert max(opened) == 2
    opened.clear()
    with house.begin() as office:
        (hold,), every = living(office.work), lots.every(office.work)
        found = reach.reach(office.work, hold, set(told.copies), every.values())
    assert max(opened) == 2
    assert len(found) == 3
    assert found == {copy for copy, ids in told.copies.items() if id in ids}
