"""An incident has its clocks, its evidence and its end; whom it concerns nobody can read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    MovedError,
    SealError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.incidents import Alarm, Severity, Whom
from flask_guesterase.store import tables, worker
from flask_guesterase.store.access import pulse
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.incidents import evidence, noticing, records
from flask_guesterase.store.incidents.affected import Asked
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.upkeep import owndata
from tests.store.ashore import Ashore
from tests.store.test_pruning import grown
from tests.store.test_pruning import prune as pruned
from tests.store.watched import TEXT, Watch


def test_an_incident_from_report_to_closure(watch: Watch) -> None:
    """Clerk opens, officer classifies, measures, tells, plans and reviews, another one closes."""
    watch.place("DE")
    number = watch.report()
    assert watch.duties(number) == {"EU/authority": False, "EU/guests": False}
    watch.classify(number, "risk-high", "guests.email", "bookings")
    with watch.begin() as office:
        counts = office.measure_incident(number, Asked(), "officer")
    assert counts == {"living": 4, "sealed": 0, "erased": 0, "rows": 8}
    watch.later(hours=73)
    assert watch.duties(number) == {"EU/authority": True, "EU/guests": True}
    with watch.begin() as office:
        office.told_authority(number, "EU/authority", "LfD 7/26", "officer")
        office.propose_notice(number, "EU/guests", "Your address was seen.", "officer")
    digest = watch.digest(number)
    with pytest.raises(FourEyesError), watch.begin() as office:
        office.let_notice_go(number, "EU/guests", "officer", digest)
    with watch.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(watch.run)
    watch.public(number)
    with watch.begin() as office:
        measure = office.plan_measure(
            number, "Encrypt laptops", "clerk", watch.now.date() + timedelta(days=9), "officer"
        )
        office.review_incident(number, "Encrypt first.", "officer")
    with pytest.raises(TransitionError, match="measures-open"), watch.begin() as office:
        office.close_incident(number, "second")
    with watch.begin() as office:
        office.measure_done(measure, "clerk")
    with pytest.raises(FourEyesError), watch.begin() as office:
        office.close_incident(number, "officer")
    with watch.begin() as office:
        office.close_incident(number, "second")
    assert watch.one(number)["state"] == "closed"
    assert [e for e in watch.events if "incident" in e or "notice" in e or "measure" in e] == [
        "incident-opened", "incident-classified", "incident-measured", "notice-sent",
        "notice-proposed", "notice-sent", "public-notice-recorded", "public-notice-confirmed",
        "measure-planned", "incident-reviewed", "measure-done", "incident-closed",
    ]  # fmt: skip
    assert watch.ours("hold")[0]["lifted_at"] is not None


def test_evidence_that_was_let_go_is_not_called_held(small: Watch) -> None:
    """The page names the hold as long as it stands, and not once the incident is closed."""
    small.grants["second"].add("hold")
    number = small.report()
    assert small.one(number)["hold"] == 1
    small.classify(number, "risk-unlikely")
    small.end(number)
    assert small.one(number)["hold"] is None


@pytest.mark.parametrize(("hours", "late"), [(1, {}), (25, {"late": 1})])
def test_what_is_wanted_at_once_is_late_in_the_journal_when_the_page_says_so(
    small: Watch, hours: int, late: dict[str, int]
) -> None:
    """A law without a number is kept within the day; the entry cannot be taken out again."""
    number = small.report()
    small.later(hours=hours)
    assert small.duties(number)["CN/authority"] is bool(late)
    with small.begin() as office:
        office.told_authority(number, "CN/authority", "CAC 7/26", "officer")
    bodies = [json.loads(row["body"]) for row in small.ours("entry")]
    (sent,) = [body for body in bodies if body["action"] == "notice-sent"]
    assert sent.get("counts", {}) == late


def test_who_was_erased_since_it_happened_is_told_in_public_too(small: Watch) -> None:
    """Nobody knows who they are, so nobody can write to them: they are among those not reached."""
    small.place("DE")
    happened = small.now
    small.later(minutes=1)
    small.erased(small.approved(email="ann@example.com"))
    small.guest(5, name="Eve", email="eve@example.com")
    number = small.report(happened=happened)
    small.classify(number, "risk-high")
    with small.begin() as office:
        counts = office.measure_incident(number, Asked("guests"), "officer")
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    digest = small.digest(number)
    with small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(small.run)
    duty = next(d for d in small.one(number)["duties"] if d["id"] == "EU/guests")
    everybody = counts["living"] + counts["sealed"] + counts["erased"]
    assert (counts["erased"], duty["told"] + duty["untold"]) == (1, everybody)


def test_letters_that_cannot_be_read_now_are_not_sent_to_nobody(small: Watch) -> None:
    """Whom one incident concerns is sealed under a damaged key: its letters wait until that is
    mended, nobody says that they left, and those of another incident are written."""
    small.place("DE")
    numbers = []
    for _ in range(2):
        number = small.report()
        small.classify(number, "risk-high")
        with small.begin() as office:
            office.measure_incident(number, Asked(), "officer")
        with small.begin() as office:
            office.propose_notice(number, "EU/guests", "Seen.", "officer")
        digest = small.digest(number)
        with small.begin() as office:
            office.let_notice_go(number, "EU/guests", "second", digest)
        numbers.append(number)
        small.later(days=1)
    key = small.custodian.path / "key-day-2027-04-14.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    small.custodian = FolderCustodian(small.custodian.path)

    def state(number: str) -> tuple[str, int]:
        duty = next(d for d in small.one(number)["duties"] if d["id"] == "EU/guests")
        return duty["state"], duty["told"]

    with pytest.raises(SealError):
        noticing.push_all(small.run)
    assert [state(number) for number in numbers] == [("sending", 0), ("sent", 1)]
    key.write_bytes(whole)
    assert noticing.push_all(small.run) == 1
    assert state(numbers[0]) == ("sent", 1)


def test_only_contacts_that_are_one_persons_are_written_to(watch: Watch) -> None:
    """Not to a shared mailbox, no contact, another hotel, or somebody erased meanwhile; who of the
    hotel got none is counted, the erased one too: they can only be told in public."""
    watch.place("DE")
    number = watch.report()
    watch.classify(number, "risk-high")
    with watch.begin() as office:
        office.measure_incident(number, Asked(), "officer")
    watch.guest(5, name="Eve", email="eve@example.com")
    with watch.begin() as office:
        office.measure_incident(number, Asked("guests"), "officer")
    assert watch.erased(watch.approved(email="eve@example.com")) == "erased"
    with watch.begin() as office:
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    digest = watch.digest(number)
    with watch.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    assert noticing.push_all(watch.run) == 1
    duty = next(d for d in watch.one(number)["duties"] if d["id"] == "EU/guests")
    assert (duty["state"], duty["told"], duty["untold"]) == ("sent", 1, 4)
    letters = [row for row in watch.ours("outbox") if row["template"] == "incident"]
    assert len(letters) == 1
    with watch.begin() as office:
        to = [m["to"] for m in office.letters("second") if m["template"] == "incident"]
    assert to in ([], ["ann@example.com"])


def proposed(small: Watch, words: str) -> str:
    """Report something grave, and propose a letter to whom it concerns; return its number."""
    small.place("DE")
    number = small.report()
    small.classify(number, "risk-high")
    with small.begin() as office:
        office.measure_incident(number, Asked(), "officer")
        office.propose_notice(number, "EU/guests", words, "officer")
    return number


def written_to(small: Watch) -> list[str]:
    """Report something grave, let the letters go, and return to whom they are written."""
    number = proposed(small, "Seen.")
    digest = small.digest(number)
    with small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(small.run)
    letters = [row["box"] for row in small.ours("outbox") if row["template"] == "incident"]
    with small.begin() as office:
        return [safe.read(office.work, box)["to"] for box in letters]


def test_a_mailbox_that_a_guest_of_another_hotel_shares_is_not_written_to(small: Watch) -> None:
    """Who lives with a guest may have a profile at the other house, with the same mailbox."""
    small.guest(5, name="Eve", email="eve@example.com")
    small.guest(7, hotel="mu", name="EVE", email="eve@example.com")
    small.guest(8, hotel="mu", name="Alf", email="ANN@example.com")
    assert written_to(small) == ["eve@example.com"]


def test_an_address_of_the_hotel_itself_is_not_written_to(small: Watch) -> None:
    """What a desk writes where a guest has none tells no guest, who is told otherwise then."""
    small.guest(5, name="Eve", email=small.settings.sender.title())
    assert written_to(small) == ["ann@example.com"]


def test_a_telephone_in_two_spellings_is_written_to_once(small: Watch) -> None:
    """Two profiles of one guest have one number, the one with the country and the other without."""
    small.guest(5, name="Eve", phone="+49 171 2345678")
    small.guest(6, name="Eve", phone="0171 2345678")
    assert written_to(small) == ["ann@example.com", "+49 171 2345678"]


@pytest.mark.parametrize(("here", "there"), [
    ("+49 171 2345678", "0171 2345678"), ("0171 2345678", "+49 171 2345678"),
    ("0171 2345678", "01712345678"),
])  # fmt: skip
def test_a_telephone_that_a_guest_of_another_hotel_shares_is_not_written_to(
    small: Watch, here: str, there: str
) -> None:
    """The other house spells it as its own country does, or with the country before it."""
    small.guest(5, name="Eve", phone=here)
    small.guest(7, hotel="mu", name="Alf", phone=there)
    assert written_to(small) == ["ann@example.com"]


def test_only_the_letter_that_was_read_is_let_go(small: Watch) -> None:
    """Other words, or the same proposed again: the second reads anew."""
    number = proposed(small, "Harmless.")
    read = small.digest(number)
    assert small.digest(number) == read
    with small.begin() as office:
        office.propose_notice(number, "EU/guests", "Pay there.", "officer")
    with pytest.raises(MovedError), small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", read)
    small.later(minutes=1)
    with small.begin() as office:
        office.propose_notice(number, "EU/guests", "Pay here.", "officer")
    for wrong in (read, "", "é"):
        with pytest.raises(MovedError), small.begin() as office:
            office.let_notice_go(number, "EU/guests", "second", wrong)
    small.later(minutes=1)
    with small.begin() as office:
        office.propose_notice(number, "EU/guests", "Harmless.", "officer")
    with pytest.raises(MovedError), small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", read)
    noticing.push_all(small.run)
    assert [row for row in small.ours("outbox") if row["template"] == "incident"] == []


def test_guests_of_a_restored_database_are_told_before_it_has_caught_up(
    small: Watch, tmp_path: Path
) -> None:
    """What was proposed waits for its place in the journal; who waits for the letter need not."""
    small.settings = replace(small.settings, register=str(tmp_path / "register"))
    with small.engine.begin() as conn:
        pulse.put(conn, remembering.RESTORED, pulse.Pulse(small.now.replace(tzinfo=None), "0"))
    number = proposed(small, "Seen.")
    read = small.digest(number)
    with pytest.raises(FourEyesError), small.begin() as office:
        office.let_notice_go(number, "EU/guests", "officer", read)
    with small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", read)
    assert "notice-proposed" not in {row["action"] for row in small.ours("entry")}


def test_letters_go_once_however_many_batches_they_take(
    small: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each guest is looked at once; what went is neither let go again nor proposed anew."""
    monkeypatch.setattr(noticing, "BATCH", 1)
    number = proposed(small, "Seen.")
    read = small.digest(number)

    def let_go() -> None:
        with small.begin() as office:
            office.let_notice_go(number, "EU/guests", "second", read)

    let_go()
    with pytest.raises(TransitionError):
        let_go()
    assert noticing.push_all(small.run, most=9) == 4
    with pytest.raises(TransitionError):
        let_go()
    with pytest.raises(TransitionError), small.begin() as office:
        office.propose_notice(number, "EU/guests", "Once more.", "officer")
    assert noticing.push_all(small.run) == 0
    duty = next(d for d in small.one(number)["duties"] if d["id"] == "EU/guests")
    assert (duty["state"], duty["told"], duty["untold"]) == ("sent", 1, 3)
    assert [row["template"] for row in small.ours("outbox")].count("incident") == 1


