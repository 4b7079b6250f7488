"""Letters to guests: every one in both languages, with what it needs and nothing in its subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, update

import flask_guesterase.web
from flask_guesterase import Blocker
from flask_guesterase.core.errors import SetupError
from flask_guesterase.recipients import Recipient, by_hand
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.executing import completing
from flask_guesterase.store.incidents import noticing
from flask_guesterase.store.incidents.affected import Asked
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.office import Office
from flask_guesterase.store.partners import following
from flask_guesterase.web.housepages.records import PAGE
from flask_guesterase.web.wording.letters import address, render
from tests.store.hotel import Booking
from tests.web.house import CANARY, PROPERTIES, Browser, House

DESK = "/desk/privacy"
TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')
MAIL = Path(flask_guesterase.web.__file__).parent / "templates" / "guesterase" / "mail"
NAMES = sorted(path.stem for path in MAIL.glob("*.txt") if path.stem != "frame")
GROUND = {"refuse": "legal-claim", "restore": "guest-wish"}
PARAMS = {
    "number": "GR-ABCD2345",
    "property": "sh",
    "token": "a-token",
    "ground": "legal-claim",
    "state": "sealed",
    "reasons": "in-house,open-folio",
    "until": "2026-03-12",
    "reason": "complex",
    "what": "answer",
    "due": "2026-03-12",
    "left": "-1",
    "complaint": "GC-ABCD2345",
    "about": "about-refusal",
    "outcome": "upheld",
    "words": "Some words.",
    "noticed": "2026-03-01T09:00:00",
    "case": "GR-ABCD2345",
    "later": "too-long",
}


@pytest.fixture
def post_office(sqlite_url: str, tmp_path: Path) -> House:
    """A house that was told the address of its guest pages."""
    house = House(sqlite_url, tmp_path, GUESTERASE_BASE_URL="https://pine.example/privacy/")
    house.hotel.engine.dispose()
    return house


@pytest.fixture
def berlin(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests under German law, which knows every letter, with a privacy officer."""
    place = replace(PROPERTIES[0], country="DE", officer="officer@pine.example")
    made = House(sqlite_url, tmp_path, (place, PROPERTIES[1]))
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def test_every_letter_that_is_sent_has_a_text(berlin: House) -> None:
    """Requests that end in every way queue every letter there is, and each can be read."""
    house = berlin
    desk = "/desk/privacy"
    form = {"property": "sh", "name": CANARY, "email": "ann@mail.example"}
    clerk = house.browser("clerk")
    officer = house.browser("officer")
    house.extension.recipient(Recipient("police", by_hand("Call the duty desk.")))
    for end in ("refuse", "withdraw", "restore", "erase"):
        guest = house.browser()
        guest.ask(**form)
        house.worker()
        number = house.hotel.ours("request")[-1]["number"]
        links = re.findall(r"/privacy/link/[\w-]+", clerk.get(f"{desk}/outbox"))
        assert guest.post(links[0]).status_code == 200
        guest.ask(**form)
        house.worker()
        house.settle(number)
        page = officer.get(f"{desk}/{number}")
        digest = re.findall(r'name="digest" value="(\w+)"', page)[0]
        if end == "erase":
            assert guest.post("/privacy/case/later", "/privacy/case").status_code == 303
            officer.post(f"{desk}/{number}/approve", digest=digest)
            _waits_for_a_stay(house, officer, f"{desk}/{number}/erase")
        if end == "restore":
            officer.post(f"{desk}/{number}/approve", digest=digest)
            officer.post(f"{desk}/{number}/erase")
        officer.post(f"{desk}/{number}/{end}", ground=GROUND.get(end, ""))
        house.browser("second").post(f"{desk}/{number}/restore/confirm")
    _has_gone(house, number)
    again = "/privacy/case/again"
    assert guest.post(again, again, email="ann@mail.example").status_code == 303
    _takes_longer(house, officer, desk)
    _is_not_answered(house)
    _complains(house)
    _happens(house)
    with house.app.app_context(), house.extension.begin() as office:
        assert office.look_over()["told"] > 0
    _is_copied(house, officer, desk)
    # A notice to other contacts, or outside, is not queued where a clerk would have to carry it.
    sent = {row["template"] for row in house.hotel.ours("outbox")}
    assert sent == set(NAMES) - {"objection", "outside-notice"}
    letters = clerk.get(f"{desk}/outbox")
    assert letters.count('<div class="letter"') == len(house.hotel.ours("outbox"))
    assert 'class="letter" lang="en"><' not in letters
    assert "None ·" not in letters


