"""A copy of what is held: asked for by itself, released by two people, fetched once, then gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from flask_guesterase.core.copying import Copy, Part, Record, as_files
from flask_guesterase.core.errors import (
    BlockedError,
    ForbiddenError,
    FourEyesError,
    InputError,
    LimitError,
    MovedError,
    TokenError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import tables, worker
from flask_guesterase.store.access.tokens import Purpose, link
from flask_guesterase.store.casework import cases
from flask_guesterase.store.casework.cases import day_at, load
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.copying import boxed, offering
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweep import STEPS
from flask_guesterase.store.upkeep import dispatch
from tests.store.hotel import Booking, Companion, Hotel, Invoice

ANN = {"name": "Ann Berg", "email": "ann@mail.example", "phone": "+8613912345678",
       "document_no": "E1234567"}  # fmt: skip


def run(hotel: Hotel, unit: Callable[[Office], Any], /) -> Any:
    """Run a unit of work."""
    with hotel.begin() as office:
        return unit(office)


def furnish(hotel: Hotel) -> None:
    """Put Ann in with a booking of her own, and into a room that Bea booked."""
    hotel.guest(1, **ANN)
    hotel.guest(2, name="Bea Lund", email="bea@mail.example", phone="+8613800000002")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="quiet, not beside Bea Lund")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="early, for bea@mail.example")
    hotel.put(Companion, booking_id=2, guest_id=1)
    hotel.put(Companion, booking_id=1, guest_id=2)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=90)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bea Lund", total=70)


def asked(hotel: Hotel, wish: str = "copy", email: str = "ann@mail.example") -> str:
    """File a request at the desk for a copy; return its number."""
    with hotel.begin() as office:
        return office.request({"email": email}, property="sh", by="clerk", wish=wish)


def shown(hotel: Hotel, number: str) -> str:
    """Record at the desk who it is; return the case code."""
    with hotel.begin() as office:
        return office.confirm(number, "clerk", "desk")


def release(hotel: Hotel, number: str, by: str = "officer") -> None:
    """Release what the copy would hold today."""
    with hotel.begin() as office:
        _, digest = office.outline(number, by)
        office.release_copy(number, by, digest)


def fetched(hotel: Hotel, number: str) -> Copy:
    """Fetch a copy by a code that was handed out at the desk."""
    with hotel.begin() as office:
        code = office.hand_out_copy(number, "clerk")
    with hotel.begin() as office:
        ticket = office.fetch_copy(code)
    with hotel.begin() as office:
        return office.read_copy(ticket)[1]


def copied(hotel: Hotel) -> Copy:
    """Ask for Ann's copy, release and fetch it."""
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    return fetched(hotel, number)


def records(copy: Copy, table: str) -> list[Record]:
    """Return what a copy holds of one table."""
    return [record for part in copy.parts if part.table == table for record in part.records]


def test_no_copy_is_released_while_nobody_said_whose_a_profile_is(hotel: Hotel) -> None:
    """The guest is told that it is all there is; a profile that perhaps is theirs would lack."""
    furnish(hotel)
    hotel.guest(3, name="Carl Other", email="ann@mail.example")
    with hotel.begin() as office:
        match = {"email": "ann@mail.example", "name": "Ann Berg"}
        number = office.request(match, property="sh", by="clerk", wish="copy")
    shown(hotel, number)
    with pytest.raises(TransitionError):
        release(hotel, number)
    with hotel.begin() as office:
        [row] = office.preview(number).perhaps
        office.leave(number, row.id, "clerk")
    release(hotel, number)
    assert fetched(hotel, number).rows()


def test_who_was_left_out_of_a_copy_does_not_take_it_along_when_erased(
    hotel: Hotel,
) -> None:
    """Somebody said that the profile is not this guest's: the copy is not about who has it."""
    furnish(hotel)
    hotel.guest(3, name="Carl Other", email="ann@mail.example", document_no="C1")
    with hotel.begin() as office:
        match = {"email": "ann@mail.example", "name": "Ann Berg"}
        number = office.request(match, property="sh", by="clerk", wish="copy")
    shown(hotel, number)
    with hotel.begin() as office:
        [row] = office.preview(number).perhaps
        office.leave(number, row.id, "clerk")
    release(hotel, number)
    with hotel.begin() as office:
        theirs = office.request({"document": "C1"}, property="sh", channel="letter", by="clerk")
    shown(hotel, theirs)
    hotel.approve(theirs)
    hotel.erased(theirs)
    assert hotel.row(3)["name"] != "Carl Other"
    assert fetched(hotel, number).rows()


