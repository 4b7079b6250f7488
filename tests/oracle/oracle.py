"""What an erasure should do, worked out row by row over plain lists; it shares no code with us.

It reads what a vendor declared (policies, rules) and rows. It knows no database.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_guesterase.core.policy import Policy

from .world import Ref, Row, Spec, Step, Through, Who, World

REDACTED = "[erased]"

MARKED = re.compile("erased-.*|~-.*|.*@erased[.]invalid")
"""What tells that a text was invented; of shorter ones, and of numbers, nobody can tell."""


@dataclass(frozen=True, eq=False)
class Invented:
    """Stands for a random value: text or UUID, no longer than the column, unlike any other."""

    old: Any
    mail: bool


@dataclass
class Found:
    """A row of the plan: where it stands, whose it is, and by which path of the policy."""

    row: Row
    mine: set[tuple[Who, int]] = field(default_factory=set)
    others: set[tuple[Who, int]] = field(default_factory=set)


StepKey = tuple[str, str, tuple[str, ...], tuple[str, ...], str]
"""Table, outcome, columns, rule words, ground."""

Expected = dict[StepKey, set[tuple[tuple[Any, ...], frozenset[Who], frozenset[Who]]]]
"""Step -> (row key, people erased, living others)."""


class Oracle:
    """Holds the rows of a world and erases people from them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[str, list[Row]] = copy.deepcopy(world.rows)
        self.erased: set[Who] = set()
        self.invented: set[Any] = set()

    def plan(self, people: Iterable[Who]) -> tuple[Expected, set[tuple[str, int]]]:
        """Return the steps, and (table, rows) of what would point at rows that are gone."""
        wanted = set(people)
        steps: Expected = {}
        for name, rows in self.rows.items():
            for row in rows:
                found = self._found(name, row, wanted)
                for key in self._decide(name, found) if found.mine else ():
                    steps.setdefault(key, set()).add((
                        tuple(row[n] for n in self.world.specs[name].identity),
                        frozenset(who for who, _ in found.mine),
                        frozenset(who for who, _ in found.others),
                    ))
        return steps, self._dangling(wanted)

    def erase(self, people: Iterable[Who]) -> None:
        """Carry the plan out; call it only when nothing dangles."""
        wanted = set(people)
        after = {}
        for name, rows in self.rows.items():
            after[name] = [new for row in rows if (new := self._after(name, row, wanted))]
        self.rows = after
        self.erased |= wanted

    def left(self, people: Iterable[Who]) -> tuple[set[str], set[str]]:
        """Return the tables in which something of these people surely, and perhaps, remains.

        Rows may remain: where a row that also linked a living person goes, what was shared with
        them over it is shared no longer. Of a random value nobody can tell for sure.
        """
        wanted = set(people)
        sure, perhaps = set(), set()
        for name, rows in self.rows.items():
            for row in rows:
                new = self._after(name, row, wanted)
                words = {_word(_rules(self.world.specs[name], policy)[c])
                         for c in row if new is not None and new[c] != row[c]
                         if not self.world.specs[name].field(c).of
                         for policy in [self.world.policies[name]] if isinstance(policy, Policy)}
                if new is None or words & {"null", "redact"}:
                    sure.add(name)
                if new is None or words:
                    perhaps.add(name)
        return sure, perhaps

    def _found(self, name: str, row: Row, wanted: set[Who]) -> Found:
        owners = self._owners(name, row) if self._counts(name, row) else set()
        return Found(
            row,
            {(who, path) for who, path in owners if who in wanted},
            {(who, path) for who, path in owners if who not in wanted | self.erased},
        )

    def _counts(self, name: str, row: Row) -> bool:
        """Whether a row is one the policy is about."""
        policy = self.world.policies[name]
        if not isinstance(policy, Policy):
            return False
        where: Any = policy.where
        return where is None or row[where.column] in where.values

    def _owners(self, name: str, row: Row) -> set[tuple[Who, int]]:
        """Return every person a row leads to, with the number of the path in the policy."""
        policy = self.world.policies[name]
        if not isinstance(policy, Policy):
            return set()
        if policy.subject is not None:
            counts = self._counts(name, row)
            return {((name, self._key(name, row)), 0)} if counts else set()
        owners = set()
        for number, via in enumerate(_paths(policy)):
            for end, there in self._follow(name, row, via):
                owners |= {(who, number) for who, _ in self._owners(end, there)}
        return owners

    def _key(self, name: str, row: Row) -> tuple[Any, ...]:
        return tuple(row[n] for n in self.world.specs[name].identity)

    def _follow(self, name: str, row: Row, via: Any) -> Iterator[tuple[str, Row]]:
        """Walk one path and yield the rows at its end."""
        if isinstance(via, Through):
            yield from self._walk([(name, row)], via.steps)
        elif isinstance(via, str):
            here = [(name, row)]
            for part in via.split("."):
                here = [
                    end for table, each in here
                    for end in self._walk([(table, each)], self._steps(table, part))
                ]
            yield from here
        else:
            for there in self.rows[via.to]:
                if all(
                    _copied(row[a], there[b], via.fold)
                    and not _same(row[a], self._mask(name, a), via.fold)
                    and not _same(row[a], self._mask(via.to, b), via.fold)
                    for a, b in self._names(name, via)
                ):
                    yield via.to, there

    def _mask(self, name: str, column: str) -> Any:
        """What an erasure writes into every row's column; two masks are no link."""
        policy = self.world.policies[name]
        rules = _rules(self.world.specs[name], policy) if isinstance(policy, Policy) else {}
        rule = rules.get(column)
        if _word(rule) not in ("redact", "constant"):
            return None
        return self._value(self.world.specs[name], column, rule, None)

    def _names(self, name: str, via: Any) -> list[tuple[str, str]]:
        here, there = self.world.specs[name], self.world.specs[via.to]
        return [(here.field(a).name, there.field(b).name) for a, b in via.columns.items()]

    def _steps(self, table: str, part: str) -> tuple[Step, ...]:
        for relation in self.world.relations:
            if (relation.table, relation.name) == (table, part):
                return relation.steps
        spec = self.world.specs[table]
        column = spec.field(part).name
        ref = next(r for r in spec.refs if column in r.columns)
        return (Step(ref.columns, ref.table, ref.targets),)

    def _walk(
        self, here: list[tuple[str, Row]], steps: Iterable[Step]
    ) -> list[tuple[str, Row]]:
        for step in steps:
            here = [
                (step.table, there)
                for _, row in here
                for there in self.rows[step.table]
                if all(
                    row[a] is not None and row[a] == there[b]
                    for a, b in zip(step.source, step.targets, strict=True)
                )
            ]
        return here

    def _decide(self, name: str, found: Found) -> list[StepKey]:
        policy = self.world.policies[name]
        assert isinstance(policy, Policy)
        spec = self.world.specs[name]
        if self._goes(policy, found):
            return [(name, "delete", (), (), "")]
        rules = _rules(spec, policy)
        written = self._written(spec, policy, found)
        steps: list[StepKey] = []
        if written:
            columns = tuple(sorted(written))
            steps.append((name, "overwrite", columns, tuple(_word(rules[c]) for c in columns), ""))
        kept: dict[str, list[str]] = {}
        for column, rule in rules.items():
            if _word(rule) == "retain":
                kept.setdefault(rule.category, []).append(column)
        steps += [(name, "retain", tuple(sorted(c)), (), ground) for ground, c in kept.items()]
        left = tuple(sorted(_erasing(rules) - written))
        waits = found.others and policy.rows == "delete-when-last-owner" and not kept
        if left or waits:
            steps.append((name, "share", left, (), "also-another-persons"))
        return steps

    @staticmethod
    def _goes(policy: Policy, found: Found) -> bool:
        """Whether the row as a whole is deleted."""
        if any(_word(rule) == "retain" for rule in policy.columns.values()):
            return False
        if policy.rows == "delete":
            return True
        return policy.rows == "delete-when-last-owner" and not found.others

    @staticmethod
    def _written(spec: Spec, policy: Policy, found: Found) -> set[str]:
        """Return the columns that are overwritten: of a shared row only what is theirs alone."""
        erasing = _erasing(_rules(spec, policy))
        if not found.others:
            return erasing
        if not isinstance(policy.via, Mapping):
            return set()
        listed = [{spec.field(c).name for c in columns} for columns in policy.via.values()]
        living = {path for _, path in found.others}
        mine = {path for _, path in found.mine} - living
        free = set().union(*(listed[path] for path in mine))
        return (free - set().union(*(listed[path] for path in living))) & erasing

    def _after(self, name: str, row: Row, wanted: set[Who]) -> Row | None:
        """Return a row as it is after the erasure, or None when it goes."""
        found = self._found(name, row, wanted)
        if not found.mine:
            return row
        policy, spec = self.world.policies[name], self.world.specs[name]
        assert isinstance(policy, Policy)
        if self._goes(policy, found):
            return None
        rules = _rules(spec, policy)
        return spec.computed(row | {
            column: self._value(spec, column, rules[column], row[column])
            for column in self._written(spec, policy, found)
        })

    def _value(self, spec: Spec, column: str, rule: Any, old: Any) -> Any:
        one = spec.field(column)
        length = one.length
        match _word(rule):
            case "null":
                return None
            case "redact":
                return REDACTED if (length or 99) >= len(REDACTED) else "*" * (length or 0)
            case "placeholder" if one.kind == "text" and self._stays(old):
                return old
            case "placeholder":
                return Invented(old, "mail" in column)
        return rule

    def _stays(self, old: Any) -> bool:
        """Whether a text was invented by an erasure before: another one would be no better."""
        return isinstance(old, str) and old in self.invented and bool(MARKED.fullmatch(old))

    def _dangling(self, wanted: set[Who]) -> set[tuple[str, int]]:
        """Return what would still point at rows that are gone: (table, rows) per foreign key."""
        gone = {
            name: [r for r in rows if self._after(name, r, wanted) is None]
            for name, rows in self.rows.items()
        }
        found = []
        for name, spec in self.world.specs.items():
            stay = [new for r in self.rows[name] if (new := self._after(name, r, wanted))]
            for ref in spec.refs:
                count = sum(_points(ref, row, gone[ref.table]) for row in stay)
                found += [(name, count)] if count else []
        return set(found)


