"""Pages and commands of complaints: the guest's, the clerk's, the officer's, the reviewer's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from markupsafe import escape
from sqlalchemy import insert

from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.complaints.looking import PAGE
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.web.guestpages import guestdesk
from flask_guesterase.web.wording.letters import written
from tests.store.meter import fetched
from tests.store.test_owndata import forget
from tests.web.house import CANARY, Browser, House
from tests.web.test_cli import Console, code_of
from tests.web.test_restoring import erased

DESK = "/desk/privacy"
WORDS = "The night clerk laughed <b>at me</b>."


def refused(house: House) -> tuple[str, Browser]:
    """Return a refused request and the browser of its guest, which holds the case code."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        code = office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
    guest = house.browser()
    assert guest.post("/privacy/case", code=code).status_code == 303
    return number, guest


def complain(guest: Browser, about: str = "about-refusal") -> str:
    """Complain on the page of a case and return the complaint's number."""
    answer = guest.post("/privacy/case/complain", about=about, text=WORDS)
    assert answer.status_code == 303, answer.text
    found = re.search(r"GC-\w{8}", guest.get(answer.location))
    assert found is not None
    return found[0]


@pytest.mark.parametrize("wish", ["en", "zh"])
def test_a_guest_complains_and_the_refusal_is_overturned(house: House, wish: str) -> None:
    """The page says by when; another person reads the letter first; the case is decided anew."""
    number, guest = refused(house)
    guest.get(f"/privacy/case?lang={wish}")
    complaint = complain(guest)
    assert {"en": "You complained.", "zh": "您已投诉"}[wish] in guest.get("/privacy/case")
    first = house.browser("officer").get(f"{DESK}/complaints/{complaint}?lang=en")
    assert "another person answers" in first
    assert "Read the letter first" not in first
    second = house.browser("second")
    page = second.get(f"{DESK}/complaints/{complaint}?lang=en")
    assert "laughed &lt;b&gt;at me&lt;/b&gt;" in page
    shown = second.post(
        f"{DESK}/complaints/{complaint}/letter", outcome="overturned", words="We are sorry."
    ).text
    assert "We are sorry." in shown
    assert "重新审核" in shown.partition('lang="zh-Hans">')[2]
    assert house.state(number) == "complaint"
    assert not any(row["template"] == "complaint" for row in house.hotel.ours("outbox"))
    answer = second.post(
        f"{DESK}/complaints/{complaint}/answer", outcome="overturned", words="We are sorry."
    )
    assert answer.status_code == 303
    assert house.state(number) == "review"
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    assert "We are sorry." in letters
    with house.app.app_context(), house.extension.begin(write=False) as office:
        due = date.fromisoformat(office.show(number)["due_on"])
    assert f"最迟于{due.year}年{due.month}月{due.day}日答复您" in letters
    assert CANARY not in second.get(f"{DESK}/complaints")


def test_who_complained_still_reads_on_which_ground_the_request_was_refused(house: House) -> None:
    """Until somebody answered, the page of the case says it; once overturned, it does not."""
    ground = "It is another person's data."
    _, guest = refused(house)
    assert ground in unescape(guest.get("/privacy/case", wish="en"))
    complaint = complain(guest)
    page = unescape(guest.get("/privacy/case", wish="en"))
    assert "You complained." in page
    assert ground in page
    house.browser("second").post(
        f"{DESK}/complaints/{complaint}/answer", outcome="overturned", words=""
    )
    assert ground not in unescape(guest.get("/privacy/case", wish="en"))


