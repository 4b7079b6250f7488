"""The channel manager brings a guest back into the demo hotel; a new stay is left alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from example_pms import db
from example_pms.models import Booking, Guest
from flask_guesterase.store import tables
from tests import engines
from tests.oracle.dump import changes

from .test_acceptance import House, house, known

REF = "OB-55512345"
PROCESS = """
import sys, sqlalchemy
with sqlalchemy.create_engine(sys.argv[1]).begin() as conn:
    conn.execute(sqlalchemy.text("UPDATE bookings SET external_ref = :ref WHERE id = :id"),
                 {"ref": sys.argv[2], "id": int(sys.argv[3])})
"""


def upsert(values: dict[str, Any]) -> Any:
    """Return the engine's own INSERT that overwrites the row of the same key."""
    others = {name: value for name, value in values.items() if name != "id"}
    match db.engine.dialect.name:
        case "sqlite":
            mine: Any = sqlite.insert(Guest.__table__).values(values)
            return mine.on_conflict_do_update(index_elements=["id"], set_=others)
        case "postgresql":
            theirs = postgresql.insert(Guest.__table__).values(values)
            return theirs.on_conflict_do_update(index_elements=["id"], set_=others)
    return mysql.insert(Guest.__table__).values(values).on_duplicate_key_update(others)


def states(hotel: House) -> list[str]:
    """Return the states of the rows that came back, the newest last."""
    with db.engine.connect() as conn:
        wanted = select(tables.returned.c.state).order_by(tables.returned.c.id)
        return list(conn.execute(wanted).scalars())


@pytest.mark.parametrize("kind", engines.DEEP)
def test_a_guest_who_is_synchronised_back_goes_again_and_a_new_stay_lives(
    kind: str, tmp_path: Path
) -> None:
    """By upsert, merge and another process; then the same person books anew."""
    place, guest = known("li.wei")
    with engines.fresh_database(kind) as url, house(url, tmp_path, guests=20) as hotel:
        row = db.session.get(Guest, place)
        assert row is not None
        profile = {c.key: getattr(row, c.key) for c in inspect(Guest).column_attrs}
        booking = db.session.scalar(select(Booking).where(Booking.booker_id == place).limit(1))
        assert booking is not None
        booking.external_ref = REF
        number = booking.id
        db.session.commit()
        hotel.erase({"document": guest.document_no, "name": guest.name}, guest.property)
        assert hotel.guesterase.sweep().problems == {}
        db.session.remove()
        clean = hotel.dump()

        db.session.execute(upsert({**profile, "loyalty_no": None}))
        back = db.session.get(Booking, number)
        assert back is not None
        back.external_ref, back.wishes = REF, "high floor"
        db.session.commit()
        assert states(hotel) == ["there", "there"]
        assert str(changes(clean, hotel.dump())) != ""
        report = hotel.guesterase.work()
        assert report.problems == {}
        assert set(states(hotel)) <= {"erased", "gone"}
        assert str(changes(clean, hotel.dump())) == ""

        given = [sys.executable, "-c", PROCESS, url, REF, str(number)]
        subprocess.run(given, check=True, timeout=60)
        assert hotel.guesterase.work().counts.get("returned") is None
        assert hotel.guesterase.sweep().counts["returned"] == 1
        assert str(changes(clean, hotel.dump())) == ""
        assert "returned" not in hotel.guesterase.sweep().counts

        now = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)
        anew = db.session.execute(
            insert(Guest).values({
                **{k: v for k, v in profile.items() if k not in ("id", "loyalty_no")},
                "created_on": now.date(),
            })
        ).inserted_primary_key  # type: ignore[attr-defined]
        db.session.add(Booking(
            property_code=guest.property, number="ANEW-1", booker_id=anew[0], status="booked",
            planned_arrival=now.date() + timedelta(days=9),
            planned_departure=now.date() + timedelta(days=10),
            source="ota", external_ref="OB-999", amount=100, created_at=now,
        ))  # fmt: skip
        db.session.commit()
        before = hotel.dump()
        assert hotel.guesterase.work().counts["returned-new-life"] == 1
        assert hotel.guesterase.sweep().problems == {}
        assert str(changes(before, hotel.dump())) == ""


@pytest.mark.parametrize("gone", ["before the upgrade", "after an uninstall"])
def test_the_demo_works_without_our_tables(gone: str, tmp_path: Path) -> None:
    """Check-in goes on whatever becomes of the extension's tables."""
    place, guest = known("li.wei")
    url = f"sqlite:///{tmp_path / 'hotel.sqlite'}"
    with house(url, tmp_path, guests=20) as hotel:
        hotel.erase({"document": guest.document_no, "name": guest.name}, guest.property)
        if gone == "after an uninstall":
            db.session.execute(update(Guest).where(Guest.id == place).values(email="a@x.example"))
            db.session.commit()
        tables.metadata.drop_all(db.engine)
        row = db.session.get(Guest, place)
        assert row is not None
        row.email, row.name = guest.email, guest.name
        db.session.commit()
        db.session.execute(update(Guest).where(Guest.id == place).values(phone="+86 1"))
        db.session.delete(db.session.get(Booking, 1))
        db.session.rollback()
        row = db.session.get(Guest, place)
        assert row is not None
        assert row.email == guest.email