def _takes_longer(house: House, officer: Browser, desk: str) -> None:
    """Put an answer off, and let its day come near, so that the officer is reminded."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request({"email": "bea@mail.example"}, property="sh", by="clerk")
    officer.post(f"{desk}/{number}/extend", reason="complex")
    with house.app.app_context(), house.extension.begin() as office:
        office.work.now += timedelta(days=88)
        assert office.remind() == 1


def _has_gone(house: House, number: str) -> None:
    """Let the last of what stays of a guest have gone."""
    with house.app.app_context(), house.extension.begin() as office:
        kept = tables.kept
        mine = update(kept).where(kept.c.request == number)
        office.work.conn.execute(mine.values(ended_at=office.work.stamp))
        assert completing.complete(office.work, number)


def _complains(house: House) -> None:
    """File a complaint, let its day pass, and answer it."""
    with house.app.app_context(), house.extension.begin() as office:
        given = Grievance("about-manner", "Rude.", "sh", channel="desk", contact="a@mail.example")
        number = office.file_complaint(given, "clerk")
    with house.app.app_context(), house.extension.begin() as office:
        office.work.now += timedelta(days=88)
        assert office.remind_complaints() == 1
        office.answer_complaint(number, "second", "upheld", "Sorry.")


def _happens(house: House) -> None:
    """Open an incident, let its hours pass, and tell the guests."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_incident(Report("sh", "leak", "A list."), "clerk")
        office.measure_incident(number, Asked(), "officer")
        office.propose_notice(number, "EU/guests", "A list was seen.", "officer")
    with house.app.app_context(), house.extension.begin() as office:
        office.work.now += timedelta(days=4)
        assert office.remind_incidents() == 1
        duties = office.incident(number, "second")["duties"]
        (digest,) = [duty["digest"] for duty in duties if duty["id"] == "EU/guests"]
        office.let_notice_go(number, "EU/guests", "second", digest)
    with house.app.app_context():
        noticing.push_all(house.extension.run)
def _is_copied(house: House, officer: Browser, desk: str) -> None:
    """Let another guest ask for a copy, twice, and have the link sent to it."""
    guest = house.browser()
    form = {"property": "sh", "name": "Bea Lund", "email": "bea@mail.example", "wish": "copy"}
    guest.ask(**form)
    house.worker()
    number = house.hotel.ours("request")[-1]["number"]
    page = house.browser("clerk").get(f"{desk}/outbox")
    assert guest.post(re.findall(r"/privacy/copy/link/[\w-]+", page)[0]).status_code == 200
    guest.ask(**form)
    house.worker()
    digest = re.findall(r'name="digest" value="(\w+)"', officer.get(f"{desk}/{number}"))[0]
    assert officer.post(f"{desk}/{number}/release", digest=digest).status_code == 303
    assert guest.post("/privacy/case/copy").status_code == 303
    house.worker()


def _is_not_answered(house: House) -> None:
    """Let the day pass by which somebody who holds copies should have been told."""
    with house.app.app_context():

        def run(unit: Callable[[Office], Any]) -> Any:
            with house.extension.begin() as office:
                office.work.now += timedelta(days=8)
                return unit(office)

        assert following.follow(run) == 1


