"""What will happen to whose rows, decided before anything is touched: a frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .log import canonical
from .seal import fingerprint

Key = tuple[object, ...]
"""Values of a row's key columns, in the order of the table's key."""

Person = tuple[str, Key]
"""Subject table and key of one subject row."""


def by_table(rows: Iterable[tuple[str, Key]]) -> dict[str, list[Key]]:
    """Return the keys of rows by their tables, both in the order in which they come."""
    found: dict[str, list[Key]] = {}
    for table, key in rows:
        found.setdefault(table, []).append(key)
    return found


class Outcome(StrEnum):
    """What happens to the columns a decision names."""

    DELETE = "delete"
    OVERWRITE = "overwrite"
    SEAL = "seal"
    RETAIN = "retain"
    HOLD = "hold"
    SHARE = "share"


@dataclass(frozen=True, order=True)
class Decision:
    """One decision of a plan; rows come under it, and more rows may come under it later.

    :param table: name of the table.
    :param outcome: what happens.
    :param columns: the columns it happens to, sorted; all of a deleted row.
    :param rules: rule per column, in the order of `columns`.
    :param ground: reason or category; empty when the subject's wish is enough.
    :param until: the rule that ends it, or why nobody knows the end; never a date.
    """

    table: str
    outcome: Outcome
    columns: tuple[str, ...]
    rules: tuple[str, ...] = ()
    ground: str = ""
    until: str = ""


class Row(NamedTuple):
    """One row and the people of this plan it belongs to, and how many living others.

    :param key: the row's key.
    :param owners: subject rows of this plan that own it, each with the index of the owner path.
    :param others: subject rows outside this plan that own it too and were not erased before.
    """

    key: Key
    owners: frozenset[tuple[Person, int]]
    others: frozenset[tuple[Person, int]] = frozenset()


@dataclass(frozen=True)
class Reason:
    """Why the law keeps the columns of one category of one row.

    :param rule: what ends it, in a word without a date.
    :param basis: article that asks for it, empty when nobody knows one.
    :param until: last day, ``YYYY-MM-DD``, or empty when it is not known.
    :param open: why the end is not known, empty when it is.
    :param grade: how sure the rule is.
    :param conflicts: rules that keep it though the general law may not recognise their rank.
    """

    rule: str = ""
    basis: str = ""
    until: str = ""
    open: tuple[str, ...] = ()
    grade: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ruling:
    """What keeps parts of one row, for whatever reason.

    :param law: category -> why its columns stay; a category that is not there may go.
    :param sealed: categories that lie in a box already, so that the row holds nothing of them.
    :param held: legal holds and freezes that cover the row; it stays as it is.
    :param needed: column -> precondition of the hotel that still needs it.
    :param place: code of the row's property, empty when nobody can tell or nothing asks.
    :param told: what the host said of it to the law, in the form in which it is written down.
    :param only: the columns this plan may touch, where it finishes what an earlier one kept; None
        for all of them.
    """

    law: Mapping[str, Reason] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    held: tuple[int, ...] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    told: Mapping[str, object] = field(default_factory=dict)
    only: frozenset[str] | None = None

    def may_touch(self, column: str) -> bool:
        """Return whether this plan is about a column."""
        return self.only is None or column in self.only


Rulings = Mapping[tuple[str, Key], Ruling]
"""(Table, key) -> what keeps parts of that row."""


@dataclass(frozen=True)
class Shape:
    """What the planner must know of a declared table; everything else stays in the data map.

    :param table: name of the table.
    :param deletes: "never", "always" or "last", the row rule in short.
    :param erase: column -> rule word, for the columns that are overwritten.
    :param retain: column -> category, for the columns the law keeps.
    :param alone: per owner path, the columns that are that owner's alone, or None where the
        vendor did not say.
    :param after: retained column -> rule word of what it becomes when it goes.
    :param seals: categories whose columns are kept in a box instead of in the row.
    """

    table: str
    deletes: str
    erase: Mapping[str, str]
    retain: Mapping[str, str] = field(default_factory=dict)
    alone: Sequence[frozenset[str] | None] = ()
    after: Mapping[str, str] = field(default_factory=dict)
    seals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """A decision with the rows under it.

    :param decision: what happens.
    :param rows: the rows, sorted by key text.
    """

    decision: Decision
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Block:
    """Why something cannot be done now.

    :param table: table in which the reason lies.
    :param reason: enumerated reason, for example ``referenced`` or ``gap``.
    :param rows: how many rows there are of it.
    :param detail: a line for staff, without personal data.
    :param until: day on which it is expected to end, ISO, or empty when nobody knows.
    """

    table: str
    reason: str
    rows: int
    detail: str
    until: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything an erasure will do, read by staff before they approve it.

    :param people: subject rows it is about, sorted.
    :param steps: decisions with their rows, sorted.
    :param blocked: what stands in the way.
    :param policy: version of the data map it was drawn from.
    :param promised: what would be decided if no hold and no precondition stood in the way; what
        is approved, so that the rest follows by itself.
    :param rulings: what keeps which row.
    :param foreseen: tables in which the hotel may still write about these people before what
        stands in the way has ended; what the policy decides about them is approved too.
    """

    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    blocked: tuple[Block, ...] = ()
    policy: str = ""
    promised: frozenset[Decision] = frozenset()
    rulings: Rulings = field(default_factory=dict)
    foreseen: tuple[str, ...] = ()

    def changing(self) -> tuple[Step, ...]:
        """Return the steps that change rows."""
        return tuple(s for s in self.steps if s.decision.outcome in _CHANGING)

    def touched(self) -> frozenset[Person]:
        """Return the other people whose shared rows are changed."""
        return frozenset(
            person for step in self.changing() for row in step.rows for person, _ in row.others
        )


    def untouched(self) -> frozenset[Person]:
        """Return the people of this plan whose own row stays as it is, under a hold for example."""
        held = {
            (step.decision.table, row.key)
            for step in self.steps
            if step.decision.outcome is Outcome.HOLD
            for row in step.rows
        }
        return frozenset(person for person in self.people if person in held)

    def spared(self) -> frozenset[Person]:
        """Return the people whose own row stays: held, or needed for another controller's stay."""
        theirs = {
            (step.decision.table, row.key)
            for step in self.steps
            if step.decision.ground == f"{NEEDED}{ANOTHER}"
            for row in step.rows
        }
        return self.untouched() | frozenset(each for each in self.people if each in theirs)

    def keeping(self) -> tuple[Step, ...]:
        """Return the steps that keep something which ends some day."""
        return tuple(s for s in self.steps if s.decision.outcome in _KEEPING)


