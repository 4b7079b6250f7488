"""Every failure has a status and words for the person at that desk."""

from __future__ import annotations

import html
import inspect
import re
import time
from datetime import date

import pytest
from sqlalchemy import text as sql

from flask_guesterase.core import errors
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store.office import Office
from flask_guesterase.web.wording.problems import problem_of
from tests.web.house import STAFF, House

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.GuesteraseError)
]

STATUS = {
    "InputError": 422, "MatchError": 422, "UnknownError": 404, "TokenError": 410,
    "ForbiddenError": 403, "FourEyesError": 403, "LimitError": 429, "TransitionError": 409,
    "MovedError": 409, "BlockedError": 409, "BusyError": 503, "RetryableError": 503,
    "SweepingError": 503, "SetupError": 503, "PolicyError": 503, "GapError": 503, "PackError": 503,
    "VeiledError": 403, "UnsureError": 503, "FullError": 503, "LiftedError": 409,
}  # fmt: skip
"""Error -> status; the others are 500."""


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_has_a_status_and_a_next_step_at_both_desks(
    kind: type[errors.GuesteraseError],
) -> None:
    """Guest and staff are told what happened and what to do; "try later" says when."""
    problem = problem_of(kind("cause"))
    assert problem.status == STATUS.get(kind.__name__, 500)
    assert all(problem.guest)
    assert all(problem.staff)
    assert bool(problem.retry_after) == (problem.status in (429, 503))


def test_a_full_disk_is_nobody_elses_work() -> None:
    """Whoever waits a few seconds for a colleague to end meets it again."""
    full, busy = (problem_of(kind("cause")) for kind in (errors.FullError, errors.BusyError))
    assert full.staff != busy.staff


def test_a_database_that_is_away_is_nobody_elses_work() -> None:
    """It may take minutes; nobody is told to wait a few seconds for a colleague."""
    busy = errors.BusyError("The database did not answer.")
    waits = problem_of(busy)
    busy.away = True
    away = problem_of(busy)
    assert (away.status, waits.status) == (503, 503)
    assert away.staff != waits.staff
    assert away.retry_after > waits.retry_after


def test_a_guest_is_not_told_the_words_of_the_machine() -> None:
    """What is said to guests names no command, no database and no map."""
    for kind in ALL:
        said = " ".join(problem_of(kind("cause")).guest).casefold()
        assert not any(word in said for word in ("flask", "database", "map", "table", "journal"))


DESK = "/desk/privacy"
@pytest.mark.parametrize(
    ("login", "path"),
    [(None, "/privacy/ask/hotel"), (None, "/privacy/ask/name"), (None, "/privacy/complain"),
     ("officer", "/desk/privacy/incidents/new"), ("officer", "/desk/privacy/complaints/new"),
     ("holder", "/desk/privacy/holds/new"), ("night", "/desk/privacy/register")],
)  # fmt: skip
def test_what_is_wrong_with_a_field_is_read_out_with_it(
    house: House, login: str | None, path: str
) -> None:
    """Who hears the page hears at the field, or at the group of choices, what is missing there."""
    page = house.browser(login).post(path, path).text
    wrong = re.findall(r'class="wrong" id="([^"]+)"', page)
    assert wrong
    assert page.count('class="wrong"') == len(wrong)
    said = re.findall(r'<(?:input|fieldset|textarea|select)[^>]* aria-describedby="([^"]+)"', page)
    read = " ".join(said).split()
    assert [each for each in wrong if each not in read] == []
    assert [each for each in read if f'id="{each}"' not in page] == []


AHEAD = "2124-05-06"
WRONG = (
    ("officer", "/incidents/new", "", {"noticed": f"{AHEAD}T08:00"}),
    ("officer", "/incidents/new", "",
     {"noticed": "2025-05-06T08:00", "happened": "2025-05-06T09:00"}),
    ("officer", "/incidents/{}", "/reach", {"since": "2025-05-06", "until": "2025-05-05"}),
    ("holder", "/holds/new", "", {"scope": "query", "query": "none", "why": "court-order"}),
    ("holder", "/holds/new", "", {"table": "bookings", "key": "1", "why": "court-order"}),
    ("clerk", "/claims", "", {"key": "document_no", "value": "N1", "name": "Ann B"}),
    ("night", "/register", "", {"night": "2025-05-06", "until": "2025-05-05"}),
    ("issuer", "/figures", "/published", {"value": "3", "on": AHEAD}),
    ("issuer", "/figures", "/published", {"value": "-1"}),
)  # fmt: skip
"""Login, page with a form, end of the address it goes to, and what is wrong in it."""

