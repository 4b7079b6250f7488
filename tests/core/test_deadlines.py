"""The legal clock of an answer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.deadlines import answer_due, days_left, months_after


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
    assert answer_due(received) == due


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_a_month_is_never_longer_than_the_law_gives(received: date) -> None:
    """A period is 28 to 31 days, and a later receipt is never due earlier."""
    assert 28 <= (answer_due(received) - received).days <= 31
    assert answer_due(received + timedelta(days=1)) >= answer_due(received)
    assert days_left(answer_due(received), answer_due(received)) == 0
    assert days_left(received, answer_due(received)) < 0


def test_many_months_cross_years() -> None:
    """Twelve months are a year."""
    assert months_after(date(2026, 2, 28), 12) == date(2027, 2, 28)
    assert months_after(date(2026, 11, 30), 15) == date(2028, 2, 29)
