"""Packs: what is wrong with one is told by its line, and what we ship is what the facts say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from flask_guesterase.core.errors import PackError, PolicyError
from flask_guesterase.core.pack import ASKED, CONDITIONS, IdCopy, Level, Pack
from flask_guesterase.core.packfile import check_pack, read_pack
from flask_guesterase.core.packtext import sections
from flask_guesterase.core.period import period
from flask_guesterase.core.problem import Problem
from flask_guesterase.core.retention import floor
from flask_guesterase.core.rule import Facts, Grade, Open, Rank, Rule
from flask_guesterase.store.lawbook.packs import bundled

ROOT = Path(__file__).resolve().parents[2]

GOOD = '''\
code = "XX"
name = "Examplia"
level = "country"
country = "XX"
as_of = "2026-11"
review_by = 2027-11-30
floor_ranks = ["law"]
id_copy = "none"
notes = ["""
[[rule]]
is no rule inside a text
"""]

[answering]
acknowledge = "P10B"
answer = "P1M"
article = "Data Act s. 12"
source = "https://law.example/data-act"
grade = "A"
as_of = "2026-11"

[complaint]
en = "You can complain."

[[rule]]
id = "XX/register"
category = "guest_register"
floor = "P2Y"
ceiling = "P2Y3M"
ceiling_kind = "hard"
clock = ["departed"]
when = { age_min = 16 }
article = "Hotel Act s. 7"
source = "https://law.example/hotel-act"
grade = "A"
as_of = "2026-11-20"
rank = "local-rule"

[[unknown]]
category = "cctv"
text = "No period was found."
'''


def line_of(text: str, part: str) -> int:
    """Return the number of the first line that holds a text."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


RULE = line_of(GOOD, 'id = "XX/register"') - 1
"""Line of the header of the rule."""


def told(text: str) -> list[tuple[int, str]]:
    """Return line and message of everything that keeps a text from being used."""
    return [(p.line, p.message) for p in check_pack(text) if not p.warning]


def test_a_good_pack_is_read() -> None:
    """Everything the text says is there, and nothing is signed."""
    pack = read_pack(GOOD, "xx.toml")
    rule = pack.rules[0]
    assert check_pack(GOOD) == ()
    assert (pack.code, pack.level, pack.review_by) == ("XX", Level.COUNTRY, date(2027, 11, 30))
    assert (rule.floor, rule.ceiling) == (period("P2Y"), period("P2Y3M"))
    assert rule.weak
    assert not rule.signed
    assert pack.answering is not None
    assert pack.answering.acknowledge == period("P10B")
    assert pack.complaint == {"en": "You can complain."}
    assert pack.unknown == (("cctv", "No period was found."),)
    assert not pack.stale(date(2027, 11, 30))
    assert pack.stale(date(2027, 12, 1))


def test_a_mark_changes_with_every_letter_of_the_text() -> None:
    """What was signed is the text, comments included."""
    mark = read_pack(GOOD, "a").mark
    assert re.fullmatch("[0-9a-f]{64}", mark)
    assert read_pack(GOOD, "b").mark == mark
    assert read_pack(GOOD + "# later\n", "a").mark != mark


