"""In which order rows and tables are changed, so that nothing points at what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, and_, column, select, table, text

from ...core.plan import Decision, Key, Outcome, Step, key_text
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.links import Link, children_first
from ..mapping.raw import Reader
from ..statements.sql import MARIADB, among, parts, room


def ordered(steps: Iterable[Step], order: Sequence[str], outcome: Outcome) -> list[Step]:
    """Return the steps of one outcome, table by table in the order given."""

    def place(step: Step) -> tuple[int, Decision]:
        return order.index(step.decision.table), step.decision

    return sorted((s for s in steps if s.decision.outcome is outcome), key=place)


@dataclass(frozen=True)
class Turns:
    """The steps of a plan in the order in which they are carried out.

    :param untying: steps that overwrite rows which point at rows of `early` and stay.
    :param early: steps whose rows go before what they point at is overwritten.
    :param writing: the other steps that overwrite.
    :param late: the other steps whose rows go.
    """

    untying: Sequence[Step]
    early: Sequence[Step]
    writing: Sequence[Step]
    late: Sequence[Step]


def in_turn(datamap: DataMap, steps: Sequence[Step], known: Sequence[Link]) -> Turns:
    """Return the steps of a plan by their turn, children before parents in each.

    Rows go early that have no key of their own, that a key of theirs would follow into another,
    or that hold on to what is to be overwritten; with them go the rows that point at them.

    :param datamap: the resolved data map.
    :param steps: steps that change rows.
    :param known: the foreign keys.
    """
    order = children_first({s.decision.table for s in steps}, known)
    deletes = ordered(steps, order, Outcome.DELETE)
    writes = [*ordered(steps, order, Outcome.OVERWRITE), *ordered(steps, order, Outcome.SEAL)]
    going = [name for name in order if any(s.decision.table == name for s in deletes)]
    changed = _changed(writes, known)
    early, untying = set[str](), set[str]()
    for name in going:
        if name in early or not _loses(datamap.declared(name), known, changed):
            continue
        whole = _behind(name, going, known)
        stay = {s.decision.table for s in writes for k in known if _unties(s, k, whole)}
        if _may_precede(datamap, stay, [*writes, *deletes], known):
            early |= whole
            untying |= stay
    return Turns(
        [s for s in writes if s.decision.table in untying],
        [s for s in deletes if s.decision.table in early],
        [s for s in writes if s.decision.table not in untying],
        [s for s in deletes if s.decision.table not in early],
    )


Places = Set[tuple[str, str]]
"""Columns, each by its table and its name."""


def _changed(writes: Iterable[Step], known: Iterable[Link]) -> Places:
    """Return the columns that steps write, and those into which the database carries it."""
    found = {(s.decision.table, name) for s in writes for name in s.decision.columns}
    while more := {
        (k.child, name) for k in known if k.enforced for name in _followed(k, found)
    } - found:
        found |= more
    return found


def _followed(link: Link, changed: Places) -> Sequence[str]:
    """Return the columns of a key that the database itself changes."""
    if link.on_update == "CASCADE":
        pairs = zip(link.columns, link.targets, strict=True)
        return [name for name, target in pairs if (link.parent, target) in changed]
    return link.columns if link.follows and _points(link, changed) else ()


def _points(link: Link, changed: Places) -> bool:
    return link.enforced and any((link.parent, target) in changed for target in link.targets)


def _loses(declared: Declared, known: Iterable[Link], changed: Places) -> bool:
    """Return whether rows of a table cannot be deleted once these columns have changed."""
    return not declared.keyed or any(
        k.child == declared.name and _points(k, changed)
        and (not k.follows or declared.keyed_by(k.columns))
        for k in known
    )  # fmt: skip


def _behind(name: str, going: Iterable[str], known: Sequence[Link]) -> set[str]:
    """Return a table and those of which rows go that point at it, by any way."""
    whole = {name}
    while more := {k.child for k in known if k.parent in whole and k.child in going} - whole:
        whole |= more
    return whole


def _unties(step: Step, link: Link, whole: Set[str]) -> bool:
    """Return whether a step writes a key by which rows may point at rows of these tables."""
    mine = link.child == step.decision.table and link.parent in whole
    return mine and not set(link.columns).isdisjoint(step.decision.columns)


def _may_precede(
    datamap: DataMap, stay: Set[str], steps: Sequence[Step], known: Iterable[Link]
) -> bool:
    """Return whether tables can be overwritten first: nothing of the plan hangs on what they hold.

    :param stay: the tables.
    :param steps: steps that change rows.
    """
    going = {s.decision.table for s in steps if s.decision.outcome is Outcome.DELETE}
    writes = [s for s in steps if s.decision.outcome is not Outcome.DELETE]
    changed = _changed((s for s in writes if s.decision.table in stay), known)
    held = {s.decision.table for s in steps}
    return all(datamap.declared(name).keyed for name in stay & going) and not any(
        k.child in held and _points(k, changed) for k in known
    )


Knot = tuple[Key, ...]
"""Rows of one table that point at each other in a circle, or one row that is in none."""


Pointing = Mapping[Key, set[Key]]
"""Rows of one table, with those of them that each points at."""


def pointing(reads: Reader, keys: Sequence[Key], ties: Iterable[Link]) -> Pointing:
    """Return which rows of one table point at which of them, as the database compares them.

    :param reads: reader of the table.
    :param keys: the rows.
    :param ties: the foreign keys by which the table points at itself.
    """
    found: dict[Key, set[Key]] = {key: set() for key in keys}
    for tie in ties:
        _note(reads, tie, found)
    return found


def in_circles(found: Pointing) -> list[Key]:
    """Return the rows that point at themselves, by others or not."""
    return [k for knot in _knots(found) for k in knot if len(knot) > 1 or k in found[k]]


def layers(found: Pointing) -> list[list[Knot]]:
    """Return rows in layers: none points at one of an earlier layer.

    Rows that point at each other in a circle stay together.
    """
    depth: dict[Key, int] = {}
    levels: dict[int, list[Knot]] = {}
    for knot in _knots(found):
        further = {depth[target] for key in knot for target in found[key] if target in depth}
        level = 1 + max(further, default=-1)
        depth.update(dict.fromkeys(knot, level))
        levels.setdefault(level, []).append(knot)
    return [levels[level] for level in sorted(levels, reverse=True)]


def together(layer: Sequence[Knot]) -> Iterator[list[Key]]:
    """Yield rows in lists that one statement takes, those in a circle always in one."""
    part: list[Key] = []
    most = room([key for knot in layer for key in knot])
    for knot in layer:
        if part and len(part) + len(knot) > most:
            yield part
            part = []
        part += knot
    if part:
        yield part


def _note(reads: Reader, tie: Link, found: Pointing) -> None:
    """Add the rows that each row points at by one foreign key."""
    declared = reads.declared
    key = [column.name for column in declared.key]
    types = {column.name: column.type for column in declared.table.c}
    names = dict.fromkeys((*key, *tie.columns, *tie.targets))
    bare = table(
        declared.table.name, *(column(n, types.get(n)) for n in names),
        schema=declared.table.schema,
    )  # fmt: skip
    child, parent = bare.alias("child"), bare.alias("parent")
    pairs = zip(tie.columns, tie.targets, strict=True)
    # SQLite compares by the collation of what stands first, a foreign key by its target's.
    joined = child.join(parent, and_(*(parent.c[t] == child.c[n] for n, t in pairs)))
    wanted = select(*(child.c[n] for n in key), *(parent.c[n] for n in key)).select_from(joined)
    known = {key_text(each): each for each in found}
    for part in parts(list(found)):
        for row in reads.conn.execute(wanted.where(among([child.c[n] for n in key], part))):
            here, there = (key_text(tuple(half)) for half in (row[: len(key)], row[len(key) :]))
            if here in known and there in known:
                found[known[here]].add(known[there])


def _knots(found: Pointing) -> Iterator[Knot]:
    """Yield the circles of rows, and the other rows, each after all that it points at.

    Found as Tarjan does (SIAM J. Comput. 1, 1972), without recursion.
    """
    number: dict[Key, int] = {}
    low: dict[Key, int] = {}
    open_: dict[Key, None] = {}
    for start in found:
        trail = [] if start in number else [(start, iter(found[start]))]
        while trail:
            key, rest = trail[-1]
            if key not in number:
                number[key] = low[key] = len(number)
                open_[key] = None
            for target in rest:
                if target not in number:
                    trail.append((target, iter(found[target])))
                    break
                if target in open_:
                    low[key] = min(low[key], number[target])
            else:
                trail.pop()
                if trail:
                    before = trail[-1][0]
                    low[before] = min(low[before], low[key])
                if low[key] == number[key]:
                    yield _closed(key, open_)


def _closed(key: Key, open_: dict[Key, None]) -> Knot:
    """Take the rows of a circle from those that are not in one yet, and return them."""
    knot = [open_.popitem()[0]]
    while knot[-1] != key:
        knot.append(open_.popitem()[0])
    return tuple(knot)


@contextmanager
def late_checks(conn: Connection) -> Iterator[None]:
    """Let foreign keys that cannot be let go of be looked at when all rows are gone.

    On MariaDB, which cannot wait, they are not looked at: nothing else points at these rows,
    as the plan found with the rows locked, and nobody can add a row that does meanwhile.
    """
    dialect = conn.dialect.name
    if dialect == "sqlite":
        conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    elif dialect == "postgresql":
        conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    with unwatched(conn):
        yield


@contextmanager
def unwatched(conn: Connection) -> Iterator[None]:
    """Let MariaDB, which cannot wait, not look at foreign keys meanwhile; others go on looking."""
    if conn.dialect.name not in MARIADB:
        yield
        return
    before = conn.exec_driver_sql("SELECT @@SESSION.foreign_key_checks").scalar_one()
    conn.exec_driver_sql("SET SESSION foreign_key_checks = 0")
    try:
        yield
    finally:
        if not conn.invalidated:
            conn.exec_driver_sql(f"SET SESSION foreign_key_checks = {int(before)}")
