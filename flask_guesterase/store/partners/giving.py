"""What each recipient is given of a guest, read before the erasure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from ...core.errors import ErasureError, GapError, MatchError
from ...core.finding import Finding
from ...core.identity import Kind, kind_of
from ...core.plan import Key, Person, Plan, Row
from ...core.recipient import Identity, Recipient
from ..casework import purview
from ..checking.gaps import unreadable
from ..erasing.carrying import candidates, carriers
from ..erasing.finder import erased_before, find, owners
from ..erasing.gone import is_left
from ..lawbook.clocks import places_of
from ..mapping.datamap import Contacts, DataMap
from ..mapping.declared import Declared
from ..retaining import keeping, law
from ..statements.sql import among, chunks, python_type
from ..work import Work

MOST = 1000
"""Rows of others that are looked at: a value that stands in more is nobody's alone."""

Place = tuple[str, str]
"""Table and column."""

Only = Mapping[tuple[str, Key], frozenset[str]]
"""(Table, key) -> the columns of it that go."""


def findings(datamap: DataMap, recipients: Iterable[Recipient]) -> list[Finding]:
    """Return which recipients are to be given what is not there: nothing is erased until it is."""
    return [
        Finding(
            "recipient-unknown",
            "",
            each.name,
            f"Nothing is known that could be given as '{type_}'.",
            'Name a match key, a contact, or gives={"TYPE": "table.column"}.',
        )
        for each in recipients
        for type_, places in _places(datamap, each).items()
        if not places or None in places
    ]


@dataclass(frozen=True)
class Known:
    """What may be told of the people of one erasure, read before it goes.

    :param people: subject rows that are erased now.
    :param values: recipient -> the values it is given.
    :param houses: codes of the properties of which something is erased: the one that was asked,
        and others of a group whose rows go with it.
    """

    people: tuple[Person, ...]
    values: Mapping[str, tuple[Identity, ...]]
    houses: frozenset[str]


def gather(
    work: Work, property_: str, plan: Plan, only: Only | None = None,
    beside: Collection[Person] = (),
) -> Known | None:  # fmt: skip
    """Read what recipients are given, before the erasure.

    What a hold or a precondition of the hotel keeps is not told: it must not end elsewhere either.
    A value, or a row, that is another living guest's too would end theirs, and is not given.

    :param work: the open transaction.
    :param property_: code of the property.
    :param plan: what is about to be carried out.
    :param only: the columns it is about, where it finishes what an earlier one kept.
    :param beside: who else goes in the same transaction: what they share ends for all of them.
    :return: None where nobody is to be told of anybody.
    """
    people = tuple(person for person in plan.people if person not in plan.untouched())
    houses = _houses(work, property_, plan) if people else frozenset[str]()
    mine = [each for each in work.recipients if any(map(each.concerns, houses))]
    if not mine:
        return None
    asked = {each.name: _places(work.datamap, each) for each in mine}
    places = {p: kind_of(p[1]) or kind_of(type_) for types in asked.values()
              for type_, some in types.items() for p in some if p}  # fmt: skip
    values = _read(work, property_, plan, people, {*people, *beside}, places, only)
    gone = people if only is None else tuple(person for person in people if person in only)
    return Known(gone, {
        each.name: tuple(
            Identity(type_, value)
            for type_, some in asked[each.name].items()
            for value in dict.fromkeys(
                v for place in some if place
                for v, house in values.get(place, ()) if not house or each.concerns(house)
            )
        )
        for each in mine
    }, houses)  # fmt: skip


def _houses(work: Work, property_: str, plan: Plan) -> frozenset[str]:
    """Return the properties of which a plan erases something; a guest asks one of a group.

    What lies where is looked up only where a recipient knows the guests of another one alone.
    """
    found = {property_}
    if {each.property for each in work.recipients} - {None, property_}:
        for step in plan.changing():
            found.update(_places_of(work, step.decision.table, [row.key for row in step.rows])
                         .values())  # fmt: skip
    return frozenset(found)


def _places_of(work: Work, table: str, keys: Sequence[Key]) -> Mapping[Key, str]:
    """Return key -> code of the property, of rows that lie at one."""
    return places_of(work.conn, work.datamap, work.settings, work.datamap.declared(table), keys)


