"""A gap in the data map stops the erasures that reach it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from example_pms import db
from flask_guesterase.core.errors import BlockedError, GuesteraseError
from tests import engines

from .conftest import Clerk
from .test_acceptance import house, known


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_with_a_gap_the_hotel_goes_on_and_only_who_reaches_it_waits(
    kind: str, tmp_path: Path
) -> None:
    """A table nobody declared: check-in works, migrations run, whoever is in it waits."""
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        place, guest = known("li.wei")
        _, spared = known("mueller")
        with db.engine.begin() as conn:
            conn.execute(text(
                "CREATE TABLE parking (id INTEGER PRIMARY KEY, guest_id INTEGER NOT NULL, "
                "plate VARCHAR(20), FOREIGN KEY (guest_id) REFERENCES guests (id))"
            ))
            conn.execute(text(f"INSERT INTO parking VALUES (1, {place}, 'X-1')"))
        run = hotel.app.test_cli_runner()
        assert run.invoke(args=["db", "stamp"]).exit_code == 0

        checked = run.invoke(args=["guesterase", "check"])
        assert checked.exit_code == 1
        assert "table-uncovered" in checked.output
        assert run.invoke(args=["db", "upgrade"]).exit_code == 0
        clerk = Clerk(hotel.app.test_client()).login("sha.desk")
        assert _checked_in(clerk)
        other = hotel.erase({"document": spared.document_no, "name": spared.name}, "LEJ")
        assert other["state"] == "sealed"
        waiting = hotel.erase({"document": guest.document_no, "name": guest.name}, "SHA")
        assert (waiting["state"], waiting["waiting_for"]) == ("waiting", "gap")

        # The host's session of this test still reads; whoever migrates has none open.
        db.session.rollback()
        with db.engine.begin() as conn:
            conn.execute(text("DROP TABLE parking"))
        ending = hotel.guesterase.run(lambda office: office.erase(waiting["number"]))
        assert ending.settled() == "checking"


def _checked_in(clerk: Clerk) -> bool:
    """Check a guest in whom the hotel expects today; return whether that worked."""
    _, guest = known("sun.lei")
    number = re.search(r"/bookings/(SHA\d+)", clerk.get("/bookings?q=孙磊"))
    assert number is not None
    page = f"/bookings/{number[1]}"
    room = re.search(r'<option value="(\d+)">', clerk.get(page))
    assert room is not None
    form = {
        "room": room[1], "lines": "1", "guest-0": str(known("sun.lei")[0]), "name-0": guest.name,
        "type-0": "id_card", "document-0": guest.document_no, "nationality-0": "CN",
    }  # fmt: skip
    return clerk.post(f"{page}/check-in", form).status_code == 302


def test_a_column_that_only_the_database_has_keeps_its_people_waiting(tmp_path: Path) -> None:
    """Nobody mapped the column, so nobody knows what it holds: its rows are not touched."""
    with house(f"sqlite:///{tmp_path / 'hotel.sqlite'}", tmp_path) as hotel:
        _, guest = known("claire")
        with db.engine.begin() as conn:
            conn.execute(text("ALTER TABLE group_bookings ADD COLUMN whispers TEXT"))
        before = hotel.dump()
        waiting = hotel.erase({"document": guest.document_no, "name": guest.name}, "LEJ")

        assert waiting["waiting_for"] == "gap"
        assert hotel.dump() == before
        with pytest.raises(BlockedError) as blocked:
            hotel.guesterase.run(lambda office: office.erase(waiting["number"])).settled()
        assert isinstance(blocked.value, GuesteraseError)
        assert blocked.value.reasons == ("gap",)
