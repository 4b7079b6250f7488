"""Why each part of a record is kept, until when, and by which article."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...core.copying import Term
from ...core.plan import Key
from ...core.retention import Due, due
from ...core.rule import Facts
from ...core.ruling import Reason
from ...core.treatment import Keep
from ..lawbook import rulebook
from ..lawbook.clocks import Record, facts_of
from ..mapping.declared import Declared
from ..retaining import law
from ..work import Work

Terms = Mapping[Key, tuple[Term, ...]]


def terms(work: Work, declared: Declared, rows: Mapping[Key, Collection[str]]) -> Terms:
    """Return, per row, why its columns are kept.

    :param work: the open transaction.
    :param declared: the table.
    :param rows: key -> the columns that are handed out.
    """
    keys = list(rows)
    records = _records(work, declared, keys)
    reasons = law.reasons(work, declared, records)
    return {
        key: _terms(work, declared, records.get(key), reasons.get(key, {}), names)
        for key, names in rows.items()
    }


def _records(work: Work, declared: Declared, keys: Sequence[Key]) -> Mapping[Key, Record]:
    return law.records_of(work, declared, keys) or facts_of(
        work.conn, work.datamap, work.settings, declared.name, keys
    )


def _terms(
    work: Work,
    declared: Declared,
    record: Record | None,
    reasons: Mapping[str, Reason],
    names: Collection[str],
) -> tuple[Term, ...]:
    found = []
    retained = {name: c for name, c in declared.retain.items() if name in names}
    for category in sorted(set(retained.values())):
        columns = tuple(sorted(name for name, c in retained.items() if c == category))
        found.append(_kept(columns, category, reasons.get(category)))
    kept: dict[str, list[str]] = {}
    for name in sorted(set(names) - set(retained)):
        rule = declared.rules.get(name)
        kept.setdefault(rule.reason if isinstance(rule, Keep) else "", []).append(name)
    for reason, columns_ in sorted(kept.items()):
        found.append(_going(work, declared, record, tuple(columns_), reason))
    return tuple(found)


def _kept(columns: tuple[str, ...], category: str, reason: Reason | None) -> Term:
    if reason is None:
        return Term(columns, category)
    return Term(columns, category, reason.until, reason.basis, reason.open, keeps=True)


def _going(
    work: Work, declared: Declared, record: Record | None, columns: tuple[str, ...], reason: str
) -> Term:
    """Return the term of what an erasure would take, or leave for the vendor's own reason."""
    ends = _ceiling(work, declared, record or Record("", Facts()))
    category = reason or declared.policy.category
    if ends is None or ends.rule is None or ends.day is None or reason:
        return Term(columns, category)
    return Term(columns, category, ends.day.isoformat(), ends.rule.article)


def _ceiling(work: Work, declared: Declared, record: Record) -> Due | None:
    """Return by when a table's own category ends a record; of several names the latest."""
    if not declared.policy.category or not record.place:
        return None
    labels = {declared.policy.category, *rulebook.labels(work, declared.name, "")}
    rules = law.rules_at(work, record.place)
    found = [due(rules, each, record.facts) for each in sorted(labels)]
    known = [each for each in found if each.day is not None and not each.draft]
    return max(known, key=lambda d: d.day.isoformat() if d.day else "", default=None)
