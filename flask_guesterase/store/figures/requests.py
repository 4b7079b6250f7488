"""Requests as figures need them, counted by the database; those of invented guests are none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, func, null, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from ...core.canary import KIND
from ...core.deadlines import days_left, paused
from ...core.figures import Alike, Month, ages, by_month, spread
from ...core.lifecycle import COPIES, UNANSWERED, State
from .. import tables
from ..casework import answering
from ..casework.cases import day_at
from ..messages import unheard
from ..requests import deadlines
from ..settings import Property
from ..statements.sql import one_of
from ..work import Work
from . import heard
from .walldays import days_between, wall_day

_DECIDED = COPIES | {State.REFUSED, State.COMPLAINT, State.EXPIRED}
"""States in which it is what was decided; of what expires, only a copy that lay ready was."""


def monthly(work: Work, hotel: Property, wanted: Sequence[str]) -> list[Month]:
    """Return what each month brought at a property.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    return by_month(_received(work, hotel, wanted[0]), wanted)


def days(work: Work, hotel: Property, wanted: Sequence[str]) -> tuple[int, int] | None:
    """Return median and ninetieth percentile of the days until the answer, over months together.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    return spread(case for case in _received(work, hotel, wanted[0]) if case.month in wanted)


def waiting(work: Work, hotel: Property) -> dict[str, int]:
    """Return how many open requests of a property are how old, by days since their receipt."""
    today = day_at(hotel, work.now)
    table = tables.request
    found = select(table.c.received_at).where(
        table.c.property == hotel.code, table.c.kind != KIND,
        table.c.state.in_([state.value for state in UNANSWERED]),
    )  # fmt: skip
    return ages(
        (today - _day(hotel, at)).days for at in work.conn.execute(found).scalars()
    )


def _received(work: Work, hotel: Property, first: str) -> list[Alike]:
    """Return the requests since a month, those together that figures cannot tell apart."""
    days = _days(work, hotel, first)
    each, dialect = days.c, work.conn.dialect.name
    waits = each.answered.is_(None) & each.state.in_([state.value for state in UNANSWERED])
    wanted = (
        func.substr(each.received, 1, 7).label("month"), each.channel, each.state, each.ground,
        days_between(dialect, each.received, each.answered).label("days"),
        case((_is_late(each, day_at(hotel, work.now)), 1), else_=0).label("late"),
        # Of what is answered, or ended without one, nobody asks any more when it was due.
        case((waits, each.due_on)).label("due_on"), case((waits, each.asked)).label("asked"),
        case((waits, each.kind)).label("kind"),
    )  # fmt: skip
    told = heard.before(days, day_at(hotel, work.now))
    found = select(*wanted).where(~told).subquery().c
    counted: Select[Any] = select(*found, func.count().label("many")).group_by(*found)
    rest = heard.of(work, hotel, days, wanted[:5], told)
    return [*(_alike(work, hotel, row) for row in work.conn.execute(counted)), *rest]


def _is_late(each: ReadOnlyColumnCollection[str, Any], today: date) -> ColumnElement[bool]:
    """Return whether a request was answered after its day, or its guest was never told in it."""
    untold = and_(each.answered.is_(None), each.ended == 1, each.due_on < today.isoformat())
    return or_(each.answered > each.due_on, untold)


def _days(work: Work, hotel: Property, first: str) -> Subquery:
    """Return the requests since a month, with the days on which what happened at the property.

    Of what ended and of which no letter that says so reached its guest, none of the answer; where
    they were not told that it takes longer, it was due before.
    """
    table, dialect = tables.request.c, work.conn.dialect.name
    untold, sooner = sorted(unheard.unanswered(work)), deadlines.sooner(work, hotel)
    by_day: dict[str, list[str]] = {}
    for number, day in sorted(sooner.items()):
        by_day.setdefault(day, []).append(number)
    due_on = case(
        *((one_of(table.number, numbers), day) for day, numbers in by_day.items()),
        else_=table.due_on,
    ) if by_day else table.due_on
    # A day more: east of Greenwich the month begins earlier.
    since = datetime.fromisoformat(f"{first}-01") - timedelta(days=1)
    between, zone = (since, work.stamp), ZoneInfo(hotel.zone)
    refused = table.state == State.REFUSED.value
    granted = table.state.in_([state.value for state in heard.GRANTED])
    # An erasure is answered once it was checked: with its first certificate.
    first_one = tables.certificate.c
    certified = and_(first_one.request == table.number, first_one.supplement == 0)
    ended = one_of(table.number, untold)
    answered = case(
        (ended, null()),
        (granted, func.coalesce(first_one.issued_at, table.erased_at)),
        (table.state.in_([state.value for state in _DECIDED]), table.decided_at),
    )
    # While identity is asked for the clock may stand still.
    asked = case((table.state == State.RECEIVED.value, table.acknowledged_at))
    # From it on a guest who was told what it waited for has the time that the law gives.
    erased = case((granted | (table.state == State.CHECKING.value), table.erased_at))
    return (
        select(
            table.number, table.channel, table.state, table.kind, due_on.label("due_on"),
            case((ended, 1), else_=0).label("ended"),
            case((refused, table.ground)).label("ground"),
            wall_day(dialect, table.received_at, zone, between).label("received"),
            wall_day(dialect, answered, zone, between).label("answered"),
            wall_day(dialect, asked, zone, between).label("asked"),
            wall_day(dialect, erased, zone, between).label("erased"),
        )
        .select_from(tables.request.outerjoin(tables.certificate, certified))
        .where(
            and_(table.property == hotel.code, table.kind != KIND, table.received_at >= since)
        )
        .subquery()
    )  # fmt: skip


def _alike(work: Work, hotel: Property, row: Row[Any]) -> Alike:
    late = bool(row.late)
    if row.due_on is not None:
        late = day_at(hotel, work.now) > _due(work, hotel, row)
    return Alike(
        row.month, row.channel, "" if State(row.state) in UNANSWERED else row.state,
        row.ground or "", row.days, late, row.many,
    )  # fmt: skip


def _due(work: Work, hotel: Property, row: Row[Any]) -> date:
    """Return the last day for an answer, as `deadlines.due` does."""
    written = date.fromisoformat(row.due_on)
    if row.asked is None or not answering.periods(work, hotel, row.kind).pause_identity:
        return written
    waited = days_left(day_at(hotel, work.now), date.fromisoformat(row.asked))
    return paused(written, waited)


def _day(hotel: Property, at: datetime) -> date:
    return day_at(hotel, at.replace(tzinfo=UTC))
