"""What the guest's pages say is so: what went, a complaint's answer, a slip of the pen, an end."""

from __future__ import annotations

import html
import logging
import re
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from flask_guesterase.core.answer import Answer, Staying, answered, read_answer
from flask_guesterase.store import tables
from flask_guesterase.web import staff
from flask_guesterase.web.wording.answers import in_words
from flask_guesterase.web.wording.language import Language
from tests.web.house import CANARY, Browser, House
from tests.web.test_guest import GUEST, ask, erased, proved

DESK = "/desk/privacy"


def went(page: str) -> list[str]:
    """Return the lines under "What went" of a page, as people read them."""
    found = re.search(r"<h2>What went</h2>\s*<ul>(.*?)</ul>", page, re.DOTALL)
    assert found is not None
    return [html.unescape(line) for line in re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL)]


def test_what_only_lost_details_is_not_said_to_have_gone(house: House) -> None:
    """A booking whose remark was overwritten is still there, and case, paper and letter say so."""
    browser, number = erased(house)
    case = browser.get("/privacy/case?lang=en")
    lines = went(case)
    assert "bookings" not in lines
    assert "bookings: details about you in there" in lines
    assert "your profile: name and contacts" in lines
    assert went(browser.get("/privacy/case/certificate").partition("In plain words")[2]) == lines
    shown = house.browser("officer").get(f"{DESK}/{number}?lang=en")
    assert "<li>bookings: details about you in there</li>" in shown
    assert "<li>bookings</li>" not in shown


@pytest.mark.parametrize("action", ["overwritten", "deleted-uncopied"])
def test_a_certificate_says_that_what_was_overwritten_is_still_there(
    house: House, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """Rows of which columns were declared to stay are not nothing."""
    _, number = erased(house)
    real = staff._certificate

    def nothing_kept(number: str) -> Any:
        body, hotel = real(number)
        gone = {"table": "guests", "rows": 1, "columns": ["name"], "action": action}
        content = {**body["content"], "stays": [], "shared": [], "went": [gone]}
        return {**body, "content": content}, hotel

    monkeypatch.setattr(staff, "_certificate", nothing_kept)
    page = house.browser("officer").get(f"{DESK}/{number}/certificate?lang=en")
    assert ("Nothing but rows that were overwritten" in page) is (action == "overwritten")
    assert ("<li>Nothing.</li>" in page) is (action != "overwritten")


def test_a_certificate_does_not_call_all_erased_where_a_record_stays_for_a_later_stay(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a profile went of which a bill needed all, and whose guest booked again."""
    _, number = erased(house)
    real = staff._certificate

    def lives(number: str) -> Any:
        body, hotel = real(number)
        shared = [{"table": "guests", "rows": 1, "columns": ["name"]}]
        content = {**body["content"], "state": "erased", "stays": [], "shared": shared}
        return {**body, "content": content}, hotel

    monkeypatch.setattr(staff, "_certificate", lives)
    page = house.browser("officer").get(f"{DESK}/{number}/certificate?lang=en")
    assert "are set up to erase" not in page
    assert "What stays is listed below with its reason." in page
    assert "or of a stay that was booked since; only what was neither went" in html.unescape(page)


def test_what_was_deleted_is_said_to_have_gone() -> None:
    """Whole rows that went are told as they are; a kind of which something stays is not."""
    gone = {"table": "payments", "action": "deleted"}
    bills = {"table": "invoices", "action": "deleted"}
    kept = {"table": "folios", "category": "invoice", "basis": "A 1", "until": "2056-01-01"}
    said = {
        "state": "sealed", "went": [gone, bills], "stays": [kept], "shared": [], "partial": [],
        "recovery_until": "",
    }  # fmt: skip
    answer = answered(said, reported=False)
    assert read_answer(answer.to_json()) == answer
    assert in_words(Language("en"), answer).went == (
        "payments", "invoices and bills: details about you in there",
    )  # fmt: skip


def test_a_profile_of_which_something_stays_is_not_said_to_have_gone() -> None:
    """Name and contacts are named only where nothing of the profile is kept."""
    stays = (Staying("", "guest_register", "A 1"),)
    told = [
        in_words(Language("en"), Answer("sealed", ("guests",), stays, partly=("guests",), kept=k))
        for k in ((), ("guests",))
    ]
    assert [each.went for each in told] == [
        ("your profile: name and contacts",), ("details in your profile",),
    ]  # fmt: skip


def test_an_answer_that_was_written_before_can_be_read() -> None:
    """A letter that waited over an upgrade knows nothing of parts, and is told as it was."""
    old = '{"state":"erased","went":["bookings"],"stays":[],"shared":false}'
    assert in_words(Language("en"), read_answer(old)).went == ("bookings",)


def refused(house: House, person: str = "ann@mail.example", name: str = CANARY) -> Browser:
    """Refuse a request and return the browser of its guest, which holds the case code."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": person, "name": name}, property="sh", by="clerk")
        code = office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
    guest = house.browser()
    guest.get("/privacy/?lang=en")
    assert guest.post("/privacy/case", code=code).status_code == 303
    return guest