_CHANGING = frozenset({Outcome.DELETE, Outcome.OVERWRITE, Outcome.SEAL})
_KEEPING = frozenset({Outcome.SEAL, Outcome.RETAIN, Outcome.HOLD})


def draw(
    shapes: Mapping[str, Shape],
    found: Mapping[str, Iterable[Row]],
    people: Iterable[Person],
    policy: str = "",
    rulings: Rulings | None = None,
) -> Plan:
    """Decide what happens to each row that was found.

    :param shapes: table -> its shape.
    :param found: table -> rows that belong to the people of this plan.
    :param people: the subject rows the plan is about.
    :param policy: version of the data map.
    :param rulings: what keeps parts of a row; a row that is not there keeps what is retained,
        and nobody knows how long.
    """
    known = rulings or {}
    under: dict[Decision, list[Row]] = {}
    promised: set[Decision] = set()
    for table in sorted(found):
        shape = shapes[table]
        for ruling, rows in _alike(shape, found[table], known):
            for decision in decide(shape, rows[0], ruling):
                under.setdefault(decision, []).extend(rows)
            free = replace(ruling, held=(), needed={})
            promised.update(decide(shape, rows[0], free))
    steps = tuple(
        Step(decision, tuple(sorted(under[decision], key=_row_order)))
        for decision in sorted(under)
    )
    return Plan(
        tuple(sorted(people, key=_person_order)), steps, (), policy, frozenset(promised), known
    )


def _alike(
    shape: Shape, rows: Iterable[Row], known: Rulings
) -> Iterator[tuple[Ruling, list[Row]]]:
    """Yield rows about which the same is decided: one ruling, and the same ways to their owners."""
    unruled = _unruled(shape)
    groups: dict[tuple[object, ...], tuple[Ruling, list[Row]]] = {}
    for row in rows:
        ruling = known.get((shape.table, row.key), unruled)
        alike: tuple[object, ...] = (id(ruling),)
        if row.others:
            alike = (id(ruling), _ways(row.owners), _ways(row.others))
        group = groups.get(alike)
        if group is None:
            groups[alike] = (ruling, [row])
        else:
            group[1].append(row)
    yield from groups.values()


def _ways(people: Iterable[tuple[Person, int]]) -> frozenset[int]:
    return frozenset(path for _, path in people)


def _unruled(shape: Shape) -> Ruling:
    return Ruling({category: Reason() for category in shape.retain.values()})


