"""The legal clock of requests: due by the property's law, lengthened once, paused, reminded of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from flask_guesterase.core.errors import ForbiddenError, InputError, TransitionError
from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import sweep
from flask_guesterase.store.casework.answering import periods
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.messages.outbox import Parcel
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests import waiting
from flask_guesterase.store.upkeep import dispatch, owndata
from tests.store.hotel import Booking, Guest, Hotel
from tests.store.test_owndata import runner

ANN = {"name": "Ann Zebrafinch", "email": "ann@mail.example"}


def under(hotel: Hotel, country: str, zone: str = "UTC", region: str = "") -> None:
    """Put the hotel under another law, with an officer and a deputy."""
    place = replace(
        hotel.settings.properties["sh"],
        country=country, zone=zone, region=region, lang="en",
        officer="officer@pine.example", deputy="deputy@pine.example",
    )  # fmt: skip
    hotel.settings = replace(hotel.settings, properties={**hotel.settings.properties, "sh": place})


def filed(hotel: Hotel, received: date | None = None, **given: Any) -> str:
    """File Ann's request by letter; return its number."""
    if not hotel.rows(Guest):
        hotel.guest(1, **ANN)
    with hotel.begin() as office:
        return office.request(
            {"email": ANN["email"]}, property="sh", channel="letter", received=received,
            by="clerk", **given,
        )  # fmt: skip


def shown(hotel: Hotel, number: str) -> Mapping[str, Any]:
    """Return a request as staff see it."""
    with hotel.begin() as office:
        return office.show(number)


def sent(hotel: Hotel, template: str) -> list[Parcel]:
    """Hand everything that waits over to a channel and return what is of one text."""
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp"}), most=100)
        for parcel in parcels:
            dispatch.done(office.work, parcel)
    return [parcel for parcel in parcels if parcel.template == template]


def remind(hotel: Hotel) -> int:
    """Do what a sweep does about deadlines."""
    with hotel.begin() as office:
        return office.remind()


@pytest.mark.parametrize(
    ("country", "region", "received", "due"),
    [
        ("DE", "", date(2026, 1, 31), "2026-02-28"),
        ("ES", "", date(2026, 2, 10), "2026-03-10"),
        ("US", "US-CA", date(2026, 1, 31), "2026-03-17"),
        ("KR", "", date(2026, 3, 1), "2026-03-11"),
        ("", "", date(2026, 1, 31), "2026-02-28"),
    ],
)
def test_an_answer_is_due_by_the_law_at_the_property(
    hotel: Hotel, country: str, region: str, received: date, due: str
) -> None:
    """A month in the Union (F055), 45 days in California (F116), 10 in Korea (F133), or a month."""
    under(hotel, country, region=region)
    assert shown(hotel, filed(hotel, received))["due_on"] == due


def test_a_copy_has_the_time_that_the_law_gives_for_a_copy(hotel: Hotel) -> None:
    """In Taiwan 15 days and 15 more, not the 30 and 30 of an erasure (Personal Data Protection Act
    Art. 13); where a law has one period for both, that one."""
    days = {"TW": ("2026-03-31", "2026-03-16"), "KR": ("2026-03-11", "2026-03-11")}
    for country, dues in days.items():
        under(hotel, country)
        for wish, due in zip(("erase", "copy"), dues, strict=True):
            assert shown(hotel, filed(hotel, date(2026, 3, 1), wish=wish))["due_on"] == due
        with hotel.begin() as office:
            for row in office.list(state="received"):
                office.refuse(row["number"], "officer", "another-persons-data")
    under(hotel, "TW")
    hotel.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for wish, until in (("erase", date(2026, 4, 30)), ("copy", date(2026, 3, 31))):
        number = filed(hotel, date(2026, 3, 1), wish=wish)
        with hotel.begin() as office:
            assert office.extend(number, "officer", "complex") == until


def test_a_house_target_counts_where_the_law_has_no_number(hotel: Hotel) -> None:
    """China says promptly (F018); what counts is the pack's own target in working days."""
    under(hotel, "CN", "Asia/Shanghai")
    number = filed(hotel, date(2026, 3, 6))
    with hotel.begin() as office:
        place = office.work.settings.property("sh")
        law = periods(office.work, place)
    assert law.answer.working
    assert shown(hotel, number)["due_on"] == law.answer.after(date(2026, 3, 6)).isoformat()


