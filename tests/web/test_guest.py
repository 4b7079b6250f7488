"""A guest's way: ask, prove, follow, certificate; and a page that tells nobody who stayed."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, request, request_started
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import event, text

from flask_guesterase.core import certificate as certificates
from tests.web.house import CANARY, PROPERTIES, Browser, House

GUEST = {"property": "sh", "name": CANARY, "email": "ann@mail.example"}


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Collect the statements the application sends, without their values."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(house.hotel.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(house.hotel.engine, "before_cursor_execute", note)


def ask(house: House, **form: str) -> tuple[Browser, str]:
    """Send the form and let the worker look; return the browser and the link in the letter."""
    browser = house.browser()
    assert browser.post("/privacy/ask", **{**GUEST, **form}).status_code == 303
    house.worker()
    letters = house.browser("clerk").get("/desk/privacy/outbox")
    found = re.search(r"http://localhost(/privacy/link/[\w-]+)", letters)
    assert found is not None
    return browser, found[1]


def proved(house: House) -> tuple[Browser, str]:
    """Return a browser that holds a case, and the case code."""
    browser, link = ask(house)
    page = browser.post(link)
    found = re.search(r'class="secret">([\w-]+)<', page.text)
    assert page.status_code == 200
    assert found is not None
    return browser, found[1]


def erased(house: House) -> tuple[Browser, str]:
    """Return a browser whose case is done, and its number."""
    browser, _ = proved(house)
    officer = house.browser("officer")
    number = house.hotel.ours("request")[0]["number"]
    page = officer.get(f"/desk/privacy/{number}")
    seen = re.search(r'name="digest" value="(\w+)"', page)
    assert seen is not None
    officer.post(f"/desk/privacy/{number}/approve", digest=seen[1])
    assert officer.post(f"/desk/privacy/{number}/erase").status_code == 303
    return browser, number


@pytest.mark.parametrize(
    ("lang", "facts"),
    [
        ("en", ["Free of charge", "No account", "No photo of your ID", "What goes",
                "for a time and then goes by itself", "7 days", "police when you checked in",
                "booking sites, banks", "is a fraud", "invoice first", "cancels no booking"]),
        ("zh", ["免费", "无需注册", "无需证件照片", "删除哪些内容", "哪些暂时保留，到期自动删除",
                "7 天", "公安机关", "订房网站、银行", "诈骗", "请先开好发票", "不会取消预订"]),
    ],
)  # fmt: skip
def test_the_first_page_says_what_this_is_and_is_not(
    house: House, lang: str, facts: list[str]
) -> None:
    """Before anything is asked, a guest reads what goes, what stays and what to do first."""
    page = house.browser().get(f"/privacy/?lang={lang}")
    assert [fact for fact in facts if fact not in page] == []


def test_guest_stranger_and_malformed_are_one(house: House) -> None:
    """The handler sends the same statements and answers the same bytes, whoever asks."""
    answers = []
    for email in ("ann@mail.example", "stranger@mail.example", "no address at all", "' OR 1=1"):
        browser = house.browser()
        token = browser.token()
        with statements(house) as seen:
            answer = browser.client.post(
                "/privacy/ask", data={**GUEST, "email": email, "csrf_token": token}
            )
        after = browser.client.get(answer.headers["Location"])
        headers = [pair for pair in answer.headers if pair[0] not in ("Set-Cookie", "Date")]
        answers.append((answer.status, headers, answer.data, after.data, seen))
    assert all(answer == answers[0] for answer in answers[1:])
    assert len(house.hotel.ours("intake")) == len(answers)
    assert "csrf" not in answers[0][3].decode()


@pytest.mark.parametrize(
    "form",
    [{}, {"property": "sh", "name": "Ann"}, {"property": "sh", "email": "a@b.example"},
     {"name": "Ann", "email": "a@b.example"}, {**GUEST, "property": "elsewhere"},
     {**GUEST, "email": " ", "phone": ""}],
)  # fmt: skip
def test_a_form_without_what_is_needed_comes_back_without_a_look_at_the_data(
    house: House, form: dict[str, str]
) -> None:
    """What is missing is said at the field, and the database is not asked."""
    browser = house.browser()
    token = browser.token()
    with statements(house) as seen:
        answer = browser.client.post("/privacy/ask", data={**form, "csrf_token": token})
    assert answer.status_code == 422
    assert ('class="wrong"' in answer.text and 'aria-invalid="true"' in answer.text) or (
        "property" in answer.text
    )
    assert seen == []


def test_what_was_typed_comes_back_escaped(house: House) -> None:
    """A form that comes back holds what was typed, and nothing of it is markup."""
    answer = house.browser().post("/privacy/ask", property="sh", name='"><b>Ann')
    assert "&#34;&gt;&lt;b&gt;Ann" in answer.text
    assert "<b>Ann" not in answer.text


def test_a_scanner_that_opens_the_link_uses_nothing_up(house: House) -> None:
    """Opening the link shows a button; only the button proves, and only once."""
    browser, link = ask(house)
    for _ in range(3):
        assert "Pine" in house.browser().get(link)
    assert house.browser().client.head(link).status_code == 200
    assert house.hotel.ours("request")[0]["state"] == "received"
    assert browser.post(link).status_code == 200
    assert house.hotel.ours("request")[0]["state"] == "review"


def test_a_used_and_an_unknown_link_are_one_page(house: House) -> None:
    """Whoever comes with a dead link is told what to do, and not whether it ever lived."""
    browser, link = ask(house)
    browser.post(link)
    stranger = house.browser()
    used = stranger.client.get(link)
    unknown = stranger.client.get("/privacy/link/never-was")
    assert used.status_code == unknown.status_code == 410
    assert used.data == unknown.data
    again = browser.post(link)
    assert again.status_code == 410
    assert "/privacy/case" in again.text


def test_the_case_code_leaves_the_address_bar(house: House) -> None:
    """A code in an address is put away at once; the page that follows has none."""
    _, code = proved(house)
    browser = house.browser()
    answer = browser.client.get(f"/privacy/case/{code}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/privacy/case"
    page = browser.get("/privacy/case")
    number = house.hotel.ours("request")[0]["number"]
    assert number in page
    assert code not in page
    browser.post("/privacy/case/leave")
    assert number not in browser.get("/privacy/case")


def test_a_code_can_be_typed_in_any_case_and_wrong_ones_are_counted(house: House) -> None:
    """A guest types the code as they like; guessing ends after twenty tries an hour."""
    _, code = proved(house)
    browser = house.browser()
    assert browser.post("/privacy/case", code=code.lower().replace("-", " ")).status_code == 303
    assert house.hotel.ours("request")[0]["number"] in browser.get("/privacy/case")
    guesser = house.browser()
    assert guesser.post("/privacy/case", code="").status_code == 422
    tries = [guesser.post("/privacy/case", code="AAAA-BBBB") for _ in range(20)]
    assert {answer.status_code for answer in tries} == {410, 429}
    assert tries[-1].headers["Retry-After"] == "3600"


def test_a_guest_follows_the_case_and_takes_it_back(house: House) -> None:
    """Five words tell where it stands; until it is carried out it can be taken back."""
    browser, _ = proved(house)
    page = browser.get("/privacy/case?lang=en")
    assert '<li aria-current="step">being decided' in page
    assert browser.post("/privacy/case/withdraw").status_code == 303
    page = browser.get("/privacy/case")
    assert "You took the request back" in page
    assert "/withdraw" not in page
    assert browser.post("/privacy/case/withdraw").status_code == 409


def test_without_a_code_nobody_withdraws_or_sees_a_certificate(house: House) -> None:
    """A browser that holds no case gets the page of dead codes."""
    proved(house)
    stranger = house.browser()
    assert stranger.post("/privacy/case/withdraw").status_code == 410
    stranger.get("/privacy/case/certificate", 410)
    stranger.get("/privacy/case/certificate.json", 410)


def test_the_certificate_can_be_read_and_checked(house: House) -> None:
    """The page says what went and what stays; the file proves itself without the hotel."""
    browser, number = erased(house)
    assert '<li aria-current="step">done' in browser.get("/privacy/case?lang=en")
    page = browser.get("/privacy/case/certificate")
    assert number in page
    assert "invoices and bookkeeping" in page
    assert CANARY not in page
    answer = browser.client.get("/privacy/case/certificate.json")
    assert answer.headers["Content-Disposition"].endswith(f'"certificate-{number}.json"')
    said = certificates.from_json(answer.data)
    with house.app.app_context():
        key = house.extension.custodian.public_key()
    assert all(check.passed for check in certificates.check(said, key))
    assert said.to_json().encode() == answer.data


def test_anybody_can_have_the_checkpoint_of_a_journal(house: House) -> None:
    """The head of the journal is public, so that others can keep it; an unknown hotel is not."""
    ask(house)
    text_ = house.browser().get("/privacy/checkpoint/sh")
    assert text_.startswith("guesterase/pine-ltd")
    house.browser().get("/privacy/checkpoint/nowhere", 404)


def test_a_form_from_elsewhere_changes_nothing(house: House) -> None:
    """A post without the token of our page is refused with words, before anything is done."""
    browser, link = ask(house)
    for path in (link, "/privacy/ask", "/privacy/case", "/privacy/case/leave"):
        answer = browser.client.post(path, data={**GUEST, "csrf_token": "forged"})
        assert answer.status_code == 400, path
        assert "<h1>" in answer.text, path
    assert house.hotel.ours("request")[0]["state"] == "received"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_protects_its_forms_itself_lets_ours_pass(house: House, scheme: str) -> None:
    """CSRFProtect, with its strict look at the referrer over HTTPS, accepts our forms."""
    CSRFProtect(house.app)
    browser = house.browser()
    base = f"{scheme}://localhost"
    form = browser.client.get("/privacy/ask", base_url=base)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token is not None
    assert form.headers["Referrer-Policy"] == "same-origin"
    answer = browser.client.post(
        "/privacy/ask",
        data={**GUEST, "csrf_token": token[1]},
        base_url=base,
        headers={"Referer": f"{base}/privacy/ask"},
    )
    assert answer.status_code == 303


def test_every_page_is_dressed(house: House) -> None:
    """Pages, refusals and redirects may load nothing but our style sheet, and are kept nowhere."""
    browser = house.browser()
    for path in ("/privacy/", "/privacy/ask", "/privacy/link/x", "/privacy/case/x"):
        headers = browser.client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
    sheet = browser.client.get("/privacy/guesterase-static/guesterase.css")
    assert sheet.status_code == 200
    assert sheet.headers["Cache-Control"] == "max-age=3600"
    assert len(sheet.data) < 9216
    sheet.close()


def test_pages_hold_no_script_and_no_style_of_their_own(house: House) -> None:
    """Nothing that the strict policy forbids is in a page, nor anything from another place."""
    browser, _ = erased(house)
    for path in ("/privacy/", "/privacy/ask", "/privacy/case", "/privacy/case/certificate"):
        page = browser.get(path)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|src=|@import", page), path
        assert not re.search(r'href="(?:https?:)?//', page), path


def test_too_large_a_form_is_refused(house: House) -> None:
    """Nobody fills the memory through the form."""
    browser = house.browser()
    answer = browser.post("/privacy/ask", **{**GUEST, "name": "x" * 70_000})
    assert answer.status_code == 413
    assert "<h1>" in answer.text


def test_a_missing_table_is_told_in_the_guests_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """When our tables are gone, a guest reads "later"; the log names the error and no value."""
    with house.hotel.engine.begin() as conn:
        conn.execute(text("DROP TABLE guesterase_intake"))
    with caplog.at_level(logging.DEBUG):
        answer = house.browser().post("/privacy/ask", **GUEST)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "This does not work at the moment." in answer.text
    assert CANARY not in caplog.text
    assert "ann@mail" not in caplog.text
    told = house.browser("officer")
    with house.hotel.engine.begin() as conn:
        conn.execute(text("DROP TABLE guesterase_request"))
    page = told.client.get("/desk/privacy/")
    assert page.status_code == 503
    assert "flask guesterase check" in page.text


def test_one_hotel_is_not_asked_for(sqlite_url: str, tmp_path: Any) -> None:
    """Where there is one hotel, the form has no question about it and reads in its language."""
    house = House(sqlite_url, tmp_path, properties=PROPERTIES[:1])
    browser = house.browser()
    page = browser.get("/privacy/ask")
    assert 'name="property"' not in page
    assert '<html lang="zh-Hans">' in page
    assert browser.post("/privacy/ask", name="Ann", phone="1").status_code == 303
    assert house.hotel.ours("intake")[0]["property"] == "sh"
    house.hotel.engine.dispose()


def test_a_host_overrides_one_block(house: House, tmp_path: Any) -> None:
    """A template of the host that extends ours by a copy of one block is enough."""
    folder = tmp_path / "templates" / "guesterase" / "guest"
    folder.mkdir(parents=True)
    (folder / "base.html").write_text(
        '{% extends "guesterase/base.html" %}'
        '{% import "guesterase/macros.html" as ui with context %}'
        "{% block brand %}<strong>Our house</strong>{% endblock %}"
    )
    house.app.template_folder = str(tmp_path / "templates")
    page = house.browser().get("/privacy/")
    assert "Our house" in page
    assert "cancels no booking" in page


def test_in_a_demo_the_worker_runs_with_the_page(sqlite_url: str, tmp_path: Any) -> None:
    """With GUESTERASE_INLINE a request is there as soon as the form was sent."""
    house = House(sqlite_url, tmp_path, GUESTERASE_INLINE=True)
    house.people()
    house.browser().post("/privacy/ask", **GUEST)
    assert [row["state"] for row in house.hotel.ours("request")] == ["received"]
    house.hotel.engine.dispose()


def test_nothing_of_a_guest_leaks(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """From form to certificate, the name is in no log, no journal entry and no address."""
    paths: list[str] = []

    def note(_app: Flask, **_: Any) -> None:
        paths.append(request.full_path)

    with caplog.at_level(logging.DEBUG), request_started.connected_to(note, house.app):
        browser, number = erased(house)
        browser.get("/privacy/case/certificate")
    assert len(paths) > 10
    kept = json.dumps([house.hotel.ours(name) for name in OURS], default=str)
    for trace in (CANARY, "Zebrafinch", "ann@mail.example", "13912345678"):
        assert trace not in caplog.text
        assert trace not in kept
        assert trace not in " ".join(paths)
    assert number in kept


OURS = (
    "intake", "request", "subject", "contact", "token", "attempt", "actor", "entry", "outbox",
    "certificate", "box",
)  # fmt: skip
