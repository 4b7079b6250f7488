"""What the desk's pages say: nothing false, nothing that gives away, and in words people know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase import Blocker
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.plan import key_text
from flask_guesterase.store import tables
from flask_guesterase.store.executing import anewwords
from flask_guesterase.web.staffpages.holding import plain
from flask_guesterase.web.wording.language import LANGUAGES, Language
from flask_guesterase.web.wording.registered import shown, title
from flask_guesterase.web.wording.words import AGAIN, grounded
from tests.store.hotel import Booking, Guest
from tests.web.apihouse import Program, inhabited, token
from tests.web.house import STAFF, House
from tests.web.test_holds import DESK, lift, pages, place
from tests.web.test_waiting import staying


@pytest.fixture
def api(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The same house, whose host asked for the API."""
    yield from inhabited(sqlite_url, tmp_path)


@pytest.mark.parametrize("login", ["auditor", "officer", "clerk"])
def test_a_hold_placed_without_training_changes_no_page(house: House, login: str) -> None:
    """Journal and figures know nothing of it, nor of its lifting; who may hold reads of both."""
    number = house.request()
    before = pages(house, login, number)
    id = place(house, "subject", "guests", "2", property="sh")
    assert "training-missed" in [row["action"] for row in house.hotel.ours("entry")][-2:]
    assert pages(house, login, number) == before
    lift(house, id)
    assert pages(house, login, number) == before


