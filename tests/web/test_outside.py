"""The pages of a house of one: the officer reads who is told, and who is told can stop it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from flask_guesterase.store.access import tokens
from tests.post import Post
from tests.web.house import CANARY, PROPERTIES, House
from tests.web.test_pressing import twice

OVERSEER = "notary@linden.example"
DESK = "/desk/privacy"


@pytest.fixture
def alone(sqlite_url: str, tmp_path: Path, post: tuple[Post, str]) -> Iterator[House]:
    """A house with guests and an overseer outside."""
    place = replace(PROPERTIES[0], overseer=OVERSEER, lang="en")
    settings = {
        "GUESTERASE_MAIL": post[1],
        "GUESTERASE_SENDER": "hotel@pine.example",
        "GUESTERASE_BASE_URL": "https://pine.example/privacy/",
    }
    made = House(sqlite_url, tmp_path, (place, PROPERTIES[1]), **settings)
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def _approved(house: House, filer: str = "officer") -> str:
    """Let the officer file, verify, read and approve; return the page that was read."""
    number = house.request(filer)
    officer = house.browser("officer")
    officer.post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk")
    house.settle(number)
    page = officer.get(f"{DESK}/{number}", wish="en")
    digest = re.findall(r'name="digest" value="(\w+)"', page)[0]
    assert officer.post(f"{DESK}/{number}/approve", digest=digest).status_code == 303
    return page


def _link(post: tuple[Post, str]) -> str:
    """Return the path of the page in the newest letter to who is outside."""
    text = post[0].to(OVERSEER)[-1]
    assert CANARY not in text
    assert "Nobody second works there" in text
    found = re.search(r"https://pine\.example(/privacy/stop/[\w-]+)", text)
    assert found is not None
    return found[1]


def test_who_is_told_is_read_before_and_can_stop_it(
    alone: House, post: tuple[Post, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that is only opened stops nothing; the button does, once, and tells of no guest."""
    page = _approved(alone)
    assert OVERSEER in page
    alone.worker()
    (request,) = alone.hotel.ours("request")
    assert request["state"] == "waiting"
    path = _link(post)
    outside = alone.browser()
    for _ in range(3):
        assert CANARY not in outside.get(path, wish="en")
    assert alone.state(request["number"]) == "waiting"
    answer = outside.post(path, path)
    assert answer.status_code == 200
    assert CANARY not in answer.text
    assert request["number"] not in answer.text
    assert alone.state(request["number"]) == "review"
    monkeypatch.setattr(tokens, "PRESSED_MINUTES", -1)
    assert outside.post(path).status_code == 410
    officer = alone.browser("officer")
    assert "Somebody outside stopped" in officer.get(f"{DESK}/{request['number']}", wish="en")


def test_who_is_told_reads_no_more_than_was_done(alone: House, post: tuple[Post, str]) -> None:
    """Who verified and approved alone need not have filed it: somebody who may only file did."""
    _approved(alone, "clerk")
    alone.worker()
    path = _link(post)
    for said in (post[0].to(OVERSEER)[-1], alone.browser().get(path, wish="en")):
        text = unescape(" ".join(said.split()))
        assert "one person filed or checked a request for the erasure of a guest's data and" in text


def test_who_stops_by_two_presses_reads_that_it_is_stopped(
    alone: House, post: tuple[Post, str]
) -> None:
    """The second page, the only one they see, does not say that their link is worth nothing."""
    _approved(alone)
    alone.worker()
    _, pages = twice(alone, _link(post))
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].text == pages[1].text
    said = [row["action"] for row in alone.hotel.ours("entry")]
    assert said.count("approval-stopped") == 1


def test_a_second_officer_reads_of_no_notice(alone: House) -> None:
    """Who took no part is told of nobody outside."""
    number = alone.request("officer")
    officer = alone.browser("officer")
    officer.post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk")
    alone.settle(number)
    assert OVERSEER in officer.get(f"{DESK}/{number}")
    assert OVERSEER not in alone.browser("second").get(f"{DESK}/{number}")
