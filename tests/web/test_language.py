"""Both languages say everything, and each reader gets theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import flask_guesterase.web
from flask_guesterase.core.certificate import Level, Scope
from flask_guesterase.core.depth import Evidence
from flask_guesterase.core.events import EVENTS
from flask_guesterase.core.lifecycle import WORDS, Ground, State
from flask_guesterase.core.plan import Outcome
from flask_guesterase.core.standing import Why
from flask_guesterase.store.execution import CHECKS
from flask_guesterase.store.intake import CHANNELS
from flask_guesterase.store.review import Shown
from flask_guesterase.web import language, words
from flask_guesterase.web.language import LANGUAGES, Language, choose, known
from tests.web.house import House

FOLDER = Path(flask_guesterase.web.__file__).parent
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2"),
    ("**/templates/**.txt", "jinja2"),
]


def used() -> set[str | tuple[str, ...]]:
    """Return every message the code and the templates say."""
    found = extract_from_dir(
        FOLDER, method_map=METHODS, keywords=KEYWORDS, comment_tags=(), strip_comment_tags=False
    )
    messages = (message for _, _, message, _, _ in found)
    return {m if isinstance(m, str) else tuple(m) for m in messages}


def messages(code: str) -> Iterator[Message]:
    """Yield the messages of one catalog."""
    with (FOLDER / "translations" / code / "LC_MESSAGES" / "guesterase.po").open("rb") as file:
        catalog = read_po(file, locale=code, abort_invalid=True)
        yield from (message for message in catalog if message.id)


FILLED = re.compile(r"%\(\w+\)s")


def said(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """Return the forms of a message: one, or one for each number."""
    return [text] if isinstance(text, str) else list(text or ())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_catalog_holds_what_is_said_and_nothing_else(code: str) -> None:
    """No message is missing in a catalog, and none is there that nobody says any more."""
    held = {m.id if isinstance(m.id, str) else tuple(m.id) for m in messages(code)}
    assert held == used()


def test_everything_is_said_in_chinese() -> None:
    """Every message has a Chinese text with Chinese in it, checked by a person: none is fuzzy."""
    for message in messages("zh"):
        texts = said(message.string)
        assert all(re.search("[\u4e00-\u9fff]", text) for text in texts), message.id
        assert not message.fuzzy, message.id


def test_translations_keep_what_is_filled_in() -> None:
    """A translation fills in the same names as the message, or fewer for a counted one."""
    for message in messages("zh"):
        asked, told = said(message.id)[-1], said(message.string)[-1]
        assert sorted(FILLED.findall(asked)) == sorted(FILLED.findall(told)), asked


@pytest.mark.parametrize(
    "values",
    [State, Ground, Outcome, Why, Shown, Scope, Level, Evidence, EVENTS, CHANNELS, CHECKS],
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
        ("zh_CN.UTF-8", "zh"), ("ZH-hans", "zh"), ("en-GB", "en"), ("de", ""), ("", ""), (None, ""),
        ("zhuang", ""), ("../zh", ""),
    ],
)  # fmt: skip
def test_a_tag_finds_its_catalog(tag: str | None, code: str) -> None:
    """All ways of writing simplified Chinese lead to one catalog, unknown tags to none."""
    assert known(tag) == code


def test_the_strongest_wish_that_can_be_met_wins() -> None:
    """Unknown wishes are passed over; without any that can be met it is English."""
    assert choose([None, "de", "zh-CN", "en"]) == "zh"
    assert choose(["de", None]) == "en"


def test_days_and_counts_are_written_as_readers_write_them() -> None:
    """Days, moments and counted things follow the language and the hotel's clock."""
    zh, en = Language("zh", "Asia/Shanghai"), Language("en")
    assert zh.day("2026-08-07") == "2026年8月7日"
    assert en.day("2026-08-07") == "August 7, 2026"
    assert "2026年8月8日" in zh.moment("2026-08-07T16:30:00Z")
    assert en.ngettext("%(num)s row", "%(num)s rows", 1200) == "1,200 rows"
    assert zh.ngettext("%(num)s row", "%(num)s rows", 1) == "1 行"
    assert en.day(None) == en.day("") == ""


def test_a_message_nobody_translated_is_said_in_english() -> None:
    """A host's own template may say what our catalogs do not hold."""
    assert Language("zh").gettext("Room service") == "Room service"
    assert Language("zh").gettext("") == ""


def test_the_browser_is_asked_and_the_reader_decides(house: House) -> None:
    """The browser's wish counts until the reader chooses; the choice stays."""
    browser = house.browser()
    assert 'lang="zh-Hans"' in browser.get("/privacy/", wish="zh-TW,en;q=0.5")
    assert '<html lang="en">' in browser.get("/privacy/", wish="de,en;q=0.5")
    browser.get("/privacy/?lang=zh-CN")
    assert '<html lang="zh-Hans">' in browser.get("/privacy/ask", wish="en")
    browser.get("/privacy/?lang=xx")
    assert '<html lang="zh-Hans">' in browser.get("/privacy/ask", wish="en")


def test_the_hosts_own_choice_of_language_is_followed(house: House) -> None:
    """Where the host has a locale selector of Flask-Babel, it beats the browser."""
    house.app.extensions["babel"] = SimpleNamespace(locale_selector=lambda: "zh_Hans_CN")
    page = house.browser().get("/privacy/", wish="en")
    assert '<html lang="zh-Hans">' in page


def test_catalogs_are_read_once() -> None:
    """A page does not parse the catalog again."""
    assert language.catalog("zh") is language.catalog("zh")
