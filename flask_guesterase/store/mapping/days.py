"""What day a host's value means on the wall of its property; some only stand for none."""

from __future__ import annotations

import string
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Integer, Interval, LargeBinary, Numeric, Time, Uuid

NUMBERS = (Integer, Numeric, Boolean)
"""Types of columns whose values tell no day: which number stands for one, only the host knows."""

DAYLESS = (*NUMBERS, Time, Interval, LargeBinary, Uuid)
"""All types of which no value tells a day."""

FIRST, LAST = date(1970, 1, 2), date(2899, 12, 31)
"""The days on which something of a guest's can happen.

Systems write the first day of their calendar where nobody said one, and its last one for an open
end. Taken for days, those would end a record at once, or on no day a calendar has.
"""


def day_of(value: Any, naive: ZoneInfo, zone: ZoneInfo) -> date | None:
    """Return the day at the property that a host's value means, or None when it means none.

    :param value: a date, a date-time, or either as ISO text; one before `FIRST` or after `LAST`
        only stands for none.
    :param naive: zone of date-times that name none.
    :param zone: zone of the property.
    """
    day = day_or_end(value, naive, zone)
    return None if day is None or day > LAST else day


def day_or_end(value: Any, naive: ZoneInfo, zone: ZoneInfo) -> date | None:
    """Return the same, and for an open end a day behind `LAST`."""
    moment = moment_of(value, naive)
    if isinstance(moment, datetime):
        # The ends of the calendar have no counterpart in half of the zones.
        edge = not FIRST.year <= moment.year <= LAST.year
        moment = moment.date() if edge else _later(moment, zone)
    return None if moment is None or moment < FIRST else moment


def _later(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day of a moment; of an hour that came twice, or not at all, the later one."""
    return max(moment.replace(fold=fold).astimezone(zone).date() for fold in (0, 1))


def latest(values: Iterable[Any], naive: ZoneInfo, zone: ZoneInfo) -> date | None:
    """Return the latest day at the property that a host's values mean, or None: it is not known.

    What has an open end has not happened, whatever another value says; and a text that nobody can
    read may be the latest.

    :param values: as of `day_of`.
    :param naive: zone of date-times that name none.
    :param zone: zone of the property.
    """
    days: list[date] = []
    for value in values:
        day = day_or_end(value, naive, zone)
        if day is not None:
            days.append(day)
        elif is_unread(value, naive):
            return None
    last = max(days, default=None)
    return None if last is None or last > LAST else last


NOUGHT = string.whitespace + "0-./:TZ"
"""What a text is made of that stands for no day: 0000-00-00, or a stroke."""


def is_unread(value: Any, naive: ZoneInfo) -> bool:
    """Return whether a value is a text that says something, and no day that can be read.

    :param value: as of `day_of`.
    :param naive: zone of date-times that name none.
    """
    said = isinstance(value, str) and bool(value.strip(NOUGHT))
    return said and moment_of(value, naive) is None


def moment_of(value: Any, naive: ZoneInfo) -> date | datetime | None:
    """Return a host's value as a day, or as a moment with its zone; None when it is neither.

    :param value: a date, a date-time, or either as ISO text.
    :param naive: zone of date-times that name none.
    """
    if isinstance(value, str):
        value = value.strip()
        if "W" in value:
            # The days of weeks sort behind all others of their year: none would be found in time.
            return None
        try:
            value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=naive)
    return value if isinstance(value, date) else None


def end_of(day: date, zone: str) -> datetime:
    """Return the first moment after a property's day, naive UTC."""
    end = datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))
    return end.astimezone(UTC).replace(tzinfo=None)


def last_utc_day(day: date, zone: str) -> date:
    """Return the UTC day in which a property's day ends: west of Greenwich that is the next."""
    end = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=ZoneInfo(zone))
    return end.astimezone(UTC).date()


def last_whole_day(day: date, zone: str) -> date:
    """Return the last day of a property that ends within a UTC day, or before it."""
    return day if last_utc_day(day, zone) <= day else day - timedelta(days=1)