def test_a_hold_that_is_no_secret_is_not_named_either(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was done untrained the journal's page says only what is not about holds."""
    monkeypatch.setitem(STAFF, "chief", ("sh", frozenset({"view", "audit", "hold"})))
    house.request()
    wanted = Wanted("subject", "court-order", "guests", "2", property="sh")
    with house.app.app_context(), house.extension.begin() as office:
        office.place_hold(wanted, "holder")
    shown = house.browser("auditor").get(f"{DESK}/journal", wish="en")
    assert "acted without training" in shown
    assert "placing a hold" not in shown
    assert "placing a hold" in house.browser("chief").get(f"{DESK}/journal", wish="en")


def _perhaps(house: House) -> str:
    """Return the number of a verified request with a profile that is perhaps the guest's."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    return number


def _digest(house: House, number: str) -> str:
    with house.app.app_context(), house.extension.begin() as office:
        return str(office.preview(number).digest)


def test_nothing_is_approved_while_a_profile_is_perhaps_the_guests(house: House) -> None:
    """The page has no button and says why, the server refuses, and afterwards both are there."""
    number = _perhaps(house)
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "First say of each profile above" in page
    assert f"/{number}/approve" not in page
    answer = officer.post(f"{DESK}/{number}/approve", digest=_digest(house, number))
    assert answer.status_code == 409
    assert house.state(number) == "review"
    (person,) = re.findall(r'/leave".*?name="person" value="(\d+)"', page)
    assert officer.post(f"{DESK}/{number}/leave", person=person).status_code == 303
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "First say of each profile above" not in page
    (digest,) = re.findall(r'name="digest" value="(\w+)"', page)
    assert officer.post(f"{DESK}/{number}/approve", digest=digest).status_code == 303
    assert house.state(number) == "approved"


def test_profiles_of_one_name_and_one_mailbox_are_told_apart_by_their_documents(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masked, each on its card, for who may see names; of who is taken there is no need."""
    for id in (40, 41):
        house.hotel.put(Guest, id=id, hotel="sh", name="Cleo Marsh", email="ann@mail.example",
                  document_no=f"LM12300{id}")  # fmt: skip
    number = _perhaps(house)
    page = house.browser("officer").get(f"{DESK}/{number}", wish="en")
    assert re.findall(r"Document number (…\w+)", page) == ["…040", "…041"]
    assert "LM123" not in page
    monkeypatch.setitem(STAFF, "chief", ("sh", frozenset({"view"})))
    assert "…040" not in house.browser("chief").get(f"{DESK}/{number}", wish="en")


def test_whoever_takes_a_profile_reads_before_that_another_person_approves(house: House) -> None:
    """The page says it where it asks, the refusal says it again, and who took is no code."""
    number = _perhaps(house)
    officer = house.browser("officer")
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "Whoever takes one counts as the first of the two people who decide." in page
    (person,) = re.findall(r'/take".*?name="person" value="(\d+)"', page)
    assert officer.post(f"{DESK}/{number}/take", person=person).status_code == 303
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "guests · a person said it is the same" in page
    assert "by:" not in page
    answer = officer.post(f"{DESK}/{number}/approve", digest=_digest(house, number))
    assert answer.status_code == 403
    assert "took a profile for it" in answer.text
    assert house.state(number) == "review"


def test_a_program_does_not_approve_while_a_profile_is_perhaps_the_guests(api: House) -> None:
    """The API says so, and what to do."""
    number = _perhaps(api)
    officer = Program(api, token(api, "officer"))
    digest = officer.get(f"/requests/{number}/plan").json["digest"]
    answer = officer.post(f"/requests/{number}/approve", {"digest": digest})
    assert (answer.status_code, answer.json["type"]) == (409, "urn:guesterase:error:transition")
    assert "perhaps" in str(answer.json)
    api.settle(number)
    assert officer.post(f"/requests/{number}/approve", {"digest": digest}).status_code == 200


def test_who_may_not_say_whose_a_profile_is_reads_who_does(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever approves and checks nobody is not asked for what they may not do."""
    monkeypatch.setitem(STAFF, "chief", ("sh", frozenset({"view", "approve"})))
    page = house.browser("chief").get(f"{DESK}/{_perhaps(house)}", wish="en")
    assert "First somebody who may check who guests are says" in page
    assert "First say of each profile above" not in page


NOTHING = "The hotel holds nothing about this person."


def test_nobody_says_that_nothing_is_held_of_whom_rows_are_known(house: House) -> None:
    """The ground is neither offered nor taken, on page, letter and server; another one is."""
    number = house.request()
    officer = house.browser("officer")
    page = unescape(officer.get(f"{DESK}/{number}", wish="en"))
    assert NOTHING not in page
    assert "It is another person's data." in page
    for answer in (
        officer.client.get(f"{DESK}/{number}/refusal?ground=nothing-held"),
        officer.post(f"{DESK}/{number}/refuse", ground="nothing-held"),
    ):
        assert answer.status_code == 422
    assert house.state(number) == "received"
    assert officer.post(f"{DESK}/{number}/refuse", ground="identity-not-shown").status_code == 303


def test_nothing_is_held_of_who_is_somebody_else(house: House) -> None:
    """Once no row is taken the ground is true, offered and taken."""
    number = house.request()
    for person in house.hotel.ours("subject"):
        with house.app.app_context(), house.extension.begin() as office:
            office.leave(number, person["id"], "clerk")
    officer = house.browser("officer")
    assert NOTHING in officer.get(f"{DESK}/{number}", wish="en")
    assert officer.post(f"{DESK}/{number}/refuse", ground="nothing-held").status_code == 303
    assert house.state(number) == "refused"


def test_a_program_does_not_say_that_nothing_is_held(api: House) -> None:
    """The API refuses the ground too, and names others."""
    number = api.request()
    officer = Program(api, token(api, "officer"))
    answer = officer.post(f"/requests/{number}/refuse", {"ground": "nothing-held"})
    assert answer.status_code == 422
    assert "identity-not-shown" in str(answer.json)
    assert api.state(number) == "received"


VERIFY = {"de": "Journal", "es": "diario", "fr": "journal", "ja": "ジャーナル", "zh": "日志"}


@pytest.mark.parametrize("lang", VERIFY)
def test_the_button_that_verifies_the_journal_speaks_of_the_journal(
    house: House, lang: str
) -> None:
    """Not of a guest's identity, in any language."""
    page = unescape(house.browser("auditor").get(f"{DESK}/journal", wish=lang))
    said = re.findall(r'/journal/verify".*?<button>([^<]+)<', page)
    assert [VERIFY[lang] in text for text in said] == [True]


def test_an_alert_is_told_in_the_time_of_its_hotel(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since, looked at and closed: in Shanghai's time as on every other page."""
    monkeypatch.setitem(STAFF, "reporter", ("sh", frozenset({"view", "report", "watch"})))
    at = datetime(2026, 1, 5, 4, 30, tzinfo=UTC)
    with house.app.app_context(), house.extension.begin() as office:
        for _ in range(2):
            office.report_mistake("sh", "reporter", "other-mistake", office.work.now, "A list.")
    browser = house.browser("reporter")
    assert browser.post(f"{DESK}/watch/look").status_code == 303
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.alert).values(since=at.replace(tzinfo=None)))
        conn.execute(update(tables.alert).where(tables.alert.c.id == 1).values(
            closed_at=at.replace(tzinfo=None), ground="fixed", closed_by="system",
        ))  # fmt: skip
        conn.execute(update(tables.pulse).values(at=at.replace(tzinfo=None)))
    page = browser.get(f"{DESK}/watch", wish="de")
    assert "04:30" not in page
    assert page.count("05.01.2026, 12:30:00") >= 3


def test_columns_and_values_of_the_register_that_have_no_word_stay_as_they_are() -> None:
    """The host's names where there is none, numbers that look like days, zones of their own."""
    tongue = Language("en", "Asia/Shanghai")
    assert title(tongue, "police_ref") == "Number of the report to the police"
    assert title(tongue, "documentType") == "Kind of document"
    assert title(tongue, "vehicle") == "vehicle"
    assert shown(tongue, "document_type", "id_card", "UTC") == "identity card"
    assert shown(tongue, "document_type", "permit", "UTC") == "permit"
    assert shown(tongue, "document", "2026-03-09", "UTC") == "2026-03-09"
    assert shown(tongue, "seen", "2026-13-45", "UTC") == "2026-13-45"
    assert shown(tongue, "seen", "20260309", "UTC") == "20260309"
    assert shown(tongue, "left", "9999-12-31 23:59:59", "UTC") == "9999-12-31 23:59:59"
    at = shown(tongue, "seen", "2026-03-09 23:05:00", "Asia/Tokyo")
    assert at.startswith("Mar 9, 2026, 10:05:00")


def test_a_held_row_is_named_as_people_write_its_key(house: House) -> None:
    """Without the sign of its type, whatever the key is made of."""
    place(house, "record", "bookings", "1")
    page = house.browser("holder").get(f"{DESK}/holds", wish="en")
    assert "int:1" not in page
    assert "<dt>Row</dt><dd>1</dd>" in re.sub(r"\s*\n\s*", "", page)
    key = ("SH|7", 3, "a\\b:c")
    assert plain(key_text(key)) == "SH|7, 3, a\\b:c"
    assert plain("") == ""


def test_what_stands_in_the_way_takes_the_button_that_erases(house: House) -> None:
    """An approved erasure offers to erase at once only where nothing is in the way."""
    house.extension.block(Blocker("in-house", "bookings", staying))
    number = _perhaps(house)
    house.settle(number)
    officer = house.browser("officer")
    officer.post(f"{DESK}/{number}/approve", digest=_digest(house, number))
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "What stands in the way" in page
    assert f"/{number}/erase" not in page
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Booking).values(remark="gone"))
    page = officer.get(f"{DESK}/{number}", wish="en")
    assert "What stands in the way" not in page
    assert f"/{number}/erase" in page