def _places(datamap: DataMap, recipient: Recipient) -> dict[str, list[Place | None]]:
    """Return type -> columns that hold it; None stands for a column that is not there."""
    return {
        type_: [_named(datamap, text) for text in columns] if columns else _by_word(datamap, type_)
        for type_, columns in recipient.given()
    }


def _named(datamap: DataMap, text: str) -> Place | None:
    table, _, wanted = text.rpartition(".")
    declared = datamap.tables.get(table)
    column = datamap.atlas.column(declared.table, wanted) if declared is not None else None
    return (table, column.name) if column is not None else None


def _by_word(datamap: DataMap, word: str) -> list[Place | None]:
    found: dict[Place | None, None] = {}
    for table, contacts in datamap.subjects.items():
        for column in _of_subject(contacts, word):
            found[table, column] = None
    return list(found)


def _of_subject(contacts: Contacts, word: str) -> Iterator[str]:
    """Yield the columns of a subject table that a word stands for."""
    for key, column in contacts.match.items():
        if not callable(column) and word in (key, kind_of(key)):
            yield column.name
    for name, kind in contacts.contact.items():
        if word in (name, kind):
            yield name
    if word == "name":
        yield from (column.name for column in contacts.names)


def _read(
    work: Work,
    property_: str,
    plan: Plan,
    people: Sequence[Person],
    going: set[Person],
    places: Mapping[Place, Kind | None],
    only: Only | None,
) -> dict[Place, list[tuple[str, str]]]:
    """Return the values of columns, each with the property its row lies at.

    A profile is the guest's wherever they stay; it, and what lies nowhere, has none.
    """
    wanted: dict[str, list[str]] = {}
    for table, column in sorted(places):
        wanted.setdefault(table, []).append(column)
    whole = work.whole()
    others = set(whole.tables) - set(wanted)
    every = find(work.conn, whole, people, others | set(unreadable(whole)))
    found = purview.part(work, property_, every).mine
    kept, values = _spared(plan), dict[Place, list[tuple[str, str]]]()
    bound = any(each.property for each in work.recipients)
    for table, columns in wanted.items():
        alone = [row for row in found.get(table, ()) if {p for p, _ in row.others} <= going]
        at = _places_of(work, table, [row.key for row in alone]) if bound else {}
        at = {} if table in work.datamap.subjects else at
        read = list(_rows(work, table, alone, columns))
        mine = {row.key for row in every.get(table, ())}
        numbers = [column for column in columns if places[table, column] is not Kind.NAME]
        theirs = _elsewhere(work, table, numbers, read, mine, going)
        for key, cells in read:
            free = columns if only is None else only.get((table, key), frozenset())
            for column in set(columns) & set(free):
                text = _text(work, (table, column), cells[column])
                spared = (table, key, "") in kept or (table, key, column) in kept
                place = table, column
                if not text or spared or (column, text.casefold()) in theirs:
                    continue
                if not _anothers(work, place, places[place], text, going):
                    values.setdefault(place, []).append((text, at.get(key, "")))
    return values


def _spared(plan: Plan) -> set[tuple[str, Key, str]]:
    """Return what holds and preconditions keep: table, key and column, or all columns as ''."""
    return {
        (step.decision.table, row.key, column)
        for step in plan.keeping()
        if keeping.mode_of(step.decision) in (law.HELD, law.BLOCKED, law.ANEW)
        for row in step.rows
        for column in step.decision.columns or ("",)
    }


def _rows(
    work: Work, table: str, rows: Sequence[Row], columns: Sequence[str]
) -> Iterator[tuple[Key, dict[str, Any]]]:
    declared = work.datamap.declared(table)
    key = [declared.table.c[c.key] for c in declared.key]
    wanted = [declared.column(name) for name in columns]
    try:
        for part in chunks([row.key for row in rows]):
            statement = select(*key, *wanted).where(among(key, part)).order_by(*key)
            for line in work.conn.execute(statement):
                cells = tuple(line)
                named = zip(columns, cells[len(key) :], strict=True)
                yield cells[: len(key)], dict(named)
    except (ValueError, TypeError, LookupError) as raised:
        # A type of the host's that cannot read its own column: its text may hold the value.
        raise ErasureError(
            f"What recipients are given cannot be read from {table} ({type(raised).__name__}).",
            "Look at the column's type; nothing was changed.",
        ) from None


