"""The reception: tick, find, is it this one, freeze, the slip; and who acts at a shared login."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flask_guesterase.core import pin as pins
from flask_guesterase.core.errors import ForbiddenError, GuesteraseError, UnknownError
from flask_guesterase.reception import freezing, tick, ticked
from tests.store.hotel import Guest
from tests.web import house as houses
from tests.web.house import CANARY, Browser, House
from tests.web.house import DESK as CLERK

DESK = "/desk/privacy"
PIN, OTHER = "482915", "730164"
FILING = {
    "property": "sh", "key": "email", "value": "ann@mail.example", "name": CANARY,
    "channel": "letter", "received": "2026-03-02", "sure": "2026-03-02", "lang": "en",
    "asked_by": "guest", "reason": "", "wish": "erase",
}  # fmt: skip


@pytest.fixture
def shared(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house with a login that clerks share, and a page of the host's that files by a tick."""
    monkeypatch.setattr(pins, "_COST", 2**8)
    monkeypatch.setitem(houses.STAFF, "front", ("sh", CLERK | {"freeze"}))
    monkeypatch.setitem(houses.STAFF, "boss", ("sh", houses.OFFICE | {"issue"}))
    house.extension.shared(lambda user: user.id == "front")

    @house.app.route("/check-in/<int:key>/<place>", methods=["GET", "POST"])
    def check_in(key: int, place: str) -> Response:
        if request.method == "GET":
            return Response(str(tick(place)) + str(freezing(place, "2026-03-02", "101")))
        with Session(house.hotel.engine) as session:
            try:
                return Response(ticked(session.get(Guest, key), place) or "nothing")
            except GuesteraseError as problem:
                return Response(type(problem).__name__, 403)

    return house


def own(house: House, person: str = "clerk", pin: str = PIN) -> None:
    """Let a person set a PIN from their own login."""
    answer = house.browser(person).post(f"{DESK}/pin", f"{DESK}/pin", pin=pin, again=pin)
    assert answer.status_code == 200, answer.text
    assert "Your PIN is set." in answer.text or "设" in answer.text


def act(browser: Browser, path: str, who: str, pin: str, **form: str) -> TestResponse:
    """Send a form, and what the page that asks who does it makes of it."""
    asked = browser.post(f"{DESK}{path}", f"{DESK}/pin", **form)
    assert asked.status_code == 422
    held = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert {n: v for n, v in held.items() if n not in ("csrf_token", "opened")} == form
    action = re.search(r'<form method="post"(?: action="([^"]*)")?>', asked.text)
    assert action is not None
    # What names no address goes where the page came from.
    assert urljoin(asked.request.url, action[1] or "") == asked.request.url
    held |= {"guesterase_who": who, "guesterase_pin": pin}
    return browser.client.post(f"{DESK}{path}", data=held, headers={"Accept-Language": "en"})