def test_only_who_was_refused_is_offered_to_complain_of_a_refusal(house: House) -> None:
    """Of a case in which nobody refused anything; who has none may mean one that is not here."""
    _, guest = refused(house)
    other = house.browser()
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
        code = office.confirm(number, "clerk", "desk")
    assert other.post("/privacy/case", code=code).status_code == 303
    refusal, late = ("The request was refused.", "It takes too long.")
    for browser, path, offered in (
        (guest, "/privacy/case/complain", True),
        (other, "/privacy/case/complain", False),
        (other, "/privacy/complain", True),
    ):
        page = browser.get(path, wish="en")
        assert late in page
        assert (refusal in page) is offered, path
    # Neither after a slip of the pen.
    again = other.post("/privacy/case/complain", about="about-delay", text="")
    assert again.status_code == 422
    assert "about-delay" in again.text
    assert "about-refusal" not in again.text


def test_the_page_of_a_request_says_what_became_of_complaints_about_it(house: House) -> None:
    """To who deals with complaints: nobody else reads that there is one. So does the guest's."""
    number, guest = refused(house)
    complaint = complain(guest)
    page = f"{DESK}/{number}"

    def shown(who: str) -> bool:
        return f"{DESK}/complaints/{complaint}" in house.browser(who).get(page, wish="en")

    assert (shown("officer"), shown("clerk")) == (True, False)
    assert "No answer yet." in house.browser("officer").get(page, wish="en")
    form, there = {"outcome": "upheld", "words": ""}, f"{DESK}/complaints/{complaint}"
    assert house.browser("second").post(f"{there}/answer", there, **form).status_code == 303
    assert "No answer yet." not in (said := house.browser("officer").get(page, wish="en"))
    answer = "what the hotel did or decided stays as it is."
    assert answer in said
    assert answer in guest.get("/privacy/case?lang=en")
    assert "laughed" not in said
    assert (shown("officer"), shown("clerk")) == (True, False)


@pytest.mark.parametrize(
    ("wish", "said", "wrong"),
    [("en", "The complaint was not found to be right", "What the hotel decided stands"),
     ("de", "hat sich nicht als berechtigt erwiesen", "Entscheidung des Hotels hat Bestand"),
     ("es", "no se consideró fundada", "Lo que decidió el hotel se mantiene"),
     ("fr", "n’a pas été jugée fondée", "décision de l’hôtel est maintenue"),
     ("ja", "苦情は正当とは認められませんでした", "判断は維持されます"),
     ("zh", "投诉不成立", "酒店的决定成立")],
)  # fmt: skip
def test_an_answer_claims_no_decision_where_nothing_was_decided(
    house: House, wish: str, said: str, wrong: str
) -> None:
    """Who was treated badly contests no decision: neither the choice of staff nor the letter, in
    whatever language, says that one stands."""
    given = Grievance("about-manner", WORDS, "sh", lang=wish, contact="ann@mail.example")
    with house.app.app_context(), house.extension.begin() as office:
        number = office.file_complaint(given, "clerk")
    page = f"{DESK}/complaints/{number}"
    officer = house.browser("officer")
    form = {"outcome": "upheld", "words": ""}
    for shown in (
        officer.get(f"{page}?lang={wish}"), officer.post(f"{page}/letter", **form).text,
    ):  # fmt: skip
        assert said in shown
        assert wrong not in shown
    assert officer.post(f"{page}/answer", page, **form).status_code == 303
    letter = house.browser("officer").get(f"{DESK}/outbox")
    assert said in letter
    assert wrong not in letter


@pytest.mark.parametrize("template", ["complained", "complaint"])
def test_a_letter_about_a_complaint_is_titled_with_its_own_number(
    house: House, template: str
) -> None:
    """The request it is about has another one; whoever asks by it is asked about the complaint."""
    said = {
        "complaint": "GC-7KQ2M9XA", "number": "GR-4TRW8ZHN", "property": "sh", "kind": "erasure",
        "outcome": "upheld", "due": "2026-04-10",
    }  # fmt: skip
    with house.app.app_context():
        title = written(template, "en", said)["subject"]
    assert title == "Your complaint GC-7KQ2M9XA"


