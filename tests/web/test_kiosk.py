"""One browser for many guests, and one address for all of them: the lobby's terminal."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flask_guesterase.store.access import limits
from flask_guesterase.web.guestpages import guestdesk
from tests.web.house import CANARY, Browser, House
from tests.web.test_copied import DESK, GUEST, asked, letters, ready


def opened(house: House) -> Browser:
    """Return a browser that holds a case and its opened copy."""
    browser, link = ready(house)
    assert browser.post(link).status_code == 303
    assert CANARY in browser.get("/privacy/copy")
    return browser


def slip(house: House, email: str, name: str) -> str:
    """File a request at the desk and return the case code on the guest's slip."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": email, "name": name}, property="sh", by="clerk")
        return office.confirm(number, "clerk", "desk")


def test_who_closes_the_case_leaves_no_copy_behind(house: House) -> None:
    """The next one at the terminal reads nothing, in no form."""
    browser = opened(house)
    assert browser.post("/privacy/case/leave").status_code == 303
    assert CANARY not in browser.get("/privacy/copy")
    for file in ("copy.json", "copy.zip"):
        browser.get(f"/privacy/{file}", 410)


def test_who_closes_the_case_leaves_no_answers_behind(house: House) -> None:
    """What was answered for a request that was not sent goes along."""
    browser = house.browser()
    browser.answers(**GUEST)
    assert CANARY in browser.get("/privacy/ask/name")
    browser.post("/privacy/case/leave")
    assert CANARY not in browser.get("/privacy/ask/name")


def test_the_next_guests_case_closes_the_copy_of_the_one_before(house: House) -> None:
    """Who opens a case of their own is not shown somebody else's copy by a link on its page."""
    browser = opened(house)
    code = slip(house, "bea@mail.example", "Bea Lund")
    assert browser.post("/privacy/case", "/privacy/case", code=code).status_code == 303
    assert CANARY not in browser.get("/privacy/copy")


def test_the_own_case_opened_again_keeps_the_copy(house: House) -> None:
    """However the code is typed the second time."""
    browser = opened(house)
    with browser.client.session_transaction() as session:
        code = session[guestdesk.CASE].lower().replace("-", " ")
    assert browser.post("/privacy/case", "/privacy/case", code=code).status_code == 303
    assert CANARY in browser.get("/privacy/copy")


@pytest.mark.parametrize(("minutes", "there"), [(59, True), (61, False)])
def test_a_case_nobody_looks_at_closes_by_itself(
    house: House, monkeypatch: pytest.MonkeyPatch, minutes: int, there: bool
) -> None:
    """After an hour, as long as a form is taken; every look begins the hour anew."""
    now = [1_000_000.0]
    monkeypatch.setattr(guestdesk, "clock", lambda: now[0])
    browser, number = asked(house)
    for _ in range(3):
        now[0] += 59 * 60
        assert number in browser.get("/privacy/case")
    now[0] += minutes * 60
    assert (number in browser.get("/privacy/case")) == there
    status = browser.post("/privacy/case/withdraw", "/privacy/ask").status_code
    assert (status == 303) == there
    assert (house.state(number) == "withdrawn") == there


LINKS = ["link", "copy/link", "copy/open", "object", "stop", "again"]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three wrong links an hour be enough."""
    monkeypatch.setitem(limits.LIMITS, "link", (3, limits.LIMITS["link"][1]))


@pytest.mark.parametrize("page", LINKS)
def test_wrong_links_are_counted(house: House, page: str) -> None:
    """Whatever they are for: who tries too many is told to wait."""
    stranger = house.browser()
    token = stranger.token()

    def tried(number: int) -> int:
        path = f"/privacy/{page}/wrong{number}"
        return stranger.client.post(path, data={"csrf_token": token}).status_code

    assert [tried(number) for number in range(4)] == [410, 410, 410, 429]


def test_a_right_link_is_not_locked_out_by_others(house: House) -> None:
    """Wrong links from the network of the house stop no guest in it; nor do wrong codes."""
    browser = house.browser()
    assert browser.ask(**GUEST).status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/link/[\w-]+)", letters(house))
    assert found is not None
    token = browser.token()
    data: dict[str, Any] = {"csrf_token": token}
    for number in range(4):
        status = browser.client.post(f"/privacy/link/wrong{number}", data=data).status_code
    assert status == 429
    assert browser.post(found[1]).status_code == 200
    assert house.browser("clerk").client.get(DESK + "/outbox").status_code == 200


def test_the_next_guests_copy_closes_the_case_of_the_one_before(house: House) -> None:
    """Who opens a copy by the code from the desk does not find somebody else's case beside it."""
    browser = opened(house)
    with browser.client.session_transaction() as session:
        ticket = session[guestdesk.TICKET]
    with house.app.app_context(), house.extension.begin(write=False) as office:
        number = office.read_copy(ticket)[0].number
    with house.app.app_context(), house.extension.begin() as office:
        paper = office.hand_out_copy(number, "clerk")
    other = house.browser()
    code = slip(house, "bea@mail.example", "Bea Lund")
    assert other.post("/privacy/case", "/privacy/case", code=code).status_code == 303
    assert other.post("/privacy/copy", "/privacy/copy", code=paper).status_code == 303
    assert CANARY in other.get("/privacy/copy")
    with other.client.session_transaction() as session:
        assert guestdesk.CASE not in session
