"""A sweep that is killed at any statement leaves nothing half done, and the next one ends it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flask_guesterase.store import tables
from tests import engines
from tests.store.crowd import NEW, OLD, Crowd
from tests.store.relay import Relay, relay

KILLS = 10
LONG = pytest.mark.long


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
    ("kind", "due", "batch"),
    [
        ("sqlite", 60, 8),
        pytest.param("sqlite", 1_000, 0, marks=LONG),
        pytest.param("mariadb", 1_000, 0, marks=LONG),
        pytest.param("postgresql", 4_000, 0, marks=LONG),
    ],
)
def test_killed_and_resumed_ten_times_ends_as_if_nothing_had_happened(
    kind: str, due: int, batch: int, forking: Relay, tmp_path: Path
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
        for _ in range(KILLS):
            made.engine.dispose()
            at = chance.randint(first // 2, first + (last - first) // 4)
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
    assert len(seen) == KILLS, "it was over before it was killed ten times"
    assert sum(map(bool, seen)) >= 2, f"hardly any was killed in the middle: {seen}"
