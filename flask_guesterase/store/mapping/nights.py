"""A night of a property in the terms of a host's column: days, moments of some zone, or texts."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, and_, or_, type_coerce

from ..statements.hosted import plain
from ..statements.sql import python_type


@dataclass(frozen=True)
class Night:
    """One night, as the columns of a table may mean it.

    A moment that names no zone is one of the zone that the policy names. Where that names none, it
    may have been written by the property's own clock or in UTC, so that the night is as long as
    the two say together.

    :param day: the day on the property's wall.
    :param zone: zone of the property.
    :param naive: zone of the table's moments that name none, or empty.
    :param moments: columns whose moments the engine tells in the zone of the session, ours in UTC.
    """

    day: date
    zone: str
    naive: str = ""
    moments: frozenset[str] = frozenset()

    def begun(self, first: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a first night is this one, or one before it."""
        value, until = self._value(first), self._bounds(first)[1]
        if _kind(first) is not str:
            return cast("ColumnElement[bool]", value <= until)
        late = f"{_beside(self.day, _FAR).isoformat()}T99"
        return or_(and_(~_zoned(value), value <= until), and_(_zoned(value), value <= late))

    def lasting(self, last: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a last night is this one, or one after it."""
        value, since = self._value(last), self._bounds(last)[0]
        if _kind(last) is not str:
            return cast("ColumnElement[bool]", value >= since)
        early = _beside(self.day, -_FAR).isoformat()
        return or_(and_(~_zoned(value), value >= since), and_(_zoned(value), value >= early))

    def days(self, column: Column[Any]) -> tuple[str, str]:
        """Return the first and the last day, ISO, that stand in such a column for this night."""
        begin, end = self._span(column)
        return begin.date().isoformat(), end.date().isoformat()

    def _value(self, column: Column[Any]) -> ColumnElement[Any]:
        # What a type of the host's makes of a moment is not asked: it may take none of ours.
        return type_coerce(column, plain(column.type))

    def _bounds(self, column: Column[Any]) -> tuple[Any, Any]:
        """Return between what the column's values of this night lie."""
        kind, (begin, end) = _kind(column), self._span(column)
        if kind is datetime:
            return begin, end
        if kind is date:
            return begin.date(), end.date()
        # A text of a moment goes on behind its day.
        return begin.date().isoformat(), f"{end.date().isoformat()}T99"

    def _span(self, column: Column[Any]) -> tuple[datetime, datetime]:
        """Return the night's first and last moment, as a column writes them without a zone."""
        # Where clocks go back at midnight its last hour comes twice, and the second one counts too.
        begin, end = (datetime.combine(self.day, at) for at in (time.min, time.max.replace(fold=1)))
        kind, home = _kind(column), ZoneInfo(self.zone)
        if kind is date:
            return begin, end
        zones: list[tzinfo]
        if kind is datetime and column.name in self.moments:
            zones = [UTC]
        elif self.naive:
            zones = [ZoneInfo(self.naive)]
        else:
            zones = [home, UTC] if kind is datetime else [home]
        try:
            spans = [(_there(begin, home, each), _there(end, home, each)) for each in zones]
        except OverflowError:
            # Nobody slept in the first or the last year that there is.
            return begin, end
        return min(first for first, _ in spans), max(last for _, last in spans)


_FAR = timedelta(days=2)
"""How far the day of a text that names its zone may lie from the property's."""


def _zoned(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a text is a moment that names its zone, which no SQL can reckon."""
    ends = ("Z", "+__:__", "-__:__", "+____", "-____")
    return and_(text.like("____-__-__%:%"), or_(*(text.like(f"%{end}") for end in ends)))


def _beside(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        return day


def unsaid(column: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a column says no night; an empty text says none either.

    :param column: column of the night.
    """
    if _kind(column) is not str:
        return column.is_(None)
    return or_(column.is_(None), type_coerce(column, plain(column.type)) == "")


def home_day(column: Column[Any], text: str, zone: str) -> str:
    """Return the day of a night as it is known where its row is sealed, ISO.

    A text that names its zone means a moment, and is told as the property's day; what else a
    column holds is compared as it is written.

    :param column: column of the night.
    :param text: its value as text.
    :param zone: zone of the property.
    """
    if _kind(column) is str:
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(text.strip())
            if moment.tzinfo is not None:
                return moment.astimezone(ZoneInfo(zone)).date().isoformat()
    return text[:10]


def _kind(column: Column[Any]) -> type:
    """Return what a column holds in the database, whatever a type of the host's makes of it."""
    return python_type(plain(column.type))


def _there(moment: datetime, home: tzinfo, zone: tzinfo) -> datetime:
    """Return what a clock of another zone shows at a moment, without the zone."""
    return moment.replace(tzinfo=home).astimezone(zone).replace(tzinfo=None)