RIGHT = {
    "property": "sh", "kind": "lost-device", "text": "丢失", "key": "email", "channel": "desk",
    "value": "ann@mail.example", "name": "Ann Zebrafinch", "lang": "zh", "wish": "erase",
    "asked_by": "guest", "authority": "A", "officer": "1", "reference": "R", "house": "H",
    "basis": "police-inspection", "format": "page", "measure": "requests-a-year", "source": "S",
    "on": "2025-05-06", "silent": "no", "scope": "subject",
}  # fmt: skip
"""What these forms ask for, rightly filled in."""


@pytest.mark.parametrize(("login", "page", "end", "wrong"), WRONG)
def test_what_is_wrong_in_a_form_is_said_in_the_language_of_its_page(
    house: House, monkeypatch: pytest.MonkeyPatch, login: str, page: str, end: str,
    wrong: dict[str, str],
) -> None:  # fmt: skip
    """Whoever reads Chinese reads in Chinese what is to be corrected, not a line of English."""
    monkeypatch.setitem(STAFF, "issuer", ("sh", STAFF["issuer"][1] | {"figures"}))
    house.hotel.guest(7, name="", document_no="N1")
    browser = house.browser(login)
    browser.get("/privacy/?lang=zh")
    if "{}" in page:
        opened = browser.post(f"{DESK}/incidents/new", f"{DESK}/incidents/new", **RIGHT)
        page = page.format(str(opened.location).rpartition("/")[2])
    answer = browser.post(f"{DESK}{page}{end}", f"{DESK}{page}", **{**RIGHT, **wrong})
    assert answer.status_code == 422, answer.text
    said = re.findall(r'(?:role="alert">\s*<p>|class="wrong"[^>]*>)([^<]+)<', answer.text)
    assert any("有内容需要修改" not in text for text in said)
    assert [text for text in said if re.search("[a-z]{3}", text)] == []


