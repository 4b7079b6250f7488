"""Whatever a pack or a ground says, a Chinese reader reads Chinese: each pack, letter and page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from flask_guesterase.core.answer import Answer, Staying
from flask_guesterase.core.complaining import Outcome
from flask_guesterase.core.grounds import EXEMPTIONS
from flask_guesterase.core.incidents import Happening
from flask_guesterase.core.lifecycle import Ground
from flask_guesterase.core.pack import Level
from flask_guesterase.core.reasons import DUTIES, LEAK_ARTICLES, Reason
from flask_guesterase.core.register import Basis
from flask_guesterase.core.treatment import Keep
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.lawbook.schedule import Entry, told
from flask_guesterase.store.settings import Property
from flask_guesterase.web.staffpages import register
from flask_guesterase.web.wording import cited, terms
from flask_guesterase.web.wording.language import LANGUAGES, Language
from flask_guesterase.web.wording.letters import render
from tests.web.catalogs import FOLDER
from tests.web.chinese import english, latin, lines, narrow, read
from tests.web.house import House

ZH = Language("zh")
DESK = "/desk/privacy"
CHINESE = ("CN", "HK", "MO", "TW")
"""Where laws are written or published in Chinese, so that they have a Chinese name."""

OTHERWISE = ("AT", "CZ", "DE", "EU", "FR", "JP")
"""Where laws are cited in signs or by a name that only some readers know."""

PLACES = tuple(
    Property(
        pack.code, f"酒店{pack.code}", "松树有限公司", pack.country, "Asia/Shanghai", "zh",
        "privacy@pine.example", "虚构路1号",
        region=pack.code if pack.level is Level.REGION else "",
    )
    for pack in bundled().values() if pack.level is not Level.BLOC
)  # fmt: skip
"""A hotel under each pack there is."""


def articles() -> Iterator[tuple[str, str]]:
    """Yield code of the law and text of every article that pages and letters show."""
    for pack in bundled().values():
        for item in (*pack.rules, *pack.alarms):
            yield pack.code, item.article
    for item in (*DUTIES, *EXEMPTIONS):
        yield item.law, item.article
    yield from LEAK_ARTICLES.items()


def sentences() -> Iterator[tuple[str, str]]:
    """Yield code of the pack and every sentence of it that pages show."""
    for pack in bundled().values():
        for _, text in pack.unknown:
            yield pack.code, text
        for alarm in pack.alarms:
            yield pack.code, alarm.note
            yield pack.code, alarm.source


def chinese(code: str) -> bool:
    """Return whether a law has a Chinese name."""
    return code.partition("-")[0] in CHINESE


def test_the_catalogs_know_what_the_packs_say_and_nothing_else() -> None:
    """What changes in a pack or a ground must change among the messages too."""
    known = {t for code, t in articles() if chinese(code) or code in OTHERWISE or english(t)}
    assert set(cited.CITED) == known
    assert set(cited.UNKNOWN) == {text for pack in bundled().values() for _, text in pack.unknown}
    said = {text for _, text in sentences() if english(text)} - set(cited.UNKNOWN)
    assert set(cited.NOTES) == said
    assert set(cited.NAMES) == {pack.name for pack in bundled().values()}


@pytest.mark.parametrize(
    ("laws", "lang", "foreign"),
    [
        (("AT", "DE"), "de", r"\bs\. |\bnos\. |\(\d\)"),
        (("EU",), "de", r"GDPR|\(\d\)"),
        (("EU", "FR"), "fr", r"GDPR|\bto\b|\(\d\)"),
        (("EU",), "es", r"GDPR|\(\d\)"),
        (("JP",), "ja", r"[A-Za-z]|; "),
        (("AT", "CZ", "DE", "EU", "FR", "JP"), "zh", r"\bs\. |\bto\b|\bArt\b"),
        (("CZ",), "de", r"\bs\. "),
    ],
)  # fmt: skip
def test_a_law_is_cited_as_its_readers_cite_it(
    laws: tuple[str, ...], lang: str, foreign: str
) -> None:
    """A letter in German says § 147 AO and DSGVO, one in Japanese 第6条, never "s. 147(1)"."""
    tongue = Language(lang)
    shown = [cited.cited(tongue, text) for code, text in articles() if code in laws]
    assert shown
    assert [text for text in shown if re.search(foreign, text)] == []


def test_every_pack_is_read_in_chinese() -> None:
    """No article, sentence or name of any pack or ground is English; a Chinese law is all Chinese.

    A pack that is new is looked at because it is there.
    """
    for code, text in (*articles(), *sentences()):
        shown = cited.cited(ZH, text)
        assert not english(shown), (code, shown)
        if chinese(code) and not text.startswith("https://"):
            assert not latin(shown), (code, shown)
    for pack in bundled().values():
        assert not latin(cited.cited(ZH, pack.name)), pack.name


@pytest.mark.parametrize("lang", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_of_a_pack_is_read_in_english(lang: str) -> None:
    """What is in a catalog is said in each language, and a text of a house stays as it is."""
    tongue = Language(lang)
    for text in (*cited.UNKNOWN, *cited.NOTES):
        assert cited.cited(tongue, text) != text
    assert cited.cited(tongue, "House Act 1: kept as our board decided") == (
        "House Act 1: kept as our board decided"
    )
    assert cited.cited(tongue, "") == ""


def test_no_template_shows_what_a_law_says_past_the_catalogs() -> None:
    """Article, basis, note and source of a law go through `told` wherever a page prints them."""
    law = re.compile(r"\.(?:article|basis)\b|\bduty\.(?:note|source)\b|\bpack\.name\b")
    for file in sorted(each for each in (FOLDER / "templates").rglob("*.*") if each.is_file()):
        for said in re.findall(r"{{.*?}}", file.read_text(encoding="utf-8"), re.DOTALL):
            past = law.search(said) and not re.search(r"\b(?:told|word)\(", said)
            assert not past, (file.name, said)


def test_the_schedule_of_every_pack_is_read_in_chinese() -> None:
    """Each period with its article, and each limit that nobody knows, as the staff page says it."""
    for pack in bundled().values():
        for rule in pack.rules:
            term, floor = told(rule, date(2027, 3, 1))
            entry = Entry(
                "x", "t", ("c",), rule.category, (term,) if floor else (), () if floor else (term,),
                tuple(text for _, text in pack.unknown),
            )  # fmt: skip
            for said in terms.lines(ZH, entry):
                assert not english(" ".join(said)), (rule.id, said)


@pytest.fixture
def everywhere(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with a hotel under each pack, in which everybody may do everything."""
    made = House(
        sqlite_url, tmp_path, PLACES, authorize=lambda *_: True,
        GUESTERASE_BASE_URL="https://hotel.example/privacy",
    )  # fmt: skip
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def test_every_letter_under_every_pack_is_chinese(everywhere: House) -> None:
    """Each template of a letter, in each of its cases, at a hotel under each law."""
    folder = FOLDER / "templates" / "guesterase" / "mail"
    templates = sorted(file.stem for file in folder.glob("*.txt") if file.stem != "frame")
    assert templates
    with everywhere.app.test_request_context():
        for place, template, case in product(PLACES, templates, range(3)):
            subject, body = render(template, "zh-CN", _params(place, case))
            pieces = [*subject.splitlines(), *body.splitlines()]
            assert not [found for piece in pieces for found in english(piece)], (place.code, body)
            assert not [piece for piece in pieces if narrow(piece)], (place.code, template)


