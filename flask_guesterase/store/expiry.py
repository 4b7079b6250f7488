"""Retention without a request: what has had its time goes, record by record and person by person.

A record whose table has a category and a clock goes when its ceiling is over; its retained columns
go when their floor is. A person's whole data go when the profile's own ceiling is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Select,
    insert,
    select,
    true,
)

from ..core.errors import BusyError, ErasureError
from ..core.events import SYSTEM, RetentionEnded
from ..core.lifecycle import OPEN
from ..core.log import slug
from ..core.plan import Key, Person, Row, key_text
from ..core.retention import Due, due
from ..core.retention import Rule as LawRule
from ..core.standing import Standing
from . import blockers, execution, holds, keeping, law, outbox, planning, rulebook, tables
from .blockers import today_at
from .clocks import Record, Ways, facts_of, ways
from .datamap import Declared
from .eraser import Scope
from .finishing import Run, rows_of
from .gaps import unreadable
from .sql import chunks, is_text
from .traces import holds as holding_something
from .work import Work

if TYPE_CHECKING:
    from .office import Office

BATCH = 100
"""Rows, or people, that one transaction erases."""

EXPIRED = "expired"
"""Under this word, instead of a request, stand people whose time was over."""


@dataclass(frozen=True)
class Expired:
    """One row that has had its time.

    :param table: its table.
    :param key: its key.
    :param place: code of its property.
    :param category: category by which it goes.
    :param day: last day on which it may, or must, still be there.
    :param columns: the columns that go; all of a subject row stands for the whole person.
    """

    table: str
    key: Key
    place: str
    category: str
    day: date
    columns: frozenset[str]


def preview(work: Work) -> list[dict[str, Any]]:
    """Return what a sweep would erase now: property, table, category, rows and the last day.

    :param work: the open transaction.
    """
    counts: dict[tuple[str, str, str], list[date]] = {}
    for declared in _tables(work):
        for item in _expired(work, declared):
            counts.setdefault((item.place, item.table, item.category), []).append(item.day)
    return [
        {
            "property": place,
            "table": table,
            "category": category,
            "rows": len(days),
            "until_before": max(days).isoformat(),
        }
        for (place, table, category), days in sorted(counts.items())
    ]


def expire(run: Run, skip: frozenset[str] = frozenset()) -> dict[str, int]:
    """Erase what has had its time, one short transaction after another.

    :param run: runs a unit of work.
    :param skip: properties at which nothing is erased now.
    :return: erased rows and people, and what waits or failed.
    """
    counts: Counter[str] = Counter()
    for name in run(lambda office: [d.name for d in _tables(office.work)]):
        items = run(partial(_listed, name, skip))
        for part in chunks(items, BATCH):
            _tried(counts, run, part)
    return {word: count for word, count in counts.items() if count}


def _listed(name: str, skip: frozenset[str], office: Office) -> list[Expired]:
    work = office.work
    found = _expired(work, work.datamap.declared(name))
    return [item for item in found if item.place not in skip]


def _tried(counts: Counter[str], run: Run, items: Sequence[Expired]) -> None:
    """Erase a batch; when that fails, halve it until the one that fails stands alone."""
    try:
        counts.update(run(partial(_erase, items)))
    except (BusyError, ErasureError):
        if len(items) == 1:
            counts["unfinished"] += 1
            return
        half = len(items) // 2
        _tried(counts, run, items[:half])
        _tried(counts, run, items[half:])


def _tables(work: Work) -> Iterator[Declared]:
    """Yield the tables that can run out by themselves: people last, after their records."""
    hidden = unreadable(work.whole())
    names = sorted(work.datamap.tables, key=lambda n: (n in work.datamap.subjects, n))
    for name in names:
        declared = work.datamap.tables[name]
        if declared.policy.clock is not None and name not in hidden:
            yield declared


def _erase(items: Sequence[Expired], office: Office) -> dict[str, int]:
    work = office.work
    if items and items[0].table in work.datamap.subjects:
        return _people(work, items)
    return _records(work, items)


# records


def _records(work: Work, items: Sequence[Expired]) -> dict[str, int]:
    """Erase rows of one table, as far as they still may go in this transaction."""
    declared = work.datamap.declared(items[0].table)
    now = {item.key: item for item in _judged(work, declared, [item.key for item in items])}
    counts: Counter[str] = Counter()
    groups: dict[str, list[Expired]] = {}
    for item in now.values():
        groups.setdefault(item.place, []).append(item)
    for place, group in sorted(groups.items()):
        counts.update(_record_group(work, declared, place, group))
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
    stopped |= set(holds.held(work, declared.name, keys))
    keys[:] = [key for key in keys if key not in stopped]
    scope = planning.records(work, Scope((), find), only, standing)
    drawn = planning.plan(work, scope)
    waiting = {"waiting": len(stopped)} if stopped else {}
    if drawn.blocked or not drawn.changing():
        return waiting | ({"waiting": len(items)} if drawn.blocked else {})
    return waiting | _carry_out(work, place, drawn, scope)


def _carry_out(work: Work, place: str, drawn: Any, scope: Scope) -> dict[str, int]:
    controller = slug(work.settings.property(place).controller)
    origin = keeping.Origin(None, controller, place)
    erased = planning.erase(work, drawn, scope)
    keeping.record(work, origin, drawn, erased)
    execution.recover(work, origin, erased.images)
    for root, name in dict.fromkeys(erased.files):
        outbox.queue_file(work, origin, root, name)
    work.events.append(RetentionEnded(controller, place, "", SYSTEM, erased.counts))
    return {"expired": sum(erased.counts.values())}


# people


def _people(work: Work, items: Sequence[Expired]) -> dict[str, int]:
    """Erase everything of people whose time is over and for whom nothing stands in the way."""
    declared = work.datamap.declared(items[0].table)
    now = _judged(work, declared, [item.key for item in items])
    counts: Counter[str] = Counter()
    groups: dict[str, list[Person]] = {}
    for item in now:
        groups.setdefault(item.place, []).append((item.table, item.key))
    for place, group in sorted(groups.items()):
        stopped = {
            person
            for found in blockers.standing(work, group, lock=True)
            if found.needs is None
            for person in found.people
        }
        keys = [key for _, key in group]
        stopped |= {(declared.name, key) for key in holds.held(work, declared.name, keys)}
        free = [person for person in group if person not in stopped]
        counts["waiting"] += len(group) - len(free)
        counts.update(_free(work, place, free))
    return dict(counts)


def _free(work: Work, place: str, who: Sequence[Person]) -> dict[str, int]:
    if not who:
        return {}
    scope = planning.scope(work, who, lock=True)
    drawn = planning.plan(work, scope)
    if drawn.blocked:
        if len(who) == 1:
            return {"waiting": 1}
        counts: Counter[str] = Counter()
        for person in who:
            counts.update(_free(work, place, [person]))
        return dict(counts)
    if not drawn.changing():
        return {}
    done = _carry_out(work, place, drawn, scope)
    gone = [person for person in who if person not in drawn.untouched()]
    _bury(work, gone)
    return done | {"people": len(gone)}


def _bury(work: Work, who: Iterable[Person]) -> None:
    """Remember whose rows are shells now, so that they count as nobody's in shared rows."""
    rows = [
        {
            "request": EXPIRED, "table_name": table, "row_key": key_text(key),
            "standing": Standing.TAKEN.value, "why": EXPIRED, "erased_at": work.stamp,
        }
        for table, key in who
    ]  # fmt: skip
    if rows:
        work.conn.execute(insert(tables.subject), rows)


