"""Rows whose number somebody else's row has by now: what was taken from a guest stays out of them.

A row that was overwritten is known by its number alone. A host may delete it and give the number
to a row of another guest, in which the same columns are as empty as the erasure left them. So it
may with the number of a guest, whose row is then another guest's, and all that leads to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Column

from ...core.image import Cell, Change, Image
from ...core.plan import Key, Person
from ..checking.gaps import unreadable
from ..copying.departed import led
from ..erasing import people
from ..erasing.finder import owners
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.hops import Path
from ..mapping.hostkeys import keys_told, values_told
from ..mapping.masks import looks_invented, looks_redacted
from ..mapping.raw import reader
from ..work import Work
from .refusal import Old

Changed = frozenset[tuple[str, str]]
"""Tables and columns of which the erasure changed something."""


def reused(
    work: Work, number: str, rows: Sequence[Old], whole: Sequence[Old]
) -> Iterator[Old]:
    """Yield the rows that belong to nobody but others now.

    No image says whose a row was. Who was erased is known, though; and where the erasure changed
    nothing on the way from a row to its people, a row of theirs still leads to one of them. A row
    that was deleted says itself where it led.

    :param work: the open transaction, before anything is put back.
    :param number: number of the request that is taken back.
    :param rows: what is to be put back.
    :param whole: every image of the request, also of what came back before.
    """
    others = _newcomers(work, whole)
    erased = {*people.taken(work, number), *shells(work, rows)} - others
    changed = frozenset((old.image.table, c.name) for old in rows for c in old.image.columns)
    overwritten: dict[str, dict[Key, list[Old]]] = {}
    deleted: dict[str, dict[Key, Old]] = {}
    closed = unreadable(work.whole())
    for place, old in enumerate(rows):
        declared = work.datamap.tables.get(old.image.table)
        if declared is None or declared.name in closed:
            continue
        if declared.name in work.datamap.subjects:
            if not others.isdisjoint(shells(work, [old])):
                yield old
        elif old.image.change is Change.DELETED:
            deleted.setdefault(declared.name, {})[(place,)] = old
        elif declared.keyed and _leads(declared, changed):
            for key in keys_of(work, declared, old.image):
                overwritten.setdefault(declared.name, {}).setdefault(key, []).append(old)
    for name, mine in overwritten.items():
        declared = work.datamap.declared(name)
        for key, whose in owners(work.conn, work.datamap, declared, list(mine)).items():
            if whose and not erased & {person for person, _ in whose}:
                yield from mine[key]
    if others:
        yield from _led_to(work, deleted, others, erased)


def _led_to(
    work: Work, deleted: Mapping[str, Mapping[Key, Old]], others: Set[Person], erased: Set[Person]
) -> Iterator[Old]:
    """Yield the deleted rows that would lead to somebody else, and to nobody who was erased."""
    for name, gone in deleted.items():
        images = [(key, old.image) for key, old in gone.items()]
        for key, whose in led(work, work.datamap.declared(name), images).items():
            whom = {person for person, _ in whose}
            if whom & others and not whom & erased:
                yield gone[key]


def shells(work: Work, rows: Iterable[Old]) -> set[Person]:
    """Return the subject rows among those of which something went, by their keys since.

    :param work: the open transaction.
    :param rows: the images.
    """
    return {
        (old.image.table, key)
        for old in rows
        if old.image.table in work.datamap.subjects
        for key in keys_of(work, work.datamap.declared(old.image.table), old.image)
    }


def _newcomers(work: Work, rows: Iterable[Old]) -> set[Person]:
    """Return the subject rows in which a name stands that is neither a mark nor of their images."""
    closed = unreadable(work.whole())
    by: dict[str, dict[Key, list[Image]]] = {}
    for old in rows:
        name = old.image.table
        if name in work.datamap.subjects and name not in closed:
            for key in keys_of(work, work.datamap.declared(name), old.image):
                by.setdefault(name, {}).setdefault(key, []).append(old.image)
    return {
        (name, key)
        for name, mine in by.items()
        for key in _taken_over(work, work.datamap.declared(name), mine)
    }


def _taken_over(
    work: Work, declared: Declared, mine: Mapping[Key, Sequence[Image]]
) -> Iterator[Key]:
    """Yield the keys of rows in which somebody stands whom none of their images knows."""
    reads, contacts = reader(work.conn, declared, work.live()), work.datamap.subjects[declared.name]
    match = (c for c in contacts.match.values() if isinstance(c, Column))
    live = reads.live
    # A guest's contacts change; where there are names, these alone tell that it is another one.
    columns = [
        c for c in contacts.names or tuple(match) if live is not None and live.column(c.name)
    ]
    if not columns:
        return
    for key, cells in reads.read(list(mine), [c.name for c in columns]).items():
        known = [_texts(work, columns, each) for i in mine[key] for each in (i.columns, i.after)]
        for name, text in _texts(work, columns, cells).items():
            was = {texts[name] for texts in known if name in texts}
            if text and was and text not in was and not _masked(name, text):
                yield key
                break


def _texts(
    work: Work, columns: Sequence[Column[Any]], cells: Sequence[Cell]
) -> dict[str, str]:
    """Return column -> what the host reads in a cell, as a text whose case and blanks are one."""
    names = tuple((c.name, c.type) for c in cells)
    dialect = at(work.conn, columns[0].table.fullname).dialect
    held = [c for c in columns if c.name in dict(names)]
    return {
        column.name: "" if value is None else " ".join(str(value).casefold().split())
        for values in values_told(held, names, [[c.native() for c in cells]], dialect)
        for column, value in zip(held, values, strict=True)
    }


def _masked(column: str, text: str) -> bool:
    return looks_redacted(text) or looks_invented(column, None, text)


def keys_of(work: Work, declared: Declared, image: Image) -> Iterator[Key]:
    """Yield the key that a row has since; none where the host has another kind of key by now.

    :param work: the open transaction.
    :param declared: its table.
    :param image: the row.
    """
    cells, dialect = image.now(), at(work.conn, declared.name).dialect
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
