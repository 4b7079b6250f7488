"""The register on a page and at a console: what a clerk does at three in the morning."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from flask_login import LoginManager, login_user
from sqlalchemy import update
from sqlalchemy.orm import scoped_session, sessionmaker
from werkzeug.test import TestResponse

from flask_guesterase.core.events import RegisterProduced
from flask_guesterase.store import tables
from flask_guesterase.store.registers import disclosures
from flask_guesterase.store.registers.register import AGAIN
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.staff import staff_pages
from flask_guesterase.web.staffpages import register as web_register
from tests.store.night import GRANTS, GUEST, LINE, NIGHT, Base, Guest, Line, Night
from tests.web.house import Browser, User
from tests.web.test_cli import Console

PAGE = "/desk/privacy/register"
LIST = "/desk/privacy/disclosures"
ASKED = {
    "property": "sh", "night": NIGHT.isoformat(), "authority": "District police",
    "officer": "PS-1234", "reference": "A-2026/7", "basis": "police-inspection", "format": "page",
}  # fmt: skip


class Desk:
    """The hotel of the nights behind an application, with its staff."""

    def __init__(self, url: str, folder: Path) -> None:
        self.night = Night(url, folder)
        self.app = Flask(__name__, instance_path=str(folder))
        self.app.config.update(
            SECRET_KEY="only-for-tests-" + "0" * 32, TESTING=True,
            GUESTERASE_KEYS=str(folder / "keys"), GUESTERASE_MAIL="page",
        )  # fmt: skip
        session = scoped_session(sessionmaker(self.night.engine))
        self.extension = Guesterase(
            session,
            authorize=lambda user, what, where: what in GRANTS.get((user.id, where), ()),
            models=Base,
            properties=list(self.night.settings.properties.values()),
        )
        self.extension.register(Guest, GUEST)
        self.extension.register(Line, LINE)
        self.extension.init_app(self.app)
        self.app.register_blueprint(staff_pages, url_prefix="/desk/privacy")
        logins = LoginManager(self.app)
        logins.user_loader(User)

        @self.app.get("/in/<login>")
        def log_in(login: str) -> Response:
            login_user(User(login))
            return Response("in")

    def browser(self, login: str) -> Browser:
        """Return a browser in which somebody is logged in."""
        browser = Browser(self.app.test_client())
        browser.get(f"/in/{login}")
        return browser

    def ask(self, browser: Browser, **changes: str) -> TestResponse:
        """Send the form."""
        return browser.post(PAGE, PAGE, **{**ASKED, **changes})

    def code(self, login: str) -> str:
        """Return a person's one-time code, as the page shows it."""
        page = self.browser(login).post("/desk/privacy/code", "/desk/privacy/code").text
        found = re.search(r'class="secret">\s*([^<\s]+)', page)
        assert found is not None, page
        return found[1]


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A night of four guests in two rooms, half of it sealed, one of them with a formula's name."""
    made = Desk(sqlite_url, tmp_path)
    made.night.now = datetime.now(UTC)
    last_day = (made.night.now.date() + timedelta(days=30)).isoformat()
    made.night.stay(1)
    made.night.stay(2, given="=HYPERLINK(1)", family="Lark")
    made.night.stay(3, room="102")
    made.night.stay(4, room="102")
    made.night.seal([2, 3], last_day)
    yield made
    made.night.engine.dispose()


def test_a_clerk_produces_a_night_and_a_second_person_looks_at_it(desk: Desk) -> None:
    """Form, page to print, list, review: one clerk in well under a minute, then a colleague."""
    clerk = desk.browser("clerk")
    began = time.monotonic()
    page = desk.ask(clerk)
    assert time.monotonic() - began < 10
    assert page.status_code == 200
    for name in ("Zebrafinch1", "Lark", "Zebrafinch3", "Zebrafinch4"):
        assert name in page.text
    assert page.headers["Cache-Control"] == "no-store"
    number = re.findall(r"D-[0-9A-Z]{8}", page.text)[0]
    mine = clerk.get(LIST)
    assert number in mine
    assert f"{LIST}/{number}" not in mine
    assert desk.browser("clerk").post(f"{LIST}/{number}", PAGE, finding="fine").status_code == 403
    auditor = desk.browser("auditor")
    shown = auditor.get(LIST)
    assert "PS-1234" in shown
    assert "Zebrafinch" not in shown
    assert auditor.post(f"{LIST}/{number}", LIST, finding="fine").status_code == 303
    assert f"{LIST}/{number}" not in auditor.get(LIST)
    assert desk.night.ours("disclosure")[0]["finding"] == "fine"


