"""Rows that can only come back together: those that point at each other in circles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ...core.image import Cell, Change, Form
from ..catalog.shape import LiveForeignKey, LiveSchema
from ..erasing.order import unwatched
from .putback import Putback
from .refusal import Back, Fate, RefusedError, reason, refuse
from .target import Cells, Target, enforced, points

Tied = tuple[Target, Cells]
"""Table of a row, and what was taken from it."""


def close(putback: Putback, stuck: Sequence[Back]) -> list[Back]:
    """Put back what points at each other in circles, each circle as a whole or not at all.

    :param putback: what puts single rows back.
    :param stuck: rows that did not come back one by one.
    :return: what became of each.
    """
    done = [back for back in stuck if back.fate is not Fate.FOREIGN]
    tied = [back for back in stuck if back.fate is Fate.FOREIGN]
    known = [_tied(putback, back) for back in tied]
    inside: set[int] = set()
    for ring in circles(putback.conn, putback.live, known):
        inside.update(ring)
        done += _ring(putback, [tied[n] for n in ring])
    return done + [back for n, back in enumerate(tied) if n not in inside]


def _tied(putback: Putback, back: Back) -> Tied:
    target = putback.target(back.old.image.table)
    if target is None:
        refuse(Fate.NO_TABLE)
    return target, target.fits(back.old.image.columns)[0]


def _ring(putback: Putback, ring: Sequence[Back]) -> list[Back]:
    try:
        with putback.conn.begin_nested(), _late(putback.conn):
            return _turn(putback, ring)
    except RefusedError:
        return list(ring)
    except DBAPIError as problem:
        reason(problem)
        return list(ring)


def _turn(putback: Putback, ring: Sequence[Back]) -> list[Back]:
    """Put the rows of a circle back: first without what may be empty, then that as well."""
    done = []
    whole = [back for back in ring if back.old.image.change is Change.DELETED]
    for back in whole:
        target, _ = _tied(putback, back)
        fate = putback.insert(target, back.old.image, _loose(target), check=False)
        done.append(Back(back.old, fate, back.gone))
    for back in ring:
        if back not in whole:
            target, _ = _tied(putback, back)
            done.append(Back(back.old, putback.overwrite(target, back.old.image), back.gone))
    for back in whole:
        target, cells = _tied(putback, back)
        free = set(_loose(target))
        late = tuple(c for c in cells if c.name in free and c.form is not Form.NULL)
        if late:
            empty = tuple(Cell(c.name, c.type, Form.NULL) if c in late else c for c in cells)
            found = target.find(empty)
            if not found:
                refuse(Fate.DATABASE)
            putback.write(target, found[0], empty, late)
    for back in whole:
        target, cells = _tied(putback, back)
        putback.check(target, cells, cells)
        if not all(points(putback.conn, putback.live, k, cells) for k in enforced(target)):
            refuse(Fate.FOREIGN)
    return done


def _loose(target: Target) -> list[str]:
    """Return the columns that PostgreSQL must find empty first: it does not always wait."""
    if target.dialect != "postgresql":
        return []
    return [
        name
        for key in target.live.foreign_keys
        for name in key.columns
        if target.live.columns[name].nullable and name not in target.live.primary_key
    ]


@contextmanager
def _late(conn: Connection) -> Iterator[None]:
    """Let foreign keys wait for the rows of a circle; they are looked at before it ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        yield
        conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        return
    with unwatched(conn):
        yield


def circles(conn: Connection, schema: LiveSchema, rows: Sequence[Tied]) -> list[list[int]]:
    """Return which rows must come back together: their places, group by group.

    Rows that point at what is neither there nor among them are in no group.

    :param conn: open transaction.
    :param schema: the live database.
    :param rows: rows that a foreign key keeps out.
    """
    ends = [_ends(conn, schema, rows, n) for n in range(len(rows))]
    alive = {n for n, mine in enumerate(ends) if mine is not None}
    while True:
        dead = {n for n in alive if not all(set(some) & alive for some in ends[n] or ())}
        if not dead:
            break
        alive -= dead
    groups: list[set[int]] = []
    for n in sorted(alive):
        group = {n, *(m for some in ends[n] or () for m in some if m in alive)}
        for other in [each for each in groups if each & group]:
            groups.remove(other)
            group |= other
        groups.append(group)
    return [sorted(group) for group in groups]


def _ends(
    conn: Connection, schema: LiveSchema, rows: Sequence[Tied], place: int
) -> list[list[int]] | None:
    """Return per foreign key of a row which rows of these it points at, or None: at nothing."""
    target, cells = rows[place]
    found = []
    for key in target.live.foreign_keys:
        if not key.enforced or points(conn, schema, key, cells):
            continue
        mine = [n for n in range(len(rows)) if _meets(key, cells, rows[n], schema)]
        if not mine:
            return None
        found.append(mine)
    return found


def _meets(key: LiveForeignKey, cells: Cells, other: Tied, schema: LiveSchema) -> bool:
    table = schema.table(key.target)
    if table is None or other[0].live.name != table.name:
        return False
    held, there = {c.name: c for c in cells}, {c.name: c for c in other[1]}
    pairs = [
        (held.get(one), there.get(two))
        for one, two in zip(key.columns, key.target_columns, strict=True)
    ]
    return all(
        a is not None and b is not None and a.form is not Form.NULL and a.value == b.value
        for a, b in pairs
    )