@pytest.mark.parametrize(
    ("lang", "said"), [("fr", "Réponse donnée"), ("es", "Respuesta dada"), ("de", "Beantwortet")]
)
def test_the_day_of_the_answer_has_a_word_for_one_complaint(
    house: House, lang: str, said: str
) -> None:
    """The word was that of many requests, of another gender and number."""
    _, guest = refused(house)
    complaint = complain(guest)
    form = {"outcome": "upheld", "words": ""}
    page = f"{DESK}/complaints/{complaint}"
    assert house.browser("second").post(f"{page}/answer", page, **form).status_code == 303
    assert f"<dt>{said}</dt>" in guest.get(f"/privacy/case?lang={lang}")


def test_a_complaint_sent_twice_is_one_and_is_not_called_unsent(house: House) -> None:
    """Whoever presses twice reads the number of the complaint that was received."""
    _, guest = refused(house)
    assert complain(guest) == complain(guest)
    assert len(house.hotel.ours("complaint")) == 1


def test_what_is_written_while_a_complaint_is_open_comes_back(house: House) -> None:
    """It is not taken, said so, and not lost: the guest reads why, and their own words."""
    _, guest = refused(house)
    guest.get("/privacy/case?lang=en")
    complain(guest)
    mine = "My \u5730\u5740 is there."
    answer = guest.post("/privacy/case/complain", about="about-rest", text=mine)
    assert answer.status_code == 409
    assert "a complaint about this case is being looked at" in answer.text
    assert mine in answer.text
    assert len(house.hotel.ours("complaint")) == 1


def test_an_open_complaint_stands_where_the_button_to_complain_was(house: House) -> None:
    """What could only come back is not offered; something else can be said all the same, and once
    it is answered the case takes another complaint."""
    _, guest = refused(house)
    offered = "/privacy/case/complain"
    assert offered in guest.get("/privacy/case?lang=en")
    complaint = complain(guest)
    page = guest.get("/privacy/case?lang=en")
    assert offered not in page
    day = re.search(r"<dt>Received</dt><dd>([^<]+)</dd>", page)
    assert day is not None
    assert f"Your complaint {complaint} has been open since {day[1]}." in page
    elsewhere = re.search(r'href="(/privacy/complain[^"]*)">Complain about something else<', page)
    assert elsewhere is not None
    form = guest.get(elsewhere[1].replace("&amp;", "&"))
    assert "Then complain from the page of your case" not in form
    assert 'value="about-other" required checked' in form
    answer = guest.post("/privacy/complain", about="about-manner", text=WORDS, property="sh")
    assert answer.status_code == 303
    assert len(house.hotel.ours("complaint")) == 2
    form = {"outcome": "upheld", "words": ""}
    at = f"{DESK}/complaints/{complaint}"
    assert house.browser("second").post(f"{at}/answer", at, **form).status_code == 303
    page = guest.get("/privacy/case?lang=en")
    assert offered in page
    assert "has been open since" not in page
    assert complain(guest, "about-rest") != complaint


def test_who_never_showed_who_they_are_reads_what_is_missing(house: House) -> None:
    """The request does not go on before that: "you need do nothing" would be wrong."""
    house.browser().ask(property="sh", name=CANARY, email="ann@mail.example")
    house.worker()
    number = house.hotel.ours("request")[0]["number"]
    with house.app.app_context(), house.extension.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    given = Grievance("about-refusal", WORDS, request=number, channel="letter", lang="en")
    with house.app.app_context(), house.extension.begin() as office:
        complaint = office.file_complaint(given, "clerk")
    page = house.browser("second").post(
        f"{DESK}/complaints/{complaint}/letter", outcome="overturned", words=""
    ).text  # fmt: skip
    assert "show who you are" in page
    assert "You need do nothing" not in page