def filed(answer: TestResponse) -> str:
    """Return the number of the request a browser is led to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def test_a_shared_login_acts_for_a_person_with_their_pin(shared: House) -> None:
    """Nothing is done before; then it is done under the person, and the login never acted."""
    own(shared)
    front = shared.browser("front")
    assert front.get(f"{DESK}/new")
    number = filed(act(front, "/new", "clerk", PIN, **FILING))
    with shared.app.app_context(), shared.extension.begin() as office:
        assert office.show(number)["filed_by"] == office.acts_as("clerk")
        assert office.show(number)["channel"] == "letter"
        assert str(office.show(number)["received_at"]).startswith("2026-03-02")


@pytest.mark.parametrize("path", ["/new", "/new?lang=en"])
def test_who_does_it_is_asked_at_the_address_of_the_form(shared: House, path: str) -> None:
    """Also where the host lies under a prefix: name and PIN go nowhere else."""
    own(shared)
    shared.app.config["APPLICATION_ROOT"] = "/hotel"
    front = shared.browser("front")
    answer = act(front, path, "clerk", PIN, **FILING)
    assert answer.headers["Location"] == f"/hotel{DESK}/{filed(answer)}"


def test_each_act_asks_anew(shared: House) -> None:
    """Whoever left the desk left nothing open: the next form asks again."""
    own(shared)
    front = shared.browser("front")
    number = filed(act(front, "/new", "clerk", PIN, **FILING))
    again = front.post(f"{DESK}/{number}/withdraw", f"{DESK}/pin")
    assert again.status_code == 422
    assert shared.state(number) == "received"


def test_a_wrong_pin_does_nothing(shared: House) -> None:
    """A wrong PIN, a wrong name, a shared name: one answer; after five it waits."""
    own(shared)
    front = shared.browser("front")
    pages = []
    for who, pin in (("clerk", OTHER), ("officer", PIN), ("stranger", PIN), ("front", PIN)):
        answer = act(front, "/new", who, pin, **FILING)
        assert answer.status_code == 403
        pages.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(set(pages)) == 1
    assert shared.hotel.ours("request") == []
    for _ in range(4):
        act(front, "/new", "clerk", OTHER, **FILING)
    assert act(front, "/new", "clerk", PIN, **FILING).status_code == 429
    assert shared.hotel.ours("request") == []


def test_through_a_shared_login_one_may_what_both_may(shared: House) -> None:
    """An officer's PIN that was seen at the desk approves nothing there."""
    own(shared, "officer")
    own(shared, "far-officer", OTHER)
    number = shared.request()
    shared.browser("clerk").post(f"{DESK}/{number}/confirm", how="desk")
    shared.settle(number)
    found = re.search(r'"digest" value="(\w+)"', shared.browser("second").get(f"{DESK}/{number}"))
    assert found is not None
    front = shared.browser("front")
    for who, pin, status in (("officer", PIN, 403), ("far-officer", OTHER, 404)):
        answer = act(front, f"/{number}/approve", who, pin, digest=found[1])
        assert answer.status_code == status
    assert act(front, f"/{number}/withdraw", "far-officer", OTHER).status_code == 404
    assert shared.state(number) == "review"


def test_an_officer_hands_out_a_code_and_the_person_sets_the_pin(shared: House) -> None:
    """At the shared desk, with the code; the PIN is in no page, and the code is shown once."""
    boss = shared.browser("boss")
    page = boss.post(f"{DESK}/pin/code", f"{DESK}/pin", property="sh", person="clerk").text
    found = re.search(r'class="secret">([^<]+)', page)
    assert found is not None
    assert found[1] not in boss.get(f"{DESK}/pin")
    front = shared.browser("front")
    new = {"who": "clerk", "pin": PIN, "again": PIN}
    for wrong in ({"code": "ABCD-EFGH"}, {"code": found[1], "who": "officer"},
                  {"code": found[1], "again": OTHER},
                  {"code": found[1], "pin": "123456", "again": "123456"}):  # fmt: skip
        answer = front.post(f"{DESK}/pin", f"{DESK}/pin", **{**new, **wrong})
        assert answer.status_code == 422
        assert PIN not in answer.text
    assert front.post(f"{DESK}/pin", f"{DESK}/pin", code=found[1], **new).status_code == 200
    filed(act(front, "/new", "clerk", PIN, **FILING))
    for person in ("far-officer", "boss", "front", "stranger"):
        refused = boss.post(f"{DESK}/pin/code", f"{DESK}/pin", property="sh", person=person)
        assert refused.status_code == 422


def test_a_code_for_a_pin_sent_twice_is_not_called_wrong(shared: House) -> None:
    """The code is used up by the first press; another one on the same page is still looked at."""
    with shared.app.app_context(), shared.extension.begin() as office:
        code = office.give_pin("clerk", "boss", "sh")
    front = shared.browser("front")
    sent = {"who": "clerk", "pin": PIN, "again": PIN, "code": code,
            "csrf_token": front.token(f"{DESK}/pin")}  # fmt: skip
    statuses = [front.client.post(f"{DESK}/pin", data=sent).status_code for _ in range(2)]
    assert statuses == [200, 200]
    for other in ({"code": "ABCD-EFGH"}, {"who": "officer"}, {"pin": OTHER, "again": OTHER}):
        assert front.client.post(f"{DESK}/pin", data=sent | other).status_code == 422
    filed(act(front, "/new", "clerk", PIN, **FILING))