@pytest.mark.parametrize("finding", ["fine", "excessive", "unfounded"])
def test_what_should_not_have_been_shown_leads_to_an_incident(desk: Desk, finding: str) -> None:
    """Whoever finds that too much was produced is told what comes next."""
    desk.ask(desk.browser("clerk"))
    auditor, number = desk.browser("auditor"), desk.night.ours("disclosure")[0]["number"]
    assert "incidents/new" not in auditor.get(LIST)[auditor.get(LIST).index("<h1") :]
    assert auditor.post(f"{LIST}/{number}", LIST, finding=finding).status_code == 303
    page = auditor.get(LIST)
    ways = re.findall(r'href="([^"]*incidents/new[^"]*)"', page[page.index("<h1") :])
    assert len(ways) == (finding != "fine")
    for way in ways:
        assert re.search(r'value="wrong-recipient"[^>]* checked', auditor.get(way))


@pytest.mark.parametrize(("room", "wrong"), [("102", False), ("1O2", True)])
def test_who_froze_a_room_that_is_none_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, room: str, wrong: bool
) -> None:
    """The freeze stands; that nothing lies under it would be noticed when it is too late."""
    monkeypatch.setitem(GRANTS, ("clerk", "sh"), {"freeze"})
    clerk, said = desk.browser("clerk"), "look at how you wrote it"
    answer = clerk.post("/desk/privacy/holds/freeze", "/desk/privacy/freezes", room=room)
    assert answer.status_code == 303
    assert (said in clerk.get(answer.location)) is wrong
    assert said not in clerk.get("/desk/privacy/freezes")
    assert [row["room"] for row in desk.night.ours("hold")] == [room]
    console = Console(desk.app)
    _, noted = console.raw("hold", "freeze", "sh", "--room", room, *console.proved("clerk"))
    assert ("look how you wrote it" in noted) is wrong


