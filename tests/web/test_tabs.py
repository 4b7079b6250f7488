"""A guest with two windows: what one of them did the other is told, and nothing goes astray."""

from __future__ import annotations

import re

import pytest

from tests.web.house import Browser, House
from tests.web.test_guest import erased, proved


def hidden(page: str) -> dict[str, str]:
    """Return what the first form of a page holds unseen."""
    form = page[page.index('<form method="post"') : page.index("</form>")]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form))


def other(house: House, browser: Browser) -> str:
    """Open the link of somebody else's case in a browser; return the number of that case."""
    before = {row["number"] for row in house.hotel.ours("request")}
    _, code = proved(house, name="Bea Lund", email="bea@mail.example")
    assert browser.client.get(f"/privacy/case/{code}").status_code == 303
    return next(r["number"] for r in house.hotel.ours("request") if r["number"] not in before)


def test_who_takes_back_in_a_second_window_reads_that_it_is_done(house: House) -> None:
    """Both windows asked once more; the second press finds the request taken back, and says so."""
    browser, _ = proved(house)
    window = hidden(browser.get("/privacy/case/withdraw"))
    browser.post("/privacy/case/withdraw", "/privacy/case/withdraw")

    answer = browser.client.post("/privacy/case/withdraw", data={**window, "opened": "before"})

    assert answer.status_code == 303
    page = browser.get(answer.headers["Location"])
    assert "You took the request back" in page
    assert "was sent before" in page


PAGES = ["/privacy/case/withdraw", "/privacy/case/complain", "/privacy/case/feedback",
         "/privacy/case/again"]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_form_is_about_the_case_it_was_opened_for(house: House, page: str) -> None:
    """A link in a message opens another case in the browser; the form that lay open goes nowhere,
    and what was written in it comes back."""
    browser, _ = erased(house) if page != PAGES[0] else proved(house)
    window = hidden(browser.get(page))
    number = other(house, browser)
    told = {"about": "about-rest", "text": "Ann wrote this.", "rating": "1", "words": "Ann wrote.",
            "email": "ann@mail.example"}  # fmt: skip
    before = house.hotel.ours("complaint"), house.hotel.ours("feedback")

    answer = browser.client.post(page, data={**told, **window})

    assert answer.status_code == 409
    assert "Another case is open in this browser now." in answer.text
    assert "Ann wrote" in answer.text
    assert {r["number"]: r["state"] for r in house.hotel.ours("request")}[number] == "review"
    assert (house.hotel.ours("complaint"), house.hotel.ours("feedback")) == before
