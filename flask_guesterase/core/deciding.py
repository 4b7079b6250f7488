"""Decides what happens to each row that was found: hold, floor, blocker, share, in that order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from .plan import (
    CHANGING,
    LEGAL_DUTY,
    NEEDED,
    OTHERS,
    Decision,
    Outcome,
    Person,
    Plan,
    Row,
    Rulings,
    Step,
    key_text,
    key_texts,
)
from .ruling import Reason, Ruling
from .treatment import names_only


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
            freed = decide(shape, rows[0], ruling)
            for decision in freed:
                under.setdefault(decision, []).extend(rows)
            if ruling.held or ruling.needed:
                freed = decide(shape, rows[0], replace(ruling, held=(), needed={}))
            promised.update(freed)
            # Of rows that are alike either all have other owners or none has.
            if rows[0].others and any(each.outcome in CHANGING for each in freed):
                reached.update(person for row in rows for person, _ in row.others)
    steps = tuple(
        Step(decision, _in_order(under[decision])) for decision in sorted(under)
    )
    return Plan(
        tuple(sorted(people, key=_person_order)), steps, (), policy, frozenset(promised), known,
        reached=frozenset(reached),
    )  # fmt: skip


def _alike(
    shape: Shape, rows: Iterable[Row], known: Rulings
) -> Iterator[tuple[Ruling, list[Row]]]:
    """Yield rows about which the same is decided: one ruling, and the same ways to their owners."""
    unruled, table, get = _unruled(shape), shape.table, known.get
    every = [(get((table, row.key), unruled), row) for row in rows]
    shared = [row for _, row in every if row.others]
    if not shared and len({id(ruling) for ruling, _ in every}) == 1:
        yield every[0][0], [row for _, row in every]
        return
    groups: dict[object, tuple[Ruling, list[Row]]] = {}
    for ruling, row in every:
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
    floor = _floor(shape, ruling)
    kept = {n: c for n, c in floor.items() if ruling.may_touch(n)}
    going = _going(shape, ruling, floor)
    whole = _goes_whole(shape, row, ruling, floor)
    mine = _mine(shape, row, going)
    # What stays as another's does not go once the hotel needs it no longer.
    blocked = {n: name for n, name in ruling.needed.items() if n in mine or whole}
    if whole and not kept and not blocked:
        return (Decision(shape.table, Outcome.DELETE, ()),)
    return (
        *_overwritten(shape, going, mine - set(blocked)),
        *_kept(shape, row, ruling, kept),
        *_blocked(shape, blocked),
        *_shared(shape, row, set(going) - mine - set(blocked), kept),
    )


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
    return tuple(d for d in decide(shape, row) if d.outcome in CHANGING)


def _floor(shape: Shape, ruling: Ruling) -> dict[str, str]:
    """Return what the law still keeps in the row, column -> category: no wish goes below it."""
    return {
        name: category
        for name, category in shape.retain.items()
        if category not in ruling.sealed and (category in ruling.law or name not in shape.after)
    }


def _going(shape: Shape, ruling: Ruling, floor: Mapping[str, str]) -> dict[str, str]:
    """Return what is to go, column -> rule: never kept by law, or kept by it no longer."""
    over = {
        name: shape.after[name]
        for name, category in shape.retain.items()
        if category not in ruling.sealed and name not in floor
    }
    rules = {**shape.erase, **over}
    return {name: rule for name, rule in rules.items() if ruling.may_touch(name)}


def _goes_whole(shape: Shape, row: Row, ruling: Ruling, floor: Mapping[str, str]) -> bool:
    """Return whether the row itself would go, if neither the law nor the hotel kept a part."""
    if shape.deletes == "never" or (row.others and shape.deletes != "always"):
        return False
    # A plan about parts of a row takes the whole only where no other part of it is to stay.
    return all(ruling.may_touch(name) for name in (*shape.erase, *floor))


def _mine(shape: Shape, row: Row, going: Mapping[str, str]) -> frozenset[str]:
    """Return what of these columns is taken though the row is another living person's too."""
    if not row.others:
        return frozenset(going)
    # In a text only what is said of this person goes, so that it may be another's as well.
    said = {name for name, rule in going.items() if names_only(rule)}
    return _free_columns(shape, row, going) | said


def _overwritten(
    shape: Shape, rules: Mapping[str, str], columns: Iterable[str]
) -> list[Decision]:
    """Return the decision about what is written over, where there is any of it."""
    names = tuple(sorted(columns))
    if not names:
        return []
    words = tuple(rules[name] for name in names)
    return [Decision(shape.table, Outcome.OVERWRITE, names, words)]


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


def _blocked(shape: Shape, needed: Mapping[str, str]) -> list[Decision]:
    """Return the decisions about what the hotel needs, one per precondition."""
    decisions = []
    for name in sorted(set(needed.values())):
        columns = tuple(sorted(n for n, w in needed.items() if w == name))
        decisions.append(Decision(shape.table, Outcome.RETAIN, columns, (), f"{NEEDED}{name}"))
    return decisions


def _shared(
    shape: Shape, row: Row, columns: AbstractSet[str], kept: Mapping[str, str]
) -> list[Decision]:
    """Return the decision about what stays as another's; of a row that waits for its last owner
    as well, which may have no such column."""
    waits = row.others and shape.deletes == "last" and not kept
    if not columns and not waits:
        return []
    return [Decision(shape.table, Outcome.SHARE, tuple(sorted(columns)), (), OTHERS)]


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


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return rows sorted by the texts of their keys."""
    texts = key_texts([row.key for row in rows])
    places = sorted(range(len(rows)), key=texts.__getitem__)
    return tuple([rows[place] for place in places])


def _person_order(person: Person) -> tuple[str, str]:
    return person[0], key_text(person[1])
