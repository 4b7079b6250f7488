"""Letters to a guest whose request is decided more than once, or who never got a case code."""

from __future__ import annotations

import pytest

from flask_guesterase.store.complaints.receiving import Grievance
from tests.store.hotel import Hotel
from tests.store.house import House, Stay
from tests.store.test_links_sent import ANN, asked, posted
from tests.store.test_waiting import attempt, shared_meanwhile, told


def overturned(hotel: Hotel, number: str) -> None:
    """Complain about a refusal, and let another person overturn it."""
    hotel.grants["second"].add("complaint")
    with hotel.begin() as office:
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")


def test_a_second_refusal_is_told_as_the_first_was(hotel: Hotel) -> None:
    """Overturned, decided anew, refused on another ground: the guest reads that ground."""
    hotel.guest(1, **ANN)
    number = hotel.file(**ANN)
    for ground in ("identity-not-shown", "another-persons-data"):
        with hotel.begin() as office:
            office.refuse(number, "officer", ground)
        said = [p.content["params"]["ground"] for p in posted(hotel) if p.template == "refused"]
        assert said == [ground]
        if ground == "identity-not-shown":
            overturned(hotel, number)
            with hotel.begin() as office:
                office.confirm(number, "clerk", "desk")


def test_what_stands_in_the_way_after_a_second_approval_is_told(house: House) -> None:
    """Approved anew, it waits for something else than before: the guest reads that, too."""
    number = shared_meanwhile(house)
    house.set(Stay, 7, status="booked")
    with house.begin() as office:
        assert office.erase(number).state == "review"
    house.approve(number)
    assert attempt(house, number) == ("future-stay",)
    assert [reasons for reasons, _ in told(house)] == ["in-house", "future-stay"]


@pytest.mark.parametrize("coded", [False, True])
def test_nobody_is_sent_to_a_case_code_they_were_not_given(hotel: Hotel, coded: bool) -> None:
    """Whoever never showed who they are has none; each letter that would ask for it knows that."""
    hotel.guest(1, **ANN)
    (link,) = asked(hotel, **ANN)
    (request,) = hotel.ours("request")
    number = request["number"]
    if coded:
        with hotel.begin() as office:
            office.confirm_link(link.content["params"]["token"])
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
        assert office.show(number)["state"] == "refused"
    overturned(hotel, number)
    letters = {p.template: p.content["params"] for p in posted(hotel)}
    wanted = number if coded else ""
    assert {name: letters[name]["case"] for name in ("refused", "complaint")} == {
        "refused": wanted, "complaint": wanted,
    }  # fmt: skip
