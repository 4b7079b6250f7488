"""Rows of shells that hold again what an erasure took: a table alone was brought back from a copy.

The guard knows people by their own rows and by the numbers other systems gave their bookings. A
message or a scan carries neither. Where one table of a database, or one of several databases, is
put back from a copy, such rows lie under profiles that are empty, and the register of erasures is
not asked, because the database itself has forgotten nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial

from sqlalchemy import and_, or_, select

from ...core.covering import Decided, covers, known_of
from ...core.lifecycle import State
from ...core.log import slug
from ...core.plan import Decision, Key, Outcome, Person, Plan, by_table, key_text
from ...core.returning import NOT_DECIDED
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..casework.cases import load
from ..certificates import planning
from ..checking.gaps import lacks, missing, unreadable
from ..comeback import known
from ..erasing import finder, keyform, people
from ..erasing.traces import holding, tells
from ..lawbook.blockers import today_at
from ..lawbook.clocks import facts_of, places_of
from ..mapping.declared import Declared
from ..retaining import law
from ..retaining.keeping import Origin
from ..statements.sql import chunks
from ..sweeping.claiming import Shift
from ..unit import HasWork, Run
from ..work import Work
from . import again, returned
from .again import Fate
from .returned import Seen

DOOR = "refilled"
"""Through which door such rows were seen."""

STAFF = "returned-unclear"
"""Word under which such rows are counted: all of them are laid before staff."""

AT_ONCE = 100
"""Requests, or people whose time was over, that one transaction looks at."""

QUIET = 200
"""How many of them in a row, the newest first, under which nothing came back, end a look."""

MOST = 5_000
"""Rows that one look lays before staff at most of each kind; the next night goes on there."""

_ENDED = (State.ERASED.value, State.SEALED.value, State.PARTIAL.value)


@dataclass(frozen=True)
class Shells:
    """People who were erased together, those whose profile is empty still.

    :param number: of the request, or None of one whose time was over.
    :param people: their subject rows.
    :param at: when one whose time was over was erased, naive UTC.
    """

    number: str | None
    people: tuple[Person, ...]
    at: datetime | None = None


_Listed = Callable[[Work, int], tuple[Sequence[Shells], int]]
"""Returns the next shells before a number, the newest first, and where to go on; 0 at the end."""


@dataclass(frozen=True)
class _Step:
    """What one piece found.

    :param last: number before which to go on; -1 at the beginning, 0 when there are no more.
    :param quiet: how many in a row under which nothing came back.
    """

    counts: Counter[str]
    last: int
    quiet: int = 0


def look(run: Run, shift: Shift) -> dict[str, int]:
    """Look whether what was erased lately came back where nothing else sees it.

    A copy has forgotten the newest erasures first. So the newest are looked at, and older ones as
    long as something came back.

    :param run: runs a unit of work.
    :param shift: whose room is left to the host between the pieces.
    :return: word -> how many rows that were not known.
    """
    counts = Counter[str]()
    for name, listed in (("refilled", asked), ("refilled-expired", _expired)):
        counts.update(_look(run, shift, name, listed))
    return {word: count for word, count in counts.items() if count}


def _look(run: Run, shift: Shift, name: str, listed: _Listed) -> Counter[str]:
    """Look at all of one kind: those that the last look did not come to, and the newest.

    One number is enough for both: the newest write theirs down once what was left is looked at.
    """
    counts = Counter[str]()
    for start in (run(partial(_left, name)), -1):
        here = _Step(Counter(), start)
        while here.last and here.quiet < QUIET:
            if counts[STAFF] >= MOST:
                return counts
            here = shift.paced(run, partial(_piece, here, name, listed))
            counts.update(here.counts)
    run(lambda office: pulse.take(office.work.conn, name))
    return counts


def _left(name: str, office: HasWork) -> int:
    """Return before which number the last look ended early, or 0."""
    found = pulse.look(office.work.conn, name)
    return int(found.note) if found is not None else 0


def _piece(here: _Step, name: str, listed: _Listed, office: HasWork) -> _Step:
    work = office.work
    shells, last = listed(work, here.last)
    counts, quiet = Counter[str](), here.quiet
    for each, rows in back(work, shells):
        older = _older(work, each, rows) if rows else []
        counts[STAFF] += sum(returned.note(work, seen) for seen in older)
        quiet = 0 if older else quiet + 1
    if last and quiet < len(shells):
        # Something came back here: whatever ends this look, the next one goes on behind it.
        pulse.put(work.conn, name, Pulse(work.stamp, str(last)))
    return _Step(counts, last, quiet)


def asked(work: Work, before: int) -> tuple[Sequence[Shells], int]:
    """Return whom the next requests erased: the one that erased last, and not who asked last.

    :param work: the open transaction.
    :param before: number before which to go on; -1 at the beginning.
    :return: them, and where to go on; 0 at the end.
    """
    table, subject = tables.request, tables.subject
    at = table.c.erased_at
    wanted = select(table.c.id, table.c.number).where(
        table.c.state.in_(_ENDED), at.is_not(None)
    )
    if before > 0:
        then = select(at).where(table.c.id == before).scalar_subquery()
        wanted = wanted.where(or_(at < then, and_(at == then, table.c.id < before)))
    newest = wanted.order_by(at.desc(), table.c.id.desc())
    lines = work.conn.execute(newest.limit(AT_ONCE)).all()
    rows = work.conn.execute(
        select(subject.c.request, subject.c.table_name, subject.c.row_key).where(
            subject.c.request.in_([line.number for line in lines]), subject.c.erased_at.is_not(None)
        )
    ).all()
    empty = _empty(work, [(row.table_name, row.row_key) for row in rows])
    whose: dict[str, list[Person]] = {}
    for row in rows:
        if (row.table_name, row.row_key) in empty:
            whose.setdefault(row.request, []).append(empty[row.table_name, row.row_key])
    found = [Shells(line.number, tuple(whose.get(line.number, ()))) for line in lines]
    return found, lines[-1].id if len(lines) == AT_ONCE else 0


def _expired(work: Work, before: int) -> tuple[Sequence[Shells], int]:
    """Return the next people who went because their time was over."""
    table = tables.subject
    wanted = select(table.c.id, table.c.table_name, table.c.row_key, table.c.erased_at).where(
        table.c.request == people.EXPIRED, table.c.erased_at.is_not(None)
    )
    if before > 0:
        wanted = wanted.where(table.c.id < before)
    rows = work.conn.execute(wanted.order_by(table.c.id.desc()).limit(AT_ONCE)).all()
    empty = _empty(work, [(row.table_name, row.row_key) for row in rows])
    places = [(empty.get((row.table_name, row.row_key)), row.erased_at) for row in rows]
    found = [Shells(None, () if who is None else (who,), at) for who, at in places]
    return found, rows[-1].id if len(rows) == AT_ONCE else 0


def _empty(work: Work, texts: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Person]:
    """Return table and key as text -> the person, of those whose profile is empty still."""
    found: dict[tuple[str, str], Person] = {}
    for name in sorted({name for name, _ in texts} & work.datamap.subjects.keys()):
        mine = [text for table, text in texts if table == name]
        found |= {(name, text): (name, key) for text, key in _read(work, name, mine).items()}
    empty = finder.erased_before(work.conn, work.datamap, found.values())
    return {text: person for text, person in found.items() if person in empty}


def _read(work: Work, name: str, texts: Sequence[str]) -> dict[str, Key]:
    """Return text -> key; those that only the host's types can read are looked up in one pass."""
    declared = work.datamap.declared(name)
    fits = keyform.fitting(work, declared)
    plain = {text: people.plain_key(declared, text) for text in filter(fits, texts)}
    found = {text: key for text, key in plain.items() if key is not None}
    if len(found) < len(plain):
        for row in map(tuple, work.conn.execute(select(*declared.key))):
            if (text := key_text(row)) in plain:
                found[text] = row
    return found