def complain(guest: Browser, path: str = "/privacy/case/complain", **more: str) -> str:
    """Complain and return the complaint's number."""
    answer = guest.post(path, about="about-refusal", text="I was laughed at.", **more)
    assert answer.status_code == 303, answer.text
    found = re.search(r"GC-\w{8}", guest.get(answer.location))
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("upheld", "what the hotel did or decided stays as it is."),
     ("overturned", "The refusal does not stand; the request is decided anew.")],
)  # fmt: skip
def test_a_complaint_and_its_answer_are_on_the_page_of_the_case(
    house: House, outcome: str, said: str
) -> None:
    """Number and day by which there is an answer; then the day it came, what it says, and why."""
    guest = refused(house)
    number = complain(guest)
    page = guest.get("/privacy/case")
    assert number in page
    assert "<dt>Answer due</dt>" in page
    assert "I was laughed at." not in page
    house.browser("second").post(
        f"{DESK}/complaints/{number}/answer", outcome=outcome, words="We looked <b>again</b>."
    )
    page = guest.get("/privacy/case").partition("What you complained about")[2]
    assert number in page
    assert "<dt>Answered</dt>" in page
    assert "<dt>Answer due</dt>" not in page
    assert said in page
    assert "We looked &lt;b&gt;again&lt;/b&gt;." in page
    assert "second" not in page


def test_no_other_complaint_is_on_the_page_of_a_case(house: House) -> None:
    """Neither that of another guest's case, nor one without a case, nor an empty heading."""
    ann, bea = refused(house), refused(house, "bea@mail.example", "Bea Lund")
    theirs = complain(bea)
    free = complain(
        house.browser(), "/privacy/complain", property="sh", contact="ann@mail.example"
    )
    page = ann.get("/privacy/case")
    assert theirs not in page
    assert free not in page
    assert "What you complained about" not in page
    mine = complain(ann)
    page = ann.get("/privacy/case")
    assert mine in page
    assert theirs not in page
    ann.post("/privacy/case/leave")
    assert mine not in ann.get("/privacy/case")


