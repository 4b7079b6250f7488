"""Every catalog says everything, rightly filled in and counted; each fault of one is found."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from babel.messages.catalog import Catalog

from flask_guesterase.web.wording.language import LANGUAGES
from tests.web.catalogs import CODES, catalog, faults, messages, said

OTHERS = [code for code in CODES if code != "en"]
COUNTED = ("%(num)s row", "%(num)s rows")
FILLED = "Not settled: %(left)s."


def test_there_are_six() -> None:
    """The six languages of the hotel's guests are there, and pages offer just these."""
    assert set(CODES) == {"zh", "en", "ja", "de", "es", "fr"}
    assert set(LANGUAGES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_holds_what_is_said_and_nothing_else(code: str) -> None:
    """Nothing is missing, unused, left open, doubtful, miscounted or filled in otherwise."""
    assert faults(catalog(code), code) == []


NAMED: dict[str, tuple[str, dict[str, str]]] = {
    "legal hold": (
        r"^hold$|\b(a|every|forgotten) holds?\b|[Hh]olds? (and freezes|placed|lifted|are|reviewed)",
        {"zh": "保全", "ja": "法的保全", "de": "Löschsperre", "fr": "blocage", "es": "retención"},
    ),
    "case code": (
        r"case code",
        {
            "zh": "查询码", "ja": "手続きコード", "de": "Vorgangscode", "fr": "code de dossier",
            "es": "código",
        },
    ),
    "slip": (
        r"\bslips?\b",
        {"zh": "回执", "ja": "控え", "de": "Beleg", "fr": "coupon", "es": "resguardo"},
    ),
}  # fmt: skip
"""What has one name in each language -> how English names it, and its name there."""


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("what", NAMED)
def test_what_somebody_must_find_again_has_one_name(what: str, code: str) -> None:
    """An officer who is told to place every hold again looks for the page of that name, and a guest
    for the code that the slip calls so: another word would mean another thing."""
    english, names = NAMED[what]
    other = [
        text
        for message in messages(code)
        if re.search(english, said(message.id)[0])
        for text in said(message.string)
        if names[code].casefold() not in text.casefold().replace("retenciones", "retención")
    ]
    assert other == []


ADDRESSED = r"address or (a )?number|address is (needed|kept)|without an address|read the address"
MEANT = (
    ("住客", r"Hotel Business Act|[Ff]oreign guest|No statewide"),
    ("资料", r"on paper|the fact that was read|^PDPO|\(PDPO|個人資料保護法"),
    ("数据", r"[Ff]igure|others published|^Theirs$|\brows?\b|view of the data|^Somebody else is"),
    ("纸条", r"(?!)"),
)
"""A Chinese word, and what English speaks of where it stands: guests are 客人, a slip is 回执."""
TECHNICAL = r"数据(?:库|表|文件|地图|行|统计|安全)|(?:西班牙)?数据保护(?:局|机构|监管机构)|写入数据"


@pytest.mark.parametrize(("word", "english"), MEANT, ids=[word for word, _ in MEANT])
def test_chinese_calls_guests_and_what_is_about_them_by_the_words_of_the_law(
    word: str, english: str
) -> None:
    """PIPL calls its object 个人信息; 数据 is a table or a figure, 资料 lies on paper."""
    other = [
        text
        for message in messages("zh")
        if not re.search(english, said(message.id)[0])
        for text in said(message.string)
        if word in re.sub(TECHNICAL, "", text)
    ]
    assert other == []


def test_what_a_message_can_be_sent_to_is_no_place_in_chinese() -> None:
    """地址 is where somebody lives: a guest would wait for a letter."""
    told = [
        text for message in messages("zh") if re.search(ADDRESSED, said(message.id)[0])
        for text in said(message.string)
    ]  # fmt: skip
    assert len(told) > 9
    assert [text for text in told if "地址" in text] == []


TAKEN_BACK = (
    (r"erasures? (of your data )?(was |to be )?(taken )?back|certificate (is )?revoked|Revoked on"
     r"|[Dd]ecisions taken back|within the window two people|After the window", "撤销", "撤回"),
    (r"request.* (taken|take it) back|[Tt]ake the request back|that request back"
     r"|consent (was|is) withdrawn|(withdrawn?|withdrawal of) consent", "撤回", "撤销"),
)  # fmt: skip
"""How English says that something is taken back, its Chinese word, and the one of the other."""


@pytest.mark.parametrize(("english", "word", "other"), TAKEN_BACK)
def test_what_a_guest_withdraws_and_an_officer_revokes_have_words_of_their_own(
    english: str, word: str, other: str
) -> None:
    """A guest withdraws a request or consent; staff revoke what the hotel decided and did."""
    told = [
        text
        for message in messages("zh")
        if re.search(english, said(message.id)[0])
        for text in said(message.string)
    ]
    assert len(told) > 7
    assert [text for text in told if word not in text] == []
    assert [text for text in told if other in text] == []


def _left_open(held: Catalog) -> None:
    held[FILLED].string = ""


def _doubtful(held: Catalog) -> None:
    held[FILLED].flags.add("fuzzy")


def _filled_in_otherwise(held: Catalog) -> None:
    held[FILLED].string = str(held[FILLED].string).replace("(left)", "(rest)")


def _missing(held: Catalog) -> None:
    held.delete(FILLED)


def _unused(held: Catalog) -> None:
    held.add("Nobody says this.", "没有人这样说。")


def _short_of_a_form(held: Catalog) -> None:
    held[COUNTED[0]].string = tuple(held[COUNTED[0]].string)[:-1]


def _miscounted(held: Catalog) -> None:
    held._plural_expr = "(n != 7)"
    held._num_plurals = 2


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_left_open, "untranslated: Not settled"),
        (_doubtful, "fuzzy: Not settled"),
        (_filled_in_otherwise, "filled in: Not settled"),
        (_missing, "missing: Not settled"),
        (_unused, "unused: Nobody"),
        (_short_of_a_form, "plural forms: "),
        (_miscounted, "plural rule: "),
    ],
)
def test_a_fault_of_a_catalog_is_found(
    spoil: Callable[[Catalog], None], fault: str, code: str
) -> None:
    """A catalog with one thing wrong in it does not pass."""
    # Read anew: catalogs of Babel 2.14 cannot be copied.
    spoiled = catalog.__wrapped__(code)
    spoil(spoiled)
    assert any(line.startswith(fault) for line in faults(spoiled, code))


def test_no_two_catalogs_say_a_sentence_alike() -> None:
    """A sentence that two languages share was put into the wrong catalog."""
    heard: dict[str, str] = {}
    alike = []
    for code in OTHERS:
        for text in {text for message in messages(code) for text in said(message.string)}:
            if len(text.split()) > 3 and heard.setdefault(text, code) != code:
                alike.append((heard[text], code, text))
    assert alike == []
