"""The pages of who came back and of who wants no advertising."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from flask_guesterase import Guesterase, Policy
from flask_guesterase.core.errors import BusyError, FullError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.comeback import sightings, stays
from flask_guesterase.store.returning import refilled, replay, returned
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.web.wording.words import SIGHTED
from tests.store.hotel import Base, Booking, Guest, policies
from tests.web.house import PROPERTIES, House, may
from tests.web.test_cli import Console
from tests.web.test_property_removed_pages import remove

DORA = {"name": "Dora Berg", "email": "dora@mail.example", "document_no": "ZX998877"}


@pytest.fixture
def back(house: House) -> House:
    """A hotel in which somebody is back in a new profile and nobody knows whether it is old."""
    return came_back(house)


def came_back(house: House) -> House:
    """Erase a guest, and let somebody like her stand in a new profile; return the house."""
    hotel = house.hotel
    hotel.guest(6, **DORA)
    assert hotel.erased(hotel.approved(document_no=DORA["document_no"])) == "erased"
    with house.app.app_context():
        house.extension._now = lambda: hotel.now  # type: ignore[method-assign]
        house.session.add(Guest(id=7, hotel="sh", **DORA))
        house.session.commit()
        house.extension.work()
        house.session.remove()
    return house


def state(house: House) -> str:
    """Return what became of the one row that came back."""
    (row,) = house.hotel.ours("returned")
    return str(row["state"])


def test_a_clerk_says_that_the_row_is_theirs(back: House) -> None:
    desk = back.browser("clerk")
    page = desk.get("/desk/privacy/returns")
    assert DORA["name"] in page
    assert "guests 7<" in page
    assert DORA["email"] not in page
    answer = desk.post("/desk/privacy/returns/1", page="/desk/privacy/returns", whose="theirs")
    assert answer.status_code == 303
    assert state(back) == "open"
    with back.app.app_context():
        assert back.extension.work().problems == {}
    assert state(back) == "erased"
    assert back.hotel.row(7)["email"] != DORA["email"]
    assert "Nobody came back." in desk.get("/desk/privacy/returns")


def test_of_who_may_have_been_there_all_along_a_page_says_who_decides(back: House) -> None:
    """One person's word erases nobody whom the request never named: a request does, by two."""
    hotel = back.hotel
    hotel.guest(8, name="Eva Moor", email="eva@mail.example", document_no="EM 445566")
    with back.app.app_context():
        guest = back.session.get(Guest, 8)
        assert guest is not None
        guest.name, guest.email = DORA["name"], DORA["email"]
        back.session.commit()
        back.extension.work()
        back.session.remove()
    desk, path = back.browser("clerk"), "/desk/privacy/returns"
    page = desk.get(path, wish="en")
    (_, card) = page.split("guests 8<")
    assert "It may be another person, who was there all along." in card
    assert "a second person reads the plan and approves it." in card
    assert page.count('value="theirs"') == 1, "of the profile that is new alone"
    answer = desk.post(f"{path}/2", page=path, whose="theirs")
    assert answer.status_code == 409
    console = Console(back.app)
    told = ("returned", "settle", "2", "--theirs", *console.proved("clerk"))
    assert console.error(*told) == "transition"
    with back.app.app_context():
        assert back.extension.work().problems == {}
    assert hotel.row(8)["document_no"] == "EM 445566"
    desk.post(f"{path}/2", page=path, whose="lives")
    assert [row["state"] for row in hotel.ours("returned")] == ["staff", "lives"]


def test_of_who_turned_out_to_be_another_one_a_button_says_who_decides(back: House) -> None:
    """The page was read before a document came in: what it refuses, it says what to do about."""
    page, hotel = "/desk/privacy/returns", back.hotel
    desk = back.browser("clerk")
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 7).values(document_no="YY112233"))
    answer = desk.post(f"{page}/1", page=page, whose="theirs")
    assert answer.status_code == 409
    assert "a second person reads the plan and approves it." in answer.text
    assert state(back) == "staff"
    assert back.worker().problems == {}
    assert hotel.row(7)["document_no"] == "YY112233"


