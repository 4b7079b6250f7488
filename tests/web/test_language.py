"""Each reader gets their language, or a choice where there is none for them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import pytest

from flask_guesterase.core.certificate import Level, Scope
from flask_guesterase.core.depth import Evidence
from flask_guesterase.core.events import EVENTS
from flask_guesterase.core.lifecycle import WORDS, Ground, State
from flask_guesterase.core.plan import Outcome
from flask_guesterase.core.standing import Why
from flask_guesterase.store.deciding.review import Shown
from flask_guesterase.store.executing.concluding import CHECKS
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.requests.intake import CHANNELS
from flask_guesterase.web.wording import language, words
from flask_guesterase.web.wording.language import LANGUAGES, SORRY, Language, choose, known, meant
from tests.web.house import PROPERTIES, House


@pytest.mark.parametrize(
    "values",
    [State, Ground, Outcome, Why, Shown, Scope, Level, Evidence, EVENTS, CHANNELS, CHECKS,
     dict.fromkeys([outbox.MESSAGE, outbox.FILE, outbox.RECIPIENT, outbox.BACK])],
    ids=lambda v: getattr(v, "__name__", "names"),
)
def test_what_the_program_counts_in_has_words(values: type[StrEnum] | dict[str, object]) -> None:
    """No enumerated value reaches a reader as the program writes it."""
    for value in values:
        text = words.word(Language("zh"), value)
        assert re.search("[\u4e00-\u9fff]", text), value


def test_the_guest_reads_five_words() -> None:
    """The life cycle tells a guest nothing but the five words, and all five have a text."""
    assert set(WORDS.values()) <= set(words.STEPS)
    assert tuple(words.GUEST_WORDS) == words.STEPS


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("zh", "zh"), ("zh-CN", "zh"), ("zh_CN", "zh"), ("zh-Hans", "zh"), ("zh-Hans-SG", "zh"),
        ("zh_CN.UTF-8", "zh"), ("ZH-hans", "zh"), ("zh-SG", "zh"), ("zh-Hans-CN", "zh"),
        ("zh-Hans-HK", "zh"), ("cmn-Hans-CN", "zh"), ("en-GB", "en"), ("ja-JP", "ja"),
        ("es-MX", "es"), ("es_419", "es"), ("", ""), (None, ""), ("zhuang", ""), ("../zh", ""),
        ("zh-TW", ""), ("zh-HK", ""), ("zh-MO", ""), ("zh-Hant", ""), ("zh_Hant_TW", ""),
        ("zh_TW.UTF-8", ""), ("ko-KR", ""), ("it", ""), ("pt-BR", ""), ("cs", ""), ("*", ""),
    ],
)  # fmt: skip
def test_a_tag_finds_its_catalog(tag: str | None, code: str) -> None:
    """Simplified Chinese leads to one catalog however written; traditional and unknown to none."""
    assert known(tag) == code


def test_the_strongest_wish_that_can_be_met_wins() -> None:
    """Unknown wishes are passed over; without any that can be met it is English."""
    assert choose([None, "it", "zh-CN", "en"]) == "zh"
    assert choose(["zh-TW", "it", None]) == "en"


def test_a_bare_zh_of_a_traditional_browser_is_no_wish() -> None:
    """Browsers add it to zh-TW by themselves; one that says zh-CN as well means it."""
    assert meant(["zh-TW", "zh", "en-US", "en"]) == ["zh-TW", "en-US", "en"]
    assert choose(meant(["zh-HK", "zh", "zh-CN", "en"])) == "zh"
    assert choose(meant(["zh", "en"])) == "zh"


def test_days_and_counts_are_written_as_readers_write_them() -> None:
    """Days, moments and counted things follow the language and the hotel's clock."""
    zh, en = Language("zh", "Asia/Shanghai"), Language("en")
    assert zh.day("2026-08-07") == "2026年8月7日"
    assert en.day("2026-08-07") == "August 7, 2026"
    assert "2026年8月8日" in zh.moment("2026-08-07T16:30:00Z")
    assert en.ngettext("%(num)s row", "%(num)s rows", 1200) == "1,200 rows"
    assert zh.ngettext("%(num)s row", "%(num)s rows", 1) == "1 行"
    assert en.day(None) == en.day("") == ""
    ja, es = Language("ja"), Language("es")
    assert (ja.day("2026-08-07"), ja.number(1200)) == ("2026年8月7日", "1,200")
    assert (es.day("2026-08-07"), es.number(12000)) == ("7 de agosto de 2026", "12.000")
    assert ja.ngettext("%(num)s row", "%(num)s rows", 1) == "1 行"
    assert es.ngettext("%(num)s row", "%(num)s rows", 1) == "1 fila"
    assert es.ngettext("%(num)s row", "%(num)s rows", 0) == "0 filas"


