"""A guest's way: ask, prove, follow, certificate; and a page that tells nobody who stayed."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, request, request_started
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import event, text

from flask_guesterase.core import certified
from flask_guesterase.web.forms import jotted
from tests.web.house import CANARY, PROPERTIES, QUESTIONS, Browser, House

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
    assert browser.ask(**{**GUEST, **form}).status_code == 303
    house.worker()
    letters = house.browser("clerk").get("/desk/privacy/outbox")
    found = re.search(r"http://localhost(/privacy/link/[\w-]+)", letters)
    assert found is not None
    return browser, found[1]


def proved(house: House, **form: str) -> tuple[Browser, str]:
    """Return a browser that holds a case, and the case code."""
    browser, link = ask(house, **form)
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
    house.settle(number)
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
                "booking sites, banks", "is a fraud", "invoice first", "cancels no booking",
                "kept and not used? That is not asked for here"]),
        ("zh", ["免费", "无需注册", "无需证件照片", "删除哪些内容", "哪些暂时保留，到期自动删除",
                "7 天", "公安机关", "订房网站、银行", "诈骗", "请先开好发票", "不会取消预订",
                "希望保留但不再使用"]),
    ],
)  # fmt: skip
def test_the_first_page_says_what_this_is_and_is_not(
    house: House, lang: str, facts: list[str]
) -> None:
    """Before anything is asked, a guest reads what goes, what stays and what to do first."""
    page = house.browser().get(f"/privacy/?lang={lang}")
    assert [fact for fact in facts if fact not in page] == []


def test_guest_and_stranger_are_one(house: House) -> None:
    """Every step sends the same statements and answers the same bytes, whoever asks."""
    house.begun()
    answers = []
    for email in ("ann@mail.example", "stranger@mail.example", "'OR''='@mail.example", "x@y.zz"):
        browser = house.browser()
        given = {"wish": "erase", "phone": "", "booking": "", **GUEST, "email": email}
        told = []
        for page, fields in {**QUESTIONS, "/privacy/ask/check": ()}.items():
            token = browser.token(page)
            form = {name: given[name] for name in fields}
            with statements(house) as seen:
                answer = browser.client.post(page, data={**form, "csrf_token": token})
            headers = [pair for pair in answer.headers if pair[0] not in ("Set-Cookie", "Date")]
            told.append((answer.status, headers, answer.data, list(seen)))
            assert (seen == []) == (page != "/privacy/ask/check"), page
        after = browser.client.get(answer.headers["Location"])
        answers.append((told, after.data))
    assert all(answer == answers[0] for answer in answers[1:])
    assert len(house.hotel.ours("intake")) == len(answers)
    assert "csrf" not in answers[0][1].decode()


@pytest.mark.parametrize(
    ("page", "form"),
    [("", {}), ("", {"wish": "everything"}), ("/hotel", {}), ("/hotel", {"property": "elsewhere"}),
     ("/name", {}), ("/name", {"name": " "}), ("/contact", {}),
     ("/contact", {"email": " ", "phone": ""})],
)  # fmt: skip
def test_a_question_without_an_answer_comes_back_without_a_look_at_the_data(
    house: House, page: str, form: dict[str, str]
) -> None:
    """What is missing is said at the field, nothing is kept, and the database is not asked."""
    browser = house.browser()
    address = f"/privacy/ask{page}"
    token = browser.token(address)
    with statements(house) as seen:
        answer = browser.client.post(address, data={**form, "csrf_token": token})
    assert answer.status_code == 422
    assert 'class="wrong"' in answer.text
    assert ('aria-invalid="true"' in answer.text) == (page in ("/name", "/contact"))
    assert seen == []
    with browser.client.session_transaction() as session:
        assert "guesterase_asking" not in session


def test_what_is_not_answered_is_asked_before_anything_is_sent(house: House) -> None:
    """Neither looking nor sending goes past a question; an answer given before is kept."""
    browser = house.browser()
    first = "/privacy/ask"
    assert browser.client.get("/privacy/ask/check").headers["Location"] == first
    assert browser.post("/privacy/ask/contact", email="ann@mail.example").location == first
    assert browser.post("/privacy/ask/check").location == first
    assert browser.post(first, wish="copy").location == "/privacy/ask/hotel"
    assert browser.post("/privacy/ask/hotel", property="mu").location == "/privacy/ask/name"
    assert browser.post("/privacy/ask/name", name=CANARY).location == "/privacy/ask/booking"
    assert browser.post("/privacy/ask/booking").location == "/privacy/ask/check"
    assert house.hotel.ours("intake") == []
    page = browser.get("/privacy/ask/check")
    assert all(said in page for said in (CANARY, "ann@mail.example", "Hotel Fir"))


def test_the_way_back_changes_one_answer_and_loses_none(house: House) -> None:
    """A page opened again shows its answer; answered anew it leads back to the last page."""
    browser = house.browser()
    browser.answers(**GUEST)
    assert f'value="{CANARY}"' in browser.get("/privacy/ask/name")
    again = browser.post("/privacy/ask/name", "/privacy/ask/name", name="Ann Z")
    assert again.location == "/privacy/ask/check"
    page = browser.get("/privacy/ask/check")
    assert "Ann Z" in page
    assert CANARY not in page
    assert "ann@mail.example" in page
    assert browser.post("/privacy/ask/check").location == "/privacy/asked"
    assert browser.client.get("/privacy/ask/check").location == "/privacy/ask"
    assert browser.post("/privacy/ask/check").location == "/privacy/ask"
    assert len(house.hotel.ours("intake")) == 1
    assert "Ann Z" not in browser.get("/privacy/ask/name")


def pressed(browser: Browser) -> dict[str, str]:
    """Return what the button of the last page sends."""
    return dict(re.findall(r'name="(csrf_token|read)" value="([^"]+)"',
                           browser.get("/privacy/ask/check")))  # fmt: skip


@pytest.mark.parametrize("wish", ["erase", "copy-first"])
def test_a_request_sent_twice_is_received_once(house: House, wish: str) -> None:
    """A second press, or the way back and a press, says again what the first one said."""
    browser = house.browser()
    browser.answers(**GUEST, wish=wish)
    sent = pressed(browser)
    answers = [browser.client.post("/privacy/ask/check", data=sent).location for _ in range(3)]
    assert answers == ["/privacy/asked" + ("/both" if wish == "copy-first" else "")] * 3
    assert len(house.hotel.ours("intake")) == 1
    browser.answers(**GUEST, wish="copy")
    assert browser.client.post("/privacy/ask/check", data=pressed(browser)).location == (
        "/privacy/asked"
    )
    assert len(house.hotel.ours("intake")) == 2


def test_what_another_window_changed_is_not_sent_unread(house: House) -> None:
    """Who reads that a copy is asked for does not ask for erasure; it is shown once more."""
    browser = house.browser()
    browser.answers(**GUEST, wish="copy")
    read = pressed(browser)
    browser.post("/privacy/ask", wish="erase")
    answer = browser.client.post("/privacy/ask/check", data=read)
    assert answer.status_code == 409
    assert "changed in another window" in answer.text
    assert "Erase my data" in answer.text
    assert house.hotel.ours("intake") == []
    assert browser.client.post("/privacy/ask/check", data=pressed(browser)).status_code == 303
    assert len(house.hotel.ours("intake")) == 1


def test_answers_are_sealed_in_the_browser_and_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session holds no readable answer; after half an hour, or under another key, none."""
    browser = house.browser()
    browser.answers(**GUEST)
    with browser.client.session_transaction() as session:
        held = json.dumps(dict(session))
    assert "guesterase_asking" in held
    assert not any(each in held for each in (CANARY, "ann@mail", "Zebrafinch"))
    token = {"csrf_token": browser.token()}
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jotted.KEPT - 5)
    assert CANARY in browser.get("/privacy/ask/check")
    monkeypatch.setattr(time, "time", lambda: now + jotted.KEPT + 5)
    # Whoever comes back too late is told why the questions begin anew, whatever they press.
    over = "/privacy/ask?lapsed=1"
    assert browser.client.get("/privacy/ask/check").location == over
    assert browser.client.post("/privacy/ask/check", data=token).location == over
    assert browser.client.post("/privacy/ask/booking", data=token).location == over
    assert "half an hour at most" in browser.get(over)
    monkeypatch.undo()
    browser.answers(**GUEST)
    assert CANARY in browser.get("/privacy/ask/check")
    with browser.client.session_transaction() as session:
        sealed = session["guesterase_asking"]
    house.app.secret_key = "another-key-" + "0" * 32
    stranger = house.browser()
    stranger.get("/privacy/ask")
    with stranger.client.session_transaction() as session:
        session["guesterase_asking"] = sealed
    assert stranger.client.get("/privacy/ask/check").location == over