def test_what_was_told_is_recorded_once_and_as_it_can_have_been(small: Watch) -> None:
    """Not twice, not ahead of time, and nobody writes to guests before they were looked up."""
    small.place("DE")
    number = small.report()
    small.classify(number, "risk-high")
    with pytest.raises(TransitionError), small.begin() as office:
        office.propose_notice(number, "EU/guests", "Seen.", "officer")

    def told(minutes: int) -> None:
        with small.begin() as office:
            at = small.now + timedelta(minutes=minutes)
            office.told_authority(number, "EU/authority", "LfD 7/26", "officer", at)

    for minutes in (1, -1):
        with pytest.raises(InputError):
            told(minutes)
    told(0)
    with pytest.raises(TransitionError):
        told(0)
    assert len(small.ours("notice")) == 1


def test_whom_it_goes_to_stays_once_a_letter_is_proposed(small: Watch) -> None:
    """Nobody widens or narrows it behind the back of who reads it; after the letters they may."""
    number = proposed(small, "Seen.")
    digest = small.digest(number)
    with pytest.raises(TransitionError), small.begin() as office:
        office.measure_incident(number, Asked("bookings"), "second")
    with small.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    with pytest.raises(TransitionError), small.begin() as office:
        office.measure_incident(number, Asked("bookings"), "second")
    noticing.push_all(small.run)
    with small.begin() as office:
        office.measure_incident(number, Asked("bookings"), "second")


