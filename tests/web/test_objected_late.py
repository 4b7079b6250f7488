"""Somebody says "it was not me" after the erasure: they are told so, and people are."""

from __future__ import annotations

import pytest

from flask_guesterase.core.lifecycle import COPIES, MOVES, State
from flask_guesterase.store.access import tokens
from flask_guesterase.store.casework import cases
from flask_guesterase.store.copying import shelved
from flask_guesterase.store.identity import objecting
from tests.web.house import CANARY, House
from tests.web.test_copied import asked, released
from tests.web.test_guest import erased, proved
from tests.web.test_kiosk import opened
from tests.web.test_pressing import twice

DESK = "/desk/privacy"


def link(house: House, number: str) -> str:
    """Return the link of the notice that another contact of the guest got."""
    with house.app.app_context(), house.extension.begin() as office:
        return f"/privacy/object/{tokens.objection(office.work, number)}"


def alerts(house: House) -> list[tuple[str, str]]:
    """Let the programme look over everything; return what it says of objections, and about what."""
    with house.app.app_context(), house.extension.begin() as office:
        office.look_over()
        found = office.alerts()
    return [(row["property"], row["about"]) for row in found if row["kind"] == "objected-late"]


def test_an_objection_after_the_erasure_reaches_people(house: House) -> None:
    """The watch names the request until the officer settled it; the case says what to do."""
    number = erased(house)[1]
    assert house.browser().post(link(house, number)).status_code == 200
    assert alerts(house) == [("sh", number)]
    officer = house.browser("officer")
    shown = officer.get(f"{DESK}/{number}?lang=en")
    assert "take the erasure back before the safety copy ends" in shown
    assert "refuse the request" not in shown
    assert officer.post(f"{DESK}/{number}/objection").status_code == 303
    assert alerts(house) == []


@pytest.mark.parametrize("kind", ["object", "stop"])
def test_who_is_no_guest_is_not_sent_to_the_form_by_a_link_that_is_over(
    house: House, kind: str
) -> None:
    """Who looks once more whether the button did anything would ask for the erasure it stopped."""
    path = link(house, erased(house)[1]) if kind == "object" else "/privacy/stop/over"
    browser = house.browser()
    if kind == "object":
        assert browser.post(path).status_code == 200
    page = browser.client.get(path, query_string={"lang": "en"})
    assert page.status_code == 410
    assert "that counts, and you need do nothing more" in page.text
    assert "send the form again" not in page.text
    assert "Open the form again" not in page.text
    german = browser.client.get(path, query_string={"lang": "de"}).text
    assert "sagen Sie dem Hotel Bescheid" in german
    guest = browser.client.get("/privacy/link/over", query_string={"lang": "en"}).text
    assert "send the form again" in guest


def test_an_objection_is_settled_after_the_key_of_its_case(house: House) -> None:
    """The next round ends the key with the case; the link works for two weeks all the same."""
    number = erased(house)[1]
    object_to = link(house, number)
    house.worker()
    house.worker()
    assert house.browser().post(object_to).status_code == 200
    assert alerts(house) == [("sh", number)]
    assert house.browser("officer").post(f"{DESK}/{number}/objection").status_code == 303
    assert alerts(house) == []


def test_who_filed_settles_no_objection_after_the_key_of_its_case(house: House) -> None:
    """By then a person is told by their number alone."""
    number = house.request(by="officer")
    object_to = link(house, number)
    assert house.browser().post(object_to).status_code == 200
    assert house.browser("clerk").post(f"{DESK}/{number}/withdraw").status_code == 303
    house.worker()
    assert house.browser("officer").post(f"{DESK}/{number}/objection").status_code == 403
    assert house.browser("second").post(f"{DESK}/{number}/objection").status_code == 303


@pytest.mark.parametrize("carried_out", [False, True])
def test_who_objects_reads_whether_it_is_too_late(house: House, carried_out: bool) -> None:
    """Nothing about the guest, the hotel or the stay is said either way."""
    number = erased(house)[1] if carried_out else ""
    if not carried_out:
        proved(house)
        number = house.hotel.ours("request")[0]["number"]
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    page = browser.post(link(house, number)).text
    assert ("It is too late to stop it" in page) == carried_out
    assert ("somebody looks at it" in page) != carried_out
    assert [word for word in ("Pine", number, "Zebrafinch") if word in page] == []
    assert bool(alerts(house)) == carried_out


@pytest.mark.parametrize("carried_out", [False, True])
def test_who_objects_by_two_presses_reads_what_became_of_it(
    house: House, carried_out: bool
) -> None:
    """The second page, the only one they see, does not say that their link is worth nothing."""
    if carried_out:
        erased(house)
    else:
        proved(house)
    _, pages = twice(house, link(house, house.hotel.ours("request")[0]["number"]))
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].text == pages[1].text
    said = [row["action"] for row in house.hotel.ours("entry")]
    assert said.count("request-objected") == 1


