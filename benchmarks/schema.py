"""The hotel that retention is measured on: twelve tables, and what its vendor would declare."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.treatment import Exempt, delete, exempt, keep, null, redact

DELETED = ("stays", "messages", "scans", "consents", "access_log", "loyalty")
"""Tables from which an erased guest's rows go."""

MASKED = {
    "guests": ("name", "email", "phone", "born", "document_no", "address"),
    "reservations": ("remark",),
    "invoices": ("billed_to",),
    "payments": ("holder",),
}
"""Tables in which an erased guest's rows stay: table -> columns that are overwritten."""


class Base(DeclarativeBase):
    """Base of the models."""


class Guest(Base):
    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(10))
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    born: Mapped[date | None]
    document_no: Mapped[str | None] = mapped_column(String(40), index=True)
    address: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(5))
    left_on: Mapped[date] = mapped_column(index=True)


class Reservation(Base):
    __tablename__ = "reservations"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    number: Mapped[str] = mapped_column(String(20), index=True)
    arrives: Mapped[date]
    leaves: Mapped[date]
    status: Mapped[str] = mapped_column(String(12))
    total: Mapped[int]
    remark: Mapped[str | None] = mapped_column(Text)
    guest: Mapped[Guest] = relationship()


class Stay(Base):
    __tablename__ = "stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"), index=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    room: Mapped[int]
    plate: Mapped[str | None] = mapped_column(String(20))
    guest: Mapped[Guest] = relationship()


class Folio(Base):
    __tablename__ = "folios"
    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("reservations.id"), index=True)
    status: Mapped[str] = mapped_column(String(12))
    balance: Mapped[int]
    reservation: Mapped[Reservation] = relationship()


class Line(Base):
    __tablename__ = "folio_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    folio_id: Mapped[int] = mapped_column(ForeignKey("folios.id"), index=True)
    posted_on: Mapped[date]
    article: Mapped[str] = mapped_column(String(40))
    amount: Mapped[int]


class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    folio_id: Mapped[int] = mapped_column(ForeignKey("folios.id"), index=True)
    number: Mapped[str] = mapped_column(String(20))
    billed_to: Mapped[str | None] = mapped_column(String(300))
    total: Mapped[int]
    folio: Mapped[Folio] = relationship()


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    folio_id: Mapped[int] = mapped_column(ForeignKey("folios.id"), index=True)
    amount: Mapped[int]
    method: Mapped[str] = mapped_column(String(12))
    holder: Mapped[str | None] = mapped_column(String(80))
    folio: Mapped[Folio] = relationship()


class Message(Base):
    __tablename__ = "messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    sent_on: Mapped[date]
    body: Mapped[str | None] = mapped_column(Text)
    guest: Mapped[Guest] = relationship()


class Scan(Base):
    __tablename__ = "scans"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    image: Mapped[bytes | None] = mapped_column(LargeBinary)
    guest: Mapped[Guest] = relationship()


class Consent(Base):
    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    given_on: Mapped[date]
    source: Mapped[str | None] = mapped_column(String(40))
    guest: Mapped[Guest] = relationship()


class Access(Base):
    __tablename__ = "access_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    clerk: Mapped[str] = mapped_column(String(20))
    seen: Mapped[str | None] = mapped_column(String(120))
    guest: Mapped[Guest] = relationship()


class Loyalty(Base):
    __tablename__ = "loyalty"
    id: Mapped[int] = mapped_column(primary_key=True)
    guest_id: Mapped[int] = mapped_column(ForeignKey("guests.id"), index=True)
    card: Mapped[str | None] = mapped_column(String(20))
    points: Mapped[int]
    guest: Mapped[Guest] = relationship()


BOOKS = keep("bookkeeping")
STATISTICS = keep("statistics")

POLICIES: list[tuple[Any, Policy | Exempt]] = [
    (
        Guest,
        Policy(
            {
                "house": keep("which house"), "name": redact, "email": null, "phone": null,
                "born": null, "document_no": null, "address": null, "language": STATISTICS,
                "left_on": STATISTICS,
            },
            subject=Subject(
                match={"email": "email", "profile": lambda table, value: table.c.id == int(value)},
                name="name", contact=["email", "phone"], property="house",
            ),
            category="reservation", clock={"departed": "left_on"},
        ),
    ),
    (
        Reservation,
        Policy(
            {
                "number": BOOKS, "arrives": STATISTICS, "leaves": STATISTICS,
                "status": STATISTICS, "total": BOOKS, "remark": null,
            },
            via="guest",
        ),
    ),
    (
        Stay,
        Policy(
            {"reservation_id": STATISTICS, "room": STATISTICS, "plate": null},
            via="guest", rows=delete,
        ),
    ),
    (Folio, Policy({"status": BOOKS, "balance": BOOKS}, via="reservation.guest")),
    (Line, exempt("amounts of articles, nothing of a person")),
    (
        Invoice,
        Policy(
            {"number": BOOKS, "billed_to": null, "total": BOOKS}, via="folio.reservation.guest"
        ),
    ),
    (
        Payment,
        Policy(
            {"amount": BOOKS, "method": BOOKS, "holder": null}, via="folio.reservation.guest"
        ),
    ),
    (Message, Policy({"sent_on": STATISTICS, "body": null}, via="guest", rows=delete)),
    (Scan, Policy({"kind": STATISTICS, "image": null}, via="guest", rows=delete)),
    (
        Consent,
        Policy(
            {"purpose": STATISTICS, "given_on": STATISTICS, "source": null},
            via="guest", rows=delete,
        ),
    ),
    (Access, Policy({"clerk": STATISTICS, "seen": null}, via="guest", rows=delete)),
    (Loyalty, Policy({"card": null, "points": STATISTICS}, via="guest", rows=delete)),
]  # fmt: skip

BLOCKERS = (
    Blocker("in-house", "reservations", lambda rows, today: rows.c.status == "in"),
    Blocker("open-folio", "folios", lambda rows, today: rows.c.status == "open"),
)
"""What the hotel still needs a guest for."""

LAW = """
code = "XX"
name = "Somewhere"
level = "country"
country = "XX"
as_of = "2026-01-01"
review_by = 2027-01-01
id_copy = "none"

[[rule]]
id = "XX/profiles"
category = "reservation"
ceiling = "P3Y"
ceiling_kind = "soft"
clock = ["departed"]
article = "Lodging Act 7"
source = "https://law.example/7"
grade = "A"
as_of = "2026-01-01"
rank = "law"
facts = ["F1"]
"""
"""The law of the place: three years after departure a profile goes."""