def _waits_for_a_stay(house: House, officer: Browser, erase: str) -> None:
    """Try to erase somebody who is in house until they leave."""
    staying = Blocker("in-house", "bookings", lambda bookings, today: bookings.c.remark == "late")
    house.extension.block(staying)
    officer.post(erase)
    assert [row["state"] for row in house.hotel.ours("request")][-1] == "waiting"
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Booking).values(remark="gone"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_letter_has_a_subject_and_a_body(post_office: House, name: str, lang: str) -> None:
    """Subject in one line with its number, body in the guest's language, signed by the hotel."""
    with post_office.app.app_context():
        subject, body = render(name, lang, PARAMS)
    # The notice to other contacts names neither the request nor the hotel.
    named = name != "objection"
    about = "complaint" if name in ("complained", "complaint") else "number"
    assert subject.endswith(PARAMS[about]) is named
    assert "\n" not in subject
    assert bool(re.search("[\u4e00-\u9fff]", subject + body)) == (lang == "zh-CN")
    assert body.endswith("\nHotel Pine\nPine Ltd\nA 1\nprivacy@pine.example\n") is named
    assert named or "Pine" not in subject + body
    assert "{" not in body
    assert "\n\n\n" not in body


@pytest.mark.parametrize("lang", ["zh-CN", "ja", "en"])
def test_sentences_of_letters_stand_beside_each_other_as_a_language_has_them(
    post_office: House, lang: str
) -> None:
    """No blank follows a wide full stop, and one follows a narrow one, on pages as in letters: no
    template has a blank of its own between two sentences."""
    with post_office.app.app_context():
        for name in NAMES:
            for more in ({}, {"left": "1"}, {"what": "not-public"}):
                _, body = render(name, lang, {**PARAMS, **more})
                assert "。 " not in body
                assert not re.search(r"[a-z][.?!][A-Z]", body)
    said = r'"[^"]*[.?!]"(?:, [^{}]*)?\) }}'
    next_ = r'(?:{%-? (?:if|elif|else|endif)[^%]*%})*\s(?:{%-? if[^%]*%})*{{ (?:_|ngettext|word)\('
    folder = Path(flask_guesterase.web.__file__).parent / "templates"
    for template in folder.rglob("*.*"):
        for line in template.read_text().splitlines():
            assert not re.search(said + next_, line), (template.name, line)


def test_the_link_is_where_guests_reach_it(post_office: House) -> None:
    """The configured address is used, without a doubled slash, in a worker without a request."""
    with post_office.app.app_context():
        _, body = render("confirm", "en", PARAMS)
    assert "\nhttps://pine.example/privacy/link/a-token\n" in body


@pytest.mark.parametrize("name", ["confirm", "copyconfirm"])
def test_who_is_asked_whether_it_is_them_reads_when_there_is_an_answer(
    post_office: House, name: str
) -> None:
    """The letter confirms receipt, so it says the day where one is fixed (11 CCR 7021(a), F115)."""
    with post_office.app.app_context():
        _, dated = render(name, "en", PARAMS)
        _, undated = render(name, "en", {**PARAMS, "due": ""})
    assert "You have an answer by March 12, 2026 at the latest." in dated
    assert "You have an answer" not in undated
    assert "\n\n\n" not in dated + undated


def test_who_is_told_of_an_incident_asked_for_nothing_that_could_cost(post_office: House) -> None:
    """Nothing is "free" there; that nobody asks for money or a password is said all the more."""
    with post_office.app.app_context():
        _, body = render("incident", "en", PARAMS)
    assert "It is free" not in body
    assert "Nobody asks you for money, a password or a photo of your ID." in body


def test_a_refusal_names_its_ground(post_office: House) -> None:
    """The guest reads on which ground, in words."""
    with post_office.app.app_context():
        _, body = render("refused", "en", PARAMS)
    assert "It is needed for a legal claim." in body


@pytest.mark.parametrize(
    ("ground", "coded"), [("wrong-person", False), ("wrong-plan", True), ("guest-wish", True)]
)
def test_who_was_erased_by_mistake_is_not_sent_to_a_code_that_another_has(
    post_office: House, ground: str, coded: bool
) -> None:
    """The letter goes to whose data are back; the case code went to whoever was taken for them."""
    with post_office.app.app_context():
        _, body = render("restored", "en", {**PARAMS, "ground": ground})
    assert ("case code" in body) is coded
    assert "\n\n\n" not in body


def test_an_unknown_language_falls_back_to_the_hotels(post_office: House) -> None:
    """A guest whose language we do not speak is written to in the hotel's."""
    with post_office.app.app_context():
        _, body = render("withdrawn", "fi", PARAMS)
    assert "您好" in body


def test_without_an_address_no_link_is_invented(sqlite_url: str, tmp_path: Path) -> None:
    """A worker that was not told the address says so; a page knows it from its own request."""
    house = House(sqlite_url, tmp_path)
    with house.app.app_context(), pytest.raises(SetupError, match="GUESTERASE_BASE_URL"):
        address("case")
    with house.app.test_request_context(base_url="https://desk.example"):
        assert address("case") == "https://desk.example/privacy/case"
    house.hotel.engine.dispose()


def test_who_waits_reads_what_is_in_the_way_and_until_when(post_office: House) -> None:
    """In plain words, one a line, with the day or that nobody knows it."""
    with post_office.app.app_context():
        _, dated = render("waiting", "en", PARAMS)
        _, undated = render("waiting", "zh", {**PARAMS, "until": ""})
    assert "because:\n\n- the stay has not ended\n- a bill is not settled\n\nIt is" in dated
    assert "March 12, 2026" in dated
    assert "- 住宿尚未结束\n- 账单尚未结清\n" in undated
    assert "目前尚无法给出日期" in undated


@pytest.mark.parametrize(
    "name", ["done", "refused", "waiting", "extended", "complaint", "later"]
)
def test_every_answer_says_where_to_complain_and_that_there_are_courts(
    berlin: House, name: str
) -> None:
    """Whoever is told that nothing is erased yet may complain and sue (GDPR Art. 12(4), F056): the
    clock of the answer stops with that letter."""
    with berlin.app.app_context(), berlin.app.test_request_context():
        _, body = render(name, "en", {**PARAMS, "reasons": "open-folio"}, shown=True)
    assert "data protection authority at any time" in body
    assert "you can go to court (GDPR Art. 12(4))" in body


def test_the_page_of_messages_shows_some_at_a_time(house: House) -> None:
    """A house that prints its mail has thousands of letters, and each is opened and written."""
    with house.app.app_context(), house.extension.begin() as office:
        for place in range(PAGE + 1):
            post = outbox.Post("pine-ltd", "sh", "en", value=f"guest{place}@mail.example")
            outbox.queue_post(office.work, post, "complained", {"number": "GC-A"}, f"m:{place}")
    clerk = house.browser("clerk")
    first = clerk.get(f"{DESK}/outbox", wish="en")
    (older,) = re.findall(r'href="([^"]+)">Older entries', first)
    last = clerk.get(older.replace("&amp;", "&"), wish="en")
    shown = [re.findall(r">guest(\d+)@", page) for page in (first, last)]
    assert [len(each) for each in shown] == [PAGE, 1]
    assert len({*shown[0], *shown[1]}) == PAGE + 1
    assert "Older entries" not in last


def test_the_page_of_messages_names_the_folder_of_a_file_that_stays(house: House) -> None:
    """And not the file, in which a guest's name may be."""
    with house.app.app_context(), house.extension.begin() as office:
        post = outbox.Post("pine-ltd", "sh", "en")
        outbox.queue_file(office.work, post, "/srv/scans", f"{CANARY}.png")
        office.work.conn.execute(update(tables.outbox).values(state=outbox.FAILED))
    page = house.browser("clerk").get(f"{DESK}/outbox", wish="en")
    assert "/srv/scans" in page
    assert CANARY not in page


@pytest.mark.parametrize("page", ["outbox", "journal"])
def test_a_place_that_no_list_has_is_its_beginning(house: House, page: str) -> None:
    """Whatever somebody writes into the address: never an error of the programme."""
    officer = house.browser("far-officer")
    officer.get(f"{DESK}/?lang=en")
    first = officer.get(f"{DESK}/{page}").partition("<main")[2]
    for before in ("9" * 30, "-" + "9" * 30, "9" * 5000, "x"):
        shown = officer.get(f"{DESK}/{page}?before={before}").partition("<main")[2]
        assert TOKEN.sub("", shown) == TOKEN.sub("", first)


def test_a_page_of_letters_asks_once_what_every_page_is_told(house: House) -> None:
    """Each letter is a text of its own; whether the database was restored is asked for the page."""
    house.browser().ask(property="sh", name=CANARY, email="ann@mail.example")
    house.worker()
    clerk = house.browser("clerk")

    def asked() -> tuple[int, int]:
        found: list[str] = []

        def note(*given: Any) -> None:
            found.append(given[2])

        event.listen(house.hotel.engine, "before_cursor_execute", note)
        page = clerk.get("/desk/privacy/outbox")
        event.remove(house.hotel.engine, "before_cursor_execute", note)
        return page.count("<article"), len(found)

    (one, few), table = asked(), outbox.tables.outbox
    with house.hotel.engine.begin() as conn:
        row = conn.execute(table.select().where(table.c.state == "ready")).first()
        assert row is not None
        more = [{**row._mapping, "id": None, "dedupe": f"more-{each}"} for each in range(9)]
        conn.execute(insert(table), more)
    many, statements = asked()
    assert many == one + 9
    # Each is opened.
    assert statements <= few + 2 * 9


@pytest.mark.parametrize(("mail", "every"), [("page", True), ("print", False)])
def test_messages_speak_of_the_demo_only_where_all_are_shown(
    sqlite_url: str, tmp_path: Path, mail: str, every: bool
) -> None:
    """A house that sends its letters is no demo."""
    house = House(sqlite_url, tmp_path, GUESTERASE_MAIL=mail)
    page = house.browser("clerk").get("/desk/privacy/outbox", wish="en")
    assert ("In the demo every message is shown here." in page) is every
    house.session.remove()
    house.hotel.engine.dispose()