# what has had its time


def _expired(work: Work, declared: Declared) -> list[Expired]:
    """Return the rows of a table that have had their time today."""
    return _judged(work, declared, _candidates(work, declared))


def _judged(work: Work, declared: Declared, keys: Sequence[Key]) -> list[Expired]:
    free = _without_open(work, declared, keys)
    records = facts_of(work.conn, work.datamap, work.settings, declared.name, free)
    reasons = law.reasons(work, declared, law.records_of(work, declared, free))
    found = []
    for key, record in records.items():
        item = _judge(work, declared, key, record, reasons.get(key, {}))
        if item is not None:
            found.append(item)
    return found


def _judge(
    work: Work, declared: Declared, key: Key, record: Record, kept: Mapping[str, Any]
) -> Expired | None:
    """Return what of one row has had its time, or None."""
    if not record.place:
        return None
    today = today_at(work.settings, work.now, record.place)
    base = _ceiling(work, declared, record)
    over = base is not None and base < today
    columns = set(declared.erase) if over else set()
    days = [base] if over and base is not None else []
    category = declared.policy.category
    for name in sorted(set(declared.retain.values()) - set(kept)):
        verdict = law.judge(work, record, law.called(work, declared, name))
        ended = verdict.until if verdict.until is not None else base
        if ended is not None and ended < today:
            columns.update(n for n, c in declared.retain.items() if c == name)
            days.append(ended)
            category = category or name
    if not columns and not (over and declared.deletes):
        return None
    return Expired(declared.name, key, record.place, category, max(days), frozenset(columns))


