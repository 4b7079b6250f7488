"""Two tables of the demo hotel are put back alone from yesterday's copy; nothing else forgets."""

from __future__ import annotations

import json

from flask import Flask
from sqlalchemy import delete, insert, select

from example_pms import db
from example_pms.foreign import Message
from example_pms.models import Registration
from flask_guesterase import Guesterase
from tests.oracle.dump import assert_same, dump

from .conftest import Clerk
from .test_register import DESK, busiest, erase, guesterase  # noqa: F401  # a fixture

BACK = f"{DESK}/returns"


def documents(clerk: Clerk, night: str) -> list[str]:
    """Return the documents in the register of a night, as an authority is shown it."""
    form = {
        "property": "SHA", "night": night, "authority": "District police", "officer": "PS-1234",
        "reference": "A-2026/7", "basis": "police-inspection", "format": "json",
    }  # fmt: skip
    answer = clerk.post(f"{DESK}/register", form, page=f"{DESK}/register")
    return sorted(line["document"] for line in json.loads(answer.text)["lines"])


def test_what_came_back_goes_and_what_the_law_keeps_is_kept_once(
    app: Flask, guesterase: Guesterase  # noqa: F811
) -> None:
    """Messages and a register line of an erased guest: a clerk is asked, and says so at once."""
    with app.app_context():
        night = busiest("SHA")
        wanted = select(Registration).where(Registration.property_code == "SHA")
        mine = [r for r in db.session.scalars(wanted) if r.first_night <= night <= r.last_night]
        guest, line = mine[0].guest_id, mine[0].id
        made = (Message.__table__, Registration.__table__)
        copies = [
            (table, [dict(row._mapping) for row in db.session.execute(select(table))])
            for table in made
        ]
        db.session.remove()
        clerk = Clerk(app.test_client()).login("sha.desk")
        before = documents(clerk, night.isoformat())
        erase(guesterase, guest)
        assert guesterase.sweep().problems == {}
        with db.engine.connect() as conn:
            erased = dump(conn)
        assert "Nobody came back." in clerk.get(f"{BACK}?lang=en")
        with db.engine.begin() as conn:
            for table, rows in copies:
                conn.execute(delete(table))
                conn.execute(insert(table), rows)
        assert guesterase.sweep().counts["returned-unclear"] > 1
        page = clerk.get(f"{BACK}?lang=en")
        assert "It lies under an erased profile and is not newer than the erasure." in page
        assert f"registrations {line}" in page
        for table, _ in copies:
            with guesterase.begin() as office:
                last = max(row["id"] for row in office.returns("sha.desk"))
                assert office.settle_refilled(table.name, last, "sha.desk") > 0
        assert guesterase.work().problems == {}
        with db.engine.connect() as conn:
            assert_same(erased, dump(conn))
        assert "Nobody came back." in clerk.get(f"{BACK}?lang=en")
        assert documents(clerk, night.isoformat()) == before