def sent(watch: Watch, table: str = "invoices") -> str:
    """Tell the guests of records of an incident; return its number."""
    watch.place("DE")
    number = watch.report(happened=watch.now)
    watch.classify(number, "risk-high")
    look(watch, number, table)
    with watch.begin() as office:
        office.propose_notice(number, "EU/guests", "Seen.", "officer")
    let_go(watch, number)
    return number


def look(watch: Watch, number: str, table: str = "") -> None:
    """Look up whom an incident concerns."""
    with watch.begin() as office:
        office.measure_incident(number, Asked(table), "officer")


def let_go(watch: Watch, number: str) -> None:
    """Let the letter to the guests go, as the second person, and write it."""
    digest = watch.digest(number)
    with watch.begin() as office:
        office.let_notice_go(number, "EU/guests", "second", digest)
    noticing.push_all(watch.run)


def duty(watch: Watch, number: str) -> tuple[str, int, int]:
    """Return how it stands with the letter to the guests, and how many were told and not."""
    mine = next(d for d in watch.one(number)["duties"] if d["id"] == "EU/guests")
    return mine["state"], mine["told"], mine["untold"]


def test_whom_a_later_look_finds_besides_is_written_to_before_it_is_closed(small: Watch) -> None:
    """The letter waits again for a second person, goes once to each, and the guests are not told
    until then; a look that finds nobody else changes nothing."""
    number = sent(small)
    assert duty(small, number) == ("sent", 1, 0)
    small.guest(5, name="Eve", email="eve@example.com")
    look(small, number)
    assert duty(small, number) == ("proposed", 0, 0)
    assert "not-told" in small.one(number)["missing"]
    let_go(small, number)
    assert duty(small, number) == ("sent", 2, 3)
    look(small, number)
    assert duty(small, number) == ("sent", 2, 3)
    assert [row["template"] for row in small.ours("outbox")].count("incident") == 2


