"""A sweep by hand and the stop switch over the API: one stops, two let it go on, as on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.apihouse import Program, inhabited, journaled, token
from tests.web.house import House

PAGE = "/desk/privacy/sweep"


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def acted(house: House, door: str, user: str, what: str, **sent: str) -> int:
    """Press a button of the page of the sweep, or ask for the same over the API."""
    if door == "page":
        return house.browser(user).post(f"{PAGE}/{what}", **sent).status_code
    return Program(house, token(house, user)).post(f"/sweep/{what}", sent).status_code


@pytest.mark.parametrize(("first", "other"), [("page", "page"), ("api", "api"), ("api", "page")])
def test_one_stops_it_and_two_let_it_go_on(house: House, first: str, other: str) -> None:
    """By whichever door: the same people, the same words in every controller's journal."""
    good = {"page": 303, "api": 200}
    assert acted(house, first, "officer", "halt", ground="upkeep") == good[first]
    told = Program(house, token(house, "second")).get("/sweep").json
    assert (told["halted"]["note"], told["goes_on"]) == ("upkeep", False)
    assert acted(house, other, "second", "halt", ground="upkeep") == 409
    assert acted(house, first, "officer", "resume") == good[first]
    assert acted(house, other, "officer", "resume") == 403
    assert Program(house, token(house, "second")).get("/sweep").json["goes_on"] is True
    assert acted(house, other, "second", "resume") == good[other]
    assert Program(house, token(house, "second")).get("/sweep").json["halted"] is None
    assert acted(house, first, "second", "resume") == 409
    assert journaled(house, "sweep-halted", "sweep-resumed") == [
        *[("sweep-halted", None, "officer", {}, ("upkeep",))] * 2,
        *[("sweep-resumed", None, "second", {"days": 0}, ("upkeep",))] * 2,
    ]


def test_it_says_whether_it_goes_on(house: House) -> None:
    """The first word changes nothing yet; what is no ground stops nothing."""
    officer, second = (Program(house, token(house, who)) for who in ("officer", "second"))
    for wrong in ({}, {"ground": "because"}):
        assert officer.post("/sweep/halt", wrong).status_code == 422
    assert officer.post("/sweep/halt", {"ground": "wrong-rows"}).json == {"done": True}
    assert officer.post("/sweep/resume").json == {"done": False}
    assert second.post("/sweep/resume").json == {"done": True}


def test_tokens_from_one_issuer_are_one_person(house: House) -> None:
    """Whoever issued both has read both, and could be both."""
    first, other = (
        Program(house, token(house, who, "law", by="issuer")) for who in ("officer", "second")
    )
    assert first.post("/sweep/halt", {"ground": "upkeep"}).status_code == 200
    assert first.post("/sweep/resume").json == {"done": False}
    answer = other.post("/sweep/resume")
    assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    assert first.get("/sweep").json["halted"]


def test_who_does_not_decide_about_the_law_stops_and_begins_nothing(house: House) -> None:
    """A person without the permission, and a token without it of who has it."""
    for program in (
        Program(house, token(house, "clerk")), Program(house, token(house, "officer", "view")),
    ):  # fmt: skip
        for what, sent in (("now", {}), ("halt", {"ground": "upkeep"}), ("resume", {})):
            assert program.post(f"/sweep/{what}", sent).status_code == 403
    told = Program(house, token(house, "officer")).get("/sweep").json
    assert (told["halted"], told["asked"]) == (None, False)


def test_a_sweep_is_asked_for_and_told_when_it_has_come_to_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where this process works in the background it begins at once; the report is the last one."""
    officer, rung = Program(house, token(house, "officer")), list[int]()
    answer = officer.post("/sweep/now")
    assert (answer.status_code, answer.json) == (202, {"begins": False})
    told = officer.get("/sweep").json
    assert (told["asked"], told["last"]) == (True, None)
    bell = house.app.extensions["guesterase"].bell
    monkeypatch.setattr(bell, "now", lambda: rung.append(1) or True)
    assert officer.post("/sweep/now").json == {"begins": True}
    assert rung == [1]
    with house.app.app_context():
        house.extension.sweep()
    told = officer.get("/sweep").json
    assert told["asked"] is False
    assert told["last"]["started"] <= told["last"]["ended"]
    assert told["last"]["counts"] == {}