def test_a_copy_holds_every_declared_column_and_nothing_of_another(any_hotel: Hotel) -> None:
    """Her profile, her booking and her invoice; of Bea neither a row nor a word."""
    furnish(any_hotel)
    copy = copied(any_hotel)
    profile = {**ANN, "hotel": "sh"}
    assert [dict(record.values) for record in records(copy, "guests")] == [profile]
    assert [dict(record.values) for record in records(copy, "invoices")] == [
        {"billed_to": "Ann Berg", "total": "90"}
    ]
    assert [record.values["number"] for record in records(copy, "bookings")] == ["B1"]
    # The number of the request is drawn by lot: a "B2" in it is no booking.
    text = copy.to_json().replace(copy.number, "")
    assert [word for word in ("Bea", "bea@", "Lund", "B2", "70") if word in text] == []
    assert records(copy, "bookings")[0].values["remark"] == "quiet, not beside ▇▇▇"


def test_a_copy_says_why_until_when_and_by_which_article(hotel: Hotel) -> None:
    """Each record names its category; what the law keeps says so."""
    furnish(hotel)
    copy = copied(hotel)
    (invoice,) = records(copy, "invoices")
    terms = {term.columns: term for term in invoice.terms}
    assert terms["billed_to",].category == "invoice"
    assert terms["billed_to",].keeps
    assert terms["total",].category == "bookkeeping"


def test_a_copy_is_not_refused_because_the_law_keeps_something(hotel: Hotel) -> None:
    """The letter would cite an article about erasing; what is kept may be seen (GDPR 15, PIPL 45).
    """
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office, pytest.raises(InputError, match="no copy"):
        office.refuse(number, "officer", "kept-by-law")
    assert hotel.state(number) == "review"
    assert [row["template"] for row in hotel.ours("outbox") if row["template"] == "refused"] == []


def test_whoever_filed_or_verified_does_not_release_it(hotel: Hotel) -> None:
    """A copy leaves the house only when a second person looked at what it holds."""
    furnish(hotel)
    hotel.grants["clerk"] |= {"approve"}
    number = asked(hotel)
    with pytest.raises(TransitionError):
        release(hotel, number)
    shown(hotel, number)
    with pytest.raises(FourEyesError):
        release(hotel, number, by="clerk")
    with pytest.raises(ForbiddenError):
        release(hotel, number, by="auditor")
    release(hotel, number)
    assert hotel.state(number) == State.OFFERED
    assert "data-copy-requested" in hotel.events
    assert "data-copy-released" in hotel.events
    assert "erasure-requested" not in hotel.events


def test_what_is_released_is_what_was_read(hotel: Hotel) -> None:
    """A table that came in since goes back to who releases; more rows do not."""
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office:
        _, digest = office.outline(number, "officer")
    hotel.put(Invoice, id=3, booking_id=1, billed_to="Ann Berg", total=12)
    with hotel.begin() as office, pytest.raises(MovedError):
        office.release_copy(number, "officer", "0" * 64)
    with hotel.begin() as office:
        office.release_copy(number, "officer", digest)
    assert len(records(fetched(hotel, number), "invoices")) == 2


def test_a_request_for_erasure_is_not_released_as_a_copy(hotel: Hotel) -> None:
    """Nobody asked for one: neither is it read over, nor sealed, nor is a code for it printed."""
    furnish(hotel)
    number = hotel.file(email="ann@mail.example")
    shown(hotel, number)
    with hotel.begin() as office:
        plain = office.preview(number).digest
    for act in (
        lambda office: office.outline(number, "officer"),
        lambda office: office.release_copy(number, "officer", plain),
        lambda office: office.hand_out_copy(number, "clerk"),
    ):
        with hotel.begin() as office, pytest.raises(UnknownError, match="not for a copy"):
            act(office)
    assert hotel.state(number) == State.REVIEW


