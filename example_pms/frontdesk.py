"""What the front desk does to a booking: arrival, departure, cancellation, and the night audit.

Nothing here commits; the page that asked does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from .audit import record, utcnow
from .foreign import Invoice, Message
from .models import (
    Booking,
    Folio,
    FolioLine,
    Guest,
    Payment,
    Property,
    Registration,
    Room,
    Staff,
    booking_companions,
)

VAT = {"CN": 6, "DE": 7}


class DeskError(Exception):
    """What was asked does not fit the booking; the message is for the clerk."""


@dataclass(frozen=True)
class Arrival:
    """One guest as the clerk reads them off an identity document.

    :param guest_id: profile of the guest, or None for a companion seen for the first time.
    """

    guest_id: int | None
    name: str
    document_type: str
    document_no: str
    nationality: str


def free_rooms(session: Session, property_code: str) -> Sequence[Room]:
    """Return the rooms of a property in which nobody sleeps now, clean ones first."""
    taken = select(Booking.room_no).where(
        Booking.property_code == property_code,
        Booking.status == "in_house",
        Booking.room_no.is_not(None),
    )
    return session.scalars(
        select(Room)
        .where(Room.property_code == property_code, Room.number.not_in(taken))
        .order_by(Room.clean.desc(), Room.number)
    ).all()


def check_in(
    session: Session, booking: Booking, room_no: str, arrivals: Sequence[Arrival], clerk: Staff
) -> list[Guest]:
    """Give the booking a room and register everybody who stays.

    :returns: the guests registered, the main guest first.
    :raises DeskError: the booking is not expected, the room is taken, or an identity is missing.
    """
    _expect(booking, "booked")
    hotel = session.get_one(Property, booking.property_code)
    if room_no not in {room.number for room in free_rooms(session, booking.property_code)}:
        raise DeskError(f"Room {room_no or '?'} is not free. Choose another one.")
    if not arrivals:
        raise DeskError("Nobody is registered. Enter at least the main guest.")
    for arrival in arrivals:
        if not arrival.name or not arrival.document_no:
            raise DeskError("Name and document number are needed for everybody who stays.")
    guests = [_known(session, booking, arrival, hotel) for arrival in arrivals]
    now = utcnow()
    booking.status, booking.room_no, booking.arrived_at = "in_house", room_no, now
    for guest, arrival in zip(guests, arrivals, strict=True):
        session.add(
            Registration(
                property_code=booking.property_code,
                booking_id=booking.id,
                guest_id=guest.id,
                room_no=room_no,
                first_night=hotel.business_date,
                last_night=max(booking.planned_departure - timedelta(days=1), hotel.business_date),
                name=arrival.name,
                nationality=arrival.nationality or None,
                document_type=arrival.document_type,
                document_no=arrival.document_no,
                reported_at=now if hotel.country == "CN" else None,
            )
        )
    session.add(
        Folio(booking_number=booking.number, currency=hotel.currency, opened_on=hotel.business_date)
    )
    # The register has their names; the audit log, of which nobody owns a part, only how many.
    record(session, clerk, "booking.check_in", ("bookings", booking.id), {"room": None},
           {"room": room_no, "guests": len(guests)})  # fmt: skip
    session.flush()
    return guests


def _known(session: Session, booking: Booking, arrival: Arrival, hotel: Property) -> Guest:
    """Return the guest's profile with the document noted, made anew for a new companion."""
    guest = session.get(Guest, arrival.guest_id) if arrival.guest_id else None
    if guest is None or guest.property_code != booking.property_code:
        guest = Guest(
            property_code=booking.property_code, name=arrival.name, created_on=hotel.business_date
        )
        session.add(guest)
        session.flush()
    if guest.id not in {one.id for one in booking.guests}:
        session.execute(
            insert(booking_companions).values(
                booking_id=booking.id, guest_id=guest.id, role="adult" if booking.guests else "main"
            )
        )
        session.expire(booking, ["guests"])
    guest.document_type, guest.document_no = arrival.document_type, arrival.document_no
    guest.nationality = arrival.nationality or guest.nationality
    return guest


def charge(session: Session, folio: Folio, words: str, amount: Decimal, clerk: Staff) -> None:
    """Put one line on an open folio.

    :raises DeskError: the folio is closed, or there is nothing to charge.
    """
    if folio.closed_on is not None:
        raise DeskError("This folio is closed.")
    if not words or amount <= 0:
        raise DeskError("A charge needs a description and an amount above zero.")
    last = max((line.order for line in folio.lines), default=0)
    hotel = session.get_one(Property, folio.booking.property_code)
    folio.lines.append(
        FolioLine(
            order=last + 1,
            posted_on=hotel.business_date,
            description=words[:120],
            amount=amount,
            posted_by=clerk.login,
        )
    )


def post_nights(session: Session, booking: Booking, until: date, clerk: Staff) -> None:
    """Charge every night slept before `until` that is not on the folio yet; at least one."""
    folio, words = booking.folio, f"Room {booking.room_no}"
    if folio is None:
        raise DeskError("The booking has no folio. Check the guest in first.")
    posted = sum(line.description == words for line in folio.lines)
    planned = max((booking.planned_departure - booking.planned_arrival).days, 1)
    rate = (booking.amount / planned).quantize(Decimal("0.01"))
    for _ in range(posted, max((until - folio.opened_on).days, 1)):
        charge(session, folio, words, rate, clerk)