@pytest.mark.parametrize("key", ["source", "grade", "as_of", "article", "clock", "rank"])
def test_a_rule_without_what_proves_it_is_told_by_the_line_of_the_rule(key: str) -> None:
    """No rule without source, grade, date, article, clock and rank."""
    head, tail = GOOD.split("[[rule]]\nid", 1)
    text = head + "[[rule]]\nid" + re.sub(rf"\n{key} = .*", "", tail, count=1)
    found = told(text)
    assert [line for line, _ in found] == [RULE]
    assert f"'{key}'" in found[0][1]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('source = "https://law.example/hotel-act"', 'source = " "', "source"),
        ('category = "guest_register"', 'category = "guests"', "category"),
        ('clock = ["departed"]', 'clock = ["left"]', "left"),
        ('clock = ["departed"]', 'clock = "departed"', "list"),
        ('rank = "local-rule"', 'rank = "decree"', "decree"),
        ('rank = "local-rule"', 'rank = "house"', "house"),
        ('grade = "A"\nas_of = "2026-11-20"', 'grade = "house"\nas_of = "2026-11-20"', "house"),
        ("when = { age_min = 16 }", "when = { agemin = 16 }", "agemin"),
        ("when = { age_min = 16 }", 'when = { age_min = "16" }', "int"),
        ("when = { age_min = 16 }", "when = { foreign = 1 }", "bool"),
        ('floor = "P2Y"', 'floor = "2 years"', "floor"),
        ('floor = "P2Y"', "floor = 2", "floor"),
        ('floor = "P2Y"', 'floor = "P10B"', "working"),
        ('floor = "P2Y"', 'flooor = "P2Y"', "flooor"),
        ('floor = "P2Y"', 'floor = "P3Y"\nstart = "year-end"', "year-end"),
        ('ceiling = "P2Y3M"', 'ceiling = "P1Y"', "shorter"),
        ('ceiling_kind = "hard"', 'ceiling_kind = "very"', "very"),
        ('as_of = "2026-11-20"', 'as_of = "lately"', "as_of"),
        ('id = "XX/register"', 'id = "YY/register"', "XX/"),
        ('rank = "local-rule"', 'rank = "local-rule"\nvalid_from = "soon"', "valid_from"),
        ('answer = "P1M"', 'answer = "a month"', "answer"),
        ('en = "You can complain."', 'English = "You can complain."', "English"),
        ('text = "No period was found."', 'txt = "No period was found."', "txt"),
        ('level = "country"', 'level = "planet"', "planet"),
        ('country = "XX"', 'country = "Examplia"', "country"),
        ("review_by = 2027-11-30", 'review_by = "next year"', "review_by"),
        ('id_copy = "none"', 'id_copy = "maybe"', "maybe"),
        ('floor_ranks = ["law"]', 'floor_ranks = ["laws"]', "laws"),
        ('name = "Examplia"', 'nam = "Examplia"', "nam"),
    ],
)
def test_a_wrong_value_is_told_by_its_own_line(old: str, new: str, word: str) -> None:
    """Whoever wrote it is sent to the line, and told what is known there."""
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    pairs = zip(GOOD.splitlines(), text.splitlines(), strict=False)
    changed = next(n for n, (one, other) in enumerate(pairs, 1) if one != other)
    lines = {changed, changed + new.count("\n")}
    assert any(line in lines and word in message for line, message in told(text)), told(text)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('floor = "P2Y"\nceiling = "P2Y3M"\nceiling_kind = "hard"\n', "", "neither"),
        ('floor = "P2Y"\n', 'floor = "P2Y"\nfloor_unknown = true\n', "known or unknown"),
        ('ceiling_kind = "hard"\n', "", "ceiling_kind"),
        ('rank = "local-rule"\n',
         'rank = "local-rule"\nvalid_from = 2026-01-02\nvalid_to = 2026-01-01\n', "before"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_told(old: str, new: str, word: str) -> None:
    """Values that are fine alone and senseless together."""
    text = GOOD.replace(old, new)
    assert text != GOOD
    found = told(text)
    assert any(RULE <= line <= RULE + 16 and word in message for line, message in found), found


def test_the_line_is_that_of_the_second_rule() -> None:
    """Each rule has its own lines; an id is there once."""
    rule = GOOD[GOOD.index("[[rule]]\nid") : GOOD.index("[[unknown]]")]
    text = GOOD + rule.replace("Hotel Act s. 7", "")
    second = len(GOOD.splitlines()) + 1
    assert [line for line, _ in told(text)] == [second + 1, second + 8]


def test_a_ceiling_on_grade_c_is_a_warning() -> None:
    """It can be used: it warns people and erases nothing."""
    text = GOOD.replace('grade = "A"\nas_of = "2026-11-20"', 'grade = "C"\nas_of = "2026-11-20"')
    found = check_pack(text)
    assert [(p.line, p.warning) for p in found] == [(line_of(text, "ceiling ="), True)]
    assert read_pack(text, "xx.toml").rules[0].grade is Grade.C


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("code = \n", 1),
        ('code = "XX"\n[[rule]\n', 2),
        ('code = "XX"\ncode = "YY"\n', 2),
        ('code = """', 1),
    ],
)
def test_what_is_no_toml_is_told_by_its_line(text: str, line: int) -> None:
    """The line at which the text breaks."""
    assert [found for found, _ in told(text)] == [line]


