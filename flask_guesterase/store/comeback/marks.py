"""Keyed marks of erased people, by which they are known again without being known.

Each year has a key of its own: when its marks have ended the key is destroyed, and what a backup
still holds of them means nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from ...core.errors import MatchError, SealError
from ...core.identity import Kind, Readings, normal, readings, sent
from ...core.log import slug
from ...core.period import months_after
from ...core.plan import (
    ANOTHER,
    NEEDED,
    Key,
    Outcome,
    Person,
    Plan,
    Step,
    by_table,
    key_text,
)
from ...core.returning import MONTHS
from ...core.seal import fingerprint
from .. import tables
from ..keys.custodian import FolderCustodian
from ..mapping.declared import Declared
from ..retaining.keeping import Origin
from ..settings import Settings
from ..statements.bynumber import delete_by_number
from ..statements.given import put
from ..statements.sql import MANY, Said, asked, chunks, one_of, parts
from ..work import Work
from . import remembered
from .watched import OTHER, Watched, watched

KEY, REFERENCE, OBJECTION = "key", "reference", "objection"
FILE = "file"
"""Kind of the mark of a file that was removed."""

NAMES = ("name-letters", "name-hanzi")
"""Kinds of marks of the two parts of a name: compared, never looked for."""

YEARS = MONTHS // 12
"""Calendar years, besides the current one, whose marks may live on a day."""


@dataclass(frozen=True)
class Seals:
    """The keys of marks that may live today.

    :param keys: year -> key.
    """

    keys: Mapping[int, bytes]

    def of(self, kind: str, text: str) -> dict[int, str]:
        """Return the marks of a value: year -> mark."""
        return {year: fingerprint(key, kind, text) for year, key in self.keys.items()}


def label(year: int) -> str:
    """Return the label of the key of one year's marks."""
    return f"returning:{year}"


def seals(custodian: FolderCustodian, today: date) -> Seals:
    """Return the keys of marks that may live today; none before the first erasure.

    :raises SealError: one is there and cannot be read now: nobody could be known again by it.
    """
    living = _years(custodian, today)
    return Seals({year: custodian.mortal(label(year), "returning") for year in living})


def _years(custodian: FolderCustodian, today: date) -> list[int]:
    """Return the years of whose marks the key is there."""
    years = range(today.year - YEARS, today.year + 1)
    return [year for year in years if not custodian.lost(label(year))]


def row_text(table: str, key: Key) -> str:
    """Return the text of which a row's own mark is made."""
    return f"{table}|{key_text(key)}"


def texts(
    one: Watched, values: Mapping[str, Any], regions: Iterable[str], before: bool = True
) -> set[tuple[str, str]]:
    """Return kind and text of everything in a row by which somebody is known again.

    :param one: the table.
    :param values: column -> value.
    :param regions: countries whose national phone numbers may be meant.
    :param before: also of what marks were made before "fußball" and "fussball" were two.
    """
    found = set()
    for column in one.known & values.keys():
        told = one.text(column, values[column])
        kind = one.identity.get(column, REFERENCE)
        if told:
            found |= _forms(kind, f"{one.name}.{column}", told, regions, before)
    return found


def mailbox(form: str) -> str:
    """Return the text of which the mark of a mailbox is made: no other is marked by the same.

    :param form: a form of the mailbox, letter by letter.
    """
    # No mailbox has a blank, so that no mark of before, of what its letters fold to, is this one.
    return f"mailbox {form}"


def _forms(
    kind: str, place: str, told: str, regions: Iterable[str], before: bool
) -> set[tuple[str, str]]:
    found = set()
    scope = f"{place}|" if kind in (OTHER, REFERENCE) else ""
    # What begins with a plus is international, whatever the country.
    national = kind == Kind.PHONE and not told.lstrip().startswith("+")
    for region in (*regions, "") if national else ("",):
        try:
            text = normal(kind, told, region)
        except MatchError:
            continue
        # Marks of before are of a mailbox as it was written.
        forms = {text, sent(text)} if kind == Kind.EMAIL else {text}
        if kind == Kind.EMAIL:
            found |= {(kind, mailbox(form)) for form in forms}
        if before or kind != Kind.EMAIL:
            found |= {(kind, scope + form.casefold()) for form in forms}
    return found


def name_of(one: Watched, values: Mapping[str, Any]) -> Readings:
    """Return the readings of the name a row holds."""
    told = (one.text(column, values.get(column)) for column in one.names)
    return readings(" ".join(text for text in told if text))


def regions(settings: Settings, place: str = "") -> list[str]:
    """Return the countries whose national phone numbers a row may hold."""
    hotel = settings.properties.get(place)
    if hotel is not None:
        return [hotel.country]
    return sorted({each.country for each in settings.properties.values()})