def test_the_longest_answers_fit_into_one_cookie(house: House) -> None:
    """What somebody types, however long and in whichever script, is not lost on the way."""
    browser = house.browser()
    last = browser.answers(
        name="鹭" * 400, email="鹭" * 300 + "@mail.example", phone="1" * 300, booking="鹭" * 400
    )
    assert last.location == "/privacy/ask/check"
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    assert len(cookie.value) < 4000
    assert browser.post("/privacy/ask/check").location == "/privacy/asked"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_ends_for_good_is_read_before_it_is_confirmed(house: House, lang: str) -> None:
    """Before sending and before proving: invoices, what was left behind, the day of no return."""
    browser, link = ask(house)
    browser.answers(**GUEST)
    said = {"en": ["Invoices", "left behind", "7 days", "invoices and bookkeeping"],
            "zh": ["发票", "遗留", "7 天", "发票"]}[lang]  # fmt: skip
    for page in ("/privacy/ask/check", link):
        text_ = browser.get(f"{page}?lang={lang}")
        assert [each for each in said if each not in text_] == [], page
    assert "points" not in browser.get("/privacy/ask/check?lang=en"), "no table here holds points"
    browser.post("/privacy/ask", wish="copy")
    assert "left behind" not in browser.get("/privacy/ask/check?lang=en"), "a copy ends nothing"