def test_whoever_got_a_letter_gets_none_again_however_late_the_next_look_is(small: Watch) -> None:
    """An incident may be open for longer than what was sent of it is kept."""
    number = sent(small)
    gone = update(tables.outbox).values(state="sent", done_at=small.now.replace(tzinfo=None))
    with small.engine.begin() as conn:
        conn.execute(gone)
    small.later(days=100)
    owndata.end(small.run)
    look(small, number)
    assert duty(small, number) == ("proposed", 0, 0)
    let_go(small, number)
    states = [row["state"] for row in small.ours("outbox") if row["template"] == "incident"]
    assert (duty(small, number), states) == (("sent", 1, 3), ["sent"])
    with small.begin() as office:
        office.told_authority(number, "EU/authority", "LfD 7", "officer")
        office.review_incident(number, "Look twice.", "officer")
    small.public(number)
    with small.begin() as office:
        office.close_incident(number, "second")
    small.later(days=100)
    owndata.end(small.run)
    assert not [row for row in small.ours("outbox") if row["template"] == "incident"]


def test_a_look_that_finds_those_who_were_written_to_proposes_nothing(small: Watch) -> None:
    """A narrower look between changes nothing: nobody else is concerned."""
    small.guest(5, name="Eve", email="eve@example.com")
    number = sent(small, "")
    was = duty(small, number)
    for table in ("invoices", "", "invoices", "guests"):
        look(small, number, table)
        assert duty(small, number) == was