def _params(place: Property, case: int) -> dict[str, str]:
    """Return what letters are filled in with, all that a law says among it, in one of 3 cases."""
    chain = [bundled()[place.code]]
    chain += [bundled()[code] for code in chain[0].extends]
    stays = tuple(
        Staying("2030-01-31" if case else "", rule.category, rule.article)
        for pack in chain for rule in pack.rules
    )  # fmt: skip
    law = next((each for each in EXEMPTIONS if each.law in (pack.code for pack in chain)), None)
    state = ("erased", "sealed", "partial")[case]
    answer = Answer(
        state, went=("guests", "bookings"), stays=stays, shared=True, reported=True,
        copy_until="2030-01-07", ground=Ground.LAW.value,
        article="" if law is None else law.article,
        explained=None if law is None else {"zh": law.zh, "en": law.en},
    )  # fmt: skip
    return {
        "number": "GR-ABCD2345", "property": place.code, "answer": answer.to_json(),
        "token": "x" * 43, "ground": Ground.LAW.value, "state": state,
        "until": ("2030-01-31", "", "2030-01-31")[case], "reason": "complex",
        "reasons": "in-house,deposit", "what": ("receipt", "answer", "authority")[case],
        "due": "2030-01-31T10:00:00+00:00", "left": ("-1", "3", "0")[case],
        "complaint": "GC-ABCD2345", "about": Happening.LEAK.value,
        "outcome": tuple(Outcome)[case].value, "words": "我们已核实。",
        "noticed": "2030-01-02T08:00:00+00:00", "case": "GR-ABCD2345", "alert": "7",
        "kind": "worker-silent", "since": "2030-01-02", "whom": ("deputy", "", "officer")[case],
    }  # fmt: skip


