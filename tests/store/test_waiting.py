"""A request that waits for the hotel: asked once, told, resumed by itself, checked to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, update
from sqlalchemy.exc import OperationalError

from flask_guesterase.core.errors import BlockedError, RetryableError
from flask_guesterase.core.policy import Policy
from flask_guesterase.store import sweep, tables
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from tests import engines
from tests.store.house import (
    COUNT,
    Base,
    Bill,
    House,
    Line,
    Lodger,
    Person,
    Stay,
    policies,
)


def letters(house: House) -> list[dict[str, str]]:
    """Return what the letters about waiting say, in the order in which they were queued."""
    with house.begin() as office:
        queued = sorted(house.ours("outbox"), key=lambda row: row["id"])
        return [
            dict(safe.read(office.work, row["box"])["params"])
            for row in queued
            if row["template"] == "waiting"
        ]


def told(house: House) -> list[tuple[str, str]]:
    """Return reasons and day of each letter."""
    return [(one["reasons"], one["until"]) for one in letters(house)]


def attempt(house: House, number: str) -> tuple[str, ...]:
    """Try to carry out a request; return what it waits for."""
    with house.begin() as office:
        ending = office.erase(number)
    try:
        ending.settled()
    except BlockedError as waits:
        return waits.reasons
    with house.begin() as office:
        office.check(number)
    return ()


def shared_meanwhile(house: House) -> str:
    """Let a request wait for its guest's stay, and somebody else move in with her."""
    house.person(1)
    house.person(2, "bea")
    house.stay(7, 1)
    number = house.approved(email="ann@example.com")
    assert attempt(house, number) == ("in-house",)
    house.add(Lodger, stay_id=7, person_id=2)
    return number


def test_a_guest_in_house_asks_once_and_is_erased_when_nothing_is_owed_any_more(
    any_house: House,
) -> None:
    """Told what is in the way and until when; each new reason is told once; no second approval."""
    house = any_house
    house.person(1)
    house.stay(7, 1, 1)
    house.add(Bill, id=4, stay_id=7, owed=120, text="bar")
    number = house.approved(email="ann@example.com")

    assert attempt(house, number) == ("in-house", "open-folio")
    assert house.of(Person, 1)["name"] == "ann berg"
    with house.begin() as office:
        shown = office.show(number)
        assert (shown["state"], shown["waiting_for"]) == ("waiting", "in-house")
        assert {line.detail for line in office.preview(number).blocked} == {
            "7 (sh)",
            "4 (sh)",
        }
    house.set(Bill, 4, owed=0)
    assert attempt(house, number) == ("in-house",)
    with house.begin() as office:
        assert office.show(number)["waiting_until"] == "2026-03-12"
    house.later(days=2)
    house.set(Stay, 7, status="out")
    assert attempt(house, number) == ("cooling",)
    house.later(days=2)
    with house.begin() as office:
        assert office.due() == [number]
    assert attempt(house, number) == ()

    assert house.state(number) == "erased"
    assert house.of(Person, 1)["name"] != "ann berg"
    assert house.of(Bill, 4)["text"] is None
    assert house.events.count("erasure-approved") == 1
    assert house.events.count("request-waiting") == 2
    assert told(house) == [("in-house,open-folio", ""), ("cooling", "2026-03-14")]


def test_what_the_stay_still_leaves_behind_was_approved_with_it(any_house: House) -> None:
    """A bill written after the approval, in a table the plan did not hold, goes without another."""
    house = any_house
    house.person(1)
    house.stay(7, 1)
    number = house.approved(email="ann@example.com")
    assert attempt(house, number) == ("in-house",)
    house.add(Bill, id=4, stay_id=7, owed=0, text="Ann Berg: minibar")
    house.add(Line, id=1, person_id=1, name="ann berg", remark="x", sent=datetime(2026, 3, 9))
    house.set(Stay, 7, status="out", leaves=date(2026, 3, 1))
    assert attempt(house, number) == ()
    assert house.of(Bill, 4)["text"] is None
    assert house.of(Line, 1)["name"] != "ann berg"


def test_what_the_stay_leaves_to_others_is_looked_at_again(house: House) -> None:
    """Somebody who moved in with her after the approval: a person decides again."""
    number = shared_meanwhile(house)
    house.set(Stay, 7, status="out", leaves=date(2026, 3, 1))
    with house.begin() as office:
        assert office.erase(number).differences == ("another person's rows are touched",)
    assert house.state(number) == "review"


def test_the_same_reason_is_not_told_twice(house: House) -> None:
    """Neither at the next attempt nor when it comes back after another one."""
    house.person(1)
    house.stay(7, 1)
    number = house.approved(email="ann@example.com")
    for status in ("in", "in", "booked", "in", "booked"):
        house.set(Stay, 7, status=status)
        assert attempt(house, number) == ({"in": "in-house", "booked": "future-stay"}[status],)
    assert told(house) == [("in-house", "2026-03-12"), ("future-stay", "2026-03-12")]


