"""What happens to each table of the demo hotel when a guest asks to be erased.

The hotel's own tables and the other vendors' are declared the same way: from outside, by name or
by class. `flask --app example_pms guesterase check` says whether anything is left open.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, case, cast, or_, select, union_all

from flask_guesterase import (
    Equal,
    File,
    Policy,
    Register,
    Subject,
    delete,
    exempt,
    keep,
    mentions,
    null,
    placeholder,
    redact,
    retain,
)

from .foreign import Invoice, Message, audit_log
from .models import (
    Booking,
    Folio,
    FolioLine,
    GroupBooking,
    Guest,
    HousekeepingNote,
    IdDocumentFile,
    LoyaltyAccount,
    MarketingConsent,
    Payment,
    Property,
    Registration,
    Room,
    Staff,
    booking_companions,
)

_HOUSE = keep("which hotel the row belongs to; says nothing about a person")
_STATS = keep("occupancy statistics; names nobody once the guest's row is overwritten")
_BOOKS = keep("bookkeeping: totals must not change")
_STAFF_ACT = keep("which clerk acted; staff are not erased through the guests' door")


def policies(scans: str) -> list[tuple[Any, Any]]:
    """Return the declarations of every table.

    :param scans: folder of the identity-document scans.
    """
    return [*_people(), *_stays(), *_money(), *_papers(scans), *_nobody()]


def _people() -> list[tuple[Any, Any]]:
    guest = Policy(
        {
            "property_code": _HOUSE,
            "name": redact,
            "given_name": null,
            "family_name": null,
            "email": placeholder,
            "phone": null,
            "nationality": null,
            "birth_date": null,
            "document_type": "",
            "document_no": null,
            "address": null,
            "loyalty_no": null,
            "vip": False,
            "preferences": null,
            "notes": null,
            "newsletter": False,
            "marketing_source": null,
            "created_on": keep("age of the profile, for reports"),
        },
        subject=Subject(
            match={
                "email": "email",
                "phone": "phone",
                "document": "document_no",
                "booking": _by_booking,
            },
            name="name",
            contact=["email", "phone"],
            property="property_code",
        ),
        category="reservation",
        clock={
            "created": "created_on",
            "last_activity": ["created_on", "booked.planned_departure", "stays.planned_departure"],
        },
        facts={"birth": "birth_date"},
        optional=["preferences", "notes", "marketing_source", "vip"],
    )
    loyalty = Policy(
        {
            "number": keep("random number; other rows point at it"),
            "property_code": _HOUSE,
            "holder": redact,
            "email": placeholder,
            "tier": keep("statistics of the programme"),
            "points": keep("liability in the books"),
            "joined_on": keep("statistics of the programme"),
        },
        via=Equal({"number": "loyalty_no"}, to="guests"),
        category="reservation",
    )
    consent = Policy({}, via="guest", rows=delete, category="marketing_consent")
    return [(Guest, guest), (LoyaltyAccount, loyalty), (MarketingConsent, consent)]


def _by_booking(guests: Any, number: str) -> Any:
    """Match the people who booked or stay under a booking number."""
    bookings, link = Booking.__table__, booking_companions
    booked = select(bookings.c.booker_id).where(bookings.c.number == number.strip())
    staying = (
        select(link.c.guest_id)
        .join_from(link, bookings, link.c.booking_id == bookings.c.id)
        .where(bookings.c.number == number.strip())
    )
    return or_(guests.c.id.in_(booked), guests.c.id.in_(staying))


def _stays() -> list[tuple[Any, Any]]:
    booking = Policy(
        {
            "property_code": _HOUSE,
            "number": keep("random number; invoices and folios point at it"),
            "status": _STATS,
            "planned_arrival": _STATS,
            "planned_departure": _STATS,
            "arrived_at": _STATS,
            "departed_at": _STATS,
            "cancelled_on": _STATS,
            "room_no": _STATS,
            "source": _STATS,
            "external_ref": null,
            "ota_message": null,
            "contact_phone": null,
            "wishes": null,
            "amount": _BOOKS,
            "created_at": _STATS,
        },
        via={
            "booker": [
                "external_ref", "ota_message", "contact_phone", "source", "amount", "created_at",
                "cancelled_on",
            ],
            # What the house wrote down of a wish is the main guest's, who need not have booked.
            _main_guest: ["wishes"],
            "guests": [],
        },
        category="reservation",
        source="the booking, made here or on a booking site",
        # Who slept in one room knows when, and which one.
        joint=[
            "property_code", "number", "status", "planned_arrival", "planned_departure",
            "arrived_at", "departed_at", "room_no",
        ],
        clock={
            "departed": "departed_at",
            "cancelled": "cancelled_on",
            "no_show": _missed,
            "created": "created_at",
        },
        facts={"outcome": "status"},
    )
    companions = Policy({"role": _STATS}, via="guest_id", category="reservation")
    group = Policy(
        {
            "property_code": _HOUSE,
            "title": redact,
            "contact_email": null,
            "remarks": null,
            "arrival": _STATS,
            "departure": _STATS,
        },
        via="organiser",
        category="reservation",
    )
    notes = Policy(
        {
            "property_code": _HOUSE,
            "room_no": _STATS,
            "on_day": _STATS,
            # About the room as much as about the guest, and often about two guests.
            "text": mentions,
            "author": _STAFF_ACT,
        },
        via={"booking_id.booker": [], "booking_id.guests": [], _lodged: []},
        apart=["author"],
        category="reservation",
    )
    return [
        (Booking, booking),
        (booking_companions, companions),
        (GroupBooking, group),
        (HousekeepingNote, notes),
    ]


def _main_guest(bookings: Any) -> Any:
    """A booking is its main guest's too, by the role and not by who booked."""
    link = booking_companions
    return select(bookings.c.id, link.c.guest_id).join_from(
        bookings, link, (link.c.booking_id == bookings.c.id) & (link.c.role == "main")
    )