def test_a_link_or_code_opens_once_and_the_ticket_for_half_an_hour(hotel: Hotel) -> None:
    """Whoever comes later with the same code finds it used; a newer code ends the older one."""
    furnish(hotel)
    number = asked(hotel)
    case_code = shown(hotel, number)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.hand_out_copy(number, "clerk")
    release(hotel, number)
    with hotel.begin() as office:
        old = office.hand_out_copy(number, "clerk")
    with hotel.begin() as office:
        code = office.hand_out_copy(number, "clerk")
    with hotel.begin() as office, pytest.raises(TokenError):
        office.fetch_copy(old)
    with hotel.begin() as office:
        assert office.open_copy(code.lower().replace("-", " ")).number == number
        ticket = office.fetch_copy(code)
    with hotel.begin() as office, pytest.raises(TokenError):
        office.fetch_copy(code)
    for wrong in (case_code, code, ""):
        with hotel.begin() as office, pytest.raises(TokenError):
            office.read_copy(wrong)
    hotel.later(minutes=29)
    with hotel.begin() as office:
        assert office.read_copy(ticket)[1].rows() > 0
    hotel.later(minutes=2)
    with hotel.begin() as office, pytest.raises(TokenError):
        office.read_copy(ticket)
    assert hotel.state(number) == State.FETCHED
    assert hotel.events.count("data-copy-fetched") == 1


def test_a_token_of_an_erasure_never_opens_a_copy_nor_the_other_way_round(hotel: Hotel) -> None:
    """Who was forwarded the link of an erasure learns nothing by it, and erases nobody by this."""
    furnish(hotel)
    copy, erasure = asked(hotel), asked(hotel, "erase")
    assert copy != erasure
    with hotel.begin() as office:
        erasing = link(office.work, erasure, Purpose.CONFIRM)
        copying = link(office.work, copy, Purpose.COPY)
        crossed = link(office.work, copy, Purpose.CONFIRM)
        across = link(office.work, erasure, Purpose.COPY)
    for token in (erasing, crossed, across):
        with hotel.begin() as office, pytest.raises(TokenError):
            office.confirm_copy_link(token)
    for token in (copying, crossed, across):
        with hotel.begin() as office, pytest.raises(TokenError):
            office.confirm_link(token)
    with hotel.begin() as office:
        code = office.confirm_link(erasing)
    for door in ("fetch_copy", "read_copy", "open_copy", "send_copy_link"):
        with hotel.begin() as office, pytest.raises((TokenError, UnknownError, TransitionError)):
            getattr(office, door)(code)
    with hotel.begin() as office:
        assert office.case(office.confirm_copy_link(copying)).number == copy
    assert {hotel.state(copy), hotel.state(erasure)} == {"review"}


def test_a_request_for_a_copy_erases_nobody_whatever_a_row_says(hotel: Hotel) -> None:
    """Not by the officer, not by the worker, not by somebody who writes into our tables."""
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.approve(number, "officer", office.preview(number).digest)
    release(hotel, number)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.erase(number)
    request = tables.request
    for kind in ("copy", "erasure"):
        with hotel.engine.begin() as conn:
            conn.execute(update(request).where(request.c.number == number).values(
                state="approved", kind=kind, decisions=json.dumps({}), try_at=hotel.now,
            ))  # fmt: skip
        with hotel.begin() as office:
            if kind == "copy":
                with pytest.raises(TransitionError):
                    office.erase(number)
            else:
                assert office.erase(number).state is State.REVIEW
    assert hotel.row(1)["name"] == "Ann Berg"


def test_an_erasure_waits_until_the_copy_was_fetched(hotel: Hotel) -> None:
    """Copy first, then erase: nothing goes before the copy is in the guest's hands."""
    furnish(hotel)
    number = asked(hotel, "copy-first")
    (pair,) = hotel.ours("copy")
    erasure = pair["erasure"]
    for each in (number, erasure):
        shown(hotel, each)
    hotel.approve(erasure)
    for _ in range(2):
        with hotel.begin() as office:
            ending = office.erase(erasure)
        with pytest.raises(BlockedError, match="open-request"):
            ending.settled()
        if hotel.state(number) == "review":
            release(hotel, number)
    assert hotel.row(1)["name"] == "Ann Berg"
    copy = fetched(hotel, number)
    assert copy.to_json().count("Ann Berg") == 2
    hotel.later(minutes=30)
    assert hotel.erased(erasure) == "sealed"
    assert hotel.ours("copy")[0]["box"] is None
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.hand_out_copy(number, "clerk")