def test_a_letter_of_a_law_that_holds_no_more_waits_for_nobody(small: Watch) -> None:
    """No duty is left by which somebody could let it go: it stays as it was sent."""
    number = sent(small)
    small.place("CN")
    look(small, number)
    look(small, number)
    (notice,) = small.ours("notice")
    assert (notice["state"], notice["told"]) == ("sent", 1)


def test_a_letter_that_was_proposed_wrongly_is_taken_back(small: Watch) -> None:
    """Whom it concerns can be looked up anew then; what was proposed is let go by nobody."""
    number, other = (proposed(small, "To everybody.") for _ in range(2))
    read, boxes = small.digest(number), len(small.ours("box"))
    with pytest.raises(ForbiddenError), small.begin() as office:
        office.take_notice_back(number, "EU/guests", "clerk")
    with pytest.raises(TransitionError), small.begin() as office:
        office.take_notice_back(number, "EU/authority", "second")
    with small.begin() as office:
        office.take_notice_back(number, "EU/guests", "second")
    assert "notice-taken-back" in small.events
    assert len(small.ours("box")) == boxes - 1
    assert [row["incident"] for row in small.ours("notice")] == [other]
    for gone in (
        lambda office: office.let_notice_go(number, "EU/guests", "second", read),
        lambda office: office.take_notice_back(number, "EU/guests", "officer"),
        lambda office: office.take_notice_back(number, "EU/authority", "officer"),
    ):
        with pytest.raises(TransitionError):
            small.run(gone)
    with small.begin() as office:
        assert office.measure_incident(number, Asked("bookings"), "second")["living"] == 2
        office.propose_notice(number, "EU/guests", "To those who stayed.", "second")
    read = small.digest(number)
    with small.begin() as office:
        office.let_notice_go(number, "EU/guests", "officer", read)
    with pytest.raises(TransitionError), small.begin() as office:
        office.take_notice_back(number, "EU/guests", "second")


def test_a_letter_that_no_law_asks_for_any_more_is_taken_back(small: Watch) -> None:
    """It was not as grave, or the hotel lies under another law: nobody must send it to go on."""
    number = proposed(small, "Seen.")
    small.classify(number, "risk-unlikely")
    small.place("JP")
    with small.begin() as office:
        office.take_notice_back(number, "EU/guests", "officer")
        assert office.measure_incident(number, Asked("bookings"), "officer")["living"] == 2
    noticing.push_all(small.run)
    assert [row for row in small.ours("outbox") if row["template"] == "incident"] == []