def test_a_request_that_waits_for_a_word_says_so_on_its_page_and_to_its_guest(
    back: House,
) -> None:
    """Nothing else is kept of it: without that it would have ended."""
    (request,) = back.hotel.ours("request")
    path = f"/desk/privacy/{request['number']}"
    words = "it seems to have come back; a person decides"
    clerk, officer, guest = back.browser("clerk"), back.browser("officer"), back.browser()
    assert words not in clerk.get(path, wish="en")
    with back.hotel.engine.begin() as conn:
        conn.execute(update(tables.request).values(state="sealed"))
    with back.hotel.begin() as office:
        code = tokens.case_code(office.work, request["number"])
    assert guest.post("/privacy/case", code=code).status_code == 303
    page = clerk.get(path, wish="en")
    assert f"<strong>guests</strong>: 1 row, {words}" in page
    assert 'href="/desk/privacy/returns">Came back<' in page.partition(words)[2]
    assert words in officer.get(path, wish="en")
    read = guest.get("/privacy/case", wish="en")
    assert f"<li>{words}</li>" in read
    assert "something was found that should be gone too" in read
    assert "Everything that may go is erased" not in read
    assert "<li>似乎又出现了" in guest.get("/privacy/case", wish="zh")
    clerk.post("/desk/privacy/returns/1", page="/desk/privacy/returns", whose="lives")
    assert words not in clerk.get(path, wish="en")
    assert "Everything that may go is erased" in guest.get("/privacy/case", wish="en")


def test_a_task_about_rows_of_no_request_leads_to_them(back: House) -> None:
    with back.hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(
            request=None, seen_at=back.hotel.now.replace(tzinfo=None) - timedelta(days=91)
        ))  # fmt: skip
    with back.hotel.begin() as office:
        assert office.stuck() == 1
    page = back.browser("officer").get("/desk/privacy/tasks", wish="en")
    card = page.partition("<h2>rows that came back and wait for long")[2].partition("</article>")[0]
    assert '<a href="/desk/privacy/returns">Came back</a>' in card


def test_a_clerk_lets_a_new_stay_live(back: House) -> None:
    desk = back.browser("clerk")
    desk.post("/desk/privacy/returns/1", page="/desk/privacy/returns", whose="lives")
    assert state(back) == "lives"
    assert back.hotel.row(7)["email"] == DORA["email"]


@pytest.mark.parametrize("login", ["auditor", "nobody", "night"])
def test_nobody_else_sees_or_settles(back: House, login: str) -> None:
    desk = back.browser(login)
    desk.get("/desk/privacy/returns", status=403)
    assert state(back) == "staff"


def test_another_house_sees_nothing(back: House) -> None:
    desk = back.browser("far-officer")
    page = desk.get("/desk/privacy/returns")
    assert DORA["name"] not in page
    assert "Nobody came back." in page
    path = "/desk/privacy/advertising"
    answer = desk.post("/desk/privacy/returns/1", page=path, whose="lives")
    assert answer.status_code == 404
    assert state(back) == "staff"


def test_a_clerk_notes_that_somebody_wants_no_advertising(house: House) -> None:
    desk = house.browser("clerk")
    path = "/desk/privacy/advertising"
    form = {"property": "sh", "contact": DORA["email"], "what": "object"}
    assert desk.post(path, page=path, **form).status_code == 303
    with house.app.app_context():
        assert house.extension.objects("DORA@mail.example")
        assert not house.extension.objects("bo@mail.example")
    assert DORA["email"] not in str(house.hotel.ours("mark"))
    desk.post(path, page=path, **{**form, "what": "agree"})
    with house.app.app_context():
        assert not house.extension.objects(DORA["email"])
    wrong = desk.post(path, page=path, **{**form, "contact": "nobody"})
    assert wrong.status_code == 422
    assert "e-mail address or a phone number" in wrong.text
    desk.post(path, page=path, **{**form, "property": "mu"})
    assert house.hotel.ours("mark") == []


def test_the_table_of_marks_holds_no_contact(back: House) -> None:
    """What is kept to know somebody again says nothing to who reads it."""
    text = str(back.hotel.ours("mark")).lower()
    assert all(value.lower() not in text for value in DORA.values())
    assert {row["kind"] for row in back.hotel.ours("mark")} >= {"email", "document", "key"}
    assert "guesterase_mark" in tables.metadata.tables


def test_the_console_lists_without_names_and_settles_with_a_code(back: House) -> None:
    console = Console(back.app)
    (row,) = console.json("returned", "list")
    assert (row["table"], row["key"], row["state"]) == ("guests", "int:7", "staff")
    assert DORA["name"] not in console.raw("returned", "list")[0]
    proof = ("--by", "clerk", "--code", "wrong")
    assert console.error("returned", "settle", "1", "--lives", *proof) == "token"
    console.raw("returned", "settle", "1", "--theirs", *console.proved("clerk"))
    assert state(back) == "open"
    assert all(value not in console.printed for value in DORA.values())


