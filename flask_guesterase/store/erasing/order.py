"""In which order rows and tables are changed, so that nothing points at what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, and_, column, select, table, text

from ...core.plan import Decision, Key, Outcome, Step, key_text
from ..mapping.datamap import DataMap
from ..mapping.links import Link
from ..mapping.raw import Reader
from ..statements.sql import among, parts, room
from ..transaction import MARIADB


def ordered(steps: Iterable[Step], order: Sequence[str], outcome: Outcome) -> list[Step]:
    """Return the steps of one outcome, table by table in the order given."""

    def place(step: Step) -> tuple[int, Decision]:
        return order.index(step.decision.table), step.decision

    return sorted((s for s in steps if s.decision.outcome is outcome), key=place)


def parted(
    datamap: DataMap, deletes: Iterable[Step], known: Iterable[Link]
) -> tuple[list[Step], list[Step]]:
    """Return the steps about rows that nothing points at and that lose their key, and the others.

    They have none of their own, or the database carries into it what their parent becomes.

    :param datamap: the resolved data map.
    :param deletes: steps whose rows go, in their order.
    :param known: the foreign keys.
    """
    parents = {link.parent for link in known}
    carried = {
        link.child for link in known
        if link.enforced and link.on_update == "CASCADE" and link.child in datamap.tables
        and datamap.declared(link.child).keyed_by(link.columns)
    }  # fmt: skip
    bare, others = list[Step](), list[Step]()
    for step in deletes:
        name = step.decision.table
        loses = name in carried or not datamap.declared(name).keyed
        (bare if loses and name not in parents else others).append(step)
    return bare, others


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
