"""The demo hotel still needs somebody: they ask once, are told, settle it at the desk, and go."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from example_pms import db, frontdesk
from example_pms.models import (
    Booking,
    Folio,
    GroupBooking,
    Guest,
    Property,
    Registration,
    Staff,
    booking_companions,
)
from flask_guesterase.store.lawbook.blockers import Found, standing
from tests import engines

from .test_acceptance import House, house, known


def ask(hotel: House, key: str) -> str:
    """Let the desk file and an officer approve the request of a known guest."""
    _, guest = known(key)
    place = guest.property
    match = {"document": guest.document_no, "name": guest.name}
    with hotel.guesterase.begin() as office:
        number = office.request(match, property=place, by=f"{place.lower()}.desk")
        office.confirm(number, by=f"{place.lower()}.desk")
    with hotel.guesterase.begin() as office:
        digest = office.preview(number).digest
        office.approve(number, by=f"{place.lower()}.officer", digest=digest)
    return number


def look(hotel: House, number: str) -> dict[str, Any]:
    """Return a request as staff see it."""
    with hotel.guesterase.begin(write=False) as office:
        return office.show(number)


def in_the_way(hotel: House, *keys: int) -> list[Found]:
    """Return what stands in the way of guests."""
    db.session.commit()
    with hotel.guesterase.begin(write=False) as office:
        return standing(office.work, [("guests", (key,)) for key in keys])


@pytest.mark.parametrize("kind", engines.DEEP)
def test_a_guest_in_house_asks_checks_out_pays_and_is_erased(kind: str, tmp_path: Path) -> None:
    """Nobody asks or approves again: the sweep after check-out and night audit erases."""
    place, guest = known("zhao.min")
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        number = ask(hotel, "zhao.min")
        assert hotel.guesterase.work().counts["waiting"] == 1
        stay = db.session.scalars(
            select(Booking).where(Booking.booker_id == place, Booking.status == "in_house")
        ).one()
        assert look(hotel, number)["waiting_for"] == "in-house"
        with hotel.guesterase.begin(write=False) as office:
            lines = {line.reason: line for line in office.preview(number).blocked}
            told = office.letters("sha.desk")
        assert set(lines) == {"in-house", "open-folio"}
        assert lines["in-house"].until == stay.planned_departure.isoformat()
        # As the front desk calls them, and not by the keys of their rows.
        assert lines["in-house"].detail == f"{stay.number} (SHA)"
        assert lines["open-folio"].detail == f"{stay.number} (SHA)"
        assert guest.name not in str(lines)
        assert [one["template"] for one in told].count("waiting") == 1

        clerk = db.session.get_one(Staff, "sha.desk")
        frontdesk.check_out(db.session(), stay, "card", guest.name, clerk)
        assert [f.name for f in in_the_way(hotel, place)] == ["business-date"]
        hotel.guesterase.sweep()
        assert look(hotel, number)["waiting_for"] == "business-date"
        frontdesk.night_audit(db.session(), db.session.get_one(Property, "SHA"), clerk)
        db.session.commit()
        report = hotel.guesterase.sweep()

        assert report.problems == {}
        assert look(hotel, number)["state"] in ("erased", "sealed")
        db.session.expire_all()
        assert db.session.get_one(Guest, place).name != guest.name
        with db.engine.connect() as conn:
            actions = conn.exec_driver_sql("SELECT action FROM guesterase_entry").scalars().all()
        assert (actions.count("erasure-requested"), actions.count("erasure-approved")) == (1, 1)


def test_days_after_check_out_are_waited_for(tmp_path: Path) -> None:
    """The booker of a stay that ended today waits a day; who stayed with them does not."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        place, _ = known("li.wei")
        with hotel.guesterase.begin(write=False) as office:
            today = office.work.now.date() + timedelta(days=1)
        folio = db.session.scalars(
            select(Folio).join(Booking).where(Booking.booker_id == place).limit(1)
        ).one()
        folio.closed_on = today
        db.session.execute(update(Property).values(business_date=today + timedelta(days=1)))
        found = in_the_way(hotel, place)
        assert [(f.name, f.key, f.until) for f in found] == [
            ("cooling", (folio.id,), today + timedelta(days=1))
        ]
        others = [one.id for one in folio.booking.guests if one.id != place]
        assert others
        assert in_the_way(hotel, *others) == []


