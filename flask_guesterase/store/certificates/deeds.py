"""What a plan did, as plain values without personal data: decisions and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...core.log import canonical
from ...core.plan import OTHERS, Decision, Key, Outcome, Plan
from ...core.ruling import Reason
from ..erasing.doubles import Doubles
from ..retaining import keeping

Same = Mapping[tuple[Decision, Key], int]
"""(Decision, key) -> rows that come under it and in which nothing changes."""

Lost = Callable[[Decision, Key], tuple[str, ...]]
"""Returns the columns of a row of which no safety copy is made, as `window.Unkept.lost` does."""


def did(
    plan: Plan, many: Doubles | None = None, same: Same | None = None, lost: Lost | None = None
) -> list[dict[str, Any]]:
    """Return what a plan does as plain values without personal data: decisions and counts.

    Rows that are kept for different reasons, or until different days, are items of their own; so
    are those of which no safety copy is made.

    :param plan: the plan.
    :param many: in how many rows its keys stand, from before it was carried out; one by default.
    :param same: of how many nothing changed, as those emptied before; they are not counted.
    :param lost: tells of what of a row no safety copy is made; of none by default.
    """
    items, known, idle = [], many or {}, same or {}
    for each in plan.steps:
        groups: dict[tuple[Reason, tuple[str, ...]], int] = {}
        for row in each.rows:
            why = _why(plan, each.decision, row.key)
            rows = known.get((each.decision.table, row.key), 1)
            rows -= idle.get((each.decision, row.key), 0) if idle else 0
            if rows > 0:
                group = why, lost(each.decision, row.key) if lost is not None else ()
                groups[group] = groups.get(group, 0) + rows
        for (why, parts), rows in sorted(groups.items(), key=_order):
            item = _item(each.decision, why, rows)
            items.append({**item, UNCOPIED: list(parts)} if parts else item)
    return items


def _order(group: tuple[tuple[Reason, tuple[str, ...]], int]) -> tuple[object, ...]:
    (why, parts), _ = group
    return why.until, why.rule, parts


UNCOPIED = "uncopied"
"""Under which word an item has the columns of which no safety copy was made, if there are any."""

WHOLE = "*"
"""Stands there for a row as a whole."""


UNASKED = "unasked"
"""Under which word an item says that nobody had it before them as the request was approved."""


def uncopied(items: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return table -> the columns of which no safety copy was made.

    :param items: what was done, as `did` has it.
    """
    found: dict[str, set[str]] = {}
    for item in items:
        if item.get(UNCOPIED):
            found.setdefault(item["table"], set()).update(item[UNCOPIED])
    return {table: tuple(sorted(names)) for table, names in sorted(found.items())}


def unmoved(files: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Return, as `did` does, of which rows files stay that are other people's too.

    :param files: table and column -> in how many rows it names one.
    """
    return [
        _item(Decision(table, Outcome.SHARE, (column,), (), OTHERS), Reason(), rows)
        for (table, column), rows in sorted(files.items())
    ]


def moved(
    items: Iterable[dict[str, Any]],
    before: Mapping[tuple[str, str], int],
    files: Mapping[tuple[str, str], int],
) -> list[dict[str, Any]]:
    """Return what was done, where fewer files stay by now than did.

    :param items: what was done.
    :param before: of which rows files stayed, as `unmoved` was told.
    :param files: of which they stay by now.
    """
    rest, gone = list(items), unmoved(before)
    for item in (item for item in gone if item in rest):
        rest.remove(item)
    return [*rest, *unmoved(files)]


def added(items: Iterable[dict[str, Any]], more: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was done in all: rows that differ in nothing are one item."""
    found: dict[bytes, dict[str, Any]] = {}
    for item in (*items, *more):
        alike = canonical({**item, "rows": 0})
        before = found[alike]["rows"] if alike in found else 0
        found[alike] = {**item, "rows": before + item["rows"]}
    return list(found.values())


def copied(plan: Plan) -> list[dict[str, Any]]:
    """Return what a plan decides about rows that only triggers will write, as plain values."""
    return [_item(each.decision, Reason(), 0) for each in plan.steps if not each.rows]


def _why(plan: Plan, decision: Decision, key: Key) -> Reason:
    ruling = plan.rulings.get((decision.table, key))
    if ruling is None or decision.outcome not in (Outcome.RETAIN, Outcome.SEAL):
        return Reason()
    return ruling.law.get(decision.ground, Reason())


def _item(decision: Decision, why: Reason, rows: int) -> dict[str, Any]:
    return {
        "table": decision.table,
        "outcome": decision.outcome.value,
        "columns": list(decision.columns),
        "rows": rows,
        "category": decision.ground.removeprefix(keeping.BLOCKER),
        "until": why.until,
        "basis": why.basis,
        "grade": why.grade,
        "open": list(why.open),
        "conflicts": list(why.conflicts),
    }