@pytest.mark.parametrize(
    ("country", "severity", "known"),
    [
        ("DE", "risk-unlikely", {}),
        ("CN", "risk-none", {}),
        ("DE", "risk-likely", {"EU/authority": 72}),
        ("CN", "risk-unlikely", {"CN/authority": 0}),
        ("CN", "risk-high", {"CN/authority": 0, "CN/guests": 0, "CN/cyberspace-office": 4}),
        ("JP", "risk-likely", {"JP/prompt": 72, "JP/full": 720}),
        ("JP", "risk-high", {"JP/prompt": 72, "JP/full": 720, "HOUSE/guests": 0}),
        ("GB", "risk-likely", {"HOUSE/authority": 72}),
        ("", "risk-high", {"HOUSE/authority": 72, "HOUSE/guests": 0}),
    ],
)
def test_the_clocks_are_those_of_the_law_there(
    small: Watch, country: str, severity: str, known: dict[str, int]
) -> None:
    """They come from the packs; where none is recorded, a choice of the house that says so.

    So guests can be written to at every place, Japan among them, whose pack knows of an authority.
    """
    small.place(country)
    number = small.report()
    small.classify(number, severity)
    found = {d["id"]: d["hours"] for d in small.one(number)["duties"] if d["applies"]}
    assert found == known
    grades = {d["grade"] for d in small.one(number)["duties"] if d["applies"]}
    assert ("house" in grades) is any(name.startswith("HOUSE") for name in known)


def test_as_long_as_nobody_said_how_grave_it_is_everything_rings() -> None:
    """Nobody gains time by not looking."""
    alarm = Alarm("XX/guests", Whom.GUESTS, 0, Severity.HIGH)
    assert alarm.applies(None)
    assert not alarm.applies(Severity.RISK)


def test_officer_and_deputy_are_reminded_once_a_day(small: Watch) -> None:
    """A day before, and each day once it is late; the message names no guest."""
    small.place("DE", officer="officer@pine.example", deputy="deputy@pine.example")
    number = small.report()
    small.classify(number, "risk-likely")
    said = []
    for hours in (1, 48, 1, 24, 24):
        small.later(hours=hours)
        with small.begin() as office:
            said.append(office.remind_incidents())
    assert said == [0, 1, 0, 1, 1]
    assert small.events.count("incident-overdue") == 2
    assert sum(row["template"] == "incidentdue" for row in small.ours("outbox")) == 5


def test_who_acts_on_an_incident_meanwhile_keeps_no_other_from_being_reminded_of(
    watch: Watch,
) -> None:
    """The next sweep reminds of that one, if there is still somebody to be told."""
    watch.place("DE", officer="officer@pine.example")
    numbers = [watch.report(), watch.report()]
    watch.later(hours=48)
    watch.meet("UPDATE guesterase_incident", lambda: watch.classify(numbers[0], "risk-likely"))
    with watch.begin() as office:
        told = office.remind_incidents()
    reminded = [row["number"] for row in watch.ours("incident") if row["reminded_on"]]
    # SQLite lets only one of them in at a time, so they cannot meet there.
    met = watch.engine.dialect.name != "sqlite"
    assert (told, reminded) == ((1, numbers[1:]) if met else (2, numbers))