def test_a_pack_that_is_wrong_is_not_read() -> None:
    """The error holds every problem, is an error of policy, and says what to do."""
    with pytest.raises(PackError) as caught:
        read_pack(GOOD.replace('source = "https://law.example/hotel-act"\n', ""), "xx.toml")
    assert isinstance(caught.value, PolicyError)
    assert [problem.line for problem in caught.value.problems] == [RULE]
    assert caught.value.hint
    assert "xx.toml" in caught.value.message
    assert str(Problem(7, "Something.")) == "line 7: Something."


def test_a_text_in_quotes_is_no_table() -> None:
    """What looks like a header or a key inside a long text is neither."""
    assert len(sections(GOOD)["rule"]) == 1
    assert "is" not in sections(GOOD)[""][0].keys


def test_an_age_is_asked_where_a_rule_wants_one() -> None:
    """A child under the age is under no floor; of whom nobody knows it stays and is asked."""
    rules = [replace(rule, signed=True) for rule in read_pack(GOOD, "xx.toml").rules]
    left = date(2026, 5, 10)

    def says(**answers: object) -> tuple[tuple[Open, ...], date | None]:
        verdict = floor(rules, "guest_register", Facts({"departed": left}, answers, "XX"))
        return verdict.open, verdict.until

    assert says()[0] == (Open.UNKNOWN_FACT,)
    assert says(birth=date(2010, 5, 11)) == ((), None)
    assert says(birth=date(2010, 5, 10)) == ((), date(2028, 5, 10))


def test_every_condition_is_explained() -> None:
    """What a rule may ask has words for whoever must answer it."""
    assert set(CONDITIONS) == set(ASKED)


def test_the_example_of_the_documentation_is_a_pack() -> None:
    """The guide's text passes its own check, and breaks on the line it says."""
    page = (ROOT / "docs" / "how-to" / "jurisdictions.md").read_text(encoding="utf-8")
    text = page.split("```toml\n", 1)[1].split("```", 1)[0]
    assert check_pack(text) == ()
    broken = text.replace('source = "https://law.example/hotel-act"\n', "")
    assert [f"xx.toml, {problem}" for problem in check_pack(broken)] == [
        line for line in page.splitlines() if line.startswith("xx.toml, line")
    ]


SHIPPED = [rule for pack in bundled().values() for rule in pack.rules]


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule.id)
def test_every_shipped_rule_can_be_looked_up(rule: Rule) -> None:
    """Source, grade, date, article and facts, and an end or the word that nobody knows it."""
    assert rule.article
    assert re.match(r"https?://|official, not opened: https?://", rule.source)
    assert rule.grade in (Grade.A, Grade.B, Grade.C)
    assert re.match(r"20\d\d", rule.as_of)
    assert rule.facts
    assert all(re.fullmatch(r"F\d{3}", fact) for fact in rule.facts)
    assert (rule.floor is None) or not rule.floor_unknown
    assert rule.floor or rule.floor_unknown or rule.ceiling
    assert rule.rank is not Rank.HOUSE
    assert not rule.signed


@pytest.mark.parametrize("pack", bundled().values(), ids=lambda pack: pack.code)
def test_every_shipped_pack_says_how_old_it_is_and_whom_to_ask(pack: Pack) -> None:
    """A day of review, and of what it answers for, a law or its parent's."""
    assert pack.review_by is not None
    assert not pack.stale(date(2026, 11, 24))
    known = bundled()
    line = [pack, *(known[code] for code in pack.extends)]
    assert any(each.answering for each in line)
    assert any({"en", "zh"} <= set(each.complaint) for each in line)
    assert any("complain" in each.complaint.get("en", "") for each in line)


