"""Figures: months, answer times by rank, lateness, ages; every request counts once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.figures import (
    Answered,
    ages,
    by_month,
    full_months,
    is_late,
    months,
    spread,
)

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@st.composite
def cases(draw: st.DrawFn) -> Answered:
    """A request with or without an answer."""
    received = draw(DAYS)
    due = received + timedelta(days=draw(st.integers(1, 90)))
    on = draw(st.none() | st.integers(0, 200).map(lambda n: received + timedelta(days=n)))
    outcome = draw(st.sampled_from(["erased", "sealed", "refused", "withdrawn"] + [""] * 2))
    return Answered(received, due, draw(st.sampled_from(["form", "desk"])), outcome, "", on)


def test_months_go_over_the_year() -> None:
    """Twelve months end with today's, or begin with it."""
    assert months(date(2026, 2, 28), 3) == ["2025-12", "2026-01", "2026-02"]
    assert months(date(2026, 11, 1), 3, ahead=True) == ["2026-11", "2026-12", "2027-01"]


@given(st.lists(cases(), max_size=30), DAYS)
def test_each_request_counts_once_in_its_month(each: list[Answered], today: date) -> None:
    """Sums over all months are those of the requests, whatever their order."""
    wanted = [f"{year}-{month:02d}" for year in range(2020, 2031) for month in range(1, 13)]
    found = by_month(each, wanted, today)
    assert found == by_month(each[::-1], wanted, today)
    assert sum(month.received for month in found) == len(each)
    assert sum(month.answered for month in found) == sum(one.on is not None for one in each)
    assert sum(sum(month.channels.values()) for month in found) == len(each)
    assert sum(month.open for month in found) == sum(not one.outcome for one in each)
    assert all(month.late <= month.received for month in found)


@given(st.lists(st.integers(0, 400), min_size=1))
def test_half_and_nine_in_ten_are_days_that_occurred(days: list[int]) -> None:
    """At least half, and at least nine in ten, were answered within the days named."""
    found = spread(days)
    assert found is not None
    for limit, percent in zip(found, (50, 90), strict=True):
        assert limit in days
        assert sum(day <= limit for day in days) * 100 >= percent * len(days)
        assert sum(day < limit for day in days) * 100 < percent * len(days)


@pytest.mark.parametrize(
    ("outcome", "on", "late"),
    [
        ("erased", date(2026, 3, 31), False),
        ("erased", date(2026, 4, 1), True),
        ("", None, True),
        ("withdrawn", None, False),
    ],
)
def test_late_is_after_the_last_day(outcome: str, on: date | None, late: bool) -> None:
    """The last day itself is in time; who withdrew waits for nothing."""
    case = Answered(date(2026, 3, 1), date(2026, 3, 31), "form", outcome, "", on)
    assert is_late(case, date(2026, 4, 2)) is late


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
