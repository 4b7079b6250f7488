"""A period that runs from the end of a year ends when a year does, whatever day that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.errors import InputError
from flask_guesterase.core.maturity import Term
from flask_guesterase.core.period import Period, period, year_end
from flask_guesterase.core.retention import due, floor
from flask_guesterase.core.rule import Facts, Grade, Kind, Rule, Start

DOCUMENT = date(2025, 2, 3)


def voucher(length: str, start: Start = Start.FISCAL_YEAR_END) -> Rule:
    """Return a rule about vouchers that both keeps and ends."""
    return Rule(
        "XX/vouchers", "XX", "invoice_accounting", grade=Grade.A, floor=period(length),
        ceiling=period(length), ceiling_kind=Kind.HARD, clock=("document",), start=start,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fiscal", "length", "last"),
    [
        ((12, 31), "P30Y", date(2055, 12, 31)),
        ((2, 28), "P7Y", date(2032, 2, 29)),
        ((2, 29), "P7Y", date(2032, 2, 29)),
        ((2, 29), "P6Y", date(2031, 2, 28)),
        ((6, 30), "P10Y", date(2035, 6, 30)),
        ((6, 30), "P6M", date(2025, 12, 31)),
        ((4, 5), "P6Y", date(2031, 4, 5)),
    ],
)
def test_years_are_counted_from_the_day_after_the_year(
    fiscal: tuple[int, int], length: str, last: date
) -> None:
    """They begin with a first day and end before its like: on a 29 February, on a 31st (P3)."""
    facts = Facts({"document": DOCUMENT}, {}, "XX", fiscal)
    rules = [voucher(length)]
    assert floor(rules, "invoice_accounting", facts).until == last
    assert due(rules, "invoice_accounting", facts).day == last
    assert Term(period(length), Start.FISCAL_YEAR_END, fiscal).ends(DOCUMENT) == last


@given(
    st.dates(date(1990, 1, 1), date(2060, 12, 31)),
    st.builds(Period, st.integers(0, 30), st.integers(0, 11)),
    st.sampled_from([(12, 31), (6, 30), (2, 28), (2, 29), (3, 31), (4, 5)]),
)
def test_no_floor_is_shorter_than_by_the_number_of_the_day(
    day: date, length: Period, fiscal: tuple[int, int]
) -> None:
    """Nor is it longer by more than the days that a month may lack."""
    end = year_end(day, *fiscal)
    plain = length.after(end)
    assert plain <= length.after_year(end) <= plain + timedelta(days=3)


def test_a_law_that_changed_within_a_year_keeps_what_was_written_under_it() -> None:
    """Its period runs from the year's end, which the law did not see; the paper it did (P3)."""
    old = replace(voucher("P10Y", Start.YEAR_END), valid_to=date(2024, 6, 30))
    new = replace(voucher("P8Y", Start.YEAR_END), id="XX/new", valid_from=date(2024, 7, 1))
    ends = {
        day: floor([old, new], "invoice_accounting", Facts({"document": day}, {}, "XX")).until
        for day in (date(2024, 6, 30), date(2024, 7, 1))
    }
    assert ends == {
        date(2024, 6, 30): date(2034, 12, 31), date(2024, 7, 1): date(2032, 12, 31)
    }  # fmt: skip


@pytest.mark.parametrize("text", ["P9999Y", "P1001Y", "P12001M", "P99999999999D", "P9999999B"])
def test_what_no_calendar_has_is_no_period(text: str) -> None:
    """Every record under it would have a last day that cannot be said, and nothing could go."""
    with pytest.raises(InputError):
        period(text)


@pytest.mark.parametrize("text", ["", "P", "3Y", "P3", "PT3H", "-P3Y", "P3D2Y", "P1.5Y"])
def test_what_is_no_period_is_not_taken_for_one_that_is_over(text: str) -> None:
    """Nothing at all would be a floor of no day, under which everything may go."""
    with pytest.raises(InputError):
        period(text)


def test_a_period_is_read_as_it_is_written() -> None:
    """A week is seven days, and what is shown or kept as a text is read back as the same."""
    assert period("P2W") == period("P14D") == Period(days=14)
    assert period("P1W3D").after(date(2026, 3, 1)) == date(2026, 3, 11)
    every = (Period(), Period(1, 2, 3, 4), Period(years=3), Period(months=6), Period(working=10))
    assert [period(f" {each} ") for each in every] == list(every)


@pytest.mark.parametrize("length", ["P1000Y", "P12000M", "P365000D", "P1000B"])
def test_the_longest_period_ends(length: str) -> None:
    """From the last day on which anything happens, and from the end of its year."""
    for started in (date(2899, 12, 31), date(2900, 12, 31)):
        assert period(length).after(started) > started
        assert period(length).after_year(started) > started