def test_the_first_of_a_month_is_an_ordinal_in_french() -> None:
    """"Au plus tard le 1 janvier" is no French; no other day has an ordinal."""
    fr = Language("fr", "Europe/Paris")
    assert fr.day("2027-01-01") == fr.about("2027-01-01") == "1er janvier 2027"
    assert (fr.day("2027-01-11"), fr.day("2021-11-21")) == ("11 janvier 2027", "21 novembre 2021")
    assert fr.moment("2026-11-30T23:42:05Z") == "1er déc. 2026, 00:42:05"
    assert fr.about("2027-01") == "janvier 2027"
    assert Language("de").day("2027-01-01") == "1. Januar 2027"


@pytest.mark.parametrize(
    ("code", "colon"), [("zh", "："), ("ja", "："), ("fr", "\N{NO-BREAK SPACE}: "), ("de", ": ")]
)
def test_a_colon_is_the_readers(code: str, colon: str) -> None:
    """A certificate or a notice to an authority with another script's colons looks put together."""
    assert Language(code).colon == colon


@pytest.mark.parametrize("code", LANGUAGES)
def test_clauses_with_commas_of_their_own_are_told_apart(code: str) -> None:
    """How an erasure was checked is read as so many steps, not as one run of commas."""
    told = [words.word(Language(code), each) for each in (*CHECKS, *Evidence)]
    assert any(re.search("[,、，]", each) for each in told)
    between = {"zh": "；", "ja": "；", "fr": "\N{NO-BREAK SPACE}; "}.get(code, "; ")
    assert Language(code).clauses(told) == between.join(told)


def test_a_message_nobody_translated_is_said_in_english() -> None:
    """A host's own template may say what our catalogs do not hold."""
    assert Language("zh").gettext("Room service") == "Room service"
    assert Language("zh").gettext("") == ""


def test_the_browser_is_asked_and_the_reader_decides(house: House) -> None:
    """The browser's wish counts until the reader chooses; the choice stays."""
    browser = house.browser()
    assert '<html lang="zh-Hans">' in browser.get("/privacy/", wish="it;q=0,zh-CN,en;q=0.5")
    assert '<html lang="en">' in browser.get("/privacy/", wish="it,en;q=0.5")
    browser.get("/privacy/?lang=zh-CN")
    assert '<html lang="zh-Hans">' in browser.get("/privacy/ask", wish="en")
    browser.get("/privacy/?lang=xx")
    assert '<html lang="zh-Hans">' in browser.get("/privacy/ask", wish="en")


OFFER = "We do not have this page in the language your browser asks for first."


