"""The invented hotel: always the same, never mixed with real rows, full of awkward people."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from example_pms import db
from example_pms.hotel import ALIAS, HOTELS, KNOWN
from example_pms.models import STATUSES, Booking, GroupBooking, Guest, IdDocumentFile, Registration
from example_pms.seed import FEWEST, NotEmptyError, build, seed

from .conftest import TODAY, hotel_app


def test_the_same_arguments_make_the_same_hotel() -> None:
    """Rows and scans are equal, value by value and byte by byte."""
    first, second = build(80, 3, TODAY), build(80, 3, TODAY)
    assert repr(dict(first.tables)) == repr(dict(second.tables))
    assert first.scans == second.scans


@pytest.mark.parametrize("other", [(80, 4, TODAY), (81, 3, TODAY), (80, 3, date(2026, 3, 10))])
def test_other_arguments_make_another_hotel(other: tuple[int, int, date]) -> None:
    """Number, seed and day each change what is made."""
    assert repr(dict(build(80, 3, TODAY).tables)) != repr(dict(build(*other).tables))


@pytest.mark.parametrize("guests", [FEWEST, 21, 60, 333])
def test_as_many_guests_as_asked_for(guests: int) -> None:
    """There are exactly as many guest rows, the known ones first."""
    rows = build(guests, 1, TODAY).tables["guests"]
    assert [row["id"] for row in rows] == list(range(1, guests + 1))
    assert [row["name"] for row in rows[: len(KNOWN)]] == [known.name for known in KNOWN]


def test_every_engine_takes_the_hotel(database_url: str, tmp_path: Path) -> None:
    """Tables are made, 60 guests are read back as they were invented, and new rows follow on."""
    app = hotel_app(tmp_path, database_url)
    with app.app_context():
        counts = seed(db.session(), 60, 7, TODAY)
        meant = build(60, 7, TODAY)
        assert counts == {name: len(rows) for name, rows in sorted(meant.tables.items())}
        for table in db.metadata.sorted_tables:
            keys = [column.name for column in table.primary_key]
            stored = [
                dict(zip(table.columns.keys(), row, strict=True))
                for row in db.session.execute(select(table)).all()
            ]
            wanted = meant.tables[table.name]
            order = sorted(wanted, key=lambda row: [str(row[key]) for key in keys])
            found = sorted(stored, key=lambda row: [str(row[key]) for key in keys])
            assert found == order, table.name
        guest = Guest(property_code="LEJ", name="Ada", created_on=TODAY)
        db.session.add(guest)
        db.session.commit()
        assert guest.id == 61
        db.session.remove()
        db.engine.dispose()


def test_a_hotel_with_rows_is_left_alone(app: Flask) -> None:
    """Seeding twice is refused and changes nothing."""
    with app.app_context():
        with pytest.raises(NotEmptyError, match="--fresh"):
            seed(db.session(), 60, 8, TODAY)
        assert len(db.session.scalars(select(Guest)).all()) == 60


def test_too_small_a_hotel_is_refused(app: Flask) -> None:
    """The known guests must fit."""
    with app.app_context(), pytest.raises(ValueError, match=str(FEWEST)):
        seed(db.session(), FEWEST - 1)


def test_awkward_people_are_there() -> None:
    """Each kind of guest that erasing has to cope with is in the default hotel."""
    tables = build(60, 7, TODAY).tables
    guests = tables["guests"]
    mailboxes = Counter(row["email"] for row in guests)
    assert mailboxes[ALIAS] == 15
    assert mailboxes[""] > 0
    shared = [row for row in guests if row["email"] and mailboxes[row["email"]] > 1]
    assert any(row["email"] != ALIAS for row in shared)
    documents = Counter(row["document_no"] for row in guests if row["document_no"])
    assert max(documents.values()) > 1
    assert {row["status"] for row in tables["bookings"]} == set(STATUSES)
    staying = {(link["booking_id"], link["guest_id"]) for link in tables["booking_companions"]}
    away = [row for row in tables["bookings"] if (row["id"], row["booker_id"]) not in staying]
    assert away
    assert any(row["group"] for row in tables["bookings"])
    assert any(row["booking_id"] == 0 for row in tables["messages"])
    for hotel in HOTELS:
        mine = [row for row in tables["bookings"] if row["property_code"] == hotel.code]
        assert {"departed", "in_house", "booked"} <= {row["status"] for row in mine}


def test_no_address_can_be_reached() -> None:
    """Every mailbox lies in a domain that is reserved for examples."""
    rows = build(400, 5, TODAY)
    for table in rows.tables.values():
        for row in table:
            for value in row.values():
                if isinstance(value, str) and "@" in value and " " not in value:
                    for word in value.split('"'):
                        assert (
                            "@" not in word
                            or word.endswith((".example", ".invalid"))
                            or (word.isupper() and word.endswith((".EXAMPLE", ".INVALID")))
                        ), word


def test_dates_make_sense() -> None:
    """Nobody sleeps here before being born, in a taken bed, or leaves after the business date."""
    tables = build(400, 5, TODAY).tables
    guests = {row["id"]: row for row in tables["guests"]}
    for line in tables["registrations"]:
        born = guests[line["guest_id"]]["birth_date"]
        assert born is None or born < line["first_night"]
    beds: Counter[tuple[str, str, date]] = Counter()
    for row in tables["bookings"]:
        assert (row["departed_at"] is not None) == (row["status"] == "departed")
        assert (row["cancelled_on"] is not None) == (row["status"] == "cancelled")
        if row["status"] in ("departed", "in_house"):
            assert row["created_at"] < row["arrived_at"]
            day = row["planned_arrival"]
            while day < row["planned_departure"]:
                beds[row["property_code"], row["room_no"], day] += 1
                day = date.fromordinal(day.toordinal() + 1)
        if row["status"] == "departed":
            assert row["planned_departure"] <= TODAY
    assert max(beds.values()) == 1


def test_scans_lie_on_disk_under_the_guest_s_name(app: Flask, tmp_path: Path) -> None:
    """Every scan's row has its file, of the stored size, named after the guest."""
    with app.app_context():
        files = db.session.scalars(select(IdDocumentFile)).all()
        assert files
        for file in files:
            assert file.path is not None
            content = (tmp_path / "scans" / file.path).read_bytes()
            assert len(content) == file.size
            assert content.startswith(b"\x89PNG")
            assert file.guest.name.replace(" ", "_") in file.path


