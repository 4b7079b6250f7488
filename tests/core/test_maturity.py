"""Windows of dates: each day of an event is in one on the day its period is over, none is left."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.maturity import MARGIN, Term, Window, windows
from flask_guesterase.core.period import Period
from flask_guesterase.core.rule import Start

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
lengths = st.builds(
    Period, st.integers(0, 12), st.integers(0, 30), st.integers(0, 400), st.integers(0, 10)
)
ends = st.sampled_from([(12, 31), (6, 30), (2, 29), (3, 31)])
terms = st.builds(Term, lengths, st.sampled_from(Start), ends)


@given(terms, days)
def test_the_latest_ripe_day_is_ripe_and_the_next_is_not(term: Term, day: date) -> None:
    """Of calendar years, fiscal years, months' ends and working days alike."""
    last = term.ripe(day)
    assert term.ends(last) < day
    assert term.ends(last + timedelta(days=1)) >= day


def test_what_is_ripe_in_january_is_the_whole_year_before_last() -> None:
    """Six years from the year's end: on New Year's Day a whole year comes of age at once."""
    term = Term(Period(years=6), Start.YEAR_END)
    assert term.ripe(date(2026, 12, 31)) == date(2019, 12, 31)
    assert term.ripe(date(2027, 1, 1)) == date(2020, 12, 31)


@given(st.lists(terms, min_size=1, max_size=3), days, st.integers(0, 40), days)
def test_who_looks_every_now_and_then_misses_no_day(
    known: list[Term], last: date, gap: int, event: date
) -> None:
    """A period that ended between two looks: the day of its event is in a window of the second."""
    today = last + timedelta(days=gap)
    found = windows(known, last, today)
    inside = any((w.after is None or w.after < event) and event <= w.until for w in found)
    over = [term for term in known if last <= term.ends(event) < today]
    assert inside or not over
    assert windows(known, None, today) == (
        Window(None, max(term.ripe(today + MARGIN) for term in known)),
    )


@given(st.lists(terms, max_size=4), days, st.integers(0, 3))
def test_windows_lie_apart_and_in_order(known: list[Term], last: date, gap: int) -> None:
    """No date is read twice by one look."""
    found = windows(known, last, last + timedelta(days=gap))
    for one, other in pairwise(found):
        assert other.after is not None
        assert one.until < other.after
    assert bool(found) <= bool(known)