def test_what_was_typed_comes_back_escaped(house: House) -> None:
    """A form that comes back holds what was typed, and nothing of it is markup."""
    browser = house.browser()
    browser.answers(name='"><b>Ann', phone='"><b>Ann 12345', booking='"><b>Ann')
    pages = [browser.get(f"/privacy/ask{page}") for page in ("/name", "/contact", "/booking")]
    pages.append(browser.get("/privacy/ask/check"))
    wrong = browser.post("/privacy/ask/contact", email='"><b>Ann')
    assert wrong.status_code == 422
    for page, text_ in enumerate([*pages, wrong.text]):
        assert "&#34;&gt;&lt;b&gt;Ann" in text_, page
        assert "<b>Ann" not in text_, page


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
    again = stranger.post(link)
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
    tries = [guesser.post("/privacy/case", code="AAAA-BBBB") for _ in range(21)]
    assert [answer.status_code for answer in tries] == [410] * 20 + [429]
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
    assert browser.client.get("/privacy/case/withdraw").location == "/privacy/case"


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
    said = certified.from_json(answer.data)
    with house.app.app_context():
        key = house.extension.custodian.public_key()
    assert all(check.passed for check in certified.check(said, key))
    assert said.to_json().encode() == answer.data


def test_a_form_from_elsewhere_changes_nothing(house: House) -> None:
    """A post without the token of our page is refused with words, before anything is done."""
    browser, link = ask(house)
    for path in (link, *QUESTIONS, "/privacy/ask/check", "/privacy/case", "/privacy/case/leave"):
        answer = browser.client.post(path, data={**GUEST, "csrf_token": "forged"})
        assert answer.status_code == 400, path
        assert "<h1>" in answer.text, path
    assert house.hotel.ours("request")[0]["state"] == "received"