def copy_first(hotel: Hotel) -> tuple[str, str]:
    """Release a copy that an approved erasure waits for; return both numbers."""
    number, erasure = both(hotel)
    release(hotel, number)
    return number, erasure


def both(hotel: Hotel) -> tuple[str, str]:
    """File a copy and the erasure that waits for it, and approve that; return both numbers."""
    furnish(hotel)
    number = asked(hotel, "copy-first")
    erasure = hotel.ours("copy")[0]["erasure"]
    for each in (number, erasure):
        shown(hotel, each)
    hotel.approve(erasure)
    return number, erasure


def test_a_guest_who_opened_the_copy_reads_it_before_the_erasure_goes_on(hotel: Hotel) -> None:
    """The page said half an hour; what is erased at once takes the copy along, unread."""
    number, erasure = copy_first(hotel)
    with hotel.begin() as office:
        code = office.hand_out_copy(number, "clerk")
    with hotel.begin() as office:
        assert office.erase(erasure).state is State.WAITING
        ticket = office.fetch_copy(code)
    for minutes in (0, 29):
        hotel.later(minutes=minutes)
        with hotel.begin() as office:
            assert office.erase(erasure).state is State.WAITING
            (line,) = office.preview(erasure).blocked
            assert line.until == day_at(office.work.settings.property("sh"), hotel.now).isoformat()
        with hotel.begin() as office:
            assert office.read_copy(ticket)[1].rows() > 0
    hotel.later(minutes=1)
    assert hotel.erased(erasure) == "sealed"


@pytest.mark.parametrize("way", ["taken back", "erased", "day over"])
def test_whatever_ends_a_copy_no_box_of_it_stays(hotel: Hotel, way: str) -> None:
    """It holds all there is of a guest: nobody keeps it until its key dies; nor the contact of who
    asked, and the request's key, once nobody writes to them any more."""
    number, erasure = copy_first(hotel)
    assert [box["request"] for box in hotel.ours("box") if box["purpose"] == "copy"] == [number]
    fetched(hotel, number)
    match way:
        case "taken back":
            with hotel.begin() as office:
                office.withdraw(number, by="clerk")
        case "erased":
            hotel.later(minutes=30)
            assert hotel.erased(erasure) == "sealed"
        case "day over":
            hotel.later(days=15)
            with hotel.begin() as office:
                assert office.end_copies() == 1
    assert [box for box in hotel.ours("box") if box["purpose"] == "copy"] == []
    assert number not in {row["request"] for row in hotel.ours("contact")}
    forgetting.forget(partial(run, hotel))
    assert cases.label(number) not in hotel.custodian.labels()


def test_the_worker_erases_when_the_half_hour_is_over(hotel: Hotel) -> None:
    """Nobody need press anything, and the guest is told nothing anew."""
    number, erasure = copy_first(hotel)
    worker.work(partial(run, hotel), lambda *_: ("", ""), {})
    assert hotel.state(erasure) == "waiting"
    fetched(hotel, number)
    for minutes, state in ((29, "waiting"), (1, "sealed")):
        hotel.later(minutes=minutes)
        worker.work(partial(run, hotel), lambda *_: ("", ""), {})
        assert hotel.state(erasure) == state


def test_a_refusal_speaks_of_an_erasure_to_whose_it_is_and_to_nobody_else(hotel: Hotel) -> None:
    """Ann asked for both; Bea asked for a copy alone and has no erasure that could wait."""
    number, _ = both(hotel)
    other = asked(hotel, email="bea@mail.example")
    shown(hotel, other)
    for each in (number, other):
        with hotel.begin() as office:
            office.refuse(each, "officer", "another-persons-data")
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp"}), most=100)
    letters = [each.content for each in parcels if each.template == "refused"]
    until = {letter["to"]: letter["params"]["until"] != "" for letter in letters}
    assert until == {"ann@mail.example": True, "bea@mail.example": False}


