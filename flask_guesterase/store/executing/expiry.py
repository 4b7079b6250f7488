"""Retention without a request: what has had its time goes, record by record and person by person.

A record whose table has a category and a clock goes when its ceiling is over; its retained columns
go when their floor is. A person's whole data go when the profile's own ceiling is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import select

from ...core.errors import RetryableError
from ...core.events import SYSTEM, RetentionEnded
from ...core.log import slug
from ...core.plan import Key, Person, Plan, Row, key_text
from ...core.standing import Standing
from .. import tables
from ..certificates import planning
from ..comeback import marks
from ..copying import shelved
from ..erasing.eraser import Locked, Scope
from ..erasing.people import EXPIRED
from ..lawbook import blockers
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..memory import uncollected
from ..messages import outbox
from ..partners import giving, recipients
from ..recovery.window import of_minors, recover
from ..retaining import holds, keeping
from ..retaining.remainder import rows_of
from ..statements.bynumber import delete_by_number
from ..statements.given import put
from ..statements.sql import MANY, chunks, one_of
from ..sweeping import due, looking
from ..sweeping.ageing import PAGE, Expired, ageing, judged
from ..sweeping.claiming import Shift, work_off
from ..sweeping.claims import Bounds, Claimed, Listed, legible, listed
from ..sweeping.tallies import Tally, add, lines, tally
from ..transaction import alone
from ..unit import HasWork, Run
from ..work import Work


def showing(run: Run, places: Collection[str]) -> list[dict[str, Any]]:
    """Return what a sweep would erase now, of what the last look found: each row is judged again.

    :param run: runs a unit of work.
    :param places: codes of the properties to show.
    """
    counts: Tally = {}
    for name in run(lambda office: [d.name for d in ageing(office.work)]):
        at: int | None = 0
        while at is not None:
            found, at = run(partial(_shown, name, frozenset(places), at))
            add(counts, found)
    return lines(counts)


def _shown(
    name: str, places: frozenset[str], after: int, office: HasWork
) -> tuple[Tally, int | None]:
    """Count a page of what is due; return where to go on, or None at the end."""
    work, declared = office.work, office.work.datamap.declared(name)
    items: Iterable[Expired]
    if due.remembers(work, declared):
        claims = due.page(work, name, after, PAGE)
        items, _ = legible(work, declared, list(due.keys(declared, claims)))
        last = claims[-1].id if len(claims) == PAGE else None
        if last is None:
            items = [*items, *listed(work, declared, long=True)]
    else:
        items, last = listed(work, declared), None
    return tally(item for item in items if item.place in places), last


def expire(
    run: Run,
    skip: frozenset[str] = frozenset(),
    shift: Shift | None = None,
    gone: Tally | None = None,
) -> dict[str, int]:
    """Look for what has had its time and erase it, one short transaction after another.

    :param run: runs a unit of work.
    :param skip: properties at which nothing is erased now.
    :param shift: what may be taken; everything when None.
    :param gone: where to count the rows that went, by property, table and category.
    :return: erased rows and people, and what waits or failed.
    """
    shift = Shift() if shift is None else shift
    looking.look(run, shift)
    return erase_due(run, Bounds(skip), shift, {} if gone is None else gone)


def erase_due(
    run: Run, bounds: Bounds, shift: Shift, gone: Tally, counts: Counter[str] | None = None
) -> dict[str, int]:
    """Erase what a look has found due; several processes may do so at once.

    :param run: runs a unit of work.
    :param bounds: where something may be erased.
    :param shift: what may be taken.
    :param gone: where to count the rows that went.
    :param counts: where to count what is returned, also what was done before something is raised.
    :return: erased rows and people, and what waits or failed.
    :raises MovedError: the rules are not those that were confirmed any more.
    """
    counts = Counter() if counts is None else counts
    for name in run(lambda office: [d.name for d in ageing(office.work)]):
        if shift.over():
            break
        if run(partial(_remembers, name)):
            work_off(run, Claimed(name, bounds, gone, _erase), shift, counts)
            if not bounds.beside and not shift.over():
                work_off(run, Listed(name, bounds, gone, _erase, long=True), shift, counts)
        elif not bounds.beside:
            work_off(run, Listed(name, bounds, gone, _erase), shift, counts)
    return {word: count for word, count in counts.items() if count}


def _remembers(name: str, office: HasWork) -> bool:
    return due.remembers(office.work, office.work.datamap.declared(name))


@uncollected()
def _erase(
    now: Sequence[Expired], skip: frozenset[str], office: HasWork
) -> tuple[dict[str, int], set[Key]]:
    """Erase rows of one table that were judged in this transaction, as far as they may go."""
    work = office.work
    declared = work.datamap.declared(now[0].table)
    # What is written down as needed is looked at again where that is written.
    alone = {item.key for item in now if item.needed}
    counts = Counter({"waiting": len(alone)} if alone else {})
    now = [item for item in now if not item.needed]
    # A part of a profile that has had its time takes neither the rest nor the person along.
    people = declared.name in work.datamap.subjects
    whole = [item for item in now if people and item.whole]
    bar = _Bar(skip, alone, {item.key: item for item in whole})
    counts.update(_people(work, declared, whole, bar))
    rest = [item for item in now if not (people and item.whole)]
    counts.update(_records(work, declared, rest, alone))
    return dict(counts), alone


def _require_still(work: Work, items: Sequence[Expired]) -> None:
    """Make sure that rows are due as they were judged, now that their transaction holds them.

    :raises RetryableError: the host changed what was judged before it was locked.
    """
    # Where nobody else can write, nobody did.
    if not items or alone(work.conn):
        return
    declared = work.datamap.declared(items[0].table)
    now = {item.key: item for item in judged(work, declared, [item.key for item in items])}
    if any(now.get(item.key) != item for item in items):
        raise RetryableError(
            "Rows that were due changed while they were being locked.",
            "Nothing was changed; they are judged again.",
        )


@dataclass(frozen=True)
class _Bar:
    """Where nothing is erased now, and whom that or something else left alone.

    :param skip: codes of properties.
    :param alone: keys of the people left alone; more are put in.
    :param judged: what was judged of each, by their keys.
    :param standing: what of the hotel's stands in their way, where that cannot change any more.
    """

    skip: frozenset[str]
    alone: set[Key]
    judged: Mapping[Key, Expired]
    standing: Sequence[blockers.Found] | None = None

    def known(self, who: Sequence[Person]) -> list[blockers.Found] | None:
        """Return what stands in the way of some of the people, or None: it is to be asked."""
        if self.standing is None:
            return None
        mine = frozenset(who)
        return [
            replace(found, people=found.people & mine)
            for found in self.standing
            if not mine.isdisjoint(found.people)
        ]


# records


def _records(
    work: Work, declared: Declared, items: Iterable[Expired], alone: set[Key]
) -> dict[str, int]:
    """Erase the columns of rows of one table that have had their time."""
    counts: Counter[str] = Counter()
    groups: dict[tuple[str, bool], list[Expired]] = {}
    for item in items:
        groups.setdefault((item.place, item.at_once), []).append(item)
    for (place, _), group in sorted(groups.items()):
        done = _record_group(work, declared, place, group)
        counts.update(done)
        if "waiting" in done or "expired" not in done:
            alone.update(item.key for item in group)
    return dict(counts)


def _record_group(
    work: Work, declared: Declared, place: str, items: Sequence[Expired]
) -> dict[str, int]:
    only = {(item.table, item.key): item.columns for item in items}
    keys = [item.key for item in items]

    def find() -> dict[str, list[Row]]:
        rows = rows_of(work, declared, keys, None)
        return {declared.name: rows} if rows else {}

    owners = {person for row in rows_of(work, declared, keys, None) for person, _ in row.owners}
    standing = blockers.standing(work, owners, lock=True)
    stopped = {f.key for f in standing if f.table == declared.name and f.needs is None}
    stopped = (stopped & set(keys)) | set(holds.held(work, declared.name, keys))
    keys[:] = [key for key in keys if key not in stopped]
    scope = planning.records(work, Scope((), find), only, standing, place)
    held = planning.locked(work, scope)
    drawn = held.plan
    counts = Counter({"waiting": len(stopped)} if stopped else {})
    going = [item for item in items if item.key not in stopped]
    if drawn.blocked and len(going) > 1:
        # What stands in one record's way is no reason for the others to stay.
        half = len(going) // 2
        for part in (going[:half], going[half:]):
            counts.update(_record_group(work, declared, place, part))
    elif drawn.blocked:
        counts["waiting"] += len(going)
    elif drawn.changing():
        _require_still(work, going)
        counts.update(_carry_out(work, place, held, scope, items[0].at_once))
    return dict(counts)


def _carry_out(
    work: Work, place: str, held: Locked, scope: Scope, at_once: bool
) -> dict[str, int]:
    origin, drawn = _origin(work, place), held.plan
    kept = not at_once and not of_minors(work, drawn)
    erased = planning.erase(work, origin, held, scope)
    keeping.record(work, origin, drawn, erased)
    if kept:
        recover(work, origin, erased.strips())
    for root, name in dict.fromkeys(erased.files):
        outbox.queue_file(work, origin, root, name, beside=erased.owners([(root, name)]))
    counts = erased.counts
    work.events.append(RetentionEnded(origin.controller, place, "", SYSTEM, counts))
    return {"expired": sum(counts.values())}


def _origin(work: Work, place: str) -> keeping.Origin:
    return keeping.Origin(None, slug(work.settings.property(place).controller), place)


# people


def _people(
    work: Work, declared: Declared, items: Iterable[Expired], bar: _Bar
) -> dict[str, int]:
    """Erase everything of people whose time is over and for whom nothing stands in the way."""
    counts: Counter[str] = Counter()
    groups: dict[tuple[str, bool], list[Person]] = {}
    for item in items:
        groups.setdefault((item.place, item.at_once), []).append((item.table, item.key))
    everyone = [person for group in groups.values() for person in group]
    standing = blockers.standing(work, everyone, lock=True)
    stopped = {p for found in standing if found.needs is None for p in found.people}
    held = holds.held(work, declared.name, [key for _, key in everyone])
    stopped |= {(declared.name, key) for key in held}
    bar.alone.update(key for _, key in stopped)
    # Where nobody else can write, what stands in the way now stands in it to the end.
    bar = replace(bar, standing=standing if alone(work.conn) else None)
    for (place, at_once), group in sorted(groups.items()):
        free = [person for person in group if person not in stopped]
        counts["waiting"] += len(group) - len(free)
        counts.update(_free(work, place, free, bar, at_once))
    return dict(counts)


def _free(
    work: Work, place: str, who: Sequence[Person], bar: _Bar, at_once: bool
) -> dict[str, int]:
    if not who:
        return {}
    # Of the profile, whose own time is over, no text stays; of other records what is not theirs.
    over = frozenset(table for table, _ in who)
    scope = planning.scope(work, who, True, bar.known(who), place)
    scope = replace(scope, over=over)
    held = planning.locked(work, scope)
    drawn = held.plan
    if drawn.blocked or _reaches(work, drawn, bar.skip):
        if len(who) == 1:
            bar.alone.add(who[0][1])
            return {"waiting": 1}
        counts: Counter[str] = Counter()
        for person in who:
            counts.update(_free(work, place, [person], bar, at_once))
        return dict(counts)
    if not drawn.changing():
        bar.alone.update(key for _, key in who)
        return {}
    _require_still(work, [bar.judged[key] for _, key in who])
    going = set(who) - drawn.spared()
    told = [
        giving.gather(work, place, replace(drawn, people=(person,)), beside=going)
        for person in (who if work.recipients else ())
    ]
    origin = _origin(work, place)
    shelved.over(work, drawn.people)
    marks.take(work, origin, drawn)
    done = _carry_out(work, place, held, scope, at_once)
    for known in told:
        recipients.queue(work, origin, known)
    untouched = drawn.spared()
    bar.alone.update(key for _, key in untouched)
    gone = [person for person in who if person not in untouched]
    _bury(work, gone)
    return done | {"people": len(gone)}


def _reaches(work: Work, drawn: Plan, skip: frozenset[str]) -> bool:
    """Return whether a plan changes rows of a property at which nothing is erased now."""
    if not skip:
        return False
    for step in drawn.changing():
        declared = work.datamap.declared(step.decision.table)
        keys = [row.key for row in step.rows]
        places = places_of(work.conn, work.datamap, work.settings, declared, keys)
        if skip & set(places.values()):
            return True
    return False


def _bury(work: Work, who: Iterable[Person]) -> None:
    """Remember whose rows are shells now, so that they count as nobody's in shared rows.

    Who came back and ran out again is remembered from this time on.
    """
    table = tables.subject
    rows = [
        {
            "request": EXPIRED, "table_name": table, "row_key": key_text(key),
            "standing": Standing.TAKEN.value, "why": EXPIRED, "erased_at": work.stamp,
        }
        for table, key in who
    ]  # fmt: skip
    for part in chunks(rows, MANY):
        # Read first: to delete by what is hardly ever there waits for what others put in.
        before = select(table.c.id).where(
            table.c.request == EXPIRED,
            table.c.table_name.in_(sorted({row["table_name"] for row in part})),
            one_of(table.c.row_key, [row["row_key"] for row in part]),
        )
        if again := list(work.conn.execute(before).scalars()):
            delete_by_number(work.conn, table, again)
        put(work.conn, table, part)