def test_who_owes_nothing_does_not_wait_for_the_operators_bill(any_house: House) -> None:
    """Of a group the members go; the operator whose bill is open waits."""
    house = any_house
    house.person(1)
    house.person(2, "tour")
    house.stay(7, 2, 1, status="out", days=-9)
    house.add(Bill, id=4, stay_id=7, owed=900, text="group")
    assert attempt(house, house.approved(email="ann@example.com")) == ()
    assert house.of(Person, 1)["name"] != "ann berg"
    assert house.of(Bill, 4)["text"] == "group"
    assert attempt(house, house.approved(email="tour@example.com")) == ("open-folio",)
    assert house.of(Person, 2)["name"] == "tour berg"


def test_what_appears_after_the_approval_stops_the_erasure(any_house: House) -> None:
    """The condition is asked again when it is carried out, and nothing is changed."""
    house = any_house
    house.person(1)
    house.stay(6, 1, status="out", days=-9)
    number = house.approved(email="ann@example.com")
    house.stay(7, 1)
    assert attempt(house, number) == ("in-house",)
    assert house.of(Person, 1)["name"] == "ann berg"
    assert house.of(Stay, 6)["wish"] == "quiet"
    house.set(Stay, 7, status="out", leaves=date(2026, 3, 1))
    assert attempt(house, number) == ()
    assert house.of(Stay, 7)["wish"] is None