def decide(shape: Shape, row: Row, ruling: Ruling | None = None) -> tuple[Decision, ...]:
    """Return the decisions one row comes under."""
    ruling = _unruled(shape) if ruling is None else ruling
    if ruling.held:
        columns = tuple(sorted({*shape.erase, *shape.retain}))
        return (Decision(shape.table, Outcome.HOLD, columns, (), LEGAL_DUTY),)
    mine_to_keep = {
        n: c
        for n, c in shape.retain.items()
        if c not in ruling.sealed and ruling.may_touch(n)
    }
    kept = {n: c for n, c in mine_to_keep.items() if c in ruling.law or n not in shape.after}
    erase = {n: rule for n, rule in shape.erase.items() if ruling.may_touch(n)}
    erase |= {n: shape.after[n] for n in mine_to_keep if n not in kept}
    deletes = shape.deletes != "never" and not set(shape.erase) - set(erase)
    needed = {n: w for n, w in ruling.needed.items() if n in erase or deletes}
    shared = bool(row.others)
    if not kept and not needed and deletes and (shape.deletes == "always" or not shared):
        return (Decision(shape.table, Outcome.DELETE, ()),)
    # In a text only what is said of this person goes, so that it may be another's as well.
    said = {n for n, rule in erase.items() if rule == MENTIONS}
    mine = _free_columns(shape, row, erase) | said if shared else frozenset(erase)
    free = mine - set(needed)
    decisions = []
    if free:
        decisions.append(_overwrite(shape.table, free, erase))
    decisions += _kept(shape, row, ruling, kept)
    for name in sorted(set(needed.values())):
        columns = tuple(sorted(n for n, w in needed.items() if w == name))
        decisions.append(Decision(shape.table, Outcome.RETAIN, columns, (), f"{NEEDED}{name}"))
    left = tuple(sorted(set(erase) - mine - set(needed)))
    if left or (shared and shape.deletes == "last" and not kept):
        decisions.append(Decision(shape.table, Outcome.SHARE, left, (), "also-another-persons"))
    return tuple(decisions)


NEEDED = "blocker:"
"""Begins the ground of what a precondition keeps; its name follows."""

ANOTHER = "another-controller"
"""Name of the precondition by which a profile stays while another controller's stay needs it."""

MENTIONS = "mentions"
"""Word of the rule by which only what is said of the person goes from a text."""

LEGAL_DUTY = "legal-duty"
"""What anybody who is not entitled reads where a hold keeps something: true and general."""


def _overwrite(table: str, columns: Iterable[str], rules: Mapping[str, str]) -> Decision:
    names = tuple(sorted(columns))
    return Decision(table, Outcome.OVERWRITE, names, tuple(rules[name] for name in names))


def _kept(
    shape: Shape, row: Row, ruling: Ruling, kept: Mapping[str, str]
) -> list[Decision]:
    """Return the decisions about what the law keeps, one per category."""
    decisions = []
    for category in sorted(set(kept.values())):
        columns = tuple(sorted(n for n, c in kept.items() if c == category))
        reason = ruling.law.get(category, Reason(open=("no-replacement",)))
        until = f"open:{','.join(reason.open)}" if reason.open else reason.rule
        if _seals(shape, row, category, columns):
            rules = tuple(shape.after[name] for name in columns)
            decisions.append(
                Decision(shape.table, Outcome.SEAL, columns, rules, category, until)
            )
        else:
            decisions.append(Decision(shape.table, Outcome.RETAIN, columns, (), category, until))
    return decisions


def _seals(shape: Shape, row: Row, category: str, columns: Sequence[str]) -> bool:
    if category not in shape.seals or not set(columns) <= set(shape.after):
        return False
    return not row.others or set(columns) <= _free_columns(shape, row, shape.after)


def _free_columns(shape: Shape, row: Row, among: Iterable[str]) -> frozenset[str]:
    """Return the columns of a shared row that are these people's alone, and nobody else's."""
    theirs = {path for _, path in row.others}
    mine = {path for _, path in row.owners} - theirs
    free = _alone(shape, mine) - _alone(shape, theirs)
    return frozenset(free & set(among))


def _alone(shape: Shape, paths: Iterable[int]) -> set[str]:
    return {column for path in paths for column in shape.alone[path] or ()}


def decisions_of(
    plan: Plan, key: bytes, rows: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, object]:
    """Return what was decided, as a value that holds no personal data and can be stored.

    :param plan: the plan.
    :param key: secret of the case; people appear as marks made with it.
    :param rows: marks of who is in the rows of its people, which are decided with it.
    """
    people = set(plan.people) | plan.touched()
    more: dict[str, object] = {"foreseen": sorted(plan.foreseen)} if plan.foreseen else {}
    if rows:
        more["rows"] = {row: dict(marks) for row, marks in rows.items()}
    return more | {
        "policy": plan.policy,
        "decisions": [
            {
                "table": d.table,
                "outcome": d.outcome.value,
                "columns": list(d.columns),
                "rules": list(d.rules),
                "ground": d.ground,
                "until": d.until,
            }
            for d in sorted(plan.promised or {step.decision for step in plan.steps})
        ],
        "people": sorted(mark(key, person) for person in people),
    }


