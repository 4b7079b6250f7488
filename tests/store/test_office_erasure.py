"""Carrying out: what moved, what blocks, what two processes and two requests do, and the check."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text, update

from flask_guesterase.core.certificate import Left
from flask_guesterase.core.errors import (
    BlockedError,
    BusyError,
    KeyMissingError,
    MovedError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.payload import decode
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.certificates.certifying import exists
from flask_guesterase.store.erasing import people
from flask_guesterase.store.executing import concluding
from tests.store.hotel import Booking, Companion, Guest, Hotel, Invoice, policies


def ann(hotel: Hotel, **values: str) -> str:
    """Put a guest with a booking into the hotel; return the number of her approved request."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com", **values)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    return hotel.approved(email="ann@example.com")


def test_a_decision_that_moved_goes_back_to_review_and_that_is_kept(any_hotel: Hotel) -> None:
    """A new table in the plan: nothing is erased, the state is REVIEW after the commit."""
    hotel = any_hotel
    number = ann(hotel)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=9)
    with hotel.begin() as office:
        ending = office.erase(number)
    with pytest.raises(MovedError) as caught:
        ending.settled()
    assert caught.value.differences == ("retain invoices: billed_to",)
    assert hotel.state(number) == "review"
    assert hotel.row(1)["name"] == "Ann Berg"
    assert hotel.events[-1] == "request-reviewed-again"
    # Whoever decides anew reads why, also where the worker was told and nobody else.
    with hotel.begin() as office:
        assert office.preview(number).differences == ("retain invoices: billed_to",)
    hotel.approve(number, "second")
    with hotel.begin() as office:
        assert office.preview(number).differences == ()
    assert hotel.erased(number) == "sealed"


@pytest.mark.parametrize(
    ("written", "why"),
    [({"decided_at": datetime(2026, 9, 1)}, "again-clock"), ({"decided_by": "a9"}, "again-unknown"),
     ({}, "again-differs")],
)  # fmt: skip
def test_the_journal_says_why_a_decision_that_was_approved_is_made_anew(
    hotel: Hotel, written: dict[str, Any], why: str
) -> None:
    """Nobody is there to read it when a worker sends it back, and the plan may not say it."""
    number = ann(hotel)
    if written:
        with hotel.engine.begin() as conn:
            conn.execute(update(tables.request).values(**written))
    else:
        hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=9)
    with hotel.begin() as office:
        office.erase(number)
    (entry,) = (e for e in hotel.ours("entry") if e["action"] == "request-reviewed-again")
    assert (hotel.state(number), json.loads(entry["body"])["grounds"]) == ("review", [why])


def test_more_rows_under_approved_decisions_are_erased_with_the_others(hotel: Hotel) -> None:
    """A booking made after the approval is under what was decided."""
    number = ann(hotel)
    hotel.put(Booking, id=2, number="B2", guest_id=1, remark="new")
    assert hotel.erased(number) == "erased"
    assert [row["remark"] for row in hotel.rows(Booking)] == [None, None]