@pytest.mark.parametrize(
    ("scheme", "field"), [("http", "csrf_token"), ("https", "csrf_token"), ("http", "_hotel_token")]
)
def test_a_host_that_protects_its_forms_itself_lets_ours_pass(
    house: House, scheme: str, field: str
) -> None:
    """CSRFProtect, with its strict look at the referrer over HTTPS and with the host's own name of
    the field, accepts our forms."""
    house.app.config["WTF_CSRF_FIELD_NAME"] = field
    CSRFProtect(house.app)
    client = house.browser().client
    base = f"{scheme}://localhost"
    given = {"wish": "erase", "phone": "", "booking": "", **GUEST}
    for page in (*QUESTIONS, "/privacy/ask/check"):
        form = client.get(page, base_url=base)
        token = re.search(rf'name="{field}" value="([^"]+)"', form.text)
        assert token is not None
        assert form.headers["Referrer-Policy"] == "same-origin"
        answer = client.post(
            page,
            data={**given, field: token[1]},
            base_url=base,
            headers={"Referer": f"{base}{page}"},
        )
        assert answer.status_code == 303, page
    assert len(house.hotel.ours("intake")) == 1


def test_every_page_is_dressed(house: House) -> None:
    """Pages, refusals and redirects may load nothing but our style sheet, and are kept nowhere."""
    browser = house.browser()
    for path in ("/privacy/", *QUESTIONS, "/privacy/ask/check", "/privacy/link/x",
                 "/privacy/case/x"):  # fmt: skip
        headers = browser.client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
    sheet = browser.client.get("/privacy/guesterase-static/guesterase.css")
    assert sheet.status_code == 200
    assert sheet.headers["Cache-Control"] == "private, max-age=3600"
    assert len(sheet.data) < 9728
    sheet.close()
    for place in ("/privacy", "/desk/privacy"):
        none = browser.client.get(f"{place}/guesterase-static/none.css")
        assert none.status_code == 404
        assert none.headers["Cache-Control"] == "no-store"


def test_pages_hold_no_script_and_no_style_of_their_own(house: House) -> None:
    """Nothing that the strict policy forbids is in a page, nor anything from another place."""
    browser, _ = erased(house)
    browser.answers(**GUEST)
    for path in ("/privacy/", *QUESTIONS, "/privacy/ask/check", "/privacy/case",
                 "/privacy/case/certificate"):  # fmt: skip
        page = browser.get(path)
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|src=|@import", page), path
        assert not re.search(r'href="(?:https?:)?//', page), path


def test_too_large_a_form_is_refused(house: House) -> None:
    """Nobody fills the memory through the form."""
    browser = house.browser()
    answer = browser.post("/privacy/ask/name", name="x" * 70_000)
    assert answer.status_code == 413
    assert "<h1>" in answer.text


def test_a_missing_table_is_told_in_the_guests_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """When our tables are gone, a guest reads "later"; the log names the error and no value."""
    with house.hotel.engine.begin() as conn:
        conn.execute(text("DROP TABLE guesterase_intake"))
    with caplog.at_level(logging.DEBUG):
        answer = house.browser().ask(**GUEST)
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
    assert "共 4 问" in page
    assert '<html lang="zh-Hans">' in page
    assert browser.post("/privacy/ask", wish="erase").location == "/privacy/ask/name"
    browser.post("/privacy/ask/name", name="Ann")
    browser.post("/privacy/ask/contact", phone="12345")
    assert browser.post("/privacy/ask/booking").location == "/privacy/ask/check"
    assert browser.post("/privacy/ask/check").location == "/privacy/asked"
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
    house.browser().ask(**GUEST)
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
