"""Links that prove a contact: where they went, what they promise, and what stops none of them."""

from __future__ import annotations

from typing import Any

import pytest

from flask_guesterase.store.boxes import safe
from flask_guesterase.store.casework import matching
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.erasing.carrying import carriers
from flask_guesterase.store.messages.outbox import Parcel
from flask_guesterase.store.requests import intake
from flask_guesterase.store.upkeep import dispatch
from tests.store.hotel import Booking, Hotel, Invoice

ANN = {"name": "Ann Berg", "email": "ann@mail.example"}
OLD_NUMBER = "+8613912345678"
WAITS = "the request waits there"


def posted(hotel: Hotel) -> list[Parcel]:
    """Return what waits to leave the house, and let it leave."""
    with hotel.begin() as office:
        parcels = dispatch.claim(office.work, frozenset({"smtp", "sms"}), most=100)
        for parcel in parcels:
            dispatch.done(office.work, parcel)
    return parcels


def asked(hotel: Hotel, **form: str) -> list[Parcel]:
    """Send the form, let the worker look, and return what left the house for it."""
    hotel.ask(**form)
    hotel.look()
    return posted(hotel)


def told(parcels: list[Parcel]) -> list[tuple[str, str]]:
    """Return text and receiver of each message."""
    return [(parcel.template, parcel.content["to"]) for parcel in parcels]


def opened(hotel: Hotel, link: Parcel, door: str = "confirm_link") -> None:
    """Prove a contact by the link that went to it."""
    with hotel.begin() as office:
        getattr(office, door)(link.content["params"]["token"])


def refused(hotel: Hotel) -> list[tuple[str, str]]:
    """Refuse the one request there is, and return what that lets leave the house."""
    (request,) = hotel.ours("request")
    with hotel.begin() as office:
        office.refuse(request["number"], "officer", "another-persons-data")
    return told(posted(hotel))


# where a link went


def test_who_reads_another_contact_than_the_first_does_not_silence_the_first(hotel: Hotel) -> None:
    """An old number proves it: the mailbox by which it was asked before is told, and can object."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    assert told(asked(hotel, **ANN)) == [("confirm", "ann@mail.example")]
    (link,) = asked(hotel, name="Ann Berg", phone=OLD_NUMBER)
    assert (link.template, link.content["to"]) == ("confirm", OLD_NUMBER)
    opened(hotel, link)
    assert told(posted(hotel)) == [("objection", "ann@mail.example")]
    assert refused(hotel) == [("refused", OLD_NUMBER)]


def test_no_link_to_object_goes_to_the_hotel_itself(hotel: Hotel) -> None:
    """What a desk wrote for a mailbox is no guest's: who reads it there would object for one."""
    hotel.guest(1, name="Ann Berg", phone=OLD_NUMBER, email=hotel.settings.sender.upper())
    (link,) = asked(hotel, name="Ann Berg", phone=OLD_NUMBER)
    opened(hotel, link)
    assert told(posted(hotel)) == []


def test_the_contact_that_proved_it_is_told_nothing_of_its_own_proof(hotel: Hotel) -> None:
    """Asked twice by the same mailbox, however it is written."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    asked(hotel, **ANN)
    (link,) = asked(hotel, name="Ann Berg", email="ANN@mail.example")
    opened(hotel, link)
    assert told(posted(hotel)) == []


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_letters_go_to_the_contact_that_was_proved(hotel: Hotel, wish: str) -> None:
    """Asked by a number that is somebody else's by now, then by the mailbox, which is proved."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    (first,) = asked(hotel, name="Ann Berg", phone=OLD_NUMBER, wish=wish)
    (link,) = asked(hotel, **ANN, wish=wish)
    assert (first.content["to"], link.content["to"]) == (OLD_NUMBER, "ann@mail.example")
    prove = {"erase": "confirm_link", "copy": "confirm_copy_link"}[wish]
    opened(hotel, link, prove)
    assert told(posted(hotel)) == []
    assert refused(hotel) == [("refused", "ann@mail.example")]


def test_a_later_notice_keeps_the_contact_that_was_proved(hotel: Hotel) -> None:
    """Whoever has the old number by now is not written to in two years either."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=90)
    asked(hotel, name="Ann Berg", phone=OLD_NUMBER)
    (link,) = asked(hotel, **ANN)
    opened(hotel, link)
    (number,) = (row["number"] for row in hotel.ours("request"))
    with hotel.begin() as office:
        office.ask_later(number, by="clerk")
    hotel.approve(number)
    assert hotel.erased(number) == "sealed"
    (box,) = (row["id"] for row in hotel.ours("box") if row["purpose"] == "later-notice")
    with hotel.begin() as office:
        assert safe.read(office.work, box)["value"] == "ann@mail.example"


def test_letters_stay_with_the_first_contact_where_that_was_proved(hotel: Hotel) -> None:
    """A link to another contact that nobody opened changes nothing."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    (link,) = asked(hotel, **ANN)
    for _ in range(2):
        asked(hotel, name="Ann Berg", phone=OLD_NUMBER)
    opened(hotel, link)
    assert refused(hotel) == [("refused", "ann@mail.example")]
    (contact,) = hotel.ours("contact")
    boxes = [row["id"] for row in hotel.ours("box") if row["label"].startswith("case:")]
    assert boxes == [contact["box"]]


