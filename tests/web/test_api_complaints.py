"""Complaints over the API: filed, read, acknowledged and answered, by whom the pages let do it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.store.complaints import looking
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, STAFF, House
from tests.web.test_complaints import DESK, complain, refused

WORDS = f"{CANARY} writes: the night clerk laughed at me."
FILING = {"about": "about-manner", "text": WORDS, "channel": "letter", "contact": "z@mail.example"}


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


def filed(program: Program, **more: str) -> str:
    """File a complaint and return its number."""
    answer = program.post("/complaints", {**FILING, **more})
    assert answer.status_code == 201, answer.text
    number: str = answer.json["number"]
    return number


def test_a_refusal_is_contested_and_overturned_by_another_person(house: House) -> None:
    """Filed by a clerk, listed, read, its letter read first, and answered: the case moves."""
    case, _ = refused(house)
    clerk, officer, second = (
        Program(house, token(house, who)) for who in ("clerk", "officer", "second")
    )
    number = filed(clerk, request=case, about="about-refusal", contact="")
    assert house.state(case) == "complaint"
    assert second.get(f"/complaints/{number}").json["acknowledged"] is False
    assert clerk.post(f"/complaints/{number}/receipt").json == {"done": True}
    shown = second.get(f"/complaints/{number}").json
    assert (shown["acknowledged"], shown["outcomes"]) == (True, ["upheld", "overturned"])
    said = {"outcome": "overturned", "words": "We are sorry."}
    for deed in ("letter", "answer"):
        answer = officer.post(f"/complaints/{number}/{deed}", said)
        assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    letter = second.post(f"/complaints/{number}/letter", said).json
    assert "We are sorry." in letter["body"]
    assert (letter["lang"], letter["printed"]) == ("zh-Hans", False)
    assert house.state(case) == "complaint"
    assert second.post(f"/complaints/{number}/answer", said).json == {"done": True}
    assert house.state(case) == "review"
    shown = second.get(f"/complaints/{number}").json
    assert (shown["state"], shown["outcome"], shown["answer_text"]) == (
        "answered", "overturned", "We are sorry.",
    )  # fmt: skip
    assert second.post(f"/complaints/{number}/answer", said).status_code == 409


def test_what_was_written_is_read_by_who_deals_with_complaints_there(house: House) -> None:
    """A clerk files and reads none; lists hold no words; the other house knows of nothing."""
    clerk, officer, far = (
        Program(house, token(house, who)) for who in ("clerk", "officer", "far-officer")
    )
    number = filed(clerk)
    narrow = Program(house, token(house, "officer", "view", "file", "verify"))
    for program, status in ((clerk, 403), (narrow, 403), (far, 404)):
        answer = program.get(f"/complaints/{number}")
        assert answer.status_code == status
        assert CANARY not in answer.text
    assert clerk.get("/complaints").status_code == 403
    assert far.get("/complaints").json == {"items": [], "next": None}
    assert far.get("/complaints?property=sh").status_code == 403
    listed = officer.get("/complaints?property=sh")
    assert [each["number"] for each in listed.json["items"]] == [number]
    assert not re.search(f"{CANARY}|mail.example", listed.text)
    shown = officer.get(f"/complaints/{number}").json
    assert (shown["text"], shown["contact"]) == (WORDS, "z@mail.example")


def test_who_may_neither_file_nor_deal_with_complaints_does_neither(house: House) -> None:
    """An auditor files none and notes nothing; nobody complains of another house's request."""
    auditor, clerk = (Program(house, token(house, who)) for who in ("auditor", "clerk"))
    number = filed(clerk)
    assert auditor.post("/complaints", FILING).status_code == 403
    assert auditor.post(f"/complaints/{number}/receipt").status_code == 403
    assert auditor.get("/feedback").status_code == 403
    with house.app.app_context(), house.extension.begin() as office:
        far = office.request({"email": "max@mail.example"}, property="mu", by="far-officer")
    assert clerk.post("/complaints", {**FILING, "request": far}).status_code == 404
    assert [row["number"] for row in house.hotel.ours("complaint")] == [number]


def test_what_comes_out_is_what_the_description_tells(house: House) -> None:
    """Nothing more of a complaint than the page shows, and each part has its name there."""
    officer = Program(house, token(house, "officer"))
    shown = officer.get(f"/complaints/{filed(officer)}").json
    told = officer.client.get("/api/privacy/openapi.json").json["components"]["schemas"]
    assert set(shown) == set(told["Complaint"]["properties"]) == set(told["Complaint"]["required"])