def _lodged(notes: Any) -> Any:
    """Notes without a booking belong to who had the room on that day; on some days two had it."""
    guests, bookings, link = Guest.__table__, Booking.__table__, booking_companions
    there = (
        (notes.c.property_code == bookings.c.property_code)
        & (notes.c.room_no == bookings.c.room_no)
        & notes.c.on_day.between(bookings.c.planned_arrival, bookings.c.planned_departure)
        & notes.c.booking_id.is_(None)
    )
    bookers = select(notes.c.id.label("note"), bookings.c.booker_id.label("guest")).join_from(
        notes, bookings, there
    )
    staying = (
        select(notes.c.id, link.c.guest_id)
        .join_from(notes, bookings, there)
        .join(link, link.c.booking_id == bookings.c.id)
    )
    both = union_all(bookers, staying).subquery("lodged")
    return select(both.c.note, guests.c.id).join_from(both, guests, guests.c.id == both.c.guest)


def _missed(bookings: Any) -> Any:
    """Date a booking nobody came for by the day it would have ended."""
    return case((bookings.c.status == "no_show", bookings.c.planned_departure))


def _money() -> list[tuple[Any, Any]]:
    folio = Policy(
        {"currency": _BOOKS, "opened_on": _BOOKS, "closed_on": _BOOKS},
        # The bill is whose booking it is: who else stays reads nothing of it in a copy.
        via={
            "booking.booker": ["currency", "opened_on", "closed_on"],
            "booking.guests": [],
        },
        category="invoice_accounting",
    )
    line = Policy(
        {
            "posted_on": _BOOKS,
            # "Minibar" is the books'; whose it was is whoever the clerk named, mostly who stays.
            "description": mentions,
            "amount": _BOOKS,
            "posted_by": _STAFF_ACT,
        },
        via={
            "folio.booking.booker": ["posted_on", "amount"],
            "folio.booking.guests": [],
        },
        apart=["posted_by"],
        category="invoice_accounting",
    )
    payment = Policy(
        {
            "method": _BOOKS,
            "amount": _BOOKS,
            "paid_at": _BOOKS,
            # Who booked, who stays or a company: the name says whose it is, and no path does.
            "payer": mentions,
            "card_last4": null,
        },
        via={
            "folio.booking.booker": ["method", "amount", "paid_at", "card_last4"],
            "folio.booking.guests": [],
        },
        category="invoice_accounting",
    )
    invoice = Policy(
        {
            "number": _BOOKS,
            "property_code": _HOUSE,
            "booking_number": _BOOKS,
            "billed_to": retain("invoice_accounting"),
            "billed_address": retain("invoice_accounting"),
            "issued_on": _BOOKS,
            "total_cents": _BOOKS,
            "tax_cents": _BOOKS,
            "currency": _BOOKS,
        },
        via={
            _invoice_booker: [
                "number", "property_code", "booking_number", "issued_on", "total_cents",
                "tax_cents", "currency",
            ],
            Equal({"booking_number": "number"}, to="bookings"): [],
        },
        category="invoice_accounting",
        clock="issued_on",
    )
    return [(Folio, folio), (FolioLine, line), (Payment, payment), (Invoice, invoice)]


def _invoice_booker(invoices: Any) -> Any:
    """An invoice is who booked's; whom it names is the invoice's own, a company perhaps."""
    bookings = Booking.__table__
    return select(invoices.c.id, bookings.c.booker_id).join_from(
        invoices, bookings, invoices.c.booking_number == bookings.c.number
    )


