"""The sweep: what ends by its day, where a person confirmed it, by a clock that is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.errors import (
    BlockedError,
    BusyError,
    ForbiddenError,
    FourEyesError,
    InputError,
    MovedError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import null, placeholder
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.access import brake
from flask_guesterase.store.boxes import boxing
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweeping import runs
from tests.store.forms import Forms

OLD, NEW = date(2025, 2, 1), date(2025, 3, 20)
"""Departures more, and a little less, than a year ago."""


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite: one form that is due at each, and one that is not."""
    yield from _made(sqlite_url, tmp_path)


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """The same on each of the three engines in turn."""
    yield from _made(database_url, tmp_path)


def _made(url: str, folder: Path) -> Iterator[Forms]:
    made = Forms(url, folder)
    made.form(1, OLD)
    made.form(2, NEW)
    made.form(3, OLD, "be")
    yield made
    made.engine.dispose()


def gone(house: Forms) -> set[int]:
    """Return the numbers of the forms whose name is gone."""
    return {id_ for id_, name in house.names().items() if name is None}


# what a person confirmed


def test_the_first_run_shows_and_the_confirmed_one_erases(any_house: Forms) -> None:
    """Nothing goes before somebody saw it; from then on sweeps run by themselves."""
    house = any_house
    report = house.sweep()
    assert report.unconfirmed == ["be", "mu"]
    assert [(r["property"], r["table"], r["category"], r["rows"]) for r in report.previews] == [
        ("be", "forms", "guest_register", 1), ("mu", "forms", "guest_register", 1),
    ]  # fmt: skip
    assert gone(house) == set()
    report = house.sweep("officer")
    assert (report.unconfirmed, report.previews) == ([], [])
    assert sorted(report.confirmed) == ["be", "mu"]
    assert gone(house) == {1, 3}
    house.later(days=20)
    assert house.sweep().confirmed == []
    assert gone(house) == {1, 2, 3}
    assert house.actions()[-1] == "sweep-done"


def test_what_nobody_saw_cannot_be_confirmed(house: Forms) -> None:
    """A first sweep with --confirm has nothing to confirm yet, and only shows."""
    report = house.sweep("officer")
    assert report.confirmed == []
    assert report.unconfirmed == ["be", "mu"]
    assert gone(house) == set()


