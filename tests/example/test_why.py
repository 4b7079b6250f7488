"""`why TABLE KEY` explains one row of the demo hotel: the law, the hotel's needs, what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text

from flask_guesterase import Guesterase
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import slug
from flask_guesterase.core.period import period
from flask_guesterase.core.rule import Open
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.retaining import telling
from flask_guesterase.store.upkeep import upgrade

from . import travel
from .conftest import TODAY
from .test_law import DOCUMENT, NAME, ask, guest, one_company


@pytest.fixture
def unsigned(app: Flask) -> Iterator[Guesterase]:
    """The extension in the demo hotel, before anybody signed or confirmed anything."""
    with app.app_context():
        found: Guesterase = app.extensions["guesterase"].extension
        upgrade.upgrade(found.host.engine())
        upgrade.make_keys(found.host.engine(), found.custodian)
        one_company(found)
        travel.to(found, TODAY)
        yield found


@pytest.fixture
def guesterase(unsigned: Guesterase) -> Guesterase:
    """The same, its packs signed and its keys copied."""
    travel.lawful(unsigned)
    return unsigned


def why(guesterase: Guesterase, table: str, key: object) -> str:
    """Return what is said of a row; never anything of the guest."""
    with guesterase.begin(write=False) as office:
        said = str(office.why(table, str(key)))
    for personal in (NAME, DOCUMENT, "ximena", "1988"):
        assert personal not in said
    assert not re.search(r"\b(hold|held|freeze|frozen)\b", said)
    return said


def key_of(guesterase: Guesterase, table: str, house: str) -> int:
    """Return the key of the guest's register line, booking or invoice at a house."""
    where = {
        "registrations": "police_ref = 'PSB-{}'",
        "bookings": "number = 'X-{}-1'",
        "invoices": "number = 'INV-{}-9'",
    }[table].format(house)
    with guesterase.host.engine().connect() as conn:
        return int(conn.execute(text(f"SELECT id FROM {table} WHERE {where}")).scalar_one())


def test_the_law_of_each_row_is_told(guesterase: Guesterase) -> None:
    """Article, grade, event, day it is counted from, last day; or why nobody knows one."""
    guest(guesterase.host.engine())
    german = why(guesterase, "registrations", key_of(guesterase, "registrations", "LEJ"))
    chinese = why(guesterase, "registrations", key_of(guesterase, "registrations", "SHA"))
    voucher = why(guesterase, "invoices", key_of(guesterase, "invoices", "SHA"))
    assert "BMG" in german
    assert "grade A (DE/guest_register" in german
    assert "until 2027-01-14, counted from 'departed' on 2026-01-14" in german
    assert "after that day it goes by itself" in german
    assert "nobody knows until when" in chinese
    assert telling.OPEN_WORDS[Open.UNKNOWN_FLOOR] in chinese
    assert "until 2049-12-31, counted from 2019-12-31 (fiscal-year-end after" in voucher
    assert set(telling.OPEN_WORDS) == set(Open)


def test_a_draft_is_told_as_one(unsigned: Guesterase) -> None:
    """Its number is a "not before", and nothing goes by it."""
    guest(unsigned.host.engine())
    said = why(unsigned, "registrations", key_of(unsigned, "registrations", "LEJ"))
    assert "at least until 2027-01-14, and nobody knows until when: nobody signed" in said
    assert "goes by itself" not in said


def test_what_an_erasure_left_is_told_and_that_it_ended(guesterase: Guesterase) -> None:
    """Sealed, in place, and over; with the request, and without a last day nobody knows."""
    guest(guesterase.host.engine())
    line = key_of(guesterase, "registrations", "LEJ")
    shanghai = key_of(guesterase, "registrations", "SHA")
    invoice = key_of(guesterase, "invoices", "LEJ")
    number = ask(guesterase)
    sealed = why(guesterase, "registrations", line)
    assert f"in a sealed box since 2026-03-09 (request {number}), until 2027-01-14" in sealed
    assert f"Request {number} (sealed)" in sealed
    assert "still needs" not in sealed, "the shell of the row tells of no report"
    assert "with no last day known" in why(guesterase, "registrations", shanghai)
    placed = why(guesterase, "invoices", invoice)
    assert f"kept in place since 2026-03-09 (request {number}), hidden" in placed
    assert "until 2034-12-31" in placed
    travel.confirmed(guesterase)
    travel.to(guesterase, date(2027, 1, 15))
    guesterase.sweep()
    over = why(guesterase, "registrations", line)
    assert "ended on 2027-01-15" in over
    assert "sealed box" not in over
    assert "keeps it" not in over