def _papers(scans: str) -> list[tuple[Any, Any]]:
    registration = Policy(
        {
            "property_code": _HOUSE,
            "room_no": _STATS,
            "first_night": _STATS,
            "last_night": _STATS,
            "name": retain("guest_register"),
            "nationality": retain("guest_register"),
            "document_type": retain("guest_register"),
            "document_no": retain("guest_register"),
            "reported_at": retain("guest_register"),
            "police_ref": retain("guest_register"),
        },
        via="guest",
        category="guest_register",
        source="the document shown at check-in",
        clock={
            "departed": "booking.departed_at",
            "created": "booking.arrived_at",
            "transmitted": "reported_at",
        },
        facts={"nationality": "nationality", "birth": "guest.birth_date"},
        register=Register(
            room="room_no",
            first_night="first_night",
            last_night="last_night",
            name="name",
            document="document_no",
            reported="reported_at",
        ),
    )
    scan = Policy(
        {"path": File(root=scans, also=["{stem}.thumb{suffix}"])},
        via="guest",
        rows=delete,
        category="identity_document_copy",
        clock={"recorded": "taken_at"},
    )
    mine = ["recipient", "subject", "body"]
    message = Policy(
        {
            "property_code": _HOUSE,
            "channel": keep("how many messages went which way"),
            "booking_id": keep("random number of a booking, or 0"),
            "recipient": redact,
            "subject": redact,
            "body": redact,
            "sent_at": keep("how many messages went when"),
        },
        via={
            # A mailbox may be shared: what is about a booking is its booker's alone.
            Equal({"recipient": "email", "property_code": "property_code"}, to="guests"): [],
            _message_booker: mine,
        },
        category="correspondence",
        clock={"recorded": "sent_at"},
    )
    audit = Policy(
        {
            "at": keep("when the module wrote the line"),
            "property_code": _HOUSE,
            "actor": _STAFF_ACT,
            "action": keep("what was done, in one word"),
            "entity": keep("which table"),
            "entity_key": keep("random or serial key of a row"),
            "old": null,
            "new": null,
        },
        via=_audited,
        apart=["actor"],
        category="audit_record",
        clock={"recorded": "at"},
    )
    return [
        (Registration, registration),
        (IdDocumentFile, scan),
        (Message, message),
        (audit_log, audit),
    ]


def _message_booker(messages: Any) -> Any:
    """Messages about a booking belong to who booked.

    The mailing module often leaves the booking at 0 and names it in the subject alone.
    """
    guests, bookings = Guest.__table__, Booking.__table__
    by_id = (messages.c.booking_id != 0) & (messages.c.booking_id == bookings.c.id)
    ways = [by_id, *(messages.c.subject == f"{what} " + bookings.c.number for what in _SUBJECTS)]
    about = union_all(
        *(
            select(messages.c.id.label("message"), bookings.c.booker_id.label("booker")).join_from(
                messages, bookings, way
            )
            for way in ways
        )
    ).subquery("about")
    return select(about.c.message, guests.c.id).join_from(
        about, guests, guests.c.id == about.c.booker
    )


_SUBJECTS = ("Your booking", "Thank you")


def _audited(audit: Any) -> Any:
    """Audit lines belong to the guest they are about, or to the main guest of their booking.

    The front desk names nobody else in them: a line goes whole, with the mailbox and the name that
    a guest had before, which `mentions` would not know.
    """
    guests, bookings, link = Guest.__table__, Booking.__table__, booking_companions
    about_guest = select(audit.c.id.label("line"), guests.c.id.label("guest")).join_from(
        audit, guests, (audit.c.entity == "guests") & (audit.c.entity_key == _text(guests.c.id))
    )
    about_booking = (
        select(audit.c.id, link.c.guest_id)
        .join_from(audit, bookings, _is_booking(audit, bookings))
        .join(link, (link.c.booking_id == bookings.c.id) & (link.c.role == "main"))
    )
    both = union_all(about_guest, about_booking).subquery("about")
    return select(both.c.line, guests.c.id).join_from(both, guests, guests.c.id == both.c.guest)


def _is_booking(audit: Any, bookings: Any) -> Any:
    return (audit.c.entity == "bookings") & or_(
        audit.c.entity_key == _text(bookings.c.id), audit.c.entity_key == bookings.c.number
    )


def _text(column: Any) -> Any:
    return cast(column, String(40))


def _nobody() -> list[tuple[Any, Any]]:
    return [
        (Property, exempt("the hotels themselves")),
        (Room, exempt("rooms are not people")),
        (Staff, exempt("people who work here; their data end with their contract")),
    ]
