"""A button that is pressed twice: what is shown once is not lost with the first answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import update
from werkzeug.test import TestResponse

from flask_guesterase import Canary
from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.requests import intake
from flask_guesterase.web.forms import pressing
from tests.web.house import Browser, House
from tests.web.test_claims import OLA, slip
from tests.web.test_complaints import complain, refused
from tests.web.test_copied import GUEST, asked, letters, released

DESK = "/desk/privacy"

BEFORE = "This was sent before, word for word."
"""What a page says of a form that was sent twice, beside what it says anyway."""


def link(house: House, wish: str) -> str:
    """Let a guest ask, and return the address in the letter."""
    assert house.browser().ask(**GUEST, wish=wish).status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/(?:copy/)?link/[\w-]+)", letters(house))
    assert found is not None
    return found[1]


def twice(house: House, page: str, **form: str) -> tuple[Browser, list[TestResponse]]:
    """Press the button of a page twice before the browser has the first answer."""
    browser = house.browser()
    sent = {**form, "csrf_token": browser.token(page)}
    before = browser.client.get_cookie("session")
    assert before is not None
    first = browser.client.post(page, data=sent)
    # The browser lets go of the first answer, and of the cookie in it.
    browser.client.set_cookie("session", before.value)
    return browser, [first, browser.client.post(page, data=sent)]


def codes(pages: list[TestResponse]) -> list[str]:
    """Return the case codes on pages."""
    return [code for page in pages for code in re.findall(r'class="secret">([\w-]+)<', page.text)]


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_link_pressed_twice_shows_the_case_code(house: House, wish: str) -> None:
    """The second answer, the only one that is seen, has the code, and the code opens the case."""
    browser, pages = twice(house, link(house, wish))
    first, second = codes(pages)
    assert first == second
    assert "Your case code" in pages[1].text
    assert house.browser().post("/privacy/case", code=second).status_code == 303
    assert house.hotel.ours("request")[0]["number"] in browser.get("/privacy/case")


def test_a_slip_entered_twice_shows_the_case_code(house: House) -> None:
    """A guest without any contact, who has no other way to their case, does not lose it."""
    house.hotel.guest(5, name="Ola Berg", document_no="W77")
    _, pages = twice(house, "/privacy/claim", code=slip(house), name=OLA["name"])
    first, second = codes(pages)
    assert first == second
    assert house.browser().post("/privacy/case", code=second).status_code == 303


@pytest.mark.parametrize("left", [False, True])
def test_nobody_else_gets_the_code_of_a_used_link(house: House, left: bool) -> None:
    """Another browser with the same letter, or this one once its case was closed, gets nothing."""
    here = link(house, "erase")
    other = house.browser()
    seen = other.token(here)
    browser, pages = twice(house, here)
    assert len(set(codes(pages))) == 1
    if left:
        browser.client.get("/privacy/case")
        assert browser.post("/privacy/case/leave", "/privacy/case").status_code == 303
        other, seen = browser, browser.token()
    again = other.client.post(here, data={"csrf_token": seen})
    assert (again.status_code, codes([again])) == (410, [])


@pytest.mark.parametrize("typed", [str.upper, str.lower])
def test_a_clerk_who_presses_twice_has_the_slip(house: House, typed: Callable[[str], str]) -> None:
    """A guest at the desk goes home with the code: nobody can print it later."""
    number = typed(house.request())
    here = f"/desk/privacy/{number}"
    desk = house.browser("clerk")
    token = desk.token(here)
    before = desk.client.get_cookie("session")
    assert before is not None
    pages = []
    for _ in range(2):
        desk.client.set_cookie("session", before.value)
        pages.append(desk.client.post(f"{here}/confirm", data={"how": "desk", "csrf_token": token}))
    first, second = codes(pages)
    assert first == second
    assert house.browser().post("/privacy/case", code=second).status_code == 303
    other = house.browser("officer")
    assert other.post(f"{here}/confirm", how="desk").status_code == 409


def test_a_copy_whose_button_is_pressed_twice_is_read(house: House) -> None:
    """The link opens once, and who let go of the first answer still reads what it opened."""
    guest, number = asked(house)
    released(house, number)
    assert guest.post("/privacy/case/copy").status_code == 303
    house.worker()
    found = re.search(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))
    assert found is not None
    browser, pages = twice(house, found[1])
    assert [page.location for page in pages] == ["/privacy/copy"] * 2
    assert GUEST["name"] in browser.get("/privacy/copy")
    assert house.browser().post(found[1]).status_code == 410
    (copy,) = house.hotel.ours("copy")
    assert copy["fetches"] == 1
    browser.post("/privacy/copy/close", "/privacy/copy")
    assert browser.post(found[1]).status_code == 410


def pressed(browser: Browser, page: str, form: dict[str, str]) -> list[TestResponse]:
    """Send a form twice as one page holds it, the second time without the cookie of the answer."""
    sent = {**form, "csrf_token": browser.token(page)}
    before = browser.client.get_cookie("session")
    assert before is not None
    answers = []
    for _ in range(2):
        browser.client.set_cookie("session", before.value)
        answers.append(browser.client.post(page, data=sent))
    return answers


MADE = {
    "incident": (
        "reporter", f"{DESK}/incidents/new",
        {"property": "sh", "kind": "leak", "text": "A list was left in the lift."},
    ),
    "complaint": (
        None, "/privacy/complain",
        {"property": "sh", "about": "about-manner", "text": "The night clerk laughed."},
    ),
    "filed-complaint": (
        "clerk", f"{DESK}/complaints/new",
        {"property": "sh", "request": "", "about": "about-manner", "text": "It was late.",
         "channel": "letter", "received": "2026-03-02", "sure": "2026-03-02", "lang": "en",
         "contact": ""},
    ),
    "hold": (
        "holder", f"{DESK}/holds/new",
        {"property": "sh", "scope": "subject", "table": "guests", "key": "1",
         "why": "court-order", "reference": "Case 7", "silent": "no"},
    ),
    "alert": (
        "reporter", f"{DESK}/mistake",
        {"property": "sh", "kind": "seen-by-others", "noticed": "",
         "words": "A list lay on the counter."},
    ),
}  # fmt: skip
"""What a form makes -> who sends it, where, and what it holds."""


@pytest.mark.parametrize("made", MADE)
def test_a_form_pressed_twice_makes_one(house: House, made: str) -> None:
    """The second answer, which alone is seen, tells of what the first one made."""
    who, page, form = _form(made)
    browser, table = house.browser(who), made.rpartition("-")[2]
    first, second = pressed(browser, page, form)
    assert first.status_code == second.status_code < 400, second.text
    assert first.location == second.location
    (row,) = house.hotel.ours(table)
    if "number" in row:
        assert row["number"] in (browser.get(second.location) if who is None else second.text)


@pytest.mark.parametrize("made", MADE)
def test_what_was_changed_since_is_another(house: House, made: str) -> None:
    """Whoever goes back, writes more and sends it again is not told that it was sent before."""
    who, page, form = _form(made)
    browser = house.browser(who)
    sent = {**form, "csrf_token": browser.token(page)}
    changed = {"hold": {"reference": "Case 8"}, "alert": {"words": "Two lists lay there."}}
    for each in (sent, sent | changed.get(made, {"text": "Something else."})):
        assert browser.client.post(page, data=each).status_code < 400
    assert len(house.hotel.ours(made.rpartition("-")[2])) == 2


@pytest.mark.parametrize("made", MADE)
def test_the_same_from_another_page_is_another(house: House, made: str) -> None:
    """Two people who write the same are two."""
    who, page, form = _form(made)
    for _ in range(2):
        assert house.browser(who).post(page, page, **form).status_code < 400
    assert len(house.hotel.ours(made.rpartition("-")[2])) == 2


def _form(made: str) -> tuple[str | None, str, dict[str, str]]:
    """Return who sends a form, its page and what is in it; a mistake was noticed a while ago."""
    who, page, form = MADE[made]
    if made == "alert":
        noticed = datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(hours=2)
        form = {**form, "noticed": noticed.strftime("%Y-%m-%dT%H:%M")}
    return who, page, form


def test_a_deed_about_an_incident_pressed_twice_is_done_once(house: House) -> None:
    """One measure, and no error for who told the authority and pressed once more."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_incident(Report("sh", "leak", "A list."), "officer")
    officer, page = house.browser("officer"), f"{DESK}/incidents/{number}"
    deeds = {
        "measures": {"what": "Shred it", "owner": "clerk", "due": "2999-01-01"},
        "told": {"duty": "CN/authority", "reference": "A-17"},
    }
    for deed, form in deeds.items():
        sent = {**form, "csrf_token": officer.token(page)}
        answers = [officer.client.post(f"{page}/{deed}", data=sent) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
    assert len(house.hotel.ours("measure")) == len(house.hotel.ours("notice")) == 1


def test_a_request_filed_by_two_presses_is_filed_once(house: House) -> None:
    """The journal says of a guest who came again that they did, and of a slow page nothing."""
    clerk, page = house.browser("clerk"), f"{DESK}/new"
    form = {
        "property": "sh", "key": "email", "value": GUEST["email"], "name": "", "channel": "desk",
        "received": str(datetime.now(ZoneInfo("Asia/Shanghai")).date()), "lang": "en",
        "asked_by": "", "reason": "", "wish": "erase",
    }  # fmt: skip
    answers = pressed(clerk, page, form)
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    assert answers[0].location == answers[1].location
    assert BEFORE in clerk.get(answers[1].location, wish="en")
    assert _told(house, "request-filed-again") == 0
    assert len(house.hotel.ours("request")) == 1
    # The guest is back: the form is opened anew, or taken up again an hour later.
    assert clerk.post(page, page, **form).status_code == 303
    assert _told(house, "request-filed-again") == 1
    sent = {**form, "csrf_token": clerk.token(page)}
    for _ in range(2):
        an_hour_ago(house)
        assert clerk.client.post(page, data=sent).status_code == 303
    assert _told(house, "request-filed-again") == 3


def test_what_is_asked_for_after_an_erasure_by_two_presses_is_asked_for_once(house: House) -> None:
    """Neither does the guest seem to come again, nor is what a second person reads replaced."""
    number = house.request()
    house.approve(number)
    house.worker()
    page = f"{DESK}/{number}"
    for who, deed, form, said, more in (
        ("clerk", "copy-after", {}, "request-filed-again", 0),
        ("officer", "restore", {"ground": "wrong-person"}, "restore-proposed", 1),
    ):
        browser = house.browser(who)
        sent = {**form, "csrf_token": browser.token(page)}
        answers = [browser.client.post(f"{page}/{deed}", data=sent) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        assert answers[0].location == answers[1].location
        assert BEFORE in browser.get(answers[1].location, wish="en")
        assert _told(house, said) == more
        # From the page opened anew it is meant anew.
        assert browser.post(f"{page}/{deed}", page, **form).status_code == 303
        assert _told(house, said) == more + 1
    assert len(house.hotel.ours("request")) == 2


def _told(house: House, action: str) -> int:
    """Return how often the journal says something."""
    return [row["action"] for row in house.hotel.ours("entry")].count(action)


def test_a_line_of_a_monthly_review_pressed_twice_is_one(house: House) -> None:
    """Findings and actions of the meeting are not doubled."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_monthly("sh", "issuer")
    issuer, page = house.browser("issuer"), f"{DESK}/reviews/{number}"
    before = len(house.hotel.ours("point"))
    for deed, form in (
        ("findings", {"text": "Answers come in time."}),
        ("actions", {"what": "Go on", "owner": "issuer", "due": "2999-01-01"}),
    ):
        sent = {**form, "csrf_token": issuer.token(page)}
        for _ in range(2):
            assert issuer.client.post(f"{page}/{deed}", data=sent).status_code == 303
    assert len(house.hotel.ours("point")) == before + 2


ENTERED = {
    "handover": ("clerk", "queue", "shift", {"property": "sh", "text": "All quiet."}),
    "published": (
        "watcher", "figures", "figures/published",
        {"property": "sh", "measure": "late-percent", "value": "4", "house": "Hotel Elm",
         "source": "Its report", "on": "2026-01-31"},
    ),
}  # fmt: skip
"""What a form enters -> who sends it, on which page, where to, and what it holds."""


@pytest.mark.parametrize("entered", ENTERED)
def test_what_is_entered_by_two_presses_is_there_once(house: House, entered: str) -> None:
    """Nobody is asked to take over the same shift twice, nor compared with one figure twice."""
    who, page, path, form = ENTERED[entered]
    browser = house.browser(who)
    sent = {**form, "csrf_token": browser.token(f"{DESK}/{page}")}
    answers = [browser.client.post(f"{DESK}/{path}", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303], answers[0].text
    assert len(house.hotel.ours(entered)) == 1


def test_feedback_pressed_twice_is_not_called_lost(house: House) -> None:
    """The second answer is the page of the case, not that it is too late and was not kept."""
    _, guest = refused(house)
    page = "/privacy/case/feedback"
    answers = pressed(guest, page, {"rating": "4", "words": "Quick."})
    assert [answer.location for answer in answers] == ["/privacy/case"] * 2
    assert len(house.hotel.ours("feedback")) == 1


def test_an_answer_to_a_complaint_pressed_twice_is_sent_once(house: House) -> None:
    """Who answers is not told that somebody else acted, and that the words are not kept."""
    _, guest = refused(house)
    page = f"{DESK}/complaints/{complain(guest)}"
    second = house.browser("second")
    sent = {"outcome": "upheld", "words": "It stands.", "csrf_token": second.token(page)}
    answers = [second.client.post(f"{page}/answer", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]


def test_a_reviewer_who_presses_twice_reads_and_answers(house: House) -> None:
    """Link and code open once; who let go of the first answer is not locked out for good."""
    _, guest = refused(house)
    page = f"{DESK}/complaints/{complain(guest)}"
    invited = house.browser("second").post(f"{page}/invite", page, mode="recommend").text
    link = re.search(r"/privacy/review/[\w-]+", invited)
    code = re.search(r'class="secret whole">([\w-]+)<', invited)
    assert link is not None
    assert code is not None
    reviewer, other = house.browser(), house.browser()
    answers = pressed(reviewer, link[0], {"code": code[1]})
    assert [answer.location for answer in answers] == ["/privacy/review"] * 2
    assert other.post(link[0], link[0], code=code[1]).status_code == 410
    said = {"outcome": "upheld", "words": "It stands."}
    first, again = pressed(reviewer, "/privacy/review", said)
    assert first.status_code == again.status_code == 200
    assert first.text == re.sub(rf"<p [^>]+>{BEFORE}[^<]+</p>", "", again.text)


def test_a_letter_called_printed_twice_is_no_error(house: House) -> None:
    """In two windows, or by a button that is pressed twice; it is noted once."""
    house.request()
    with house.app.app_context(), house.extension.begin() as office:
        post = outbox.Post("pine-ltd", "sh", "en", value="a@mail.example")
        outbox.queue_post(office.work, post, "complained", {"number": "GC-A"}, "m")
    clerk = house.browser("clerk")
    for _ in range(2):
        assert clerk.post(f"{DESK}/outbox/1", f"{DESK}/new").status_code == 303
    assert house.browser("far-officer").post(f"{DESK}/outbox/1", f"{DESK}/new").status_code == 404
    assert clerk.post(f"{DESK}/outbox/2", f"{DESK}/new").status_code == 404


@pytest.mark.parametrize("who", ["guest", "clerk"])
def test_who_takes_a_request_back_by_two_presses_is_led_to_it(house: House, who: str) -> None:
    """Not told that it is too late, of what was done a moment ago."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        code = office.confirm(number, "clerk", "desk")
    browser = house.browser(None if who == "guest" else who)
    page = f"{DESK}/{number}"
    if who == "guest":
        page = "/privacy/case"
        assert browser.post(page, code=code).status_code == 303
        page = f"{page}/withdraw"
    sent = {"csrf_token": browser.token(page)}
    path = page if who == "guest" else f"{page}/withdraw"
    answers = [browser.client.post(path, data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert house.state(number) == "withdrawn"


def test_an_objection_settled_by_two_presses_is_no_unknown_request(house: House) -> None:
    """The officer is not told that there is no such request, of the one that is open there."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
        office.object_to(tokens.objection(office.work, number))
    officer, page = house.browser("officer"), f"{DESK}/{number}"
    sent = {"csrf_token": officer.token(page)}
    answers = [officer.client.post(f"{page}/objection", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]


def reviewed(house: House) -> str:
    """Return the number of a request that waits for a decision."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    house.settle(number)
    return number


def deed(house: House, name: str) -> tuple[str, str, dict[str, str]]:
    """Return the page of a deed, where its button leads, and what it sends."""
    if name == "lift":
        with house.app.app_context(), house.extension.begin() as office:
            wanted = Wanted("subject", why="court-order", table="guests", key="1", reference="C 7")
            made = office.place_hold(wanted, "holder")
        return f"{DESK}/holds", f"{DESK}/holds/{made}/lift", {}
    number = reviewed(house)
    page = f"{DESK}/{number}"
    with house.app.app_context(), house.extension.begin(write=False) as office:
        digest = office.preview(number).as_dict()["digest"]
    sent = {"approve": {"digest": digest}, "refuse": {"ground": "another-persons-data"}}
    return page, f"{page}/{name}", sent[name]


def an_hour_ago(house: House) -> None:
    """Let what was sent until now have been sent an hour ago."""
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.filed).values(at=datetime.now(UTC) - timedelta(hours=1)))


DEEDS = {"approve": "officer", "refuse": "officer", "lift": "holder"}
"""Deed -> who does it."""


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_pressed_twice_is_no_error(house: House, name: str) -> None:
    """The second answer leads where the first one led, and the page says that it was done."""
    page, path, sent = deed(house, name)
    browser = house.browser(DEEDS[name])
    entries = len(house.hotel.ours("entry"))
    form = {**sent, "csrf_token": browser.token(page)}
    first = browser.client.post(path, data=form)
    written = len(house.hotel.ours("entry"))
    assert BEFORE not in browser.get(page, wish="en")
    second = browser.client.post(path, data=form)
    assert (first.status_code, second.status_code) == (303, 303), second.text
    assert first.location == second.location
    assert BEFORE in browser.get(page, wish="en")
    assert BEFORE not in browser.get(page, wish="en")
    assert len(house.hotel.ours("entry")) == written > entries


def moments_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the moment pass for which a browser knows what it did."""
    now = time.time() + pressing.MOMENT.total_seconds()
    monkeypatch.setattr(pressing, "clock", lambda: now)


def tabs(
    house: House, browser: Browser, page: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """Open a page in two tabs, one two seconds after the other; return the tokens of the forms."""
    token = browser.token(page)
    made = URLSafeTimedSerializer(house.app.secret_key, salt="wtf-csrf-token")
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 2)
        return made.dumps(made.loads(token)), token


@pytest.mark.parametrize("name", ["approve", "refuse"])
def test_a_deed_in_two_tabs_is_no_error(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Who did it in one tab and does the same in the other is not told that somebody else acted."""
    page, path, sent = deed(house, name)
    browser = house.browser("officer")
    first, other = tabs(house, browser, page, monkeypatch)
    done = browser.client.post(path, data={**sent, "csrf_token": first})
    written = len(house.hotel.ours("entry"))
    assert BEFORE not in browser.get(page, wish="en")
    again = browser.client.post(path, data={**sent, "csrf_token": other})
    assert (done.status_code, again.status_code) == (303, 303), again.text
    assert done.location == again.location
    assert BEFORE in browser.get(page, wish="en")
    assert len(house.hotel.ours("entry")) == written


@pytest.mark.parametrize("change", ["person", "decision", "later"])
def test_anything_else_in_another_tab_stays_refused(
    house: House, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Whoever decides otherwise, or is somebody else, or comes later, reads where it stands."""
    page, path, sent = deed(house, "refuse")
    browser = house.browser("officer")
    first, other = tabs(house, browser, page, monkeypatch)
    assert browser.client.post(path, data={**sent, "csrf_token": first}).status_code == 303
    if change == "person":
        browser.get("/in/second")
    elif change == "decision":
        sent = {"ground": "identity-not-shown"}
    else:
        moments_later(monkeypatch)
    assert browser.client.post(path, data={**sent, "csrf_token": other}).status_code == 409


@pytest.mark.parametrize("name", ["approve", "refuse"])
@pytest.mark.parametrize("change", ["person", "decision", "page", "later"])
def test_any_other_decision_stays_refused(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str, change: str
) -> None:
    """Another person at the same screen, another decision, a page of its own, or an hour later."""
    page, path, sent = deed(house, name)
    browser = house.browser("officer")
    form = {**sent, "csrf_token": browser.token(page)}
    assert browser.client.post(path, data=form).status_code == 303
    if change == "person":
        browser.get("/in/second")
    elif change == "decision":
        form |= {"digest": "0" * 64, "ground": "another-persons-data"}
    elif change == "page":
        browser = house.browser("officer")
        form["csrf_token"] = browser.token(page)
    else:
        an_hour_ago(house)
        moments_later(monkeypatch)
    assert browser.client.post(path, data=form).status_code == 409


def test_a_hold_that_was_lifted_since_is_placed_again(house: House) -> None:
    """An old page that is sent once more keeps what it says, not what it made this morning."""
    who, page, form = _form("hold")
    holder = house.browser(who)
    sent = {**form, "csrf_token": holder.token(page)}
    assert holder.client.post(page, data=sent).status_code == 303
    an_hour_ago(house)
    (hold,) = house.hotel.ours("hold")
    for each in ("holder", "second-holder"):
        with house.app.app_context(), house.extension.begin() as office:
            office.lift(hold["id"], each)
    assert holder.client.post(page, data=sent).status_code == 303
    assert [row["lifted_at"] is None for row in house.hotel.ours("hold")] == [False, True]


@pytest.mark.parametrize("made", ["incident", "complaint", "hold"])
def test_what_was_sent_before_is_said(house: House, made: str) -> None:
    """Sent again word for word from a page left open, it does nothing; the page says so, once."""
    who, page, form = _form(made)
    browser = house.browser(who)
    sent = {**form, "csrf_token": browser.token(page)}
    told = []
    for _ in range(2):
        answer = browser.client.post(page, data=sent, headers={"Accept-Language": "en"})
        shown = answer.text
        if answer.status_code == 303:
            shown = browser.get(answer.location, wish="en")
        told.append(BEFORE in shown)
    assert told == [False, True]


def test_a_request_pressed_twice_comes_in_once(house: House) -> None:
    """Who lets go of the first answer, and of the cookie that says it was sent, has one letter."""
    browser, page = house.browser(), "/privacy/ask/check"
    browser.answers(**GUEST, wish="erase")
    read = re.search(r'name="read" value="([^"]+)"', browser.get(page))
    assert read is not None
    answers = pressed(browser, page, {"read": read[1]})
    assert [answer.location for answer in answers] == ["/privacy/asked"] * 2
    assert len(house.hotel.ours("intake")) == 1


def test_other_answers_under_one_token_are_another_request(house: House) -> None:
    """Whoever comes next at the desk's computer sends theirs, also from a page of the host's own
    that does not say which answers it showed."""
    browser, page = house.browser(), "/privacy/ask/check"
    browser.answers(**GUEST, wish="erase")
    sent = {"csrf_token": browser.token(page)}
    for name in (GUEST["name"], "Cleo Other"):
        browser.answers(**{**GUEST, "name": name}, wish="erase")
        assert browser.client.post(page, data=sent).location == "/privacy/asked"
    assert len(house.hotel.ours("intake")) == 2


def test_a_request_that_failed_is_sent_by_the_next_press(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says that it was sent where the first press met an error after it was noted."""
    browser, page = house.browser(), "/privacy/ask/check"
    browser.answers(**GUEST, wish="erase")
    read = re.search(r'name="read" value="([^"]+)"', browser.get(page))
    assert read is not None
    sent = {"csrf_token": browser.token(page), "read": read[1]}
    with monkeypatch.context() as patch:
        patch.setattr(intake, "_sealed", _busy)
        assert browser.client.post(page, data=sent).status_code == 503
    assert browser.client.post(page, data=sent).location == "/privacy/asked"
    assert BEFORE not in browser.get("/privacy/asked", wish="en")
    assert len(house.hotel.ours("intake")) == 1


def _busy(*_: object) -> None:
    raise BusyError("Another transaction holds the rows that are needed.")


def test_a_link_to_a_copy_asked_for_by_two_presses_is_sent_once(house: House) -> None:
    """Two letters would come, and the button works five times a day."""
    browser, number = asked(house)
    released(house, number)
    sent = {"csrf_token": browser.token("/privacy/case")}
    answers = [browser.client.post("/privacy/case/copy", data=sent) for _ in range(2)]
    assert [answer.location for answer in answers] == ["/privacy/case/copy"] * 2
    assert len(set(re.findall(r"/privacy/copy/open/[\w-]+", letters(house)))) == 1


def test_a_pin_set_by_two_presses_is_not_called_wrong(house: House) -> None:
    """Who sets another PIN, and presses once more, is not told that the old one does not fit."""
    clerk, page = house.browser("clerk"), f"{DESK}/pin"
    for old, new in (("", "739154"), ("739154", "846251")):
        answers = pressed(clerk, page, {"pin": new, "again": new, "old": old})
        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
    with house.app.app_context(), house.extension.begin() as office:
        assert office.check_pin("clerk", "846251")
        assert not office.check_pin("clerk", "739154")


def test_who_switches_invented_guests_on_by_two_presses_said_so_once(house: House) -> None:
    """Not refused as who wants to be the second person as well: that is for later."""
    house.extension.canary(Canary(make=lambda session, who: [], property="sh"))
    officer, page = house.browser("officer"), f"{DESK}/canaries"
    sent = {"property": "sh", "csrf_token": officer.token(page)}
    answers = [officer.client.post(f"{page}/on", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    with house.app.app_context(), house.extension.begin(write=False) as office:
        assert office.canaries_on() == {"sh": False}