# making


@dataclass(frozen=True)
class _Making:
    """What all marks of one erasure share.

    :param last: rows of which nothing else was left.
    :param later: row -> columns that are this person's alone to lose, and go later.
    :param again: whether somebody of it was erased before, so that marks of theirs are known.
    :param said: kind and text of each mark it makes or may have made before, and whose it is.
    """

    work: Work
    origin: Origin
    key: bytes
    at: datetime
    ends_on: str
    last: Collection[Person]
    later: Mapping[Person, frozenset[str]]
    again: bool
    said: set[tuple[str, str, str]] = field(default_factory=set)

    def of(self, kind: str, text: str) -> str:
        return fingerprint(self.key, kind, text)

    def home(self, code: str) -> str:
        """Return the code that a row of which nothing is kept says itself, of one of our hotels."""
        hotel = self.work.settings.properties.get(code)
        ours = hotel is not None and slug(hotel.controller) == self.origin.controller
        return code if ours else ""

    def line(self, kind: str, table: str, mark: str, person: str, place: str) -> dict[str, Any]:
        return {
            "request": self.origin.number,
            "controller": self.origin.controller,
            "property": place or self.origin.property,
            "kind": kind,
            "table_name": table,
            "mark": mark,
            "row_mark": person,
            "erased_at": self.at,
            "ends_on": self.ends_on,
        }


def take(
    work: Work, origin: Origin, plan: Plan, outside: bool = False,
    erased: Collection[Person] | None = None, last: Collection[Person] = (),
) -> int:
    """Write down by what the people of a plan would be known again, before it is carried out.

    :param work: the open transaction, in which the plan is carried out next.
    :param origin: on whose behalf.
    :param plan: the plan.
    :param outside: also where a restore of the database does not reach.
    :param erased: who of the people was erased before; asked where None.
    :param last: rows of which nothing else was left.
    :return: how many marks that is.
    """
    year = work.now.year
    work.custodian.ensure(label(year))
    ends_on = months_after(work.now.date(), MONTHS).isoformat()
    key = work.custodian.mortal(label(year), "returning")
    again = _were_erased(work.conn, plan, erased)
    making = _Making(work, origin, key, work.stamp, ends_on, last, _later(plan), again)
    known = watched(work.datamap)
    lines: dict[tuple[str, str, str], dict[str, Any]] = {}
    for step in plan.changing():
        one = known.get(step.decision.table)
        if one is not None:
            for line in _step(making, one, step, plan):
                lines[line["kind"], line["mark"], line["row_mark"]] = line
    if again:
        _forget(work, making.said)
    put(work.conn, tables.mark, lines.values())
    if outside and lines and work.settings.register:
        work.remember += remembered.notes(origin, lines.values())
    return len(lines)


def _were_erased(conn: Connection, plan: Plan, erased: Collection[Person] | None) -> bool:
    """Return whether somebody in a plan was erased before: only then their marks are known."""
    # One person has many rows, all with the same owners.
    each = {row.owners for step in plan.changing() for row in step.rows}
    if not all(each):
        return True
    people = {person for owners in each for person, _ in owners}
    if erased is not None:
        return not people.isdisjoint(erased)
    for name, keys in by_table(people).items():
        texts = set(map(key_text, keys))
        for part in chunks(sorted(texts), MANY):
            shells, given = asked(_SAID, ("erased",), _erased, [(text,) for text in part])
            if conn.execute(shells, {**(given or {}), "table": name}).first() is not None:
                return True
    return False


_SAID: Said = {}