def back(work: Work, shells: Sequence[Shells]) -> list[tuple[Shells, set[tuple[str, Key]]]]:
    """Return people who were erased together, each with the rows under them that are not empty.

    :param work: the open transaction.
    :param shells: the people.
    """
    found = _back(work, [person for each in shells for person in each.people])
    none = set[tuple[str, Key]]()
    return [(each, none.union(*(found.get(who, ()) for who in each.people))) for each in shells]


def _back(work: Work, whose: Collection[Person]) -> dict[Person, set[tuple[str, Key]]]:
    """Return shell -> rows under it that hold something they should not."""
    conn, datamap = work.conn, work.datamap
    telling = {name: _telling(each) for name, each in datamap.tables.items()}
    without = {n for n, each in telling.items() if not (each or datamap.declared(n).deletes)}
    without |= unreadable(work.whole()) | _lacking(work)
    found: dict[Person, set[tuple[str, Key]]] = {}
    for name, rows in finder.find(conn, datamap, whose, without | set(datamap.subjects)).items():
        owners = {row.key: row.owners for row in rows}
        for key in _full(work, datamap.declared(name), list(owners), telling[name]):
            for person, _ in owners[key]:
                found.setdefault(person, set()).add((name, key))
    return found


def emptied(work: Work, rows: Iterable[tuple[str, Key]]) -> set[tuple[str, Key]]:
    """Return those of some rows that hold nothing any more besides what keeps a part of them.

    Of a table that is not declared, not whole in the database, or of which no column tells any
    more whether an erasure went over it, nobody knows.

    :param work: the open transaction.
    :param rows: table and key of each.
    """
    found, unread = set[tuple[str, Key]](), unreadable(work.whole()) | _lacking(work)
    for name, keys in by_table(rows).items():
        if name not in work.datamap.tables or name in unread:
            continue
        declared = work.datamap.declared(name)
        columns = _telling(declared)
        if not (columns or declared.deletes):
            continue
        full = set(_full(work, declared, list(keys), columns))
        found |= {(name, key) for key in keys if key not in full}
    return found