def test_a_member_of_a_group_does_not_wait_for_the_operator(tmp_path: Path) -> None:
    """The operator's group runs and a bill is open; who only slept there owes nothing."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        operator, _ = known("claire")
        group = db.session.scalars(
            select(GroupBooking).where(GroupBooking.organiser_id == operator).limit(1)
        ).one()
        stay = next(one for one in group.bookings if one.folio is not None)
        member = stay.guests[0].id
        assert member != operator
        stay.booker_id = operator
        assert stay.folio is not None
        stay.folio.closed_on = None
        group.departure = date(2099, 1, 1)
        assert [f.name for f in in_the_way(hotel, operator)] == ["open-folio", "group"]
        assert in_the_way(hotel, member) == []


@pytest.mark.parametrize("kind", engines.DEEP)
def test_what_was_paid_counts_and_not_that_the_folio_is_closed(kind: str, tmp_path: Path) -> None:
    """A cent less than was charged keeps the booker; nobody else of the hotel owes anything."""
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        everyone = db.session.scalars(select(Guest.id)).all()
        owing = [f for f in in_the_way(hotel, *everyone) if f.name == "open-folio"]
        folios = {f.key[0]: db.session.get_one(Folio, f.key[0]) for f in owing}
        assert all(folio.closed_on is None for folio in folios.values())
        closed = db.session.scalars(select(Folio).where(Folio.closed_on.is_not(None))).all()
        closed[0].payments[0].amount -= type(closed[0].payments[0].amount)("0.01")
        now = [f.key for f in in_the_way(hotel, *everyone) if f.name == "open-folio"]
        assert sorted(now) == sorted([*((key,) for key in folios), (closed[0].id,)])


def test_what_the_police_do_not_know_yet_is_needed_and_nothing_else(tmp_path: Path) -> None:
    """In China a line of the register waits for its report; in Germany there is no report."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        place, _ = known("li.wei")
        line = db.session.scalars(
            select(Registration).where(Registration.guest_id == place).limit(1)
        ).one()
        line.reported_at = None
        (found,) = in_the_way(hotel, place)
        assert (found.name, found.key, found.property) == ("unreported", (line.id,), "SHA")
        assert set(found.needs or ()) == {"registrations"}
        db.session.execute(update(Property).values(country="DE"))
        assert in_the_way(hotel, place) == []


def test_who_comes_is_waited_for_with_everybody_who_comes_along(tmp_path: Path) -> None:
    """A booked stay keeps booker and companions until the day of departure."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        place, _ = known("anna")
        stay = db.session.scalars(
            select(Booking).where(Booking.booker_id == place, Booking.status == "booked")
        ).one()
        stay.planned_departure = date(2099, 1, 1)
        other, _ = known("mueller")
        link = {"booking_id": stay.id, "guest_id": other, "role": "adult"}
        db.session.execute(booking_companions.insert().values(link))
        found = in_the_way(hotel, place, other)
        assert [(f.name, f.key, f.until) for f in found] == [
            ("future-stay", (stay.id,), date(2099, 1, 1))
        ]
        assert found[0].people == {("guests", (place,)), ("guests", (other,))}
        frontdesk.cancel(db.session(), stay, db.session.get_one(Staff, "lej.desk"))
        assert in_the_way(hotel, place, other) == []


def test_a_stay_with_a_minor_needs_the_officer(tmp_path: Path) -> None:
    """A child slept there: approving needs the permission of who decides about the law."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        place, guest = known("li.wei")
        with hotel.guesterase.begin() as office:
            match = {"document": guest.document_no, "name": guest.name}
            number = office.request(match, property="SHA", by="sha.desk")
            office.confirm(number, by="sha.desk")
        with hotel.guesterase.begin(write=False) as office:
            grown = office.preview(number).minor
        stay = db.session.scalars(
            select(Booking).where(Booking.booker_id == place, Booking.departed_at.is_not(None))
        ).first()
        assert stay is not None
        child = next(one for one in stay.guests if one.id != place)
        child.birth_date = stay.planned_arrival - timedelta(days=3000)
        db.session.commit()
        with hotel.guesterase.begin(write=False) as office:
            assert (grown, office.preview(number).minor) == (False, True)
