"""Figures: months, answer times by rank, lateness, ages; every request counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.figures import (
    Alike,
    ages,
    by_month,
    full_months,
    months,
    spread,
)

MONTHS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]


@st.composite
def cases(draw: st.DrawFn) -> Alike:
    """Requests with or without an answer."""
    days, late = draw(st.none() | st.integers(0, 200)), draw(st.booleans())
    outcome = draw(st.sampled_from(["erased", "sealed", "refused", "withdrawn"] + [""] * 2))
    channel, month = draw(st.sampled_from(["form", "desk"])), draw(st.sampled_from(MONTHS))
    return Alike(month, channel, outcome, "", days, late, draw(st.integers(1, 5)))


def test_months_go_over_the_year() -> None:
    """Twelve months end with today's, or begin with it."""
    assert months(date(2026, 2, 28), 3) == ["2025-12", "2026-01", "2026-02"]
    assert months(date(2026, 11, 1), 3, ahead=True) == ["2026-11", "2026-12", "2027-01"]


@given(st.lists(cases(), max_size=30))
def test_each_request_counts_once_in_its_month(each: list[Alike]) -> None:
    """Sums over all months are those of the requests, whatever their order, together or apart."""
    found = by_month(each, MONTHS)
    assert found == by_month(each[::-1], MONTHS)
    assert found == by_month([replace(c, many=1) for c in each for _ in range(c.many)], MONTHS)
    many = sum(case.many for case in each)
    assert sum(month.received for month in found) == many
    answered = sum(case.many for case in each if case.days is not None)
    assert sum(month.answered for month in found) == answered
    assert sum(sum(month.channels.values()) for month in found) == many
    assert sum(month.open for month in found) == sum(c.many for c in each if not c.outcome)
    assert all(month.late <= month.received for month in found)


@given(st.lists(st.integers(0, 400), min_size=1))
def test_half_and_nine_in_ten_are_days_that_occurred(days: list[int]) -> None:
    """At least half, and at least nine in ten, were answered within the days named."""
    found = spread(Alike("2026-01", "form", days=each) for each in days)
    assert found is not None
    for limit, percent in zip(found, (50, 90), strict=True):
        assert limit in days
        assert sum(day <= limit for day in days) * 100 >= percent * len(days)
        assert sum(day < limit for day in days) * 100 < percent * len(days)


@given(st.lists(st.integers(0, 3000)))
def test_every_age_has_its_place(days: list[int]) -> None:
    """Nothing is left out and nothing counts twice."""
    assert sum(ages(days).values()) == len(days)
    assert ages([7, 8, 30, 365, 366]) == {"7": 1, "30": 2, "90": 0, "365": 1, "older": 1}


@pytest.mark.parametrize(
    ("since", "today", "whole"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 1, 31), date(2026, 3, 31), 2),
        (date(2025, 11, 26), date(2026, 11, 26), 12),
    ],
)
def test_only_whole_months_count(since: date, today: date, whole: int) -> None:
    """A month is whole on the same day of the next one, and not before."""
    assert full_months(since, today) == whole
