"""Which days of an event have come of age: the windows of dates that a look has to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from .period import Period, year_end
from .retention import last_day
from .rule import Start

MARGIN = timedelta(days=2)
"""How far a date at the host may lie from the property's day: zones on both sides."""


@dataclass(frozen=True)
class Term:
    """How a period runs: its length, from which day, and when the fiscal year ends.

    :param length: the period.
    :param start: from which day it runs once the event has happened.
    :param fiscal: month and day on which the operator's fiscal year ends.
    """

    length: Period
    start: Start = Start.EVENT
    fiscal: tuple[int, int] = (12, 31)

    def ends(self, day: date) -> date:
        """Return the last day of the period that an event on `day` starts."""
        if self.start is Start.YEAR_END:
            day = year_end(day)
        elif self.start is Start.FISCAL_YEAR_END:
            day = year_end(day, *self.fiscal)
        return last_day(self.length, self.start, day)

    def ripe(self, day: date) -> date:
        """Return the latest day of an event whose period was over before `day`.

        The first day of the calendar when there is none.
        """
        low, high = 1, day.toordinal()
        while low < high:
            middle = (low + high + 1) // 2
            if self.ends(date.fromordinal(middle)) < day:
                low = middle
            else:
                high = middle - 1
        return date.fromordinal(low)


@dataclass(frozen=True)
class Window:
    """Dates to read.

    :param after: the last day that is not in it; None when it has no beginning.
    :param until: its last day.
    """

    after: date | None
    until: date


def windows(terms: Iterable[Term], last: date | None, day: date) -> tuple[Window, ...]:
    """Return which dates came of age since the last look, apart from each other and in order.

    :param terms: the periods that may end something.
    :param last: day of the last look, or None when there was none.
    :param day: today, UTC.
    """
    known = set(terms)
    if not known:
        return ()
    if last is None:
        return (Window(None, max(term.ripe(day + MARGIN) for term in known)),)
    pairs = sorted((term.ripe(last - MARGIN), term.ripe(day + MARGIN)) for term in known)
    found: list[tuple[date, date]] = []
    for low, high in pairs:
        if low >= high:
            continue
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return tuple(Window(low, high) for low, high in found)
