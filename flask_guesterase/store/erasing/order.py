"""In which order rows and tables are changed, so that nothing points at what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text

from ...core.plan import Decision, Key, Outcome, Step
from ..mapping.datamap import DataMap
from ..mapping.links import Link
from ..mapping.raw import Reader
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


def layers(reads: Reader, keys: Sequence[Key], known: Iterable[Link]) -> list[list[Key]]:
    """Return the rows of one table in layers: no row points at one of an earlier layer.

    Rows that point at each other in a circle end up in layers of their own.

    :param reads: reader of the table.
    :param keys: the rows.
    :param known: the foreign keys.
    """
    name = reads.declared.name
    ties = [link for link in known if link.child == link.parent == name]
    if not ties:
        return [list(keys)]
    above: dict[Key, set[Key]] = {key: set() for key in keys}
    for tie in ties:
        _note(reads, tie, keys, above)
    depth: dict[Key, int] = {}
    for key in keys:
        _sound(key, above, depth)
    found: dict[int, list[Key]] = {}
    for key in keys:
        found.setdefault(depth[key], []).append(key)
    return [found[level] for level in sorted(found, reverse=True)]


def _note(reads: Reader, tie: Link, keys: Sequence[Key], above: Mapping[Key, set[Key]]) -> None:
    """Add the rows that each row points at by one foreign key."""
    width = len(tie.columns)
    read = reads.read(keys, (*tie.columns, *tie.targets))
    named = {tuple(c.value for c in cells[width:]): key for key, cells in read.items()}
    for key, cells in read.items():
        target = named.get(tuple(c.value for c in cells[:width]))
        if target is not None and target != key:
            above[key].add(target)


def _sound(start: Key, above: Mapping[Key, set[Key]], depth: dict[Key, int]) -> None:
    """Note how far a row stands below the top; a circle is cut where it closes."""
    if start in depth:
        return
    trail: list[tuple[Key, Iterator[Key]]] = [(start, iter(above[start]))]
    inside = {start}
    while trail:
        key, rest = trail[-1]
        onward = next((k for k in rest if k not in depth and k not in inside), None)
        if onward is not None:
            trail.append((onward, iter(above[onward])))
            inside.add(onward)
            continue
        trail.pop()
        depth[key] = 1 + max((depth[k] for k in above[key] if k in depth), default=-1)


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
