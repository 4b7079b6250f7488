"""A refusal for want of proof that a complaint overturned: asked anew, and timed anew."""

from __future__ import annotations

from datetime import date

import pytest

from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.messages.outbox import Parcel
from flask_guesterase.store.upkeep import dispatch
from tests.store.hotel import Hotel
from tests.store.test_deadlines import ANN, sent, shown, under


def unproved(hotel: Hotel, country: str, zone: str) -> str:
    """Return a request of whom the form asked to show who they are, and who has not."""
    hotel.grants["second"].add("complaint")
    under(hotel, country, zone)
    hotel.guest(1, **ANN)
    hotel.ask(**ANN)
    hotel.look()
    assert sent(hotel, "confirm")
    return str(hotel.ours("request")[0]["number"])


def claimed(hotel: Hotel) -> list[Parcel]:
    """Return everything that waits to be sent."""
    with hotel.begin() as office:
        return dispatch.claim(office.work, frozenset({"smtp"}), most=100)


def overturned(hotel: Hotel, number: str, days: int = 10) -> None:
    """Refuse a request for want of proof, complain, and overturn it some days later."""
    with hotel.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    with hotel.begin() as office:
        given = Grievance("about-refusal", "I sent it.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    hotel.later(days=days)
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")


def test_only_what_is_waited_for_the_guest_stops_the_clock(any_hotel: Hotel) -> None:
    """Until the refusal, and from the answer to the complaint on; what lies between is the hotel's.

    Source: F112 of the facts; ICO guidance on the time limit of a request.
    """
    hotel = any_hotel
    number = unproved(hotel, "GB", "Europe/London")
    assert shown(hotel, number)["due_on"] == "2026-04-10"
    hotel.later(days=5)
    overturned(hotel, number)
    assert shown(hotel, number)["due_on"] == "2026-04-15"
    hotel.later(days=3)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    hotel.later(days=3)
    assert shown(hotel, number)["due_on"] == "2026-04-18"


@pytest.mark.parametrize("shows", [False, True])
def test_the_longer_time_keeps_both_waits_for_the_guest(any_hotel: Hotel, shows: bool) -> None:
    """Three months from receipt, and the days waited before the refusal and since the complaint
    was right; not those between, which were the hotel's (F112)."""
    hotel = any_hotel
    number = unproved(hotel, "GB", "Europe/London")
    hotel.later(days=70)
    overturned(hotel, number, days=20)
    hotel.later(days=3)
    if shows:
        with hotel.begin() as office:
            office.confirm(number, "clerk", "desk")
    assert shown(hotel, number)["due_on"] == "2026-06-22"
    with hotel.begin() as office:
        assert office.extend(number, "officer", "complex") == date(2026, 8, 22)
    assert shown(hotel, number)["due_on"] == "2026-08-22"


def test_a_refusal_keeps_the_time_that_was_waited_for_the_guest(hotel: Hotel) -> None:
    """It was in time: figures do not call it late."""
    number = unproved(hotel, "GB", "Europe/London")
    hotel.later(days=40)
    with hotel.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    hotel.later(days=2)
    assert shown(hotel, number)["due_on"] == "2026-05-20"
    with hotel.begin() as office:
        months = next(each for each in office.figures() if each.property == "sh").months
    assert sum(each.late for each in months) == 0


@pytest.mark.parametrize("country", ["GB", "DE"])
def test_who_never_showed_who_they_are_is_asked_again(hotel: Hotel, country: str) -> None:
    """The letter says what is missing, and a new link comes with it; the old one is over."""
    number = unproved(hotel, country, "UTC")
    overturned(hotel, number)
    found = {parcel.template: parcel for parcel in claimed(hotel)}
    assert found["complaint"].content["params"]["what"] == "identity"
    token = found["confirm"].content["params"]["token"]
    with hotel.begin() as office:
        office.confirm_link(token)
    assert shown(hotel, number)["state"] == "review"


def test_who_showed_who_they_are_need_do_nothing(hotel: Hotel) -> None:
    """The request is decided anew, and no link is sent."""
    number = unproved(hotel, "DE", "UTC")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    found = {parcel.template: parcel for parcel in claimed(hotel)}
    assert found["complaint"].content["params"]["what"] == ""
    assert "confirm" not in found
    assert shown(hotel, number)["state"] == "review"


@pytest.mark.parametrize("shows", [False, True])
def test_the_letter_names_the_day_that_holds_now(any_hotel: Hotel, shows: bool) -> None:
    """The word that it takes longer was taken back with the refusal, so nobody else tells it."""
    hotel = any_hotel
    number = unproved(hotel, "DE", "UTC")
    if shows:
        with hotel.begin() as office:
            office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        until = office.extend(number, "officer", "complex")
    (longer,) = (each for each in claimed(hotel) if each.template == "extended")
    with hotel.begin() as office:
        dispatch.failed(office.work, longer, "SMTPException")
    with hotel.begin() as office:
        ground = "another-persons-data" if shows else "identity-not-shown"
        office.refuse(number, "officer", ground)
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        read = office.complaint_letter(complaint, "second", "overturned", "")
        office.answer_complaint(complaint, "second", "overturned")
    found = {parcel.template: parcel.content["params"] for parcel in claimed(hotel)}
    assert "extended" not in found
    assert found["complaint"]["due"] == shown(hotel, number)["due_on"] == until.isoformat()
    assert read.params["due"] == until.isoformat()


def known(hotel: Hotel) -> str:
    """Return a request of somebody who showed who they are."""
    number = unproved(hotel, "DE", "UTC")
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    return number


def righted(hotel: Hotel, number: str, days: int = 0) -> None:
    """Refuse a request of somebody known, let them complain some days later, and overturn it."""
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(days=days)
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")


def ends(hotel: Hotel, text: str, lost: bool = True) -> None:
    """Let the letter of a text be given up, or reach its guest."""
    (letter,) = (each for each in claimed(hotel) if each.template == text)
    with hotel.begin() as office:
        if lost:
            dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
        else:
            dispatch.done(office.work, letter)


def lengthened(hotel: Hotel, number: str) -> str:
    """Take a longer time for a request; return its last day."""
    with hotel.begin() as office:
        return office.extend(number, "officer", "complex").isoformat()


def bounced(hotel: Hotel) -> None:
    """Let the letter that tells of a longer time fail, and be tried again later."""
    (longer,) = (each for each in claimed(hotel) if each.template == "extended")
    with hotel.begin() as office:
        dispatch.failed(office.work, longer, "SMTPException")


def test_a_longer_time_that_no_letter_told_in_the_end_is_none(hotel: Hotel) -> None:
    """The answer to the complaint, which names the day, was given up too; then it is printed."""
    number = known(hotel)
    before = shown(hotel, number)["due_on"]
    until = lengthened(hotel, number)
    bounced(hotel)
    righted(hotel, number)
    assert shown(hotel, number)["due_on"] == until
    (letter,) = (each for each in claimed(hotel) if each.template == "complaint")
    with hotel.begin() as office:
        dispatch.give_up(office.work, letter, "SMTPRecipientsRefused")
    assert shown(hotel, number)["due_on"] == before
    with hotel.begin() as office:
        office.printed(letter.id, "clerk")
    assert shown(hotel, number)["due_on"] == until


def test_an_answer_of_before_told_of_no_longer_time(hotel: Hotel) -> None:
    """What the letter said that answered a complaint was the day of then."""
    number = known(hotel)
    righted(hotel, number)
    before = shown(hotel, number)["due_on"]
    ends(hotel, "complaint", lost=False)
    assert lengthened(hotel, number) > before
    ends(hotel, "extended")
    assert shown(hotel, number)["due_on"] == before


def test_a_longer_time_that_was_told_stays_told(hotel: Hotel) -> None:
    """Its letter is forgotten after weeks, and the one that answers a complaint is lost."""
    number = known(hotel)
    until = lengthened(hotel, number)
    ends(hotel, "extended", lost=False)
    righted(hotel, number)
    with hotel.engine.begin() as conn:
        conn.execute(tables.outbox.delete().where(tables.outbox.c.template == "extended"))
    ends(hotel, "complaint")
    assert shown(hotel, number)["due_on"] == until


@pytest.mark.parametrize("longer", [False, True])
def test_a_refusal_that_was_wrong_gives_the_hotel_no_time(any_hotel: Hotel, longer: bool) -> None:
    """The day counts from the receipt of the request, also where the complaint has a later one.

    Source: GDPR Article 12(3).
    """
    hotel = any_hotel
    number = known(hotel)
    if longer:
        lengthened(hotel, number)
        ends(hotel, "extended", lost=False)
    before = shown(hotel, number)["due_on"]
    righted(hotel, number, days=25)
    assert shown(hotel, number)["due_on"] == before
    assert longer or before < hotel.ours("complaint")[0]["due_on"]
    (letter,) = (each for each in claimed(hotel) if each.template == "complaint")
    assert letter.content["params"]["due"] == before
    hotel.later(days=90)
    assert shown(hotel, number)["late"]


def test_a_refusal_that_was_wrong_does_not_hide_that_no_letter_told_of_longer(hotel: Hotel) -> None:
    """What was lengthened and never told does not count, however late the complaint was."""
    number = known(hotel)
    before = shown(hotel, number)["due_on"]
    until = lengthened(hotel, number)
    bounced(hotel)
    righted(hotel, number, days=80)
    assert shown(hotel, number)["due_on"] == until < hotel.ours("complaint")[0]["due_on"]
    ends(hotel, "complaint")
    assert shown(hotel, number)["due_on"] == before


def test_the_letter_names_no_day_while_the_clock_stands_still_or_that_is_past(hotel: Hotel) -> None:
    """What moves with every day, or is over, is promised to nobody."""
    number = unproved(hotel, "GB", "Europe/London")
    overturned(hotel, number)
    (letter,) = (each for each in claimed(hotel) if each.template == "complaint")
    assert letter.content["params"]["due"] == ""
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    for _ in range(12):
        hotel.later(days=10)
    with hotel.begin() as office:
        read = office.complaint_letter(complaint, "second", "overturned", "")
    assert read.params["due"] == ""
