"""Promise: a guest can have it proved later that nothing is left, and learns of nobody else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_guesterase import verify as offline
from flask_guesterase.core.scanned import is_genuine
from flask_guesterase.store.access import tokens
from tests.web.house import CANARY, Browser, House
from tests.web.test_guest import erased, statements

LINK = re.compile(r"http://localhost(/privacy/again/[\w-]+)")


def asked(house: House, browser: Browser, **form: str) -> str:
    """Ask again with a contact; return the link in the newest letter."""
    sent = browser.post("/privacy/case/again", "/privacy/case/again", **form)
    assert sent.status_code == 303
    links = LINK.findall(house.browser("clerk").get("/desk/privacy/outbox"))
    fresh = next(o for o in links if browser.client.get(o).status_code == 200)
    return str(fresh)


def answered(house: House, browser: Browser, **form: str) -> dict[str, object]:
    """Ask again, prove the contact, let the worker look, and return the signed answer."""
    link = asked(house, browser, **form)
    assert browser.post(link, "/privacy/ask").status_code == 303
    house.worker()
    answer = browser.client.get("/privacy/case/scan.json")
    assert answer.status_code == 200
    return dict(json.loads(answer.data))


def plant(house: House, value: str) -> None:
    """Put a value where nobody looks."""
    with house.hotel.engine.begin() as conn:
        conn.execute(text("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, t TEXT)"))
        conn.execute(text("INSERT INTO notes (t) VALUES (:v)"), {"v": value})


def test_a_guest_asks_again_and_gets_a_signed_answer(house: House) -> None:
    """Nothing is left, then something is: both answers prove themselves, and name no value."""
    browser, number = erased(house)
    clean = answered(house, browser, phone="+86 139 1234 5678")
    assert (clean["number"], clean["left"]) == (number, [])
    plant(house, "call 13912345678")
    found = answered(house, browser, phone="139-1234-5678")
    assert found["left"] == [{"place": "notes.t", "reason": "copy", "rows": 1, "kinds": ["phone"]}]
    with house.app.app_context():
        key = house.extension.custodian.public_key()
    assert is_genuine(clean, key)
    assert is_genuine(found, key)
    assert not is_genuine({**found, "left": []}, key)
    assert not is_genuine({**found, "signature": "00"}, key)
    assert [part for part in ("12345678", "1234-5678") if part in json.dumps(found)] == []
    page = browser.get("/privacy/case?lang=en")
    assert "notes.t" in page
    assert "Show the hotel the signed answer" in page


def test_the_answer_is_checked_offline(house: House, tmp_path: Path) -> None:
    """The one-file verifier says whose it is, what is left, and finds what was changed."""
    browser, _ = erased(house)
    plant(house, "call 13912345678")
    answer = answered(house, browser, phone="139 1234 5678")
    with house.app.app_context():
        key = house.extension.custodian.public_key().hex()
    path = tmp_path / "scan.json"
    for body, code in ((answer, 0), ({**answer, "left": []}, 1)):
        path.write_text(json.dumps(body))
        done = subprocess.run(
            [sys.executable, offline.__file__, str(path), "--key", key, "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = json.loads(done.stdout)
        assert done.returncode == code, said
        assert any("notes.t" in line for line in said["says"]) == (code == 0)


def test_a_guest_who_asks_again_by_two_presses_sees_their_case(house: House) -> None:
    """The second page, the only one they see, does not say that their link is worth nothing."""
    browser, _ = erased(house)
    link = asked(house, browser, phone="+86 139 1234 5678")
    pages = [browser.post(link, "/privacy/ask") for _ in range(2)]
    assert [page.headers.get("Location") for page in pages] == ["/privacy/case"] * 2
    house.worker()
    assert browser.client.get("/privacy/case/scan.json").status_code == 200


def test_what_was_typed_is_kept_for_nothing_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed until the answer, gone with it; the request itself is as it was."""
    browser, number = erased(house)
    link = asked(house, browser, email="else@mail.example")
    rows = {row["request"]: row for row in house.hotel.ours("search")}
    assert rows[number + "+"]["box"] is not None
    assert "else@mail" not in json.dumps(list(rows.values()), default=str)
    # Without the button nothing is looked for, whatever the worker does.
    house.worker()
    assert browser.client.get("/privacy/case/scan.json").status_code == 404
    browser.get(link)
    assert browser.post(link, "/privacy/ask").status_code == 303
    house.worker()
    rows = {row["request"]: row for row in house.hotel.ours("search")}
    assert rows[number + "+"]["box"] is None
    assert rows[number + "+"]["found"] is not None
    assert house.state(number) in ("erased", "sealed")
    # A link works once.
    monkeypatch.setattr(tokens, "PRESSED_MINUTES", -1)
    assert browser.post(link, "/privacy/ask").status_code == 410


