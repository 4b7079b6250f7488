"""The demo's officers decide about the law when the hotel is seeded, once, by two people each."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from example_pms import lawful
from example_pms.hotel import HOTELS
from flask_guesterase import Guesterase
from flask_guesterase.store.keys import copies
from flask_guesterase.store.upkeep import upgrade


def test_officers_decide_once_and_a_preview_shows_days(app: Flask) -> None:
    """Packs signed, copy confirmed, periods that act in 30 days; a plan names the last days."""
    with app.app_context():
        guesterase: Guesterase = app.extensions["guesterase"].extension
        upgrade.upgrade(guesterase.host.engine())
        upgrade.make_keys(guesterase.host.engine(), guesterase.custodian)
        assert "ceiling-missing" in {each.id for each in guesterase.check()}
        said = lawful.decide(guesterase)
        assert "ceiling-missing" not in {each.id for each in guesterase.check()}, "it acts soon"
        assert lawful.decide(guesterase) == []
        with guesterase.begin() as office:
            assert copies.confirmed(office.work)
            for who in ("sha.officer", "lej.officer"):
                assert office.drafts(who) == []
            coming = {line.property: line.acts_on for line in office.rules_waiting()}
            # Each house counts from the day it is there: in Shanghai tomorrow begins at 16:00 UTC.
            soon = {
                hotel.code: office.work.now.astimezone(ZoneInfo(hotel.zone)) + timedelta(days=30)
                for hotel in HOTELS
            }
            assert coming == {code: day.date().isoformat() for code, day in soon.items()}
            asked = {"email": "juergen.mueller@mail.example"}
            number = office.request(asked, property="LEJ", by="lej.desk")
    assert "This is a demo" in said[-1]
    done = app.test_cli_runner().invoke(args=["guesterase", "preview", number, "--json"])
    lines = {line["table"]: line for line in json.loads(done.stdout)["retain"]}
    assert lines["invoices"]["until"][5:] == "12-31"
    assert not lines["invoices"]["open"]


def test_seeding_lets_them_decide(app: Flask) -> None:
    """The command says what was decided, or that our tables are not there yet."""
    seeding = ["pms", "seed", "--guests", "20", "--fresh"]
    before = app.test_cli_runner().invoke(args=seeding)
    assert before.exit_code == 0, before.output
    assert "Nothing is decided" in before.output
    assert app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"]).exit_code == 0
    after = app.test_cli_runner().invoke(args=seeding)
    assert after.exit_code == 0, after.output
    assert "signed the pack CN" in after.output
    assert "SHA keeps profiles and bookings for 3 years at most" in after.output
