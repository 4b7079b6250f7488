"""By which day a guest must have an answer: pure functions of a date."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def answer_due(received: date) -> date:
    """Return the last day on which a request received on `received` must be answered.

    One calendar month: the same day of the next month, or that month's last day where there is
    none. The extension to the next working day that the law allows is not used, so that the day
    named is never too late.

    :param received: day of receipt at the property.
    :return: last day of the period.

    Source: GDPR Article 12(3); Regulation (EEC, Euratom) No 1182/71 Article 3(2)(c).
    """
    return months_after(received, 1)


def months_after(day: date, months: int) -> date:
    """Return the same day a number of months later, or that month's last day.

    :param day: where to start.
    :param months: whole months, 0 or more.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    month += 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def days_left(due: date, today: date) -> int:
    """Return the days until `due`, negative when it is past.

    :param due: last day of the period.
    :param today: day at the property.
    """
    return (due - today).days
