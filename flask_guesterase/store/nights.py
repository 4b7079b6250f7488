"""A night of a property in the terms of a host's column: days, moments of some zone, or texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, type_coerce

from .lost import plain
from .sql import python_type


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
        found: ColumnElement[bool] = self._value(first) <= self._bounds(first)[1]
        return found

    def lasting(self, last: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a last night is this one, or one after it."""
        found: ColumnElement[bool] = self._value(last) >= self._bounds(last)[0]
        return found

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


def _kind(column: Column[Any]) -> type:
    """Return what a column holds in the database, whatever a type of the host's makes of it."""
    return python_type(plain(column.type))


def _there(moment: datetime, home: tzinfo, zone: tzinfo) -> datetime:
    """Return what a clock of another zone shows at a moment, without the zone."""
    return moment.replace(tzinfo=home).astimezone(zone).replace(tzinfo=None)
