"""The monthly review and training over the API: held by several, closed by another, as on pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.apihouse import Program, inhabited, journaled, token
from tests.web.house import STAFF, House

PAGE = "/desk/privacy/reviews"
DUE = "2999-01-31"
NOTED = ("monthly-opened", "monthly-noted", "monthly-done", "monthly-closed")


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def programs(house: House, *users: str) -> list[Program]:
    """Return a program of each of some people."""
    return [Program(house, token(house, who, by="second-issuer")) for who in users]


@pytest.fixture
def first(house: House) -> Program:
    """A program of who opens reviews."""
    return Program(house, token(house, "issuer", "improve", by="second-issuer"))


@pytest.fixture
def second(house: House) -> Program:
    """A program of who closes them."""
    return Program(house, token(house, "watcher", by="third-issuer"))


def held(house: House, door: str) -> str:
    """Hold a review with two people and close it, on pages or over the API; return its number."""
    if door == "page":
        lead, other = house.browser("issuer"), house.browser("watcher")
        where = lead.post(PAGE, month="").headers["Location"]
        lead.post(f"{where}/members", login="watcher")
        lead.post(f"{where}/findings", text="In time.")
        lead.post(f"{where}/actions", what="Look.", owner="clerk", due=DUE)
        house.browser("clerk").post("/desk/privacy/actions/4/done")
        assert lead.post(f"{where}/close").status_code == 403
        assert other.post(f"{where}/close").status_code == 303
        return where.rpartition("/")[2]
    lead_, other_, clerk = (
        Program(house, token(house, user, *words, by=by))
        for user, words, by in (
            ("issuer", ["improve"], "second-issuer"), ("watcher", [], "third-issuer"),
            ("clerk", [], "issuer"),
        )
    )  # fmt: skip
    number: str = lead_.post("/reviews", {}).json["number"]
    for what, body in (
        ("members", {"login": "watcher"}), ("findings", {"text": "In time."}),
        ("actions", {"what": "Look.", "owner": "clerk", "due": DUE}),
    ):  # fmt: skip
        assert lead_.post(f"/reviews/{number}/{what}", body).status_code == 201
    (mine,) = clerk.get("/actions").json["items"]
    assert (mine["text"], mine["due_on"], mine["late"]) == ("Look.", DUE, False)
    assert clerk.post(f"/actions/{mine['id']}/done").json == {"done": True}
    assert clerk.get("/actions").json == {"items": []}
    assert lead_.post(f"/reviews/{number}/close").status_code == 403
    assert other_.post(f"/reviews/{number}/close").json == {"done": True}
    return number


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_review_is_held_over_the_api_as_on_pages(house: House, door: str) -> None:
    """Opened, held, done, closed by another: the journal says the same of the same people."""
    number = held(house, door)
    assert journaled(house, *NOTED) == [
        ("monthly-opened", number, "issuer", {}, ()),
        *[("monthly-noted", number, "issuer", {}, (kind,)) for kind in
          ("member", "finding", "action")],
        ("monthly-done", number, "clerk", {}, ()),
        ("monthly-closed", number, "watcher",
         {"actions": 1, "findings": 1, "last-done": 0, "last-open": 0}, ()),
    ]  # fmt: skip
    reader = Program(house, token(house, "watcher"))
    (line,) = reader.get("/reviews").json["items"]
    assert (line["number"], line["state"], line["undone"]) == (number, "closed", 0)
    shown = reader.get(f"/reviews/{number}").json
    assert [each["text"] for each in shown["findings"]] == ["In time."]
    assert (shown["intact"], shown["missing"]) == (True, [])
    assert {each["property"] for each in shown["figures"]} == {"sh"}


def test_what_is_missing_is_told_and_keeps_it_open(first: Program, second: Program) -> None:
    """Two people and a finding; nothing is said after the end."""
    number = first.post("/reviews", {"property": "sh"}).json["number"]
    shown = second.get(f"/reviews/{number}").json
    assert shown["missing"] == ["too-few-members", "no-findings"]
    assert second.post(f"/reviews/{number}/close").status_code == 409
    first.post(f"/reviews/{number}/members", {"login": "watcher"})
    first.post(f"/reviews/{number}/findings", {"text": "In time."})
    assert second.post(f"/reviews/{number}/close").status_code == 200
    for what, body in (
        ("members", {"login": "clerk"}), ("findings", {"text": "Late."}), ("close", {}),
        ("actions", {"what": "Look.", "owner": "clerk", "due": DUE}),
    ):  # fmt: skip
        assert second.post(f"/reviews/{number}/{what}", body).status_code == 409


def test_tokens_from_one_issuer_hold_no_review_as_two(house: House) -> None:
    """Whoever issued both could be both, so neither closes what the other opened."""
    lead, other = programs(house, "issuer", "watcher")
    number = lead.post("/reviews", {}).json["number"]
    lead.post(f"/reviews/{number}/members", {"login": "watcher"})
    lead.post(f"/reviews/{number}/findings", {"text": "In time."})
    answer = other.post(f"/reviews/{number}/close")
    assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    assert other.get(f"/reviews/{number}").json["state"] == "open"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("reviews", {"month": "2026-13"}), ("reviews", {"month": "2999-01"}),
        ("members", {"login": "stranger"}), ("members", {}), ("findings", {"text": "  "}),
        ("findings", {"text": "x" * 4001}), ("actions", {"what": "x", "owner": "clerk"}),
        ("actions", {"what": "x", "owner": "clerk", "due": "2001-01-01"}),
        ("actions", {"what": "x", "owner": "stranger", "due": DUE}),
    ],
)
def test_what_cannot_be_is_refused(first: Program, what: str, body: dict[str, Any]) -> None:
    """No such month, nobody, nothing, no day that is to come."""
    path = "/reviews"
    if what != "reviews":
        path += f"/{first.post('/reviews', {}).json['number']}/{what}"
    assert first.post(path, body).status_code == 422


def test_the_same_key_writes_once(house: House, first: Program) -> None:
    """A finding twice would be counted twice, and an action twice be owed twice."""
    number = ""
    for path, body in (
        ("", {"month": "2026-01"}), ("/members", {"login": "watcher"}),
        ("/findings", {"text": "In time."}),
        ("/actions", {"what": "Look.", "owner": "clerk", "due": DUE}),
    ):  # fmt: skip
        key = {"Idempotency-Key": f"month{path}"}
        where = f"/reviews/{number}{path}" if path else "/reviews"
        one, again = (first.post(where, body, **key) for _ in range(2))
        assert (one.status_code, again.status_code) == (201, 201), one.text
        assert one.json == again.json
        number = number or one.json["number"]
    shown = first.get(f"/reviews/{number}").json
    assert [len(shown[name]) for name in ("members", "findings", "todo")] == [2, 1, 1]


def test_who_holds_no_reviews_there_sees_and_writes_nothing(house: House, first: Program) -> None:
    """Another house's people, and this house's without the permission or with a narrower token."""
    number = first.post("/reviews", {}).json["number"]
    first.post(f"/reviews/{number}/actions", {"what": "Look.", "owner": "clerk", "due": DUE})
    far = Program(house, token(house, "far-issuer", "improve", by="far-issuer"))
    assert far.get("/reviews").json == {"items": []}
    officer, narrow = programs(house, "officer", "reporter")
    for program, refused in ((far, 404), (officer, 403), (narrow, 403)):
        # Who may do nothing at a hotel is told the same as of what is nowhere.
        assert program.get(f"/reviews/{number}").status_code == refused
        for what, body in (
            ("members", {"login": "clerk"}), ("findings", {"text": "x"}), ("close", {}),
            ("actions", {"what": "x", "owner": "clerk", "due": DUE}),
        ):  # fmt: skip
            assert program.post(f"/reviews/{number}/{what}", body).status_code == refused
        assert program.post("/actions/2/done").status_code == 404
        assert program.get("/actions").json == {"items": []}
    assert officer.get("/reviews").status_code == 403
    assert far.post("/reviews", {"property": "sh"}).status_code == 403
    shown = first.get(f"/reviews/{number}").json
    assert [len(shown[name]) for name in ("members", "findings", "todo")] == [1, 0, 1]
    assert shown["todo"][0]["done"] is False


def test_an_action_elsewhere_is_not_told_to_a_token_of_one_house(
    house: House, first: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers for something at two houses reads with a token what is theirs at its own."""
    number = first.post("/reviews", {}).json["number"]
    far = Program(house, token(house, "far-issuer", "improve", by="far-issuer"))
    other = far.post("/reviews", {}).json["number"]
    host = house.extension._authorize

    def both(user: Any, permission: str, place: str) -> bool:
        return (user.id == "clerk" and permission == "view") or host(user, permission, place)

    monkeypatch.setattr(house.extension, "_authorize", both)
    for program, review, what in ((first, number, "Here."), (far, other, "There.")):
        body = {"what": what, "owner": "clerk", "due": DUE}
        assert program.post(f"/reviews/{review}/actions", body).status_code == 201
    for place, text in (("sh", "Here."), ("mu", "There.")):
        clerk = Program(house, token(house, "clerk", "view", place=place))
        items = clerk.get("/actions").json["items"]
        assert [each["text"] for each in items] == [text]
        (elsewhere,) = {3, 4} - {each["id"] for each in items}
        assert clerk.post(f"/actions/{elsewhere}/done").status_code == 404


