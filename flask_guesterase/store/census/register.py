"""What is a line of the guest register, and which lines there are: in rows, and in boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from ...core.census import ENDING, SEALED, said
from ...core.log import canonical
from ...core.plan import Key
from .. import tables
from ..erasing.traces import holding, holds
from ..lawbook import rulebook
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..mapping.lines import registers
from ..mapping.raw import reader
from ..mapping.ways import Ways, ways
from ..retaining import law
from ..statements.sql import chunks
from ..work import Work

CATEGORY = "guest_register"
"""Retention category of the lines."""

PAGE = 2000
"""Rows, and boxes, that one statement reads."""


@dataclass(frozen=True)
class Lines:
    """A table whose rows are lines of the guest register.

    :param declared: the table.
    :param columns: by what they hold a row is a line; a row that holds nothing of them is none.
    :param saying: what a line says: these, its nights and room, and what the law asks of it.
    """

    declared: Declared
    columns: tuple[str, ...]
    saying: tuple[str, ...]


def counted(work: Work) -> dict[str, Lines]:
    """Return table name -> how its rows are lines of the guest register.

    What was declared to be one counts until the rulebook lets that declaration go.
    """
    known = registers(work.datamap)
    named: dict[str, set[str]] = {name: set() for name in known}
    for (table, column), categories in rulebook.all_labels(work).items():
        if CATEGORY in categories:
            named.setdefault(table, set()).add(column)
    found = {}
    for name, columns in sorted(named.items()):
        declared = work.datamap.tables.get(name)
        if declared is None:
            continue
        going = {*declared.erase, *declared.retain}
        mine = columns & going or going
        saying = mine | _asked(work, declared)
        if name in known:
            saying |= {column.name for column in known[name].shown}
        found[name] = Lines(declared, tuple(sorted(mine)), tuple(sorted(saying)))
    return found


def _asked(work: Work, declared: Declared) -> set[str]:
    """Return the columns of a row in which the law finds dates and answers: its end hangs on them.

    What stands in other tables, or is the vendor's expression, is no part of the line.
    """
    found = ways(work.datamap, declared)
    told = (*(at for each in found.events.values() for at in each), *found.answers.values())
    return {declared.table.c[at.column].name for at in told if at.column and not at.hops}


def live(work: Work, lines: Lines, code: str) -> Iterator[tuple[Key, bytes]]:
    """Yield the lines of a property that stand in their rows: key, and a mark of what they say.

    :param work: the open transaction.
    :param lines: the table.
    :param code: code of the property.
    """
    declared, table = lines.declared, lines.declared.table
    key = [table.c[c.key] for c in declared.key]
    where = [holds(declared, table, lines.columns)]
    if declared.policy.where is not None:
        where.append(declared.policy.where(table))
    found = ways(work.datamap, declared)
    own = _own_place(declared, found)
    if own is not None:
        where.append(own == code)
    apart = own is None and len(work.settings.properties) > 1
    columns = reader(work.conn, declared, None).own(lines.saying)
    wanted = select(*key, *columns).select_from(table).where(*where)
    for page in _pages(work, declared, wanted, key):
        keys = [tuple(row)[: len(key)] for row in page]
        here = _here(work, declared, keys, code, found) if apart else None
        for one, row in zip(keys, page, strict=True):
            if here is None or one in here:
                yield one, said(repr(tuple(row)[len(key) :]).encode())


def _own_place(declared: Declared, found: Ways) -> ColumnElement[str] | None:
    """Return the column of the property's code where it is in the row itself."""
    at = found.place
    if at is None or at.hops or at.make is not None:
        return None
    return declared.table.c[at.column]


def _here(
    work: Work, declared: Declared, keys: Sequence[Key], code: str, found: Ways
) -> set[Key]:
    places = places_of(work.conn, work.datamap, work.settings, declared, keys, found)
    return {key for key, place in places.items() if place == code}


def _pages(
    work: Work, declared: Declared, wanted: Any, key: Sequence[ColumnElement[Any]]
) -> Iterator[Sequence[Any]]:
    """Yield the rows page by page along their key, so that no page is looked for twice."""
    if not declared.keyed or declared.blurred:
        yield work.conn.execute(wanted).all()
        return
    ordered = wanted.order_by(*key).limit(PAGE)
    page = work.conn.execute(ordered).all()
    while page:
        yield page
        if len(page) < PAGE:
            return
        last = tuple(page[-1])[: len(key)]
        page = work.conn.execute(ordered.where(_beyond(key, last))).all()


def _beyond(key: Sequence[ColumnElement[Any]], last: Key) -> ColumnElement[bool]:
    return or_(*(
        and_(*(c == v for c, v in zip(key[:i], last[:i], strict=True)), key[i] > last[i])
        for i in range(len(key))
    ))  # fmt: skip


def sealed(work: Work, table: str, code: str) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of a property that lie in a box: key text, and a mark of their box.

    One whose box is not there, or was emptied before its day, is none. The mark is also of the
    nights, the room and the property under which it is found at night.

    :param work: the open transaction.
    :param table: name of the table.
    :param code: code of the property.
    """
    kept, box = tables.kept, tables.box
    wanted = (
        select(kept.c.id, kept.c.row_key, kept.c.box, box.c.payload)
        .join(box, box.c.id == kept.c.box)
        .where(
            kept.c.table_name == table,
            kept.c.property == code,
            kept.c.mode == law.SEALED,
            kept.c.ended_at.is_(None),
            or_(
                and_(box.c.forgotten_at.is_(None), box.c.payload.is_not(None)),
                and_(box.c.forgotten_at.is_not(None), box.c.last_day < work.today),
            ),
        )
        .order_by(kept.c.id)
        .limit(PAGE)
    )
    last = 0
    while page := work.conn.execute(wanted.where(kept.c.id > last)).all():
        last = page[-1].id
        laid = _laid(work, table, [row.box for row in page])
        for row in page:
            if row.payload is None:
                yield row.row_key, said(b"", ENDING)
            else:
                found = canonical(laid.get(row.box, []))
                yield row.row_key, said(found + bytes(row.payload), SEALED)


def _laid(work: Work, table: str, boxes: Iterable[str]) -> dict[str, list[list[str]]]:
    """Return box -> under what its line is found, whoever it is of."""
    shelf = tables.shelf.c
    said = shelf.property, shelf.room, shelf.first_night, shelf.last_night
    found: dict[str, list[list[str]]] = {}
    for part in chunks(boxes):
        wanted = select(shelf.box, *said).where(shelf.box.in_(part), shelf.table_name == table)
        for box, *words in work.conn.execute(wanted.order_by(*said)):
            found.setdefault(box, []).append(words)
    return found


def standing(work: Work, lines: Lines, keys: Iterable[Key]) -> set[Key]:
    """Return which rows still hold what makes them lines.

    :param work: the open transaction.
    :param lines: the table.
    :param keys: keys of its rows, some of which may be gone.
    """
    return holding(work.conn, lines.declared, list(keys), lines.columns)


def boxed(work: Work, table: str, rows: Iterable[str]) -> set[str]:
    """Return which of these lines still lie in a box, by the text of their key."""
    kept, found = tables.kept, set[str]()
    for part in chunks(sorted(rows)):
        found |= set(work.conn.execute(
            select(kept.c.row_key).where(
                kept.c.table_name == table,
                kept.c.row_key.in_(part),
                kept.c.mode == law.SEALED,
                kept.c.ended_at.is_(None),
            )
        ).scalars())  # fmt: skip
    return found