def test_a_row_that_was_taken_back_is_told_as_before(guesterase: Guesterase) -> None:
    """The law keeps it again; that its box ended says nothing of a row that is whole."""
    guest(guesterase.host.engine())
    rows = [("registrations", key_of(guesterase, "registrations", "LEJ"))]
    rows.append(("invoices", key_of(guesterase, "invoices", "LEJ")))
    before = [why(guesterase, *row) for row in rows]
    number = ask(guesterase)
    assert "sealed box" in why(guesterase, *rows[0])
    with guesterase.begin() as office:
        house = office.show(number)["property"].lower()
        office.propose_restore(number, f"{house}.officer", "wrong-person")
    with guesterase.begin() as office:
        office.restore(number, f"{house}.officer2")
    for row, said in zip(rows, before, strict=True):
        told = why(guesterase, *row)
        assert "ended on" not in told
        assert told.startswith(said.partition(" No request names")[0])


def scheduled(guesterase: Guesterase, table: str, place: str = "LEJ") -> list[tuple[str, str]]:
    """Return the ceilings of a table's own category in the schedule, each with when it acts."""
    with guesterase.begin(write=False) as office:
        (entry,) = (e for e in office.schedule(place) if e.table == table and not e.columns)
    return [(term.length, term.acts_on) for term in entry.ceilings]


def test_the_end_without_a_request_is_told(guesterase: Guesterase) -> None:
    """No period: it stays; a period of the house, once it may act: its day, though nobody asked."""
    key = guest(guesterase.host.engine())
    assert "the rest stays: no pack" in why(guesterase, "guests", key)
    assert "No request names its owners." in why(guesterase, "guests", key)
    said = House("reservation", ceiling=period("P3Y"), clock=("last_activity",), source="minutes")
    with guesterase.begin() as office:
        id = office.house_period("LEJ", said, "lej.officer")
    with guesterase.begin() as office:
        office.confirm_house(id, "lej.officer2")
    with guesterase.begin() as office:
        office.propose_change(id, "lej.officer")
    assert "the rest stays: no pack" in why(guesterase, "guests", key)
    assert scheduled(guesterase, "guests") == []
    with guesterase.begin() as office:
        head = office.checkpoint(slug(guesterase.settings.property("LEJ").controller))
        acts_on = office.confirm_change(id, "lej.officer2", head)
    told = why(guesterase, "guests", key)
    assert "the rest stays for now" in told
    assert f"how long reservation may be kept here, and acts from {acts_on} on" in told
    assert scheduled(guesterase, "guests") == [("P3Y", acts_on)]
    assert scheduled(guesterase, "guests", "SHA") == []
    travel.to(guesterase, date.fromisoformat(acts_on))
    told = why(guesterase, "guests", key)
    assert "goes by itself after 2029-01-14, by a period of the house (house/reservation)" in told
    assert "counted from 'last_activity' on 2026-01-14" in told
    assert scheduled(guesterase, "guests") == [("P3Y", "")]


def test_what_the_hotel_needs_and_duties_are_told_without_more(guesterase: Guesterase) -> None:
    """A stay that goes on by its name; what is held as a duty of law like any other."""
    key = guest(guesterase.host.engine())
    booking = key_of(guesterase, "bookings", "LEJ")
    assert "still needs" not in why(guesterase, "guests", key)
    with guesterase.host.engine().begin() as conn:
        conn.execute(
            text("UPDATE bookings SET status = 'in_house', departed_at = NULL WHERE id = :id"),
            {"id": booking},
        )
    assert "The hotel still needs whom it belongs to: in-house" in why(guesterase, "guests", key)
    assert "legal-duty" not in why(guesterase, "bookings", booking)
    with guesterase.begin() as office:
        wanted = Wanted("subject", "police-order", table="guests", key=str(key), silent=True)
        office.place_hold(wanted, "lej.officer")
    for table, row in (("bookings", booking), ("guests", key)):
        said = why(guesterase, table, row)
        assert "legal-duty" in said
        assert "police" not in said