def test_holidays_the_host_names_are_no_working_days(hotel: Hotel) -> None:
    """A day off between receipt and the last day moves the last day on by a working day."""
    under(hotel, "CN", "Asia/Shanghai")
    plain = shown(hotel, filed(hotel, date(2026, 3, 6)))["due_on"]
    hotel.holidays = lambda code, year: [date(2026, 3, 9)] if year == 2026 else []
    hotel.guest(2, name="Bea", email="bea@mail.example")
    with hotel.begin() as office:
        number = office.request(
            {"email": "bea@mail.example"}, property="sh", received=date(2026, 3, 6), by="clerk"
        )
    assert date.fromisoformat(shown(hotel, number)["due_on"]) > date.fromisoformat(plain)


def test_the_day_of_receipt_is_the_propertys_day(hotel: Hotel) -> None:
    """Late in the evening in London it is tomorrow in Shanghai and still today in California."""
    hotel.now = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    under(hotel, "DE", "Asia/Shanghai")
    assert shown(hotel, filed(hotel))["due_on"] == "2026-05-01"
    hotel.guest(2, name="Bea", email="bea@mail.example")
    under(hotel, "DE", "America/Los_Angeles")
    assert shown(hotel, hotel.file(email="bea@mail.example"))["due_on"] == "2026-04-30"


def test_a_day_of_receipt_that_was_given_is_what_everybody_reads(hotel: Hotel) -> None:
    """The letter came on a day; that day is shown, not the one on which it was typed."""
    under(hotel, "DE", "Pacific/Auckland")
    received = shown(hotel, filed(hotel, date(2026, 1, 31)))["received_at"]
    local = received.replace(tzinfo=UTC) + timedelta(hours=13)
    assert local.date() == date(2026, 1, 31)


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_letter_that_came_before_the_form_begins_the_clock(hotel: Hotel, wish: str) -> None:
    """It lay on a desk while its guest asked again on the page: the hotel had it from its first day
    on. What came later moves nothing, nor what was answered."""
    under(hotel, "DE", "Europe/Berlin")
    hotel.guest(1, **ANN)
    hotel.ask(**ANN, wish=wish)
    hotel.look()
    (number,) = [row["number"] for row in hotel.ours("request")]
    assert shown(hotel, number)["due_on"] == "2026-04-10"
    assert filed(hotel, date(2026, 3, 2), wish=wish) == number
    said = shown(hotel, number)
    assert (said["due_on"], f"{said['received_at']:%m-%d}") == ("2026-04-02", "03-02")
    assert filed(hotel, date(2026, 3, 9), wish=wish) == number
    with hotel.begin() as office:
        assert office.extend(number, "officer", "many") == date(2026, 6, 2)
    assert filed(hotel, date(2026, 2, 28), wish=wish) == number
    assert shown(hotel, number)["due_on"] == "2026-05-28"
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    assert filed(hotel, date(2026, 2, 1), wish=wish) != number
    assert shown(hotel, number)["due_on"] == "2026-05-28"


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_form_that_was_read_late_begins_the_clock(hotel: Hotel, wish: str) -> None:
    """The keys were away while it lay there, and a clerk filed the same: the hotel had the form
    first. Who answers, and in which language, stays as the clerk heard it."""
    under(hotel, "DE", "Europe/Berlin")
    hotel.guest(1, **ANN)
    hotel.ask(**ANN, wish=wish)
    hotel.later(days=3)
    number = filed(hotel, wish=wish, lang="de")
    assert shown(hotel, number)["due_on"] == "2026-04-13"
    assert hotel.look() == 1
    (request,) = hotel.ours("request")
    assert (request["number"], request["channel"], request["lang"]) == (number, "letter", "de")
    assert (request["due_on"], f"{request['received_at']:%m-%d}") == ("2026-04-10", "03-10")


def test_an_answer_is_put_off_once_and_the_guest_is_told(any_hotel: Hotel) -> None:
    """Two more months from receipt (F055), an enumerated reason, a letter with the new day."""
    hotel = any_hotel
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel, date(2026, 2, 28))
    with hotel.begin() as office:
        for wrong in ("", "busy"):
            with pytest.raises(InputError):
                office.extend(number, "officer", wrong)
        with pytest.raises(ForbiddenError):
            office.extend(number, "clerk", "complex")
        assert office.extend(number, "officer", "complex") == date(2026, 5, 28)
    case = shown(hotel, number)
    assert (case["due_on"], case["extended"], case["extendable"]) == ("2026-05-28", True, False)
    with hotel.begin() as office, pytest.raises(TransitionError, match="lengthened before"):
        office.extend(number, "officer", "many")
    letter = sent(hotel, "extended")[0]
    assert letter.content["to"] == ANN["email"]
    assert letter.content["params"]["until"] == "2026-05-28"
    assert letter.content["params"]["reason"] == "complex"
    assert hotel.events.count("request-extended") == 1


