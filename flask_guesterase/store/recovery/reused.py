"""Rows whose number somebody else's row has by now: what was taken from a guest stays out of them.

A row that was overwritten is known by its number alone. A host may delete it and give the number
to a row of another guest, in which the same columns are as empty as the erasure left them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.image import Change
from ...core.plan import Key
from ..checking.gaps import unreadable
from ..erasing import people
from ..erasing.finder import owners
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.hops import Path
from ..mapping.hostkeys import keys_told
from ..work import Work
from .refusal import Old

Changed = frozenset[tuple[str, str]]
"""Tables and columns of which the erasure changed something."""


def reused(work: Work, number: str, rows: Sequence[Old]) -> Iterator[Old]:
    """Yield the overwritten rows that belong to nobody but others now.

    No image says whose a row was. Who was erased is known, though; and where the erasure changed
    nothing on the way from a row to its people, a row of theirs still leads to one of them.

    :param work: the open transaction, before anything is put back.
    :param number: number of the request that is taken back.
    :param rows: what is to be put back.
    """
    changed = frozenset((old.image.table, c.name) for old in rows for c in old.image.columns)
    overwritten: dict[str, dict[Key, list[Old]]] = {}
    erased, closed = set(people.taken(work, number)), unreadable(work.whole())
    for old in rows:
        declared = work.datamap.tables.get(old.image.table)
        if declared is None or not declared.keyed or declared.name in closed:
            continue
        if declared.name in work.datamap.subjects:
            erased |= {(declared.name, key) for key in _keys(work, declared, old)}
        elif old.image.change is Change.OVERWRITTEN and _leads(declared, changed):
            for key in _keys(work, declared, old):
                overwritten.setdefault(declared.name, {}).setdefault(key, []).append(old)
    for name, mine in overwritten.items():
        declared = work.datamap.declared(name)
        for key, whose in owners(work.conn, work.datamap, declared, list(mine)).items():
            if whose and not erased & {person for person, _ in whose}:
                yield from mine[key]


def _keys(work: Work, declared: Declared, old: Old) -> Iterator[Key]:
    """Yield the key that a row has since; none where the host has another kind of key by now."""
    cells, dialect = old.image.now(), at(work.conn, declared.name).dialect
    columns = tuple((c.name, c.type) for c in cells)
    return keys_told(declared, columns, [[c.native() for c in cells]], dialect)


def _leads(declared: Declared, changed: Changed) -> bool:
    """Return whether a row leads to its people as it did before."""
    return bool(declared.paths) and all(_stands(path, changed) for path in declared.paths)


def _stands(path: Path, changed: Changed) -> bool:
    if path.select is not None:
        # What the vendor's own statement reads nobody knows.
        return False
    columns = (c for hop in path.hops for c in (*hop.source, *hop.target))
    return not any((c.table.fullname, c.name) in changed for c in columns)
