"""A test guest that books, stays and leaves, so that one sees where erased guests come back.

It is house use: no line in the guest register, no invoice and no payment, so that neither police
nor tax books hold anybody who was never there.
"""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from flask_guesterase.core.canary import Invented

from .audit import record
from .foreign import Message
from .models import Booking, Folio, Guest, HousekeepingNote, Property, Room, Staff
from .models import booking_companions as companions


def stay(code: str, session: Session, invented: Invented) -> Guest:
    """Let the test guest book, stay two nights and leave two days ago; nothing is committed.

    :param code: code of the property.
    :param session: the session to add rows to.
    :param invented: who it says it is.
    """
    hotel = session.get_one(Property, code)
    came, left = (hotel.business_date - timedelta(days=days) for days in (4, 2))
    guest = Guest(
        property_code=code, name=invented.name, given_name="Canary", family_name=invented.family,
        email=invented.email, phone=invented.phone, nationality="XX", document_type="passport",
        document_no=invented.document, preferences={"note": f"for {invented.name}"},
        notes=f"House test, call {invented.phone}", created_on=came,
    )  # fmt: skip
    session.add(guest)
    session.flush()
    booking = Booking(
        property_code=code, number=f"{code}T{secrets.token_hex(5)}", booker_id=guest.id,
        status="departed", planned_arrival=came, planned_departure=left,
        arrived_at=datetime.combine(came, time(15)), departed_at=datetime.combine(left, time(11)),
        source="direct", external_ref=invented.document, contact_phone=invented.phone,
        wishes=f"quiet room for {invented.name}", amount=Decimal(0),
        created_at=datetime.combine(came, time(9)),
    )  # fmt: skip
    session.add(booking)
    session.flush()
    session.execute(
        insert(companions).values(booking_id=booking.id, guest_id=guest.id, role="main")
    )
    _papers(session, hotel, booking, invented)
    session.flush()
    return guest


def _papers(session: Session, hotel: Property, booking: Booking, invented: Invented) -> None:
    """Let the house write about the guest what it writes about everybody."""
    room = session.scalars(select(Room).where(Room.property_code == hotel.code)).first()
    clerk = session.scalars(select(Staff).where(Staff.property_code == hotel.code)).first()
    session.add(Folio(
        booking_number=booking.number, currency=hotel.currency, opened_on=booking.planned_arrival,
        closed_on=booking.planned_departure,
    ))  # fmt: skip
    session.add(Message(
        property_code=hotel.code, channel="email", recipient=invented.email, booking_id=booking.id,
        subject=f"Your booking {booking.number}", body=f"Dear {invented.name}, welcome.",
        sent_at=booking.created_at,
    ))  # fmt: skip
    if room is not None and clerk is not None:
        session.add(HousekeepingNote(
            property_code=hotel.code, room_no=room.number, booking_id=booking.id,
            on_day=booking.planned_arrival, text=f"{invented.name} left a scarf",
            author=clerk.login,
        ))  # fmt: skip
    if clerk is not None:
        record(session, clerk, "booking.check_out", ("bookings", booking.id),
               {"room": booking.room_no}, {"guest": invented.name})  # fmt: skip
