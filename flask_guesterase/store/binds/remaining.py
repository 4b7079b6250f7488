"""Which rows of an intent are not yet as the plan leaves them, and still whose they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...core.deciding import decide
from ...core.errors import UnknownError
from ...core.image import Cell
from ...core.plan import Decision, Key, Outcome, Person, Row, Step, key_text
from ...core.ruling import Ruling
from ...core.treatment import Computed, Inside, Rule
from ..erasing import people
from ..erasing.finder import erased_before, owners
from ..mapping.declared import Declared
from ..mapping.masks import beneath
from ..mapping.raw import reader
from ..work import Work
from .intents import Entry, Intent


@dataclass
class Remaining:
    """What one database has still to do.

    :param steps: decisions with the rows that are not yet as the plan leaves them.
    :param passed: rows of which something stays: it is another person's now, was sealed and has
        changed since, or may be what a callable made of something else.
    """

    steps: list[Step] = field(default_factory=list)
    passed: int = 0


def remaining(work: Work, intent: Intent, again: bool = False) -> Remaining:
    """Return what one database has still to do.

    :param work: the open transaction.
    :param intent: what it had to do.
    :param again: whether it was done before: what is left of a row by then stays.
    """
    found = Remaining()
    rows: dict[Decision, dict[Key, Row]] = {}
    for decision, entries in intent.steps:
        declared = work.datamap.declared(decision.table)
        keys = _keys(work, declared, entries)
        waiting = _waiting(work, declared, decision, entries, keys, found)
        for left, row, entry in _free(work, intent, decision, list(waiting), keys):
            made = _made(declared, left, entry, waiting[entry], again)
            # Of what was decided something stays, also where the rest went before a crash.
            found.passed += left != decision or False in made.values()
            if left is None or (again and left != decision):
                continue
            todo = _without(left, made)
            if not _is_done(todo, entry, waiting[entry]):
                rows.setdefault(todo, {})[row.key] = row
    found.steps = [Step(decision, tuple(each.values())) for decision, each in rows.items()]
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
) -> Mapping[Entry, Sequence[Cell]]:
    """Return the rows that are there and not as the plan leaves them, with the cells it names."""
    names: Sequence[str] = decision.columns
    if decision.outcome is Outcome.DELETE:
        # If somebody came into the row, these must not go twice.
        names = [name for name in declared.erase if _is_computed(declared.written(name))]
    now = reader(work.conn, declared, work.live()).read(list(keys.values()), names)
    waiting = {}
    for entry in {e.key: e for e in entries}.values():
        cells = now.get(keys[entry.key]) if entry.key in keys else None
        if cells is None or (entry.after and _same(cells, entry.after)):
            continue
        if decision.outcome is Outcome.SEAL and not _same(cells, entry.before):
            # What is there now lies in no box: the law may want it.
            found.passed += 1
            continue
        waiting[entry] = cells
    return waiting


def _made(
    declared: Declared, left: Decision | None, entry: Entry, cells: Iterable[Cell], again: bool
) -> dict[str, bool]:
    """Return the columns that go through no callable any more, and whether it made what is there.

    Where nobody can tell, they do not: it may refuse its own result, or make something else of it.
    """
    if left is None or left.outcome is not Outcome.OVERWRITE:
        return {}
    before, after = (
        {cell.name: (cell.form, cell.value) for cell in each}
        for each in (entry.before, entry.after)
    )
    found: dict[str, bool] = {}
    for cell in cells:
        name, now = cell.name, (cell.form, cell.value)
        if name not in left.columns or not _is_computed(declared.written(name)):
            continue
        if now == after.get(name):
            found[name] = True
        elif now != before.get(name) and (again or name not in after):
            found[name] = False
    return found


def _is_computed(rule: Rule) -> bool:
    """Return whether a callable makes what a column becomes, or a part of it."""
    if isinstance(rule, Inside):
        return any(isinstance(part, Computed) for _, part in rule.parts)
    return isinstance(beneath(rule), Computed)


def _without(decision: Decision, names: Collection[str]) -> Decision:
    """Return a decision about fewer columns; it may be about none."""
    if not names:
        return decision
    kept = [
        pair for pair in zip(decision.columns, decision.rules, strict=True) if pair[0] not in names
    ]
    return replace(
        decision, columns=tuple(name for name, _ in kept), rules=tuple(rule for _, rule in kept)
    )


def _is_done(left: Decision, entry: Entry, cells: Iterable[Cell]) -> bool:
    """Return whether what may still go of a row is as the plan leaves it."""
    if left.outcome is Outcome.OVERWRITE and not left.columns:
        return True
    after = [cell for cell in entry.after if cell.name in left.columns]
    return bool(after) and _same((c for c in cells if c.name in left.columns), after)


def _same(cells: Iterable[Cell], others: Iterable[Cell]) -> bool:
    return {(c.name, c.form, c.value) for c in cells} == {
        (c.name, c.form, c.value) for c in others
    }


def _free(
    work: Work, intent: Intent, decision: Decision, entries: list[Entry], keys: dict[str, Key]
) -> Iterator[tuple[Decision | None, Row, Entry]]:
    """Yield what may still go of each row, None where nothing may, with whose it is by now.

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
    for entry in entries:
        now = known.get(keys[entry.key], set())
        decided = entry.owners | entry.others
        new = {each for each in now if each[0] in living and _text(each[0]) not in decided}
        others = entry.others.union(_text(person) for person, _ in new)
        row = Row(keys[entry.key], _texts(entry.owners), _texts(others))
        if entry.owners and now and not {_text(p) for p, _ in now} & entry.owners:
            yield None, row, entry
        elif not new:
            yield decision, row, entry
        else:
            both = new | {each for each in now if _text(each[0]) in entry.others}
            shared = Row(row.key, frozenset(now - both), frozenset(both))
            yield _limited(decision, decide(declared.shape, shared, Ruling())), row, entry


def _limited(decision: Decision, today: Iterable[Decision]) -> Decision | None:
    """Return a decision without what stays of a row as it is shared today; None if all does."""
    under = {each.outcome: each for each in today}
    if Outcome.DELETE in under:
        return decision
    free = under.get(Outcome.OVERWRITE)
    if free is None or decision.outcome is Outcome.DELETE:
        return free
    columns = tuple(name for name in decision.columns if name in free.columns)
    if columns == decision.columns:
        return decision
    if not columns or decision.outcome is Outcome.SEAL:
        # What lies in a box is whole.
        return None
    rules = dict(zip(free.columns, free.rules, strict=True))
    return replace(free, columns=columns, rules=tuple(rules[name] for name in columns))


def _text(person: Person) -> Person:
    """Return a person as an intent names them."""
    return person[0], (key_text(person[1]),)


def _texts(people: Iterable[Person]) -> frozenset[tuple[Person, int]]:
    """Return people of an intent as owners of a row; which way leads to them matters no more."""
    return frozenset((person, 0) for person in people)