def refused(house: House) -> str:
    """Let a guest prove who they are and the officer refuse; return the number."""
    proved(house)
    number = str(house.hotel.ours("request")[0]["number"])
    house.settle(number)
    with house.app.app_context(), house.extension.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    return number


def test_an_objection_to_what_is_refused_asks_nobody_for_anything(house: House) -> None:
    """Nothing happens to the guest as things are; the case says what holds if they change."""
    number = refused(house)
    assert house.browser().post(link(house, number)).status_code == 200
    assert alerts(house) == []
    shown = house.browser("officer").get(f"{DESK}/{number}?lang=en")
    assert "If a complaint overturns the refusal" in shown
    assert "refuse the request" not in shown
    assert f'action="{DESK}/{number}/objection"' not in shown


def test_an_objection_to_what_is_refused_is_settled_by_nobody(house: House) -> None:
    """Whether it goes on is asked once it might: a complaint that overturns the refusal finds it
    open, whoever pressed what before."""
    number = refused(house)
    assert house.browser().post(link(house, number)).status_code == 200
    assert house.browser("officer").post(f"{DESK}/{number}/objection").status_code == 409
    with house.app.app_context(), house.extension.begin() as office:
        assert office.objected(number, "officer")


def proved_by_clerk(house: House) -> str:
    """Return the number of a request that a clerk filed and proved."""
    number = house.request(by="clerk")
    house.settle(number)
    return number


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_an_objection_to_what_was_taken_back_is_looked_at(house: House, first: bool) -> None:
    """Whoever asked in a guest's name ends the request, and not the question who it was: people are
    told until the officer has looked, and nothing of the request begins again."""
    number = proved_by_clerk(house)
    object_to = link(house, number)
    steps = [
        lambda: house.browser().post(object_to).status_code,
        lambda: house.browser("clerk").post(f"{DESK}/{number}/withdraw").status_code,
    ]
    assert [step() for step in (steps if first else reversed(steps))] in ([200, 303], [303, 200])
    assert alerts(house) == [("sh", number)]
    second = house.browser("second")
    shown = second.get(f"{DESK}/{number}?lang=en")
    assert "This request has ended" in shown
    assert "refuse the request" not in shown
    assert second.post(f"{DESK}/{number}/objection").status_code == 303
    assert alerts(house) == []
    assert house.state(number) == "withdrawn"
    assert "This request has ended" not in second.get(f"{DESK}/{number}?lang=en")


def test_an_objection_stops_whatever_may_still_be_decided() -> None:
    """From every other state no way leads to an approval, or to a copy."""
    ways: set[State] = {State.APPROVED, *COPIES}
    while more := {state for state in State if MOVES[state] & ways} - ways:
        ways |= more
    assert ways == objecting.STOPPABLE


def test_an_objection_to_a_copy_that_lies_ready_reaches_people(house: House) -> None:
    """No step of a released copy leads to a person any more; it is not sent, and somebody looks."""
    browser, number = asked(house)
    released(house, number)
    assert house.browser().post(link(house, number)).status_code == 200
    assert browser.post("/privacy/case/copy").status_code == 409
    assert alerts(house) == [("sh", number)]
    shown = house.browser("officer").get(f"{DESK}/{number}?lang=en")
    assert "take the request back" in shown
    assert "refuse the request" not in shown


def test_an_objection_to_a_copy_that_nobody_fetched_is_looked_at(house: House) -> None:
    """The copy ends on its day; who said that it was not them is not forgotten with it."""
    _, number = asked(house)
    released(house, number)
    assert house.browser().post(link(house, number)).status_code == 200
    with house.app.app_context(), house.extension.begin() as office:
        shelved.close(office.work, cases.load(office.work, number), "day-over")
    assert house.state(number) == "expired"
    assert alerts(house) == [("sh", number)]


def test_an_objection_closes_a_copy_that_is_being_read(house: House) -> None:
    """Whoever opened it reads no more of it, in no form, until somebody has looked."""
    browser = opened(house)
    number = next(row["number"] for row in house.hotel.ours("request"))
    assert house.browser().post(link(house, number)).status_code == 200
    assert CANARY not in browser.get("/privacy/copy", 410)
    for file in ("copy.json", "copy.zip"):
        browser.get(f"/privacy/{file}", 410)


def test_an_objection_that_came_after_the_page_was_read_is_not_settled_by_it(house: House) -> None:
    """A copy lies ready; of two who say "it was not me" the officer has read of one alone."""
    guest, number = asked(house)
    released(house, number)
    first, second = link(house, number), link(house, number)
    assert house.browser().post(first).status_code == 200
    officer, path = house.browser("second"), f"{DESK}/{number}"
    assert 'name="seen" value="1"' in officer.get(path)
    assert house.browser().post(second).status_code == 200
    assert officer.post(f"{path}/objection", page=path, seen=1).status_code == 409
    assert guest.post("/privacy/case/copy").status_code == 409
    assert 'name="seen" value="2"' in officer.get(path)
    assert officer.post(f"{path}/objection", page=path, seen=2).status_code == 303
    assert guest.post("/privacy/case/copy").status_code == 303
