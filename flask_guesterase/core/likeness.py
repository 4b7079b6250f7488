"""Which plans are alike, and which leave nothing to weigh: pure, for approvals of several at once.

A plan is simple when everything it does follows from rules that are sure and touches nobody
else. One doubt makes it a plan that a person reads by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from .decided import decisions_of
from .log import canonical
from .plan import Outcome, Plan

MOST = 20
"""Requests that one person approves at once."""

BATCH = "batch"
"""Ground in the journal of an approval that was given together with others alike."""

_SURE = frozenset({"A", "B"})
_KEPT = frozenset({Outcome.RETAIN.value, Outcome.SEAL.value})
_NOBODY = b"of nobody in particular"


def shape(plan: Plan) -> str:
    """Return a hash of what a plan decides, the same for everybody about whom the same is decided.

    Tables, columns, rules, grounds, the rules by which something stays, and the version of the
    data map are in it; people, counts, values and days are not.
    """
    said = {n: v for n, v in decisions_of(plan, _NOBODY).items() if n != "people"}
    steps = sorted(
        [s.decision.table, s.decision.outcome.value, list(s.decision.columns), s.decision.until]
        for s in plan.steps
    )
    return hashlib.sha256(canonical({**said, "steps": steps})).hexdigest()


def simple(plan: Plan, items: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a plan leaves nothing to weigh.

    Nothing blocks it, now or as far as is foreseen; no hold keeps anything; no row is another
    person's too; and what stays does so under a rule whose text was read, with a day, and whose
    rank nobody doubts.

    :param plan: the plan.
    :param items: what it does, as plain values with grade, open reasons and conflicts.
    """
    if plan.blocked or plan.foreseen or plan.touched():
        return False
    if any(s.decision.outcome in (Outcome.HOLD, Outcome.SHARE) for s in plan.steps):
        return False
    if any(s.decision.ground.startswith("blocker:") for s in plan.steps):
        return False
    return all(_sure(item) for item in items if item["outcome"] in _KEPT)


def _sure(item: Mapping[str, Any]) -> bool:
    return (
        item["grade"] in _SURE
        and bool(item["until"])
        and not item["open"]
        and not item["conflicts"]
    )