def test_the_console_notes_who_wants_no_advertising(house: House) -> None:
    console = Console(house.app)
    given = f"{DORA['email']}\n"
    console.raw("object", "sh", *console.proved("clerk"), given=given)
    with house.app.app_context():
        assert house.extension.objects(DORA["email"], "sh")
    console.raw("object", "sh", "--agree", *console.proved("clerk"), given=given)
    with house.app.app_context():
        assert not house.extension.objects(DORA["email"], "sh")


def test_the_guard_serves_a_script_outside_of_any_application_context(back: House) -> None:
    """Nobody is guessed at, of one application or of two: the database says that it is theirs."""
    upgrade.make_keys(back.hotel.engine, back.hotel.custodian)
    with back.app.app_context(), back.extension.begin() as office:
        office.settle_return(1, "clerk", theirs=True)
    assert back.worker().problems == {}

    def come_back() -> int:
        row = back.session.get(Guest, 6)
        assert row is not None
        row.email = DORA["email"] if row.email != DORA["email"] else "x@mail.example"
        back.session.commit()
        return len(back.hotel.ours("returned"))

    assert come_back() == 2
    other = Flask("other", instance_path=back.app.instance_path)
    other.config.update(back.app.config)
    back.extension.init_app(other)
    assert back.worker().problems == {}
    assert come_back() == 3
    with other.app_context():
        come_back()
        assert back.worker().problems == {}


def test_an_application_for_which_guests_are_nobody_hides_none_from_another(back: House) -> None:
    """Both are of one installation; who was erased is filled again outside of both."""
    upgrade.make_keys(back.hotel.engine, back.hotel.custodian)
    other = Flask("other", instance_path=back.app.instance_path)
    other.config.update(back.app.config)
    blind = Guesterase(back.session, models=Base, authorize=may, properties=PROPERTIES)
    for target, _ in policies(""):
        blind.register(target, Policy({}))
    blind.init_app(other)
    back.session.execute(update(Guest).where(Guest.id == 6).values(email=DORA["email"]))
    back.session.commit()
    assert len(back.hotel.ours("returned")) == 2


def put_back(house: House) -> None:
    """Put seven bookings of an erased guest back, and let a sweep find them."""
    hotel = house.hotel
    hotel.guest(6, **DORA)
    for id in range(11, 18):
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=6, remark=f"wish {id}")
    assert hotel.erased(hotel.approved(document_no=DORA["document_no"])) == "erased"
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id > 10).values(remark="a quiet room"))
    with house.app.app_context():
        house.extension._now = lambda: hotel.now  # type: ignore[method-assign]
        assert house.extension.sweep().counts["returned-unclear"] == 7


def test_of_a_table_that_was_put_back_one_answer_is_enough(house: House) -> None:
    """Seven bookings lie under an erased profile: five are shown, all go by one click."""
    hotel = house.hotel
    put_back(house)
    far = house.browser("far-officer")
    assert "bookings" not in far.get("/desk/privacy/returns")
    path = "/desk/privacy/returns/all"
    far.post(path, page="/desk/privacy/advertising", table="bookings", last=7)
    desk = house.browser("clerk")
    page = desk.get("/desk/privacy/returns")
    (last,) = re.findall('name="last" value="([0-9]+)"', page)
    assert page.count("bookings 1") == 5
    assert ">7<" in page
    assert "a quiet room" not in page
    answer = desk.post(path, page="/desk/privacy/returns", table="bookings", last=last)
    assert answer.status_code == 303
    with house.app.app_context():
        assert house.extension.work().problems == {}
    assert {row["remark"] for row in hotel.rows(Booking) if row["id"] > 10} == {None}
    assert "Nobody came back." in desk.get("/desk/privacy/returns")


def test_what_came_back_after_the_page_was_read_waits_for_somebody_to_look(house: House) -> None:
    """A page of the evening, pressed in the morning: what the night noted stays as it is."""
    hotel = house.hotel
    put_back(house)
    desk = house.browser("clerk")
    page = desk.get("/desk/privacy/returns")
    (last,) = re.findall('name="last" value="([0-9]+)"', page)
    hotel.guest(8, name="Eve Stone", email="eve@mail.example", document_no="QQ112233")
    hotel.put(Booking, id=21, number="B21", guest_id=8, remark="wish 21")
    assert hotel.erased(hotel.approved(document_no="QQ112233")) == "erased"
    with hotel.engine.begin() as conn:
        conn.execute(update(Booking).where(Booking.id == 21).values(remark="a crib"))
    with house.app.app_context():
        assert house.extension.sweep().counts["returned-unclear"] == 1
    path = "/desk/privacy/returns/all"
    desk.post(path, page="/desk/privacy/returns", table="bookings", last=last)
    with house.app.app_context():
        assert house.extension.work().problems == {}
    left = {row["id"]: row["remark"] for row in hotel.rows(Booking) if row["id"] > 10}
    assert left == {**dict.fromkeys(range(11, 18)), 21: "a crib"}
    assert "bookings 21<" in desk.get("/desk/privacy/returns")


