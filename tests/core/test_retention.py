"""How long the law keeps a record: the longest floor, whatever the order, and never by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_guesterase.core.conditions import applicable
from flask_guesterase.core.period import Period
from flask_guesterase.core.retention import (
    HOUSE_PERIOD,
    due,
    floor,
    last_day,
    pared,
    start,
    together,
)
from flask_guesterase.core.rule import Facts, Grade, Kind, Open, Rank, Rule, Start

LEFT = date(2026, 1, 31)
CATEGORY = "guest_register"

periods = st.builds(
    Period,
    years=st.integers(0, 30),
    months=st.integers(0, 14),
    days=st.integers(0, 40),
    working=st.integers(0, 3),
)
a_rule = st.builds(
    Rule,
    id=st.sampled_from(["A/1", "A/2", "A/3", "B/1", "B/2"]),
    jurisdiction=st.just("A"),
    category=st.sampled_from([CATEGORY, "reservation"]),
    grade=st.sampled_from(Grade),
    floor=st.none() | periods,
    floor_unknown=st.booleans(),
    ceiling=st.none() | periods,
    ceiling_kind=st.sampled_from(Kind),
    clock=st.lists(st.sampled_from(["departed", "created", "document"]), max_size=2).map(tuple),
    start=st.sampled_from(Start),
    when=st.dictionaries(
        st.sampled_from(["foreign", "outcome", "age_max"]), st.sampled_from([True, 16]), max_size=2
    ),
    rank=st.sampled_from(Rank),
    weak=st.booleans(),
    signed=st.booleans(),
    valid_from=st.none() | st.dates(date(2020, 1, 1), date(2027, 1, 1)),
    valid_to=st.none() | st.dates(date(2020, 1, 1), date(2027, 1, 1)),
)
law = st.lists(a_rule, max_size=5, unique_by=lambda rule: rule.id)
facts = st.builds(
    Facts,
    events=st.dictionaries(
        st.sampled_from(["departed", "created", "document"]),
        st.dates(date(2019, 1, 1), date(2028, 2, 29)),
    ),
    answers=st.fixed_dictionaries(
        {},
        optional={
            "nationality": st.sampled_from(["DE", "fr", "", None]),
            "outcome": st.sampled_from([True, 16, None]),
            "birth": st.none() | st.dates(date(1940, 1, 1), date(2020, 1, 1)),
        },
    ),
    country=st.sampled_from(["DE", "FR", ""]),
    fiscal=st.sampled_from([(12, 31), (3, 31), (2, 29)]),
)


def own(rules: Sequence[Rule], record: Facts) -> list[Rule]:
    """Return the rules with a floor that bind a record for sure, found without the code."""
    return [
        rule
        for rule in rules
        if rule.category == CATEGORY
        and rule.floor is not None
        and (day := start(rule, record)) is not None
        and rule in _valid(rules, record)
        and applicable(rule, record, day) is True
    ]


@settings(max_examples=200)
@given(law, facts)
def test_nothing_goes_before_its_longest_floor(rules: list[Rule], record: Facts) -> None:
    """Each rule that binds keeps the record on every one of its days, the last included."""
    verdict = floor(rules, CATEGORY, record)
    for rule in own(rules, record):
        day = start(rule, record)
        assert day is not None
        assert rule.floor is not None
        assert verdict.kept(last_day(rule.floor, rule.start, day))
        assert verdict.kept(day)


@settings(max_examples=100)
@given(law, facts, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(rules: list[Rule], record: Facts, chance: Any) -> None:
    """The same rules in another order give the same verdict and the same ceiling."""
    shuffled = list(rules)
    chance.shuffle(shuffled)
    assert floor(shuffled, CATEGORY, record) == floor(rules, CATEGORY, record)
    assert due(shuffled, CATEGORY, record) == due(rules, CATEGORY, record)


@settings(max_examples=200)
@given(law, a_rule, facts)
def test_adding_a_rule_never_shortens_a_floor(
    rules: list[Rule], more: Rule, record: Facts
) -> None:
    """The end moves later or opens; only two people's word settles what nobody knew, and what no
    rule keeps a draft, or one of grade C, leaves as open as it was."""
    before = floor(rules, CATEGORY, record)
    after = floor([*rules, replace(more, id="Z/9")], CATEGORY, record)
    house = any(r.rank is Rank.HOUSE and r.floor is not None for r in [*rules, more])
    if not before.claims and not house and (not more.signed or more.grade is Grade.C):
        assert after.open or not before.open
    if not before.claims or (more.rank is Rank.HOUSE and more.floor is not None):
        # `core.reconciling` keeps a first rule, and two people's, from shortening anything.
        return
    assert set(before.open) <= set(after.open)
    assert (after.until or date.min) >= (before.until or date.min)


@settings(max_examples=200)
@given(law, facts)
def test_what_is_unknown_is_never_expired(rules: list[Rule], record: Facts) -> None:
    """Without its date, its answer, its number or a signature, a rule keeps the record for good."""
    verdict = floor(rules, CATEGORY, record)
    settled = any(
        r.category == CATEGORY and r.rank is Rank.HOUSE and r.floor is not None for r in rules
    )
    for rule in rules:
        if rule.category != CATEGORY or (rule.floor is None and not rule.floor_unknown):
            continue
        day = start(rule, record)
        applies = applicable(rule, record, day)
        if applies is False or (day is not None and rule not in _valid(rules, record)):
            continue
        nameless = rule.floor is None and not settled
        undated = rule.floor is not None and day is None
        if applies is None or nameless or undated or (rule.floor is not None and not rule.signed):
            assert verdict.kept(date.max)


def _valid(rules: Sequence[Rule], record: Facts) -> list[Rule]:
    days = {rule.id: [record.events[e] for e in rule.clock if e in record.events] for rule in rules}
    return [
        rule
        for rule in rules
        if days[rule.id]
        and (rule.valid_from or date.min) <= max(days[rule.id]) <= (rule.valid_to or date.max)
    ]


@settings(max_examples=200)
@given(law, facts)
def test_a_hard_ceiling_that_is_sure_is_never_missed(rules: list[Rule], record: Facts) -> None:
    """Graded A or B, signed and in force: the day by which it must be gone is no later."""
    found = due(rules, CATEGORY, record)
    for rule in rules:
        day = start(rule, record)
        if (
            rule.category == CATEGORY
            and rule.ceiling is not None
            and rule.ceiling_kind is Kind.HARD
            and rule.grade in (Grade.A, Grade.B)
            and rule.signed
            and day is not None
            and rule in _valid(rules, record)
            and applicable(rule, record, day) is True
        ):
            assert found.day is not None
            assert found.day <= last_day(rule.ceiling, rule.start, day)
            assert not found.draft


@settings(max_examples=200)
@given(law, facts)
def test_what_is_unsure_or_unsigned_never_erases(rules: list[Rule], record: Facts) -> None:
    """A ceiling on grade C, or in a draft, comes back as a draft only."""
    unsure = [
        replace(rule, grade=Grade.C) if place % 2 else replace(rule, signed=False)
        for place, rule in enumerate(rules)
    ]
    found = due(unsure, CATEGORY, record)
    assert found.draft or found.day is None


PAIR = Rule(
    "DE/register", "DE", CATEGORY, "BMG s. 30(4)", grade=Grade.A, floor=Period(years=1),
    clock=("departed",),
    ceiling=Period(months=15), ceiling_kind=Kind.HARD, when={"foreign": True},
)  # fmt: skip
FOREIGN = Facts({"departed": LEFT}, {"nationality": "CN"}, "DE")


def test_the_german_pair_of_floor_and_ceiling() -> None:
    """Foreign guests only: a year from departure, and gone within fifteen months."""
    verdict = floor([PAIR], CATEGORY, FOREIGN)
    assert (verdict.until, verdict.open) == (date(2027, 1, 31), ())
    assert verdict.kept(date(2027, 1, 31))
    assert not verdict.kept(date(2027, 2, 1))
    assert due([PAIR], CATEGORY, FOREIGN).day == date(2027, 4, 30)
    native = replace(FOREIGN, answers={"nationality": "de"})
    assert floor([PAIR], CATEGORY, native).claims == ()


@pytest.mark.parametrize(
    ("changed", "record", "word"),
    [
        ({}, Facts({}, {"nationality": "CN"}, "DE"), Open.NO_CLOCK),
        ({}, Facts({"departed": LEFT}, {}, "DE"), Open.UNKNOWN_FACT),
        ({"floor": None, "floor_unknown": True}, FOREIGN, Open.UNKNOWN_FLOOR),
        ({"grade": Grade.C}, FOREIGN, Open.UNSURE),
        ({"signed": False}, FOREIGN, Open.DRAFT),
        ({"category": "cctv"}, FOREIGN, Open.NO_RULE),
    ],
)
def test_why_the_end_is_open(changed: dict[str, Any], record: Facts, word: Open) -> None:
    """Each thing that is missing is named, and keeps the record."""
    verdict = floor([replace(PAIR, **changed)], CATEGORY, record)
    assert verdict.open == (word,)
    assert verdict.kept(LEFT + timedelta(36500))


@pytest.mark.parametrize(
    ("changed", "word"), [({"signed": False}, Open.DRAFT), ({"grade": Grade.C}, Open.UNSURE)]
)
@pytest.mark.parametrize("alone", [True, False], ids=["ceiling", "of others"])
def test_what_nobody_relies_on_lets_nothing_go_of_which_it_wants_nothing(
    changed: dict[str, Any], word: Open, alone: bool
) -> None:
    """That a draft, or a rule of grade C, asks for no floor is its word too. A rule that is sure
    and about others does not change that; one that keeps the record does."""
    sure = replace(PAIR, floor=None, when={}) if alone else PAIR
    native = replace(FOREIGN, answers={"nationality": "DE"})
    other = replace(PAIR, id="DE/other", when={"foreign": False})
    unsure = replace(sure, **changed)
    assert floor([sure], CATEGORY, native).open == ()
    assert floor([unsure], CATEGORY, native).open == (word,)
    assert floor([unsure, PAIR], CATEGORY, native).open == (word,)
    assert floor([unsure, other], CATEGORY, native).open == ()
    assert floor([replace(unsure, category="cctv"), PAIR], CATEGORY, native).open == ()
    early = replace(unsure, valid_to=LEFT - timedelta(days=1))
    assert floor([early, PAIR], CATEGORY, native).open == ()
    late = replace(unsure, valid_from=LEFT + timedelta(days=1))
    assert floor([late, PAIR], CATEGORY, native).open == ()
    assert floor([late], CATEGORY, native).open == (word,)


def test_two_peoples_word_settles_numbers_and_nothing_else() -> None:
    """A house period gives a number to an unknown or unsure floor, not a date or a signature."""
    house = Rule(
        "house/guest_register", "house", CATEGORY, grade=Grade.HOUSE, rank=Rank.HOUSE,
        floor=Period(years=2), clock=("departed",),
    )  # fmt: skip
    for numbers in ({"floor": None, "floor_unknown": True}, {"grade": Grade.C}):
        verdict = floor([replace(PAIR, **numbers), house], CATEGORY, FOREIGN)
        assert (verdict.until, verdict.open) == (date(2028, 1, 31), ())
        assert verdict.basis == PAIR.article != ""
    assert floor([replace(PAIR, signed=False), house], CATEGORY, FOREIGN).open == (Open.DRAFT,)
    assert Open.NO_CLOCK in floor([PAIR, house], CATEGORY, replace(FOREIGN, events={})).open


def test_a_period_of_the_house_alone_is_called_that() -> None:
    """A number that goes beyond the law's own, or stands without one, is no duty of law."""
    house = Rule(
        "house/guest_register", "house", CATEGORY, grade=Grade.HOUSE, rank=Rank.HOUSE,
        floor=Period(years=9), clock=("departed",),
    )  # fmt: skip
    longer, alone = floor([PAIR, house], CATEGORY, FOREIGN), floor([house], CATEGORY, FOREIGN)
    assert longer.basis == alone.basis == HOUSE_PERIOD
    shorter = floor([PAIR, replace(house, floor=Period(days=1))], CATEGORY, FOREIGN)
    assert shorter.basis == PAIR.article
    unknown = replace(PAIR, id="X/unknown", floor=None, floor_unknown=True)
    other = replace(unknown, when={"foreign": False})
    assert floor([house, other], CATEGORY, FOREIGN).basis == HOUSE_PERIOD
    assert floor([], CATEGORY, FOREIGN).basis == ""


