"""Whose a row was that an erasure deleted, by what its links still lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from ...core.image import Image
from ...core.plan import Key
from ...core.treatment import RowRule
from ..erasing.finder import Owners
from ..erasing.walking import route, trail_of
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.hops import Hop, Path
from ..mapping.hostkeys import keys_told
from ..statements.sql import among, parts
from ..work import Work
from .boxed import Sealed


def owners(work: Work, declared: Declared, rows: Sequence[Sealed]) -> Owners:
    """Return who still owns what deleted rows of one table pointed at, as far as links lead there.

    A row that goes only with the last of its people was nobody else's.

    :param work: the open transaction.
    :param declared: the table.
    :param rows: what was sealed of them.
    """
    if declared.policy.rows is not RowRule.DELETE:
        return {}
    return led(work, declared, [(each.key, each.image) for each in rows])


def led(work: Work, declared: Declared, rows: Sequence[tuple[Key, Image]]) -> Owners:
    """Return to whom what deleted rows of one table pointed at leads today, where links tell it.

    :param work: the open transaction.
    :param declared: the table.
    :param rows: by what each is told from the others, and its image.
    """
    found: Owners = {}
    for index, path in enumerate(declared.paths):
        near = work.datamap.tables.get(path.hops[0].table.fullname) if path.hops else None
        if near is None or set(path.hops[0].target) != set(near.key):
            continue
        by: dict[Key, list[Key]] = {}
        for row, image in rows:
            for key in _linked(work, near, path.hops[0], image):
                by.setdefault(key, []).append(row)
        for key, person in _onward(work, near, replace(path, hops=path.hops[1:]), by):
            for row in by.get(key, ()):
                found.setdefault(row, set()).add(((path.subject.fullname, person), index))
    return found


def _linked(work: Work, near: Declared, hop: Hop, image: Image) -> Iterator[Key]:
    """Yield the key at which a deleted row pointed, none where it pointed at nothing."""
    cells = {cell.name: cell for cell in image.columns}
    pairs = [(b.name, cells[a.name]) for a, b in zip(hop.source, hop.target, strict=True)
             if a.name in cells]  # fmt: skip
    columns = tuple((name, cell.type) for name, cell in pairs)
    dialect = at(work.conn, near.name).dialect
    return keys_told(near, columns, [[cell.native() for _, cell in pairs]], dialect)


def _onward(
    work: Work, near: Declared, path: Path, keys: Collection[Key]
) -> Iterable[tuple[Key, Key]]:
    """Yield (row key, person's key) of rows by what is left of a path."""
    if not path.hops and path.select is None:
        return [(key, key) for key in keys]
    trail = trail_of(work.conn, work.datamap, near, path, whole=True)
    if trail is not None:
        return list(trail.onward(list(keys)))
    width = len(near.key)
    statement, _ = route(work.datamap, near, path, whole=True)
    mine = list(statement.selected_columns)[:width]
    conn = at(work.conn, near.name)
    lines = (
        tuple(line) for part in parts(list(keys))
        for line in conn.execute(statement.where(among(mine, part)))
    )  # fmt: skip
    return [(line[:width], line[width:]) for line in lines]
