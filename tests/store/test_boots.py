"""A machine's clock is judged by how long the machine runs, where its kernel tells."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from flask_guesterase.core.brake import LEAPT
from flask_guesterase.store import tables
from flask_guesterase.store.access import boots, brake
from flask_guesterase.store.access.boots import Boot
from tests.store.forms import Forms

ONE = Boot("0" * 32, ran=1000, clock=1_773_144_000)
OTHER = Boot("f" * 32, ran=90_000, clock=1_773_144_000)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite, without guests."""
    made = Forms(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """The same on each of the three engines in turn."""
    made = Forms(database_url, tmp_path)
    yield made
    made.engine.dispose()


def runs(house: Forms, boot: Boot | None) -> None:
    """Let the next that runs be another machine, whose clock is right."""
    house.boot = boot


def noted(house: Forms) -> dict[str, Any]:
    """Return what stands about each run of a machine."""
    rows = house.ours("pulse")
    return {row["name"]: row["note"] for row in rows if row["name"].startswith("boot-")}


def confirm(house: Forms) -> None:
    """Let two people say that the clock is right, on a machine whose kernel tells nothing."""
    runs(house, None)
    assert house.run(lambda office: office.confirm_clock("officer")) is False
    assert house.run(lambda office: office.confirm_clock("second")) is True


def test_small_steps_add_up(any_house: Forms) -> None:
    """An hour more than passed at each look: 36 are believed, and what was noted never moves."""
    runs(any_house, ONE)
    any_house.work()
    first = noted(any_house)
    assert list(first.values()) == ["1000 1773144000"]
    for _ in range(4):
        any_house.leap(hours=9)
        assert any_house.work().problems == {}
    any_house.leap(hours=1)
    assert any_house.work().problems == {"clock": LEAPT}
    assert noted(any_house) == first
    assert "clock-doubted" in any_house.actions()


def test_two_people_let_it_go_whatever_machine_they_use(any_house: Forms) -> None:
    """A machine that stood still for days is taken for that; the next look is the first again."""
    runs(any_house, ONE)
    any_house.work()
    for _ in range(2):
        any_house.leap(hours=30)
        problems = any_house.work().problems
    assert problems == {"clock": LEAPT}
    stood = any_house.boot
    confirm(any_house)
    assert noted(any_house) == {}
    runs(any_house, stood)
    assert any_house.work().problems == {}
    any_house.leap(hours=35)
    assert any_house.work().problems == {}
    any_house.leap(hours=2)
    assert any_house.work().problems == {"clock": LEAPT}


def test_months_that_pass_are_believed(house: Forms) -> None:
    """Nights go by, the machine stands still a little for each backup, and nothing stops."""
    runs(house, ONE)
    for _ in range(400):
        house.later(hours=23, minutes=50)
        house.leap(minutes=10)
        assert house.run(lambda office: brake.hold_back(office.work)) == ""
        house.run(lambda office: brake.beat(office.work))
    assert list(noted(house)) == [f"boot-{ONE.mark}"]


def test_each_machine_is_compared_with_itself(house: Forms) -> None:
    """Two of them take turns, one of which runs for a day already; each is noted, soon or later."""
    machines = [ONE, OTHER]
    for _ in range(3):
        for at in (0, 1):
            runs(house, machines[at])
            house.later(seconds=20)
            assert house.work().problems == {}
            later = house.boot
            assert later is not None
            passed = later.ran - machines[at].ran
            machines = [replace(m, ran=m.ran + passed, clock=m.clock + passed) for m in machines]
    assert len(noted(house)) == 2


def test_what_ran_long_ago_is_forgotten(any_house: Forms) -> None:
    """A machine that still runs is remembered from its first look; one that is gone, a week."""
    runs(any_house, ONE)
    any_house.work()
    runs(any_house, OTHER)
    any_house.work()
    for _ in range(9):
        any_house.later(days=1)
        assert any_house.work().problems == {}
    assert len(noted(any_house)) == 2
    runs(any_house, Boot("a" * 32, ran=60, clock=1_773_144_000))
    any_house.work()
    assert sorted(noted(any_house)) == [f"boot-{'a' * 32}", f"boot-{OTHER.mark}"]


def test_without_a_kernel_that_tells_the_rule_is_the_silence(house: Forms) -> None:
    """No run is noted, and steps of less than a day and a half are believed."""
    for _ in range(4):
        house.leap(hours=35)
        assert house.work().problems == {}
    assert noted(house) == {}


@pytest.mark.parametrize("note", ["1000", "", "-1 5", "9" * 20 + " 1", "a b"])
def test_what_nobody_can_read_is_a_doubt(house: Forms, note: str) -> None:
    """Whoever writes over what was noted does not take the comparison away by it."""
    runs(house, ONE)
    house.work()
    with house.engine.begin() as conn:
        mine = tables.pulse.c.name == f"boot-{ONE.mark}"
        conn.execute(update(tables.pulse).where(mine).values(note=note))
    assert house.work().problems == {"clock": LEAPT}
    confirm(house)
    runs(house, ONE)
    assert house.work().problems == {}


def test_it_is_judged_without_a_statement_more(house: Forms) -> None:
    """What was noted is read together with the heartbeat, before each erasure and at each beat."""

    def statements() -> int:
        seen: list[str] = []

        def tell(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
            seen.append(statement)

        event.listen(house.engine, "before_cursor_execute", tell)
        house.later(seconds=61)
        seen.clear()
        house.run(lambda office: brake.hold_back(office.work))
        house.run(lambda office: brake.beat(office.work))
        event.remove(house.engine, "before_cursor_execute", tell)
        return len(seen)

    house.confirmed()
    without = statements()
    runs(house, ONE)
    house.work()
    assert statements() == without


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_this_machine_tells_how_long_it_runs() -> None:
    """Of the kernel's number nothing leaves the process but a hash."""
    told = boots.read()
    assert told is not None
    number = boots.KERNEL.read_text("ascii").strip()
    assert len(told.mark) == 32
    assert number.replace("-", "") != told.mark
    assert abs(told.ran - time.clock_gettime(time.CLOCK_BOOTTIME)) < 60
    assert abs(told.clock - time.time()) < 60
    again = boots.read()
    assert again is not None
    assert again.mark == told.mark


def test_another_system_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such file, an empty one, one that is none, or no such clock."""
    monkeypatch.setattr(boots, "KERNEL", tmp_path / "none")
    assert boots.read() is None
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    (tmp_path / "right").write_text("5d3c\n")
    for name in ("empty", "odd"):
        monkeypatch.setattr(boots, "KERNEL", tmp_path / name)
        assert boots.read() is None
    monkeypatch.setattr(boots, "KERNEL", tmp_path / "right")
    assert boots.read() is not None
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    assert boots.read() is None


@pytest.mark.parametrize(("ran", "clock"), [(90, 95), (1_773_144_000, 1_773_144_000)])
def test_a_clock_that_is_not_set_yet_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ran: int, clock: int
) -> None:
    """Neither before a machine without a battery asked for the time, nor where one is made up."""
    (tmp_path / "right").write_text("5d3c\n")
    monkeypatch.setattr(boots, "KERNEL", tmp_path / "right")
    told = {time.CLOCK_BOOTTIME: float(ran), time.CLOCK_REALTIME: float(clock)}
    monkeypatch.setattr(time, "clock_gettime", told.__getitem__)
    assert boots.read() is None
    told[time.CLOCK_BOOTTIME], told[time.CLOCK_REALTIME] = 90.0, 1_773_144_000.0
    found = boots.read()
    assert found is not None
    assert (found.ran, found.clock) == (90, 1_773_144_000)