def test_an_erasure_that_came_back_whole_is_not_offered_again(house: House) -> None:
    """Before it the proposal is on the page; afterwards there is nothing left to propose."""
    number = _perhaps(house)
    house.settle(number)
    officer = house.browser("officer")
    officer.post(f"{DESK}/{number}/approve", digest=_digest(house, number))
    assert officer.post(f"{DESK}/{number}/erase").status_code == 303
    assert "Propose to take it back" in officer.get(f"{DESK}/{number}", wish="en")
    officer.post(f"{DESK}/{number}/restore", ground="wrong-person")
    second = house.browser("second")
    assert second.post(f"{DESK}/{number}/restore/confirm").status_code == 303
    assert house.state(number) == "restored"
    assert "Propose to take it back" not in officer.get(f"{DESK}/{number}", wish="en")


def test_what_the_guest_is_told_is_called_so(house: House) -> None:
    """The programme's sentences to the guest are nobody else's words."""
    page = house.browser("officer").get(f"{DESK}/{_perhaps(house)}", wish="en")
    assert "<h2>What the guest is told</h2>" in page
    assert "In the words of the guest" not in page


def test_a_guest_who_asks_is_no_authority(house: House) -> None:
    """In Chinese who files a request has another name than who inspects the guest register."""
    page = house.browser("clerk").get(f"{DESK}/new", wish="zh")
    assert "查询方" not in page
    assert "申请人</legend>" in page
    assert "查询方</h2>" in house.browser("night").get(f"{DESK}/register", wish="zh")


@pytest.mark.parametrize(
    ("action", "grounds", "said"),
    [("recipient-answered", ["pms", "received"], ["pms", "received the notice, not confirmed yet"]),
     ("recipient-answered", ["pms", "acknowledged"], ["pms", "confirmed that its copies are gone"]),
     ("recipient-told", ["mail-list"], ["mail-list"]), ("recipient-told", ["desk"], ["desk"]),
     ("recipient-failed", ["sms", "time-out"], ["sms", "it did not answer in time"]),
     ("recipient-failed", [], []), ("canary-switched", ["on"], ["allowed"]),
     ("canary-switched", ["off"], ["stopped"]), ("copy-fetched", ["desk"], ["at the desk"]),
     ("file-removed", ["disk"], ["on the server’s disk"]),
     ("subject-taken", ["left"], ["Said to be somebody else's"]),
     ("subject-taken", ["taken"], ["taken"])],
)  # fmt: skip
def test_the_journal_says_what_another_system_answered(
    action: str, grounds: list[str], said: list[str]
) -> None:
    """A notice that was received is no request that waits for proof, and a name stays a name, if
    it is a word of ours too."""
    assert grounded(Language("en"), action, grounds) == said


def test_the_journal_says_in_words_why_something_is_decided_anew() -> None:
    """Each reason has words of its own in every language, and none names a table."""
    known = {anewwords.DIFFERS, anewwords.UNDONE, *anewwords.grounds(anewwords.TEXTS)}
    assert known == set(AGAIN)
    for code in LANGUAGES:
        said = [grounded(Language(code), "request-reviewed-again", [each]) for each in known]
        assert len({text for (text,) in said}) == len(known)
        assert not any(text.startswith("again") for (text,) in said)
