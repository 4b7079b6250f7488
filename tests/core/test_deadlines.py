"""The legal clock of an answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.deadlines import (
    USUAL,
    Usual,
    acknowledge_by,
    answer_by,
    days_left,
    extended_by,
    paused,
    reminds,
)
from flask_guesterase.core.period import months_after, period

EU = Usual(extension=period("P2M"))
CALIFORNIA = Usual(period("P10B"), period("P45D"), period("P45D"))
"""10 business days to confirm, 45 calendar days to answer, 45 more: facts F115 and F116."""


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 10), date(2026, 4, 10)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 30), date(2028, 2, 29)),
        (date(2026, 5, 31), date(2026, 6, 30)),
        (date(2026, 12, 31), date(2027, 1, 31)),
        (date(2026, 12, 1), date(2027, 1, 1)),
    ],
)
def test_an_answer_is_due_one_calendar_month_after_receipt(received: date, due: date) -> None:
    """The same day of the next month, or the last day of a shorter one."""
    assert answer_by(received, USUAL) == answer_by(received, EU) == due


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_a_month_is_never_longer_than_the_law_gives(received: date) -> None:
    """A period is 28 to 31 days, and a later receipt is never due earlier."""
    assert 28 <= (answer_by(received, USUAL) - received).days <= 31
    assert answer_by(received + timedelta(days=1), USUAL) >= answer_by(received, USUAL)
    assert days_left(answer_by(received, USUAL), answer_by(received, USUAL)) == 0
    assert days_left(received, answer_by(received, USUAL)) < 0


def test_many_months_cross_years() -> None:
    """Twelve months are a year."""
    assert months_after(date(2026, 2, 28), 12) == date(2027, 2, 28)
    assert months_after(date(2026, 11, 30), 15) == date(2028, 2, 29)


def test_a_period_that_ends_on_a_weekend_is_not_longer_for_it() -> None:
    """The day that is named is never too late, in any calendar of holidays."""
    received = date(2026, 4, 11)
    due = answer_by(received, EU, frozenset({date(2026, 5, 11)}))
    assert due == date(2026, 5, 11)
    assert answer_by(date(2026, 9, 21), CALIFORNIA) == date(2026, 11, 5)
    assert answer_by(date(2026, 9, 10), EU).weekday() == 5


def test_californias_days_are_working_days_and_calendar_days() -> None:
    """Receipt is confirmed in 10 business days, answered in 45 calendar days, 90 when extended."""
    friday = date(2026, 11, 20)
    assert acknowledge_by(friday, CALIFORNIA) == date(2026, 12, 4)
    thanksgiving = frozenset({date(2026, 11, 26)})
    assert acknowledge_by(friday, CALIFORNIA, thanksgiving) == date(2026, 12, 7)
    assert answer_by(friday, CALIFORNIA) == friday + timedelta(days=45)
    assert extended_by(friday, CALIFORNIA) == friday + timedelta(days=90)


def test_where_no_law_asks_nothing_is_due() -> None:
    """No period to confirm, and no extension, are no days."""
    assert acknowledge_by(date(2026, 1, 5), EU) is None
    assert extended_by(date(2026, 1, 5), Usual()) is None


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_an_extension_runs_from_receipt(received: date) -> None:
    """A month and two months are three months, whatever the length of the first."""
    assert extended_by(received, EU) == months_after(received, 3)


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)), st.integers(-5, 400))
def test_a_pause_moves_the_day_by_what_was_waited(due: date, waited: int) -> None:
    """Waiting for identity adds its days, and nothing ever makes the day earlier."""
    assert (paused(due, waited) - due).days == max(waited, 0)


@pytest.mark.parametrize(
    ("answer", "more", "last"),
    [
        ("P1Y", "P1Y", date(2028, 3, 6)),
        ("P10B", "P5B", date(2026, 3, 27)),
        ("P1M", "P15D", date(2026, 4, 21)),
        ("P30D", "P30D", date(2026, 5, 5)),
    ],
)
def test_an_extension_is_added_in_every_unit(answer: str, more: str, last: date) -> None:
    """Years, months, days and working days of both periods, from receipt on a Friday."""
    law = Usual(answer=period(answer), extension=period(more))
    assert extended_by(date(2026, 3, 6), law) == last


def reminded(due: date, runs: list[date], last: date | None = None) -> list[int]:
    """Return on which days before the last day people were reminded, when something ran."""
    told = []
    for today in runs:
        if reminds(due, today, last):
            last = today
            told.append(days_left(due, today))
    return told


def test_people_are_reminded_before_and_then_every_day() -> None:
    """Seven, three and one day before; daily when it is late; once a day however often it runs."""
    due = date(2026, 4, 10)
    days = [due + timedelta(days=offset) for offset in range(-30, 4)]
    assert reminded(due, days) == [7, 3, 1, -1, -2, -3]
    assert reminded(due, [day for day in days for _ in range(3)]) == [7, 3, 1, -1, -2, -3]


@given(st.sets(st.integers(-20, 20)))
def test_a_day_on_which_nothing_ran_loses_no_warning(offsets: set[int]) -> None:
    """Whatever days it runs on, the newest warning that has come is given at the next of them."""
    due = date(2026, 4, 10)
    runs = [due + timedelta(days=offset) for offset in sorted(offsets)]
    told = reminded(due, runs)
    for day in runs:
        left = days_left(due, day)
        passed = [w for w in (7, 3, 1) if w >= left]
        if left < 0:
            assert left in told
        elif passed:
            assert any(left <= when <= min(passed) for when in told)
    assert all(when <= 7 for when in told)
    assert len(told) == len(set(told))