def _lacking(work: Work) -> frozenset[str]:
    """Return the declared tables of which the database lacks a column."""
    whole = work.whole()
    if not missing(whole):
        return frozenset()
    return frozenset(name for name, each in whole.tables.items() if lacks(whole, each.table.c))


def _telling(declared: Declared) -> frozenset[str]:
    """Return the columns of which it can be told whether an erasure went over them."""
    return frozenset(n for n in (*declared.erase, *declared.retain) if tells(declared, [n]))


def _full(
    work: Work, declared: Declared, keys: Sequence[Key], columns: frozenset[str],
    whole: bool = True,
) -> Iterator[Key]:
    """Yield the rows that hold something besides what was left in its place."""
    full = holding(work.conn, declared, keys, columns, whole)
    alike = dict[frozenset[str], list[Key]]()
    left = staying(work, declared, full, columns)
    for key in full:
        alike.setdefault(left.get(key, frozenset()), []).append(key)
    yield from alike.pop(frozenset(), ())
    for names, each in alike.items():
        yield from holding(work.conn, declared, each, columns - names, whole=False)


def staying(
    work: Work, declared: Declared, keys: Iterable[Key], every: frozenset[str]
) -> dict[Key, frozenset[str]]:
    """Return key -> the columns that the law, a hold or the hotel keeps where they are.

    :param work: the open transaction.
    :param declared: the table.
    :param keys: keys of its rows.
    :param every: the columns of a row of which none is named.
    """
    texts, table = {key_text(key): key for key in keys}, tables.kept
    found: dict[Key, frozenset[str]] = {}
    for part in chunks(sorted(texts)):
        for row in work.conn.execute(
            select(table.c.row_key, table.c.columns).where(
                table.c.table_name == declared.name, table.c.row_key.in_(part),
                table.c.ended_at.is_(None), table.c.mode != law.SEALED,
            )
        ):
            # MariaDB finds keys also that end in more blanks, or fewer.
            if key := texts.get(row.row_key):
                names = frozenset(json.loads(row.columns)) or every
                found[key] = found.get(key, frozenset()) | names
    return found