def when_first(house: House, start: str, then: Any) -> None:
    """Do something once, right before the first statement that begins like this and locks."""
    done: list[bool] = []

    def before(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not done and statement.startswith(start) and "FOR UPDATE" in statement:
            done.append(True)
            then()

    event.listen(house.engine, "before_cursor_execute", before)


SERVERS = pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
IMPATIENT = {
    "postgresql": "SET lock_timeout = '200ms'",
    "mariadb": "SET SESSION innodb_lock_wait_timeout = 1",
}


@pytest.fixture
def guest(kind: str, tmp_path: Path) -> Iterator[tuple[House, str]]:
    """Yield a house on a server, and the approved request of a guest who left."""
    with engines.fresh_database(kind) as url:
        house = House(url, tmp_path)
        house.person(1)
        house.stay(7, 1, status="out", days=-9)
        yield house, house.approved(email="ann@example.com")
        house.engine.dispose()


@SERVERS
def test_a_stay_written_between_plan_and_lock_stops_the_erasure(guest: tuple[House, str]) -> None:
    """Another connection checks her in after the plan was drawn: all is as it was, then it waits.

    On SQLite nobody can write between the two: there is one writer.
    """
    house, number = guest

    def check_in() -> None:
        with house.engine.begin() as conn:
            conn.execute(insert(Stay).values(
                id=8, house="sh", booker_id=1, status="in",
                arrives=date(2026, 3, 9), leaves=date(2026, 3, 12), wish="late",
            ))  # fmt: skip

    when_first(house, "SELECT people", check_in)
    with pytest.raises(RetryableError), house.begin() as office:
        office.erase(number)
    assert house.of(Person, 1)["name"] == "ann berg"
    assert house.of(Stay, 7)["wish"] == "quiet"
    assert attempt(house, number) == ("in-house",)


@SERVERS
def test_a_stay_changed_before_it_is_locked_stops_the_erasure(guest: tuple[House, str]) -> None:
    """The condition is read under the lock: what came just before it counts."""
    house, number = guest

    def check_in() -> None:
        with house.engine.begin() as conn:
            conn.execute(update(Stay).where(Stay.id == 7).values(status="in"))

    when_first(house, "SELECT b", check_in)
    assert attempt(house, number) == ("in-house",)
    assert house.of(Person, 1)["name"] == "ann berg"
    assert house.of(Stay, 7)["wish"] == "quiet"


@SERVERS
def test_a_stay_cannot_be_changed_once_the_plan_is_drawn(
    guest: tuple[House, str], kind: str
) -> None:
    """Who checks her in then waits for the lock and is refused; she is erased as planned."""
    house, number = guest
    refused: list[OperationalError] = []

    def check_in() -> None:
        with house.engine.connect() as conn:
            conn.exec_driver_sql(IMPATIENT[kind])
            with pytest.raises(OperationalError) as late:
                conn.execute(update(Stay).where(Stay.id == 7).values(status="in"))
            refused.append(late.value)
            conn.invalidate()

    when_first(house, "SELECT people", check_in)
    assert attempt(house, number) == ()
    assert [("lock" in str(one.orig).lower()) for one in refused] == [True]
    assert house.of(Person, 1)["name"] != "ann berg"
    assert (house.of(Stay, 7)["status"], house.of(Stay, 7)["wish"]) == ("out", None)


@SERVERS
def test_what_may_block_cannot_change_until_the_commit(kind: str, tmp_path: Path) -> None:
    """A charge is not posted to her bill while she is being erased, though no bill is changed."""
    with engines.fresh_database(kind) as url:
        house = House(url, tmp_path)
        bill = Policy({"owed": COUNT, "text": COUNT}, via=["stay.booker", "stay.lodgers"])
        declared = [(model, bill if model is Bill else old) for model, old in policies()]
        mappers = list(Base.registry.mappers)
        house.datamap = resolve(declared, Base.metadata.tables.values(), mappers)
        house.person(1)
        house.stay(7, 1, status="out", days=-9)
        house.add(Bill, id=4, stay_id=7, owed=0)
        number = house.approved(email="ann@example.com")
        with house.begin() as office:
            assert office.erase(number).state == "checking"
            with house.engine.connect() as conn:
                conn.exec_driver_sql(IMPATIENT[kind])
                with pytest.raises(OperationalError):
                    conn.execute(update(Bill).values(owed=9))
        assert house.of(Person, 1)["name"] != "ann berg"
        house.engine.dispose()


def test_a_part_that_is_needed_stays_and_the_rest_goes_at_once(any_house: House) -> None:
    """What the hotel must still report stays in its row; everything else went today."""
    house = any_house
    house.person(1)
    house.add(Line, id=1, person_id=1, name="ann berg", remark="late", sent=None)
    house.add(Line, id=2, person_id=1, name="ann berg", remark="late", sent=datetime(2026, 3, 1))
    number = house.approved(email="ann@example.com")
    assert attempt(house, number) == ()
    assert house.state(number) == "sealed"
    assert house.of(Person, 1)["name"] != "ann berg"
    assert house.of(Line, 1)["name"] == "ann berg"
    assert house.of(Line, 1)["remark"] is None
    assert house.of(Line, 2)["name"] != "ann berg"
    (kept,) = house.ours("kept")
    assert (kept["mode"], kept["open"], kept["row_key"]) == ("blocked", "unreported", "int:1")

    def run(unit: Callable[[Office], Any]) -> Any:
        with house.begin() as office:
            return unit(office)

    finishing.finish(run)
    assert house.of(Line, 1)["name"] == "ann berg"
    house.set(Line, 1, sent=datetime(2026, 3, 10))
    finishing.finish(run)
    assert house.of(Line, 1)["name"] != "ann berg"
    assert house.state(number) == "erased"


def test_after_ninety_days_the_officer_is_asked_to_look(any_house: House) -> None:
    """Once, with a task; again after 30 days if it still waits; the task ends with the waiting."""
    house = any_house
    house.person(1)
    house.stay(7, 1, days=400)
    number = house.approved(email="ann@example.com")
    attempt(house, number)

    def run(unit: Callable[[Office], Any]) -> Any:
        with house.begin() as office:
            return unit(office)

    def remind() -> int:
        return sweep.STEPS["stuck"](run)

    house.later(days=89)
    assert remind() == 0
    house.later(days=1)
    assert [remind(), remind()] == [1, 0]
    (task,) = house.ours("task")
    assert (task["kind"], task["name"], task["property"]) == ("stuck", number, "sh")
    assert (task["due_on"], task["done_at"]) == ("2026-06-08", None)
    assert house.events.count("request-stuck") == 1
    with house.engine.begin() as conn:
        conn.execute(update(tables.task).values(done_at=house.now.replace(tzinfo=None)))
    assert remind() == 0
    house.later(days=31)
    assert [remind(), remind()] == [1, 0]
    house.set(Stay, 7, status="out", leaves=date(2026, 3, 1))
    assert attempt(house, number) == ()
    assert remind() == 0
    (task,) = house.ours("task")
    assert task["done_at"] is not None


def test_a_part_that_is_needed_for_ninety_days_goes_to_the_officer_too(any_house: House) -> None:
    """The register is never reported: somebody must look, though the rest went long ago."""
    house = any_house
    house.person(1)
    house.add(Line, id=1, person_id=1, name="ann berg", remark="late", sent=None)
    number = house.approved(email="ann@example.com")
    assert attempt(house, number) == ()
    with house.begin() as office:
        assert office.stuck() == 0
    house.later(days=90)
    with house.begin() as office:
        assert [office.stuck(), office.stuck()] == [1, 0]
        assert office.work.events[-1].grounds == ("unreported",)
    (task,) = house.ours("task")
    assert (task["name"], task["done_at"]) == (number, None)


def test_a_companion_of_a_stay_waits_as_long_as_the_stay(house: House) -> None:
    """In house means everybody who stays, whoever booked."""
    house.person(1)
    house.person(2, "bea")
    house.stay(7, 1)
    house.add(Lodger, stay_id=7, person_id=2)
    assert attempt(house, house.approved(email="bea@example.com")) == ("in-house",)


def test_a_guest_whose_request_waits_for_years_is_told_of_its_end(house: House) -> None:
    """The way to write to them lasts as long as the request, and is sealed anew on its way."""
    house.person(1)
    house.stay(1, 1, 1, status="out", days=-30)
    house.add(Bill, id=1, stay_id=1, owed=5, text="minibar")
    number = house.approved(email="ann@example.com")
    assert attempt(house, number)
    before = house.ours("contact")
    for _ in range(3):
        house.later(days=380)
        with house.begin() as office:
            office.expire()
    ((was,), (now,)) = before, house.ours("contact")
    assert now["box"] != was["box"]
    assert now["ends_on"] > was["ends_on"]
    house.set(Bill, 1, owed=0)
    assert attempt(house, number) == ()
    assert "done" in {row["template"] for row in house.ours("outbox")}
    assert house.ours("contact") == []