def test_an_answer_is_not_put_off_when_it_is_late_or_the_law_has_no_longer_time(
    hotel: Hotel,
) -> None:
    """On the last day it can be, on the day after it cannot; in China never."""
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel, date(2026, 2, 9))
    hotel.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.extend(number, "officer", "many")
    hotel.now = datetime(2026, 3, 9, 9, tzinfo=UTC)
    under(hotel, "CN", "Asia/Shanghai")
    assert not shown(hotel, number)["extendable"]
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.extend(number, "officer", "many")
    under(hotel, "DE", "Europe/Berlin")
    with hotel.begin() as office:
        assert office.extend(number, "officer", "many") == date(2026, 5, 9)


@pytest.mark.parametrize("country", ["DE", "GB"])
@pytest.mark.parametrize(
    ("later", "until"), [(25, date(2026, 6, 10)), (61, None), (120, None)]
)
def test_a_complaint_that_was_right_makes_the_law_no_longer(
    hotel: Hotel, later: int, until: date | None, country: str
) -> None:
    """Three months from receipt at most, however long the refusal stood (GDPR Art. 12(3), F055);
    on their last day and past it the day that the complaint set is the last one, also where the
    clock stands still while identity is asked for (F112)."""
    under(hotel, country, "Europe/Berlin")
    number = overturned(hotel, later)
    assert shown(hotel, number)["extendable"] is (until is not None)
    if until is None:
        with hotel.begin() as office, pytest.raises(TransitionError):
            office.extend(number, "officer", "complex")
        return
    with hotel.begin() as office:
        assert office.extend(number, "officer", "complex") == until


@pytest.mark.parametrize(
    ("country", "until"), [("DE", date(2026, 6, 10)), ("GB", date(2026, 6, 15))]
)
def test_waiting_for_identity_makes_it_longer_only_where_the_clock_stood_still(
    hotel: Hotel, country: str, until: date
) -> None:
    """Five days between the letter that asked and the answer are added in the United Kingdom (F112)
    and nowhere in the Union, whatever day a complaint has set meanwhile."""
    under(hotel, country, "Europe/Berlin")
    number = overturned(hotel, 25, waited=5)
    with hotel.begin() as office:
        assert office.extend(number, "officer", "complex") == until


def overturned(hotel: Hotel, later: int, waited: int | None = None) -> str:
    """File a request, refuse it, and overturn that so many days later; return its number."""
    hotel.grants["second"].add("complaint")
    number = filed(hotel)
    if waited is not None:
        with hotel.begin() as office:
            office.acknowledge(number, "clerk")
        hotel.later(days=waited)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(days=later - (waited or 0))
    given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
    with hotel.begin() as office:
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    return number


