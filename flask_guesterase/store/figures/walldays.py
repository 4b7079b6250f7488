"""The day on a property's wall at a moment of ours, as an expression that the database computes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Interval,
    String,
    case,
    cast,
    func,
    literal,
    literal_column,
)

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def wall_day(
    dialect: str, at: ColumnElement[Any], zone: ZoneInfo, between: tuple[datetime, datetime]
) -> ColumnElement[str]:
    """Return the day at a property of a moment, ISO; null where there is none.

    The shifts of the clock are told by Python: databases know zones of other years, or none.

    :param dialect: name of SQLAlchemy's dialect.
    :param at: column of moments, naive UTC.
    :param zone: zone of the property.
    :param between: naive UTC; what lies outside is told by the clock of the nearer end.
    """
    *shifts, (_, last) = _clocks(zone, *between)
    if dialect == "sqlite":
        moved = [(at < until, f"{seconds:+d} seconds") for until, seconds in shifts]
        by: Any = case(*moved, else_=f"{last:+d} seconds") if moved else f"{last:+d} seconds"
        return func.date(at, by, type_=String())
    if dialect == "postgresql":
        spans = [(at < until, _span(seconds)) for until, seconds in shifts]
        by = case(*spans, else_=_span(last)) if spans else _span(last)
        return func.to_char(at + by, "YYYY-MM-DD", type_=String())
    whole = [(at < until, seconds) for until, seconds in shifts]
    by = case(*whole, else_=last) if whole else literal(last)
    later = func.timestampadd(literal_column("SECOND"), by, at)
    return func.date_format(later, "%Y-%m-%d", type_=String())


def days_between(
    dialect: str, first: ColumnElement[str], last: ColumnElement[str]
) -> ColumnElement[int]:
    """Return how many days lie between two days as `wall_day` gives them.

    :param dialect: name of SQLAlchemy's dialect.
    """
    if dialect == "sqlite":
        return cast(func.julianday(last) - func.julianday(first), Integer)
    if dialect == "postgresql":
        return cast(cast(last, Date) - cast(first, Date), Integer)
    return func.datediff(last, first, type_=Integer())


def _span(seconds: int) -> ColumnElement[timedelta]:
    return cast(literal(timedelta(seconds=seconds), Interval()), Interval())


def _clocks(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, int]]:
    """Yield until when, naive UTC, the clock of a zone is how many seconds before Greenwich's."""
    at = since
    while at < until:
        then = min(at + _DAY, until)
        if _ahead(zone, then) != _ahead(zone, at):
            yield _shift(zone, at, then), _ahead(zone, at)
        at = then
    yield until, _ahead(zone, until)


def _shift(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the second at which the clock of a zone is put to another time."""
    low, high = 0, int((after - before).total_seconds()) + 1
    while high - low > 1:
        half = (low + high) // 2
        same = _ahead(zone, before + half * _SECOND) == _ahead(zone, before)
        low, high = (half, high) if same else (low, half)
    return before + high * _SECOND


def _ahead(zone: ZoneInfo, at: datetime) -> int:
    shift = at.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return 0 if shift is None else int(shift.total_seconds())
