"""Whose records a request is about, where several companies answer for hotels of one database.

Each controller answers for its own records: what a guest asks one of them reaches no row that
lies at a property of another one. A profile that lies at no property is common to all of them; it
goes with the last one that still has something of its person. One that lies at another's stays,
whatever goes of its person at the one that was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.exc import NoReferenceError

from ...core.deciding import decide
from ...core.lifecycle import DONE, State
from ...core.log import slug
from ...core.plan import ANOTHER, Key, Outcome, Person, Row, by_table, key_text
from ...core.ruling import Ruling
from ...core.standing import Standing
from ...core.treatment import RowRule
from ...core.wish import Kind
from .. import tables
from ..checking.gaps import unreadable
from ..erasing.finder import find, owners
from ..erasing.traces import holding, tells
from ..lawbook import blockers
from ..lawbook.clocks import places_of
from ..lawbook.said import codes_of
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Hop
from ..mapping.ways import Reach, ways
from ..statements.sql import chunks
from ..work import Work

Found = Mapping[str, Sequence[Row]]
"""Table -> rows."""

_ASKED = frozenset({State.ERASING, State.CHECKING, *DONE})


@dataclass(frozen=True)
class Parted:
    """Rows of people, by who answers for them.

    :param mine: rows at properties of the controller that was asked, and at none that is known.
    :param theirs: controller -> rows at its properties.
    """

    mine: Found
    theirs: Mapping[str, Found]


def foreign(work: Work, house: str) -> frozenset[str]:
    """Return the codes of the properties for which another controller answers than for this one.

    :param work: the open transaction.
    :param house: code of the property that was asked; when it is empty, nobody was.
    """
    if not house:
        return frozenset()
    hotels, whose = work.settings.properties, _answers(work, house)
    return frozenset(code for code, hotel in hotels.items() if slug(hotel.controller) != whose)


def _answers(work: Work, house: str) -> str:
    """Return which controller answers for a house; of one taken out of the settings, who did."""
    hotel, request = work.settings.properties.get(house), tables.request
    if hotel is not None:
        return slug(hotel.controller)
    last = select(request.c.controller).where(request.c.property == house)
    return work.conn.execute(last.order_by(request.c.id.desc()).limit(1)).scalar() or ""


def part(work: Work, house: str, found: Found) -> Parted:
    """Part rows by who answers for them; a profile lies where it says, wherever they stayed.

    :param work: the open transaction.
    :param house: code of the property that was asked; nobody was when it is empty.
    :param found: table -> rows.
    """
    others = foreign(work, house)
    if not others:
        return Parted(found, {})
    mine: dict[str, Sequence[Row]] = {}
    theirs: dict[str, dict[str, list[Row]]] = {}
    subjects = work.datamap.subjects
    profiles = {(name, row.key) for name in found.keys() & subjects for row in found[name]}
    whose = {who for rows in found.values() for row in rows for who, _ in row.owners}
    homes = _homes(work, whose | profiles)
    for name, rows in found.items():
        here: list[Row] = []
        places = (
            {row.key: homes.get((name, row.key), "") for row in rows} if name in subjects
            else _places(work, name, rows, homes)
        )
        for row in rows:
            code = places.get(row.key, "")
            if code in others:
                other = slug(work.settings.property(code).controller)
                theirs.setdefault(other, {}).setdefault(name, []).append(row)
            else:
                here.append(row)
        if here:
            mine[name] = here
    return Parted(mine, theirs)


def planned(work: Work, house: str, found: Found, people: Collection[Person]) -> Found:
    """Return the rows that a plan is about: its controller's, and who is meant, to say who stays.

    :param work: the open transaction.
    :param house: code of the property that was asked; nobody was when it is empty.
    :param found: table -> rows.
    :param people: subject rows that are meant.
    """
    mine = part(work, house, found).mine
    meant = {(name, row.key) for name, rows in mine.items() for row in rows}.union(people)
    every = {n: [row for row in rows if (n, row.key) in meant] for n, rows in found.items()}
    return {name: rows for name, rows in every.items() if rows}


def here(work: Work, house: str, people: Collection[Person]) -> set[Person]:
    """Return of whom something that is still to go some day lies at a controller's properties.

    What lies at none that is known shows nobody another controller's guest.

    :param work: the open transaction.
    :param house: code of the property that was asked.
    :param people: subject rows that lie elsewhere.
    """
    if not people:
        return set()
    whole, found, homes = work.whole(), set[Person](), _homes(work, people)
    mine = part(work, house, find(work.conn, whole, people, unreadable(whole))).mine
    for name, rows in mine.items():
        places = {} if name in whole.subjects else _places(work, name, rows, homes)
        placed = [row for row in rows if places.get(row.key)]
        found |= _living(work, whole.tables[name], placed, ())
    return found.intersection(people)


def elsewhere(
    work: Work, house: str, declared: Declared, keys: Sequence[Key]
) -> frozenset[Key]:
    """Return which rows lie at properties of another controller, whoever they belong to.

    :param work: the open transaction.
    :param house: code of the property that was asked; nobody was when it is empty.
    :param declared: their table.
    :param keys: keys of the rows.
    """
    others = foreign(work, house)
    if not others or not keys:
        return frozenset()
    if declared.name in work.datamap.subjects:
        homes = _homes(work, {(declared.name, key) for key in keys})
        return frozenset(key for (_, key), code in homes.items() if code in others)
    known = owners(work.conn, work.datamap, declared, keys)
    rows = [Row(key, frozenset(known.get(key, ()))) for key in keys]
    people = {who for row in rows for who, _ in row.owners}
    places = _places(work, declared.name, rows, _homes(work, people))
    return frozenset(key for key in keys if places.get(key, "") in others)


def _places(
    work: Work, name: str, rows: Sequence[Row], homes: Mapping[Person, str]
) -> Mapping[Key, str]:
    """Return the properties of rows: their own, or of the stay by which they are somebody's.

    What hangs on a stay lies where it lies, whatever the guest's own profile says.
    """
    declared, keys = work.datamap.declared(name), [row.key for row in rows]
    if ways(work.datamap, declared).place is not None:
        return places_of(work.conn, work.datamap, work.settings, declared, keys)
    near: dict[Key, set[str]] = {}
    for at in _between(work.datamap, declared):
        told = codes_of(work.conn, work.datamap, work.settings, declared, at, keys)
        for key, codes in told.items():
            near.setdefault(key, set()).update(codes - {""})
    places: dict[Key, str] = {}
    for row in rows:
        # Of what lies between two hotels nobody can tell whose it is.
        theirs = {homes.get(person, "") for person, _ in row.owners}
        for codes in (near.get(row.key, set()), theirs):
            if len(codes) == 1:
                places[row.key] = min(codes)
                break
    return places


def _homes(work: Work, people: Collection[Person]) -> Mapping[Person, str]:
    """Return the properties at which profiles lie, of those that lie at one."""
    found: dict[Person, str] = {}
    for table, keys in by_table(people).items():
        known = places_of(
            work.conn, work.datamap, work.settings, work.datamap.declared(table), keys
        )
        found |= {(table, key): code for key, code in known.items() if code}
    return found


def _between(datamap: DataMap, declared: Declared) -> list[Reach]:
    """Return where a property stands on the ways from a row, the nearest of each.

    These are the ways to its person and, where none of them tells, to what it points at: a link
    between guest and stay lies where the stay lies.
    """
    if ways(datamap, declared).place is not None:
        return []
    found = [_near(datamap, path.hops) for path in declared.paths]
    if not any(found):
        found = [_near(datamap, hops) for hops in _links(declared)]
    return list(dict.fromkeys(at for at in found if at is not None))


def _near(datamap: DataMap, hops: Sequence[Hop]) -> Reach | None:
    """Return where the first table on a way says its property; a profile's is not asked."""
    for number, hop in enumerate(hops, 1):
        near = datamap.tables.get(hop.table.fullname)
        place = None
        if near is not None and near.name not in datamap.subjects:
            place = ways(datamap, near).place
        if place is not None and place.make is None:
            return Reach((*hops[:number], *place.hops), place.column)
    return None