def staying(hotel: Hotel) -> str:
    """Approve the erasure of a guest who stays in the hotel; return the number."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="stays")
    hotel.blockers = (Blocker("in-house", "bookings", lambda b, today: b.c.remark == "stays"),)
    return hotel.approved(email=ANN["email"], name=ANN["name"])


def test_an_answer_that_says_what_is_waited_for_is_not_put_off(hotel: Hotel) -> None:
    """The guest has it, and would be told to wait for another one."""
    under(hotel, "DE", "Europe/Berlin")
    number = staying(hotel)
    assert shown(hotel, number)["extendable"]
    with hotel.begin() as office:
        assert office.erase(number).state == "waiting"
    assert not shown(hotel, number)["extendable"]


@pytest.mark.parametrize("contested", [False, True])
def test_what_is_decided_is_not_put_off(hotel: Hotel, contested: bool) -> None:
    """After a refusal there is nothing to lengthen, nor while it is contested: the guest would be
    told to wait for an answer they have, and an overturned one could not be put off any more."""
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel)
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    if contested:
        with hotel.begin() as office:
            given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
            office.file_complaint(given, "clerk")
    assert not shown(hotel, number)["extendable"]
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.extend(number, "officer", "many")


def test_the_clock_stands_still_while_identity_is_asked_for_where_it_may(hotel: Hotel) -> None:
    """In the United Kingdom (F112), from the letter that asks until it is answered."""
    under(hotel, "GB", "Europe/London")
    hotel.guest(1, **ANN)
    hotel.ask(**ANN)
    hotel.look()
    assert sent(hotel, "confirm")
    number = hotel.ours("request")[0]["number"]
    assert shown(hotel, number)["due_on"] == "2026-04-10"
    hotel.later(days=5)
    assert shown(hotel, number)["days_left"] == 31
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["due_on"] == "2026-04-15"
    hotel.later(days=3)
    assert shown(hotel, number)["due_on"] == "2026-04-15"
    with hotel.begin() as office:
        assert office.extend(number, "officer", "complex") == date(2026, 6, 15)


def test_an_answer_is_put_off_however_long_the_clock_stood_still(hotel: Hotel) -> None:
    """What is waited for the guest is added to the longer time too (F112): with 25 days left of the
    first month, a hundred days after they were asked, two months more are two months more."""
    under(hotel, "GB", "Europe/London")
    number = filed(hotel, date(2026, 3, 10))
    with hotel.begin() as office:
        office.acknowledge(number, "clerk")
    hotel.later(days=100)
    assert (shown(hotel, number)["due_on"], shown(hotel, number)["extendable"]) == (
        "2026-07-19", True,
    )  # fmt: skip
    with hotel.begin() as office:
        assert office.extend(number, "officer", "complex") == date(2026, 9, 18)
    (letter,) = sent(hotel, "extended")
    assert letter.content["params"]["until"] == shown(hotel, number)["due_on"] == "2026-09-18"
    hotel.later(days=2)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["due_on"] == "2026-09-20"


def test_nobody_is_reminded_while_the_clock_stands_still(hotel: Hotel) -> None:
    """The last day moves with every day, so that it would be seven days off on each of them."""
    under(hotel, "GB", "Europe/London")
    number = filed(hotel, date(2026, 3, 10))
    hotel.now = datetime(2026, 4, 3, 9, tzinfo=UTC)
    with hotel.begin() as office:
        office.acknowledge(number, "clerk")
    reminded = 0
    for _ in range(10):
        hotel.later(days=1)
        reminded += remind(hotel)
    assert reminded == 0
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["days_left"] == 7
    assert remind(hotel) == 1


def test_where_the_clock_may_stand_still_people_are_reminded_until_it_does(hotel: Hotel) -> None:
    """Nobody has asked who it is: the day comes nearer, as anywhere else."""
    under(hotel, "GB", "Europe/London")
    filed(hotel, date(2026, 3, 10))
    hotel.now = datetime(2026, 4, 3, 9, tzinfo=UTC)
    assert remind(hotel) == 1
    assert [parcel.content["params"]["left"] for parcel in sent(hotel, "deadline")] == ["7"]


def test_people_are_reminded_of_who_was_asked_too_late(hotel: Hotel) -> None:
    """What was late before anybody asked who it is stays late, whatever is waited for."""
    under(hotel, "GB", "Europe/London")
    number = filed(hotel, date(2026, 3, 10))
    hotel.now = datetime(2026, 4, 13, 9, tzinfo=UTC)
    with hotel.begin() as office:
        office.acknowledge(number, "clerk")
    for _ in range(3):
        hotel.later(days=1)
        assert (shown(hotel, number)["days_left"], remind(hotel)) == (-3, 1)


@pytest.mark.parametrize("country", ["DE", "CN"])
def test_elsewhere_the_clock_runs_on(hotel: Hotel, country: str) -> None:
    """Neither the Union nor China stops it, and nowhere does it stop before anybody asked."""
    under(hotel, country, "UTC")
    number = filed(hotel)
    due = shown(hotel, number)["due_on"]
    hotel.later(days=5)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["due_on"] == due


def test_a_hotel_that_does_not_ask_gains_no_time(hotel: Hotel) -> None:
    """The pause begins with the letter or slip that asks, not with the hotel's own delay."""
    under(hotel, "GB", "Europe/London")
    number = filed(hotel)
    due = shown(hotel, number)["due_on"]
    hotel.later(days=9)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["due_on"] == due


def test_receipt_is_confirmed_in_time_or_listed(hotel: Hotel) -> None:
    """Ten business days in California (F115); a letter that left, or a slip, confirms it."""
    under(hotel, "US", "America/Los_Angeles", "US-CA")
    number = filed(hotel, date(2026, 3, 2))
    assert shown(hotel, number)["receipt_due"] == "2026-03-16"
    hotel.now = datetime(2026, 3, 18, 12, tzinfo=UTC)
    with hotel.begin() as office:
        assert [row["number"] for row in office.list(state="overdue")] == [number]
    assert shown(hotel, number)["receipt_late"]
    with hotel.begin() as office:
        hotel.grants["auditor"].add("view")
        with pytest.raises(ForbiddenError):
            office.acknowledge(number, "auditor")
        office.acknowledge(number, "clerk")
    assert not shown(hotel, number)["receipt_late"]
    with hotel.begin() as office:
        assert office.list(state="overdue") == []