def test_a_mistyped_case_code_comes_back_to_be_corrected(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The form says that no case has this code and keeps what was typed, for any such code."""
    _, code = proved(house)
    typed = code[:-1] + ("A" if code[-1] != "A" else "B")
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    with caplog.at_level(logging.DEBUG):
        answers = [browser.post("/privacy/case", code=each) for each in (typed, 'X"><b>')]
    for answer, back in zip(answers, (typed, "X&#34;&gt;&lt;b&gt;"), strict=True):
        assert answer.status_code == 410
        assert answer.headers["Cache-Control"] == "no-store"
        assert 'action="/privacy/case"' in answer.text
        assert "No case has this code. Look at each sign again" in answer.text
        assert f'value="{back}"' in answer.text
        assert 'aria-invalid="true" aria-describedby="code-hint code-wrong"' in answer.text
        assert "send the form again" not in answer.text
    assert typed not in caplog.text
    pages = [
        re.sub(r'value="[^"]*"', "", answer.text) for answer in answers
    ]
    assert pages[0] == pages[1]
    assert browser.post("/privacy/case", code=code).status_code == 303


def test_a_wrong_claim_code_leaves_the_name_in_its_field(house: House) -> None:
    """The name need not be typed again; the code, which is a secret, is."""
    browser = house.browser()
    answer = browser.post("/privacy/claim", code="AAAA-BBBB-CCCC-DDDD", name='Ann "Z"')
    assert answer.status_code == 410
    assert 'value="Ann &#34;Z&#34;"' in answer.text
    assert "AAAA-BBBB" not in answer.text


def test_a_request_is_taken_back_in_two_steps(house: House) -> None:
    """The page of the case leads to a page that asks once more; only its button takes it back."""
    browser, _ = proved(house)
    case = browser.get("/privacy/case?lang=en")
    assert 'href="/privacy/case/withdraw"' in case
    assert 'action="/privacy/case/withdraw"' not in case
    page = browser.get("/privacy/case/withdraw")
    assert "Your request ends, and nothing is erased." in page
    assert "Back to my case" in page
    assert house.hotel.ours("request")[0]["state"] == "review"
    answer = browser.post("/privacy/case/withdraw", "/privacy/case/withdraw")
    assert answer.status_code == 303
    assert house.hotel.ours("request")[0]["state"] == "withdrawn"
    assert browser.client.get("/privacy/case/withdraw").location == "/privacy/case"


def test_a_request_that_was_taken_back_does_not_look_done(house: House) -> None:
    """The steps end where it was taken back, with the day; the page leads to asking again."""
    browser, _ = proved(house)
    browser.post("/privacy/case/withdraw")
    page = browser.get("/privacy/case?lang=en")
    today = Language("en", "Asia/Shanghai").day(house.hotel.ours("request")[0]["ended_at"])
    steps = re.findall(r"<li( class=\"past\"| aria-current=\"step\")?>([^<]+)</li>",
                       page.partition("</ol>")[0])  # fmt: skip
    assert steps == [
        (' class="past"', "received"), (' class="past"', "checking it is you"),
        (' aria-current="step"', f"taken back on {today}"),
    ]  # fmt: skip
    assert f"You took the request back on {today}. Nothing was erased." in page
    assert f"<dt>{today}</dt><dd>the request was taken back</dd>" in page
    assert '<a href="/privacy/ask">Ask again</a>' in page


def test_a_refused_request_does_not_look_done(house: House) -> None:
    """The steps of a refusal end with the refusal, not with an erasure that never was."""
    page = refused(house).get("/privacy/case")
    assert '<li aria-current="step">refused</li>' in page
    assert ">done<" not in page


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [({"email": "li.wei@mail"}, "email", "This is not an e-mail address."),
     ({"email": "li wei"}, "email", "This is not an e-mail address."),
     ({"email": "li.wei@mail.example", "phone": "abc"}, "phone", "This is not a phone number."),
     ({"phone": "00000"}, "phone", "This is not a phone number.")],
)  # fmt: skip
def test_a_contact_that_cannot_exist_comes_back_to_be_corrected(
    house: House, given: dict[str, str], field: str, said: str
) -> None:
    """The error is at its field and says what to do; what was typed stays; nothing goes on."""
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    for page in ("/privacy/ask/contact", "/privacy/advertising"):
        answer = browser.post(page, page, **given)
        assert answer.status_code == 422, page
        assert f'<p class="wrong" id="{field}-wrong">{said}' in answer.text
        assert len(re.findall('class="wrong"', answer.text)) == 1
        assert all(f'value="{value}"' in answer.text for value in given.values())
    with browser.client.session_transaction() as session:
        assert "guesterase_asking" not in session
    assert house.hotel.ours("objection") == []


@pytest.mark.parametrize(
    "given",
    [{"email": "ｌｉ＠ｍａｉｌ．ｅｘａｍｐｌｅ"}, {"email": "鹭@mail.example"},
     {"phone": "139 1234 5678"}, {"phone": "＋８６ 139-1234-5678"}],
)  # fmt: skip
def test_a_contact_as_people_write_it_is_taken(house: House, given: dict[str, str]) -> None:
    """Full-width signs, other scripts and numbers without a country are no mistakes."""
    answer = house.browser().post("/privacy/ask/contact", "/privacy/ask/contact", **given)
    assert answer.status_code == 303


def test_a_copy_first_is_two_messages_that_can_be_told_apart(house: House) -> None:
    """The page promises two and says to open both; their subjects say which is which."""
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    sent = browser.ask(**{**GUEST, "wish": "copy-first"})
    assert sent.location is not None
    page = browser.get(sent.location)
    assert "two messages" in page
    assert "Open both links within 24 hours" in page
    house.worker()
    desk = house.browser("clerk").get(f"{DESK}/outbox?lang=en")
    subjects = re.findall(r"Is it you who asks[^<?]*\?", desk)
    assert sorted(set(subjects)) == [
        "Is it you who asks for a copy?", "Is it you who asks for erasure?",
    ]  # fmt: skip


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_one_wish_promises_one_message(house: House, wish: str) -> None:
    """Who asks for one thing waits for one message."""
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    sent = browser.ask(**{**GUEST, "wish": wish})
    assert sent.location == "/privacy/asked"
    page = browser.get(sent.location)
    assert "a message with a link" in page
    assert "two messages" not in page


@pytest.mark.parametrize(
    "path", ["/privacy/complain", "/privacy/case/complain", "/privacy/ask/name", "/privacy/case"]
)
def test_a_form_that_was_open_too_long_leads_back_to_itself(house: House, path: str) -> None:
    """Whoever took long to write finds the form again by a link, wherever it was."""
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    answer = browser.client.post(path, data={"text": "x", "csrf_token": "old"})
    assert answer.status_code == 400
    assert f'href="{path}">Open the form again</a>' in answer.text
    under = browser.client.post(
        path, data={"csrf_token": "old"}, base_url="http://localhost/hotel/"
    )
    assert f'href="/hotel{path}">Open the form again</a>' in under.text


@pytest.mark.parametrize("page", ["form", "link"])
def test_a_form_that_met_a_busy_database_leads_back_to_itself(house: House, page: str) -> None:
    """Nothing was changed, so the same button is to be pressed again: here is where it is."""
    browser = house.browser()
    browser.get("/privacy/?lang=en")
    path = "/privacy/ask/check"
    if page == "form":
        browser.answers(**GUEST)
    else:
        path = ask(house)[1]
    sent = {"csrf_token": browser.token(path)}
    with house.hotel.engine.connect() as other:
        raw: Any = other.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE")
        busy = browser.client.post(path, data=sent)
        raw.rollback()
    assert busy.status_code == 503
    assert f'href="{path}">Open the form again</a>' in busy.text
    assert browser.post(path, path).status_code in (200, 303)
    assert "Open the form again" not in browser.client.get("/privacy/link/over").text


@pytest.mark.parametrize("page", ["copy", "slip"])
def test_nobody_is_led_to_a_page_that_says_that_it_was_done(house: House, page: str) -> None:
    """Two buttons are on the page of the case; what is at their own address looks like success."""
    if page == "copy":
        (browser, _), path, here = proved(house), "/privacy/case/copy", "/privacy/case"
    else:
        browser, here = house.browser("clerk"), f"{DESK}/{house.request()}"
        path = f"{here}/slip"
    sent = {"csrf_token": browser.token(here)}
    with house.hotel.engine.connect() as other:
        raw: Any = other.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE")
        answers = [browser.client.post(path, data=sent)]
        raw.rollback()
    answers.append(browser.client.post(path))
    assert [answer.status_code for answer in answers] == [503, 400]
    for answer in answers:
        assert path not in answer.text
        assert f'href="{here}"' in answer.text


@pytest.mark.parametrize("field", ["csrf_token", "_hotel_token"])
def test_what_was_written_in_a_form_open_too_long_is_given_back(
    house: House, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Who wrote for an hour can copy it, and finds the form; what others send is not repeated."""
    path = "/privacy/complain"
    house.app.config["WTF_CSRF_FIELD_NAME"] = field

    def token_of(client: FlaskClient) -> str:
        return re.findall(rf'name="{field}" value="([^"]+)"', client.get(path).text)[0]

    browser = house.browser()
    token, now = token_of(browser.client), time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * 60 * 60)
    written = {"text": "first <b>line</b>\nsecond line"}
    late = browser.client.post(path, data={**written, field: token})
    assert late.status_code == 400
    assert "first &lt;b&gt;line&lt;/b&gt;\nsecond line</textarea>" in late.text
    assert f'href="{path}">Open the form again</a>' in late.text
    for other in ("forged", token_of(house.browser().client)):
        answer = browser.client.post(path, data={**written, field: other})
        assert answer.status_code == 400
        assert "second line" not in answer.text


