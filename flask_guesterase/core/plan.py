"""What will happen to whose rows, decided before anything is touched: a frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from .log import canonical
from .seal import fingerprint

Key = tuple[object, ...]
"""Values of a row's key columns, in the order of the table's key."""

Person = tuple[str, Key]
"""Subject table and key of one subject row."""


class Outcome(StrEnum):
    """What happens to the columns a decision names."""

    DELETE = "delete"
    OVERWRITE = "overwrite"
    RETAIN = "retain"
    SHARE = "share"


@dataclass(frozen=True, order=True)
class Decision:
    """One decision of a plan; rows come under it, and more rows may come under it later.

    :param table: name of the table.
    :param outcome: what happens.
    :param columns: the columns it happens to, sorted; all of a deleted row.
    :param rules: rule per column, in the order of `columns`.
    :param ground: reason, category or article; empty when the subject's wish is enough.
    :param until: the rule that ends it, empty when it does not end by itself.
    """

    table: str
    outcome: Outcome
    columns: tuple[str, ...]
    rules: tuple[str, ...] = ()
    ground: str = ""
    until: str = ""


@dataclass(frozen=True)
class Row:
    """One row and the people of this plan it belongs to, and how many living others.

    :param key: the row's key.
    :param owners: subject rows of this plan that own it, each with the index of the owner path.
    :param others: subject rows outside this plan that own it too and were not erased before.
    """

    key: Key
    owners: frozenset[tuple[Person, int]]
    others: frozenset[tuple[Person, int]] = frozenset()


@dataclass(frozen=True)
class Shape:
    """What the planner must know of a declared table; everything else stays in the data map.

    :param table: name of the table.
    :param deletes: "never", "always" or "last", the row rule in short.
    :param erase: column -> rule word, for the columns that are overwritten.
    :param retain: column -> category, for the columns the law keeps.
    :param alone: per owner path, the columns that are that owner's alone, or None where the
        vendor did not say.
    """

    table: str
    deletes: str
    erase: Mapping[str, str]
    retain: Mapping[str, str] = field(default_factory=dict)
    alone: Sequence[frozenset[str] | None] = ()


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
    """

    table: str
    reason: str
    rows: int
    detail: str


@dataclass(frozen=True)
class Plan:
    """Everything an erasure will do, read by staff before they approve it.

    :param people: subject rows it is about, sorted.
    :param steps: decisions with their rows, sorted.
    :param blocked: what stands in the way.
    :param policy: version of the data map it was drawn from.
    """

    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    blocked: tuple[Block, ...] = ()
    policy: str = ""

    def changing(self) -> tuple[Step, ...]:
        """Return the steps that change rows."""
        return tuple(s for s in self.steps if s.decision.outcome in _CHANGING)

    def touched(self) -> frozenset[Person]:
        """Return the other people whose shared rows are changed."""
        return frozenset(
            person for step in self.changing() for row in step.rows for person, _ in row.others
        )


_CHANGING = frozenset({Outcome.DELETE, Outcome.OVERWRITE})


def draw(
    shapes: Mapping[str, Shape],
    found: Mapping[str, Iterable[Row]],
    people: Iterable[Person],
    policy: str = "",
    blocked: Iterable[Block] = (),
) -> Plan:
    """Decide what happens to each row that was found.

    :param shapes: table -> its shape.
    :param found: table -> rows that belong to the people of this plan.
    :param people: the subject rows the plan is about.
    :param policy: version of the data map.
    :param blocked: what stands in the way.
    """
    under: dict[Decision, list[Row]] = {}
    for table in sorted(found):
        for row in found[table]:
            for decision in decide(shapes[table], row):
                under.setdefault(decision, []).append(row)
    steps = tuple(
        Step(decision, tuple(sorted(under[decision], key=_row_order)))
        for decision in sorted(under)
    )
    return Plan(tuple(sorted(people, key=_person_order)), steps, tuple(blocked), policy)


def decide(shape: Shape, row: Row) -> tuple[Decision, ...]:
    """Return the decisions one row comes under."""
    shared = bool(row.others)
    if not shape.retain and (
        shape.deletes == "always" or (shape.deletes == "last" and not shared)
    ):
        return (Decision(shape.table, Outcome.DELETE, ()),)
    free = _free_columns(shape, row) if shared else frozenset(shape.erase)
    decisions = []
    if free:
        columns = tuple(sorted(free))
        rules = tuple(shape.erase[name] for name in columns)
        decisions.append(Decision(shape.table, Outcome.OVERWRITE, columns, rules))
    for category in sorted(set(shape.retain.values())):
        kept = tuple(sorted(n for n, c in shape.retain.items() if c == category))
        decisions.append(Decision(shape.table, Outcome.RETAIN, kept, (), category))
    left = tuple(sorted(set(shape.erase) - free))
    if left or (shared and shape.deletes == "last" and not shape.retain):
        decisions.append(Decision(shape.table, Outcome.SHARE, left, (), "also-another-persons"))
    return tuple(decisions)


def _free_columns(shape: Shape, row: Row) -> frozenset[str]:
    """Return the columns of a shared row that are these people's alone, and nobody else's."""
    theirs = {path for _, path in row.others}
    mine = {path for _, path in row.owners} - theirs
    free = _alone(shape, mine) - _alone(shape, theirs)
    return frozenset(free & set(shape.erase))


def _alone(shape: Shape, paths: Iterable[int]) -> set[str]:
    return {column for path in paths for column in shape.alone[path] or ()}


def decisions_of(plan: Plan, key: bytes) -> dict[str, object]:
    """Return what was decided, as a value that holds no personal data and can be stored.

    :param plan: the plan.
    :param key: secret of the case; people appear as marks made with it.
    """
    people = set(plan.people) | plan.touched()
    return {
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
            for d in sorted({step.decision for step in plan.steps})
        ],
        "people": sorted(mark(key, person) for person in people),
    }


def digest(plan: Plan, key: bytes) -> str:
    """Return the digest of what was decided: never of values, counts or today's date.

    :param plan: the plan.
    :param key: secret of the case.
    """
    return fingerprint(key, "decision", canonical(decisions_of(plan, key)).decode())


def mark(key: bytes, person: Person) -> str:
    """Return a keyed mark of one subject row."""
    table, row = person
    return fingerprint(key, "person", f"{table}|{key_text(row)}")


def differences(approved: Mapping[str, object], today: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a plan drawn today does that was not approved; empty when it stands.

    A plan stands when it only adds or loses rows under decisions already approved. A new table,
    rule, ground or person, or another policy version, does not.
    """
    lines = []
    if approved.get("policy") != today.get("policy"):
        lines.append("the data map changed")
    known = _texts(approved, "decisions")
    for text, decision in _texts(today, "decisions").items():
        if text not in known:
            lines.append(_line(decision))
    if set(_texts(today, "people")) - set(_texts(approved, "people")):
        lines.append("another person's rows are touched")
    return tuple(lines)


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

    No two keys have the same text: the sign that divides parts is escaped inside them.
    """
    return "|".join(f"{type(part).__name__}:{_escaped(part)}" for part in key)


def _escaped(part: object) -> str:
    return str(part).replace("\\", "\\\\").replace("|", "\\|")


def _row_order(row: Row) -> str:
    return key_text(row.key)


def _person_order(person: Person) -> tuple[str, str]:
    return person[0], key_text(person[1])
