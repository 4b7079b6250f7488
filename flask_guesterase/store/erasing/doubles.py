"""In how many rows a key stands: without a key of their own, rows that are equal share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...core.plan import Key, Plan
from ..mapping.raw import reader
from ..work import Work

Doubles = Mapping[tuple[str, Key], int]
"""(Table, key) -> how many rows have it, of tables whose rows have no key of their own."""


def doubles(work: Work, plan: Plan) -> Doubles:
    """Return how many rows stand behind each key of a plan; of other tables it is one.

    :param work: the open transaction, in which the plan was not carried out yet.
    :param plan: the plan.
    """
    keys: dict[str, set[Key]] = {}
    for step in plan.steps:
        if not work.whole().declared(step.decision.table).keyed:
            keys.setdefault(step.decision.table, set()).update(row.key for row in step.rows)
    found: Counter[tuple[str, Key]] = Counter()
    for table, mine in keys.items():
        reads = reader(work.conn, work.whole().declared(table), work.live())
        found.update((table, key) for key, *_ in reads.rows(list(mine), ()))
    return found