# what a link promises


def promises(hotel: Hotel, parcel: Parcel) -> bool:
    """Return whether a link says that the request ends by itself: the letter and the page alike."""
    params = parcel.content["params"]
    with hotel.begin() as office:
        page = office.open_link(params["token"]).lapses
    assert page == bool(params["lapses"])
    return page


def ends(hotel: Hotel) -> bool:
    """Return whether a clock ends the only request."""
    hotel.later(days=30)
    with hotel.begin() as office:
        office.expire()
    (request,) = hotel.ours("request")
    return bool(request["state"] == "expired")


def test_a_link_promises_an_end_where_there_is_one(hotel: Hotel) -> None:
    """What came through the form ends after seven days."""
    hotel.guest(1, **ANN)
    (link,) = asked(hotel, **ANN)
    assert promises(hotel, link)
    assert ends(hotel)


def test_a_link_for_what_a_clerk_filed_promises_no_end(hotel: Hotel) -> None:
    """A person answers it: no clock ends what was filed at the desk."""
    hotel.guest(1, **ANN)
    hotel.file(**ANN)
    (link,) = asked(hotel, **ANN)
    assert not promises(hotel, link)
    assert not ends(hotel)


def test_a_link_after_a_complaint_promises_no_end(hotel: Hotel) -> None:
    """A refusal for want of proof that was overturned waits for a person."""
    hotel.grants["second"].add("complaint")
    hotel.guest(1, **ANN)
    asked(hotel, **ANN)
    (request,) = hotel.ours("request")
    number = request["number"]
    with hotel.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    with hotel.begin() as office:
        given = Grievance("about-refusal", "I sent it.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    (link,) = [parcel for parcel in posted(hotel) if parcel.template == "confirm"]
    assert not promises(hotel, link)
    assert not ends(hotel)


def lapsed(hotel: Hotel) -> int:
    """Let the clock end what nobody confirmed; return how many requests."""
    with hotel.begin() as office:
        return office.expire()


PROVES = {"erase": "confirm_link", "copy": "confirm_copy_link"}


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_no_clock_ends_what_a_link_can_still_prove(any_hotel: Hotel, wish: str) -> None:
    """The first letter was spam; a guest who asks anew on the seventh day has a day to open it."""
    hotel = any_hotel
    hotel.guest(1, **ANN)
    asked(hotel, **ANN, wish=wish)
    hotel.later(days=6, hours=23)
    (link,) = asked(hotel, **ANN, wish=wish)
    hotel.later(hours=2)
    assert lapsed(hotel) == 0
    opened(hotel, link, PROVES[wish])
    assert [row["state"] for row in hotel.ours("request")] == ["review"]


def test_what_nobody_could_read_for_a_week_waits_for_its_link_and_no_longer(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gap is mended on the eighth day: the round that sends the link does not end the request."""
    hotel.guest(1, name="Ann Berg", email="odd@mail.example")
    with monkeypatch.context() as broken:
        unread(broken)
        hotel.ask(name="Ann Berg", email="odd@mail.example")
        for _ in range(8):
            hotel.later(days=1)
            assert hotel.look() == 0
    assert hotel.look() == 1
    assert lapsed(hotel) == 0
    (link,) = posted(hotel)
    assert link.template == "confirm"
    hotel.later(hours=23)
    assert lapsed(hotel) == 0
    hotel.later(hours=1)
    assert lapsed(hotel) == 1


# what one request does to others


def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a type of the host's raise for whoever is looked for under one word."""
    look = matching.candidates

    def candidates(conn: Any, datamap: Any, key: str, value: str, *rest: Any) -> Any:
        if "odd" in value:
            raise ValueError(f"{value} cannot be read")
        return look(conn, datamap, key, value, *rest)

    monkeypatch.setattr(matching, "candidates", candidates)


def test_what_nobody_can_look_for_keeps_nobody_waiting(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty-one rows that cannot be dealt with come first; the guest behind them has a link."""
    unread(monkeypatch)
    hotel.guest(1, **ANN)
    for number in range(21):
        with hotel.begin() as office:
            form = {"name": "Odd", "email": f"odd{number}@mail.example"}
            office.intake(form, property="sh", channel="form", lang="en",
                          remote_mark=f"192.0.2.{number}")  # fmt: skip
    hotel.ask(**ANN)
    assert hotel.look() == 1
    assert told(posted(hotel)) == [("confirm", "ann@mail.example")]
    assert len(hotel.ours("intake")) == 21
    hotel.later(days=31)
    assert hotel.look() == 20
    assert hotel.look() == 1
    assert hotel.ours("intake") == []


def test_only_so_many_wait_longer_than_a_day(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each round looks at all of them, and anybody can send what nobody can look for."""
    unread(monkeypatch)
    monkeypatch.setattr(intake, "CROWD", 3)
    for number in range(5):
        hotel.ask(name="Odd", email=f"odd{number}@mail.example")
    hotel.later(hours=25)
    assert hotel.look() == 5, "they are too many"
    for number in range(3):
        hotel.ask(name="Odd", email=f"odd{number}@mail.example")
    hotel.later(hours=25)
    assert hotel.look() == 0
    assert len(hotel.ours("intake")) == 3


def test_a_word_the_column_cannot_hold_keeps_nobody_waiting(deep_hotel: Hotel) -> None:
    """A stranger writes Chinese where MariaDB keeps mailboxes in Latin letters."""
    hotel = deep_hotel
    if hotel.engine.dialect.name in ("mysql", "mariadb"):
        with hotel.engine.begin() as conn:
            conn.exec_driver_sql(
                "ALTER TABLE guests MODIFY email VARCHAR(120) CHARACTER SET latin1"
            )
    hotel.guest(1, **ANN)
    hotel.ask(name="\u738b", email="\u738b@\u4f8b\u5b50.example")
    hotel.ask(**ANN)
    hotel.look()
    assert told(posted(hotel)) == [("confirm", "ann@mail.example")]


@pytest.mark.parametrize("given", ["ann@xn--fsqu00a.example", "ann@\u4f8b\u5b50.example"])
def test_a_domain_in_letters_the_column_cannot_hold_is_found_as_it_is_sent(
    deep_hotel: Hotel, given: str
) -> None:
    """So it is on file where MariaDB keeps mailboxes in Latin letters."""
    hotel, held = deep_hotel, "ann@xn--fsqu00a.example"
    if hotel.engine.dialect.name in ("mysql", "mariadb"):
        with hotel.engine.begin() as conn:
            conn.exec_driver_sql(
                "ALTER TABLE guests MODIFY email VARCHAR(120) CHARACTER SET latin1"
            )
    hotel.guest(1, **{**ANN, "email": held})
    hotel.ask(name=ANN["name"], email=given)
    hotel.look()
    assert [word for word, _ in told(posted(hotel))] == ["confirm"]
    with hotel.engine.connect() as conn:
        assert carriers(conn, hotel.datamap, "email", given) == {("guests", (1,))}


# who was seen at the desk


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_who_is_seen_at_the_desk_is_written_to_where_they_say(hotel: Hotel, wish: str) -> None:
    """A number that is somebody else's by now asked first; the guest stands at the desk."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    asked(hotel, name="Ann Berg", phone=OLD_NUMBER, wish=wish)
    with hotel.begin() as office:
        number = office.request(ANN, property="sh", by="clerk", wish=wish)
    assert len(hotel.ours("request")) == 1
    hotel.later(days=2)
    asked(hotel, name="Ann Berg", phone=OLD_NUMBER, wish=wish)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    posted(hotel)
    assert refused(hotel) == [("refused", "ann@mail.example")]


def test_a_link_that_a_clerk_knew_nothing_of_proves_its_own_contact(hotel: Hotel) -> None:
    """Somebody tells a clerk another number meanwhile; whoever read the mailbox has proved it."""
    hotel.guest(1, phone=OLD_NUMBER, **ANN)
    (link,) = asked(hotel, **ANN)
    hotel.file(name="Ann Berg", phone=OLD_NUMBER)
    opened(hotel, link)
    assert refused(hotel) == [("refused", "ann@mail.example")]


@pytest.mark.parametrize(("said", "kept"), [("zh", "zh"), ("", "en")])
def test_a_guest_who_comes_to_the_desk_is_answered_as_the_clerk_heard(
    hotel: Hotel, said: str, kept: str
) -> None:
    """Whoever sent the form in English may have been anybody; who stands there speaks Chinese."""
    hotel.guest(1, **ANN)
    asked(hotel, **ANN)
    for _ in range(2):
        with hotel.begin() as office:
            number = office.request(ANN, property="sh", by="clerk", lang=said)
            assert office.show(number)["lang"] == kept
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        office.request(ANN, property="sh", by="clerk", lang="de")
        assert office.show(number)["lang"] == kept


def test_what_a_clerk_files_is_ended_by_no_clock_though_a_form_came_first(hotel: Hotel) -> None:
    """Anybody can send the form; the letter that came after it is answered by a person."""
    hotel.guest(1, **ANN)
    asked(hotel, **ANN)
    with hotel.begin() as office:
        office.request(ANN, property="sh", by="clerk", channel="letter")
    (link,) = asked(hotel, **ANN)
    assert not promises(hotel, link)
    assert not ends(hotel)
