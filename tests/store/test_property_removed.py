"""A property that is taken out of the settings while something of it waits: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import UnknownError
from flask_guesterase.core.holding import Cause, Scope, Wanted
from flask_guesterase.core.log import slug
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.settings import Settings
from flask_guesterase.store.upkeep import dispatch, unlisted
from tests.store.hotel import Booking, Guest, Hotel, policies
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


def test_who_acts_on_a_request_of_a_removed_property_reads_what_to_do(hotel: Hotel) -> None:
    """Its law is needed to decide it: that it is named again, and not that nobody knows it. What
    its guest does not want any more can be taken back without it."""
    for id, name in enumerate(("ann", "bea", "cy"), 1):
        hotel.guest(id, name=name, email=f"{name}@mail.example")
    filed = hotel.file(email="ann@mail.example")
    approved, carried = (hotel.approved(email=f"{n}@mail.example") for n in ("bea", "cy"))
    with hotel.begin() as office:
        office.erase(carried)
    hotel.settings = without(hotel.settings, "sh")
    acts: tuple[Callable[[Office], object], ...] = (
        lambda office: office.refuse(filed, "officer", "another-persons-data"),
        lambda office: office.extend(filed, "officer", "complex"),
        lambda office: office.show(filed),
        lambda office: office.erase(approved),
        lambda office: office.check(carried),
    )
    for act in acts:
        with pytest.raises(UnknownError) as problem, hotel.begin() as office:
            act(office)
        assert problem.value.unnamed
        assert "Name it in properties= again" in str(problem.value)
    with hotel.begin() as office:
        office.withdraw(filed, "clerk")
    states = {row["number"]: row["state"] for row in hotel.ours("request")}
    assert states[filed] == "withdrawn"


def test_a_notice_that_another_system_has_not_answered_is_named(hotel: Hotel) -> None:
    """Nobody sees either that somebody at a hotel that is gone was to be told."""
    hotel.recipients = (Recipient("club", by_hand("Call them.")),)
    hotel.guest(1, name="Ann", email=ANN)
    hotel.erased(hotel.approved(email=ANN))
    (notice,) = hotel.ours("delivery")
    hotel.settings = without(hotel.settings, "sh")
    ((code, message),) = found(hotel)
    assert (code, "1 notices to recipients" in message) == ("sh", True)
    with hotel.engine.begin() as conn:
        done = {"state": "done", "answered_at": notice["queued_at"]}
        conn.execute(update(tables.delivery).values(done))
    assert "notices to recipients" not in str(found(hotel))


def test_a_form_waits_until_its_property_is_named_again(hotel: Hotel) -> None:
    """Nobody can say whom it means without the property: the guest hears once it is back."""
    hotel.guest(1, name="Ann", email=ANN)
    hotel.ask(name="Ann", email=ANN)
    known, hotel.settings = hotel.settings, without(hotel.settings, "sh")
    assert hotel.look() == 0
    hotel.later(days=3)
    assert hotel.look() == 0
    ((code, message),) = found(hotel)
    assert (code, "1 forms wait" in message) == ("sh", True)
    hotel.settings = known
    assert hotel.look() == 1
    assert [row["template"] for row in hotel.ours("outbox")] == ["confirm"]
    assert found(hotel) == []


def test_a_form_for_a_property_that_stays_away_ends_after_thirty_days(hotel: Hotel) -> None:
    """As long as one that a gap of the data map keeps, and no longer."""
    hotel.ask(name="Ann", email=ANN)
    hotel.settings = without(hotel.settings, "sh")
    for _ in range(30):
        hotel.later(days=1)
        assert hotel.look() == 0
    hotel.later(days=1)
    assert hotel.look() == 1
    assert hotel.ours("intake") == []


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


def test_who_slept_at_two_hotels_is_erased_although_one_was_removed(hotel: Hotel) -> None:
    """What was kept of them ends, and the request with it, though one notice was that hotel's."""
    places = {c: replace(p, controller="Pine Ltd") for c, p in hotel.settings.properties.items()}
    hotel.settings = replace(hotel.settings, properties=places)
    hotel.datamap = hotel.mapped([
        (t, replace(p, place="number") if t is Booking else p)
        for t, p in policies(str(hotel.files))
    ])  # fmt: skip
    hotel.recipients = (Recipient("club", by_hand("Call them."), gives=["email"], property="mu"),)
    for who in ("officer", "second"):
        hotel.grants[who].add("hold")
    hotel.guest(1, name="Ann Berg", email=ANN)
    for id, code in ((1, "sh"), (2, "mu")):
        hotel.put(Booking, id=id, number=code, guest_id=1, remark="late")
    with hotel.begin() as office:
        wanted = Wanted(Scope.RECORD, Cause.COURT, "bookings", "int:1")
        hold = office.place_hold(wanted, "officer")
    number = hotel.approved(email=ANN)
    assert hotel.erased(number) == "sealed"
    assert [each["property"] for each in hotel.ours("delivery")] == ["mu"]
    hotel.settings = without(hotel.settings, "mu")
    for who in ("officer", "second"):
        with hotel.begin() as office:
            office.lift(hold, who)
    hotel.later(days=1)
    report = sweep.sweep(run(hotel), render, {"smtp": Post()})
    assert report.problems == {}
    assert [row["remark"] for row in hotel.rows(Booking)] == [None, None]
    assert hotel.state(number) == "erased"


