"""The hotel's own models: properties, rooms, guests, stays, money and staff.

Date-times are naive UTC, as the hotel's first programmer wrote them; dates are the property's.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Model, db

STATUSES = ("booked", "in_house", "departed", "cancelled", "no_show")


class Property(Model):
    """One hotel of the group; each is its own controller."""

    __tablename__ = "properties"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    controller: Mapped[str] = mapped_column(String(120))
    country: Mapped[str] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    business_date: Mapped[date]
    night_audit_running: Mapped[bool] = mapped_column(default=False)
    contact_email: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200))


class Room(Model):
    """A room; its number is unique within its property only."""

    __tablename__ = "rooms"

    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"), primary_key=True)
    number: Mapped[str] = mapped_column(String(8), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    rate: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    clean: Mapped[bool] = mapped_column(default=True)


class LoyaltyAccount(Model):
    """A loyalty account: several guest rows of one person may point at it."""

    __tablename__ = "loyalty_accounts"

    number: Mapped[str] = mapped_column(String(16), primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"))
    holder: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    tier: Mapped[str] = mapped_column(String(10))
    points: Mapped[int]
    joined_on: Mapped[date]


class Guest(Model):
    """A guest profile of one property; one person may have several, mailboxes may be shared."""

    __tablename__ = "guests"
    __table_args__ = (
        CheckConstraint("email = '' OR email LIKE '%@%'", name="email"),
        CheckConstraint("document_type IN ('', 'id_card', 'passport', 'permit')", name="document"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"), index=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    given_name: Mapped[str | None] = mapped_column(String(40))
    family_name: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(120), default="", index=True)
    phone: Mapped[str | None] = mapped_column(String(32), index=True)
    nationality: Mapped[str | None] = mapped_column(String(2))
    birth_date: Mapped[date | None]
    document_type: Mapped[str] = mapped_column(String(10), default="")
    document_no: Mapped[str | None] = mapped_column(String(24), index=True)
    address: Mapped[str | None] = mapped_column(String(200))
    loyalty_no: Mapped[str | None] = mapped_column(
        ForeignKey("loyalty_accounts.number"), index=True
    )
    vip: Mapped[bool] = mapped_column(default=False)
    preferences: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    notes: Mapped[str | None] = mapped_column(Text)
    newsletter: Mapped[bool] = mapped_column(default=False)
    marketing_source: Mapped[str | None] = mapped_column(String(40))
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("guests.id"), index=True)
    created_on: Mapped[date]

    booked: Mapped[list[Booking]] = relationship(
        back_populates="booker", foreign_keys="Booking.booker_id"
    )
    stays: Mapped[list[Booking]] = relationship(
        secondary="booking_companions", back_populates="guests", viewonly=True
    )
    documents: Mapped[list[IdDocumentFile]] = relationship(back_populates="guest")
    registrations: Mapped[list[Registration]] = relationship(back_populates="guest")
    consents: Mapped[list[MarketingConsent]] = relationship(back_populates="guest")
    loyalty: Mapped[LoyaltyAccount | None] = relationship()


class GroupBooking(Model):
    """The master of a group: a wedding, a tour, a company; its organiser need not stay."""

    __tablename__ = "group_bookings"

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("guests.id"), index=True)
    contact_email: Mapped[str | None] = mapped_column(String(120))
    remarks: Mapped[str | None] = mapped_column(Text)
    arrival: Mapped[date]
    departure: Mapped[date]

    organiser: Mapped[Guest | None] = relationship()
    bookings: Mapped[list[Booking]] = relationship(back_populates="group")


class Booking(Model):
    """A booking of one room. Who booked it may be nobody who stays: see `booking_companions`."""

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("planned_departure > planned_arrival", name="nights"),
        ForeignKeyConstraint(
            ["property_code", "room_no"],
            ["rooms.property_code", "rooms.number"],
            name="fk_bookings_room",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"), index=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    booker_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(
        "group", ForeignKey("group_bookings.id"), index=True
    )
    status: Mapped[str] = mapped_column(String(10), index=True)
    planned_arrival: Mapped[date]
    planned_departure: Mapped[date]
    arrived_at: Mapped[datetime | None]
    departed_at: Mapped[datetime | None]
    cancelled_on: Mapped[date | None]
    room_no: Mapped[str | None] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(10))
    external_ref: Mapped[str | None] = mapped_column(String(40))
    ota_message: Mapped[str | None] = mapped_column(Text)
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    wishes: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    created_at: Mapped[datetime]

    booker: Mapped[Guest] = relationship(back_populates="booked", foreign_keys=[booker_id])
    guests: Mapped[list[Guest]] = relationship(
        secondary="booking_companions", back_populates="stays", order_by="Guest.id", viewonly=True
    )
    group: Mapped[GroupBooking | None] = relationship(back_populates="bookings")
    folio: Mapped[Folio | None] = relationship(back_populates="booking")
    registrations: Mapped[list[Registration]] = relationship(back_populates="booking")


booking_companions = Table(
    "booking_companions",
    db.metadata,
    Column("booking_id", ForeignKey("bookings.id"), primary_key=True),
    Column("guest_id", ForeignKey("guests.id"), primary_key=True, index=True),
    Column("role", String(10), nullable=False),
)
"""Who stays under a booking: role `main`, `adult` or `child`."""


class Registration(Model):
    """A line of the guest register: what was reported to the police about one staying guest."""

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    room_no: Mapped[str] = mapped_column(String(8))
    first_night: Mapped[date]
    last_night: Mapped[date]
    name: Mapped[str] = mapped_column(String(80))
    nationality: Mapped[str | None] = mapped_column(String(2))
    document_type: Mapped[str] = mapped_column(String(10))
    document_no: Mapped[str] = mapped_column("证件号码", String(24))
    reported_at: Mapped[datetime | None]
    police_ref: Mapped[str | None] = mapped_column(String(24))

    booking: Mapped[Booking] = relationship(back_populates="registrations")
    guest: Mapped[Guest] = relationship(back_populates="registrations")


class Folio(Model):
    """The guest's account; it hangs on the booking's number, not on its primary key."""

    __tablename__ = "folios"

    id: Mapped[int] = mapped_column(primary_key=True)
    booking_number: Mapped[str] = mapped_column(ForeignKey("bookings.number"), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]

    booking: Mapped[Booking] = relationship(back_populates="folio")
    lines: Mapped[list[FolioLine]] = relationship(
        back_populates="folio", order_by="FolioLine.order"
    )
    payments: Mapped[list[Payment]] = relationship(back_populates="folio", order_by="Payment.id")


class FolioLine(Model):
    """One charge; a clerk often types the guest's name into the description."""

    __tablename__ = "folio_lines"

    folio_id: Mapped[int] = mapped_column(ForeignKey("folios.id"), primary_key=True)
    order: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    posted_on: Mapped[date]
    description: Mapped[str] = mapped_column(String(120))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    posted_by: Mapped[str] = mapped_column(String(30))

    folio: Mapped[Folio] = relationship(back_populates="lines")


