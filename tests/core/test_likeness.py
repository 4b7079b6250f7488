"""A plan is simple when nothing in it is to be weighed; two are alike when they decide the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flask_guesterase.core.likeness import shape, simple
from flask_guesterase.core.plan import Block, Decision, Outcome, Plan, Row, Step

ME = ("guests", (1,))
FRIEND = ("guests", (2,))
GOES = Decision("guests", Outcome.OVERWRITE, ("name",), ("redact",))
STAYS = Decision("invoices", Outcome.RETAIN, ("billed_to",), (), "invoice", "CN/invoice")


def plan(*decisions: Decision, others: tuple[Any, ...] = (), key: int = 1) -> Plan:
    """Return the plan of one person with one row under each decision."""
    me = ("guests", (key,))
    rows = (Row((key,), ((me, 0),), others),)
    steps = tuple(Step(decision, rows) for decision in decisions)
    return Plan((me,), steps, (), "v1", frozenset(decisions))


def kept(**more: Any) -> dict[str, Any]:
    """Return how a row that stays is told."""
    fine = {"outcome": "retain", "grade": "A", "until": "2031-12-31", "open": [], "conflicts": []}
    return {**fine, **more}


def test_a_plan_under_sure_rules_is_simple() -> None:
    """What goes, and what stays until a day under a rule whose text was read."""
    assert simple(plan(GOES, STAYS), [kept(), {**kept(grade=""), "outcome": "overwrite"}])


@pytest.mark.parametrize(
    "doubt",
    [{"grade": "C"}, {"grade": ""}, {"until": ""}, {"open": ["no-clock"]}, {"conflicts": ["x"]},
     {"outcome": "seal", "grade": "C"}],
    ids=repr,
)  # fmt: skip
def test_a_rule_in_doubt_is_not(doubt: dict[str, Any]) -> None:
    """No text read, no day, an open reason or a rank in conflict: a person reads it."""
    assert not simple(plan(GOES, STAYS), [kept(), kept(**doubt)])


@pytest.mark.parametrize(
    "drawn",
    [
        replace(plan(GOES), blocked=(Block("bookings", 1, "in-house", ""),)),
        replace(plan(GOES), foreseen=("bookings",)),
        plan(GOES, others=((FRIEND, 0),)),
        plan(GOES, Decision("guests", Outcome.SHARE, ("email",), (), "also-another-persons")),
        plan(GOES, Decision("guests", Outcome.HOLD, ("email",), (), "legal-duty")),
        plan(GOES, Decision("guests", Outcome.RETAIN, ("email",), (), "blocker:open-folio")),
    ],
    ids=["blocked", "foreseen", "touches", "shares", "held", "needed"],
)
def test_what_touches_more_than_this_person_is_not(drawn: Plan) -> None:
    """Nothing that is blocked, foreseen, shared, held or needed is simple."""
    assert not simple(drawn, [])


def test_alike_is_what_decides_the_same_about_anybody() -> None:
    """Another person under the same decisions is alike; another rule, column or map is not."""
    first = shape(plan(GOES, STAYS))
    assert shape(plan(GOES, STAYS, key=7)) == first
    for other in (
        plan(GOES),
        plan(replace(GOES, columns=("email",)), STAYS),
        plan(replace(GOES, rules=("null",)), STAYS),
        plan(GOES, replace(STAYS, until="CN/other")),
        replace(plan(GOES, STAYS), policy="v2"),
    ):
        assert shape(other) != first