@pytest.mark.parametrize("path", ["/privacy/case/leave", "/privacy/review/letter"])
def test_where_there_is_no_form_nothing_leads_to_one(house: House, path: str) -> None:
    """An address that only takes what is sent is no page to go back to."""
    answer = house.browser().client.post(path, data={"csrf_token": "old"})
    assert answer.status_code == 400
    assert f'href="{path}"' not in answer.text


@pytest.mark.parametrize(
    ("wish", "path"), [("erase", "/privacy/link"), ("copy", "/privacy/copy/link")]
)
def test_an_older_link_of_a_request_that_moved_on_asks_nothing(
    house: House, wish: str, path: str
) -> None:
    """A second link says that it is not needed, or that the request was taken back."""
    browser = house.browser()
    for _ in range(2):
        browser.ask(**{**GUEST, "wish": wish})
        house.worker()
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    first, second = dict.fromkeys(re.findall(rf"http://localhost({path}/[\w-]+)", letters))
    browser.get(f"{first}?lang=en")
    assert browser.post(first).status_code == 200
    page = browser.get(second)
    assert "This link is not needed any more" in page
    assert "Yes, it is me" not in page
    assert 'href="/privacy/case">Open my case</a>' in page
    assert browser.post("/privacy/case/withdraw").status_code == 303
    if wish == "erase":
        assert "The request was taken back. Nothing was erased." in browser.get(second)
    else:
        browser.get(second, 410)  # what lay ready is gone, and the links with it


