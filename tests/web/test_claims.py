"""A claim code: printed for a guest a clerk sees, entered once, then the case is followed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import ForbiddenError, InputError, TokenError, UnknownError
from flask_guesterase.store import tables
from flask_guesterase.store.access import limits
from flask_guesterase.store.identity import codes
from tests.store.hotel import Guest
from tests.web.house import House

DESK = "/desk/privacy"
OLA = {"property": "sh", "key": "document_no", "value": "W77", "name": "Ola Berg"}


@pytest.fixture(autouse=True)
def ola(house: House) -> None:
    """A walk-in without any contact."""
    house.hotel.guest(5, name="Ola Berg", document_no="W77")


def slip(house: House, **form: str) -> str:
    """Let a clerk print a slip; return its code."""
    page = house.browser("clerk").post(f"{DESK}/claims", **{**OLA, **form}).text
    (code,) = re.findall(r'class="secret">([\w-]+)<', page)
    return str(code)


def enter(house: House, code: str, name: str = "Ola Berg") -> Any:
    """Use a code up, as the page does; return what opens the case."""
    with house.app.app_context():
        with house.extension.begin() as office:
            office.attempt_claim(code)
        with house.extension.begin() as office:
            return office.claim(code, name, "en")


def write(house: House, statement: Any) -> None:
    """Write past everything of ours."""
    with house.hotel.engine.begin() as conn:
        conn.execute(statement)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_walk_in_proves_and_follows_the_case(house: House, lang: str) -> None:
    """Slip, code and name, case; the slip names nobody, and at rest there is no code."""
    desk = house.browser("clerk")
    page = desk.post(f"{DESK}/claims?lang={lang}", **OLA).text
    (code,) = re.findall(r'class="secret">([\w-]+)<', page)
    assert [w for w in ("Ola", "Berg", "W77", "Pine", "Fir") if w in page] == []
    plain = code.replace("-", "")
    stored = repr([house.hotel.ours("claim"), house.hotel.ours("box"), house.hotel.ours("loose")])
    assert plain not in stored
    assert house.hotel.ours("request") == []
    guest = house.browser()
    guest.get(f"/privacy/claim?lang={lang}")
    wrong = guest.post("/privacy/claim", code=code, name="Kim Moor")
    assert wrong.status_code == 410
    assert re.search('id="code"[^>]* autofocus aria-invalid="true" [^>]*code-wrong', wrong.text)
    answer = guest.post("/privacy/claim", code=code.lower().replace("-", " "), name="BERG, Ola")
    assert answer.status_code == 200, answer.text
    (request,) = house.hotel.ours("request")
    assert (request["state"], request["verified_how"]) == ("review", "claim")
    assert (request["filed_by"], request["verified_by"]) == (None, "a1")
    assert request["number"] in guest.get("/privacy/case")
    (case_code,) = re.findall(r'class="secret">([\w-]+)<', answer.text)
    other = house.browser()
    assert other.post("/privacy/case", code=case_code).status_code == 303
    assert {"zh": "认领码", "en": "claim code"}[lang] in house.browser("officer").get(
        f"{DESK}/{request['number']}", wish=lang
    )


def test_nobody_else_at_the_hotels_address_locks_a_slip_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither those who enter theirs in the lobby, nor who guesses there, and is stopped."""
    monkeypatch.setitem(limits.LIMITS, "claim", (2, timedelta(hours=1)))
    page = "/privacy/claim"
    for number in range(10, 14):
        given = {"value": f"W{number}", "name": "Kim Moor"}
        house.hotel.guest(number, name=given["name"], document_no=given["value"])
        code = slip(house, **given)
        assert house.browser().post(page, page, code=code, name="Kim Moor").status_code == 200
    stranger = house.browser()
    wrong = [stranger.post(page, page, code=f"A{n}", name="Ola Berg") for n in range(4)]
    assert [answer.status_code for answer in wrong] == [410, 410, 429, 429]
    assert house.browser().post(page, page, code=slip(house), name="Ola Berg").status_code == 200


def test_a_code_works_once_and_its_box_is_gone(house: House) -> None:
    """Of a used code only the hash is left, for a day."""
    code = slip(house)
    enter(house, code)
    with pytest.raises(TokenError):
        enter(house, code)
    assert "claim" not in {row["purpose"] for row in house.hotel.ours("box")}
    (row,) = house.hotel.ours("claim")
    old = datetime(2020, 1, 1)
    write(house, update(tables.claim).values(used_at=old))
    house.worker()
    assert row["used_at"] is not None
    assert house.hotel.ours("claim") == []