def _links(declared: Declared) -> list[tuple[Hop]]:
    """Return the foreign keys of a table as ways of one step, where they lead somewhere."""
    found = []
    for key in sorted(declared.table.foreign_key_constraints, key=lambda k: list(k.column_keys)):
        with suppress(NoReferenceError):
            mine, theirs = zip(*((e.parent, e.column) for e in key.elements), strict=True)
            found.append((Hop(mine, theirs),))
    return found


def needed(work: Work, house: str, people: Collection[Person]) -> list[blockers.Found]:
    """Return which profiles stay for another controller, as a precondition that ends.

    Those are the ones that lie at its hotels, and the common ones that it still needs.

    :param work: the open transaction.
    :param house: code of the property that was asked; nobody was when it is empty.
    :param people: subject rows.
    """
    others = foreign(work, house)
    if not others:
        return []
    homes = _homes(work, people)
    stay = {person for person, code in homes.items() if code in others}
    stay |= _shared(work, house, set(people) - homes.keys())
    return [
        blockers.Found(
            ANOTHER, "", (), frozenset({person}), {person[0]: _columns(work, person[0])},
            None, "", "",
        )
        for person in sorted(stay, key=lambda p: (p[0], key_text(p[1])))
    ]  # fmt: skip


def _shared(work: Work, house: str, common: set[Person]) -> set[Person]:
    """Return which common profiles another controller still needs."""
    if not common:
        return set()
    whole = work.whole()
    theirs = part(work, house, find(work.conn, whole, common, unreadable(whole))).theirs
    living: set[Person] = set()
    for controller, found in theirs.items():
        asked = _asked(work, controller, common)
        for name, rows in found.items():
            living |= _living(work, whole.tables[name], rows, asked)
    return living & common