def test_a_link_proves_the_contact_it_went_to_and_no_later_one(house: House) -> None:
    """Whoever keeps a link of their own back cannot use it for what they type next."""
    browser, _ = erased(house)
    mine = asked(house, browser, email="own@mail.example")
    asked(house, browser, email="bea@mail.example")
    assert browser.post(mine, "/privacy/ask").status_code == 410


def test_nobody_learns_who_else_stays(house: House) -> None:
    """A living guest's own value gives the same answer as one that nobody has."""
    browser, _ = erased(house)
    living = answered(house, browser, email="bea@mail.example")
    nobody = answered(house, browser, email="nobody@mail.example")
    differing = {name for name in living if living[name] != nobody[name]}
    assert differing <= {"at", "signature"}
    # A key and a signature are of letters from a to f, and so is her name.
    assert "bea" not in json.dumps({**living, "signature": "", "public_key": ""})


def test_the_same_statements_whoever_is_typed(house: House) -> None:
    """The form does one thing for everyone."""
    browser, _ = erased(house)
    asked(house, browser, email="warm@mail.example")
    seen = []
    for email in ("bea@mail.example", "nobody@mail.example"):
        token = browser.token("/privacy/case/again")
        with statements(house) as sent:
            answer = browser.client.post(
                "/privacy/case/again", data={"email": email, "csrf_token": token}
            )
        seen.append((answer.status_code, answer.headers["Location"], list(sent)))
    assert seen[0] == seen[1]


def test_only_the_owner_of_a_proven_case_asks_and_not_often(house: House) -> None:
    """No code, no form; a contact that is none comes back; the sixth try of a day is refused."""
    browser, _ = erased(house)
    stranger = house.browser()
    stranger.get("/privacy/case/again", 410)
    form = {"email": "x@mail.example"}
    assert stranger.post("/privacy/case/again", **form).status_code == 410
    wrong = browser.post("/privacy/case/again", "/privacy/case/again", email="nonsense")
    assert wrong.status_code == 422
    assert browser.post("/privacy/case/again", "/privacy/case/again").status_code == 422
    tries = [
        browser.post("/privacy/case/again", "/privacy/case/again", **form) for _ in range(7)
    ]
    assert [answer.status_code for answer in tries[::6]] == [303, 429]
    # Who comes back after an hour would be sent away once more.
    assert "Please wait a day and try again" in tries[-1].text
    assert tries[-1].headers["Retry-After"] == str(24 * 60 * 60)
    assert CANARY not in browser.get("/privacy/case")


def test_nobody_else_in_the_house_uses_a_guests_questions_up(house: House) -> None:
    """A whole hotel may have one address; who has no case, or mistypes, takes nothing away."""
    guest, _ = erased(house)
    stranger, page = house.browser(), "/privacy/case/again"
    for _ in range(6):
        assert stranger.post(page, email="a@b.example").status_code == 410
        assert guest.post(page, page, email="no address").status_code == 422
    assert guest.post(page, page, phone="139 1234 5678").status_code == 303