def _ceiling(work: Work, declared: Declared, record: Record) -> date | None:
    """Return the last day of a row by its own category; of several names the latest."""
    if not declared.policy.category:
        return None
    names = {declared.policy.category, *rulebook.labels(work, declared.name, "")}
    found: list[Due] = [
        due(law.rules_at(work, record.place), name, record.facts) for name in sorted(names)
    ]
    days = [each.day for each in found if each.day is not None and not each.draft]
    return max(days) if len(days) == len(names) else None


def _without_open(work: Work, declared: Declared, keys: Sequence[Key]) -> list[Key]:
    """Return the subject rows that no open request is about: it decides what becomes of them."""
    if declared.name not in work.datamap.subjects:
        return list(keys)
    request, subject = tables.request, tables.subject
    texts = {key_text(key): key for key in keys}
    asked: set[str] = set()
    for part in chunks(sorted(texts)):
        rows = (
            select(subject.c.row_key)
            .join_from(subject, request, subject.c.request == request.c.number)
            .where(
                subject.c.table_name == declared.name,
                subject.c.row_key.in_(part),
                subject.c.standing != Standing.LEFT.value,
                request.c.state.in_([state.value for state in OPEN]),
            )
        )
        asked.update(work.conn.execute(rows).scalars())
    return [key for text, key in texts.items() if text not in asked]


def _candidates(work: Work, declared: Declared) -> list[Key]:
    """Return the rows old enough for the shortest period, that still hold something."""
    rules = [r for code in work.settings.properties for r in law.rules_at(work, code)]
    known = ways(work.datamap, declared)
    base = {declared.policy.category, *rulebook.labels(work, declared.name, "")} - {""}
    keys: dict[Key, None] = {}
    wanted: list[tuple[list[LawRule], list[str]]] = [
        ([r for r in rules if r.category in base and r.ceiling is not None], list(declared.erase)),
        *(
            ([r for r in rules if r.category in law.called(work, declared, c)], _of(declared, c))
            for c in sorted(set(declared.retain.values()))
        ),
    ]
    for binding, columns in wanted:
        for statement in _selects(work, declared, known, binding, columns):
            keys.update(dict.fromkeys(tuple(row) for row in work.conn.execute(statement)))
    return list(keys)


def _of(declared: Declared, category: str) -> list[str]:
    return [name for name, c in declared.retain.items() if c == category]


def _selects(
    work: Work,
    declared: Declared,
    known: Ways,
    rules: Sequence[LawRule],
    columns: Sequence[str],
) -> Iterator[Select[Any]]:
    """Yield selects of the rows with an event that is old enough, by each event of the rules."""
    lengths = [r.ceiling or r.floor for r in rules if r.ceiling or r.floor]
    if not lengths:
        return
    shortest = min(365 * p.years + 28 * p.months + p.days + p.working for p in lengths if p)
    # Two days for zones; a year's end only makes it later.
    before = work.now.date() - timedelta(days=max(shortest - 2, 0))
    for event in sorted({event for rule in rules for event in rule.clock} & set(known.events)):
        for at in known.events[event]:
            start = declared.table.alias("t0")
            joined, value = at.joined(start)
            statement = select(*(start.c[c.key] for c in declared.key)).select_from(joined)
            full = holding_something(declared, start, columns)
            statement = statement.where(_old(value, before), full)
            if declared.policy.where is not None:
                statement = statement.where(declared.policy.where(start))
            yield statement.distinct()


def _old(value: ColumnElement[Any], day: date) -> ColumnElement[bool]:
    """Return the condition that a date is not after a day; true where its type cannot tell."""
    if isinstance(value.type, DateTime):
        return value <= datetime.combine(day, time.max)
    if isinstance(value.type, Date):
        return value <= day
    return value <= f"{day.isoformat()}T99" if is_text(value.type) else true()