class Payment(Model):
    """Money received for a folio."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    folio_id: Mapped[int] = mapped_column(ForeignKey("folios.id"), index=True)
    method: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    paid_at: Mapped[datetime]
    payer: Mapped[str | None] = mapped_column("payerName", String(80))
    card_last4: Mapped[str | None] = mapped_column(String(4))

    folio: Mapped[Folio] = relationship(back_populates="payments")


class HousekeepingNote(Model):
    """Free text about a room, written in a hurry and full of names."""

    __tablename__ = "housekeeping_notes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["property_code", "room_no"],
            ["rooms.property_code", "rooms.number"],
            name="fk_housekeeping_notes_room",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"), index=True)
    room_no: Mapped[str] = mapped_column(String(8))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("bookings.id"), index=True)
    on_day: Mapped[date]
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(30))


class IdDocumentFile(Model):
    """A scan of an identity document; the file is named after the guest."""

    __tablename__ = "id_document_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    path: Mapped[str | None] = mapped_column(String(200), unique=True)
    size: Mapped[int]
    taken_at: Mapped[datetime]

    guest: Mapped[Guest] = relationship(back_populates="documents")


class MarketingConsent(Model):
    """Proof that a guest agreed to advertising, with the address it was given for."""

    __tablename__ = "marketing_consents"
    __table_args__ = (UniqueConstraint("guest_id", "channel"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"))
    channel: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(120))
    given_on: Mapped[date]
    withdrawn_on: Mapped[date | None]

    guest: Mapped[Guest] = relationship(back_populates="consents")


class Staff(Model):
    """A person who works here; `login` is the user id."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint("role IN ('reception', 'officer', 'auditor')", name="role"),)

    login: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(10))
    property_code: Mapped[str] = mapped_column(ForeignKey("properties.code"))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)

    hotel: Mapped[Property] = relationship()

    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return the login, which is what the session cookie remembers."""
        return self.login

    @property
    def is_active(self) -> bool:
        """Tell whether this person may still log in."""
        return self.active