def test_nothing_is_late_on_its_last_day_and_everything_is_on_the_next(hotel: Hotel) -> None:
    """Neither the word that a request was received nor its answer; both can be late at once, and
    neither is of what was refused."""
    under(hotel, "US", region="US-CA")
    number = filed(hotel, date(2026, 3, 2))
    found = {}
    for day in (date(2026, 3, 16), date(2026, 3, 17), date(2026, 4, 16), date(2026, 4, 17)):
        hotel.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        with hotel.begin() as office:
            overdue = [row["number"] for row in office.list(state="overdue")]
        case = shown(hotel, number)
        found[day.isoformat()] = (case["receipt_late"], case["late"], overdue)
    assert found == {
        "2026-03-16": (False, False, []),
        "2026-03-17": (True, False, [number]),
        "2026-04-16": (True, False, [number]),
        "2026-04-17": (True, True, [number]),
    }
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    case = shown(hotel, number)
    assert (case["receipt_due"], case["receipt_late"], case["late"]) == ("", False, False)


@pytest.mark.parametrize(
    ("country", "region", "due"),
    [("US", "US-CA", "2026-05-15"), ("DE", "", "2026-04-30"), ("GB", "", "")],
)
def test_the_letter_that_confirms_receipt_says_when_there_is_an_answer(
    hotel: Hotel, country: str, region: str, due: str
) -> None:
    """It describes how somebody shows who they are, and when to expect a response (11 CCR 7021(a),
    F115); no day is named where the clock stands still until that is shown (F112)."""
    under(hotel, country, region=region)
    hotel.now = datetime(2026, 3, 31, 9, tzinfo=UTC)
    hotel.guest(1, **ANN)
    for wish, template in (("erase", "confirm"), ("copy", "copyconfirm")):
        hotel.ask(**ANN, wish=wish)
        hotel.look()
        (letter,) = sent(hotel, template)
        assert letter.content["params"].get("due", "") == due


def test_a_letter_that_left_the_house_confirms_receipt_and_one_that_waits_does_not(
    hotel: Hotel,
) -> None:
    """Queued is not sent."""
    under(hotel, "US", "America/Los_Angeles", "US-CA")
    hotel.guest(1, **ANN)
    hotel.ask(**ANN)
    hotel.look()
    number = hotel.ours("request")[0]["number"]
    assert shown(hotel, number)["acknowledged_at"] is None
    assert sent(hotel, "confirm")
    assert shown(hotel, number)["acknowledged_at"] is not None


def test_people_are_reminded_once_a_day_however_often_it_runs(any_hotel: Hotel) -> None:
    """Seven, three and one day before to the officer, daily when late to the deputy too."""
    hotel = any_hotel
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel, date(2026, 3, 10))
    told: dict[int, list[str]] = {}
    for day in range(20, 35):
        hotel.now = datetime(2026, 3, 10, 9, tzinfo=UTC) + timedelta(days=day)
        for _ in range(2):
            remind(hotel)
            hotel.later(hours=1)
        to = [parcel.content["to"] for parcel in sent(hotel, "deadline")]
        if to:
            told[(date(2026, 4, 10) - hotel.now.date()).days] = sorted(to)
    early, late = ["officer@pine.example"], ["deputy@pine.example", "officer@pine.example"]
    assert told == {7: early, 3: early, 1: early, -1: late, -2: late, -3: late}
    assert hotel.events.count("request-reminded") == 3
    assert hotel.events.count("request-overdue") == 3
    with hotel.begin() as office:
        assert [row["number"] for row in office.list(state="overdue")] == [number]


def test_a_reminder_says_what_is_due_first_and_when(hotel: Hotel) -> None:
    """Until receipt is confirmed that, which California wants in ten business days (F115), and then
    the answer, in 45 days (F116)."""
    under(hotel, "US", region="US-CA")
    number = filed(hotel, date(2026, 3, 2))
    told = []
    for day in (date(2026, 3, 13), date(2026, 3, 18), date(2026, 4, 9)):
        hotel.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        assert remind(hotel) == 1
        (said, *_) = (parcel.content["params"] for parcel in sent(hotel, "deadline"))
        told.append((said["what"], said["due"], said["left"]))
        if day == date(2026, 3, 18):
            with hotel.begin() as office:
                office.acknowledge(number, "clerk")
    assert told == [
        ("receipt", "2026-03-16", "3"), ("receipt", "2026-03-16", "-2"),
        ("answer", "2026-04-16", "7"),
    ]  # fmt: skip


def test_who_acts_on_a_request_meanwhile_keeps_no_other_from_being_reminded_of(
    any_hotel: Hotel,
) -> None:
    """Of that one nobody is reminded either: it was just taken back."""
    hotel = any_hotel
    under(hotel, "DE", "Europe/Berlin")
    first = filed(hotel, date(2026, 3, 10))
    hotel.guest(2, name="Bea", email="bea@mail.example")
    second = hotel.file(email="bea@mail.example")
    hotel.now = datetime(2026, 4, 20, 9, tzinfo=UTC)

    def withdraw() -> None:
        with hotel.begin() as office:
            office.withdraw(first, "clerk")

    hotel.meet("UPDATE guesterase_request", withdraw)
    assert remind(hotel) == 1
    numbers = {parcel.content["params"]["number"] for parcel in sent(hotel, "deadline")}
    assert numbers == {second}