CHANGES: dict[str, Callable[[Forms], None]] = {
    "data map": lambda house: house.change(null),
    "region": lambda house: house.move("mu", region="CN-GD"),
    "fiscal year": lambda house: house.move("mu", fiscal=(6, 30)),
    "zone": lambda house: house.move("mu", zone="Asia/Tokyo"),
    "country": lambda house: house.move("mu", country="ES"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_after_a_change_it_only_shows_again(
    house: Forms, change: Callable[[Forms], None]
) -> None:
    """Data map, packs and what decides about periods: after any change a person looks first."""
    house.confirmed()
    house.later(days=1)
    house.form(4, OLD)
    change(house)
    assert "mu" in house.sweep().unconfirmed
    assert house.names()[4] is not None
    house.sweep("officer")
    house.later(days=1)
    assert house.sweep().unconfirmed == []


def test_changed_back_is_changed_twice(house: Forms) -> None:
    """What was confirmed long ago does not count once something else was shown."""
    house.confirmed()
    house.change(null)
    house.sweep()
    house.change(placeholder)
    assert house.sweep().unconfirmed == ["be", "mu"]


def test_rules_that_changed_since_the_preview_are_not_confirmed(house: Forms) -> None:
    """Who confirms, confirms what they read; the failed attempt leaves no sweep at work."""
    house.sweep()
    house.change(null)
    with pytest.raises(MovedError):
        house.sweep("officer")
    assert gone(house) == set()
    house.confirmed()
    assert gone(house) == {1, 3}


def test_a_newer_preview_is_not_confirmed_by_who_read_the_older_one(house: Forms) -> None:
    """The page names the previews that it showed."""
    house.sweep()
    read = [preview.id for preview in house.run(Office.sweeps)["previews"]]
    house.change(null)
    house.sweep()
    with pytest.raises(MovedError):
        house.run(lambda office: office.confirm_sweep("officer", read))


def test_only_who_decides_about_the_law_confirms_and_only_at_home(house: Forms) -> None:
    """The officer of one hotel confirms nothing for the other, and sees nothing of it."""
    house.sweep()
    with pytest.raises(ForbiddenError):
        house.sweep("porter")
    with pytest.raises(ForbiddenError):
        house.run(lambda office: office.sweeps("porter"))
    shown = house.run(lambda office: office.sweeps("far"))
    assert [preview.property for preview in shown["previews"]] == ["be"]
    report = house.sweep("far")
    assert (report.confirmed, report.unconfirmed) == (["be"], ["mu"])
    assert gone(house) == {3}


# the host's night


def test_a_night_audit_pauses_that_property_alone(house: Forms) -> None:
    """The other hotel's forms go; the next sweep takes up what this one left."""
    house.confirmed()
    house.form(4, OLD)
    house.form(5, OLD, "be")
    report = house.sweep(night_audit=lambda code: code == "mu")
    assert report.paused == ["mu"]
    assert gone(house) == {1, 3, 5}
    house.sweep(night_audit=lambda code: False)
    assert gone(house) == {1, 3, 4, 5}


def test_a_host_that_cannot_say_is_taken_to_be_in_its_audit(house: Forms) -> None:
    """An answer that fails erases nothing, and its text, which may hold anything, is not kept."""
    house.confirmed()
    house.form(4, OLD)

    def broken(code: str) -> bool:
        raise LookupError("g4@mail.example")

    report = house.tried(night_audit=broken)
    assert report.paused == ["be", "mu"]
    assert report.problems == {"night-audit": "LookupError"}
    assert house.names()[4] is not None


def test_a_request_waits_for_the_end_of_the_audit(house: Forms) -> None:
    """An approved erasure is carried out at once by the sweep, whenever it was to be tried."""
    number = approved(house)
    with house.engine.begin() as conn:
        table = tables.request
        conn.execute(table.update().values(try_at=house.now.replace(tzinfo=None, year=2027)))
    house.sweep(night_audit=lambda code: True)
    assert state(house, number) == "approved"
    assert house.sweep().counts["erased"] == 1
    assert state(house, number) in ("erased", "sealed")


def approved(house: Forms) -> str:
    """An erasure that was asked for and approved, of the guest whose form is not due."""
    number = house.run(
        lambda office: office.request({"email": "g2@mail.example"}, property="mu", by="officer")
    )
    house.run(lambda office: office.confirm(number, "officer"))
    house.run(
        lambda office: office.approve(number, "second", office.preview(number, "second").digest)
    )
    return number


def state(house: Forms, number: str) -> str:
    """Return the state of a request."""
    return str(house.run(lambda office: office.show(number)["state"]))


# the clock


def sealed(house: Forms) -> None:
    """Seal something until tomorrow."""
    day = (house.now + timedelta(days=1)).date().isoformat()
    house.run(
        lambda office: boxing.put(
            office.work.conn, house.custodian,
            [boxing.Item(b"x", Terms("fir", "recovery", day))], office.work.today,
        )
    )  # fmt: skip


LEAPS = {"a little too far": 37, "backwards": -1, "years back": -9000}


@pytest.mark.parametrize("hours", LEAPS.values(), ids=LEAPS)
def test_a_wrong_clock_stops_sweep_requests_and_forgetting(house: Forms, hours: int) -> None:
    """Nothing goes by a clock that nobody believes; two people's word lets everything go on."""
    assert _brake_holds(house, hours) == DOUBTED


def test_a_leap_stops_sweep_requests_and_forgetting(any_house: Forms) -> None:
    """The same on each engine, by far more than the server's own clock says."""
    assert _brake_holds(any_house, 400 * 24) == DOUBTED


DOUBTED = {name: ["clock-doubted", "clock-confirmed"] for name in ("fir", "elm")}
"""What each journal says of a clock that was wrong."""


def _brake_holds(house: Forms, hours: int) -> dict[str, list[str]]:
    """Let the clock go wrong, and two people confirm it; return what each journal says of it."""
    house.sweep()
    house.sweep("officer")
    sealed(house)
    number = approved(house)
    house.form(4, OLD)
    unproved = house.run(
        lambda office: office.request({"email": "g3@mail.example"}, property="be", by="officer")
    )
    with house.engine.begin() as conn:
        table = tables.request
        conn.execute(table.update().where(table.c.number == unproved).values(channel="form"))
    labels = house.custodian.labels()
    house.leap(hours=hours)
    for _ in range(2):
        report = house.sweep()
        assert report.doubt == ("leap" if hours > 0 else "backwards")
        assert house.work().problems == {"clock": report.doubt}
        with pytest.raises(BlockedError):
            worker.carry_out(house.run, number)
    assert house.names()[4] is not None
    assert house.custodian.labels() == labels
    assert state(house, number) == "approved"
    assert state(house, unproved) == "received"

    with pytest.raises(ForbiddenError):
        house.run(lambda office: office.confirm_clock("porter"))
    assert house.run(lambda office: office.confirm_clock("officer")) is False
    with pytest.raises(FourEyesError):
        house.run(lambda office: office.confirm_clock("officer"))
    assert house.sweep().doubt
    assert house.run(lambda office: office.confirm_clock("second")) is True
    with pytest.raises(TransitionError):
        house.run(lambda office: office.confirm_clock("second"))
    assert house.sweep().doubt == ""
    assert house.work().problems == {}
    assert state(house, number) != "approved"
    if hours > 0:
        assert house.names()[4] is None
    if hours > 48:
        assert not [label for label in house.custodian.labels() if label.startswith("day:2026-03")]
    return {
        controller: [a for a in house.actions(controller) if a.startswith("clock-")]
        for controller in DOUBTED
    }


@pytest.mark.parametrize("units", [2, 5])
def test_a_leap_in_the_middle_of_a_round_forgets_no_key(house: Forms, units: int) -> None:
    """The worker believes the clock only for the transaction in which it looked."""
    house.confirmed()
    sealed(house)
    labels = house.custodian.labels()
    left = [units]

    def run(unit: Callable[[Office], Any], /) -> Any:
        left[0] -= 1
        if left[0] == 0:
            house.leap(days=400)
        return house.run(unit)

    worker.work(run, lambda *said: ("", ""), {})
    assert house.custodian.labels() == labels


def test_what_is_done_after_a_leap_does_not_vouch_for_it(house: Forms) -> None:
    """A request that is filed by the wrong clock is in the journal, and the leap is still seen."""
    house.confirmed()
    house.leap(days=500)
    house.run(lambda office: office.request(
        {"email": "g2@mail.example"}, property="mu", by="officer"
    ))  # fmt: skip
    house.leap(hours=20)
    assert house.sweep().doubt == "leap"


def test_a_clock_that_was_set_right_again_is_still_doubted(house: Forms) -> None:
    """Nobody knows what the wrong hour left behind: two people look."""
    house.confirmed()
    house.leap(days=3)
    assert house.work().problems
    house.leap(days=-3)
    assert house.sweep().doubt == "leap"


def test_after_a_confirmation_the_wrong_hours_entries_count_no_more(house: Forms) -> None:
    """The clock is set right after entries of another year were written: once confirmed, fine."""
    house.confirmed()
    house.leap(days=3000)
    house.run(lambda office: office.request(
        {"email": "g2@mail.example"}, property="mu", by="officer"
    ))  # fmt: skip
    house.leap(days=-3000)
    assert house.sweep().doubt == "backwards"
    house.run(lambda office: office.confirm_clock("officer"))
    house.run(lambda office: office.confirm_clock("second"))
    assert house.sweep().doubt == ""
    house.later(days=2)
    assert house.sweep().doubt == ""


def test_the_first_persons_word_waits_a_day(house: Forms) -> None:
    """Later the second person is a first one again."""
    house.confirmed()
    house.leap(days=3)
    assert house.run(lambda office: office.confirm_clock("officer")) is False
    house.leap(hours=25)
    assert house.run(lambda office: office.confirm_clock("second")) is False
    assert house.sweep().doubt
    assert house.run(lambda office: office.confirm_clock("officer")) is True


def test_time_that_passes_is_believed(house: Forms) -> None:
    """A sweep every day and a half, and the journal's entries between, never stop anything."""
    house.confirmed()
    for _ in range(4):
        house.leap(days=1, hours=12)
        assert house.sweep().doubt == ""


def test_a_clock_ahead_of_the_servers_is_not_believed(database_url: str, tmp_path: Path) -> None:
    """The server's own clock is asked where there is one; SQLite has none."""
    house = Forms(database_url, tmp_path, datetime.now(UTC))
    house.sweep()
    house.later(hours=35)
    assert house.sweep().doubt == ""
    house.later(hours=2)
    served = house.engine.dialect.name != "sqlite"
    assert house.sweep().doubt == ("leap" if served else "")
    house.engine.dispose()


def test_the_heart_beats_once_a_minute(house: Forms) -> None:
    """Each round of the worker looks, few of them write."""
    beats = []
    for seconds in (0, 20, 20, 20, 61):
        house.leap(seconds=seconds)
        house.work()
        beats += [row["at"] for row in house.ours("pulse") if row["name"] == brake.HEART]
    assert len(set(beats)) == 3
    assert beats[0] == beats[1] == beats[2] < beats[3] < beats[4]


def test_it_is_stale_when_no_sweep_ended_for_a_day_and_a_half(house: Forms) -> None:
    """From the first entry of the journal, and again from each sweep that ended."""

    def stale() -> bool:
        return bool(house.run(lambda office: office.sweeps()["stale"]))

    assert not stale()
    house.leap(hours=37)
    assert stale()
    house.leap(hours=-37)
    house.sweep()
    house.later(hours=36)
    assert not stale()
    house.later(hours=1)
    assert stale()
    house.sweep()
    assert not stale()


# one at a time, one step at a time


def test_two_sweeps_at_once(any_house: Forms) -> None:
    """The second is refused while the first is at work; a dead one's place is taken in time."""
    house = any_house
    token = house.run(lambda office: runs.start(office.work))
    with pytest.raises(BusyError):
        house.sweep()
    house.leap(minutes=9)
    house.run(lambda office: runs.go_on(office.work, token))
    house.leap(minutes=9)
    with pytest.raises(BusyError):
        house.sweep()
    house.leap(minutes=1)
    assert house.sweep().unconfirmed
    with pytest.raises(BusyError):
        house.run(lambda office: runs.go_on(office.work, token))
    assert house.sweep().unconfirmed


def test_a_step_that_fails_stops_no_other(house: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step raises is kept by its class alone, and the sweep comes to its end."""
    def broken(run: Any) -> int:
        raise RuntimeError("g1@mail.example")

    monkeypatch.setitem(sweep.STEPS, "broken", broken)
    monkeypatch.setitem(sweep.STEPS, "whole", lambda run: len(run(lambda office: "seven")))
    house.tried()
    report = house.tried("officer")
    assert report.problems == {"broken": "RuntimeError"}
    assert report.counts["whole"] == 5
    assert gone(house) == {1, 3}
    last = house.run(Office.sweeps)["last"]
    assert last["counts"]["problems"] == 1


# paper


def tasks(house: Forms, by: str = "officer", done: bool = False) -> list[Any]:
    """Return tasks as a person sees them."""
    return list(house.run(lambda office: office.tasks(by, done)))


def test_paper_is_due_with_what_ended_and_is_signed_with_a_count(any_house: Forms) -> None:
    """One task a hotel, category and month, that grows; after the signature a new one begins."""
    house = any_house
    house.confirmed()
    house.form(4, OLD)
    house.sweep()
    (fir,) = [task for task in tasks(house) if task["property"] == "mu"]
    assert (fir["count"], fir["category"], fir["due_on"]) == (2, "guest_register", "2026-03-31")
    house.run(lambda office: office.sign_task(fir["id"], 3, "porter"))
    (signed,) = tasks(house, done=True)
    assert (signed["count"], signed["done_at"]) == (3, house.now.replace(tzinfo=None))
    assert signed["done_by"].startswith("a")
    assert house.actions()[-1] == "task-done"
    house.form(5, OLD)
    house.sweep()
    (again,) = [task for task in tasks(house) if task["property"] == "mu"]
    assert (again["count"], again["id"] != fir["id"]) == (1, True)
    house.later(days=30)
    assert [task["late"] for task in tasks(house)] == [True, True]


def test_nothing_that_ended_asks_for_nothing(house: Forms) -> None:
    """A sweep without anything due makes no task."""
    house.confirmed()
    before = tasks(house)
    house.later(days=1)
    house.sweep()
    assert tasks(house) == before


def test_a_task_is_late_by_the_day_of_its_hotel(house: Forms) -> None:
    """Half an hour after midnight in Berlin the day is past, though not yet in Greenwich."""
    house.confirmed()
    house.sweep()
    house.now = house.now.replace(day=31, hour=21)
    assert [task["late"] for task in tasks(house)] == [False, False]
    house.later(hours=1, minutes=30)
    assert [task["late"] for task in tasks(house)] == [True, True]


def test_tasks_are_signed_where_one_may_once_and_with_a_count(house: Forms) -> None:
    """Another hotel's task is not there; a signature is not written over."""
    house.confirmed()
    assert {task["property"] for task in tasks(house, "porter")} == {"mu"}
    assert tasks(house, "nobody") == []
    (elm,) = [task["id"] for task in tasks(house) if task["property"] == "be"]
    (fir,) = [task["id"] for task in tasks(house, "porter")]
    with pytest.raises(UnknownError):
        house.run(lambda office: office.sign_task(elm, 1, "porter"))
    with pytest.raises(UnknownError):
        house.run(lambda office: office.sign_task(99, 1, "officer"))
    with pytest.raises(InputError):
        house.run(lambda office: office.sign_task(fir, -1, "porter"))
    house.run(lambda office: office.sign_task(fir, 0, "porter"))
    with pytest.raises(TransitionError):
        house.run(lambda office: office.sign_task(fir, 5, "officer"))