def test_under_two_categories_the_reason_is_that_of_the_one_that_decides() -> None:
    """What keeps a record longest is not called a duty that another of its categories has."""
    years = {CATEGORY: 2, "profile": 9}
    house = {
        category: Rule(
            f"house/{category}", "house", category, grade=Grade.HOUSE, rank=Rank.HOUSE,
            floor=Period(years=many), clock=("departed",),
        )
        for category, many in years.items()
    }  # fmt: skip
    unknown = replace(PAIR, floor=None, floor_unknown=True)
    register = floor([unknown, house[CATEGORY]], CATEGORY, FOREIGN)
    profile = floor([house["profile"]], "profile", FOREIGN)
    assert (register.basis, profile.basis) == (PAIR.article, HOUSE_PERIOD)
    for both in ([register, profile], [profile, register]):
        assert (together(both).until, together(both).basis) == (profile.until, HOUSE_PERIOD)
    assert together([register, floor([], CATEGORY, FOREIGN)]).basis == PAIR.article
    assert together([]).basis == ""


def test_years_end_where_the_law_or_the_books_say() -> None:
    """From the end of the calendar year, or of the operator's fiscal year."""
    books = Rule(
        "CN/vouchers", "CN", CATEGORY, grade=Grade.A, floor=Period(years=30), clock=("document",),
        start=Start.FISCAL_YEAR_END,
    )  # fmt: skip
    record = Facts({"document": date(2026, 4, 1)}, fiscal=(3, 31))
    assert floor([books], CATEGORY, record).until == date(2057, 3, 31)
    calendar = replace(books, start=Start.YEAR_END)
    assert floor([calendar], CATEGORY, record).until == date(2056, 12, 31)


