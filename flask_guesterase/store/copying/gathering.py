"""Everything that is held about a guest, read for a copy: rows, boxes, why and how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ...core.copying import Copy, Part, Record, Withheld
from ...core.plan import Key, Person, Row, by_table, key_text
from ..casework import purview
from ..casework.cases import Case, day_at
from ..certificates import laternotice
from ..checking.gaps import unreadable
from ..erasing.finder import find, owners
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..mapping.raw import reader
from ..work import Work
from . import boxed, lasting, others, shelved, strangers, whose
from .laying import lay
from .others import Mask
from .sheets import ANOTHERS, GAP, UNOPENED, WRITTEN, Said, Sheet, Texts


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
    found = {name: theirs for name, rows in around.items() if (theirs := _of(rows, mine))}
    left = whose.stayed(work, found, known)
    found = {
        name: rest for name, rows in found.items()
        if (rest := [row for row in rows if row.key not in left.get(name, ())])
    }  # fmt: skip
    opened = boxed.opened(work, case.property, found, known)
    strange = strangers.strange(work, opened.rows, found, people)
    near = {n: [*around.get(n, ()), *strange.get(n, ())] for n in {**around, **strange}}
    hotel = work.settings.home(case.property)
    before = strangers.remembered(work, opened.rows, hotel.country)
    mask = Mask(work, mine, others.beside(work, near, mine), before)
    made = {
        name: _table(work, declared, found.get(name, ()), strange.get(name, ()))
        for name, declared in whole.tables.items()
        if name in found or name in strange
    }
    texts: Texts = []
    for table in made.values():
        _read(work, table, mask, texts)
    for each in opened.rows:
        lay(work, made, each, mask, texts)
    withheld = [line for table in made.values() for line in _withheld(work, table)]
    withheld += _left_out(left, by_table(known.lost), gaps, opened.unopened)
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


def _left_out(
    anothers: Mapping[str, Collection[Key]],
    written: Mapping[str, Collection[Key]],
    gaps: Iterable[str],
    unopened: Collection[str],
) -> Iterator[Withheld]:
    """Yield what a copy says of rows that are not in it.

    :param anothers: table -> rows that are another's who stayed.
    :param written: table -> erased rows that the host has written into since.
    :param gaps: tables nobody can read.
    :param unopened: table of each sealed row that cannot be opened.
    """
    for why, rows in ((ANOTHERS, anothers), (WRITTEN, written)):
        yield from (Withheld(name, (), len(keys), why) for name, keys in rows.items() if keys)
    yield from (Withheld(name, (), 0, GAP) for name in sorted(gaps))
    for name, many in sorted(Counter(unopened).items()):
        yield Withheld(name, (), many, UNOPENED)


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


def _table(
    work: Work, declared: Declared, rows: Sequence[Row], strange: Sequence[Row]
) -> Sheet:
    own = {row.key: others.own(work.datamap, declared, row) for row in rows}
    return Sheet(declared, rows, own, {key_text(row.key): row for row in strange})


def _read(work: Work, table: Sheet, mask: Mask, texts: Texts) -> None:
    """Read the rows of one table; of shared texts those that name the guest, others struck out."""
    declared = table.declared
    free = others.written(declared) & others.data(work.datamap, declared)
    shown = {
        row.key: table.own[row.key] | (free if row.others else frozenset()) for row in table.rows
    }
    names = sorted({name for each in shown.values() for name in each})
    if not names:
        return
    said = Said(work, declared, mask)
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


def _withheld(work: Work, table: Sheet) -> Iterable[Withheld]:
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


def _part(table: Sheet) -> Part:
    records = (*table.records.values(), *table.alone)
    policy = table.declared.policy
    columns = tuple(sorted({name for record in records for name in record.values}))
    return Part(table.declared.name, policy.source, policy.category, columns, records)
