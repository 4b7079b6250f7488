"""Shapes of links no foreign key vouches for: copied numbers, addresses, zero for nobody."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, select
from sqlalchemy.orm import relationship

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import delete, keep, redact
from flask_guesterase.store.mapping.masks import MARK

from .hotel import MAIL, NEIGHBOUR, Hotel


def links_by_a_copied_invoice_number(hotel: Hotel) -> None:
    """The bookkeeper's ledger repeats the invoice's number and knows no guest."""
    invoices = hotel.table(
        "invoices", Column("number", String(20), index=True),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("billed_to", String(80)),
        Column("cents", Integer, nullable=False),
    )  # fmt: skip
    ledger = hotel.table(
        "ledger", Column("invoice_no", String(20), nullable=False, index=True),
        Column("payer", String(80)),
    )  # fmt: skip
    hotel.declare(invoices, Policy(
        {"number": keep("books"), "billed_to": redact, "cents": keep("books")}, via="guest_id"
    ))
    hotel.declare(ledger, Policy(
        {"invoice_no": keep("books"), "payer": redact},
        via=Equal({"invoice_no": "number"}, to="invoices"),
    ))  # fmt: skip
    me, other = hotel.guest.name, NEIGHBOUR.name
    for number, text, guest in ((1, "2026-001", 1), (2, "2026-002", 2), (3, "", 1), (4, None, 1)):
        mine = guest == 1
        hotel.put(invoices, {
            "id": number, "number": text, "guest_id": guest, "cents": 1000 * number,
            "billed_to": me if mine else other,
        }, {"billed_to": MARK} if mine else {})  # fmt: skip
    hotel.put(ledger, {"id": 1, "invoice_no": "2026-001", "payer": me}, {"payer": MARK})
    hotel.put(ledger, {"id": 2, "invoice_no": "2026-002", "payer": other})
    hotel.put(ledger, {"id": 3, "invoice_no": "", "payer": "Cash desk"})
    hotel.put(ledger, {"id": 4, "invoice_no": "2026-0011", "payer": "Somebody else"})


def links_by_an_email(hotel: Hotel) -> None:
    """A mailbox's messages name the guest by address, in whatever case it was typed."""
    mails = hotel.table(
        "mails", Column("sender", String(80), index=True), Column("body", Text, nullable=False)
    )
    hotel.declare(mails, Policy(
        {"sender": lambda old: "erased@erased.invalid", "body": redact},
        via=Equal({"sender": "email"}, to="guests", fold=True),
    ))  # fmt: skip
    me = hotel.guest
    gone = {"sender": "erased@erased.invalid", "body": MARK}
    hotel.put(mails, {"id": 1, "sender": me.email, "body": me.text}, gone)
    hotel.put(mails, {"id": 2, "sender": me.email.upper(), "body": me.text}, gone)
    hotel.put(mails, {"id": 3, "sender": NEIGHBOUR.email, "body": NEIGHBOUR.text})
    hotel.put(mails, {"id": 4, "sender": "", "body": "A bounce"})
    hotel.put(mails, {"id": 5, "sender": None, "body": "A draft"})
    hotel.put(hotel.guests, {"id": 20, "code": "G-20", "name": "No address", "email": ""})


def links_where_zero_means_nobody(hotel: Hotel) -> None:
    """Calls carry a guest number, and 0 when nobody is known; a guest with number 0 exists."""
    calls = hotel.table(
        "calls", Column("guest_no", Integer, nullable=False, index=True), Column("said", Text)
    )
    hotel.declare(calls, Policy(
        {"guest_no": keep("links rows"), "said": redact},
        via=Equal({"guest_no": "id"}, to="guests"),
    ))  # fmt: skip
    hotel.put(hotel.guests, {"id": 0, "code": "G-0", "name": hotel.guest.name,
                             "email": hotel.guest.email}, {"name": MARK, "email": MAIL})
    hotel.put(calls, {"id": 1, "guest_no": 1, "said": hotel.guest.text}, {"said": MARK})
    hotel.put(calls, {"id": 2, "guest_no": 0, "said": "Wrong number"})
    hotel.put(calls, {"id": 3, "guest_no": 2, "said": NEIGHBOUR.text})
    hotel.put(calls, {"id": 4, "guest_no": 99, "said": "A guest long deleted"})
    hotel.people.append(("guests", (0,)))


def association_without_a_primary_key(hotel: Hotel) -> None:
    """Who came to which event is written in a table without a key, sometimes twice."""
    coming = Table(
        "event_guests", hotel.metadata,
        Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("seat", String(40)),
    )  # fmt: skip
    events = hotel.table("events", Column("title", String(40)), Column("toast", Text))
    event: Any = type("Event", (), {})
    hotel.registry.map_imperatively(event, events, properties={
        "guests": relationship(hotel.Guest, secondary=coming, viewonly=True),
    })
    hotel.declare(event, Policy({"title": keep("programme"), "toast": redact}, via="guests"))
    hotel.declare(coming, Policy({}, via="guest_id", rows=delete))
    hotel.put(events, {"id": 1, "title": "Private dinner", "toast": hotel.guest.text},
              {"toast": MARK})  # fmt: skip
    hotel.put(events, {"id": 2, "title": "Wine tasting", "toast": "To all"})
    mine = f"for {hotel.guest.name}"
    for event_id, guest_id, seat in (
        (1, 1, mine), (1, 1, mine), (2, 1, mine), (2, 1, None), (2, 2, "A1"), (2, 2, "A1"),
        (2, None, "free"),
    ):  # fmt: skip
        put = hotel.goes if guest_id == 1 else hotel.put
        put(coming, {"event_id": event_id, "guest_id": guest_id, "seat": seat})


def rows_without_a_primary_key(hotel: Hotel) -> None:
    """A log without a key is overwritten where it stands, doubles included."""
    swipes = Table(
        "swipes", hotel.metadata,
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("door", String(10)), Column("who", String(80)),
    )  # fmt: skip
    hotel.declare(swipes, Policy({"door": keep("security"), "who": redact}, via="guest_id"))
    for guest_id, who in ((1, hotel.guest.name), (2, NEIGHBOUR.name), (None, "Porter")):
        for door in ("north", "north", None):
            hotel.put(swipes, {"guest_id": guest_id, "door": door, "who": who},
                      {"who": MARK} if guest_id == 1 else {})  # fmt: skip


def links_by_a_select(hotel: Hotel) -> None:
    """A text holds the guest's number behind a word; the vendor's own select follows it."""
    jobs = hotel.table("print_jobs", Column("title", String(40)), Column("payload", Text))

    def owner(table: Any) -> Any:
        guests = hotel.guests
        return select(table.c.id, guests.c.id).where(table.c.title == "card " + guests.c.code)

    hotel.declare(jobs, Policy({"title": keep("queue"), "payload": redact}, via=owner))
    hotel.put(jobs, {"id": 1, "title": "card G-1", "payload": hotel.guest.name}, {"payload": MARK})
    hotel.put(jobs, {"id": 2, "title": "card G-2", "payload": NEIGHBOUR.name})
    hotel.put(jobs, {"id": 3, "title": "menu", "payload": "Soup"})
