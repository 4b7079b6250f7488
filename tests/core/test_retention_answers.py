"""An answer that is written differently is the same answer, or none: never "does not apply"."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from flask_guesterase.core.conditions import applicable, foreign
from flask_guesterase.core.period import Period
from flask_guesterase.core.retention import Verdict, due, floor, pared
from flask_guesterase.core.rule import Facts, Grade, Kind, Open, Rule, Start

TOURIST = Rule(
    "TW/tourist", "TW", "guest_register", grade=Grade.A, floor=Period(months=6),
    clock=("departed",), when={"hotel_class": "tourist"},
)  # fmt: skip
ORDINARY = replace(
    TOURIST, id="TW/ordinary", floor=Period(days=180), when={"hotel_class": "ordinary"},
    ceiling=Period(years=1), ceiling_kind=Kind.HARD,
)  # fmt: skip


def record(answer: Any, name: str = "hotel_class") -> Facts:
    """Return a record of which the host says one thing."""
    return Facts({"departed": date(2026, 1, 3)}, {name: answer}, "TW")


def judged(answer: Any) -> Verdict:
    """Return how long the register of a hotel of some class is kept."""
    return floor([TOURIST, ORDINARY], "guest_register", record(answer))


@pytest.mark.parametrize("answer", ["tourist", "Tourist", " TOURIST  "])
def test_case_and_blanks_do_not_count(answer: str) -> None:
    """The rule binds, however the host writes its class."""
    assert (judged(answer).until, judged(answer).open) == (date(2026, 7, 3), ())


@pytest.mark.parametrize("answer", ["hostel", "", "  ", None, 1, True])
def test_what_no_rule_names_is_unknown(answer: Any) -> None:
    """Of a class that no rule of the category knows, or that is none, everything stays."""
    assert judged(answer).open == (Open.UNKNOWN_FACT,)
    assert due([TOURIST, ORDINARY], "guest_register", record(answer)).day is None


def test_a_rule_that_names_one_answer_leaves_the_others_alone() -> None:
    """Where no list of the possible answers is known, another one is a plain no."""
    assert floor([TOURIST], "guest_register", record("hostel")).claims == ()
    other = replace(ORDINARY, category="cctv")
    assert floor([TOURIST, other], "guest_register", record("hostel")).claims == ()
    either = replace(TOURIST, when={"hotel_class": ["tourist", "ordinary"]})
    assert floor([either], "guest_register", record("hostel")).claims == ()


@pytest.mark.parametrize("name", ["nationality", "outcome", "role"])
def test_countries_and_the_hosts_words_are_more_than_rules_name(name: str) -> None:
    """Rules about two nationalities, or two roles, do not make a third one unknown."""
    rules = [replace(TOURIST, id=word, when={name: word}) for word in ("US", "JP")]
    assert floor(rules, "guest_register", record("FR", name)).claims == ()
    assert len(floor(rules, "guest_register", record("jp ", name)).claims) == 1


@pytest.mark.parametrize(
    ("answer", "applies"),
    [
        (True, True), (1, True), (Decimal(1), True), (False, False), (0, False),
        ("yes", None), ("no", None), ("1", None), (2, None), (None, None),
    ],
)  # fmt: skip
def test_yes_and_no_are_true_and_false(answer: Any, applies: bool | None) -> None:
    """A database's 1 and 0 count; any text does not answer a yes-or-no question."""
    rule = replace(TOURIST, when={"listed_place": True})
    assert applicable(rule, record(answer, "listed_place")) is applies


def test_one_of_several_answers() -> None:
    """A list of answers is compared like one; a number is not a text."""
    rule = replace(TOURIST, when={"outcome": ["Refused", 3]})
    said = [applicable(rule, record(each, "outcome")) for each in ("refused ", 3, "4", 4)]
    assert said == [True, True, None, None]
    assert applicable(replace(rule, when={"outcome": [3, 5]}), record(4, "outcome")) is False


def test_age_and_nationality_in_other_forms() -> None:
    """An age that is no number is unknown; a nationality with blanks is the same one."""
    young = replace(TOURIST, when={"age_max": 15})
    assert [applicable(young, record(a, "age")) for a in (15, 16, "15", True)] == [
        True, False, None, None,
    ]  # fmt: skip
    assert foreign(record(" tw ", "nationality")) is False
    assert foreign(record("  ", "nationality")) is None
    assert [foreign(record(a, "foreign")) for a in (1, 0, "no")] == [True, False, None]


STARTS = [
    replace(TOURIST, id=f"{event}/{start}", clock=(event,), start=start)
    for event in ("departed", "last_activity")
    for start in Start
]


@pytest.mark.parametrize("when", [{"age_max": 17}, {"age_min": 18}], ids=str)
@pytest.mark.parametrize("birth", [date(2008, 6, 1), date(2008, 2, 29), date(1990, 1, 1)])
def test_what_is_written_down_of_an_age_ends_nothing_earlier_than_the_birthday(
    when: dict[str, int], birth: date
) -> None:
    """A guest who came of age after the event that counts is as old as then, in a box too (P3).

    Where several rules ask for it on different days, and it differs, nobody knows it.
    """
    rules = [replace(rule, when=when) for rule in STARTS]
    days = {"departed": date(2026, 1, 3), "last_activity": date(2026, 8, 9)}
    told = Facts(days, {"birth": birth}, "TW")
    for rule in rules:
        alone = pared(told, [rule])
        assert "birth" not in alone.answers
        assert pared(alone, [rule]) == alone
        assert floor([rule], "guest_register", alone) == floor([rule], "guest_register", told)
    long, all_ = floor(rules, "guest_register", told), pared(told, rules)
    kept = floor(rules, "guest_register", all_)
    assert kept == long if birth.year == 1990 else kept.open == (Open.UNKNOWN_FACT,)