def test_people_are_found_through_the_data_map(watch: Watch) -> None:
    """Owners of the rows of one table, at this hotel; sealed ones too, erased ones by count."""
    number = watch.report(happened=watch.now - timedelta(hours=1))
    with watch.begin() as office:
        found = office.measure_incident(number, Asked("bookings"), "officer")
    assert found == {"living": 2, "sealed": 0, "erased": 0, "rows": 2}
    assert watch.erased(watch.approved(email="ann@example.com")) == "sealed"
    with watch.begin() as office:
        found = office.measure_incident(number, Asked("invoices"), "officer")
    assert (found["living"], found["sealed"], found["erased"]) == (0, 1, 0)
    with watch.begin() as office:
        found = office.measure_incident(number, Asked(), "officer")
    assert (found["living"], found["sealed"], found["erased"]) == (3, 1, 0)
    assert watch.erased(watch.approved(email="bea@example.com", name="Bea")) == "erased"
    with watch.begin() as office:
        found = office.measure_incident(number, Asked("bookings"), "officer")
    assert (found["living"], found["sealed"], found["erased"]) == (0, 0, 2)
    with pytest.raises(UnknownError), watch.begin() as office:
        office.measure_incident(number, Asked("nothing"), "officer")


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        (None, None, 1), (date(2026, 2, 3), None, 1), (date(2026, 2, 4), None, 0),
        (None, date(2026, 2, 1), 1), (None, date(2026, 1, 31), 0),
    ],
)  # fmt: skip
def test_sealed_lines_are_found_by_their_nights(
    small: Watch, since: date | None, until: date | None, found: int
) -> None:
    """A line of the register whose box is sealed concerns who asks about one of its nights."""
    at = small.now.replace(tzinfo=None)
    with small.engine.begin() as conn:
        conn.execute(insert(tables.kept).values(
            controller="pine-ltd", property="sh", table_name="bookings", row_key="int:77",
            columns="[]", category="guest_register", mode="sealed", box="b1", open="", rule="",
            basis="", grade="A", facts="{}", since=at,
        ))  # fmt: skip
        conn.execute(insert(tables.shelf).values(
            box="b1", label="day:2099-01-01", property="sh", table_name="bookings", room="1",
            first_night="2026-02-01", last_night="2026-02-03",
        ))  # fmt: skip
    number = small.report()
    with small.begin() as office:
        asked = Asked("bookings", since, until)
        assert office.measure_incident(number, asked, "officer")["sealed"] == found


def test_nothing_of_it_is_readable_in_our_tables(small: Watch) -> None:
    """Words, references, owners of measures, and whom it concerns lie in boxes."""
    number = small.report()
    small.classify(number, "risk-high", "guests")
    with small.begin() as office:
        office.measure_incident(number, Asked(), "officer")
        office.told_authority(number, "CN/authority", "Zebrafinch 9", "officer")
        office.propose_notice(number, "CN/guests", "Zebrafinch", "officer")
        office.plan_measure(number, "Ask Zebrafinch", "clerk", date(2026, 4, 1), "officer")
        office.review_incident(number, "Zebrafinch", "officer")
    dump = small.dump()
    assert "ebrafinch" not in dump
    assert "int:2" not in dump
    assert small.one(number)["text"] == TEXT


def test_evidence_is_held_while_requests_go_on(watch: Watch) -> None:
    """The safety copy of a wrong erasure outlives its day; a guest's own request is carried out."""
    number = watch.approved(email="ann@example.com")
    watch.erased(number)
    assert watch.living() == 1
    incident = watch.report("wrong-erasure", happened=watch.now)
    watch.later(minutes=1)
    other = watch.approved(name="Bea", email="bea@example.com")
    assert watch.erased(other) in ("erased", "sealed")
    watch.nights(9)
    held = [r for r in watch.ours("box") if r["label"].startswith("hold:") and r["payload"]]
    assert {row["request"] for row in held} == {number}
    watch.classify(incident, "risk-unlikely")
    watch.end(incident)
    assert watch.living() == 0


def test_a_leak_holds_no_safety_copy(small: Watch) -> None:
    """Guests' data are not kept longer than they must be for what they prove nothing of."""
    small.erased(small.approved(email="ann@example.com"))
    incident = small.report("leak")
    assert not any(row["label"].startswith("hold:") for row in small.ours("box"))
    with small.begin() as office:
        how = Class("risk-likely", "human-error", "mis-operation")
        office.classify_incident(incident, how, "officer")
    assert sum(row["label"].startswith("hold:") for row in small.ours("box")) == 1


