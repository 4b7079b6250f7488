"""What comes from outside once more: codes, bodies, days, lengths, hosts, addresses and letters."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from flask_guesterase.core.errors import SetupError
from flask_guesterase.store.access import tokens
from flask_guesterase.store.messages.channels import Message
from flask_guesterase.web.wording import letters
from tests.web.apihouse import API, Program, inhabited, token
from tests.web.house import CANARY, Browser, House

DESK = "/desk/privacy"


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests whose host asked for the API, as it runs outside of tests."""
    for made in inhabited(sqlite_url, tmp_path):
        made.app.testing = False
        made.app.config["PROPAGATE_EXCEPTIONS"] = False
        yield made


def _sent(program: Program, path: str, body: str) -> TestResponse:
    """Send a body as it is."""
    headers = {**program.headers, "Content-Type": "application/json"}
    return program.client.post(API + path, data=body, headers=headers)


def test_a_code_is_read_however_wide_it_was_typed() -> None:
    """A Japanese keyboard types full-width letters, as it does for request numbers and PINs."""
    assert tokens.plain("ＡＢ２３－ｃｄ") == "AB23CD"
    assert tokens.plain("ab23-cd") == "AB23CD"


@pytest.mark.parametrize(
    "body",
    [
        r'{"match":{"email":"\ud800@x.example"},"channel":"desk"}',
        r'{"match":{"\ud800":"ann@mail.example"},"channel":"desk"}',
        r'{"match":{"email":"ann@mail.example"},"channel":"desk","\ud800":"x"}',
        "[" * 60_000,
        '{"match":' + '{"a":' * 900 + "1" + "}" * 900 + ',"channel":"desk"}',
        r'{"match":{"email":"\u0000"},"channel":"desk"}',
    ],
    ids=["half-a-sign", "half-a-sign-as-key", "half-a-sign-as-field", "deep", "less-deep", "nul"],
)
def test_a_body_that_cannot_be_kept_is_told(house: House, body: str) -> None:
    """Half a sign, a nest without end: 422 in the form of every failure, never 500."""
    answer: Any = _sent(Program(house, token(house, "clerk")), "/requests", body)
    assert answer.status_code == 422, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["hint"]


def test_a_number_no_database_holds_is_unknown(house: House) -> None:
    """Through the API and on the pages alike."""
    program = Program(house, token(house, "holder"))
    for number in (2**63, 10**26):
        answer = program.post(f"/holds/{number}/lift")
        assert answer.status_code == 404, answer.text
        assert answer.mimetype == "application/problem+json"
        page = house.browser("holder").post(f"{DESK}/holds/{number}/lift", f"{DESK}/holds/new")
        assert page.status_code == 404
    assert program.post("/holds/99/lift").status_code == 404


def test_a_day_of_receipt_before_every_such_law_is_a_slip(house: House) -> None:
    """The API and the form say why; the first day that can be meant is taken."""
    match = {"email": "ann@mail.example", "name": CANARY}
    program = Program(house, token(house, "clerk"))
    for day in ("0001-01-01", "1999-12-31"):
        answer: Any = program.post(
            "/requests", {"match": match, "channel": "desk", "received": day}
        )
        assert answer.status_code == 422, answer.text
        assert "2000" in answer.json["detail"] + answer.json["hint"]
        form = {
            "property": "sh", "key": "email", "value": "ann@mail.example", "name": CANARY,
            "channel": "desk", "lang": "en", "received": day,
        }  # fmt: skip
        page = house.browser("clerk").post(f"{DESK}/new?lang=en", f"{DESK}/new?lang=en", **form)
        assert page.status_code == 422
        assert "not before 2000" in page.text
    assert house.hotel.ours("request") == []
    answer = program.post(
        "/requests", {"match": match, "channel": "desk", "received": "2000-01-01"}
    )
    assert answer.status_code == 201


@pytest.fixture
def posting(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[House, list[Message]]]:
    """A house that sends mail in the request and was not told its own address."""
    made = House(
        sqlite_url, tmp_path, GUESTERASE_INLINE=True, GUESTERASE_BASE_URL="https://pine.example",
        GUESTERASE_MAIL="smtp://127.0.0.1:9", GUESTERASE_SENDER="hotel@pine.example",
    )  # fmt: skip
    # No application starts so; what was not told must not be taken from whoever asks all the same.
    state = made.app.extensions["guesterase"]
    state.settings = replace(state.settings, base_url="")
    made.people()
    sent: list[Message] = []

    class Kept:
        def send(self, message: Message) -> None:
            sent.append(message)

    made.extension.channels["smtp"] = Kept()
    yield made, sent
    made.session.remove()
    made.hotel.engine.dispose()


