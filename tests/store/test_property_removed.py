"""A property that is taken out of the settings while something of it waits: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store import sweep
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.settings import Settings
from flask_guesterase.store.upkeep import unlisted
from tests.store.hotel import Guest, Hotel, policies
from tests.store.test_copying import asked, release, shown
from tests.store.test_outbox import Post, render, run
from tests.store.test_replayed import Copied

ANN = "ann@mail.example"


def without(settings: Settings, code: str) -> Settings:
    """Return settings that do not name a property any more."""
    left = {c: hotel for c, hotel in settings.properties.items() if c != code}
    return replace(settings, properties=left)


def found(hotel: Hotel) -> list[tuple[str, str]]:
    """Return what `check` says of it."""
    with hotel.begin() as office:
        said = unlisted.findings(office.work)
    assert {each.id for each in said} <= {"property-removed"}
    return [(each.column, each.message) for each in said]


def test_what_waits_under_a_removed_property_is_named(hotel: Hotel) -> None:
    """Nobody sees it on any page, so that `check` says so, until it is named again."""
    hotel.grants["officer"] |= {"hold"}
    for id in (1, 2):
        hotel.guest(id, name=f"Ann {id}", email=f"ann{id}@mail.example")
    hotel.approved(email="ann1@mail.example")
    with hotel.begin() as office:
        office.place_hold(Wanted(Scope.SUBJECT, Cause.CLAIM, "guests", "2"), "officer")
    assert found(hotel) == []
    known = hotel.settings
    hotel.settings = without(known, "sh")
    ((code, message),) = found(hotel)
    assert code == "sh"
    assert "1 kept records, 1 requests wait" in message
    hotel.settings = known
    assert found(hotel) == []


def test_one_removed_property_keeps_no_night_from_the_others(hotel: Hotel) -> None:
    """A request that cannot be certified without its property waits; the sweep goes on."""
    hotel.guest(1, name="Ann", email=ANN)
    hotel.erased(hotel.approved(email=ANN))
    hotel.settings = without(hotel.settings, "sh")
    report = sweep.sweep(run(hotel), render, {"smtp": Post()})
    assert report.problems == {}


def test_what_stands_open_at_a_removed_property_keeps_no_night_from_the_others(
    hotel: Hotel,
) -> None:
    """A request and a complaint that are late there wait; a copy whose day is over goes."""
    hotel.grants["second"].add("complaint")
    for id in (1, 2, 3):
        hotel.guest(id, name=f"Ann {id}", email=f"ann{id}@mail.example")
    hotel.file(email="ann1@mail.example")
    offered = asked(hotel, email="ann2@mail.example")
    shown(hotel, offered)
    release(hotel, offered)
    refused = hotel.file(email="ann3@mail.example")
    with hotel.begin() as office:
        office.refuse(refused, "officer", "another-persons-data")
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is mine.", request=refused, channel="letter")
        office.file_complaint(given, "clerk")
    hotel.settings = without(hotel.settings, "sh")
    hotel.later(days=60)
    report = sweep.sweep(run(hotel), render, {"smtp": Post()})
    assert report.problems == {}
    states = {row["number"]: row["state"] for row in hotel.ours("request")}
    assert (states[offered], states[refused]) == ("expired", "complaint")


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Copied]:
    """A hotel whose database is copied away and brought back; rows say when they were made."""
    one = Copied(tmp_path)
    declared: list[Any] = [
        (t, replace(p, clock={"created": "document_no"}) if t is Guest else p)
        for t, p in policies(str(one.hotel.files))
    ]
    one.hotel.datamap = one.hotel.mapped(declared)
    one.hotel.recipients = (Recipient("paper", by_hand("Take the folder.")),)
    one.hotel.guest(1, name="Ann Berg", email=ANN, document_no="2026-01-01")
    yield one
    one.hotel.engine.dispose()


def test_a_replay_erases_again_at_a_property_that_was_removed(copied: Copied) -> None:
    """What was erased there is not left in the restored database, and the alarm ends."""
    hotel = copied.hotel
    copied.copy()
    number = hotel.approved(email=ANN)
    hotel.erased(number)
    copied.restore()
    known, hotel.settings = hotel.settings, without(hotel.settings, "sh")
    survey = copied.replay()
    assert (survey.restored, survey.counts.get("failed", 0)) == (False, 0)
    assert survey.counts["theirs"] == 1
    assert hotel.row(1)["email"] != ANN
    assert copied.alarm() == ""
    # Named again, its request is checked and certified.
    hotel.settings = known
    copied.work()
    assert hotel.state(number) == "erased"
