"""Sweeps beside one another, and killed at any statement: no guest twice, half, or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flask_guesterase.store import tables
from tests import engines
from tests.store.crowd import NEW, OLD, Crowd
from tests.store.relay import Relay, relay

SECONDS = 60
LONG = pytest.mark.long
HUGE = (pytest.mark.huge, pytest.mark.timeout(3000))


@pytest.fixture(scope="module")
def forking() -> Iterator[Relay]:
    """The process that forks sweeps."""
    with relay() as made:
        yield made


def hotel(url: str, folder: Path, living: int, due: int) -> Crowd:
    """Return a hotel in which so many live and so many are due, confirmed before."""
    folder.mkdir()
    made = Crowd(url, folder)
    made.build()
    made.confirmed()
    made.fill(range(1, living + 1), NEW)
    made.fill(range(living + 1, living + due + 1), OLD)
    made.engine.dispose()
    return made


def assert_told(made: Crowd, due: int) -> None:
    """Assert that journal, safety copies and shells tell of so many guests, each of them once."""
    drafts = made.drafts("retention-ended")
    counted: dict[str, int] = {}
    for draft in drafts:
        for table, many in draft.counts.items():
            counted[table] = counted.get(table, 0) + many
    wanted = {"guests": due, "bookings": due, "postings": 2 * due, "letters": due}
    assert counted == wanted
    assert made.boxed() == 5 * due
    with made.engine.connect() as conn:
        shells = list(conn.execute(select(tables.subject.c.row_key)).scalars())
    assert len(shells) == len(set(shells)) == due
    assert made.verified() == []
    assert not made.dues()


@pytest.mark.parametrize(
    ("kind", "due", "batch", "kills"),
    [
        ("sqlite", 40, 8, 4),
        pytest.param("sqlite", 600, 30, 10, marks=LONG),
        pytest.param("mariadb", 200, 10, 10, marks=LONG),
        pytest.param("postgresql", 200, 10, 10, marks=LONG),
        *(pytest.param(kind, 100_000, 500, 10, marks=HUGE) for kind in engines.ENGINES),
    ],
)
def test_killed_and_resumed_many_times_ends_as_if_nothing_had_happened(
    kind: str, due: int, batch: int, kills: int, forking: Relay, tmp_path: Path
) -> None:
    """Host rows byte for byte; journal, boxes and shells tell of each guest once."""
    living = due // 10
    with engines.fresh_database(kind) as url:
        whole = hotel(url, tmp_path / "whole", living, due)
        done = forking.sweep(whole, batch=batch)
        assert (done["signal"], done["problems"]) == (0, {})
        wanted = whole.dump()
        assert_told(whole, due)
        first, last = done["changes"][0], done["changes"][-1]
        whole.engine.dispose()
    chance = random.Random(due)
    with engines.fresh_database(kind) as url:
        made = hotel(url, tmp_path / "killed", living, due)
        left, seen = made.there(), []
        for _ in range(kills):
            made.engine.dispose()
            at = chance.randint(first // 2, first + (last - first) * 6 // (5 * kills))
            told = forking.sweep(made, batch=batch, at=at)
            # Ten minutes after its last word nobody believes that the killed one is at work.
            made.later(minutes=11)
            if told["signal"] == 0:
                break
            assert made.halves() == []
            now = made.there()
            assert now <= left
            seen.append(len(left - now))
            left = now
        made.engine.dispose()
        assert forking.sweep(made, batch=batch)["problems"] == {}
        assert made.dump() == wanted
        assert_told(made, due)
        made.engine.dispose()
    assert len(seen) == kills, "it was over before it was killed so often"
    assert sum(map(bool, seen)) > 0, f"none was killed in the middle: {seen}"


SERVERS = [
    ("postgresql", 160, 8),
    pytest.param("mariadb", 200, 8, marks=LONG),
    pytest.param("postgresql", 1_000, 0, marks=LONG),
    pytest.param("mariadb", 2_000, 0, marks=LONG),
]
"""Engine, guests who are due, and the most that one transaction takes."""


def beside(forking: Relay, made: Crowd, batch: int, at: tuple[int, int]) -> list[dict[str, Any]]:
    """Let a sweep lead and another join it once there is something to join in.

    :param at: before which of its statements each of them is killed; never when 0.
    """
    leader = forking.start(made, batch=batch, at=at[0])
    until = time.monotonic() + SECONDS
    while not made.dues() and made.there():
        assert time.monotonic() < until, "nothing was found due"
        time.sleep(0.002)
    joiner = forking.start(made, batch=batch, at=at[1], join=True)
    told = [forking.end(leader), forking.end(joiner)]
    made.engine.dispose()
    return told


@pytest.mark.parametrize(("kind", "due", "batch"), SERVERS)
def test_two_workers_share_a_hotel_and_take_nobody_twice(
    kind: str, due: int, batch: int, forking: Relay, tmp_path: Path
) -> None:
    """Both end with everything gone; what the two say they did is each guest once."""
    with engines.fresh_database(kind) as url:
        made = hotel(url, tmp_path / "hotel", 20, due)
        living = set(range(1, 21))
        told = beside(forking, made, batch, (0, 0))
        assert [(each["signal"], each["problems"]) for each in told] == [(0, {})] * 2
        assert [each["joined"] for each in told] == [False, True]
        assert made.there() == living
        assert_told(made, due)
        made.engine.dispose()
    people = [each["counts"].get("people", 0) for each in told]
    assert sum(people) == due
    assert min(people) > 0, people


KILLED = [
    pytest.param(kind, 400, 10, seed, marks=LONG, id=f"{kind}-{seed}")
    for kind in engines.SERVERS for seed in range(1, 4)
]  # fmt: skip


@pytest.mark.parametrize(("kind", "due", "batch", "seed"), KILLED)
def test_one_of_two_is_killed_and_the_other_ends_the_work(
    kind: str, due: int, batch: int, seed: int, forking: Relay, tmp_path: Path
) -> None:
    """Nothing is half done, nothing is left undone, and nobody is taken twice."""
    chance = random.Random(seed)
    leads = seed % 2 == 1
    # Each transaction of a batch is about a hundred statements; some are before the first.
    at = chance.randint(120, 420)
    with engines.fresh_database(kind) as url:
        made = hotel(url, tmp_path / "hotel", 20, due)
        told = beside(forking, made, batch, (at + 200, 0) if leads else (0, at))
        dead, alive = told if leads else reversed(told)
        assert (dead["signal"], alive["signal"]) == (9, 0), told
        assert alive["problems"] == {}
        assert made.halves() == []
        assert made.there() == set(range(1, 21)), "the other one did not end the work"
        made.later(minutes=11)
        assert forking.sweep(made)["problems"] == {}
        assert_told(made, due)
        made.engine.dispose()