def test_a_page_of_an_error_says_in_its_language_what_was_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is refused reads why, not only that something is wrong."""

    def refuse(*_: object, **__: object) -> None:
        raise errors.InputError("This day lies ahead.", "Give another one.")

    monkeypatch.setattr(Office, "withdraw", refuse)
    number = house.request()
    officer = house.browser("officer")
    officer.get("/privacy/?lang=zh")
    answer = officer.post(f"{DESK}/{number}/withdraw", f"{DESK}/{number}")
    assert answer.status_code == 422
    assert "这一天尚未到来" in answer.text
    assert f'href="{DESK}/{number}"' in answer.text


WORDS = "The list of tonight's guests lay open in the lift."
REPORT = {"property": "sh", "kind": "leak", "text": WORDS}


def test_who_was_logged_out_meanwhile_has_back_what_they_wrote(house: House) -> None:
    """A page to log in would lose it; the way on leads to the form, and only then to that page."""
    page = f"{DESK}/incidents/new"
    clerk = house.browser("clerk")
    sent = {**REPORT, "csrf_token": clerk.token(page)}
    clerk.client.get("/out")
    answer = clerk.client.post(f"{page}?lang=en", data=sent)
    assert answer.status_code == 401
    assert WORDS in html.unescape(answer.text)
    assert f'href="{page}"' in answer.text
    assert house.hotel.ours("incident") == []
    assert clerk.client.get(page).status_code == house.browser().client.get(page).status_code


@pytest.mark.parametrize(
    ("login", "page", "form"),
    [("clerk", f"{DESK}/incidents/new", REPORT),
     (None, "/privacy/complain", {"property": "sh", "about": "about-manner", "text": WORDS})],
)  # fmt: skip
def test_whose_session_is_gone_has_back_what_they_wrote(
    house: House, login: str | None, page: str, form: dict[str, str]
) -> None:
    """The browser says that the form is from a page of ours; of a stranger's nothing is shown."""
    for site, shown in (("same-origin", True), ("cross-site", False), ("", False)):
        browser = house.browser(login)
        sent = {**form, "csrf_token": browser.token(page)}
        browser.client.delete_cookie("session")
        answer = browser.client.post(page, data=sent, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400
        assert (WORDS in html.unescape(answer.text)) is shown


def test_what_is_refused_for_whatever_reason_is_given_back(house: House) -> None:
    """Too many complaints from the hotel's own network; a case that was closed in another tab."""
    page = "/privacy/complain"
    form = {"property": "sh", "about": "about-manner", "text": WORDS}
    for _ in range(10):
        assert house.browser().post(page, page, **form).status_code == 303
    answer = house.browser().post(page, page, **form)
    assert answer.status_code == 429
    assert WORDS in html.unescape(answer.text)
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        code = office.confirm(number, "clerk", "desk")
    guest = house.browser()
    assert guest.post("/privacy/case", code=code).status_code == 303
    page = "/privacy/case/complain"
    sent = {**form, "csrf_token": guest.token(page)}
    assert guest.post("/privacy/case/leave", page).status_code == 303
    answer = guest.client.post(page, data=sent)
    assert answer.status_code == 410
    assert WORDS in html.unescape(answer.text)


def test_a_form_of_staff_is_taken_a_day_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the night left open is filled in while the police wait; a guest's device is shared."""
    sent = {}
    begun = time.time()
    with monkeypatch.context() as then:
        then.setattr(time, "time", lambda: begun - 26 * 3600)
        for login, page in (("night", f"{DESK}/register"), (None, "/privacy/complain")):
            browser = house.browser(login)
            sent[page] = browser, {"csrf_token": browser.token(page)}
    clerk, token = sent[f"{DESK}/register"]
    asked = {"property": "sh", "night": "2026-03-02", "authority": "Police", "officer": "P-1",
             "reference": "A-1", "basis": "police-inspection", "format": "page"}  # fmt: skip
    assert clerk.client.post(f"{DESK}/register", data=token | asked).status_code == 200
    guest, token = sent["/privacy/complain"]
    form = {"property": "sh", "about": "about-manner", "text": WORDS}
    answer = guest.client.post("/privacy/complain", data=token | form)
    assert answer.status_code == 400
    assert WORDS in html.unescape(answer.text)


OTHERS = {
    errors.FourEyesError: (403, "A second person has to do this."),
    errors.TransitionError: (409, "This step is not possible as things stand now."),
    errors.MovedError: (409, "What you read is no longer what is there."),
    errors.BlockedError: (409, "Something stands in the way."),
}
"""What one who acts on something that is no request may meet -> status and heading."""


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("login", "deed", "use"),
    [
        ("officer", "/incidents/GI-ABCD2345/close", "close_incident"),
        ("holder", "/holds/1/lift", "lift"), ("issuer", "/reviews/GM-ABCD2345/close",
                                              "close_monthly"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_not_called_one(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: type[errors.GuesteraseError], login: str,
    deed: str, use: str,
) -> None:  # fmt: skip
    """Whoever closes an incident or a review, or lifts a hold, looks for no request in vain, in
    Chinese neither. Of a request it is said as ever."""

    def refuse(*_: object, **__: object) -> None:
        raise kind("No.", "Look.")

    for name in (use, "withdraw"):
        monkeypatch.setattr(Office, name, refuse)
    browser, (status, heading) = house.browser(login), OTHERS[kind]
    if (use, kind) == ("close_monthly", errors.TransitionError):
        heading = "This monthly review is not where this step is possible."
    number, clerk = house.request(), house.browser("clerk")
    for lang, of_requests in (("en", "request"), ("zh", "申请")):
        answer = browser.post(f"{DESK}{deed}?lang={lang}")
        main = answer.text.partition("<main")[2].partition('class="row"')[0]
        assert answer.status_code == status
        assert (heading in main) is (lang == "en")
        assert of_requests not in main.partition("<details")[0]
        other = clerk.post(f"{DESK}/{number}/withdraw?lang={lang}").text
        assert of_requests in other.partition("<h1")[2].partition("<details")[0]
    back = f'href="{DESK}{deed.rpartition("/")[0]}"'
    assert (back in answer.text) is deed.startswith("/incidents")


@pytest.mark.parametrize(
    ("login", "place"),
    [
        ("officer", "incidents/GI-ABCD2345"), ("officer", "incidents/nothing"),
        ("officer", "complaints/GC-ABCD2345"), ("holder", "holds/99/lift"),
        ("issuer", "reviews/GM-ABCD2345"), ("clerk", "measures/99/done"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_called_a_request_only_where_one_was_asked_for(
    house: House, login: str, place: str
) -> None:
    """Whoever mistypes the number of an incident or a hold is not sent to look for a request."""
    browser = house.browser(login)
    ask = browser.post if place.rpartition("/")[2] in ("lift", "done") else browser.client.get
    for lang, words in (("en", "request"), ("zh", "申请")):
        answer = ask(f"{DESK}/{place}?lang={lang}")
        main = answer.text.partition("<main")[2].partition('class="row"')[0]
        assert answer.status_code == 404
        assert words not in main.casefold()
        other = house.browser("clerk").client.get(f"{DESK}/GR-ABCD2345?lang={lang}").text
        assert words in other.partition("<main")[2].partition('class="row"')[0]


@pytest.mark.parametrize("kind", [*OTHERS, errors.UnknownError], ids=lambda kind: kind.__name__)
def test_what_is_refused_of_a_disclosure_speaks_of_no_request(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: type[errors.GuesteraseError]
) -> None:
    """Whoever reviews what an authority was shown is not sent to look for a request."""

    def refuse(*_: object) -> None:
        raise kind("No.", "Look.")

    monkeypatch.setattr(Office, "review_disclosure", refuse)
    for lang, of_requests in (("en", "request"), ("zh", "申请")):
        answer = house.browser("clerk").post(
            f"{DESK}/disclosures/GD-ABCD2345?lang={lang}", f"{DESK}/new", finding="fine"
        )
        main = answer.text.partition("<main")[2].partition('class="row"')[0]
        assert answer.status_code in (403, 404, 409)
        assert of_requests not in main.partition("<details")[0].casefold()


def test_what_is_refused_of_holds_and_reviews_speaks_of_no_request(house: House) -> None:
    """Nobody who lifts a hold or closes a monthly review is told to open a request again."""
    with house.app.app_context(), house.extension.begin() as office:
        hold = office.place_hold(Wanted("subject", "court-order", "guests", "1"), "holder")
        review = office.open_monthly("sh", "issuer")
        action = office.plan_monthly(review, ("Go on", "issuer", date(2999, 1, 1)), "issuer")
    holder, issuer, other = map(house.browser, ("holder", "issuer", "watcher"))
    assert holder.post(f"{DESK}/holds/{hold}/lift").status_code == 303
    assert issuer.post(f"{DESK}/actions/{action}/done").status_code == 303
    assert "It is noted." in issuer.get(f"{DESK}/reviews?lang=en")
    close = f"{DESK}/reviews/{review}/close"
    answers = [
        holder.post(f"{DESK}/holds/{hold}/lift?lang=en"), issuer.post(f"{close}?lang=en"),
        other.post(f"{DESK}/actions/{action}/done?lang=en"),
    ]  # fmt: skip
    assert issuer.post(f"{DESK}/reviews/{review}/members", login="watcher").status_code == 303
    assert issuer.post(f"{DESK}/reviews/{review}/findings", text="In time.").status_code == 303
    answers.append(issuer.post(f"{close}?lang=en"))
    assert [answer.status_code for answer in answers] == [403, 409, 409, 403]
    said = [re.sub(r"<[^>]+>", " ", answer.text.partition("<main")[2]) for answer in answers]
    assert [text for text in said if re.search(r"requests?\b", text)] == []
    for text, words in zip(
        said, ("Two people lift", "monthly review", "done already", "Whoever opened"), strict=True
    ):
        assert words in text


@pytest.mark.parametrize("gone", ["guests.hotel", "guests.phone", "invoices.billed_to"])
def test_where_the_database_lacks_a_column_a_request_is_refused_all_the_same(
    house: House, gone: str
) -> None:
    """No plan is made of what cannot be read, and nothing approved; the page says which command
    names the column. The day for an answer comes all the same: a refusal need not wait."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    table, column = gone.split(".")
    with house.hotel.engine.begin() as conn:
        conn.execute(sql(f"ALTER TABLE {table} DROP COLUMN {column}"))
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "The installation is not complete." in page
    assert "flask guesterase check" in page
    assert "Approve the erasure" not in page
    assert number in officer.get(f"{DESK}/", wish="en")
    answer = officer.post(f"{DESK}/{number}/approve", digest="0" * 64)
    assert answer.status_code == 503
    given = {"ground": "another-persons-data"}
    assert f"{DESK}/{number}/refusal" in page
    assert officer.client.get(f"{DESK}/{number}/refusal", query_string=given).status_code == 200
    assert officer.post(f"{DESK}/{number}/refuse", **given).status_code == 303
    assert house.hotel.state(number) == "refused"


@pytest.mark.parametrize("wish", ["erase", "copy"])
@pytest.mark.parametrize("confirmed", [False, True], ids=["received", "confirmed"])
def test_where_the_database_lacks_a_column_every_request_is_shown(
    house: House, confirmed: bool, wish: str
) -> None:
    """Who else is called alike, and what a copy would hold, cannot be read either: neither is
    asked for then, and the request is put off or refused as ever."""
    asked = {"email": "ann@mail.example"}
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(asked, property="sh", by="clerk", wish=wish)
        if confirmed:
            office.confirm(number, "clerk", "desk")
    with house.hotel.engine.begin() as conn:
        conn.execute(sql("ALTER TABLE guests DROP COLUMN phone"))
    for login in ("officer", "clerk"):
        page = house.browser(login).get(f"{DESK}/{number}", wish="en")
        assert "The installation is not complete." in page
        assert f'action="{DESK}/{number}/release"' not in page
        assert f'action="{DESK}/{number}/confirm"' not in page
    assert f"{DESK}/{number}/refusal" in house.browser("officer").get(f"{DESK}/{number}")