def digest(
    plan: Plan, key: bytes, rows: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return the digest of what was decided: never of counts or today's date.

    :param plan: the plan.
    :param key: secret of the case.
    :param rows: marks of who is in the rows of its people.
    """
    return digest_of(decisions_of(plan, key, rows), key)


def digest_of(decisions: Mapping[str, object], key: bytes) -> str:
    """Return the digest of stored decisions; what was noted beside them later is not in it.

    :param decisions: what `decisions_of` returned, or holds.
    :param key: secret of the case.
    """
    decided = {name: decisions[name] for name in _DECIDED if name in decisions}
    return fingerprint(key, "decision", canonical(decided).decode())


_DECIDED = ("decisions", "foreseen", "people", "policy", "rows")


def mark(key: bytes, person: Person) -> str:
    """Return a keyed mark of one subject row."""
    table, row = person
    return fingerprint(key, "person", f"{table}|{key_text(row)}")


def differences(approved: Mapping[str, object], today: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a plan drawn today does that was not approved; empty when it stands.

    A plan stands when it only adds or loses rows under decisions already approved, or when
    something goes because its floor ended as it was announced. A new table, rule, ground or
    person, or another policy version, does not. A stay that had not ended when the plan was
    approved still leaves its bill: what the same policy decides about such tables was approved.
    """
    lines = []
    if approved.get("policy") != today.get("policy"):
        lines.append("the data map changed")
    known = _texts(approved, "decisions")
    announced = _announced(known.values())
    foreseen = _words(approved, "foreseen")
    for text, decision in _texts(today, "decisions").items():
        if isinstance(decision, dict) and decision["table"] in foreseen:
            continue
        if text not in known and not _follows(decision, announced):
            lines.append(_line(decision))
    if set(_texts(today, "people")) - set(_texts(approved, "people")):
        lines.append("another person's rows are touched")
    return tuple(lines)


def _words(value: Mapping[str, object], name: str) -> set[str]:
    items = value.get(name)
    return {str(item) for item in items} if isinstance(items, list) else set()


def _announced(decisions: Iterable[object]) -> dict[str, tuple[dict[str, str], set[str]]]:
    """Return table -> (column -> rule that was approved, columns whose end was announced)."""
    found: dict[str, tuple[dict[str, str], set[str]]] = {}
    for d in decisions:
        if not isinstance(d, dict):
            continue
        rules, ends = found.setdefault(str(d["table"]), ({}, set()))
        if d["outcome"] == Outcome.OVERWRITE.value:
            rules.update(zip(d["columns"], d["rules"], strict=True))
        elif d["until"] and not str(d["until"]).startswith("open:"):
            ends.update(d["columns"])
    return found


def _follows(decision: object, announced: Mapping[str, tuple[dict[str, str], set[str]]]) -> bool:
    """Return whether a decision only lets go of what was to go when its floor ends."""
    if not isinstance(decision, dict) or decision["table"] not in announced:
        return False
    rules, ends = announced[decision["table"]]
    if decision["outcome"] == Outcome.DELETE.value:
        return bool(ends)
    if decision["outcome"] != Outcome.OVERWRITE.value or not ends & set(decision["columns"]):
        return False
    pairs = zip(decision["columns"], decision["rules"], strict=True)
    return all(name in ends or rules.get(name) == rule for name, rule in pairs)


def _texts(value: Mapping[str, object], name: str) -> dict[str, object]:
    items = value.get(name)
    return {canonical(item).decode(): item for item in items} if isinstance(items, list) else {}


def _line(decision: object) -> str:
    if not isinstance(decision, dict):
        return "an unreadable decision"
    columns = ", ".join(decision["columns"]) or "the row"
    return f"{decision['outcome']} {decision['table']}: {columns}"


def key_text(key: Key) -> str:
    """Return a key as text that sorts and compares the same on every engine.

    No two keys have the same text: the sign that divides parts is escaped inside them. A moment is
    the same in every zone.
    """
    if len(key) == 1 and type(key[0]) is int:
        return f"int:{key[0]}"
    return "|".join(f"{type(part).__name__}:{_escaped(part)}" for part in key)


def _escaped(part: object) -> str:
    if isinstance(part, datetime) and part.tzinfo is not None:
        part = part.astimezone(UTC)
    return str(part).replace("\\", "\\\\").replace("|", "\\|")


def _row_order(row: Row) -> str:
    return key_text(row.key)


def _person_order(person: Person) -> tuple[str, str]:
    return person[0], key_text(person[1])