def test_one_tick_files_the_guest_who_stands_there(shared: House) -> None:
    """Their own row is taken; a namesake of the mailbox is not; the same tick twice is one."""
    clerk = shared.browser("clerk")
    page = clerk.get("/check-in/1/sh")
    assert 'type="checkbox" name="guesterase_tick"' in page
    assert "guesterase_pin" not in page
    assert clerk.client.post("/check-in/1/sh").text == "nothing"
    numbers = {
        clerk.client.post("/check-in/1/sh", data={"guesterase_tick": "yes"}).text for _ in range(2)
    }
    (number,) = numbers
    with shared.app.app_context(), shared.extension.begin() as office:
        case = office.show(number)
        assert (case["channel"], case["filed_by"]) == ("desk", office.acts_as("clerk"))
        people = office.preview(number, by="clerk").people
    assert [person.name for person in people] == [CANARY]


def test_a_guest_of_whom_only_a_name_is_known_can_tick(shared: House) -> None:
    """No contact, no document: the row alone says who it is, and two such guests are two."""
    shared.hotel.guest(21, name="Ola Quiet")
    shared.hotel.guest(22, name="Ola Quiet")
    clerk = shared.browser("clerk")
    tick_ = {"guesterase_tick": "yes"}
    numbers = [clerk.client.post(f"/check-in/{k}/sh", data=tick_).text for k in (21, 22, 21)]
    assert numbers[0] == numbers[2] != numbers[1]
    assert {row["row_key"] for row in shared.hotel.ours("subject")} == {"int:21", "int:22"}


def test_a_tick_is_for_the_clerks_own_property(shared: House) -> None:
    """A guest of another hotel, or a desk of another hotel: nothing is shown and nothing filed."""
    clerk = shared.browser("clerk")
    assert "guesterase_tick" not in clerk.get("/check-in/9/mu")
    assert shared.browser().get("/check-in/1/sh") == ""
    tick_ = {"guesterase_tick": "yes"}
    told = {clerk.client.post(f"/check-in/{path}", data=tick_).text for path in ("9/mu", "1/mu")}
    assert told == {ForbiddenError.__name__}
    assert clerk.client.post("/check-in/9/sh", data=tick_).text == UnknownError.__name__
    assert clerk.client.post("/check-in/777/sh", data=tick_).text == UnknownError.__name__
    assert shared.hotel.ours("request") == []


def test_a_tick_at_a_shared_desk_asks_for_the_pin(shared: House) -> None:
    """In the host's own form; a wrong one files nothing and the check-in is the host's."""
    own(shared)
    front = shared.browser("front")
    assert "guesterase_pin" in front.get("/check-in/1/sh")
    form = {"guesterase_tick": "yes", "guesterase_who": "clerk", "guesterase_pin": OTHER}
    assert front.client.post("/check-in/1/sh", data=form).status_code == 403
    form["guesterase_pin"] = PIN
    number = front.client.post("/check-in/1/sh", data=form).text
    with shared.app.app_context(), shared.extension.begin() as office:
        assert office.show(number)["filed_by"] == office.acts_as("clerk")


