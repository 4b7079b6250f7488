"""Which rows of an intent are not yet as the plan leaves them, and still whose they were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...core.errors import UnknownError
from ...core.image import Cell
from ...core.plan import Decision, Key, Outcome, Person, Row, Step, decide, key_text
from ...core.ruling import Ruling
from ..erasing import people
from ..erasing.finder import erased_before, owners
from ..mapping.declared import Declared
from ..mapping.raw import reader
from ..work import Work
from .intents import Entry, Intent


@dataclass
class Remaining:
    """What one database has still to do.

    :param steps: decisions with the rows that are not yet as the plan leaves them.
    :param passed: rows of which something would go that is another person's now, or that were
        sealed and have changed since.
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
        theirs = _still_theirs(work, intent, decision, waiting, keys)
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
    work: Work, intent: Intent, decision: Decision, entries: list[Entry], keys: dict[str, Key]
) -> list[Entry]:
    """Return the rows of which nothing would go that is another's by now.

    One that leads to nobody any more is still theirs.
    """
    declared = work.datamap.declared(decision.table)
    wanted = [keys[entry.key] for entry in entries]
    known = owners(work.conn, work.datamap, declared, wanted) if wanted else {}
    come = {
        person
        for entry in entries
        for person, _ in known.get(keys[entry.key], ())
        if _text(person) not in entry.owners | entry.others | intent.people
    }
    living = come - erased_before(work.conn, work.datamap, come)

    def theirs(entry: Entry) -> bool:
        now = known.get(keys[entry.key], set())
        if entry.owners and now and not {_text(p) for p, _ in now} & entry.owners:
            return False
        decided = entry.owners | entry.others
        new = {each for each in now if each[0] in living and _text(each[0]) not in decided}
        if not new:
            return True
        others = new | {each for each in now if _text(each[0]) in entry.others}
        row = Row(keys[entry.key], frozenset(now - others), frozenset(others))
        return _stands(decision, decide(declared.shape(), row, Ruling()))

    return [entry for entry in entries if theirs(entry)]


def _stands(decision: Decision, today: Iterable[Decision]) -> bool:
    """Return whether a decision takes no more than what would go of a row as it is shared today."""
    if any(each.outcome is Outcome.DELETE for each in today):
        return True
    free = {n for each in today if each.outcome is Outcome.OVERWRITE for n in each.columns}
    return decision.outcome is not Outcome.DELETE and free >= set(decision.columns)


def _text(person: Person) -> Person:
    """Return a person as an intent names them."""
    return person[0], (key_text(person[1]),)
