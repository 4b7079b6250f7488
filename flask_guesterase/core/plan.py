"""What will happen to whose rows, decided before anything is touched: a frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from .ruling import Ruling

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
        return tuple([s for s in self.steps if s.rows and s.decision.outcome in CHANGING])

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


CHANGING = frozenset({Outcome.DELETE, Outcome.OVERWRITE, Outcome.SEAL})
"""Outcomes after which a row is not what it was."""

_KEEPING = frozenset({Outcome.SEAL, Outcome.RETAIN, Outcome.HOLD})
"""Outcomes that keep something until a day comes, or a person says so."""


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


def key_text(key: Key) -> str:
    """Return a key as text that sorts and compares the same on every engine.

    No two keys have the same text: the sign that divides parts is escaped inside them. A moment is
    the same in every zone.
    """
    if len(key) == 1 and type(key[0]) is int:
        return f"int:{key[0]}"
    return "|".join(f"{type(part).__name__}:{_escaped(part)}" for part in key)


def key_texts(keys: Iterable[Key]) -> list[str]:
    """Return the texts of keys, as `key_text` gives them, in their order."""
    return [
        f"int:{key[0]}" if len(key) == 1 and type(key[0]) is int else key_text(key) for key in keys
    ]


def _escaped(part: object) -> str:
    if isinstance(part, datetime) and part.tzinfo is not None:
        part = part.astimezone(UTC)
    return str(part).replace("\\", "\\\\").replace("|", "\\|")
