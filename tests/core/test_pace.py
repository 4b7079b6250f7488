"""The pace of a sweep: batches that fit a target, shrink under pressure, and come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.pace import LONGEST_REST, MOST, SHORT, TARGET, Pace

costs = st.floats(min_value=1e-5, max_value=2.0)
fixed = st.floats(min_value=0.0, max_value=0.05)


@given(st.lists(st.tuples(st.integers(0, 2000), st.floats(0, 60), st.booleans()), max_size=30))
def test_whatever_happens_a_batch_has_a_row_and_no_more_than_the_most(
    batches: list[tuple[int, float, bool]],
) -> None:
    """Empty batches, batches that take no time or a minute: size and rest keep their bounds."""
    pace = Pace()
    for rows, seconds, pressed in batches:
        before, pace = pace, pace.after(rows, seconds, pressed)
        assert 1 <= pace.size <= MOST
        assert pace.size <= 2 * before.size
        assert 0 <= pace.rest <= LONGEST_REST
        if pressed:
            assert pace.size == max(1, min(before.size, rows or before.size) // 2)
            assert pace.rest > 0


@given(costs, fixed)
def test_batches_come_to_take_what_a_transaction_may_take(cost: float, base: float) -> None:
    """Whatever a row and a transaction cost: about the target, and mostly spent on rows."""
    pace = Pace()
    for _ in range(60):
        pace = pace.after(pace.size, base + cost * pace.size)
    ideal = min(MOST, max(1.0, (TARGET - base) / cost, base / cost))
    assert pace.rest == 0
    assert ideal / 2 - 1 <= pace.size <= 2 * ideal + 1, (pace, ideal)


@given(costs, fixed)
def test_batches_for_which_others_wait_are_short(cost: float, base: float) -> None:
    """No longer than twice the short target, or than three times what they cost without any row.

    One whose beginning alone takes the target stays at that: nobody waits longer for its rows.
    """
    pace = Pace()
    for _ in range(60):
        pace = pace.after(pace.size, base + cost * pace.size, target=SHORT)
    took = base + cost * pace.size
    assert took <= 2 * max(SHORT, 1.5 * base) + cost, (pace, took)


def test_for_a_batch_that_is_dear_by_itself_others_wait_half_as_long_again() -> None:
    """40 milliseconds without any row: rows for 20 beside somebody who waits."""
    sizes = []
    for target in (SHORT, 2 * SHORT, TARGET):
        pace = Pace()
        for _ in range(60):
            pace = pace.after(pace.size, 0.04 + 0.001 * pace.size, target=target)
        sizes.append(pace.size)
    assert sizes == [pytest.approx(20, abs=4), pytest.approx(20, abs=4), pytest.approx(210, abs=20)]


def test_a_transaction_that_is_dear_by_itself_is_not_made_smaller_and_smaller() -> None:
    """A second to begin and to end, however few rows: a handful a batch would take for ever."""
    pace = Pace()
    for _ in range(30):
        pace = pace.after(pace.size, 1.0 + 0.01 * pace.size)
    assert 50 <= pace.size <= 200


@given(costs)
def test_pressure_that_ends_is_forgotten(cost: float) -> None:
    """A host that asked for room for a while gets it, and the sweep its speed back."""
    pace = Pace()
    for _ in range(20):
        pace = pace.after(pace.size, cost * pace.size)
    free = pace.size
    for _ in range(12):
        pace = pace.after(pace.size, cost * pace.size, pressed=True)
    assert (pace.size, pace.rest) == (1, LONGEST_REST)
    for _ in range(30):
        pace = pace.after(pace.size, cost * pace.size)
    assert pace.rest == 0
    assert free / 2 - 1 <= pace.size <= 2 * free + 1


def test_a_database_that_became_slow_is_pressure() -> None:
    """Commits that take four times as long as usual shrink the batch without anybody's word."""
    pace = Pace()
    for _ in range(10):
        pace = pace.after(pace.size, 0.002 * pace.size)
    slow = pace.after(pace.size, 0.008 * pace.size)
    assert (slow.size, slow.rest > 0) == (pace.size // 2, True)


def test_a_small_rest_at_the_end_does_not_enlarge_the_next_batch() -> None:
    """Three rows that were left over say little about a thousand."""
    assert Pace(100).after(3, 0.0003).size <= 100