def test_a_gap_keeps_the_erasure_waiting_until_it_is_closed(hotel: Hotel) -> None:
    """Approval is possible, erasing waits and is tried again by itself, then ends well."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    with hotel.engine.begin() as conn:
        conn.execute(text("ALTER TABLE bookings ADD COLUMN diary VARCHAR(20)"))
    number = hotel.approved(email="ann@example.com")
    with hotel.begin() as office:
        assert {line.reason for line in office.preview(number).blocked} == {"gap"}
        ending = office.erase(number)
    with pytest.raises(BlockedError):
        ending.settled()
    assert hotel.state(number) == "waiting"
    assert hotel.row(1)["name"] == "Ann Berg"
    with hotel.begin() as office:
        assert office.due() == []
        office.erase(number)
    assert hotel.events.count("request-waiting") == 1
    with hotel.engine.begin() as conn:
        conn.execute(text("ALTER TABLE bookings DROP COLUMN diary"))
    hotel.later(days=1)
    with hotel.begin() as office:
        assert office.due() == [number]
    assert hotel.erased(number) == "erased"


def test_grace_is_waited_for(hotel: Hotel) -> None:
    """Nobody, at any door, erases before the hours are over."""
    hotel.settings = replace(hotel.settings, grace_hours=4)
    number = ann(hotel)
    with hotel.begin() as office:
        assert office.erase(number, by="officer").reasons == ("grace",)
        assert office.due() == []
    hotel.later(hours=4)
    with hotel.begin() as office:
        assert office.due() == [number]
    assert hotel.erased(number) == "erased"


@pytest.mark.parametrize("hours", [0, 4])
def test_what_a_clock_that_ran_ahead_approved_is_decided_anew_once_it_is_right(
    hotel: Hotel, hours: int
) -> None:
    """A guest is told that they wait until a day a year from now, and would: nobody knows when it
    was approved, so that nobody knows when the time to take it back is over."""
    hotel.settings = replace(hotel.settings, grace_hours=hours)
    hotel.grants["officer"].add("law")
    hotel.grants["second"].add("law")
    right = hotel.now
    hotel.later(days=365)
    number = ann(hotel)
    hotel.now = right
    for name in ("officer", "second"):
        with hotel.begin() as office:
            office.confirm_clock(name)
    with hotel.begin() as office:
        assert office.due() == [number]
        ending = office.erase(number)
    assert ending.differences == ("it was approved by a clock that ran ahead",)
    assert hotel.state(number) == "review"
    assert hotel.row(1)["name"] == "Ann Berg"
    hotel.approve(number, "second")
    hotel.later(hours=hours)
    with hotel.begin() as office:
        assert office.due() == [number]
    assert hotel.erased(number) == "erased"


def test_a_clock_in_doubt_erases_nothing_for_the_host_either(hotel: Hotel) -> None:
    """Whoever opens the office erases by the same clock as the worker, which floors are judged by.

    Nothing of it is kept, and once two people said that the clock is right it goes on.
    """
    number = ann(hotel)
    with hotel.begin() as office:
        brake.beat(office.work)
    hotel.now += timedelta(days=3 * 365)
    with hotel.begin() as office, pytest.raises(BlockedError) as caught:
        office.erase(number)
    assert caught.value.reasons == (brake.DOUBT,)
    assert hotel.state(number) == "approved"
    assert hotel.row(1)["name"] == "Ann Berg"
    for name in ("officer", "second"):
        hotel.grants[name].add("law")
        with hotel.begin() as office:
            office.confirm_clock(name)
    assert hotel.erased(number) == "erased"


def test_what_waits_for_grace_waits_until_a_day_of_the_hotel(hotel: Hotel) -> None:
    """At 22:00 in Shanghai four hours more are the next day, though not yet in Greenwich."""
    hotel.settings = replace(hotel.settings, grace_hours=4)
    hotel.now = hotel.now.replace(hour=14)
    number = ann(hotel)
    with hotel.begin() as office:
        day = (hotel.now.date() + timedelta(days=1)).isoformat()
        assert office.show(number)["waiting_until"] == day


def test_erasing_what_was_never_approved_or_again_does_nothing(hotel: Hotel) -> None:
    """Not approved is an error; erased before is an answer."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    number = hotel.file(email="ann@example.com")
    with hotel.begin() as office:
        with pytest.raises(TransitionError):
            office.erase(number)
        with pytest.raises(TransitionError):
            office.check(number)
        with pytest.raises(UnknownError):
            office.certificate(number)
        with pytest.raises(UnknownError):
            office.erase("GR-NOBODY22")
        office.confirm(number, "clerk", "desk")
    hotel.approve(number)
    hotel.erased(number)
    row = hotel.row(1)
    with hotel.begin() as office:
        assert office.erase(number).settled() == "erased"
        assert office.check(number) == "erased"
    assert hotel.row(1) == row
    assert hotel.events.count("subject-erased") == hotel.events.count("certificate-issued") == 1