@pytest.mark.parametrize(
    "spoiled",
    [
        update(tables.claim).values(ends_at=datetime(2020, 1, 1)),
        update(tables.claim).values(tries=codes.TRIES),
        update(Guest).where(Guest.id == 5).values(name="Max Fern"),
        update(Guest).where(Guest.id == 5).values(id=55),
    ],
    ids=["over", "tried", "row-of-another", "row-gone"],
)
def test_a_code_that_proves_nobody_any_more(house: House, spoiled: Any) -> None:
    """It ends on its day, after five names, and when the row is another guest's by now."""
    code = slip(house)
    write(house, spoiled)
    with pytest.raises(TokenError):
        enter(house, code)
    assert house.hotel.ours("request") == []


def test_another_slip_ends_the_one_before(house: House) -> None:
    """A guest has one living code; who lost a slip asks for another."""
    first, second = slip(house), slip(house)
    with pytest.raises(TokenError):
        enter(house, first)
    assert enter(house, second)


def test_an_erased_guest_is_proved_by_no_old_slip(house: House) -> None:
    """Whose data went under another request is nobody to a slip that is left."""
    code = slip(house)
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"document_no": "W77"}, property="sh", by="clerk")
        office.confirm(number, "clerk", "desk")
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    house.worker()
    assert house.state(number) == "erased"
    with pytest.raises(TokenError):
        enter(house, code)
    assert len(house.hotel.ours("request")) == 1


def test_a_code_proves_a_request_that_waits_for_it(house: House) -> None:
    """What a clerk filed goes on by the code; what was proved already keeps its own code."""
    with house.app.app_context(), house.extension.begin() as office:
        match = {"document_no": "W77", "name": "Ola Berg"}
        number = office.request(match, property="sh", by="porter")
    enter(house, slip(house))
    assert [row["number"] for row in house.hotel.ours("request")] == [number]
    assert house.state(number) == "review"
    code = slip(house)
    guest = house.browser()
    told = guest.post("/privacy/claim", code=code, name="Ola Berg")
    assert told.status_code == 409
    # Whoever has no case code any more is not sent round in a circle.
    assert "Your request is with the hotel already." in told.text
    assert "ask at the reception for a new one" in told.text
    assert 'href="/privacy/case"' in told.text
    assert len(house.hotel.ours("request")) == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"document_no": "W77"}, InputError),
        ({"document_no": "W77", "name": "Max Fern"}, UnknownError),
        ({"document_no": "W78", "name": "Ola Berg"}, UnknownError),
        ({"name": "Ola Berg"}, InputError),
    ],
)
def test_a_slip_needs_two_facts_that_agree(
    house: House, form: dict[str, str], error: type[Exception]
) -> None:
    """Nobody gets a slip by a name alone, or by a number without the name."""
    with house.app.app_context(), pytest.raises(error), house.extension.begin() as office:
        office.print_claim(form, property="sh", by="clerk")
    assert house.hotel.ours("claim") == []


def test_a_profile_without_a_name_gets_no_slip(house: House) -> None:
    """The code alone would open it: there is no name to go with it."""
    house.hotel.guest(8, document_no="N8")
    page = house.browser("clerk").post(f"{DESK}/claims", **{**OLA, "value": "N8"})
    assert page.status_code == 422
    assert house.hotel.ours("claim") == []


def test_who_may_not_verify_prints_no_slip(house: House) -> None:
    """A slip is a proof of identity; it needs that permission, at that hotel."""
    match = {"document_no": "W77", "name": "Ola Berg"}
    for login in ("auditor", "far-officer", "night"):
        with house.app.app_context(), pytest.raises(ForbiddenError):  # noqa: SIM117
            with house.extension.begin() as office:
                office.print_claim(match, property="sh", by=login)
    assert house.hotel.ours("claim") == []


def test_a_slip_lasts_half_a_year(house: House) -> None:
    """Its box dies with the key of its last day, whatever happens to the row."""
    slip(house)
    (row,) = house.hotel.ours("claim")
    (box,) = [b for b in house.hotel.ours("box") if b["purpose"] == "claim"]
    left = row["ends_at"] - row["printed_at"]
    assert timedelta(days=codes.DAYS) < left <= timedelta(days=codes.DAYS + 1)
    assert box["last_day"] == row["ends_at"].date().isoformat()
