"""The first page: who arrives, who is in the house, who leaves; and the search for a booking."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request
from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import joinedload, selectinload

from ..base import db
from ..models import Booking, Guest
from .blueprint import bp, hotel, need


def listed(*conditions: ColumnElement[bool], limit: int = 200) -> Sequence[Booking]:
    """Return this hotel's bookings that meet `conditions`, with everything a list shows."""
    return db.session.scalars(
        db.select(Booking)
        .where(Booking.property_code == hotel().code, *conditions)
        .options(joinedload(Booking.booker), selectinload(Booking.guests))
        .order_by(Booking.room_no, Booking.number)
        .limit(limit)
    ).all()


@bp.get("/")
@need("view")
def board() -> str:
    """Show the day of the hotel."""
    today = hotel().business_date
    staying = listed(Booking.status == "in_house")
    return render_template(
        "pms/board.html",
        arrivals=listed(Booking.status == "booked", Booking.planned_arrival <= today),
        staying=[one for one in staying if one.planned_departure > today],
        leaving=[one for one in staying if one.planned_departure <= today],
    )


@bp.get("/bookings")
@need("view")
def bookings() -> str:
    """Find bookings by number, by booker or by who stays, newest first."""
    wanted = request.args.get("q", "").strip()
    found: Sequence[Booking] = ()
    if wanted:
        like = Guest.name.contains(wanted, autoescape=True)
        found = listed(
            or_(
                Booking.number == wanted.upper(),
                Booking.external_ref == wanted,
                Booking.booker.has(like),
                Booking.guests.any(like),
            ),
            limit=100,
        )
    else:
        found = listed(Booking.status == "booked", limit=100)
    return render_template("pms/bookings.html", found=found, wanted=wanted)