def test_two_processes_erasing_one_request_end_in_one_erasure(any_hotel: Hotel) -> None:
    """Eight at once: one erases, the others find it done or are told to try again."""
    hotel = any_hotel
    number = ann(hotel)
    gate = threading.Barrier(8)
    ends: list[str] = []

    def one() -> None:
        gate.wait()
        try:
            with hotel.begin() as office:
                ending = office.erase(number)
            ends.append(ending.state.value)
        except BusyError as busy:
            ends.append(type(busy).__name__)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 8
    assert set(ends) <= {"checking", "BusyError"}
    assert "checking" in ends
    assert hotel.events.count("subject-erased") == 1
    assert len([b for b in hotel.ours("box") if b["purpose"] == "recovery"]) == 1
    with hotel.begin() as office:
        assert office.check(number) == "erased"
        assert office.verify() == []


def test_two_requests_for_one_person_both_end_well(any_hotel: Hotel) -> None:
    """The second finds nothing of the shared row left, and erases the rest."""
    hotel = any_hotel
    hotel.guest(1, name="Ann Berg", email="ann@example.com", phone="13812345678")
    hotel.guest(2, name="Ann Berg", phone="13812345678")
    first = hotel.approved(email="ann@example.com")
    second = hotel.approved(phone="13812345678")
    assert first != second
    assert hotel.erased(first) == "erased"
    assert hotel.row(2)["name"] == "Ann Berg"
    assert hotel.erased(second) == "erased"
    assert hotel.row(2)["name"] != "Ann Berg"


def test_a_row_shared_with_a_living_guest_stays_hers_and_the_end_is_erased(hotel: Hotel) -> None:
    """A companion's booking is the booker's; it is listed as shared, not as kept by law."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.guest(2, name="Bea Lund", email="bea@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=2, remark="hers")
    hotel.put(Companion, booking_id=1, guest_id=1)
    declared = policies(str(hotel.files))
    shared = {"guest": ["remark"], "companions.guest": []}
    hotel.datamap = hotel.mapped(
        [(m, replace(p, via=shared) if m is Booking else p) for m, p in declared]
    )
    assert hotel.datamap.findings == ()
    number = hotel.approved(email="ann@example.com")
    assert hotel.erased(number) == "erased"
    assert hotel.rows(Booking)[0]["remark"] == "hers"
    assert hotel.row(2)["name"] == "Bea Lund"
    assert hotel.rows(Companion) == []
    with hotel.begin() as office:
        said = office.certificate(number)["content"]
        assert [(i["table"], i["rows"]) for i in said["shared"]] == [("bookings", 1)]
        assert [line.table for line in office.preview(number).shared] == ["bookings"]


def test_what_was_erased_can_be_had_back_from_its_box_until_the_day_is_over(hotel: Hotel) -> None:
    """The recovery box holds the rows as they were; with no recovery days there is none."""
    number = ann(hotel)
    hotel.erased(number)
    with hotel.begin() as office:
        conn = office.work.conn
        (box,) = vault.of_request(conn, number, "recovery")
        (payload,) = vault.unseal(conn, hotel.custodian, [box])
    values = {
        (row.table, c.name): c.value for row in decode(payload).rows for c in row.columns
    }
    assert values["guests", "name"] == "Ann Berg"
    assert values["bookings", "remark"] == "late"
    hotel.later(days=8)
    with hotel.begin() as office:
        work = office.work
        labels = vault.mark(work.conn, work.today, work.stamp, hotel.custodian.labels())
    vault.destroy(hotel.custodian, labels)
    with hotel.begin() as office:
        vault.record(office.work.conn, labels, office.work.stamp)
        with pytest.raises(KeyMissingError):
            vault.unseal(office.work.conn, hotel.custodian, [box])
    hotel.settings = replace(hotel.settings, recovery_days=0)
    hotel.guest(5, name="Eve", email="eve@example.com")
    other = hotel.approved(email="eve@example.com")
    hotel.erased(other)
    with hotel.begin() as office:
        assert vault.of_request(office.work.conn, other, "recovery") == []
        assert office.certificate(other)["content"]["recovery_until"] == ""


def test_a_failure_half_way_leaves_everything_as_before(any_hotel: Hotel) -> None:
    """The database goes away after the rows were changed: rows, state, boxes, journal as before."""
    hotel = any_hotel
    number = ann(hotel)
    ours = ("request", "box", "outbox", "entry", "subject")
    before = hotel.rows(Guest), hotel.rows(Booking), [hotel.ours(name) for name in ours]

    def cut(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("INSERT INTO guesterase_entry"):
            raise ConnectionError("the server went away")

    event.listen(hotel.engine, "before_cursor_execute", cut)
    with pytest.raises(ConnectionError), hotel.begin() as office:
        office.erase(number)
    event.remove(hotel.engine, "before_cursor_execute", cut)
    assert before == (hotel.rows(Guest), hotel.rows(Booking), [hotel.ours(n) for n in ours])
    assert hotel.erased(number) == "erased"


def test_what_came_back_before_the_check_is_partial_until_it_is_gone(hotel: Hotel) -> None:
    """PARTIAL says what is left, with a certificate; the next check ends it with a supplement."""
    number = ann(hotel)
    with hotel.begin() as office:
        office.erase(number)
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(remark="back again"))
    with hotel.begin() as office:
        assert office.check(number) == "partial"
        assert office.check(number) == "partial"
        body = office.certificate(number)["content"]
        assert [(i["table"], i["rows"]) for i in body["partial"]] == [("bookings", 1)]
        assert office.show(number)["left"]
    assert len(hotel.ours("certificate")) == 1
    assert len(hotel.ours("contact")) == 1
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 1).values(remark=None))
    with hotel.begin() as office:
        assert office.check(number) == "erased"
        body = office.certificate(number)["content"]
    assert body["supplement"] == 1
    assert body["partial"] == []
    assert hotel.ours("contact") == []


def test_every_check_must_find_nothing(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A further check joins the list, is named as evidence, and can make an erasure partial."""
    found: list[Left] = [Left("guests", 1, "value-found")]
    monkeypatch.setitem(concluding.CHECKS, "check-by-value", lambda *_: found)
    number = ann(hotel)
    assert hotel.erased(number) == "partial"
    found.clear()
    with hotel.begin() as office:
        assert office.check(number) == "erased"
        evidence = office.certificate(number)["content"]["evidence"]
        assert evidence == ["check-by-key", "check-by-value", "search-by-value"]
        assert exists(office.work, number)


