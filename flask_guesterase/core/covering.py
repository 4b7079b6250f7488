"""What was decided once, and whether erasing the same person again stays within it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .plan import Decision, Outcome, Plan


@dataclass(frozen=True)
class Decided:
    """What was decided about a person before, as far as it bounds erasing them again.

    :param deleted: tables whose rows were to go as a whole.
    :param columns: table -> columns that were to be overwritten or sealed, or whose end was
        announced.
    :param ends: tables of which something was kept until an announced end.
    :param foreseen: tables in which the hotel might still write, as approved.
    :param shared: table -> columns that stayed because the row was another's as well.
    :param rules: table -> column -> the rule by which it was to be overwritten, as approved.
    """

    deleted: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ends: frozenset[str] = frozenset()
    foreseen: frozenset[str] = frozenset()
    shared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def decided(items: Iterable[Mapping[str, Any]], foreseen: Iterable[str] = ()) -> Decided:
    """Return what decisions written down as plain values bound.

    :param items: decisions with table, outcome, columns and, of what was kept, its end.
    :param foreseen: tables in which the hotel might still write.
    """
    deleted: set[str] = set()
    columns: dict[str, set[str]] = {}
    ends: set[str] = set()
    shared: dict[str, set[str]] = {}
    rules: dict[str, dict[str, str]] = {}
    for item in items:
        table, outcome = str(item["table"]), Outcome(item["outcome"])
        if outcome is Outcome.DELETE:
            deleted.add(table)
        elif outcome in _CHANGED or (outcome in _KEPT and _ends(item)):
            columns.setdefault(table, set()).update(item["columns"])
            # What was done says no rules; what was decided does.
            pairs = zip(item["columns"], item.get("rules", ()), strict=False)
            rules.setdefault(table, {}).update(pairs)
            if outcome in _KEPT:
                ends.add(table)
        elif outcome is Outcome.SHARE:
            shared.setdefault(table, set()).update(item["columns"])
    return Decided(
        frozenset(deleted),
        {table: frozenset(names) for table, names in columns.items()},
        frozenset(ends),
        frozenset(foreseen),
        {table: frozenset(names) for table, names in shared.items()},
        rules,
    )


_CHANGED = frozenset({Outcome.OVERWRITE, Outcome.SEAL})
_KEPT = frozenset({Outcome.SEAL, Outcome.RETAIN})


def _ends(item: Mapping[str, Any]) -> bool:
    until = str(item.get("until") or "")
    return bool(until) and not until.startswith("open:")


def uncovered(before: Decided, plan: Plan) -> tuple[str, ...]:
    """Return what a plan does that was not decided before, one line each; empty when nothing.

    The same tables, and the same columns or fewer, are covered. Overwriting is covered where the
    whole row was to go; deleting where it was, or where what kept the row had an announced end.

    :param before: what was decided.
    :param plan: the plan drawn today, without a look at whose shared rows it touches.
    """
    lines = []
    for step in plan.changing():
        if not covers(before, step.decision):
            names = ", ".join(step.decision.columns) or "the row"
            lines.append(f"{step.decision.outcome.value} {step.decision.table}: {names}")
    return tuple(sorted(set(lines)))


def covers(before: Decided, decision: Decision) -> bool:
    """Return whether a decision goes no further than what was decided before.

    :param before: what was decided.
    :param decision: what is to be done to rows of one table today.
    """
    table = decision.table
    if table in before.deleted or table in before.foreseen:
        return True
    if decision.outcome is Outcome.DELETE:
        return table in before.ends
    return set(decision.columns) <= before.columns.get(table, frozenset())


def known_of(before: Decided, decision: Decision) -> frozenset[str]:
    """Return the columns of a decision of which something was decided then, or that stayed then
    because the row was another's as well.

    That one stayed is no approval that it goes. One whose rule changed since is none of them: what
    the erasure left there may look like something to the rule of today.

    :param before: what was decided.
    :param decision: what is to be overwritten or sealed in rows of one table today.
    """
    table, today = decision.table, dict(zip(decision.columns, decision.rules, strict=False))
    known = before.columns.get(table, frozenset()) | before.shared.get(table, frozenset())
    then = before.rules.get(table, {})
    return frozenset(n for n, rule in today.items() if n in known and then.get(n, rule) == rule)
