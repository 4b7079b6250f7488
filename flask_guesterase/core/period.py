"""Periods as laws write them: calendar years and months, days, and working days."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from .errors import InputError

_TEXT = re.compile(
    r"P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:(\d{1,9})B)?"
)

LONGEST = 1000
"""Years of the longest period: beyond the calendar nobody could say a last day."""

SATURDAY = 5


@dataclass(frozen=True, order=True)
class Period:
    """A length of time in the units of a calendar.

    :param years: calendar years.
    :param months: calendar months; one month after 31 January is the last day of February.
    :param days: calendar days.
    :param working: working days: Monday to Friday, holidays left out where they are known.
    """

    years: int = 0
    months: int = 0
    days: int = 0
    working: int = 0

    def __str__(self) -> str:
        """Return the period in the form `period` reads."""
        parts = (
            (self.years, "Y"), (self.months, "M"), (self.days, "D"), (self.working, "B")
        )  # fmt: skip
        return "P" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0D")

    def after(self, day: date, holidays: frozenset[date] = frozenset()) -> date:
        """Return the last day of the period that an event on `day` starts.

        The day of the event is not counted. Months end on the same date number, or on that
        month's last day where there is none.

        :param day: day of the event.
        :param holidays: days that are no working days besides Saturdays and Sundays.

        Source: Regulation (EEC, Euratom) No 1182/71 Article 3.
        """
        end = months_after(day, 12 * self.years + self.months) + timedelta(days=self.days)
        for _ in range(self.working):
            end = next_working_day(end + timedelta(days=1), holidays)
        return end

    def after_year(self, end: date) -> date:
        """Return the last day of the period that begins when a year ends.

        It is counted from the first day of the next year, so that it ends as that year began: seven
        years from 28 February 2025 end on 29 February 2032, six months from 30 June on 31 December.

        :param end: last day of the year.
        """
        return max(self.after(end), self.after(end + timedelta(days=1)) - timedelta(days=1))


def period(text: str) -> Period:
    """Read a period: ISO 8601 in years, months, weeks and days, or ``P10B`` for working days.

    :param text: for example ``P3Y``, ``P1Y3M``, ``P45D``, ``P10B``.
    :raises InputError: it is not a period, or none that a calendar has.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise InputError(
            "This is not a period.", "Write for example P3Y, P6M, P45D, or P10B for working days."
        )
    years, months, weeks, days, working = (int(part or 0) for part in found.groups())
    made = Period(years, months, 7 * weeks + days, working)
    if 12 * years + months + (made.days + working) / 31 > 12 * LONGEST:
        raise InputError(
            f"This period is longer than {LONGEST} years.", "Write one that ends, for example P30Y."
        )
    return made


def months_after(day: date, months: int) -> date:
    """Return the same day a number of months later, or that month's last day.

    :param day: where to start.
    :param months: whole months, 0 or more.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_working_day(day: date, holidays: frozenset[date] = frozenset()) -> date:
    """Return `day`, or the first working day after it when it is none."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def year_end(day: date, month: int = 12, last: int = 31) -> date:
    """Return the last day of the year, calendar or fiscal, that a day lies in.

    :param day: the day.
    :param month: month in which the year ends.
    :param last: its last day; 29 February ends on the 28th in other years.
    """
    for year in (day.year, day.year + 1):
        end = date(year, month, min(last, monthrange(year, month)[1]))
        if day <= end:
            return end
    raise AssertionError("every day lies in a year")