def test_a_token_freezes_the_figures_of_its_own_house(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the person may see those of the other one too, as on the page."""
    monkeypatch.setitem(STAFF, "issuer", ("sh", frozenset({"issue", "improve", "figures"})))
    host = house.extension._authorize

    def both(user: Any, permission: str, place: str) -> bool:
        wide = user.id == "issuer" and permission == "figures"
        return wide or host(user, permission, place)

    monkeypatch.setattr(house.extension, "_authorize", both)
    lead = Program(house, token(house, "issuer", by="second-issuer"))
    number = lead.post("/reviews", {"month": "2026-01"}).json["number"]
    assert set(lead.get(f"/reviews/{number}").json["own"]) == {"sh"}
    where = house.browser("issuer").post(PAGE, month="2026-02", property="sh").headers["Location"]
    assert set(lead.get(f"/reviews/{where.rpartition('/')[2]}").json["own"]) == {"sh"}
    assert "Hotel Fir" in house.browser("issuer").get(where)


def test_whose_training_is_over_is_for_who_watches(house: House) -> None:
    """By opaque number, of the token's own house; nobody's name, and refused to others."""
    house.request()
    answer = Program(house, token(house, "watcher")).get("/trainings/overdue")
    (row,) = answer.json["items"]
    assert (row["course"], row["property"], row["over"]) == ("reception", "sh", True)
    assert "clerk" not in answer.text
    far = Program(house, token(house, "far-watcher", by="far-issuer"))
    assert far.get("/trainings/overdue").json == {"items": []}
    for user, words in (("clerk", []), ("watcher", ["train", "view"])):
        program = Program(house, token(house, user, *words))
        assert program.get("/trainings/overdue").status_code == 403
