"""The reasoned answer: in letter, case page and print page, in both languages, by the law there."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import Blocker
from flask_guesterase.core.answer import Answer, Staying, answered, read_answer
from flask_guesterase.core.plan import LEGAL_DUTY
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import null, redact, retain
from flask_guesterase.store.casework import answering
from flask_guesterase.web.wording.answers import in_words
from flask_guesterase.web.wording.cited import cited
from flask_guesterase.web.wording.language import Language
from flask_guesterase.web.wording.letters import render
from flask_guesterase.web.wording.words import word
from tests.store.hotel import Booking, Guest, Invoice, policies
from tests.web.house import CANARY, PROPERTIES, Browser, House

LAWS = {"CN": ("CN", "Asia/Shanghai"), "DE": ("DE", "Europe/Berlin")}


def on(day: date) -> Callable[[Any], Any]:
    """Return an expression of one day, whatever the row."""
    return lambda table: sa.literal(day, sa.Date)


def lawful(files: str) -> list[tuple[Any, Policy]]:
    """Return the hotel's policies with a line of the register and an invoice the law may keep."""
    found = dict(policies(files))
    guest = found[Guest]
    found[Guest] = replace(
        guest,
        columns={**guest.columns, "document_no": retain("guest_register", then=null)},
        clock={"departed": on(date.today().replace(day=1))},
        facts={"nationality": lambda table: sa.literal("FR")},
    )
    found[Invoice] = replace(
        found[Invoice],
        columns={**found[Invoice].columns, "billed_to": retain("invoice_accounting", then=redact)},
        clock=on(date.today().replace(day=1)),
    )
    return list(found.items())


