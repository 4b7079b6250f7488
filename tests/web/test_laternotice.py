"""The buttons by which a guest is told once that the rest has gone, and what is said about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select, update

from flask_guesterase.store import tables
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.certificates.laternotice import LATER, Standing
from flask_guesterase.store.executing import completing
from flask_guesterase.store.messages import outbox
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import CANARY, Browser, House
from tests.web.test_guest import proved

CASE, ASK, BACK = "/privacy/case", "/privacy/case/later", "/privacy/case/later/withdraw"
DESK = "/desk/privacy"
OFFER, TAKE = f'action="{ASK}"', f'action="{BACK}"'


def number_of(house: House) -> str:
    """Return the number of the first request."""
    return str(house.hotel.ours("request")[0]["number"])


def carried_out(house: House) -> None:
    """Approve and erase the request of the guest."""
    number, officer = number_of(house), house.browser("officer")
    house.settle(number)
    found = re.search(r'name="digest" value="(\w+)"', officer.get(f"{DESK}/{number}"))
    assert found is not None
    officer.post(f"{DESK}/{number}/approve", digest=found[1])
    assert officer.post(f"{DESK}/{number}/erase").status_code == 303
    assert house.state(number) == "sealed"


def rest_gone(house: House) -> None:
    """Let what stays have gone."""
    with house.app.app_context(), house.extension.begin() as office:
        conn = office.work.conn
        conn.execute(update(tables.kept).values(ended_at=office.work.stamp))
        assert completing.complete(office.work, number_of(house))


def boxes(house: House) -> list[str]:
    """Return the boxes in which a contact is kept for it."""
    return [row["id"] for row in house.hotel.ours("box") if row["purpose"] == LATER]


def asked(house: House) -> tuple[Browser, str]:
    """Return the browser of a guest who asked to be told, and the case code."""
    browser, code = proved(house)
    assert OFFER in browser.get(f"{CASE}?lang=en")
    assert browser.post(ASK, CASE).location == CASE
    return browser, code


def test_a_guest_asks_is_kept_and_told(house: House) -> None:
    """Page, letter and certificate say what is kept, why and until when; then that it is not."""
    browser, _ = asked(house)
    page = browser.get(CASE)
    assert OFFER not in page
    assert "You asked to be told once" in page
    carried_out(house)
    page = browser.get(CASE)
    assert "We tell you once when the last of it has gone." in page
    assert "address or number, to say once when the rest has gone: kept until" in page
    assert "address or number, to say once when the rest has gone" in browser.get(
        f"{CASE}/certificate"
    )
    assert (len(boxes(house)), OFFER in page, TAKE in page) == (1, False, True)
    rest_gone(house)
    page = browser.get(CASE)
    assert "The last of it has gone, and we told you so." in page
    assert "to say once when the rest has gone" not in page
    (letter,) = [row for row in house.hotel.ours("outbox") if row["template"] == outbox.LATER]
    shown = house.browser("clerk").get(f"{DESK}/outbox?lang=en")
    assert "You asked to be told once when the last of your data had gone" in shown
    assert boxes(house) == []
    clerk = house.browser("clerk")
    assert clerk.post(f"{DESK}/outbox/{letter['id']}").status_code == 303
    bodies = [row["body"] for row in house.hotel.ours("entry") if "later-told" in row["body"]]
    assert [CANARY in body or "mail.example" in body for body in bodies] == [False, False]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_guest_takes_it_back(house: House, when: str) -> None:
    """Before the answer it can be asked for anew; after it nothing is left to write to."""
    browser, _ = asked(house)
    if when == "after":
        carried_out(house)
    assert browser.post(BACK, CASE).location == CASE
    page = browser.get(CASE)
    assert (OFFER in page, TAKE in page, boxes(house)) == (when == "before", False, [])
    if when == "after":
        assert "No address or number of yours is kept to write to" in page
        assert "to say once when the rest has gone" not in page + browser.get(f"{CASE}/certificate")
        assert browser.post(ASK, CASE).status_code == 409
    else:
        carried_out(house)
    rest_gone(house)
    assert outbox.LATER not in {row["template"] for row in house.hotel.ours("outbox")}


def test_a_button_pressed_twice_is_one_wish(house: House) -> None:
    """In two windows of one guest too; the journal has one."""
    browser, code = asked(house)
    assert browser.post(ASK, CASE).status_code == 303
    other = house.browser()
    other.client.get(f"{CASE}/{code}")
    assert other.post(ASK, CASE).status_code == 303
    actions = [row["action"] for row in house.hotel.ours("entry")]
    assert actions.count("later-notice-asked") == 1


def test_who_holds_no_case_asks_for_nobody(house: House) -> None:
    """Nor takes anything back; a form without the token of the page does nothing."""
    browser, _ = proved(house)
    stranger = house.browser()
    for path in (ASK, BACK):
        assert stranger.post(path).status_code == 410
        assert browser.client.post(path, data={"csrf_token": "forged"}).status_code == 400
    assert "later-notice-asked" not in {row["action"] for row in house.hotel.ours("entry")}


def test_the_desk_notes_it_for_the_guest(house: House) -> None:
    """Who may file there; who may only look sees no button, and no other house's staff do it."""
    browser, _ = proved(house)
    here, clerk = f"{DESK}/{number_of(house)}", house.browser("clerk")
    offer, take = f'action="{here}/later"', f'action="{here}/later/withdraw"'
    assert offer not in house.browser("auditor").get(here)
    for login in ("auditor", "far-officer"):
        for path in ("later", "later/withdraw"):
            assert house.browser(login).post(f"{here}/{path}").status_code in (403, 404)
    page = clerk.get(f"{here}?lang=en")
    assert (offer in page, take in page) == (True, False)
    assert clerk.post(f"{here}/later").status_code == 303
    page = clerk.get(here)
    assert (offer in page, take in page) == (False, True)
    assert "You asked to be told once" in browser.get(f"{CASE}?lang=en")
    assert clerk.post(f"{here}/later/withdraw").status_code == 303
    assert OFFER in browser.get(CASE)