def _elsewhere(
    work: Work, table: str, columns: Sequence[str], read: Sequence[tuple[Key, dict[str, Any]]],
    mine: Collection[Key], going: set[Person],
) -> set[tuple[str, str]]:  # fmt: skip
    """Return columns, each with a value that stands in a row of somebody else's who lives as well.

    Rooms of one booking may have one number, and each its own guest. Names are not asked for:
    others bear them, and nobody takes them for a number; nor match keys, which are looked for
    in every spelling.

    :param work: the open transaction.
    :param table: the table.
    :param columns: its columns that are given.
    :param read: the rows that are the guest's alone, with these columns.
    :param mine: keys of all rows of the people who are told of.
    :param going: these people, and who goes with them.
    """
    declared, contacts = work.datamap.declared(table), work.datamap.subjects.get(table)
    keys = contacts.match.values() if contacts is not None else ()
    sought = {column.name for column in keys if not callable(column)}
    found = set[tuple[str, str]]()
    for column in set(columns) - sought:
        at: dict[str, set[Key]] = {}
        # A document is compared by no engine alike; nobody is known by one.
        told = python_type(declared.column(column).type) in _NUMBERS
        values = {v for _, cells in read if isinstance(v := cells[column], _NUMBERS)}
        most = MOST + len(mine)
        for key, value in _bearing(work, declared, column, values if told else (), most):
            if key not in mine:
                at.setdefault(_text(work, (table, column), value).casefold(), set()).add(key)
        few = [key for keys in at.values() if len(keys) < MOST for key in keys]
        lives = _living(work, declared, few, going)
        found |= {
            (column, text) for text, keys in at.items() if len(keys) >= MOST or keys & lives
        }
    return found


def _bearing(
    work: Work, declared: Declared, column: str, values: Collection[Any], most: int
) -> Iterator[tuple[Key, Any]]:
    """Yield rows that hold one of some values, each key with the value, so many of each."""
    keys, wanted = [declared.table.c[c.key] for c in declared.key], declared.column(column)
    for part in chunks(sorted(values, key=repr)):
        where = wanted.in_(part)
        rows = work.conn.execute(select(*keys, wanted).where(where).limit(most)).all()
        if len(rows) == most and len(part) > 1:
            # A dash that stands everywhere must not hide who else holds a number.
            for value in part:
                yield from _bearing(work, declared, column, [value], most)
            continue
        yield from ((tuple(row)[:-1], row[-1]) for row in rows)


_NUMBERS = (str, int, Decimal, UUID)
"""Types of the values by which another system knows somebody."""


def _living(
    work: Work, declared: Declared, keys: Sequence[Key], going: set[Person]
) -> set[Key]:
    """Return which of these rows belong to somebody who was not erased, nor goes now."""
    if declared.name in work.datamap.subjects:
        whose = {key: {(declared.name, key)} for key in keys}
    else:
        own = owners(work.conn, work.datamap, declared, keys)
        whose = {key: {person for person, _ in ways} for key, ways in own.items()}
    others = {person for people in whose.values() for person in people}.difference(going)
    others -= erased_before(work.conn, work.datamap, others)
    return {key for key, people in whose.items() if people & others}


def _text(work: Work, place: Place, value: Any) -> str:
    """Return a value as text, empty when there is none or an erasure left it."""
    declared = work.datamap.declared(place[0])
    rule = declared.rules.get(place[1])
    erased = rule is not None and is_left(
        declared.written(place[1]), declared.column(place[1]), value
    )
    if value is None or erased:
        return ""
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return text.strip()


def _anothers(
    work: Work, place: Place, kind: Kind | None, text: str, going: set[Person]
) -> bool:
    """Return whether a value is another living person's own as well, wherever it stands there."""
    contacts = work.datamap.subjects.get(place[0])
    keys = [
        key
        for key, column in (contacts.match.items() if contacts is not None else ())
        if not callable(column) and column.name == place[1]
    ]
    try:
        found = {
            one.person
            for key in keys
            for one in candidates(work.conn, work.datamap, key, text, None)
        }
    except (GapError, MatchError):
        # It means nobody: "0", a dash; or nobody can tell.
        return True
    if kind in _OWN:
        # What is no address at all is nobody's address.
        with suppress(MatchError):
            found |= carriers(work.conn, work.datamap, kind, text)
    return not found.issubset(going)


_OWN = (Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT)
"""Kinds of values by which another system would take somebody else for the guest."""