def _erased() -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of one row of a table that was erased before."""
    table = tables.subject.c
    wanted = select(table.id).where(
        table.table_name == bindparam("table"), table.erased_at.is_not(None)
    )
    return wanted.limit(1), [table.row_key]


def _forget(work: Work, said: set[tuple[str, str, str]]) -> None:
    """Take out marks that were known already, of each year: they count from this erasure on."""
    pairs = set()
    for year in _years(work.custodian, work.now.date()):
        # By one that is damaged nobody is known again, and nobody's erasure waits for its copy.
        with suppress(SealError):
            key = work.custodian.mortal(label(year), "returning")
            whose = {owner: fingerprint(key, KEY, owner) for _, _, owner in said}
            pairs |= {(fingerprint(key, kind, text), whose[owner]) for kind, text, owner in said}
    conn, table = work.conn, tables.mark
    for part in chunks(sorted({mark for mark, _ in pairs}), MANY):
        known = conn.execute(
            select(table.c.id, table.c.mark, table.c.row_mark).where(one_of(table.c.mark, part))
        )
        again = [row.id for row in known if (row.mark, row.row_mark) in pairs]
        if again:
            delete_by_number(conn, table, again)


def _step(making: _Making, one: Watched, step: Step, plan: Plan) -> list[dict[str, Any]]:
    going = frozenset(step.decision.columns)
    deletes = step.decision.outcome is Outcome.DELETE
    held = {row.key: row for row in step.rows}
    named = set(one.names) if deletes else set(one.names) & going
    lines = []
    known: dict[str, list[str]] = {}
    for key, values in read(making.work.conn, one, list(held)).items():
        text = row_text(one.name, key)
        owners = sorted(row_text(*person) for person, _ in held[key].owners) or [text]
        whose, own = owners[0], making.of(KEY, text)
        person = own if whose == text else making.of(KEY, whose)
        ruling = plan.rulings.get((one.name, key))
        place = (ruling.place if ruling is not None else "") or making.home(values[""])
        house = place or making.origin.property
        if house not in known:
            known[house] = regions(making.work.settings, house)
        shell = _is_shell(making, one.declared, going, deletes, key)
        if shell:
            lines.append(making.line(KEY, one.name, own, person, place))
        mine = {c: v for c, v in values.items() if deletes or c in going}
        told = sorted(texts(one, mine, known[house], before=False))
        for kind, ways in zip(NAMES, name_of(one, values), strict=True) if named else ():
            told += [(kind, way) for way in sorted(ways)]
        for kind, way in told:
            lines.append(making.line(kind, one.name, making.of(kind, way), person, place))
        if making.again:
            # By its key a row may have been known since its first part went, until it goes whole.
            keyed = [(KEY, text)] if shell or deletes else []
            mails = {c: v for c, v in mine.items() if one.identity.get(c) == Kind.EMAIL}
            former = (*keyed, *told, *texts(one, mails, ()))
            making.said.update((*each, whose) for each in former)
    return lines


def _is_shell(
    making: _Making, declared: Declared, going: frozenset[str], deletes: bool, key: Key
) -> bool:
    """Return whether the row's key tells afterwards that it is filled again.

    A number the database gave to a row that is deleted may be given to somebody else's next.
    """
    counted = all(isinstance(part, int) for part in key)
    if deletes:
        return not counted
    rest = declared.erase.keys() - going
    if not going or not rest or (declared.name, key) in making.last:
        return bool(going)
    # Of what nobody asked about no mark is taken out when the rest of the row goes as a whole.
    ends = making.origin.number is not None or not (declared.deletes and counted)
    return ends and rest <= making.later.get((declared.name, key), frozenset())


def _later(plan: Plan) -> dict[Person, frozenset[str]]:
    """Return row -> the columns that a plan keeps, but for what another controller needs."""
    found: dict[Person, frozenset[str]] = {}
    for step in plan.keeping():
        decision = step.decision
        for row in step.rows if decision.ground != f"{NEEDED}{ANOTHER}" else ():
            place = decision.table, row.key
            found[place] = found.get(place, frozenset()).union(decision.columns)
    return found


def read(
    conn: Connection, one: Watched, keys: Sequence[Key]
) -> dict[Key, dict[str, Any]]:
    """Return what rows of a watched table hold, as the host reads it: key -> column -> value.

    The code of the property is there under an empty name.
    """
    declared, names = one.declared, one.read
    columns = [declared.column(name) for name in names]
    place = [one.place] if one.place is not None else []
    width = len(declared.key)
    found = {}

    def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
        return select(*declared.key, *columns, *place), list(declared.key)

    for part in parts(keys):
        wanted, given = asked(declared.said, ("watched", *names, *place), made, part)
        for cells in map(tuple, conn.execute(wanted, given).all()):
            values = dict(zip(names, cells[width:], strict=False))
            values[""] = str(cells[-1] or "").strip() if place else ""
            found[cells[:width]] = values
    return found


def touched(work: Work, people: Iterable[Person]) -> list[str]:
    """Return marks of the living people whose shared rows an erasure changes, kept as long.

    The case's own key ends with the case; who comes back later is still erased from the rows
    that were shared then, and from no others.

    :param work: the open transaction.
    :param people: table and key of each.
    """
    work.custodian.ensure(label(work.now.year))
    key = work.custodian.mortal(label(work.now.year), "returning")
    return sorted(fingerprint(key, _TOUCHED, row_text(*person)) for person in people)


def was_touched(work: Work, person: Person, known: Iterable[str]) -> bool:
    """Return whether one of these marks, from `touched`, is a person's."""
    mine = seals(work.custodian, work.now.date()).of(_TOUCHED, row_text(*person))
    return not set(known).isdisjoint(mine.values())


_TOUCHED = "touched"