def test_no_mail_carries_the_host_that_a_stranger_named(
    posting: tuple[House, list[Message]]
) -> None:
    """Without a configured address the mail waits, and its error says what to set."""
    house, sent = posting
    assert house.browser().ask(name=CANARY, email="ann@mail.example").status_code in (200, 303)
    assert sent == []
    (letter,) = [row for row in house.hotel.ours("outbox") if row["template"] == "confirm"]
    assert letter["state"] == "queued"
    with house.app.test_request_context(base_url="https://evil.example"):
        for make in (letters.render, letters.written):
            with pytest.raises(SetupError, match="GUESTERASE_BASE_URL"):
                make("confirm", "en", {"property": "sh", "token": "x", "number": "GR-1"})


def test_a_letter_that_is_printed_names_the_house_as_its_reader_does(house: House) -> None:
    """A demo that only shows its letters needs no address."""
    assert house.browser().ask(name=CANARY, email="ann@mail.example").status_code in (200, 303)
    house.worker()
    assert "http://localhost/privacy/link/" in house.browser("clerk").get(f"{DESK}/outbox")


def _from(house: House, address: str) -> Browser:
    """Return the browser of a guest who comes from an address."""
    browser = house.browser()
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def _wrong(browser: Browser) -> int:
    """Try a code that opens nothing; return the status."""
    return browser.post("/privacy/case", "/privacy/case", code="AAAA-BBBB-CCCC").status_code


def _code(house: House) -> str:
    """File a request at the desk; return the case code on the guest's slip."""
    program: Any = Program(house, token(house, "clerk"))
    match = {"email": "ann@mail.example", "name": CANARY}
    number = program.post("/requests", {"match": match, "channel": "desk"}).json["number"]
    return str(program.post(f"/requests/{number}/confirm", {"how": "desk"}).json["case_code"])


@pytest.mark.parametrize("start", ["2001:db8::{:x}", "64:ff9b::192.0.2.{}", "::ffff:192.0.2.{}"])
def test_addresses_count_as_those_who_hold_them(house: House, start: str) -> None:
    """A network of one holder is one place; IPv4 counts by its address however it is written."""
    statuses = {_wrong(_from(house, start.format(last))) for last in range(1, 23)}
    assert (429 in statuses) == start.startswith("2001")
    assert _wrong(_from(house, "2001:db8:0:1::1")) == 410


def test_an_address_of_old_is_the_same_when_mapped(house: House) -> None:
    """Whoever reaches us over both kinds of sockets has no second set of tries."""
    statuses = [_wrong(_from(house, "192.0.2.7")) for _ in range(20)]
    assert set(statuses) == {410}
    assert _wrong(_from(house, "::ffff:192.0.2.7")) == 429


def test_a_right_case_code_is_not_locked_out_by_others(house: House) -> None:
    """Wrong codes from a hotel's one address, by pictures of a page too, stop no guest."""
    code = _code(house)
    other = _from(house, "192.0.2.8")
    for step in range(21):
        status = other.client.get(f"/privacy/case/WRONG{step}").status_code
        assert status == (410 if step < 20 else 429)
    guest = _from(house, "192.0.2.8")
    assert guest.post("/privacy/case", "/privacy/case", code=code).status_code == 303
    for _ in range(25):
        assert guest.client.get(f"/privacy/case/{code}").status_code == 303
    assert _wrong(other) == 429


def _chunked(house: House, path: str, size: int, **headers: str) -> TestResponse:
    """Send a body that does not say how long it is; return the answer."""
    return house.app.test_client().post(
        path, input_stream=io.BytesIO(b"a" * size), headers=headers,
        environ_overrides={
            "wsgi.input_terminated": True, "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
        },
    )  # fmt: skip


def test_a_body_without_a_length_is_no_longer_than_others(house: House) -> None:
    """Chunked or not, the answer is 413; what is short enough is looked at."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _chunked(house, "/privacy/ask", 400_000, **kind).status_code == 413
    assert _chunked(house, "/privacy/ask", 60_000, **kind).status_code == 400
    json = {"Content-Type": "application/json"} | Program(house, token(house, "clerk")).headers
    answer = _chunked(house, f"{API}/requests", 400_000, **json)
    assert answer.status_code == 413
    assert answer.mimetype == "application/problem+json"
    assert _chunked(house, f"{API}/requests", 60_000, **json).status_code == 422
