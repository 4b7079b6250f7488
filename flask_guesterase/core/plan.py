"""What will happen to whose rows, decided before anything is touched: a frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .ruling import Reason, Ruling
from .treatment import names_only

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
    :param rows: the rows, sorted by key text; none where the database itself writes them while
        the plan is carried out.
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
        is approved, so that the rest follows by itself; the decisions of the steps when None.
    :param rulings: what keeps which row.
    :param foreseen: tables in which the hotel may still write about these people before what
        stands in the way has ended; what the policy decides about them is approved too.
    :param reached: the other people whose shared rows are changed by what is promised.
    """

    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    blocked: tuple[Block, ...] = ()
    policy: str = ""
    promised: frozenset[Decision] | None = None
    rulings: Rulings = field(default_factory=dict)
    foreseen: tuple[str, ...] = ()
    reached: frozenset[Person] = frozenset()

    def changing(self) -> tuple[Step, ...]:
        """Return the steps that change rows."""
        return tuple(s for s in self.steps if s.rows and s.decision.outcome in _CHANGING)

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
        """Return the people whose own row stays: held, or needed for another or a later stay."""
        theirs = {
            (step.decision.table, row.key)
            for step in self.steps
            if step.decision.ground in (f"{NEEDED}{ANOTHER}", f"{NEEDED}{NEW_STAY}")
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
    reached: set[Person] = set()
    for table in sorted(found):
        shape = shapes[table]
        for ruling, rows in _alike(shape, found[table], known):
            for decision in decide(shape, rows[0], ruling):
                under.setdefault(decision, []).extend(rows)
            free = replace(ruling, held=(), needed={})
            freed = decide(shape, rows[0], free)
            promised.update(freed)
            # Of rows that are alike either all have other owners or none has.
            if rows[0].others and any(each.outcome in _CHANGING for each in freed):
                reached.update(person for row in rows for person, _ in row.others)
    steps = tuple(
        Step(decision, tuple(sorted(under[decision], key=_row_order)))
        for decision in sorted(under)
    )
    return Plan(
        tuple(sorted(people, key=_person_order)), steps, (), policy, frozenset(promised), known,
        reached=frozenset(reached),
    )  # fmt: skip


def _alike(
    shape: Shape, rows: Iterable[Row], known: Rulings
) -> Iterator[tuple[Ruling, list[Row]]]:
    """Yield rows about which the same is decided: one ruling, and the same ways to their owners."""
    unruled = _unruled(shape)
    groups: dict[object, tuple[Ruling, list[Row]]] = {}
    for row in rows:
        ruling = known.get((shape.table, row.key), unruled)
        alike: object = id(ruling)
        if row.others:
            alike = id(ruling), _ways(row.owners), _ways(row.others)
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
        return _held(shape, ruling)
    there = {n: c for n, c in shape.retain.items() if c not in ruling.sealed}
    lasting = {n: c for n, c in there.items() if c in ruling.law or n not in shape.after}
    kept = {n: c for n, c in lasting.items() if ruling.may_touch(n)}
    erase = {n: rule for n, rule in shape.erase.items() if ruling.may_touch(n)}
    erase |= {n: shape.after[n] for n in there if n not in lasting and ruling.may_touch(n)}
    # A plan about parts of a row takes the whole only where no other part of it is to stay.
    deletes = shape.deletes != "never" and all(
        ruling.may_touch(n) for n in (*shape.erase, *lasting)
    )
    shared = bool(row.others)
    whole = deletes and (shape.deletes == "always" or not shared)
    # In a text only what is said of this person goes, so that it may be another's as well.
    said = {n for n, rule in erase.items() if names_only(rule)}
    mine = _free_columns(shape, row, erase) | said if shared else frozenset(erase)
    # What stays as another's does not go once the hotel needs it no longer.
    needed = {n: w for n, w in ruling.needed.items() if n in mine or whole}
    if whole and not kept and not needed:
        return (Decision(shape.table, Outcome.DELETE, ()),)
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
        decisions.append(Decision(shape.table, Outcome.SHARE, left, (), OTHERS))
    return tuple(decisions)


def _held(shape: Shape, ruling: Ruling) -> tuple[Decision, ...]:
    """Return what of a row a hold keeps: of what went before nothing is there to be held."""
    every = sorted({*shape.erase, *shape.retain})
    columns = tuple(filter(ruling.may_touch, every))
    # A row that only goes whole has no columns to be named.
    if every and not columns:
        return ()
    return (Decision(shape.table, Outcome.HOLD, columns, (), LEGAL_DUTY),)


def foretold(shape: Shape, person: Person) -> tuple[Decision, ...]:
    """Return what would go of a row that is not there yet, and would be one person's alone.

    :param shape: the shape of its table.
    :param person: whose it would be.
    """
    row = Row((), frozenset({(person, 0)}))
    return tuple(d for d in decide(shape, row) if d.outcome in _CHANGING)


NEEDED = "blocker:"
"""Begins the ground of what a precondition keeps; its name follows."""

ANOTHER = "another-controller"
"""Name of the precondition by which a profile stays while another controller's stay needs it."""

NEW_STAY = "new-stay"
"""Name of the precondition by which a profile stays that a stay booked since its erasure needs."""

OTHERS = "also-another-persons"
"""Ground of what of a row stays because it is another living person's too."""

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
