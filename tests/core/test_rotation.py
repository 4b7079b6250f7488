"""The day a certificate names is late enough for every root a copy may lie under."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core import rotation

DAYS = st.dates(date(2020, 1, 1), date(2090, 1, 1))


@given(last=DAYS, age=st.integers(0, 30))
def test_whatever_root_a_copy_lies_under_it_is_worthless_by_then(last: date, age: int) -> None:
    """A copy made until the box's key is destroyed lies under a root of any age."""
    destroyed = last + timedelta(days=1)
    since = destroyed - timedelta(days=age)
    assert rotation.ends(since) + rotation.CLEARING <= rotation.worthless(last)


def test_no_earlier_day_would_do() -> None:
    """A root that began on the day the box's key was destroyed needs every day of it."""
    last = date(2026, 3, 17)
    youngest = rotation.ends(last + timedelta(days=1)) + rotation.CLEARING
    assert rotation.worthless(last) == youngest == date(2026, 4, 24)


@given(since=DAYS)
def test_people_have_a_week_before_a_root_ends(since: date) -> None:
    """The next root is there for a week before the one in use goes."""
    assert since < rotation.announced(since) < rotation.ends(since)
    assert rotation.ends(since) - rotation.announced(since) == timedelta(days=7)