def test_keys_of_rows_survive_their_text(hotel: Hotel) -> None:
    """A subject row is found again by the text its key was kept as, of any type."""
    with hotel.begin() as office:
        work = office.work
        for key in [(7,), (-1,)]:
            assert people.read_key(work, "guests", f"int:{key[0]}") == key
        assert people.read_key(work, "companions", "int:1|int:2") == (1, 2)
        for kept in (uuid4(), Decimal("1.10"), date(2026, 3, 1), b"a|b", "a|b", 1.5, True, None):
            text_ = key_text((kept,))
            assert people.read_key(work, "guests", text_) == (kept,)
        with pytest.raises(UnknownError):
            people.read_key(work, "guests", "Colour:Colour.RED")
        for pair in (("a|str:b", "c"), ("a", "b|str:c"), ("\\", "|"), ("\\|", "")):
            assert people.read_key(work, "companions", key_text(pair)) == pair


def test_a_deleted_subject_row_ends_well(hotel: Hotel) -> None:
    """Where the policy deletes guests, a second request about one of them finds nothing left."""
    declared = [
        (
            Guest,
            Policy(
                {"hotel": keep("which"), "name": null, "email": null, "phone": null,
                 "document_no": null},
                subject=Subject(match=["email", "phone"], name="name", contact=["email", "phone"],
                                property="hotel"),
            ),
        )
    ]  # fmt: skip
    declared += [(m, p) for m, p in policies(str(hotel.files)) if m is not Guest]
    hotel.datamap = hotel.mapped(declared)
    hotel.guest(1, name="Ann", email="ann@example.com", phone="13812345678")
    hotel.guest(2, name="Ann", phone="13812345678")
    first = hotel.approved(email="ann@example.com")
    second = hotel.approved(phone="13812345678")
    hotel.erased(first)
    with hotel.engine.begin() as conn:
        conn.execute(text("DELETE FROM guests WHERE id = 1"))
    assert hotel.erased(second) == "erased"
    assert len([s for s in hotel.ours("subject") if s["erased_at"]]) == 3