def test_who_changes_a_letter_finds_what_they_wrote(house: House) -> None:
    """The way back from the letter that was read keeps the answer, of staff and from outside."""
    _, guest = refused(house)
    complaint = complain(guest)
    second, reviewer = house.browser("second"), house.browser()
    here = f"{DESK}/complaints/{complaint}"
    link, code = invited(house, complaint, "second", "decide")
    reviewer.get(link)
    reviewer.post(link, link, code=code)
    mine = "We are sorry.\nThe clerk is <new>."
    for browser, page in ((second, here), (reviewer, "/privacy/review")):
        given = {"outcome": "overturned", "words": mine}
        letter = browser.post(f"{page}/letter", page, **given).text
        back = re.search(r'formaction="([^"]+)" name="(\w+)"', letter)
        assert back is not None
        form = browser.post(back[1], page, **given, **{back[2]: "yes"}).text
        assert f">{escape(mine)}</textarea>" in form
        assert re.search(r'value="overturned" required checked', form)
    assert not house.hotel.ours("complaint")[0]["outcome"]


def test_the_letter_names_authority_and_court(house: House) -> None:
    """A refusal that stands says again where else one can go, in the guest's language."""
    _, guest = refused(house)
    complaint = complain(guest)
    page = house.browser("second").post(
        f"{DESK}/complaints/{complaint}/letter", outcome="upheld", words=""
    ).text
    assert "人民法院" in page
    assert "履行个人信息保护职责的部门" in page


def test_the_list_shows_the_day_and_no_words(house: House) -> None:
    """Open ones first; whether the day is the law's or the house's; nobody's name."""
    _, guest = refused(house)
    complaint = complain(guest)
    page = house.browser("second").get(f"{DESK}/complaints?lang=en")
    assert complaint in page
    assert "day of the house" in page
    assert "laughed" not in page


def test_complaints_are_read_a_page_at_a_time(house: House) -> None:
    """Those answered are kept for years; open ones come first, then the last due, to the oldest."""
    at = datetime(2026, 1, 5)
    rows = [
        {
            "number": f"GC-{each:08d}", "property": "sh", "controller": "pine-ltd",
            "about": "about-manner", "channel": "desk", "lang": "en", "version": 1,
            "state": "open" if each in (0, 1) else "answered", "received_at": at, "house": False,
            "due_on": f"{2299 - each}-02-01", "ended_at": at,
        }
        for each in range(2 * PAGE + 1)
    ]  # fmt: skip
    house.begun()
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.complaint), rows)
    reader = house.browser("second")

    def read(query: str) -> list[str]:
        page = reader.get(f"{DESK}/complaints{query}")
        found = re.findall(r">GC-0*(\d+)<", page)
        return [*found, *re.findall(r'rel="(prev|next)"', page)]

    numbers = list(map(str, [1, 0, *range(2, 2 * PAGE + 1)]))
    assert read("") == [*numbers[:PAGE], "next"]
    assert read("?page=2") == [*numbers[PAGE : 2 * PAGE], "prev", "next"]
    assert read("?page=3") == [numbers[-1], "prev"]
    assert reader.client.get(f"{DESK}/complaints?page=-1").status_code == 422


def test_feedback_is_counted_by_the_database(house: House) -> None:
    """Thousands of figures are no thousands of rows that a page reads."""
    at = datetime(2026, 1, 5)
    said = [
        {"property": "sh", "controller": "pine-ltd", "rating": 1 + each % 2, "at": at}
        for each in range(300)
    ]
    house.begun()
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.feedback), said)
    begun = house.extension.begin(write=False)
    with house.app.app_context(), begun as office, fetched() as rows:
        assert office.feedback("second")["counts"] == {1: 150, 2: 150, 3: 0, 4: 0, 5: 0}
    assert sum(rows) < 50


