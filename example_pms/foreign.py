"""Tables of other vendors' modules in the same database: the hotel reads and writes rows, but the
models are not its to edit.

They copy names and addresses and link by number, by mailbox or not at all: `booking_id` 0 means
that no booking is known.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Column, DateTime, Integer, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .base import db


class Foreign(DeclarativeBase):
    """The vendors' own declarative base, over the same schema."""

    metadata = db.metadata


class Invoice(Foreign):
    """An issued invoice of the accounting module."""

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    property_code: Mapped[str] = mapped_column(String(8))
    booking_number: Mapped[str] = mapped_column(String(16), index=True)
    billed_to: Mapped[str] = mapped_column(String(80))
    billed_address: Mapped[str | None] = mapped_column(String(200))
    issued_on: Mapped[date]
    total_cents: Mapped[int]
    tax_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))


class Message(Foreign):
    """A message that the mailing module sent or received."""

    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    property_code: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(String(120), index=True)
    booking_id: Mapped[int] = mapped_column(default=0, index=True)
    subject: Mapped[str] = mapped_column(String(160))
    body: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime]


audit_log = Table(
    "audit_log",
    db.metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("property_code", String(8), nullable=False),
    Column("actor", String(30), nullable=False),
    Column("action", String(30), nullable=False),
    Column("entity", String(30), nullable=False),
    Column("entity_key", String(40), nullable=False, index=True),
    Column("old", JSON(none_as_null=True)),
    Column("new", JSON(none_as_null=True)),
)
"""The audit module's append-only log: whole old and new values, names included."""