def test_an_erasure_waits_for_who_may_complain_that_the_copy_was_refused(
    any_hotel: Hotel
) -> None:
    """The guest wanted it first: the letter says until when they can complain or take it back."""
    hotel = any_hotel
    number, erasure = both(hotel)
    with hotel.begin() as office:
        told = office.refusal_letter(number, "officer", "another-persons-data").params
        office.refuse(number, "officer", "another-persons-data")
    until = (day_at(hotel.settings.property("sh"), hotel.now) + timedelta(days=14)).isoformat()
    assert told["until"] == until
    for days in (0, 13):
        hotel.later(days=days)
        with hotel.begin() as office:
            assert office.erase(erasure).state is State.WAITING
            (line,) = office.preview(erasure).blocked
            assert line.until == until
    hotel.later(days=1, minutes=1)
    assert hotel.erased(erasure) == "sealed"


def test_an_erasure_names_the_day_by_which_a_complaint_about_the_copy_is_answered(
    any_hotel: Hotel
) -> None:
    """Not the day for the copy, which is past before its refusal is contested."""
    hotel = any_hotel
    number, erasure = both(hotel)
    hotel.later(days=60)
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        office.file_complaint(given, "clerk")
    (complaint,) = hotel.ours("complaint")
    with hotel.begin() as office:
        assert office.erase(erasure).state is State.WAITING
        assert office.show(erasure)["waiting_until"] == complaint["due_on"]


def test_a_day_that_is_past_is_none_on_which_an_erasure_goes_on(hotel: Hotel) -> None:
    """The copy is late, and nobody knows when it is answered: no guest is told of a day gone by."""
    number, erasure = both(hotel)
    with hotel.begin() as office:
        due = date.fromisoformat(office.show(number)["due_on"])
    for day, told in ((due, due.isoformat()), (due + timedelta(days=1), None)):
        hotel.later(days=(day - hotel.now.date()).days)
        with hotel.begin() as office:
            assert office.erase(erasure).state is State.WAITING
            assert office.show(erasure)["waiting_until"] == told


def test_who_hands_out_a_code_is_written_down_and_did_not_release_it(hotel: Hotel) -> None:
    """Whoever decided what is in a copy does not open it; the journal names who may have."""
    furnish(hotel)
    hotel.grants["officer"].add("verify")
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office, pytest.raises(FourEyesError):
        office.hand_out_copy(number, "officer")
    assert "data-copy-handed-out" not in hotel.events
    with hotel.begin() as office:
        office.hand_out_copy(number, "clerk")
        (told,) = [e for e in office.work.events if e.name == "data-copy-handed-out"]
        assert (told.number, told.property) == (number, "sh")
        assert told.actor == office.show(number)["filed_by"]