def removal(hotel: Hotel, root: Path) -> None:
    """Let a file of the other hotel have had its time, and take that hotel out."""
    with hotel.begin() as office:
        ended = Origin(None, slug("Fir GmbH"), "mu")
        outbox.queue_file(office.work, ended, str(root), "scan.jpg")
    hotel.settings = without(hotel.settings, "mu")
    hotel.later(minutes=1)
    hotel.guest(1, name="Ann Berg", email=ANN)
    hotel.ask(email=ANN, name="Ann Berg")


def test_a_file_of_a_removed_property_goes_and_the_letters_of_the_others_too(
    hotel: Hotel,
) -> None:
    """Whose word it is that it went is known from what was sealed for it."""
    (hotel.files / "scan.jpg").write_bytes(b"x")
    removal(hotel, hotel.files)
    post = Post()
    report = worker.work(run(hotel), render, {"smtp": post})
    assert report.problems == {}
    assert not (hotel.files / "scan.jpg").exists()
    assert [letter.to for letter in post.sent] == [ANN]
    assert "file-removed" in said_by(hotel, slug("Fir GmbH"))


@pytest.mark.parametrize(("away", "state"), [(False, "failed"), (True, "queued")])
def test_a_file_that_cannot_go_at_a_removed_property_keeps_no_letter(
    hotel: Hotel, tmp_path: Path, away: bool, state: str
) -> None:
    """It is given up like any other after its last try, or waits like any other for a folder that
    is away, and `check` counts it."""
    (hotel.files / "scan.jpg").mkdir()
    removal(hotel, tmp_path / "unmounted" if away else hotel.files)
    post = Post()
    for _ in range(2 * len(BACK_OFF)):
        worker.work(run(hotel), render, {"smtp": post})
        hotel.later(hours=13)
    assert [letter.to for letter in post.sent] == [ANN]
    states = {row["kind"]: row["state"] for row in hotel.ours("outbox")}
    assert states == {"file": state, "message": "sent"}
    assert ("message-failed" in said_by(hotel, slug("Fir GmbH"))) is not away
    ((code, message),) = found(hotel)
    assert (code, "1 letters and files wait" in message) == ("mu", True)


def test_what_cannot_even_be_noted_to_have_failed_keeps_no_letter(
    hotel: Hotel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(dispatch, "failed", refuse)
    removal(hotel, tmp_path / "unmounted")
    post = Post()
    report = worker.work(run(hotel), render, {"smtp": post})
    assert [letter.to for letter in post.sent] == [ANN]
    assert list(report.problems.values()) == ["AwayError"]


def said_by(hotel: Hotel, controller: str) -> list[str]:
    """Return what stands in the journal of a controller."""
    return [row["action"] for row in hotel.ours("entry") if row["controller"] == controller]