def test_complaints_are_read_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once, and the last page says that it is the last."""
    monkeypatch.setattr(looking, "PAGE", 1)
    officer = Program(house, token(house, "officer"))
    made, found, page = [filed(officer) for _ in range(3)], [], 1
    while page:
        answer = officer.get(f"/complaints?page={page}").json
        found += [each["number"] for each in answer["items"]]
        page = answer["next"]
    assert sorted(found) == sorted(made)
    assert officer.get("/complaints?page=0").status_code == 422


def test_the_same_key_files_one_complaint(house: House) -> None:
    """A program that does not know whether its complaint arrived sends it again without harm."""
    clerk, key = Program(house, token(house, "clerk")), {"Idempotency-Key": "post-7"}
    first, again = (clerk.post("/complaints", FILING, **key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert clerk.post("/complaints", {**FILING, "about": "about-other"}, **key).status_code == 422
    assert len(house.hotel.ours("complaint")) == 1
    assert CANARY not in repr(house.hotel.ours("filed"))


@pytest.mark.parametrize(
    "wrong",
    [{"about": "x"}, {"text": " \u200b"}, {"contact": CANARY}, {"received": "2999-01-01"},
     {"request": "GR-UNKNOWN1"}, {"more": CANARY}, {"channel": "form"}, {"text": "x" * 4001}],
)  # fmt: skip
def test_what_cannot_be_filed_is_refused_without_what_was_sent(
    house: House, wrong: dict[str, str]
) -> None:
    """A failure repeats no value, and nothing is kept."""
    answer = Program(house, token(house, "clerk")).post("/complaints", {**FILING, **wrong})
    assert answer.status_code == (404 if "request" in wrong else 422)
    assert not re.search(f"{CANARY}|laughed|mail.example", answer.text)
    assert house.hotel.ours("complaint") == []


def test_tokens_of_one_issuer_are_no_second_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gave both tokens has read both, and would answer what they refused."""
    with house.app.app_context(), house.extension.begin() as office:
        until = (office.work.now + timedelta(days=9)).date()
        wanted = ["verify", "refuse", "file", "complaint"]
        secrets = [
            office.issue_token(who, "sh", wanted, until, by="issuer")
            for who in ("officer", "second")
        ]
    officer, second = (Program(house, each) for each in secrets)
    case = house.request()
    officer.post(f"/requests/{case}/confirm", {"how": "desk"})
    refusal = officer.post(f"/requests/{case}/refuse", {"ground": "another-persons-data"})
    assert refusal.status_code == 200
    number = filed(officer, request=case, contact="")
    answer = second.post(f"/complaints/{number}/answer", {"outcome": "upheld"})
    assert (answer.status_code, answer.json["type"]) == (403, "urn:guesterase:error:four-eyes")
    monkeypatch.setitem(STAFF, "third", STAFF["second"])
    third = Program(house, token(house, "third", "complaint"))
    assert third.post(f"/complaints/{number}/answer", {"outcome": "upheld"}).status_code == 200


def test_no_program_refuses_what_is_contested(house: House) -> None:
    """The complaint stays the one to be answered, and its request what it was."""
    number, guest = refused(house)
    complain(guest)
    program = Program(house, token(house, "second", "refuse"))
    answer = program.post(f"/requests/{number}/refuse", {"ground": "another-persons-data"})
    assert (answer.status_code, answer.json["type"]) == (409, "urn:guesterase:error:transition")
    assert answer.json["hint"] == "Answer the complaint; uphold the refusal to let it stand."
    assert house.state(number) == "complaint"


def entries(house: House) -> list[dict[str, Any]]:
    """Return what the journal tells of complaints, but for numbers and moments."""
    bodies = [json.loads(row["body"]) for row in house.hotel.ours("entry")]
    return [
        {name: value for name, value in body.items() if name in ("action", "actor", "grounds",
         "counts", "property", "kind")}
        for body in bodies if str(body.get("request", "")).startswith("GC-")
    ]  # fmt: skip


def test_the_journal_tells_the_same_as_of_the_page(house: House) -> None:
    """Filed, acknowledged and answered by a program or in a browser: by whom, and how."""
    said = {"outcome": "remedied", "words": "We are sorry."}
    officer = Program(house, token(house, "officer"))
    number = filed(officer)
    assert officer.post(f"/complaints/{number}/receipt").status_code == 200
    assert officer.post(f"/complaints/{number}/answer", said).status_code == 200
    by_program = entries(house)
    browser = house.browser("officer")
    form = {**FILING, "property": "sh", "request": "", "lang": "zh", "received": "2026-11-29"}
    today = browser.get(f"{DESK}/complaints/new")
    form["received"] = re.findall(r'name="received"[^>]*value="([\d-]+)"', today)[0]
    answer = browser.post(f"{DESK}/complaints/new", **form)
    place = answer.location
    assert browser.post(f"{place}/receipt", place).status_code == 303
    assert browser.post(f"{place}/answer", place, **said).status_code == 303
    both = entries(house)
    assert both == by_program * 2
    assert len(by_program) >= 2
    assert not re.search(f"{CANARY}|sorry|mail.example", json.dumps(both))


def test_nobody_is_invited_over_the_api_and_no_link_comes_out(house: House) -> None:
    """Who holds a reviewer's link and its code is the reviewer; a person hands them on."""
    case, guest = refused(house)
    number = complain(guest)
    page = f"{DESK}/complaints/{number}"
    invitation = house.browser("second").post(f"{page}/invite", page, mode="decide").text
    second = Program(house, token(house, "second"))
    assert second.post(f"/complaints/{number}/invite", {"mode": "decide"}).status_code == 404
    shown = second.get(f"/complaints/{number}")
    assert (shown.json["mode"], shown.json["case_state"]) == ("decide", "complaint")
    letter = second.post(f"/complaints/{number}/letter", {"outcome": "upheld"})
    for secret in re.findall(r'review/([\w-]+)|secret whole">([\w-]+)<', invitation):
        for text in (shown.text, letter.text, second.get("/complaints").text):
            assert "".join(secret) not in text
    assert house.state(case) == "complaint"


def test_feedback_is_told_with_nobodys_number(house: House) -> None:
    """How often which figure, and words, to who deals with complaints alone."""
    case, guest = refused(house)
    assert guest.post("/privacy/case/feedback", rating="2", words="Slow desk").status_code == 303
    told = Program(house, token(house, "officer")).get("/feedback")
    assert told.json["counts"]["2"] == 1
    assert told.json["words"] == [{"property": "sh", "rating": 2, "text": "Slow desk"}]
    assert case not in told.text
    assert Program(house, token(house, "clerk")).get("/feedback").status_code == 403
    far = Program(house, token(house, "far-officer")).get("/feedback")
    assert far.json["words"] == []