@pytest.fixture(params=sorted(LAWS))
def under(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests under a law that its officer signed."""
    country, zone = LAWS[request.param]
    place = replace(PROPERTIES[0], country=country, zone=zone)
    made = House(sqlite_url, tmp_path, (place, PROPERTIES[1]), declared=lawful)
    made.people()
    with made.app.app_context(), made.extension.begin() as office:
        office.sign_pack(request.param, "officer")
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


DESK = "/desk/privacy"


def erased(house: House, lang: str) -> tuple[str, str, Browser]:
    """Let Ann ask in a language and be erased; return number, letter and her browser."""
    clerk, officer = house.browser("clerk"), house.browser("officer")
    filed = clerk.post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="desk", lang=lang, received=date.today().isoformat(),
    )  # fmt: skip
    number = filed.headers["Location"].rpartition("/")[2]
    slip = clerk.post(f"{DESK}/{number}/confirm", how="desk").text
    code = re.findall(r'class="secret">([^<]+)<', slip)[0]
    house.settle(number)
    page = officer.get(f"{DESK}/{number}")
    digest = re.findall(r'name="digest" value="(\w+)"', page)[0]
    officer.post(f"{DESK}/{number}/approve", digest=digest)
    assert officer.post(f"{DESK}/{number}/erase").status_code == 303
    letter = letters(clerk.get(f"{DESK}/outbox"))[0]
    guest = house.browser()
    guest.get(f"/privacy/?lang={lang}")
    guest.post("/privacy/case", code=code)
    return number, letter, guest


def letters(page: str) -> list[str]:
    """Return the letters of the page of messages as people read them."""
    found = re.findall(r'<div class="letter"[^>]*>(.*?)</div>', page, re.DOTALL)
    return [html.unescape(re.sub("<[^>]+>", "", text)) for text in found]


def plain(page: str) -> str:
    """Return the text of a page."""
    return html.unescape(re.sub("<[^>]+>", "", page))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_letter_and_pages_name_every_article_and_day(under: House, lang: str) -> None:
    """What the certificate says stays is in all three, with its article and its day in words."""
    number, letter, guest = erased(under, lang)
    with under.app.app_context(), under.extension.begin(write=False) as office:
        said = office.certificate(number)["content"]
    tongue = Language(lang)
    assert {item["category"] for item in said["stays"]} >= {"invoice_accounting"}
    case, printed = plain(guest.get("/privacy/case")), plain(guest.get("/privacy/case/certificate"))
    for text in (letter, case, printed):
        for item in said["stays"]:
            assert item["basis"]
            assert cited(tongue, item["basis"]) in text
            assert not item["until"] or tongue.day(item["until"]) in text
        assert tongue.day(said["recovery_until"]) in text
    assert any(item["until"] for item in said["stays"])
    assert ("您" in case) == ("您" in letter) == (lang == "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_letter_and_pages_say_where_to_complain_and_what_is_out_of_reach(
    under: House, lang: str
) -> None:
    """By the law at the hotel; what was reported is named because the register was among it."""
    _, letter, guest = erased(under, lang)
    with under.app.app_context():
        settings = under.extension.settings
    place = settings.property("sh")
    complaint = answering.complaint(settings, place, lang)
    assert complaint
    reported = in_words(
        Language(lang), Answer("sealed", reported=True), "",
        answering.cannot_recall(settings, place, lang),
    ).recalled  # fmt: skip
    assert reported
    case, printed = plain(guest.get("/privacy/case")), plain(guest.get("/privacy/case/certificate"))
    for text in (letter, case, printed):
        assert complaint in text
        assert reported in text


def test_neither_letter_nor_pages_name_the_guest_or_a_stay(under: House) -> None:
    """What a letter tells about data is no data."""
    _, letter, guest = erased(under, "en")
    for text in (letter, guest.get("/privacy/case"), guest.get("/privacy/case/certificate")):
        for secret in (CANARY, "Zebrafinch", "ann@mail.example", "B1", "B2", "13912345678"):
            # A token of the form may hold "B2" by chance; a room stands by itself.
            assert not re.search(rf"(?<![\w.-]){re.escape(secret)}(?![\w.-])", str(text))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_refusal_names_the_article_of_its_ground(under: House, lang: str) -> None:
    """Ground, and its article where it has one, in the letter and on the case page."""
    clerk, officer = under.browser("clerk"), under.browser("officer")
    filed = clerk.post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="desk", lang=lang, received=date.today().isoformat(),
    )  # fmt: skip
    number = filed.headers["Location"].rpartition("/")[2]
    slip = clerk.post(f"{DESK}/{number}/confirm", how="desk").text
    code = re.findall(r'class="secret">([^<]+)<', slip)[0]
    with under.app.app_context():
        union = under.extension.settings.property("sh").country == "DE"
    ground = "manifestly-unfounded" if union else "another-persons-data"
    assert officer.post(f"{DESK}/{number}/refuse", ground=ground).status_code == 303
    with under.app.app_context(), under.extension.begin(write=False) as office:
        answer, told = office.case(code).answer, word(Language(lang), ground)
        complaint = answering.complaint(
            under.extension.settings, under.extension.settings.property("sh"), lang
        )
    assert answer is not None
    assert bool(answer.article) is union
    guest = under.browser()
    guest.get(f"/privacy/?lang={lang}")
    guest.post("/privacy/case", code=code)
    for text in (letters(clerk.get(f"{DESK}/outbox"))[0], plain(guest.get("/privacy/case"))):
        assert cited(Language(lang), answer.article) in text
        assert (answer.explained or {}).get(lang, "") in text
        assert told in text
        assert complaint in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_done_refused_and_not_complete_are_told_apart(under: House, lang: str) -> None:
    """Each end has a letter of its own, and each says how to complain."""
    said = {"number": "GR-ABCD2345", "property": "sh"}
    bodies = []
    with under.app.test_request_context():
        place = under.extension.settings.property("sh")
        complaint = answering.complaint(under.extension.settings, place, lang)
        for state in ("erased", "sealed", "partial"):
            params = said | {"state": state, "answer": Answer(state, ("guests",)).to_json()}
            bodies.append(render("done", lang, params, shown=True)[1])
        refused = Answer("refused", ground="nothing-held").to_json()
        bodies.append(
            render("refused", lang, said | {"ground": "nothing-held", "answer": refused}, True)[1]
        )
    assert len(set(bodies)) == len(bodies)
    assert all(complaint in body for body in bodies)


def test_a_hold_looks_like_any_duty_whose_end_nobody_knows() -> None:
    """The line of a hold has the words of an ordinary one, and no word for a hold."""
    for lang in ("zh", "en"):
        tongue = Language(lang)
        held, kept = (
            in_words(tongue, Answer("sealed", stays=(Staying("", what, basis),))).stays[0]
            for what, basis in ((LEGAL_DUTY, ""), ("guest_register", "BMG s. 30(4)"))
        )
        assert LEGAL_DUTY not in held
        assert (
            held.rpartition("," if lang == "en" else "，")[2]
            == (kept.rpartition("," if lang == "en" else "，")[2])
        )


def test_nothing_was_reported_where_no_register_was_among_it() -> None:
    """Who has no line in the register is not told of authorities."""
    for reported in (True, False):
        told = in_words(Language("en"), Answer("erased", reported=reported), "", "They have it.")
        assert bool(told.recalled) is reported


def test_tables_are_told_in_plain_words_once() -> None:
    """No table's name reaches a guest, and several of one kind are one line."""
    answer = Answer("erased", ("guests", "pms.GuestProfiles", "bookings", "zq_17"))
    for lang in ("zh", "en"):
        went = in_words(Language(lang), answer).went
        assert len(went) == len(set(went)) == 3
        assert not any(name in line for name in ("pms", "zq_17", "_") for line in went)


def test_what_stays_is_told_once_with_the_nearest_day_first() -> None:
    """Rows of many tables under one article and day are one line; an unknown day comes last."""
    stay = {"category": "guest_register", "basis": "A 1", "until": "2027-03-01", "table": "t"}
    later, never = stay | {"until": "2029-01-01"}, stay | {"until": ""}
    said = {
        "state": "sealed", "went": [], "stays": [never, later, stay, dict(stay)], "shared": [],
        "partial": [], "recovery_until": "",
    }  # fmt: skip
    answer = answered(said, reported=False)
    assert [item.until for item in answer.stays] == ["2027-03-01", "2029-01-01", ""]
    assert read_answer(answer.to_json()) == answer


def test_an_article_is_shown_as_it_is_written_and_escaped_on_pages(under: House) -> None:
    """Hyphens and signs of an article are not taken for the program's own, nor for markup."""
    line = in_words(
        Language("en"), Answer("sealed", stays=(Staying("", "cctv", "R814-1_a <b>&"),))
    ).stays[0]
    assert "R814-1_a <b>&" in line
    with under.app.test_request_context():
        template = under.app.jinja_env.get_template("guesterase/answer.html")
        told = in_words(Language("en"), Answer("sealed", stays=(Staying("", "cctv", "<b>&"),)))
        page = template.render(answer=told, _=lambda text: text)
    assert "&lt;b&gt;&amp;" in page


def test_what_the_hotel_itself_still_needs_is_not_said_to_be_kept_by_law(house: House) -> None:
    """A deposit keeps a number until it is settled; letter, page and calendar blame no law."""
    house.extension.block(Blocker(
        "deposit", "bookings", lambda bookings, _: bookings.c.number == "B2",
        until=lambda bookings: sa.literal(date(2099, 1, 31), sa.Date), needs={"guests": ["phone"]},
    ))  # fmt: skip
    house.hotel.guest(5, name="Bea Berg", email="berg@mail.example", phone="+491701234567")
    with house.hotel.engine.begin() as conn:
        conn.execute(sa.update(Booking).where(Booking.id == 2).values(guest_id=5))
    clerk, guest = house.browser("clerk"), house.browser()
    with house.app.app_context(), house.extension.begin() as office:
        number = office.request(
            {"email": "berg@mail.example"}, property="sh", by="clerk", lang="en"
        )
    slip = clerk.post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk").text
    code = re.findall(r'class="secret">([^<]+)<', slip)[0]
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)
    with house.app.app_context(), house.extension.begin() as office:
        office.erase(number, "officer")
    house.worker()
    assert house.state(number) == "sealed"
    guest.get("/privacy/?lang=en")
    guest.post("/privacy/case", code=code)
    letter, page = letters(clerk.get(f"{DESK}/outbox"))[0], plain(guest.get("/privacy/case"))
    for text in (letter, page):
        assert "What stays is listed below with its reason." in text
        assert "a deposit is not settled" in text
        assert "law keeps" not in text
    assert "law keeps" not in guest.get("/privacy/case/dates.ics")


@pytest.mark.parametrize("kept", [False, True])
def test_the_first_page_promises_no_scan_that_the_law_keeps(
    sqlite_url: str, tmp_path: Path, kept: bool
) -> None:
    """A house in Japan keeps copies of passports for three years (F126)."""

    def declared(files: str) -> list[tuple[Any, Policy]]:
        found = dict(policies(files))
        rule = retain("identity_document_copy", then=null) if kept else null
        columns = {**found[Guest].columns, "document_no": rule}
        found[Guest] = replace(found[Guest], columns=columns)
        return list(found.items())

    house = House(sqlite_url, tmp_path, declared=declared)
    page = house.browser().get("/privacy/?lang=en")
    assert "Your name, contact, address, wishes, notes and messages" in page
    assert ("scans of documents" in page) is not kept
    house.session.remove()
    house.hotel.engine.dispose()
