"""Which rows of an intent are not yet as the plan leaves them, and still whose they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...core.errors import UnknownError
from ...core.image import Cell
from ...core.plan import Decision, Key, Outcome, Person, Row, Step, key_text
from ..erasing import people
from ..erasing.finder import owners
from ..mapping.declared import Declared
from ..mapping.raw import reader
from ..work import Work
from .intents import Entry, Intent


@dataclass
class Remaining:
    """What one database has still to do.

    :param steps: decisions with the rows that are not yet as the plan leaves them.
    :param passed: rows that are another person's now, or were sealed and have changed since.
    """

    steps: list[Step] = field(default_factory=list)
    passed: int = 0


def remaining(work: Work, intent: Intent) -> Remaining:
    """Return what one database has still to do.

    :param work: the open transaction.
    :param intent: what it had to do.
    """
    found = Remaining()
    for decision, entries in intent.steps:
        declared = work.datamap.declared(decision.table)
        keys = _keys(work, declared, entries)
        waiting = _waiting(work, declared, decision, entries, keys, found)
        theirs = _still_theirs(work, declared, waiting, keys)
        found.passed += len(waiting) - len(theirs)
        rows = tuple(
            Row(keys[e.key], frozenset((p, 0) for p in e.owners),
                frozenset((p, 0) for p in e.others))
            for e in theirs
        )  # fmt: skip
        if rows:
            found.steps.append(Step(decision, rows))
    return found


def _keys(work: Work, declared: Declared, entries: Iterable[Entry]) -> dict[str, Key]:
    """Return key as text -> key, of rows that can still be named."""
    found = {}
    for entry in entries:
        try:
            found[entry.key] = people.read_key(work, declared.name, entry.key)
        except UnknownError:
            continue
    return found


def _waiting(
    work: Work,
    declared: Declared,
    decision: Decision,
    entries: Iterable[Entry],
    keys: dict[str, Key],
    found: Remaining,
) -> list[Entry]:
    """Return the rows that are there and not as the plan leaves them."""
    names = () if decision.outcome is Outcome.DELETE else decision.columns
    now = reader(work.conn, declared, work.live()).read(list(keys.values()), names)
    waiting = []
    for entry in {e.key: e for e in entries}.values():
        cells = now.get(keys[entry.key]) if entry.key in keys else None
        if cells is None or (entry.after and _same(cells, entry.after)):
            continue
        if decision.outcome is Outcome.SEAL and not _same(cells, entry.before):
            # What is there now lies in no box: the law may want it.
            found.passed += 1
            continue
        waiting.append(entry)
    return waiting


def _same(cells: Iterable[Cell], others: Iterable[Cell]) -> bool:
    return {(c.name, c.form, c.value) for c in cells} == {
        (c.name, c.form, c.value) for c in others
    }


def _still_theirs(
    work: Work, declared: Declared, entries: list[Entry], keys: dict[str, Key]
) -> list[Entry]:
    """Return the rows that did not get another owner; one that leads to nobody is still theirs."""
    wanted = [keys[entry.key] for entry in entries]
    known = owners(work.conn, work.datamap, declared, wanted) if wanted else {}

    def now(entry: Entry) -> set[Person]:
        found = known.get(keys[entry.key], ())
        return {(table, (key_text(key),)) for (table, key), _ in found}

    return [e for e in entries if not e.owners or not now(e) or now(e) & e.owners]
