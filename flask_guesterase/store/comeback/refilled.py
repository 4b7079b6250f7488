"""Rows of shells that hold again what an erasure took: a table alone was brought back from a copy.

The guard knows people by their own rows and by the numbers other systems gave their bookings. A
message or a scan carries neither. Where one table of a database, or one of several databases, is
put back from a copy, such rows lie under profiles that are empty, and the register of erasures is
not asked, because the database itself has forgotten nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial

from sqlalchemy import select

from ...core.covering import Decided, covers
from ...core.errors import UnknownError
from ...core.lifecycle import State
from ...core.plan import Key, Person, Plan, key_text
from .. import finder, law, people, planning, tables
from ..cases import load
from ..claiming import Shift
from ..clocks import facts_of
from ..datamap import Declared
from ..keeping import Origin
from ..sql import chunks
from ..traces import holding, tells
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
"""Requests whose shells one transaction looks at."""

QUIET = 200
"""Requests in a row, the newest first, under which nothing came back, after which a look ends."""

_ENDED = (State.ERASED.value, State.SEALED.value)


@dataclass(frozen=True)
class _Step:
    """What one piece found.

    :param last: number of the last request in the table of requests; 0 when there are no more.
    :param quiet: requests in a row under which nothing came back.
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
    counts, here = Counter[str](), _Step(Counter(), -1)
    while here.last and here.quiet < QUIET:
        here = shift.paced(run, partial(_piece, here))
        counts.update(here.counts)
    return {word: count for word, count in counts.items() if count}


def _piece(here: _Step, office: HasWork) -> _Step:
    work = office.work
    lines = _newest(work, here.last)
    whose = _shells(work, [number for _, number in lines])
    back = _back(work, whose)
    counts, quiet = Counter[str](), here.quiet
    for _, number in lines:
        older = _older(work, number, whose[number], back.get(number, set()))
        counts[STAFF] += sum(returned.note(work, seen) for seen in older)
        quiet = 0 if older else quiet + 1
    return _Step(counts, lines[-1][0] if len(lines) == AT_ONCE else 0, quiet)


def _newest(work: Work, before: int) -> Sequence[tuple[int, str]]:
    """Return id and number of the next requests under which somebody was erased, newest first."""
    table = tables.request
    wanted = select(table.c.id, table.c.number).where(
        table.c.state.in_(_ENDED), table.c.erased_at.is_not(None)
    )
    if before >= 0:
        wanted = wanted.where(table.c.id < before)
    rows = work.conn.execute(wanted.order_by(table.c.id.desc()).limit(AT_ONCE))
    return [(row.id, row.number) for row in rows]


def _shells(work: Work, numbers: Sequence[str]) -> Mapping[str, list[Person]]:
    """Return number of a request -> the people it erased, those whose profile is empty still."""
    table, found = tables.subject, dict[str, list[Person]]()
    for row in work.conn.execute(
        select(table.c.request, table.c.table_name, table.c.row_key).where(
            table.c.request.in_(numbers), table.c.erased_at.is_not(None)
        )
    ):
        # What is not declared any more, or has a key nobody can read, is nobody's here.
        with suppress(UnknownError):
            person = (row.table_name, people.read_key(work, row.table_name, row.row_key))
            found.setdefault(row.request, []).append(person)
    everyone = {person for each in found.values() for person in each}
    empty = finder.erased_before(work.conn, work.datamap, everyone)
    return {n: [person for person in found.get(n, ()) if person in empty] for n in numbers}


def _back(work: Work, whose: Mapping[str, list[Person]]) -> dict[str, set[tuple[str, Key]]]:
    """Return number of a request -> rows of its shells that hold something they should not."""
    conn, datamap = work.conn, work.datamap
    of = {person: number for number, each in whose.items() for person in each}
    telling = {name: _telling(each) for name, each in datamap.tables.items()}
    without = {n for n, each in telling.items() if not (each or datamap.declared(n).deletes)}
    found: dict[str, set[tuple[str, Key]]] = {}
    for name, rows in finder.find(conn, datamap, of, without | set(datamap.subjects)).items():
        owners = {row.key: row.owners for row in rows}
        for key in _full(work, datamap.declared(name), list(owners), telling[name]):
            for number in {of[person] for person, _ in owners[key]}:
                found.setdefault(number, set()).add((name, key))
    return found


def _telling(declared: Declared) -> frozenset[str]:
    """Return the columns of which it can be told whether an erasure went over them."""
    return frozenset(n for n in (*declared.erase, *declared.retain) if tells(declared, [n]))


def _full(
    work: Work, declared: Declared, keys: Sequence[Key], columns: frozenset[str]
) -> Iterator[Key]:
    """Yield the rows that hold something besides what was left in its place."""
    full, alike = holding(work.conn, declared, keys, columns), dict[frozenset[str], list[Key]]()
    left = _left(work, declared, full, columns)
    for key in full:
        alike.setdefault(left.get(key, frozenset()), []).append(key)
    yield from alike.pop(frozenset(), ())
    if not declared.deletes:
        for names, each in alike.items():
            yield from holding(work.conn, declared, each, columns - names)


def _left(
    work: Work, declared: Declared, keys: Iterable[Key], every: frozenset[str]
) -> dict[Key, frozenset[str]]:
    """Return key -> the columns that the law, a hold or the hotel keeps where they are."""
    texts, table = {key_text(key): key for key in keys}, tables.kept
    found: dict[Key, frozenset[str]] = {}
    for part in chunks(sorted(texts)):
        for row in work.conn.execute(
            select(table.c.row_key, table.c.columns).where(
                table.c.table_name == declared.name, table.c.row_key.in_(part),
                table.c.ended_at.is_(None), table.c.mode != law.SEALED,
            )
        ):
            key, names = texts[row.row_key], frozenset(json.loads(row.columns)) or every
            found[key] = found.get(key, frozenset()) | names
    return found


def _older(
    work: Work, number: str, whose: Sequence[Person], rows: Collection[tuple[str, Key]]
) -> list[Seen]:
    """Return rows that are older than the erasure under which they were to go.

    Whether one was there all along, or was another guest's until their profiles were made one,
    nobody can tell: of rows that belonged to somebody only their owner's marks are kept.
    """
    under = again.warrant(work, number) if rows else None
    if under is None or under.before is None or under.day is None:
        return []
    case, found = load(work, number), []
    origin = Origin(number, case.controller, case.property)
    plan = planning.plan(work, whose, case.property)
    for name, keys in _decided(plan, under.before, rows).items():
        records = facts_of(work.conn, work.datamap, work.settings, name, sorted(keys, key=key_text))
        found += [
            Seen(origin, name, key_text(key), "older-row", DOOR, Fate.STAFF)
            for key, record in records.items() if _is_older(record.facts.events, under.day)
        ]
    return found


def _decided(
    plan: Plan, before: Decided, rows: Collection[tuple[str, Key]]
) -> dict[str, set[Key]]:
    """Return those of some rows to which a plan would do what was decided before."""
    found: dict[str, set[Key]] = {}
    for step in plan.changing():
        if covers(before, step.decision):
            name = step.decision.table
            mine = {row.key for row in step.rows if (name, row.key) in rows}
            found.setdefault(name, set()).update(mine)
    return {name: keys for name, keys in found.items() if keys}


def _is_older(dates: Mapping[str, date], day: date) -> bool:
    """Return whether a row may have been there on a day; one without any date may."""
    return dates.get("created", max(dates.values(), default=day)) <= day