def _columns(work: Work, table: str) -> frozenset[str]:
    declared = work.datamap.declared(table)
    own = {*declared.erase, *declared.retain}
    return frozenset(own or {column.name for column in declared.table.c})


def _asked(work: Work, controller: str, people: Collection[Person]) -> set[Person]:
    """Return the people whom a controller has erased from its records, as they asked it to."""
    request, subject = tables.request, tables.subject
    hotels = work.settings.properties.values()
    own = [hotel.code for hotel in hotels if slug(hotel.controller) == controller]
    by_text = {(table, key_text(key)): (table, key) for table, key in people}
    found: set[Person] = set()
    for some in chunks(sorted({text for _, text in by_text})):
        rows = work.conn.execute(
            select(subject.c.table_name, subject.c.row_key)
            .join_from(subject, request, subject.c.request == request.c.number)
            .where(
                subject.c.row_key.in_(some),
                subject.c.standing == Standing.TAKEN.value,
                or_(request.c.property.in_(own), request.c.controller == controller),
                request.c.kind == Kind.ERASURE.value,
                request.c.state.in_([state.value for state in _ASKED]),
            )
        )
        here = ((row.table_name, row.row_key) for row in rows)
        found |= {by_text[each] for each in here if each in by_text}
    return found


def _living(
    work: Work, declared: Declared, rows: Sequence[Row], asked: Collection[Person]
) -> set[Person]:
    """Return the owners of rows of which something is still to go some day.

    Of who was erased there only what is theirs alone and tells so by itself counts, a stay made
    since for example: a text of which some words went is as full as before, and so is what stayed
    because it is another living person's as well.
    """
    names = [*declared.erase, *declared.retain]
    keys = [row.key for row in rows]
    full = holding(work.conn, declared, keys, names) if names or declared.deletes else set()
    mine = [row for row in rows if any(person in asked for person, _ in row.owners)]
    still = _unerased(work, declared, mine)
    return {
        person
        for row in rows
        for person, _ in row.owners
        if row.key in (still if person in asked else full)
    }


def _unerased(work: Work, declared: Declared, rows: Sequence[Row]) -> set[Key]:
    """Return which rows hold something that an erasure of their owners would have taken."""
    plain = {name for name in declared.erase if tells(declared, [name])}
    shape = declared.shape
    if not declared.deletes:
        shape = replace(shape, deletes="never")
    found: set[Key] = set()
    theirs: dict[tuple[str, ...], list[Key]] = {}
    for row in rows:
        for each in decide(shape, row, Ruling()):
            if each.outcome is Outcome.DELETE:
                found.add(row.key)
            elif each.outcome is Outcome.OVERWRITE and plain & set(each.columns):
                columns = tuple(sorted(plain & set(each.columns)))
                theirs.setdefault(columns, []).append(row.key)
    # That a row is still there says nothing of one that goes with the last of its people.
    cells = replace(declared, policy=replace(declared.policy, rows=RowRule.OVERWRITE))
    for columns, keys in theirs.items():
        found |= holding(work.conn, cells, keys, columns)
    return found
