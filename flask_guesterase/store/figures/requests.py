"""Requests as figures need them, read from our own rows; those of invented guests are none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from ...core.canary import KIND
from ...core.figures import Answered, Month, ages, by_month, spread
from ...core.lifecycle import DONE, OPEN, State
from .. import tables
from ..cases import Case, day_at, outline, read
from ..deadlines import due
from ..settings import Property
from ..work import Work

_ANSWERED = DONE | {State.RESTORED, State.CHECKING}


def monthly(work: Work, hotel: Property, wanted: Sequence[str]) -> list[Month]:
    """Return what each month brought at a property.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    today = day_at(hotel, work.now)
    return by_month(_received(work, hotel, wanted[0]), wanted, today)


def days(work: Work, hotel: Property, wanted: Sequence[str]) -> tuple[int, int] | None:
    """Return median and ninetieth percentile of the days until the answer, over months together.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    cases = [
        case for case in _received(work, hotel, wanted[0])
        if case.received.isoformat()[:7] in wanted
    ]  # fmt: skip
    return spread([(case.on - case.received).days for case in cases if case.on is not None])


def waiting(work: Work, hotel: Property) -> dict[str, int]:
    """Return how many open requests of a property are how old, by days since their receipt."""
    today = day_at(hotel, work.now)
    table = tables.request
    found = select(table.c.received_at).where(
        table.c.property == hotel.code, table.c.kind != KIND,
        table.c.state.in_([state.value for state in OPEN]),
    )  # fmt: skip
    return ages(
        (today - _day(hotel, at)).days for at in work.conn.execute(found).scalars()
    )


def _received(work: Work, hotel: Property, first: str) -> list[Answered]:
    table = tables.request
    # A day more: east of Greenwich the month begins earlier.
    since = datetime.fromisoformat(f"{first}-01") - timedelta(days=1)
    rows = work.conn.execute(
        select(*outline())
        .where(
            table.c.property == hotel.code, table.c.kind != KIND, table.c.received_at >= since
        )
        .order_by(table.c.id)
    )
    return [_figured(work, hotel, read(row)) for row in rows]


def _figured(work: Work, hotel: Property, case: Case) -> Answered:
    ended = case.state not in OPEN
    return Answered(
        _day(hotel, case.received_at),
        due(work, case),
        case.channel,
        case.state.value if ended else "",
        (case.ground or "") if case.state is State.REFUSED else "",
        _answer(hotel, case),
    )


def _answer(hotel: Property, case: Case) -> date | None:
    at = case.decided_at if case.state in (State.REFUSED, State.COMPLAINT) else None
    if case.state in _ANSWERED:
        at = case.erased_at
    return None if at is None else _day(hotel, at)


def _day(hotel: Property, at: datetime) -> date:
    return day_at(hotel, at.replace(tzinfo=UTC))