def test_a_floor_that_a_general_law_does_not_know_is_told() -> None:
    """It keeps, and the conflict is recorded."""
    verdict = floor([replace(PAIR, weak=True)], CATEGORY, FOREIGN)
    assert verdict.kept(LEFT)
    assert verdict.conflicts == ("DE/register",)
    assert verdict.decisive is not None


CHILD, GROWN = date(2015, 5, 1), date(1980, 5, 1)


@pytest.mark.parametrize(
    ("answers", "applies"),
    [
        ({"nationality": ("AT", "FR"), "birth": GROWN}, True),
        ({"nationality": ("AT", "DE"), "birth": GROWN}, True),
        ({"nationality": ("DE", None), "birth": GROWN}, None),
        ({"nationality": ("DE", None), "birth": CHILD}, False),
        ({"nationality": "AT", "birth": (CHILD, GROWN)}, True),
        ({"nationality": "AT", "birth": (CHILD, None)}, None),
        ({"nationality": "DE", "birth": (CHILD, GROWN)}, False),
        ({"nationality": ("AT", "DE"), "birth": (CHILD, GROWN)}, None),
        ({"nationality": ("DE", None), "foreign": False, "birth": GROWN}, False),
        ({"nationality": ("DE", None), "foreign": (False, True), "birth": GROWN}, True),
    ],
)
def test_a_rule_is_about_a_record_where_it_is_about_one_of_its_people(
    answers: dict[str, Any], applies: bool | None
) -> None:
    """Whether one of them is both, of which each is one, nobody knows; and what is written down
    of several, pared, says the same again."""
    rule = replace(PAIR, when={"foreign": True, "age_min": 16, "age_max": 90})
    said = Facts({"departed": LEFT}, answers, "DE")
    assert applicable(rule, said, LEFT) is applies
    assert applicable(rule, pared(said, [rule]), LEFT) is applies
    assert not {"nationality", "birth"} & pared(said, [rule]).answers.keys()