@pytest.mark.parametrize(
    ("wish", "path"), [("erase", "/privacy/link"), ("copy", "/privacy/copy/link")]
)
def test_a_link_of_a_request_that_ended_says_so(house: House, wish: str, path: str) -> None:
    """Another worker ended it while the link was made: it was neither confirmed nor answered."""
    browser = house.browser()
    browser.ask(**{**GUEST, "wish": wish})
    house.worker()
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    (link,) = set(re.findall(rf"http://localhost({path}/[\w-]+)", letters))
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.request).values(state="expired"))
    page = browser.get(f"{link}?lang=en")
    assert "The request ended because nobody showed who they are in time." in page
    assert "confirmed already" not in page
    assert 'href="/privacy/ask">Ask again</a>' in page


def test_a_certificate_says_how_the_erasure_was_checked_and_not_the_guest(house: House) -> None:
    """A Japanese reader does not take the proof that nothing is left for one of identity."""
    browser, _ = erased(house)
    page = browser.get("/privacy/case/certificate?lang=ja")
    named = re.findall(r"<dt>([^<]+)</dt>", page)
    assert "消去を確かめた方法" in named
    assert [name for name in named if "本人" in name] == []


def test_who_lost_their_case_code_is_told_who_helps(house: House) -> None:
    """A guest who asks once more, since the code is gone, reads more than to use the code."""
    proved(house)
    assert house.browser().ask(**GUEST).status_code == 303
    house.worker()
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    assert "Your request is with us already" in letters
    assert "Ask at the reception or write to us" in letters