def _points(ref: Ref, row: Row, gone: Iterable[Row]) -> bool:
    return any(
        all(row[c] is not None and row[c] == there[t]
            for c, t in zip(ref.columns, ref.targets, strict=True))
        for there in gone
    )


def _copied(mine: Any, theirs: Any, fold: bool) -> bool:
    """Whether a copied value names a row: never an empty one, and never 0."""
    return mine not in (None, "", "0", 0) and theirs is not None and _same(mine, theirs, fold)


def _same(mine: Any, theirs: Any, fold: bool) -> bool:
    if fold and isinstance(mine, str):
        return mine.lower() == str(theirs).lower()
    return bool(mine == theirs)


def _paths(policy: Policy) -> list[Any]:
    via = policy.via
    if via is None:
        return []
    if isinstance(via, list | tuple):
        return list(via)
    return list(via) if isinstance(via, Mapping) else [via]


def _rules(spec: Spec, policy: Policy) -> dict[str, Any]:
    return {spec.field(name).name: rule for name, rule in policy.columns.items()}


def _erasing(rules: Mapping[str, Any]) -> set[str]:
    return {column for column, rule in rules.items() if _word(rule) not in ("keep", "retain")}


def _word(rule: Any) -> str:
    word = type(rule).__name__.lower()
    return word if word in ("null", "redact", "placeholder", "keep", "retain") else "constant"