def _older(
    work: Work, shells: Shells, rows: Collection[tuple[str, Key]]
) -> list[Seen]:
    """Return rows that are older than the erasure under which they were to go, or stayed.

    What stayed as another's as well is nobody's once the host lets go of that one: nobody approved
    that it goes, and nobody else asks for it any more.

    Whether one was there all along, or was another guest's until their profiles were made one,
    nobody can tell: of rows that belonged to somebody only their owner's marks are kept.
    """
    found, known = list[Seen](), under(work, shells)
    if known is None:
        return []
    origin, before, day = known
    plan = planning.plan(work, shells.people, origin.property)
    for (name, why), keys in _decided(work, plan, before, rows).items():
        records = facts_of(work.conn, work.datamap, work.settings, name, sorted(keys, key=key_text))
        found += [
            Seen(origin, name, key_text(key), why, DOOR, Fate.STAFF)
            for key, record in records.items() if is_older(record.facts.events, day)
        ]
    return found


def under(work: Work, shells: Shells) -> tuple[Origin, Decided | None, date] | None:
    """Return on whose behalf they were erased, what was decided, and when; None: nobody knows.

    :param work: the open transaction.
    :param shells: people who were erased together.
    """
    if shells.number is not None:
        under, case = again.warrant(work, shells.number), load(work, shells.number)
        if under is None or under.before is None or under.day is None:
            return None
        return Origin(case.number, case.controller, case.property), under.before, under.day
    ((table, key),) = shells.people
    places = places_of(work.conn, work.datamap, work.settings, work.datamap.declared(table), [key])
    # Of a profile that went as a whole its marks know where it was.
    hotel = work.settings.properties.get(places.get(key) or known.place(work, table, key))
    if hotel is None or shells.at is None:
        return None
    day = today_at(work.settings, shells.at.replace(tzinfo=UTC), hotel.code)
    return Origin(None, slug(hotel.controller), hotel.code), None, day


def _decided(
    work: Work, plan: Plan, before: Decided | None, rows: Collection[tuple[str, Key]]
) -> dict[tuple[str, str], set[Key]]:
    """Return those of some rows that a plan takes, by their table and why they are asked about.

    :param before: what was decided; None where the law's own ceiling was the decision.
    """
    found: dict[tuple[str, str], set[Key]] = {}
    for step in plan.changing():
        name, why = step.decision.table, "older-row"
        mine = {row.key for row in step.rows if (name, row.key) in rows}
        if mine and before is not None and not covers(before, step.decision):
            why, mine = NOT_DECIDED, _known(work, before, step.decision, mine)
        found.setdefault((name, why), set()).update(mine)
    return {place: keys for place, keys in found.items() if keys}


def _known(work: Work, before: Decided, decision: Decision, keys: Collection[Key]) -> set[Key]:
    """Return rows of which more goes by now, and that hold something of what was known then."""
    if decision.outcome is Outcome.DELETE:
        return set(keys) if decision.table in before.shared else set()
    declared = work.datamap.declared(decision.table)
    columns = known_of(before, decision) & _telling(declared)
    return set(_full(work, declared, list(keys), columns, whole=False)) if columns else set()


def is_older(dates: Mapping[str, date], day: date) -> bool:
    """Return whether a row may have been there on a day; one without any date may.

    :param dates: its events, with their days.
    :param day: the day.
    """
    return dates.get("created", max(dates.values(), default=day)) <= day
