"""One row in a paragraph, on each engine: what keeps it, and nothing of whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flask_guesterase.core.policy import Blocker, Policy, Subject
from flask_guesterase.core.rule import Open
from flask_guesterase.core.treatment import keep, null, redact, retain
from flask_guesterase.store.retaining.telling import OPEN_WORDS
from tests.store.hotel import Booking, Companion, Guest, Hotel, Invoice, Scan

LAWFUL = [
    (
        Guest,
        Policy(
            dict.fromkeys(("email", "phone", "document_no"), null)
            | {"name": redact, "hotel": keep("which house")},
            subject=Subject(["email"], name="name", contact=["email"], property="hotel"),
        ),
    ),
    (Booking, Policy({"number": keep("bookkeeping"), "remark": null}, via="guest")),
    (Companion, Policy({}, via="guest")),
    (Scan, Policy({"path": null}, via="guest")),
    (
        Invoice,
        Policy(
            {"billed_to": retain("invoice_accounting"), "total": keep("bookkeeping")},
            via="booking.guest",
        ),
    ),
]


@pytest.fixture
def hotel_with_a_bill(any_hotel: Hotel) -> Hotel:
    """A guest with a booking and a bill that no policy dates."""
    any_hotel.datamap = any_hotel.mapped(LAWFUL)
    any_hotel.guest(1, name="Ann Invented", email="ann@mail.example")
    any_hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    any_hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Invented", total=9)
    return any_hotel


def why(hotel: Hotel, table: str, key: str) -> str:
    """Return what is said of a row, without anybody's name."""
    with hotel.begin() as office:
        said = office.why(table, key)
    assert "Ann" not in said
    assert "mail.example" not in said
    return said


def test_a_row_without_a_date_stays_and_says_so(hotel_with_a_bill: Hotel) -> None:
    """Before and after an erasure: the rule, that its clock does not run, where it is kept."""
    hotel = hotel_with_a_bill
    before = why(hotel, "invoices", "1")
    assert "CN/" in before
    assert OPEN_WORDS[Open.NO_CLOCK] in before
    assert OPEN_WORDS[Open.DRAFT] not in before, "without a date the signature is not asked"
    assert "no clock is declared" in why(hotel, "bookings", "1")
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    after = why(hotel, "invoices", "1")
    assert f"kept in place since 2026-03-10 (request {number}), hidden from daily use" in after
    assert "with no last day known" in after


def test_of_what_is_gone_no_law_is_told_to_keep_it(hotel_with_a_bill: Hotel) -> None:
    """A sweep that ends a bill, and a request after its last day, write nothing of it down."""
    hotel = hotel_with_a_bill
    hotel.put(Invoice, id=2, booking_id=1, billed_to="[erased]", total=9)
    assert "It stays." in why(hotel, "invoices", "1")
    said = why(hotel, "invoices", "2")
    assert "invoice_accounting (billed_to): the row holds nothing of it" in said
    assert "It stays." not in said


def test_the_days_that_are_told_are_those_of_the_hotel(hotel_with_a_bill: Hotel) -> None:
    """At five in the morning in Shanghai it is the day that its certificate says, not UTC's."""
    hotel = hotel_with_a_bill
    hotel.now = datetime(2026, 3, 9, 21, tzinfo=UTC)
    hotel.erased(hotel.approved(email="ann@mail.example"))
    assert "kept in place since 2026-03-10 (request" in why(hotel, "invoices", "1")
    assert "erased on 2026-03-10." in why(hotel, "guests", "1")


def test_a_need_of_the_hotel_is_named(hotel_with_a_bill: Hotel) -> None:
    """What needs the whole guest, and what needs one column."""
    hotel = hotel_with_a_bill
    hotel.blockers = (
        Blocker("group", "bookings", lambda b, _: b.c.number == "B1"),
        Blocker(
            "deposit", "invoices", lambda i, _: i.c.total > 0, needs={"invoices": ["billed_to"]}
        ),
    )
    said = why(hotel, "invoices", "1")
    assert "The hotel still needs whom it belongs to: group." in said
    assert "The hotel still needs billed_to: deposit." in said


def test_what_has_no_clock_goes_with_its_person_and_says_so(hotel_with_a_bill: Hotel) -> None:
    """A table of a class below, or any other that is theirs, has no day of its own to tell."""
    hotel = hotel_with_a_bill
    (guests, profile), *rest = LAWFUL
    dated = replace(profile, clock={"created": "document_no"}, category="customer_profile")
    hotel.datamap = hotel.mapped([(guests, dated), *rest])
    said = why(hotel, "bookings", "1")
    assert "goes with whom it belongs to, when their own time is over" in said
    assert "no clock is declared" not in said
    assert "goes with whom" not in why(hotel, "guests", "1")
