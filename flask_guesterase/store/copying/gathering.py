"""Everything that is held about a guest, read for a copy: rows, boxes, why and how long."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, TypeDecorator

from ...core.copying import Copy, Part, Record, Term, Withheld
from ...core.image import Cell, Form
from ...core.plan import Key, Person, Row, key_text
from ..boxes.reading import by_the_host
from ..casework import purview
from ..casework.cases import Case, day_at
from ..certificates import laternotice
from ..checking.gaps import unreadable
from ..erasing.finder import find, owners
from ..erasing.traces import holding, tells
from ..lawbook.clocks import places_of
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.masks import looks_invented, looks_redacted
from ..mapping.raw import reader
from ..statements.sql import python_type
from ..work import Work
from . import boxed, lasting, others, shelved, whose
from .boxed import Sealed
from .others import Mask

ANOTHERS, GAP, UNOPENED, WRITTEN = "another-persons", "gap", "unopened", "written-since"
"""Why something is not in a copy."""

Texts = list[tuple[str, str, str]]


@dataclass
class _Table:
    """One table on its way into the copy."""

    declared: Declared
    rows: Sequence[Row]
    own: Mapping[Key, frozenset[str]]
    records: dict[Key, Record] = field(default_factory=dict)
    alone: list[Record] = field(default_factory=list)
    closed: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)


def gather(work: Work, case: Case, people: Sequence[Person]) -> tuple[Copy, Texts]:
    """Read a guest's copy, and what was written freely in it.

    :param work: the open transaction.
    :param case: the request.
    :param people: the guest's subject rows.
    """
    whole = work.whole()
    gaps = unreadable(whole)
    known = whose.told(work, case, shelved.erased_by(work, case), people)
    mine = known.mine
    # What lies at another controller's property is that one's to give.
    own = purview.part(work, case.property, find(work.conn, whole, people, gaps)).mine
    around = {
        name: _everybodys(work, whole.tables[name], rows, mine) for name, rows in own.items()
    }
    mask = Mask(work, mine, others.beside(work, around, mine))
    found = {name: theirs for name, rows in around.items() if (theirs := _of(rows, mine))}
    made = {name: _table(work, whole.tables[name], rows) for name, rows in found.items()}
    texts: Texts = []
    for table in made.values():
        _read(work, table, mask, texts)
    opened = boxed.opened(work, case.property, found, known.erasures)
    for each in opened.rows:
        _lay(work, made, each, mask)
    withheld = [line for table in made.values() for line in _withheld(work, table)]
    withheld += [Withheld(name, (), 0, GAP) for name in sorted(gaps)]
    withheld += [
        Withheld(name, (), opened.unopened.count(name), UNOPENED)
        for name in sorted(set(opened.unopened))
    ]
    hotel = work.settings.property(case.property)
    parts = [_part(table) for _, table in sorted(made.items())]
    parts += laternotice.part(work, known.erasures)
    copy = Copy(
        case.number,
        case.property,
        hotel.controller,
        day_at(hotel, work.now).isoformat(),
        tuple(part for part in parts if part.records),
        tuple(withheld),
        _recipients(work, case, found),
        mask.count,
        opened.boxes,
    )
    return copy, texts


def _of(rows: Iterable[Row], mine: Collection[Person]) -> list[Row]:
    return [row for row in rows if any(person in mine for person, _ in row.owners)]


def _recipients(work: Work, case: Case, found: Mapping[str, Sequence[Row]]) -> tuple[str, ...]:
    """Return who else is given data of guests at the houses whose rows these are."""
    houses = {case.property}
    if {each.property for each in work.recipients} - {None, case.property}:
        for name, rows in found.items():
            keys, declared = [row.key for row in rows], work.datamap.declared(name)
            houses.update(
                places_of(work.conn, work.datamap, work.settings, declared, keys).values()
            )
    told = (each.name for each in work.recipients if any(map(each.concerns, houses)))
    return tuple(sorted(told))


def _everybodys(
    work: Work, declared: Declared, rows: Sequence[Row], people: Collection[Person]
) -> list[Row]:
    """Return rows with all their other owners, erased ones too: what is theirs stays theirs."""
    mine = frozenset(people)
    known = owners(work.conn, work.datamap, declared, [row.key for row in rows])
    return [
        row._replace(
            others=frozenset(each for each in known.get(row.key, ()) if each[0] not in mine)
        )
        for row in rows
    ]


def _table(work: Work, declared: Declared, rows: Sequence[Row]) -> _Table:
    own = {row.key: others.own(work.datamap, declared, row) for row in rows}
    return _Table(declared, rows, own)


def _read(work: Work, table: _Table, mask: Mask, texts: Texts) -> None:
    """Read the rows of one table; of shared texts those that name the guest, others struck out."""
    declared = table.declared
    free = others.written(declared) & others.data(work.datamap, declared)
    shown = {
        row.key: table.own[row.key] | (free if row.others else frozenset()) for row in table.rows
    }
    names = sorted({name for each in shown.values() for name in each})
    if not names:
        return
    said = _Said(work, declared, mask)
    cells = reader(work.conn, declared, work.live()).read(list(shown), names)
    terms = lasting.terms(work, declared, table.own)
    for row in table.rows:
        values: dict[str, str | None] = {}
        for cell in cells.get(row.key, ()):
            text = said.text(cell) if cell.name in shown[row.key] else None
            shared_text = cell.name not in table.own[row.key]
            if cell.name not in shown[row.key] or (shared_text and not said.names_guest(text)):
                continue
            values[cell.name] = said.masked(cell.name, text)
            if cell.name in free and values[cell.name]:
                texts.append((declared.name, cell.name, values[cell.name] or ""))
        if values:
            table.records[row.key] = Record(
                values, (), bool(row.others), terms.get(row.key, ())
            )


class _Said:
    """Cells of one table in words."""

    def __init__(self, work: Work, declared: Declared, mask: Mask) -> None:
        self._mask = mask
        self._conn = at(work.conn, declared.name)
        self._columns = {column.name: column for column in declared.table.c}
        self._plain = others.names(work.datamap, declared.name)

    def text(self, cell: Cell) -> str | None:
        """Return a cell as text, as the host knows it."""
        return spoken(self._columns.get(cell.name), cell, self._conn)

    def masked(self, name: str, text: str | None) -> str | None:
        """Return a text without other people; what says who the guest is stays as it is."""
        if text is None or name in self._plain or not self._worded(name):
            return text
        return self._mask.struck(text)

    def names_guest(self, text: str | None) -> bool:
        """Return whether a text names the guest."""
        return text is not None and self._mask.names_guest(text)

    def _worded(self, name: str) -> bool:
        column = self._columns.get(name)
        # What it was is not known of one that is there no more: it may have been a text.
        return column is None or python_type(column.type) in (str, dict, list)


def spoken(column: Column[Any] | None, cell: Cell, conn: Connection) -> str | None:
    """Return a cell as text a person reads; what an erasure left there is nothing.

    :param column: the column, or None where the mapping does not know it.
    :param cell: what was read, or sealed, in the engine's own form.
    :param conn: open transaction with the engine it was read from.
    """
    value = cell.native()
    if value is None:
        return None
    if column is not None and isinstance(column.type, TypeDecorator):
        if isinstance(value, str) and cell.type == "bytea" and value.startswith("\\x"):
            value = bytes.fromhex(value[2:])
        return by_the_host(column.type, value, conn)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    kind = None if column is None else python_type(column.type)
    if kind is bool:
        return "true" if str(value).lower() in ("1", "t", "true") else "false"
    if kind is datetime and cell.form is Form.TEXT:
        return str(value).replace("T", " ")
    return str(value)


def _is_mask(name: str, text: str | None) -> bool:
    return text is None or looks_redacted(text) or looks_invented(name, None, text)


def _lay(work: Work, made: dict[str, _Table], each: Sealed, mask: Mask) -> None:
    """Put what was sealed of a row back beside what its row still says, or by itself."""
    name = each.image.table
    declared = work.datamap.tables.get(name)
    if declared is None:
        return
    table = made.setdefault(name, _Table(declared, (), {}))
    known = {key_text(key): key for key in table.own}
    key = known.get(each.key or key_text(tuple(c.native() for c in each.image.now())))
    said = _Said(work, declared, mask)
    allowed = table.own[key] if key is not None else others.data(work.datamap, declared)
    old = {cell.name for cell in each.image.columns} - {c.name for c in declared.table.c}
    # What a column of before was about is not written down: it is theirs where all else is.
    theirs = not each.anothers and allowed >= frozenset(declared.rules)
    if theirs:
        allowed |= old
    elif old:
        table.closed.append((ANOTHERS, tuple(sorted(old))))
    if each.anothers:
        joint = others.joint(work.datamap, declared)
        left = {cell.name for cell in each.image.columns} & allowed - joint
        table.closed += [(ANOTHERS, tuple(sorted(left)))] if left else []
        allowed &= joint
    values = {
        cell.name: said.masked(cell.name, said.text(cell))
        for cell in each.image.columns
        if cell.name in allowed
    }
    if not values:
        return
    if key is not None and not each.sure and _written_since(work, declared, key, values):
        table.closed.append((WRITTEN, tuple(sorted(values))))
        return
    term = replace(each.term, columns=tuple(sorted(set(each.term.columns) & set(values))))
    before = table.records.get(key) if key is not None else None
    if key is not None and (before is None or _fits(before, values)):
        told = before or Record({}, (), False)
        terms = (*_without(told.terms, values), term)
        table.records[key] = Record(
            {**told.values, **values}, tuple(sorted({*told.boxed, *values})), told.shared, terms
        )
    else:
        table.alone.append(Record(values, tuple(sorted(values)), False, (term,)))


def _written_since(
    work: Work, declared: Declared, key: Key, columns: Iterable[str]
) -> bool:
    """Return whether the host has written into a row since, so that it may be another guest's."""
    names = [name for name in columns if name in declared.rules]
    if not tells(declared, names):
        return False
    return key in holding(work.conn, declared, [key], names, whole=False)


