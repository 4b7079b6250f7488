"""What an erasure promised to keep, by a rule that a restored database may have forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.plan import Decision, Key, Outcome, Plan, Step
from ...core.remembrance import Line
from ..lawbook.blockers import today_at
from ..lawbook.clocks import Record
from ..remembrance.forgotten import names, recall
from ..retaining import law
from ..work import Work

_KEPT = frozenset({Outcome.SEAL.value, Outcome.RETAIN.value})
_TAKING = frozenset({Outcome.DELETE, Outcome.OVERWRITE})


def broken(work: Work, line: Line, plan: Plan) -> bool:
    """Return whether a plan takes what an erasure kept by a rule that did not end here.

    The rule may have been made after the copy, by two people, and the certificate named its day: a
    database that does not know it cannot tell that the day has come.

    :param work: the open transaction.
    :param line: line of the register: what was done then.
    :param plan: what would be done today.
    """
    kept = [item for item in line.note.did if item["outcome"] in _KEPT and item["until"]]
    return any(
        _takes(step.decision, item) and not _over(work, step, str(item["until"]))
        for step in plan.changing()
        for item in kept
    )


def _takes(decision: Decision, item: Mapping[str, Any]) -> bool:
    if decision.table != item["table"] or decision.outcome not in _TAKING:
        return False
    whole = decision.outcome is Outcome.DELETE
    return whole or not set(decision.columns).isdisjoint(item["columns"])


def _over(work: Work, step: Step, until: str) -> bool:
    """Return whether a rule is known at the place of each row of a step, and keeps none of them."""
    declared = work.datamap.declared(step.decision.table)
    keys = [row.key for row in step.rows]
    records = law.records_of(work, declared, keys) or law.facts(work, declared, keys)
    return all(key in records and _has_ended(work, records[key], until) for key in keys)


def _has_ended(work: Work, record: Record, until: str) -> bool:
    rules = law.rules_at(work, record.place) if record.place else ()
    named = [rule.category for rule in rules if rule.until_rule() == until]
    today = today_at(work.settings, work.now, record.place)
    return bool(named) and not law.judge(work, record, named).kept(today)


def lines(work: Work, number: str | None, table: str, key: Key) -> list[Line]:
    """Return the lines of the register by which a request, or the law's ceiling, erased a row.

    :param work: the open transaction.
    :param number: number of the request; None for what had its time by the law's ceiling.
    :param table: name of the table.
    :param key: key of the row.
    """
    return [
        line for line in recall(work, 0).lines
        if line.note.request == (number or "") and names(work, line, [(table, key)])
    ]  # fmt: skip