def check_out(
    session: Session, booking: Booking, method: str, billed_to: str, clerk: Staff
) -> Invoice:
    """Close the folio, take the payment, write the invoice and let the guests go.

    :param method: "card", "cash" or "wechat".
    :param billed_to: name on the invoice.
    :raises DeskError: the booking is not in house, or nobody is billed.
    """
    _expect(booking, "in_house")
    if not billed_to or method not in ("card", "cash", "wechat"):
        raise DeskError("Say how it is paid and who is billed.")
    hotel = session.get_one(Property, booking.property_code)
    post_nights(session, booking, hotel.business_date, clerk)
    folio = booking.folio
    if folio is None:
        raise DeskError("The booking has no folio.")
    total = sum((line.amount for line in folio.lines), Decimal(0))
    now = utcnow()
    folio.payments.append(
        Payment(
            method=method, amount=total, paid_at=now, payer=None if method == "cash" else billed_to
        )
    )
    folio.closed_on = hotel.business_date
    booking.status, booking.departed_at = "departed", now
    for line in booking.registrations:
        line.last_night = max(hotel.business_date - timedelta(days=1), line.first_night)
    room = session.get(Room, (booking.property_code, booking.room_no))
    if room is not None:
        room.clean = False
    invoice = _invoice(session, booking, hotel, billed_to, total)
    record(session, clerk, "booking.check_out", ("bookings", booking.id), {"room": booking.room_no},
           {"invoice": invoice.number})  # fmt: skip
    return invoice


def _invoice(
    session: Session, booking: Booking, hotel: Property, billed_to: str, total: Decimal
) -> Invoice:
    prefix = f"{hotel.code}-{hotel.business_date.year}-"
    last = session.scalar(
        select(Invoice.number)
        .where(Invoice.number.startswith(prefix))
        .order_by(Invoice.number.desc())
        .limit(1)
    )
    serial = int(last.removeprefix(prefix)) + 1 if last else 1
    cents, vat = int(total * 100), VAT.get(hotel.country, 0)
    main = booking.guests[0] if booking.guests else booking.booker
    invoice = Invoice(
        number=f"{prefix}{serial:05d}",
        property_code=hotel.code,
        booking_number=booking.number,
        billed_to=billed_to[:80],
        billed_address=main.address,
        issued_on=hotel.business_date,
        total_cents=cents,
        tax_cents=cents * vat // (100 + vat),
        currency=hotel.currency,
    )
    session.add(invoice)
    if booking.booker.email:
        session.add(
            Message(
                property_code=hotel.code,
                channel="email",
                recipient=booking.booker.email,
                booking_id=booking.id,
                subject=f"Your invoice {invoice.number}",
                body=f"Dear {booking.booker.name}, thank you for your stay. {hotel.name}",
                sent_at=utcnow(),
            )
        )
    session.flush()
    return invoice


def cancel(session: Session, booking: Booking, clerk: Staff) -> None:
    """Cancel a booking that nobody has arrived for.

    :raises DeskError: somebody has arrived, or the booking has ended.
    """
    _expect(booking, "booked")
    hotel = session.get_one(Property, booking.property_code)
    booking.status, booking.cancelled_on = "cancelled", hotel.business_date
    record(session, clerk, "booking.cancel", ("bookings", booking.id), {"status": "booked"},
           {"status": "cancelled"})  # fmt: skip


def no_show(session: Session, booking: Booking, clerk: Staff) -> None:
    """Note that nobody came.

    :raises DeskError: somebody came, or the day of arrival lies ahead.
    """
    _expect(booking, "booked")
    hotel = session.get_one(Property, booking.property_code)
    if booking.planned_arrival > hotel.business_date:
        raise DeskError("They are expected later; cancel the booking instead.")
    booking.status = "no_show"
    record(session, clerk, "booking.no_show", ("bookings", booking.id), {"status": "booked"},
           {"status": "no_show"})  # fmt: skip


def night_audit(session: Session, hotel: Property, clerk: Staff) -> tuple[int, int]:
    """Post the night, mark who never came, and move the business date on.

    :returns: nights posted, bookings marked as no-show.
    """
    mine = select(Booking).where(Booking.property_code == hotel.code)
    tomorrow = hotel.business_date + timedelta(days=1)
    staying = session.scalars(mine.where(Booking.status == "in_house")).all()
    for booking in staying:
        post_nights(session, booking, tomorrow, clerk)
    due = mine.where(Booking.status == "booked", Booking.planned_arrival <= hotel.business_date)
    missing = session.scalars(due).all()
    for booking in missing:
        no_show(session, booking, clerk)
    hotel.business_date = tomorrow
    return len(staying), len(missing)


def _expect(booking: Booking, status: str) -> None:
    if booking.status != status:
        raise DeskError(f"Booking {booking.number} is {booking.status.replace('_', ' ')}.")