def _fits(record: Record, values: Mapping[str, str | None]) -> bool:
    """Return whether the row holds nothing where a box has something."""
    return all(_is_mask(name, record.values.get(name)) for name in values)


def _without(terms: Iterable[Term], names: Collection[str]) -> Iterable[Term]:
    for term in terms:
        columns = tuple(name for name in term.columns if name not in names)
        if columns:
            yield replace(term, columns=columns)


def _withheld(work: Work, table: _Table) -> Iterable[Withheld]:
    counts: dict[tuple[str, ...], int] = {}
    for row in table.rows:
        if row.others:
            said = table.records.get(row.key, Record({})).values
            left = tuple(sorted(others.data(work.datamap, table.declared) - set(said)))
            if left:
                counts[left] = counts.get(left, 0) + 1
    for columns, rows in sorted(counts.items()):
        yield Withheld(table.declared.name, columns, rows, ANOTHERS)
    for (why, columns), rows in sorted(Counter(table.closed).items()):
        yield Withheld(table.declared.name, columns, rows, why)


def _part(table: _Table) -> Part:
    records = (*table.records.values(), *table.alone)
    policy = table.declared.policy
    columns = tuple(sorted({name for record in records for name in record.values}))
    return Part(table.declared.name, policy.source, policy.category, columns, records)
