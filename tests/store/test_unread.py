"""Rows nobody can read: whose request they are is told, and nobody else's waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.alert import AlertKind
from flask_guesterase.core.errors import TransitionError
from flask_guesterase.store import worker
from flask_guesterase.store.executing import turns
from flask_guesterase.store.failures import causes
from flask_guesterase.store.returning.replay import replay, survey
from flask_guesterase.store.search import residue
from tests.store.forms import Forms
from tests.store.test_expiry import PEOPLE, Inn
from tests.store.test_nights import NEW, approved, asked, later, left, state
from tests.store.test_outbox import render
from tests.store.test_promised import registered
from tests.store.test_unplaced import backup, restore

NO_DAY = "31.02.2025"
"""What no date is read from."""


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite, empty but confirmed."""
    made = Forms(sqlite_url, tmp_path)
    made.confirmed()
    yield made
    made.engine.dispose()


def depart(house: Forms, id: int, day: str) -> None:
    """Write into a form when its guest left, whatever the mapping makes of that."""
    with house.engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE forms SET left_on = '{day}' WHERE id = {id}")


def due(house: Forms) -> list[str]:
    """Return the requests that the worker would carry out, or check, now."""
    return house.run(lambda office: list(office.due()))


# what was kept


def test_a_kept_row_that_cannot_be_read_keeps_no_other_request(house: Forms) -> None:
    """A date that is none: whose request it is about is told each night, and the others end."""
    ids = dict(zip(asked(house, 2, 3, 4), (2, 3, 4), strict=True))
    first, *others = sorted(ids)
    depart(house, ids[first], NO_DAY)
    for _ in range(2):
        house.later(days=20)
        assert house.tried().problems == {first: "ValueError"}
    assert left(house) == {ids[first]}
    assert [state(house, number) for number in (first, *others)] == ["sealed", "erased", "erased"]
    depart(house, ids[first], NEW.isoformat())
    house.later(days=1)
    house.sweep()
    assert (left(house), state(house, first)) == (set(), "erased")