def test_a_stranger_learns_nothing_by_complaining(house: House) -> None:
    """With a contact on file or another one, the pages are the same but for the number."""
    pages = []
    for contact in ("ann@mail.example", "who@mail.example"):
        guest = house.browser()
        answer = guest.post(
            "/privacy/complain", property="sh", about="about-other", text="x", contact=contact
        )
        assert answer.status_code == 303
        text = re.sub(r"GC-\w{8}", "", guest.get(answer.location))
        pages.append(re.sub(r'value="[^"]+"', "", text))
    assert pages[0] == pages[1]
    for form in ({"text": ""}, {"about": "x"}, {"property": "x"}, {"contact": "neither"}):
        given = {"property": "sh", "about": "about-other", "text": "x"} | form
        answer = house.browser().post("/privacy/complain", **given)
        assert answer.status_code == 422, form
        assert 'class="wrong"' in answer.text, form
    assert len(house.hotel.ours("complaint")) == 2


@pytest.mark.parametrize("case", [True, False])
def test_a_page_that_is_read_again_files_nothing(house: House, case: bool) -> None:
    """The number stands there as long as the guest looks, and is nobody's an hour later."""
    guest = refused(house)[1] if case else house.browser()
    place = "/privacy/case/complain" if case else "/privacy/complain"
    assert guest.client.get(f"{place}ed").location == place
    sent = guest.post(place, property="sh", about="about-other", text="x")
    pages = [guest.get(sent.location) for _ in range(2)]
    numbers = {re.findall(r"GC-\w{8}", page)[0] for page in pages}
    assert numbers == {row["number"] for row in house.hotel.ours("complaint")}
    assert len(numbers) == 1
    assert house.browser().client.get(sent.location).location == place