def test_what_came_back_at_a_hotel_that_the_settings_name_no_more_can_be_settled(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Whom the host lets look there sees the row under the code of the hotel, and decides."""
    house = House(sqlite_url, tmp_path, authorize=lambda user, permission, code: True)
    house.people()
    came_back(house)
    desk = house.browser("clerk")
    remove(house, "sh")
    page = desk.get("/desk/privacy/returns")
    assert "guests 7<" in page
    desk.post("/desk/privacy/returns/1", page="/desk/privacy/returns", whose="lives")
    assert state(house) == "lives"


def test_what_is_to_go_again_says_what_it_waits_for_and_until_when(back: House) -> None:
    """A hold keeps it: the page names that, and when it is tried next, in the reader's words."""
    desk, path, hotel = back.browser("clerk"), "/desk/privacy/returns", back.hotel
    desk.post(f"{path}/1", page=path, whose="theirs")
    assert "nothing; it goes by itself within minutes" in desk.get(path, wish="en")
    hotel.grants["officer"].add("hold")
    with hotel.begin() as office:
        office.place_hold(Wanted("record", "court-order", "guests", "7"), "officer")
    assert back.worker().problems == {}
    page = desk.get(path, wish="en")
    assert re.search(r"<dt>What it waits for</dt><dd>a duty of law</dd>", page)
    assert re.search(r"<dt>Next try</dt><dd>[^<]*5:15", page)
    assert "<dt>Until</dt>" not in page, "of a hold nobody knows the day"
    with hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(waiting_until="2026-05-02"))
    for wish, said in (("en", "May 2, 2026"), ("zh", "2026年5月2日"), ("de", "2. Mai 2026")):
        assert said in desk.get(path, wish=wish)
    with back.app.app_context(), back.extension.begin(write=False) as office:
        (row,) = office.returns("clerk")
    assert (row["waiting_for"], row["waiting_until"]) == ("legal-duty", "2026-05-02")
    with hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(waiting_for="last-try-failed"))
    assert "the last try failed; tell whoever runs the system" in desk.get(path, wish="en")
    with hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(waiting_for=None))
    page = desk.get(path, wish="en")
    assert "something stands in the way" in page, "of a line of before nobody wrote down what"
    assert "goes by itself within minutes" not in page
    desk.post(f"{path}/1", page=path, whose="lives")
    (line,) = hotel.ours("returned")
    assert (line["waiting_for"], line["waiting_until"]) == (None, None)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (BusyError("Locked.", "Wait."), "the hotel system was using the row; it is tried again"),
        (FullError("Full.", "Give it room."), "the last try failed; tell whoever runs the system"),
        (ValueError("1 Elm Road"), "the last try failed; tell whoever runs the system"),
    ],
    ids=["busy", "full", "broken"],
)
def test_a_row_that_the_hotel_held_is_no_failure_to_be_told(
    back: House, monkeypatch: pytest.MonkeyPatch, problem: Exception, said: str
) -> None:
    """Nobody need be called for a lock that ends by itself; for what does not, somebody must be."""
    desk, path = back.browser("clerk"), "/desk/privacy/returns"
    desk.post(f"{path}/1", page=path, whose="theirs")

    def fails(*args: object) -> None:
        raise problem

    monkeypatch.setattr(returned, "erase", fails)
    assert back.worker().problems == {"returned:1": type(problem).__name__}
    page = desk.get(path, wish="en")
    assert said in page
    assert "Elm Road" not in page


def test_through_which_door_a_row_was_seen_is_in_words() -> None:
    """No page shows a door's own name, whichever module saw the row."""
    own = (sightings.FLUSH, sightings.BULK, sightings.SWEEP)
    assert {*own, replay.DOOR, refilled.DOOR, stays.PART, stays.DOOR} <= SIGHTED.keys()


def test_after_a_restore_why_a_row_is_asked_about_is_in_the_readers_words(back: House) -> None:
    """Also where only a request can decide about it."""
    with back.hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(door="replay", why="perhaps-another"))
    desk, path = back.browser("clerk"), "/desk/privacy/restored"
    page = desk.get(path, wish="de")
    assert "perhaps another" not in page
    assert "Vielleicht eine andere Person, die diese Nummer erst nach der Kopie" in page
    assert "schon immer" not in page, "a copy gives a number to who came just now"
    answer = desk.post(f"{path}/1", page=path, theirs="yes")
    assert "It may be another person, or a new stay." in answer.text
    assert "all along" not in answer.text