def test_a_round_in_which_nothing_can_be_read_is_left_to_the_next_night(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault may be the database's: a few are tried, and the next night goes on behind them."""
    ids = dict(zip(asked(house, 2, 3, 4), (2, 3, 4), strict=True))
    first, second, last = sorted(ids)
    for number in (first, second):
        depart(house, ids[number], NO_DAY)
    monkeypatch.setattr(turns, "VAIN", 2)
    house.later(days=20)
    assert house.tried().problems == dict.fromkeys((first, second), "ValueError")
    assert state(house, last) == "sealed"
    house.later(days=1)
    house.tried()
    assert (left(house), state(house, last)) == ({ids[first], ids[second]}, "erased")


# what was approved


def test_an_approved_request_that_cannot_be_read_keeps_no_other(house: Forms) -> None:
    """A worker in a loop carries the others out, and tries it again a while later."""
    ids = dict(zip(approved(house, 2, 3, 4), (2, 3, 4), strict=True))
    first, *others = due(house)
    depart(house, ids[first], NO_DAY)
    assert house.work().problems == {first: "ValueError"}
    assert [state(house, number) for number in others] == ["sealed", "sealed"]
    house.later(minutes=14)
    assert (due(house), house.work().problems) == ([], {})
    house.later(minutes=1)
    assert (due(house), house.work().problems) == ([first], {first: "ValueError"})
    depart(house, ids[first], NEW.isoformat())
    house.later(hours=1)
    house.work()
    assert state(house, first) == "sealed"


@pytest.mark.parametrize("door", ["page", "sweep"])
def test_who_cured_it_need_not_wait(house: Forms, door: str) -> None:
    """Nor where its guest had an hour to take it back: that is over, and not what it waits for."""
    house.settings = replace(house.settings, grace_hours=1)
    (number,) = approved(house, 2)
    house.later(hours=1)
    depart(house, 2, NO_DAY)
    assert house.work().problems == {number: "ValueError"}
    depart(house, 2, NEW.isoformat())
    assert house.work().counts.get("erased") is None
    if door == "page":
        worker.carry_out(house.run, number, "officer")
    else:
        house.sweep()
    assert state(house, number) == "sealed"


def test_what_failed_in_its_time_to_be_taken_back_goes_no_earlier(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night tries every request, also one that waits for a later hour."""
    house.settings = replace(house.settings, grace_hours=48)
    (number,) = approved(house, 2)

    def fails(work: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr("flask_guesterase.store.executing.execution.remembering.require", fails)
        assert house.tried().problems[number] == "ValueError"
    house.later(hours=47)
    house.work()
    assert state(house, number) == "waiting"
    house.later(hours=1)
    house.work()
    assert state(house, number) == "sealed"


def test_a_check_that_cannot_read_a_row_keeps_no_other_certificate(
    house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were erased; one row became illegible before anybody looked again.

    The rounds until it is tried again look for nobody by value.
    """
    first, second = approved(house, 2, 3)
    for number in (first, second):
        house.run(lambda office, number=number: office.erase(number).settled())
    depart(house, 2, NO_DAY)
    assert house.work().problems == {first: "ValueError"}
    assert (state(house, first), state(house, second)) == ("checking", "sealed")
    searched = counted(monkeypatch)
    house.later(minutes=14)
    assert (house.work().problems, searched) == ({}, [])
    house.later(minutes=1)
    assert (house.work().problems, searched) == ({first: "ValueError"}, [first])
    depart(house, 2, NEW.isoformat())
    house.later(hours=1)
    house.work()
    assert state(house, first) == "sealed"


def test_a_guest_whose_erasure_nobody_can_check_is_not_answered(house: Forms) -> None:
    """Nobody has told them anything: that is among what is open, late and reminded of, each day."""
    here = house.settings.properties
    here = {**here, "mu": replace(here["mu"], officer="officer@fir.example")}
    house.settings = replace(house.settings, properties=here, mail="smtp://localhost:1")
    (number,) = approved(house, 2)
    house.run(lambda office: office.erase(number).settled())
    depart(house, 2, NO_DAY)
    assert house.work().problems == {number: "ValueError"}
    assert listed(house, "open") == [number]
    house.later(days=40)
    house.work()
    assert (state(house, number), listed(house, "overdue")) == ("checking", [number])
    late = [each for each in house.run(lambda office: causes.look(office.work))
            if each.kind == AlertKind.ANSWER_LATE]  # fmt: skip
    assert [(each.property, each.count) for each in late] == [("mu", 1)]
    assert [house.run(lambda office: office.remind()) for _ in range(2)] == [1, 0]
    shown = house.run(lambda office: office.show(number))
    assert (shown["late"], shown["extendable"]) == (True, False)
    depart(house, 2, NEW.isoformat())
    house.later(days=1)
    house.work()
    # What was looked for has ended meanwhile, so it is told as left; but it is told.
    assert state(house, number) == "partial"
    assert listed(house, "overdue") == listed(house, "open") == []
    assert house.run(lambda office: office.remind()) == 0


def test_what_was_erased_is_not_put_off(house: Forms) -> None:
    """It is decided, though its guest has no answer yet: the law gives no more time for that."""
    (number,) = approved(house, 2)
    house.run(lambda office: office.erase(number).settled())
    assert state(house, number) == "checking"
    with pytest.raises(TransitionError, match="decided already"):
        house.run(lambda office: office.extend(number, "officer", "complex"))


def listed(house: Forms, which: str) -> list[str]:
    """Return the requests in a list of staff's."""
    return [line["number"] for line in house.run(lambda office: office.list(state=which))]


def test_a_search_that_cannot_read_a_row_keeps_no_other_certificate(house: Forms) -> None:
    """Where a value of theirs was found it is asked what the law keeps, by the rows of each."""
    first, second = approved(house, 2, 3)
    house.form(4, NEW)
    with house.engine.begin() as conn:
        conn.exec_driver_sql("UPDATE forms SET name = 'g2@mail.example' WHERE id = 4")
    for number in (first, second):
        house.run(lambda office, number=number: office.erase(number).settled())
    depart(house, 2, NO_DAY)
    assert house.work().problems == {first: "ValueError"}
    assert (state(house, first), state(house, second)) == ("checking", "sealed")
    depart(house, 2, NEW.isoformat())
    house.later(minutes=15)
    house.work()
    assert state(house, first) == "partial"


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list to which each request is added that is looked for by value from now on."""
    searched: list[str] = []
    plain = residue.searched

    def noted(run: Any, numbers: Sequence[str] = (), *rest: Any, **more: Any) -> Any:
        searched.extend(numbers)
        return plain(run, numbers, *rest, **more)

    monkeypatch.setattr(residue, "searched", noted)
    return searched


# what a restored database has forgotten


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """A hotel with a register of erasures, and bills of two guests."""
    made = registered(sqlite_url, tmp_path)
    for id in (1, 2):
        made.person(id, NEW)
        made.bill(id, one=id, dated=NEW)
    yield made
    made.engine.dispose()


def dated(inn: Inn, table: str, column: str, day: str) -> None:
    """Write a day into the first row of a table, whatever the mapping makes of that."""
    with inn.engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE {table} SET {column} = '{day}' WHERE id = 1")


def test_a_row_that_cannot_be_read_ends_no_replay(inn: Inn) -> None:
    """It waits for the worker as what is in the way does; the lines after it are carried out."""
    with backup(inn) as copy:
        numbers = [inn.approved(email=f"p{id}@mail.example") for id in (1, 2)]
        for number in numbers:
            inn.erased(number)
        restore(inn, copy)
        dated(inn, "bills", "dated", NO_DAY)
        done = replay(inn.run)
        assert (done.restored, done.problems) == (False, ())
        assert (done.counts["open"], done.counts["erased"]) == (1, 1)
        assert [inn.read(PEOPLE, id)["name"] for id in (1, 2)] == ["Ann Berg", "[erased]"]
        (row,) = inn.ours("returned")
        assert (row["row_key"], row["state"]) == ("int:1", "open")
        problems = worker.work(inn.run, render, {}).problems
        assert problems[f"returned:{row['id']}"] == "ValueError"
        dated(inn, "bills", "dated", NEW.isoformat())
        later(inn, days=1)
        worker.work(inn.run, render, {})
        assert inn.read(PEOPLE)["name"] == "[erased]"


def test_a_line_that_cannot_be_judged_is_told_and_keeps_no_other(inn: Inn) -> None:
    """By a day that is none nobody can tell whose row it is: that is said, and not the day."""
    with backup(inn) as copy:
        first, second = (inn.approved(email=f"p{id}@mail.example") for id in (1, 2))
        inn.erased(first)
        inn.erased(second)
        restore(inn, copy)
        dated(inn, "people", "seen", NO_DAY)
        assert inn.run(lambda office: survey(office.work)).counts["failed"] == 1
        done = replay(inn.run)
        assert (done.restored, done.counts["failed"], done.counts["erased"]) == (True, 1, 1)
        (problem,) = done.problems
        assert problem.startswith(f"Request {first} of the register of erasures could not be")
        assert "ValueError" in problem
        assert NO_DAY not in problem
        dated(inn, "people", "seen", NEW.isoformat())
        assert not replay(inn.run).restored
        assert inn.read(PEOPLE)["name"] == "[erased]"