@pytest.mark.parametrize("asked_by", ["guest", "relative"])
def test_a_reminder_holds_a_number_and_a_day_and_nothing_of_the_guest(
    hotel: Hotel, asked_by: str
) -> None:
    """Neither name nor contact, in what is sealed for the officer or in the journal."""
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel, asked_by=asked_by)
    hotel.later(days=29)
    assert remind(hotel) == 1
    parcel = sent(hotel, "deadline")[0]
    assert set(parcel.content["params"]) == {
        "kind", "what", "due", "left", "today", "number", "property",
    }  # fmt: skip
    assert parcel.content["params"]["number"] == number
    assert parcel.content["lang"] == "en"
    everything = repr(parcel.content) + repr(hotel.ours("entry"))
    assert "Zebrafinch" not in everything
    assert ANN["email"] not in everything


def test_a_reminder_is_no_answer_to_the_guest(hotel: Hotel) -> None:
    """What is sent to the officer does not confirm receipt."""
    under(hotel, "US", "America/Los_Angeles", "US-CA")
    number = filed(hotel, date(2026, 2, 2))
    remind(hotel)
    assert sent(hotel, "deadline")
    assert shown(hotel, number)["acknowledged_at"] is None


def test_nobody_is_reminded_of_what_has_ended(hotel: Hotel) -> None:
    """A request that was refused or withdrawn waits for nobody, and is in no list of late ones."""
    under(hotel, "DE", "Europe/Berlin")
    number = filed(hotel)
    with hotel.begin() as office:
        office.withdraw(number)
    hotel.later(days=60)
    assert remind(hotel) == 0
    with hotel.begin() as office:
        assert office.list(state="overdue") == []


@pytest.mark.parametrize("end", ["refused", "done"])
def test_people_are_reminded_of_an_end_that_no_guest_heard_of(hotel: Hotel, end: str) -> None:
    """The letter of it was given up: as of any answer that is due, until a person hands it over."""
    under(hotel, "DE", "Europe/Berlin")
    hotel.guest(1, **ANN)
    if end == "refused":
        number = filed(hotel)
        with hotel.begin() as office:
            office.refuse(number, "officer", "another-persons-data")
    else:
        number = hotel.approved(email=ANN["email"], name=ANN["name"])
        with hotel.begin() as office:
            office.erase(number)
        with hotel.begin() as office:
            office.check(number)
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp"}))
        (letter,) = (each for each in parcels if each.template == end)
        dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
    due = datetime.fromisoformat(shown(hotel, number)["due_on"]).replace(hour=9, tzinfo=UTC)
    told = []
    for days in (-10, -7, -6, 1, 2):
        hotel.now = due + timedelta(days=days)
        parcels = sent(hotel, "deadline") if remind(hotel) else []
        told.append(sorted((p.content["to"], p.content["params"]["what"]) for p in parcels))
    officer, deputy = (f"{who}@pine.example" for who in ("officer", "deputy"))
    late = [(deputy, "letter"), (officer, "letter")]
    assert told == [[], [(officer, "letter")], [], late, late]
    with hotel.begin() as office:
        office.printed(letter.id, "clerk")
    hotel.later(days=1)
    assert remind(hotel) == 0


def test_who_was_told_that_it_waits_has_an_answer(hotel: Hotel) -> None:
    """A decided erasure that waits for a stay to end, and says so, is not late."""
    under(hotel, "DE", "Europe/Berlin")
    number = staying(hotel)
    hotel.later(days=35)
    assert shown(hotel, number)["late"]
    with hotel.begin() as office:
        assert office.erase(number).state == "waiting"
    assert not shown(hotel, number)["late"]
    assert remind(hotel) == 0


@pytest.mark.parametrize("reached", [False, True], ids=["given up", "printed"])
def test_a_letter_that_was_given_up_tells_nobody_that_it_waits(
    any_hotel: Hotel, reached: bool
) -> None:
    """The guest has no answer until a person prints it, or a later letter may reach them; nor does
    the day begin anew for what they were never told."""
    hotel = any_hotel
    under(hotel, "DE", "Europe/Berlin")
    number = staying(hotel)
    with hotel.begin() as office:
        assert office.erase(number).state == "waiting"
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp"}))
        (letter,) = (each for each in parcels if each.template == "waiting")
        dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
    hotel.later(days=35)
    if reached:
        with hotel.begin() as office:
            office.printed(letter.id, "clerk")
    assert shown(hotel, number)["late"] is not reached
    assert remind(hotel) == (0 if reached else 1)
    with hotel.begin() as office:
        assert [row["number"] for row in office.list(state="overdue")] == [number] * (not reached)
        assert [each for each, _ in waiting.given_up(office.work)] == [number] * (not reached)
    hotel.blockers = ()
    with hotel.begin() as office:
        assert office.erase(number).state == "checking"
    assert (shown(hotel, number)["due_on"] > "2026-04-30") is reached