def test_an_erasure_waits_no_longer_than_the_copy_lies_there(hotel: Hotel) -> None:
    """After fourteen days the copy is gone, fetched or not, and the erasure goes on."""
    number, erasure = copy_first(hotel)
    hotel.later(days=14)
    with hotel.begin() as office:
        assert office.end_copies() == 0
        code = office.hand_out_copy(number, "clerk")
        assert office.erase(erasure).state is State.WAITING
    hotel.later(days=1)
    with hotel.begin() as office:
        assert office.end_copies() == 1
    assert hotel.state(number) == State.EXPIRED
    with hotel.begin() as office, pytest.raises(TokenError):
        office.fetch_copy(code)
    assert hotel.erased(erasure) == "sealed"
    assert "data-copy-ended" in hotel.events


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize("hour", [1, 9, 22])
def test_a_copy_lies_ready_to_the_end_of_the_day_that_was_told(
    hotel: Hotel, zone: str, hour: int
) -> None:
    """Who comes for it in the evening of that day, on the hotel's wall, gets it."""
    hotel.lies_in(zone)
    hotel.now = hotel.now.replace(hour=hour)
    furnish(hotel)
    number = asked(hotel)
    case_code = shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office:
        told = date.fromisoformat(office.case(case_code).copy_until)
    assert told == hotel.now.astimezone(ZoneInfo(zone)).date() + timedelta(days=14)
    evening = datetime.combine(told, time(23, 59), ZoneInfo(zone)).astimezone(UTC)
    while hotel.now < evening:
        hotel.later(minutes=min(1440, int((evening - hotel.now).total_seconds() // 60)))
        worker.work(partial(run, hotel), lambda *_: ("", ""), {})
        with hotel.begin() as office:
            assert office.end_copies() == 0
    with hotel.begin() as office:
        assert office.case(case_code).copy_until == told.isoformat()
    assert fetched(hotel, number).rows()
    hotel.later(minutes=2)
    with hotel.begin() as office:
        assert office.end_copies() == 1


def test_a_copy_whose_day_is_over_ends_once_and_takes_its_contact_along(hotel: Hotel) -> None:
    """One that was fetched as well as one that was not; what others wait for stays as it was."""
    furnish(hotel)
    numbers = [asked(hotel), asked(hotel, email="bea@mail.example")]
    for number in numbers:
        shown(hotel, number)
        release(hotel, number)
    fetched(hotel, numbers[0])
    assert [hotel.state(number) for number in numbers] == ["fetched", "offered"]
    assert [row["fetches"] for row in hotel.ours("copy")] == [1, 0]
    hotel.later(days=14)
    hotel.guest(3, name="Cara Roe", email="cara@mail.example")
    later = asked(hotel, email="cara@mail.example")
    shown(hotel, later)
    hotel.later(days=1)
    assert {row["request"] for row in hotel.ours("contact")} == {*numbers, later}
    for ended in (2, 0):
        with hotel.begin() as office:
            assert office.end_copies() == ended
    assert {row["request"] for row in hotel.ours("contact")} == {later}
    assert [hotel.state(number) for number in (*numbers, later)] == ["fetched", "expired", "review"]
    assert hotel.events.count("data-copy-ended") == 2


def test_a_night_ends_all_copies_however_many_a_transaction_takes(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None stays a day longer because more than a handful end on the same one."""
    monkeypatch.setattr(offering, "PART", 1)
    furnish(hotel)
    for email in ("ann@mail.example", "bea@mail.example"):
        number = asked(hotel, email=email)
        shown(hotel, number)
        release(hotel, number)
    hotel.later(days=15)
    assert [STEPS["copies"](partial(run, hotel)) for _ in range(2)] == [2, 0]
    assert hotel.ours("contact") == []


def test_who_fetches_a_copy_moves_no_other_erasure(hotel: Hotel) -> None:
    """The one that waits for this copy is tried when its guest has read it; one that waits for
    something else as it was to be."""
    _, erasure = copy_first(hotel)
    hotel.guest(3, name="Cara Roe", email="cara@mail.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="stays")
    hotel.blockers = (Blocker("in-house", "bookings", lambda b, today: b.c.remark == "stays"),)
    other = hotel.approved(email="cara@mail.example")
    for each in (erasure, other):
        with hotel.begin() as office:
            assert office.erase(each).state is State.WAITING
    before = {row["number"]: row["try_at"] for row in hotel.ours("request")}
    (number,) = (row["request"] for row in hotel.ours("copy"))
    fetched(hotel, number)
    found = {row["number"]: row["try_at"] for row in hotel.ours("request")}
    half = hotel.now.replace(tzinfo=None) + timedelta(minutes=30)
    assert found == {**before, erasure: half}
    assert before[other] not in (None, half)


def test_a_form_that_anybody_can_send_keeps_no_erasure_waiting(hotel: Hotel) -> None:
    """A stranger who asks for a copy in a guest's name does not hold the guest's erasure up."""
    furnish(hotel)
    number = hotel.approved(email="ann@mail.example")
    hotel.ask(name="Ann Berg", email="ann@mail.example", wish="copy-first")
    hotel.look()
    assert [row["erasure"] for row in hotel.ours("copy")] == [None]
    assert hotel.erased(number) == "sealed"


def test_one_form_makes_two_requests_with_a_link_of_their_own(hotel: Hotel) -> None:
    """The copy waits for nobody; the erasure waits for the copy, even one not confirmed yet."""
    furnish(hotel)
    hotel.ask(name="Ann Berg", email="ann@mail.example", wish="copy-first")
    hotel.look()
    kinds = {row["number"]: row["kind"] for row in hotel.ours("request")}
    assert sorted(kinds.values()) == ["copy", "erasure"]
    sent = sorted(row["template"] for row in hotel.ours("outbox"))
    assert sent == ["confirm", "copyconfirm"]
    (pair,) = hotel.ours("copy")
    assert kinds[pair["request"]] == "copy"
    assert kinds[pair["erasure"]] == "erasure"
    hotel.ask(name="Ann Berg", email="ann@mail.example", wish="copy-first")
    hotel.look()
    assert len(hotel.ours("request")) == 2


def test_what_is_taken_back_is_gone(hotel: Hotel) -> None:
    """A guest who does not want the copy any more leaves nothing that opens."""
    furnish(hotel)
    number = asked(hotel)
    case_code = shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office:
        code = office.hand_out_copy(number, "clerk")
    with hotel.begin() as office:
        office.withdraw(number, code=case_code)
    with hotel.begin() as office, pytest.raises(TokenError):
        office.fetch_copy(code)
    assert "data-copy-withdrawn" in hotel.events
    assert "erasure-withdrawn" not in hotel.events


def test_a_link_goes_to_the_contact_on_file_a_few_times_a_day(hotel: Hotel) -> None:
    """Whoever holds the case code has the link sent to the guest, and to nobody else."""
    furnish(hotel)
    hotel.ask(name="Ann Berg", email="ann@mail.example", wish="copy")
    hotel.look()
    (row,) = hotel.ours("request")
    with hotel.begin() as office:
        code = office.confirm_copy_link(link(office.work, row["number"], Purpose.COPY))
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.send_copy_link(code)
    release(hotel, row["number"])
    for _ in range(5):
        with hotel.begin() as office:
            office.send_copy_link(code)
    with hotel.begin() as office, pytest.raises(LimitError):
        office.send_copy_link(code)
    assert [r["template"] for r in hotel.ours("outbox")].count("copylink") == 5
    with hotel.begin() as office:
        contact = load(office.work, row["number"])
    assert contact.state is State.OFFERED


def test_a_newer_link_ends_what_opened_the_copy_before(hotel: Hotel) -> None:
    """A letter that lies about, or a code on paper, is worth nothing once another link was sent."""
    furnish(hotel)
    number = asked(hotel)
    code = shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office:
        opens = [office.hand_out_copy(number, "clerk")]
    for _ in range(2):
        with hotel.begin() as office:
            office.send_copy_link(code)
        with hotel.begin() as office:
            parcels = dispatch.claim(office.work, frozenset({"smtp"}), most=100)
        opens += [p.content["params"]["token"] for p in parcels if p.template == "copylink"]
    *old, newest = opens
    for each in old:
        with hotel.begin() as office, pytest.raises(TokenError):
            office.fetch_copy(each)
    with hotel.begin() as office:
        office.fetch_copy(newest)


def test_who_has_no_contact_on_file_is_sent_no_link(hotel: Hotel) -> None:
    """They are told to come to the desk, where a code is printed."""
    hotel.guest(1, name="Ann Berg", document_no="E1234567")
    with hotel.begin() as office:
        number = office.request(
            {"document": "E1234567"}, property="sh", channel="letter", by="clerk", wish="copy"
        )
    code = shown(hotel, number)
    release(hotel, number)
    with hotel.begin() as office, pytest.raises(TransitionError, match="no contact"):
        office.send_copy_link(code)
    assert fetched(hotel, number).rows() == 1


def test_at_rest_a_copy_is_sealed_under_the_key_of_its_day(hotel: Hotel) -> None:
    """Nothing of it can be read in our tables, and the key of its last day is all it needs."""
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    release(hotel, number)
    (pair,) = hotel.ours("copy")
    (box,) = [row for row in hotel.ours("box") if row["id"] == pair["box"]]
    assert (box["purpose"], box["label"]) == ("copy", "day:2026-03-24")
    for name in ("copy", "box", "request", "outbox", "token", "entry"):
        said = repr(hotel.ours(name))
        assert [w for w in ("Ann Berg", "ann@mail", "E1234567") if w in said] == [], name


def test_who_was_erased_may_have_a_copy_of_what_is_still_kept(any_hotel: Hotel) -> None:
    """By the number of the erasure, at the desk: the safety copy as long as it lives, no longer."""
    hotel = any_hotel
    furnish(hotel)
    erasure = hotel.approved(email="ann@mail.example")
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.copy_after(erasure, "clerk")
    assert hotel.erased(erasure) == "sealed"
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.copy_after(erasure, "auditor")
    with hotel.begin() as office:
        number = office.copy_after(erasure, "clerk")
    with hotel.begin() as office:
        assert office.copy_after(erasure, "clerk") == number
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    boxed = [r for part in copy.parts for r in part.records if r.boxed]
    said = {value for record in boxed for value in record.values.values()}
    assert set(ANN.values()) <= said
    assert copy.boxes == 1
    assert [word for word in ("Bea", "bea@", "Lund") if word in copy.to_json()] == []
    (event,) = [row for row in hotel.ours("entry") if row["action"] == "data-copy-released"]
    assert '"boxes":1' in event["body"]


def test_nobodys_copy_opens_the_boxes_of_whom_another_request_erased(hotel: Hotel) -> None:
    """Ann was erased and asks what is kept of her; Bea, who lives there, asks after that."""
    furnish(hotel)
    erasure = hotel.approved(email="ann@mail.example")
    assert hotel.erased(erasure) == "sealed"
    run(hotel, lambda office: office.copy_after(erasure, "clerk"))
    number = asked(hotel, email="bea@mail.example")
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert copy.boxes == 0
    assert [record.values["name"] for record in records(copy, "guests")] == ["Bea Lund"]
    assert [word for word in ANN.values() if word in copy.to_json()] == []


@pytest.mark.parametrize("apart", [(), ("name",)])
def test_what_lies_in_a_box_under_a_name_of_before_is_in_the_copy_or_listed(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, apart: tuple[str, ...]
) -> None:
    """The host renamed the column since; it may be one about somebody else where there are such."""
    furnish(hotel)
    erasure = hotel.approved(email="ann@mail.example")
    assert hotel.erased(erasure) == "sealed"
    opened = boxed._images

    def renamed(work: Any, box: str) -> Any:
        return [
            replace(image, columns=tuple(
                replace(c, name="handy") if c.name == "phone" else c for c in image.columns
            ))
            for image in opened(work, box) or ()
        ]  # fmt: skip

    monkeypatch.setattr(boxed, "_images", renamed)
    guests = hotel.datamap.declared("guests")
    told = replace(guests, policy=replace(guests.policy, apart=apart))
    hotel.datamap = replace(hotel.datamap, tables={**hotel.datamap.tables, "guests": told})
    with hotel.begin() as office:
        number = office.copy_after(erasure, "clerk")
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)

    values = [r.values for part in copy.parts if part.table == "guests" for r in part.records]
    listed = [each.columns for each in copy.withheld if each.table == "guests"]
    if apart:
        assert (ANN["phone"] in repr(values), ("handy",) in listed) == (False, True)
    else:
        assert [each.get("handy") for each in values] == [ANN["phone"]]


def test_only_a_clerk_of_the_house_hands_it_out(hotel: Hotel) -> None:
    """Whoever may not verify at this property gets neither code nor outline."""
    furnish(hotel)
    number = asked(hotel)
    shown(hotel, number)
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.outline(number, "auditor")
    with hotel.begin() as office:
        seen, _ = office.outline(number, "clerk")
        free, _ = office.outline(number, "officer")
    assert seen == replace(free, texts=())
    release(hotel, number)
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.hand_out_copy(number, "auditor")
    erasure = asked(hotel, "erase", "bea@mail.example")
    with hotel.begin() as office, pytest.raises(UnknownError):
        office.outline(erasure, "officer")




def test_no_table_takes_the_place_of_another_in_the_archive() -> None:
    """Names that differ in capitals or signs alone, and one that the archive has itself."""
    names = ("about", "guest notes", "guest_notes", "Guest_Notes")
    record = Record({"text": "x"}, (), False, ())
    parts = tuple(Part(name, "", "", ("text",), (record,)) for name in names)
    files = as_files(Copy("GR-A", "sh", "pine", "2026-03-01", parts), ())
    assert len({name.casefold() for name in files}) == len(files) == 5
    assert files["about.csv"].startswith("\ufefftable,")
    assert list(files)[1:] == [
        "about-2.csv", "guest_notes.csv", "guest_notes-2.csv", "Guest_Notes-3.csv",
    ]  # fmt: skip