def test_who_may_file_alone_reads_the_number_and_hands_the_slip(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may not open the request, and are told that it is filed, and what it says otherwise."""
    monkeypatch.setitem(houses.STAFF, "kiosk", ("sh", frozenset({"file"})))
    kiosk = house.browser("kiosk")
    kiosk.get(f"{DESK}/new?lang=en")
    answer = kiosk.post(f"{DESK}/new", f"{DESK}/new", **FILING)
    (row,) = house.hotel.ours("request")
    assert answer.status_code == 200
    assert row["number"] in answer.text
    again = kiosk.post(f"{DESK}/new", f"{DESK}/new", **{**FILING, "channel": "phone"})
    assert "not in it: How it came" in again.text
    slip = kiosk.post(f"{DESK}/{row['number']}/slip", f"{DESK}/new")
    assert slip.status_code == 200
    here = f'href="{DESK}/{row["number"]}"'
    assert here not in answer.text + slip.text
    assert here in house.browser("clerk").post(f"{DESK}/{row['number']}/slip", f"{DESK}/new").text


def test_is_it_this_one_shows_two_masked_facts(house: House) -> None:
    """To who may verify, while it is open; nothing by which anybody else could be found."""
    house.hotel.guest(5, name="Wei 王", document_no="E12345678", email="wei@mail.example")
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "wei@mail.example"}, property="sh", by="clerk")
        facts = office.facts(number, "clerk")
        with pytest.raises(ForbiddenError):
            office.facts(number, "auditor")
    assert [each.facts for each in facts] == [(("document", "…678"), ("name", "W… 王…"))]
    page = house.browser("clerk").get(f"{DESK}/{number}", wish="en")
    assert "Is it this one?" in page
    assert "…678" in page
    assert "E12345678" not in page
    assert "Is it this one?" not in house.browser("auditor").get(f"{DESK}/{number}", wish="en")


def test_what_an_erasure_left_is_no_fact_of_a_guest(house: House) -> None:
    """Whoever compares "[…" with a document would refuse the right guest."""
    number = house.request()
    house.approve(number)
    house.worker()
    clerk = house.browser("clerk")
    after = clerk.post(f"{DESK}/{number}/copy-after", f"{DESK}/{number}").location
    page = clerk.get(after, wish="en")
    assert "Show who it is" in page
    assert "Is it this one?" not in page


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_whoever_took_part_is_told_so_instead_of_a_button(house: House, wish: str) -> None:
    """They read a plan that they may not approve; a second person has the button."""
    with house.app.app_context(), house.extension.begin() as office:
        match = {"email": "bea@mail.example"}
        number = office.request(match, property="sh", by="officer", wish=wish)
        office.confirm(number, "clerk")
    deed = {"erase": "approve", "copy": "release"}[wish]
    mine, theirs = (
        house.browser(who).get(f"{DESK}/{number}", wish="en") for who in ("officer", "second")
    )
    for page, here in ((mine, False), (theirs, True)):
        assert (f'action="{DESK}/{number}/{deed}"' in page) is here
        assert ("does not decide on it. Ask a colleague" in page) is not here


def test_of_whom_the_host_wrote_into_an_emptied_row_there_are_facts(house: House) -> None:
    """They are a guest as any other, whoever was erased from it."""
    number = house.request()
    house.approve(number)
    house.worker()
    with house.hotel.engine.begin() as conn:
        (id,) = conn.exec_driver_sql("SELECT id FROM guests WHERE name LIKE '[%'").one()
        conn.exec_driver_sql(
            f"UPDATE guests SET name = 'Zoe Quill', email = 'zoe@mail.example' WHERE id = {id}"
        )
    with house.app.app_context(), house.extension.begin() as office:
        other = office.request({"email": "zoe@mail.example"}, property="sh", by="clerk")
        facts = office.facts(other, "clerk")
    assert [dict(each.facts)["name"] for each in facts] == ["Z… Q…"]


def look_for(browser: Browser, typed: str) -> TestResponse:
    """Type into the field of the reception's page that finds a request."""
    return browser.post(f"{DESK}/reception", f"{DESK}/reception", number=typed)


def test_a_case_is_found_by_its_number_at_ones_own_hotel(house: House) -> None:
    """However it is typed; a number of another hotel answers as one that never was."""
    number = house.request()
    clerk = house.browser("clerk")
    for typed in (number, number.lower(), number[3:], f" {number[:5]} {number[5:].lower()} "):
        assert filed(look_for(clerk, typed)) == number
    far = house.browser("far-officer")
    assert look_for(clerk, "GR-ZZZZ9999").status_code == 422
    pages = [look_for(far, typed) for typed in (number, "GR-ZZZZ9999")]
    assert [page.status_code for page in pages] == [422, 422]
    tokens = re.compile('name="csrf_token" value="[^"]+"')
    texts = [tokens.sub("", page.text).replace(number, "GR-ZZZZ9999") for page in pages]
    assert texts[0] == texts[1]


def test_what_is_typed_to_find_a_case_is_in_no_address(house: House) -> None:
    """Somebody types a guest's name there: every server on the way keeps addresses in its logs."""
    clerk = house.browser("clerk")
    page = clerk.get(f"{DESK}/reception")
    form = re.findall(r'method="(\w+)"', page.partition('name="number"')[0])[-1]
    assert form == "post"
    answer = look_for(clerk, CANARY)
    assert (answer.status_code, answer.location) == (422, None)
    assert clerk.client.get(f"{DESK}/find", query_string={"number": "x"}).status_code == 404


def test_a_shared_login_finds_a_case_without_a_pin(shared: House) -> None:
    """Looking is no act."""
    number = shared.request()
    assert filed(look_for(shared.browser("front"), number)) == number


def test_one_press_on_a_guests_line_freezes(shared: House) -> None:
    """The host's page has a button for night and room; who may not freeze has none."""
    porter = shared.browser("porter")
    page = porter.get("/check-in/1/sh")
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = porter.client.post(f"{DESK}/holds/freeze", data=form)
    assert answer.status_code == 303
    (row,) = shared.hotel.ours("hold")
    assert (row["first_night"], row["room"]) == ("2026-03-02", "101")
    assert "holds/freeze" not in shared.browser("clerk").get("/check-in/1/sh")


def test_a_shared_login_lacks_no_training(
    shared: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trainings are of people, who take them with their PIN: the page of trainings says so, and no
    other page calls one missing."""
    for login in ("front", "clerk"):
        monkeypatch.setitem(houses.STAFF, login, ("sh", CLERK | {"train"}))
    front = shared.browser("front")
    assert "Your training is missing" in shared.browser("clerk").get(f"{DESK}/", wish="en")
    for path in ("/", "/reception", "/training"):
        assert "Your training is missing" not in front.get(f"{DESK}{path}", wish="en"), path
    assert "Several people use this login" in front.get(f"{DESK}/training", wish="en")
    assert "Not taken yet" not in front.get(f"{DESK}/training", wish="en")
    assert "Several people" not in shared.browser("clerk").get(f"{DESK}/training", wish="en")


def test_the_reception_shows_what_its_reader_may_do(house: House) -> None:
    """Each card only with its permission."""
    page = house.browser("porter").get(f"{DESK}/reception", wish="en")
    assert "Find a request" in page
    assert f'action="{DESK}/holds/freeze"' in page
    assert "The police ask" not in page
    night = house.browser("night").get(f"{DESK}/reception", wish="en")
    assert "The police ask" in night
    assert "Find a request" not in night


def test_without_shared_logins_nobody_is_asked(house: House) -> None:
    """A house where everybody has a login of their own sees no PIN anywhere."""
    assert "My PIN" not in house.browser("clerk").get(f"{DESK}/", wish="en")
    assert not house.extension.shares("clerk")
    answer = house.browser("clerk").post(f"{DESK}/new", **FILING)
    assert answer.status_code == 303


def test_a_clerk_finds_where_to_write_down_a_complaint(house: House) -> None:
    """*Reception* leads whoever may file to the form, which no menu of theirs has."""
    clerk, form = house.browser("clerk"), f"{DESK}/complaints/new"
    assert f'href="{form}"' in clerk.get(f"{DESK}/reception")
    assert "File a complaint" in clerk.get(form, wish="en")
    assert f'href="{form}"' not in house.browser("night").get(f"{DESK}/reception")
