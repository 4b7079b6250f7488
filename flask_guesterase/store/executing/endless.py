"""What nobody knows the end of: rows without a clock, a number, an answer or a signature.

They stay. Each kind becomes a task of the property's officer, so that it is on somebody's list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, insert, literal, or_, select, update

from ...core.events import SYSTEM
from ...core.log import slug
from ...core.plan import Key
from ...core.rule import Open
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..checking.gaps import unreadable
from ..erasing.finder import owners
from ..erasing.traces import holding, holds
from ..lawbook import blockers
from ..lawbook.clocks import places_of
from ..mapping.days import latest
from ..mapping.declared import Declared
from ..mapping.trail import crosses
from ..mapping.ways import Reach, Ways, ways
from ..retaining import law
from ..sweeping import ageing, basis, candidates, looking
from ..unit import HasWork, Run
from ..work import Work

TASK = "endless"
"""Kind of the tasks to find an end for something."""

TIME = timedelta(days=30)
"""How long the officer has, and after which a signed task that changed nothing comes back."""

MOST = 1000
"""Rows of a table that one look counts at most."""

Counts = Counter[tuple[str, str, str]]
"""(Property, table or category, reason) -> rows."""


def remind(run: Run, everything: bool = True) -> int:
    """Put what nobody knows the end of on the list of who must find it; return how many kinds.

    :param run: runs a unit of work.
    :param everything: also what no erasure kept, which is found by reading the host's tables.
    """
    counts: Counts = run(lambda office: _kept(office.work))
    for name in run(lambda office: sorted(office.work.datamap.tables)) if everything else ():
        counts.update(run(partial(_table, name)))
    done: int = run(lambda office: _note(office.work, counts, everything))
    return done


def nightly(run: Run) -> int:
    """Do so every night; the host's tables are read once a week, and after a change of the rules.

    :param run: runs a unit of work.
    """
    mark = run(_waited)
    done = remind(run, bool(mark))
    if mark:
        run(lambda office: pulse.put(office.work.conn, TASK, Pulse(office.work.stamp, mark)))
    return done


def _waited(office: HasWork) -> str:
    """Return the mark of the rules when it is time to read everything, or an empty string."""
    work, mark = office.work, basis.whole(office.work)
    last = pulse.look(work.conn, TASK)
    known = last is not None and last.note == mark
    return "" if last and known and abs(work.stamp - last.at) < looking.WEEK else mark


def _kept(work: Work) -> Counts:
    """Count what erasures kept without a known end."""
    kept = tables.kept
    rows = work.conn.execute(
        select(kept.c.property, kept.c.category, kept.c.open, func.count())
        .where(
            kept.c.ended_at.is_(None),
            kept.c.until.is_(None),
            kept.c.mode.in_([law.SEALED, law.PLACE]),
        )
        .group_by(kept.c.property, kept.c.category, kept.c.open)
    )
    counts: Counts = Counter()
    for place, category, words, count in rows:
        for word in words.split(","):
            counts[place, category, word] += count
    return counts


def _table(name: str, office: HasWork) -> Counts:
    """Count old rows without an end, and those without a date of people who are not needed."""
    work, counts = office.work, Counts()
    declared = work.datamap.tables[name]
    if declared.policy.clock is None or name in unreadable(work.whole()):
        return counts
    seen = looking.unended(work, name)
    for (place, word), count in (ageing.unended(work, declared) if seen is None else seen).items():
        counts[place, name, word] = count
    known_ways = ways(work.datamap, declared)
    keys = _unclocked(work, declared, known_ways, ageing.starting(work, declared))
    if not keys:
        return counts
    known = owners(work.conn, work.datamap, declared, keys)
    people = {person for each in known.values() for person, _ in each}
    needed = {p for found in blockers.standing(work, people) for p in found.people}
    free = [key for key in keys if not {p for p, _ in known.get(key, ())} & needed]
    places = places_of(work.conn, work.datamap, work.settings, declared, free)
    for key in free:
        counts[places.get(key, ""), name, Open.NO_CLOCK.value] += 1
    return counts


def _unclocked(
    work: Work, declared: Declared, known: Ways, events: frozenset[str]
) -> list[Key]:
    here = declared.alias("row_")
    columns = [*declared.erase, *declared.retain]
    mine = [here.c[c.key] for c in declared.key]
    near = {
        event: [at for at in known.events[event] if not _is_far(work, declared, at)]
        for event in sorted(events)
    }
    statement = select(*mine).where(
        holds(declared, here, columns),
        *(_never(declared, reaches, here) for reaches in near.values() if reaches),
    )
    if declared.policy.where is not None:
        statement = statement.where(declared.policy.where(here))
    keys = [tuple(row) for row in work.conn.execute(statement.limit(MOST))]
    utc = ZoneInfo("UTC")
    for at in chain.from_iterable(known.events[event] for event in sorted(events)):
        if _is_far(work, declared, at):
            dates = at.dates(work.conn, declared, keys)
            keys = [key for key in keys if latest(dates.get(key, ()), utc, utc) is None]
    full = holding(work.conn, declared, keys, columns)
    # What an erasure kept for that reason is counted by it.
    told = law.open_before(work, declared.name, full)
    return [k for k in keys if k in full and Open.NO_CLOCK not in told.get(k, ())]


def _is_far(work: Work, declared: Declared, at: Reach) -> bool:
    """Return whether a date lies in another database than its row."""
    return crosses(work.conn, declared.table, at.hops)


def _never(declared: Declared, reaches: Sequence[Reach], here: Any) -> ColumnElement[bool]:
    """Return the condition that the dates of one event say that it has not happened.

    None of them is there, as far as one can tell, or one of them is an open end, or a text that
    nobody can read.
    """

    def there(at: Reach, that: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
        start = declared.alias("t0")
        joined, value = at.joined(start)
        same = and_(*(start.c[c.key] == here.c[c.key] for c in declared.key))
        found = select(literal(1)).select_from(joined).where(same, that(value))
        return exists(found.correlate(here))

    missing = and_(*(~there(at, candidates.dated) for at in reaches))
    unsaid = (candidates.endless, candidates.unread)
    return or_(missing, *(there(at, that) for at in reaches for that in unsaid))


def _note(work: Work, counts: Counts, everything: bool) -> int:
    wanted: dict[str, tuple[str, int]] = {}
    for (place, what, word), count in counts.items():
        # What lies at no property that is known is every property's to find.
        known_at = [place] if place in work.settings.properties else work.settings.properties
        for code in known_at:
            name = f"{code}/{what}/{word}"[:120]
            wanted[name] = code, count + wanted.get(name, (code, 0))[1]
    task = tables.task
    rows = work.conn.execute(
        select(task.c.name, task.c.done_at).where(task.c.kind == TASK)
    )
    known = {row.name: row.done_at for row in rows}
    for name, (place, count) in wanted.items():
        if name not in known:
            _add(work, name, place, count)
        elif known[name] is None or known[name] <= work.stamp - TIME:
            _set(work, name, count=count, done_at=None, done_by=None)
    for name, done_at in known.items():
        if everything and name not in wanted and done_at is None:
            _set(work, name, done_at=work.stamp, done_by=SYSTEM)
    return len(wanted)


def _add(work: Work, name: str, place: str, count: int) -> None:
    work.conn.execute(
        insert(tables.task).values(
            controller=slug(work.settings.property(place).controller),
            property=place,
            kind=TASK,
            name=name,
            due_on=(work.now + TIME).date().isoformat(),
            count=count,
            made_at=work.stamp,
        )
    )


def _set(work: Work, name: str, **values: object) -> None:
    task = tables.task
    mine = (task.c.kind == TASK) & (task.c.name == name)
    work.conn.execute(update(task).where(mine).values(**values))
