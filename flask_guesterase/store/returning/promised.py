"""What an erasure promised to keep, by a rule that a restored database may have forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...core.plan import Decision, Key, Outcome, Person, Plan, Step
from ...core.remembrance import Line
from ...core.rule import Rank, Rule
from ..certificates import planning
from ..lawbook.blockers import today_at
from ..lawbook.clocks import Record
from ..remembrance.forgotten import find, names, recall
from ..retaining import law
from ..retaining.keeping import Origin
from ..work import Work
from . import again

_KEPT = frozenset({Outcome.SEAL.value, Outcome.RETAIN.value})
_TAKING = frozenset({Outcome.DELETE, Outcome.OVERWRITE})

_Kept = Sequence[tuple[str, str, frozenset[str]]]
"""Table, last day or rule, and columns of each thing that a plan keeps."""


@dataclass(frozen=True)
class Register:
    """What the register remembers of erasures, read once for all rows of a round.

    :param lines: number of a request, empty for the law's ceiling -> lines about it.
    :param kept: number of a line -> what is kept today of all of it, once that was asked for.
    """

    lines: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    kept: dict[int, _Kept] = field(default_factory=dict)


@dataclass
class Promise:
    """What one line of the register says that was kept; it names no row of what was kept.

    :param work: the open transaction.
    :param line: the line: what was done then.
    :param rows: returns where the line's own rows lie now, whatever is thought of them.
    :param kept: number of a line -> what is kept today of all of it, as far as that is known.
    """

    work: Work
    line: Line
    rows: Callable[[], Iterable[Person]]
    kept: dict[int, _Kept] = field(default_factory=dict)

    def broken(self, plan: Plan) -> bool:
        """Return whether a plan takes what was kept by a rule that did not end here.

        The rule may have been made after the copy, by two people, and the certificate named its
        day: a database that does not know it cannot tell that the day has come.

        :param plan: what would be done today.
        """
        kept = [i for i in self.line.note.did if i["outcome"] in _KEPT and i["until"]]
        return any(
            _takes(step.decision, item)
            and not _over(self.work, step, str(item["until"]))
            and not (self._went(step.decision, item) and self._known(plan, item))
            for step in plan.changing()
            for item in kept
        )

    def _went(self, decision: Decision, item: Mapping[str, Any]) -> bool:
        """Return whether the same was done then to rows beside those of which this was kept."""
        same = [
            each for each in self.line.note.did
            if each["table"] == decision.table and each["outcome"] == decision.outcome.value
        ]  # fmt: skip
        if decision.outcome is Outcome.DELETE:
            return bool(same)
        gone = {name for each in same for name in each["columns"]}
        return gone >= set(decision.columns) & set(item["columns"])

    def _known(self, plan: Plan, item: Mapping[str, Any]) -> bool:
        """Return whether something is kept today as it was then: that is not forgotten.

        A period of the house has the same word where the copy knows it and where it does not.
        """
        word = str(item["until"])
        if any(r.rank is Rank.HOUSE for _, r in _named(self.work, word)):
            return False
        return _keeps(_keeping(plan), item) or _keeps(self._whole(), item)

    def _whole(self) -> _Kept:
        """Return what is kept of all of the line: one by one, its people do not tell it.

        A plan of all of them for each that staff settle would take as many squared.
        """
        note, number = self.line.note, self.line.number
        if number not in self.kept:
            origin = Origin(note.request or None, note.controller, note.property)
            about = again.scope(self.work, origin, tuple(self.rows()))
            self.kept[number] = _keeping(planning.plan(self.work, about))
        return self.kept[number]


def _keeping(plan: Plan) -> _Kept:
    return [
        (step.decision.table, step.decision.until, frozenset(step.decision.columns))
        for step in plan.keeping() if step.rows
    ]  # fmt: skip


def _keeps(kept: _Kept, item: Mapping[str, Any]) -> bool:
    return any(
        (table, until) == (item["table"], item["until"])
        and not columns.isdisjoint(item["columns"])
        for table, until, columns in kept
    )


def _takes(decision: Decision, item: Mapping[str, Any]) -> bool:
    if decision.table != item["table"] or decision.outcome not in _TAKING:
        return False
    whole = decision.outcome is Outcome.DELETE
    return whole or not set(decision.columns).isdisjoint(item["columns"])


def _over(work: Work, step: Step, until: str) -> bool:
    """Return whether a rule is known, and the time of what it keeps is over for a step's rows."""
    declared = work.datamap.declared(step.decision.table)
    keys = [row.key for row in step.rows]
    records = law.records_of(work, declared, keys) or law.facts(work, declared, keys)
    return all(key in records and _has_ended(work, records[key], until) for key in keys)


def _has_ended(work: Work, record: Record, until: str) -> bool:
    # In a line of a group stays lie under the law of several countries; a period of the house has
    # the same word at each property, and is known where it was set alone.
    named = {
        rule.category for code, rule in _named(work, until)
        if code == record.place or rule.rank is not Rank.HOUSE
    }
    today = today_at(work.settings, work.now, record.place)
    return bool(named) and not law.judge(work, record, sorted(named)).kept(today)


def _named(work: Work, until: str) -> list[tuple[str, Rule]]:
    """Return the rules that a certificate names by a word, each with a property they count at."""
    return [(code, r) for code, r in law.rules_everywhere(work) if r.until_rule() == until]


def read(work: Work) -> Register:
    """Return what the register remembers of erasures."""
    found: dict[str, list[Line]] = {}
    for line in recall(work, 0).lines:
        found.setdefault(line.note.request, []).append(line)
    return Register(found)


def promises(
    work: Work, register: Register, number: str | None, table: str, key: Key
) -> list[Promise]:
    """Return what was promised by those lines about a request by which a row was erased.

    :param work: the open transaction.
    :param register: what the register remembers.
    :param number: number of the request; None for the law's ceiling.
    :param table: name of the table.
    :param key: key of the row.
    """
    return [
        Promise(work, line, partial(_places, work, line), register.kept)
        for line in register.lines.get(number or "", ()) if names(work, line, [(table, key)])
    ]  # fmt: skip


def _places(work: Work, line: Line) -> list[Person]:
    return [(table, key) for (_, table, _), key in find(work, [line]).items()]