def test_who_was_told_by_a_later_letter_stays_told_when_its_parcel_has_had_its_time(
    any_hotel: Hotel,
) -> None:
    """What was given up before it is there as long as the request, and would be the last one."""
    hotel = any_hotel
    under(hotel, "DE", "Europe/Berlin")
    number = staying(hotel)
    for reason in ("in-house", "in-court"):
        hotel.blockers = (Blocker(reason, "bookings", lambda b, today: b.c.remark == "stays"),)
        with hotel.begin() as office:
            assert office.erase(number).state == "waiting"
        with hotel.begin() as office:
            parcels = dispatch.claim(office.work, frozenset({"smtp"}))
            (letter,) = (each for each in parcels if each.template == "waiting")
            if reason == "in-house":
                dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
            else:
                dispatch.done(office.work, letter)
        hotel.later(hours=1)
    hotel.later(days=100)
    owndata.end(runner(hotel))
    assert not shown(hotel, number)["late"]


def test_who_was_told_that_it_waits_hears_in_time_that_it_is_done(hotel: Hotel) -> None:
    """What was waited for ends long after the day: the certificate has its time from then on."""
    under(hotel, "DE", "Europe/Berlin")
    number = staying(hotel)
    with hotel.begin() as office:
        assert office.erase(number).state == "waiting"
    hotel.later(days=60)
    hotel.blockers = ()
    with hotel.begin() as office:
        assert office.erase(number).state == "checking"
    assert (shown(hotel, number)["due_on"], remind(hotel)) == ("2026-06-09", 0)
    with hotel.begin() as office:
        assert office.list(state="overdue") == []
    hotel.later(days=32)
    assert (shown(hotel, number)["late"], remind(hotel)) == (True, 1)


def test_without_an_officer_it_is_still_known_to_be_late(hotel: Hotel) -> None:
    """No address means no message; the event and the list are there."""
    under(hotel, "DE", "Europe/Berlin")
    bare = replace(hotel.settings.properties["sh"], officer="", deputy="")
    hotel.settings = replace(hotel.settings, properties={"sh": bare})
    filed(hotel)
    hotel.later(days=40)
    assert remind(hotel) == 1
    assert sent(hotel, "deadline") == []
    assert "request-overdue" in hotel.events


def test_a_sweep_reminds(hotel: Hotel) -> None:
    """It is one of the things that are due because a day has come."""
    under(hotel, "DE", "Europe/Berlin")
    filed(hotel)
    hotel.later(days=30)

    def run(unit: Callable[[Office], Any]) -> Any:
        with hotel.begin() as office:
            return unit(office)

    assert sweep.STEPS["deadlines"](run) == 1
    assert len(sent(hotel, "deadline")) == 1


PAPERS = {
    "representative": "power-of-attorney",
    "guardian": "guardianship-paper",
    "relative": "death-certificate-and-kinship",
}


@pytest.mark.parametrize("who", PAPERS)
def test_who_asks_in_a_guests_place_shows_a_paper(hotel: Hotel, who: str) -> None:
    """Recorded is who asked and what was seen; without the right paper nothing goes on."""
    under(hotel, "CN", "Asia/Shanghai")
    number = filed(hotel, asked_by=who)
    with hotel.begin() as office:
        for wrong in ("", "identity-document"):
            with pytest.raises(InputError):
                office.confirm(number, "clerk", "desk", seen=wrong)
        office.confirm(number, "clerk", "desk", seen=PAPERS[who])
    case = shown(hotel, number)
    assert (case["asked_by"], case["seen"], case["state"]) == (who, PAPERS[who], "review")


def test_nobody_else_may_ask(hotel: Hotel) -> None:
    """A neighbour is none of them; a guest needs no paper of their own."""
    under(hotel, "CN", "Asia/Shanghai")
    with pytest.raises(InputError):
        filed(hotel, asked_by="neighbour")
    number = filed(hotel)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["asked_by"] == "guest"