@pytest.mark.parametrize("case", [True, False])
def test_the_number_of_a_complaint_is_forgotten_by_a_browser_that_is_left(
    house: House, case: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour in which nobody looked, for the device may be another's by then."""
    guest = refused(house)[1] if case else house.browser()
    place = "/privacy/case/complain" if case else "/privacy/complain"
    sent = guest.post(place, property="sh", about="about-other", text="x")
    later = guestdesk.clock() + guestdesk.HELD + 1
    monkeypatch.setattr(guestdesk, "clock", lambda: later)
    assert guest.client.get(sent.location).location == place


def test_who_opens_another_case_reads_no_number_of_the_one_before(house: House) -> None:
    """Two guests at one device: the second one has complained about nothing."""
    _, guest = refused(house)
    complain(guest)
    with house.app.app_context(), house.extension.begin() as office:
        other = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
        code = office.confirm(other, "clerk", "desk")
    guest.post("/privacy/case", code=code)
    assert guest.client.get("/privacy/case/complained").location == "/privacy/case/complain"


def test_too_many_complaints_from_one_place_are_refused(house: House) -> None:
    """Ten an hour; nothing is kept of the next."""
    form = {"property": "sh", "about": "about-other", "text": "x"}
    said = [house.browser().post("/privacy/complain", **form).status_code for _ in range(11)]
    assert said == [303] * 10 + [429]


def test_a_clerk_files_what_came_by_letter(house: House) -> None:
    """With the day of receipt; the clerk reads no other complaint; mistakes come back."""
    clerk = house.browser("clerk")
    number = house.request()
    form = {
        "property": "sh", "request": number, "about": "about-delay", "text": WORDS,
        "channel": "letter", "received": "2026-03-01", "sure": "2026-03-01", "lang": "en",
    }  # fmt: skip
    for wrong in ({"request": "GR-UNKNOWN1"}, {"text": " "}, {"received": "2999-01-01"}):
        answer = clerk.post(f"{DESK}/complaints/new", **form | wrong)
        assert answer.status_code == 422, wrong
        assert 'class="wrong"' in answer.text, wrong
    answer = clerk.post(f"{DESK}/complaints/new", **form)
    found = re.search(r"GC-\w{8}", answer.text)
    assert found is not None
    assert house.hotel.ours("complaint")[0]["due_on"] == "2026-04-01"
    clerk.get(f"{DESK}/complaints/{found[0]}", 403)
    done = clerk.post(f"{DESK}/complaints/{found[0]}/receipt", f"{DESK}/new")
    assert done.status_code == 303
    assert house.hotel.ours("complaint")[0]["acknowledged_at"] is not None


def test_a_clerk_who_filed_a_complaint_and_may_not_read_it_is_told_that_it_was_noted(
    house: House,
) -> None:
    """That the guest knows it was received; its page, closed to them, said that nothing was."""
    clerk = house.browser("clerk")
    answer = clerk.post(
        f"{DESK}/complaints/new?lang=en", property="sh", about="about-delay", text=WORDS,
        channel="letter", received="2026-03-01", sure="2026-03-01", lang="en",
    )  # fmt: skip
    form = answer.text.partition("<main")[2].partition("</form>")[0]
    action = re.findall(r'action="([^"]+)"', form)[0]
    sent = dict(re.findall(r'type="hidden" name="(?!csrf)(\w+)" value="(\w+)"', form))
    done = clerk.post(action, f"{DESK}/new", **sent)
    assert done.status_code == 200
    main = done.text.partition("<main")[2]
    assert "It is noted." in main
    assert action not in main
    assert house.hotel.ours("complaint")[0]["acknowledged_at"] is not None


def test_a_clerk_learns_what_to_tell_whoever_leaves_no_contact(house: House) -> None:
    """Who complained by telephone and left none is told by when, and where the answer is: there a
    letter with the number of the complaint waits to be printed."""
    answer = house.browser("clerk").post(
        f"{DESK}/complaints/new?lang=en", property="sh", about="about-manner", text=WORDS,
        channel="phone", received="2026-03-01", sure="2026-03-01", lang="en",
    )  # fmt: skip
    number = re.findall(r"GC-\w{8}", answer.text)[0]
    assert re.search(r"an answer by [\w, ]*\b2026 at the latest", answer.text)
    assert "Where there is none it waits on the page Messages to be printed" in answer.text
    page = f"{DESK}/complaints/{number}"
    officer = house.browser("officer")
    assert officer.post(f"{page}/answer", page, outcome="upheld", words="Yes.").status_code == 303
    assert f"Your complaint {number}" in house.browser("clerk").get(f"{DESK}/outbox")


def test_a_clerk_reads_that_the_answer_about_a_request_goes_to_no_address_that_was_given(
    house: House,
) -> None:
    """Whoever knows a number might give any address: where none is on file for the request, as
    none is once it was carried out, the answer waits to be printed, and the page says so."""
    request = erased(house)
    answer = house.browser("clerk").post(
        f"{DESK}/complaints/new?lang=en", property="sh", about="about-manner", text=WORDS,
        channel="phone", received="2026-03-01", sure="2026-03-01", lang="en", request=request,
        contact="given@mail.example",
    )  # fmt: skip
    said = "About a request it goes to the contact on file for that"
    assert said in answer.text
    number = re.findall(r"GC-\w{8}", answer.text)[0]
    page = f"{DESK}/complaints/{number}"
    officer = house.browser("second")
    assert officer.post(f"{page}/answer", page, outcome="upheld", words="Yes.").status_code == 303
    [letter] = [each for each in house.hotel.ours("outbox") if each["template"] == "complaint"]
    assert letter["channel"] in ("print", "page")
    assert "given@mail.example" not in house.browser("clerk").get(f"{DESK}/outbox")


def test_a_reviewer_needs_link_and_code_and_sees_one_case(house: House) -> None:
    """A scanner uses nothing up; the wrong code opens nothing; afterwards the link is dead."""
    number, guest = refused(house)
    complaint = complain(guest)
    page = house.browser("second").post(f"{DESK}/complaints/{complaint}/invite", mode="decide").text
    link = re.search(r"/privacy/review/[\w-]+", page)
    code = re.search(r'class="secret whole">([\w-]+)<', page)
    assert link is not None
    assert code is not None
    reviewer = house.browser()
    assert reviewer.get(link[0]) != ""
    mistyped = reviewer.post(link[0], f"{link[0]}?lang=en", code="AAAA-AAAA")
    assert mistyped.status_code == 410
    # They are no guest who could send a form again, and may simply have mistyped it.
    assert "send the form again" not in mistyped.text
    assert 'name="code"' in mistyped.text
    assert reviewer.post(link[0], link[0], code=code[1]).status_code == 303
    assert house.browser().post(link[0], link[0], code=code[1]).status_code == 410
    seen = reviewer.get("/privacy/review?lang=en")
    assert complaint in seen
    assert "another person&#39;s data" in seen
    assert number not in seen
    assert CANARY not in seen
    letter = reviewer.post("/privacy/review/letter", "/privacy/review", outcome="overturned",
                           words="Look again.")  # fmt: skip
    assert "Look again." in letter.text
    done = reviewer.post("/privacy/review", "/privacy/review", outcome="overturned",
                         words="Look again.")  # fmt: skip
    assert done.status_code == 200
    assert house.state(number) == "review"
    assert reviewer.client.get("/privacy/review").status_code == 410


def test_feedback_after_the_end(house: House) -> None:
    """Asked once, thanked for once; staff read figures and words without a name."""
    _, guest = refused(house)
    assert "feedback" in guest.get("/privacy/case")
    assert guest.post("/privacy/case/feedback", words="x").status_code == 422
    answer = guest.post("/privacy/case/feedback", rating="2", words="Slow <i>desk</i>")
    assert answer.status_code == 303
    thanks = "Thank you. The hotel has received what you said."
    page = guest.get("/privacy/case")
    assert "feedback" not in page
    assert thanks in page
    assert thanks not in guest.get("/privacy/case")
    assert guest.post("/privacy/case/feedback", rating="2").status_code == 409
    page = house.browser("second").get(f"{DESK}/complaints")
    assert "Slow &lt;i&gt;desk&lt;/i&gt;" in page
    assert house.browser().post("/privacy/case/feedback", rating="2").status_code == 410


def test_commands_of_complaints(sqlite_url: str, tmp_path: Path) -> None:
    """File, list, read the letter, answer; each with a code of one's own."""
    house = House(sqlite_url, tmp_path, GUESTERASE_BASE_URL="https://pine.example/privacy/")
    house.people()
    number, _ = refused(house)
    console = Console(house.app)
    filed = console.json(
        "complaint", "file", "--by", "clerk", "--code", code_of(house, "clerk"),
        "--request", number, "--about", "about-refusal", "--text", "Why?",
    )["number"]  # fmt: skip
    assert console.json("complaint", "list")[0]["number"] == filed
    draft = console.json(
        "complaint", "answer", filed, "--by", "second", "--code", code_of(house, "second"),
        "--outcome", "upheld",
    )  # fmt: skip
    assert draft["sent"] is False
    assert house.state(number) == "complaint"
    console.json(
        "complaint", "answer", filed, "--by", "second", "--code", code_of(house, "second"),
        "--outcome", "upheld", "--send",
    )  # fmt: skip
    assert house.state(number) == "refused"
    house.session.remove()
    house.hotel.engine.dispose()


def invited(house: House, complaint: str, by: str, mode: str) -> tuple[str, str]:
    """Invite a reviewer from outside; return the link's path and the code."""
    page = house.browser(by).post(f"{DESK}/complaints/{complaint}/invite", mode=mode).text
    link = re.search(r"/privacy/review/[\w-]+", page)
    code = re.search(r'class="secret whole">([\w-]+)<', page)
    assert link is not None
    assert code is not None
    return link[0], code[1]


def test_what_is_contested_is_refused_by_no_page_and_no_console(house: House) -> None:
    """The page offers no refusal, and takes none; what it says to do is to answer the complaint."""
    number, guest = refused(house)
    complaint = complain(guest)
    with house.app.app_context(), house.extension.begin() as office:
        object_to = tokens.objection(office.work, number)
    assert house.browser().post(f"/privacy/object/{object_to}").status_code == 200
    second, ground = house.browser("second"), "another-persons-data"
    page = second.get(f"{DESK}/{number}?lang=en")
    assert "Read the letter first" not in page
    assert "let the refusal stand when the complaint is answered" in page
    assert "refuse the request" not in page
    assert second.client.get(f"{DESK}/{number}/refusal?ground={ground}").status_code == 409
    assert second.post(f"{DESK}/{number}/refuse", ground=ground).status_code == 409
    told = ("--by", "second", "--code", code_of(house, "second"), "--ground", ground)
    assert Console(house.app).error("refuse", number, *told) == "transition"
    assert house.state(number) == "complaint"
    answer = f"{DESK}/complaints/{complaint}/answer"
    assert second.post(answer, outcome="overturned", words="").status_code == 303


@pytest.mark.parametrize("wish", ["erase", "copy"])
def test_a_request_too_old_to_be_decided_anew_is_shown_with_what_to_do(
    house: House, wish: str
) -> None:
    """Its key was destroyed before the guest complained: no page of staff fails over it."""
    hotel = house.hotel
    hotel.now = datetime.now(UTC) - timedelta(days=450)
    match = {"email": "ann@mail.example", "name": CANARY}
    with hotel.begin() as office:
        number = office.request(match, property="sh", by="clerk", wish=wish)
        code = office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(days=401)
    forget(hotel)
    guest = house.browser()
    assert guest.post("/privacy/case", code=code).status_code == 303
    complaint = complain(guest)
    second = house.browser("second")
    page = second.get(f"{DESK}/{number}?lang=en")
    assert "so old that its key is destroyed" in page
    assert "Approve the erasure" not in page
    assert "What goes" not in page
    answer = f"{DESK}/complaints/{complaint}/answer"
    assert second.post(answer, outcome="upheld", words="").status_code == 303
    assert "so old that its key is destroyed" not in second.get(f"{DESK}/{number}?lang=en")


def test_a_reviewer_for_whom_nothing_opens_is_sent_to_no_case(house: House) -> None:
    """They have no case code and sent no form: they tell the hotel, and lose no word they wrote."""
    reviewer = house.browser()
    said = {"outcome": "upheld", "words": "Look"}
    answers = [
        reviewer.client.get("/privacy/review?lang=en"),
        reviewer.post("/privacy/review", "/privacy/ask", **said),
        reviewer.post("/privacy/review/letter", "/privacy/ask", **said),
    ]
    for answer in answers:
        assert answer.status_code == 410
        assert "tell the hotel" in answer.text
        assert "send the form again" not in answer.text
    assert all(">Look</textarea>" in answer.text for answer in answers[1:])


@pytest.mark.parametrize("reads_at", ["sh", "mu"])
def test_a_complaint_lies_at_the_hotel_of_its_request(
    sqlite_url: str, tmp_path: Path, reads_at: str
) -> None:
    """A clerk of two hotels who chose the other one is not told that nothing was changed."""
    rights = {"sh": {"file"}, "mu": {"file"}}
    rights[reads_at].add("complaint")
    house = House(
        sqlite_url, tmp_path, authorize=lambda user, right, place: right in rights[place]
    )
    house.people()
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "max@mail.example"}, property="mu", by="clerk")
    clerk = house.browser("clerk")
    answer = clerk.post(
        f"{DESK}/complaints/new?lang=en", property="sh", about="about-delay", text=WORDS,
        channel="letter", lang="de", received=date.today().isoformat(), request=number,
    )  # fmt: skip
    if answer.status_code == 303:
        answer = clerk.client.get(answer.location)
    assert answer.status_code == 200
    (row,) = house.hotel.ours("complaint")
    assert row["property"] == "mu"
    assert row["number"] in answer.text
    assert ("laughed" in answer.text) is (reads_at == "mu")
    house.session.remove()
    house.hotel.engine.dispose()