def test_what_was_shown_is_read_a_page_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept for three years; whoever reviews comes to the oldest as well."""
    for module in (disclosures, web_register):
        monkeypatch.setattr(module, "PAGE", 2)
    clerk = desk.browser("clerk")
    for reference in ("A-1", "A-2", "A-3"):
        assert desk.ask(clerk, reference=reference).status_code == 200

    def read(query: str) -> list[str]:
        return re.findall(r"A-\d|rel=\"(?:prev|next)", desk.browser("auditor").get(LIST + query))

    *first, onward = read("")
    *last, back = read("?page=2")
    assert (sorted([*first, *last]), len(first)) == (["A-1", "A-2", "A-3"], 2)
    assert (onward, back) == ('rel="next', 'rel="prev')
    assert desk.browser("auditor").client.get(f"{LIST}?page=-1").status_code == 422


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ("国籍", "2026年3月9日", "2026年3月10日 02:05:00")),
        ("de", ("Staatsangehörigkeit", "9. März 2026", "10.03.2026, 02:05:00")),
    ],
)
def test_the_register_for_an_authority_is_in_words_and_in_the_places_time(
    desk: Desk, lang: str, said: tuple[str, ...]
) -> None:
    """Columns, days and times; a naive time of the host's is not Shanghai's; files stay as kept."""
    at = datetime(2026, 3, 9, 18, 5)
    with desk.night.engine.begin() as conn:
        conn.execute(update(Line).values(reported=at))
    clerk = desk.browser("clerk")
    clerk.get(f"{PAGE}?lang={lang}")
    page = " ".join(unescape(desk.ask(clerk).text).split())
    for text in said:
        assert text in page, text
    assert "18:05" not in page
    assert ">nationality<" not in page
    assert 'class="whole">Ann Zebrafinch1<' in page
    assert "2026-03-09 18:05:00" in desk.ask(clerk, format="csv").text


def test_files_for_programs_and_spreadsheets(desk: Desk) -> None:
    """JSON says exactly what was kept; in CSV no name is a formula; neither name nor URL tells."""
    clerk = desk.browser("clerk")
    answer = desk.ask(clerk, format="json", room="101")
    said = json.loads(answer.text)
    assert [line["name"] for line in said["lines"]] == ["=HYPERLINK(1) Lark", "Ann Zebrafinch1"]
    assert said["reference"] == "A-2026/7"
    answer = desk.ask(clerk, format="csv", room="101")
    rows = list(csv.DictReader(io.StringIO(answer.text[1:], newline="")))
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1) Lark", "Ann Zebrafinch1"]
    disposition = answer.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="D-[0-9A-Z]{8}\.csv"', disposition)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.request.query_string == b""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"night": ""}, "night"), ({"night": "", "room": "101"}, "night"),
        ({"night": "yesterday"}, "night"), ({"officer": " "}, "officer"),
        ({"night": "0026-03-10"}, "night"), ({"until": "0026-03-10"}, "until"),
        ({"reference": ""}, "reference"), ({"basis": "curiosity"}, "basis"),
        ({"property": "mu"}, "property"), ({"format": "xls"}, "format"),
    ],
)  # fmt: skip
def test_a_form_that_is_not_right_comes_back(
    desk: Desk, changes: dict[str, str], field: str
) -> None:
    """Nothing is produced; what was typed is kept and the field says what is missing."""
    answer = desk.ask(desk.browser("clerk"), **changes)
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert "Zebrafinch" not in answer.text
    assert desk.night.ours("disclosure") == []


def test_too_many_nights_come_back(desk: Desk) -> None:
    """A question over more than a month is refused with its reason on the form."""
    until = (NIGHT + timedelta(days=31)).isoformat()
    answer = desk.ask(desk.browser("clerk"), until=until)
    assert answer.status_code == 422
    assert "31" in answer.text
    assert desk.night.ours("disclosure") == []


@pytest.mark.parametrize("login", ["officer", "auditor", "nobody"])
def test_nobody_else_sees_the_form(desk: Desk, login: str) -> None:
    """Without the permission there is neither form nor answer."""
    browser = desk.browser(login)
    browser.get(PAGE, 403)
    token = desk.browser("clerk").token(PAGE)
    answer = browser.client.post(PAGE, data={**ASKED, "csrf_token": token})
    assert answer.status_code in (400, 403)
    assert "Zebrafinch" not in answer.text
    assert desk.night.ours("disclosure") == []


def test_the_answer_is_no_address_to_return_to(desk: Desk) -> None:
    """What was produced cannot be fetched by a link, only asked for again and recorded again."""
    clerk = desk.browser("clerk")
    desk.ask(clerk)
    assert "Zebrafinch" not in clerk.get(PAGE)
    answer = clerk.client.get(PAGE, query_string=ASKED)
    assert "Zebrafinch" not in answer.text
    assert len(desk.night.ours("disclosure")) == 1


def twice(desk: Desk, browser: Browser, **changes: str) -> list[str]:
    """Press the button of one page twice; return the numbers of the disclosures shown."""
    sent = {**ASKED, **changes, "csrf_token": browser.token(PAGE)}
    pages = [browser.client.post(PAGE, data=sent) for _ in range(2)]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("Zebrafinch1" in page.text for page in pages)
    if changes.get("format") in ("csv", "json"):
        return [re.findall(r"D-[0-9A-Z]{8}", page.headers["Content-Disposition"])[0]
                for page in pages]  # fmt: skip
    return [re.findall(r"D-[0-9A-Z]{8}", page.text)[0] for page in pages]


@pytest.mark.parametrize("kind", ["page", "csv", "json"])
def test_a_button_pressed_twice_is_one_disclosure(desk: Desk, kind: str) -> None:
    """The second answer, which alone is seen, shows the same lines under the same number."""
    first, second = twice(desk, desk.browser("clerk"), format=kind)
    assert first == second
    assert len(desk.night.ours("disclosure")) == 1
    assert shown(desk) == 1


def test_a_look_at_a_disclosure_pressed_twice_is_done_once(desk: Desk) -> None:
    """Who looked at it is not told that somebody else may have acted meanwhile."""
    number = desk.ask(desk.browser("clerk")).text
    number = re.findall(r"D-[0-9A-Z]{8}", number)[0]
    auditor = desk.browser("auditor")
    sent = {"finding": "fine", "csrf_token": auditor.token(LIST)}
    answers = [auditor.client.post(f"{LIST}/{number}", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    changed = auditor.client.post(f"{LIST}/{number}", data={**sent, "finding": "excessive"})
    assert changed.status_code == 409
    assert desk.night.ours("disclosure")[0]["finding"] == "fine"


def shown(desk: Desk) -> int:
    """Return how often the journal says that the register was shown."""
    return sum(row["action"] == RegisterProduced.name for row in desk.night.ours("entry"))


@pytest.mark.parametrize(
    "changes",
    [
        {"authority": "Tax office"}, {"officer": "PS-9"}, {"reference": "A-2026/8"},
        {"night": (NIGHT + timedelta(days=1)).isoformat()}, {"room": "101"}, {"format": "csv"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_else_is_asked_from_one_page_is_another(
    desk: Desk, changes: dict[str, str]
) -> None:
    """Another authority, night, room or copy is a disclosure of its own, as is a page anew."""
    clerk = desk.browser("clerk")
    sent = {**ASKED, "csrf_token": clerk.token(PAGE)}
    for each in (sent, sent | changes):
        assert clerk.client.post(PAGE, data=each).status_code == 200
    assert (shown(desk), len(desk.night.ours("disclosure"))) == (2, 2)


def test_what_was_shown_is_shown_once_more_only_as_it_was(desk: Desk) -> None:
    """Other lines, a later hour or another person at the same screen: a disclosure of its own."""
    clerk = desk.browser("clerk")
    sent = {**ASKED, "csrf_token": clerk.token(PAGE)}

    def press() -> int:
        page = clerk.client.post(PAGE, data=sent)
        assert page.status_code == 200
        return shown(desk)

    assert (press(), press()) == (1, 1)
    desk.night.stay(5, room="103")
    assert press() == 2
    clerk.get("/in/second")
    assert press() == 3


def test_a_page_that_lay_open_shows_the_register_anew(desk: Desk) -> None:
    """A form that is sent again after a while is a look of its own, which the journal has."""
    clerk = desk.browser("clerk")
    sent = {**ASKED, "csrf_token": clerk.token(PAGE)}
    assert clerk.client.post(PAGE, data=sent).status_code == 200
    with desk.night.engine.begin() as conn:
        long = AGAIN + timedelta(seconds=1)
        for table in (tables.disclosure.c.made_at, tables.filed.c.at):
            conn.execute(update(table.table).values({table: datetime.now(UTC) - long}))
    assert clerk.client.post(PAGE, data=sent).status_code == 200
    assert shown(desk) == 2


def test_a_box_that_does_not_open_is_told_of(desk: Desk) -> None:
    """The page says that a sealed line is missing, instead of passing it over."""
    for label in desk.night.custodian.labels():
        if label.startswith("day:"):
            desk.night.custodian.forget(label)
    page = desk.ask(desk.browser("clerk"))
    assert "2 sealed lines could not be opened" in page.text


def test_produced_and_reviewed_at_a_console(desk: Desk, tmp_path: Path) -> None:
    """Two people with their codes; the file is theirs alone; nothing personal is printed."""
    console = Console(desk.app)
    target = tmp_path / "night.csv"
    words = [
        "register", "produce", "--property", "sh", "--night", NIGHT.isoformat(), "--room", "101",
        "--authority", "District police", "--officer", "PS-1234", "--reference", "A-2026/7",
        "--basis", "court-order", "--by", "clerk", "--out", str(target),
    ]  # fmt: skip
    assert console.error(*words, "--code", "wrong") == "token"
    told = console.json(*words, "--code", desk.code("clerk"))
    assert (told["rows"], told["sealed"], told["unopened"]) == (2, 1, 0)
    assert target.stat().st_mode & 0o077 == 0
    assert "'=HYPERLINK(1) Lark" in target.read_text(encoding="utf-8")
    assert console.error(*words, "--code", desk.code("clerk")) == "input"
    assert len(desk.night.ours("disclosure")) == 1
    review = ["register", "review", told["number"], "--finding", "fine"]
    assert console.error(*review, "--by", "clerk", "--code", desk.code("clerk")) == "four-eyes"
    console.json(*review, "--by", "auditor", "--code", desk.code("auditor"))
    assert desk.night.ours("disclosure")[0]["finding"] == "fine"
    assert "Zebrafinch" not in console.printed
    assert "PS-1234" not in console.printed


@pytest.mark.parametrize("finding", ["fine", "excessive"])
def test_a_console_says_what_comes_after_too_much_was_produced(desk: Desk, finding: str) -> None:
    """As the page does; a program reads the finding itself."""
    desk.ask(desk.browser("clerk"))
    number = desk.night.ours("disclosure")[0]["number"]
    who = ("--by", "auditor", "--code", desk.code("auditor"))
    said = Console(desk.app).raw("register", "review", number, "--finding", finding, *who)[1]
    assert ("report an incident" in said) == (finding != "fine")


def test_who_asks_and_why_are_asked_for_at_a_console(desk: Desk, tmp_path: Path) -> None:
    """A case reference may name somebody, and others see what is typed as an option."""
    words = [
        "register", "produce", "--property", "sh", "--night", NIGHT.isoformat(), "--officer", "-",
        "--authority", "District police", "--reference", "-", "--basis", "court-order",
        "--by", "clerk", "--code", desk.code("clerk"), "--out", str(tmp_path / "night.json"),
        "--format", "json",
    ]  # fmt: skip
    Console(desk.app).json(*words, given="PS-1234\nA-2026/7\n")
    with desk.app.app_context(), desk.extension.begin(write=False) as office:
        shown = office.disclosures("auditor")[0]["asked"]
    assert (shown["officer"], shown["reference"]) == ("PS-1234", "A-2026/7")


def test_the_night_before_is_offered(desk: Desk) -> None:
    """Who opens the form in the small hours asks about the night that is not over yet."""
    page = desk.browser("clerk").get(PAGE)
    found = re.search(r'id="night" name="night" type="date" value="([^"]+)"', page)
    assert found is not None
    assert date.fromisoformat(found[1]) in (_today() - timedelta(days=1), _today())


def _today() -> Any:
    return datetime.now(UTC).date()
