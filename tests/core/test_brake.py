"""A clock that runs backwards or leaps is not believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.brake import BACK, BACKWARDS, LEAP, LEAPT, SLOW, gained, judge, stale

NOON = datetime(2026, 3, 10, 12)
SECOND = timedelta(seconds=1)

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))
steps = st.lists(st.timedeltas(timedelta(0), LEAP), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("now", "database", "word"),
    [
        (NOON, None, ""),
        (NOON - BACK, None, ""),
        (NOON - BACK - SECOND, None, BACKWARDS),
        (NOON + LEAP, None, ""),
        (NOON + LEAP + SECOND, None, LEAPT),
        (NOON, NOON - LEAP, ""),
        (NOON, NOON - LEAP - SECOND, LEAPT),
        (NOON, NOON + timedelta(days=400), ""),
    ],
)
def test_the_edges(now: datetime, database: datetime | None, word: str) -> None:
    """Five minutes back and thirty-six hours on are the last that are believed."""
    assert judge(now, [NOON], database) == word


@given(moments)
def test_the_first_run_ever_is_believed(now: datetime) -> None:
    """Where nothing was written yet, nothing can contradict."""
    assert judge(now, []) == ""


@given(moments, steps)
def test_a_clock_that_goes_in_small_steps_is_believed(
    start: datetime, gaps: list[timedelta]
) -> None:
    """However long the way, in steps of at most 36 hours it is time that passed."""
    seen = [start]
    for gap in gaps:
        assert judge(seen[-1] + gap, seen) == ""
        seen.append(seen[-1] + gap)


@given(moments, steps, st.timedeltas(LEAP + SECOND, timedelta(days=4000)), st.randoms())
def test_what_is_written_after_a_leap_does_not_vouch_for_it(
    start: datetime, gaps: list[timedelta], leap: timedelta, order: Random
) -> None:
    """Entries before and after the leap, in any order: the leap is seen as long as they are."""
    seen = [start]
    for gap in gaps:
        seen.append(seen[-1] + gap)
    seen.append(seen[-1] + leap)
    for gap in gaps:
        seen.append(seen[-1] + gap)
    now = max(seen)
    order.shuffle(seen)
    assert judge(now, seen) == LEAPT


@given(moments, st.lists(moments, min_size=1), st.none() | moments)
def test_a_clock_before_anything_seen_runs_backwards(
    now: datetime, seen: list[datetime], database: datetime | None
) -> None:
    """Backwards exactly when it is more than five minutes before something."""
    assert (judge(now, seen, database) == BACKWARDS) is (max(seen) - now > BACK)


@given(moments, st.lists(moments), moments)
def test_the_servers_clock_never_makes_up_for_what_was_seen(
    now: datetime, seen: list[datetime], database: datetime
) -> None:
    """A second clock can only add doubt."""
    alone = judge(now, seen)
    assert judge(now, seen, database) == alone or (not alone and now - database > LEAP)


def test_stale_is_longer_than_a_day_and_a_half() -> None:
    """A daily run that is late by an afternoon is not stale."""
    assert not stale(NOON + LEAP, NOON)
    assert stale(NOON + LEAP + SECOND, NOON)


@pytest.mark.parametrize("ran", [timedelta(0), timedelta(days=1), timedelta(days=400)])
def test_a_clock_gains_a_day_and_a_half_and_a_hundredth_at_most(ran: timedelta) -> None:
    """What was allowed from the first look on is never allowed again, however many looks follow."""
    most = LEAP + ran / SLOW
    assert not gained(most, ran)
    assert gained(most + SECOND, ran)
    assert not gained(-most, ran)


def test_a_clock_that_nobody_sets_and_that_ran_back_allows_no_less() -> None:
    """It cannot run back; whoever makes it look so gains nothing and stops nothing."""
    assert not gained(LEAP, -timedelta(days=4000))