@pytest.mark.parametrize("pack", bundled().values(), ids=lambda pack: pack.code)
def test_where_the_gdpr_counts_a_guest_reads_of_authority_and_court(pack: Pack) -> None:
    """Who is not given what they ask for is told of both (GDPR Art. 12(4), F056); the UK GDPR has
    the same paragraph, with the Commissioner as authority."""
    known = bundled()
    line = [pack, *(known[code] for code in pack.extends)]
    answering = next(each.answering for each in line if each.answering is not None)
    if "GDPR" in answering.article:
        for lang, authority, court in (("en", "authority", "court"), ("zh", "保护", "法院")):
            told = next(each.complaint[lang] for each in line if lang in each.complaint)
            assert authority in told
            assert court in told, told


WRONG = [
    # Claims that circulate and are wrong: code, category, period.
    ("CN", "guest_register", "P2Y"),
    ("CN", "guest_register", "P180D"),
    ("CN", "guest_register", "P3Y"),
    ("CN", "guest_register", "P30D"),
    ("CN-HE", "guest_register", "P3Y"),
    ("CN-GD", "guest_register", "P3Y"),
    ("CN", "reservation", "P30D"),
    ("CN", "reservation", "P3Y"),
    ("CN", "invoice_accounting", "P15Y"),
    ("DE", "invoice_accounting", "P10Y"),
]


@pytest.mark.parametrize(("code", "category", "length"), WRONG)
def test_a_wrong_claim_that_circulates_is_not_shipped(
    code: str, category: str, length: str
) -> None:
    """None of these numbers is a floor or a ceiling there."""
    found = [rule for rule in bundled()[code].rules if rule.category == category]
    assert period(length) not in {p for rule in found for p in (rule.floor, rule.ceiling)}


def test_other_wrong_claims_are_not_shipped_either() -> None:
    """Ninety days of video are for key targets, German forms for foreigners; articles are right."""
    rules = {rule.id: rule for rule in SHIPPED}
    ninety = {r.id for r in SHIPPED if r.category == "cctv" and r.floor == period("P90D")}
    assert ninety == {"CN/cctv_key_target"}
    assert rules["CN/cctv_key_target"].when == {"key_target": True}
    assert rules["DE/guest_register"].when == {"foreign": True}
    texts = {pack.code: repr(pack) for pack in bundled().values()}
    assert "349" not in rules["HK/guest_register"].article
    assert "Penal Code" not in texts["US-CA"]
    chinese = bundled()["CN"].answering
    assert chinese is not None
    assert chinese.house
    assert "35273" not in texts["CN"]


def test_copies_of_documents_are_never_a_default_for_everybody() -> None:
    """They must be kept in Japan and must not exist in Spain; no bloc says either."""
    known = bundled()
    said = {code: pack.id_copy for code, pack in known.items() if pack.id_copy is not IdCopy.NONE}
    assert said == {"ES": IdCopy.FORBIDDEN, "JP": IdCopy.REQUIRED}
    assert {r.jurisdiction for r in SHIPPED if r.category == "identity_document_copy"} == {
        "ES",
        "JP",
    }


@pytest.mark.parametrize(
    "day", [date(2026, 3, 9), date(2026, 12, 31), date(2027, 2, 28), date(2028, 2, 29)]
)
def test_portugals_year_begins_the_day_after_a_departure_was_reported(day: date) -> None:
    """Counted from that day (F095), a year is not over before the eve of its like: who was reported
    on 28 February 2027 is kept on 29 February 2028 (P3)."""
    (rule,) = (rule for rule in SHIPPED if rule.id == "PT/guest_register")
    begins = day + timedelta(days=1)
    ends = floor([rule], rule.category, Facts({"reported_departure": day}, {}, "PT")).until
    like = begins.replace(year=begins.year + 1)
    assert ends in (like - timedelta(days=1), like)


def test_what_has_no_number_is_said_and_not_made_up() -> None:
    """The register of China has a floor nobody knows, and no ceiling without a number is a rule."""
    known = bundled()
    register = {rule.id: rule for rule in known["CN"].rules}["CN/guest_register"]
    assert register.floor_unknown
    assert register.ceiling is None
    for code in ("CN", "EU", "UK", "JP", "HK", "KR", "TW"):
        assert "reservation" in {category for category, _ in known[code].unknown}, code
    for code in ("CN-HE", "CN-JX", "CN-SH", "CN-ZJ", "CN-BJ", "US-CA"):
        assert "guest_register" in {category for category, _ in known[code].unknown}, code