def test_what_turns_out_a_leak_holds_no_safety_copy_any_more(watch: Watch) -> None:
    """The first word is often another one; the day that a guest was told of is kept then."""
    watch.erased(watch.approved(email="ann@example.com"))
    incident = watch.report("wrong-erasure", happened=watch.now)
    assert sum(row["label"].startswith("hold:") for row in watch.ours("box")) == 1
    with watch.begin() as office:
        how = Class("risk-likely", "theft", "lost-device")
        office.classify_incident(incident, how, "officer")
    assert not any(row["label"].startswith("hold:") for row in watch.ours("box"))
    watch.nights(9)
    assert watch.living() == 0
    assert [row["lifted_at"] for row in watch.ours("hold")] == [None]


def test_a_copy_that_only_an_incident_keeps_any_more_is_let_go_of_by_two(watch: Watch) -> None:
    """Who alone calls it a leak, by mistake or to hide something, ends nothing at once."""
    watch.erased(watch.approved(email="ann@example.com"))
    incident = watch.report("wrong-erasure", happened=watch.now)
    watch.nights(9)
    with watch.begin() as office:
        office.classify_incident(incident, Class("risk-unlikely", "theft", "leak"), "officer")
    worker.work(watch.run, lambda *_: ("", ""), {})
    assert watch.living() == 1
    watch.end(incident)
    assert watch.living() == 0


def test_the_journal_is_not_pruned_while_an_incident_is_open(
    sqlite_url: str, tmp_path: Path
) -> None:
    """However old its entries are, and until two people brought the incident to its end."""
    inn = Ashore(sqlite_url, tmp_path)
    grown(inn)
    inn.grants["officer"].add("incident")
    number = inn.run(lambda office: office.open_incident(Report("sh", "leak", TEXT), "officer"))
    assert pruned(inn) == 0
    with inn.begin() as office:
        row = records.load(office.work, number)
        evidence.end(office.work, row, "a2")
    assert pruned(inn) > 0
    inn.engine.dispose()


def test_who_may_do_nothing_opens_nothing_and_who_may_something_manages_nothing(
    small: Watch,
) -> None:
    """Anybody on duty reports; only who deals with incidents reads them."""
    for user in ("stranger", "nobody"):
        with pytest.raises(ForbiddenError):
            small.report(by=user)
    number = small.report(by="auditor")
    for user in ("auditor", "clerk"):
        with pytest.raises(ForbiddenError), small.begin() as office:
            office.incident(number, user)
        with pytest.raises(ForbiddenError), small.begin() as office:
            office.incidents(user)
    with pytest.raises(ForbiddenError), small.begin() as office:
        office.open_incident(Report("mu", "leak", TEXT), "clerk")


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "nothing"}, {"noticed": timedelta(days=1)}, {"happened": timedelta(days=1)},
        {"noticed": timedelta(days=-2), "happened": timedelta(days=-1)},
    ],
)  # fmt: skip
def test_what_cannot_be_is_not_recorded(small: Watch, more: dict[str, Any]) -> None:
    """An unknown kind, a time that lies ahead, noticed before it happened."""
    times = {k: small.now + v if isinstance(v, timedelta) else v for k, v in more.items()}
    with pytest.raises(InputError):
        small.report(**times)
    assert not small.ours("incident")
    number = small.report()
    with pytest.raises(InputError):
        small.classify(number, "risk-likely", "guests.nothing")
    with pytest.raises(InputError), small.begin() as office:
        office.plan_measure(number, "Do it", "stranger", date(2026, 4, 1), "officer")
    early = small.now - timedelta(days=1)
    with pytest.raises(InputError), small.begin() as office:
        office.told_authority(number, "CN/authority", "x", "officer", early)