@pytest.mark.parametrize(
    ("wish", "tag"),
    [
        ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-Hant"), ("zh-HK", "zh-Hant"),
        ("zh-Hant,zh;q=0.9", "zh-Hant"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("it-IT,it", "it"),
        ("pt-BR,pt;q=0.9", "pt"), ("cs", "cs"), ("pl,en;q=0.5", ""),
    ],
)  # fmt: skip
def test_who_has_no_catalog_is_given_a_choice(house: House, wish: str, tag: str) -> None:
    """English, said so, with every language in its own name; the choice is kept, and asked once."""
    browser = house.browser()
    page = browser.get("/privacy/copy?from=letter", wish=wish)
    assert '<html lang="en">' in page
    offer = page.partition("<main")[2].partition("</section>")[0]
    assert OFFER in offer
    assert not tag or f'<p lang="{tag}">{SORRY[tag]}</p>' in offer
    for code, name in LANGUAGES.items():
        assert f'lang="{code}" hreflang="{code}">{name}</a>' in offer
    chosen = re.findall(r'href="([^"]*lang=es)"', offer)[0].replace("&amp;", "&")
    assert "from=letter" in chosen
    assert '<html lang="es">' in browser.get(f"/privacy/copy{chosen}", wish=wish)
    after = browser.get("/privacy/ask", wish=wish)
    assert '<html lang="es">' in after
    assert 'class="chips"' not in after


def test_who_is_understood_is_not_asked(house: House) -> None:
    """No offer where the first wish was met, where there was none, or where the host chose."""
    for wish in ("en-GB,en", "zh-CN,zh;q=0.9", "ja", "es-MX,es;q=0.9,en;q=0.8", "*", ""):
        assert "hreflang" not in house.browser().get("/privacy/", wish=wish).partition("<main")[2]
    house.app.extensions["babel"] = SimpleNamespace(locale_selector=lambda: "en")
    assert OFFER not in house.browser().get("/privacy/", wish="ko")


def test_one_hotel_without_a_wish_that_can_be_met_speaks_its_own(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Where one hotel stands alone, its language is the fall-back, and the choice is there too."""
    house = House(sqlite_url, tmp_path, (replace(PROPERTIES[0], lang="ja"),))
    page = house.browser().get("/privacy/", wish="ko")
    assert '<html lang="ja">' in page
    assert SORRY["ko"] in page
    house.hotel.engine.dispose()


def test_letters_are_in_the_language_the_guest_chose(house: House) -> None:
    """What was chosen on the page is kept with the request, and the letter is written in it."""
    for key, code in enumerate(LANGUAGES, 20):
        house.hotel.guest(key, name=f"Guest {code}", email=f"{code}@mail.example")
        browser = house.browser()
        browser.get(f"/privacy/?lang={code}", wish="ko")
        form = {"property": "sh", "name": f"Guest {code}", "email": f"{code}@mail.example"}
        assert browser.ask(**form).status_code == 303
        house.worker()
        page = house.browser("clerk").get("/desk/privacy/outbox")
        tongue = Language(code)
        letter = page.partition(f'class="letter" lang="{tongue.tag}"')[2].partition("</div>")[0]
        assert tongue.gettext("Good day,") in letter


def test_the_hosts_own_choice_of_language_is_followed(house: House) -> None:
    """Where the host has a locale selector of Flask-Babel, it beats the browser."""
    house.app.extensions["babel"] = SimpleNamespace(locale_selector=lambda: "zh_Hans_CN")
    page = house.browser().get("/privacy/", wish="en")
    assert '<html lang="zh-Hans">' in page


def test_catalogs_are_read_once() -> None:
    """A page does not parse the catalog again."""
    assert language.catalog("zh") is language.catalog("zh")


@pytest.mark.parametrize("written", ["2026-03-09T21:30:00", "2026-03-09T21:30:00+00:00"])
def test_the_day_of_a_moment_is_that_of_the_wall_however_it_is_written(written: str) -> None:
    """A letter that says when something was noticed says the day on which it was, at the hotel."""
    moment = datetime.fromisoformat(written)
    for zone, day in (("Asia/Shanghai", "March 10, 2026"), ("Pacific/Honolulu", "March 9, 2026")):
        tongue = Language("en", zone)
        assert (tongue.day(written), tongue.day(moment)) == (day, day)
        assert tongue.day("2026-03-09") == "March 9, 2026"


def test_the_answer_to_a_form_has_no_way_to_another_language(house: House) -> None:
    """It would open nothing there, and a code that is shown once would be lost with the page."""
    number = house.request()
    here, clerk = f"/desk/privacy/{number}", house.browser("clerk")
    assert "hreflang" in clerk.get(here)
    slip = clerk.post(f"{here}/confirm", here, how="desk")
    assert 'class="secret"' in slip.text
    wrong = clerk.post("/desk/privacy/new", "/desk/privacy/new", value="what was typed")
    assert "what was typed" in wrong.text
    for answer in (slip, wrong):
        assert "hreflang" not in answer.text