def test_the_staffs_pages_under_every_pack_are_chinese(everywhere: House) -> None:
    """Schedule, set-up and the duties of an incident, with the notice to print, at each hotel; why
    the hotel keeps something is in its own words."""
    everywhere.begun()
    with everywhere.app.app_context():
        tables = everywhere.extension.datamap.tables.values()
    rules = [rule for declared in tables for rule in declared.rules.values()]
    own = {rule.reason for rule in rules if isinstance(rule, Keep)}
    browser = everywhere.browser("officer")
    browser.get(f"{DESK}/?lang=zh")
    for place in PLACES:
        pages = {f"{DESK}/rules?property={place.code}", f"{DESK}/emergency?property={place.code}"}
        with everywhere.app.app_context(), everywhere.extension.begin() as office:
            report = Report(place.code, Happening.LEAK.value, "住客名单被误发。")
            number = office.open_incident(report, "officer")
            duties = [each["id"] for each in office.incident(number, "officer")["duties"]]
        pages.add(f"{DESK}/incidents/{number}")
        pages |= {f"{DESK}/incidents/{number}/notice?duty={duty}" for duty in duties}
        texts = {path: browser.client.get(path) for path in sorted(pages)}
        form = {"property": place.code, "law": place.code, "foreign": "some", "mail": "print"}
        texts["set-up"] = browser.post(f"{DESK}/setup", f"{DESK}/setup", **form)
        for path, answer in texts.items():
            assert answer.status_code in (200, 404), (path, answer.text)
            found = {each for piece in read(answer.text) for each in english(piece)}
            assert not found - own, (path, found)
            assert not [line for line in lines(answer.text) if narrow(line)], path


@pytest.mark.parametrize("reason", [each.value for each in Reason])
def test_a_reason_that_the_law_does_not_know_is_refused_in_chinese(
    everywhere: House, reason: str
) -> None:
    """The form of the desk says why it does not take it, under the law of China."""
    everywhere.begun()
    clerk = everywhere.browser("clerk")
    clerk.get(f"{DESK}/?lang=zh")
    answer = clerk.post(
        f"{DESK}/new", f"{DESK}/new", property="CN", key="email", value="ann@mail.example",
        channel="desk", lang="zh", received="2026-01-02", sure="2026-01-02", reason=reason,
        name="", asked_by="guest",
    )  # fmt: skip
    assert answer.status_code == 422
    assert not [found for piece in read(answer.text) for found in english(piece)]


@pytest.mark.parametrize(
    ("asked", "region"),
    [
        ({"until": "2026-01-03", "name": "李伟"}, "CN"),
        ({"night": "2026-01-03", "until": "2026-06-03"}, "CN"),
        ({"night": "2126-01-03"}, "CN"),
        ({"night": "2026-01-03", "basis": Basis.TAX.value}, "US-CA"),
        ({"night": "2026-01-03", "basis": Basis.TAX.value}, "US-CA-LosAngeles"),
    ],
)
def test_a_question_about_the_register_is_refused_in_chinese(
    everywhere: House, asked: dict[str, str], region: str
) -> None:
    """What the law lets nobody ask is told in words of the reader, not of the program."""
    everywhere.begun()
    clerk = everywhere.browser("clerk")
    clerk.get(f"{DESK}/?lang=zh")
    form = {"property": region, "authority": "派出所", "officer": "PS-1", "reference": "A-1",
            "basis": Basis.COURT.value, "format": "page", **asked}  # fmt: skip
    answer = clerk.post(f"{DESK}/register", f"{DESK}/register", **form)
    assert answer.status_code == 422
    assert sum(ZH.gettext(text) in answer.text for text in register.REFUSED) == 1
    assert not [found for piece in read(answer.text) for found in english(piece)]


def test_narrow_signs_are_found() -> None:
    """The measure can fail: each sign beside Chinese is found, within names and addresses none."""
    for wrong in ("酒店, 上海", "酒店 (上海)", "客人: x", "已删除; 至今", "完成.", "表(invoices)"):
        assert narrow(wrong), wrong
    for right in ("《网络安全法》（2016年文本）", "GDPR第17条第3款(b)项，见 a, b", "https://x/法(1).md"):
        assert not narrow(right), right
    assert lines("<p><b>表</b>: <code>a, 表</code></p><p>x<br>y</p>") == ["表:", "x", "y"]


def test_english_is_found() -> None:
    """The measure can fail: a sentence and a remark are found, a cited law and a name are not."""
    assert english("旅馆业治安管理办法 Art. 6 (text with 2011 revision)")
    assert english("Not researched.")
    assert english("保存：No period was found.")
    assert not english("GDPR Art. 17(3)(b)，Código de Comercio Art. 30")
    assert not english("Code de commerce L123-22")
    page = (
        '<p>您好</p><p lang="en">Good day to you</p><p><code>no word here</code></p>'
        '<p title="as it is">x<br>so it goes</p>'
    )
    assert [found for piece in read(page) for found in english(piece)] == ["as it is", "so it goes"]
