"""Whether rules that changed while something was erased are others than those it was judged by."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...core.rule import Rule
from ..work import Work
from . import rulebook, rulerows


def unchanged(work: Work) -> bool:
    """Return whether no rule changed that may bind what is erased, or the people it is about.

    Compared are the properties whose rules were read, by the categories of the tables a plan is
    about. Of a category that no table has now nobody knows what it binds.

    :param work: the open transaction, until whose end nobody else changes a rule.
    """
    before, now = dict(work.judged), rulebook.again(work)
    if now.keys() != before.keys():
        return False
    labels = before.pop(rulerows.LABELS, ({}, {}))
    if now.pop(rulerows.LABELS, ({}, {})) != labels:
        return False
    changed = set[str]().union(*(_changed(before[code], now[code]) for code in before))
    planned = {*work.planned, *work.changed, *work.datamap.subjects}
    free = _categories(work, labels[0], work.datamap.tables.keys() - planned)
    return changed <= free - _categories(work, labels[0], planned)


def _changed(before: Iterable[Rule], now: Iterable[Rule]) -> set[str]:
    """Return the categories of which two rulebooks say something else."""
    was, are = _by_category(before), _by_category(now)
    return {name for name in {*was, *are} if was.get(name) != are.get(name)}


def _by_category(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.category, []).append(rule)
    return found


def _categories(
    work: Work, labels: rulebook.Labels, tables: Collection[str]
) -> set[str]:
    """Return what the law may keep rows of some tables under, by what is declared, or was."""
    found = {name for (table, _), names in labels.items() if table in tables for name in names}
    for declared in map(work.datamap.declared, tables):
        found |= {declared.policy.category, *declared.retain.values()}
    return found
