"""What is held: which living holds and freezes cover which rows of the host."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    ColumnClause,
    ColumnElement,
    String,
    and_,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.sql.visitors import iterate

from ...core.errors import UnknownError
from ...core.holding import HoldQuery, Scope
from ...core.plan import Key, Person, key_text, key_texts
from ...core.register import name_form
from ...core.rule import Open
from .. import tables
from ..boxes.reading import moments
from ..boxes.shelf import unlaid
from ..checking.gaps import lacks, read_for_owners
from ..erasing.finder import Whose, owners
from ..erasing.keyform import fitting
from ..erasing.people import read_key
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..mapping.lines import Lines, registers
from ..mapping.nights import Night, unsaid
from ..statements.sql import among, chunks, folded
from . import heldqueries, spelling
from .living import Hold, living

if TYPE_CHECKING:
    from ..work import Work

Covered = dict[Key, set[int]]


def held(work: Work, table: str, keys: Iterable[Key]) -> dict[Key, list[int]]:
    """Return which of these rows living holds cover, with the numbers of the holds, sorted.

    What cannot be told is held: a row whose property nobody knows is under every freeze, and a
    query that the host does not register any more holds its whole table.

    :param work: the open transaction.
    :param table: name of a declared table.
    :param keys: keys of its rows.
    """
    found = covered(work, spelling.now(work, living(work)), table, list(keys))
    return {key: sorted(ids) for key, ids in found.items()}


def covered(
    work: Work,
    holds: Sequence[Hold],
    table: str,
    keys: Sequence[Key],
    owned: Whose | None = None,
) -> Covered:
    """Return which of these rows the given holds cover: key -> numbers.

    :param owned: all owners of the rows, where they are known already.
    """
    if not holds or not keys:
        return {}
    found: Covered = {}
    _by_row(holds, table, keys, found)
    if all(hold.scope == Scope.RECORD for hold in holds):
        return found
    rows = _Rows(work, table, keys, owned)
    if whose := {(hold.table, hold.row) for hold in holds if hold.scope == Scope.SUBJECT}:
        rows.note(whose)
    for hold in holds:
        for key in _COVERS[hold.scope](rows, hold):
            found.setdefault(key, set()).add(hold.id)
    return found


def _by_row(holds: Sequence[Hold], table: str, keys: Sequence[Key], found: Covered) -> None:
    by_text: dict[str, list[int]] = {}
    for hold in holds:
        if hold.row and hold.table == table:
            by_text.setdefault(hold.row, []).append(hold.id)
    for key in keys if by_text else ():
        for id in by_text.get(key_text(key), ()):
            found.setdefault(key, set()).add(id)


class _Rows:
    """Rows of one table that are asked about, with their owners and places, read once."""

    def __init__(self, work: Work, table: str, keys: Sequence[Key], owned: Whose | None) -> None:
        self.work = work
        self.declared = work.datamap.declared(table)
        self.keys = list(keys)
        self._of: dict[tuple[str, str], set[Key]] = {}
        if owned is not None:
            self.whose = owned

    @cached_property
    def owners(self) -> dict[Key, set[Person]]:
        return _people(self.whose)

    @cached_property
    def whose(self) -> Whose:
        return owners(self.work.conn, self.work.datamap, self.declared, self.keys)

    def note(self, whose: set[tuple[str, str]]) -> None:
        """Find the rows of these subject rows, given by table and key as text, in one look."""
        # One person has many rows, all with the same owners.
        each = {id(pairs): pairs for pairs in self.whose.values()}.values()
        everybody = {person for pairs in each for person, _ in pairs}
        told = zip(everybody, key_texts([key for _, key in everybody]), strict=True)
        held = {p: here for p, text in told if (here := (p[0], text)) in whose}
        for key, people in self.owners.items() if held else ():
            for person in held.keys() & people:
                self._of.setdefault(held[person], set()).add(key)

    def of_subject(self, table: str, text: str) -> set[Key]:
        """Return the rows of a subject row that was noted."""
        return self._of.get((table, text), set())

    @cached_property
    def places(self) -> dict[Key, str]:
        work = self.work
        return places_of(work.conn, work.whole(), work.settings, self.declared, self.keys)

    def at(self, code: str) -> set[Key]:
        """Return the rows that lie at a property, or nobody knows where."""
        if everywhere(self.work, code):
            return set(self.keys)
        known = self.work.settings.properties
        places = {key: self.places.get(key, code) for key in self.keys}
        return {k for k, at in places.items() if at == code or at not in known}

    def of(self, people: set[Person]) -> set[Key]:
        """Return the rows that belong to one of these people."""
        return {key for key, mine in self.owners.items() if mine & people}


def everywhere(work: Work, code: str) -> bool:
    """Return whether a code that nobody runs means the only property there is, all of it."""
    known = work.settings.properties
    return code not in known and len(known) == 1


def may_lie_at(work: Work, code: str) -> list[ColumnElement[bool]]:
    """Return the conditions under which what is kept lies at a property, or nobody knows where."""
    if everywhere(work, code):
        return []
    kept, known = tables.kept.c, list(work.settings.properties)
    nowhere = kept.property.not_in(known), kept.open.contains(Open.NO_PLACE.value)
    return [or_(kept.property == code, *nowhere)]


def _people(found: Whose) -> dict[Key, set[Person]]:
    return {key: {person for person, _ in pairs} for key, pairs in found.items()}


def _record(rows: _Rows, hold: Hold) -> set[Key]:
    return set()


def _subject(rows: _Rows, hold: Hold) -> set[Key]:
    return rows.of_subject(hold.table, hold.row)


def _query(rows: _Rows, hold: Hold) -> set[Key]:
    query = heldqueries.meant(rows.work, hold.id, hold.table, hold.query)
    found: set[Key] = set()
    if rows.declared.name == hold.table:
        found |= matching(rows.work, rows.declared, query, rows.keys)
    elif hold.table in rows.work.datamap.subjects:
        people = {p for mine in rows.owners.values() for p in mine if p[0] == hold.table}
        subject = rows.work.datamap.declared(hold.table)
        named = matching(rows.work, subject, query, [key for _, key in people])
        found |= rows.of({p for p in people if p[1] in named})
    return found & rows.at(hold.property) if found else found


def matching(
    work: Work, declared: Declared, query: HoldQuery | None, keys: Sequence[Key]
) -> set[Key]:
    """Return which rows a query of the host names; all of them when nobody can tell any more."""
    table = declared.alias("held")
    try:
        condition = None if query is None else query.where(table)
    except Exception:
        # The host's own code: whatever it raises, what it was to name is not let go.
        condition = None
    if condition is None or (keys and _is_lost(work, declared, condition)):
        return set(keys)
    mine = [table.c[c.key] for c in declared.key]
    found: set[Key] = set()
    for part in chunks(sorted(keys, key=key_text)):
        rows = work.conn.execute(select(*mine).where(condition, among(mine, part)))
        found |= {tuple(row) for row in rows}
    return found


def _is_lost(work: Work, declared: Declared, condition: ColumnElement[bool]) -> bool:
    """Return whether the database lacks a column that a condition is about, or a table."""
    inside = [each for each in iterate(condition) if isinstance(each, ColumnClause)]
    meant = [base for each in inside for base in each.base_columns if isinstance(base, Column)]
    return lacks(work.whole(), [*declared.key, *meant])


def _seen(work: Work) -> dict[str, Lines]:
    """Return the tables of the guest register that the database has, with all that is asked."""
    return {
        name: lines for name, lines in registers(work.datamap).items()
        if not lacks(work.whole(), [
            lines.room, lines.first_night, lines.last_night,
            *(() if lines.place is None else (lines.place,)), *read_for_owners(lines.declared),
        ])
    }  # fmt: skip


def _place(rows: _Rows, hold: Hold) -> set[Key]:
    here = rows.at(hold.property)
    known = registers(rows.work.datamap)
    if not (hold.room or hold.night) or not known:
        return here
    found = lines_of(rows.work, hold)
    # Of nights in a table that the database lacks nobody can tell who slept there.
    lost = here if known.keys() - _seen(rows.work).keys() else set[Key]()
    people = {person for mine in found.values() for person in mine}
    kept = {key for name, key in found if name == rows.declared.name}
    itself = {person[1] for person in people if person[0] == rows.declared.name}
    return (set(rows.keys) & (kept | itself)) | (rows.of(people) & here) | lost


def lines_of(work: Work, hold: Hold) -> dict[tuple[str, Key], set[Person]]:
    """Return the lines of the guest register that a frozen night or room has, with their people.

    :return: (table, key) -> subject rows.
    """
    found: dict[tuple[str, Key], set[Person]] = {}
    for name, lines in _seen(work).items():
        keys = _open_lines(work, lines, hold) | _sealed_lines(work, lines, hold)
        mine = _people(owners(work.conn, work.datamap, lines.declared, sorted(keys, key=key_text)))
        found |= {(name, key): mine.get(key, set()) for key in keys}
    return found


def is_listed(work: Work, hold: Hold) -> bool:
    """Return whether the guest register has a line that names the room and night of a freeze.

    Without a table that keeps the register, or where the database lacks one, nobody can tell, and
    it counts as listed.
    """
    known = registers(work.datamap).values()
    if not known or not (hold.room or hold.night) or len(_seen(work)) < len(known):
        return True
    return any(
        _open_lines(work, lines, hold, sure=True) or _sealed_lines(work, lines, hold, sure=True)
        for lines in known
    )


def _open_lines(work: Work, lines: Lines, hold: Hold, sure: bool = False) -> set[Key]:
    columns = list(lines.declared.key)
    wanted = select(*columns).where(*_within(work, lines, hold, sure))
    if lines.place is not None and not everywhere(work, hold.property):
        # As a text: a column of its own type may not take the code of every property.
        code = cast(lines.place, String(80))
        nowhere = lines.place.is_(None), code.not_in(list(work.settings.properties))
        wanted = wanted.where(or_(lines.place == hold.property, *nowhere))
    return {tuple(row) for row in work.conn.execute(wanted)}


def _within(
    work: Work, lines: Lines, hold: Hold, sure: bool = False
) -> list[ColumnElement[bool]]:
    """Return the conditions under which a line is of a room and a night.

    :param sure: whether what the line does not say counts as another room or night.
    """
    conditions: list[ColumnElement[bool]] = []
    if hold.room:
        room = cast(lines.room, String(80))
        unknown = or_(lines.room.is_(None), _is_room(room, [""]))
        conditions.append(_or_unknown(_is_room(room, _rooms(hold)), unknown, sure))
    if hold.night:
        night = _night(work, lines, hold)
        first, last = lines.first_night, lines.last_night
        # Of who slept no night the last one lies before the first, on which they were there.
        there = or_(night.lasting(last), night.lasting(first))
        conditions.append(_or_unknown(night.begun(first) & ~unsaid(first), unsaid(first), sure))
        conditions.append(_or_unknown(there, unsaid(last), sure))
    return conditions


def _or_unknown(
    said: ColumnElement[bool], unknown: ColumnElement[bool], sure: bool
) -> ColumnElement[bool]:
    return said if sure else or_(said, unknown)


def _is_room(room: ColumnElement[str], wanted: Iterable[str]) -> ColumnElement[bool]:
    """Compare rooms as the register does, as far as every database can."""
    return folded(func.replace(room, " ", ""), wanted)


def _rooms(hold: Hold) -> list[str]:
    return sorted({name_form(hold.room), "".join(hold.room.split())})


def _night(work: Work, lines: Lines, hold: Hold) -> Night:
    """Return the night that is frozen, as the columns of a table may mean it."""
    hotels = work.settings.properties
    only = next(iter(hotels.values())) if everywhere(work, hold.property) else None
    hotel = hotels.get(hold.property, only)
    return Night(
        date.fromisoformat(hold.night), "UTC" if hotel is None else hotel.zone,
        lines.declared.policy.zone, moments(work, lines),
    )  # fmt: skip


def _sealed_lines(work: Work, lines: Lines, hold: Hold, sure: bool = False) -> set[Key]:
    shelf, kept, name = tables.shelf, tables.kept, lines.declared.name
    wanted = (
        select(kept.c.row_key)
        .join(shelf, shelf.c.box == kept.c.box)
        .where(
            shelf.c.table_name == name,
            kept.c.table_name == name,
            kept.c.ended_at.is_(None),
        )
    )
    wanted = wanted.where(*may_lie_at(work, hold.property))
    if hold.room:
        unknown = [] if sure else [""]
        wanted = wanted.where(_is_room(shelf.c.room, [*_rooms(hold), *unknown]))
    if hold.night:
        night = _night(work, lines, hold)
        came, first = night.days(lines.first_night)
        last, _ = night.days(lines.last_night)
        begun, lasting = shelf.c.first_night, shelf.c.last_night
        there = or_(lasting >= last, begun >= came)
        wanted = wanted.where(
            and_(begun <= first, begun != "") if sure else or_(begun <= first, begun == ""),
            there if sure else or_(there, lasting == ""),
        )
    texts = set(work.conn.execute(wanted).scalars())
    if not sure:
        # Of what was sealed while the table was declared to be no register nobody knows the night.
        lost = select(kept.c.row_key).where(*unlaid([name]), *may_lie_at(work, hold.property))
        texts.update(work.conn.execute(lost).scalars())
    return set(keys_of(work, name, texts).values())


def keys_of(work: Work, table: str, texts: Iterable[str]) -> dict[str, Key]:
    """Return key texts as keys; those that can mean no row any more are left out."""
    found, declared = dict[str, Key](), work.datamap.tables.get(table)
    if declared is None:
        return found
    fits = fitting(work, declared)
    for text in sorted(filter(fits, texts)):
        with suppress(UnknownError):
            found[text] = read_key(work, table, text)
    return found


_COVERS = {
    Scope.RECORD.value: _record,
    Scope.SUBJECT.value: _subject,
    Scope.QUERY.value: _query,
    Scope.PLACE.value: _place,
    # Of an incident boxes and journal are held; what guests ask for goes on.
    Scope.EVIDENCE.value: _record,
}
