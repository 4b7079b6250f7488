"""What the demo hotel still needs a guest for; an erasure waits until it is settled.

Each is a condition over rows of one table. Whom a row blocks follows from the owner paths of the
table's policy; who only stays under a booking does not wait for its bill.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Integer, and_, cast, exists, func, or_, select

from flask_guesterase import Blocker

from .models import Booking, FolioLine, Payment, Property

COOLING = timedelta(days=1)
"""How long after check-out the minibar may still be charged."""

REGISTER = ("name", "nationality", "document_type", "document_no", "reported_at", "police_ref")


def blockers() -> list[Blocker]:
    """Return the preconditions of every hotel of the group."""
    bill: dict[str, Any] = {"by": ["booking.booker"], "shown": "booking_number"}
    return [
        Blocker("in-house", "bookings", _in_house, until=_planned_departure, shown="number"),
        Blocker("future-stay", "bookings", _expected, until=_planned_departure, shown="number"),
        Blocker("open-folio", "folios", _unsettled, **bill),
        Blocker("business-date", "folios", _day_open, until=_closed, **bill),
        Blocker("cooling", "folios", _cooling, until=_cooled, **bill),
        Blocker("group", "group_bookings", _group_runs, until=_group_ends),
        Blocker("unreported", "registrations", _unreported, needs={"registrations": REGISTER}),
    ]


def _in_house(bookings: Any, today: date) -> Any:
    return bookings.c.status == "in_house"


def _expected(bookings: Any, today: date) -> Any:
    return and_(bookings.c.status == "booked", bookings.c.planned_departure >= today)


def _planned_departure(bookings: Any) -> Any:
    return bookings.c.planned_departure


def _unsettled(folios: Any, today: date) -> Any:
    """A folio is open, or what was paid is not what was charged."""
    lines, payments = FolioLine.__table__, Payment.__table__
    charged, paid = (
        select(cast(func.round(func.coalesce(func.sum(table.c.amount), 0) * 100), Integer))
        .where(table.c.folio_id == folios.c.id)
        .scalar_subquery()
        for table in (lines, payments)
    )
    return or_(folios.c.closed_on.is_(None), charged != paid)


def _day_open(folios: Any, today: date) -> Any:
    """The hotel has not closed the day on which the folio was: a correction may still come."""
    bookings, hotels = Booking.__table__, Property.__table__
    return exists(
        select(bookings.c.id)
        .join_from(bookings, hotels, bookings.c.property_code == hotels.c.code)
        .where(
            bookings.c.number == folios.c.booking_number,
            folios.c.closed_on >= hotels.c.business_date,
        )
    )


def _cooling(folios: Any, today: date) -> Any:
    return folios.c.closed_on > today - COOLING


def _closed(folios: Any) -> Any:
    return folios.c.closed_on


def _cooled(folios: Any) -> Any:
    return folios.c.closed_on, COOLING


def _group_runs(groups: Any, today: date) -> Any:
    return groups.c.departure >= today


def _group_ends(groups: Any) -> Any:
    return groups.c.departure


def _unreported(registrations: Any, today: date) -> Any:
    """In China every guest is reported to the police; elsewhere the hotel keeps a book."""
    hotels = Property.__table__
    return and_(
        registrations.c.reported_at.is_(None),
        exists(
            select(hotels.c.code).where(
                hotels.c.code == registrations.c.property_code, hotels.c.country == "CN"
            )
        ),
    )
