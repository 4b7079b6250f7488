"""The review before check-in on the demo's own pages: it informs, and the guest is checked in."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import select

from example_pms import db
from example_pms.frontdesk import free_rooms
from example_pms.models import Booking, Guest
from tests.example.conftest import Clerk
from tests.example.test_pages import booking_of


def test_the_check_in_page_says_what_goes_beyond_the_purpose(
    app: Flask, reception: Clerk
) -> None:
    """Before check-in by column; the check-in goes on, and what was remarked is counted."""
    app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    privacy = app.extensions["guesterase"].extension
    booking = booking_of(app, "sun.lei")
    page = f"/bookings/{booking.number}"
    with app.app_context():
        guest = db.session.get_one(Guest, booking.booker_id)
        guest.preferences, guest.notes = {"pillow": "two"}, "likes the window"
        db.session.commit()
    shown = reception.get(page)
    assert "Before check-in" in shown
    assert re.search("More is filled in than a stay needs: [a-z_, ]*notes, preferences", shown)
    with app.app_context():
        room = next(iter(_rooms(booking)))
    form = {"room": room, "lines": "1", "guest-0": str(booking.booker_id), "name-0": "孙磊",
            "type-0": "id_card", "document-0": "11010519491231002X", "nationality-0": "CN",
            "scan": "1"}  # fmt: skip
    assert reception.post(f"{page}/check-in", form, page=page).status_code == 302
    after = reception.get(page)
    assert f"Checked in to room {room}. More is filled in than a stay needs" in after
    with app.app_context():
        assert db.session.get_one(Booking, booking.id).status == "in_house"
        privacy.settle_reviews()
        with privacy.begin(write=False) as office:
            assert office.reviews("2000-01-01") == {"beyond-purpose": 1, "nothing-found": 1}


def _rooms(booking: Booking) -> list[str]:
    return [room.number for room in free_rooms(db.session(), booking.property_code)]


def test_a_house_without_our_tables_checks_in_all_the_same(app: Flask, reception: Clerk) -> None:
    """Nothing of ours is there yet: the page opens and says what can be said."""
    booking = booking_of(app, "sun.lei")
    assert "Before check-in" in reception.get(f"/bookings/{booking.number}")
    with app.app_context():
        assert db.session.scalar(select(Booking.status).where(Booking.id == booking.id)) == "booked"
