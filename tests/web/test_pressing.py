"""A button that is pressed twice: what is shown once is not lost with the first answer."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from tests.web.house import Browser, House
from tests.web.test_claims import OLA, slip
from tests.web.test_copied import GUEST, asked, letters, released


def link(house: House, wish: str) -> str:
    """Let a guest ask, and return the address in the letter."""
    assert house.browser().ask(**GUEST, wish=wish).status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/(?:copy/)?link/[\w-]+)", letters(house))
    assert found is not None
    return found[1]


def twice(house: House, page: str, **form: str) -> tuple[Browser, list[TestResponse]]:
    """Press the button of a page twice before the browser has the first answer."""
    browser = house.browser()
    sent = {**form, "csrf_token": browser.token(page)}
    before = browser.client.get_cookie("session")
    assert before is not None
    first = browser.client.post(page, data=sent)
    # The browser lets go of the first answer, and of the cookie in it.
    browser.client.set_cookie("session", before.value)
    return browser, [first, browser.client.post(page, data=sent)]


def codes(pages: list[TestResponse]) -> list[str]:
    """Return the case codes on pages."""
    return [code for page in pages for code in re.findall(r'class="secret">([\w-]+)<', page.text)]


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_link_pressed_twice_shows_the_case_code(house: House, wish: str) -> None:
    """The second answer, the only one that is seen, has the code, and the code opens the case."""
    browser, pages = twice(house, link(house, wish))
    first, second = codes(pages)
    assert first == second
    assert "Your case code" in pages[1].text
    assert house.browser().post("/privacy/case", code=second).status_code == 303
    assert house.hotel.ours("request")[0]["number"] in browser.get("/privacy/case")


def test_a_slip_entered_twice_shows_the_case_code(house: House) -> None:
    """A guest without any contact, who has no other way to their case, does not lose it."""
    house.hotel.guest(5, name="Ola Berg", document_no="W77")
    _, pages = twice(house, "/privacy/claim", code=slip(house), name=OLA["name"])
    first, second = codes(pages)
    assert first == second
    assert house.browser().post("/privacy/case", code=second).status_code == 303


@pytest.mark.parametrize("left", [False, True])
def test_nobody_else_gets_the_code_of_a_used_link(house: House, left: bool) -> None:
    """Another browser with the same letter, or this one once its case was closed, gets nothing."""
    here = link(house, "erase")
    other = house.browser()
    seen = other.token(here)
    browser, pages = twice(house, here)
    assert len(set(codes(pages))) == 1
    if left:
        browser.client.get("/privacy/case")
        assert browser.post("/privacy/case/leave", "/privacy/case").status_code == 303
        other, seen = browser, browser.token()
    again = other.client.post(here, data={"csrf_token": seen})
    assert (again.status_code, codes([again])) == (410, [])


def test_a_clerk_who_presses_twice_has_the_slip(house: House) -> None:
    """A guest at the desk goes home with the code: nobody can print it later."""
    number = house.request()
    here = f"/desk/privacy/{number}"
    desk = house.browser("clerk")
    token = desk.token(here)
    before = desk.client.get_cookie("session")
    assert before is not None
    pages = []
    for _ in range(2):
        desk.client.set_cookie("session", before.value)
        pages.append(desk.client.post(f"{here}/confirm", data={"how": "desk", "csrf_token": token}))
    first, second = codes(pages)
    assert first == second
    assert house.browser().post("/privacy/case", code=second).status_code == 303
    other = house.browser("officer")
    assert other.post(f"{here}/confirm", how="desk").status_code == 409


def test_a_copy_whose_button_is_pressed_twice_is_read(house: House) -> None:
    """The link opens once, and who let go of the first answer still reads what it opened."""
    guest, number = asked(house)
    released(house, number)
    assert guest.post("/privacy/case/copy").status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    browser, pages = twice(house, found[1])
    assert [page.location for page in pages] == ["/privacy/copy"] * 2
    assert GUEST["name"] in browser.get("/privacy/copy")
    assert house.browser().post(found[1]).status_code == 410
    (copy,) = house.hotel.ours("copy")
    assert copy["fetches"] == 1
    browser.post("/privacy/copy/close", "/privacy/copy")
    assert browser.post(found[1]).status_code == 410