def test_the_answer_to_a_representative_goes_to_the_guests_contact(hotel: Hotel) -> None:
    """Whoever asked, the contact on file is written to."""
    under(hotel, "CN", "Asia/Shanghai")
    number = filed(hotel, asked_by="representative")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    assert [p.content["to"] for p in sent(hotel, "refused")] == [ANN["email"]]


def test_the_answer_to_a_relative_goes_to_nobody_by_itself(hotel: Hotel) -> None:
    """A deceased guest is not written to (F010); the letter waits at the desk to be printed."""
    under(hotel, "CN", "Asia/Shanghai")
    number = filed(hotel, asked_by="relative")
    assert hotel.ours("contact") == []
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    assert sent(hotel, "refused") == []
    with hotel.begin() as office:
        letters = office.letters("clerk")
    assert [(letter["template"], letter["to"]) for letter in letters] == [("refused", "")]


def test_a_relative_may_be_refused_since_the_dead_arranged_otherwise(hotel: Hotel) -> None:
    """PIPL 49 (F010): with the article in the letter; no guest who lives is told so."""
    under(hotel, "CN", "Asia/Shanghai")
    own = filed(hotel)
    with hotel.begin() as office, pytest.raises(InputError, match="who has died"):
        office.refuse(own, "officer", "arranged-otherwise")
    number = filed(hotel, asked_by="relative")
    with hotel.begin() as office:
        office.refuse(number, "officer", "arranged-otherwise")
    with hotel.begin() as office:
        (letter,) = office.letters("clerk")
    assert letter["params"]["ground"] == "arranged-otherwise"
    assert "Art. 49" in str(letter["params"])


def test_who_has_no_contact_on_file_gets_the_answer_on_paper(hotel: Hotel) -> None:
    """Delay and refusal are told to everybody, with the reason (GDPR Art. 12(3), (4), F055, F056),
    whatever the door they are decided through: the letters wait at the desk."""
    under(hotel, "DE", "Europe/Berlin")
    hotel.guest(1, name=ANN["name"], document_no="E1234567")
    with hotel.begin() as office:
        number = office.request(
            {"document": "E1234567"}, property="sh", channel="letter", by="clerk"
        )
    assert hotel.ours("contact") == []
    with hotel.begin() as office:
        office.extend(number, "officer", "complex")
    with hotel.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    with hotel.begin() as office:
        waiting = [(letter["template"], letter["to"]) for letter in office.letters("clerk")]
    assert sorted(waiting) == [("extended", ""), ("refused", "")]


def test_a_guest_who_lives_is_not_silenced_by_a_relatives_request(hotel: Hotel) -> None:
    """The guest's own question is another request, with a link to the contact on file."""
    under(hotel, "CN", "Asia/Shanghai")
    first = filed(hotel, asked_by="relative")
    hotel.ask(**ANN)
    hotel.look()
    assert len({row["number"] for row in hotel.ours("request")} - {first}) == 1
    assert [p.content["to"] for p in sent(hotel, "confirm")] == [ANN["email"]]


def test_a_reason_is_recorded_or_refused_with_the_explanation(hotel: Hotel) -> None:
    """A popular condition that is none is refused; one that is an article is kept as a word."""
    under(hotel, "CN", "Asia/Shanghai")
    with pytest.raises(InputError, match="public interest"):
        filed(hotel, reason="public-interest")
    assert hotel.ours("request") == []
    assert shown(hotel, filed(hotel, reason="period-expired"))["reason"] == "period-expired"


@pytest.mark.parametrize(("country", "region"), [("CN", ""), ("DE", ""), ("US", "US-CA")])
def test_nobody_is_told_that_the_rest_is_erased_where_nothing_was(
    hotel: Hotel, country: str, region: str
) -> None:
    """A refusal erases and seals nothing, so none may say "the rest is erased, and what is kept is
    used for nothing else" (11 CCR 7022(f), F119; PIPL 47(2), F009); an approval does just that."""
    under(hotel, country, region=region)
    number = filed(hotel)
    with hotel.begin() as office, pytest.raises(InputError, match="keep the rest"):
        office.refuse(number, "officer", "kept-by-law")
    assert hotel.state(number) == "received"
    assert sent(hotel, "refused") == []


def test_a_ground_the_law_does_not_know_is_refused_with_the_explanation(hotel: Hotel) -> None:
    """A legal claim is a ground under the GDPR and none under the PIPL."""
    under(hotel, "CN", "Asia/Shanghai")
    number = filed(hotel)
    with hotel.begin() as office, pytest.raises(InputError, match="CN"):
        office.refuse(number, "officer", "legal-claim")
    under(hotel, "DE", "Europe/Berlin")
    with hotel.begin() as office:
        office.refuse(number, "officer", "legal-claim")
    assert hotel.state(number) == "refused"