def test_known_guests_are_what_they_are_known_for(app: Flask) -> None:
    """The examples of the documentation: companion, booker who stays away, group, invoice."""
    place = {known.key: position for position, known in enumerate(KNOWN, 1)}
    with app.app_context():
        li = db.session.get_one(Guest, place["li.wei"])
        (stay,) = li.stays
        assert [guest.name for guest in stay.guests] == ["李伟", "王芳"]
        assert stay.status == "departed"
        assert li.documents
        assert li.loyalty is not None
        assert li.consents
        clara = db.session.get_one(Guest, place["clara"])
        assert not clara.stays
        assert [booking.guests[0].name for booking in clara.booked] == ["Ömer Yıldız"]
        group = db.session.scalars(
            select(GroupBooking).where(GroupBooking.organiser_id == place["claire"])
        ).one()
        assert group.bookings
        zoe = db.session.get_one(Guest, place["zoe"])
        again = db.session.get_one(Guest, place["zoe.again"])
        assert zoe.loyalty_no == again.loyalty_no
        assert zoe.document_no == again.document_no
        registered = select(Registration.document_no).where(Registration.guest_id == zoe.id)
        assert db.session.scalars(registered).all() == ["SEX0000006"]
        assert db.session.scalars(
            select(Booking.status).where(Booking.booker_id == place["paul"])
        ).all() == ["cancelled"]