def test_what_cannot_be_is_not_offered_and_says_why(house: House) -> None:
    """A guest of whom no contact is known reads that, in place of a button."""
    browser, _ = proved(house)
    with house.hotel.engine.begin() as conn:
        conn.execute(tables.contact.delete())
    page = browser.get(f"{CASE}?lang=en")
    assert "no address or number to write to was shown to be yours" in page
    assert OFFER not in page


def test_the_letter_goes_to_the_contact_that_was_proved(house: House) -> None:
    """In the guest's language; its subject has neither hotel nor name."""
    asked(house)
    carried_out(house)
    rest_gone(house)
    with house.app.app_context(), house.extension.begin(write=False) as office:
        row = office.work.conn.execute(
            select(tables.outbox).where(tables.outbox.c.template == outbox.LATER)
        ).one()
        content = safe.read(office.work, row.box)
    assert content["to"] == "ann@mail.example"
    assert content["params"]["property"] == "sh"


def test_a_program_of_the_desk_notes_it(sqlite_url: str, tmp_path: Path) -> None:
    """Who may file there, for the guest; too late it is told so, and others may not."""
    for house in inhabited(sqlite_url, tmp_path):
        number = house.request()
        clerk, far = (Program(house, token(house, who)) for who in ("clerk", "far-officer"))
        early = clerk.post(f"/requests/{number}/later")
        assert (early.status_code, early.json["type"]) == (409, "urn:guesterase:error:transition")
        with house.app.app_context(), house.extension.begin() as office:
            office.confirm(number, "clerk", "desk")
        for deed in ("later", "later/withdraw", "later"):
            assert far.post(f"/requests/{number}/{deed}").status_code in (403, 404)
            assert clerk.post(f"/requests/{number}/{deed}").json == {"done": True}
        with house.app.app_context(), house.extension.begin(write=False) as office:
            assert office.later_of(number, "clerk").standing is Standing.ASKED
