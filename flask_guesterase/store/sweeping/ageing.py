"""What has had its time: rows whose ceiling is over, and retained columns whose floor is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, select

from ...core.lifecycle import OPEN
from ...core.plan import Key, key_text
from ...core.retention import Due, due, undue
from ...core.rule import Kind, Open
from ...core.ruling import Reason
from ...core.standing import Standing
from .. import tables
from ..checking.gaps import unreadable
from ..erasing.traces import holding
from ..lawbook import rulebook
from ..lawbook.blockers import today_at
from ..lawbook.clocks import Record, places_of
from ..mapping.declared import Declared
from ..mapping.ways import ways
from ..memory import uncollected
from ..retaining import law
from ..statements.sql import MANY, Said, asked, chunks
from ..work import Work
from .candidates import old

PAGE = 2000
"""Rows that are judged at once."""

_Days = Mapping[str, date | None]
"""Category, empty for what nothing retains -> last day by the rules, None when none says one."""

Unended = Counter[tuple[str, str]]
"""(Property, why nobody can say when they may go) -> rows."""


class Expired(NamedTuple):
    """One row that has had its time.

    :param table: its table.
    :param key: its key.
    :param place: code of its property.
    :param category: category by which it goes.
    :param day: last day on which it may, or must, still be there.
    :param columns: the columns that go.
    :param whole: whether the row's own ceiling is over; of a subject row, all of the person goes.
    :param at_once: whether a safety copy of it would outlive a number in the law.
    :param needed: whether all that is left of it is written down as needed by a precondition.
    """

    table: str
    key: Key
    place: str
    category: str
    day: date
    columns: frozenset[str]
    whole: bool
    at_once: bool
    needed: bool = False


@dataclass(frozen=True)
class Aged:
    """What the rules say today of rows that are old enough for some of them.

    :param expired: those that have had their time.
    :param unended: how many hold something of which nobody can say when it may go; those that an
        erasure kept are counted where it says so.
    :param asked: those that an open request is about, of which nothing is said.
    """

    expired: list[Expired]
    unended: Unended
    asked: list[Key]


def ageing(work: Work) -> Iterator[Declared]:
    """Yield the tables that can run out by themselves: people last, after their records."""
    hidden = unreadable(work.whole())
    names = sorted(work.datamap.tables, key=lambda n: (n in work.datamap.subjects, n))
    for name in names:
        declared = work.datamap.tables[name]
        if declared.policy.clock is not None and name not in hidden:
            yield declared


def expired(work: Work, declared: Declared) -> Iterator[Expired]:
    """Yield the rows of a table that have had their time today, all of it read in pages.

    :param work: the open transaction.
    :param declared: the table.
    """
    for part in chunks(_aged(work, declared), PAGE):
        yield from judged(work, declared, part)


def unended(work: Work, declared: Declared) -> Unended:
    """Return how many rows of a table are old enough to go, if only somebody knew their end.

    :param work: the open transaction.
    :param declared: the table.
    """
    counts = Unended()
    for part in chunks(_aged(work, declared), PAGE):
        counts.update(judge(work, declared, part).unended)
        if lost := placeless(work, declared, part):
            counts["", Open.NO_PLACE.value] += lost
    return counts


def placeless(work: Work, declared: Declared, keys: Sequence[Key]) -> int:
    """Return how many of these rows lie at no property that is known."""
    known = places_of(work.conn, work.datamap, work.settings, declared, keys)
    return sum(known.get(key, "") not in work.settings.properties for key in keys)


def _aged(work: Work, declared: Declared) -> list[Key]:
    return list(dict.fromkeys(tuple(row) for row in work.conn.execute(old(work, declared))))


def judged(work: Work, declared: Declared, keys: Sequence[Key]) -> list[Expired]:
    """Return which of these rows have had their time today.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys.
    """
    return judge(work, declared, keys).expired


@uncollected()
def judge(work: Work, declared: Declared, keys: Sequence[Key]) -> Aged:
    """Return what the rules say of these rows today.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys; what an open request decides about is passed over.
    """
    asked = waiting(work, declared, keys)
    open_about = set(asked)
    free = [key for key in keys if key not in open_about]
    records = law.facts(work, declared, free)
    reasons = law.reasons(work, declared, law.records_of(work, declared, free))
    full = _full(work, declared, free, reasons, {})
    # What is written down as needed goes once nothing needs it, and is not erased about each night.
    needed = law.needed_before(work, declared.name, set().union(*full.values()))
    more = _full(work, declared, list(needed), reasons, needed) if needed else {}
    result, nothing = Aged([], Unended(), asked), dict[str, Reason]()
    dated = starting(work, declared)
    open_: dict[Key, frozenset[str]] = {}
    # Of rows that tell the same the same is over.
    known: dict[tuple[object, ...], tuple[Expired | None, frozenset[str]]] = {}
    for key, record in records.items():
        said = reasons.get(key, nothing)
        empty = frozenset(part for part, still in full.items() if key not in still)
        rest = frozenset(part for part, still in more.items() if key not in still)
        rest = rest if key in needed else empty
        alike = id(record), id(said), empty, rest
        if alike not in known:
            days = _last_days(work, declared, record)
            item = _judge(work, declared, key, record, days, rest.union(said))
            if item is None and rest != empty:
                over = _judge(work, declared, key, record, days, empty.union(said))
                item = over._replace(needed=True) if over is not None else None
            words = _unended(work, declared, record, days, said, empty)
            if dated.isdisjoint(record.facts.events):
                # Of what has no date at all whoever looks for that tells; see `endless`.
                words -= {Open.NO_CLOCK.value}
            known[alike] = item, words
        item, words = known[alike]
        if item is not None:
            result.expired.append(item if item.key == key else item._replace(key=key))
        if words:
            open_[key] = words
    told = law.open_before(work, declared.name, open_)
    for key, words in open_.items():
        result.unended.update((records[key].place, word) for word in words - told.get(key, set()))
    return result


def _full(
    work: Work, declared: Declared, keys: Sequence[Key],
    law_: Mapping[Key, Mapping[str, Reason]], needed: Mapping[Key, frozenset[str]],
) -> dict[str, set[Key]]:
    """Return category, empty for what nothing retains -> rows that still hold something of it.

    :param law_: key -> category -> why the law keeps that part of a row, so that it stays.
    :param needed: key -> columns that do not count, because a precondition needs them.
    """
    parts = {"": list(declared.erase)}
    parts |= {category: _of(declared, category) for category in declared.retain.values()}
    full = {part: holding(work.conn, declared, keys, names) for part, names in parts.items()}
    still, bound = law.relabelled(work).get(declared.name, {}), dict[frozenset[str], list[Key]]()
    for key in keys:
        if key in needed or law_.get(key):
            said = frozenset(n for n, c in still.items() if c in law_.get(key, ()))
            bound.setdefault(said | needed.get(key, frozenset()), []).append(key)
    for stay, mine in bound.items():
        for part, names in parts.items():
            rest = [name for name in names if name not in stay]
            if len(rest) < len(names) or (declared.deletes and not part):
                full[part] -= set(mine) - holding(work.conn, declared, mine, rest, whole=False)
    return full


def _last_days(work: Work, declared: Declared, record: Record) -> _Days:
    """Return the last day of each part of a row; none of a row of which nobody knows the place."""
    if not record.place:
        return {}
    base = _ceiling(work, declared, record)
    days = {"": base}
    for name in set(declared.retain.values()):
        names = law.called(work, declared, name)
        until = law.judge(work, record, names).until
        if until is None:
            until = min(filter(None, (_latest(work, record, names), base)), default=None)
        days[name] = until
    return days


def _judge(
    work: Work, declared: Declared, key: Key, record: Record, last: _Days, kept: Collection[str]
) -> Expired | None:
    """Return what of one row has had its time, or None.

    :param last: the last day of each part of it.
    :param kept: categories that stay or went before; empty for what nothing retains.
    """
    if not last:
        return None
    today, base = today_at(work.settings, work.now, record.place), last[""]
    over = base is not None and base < today and "" not in kept
    columns = set(declared.erase) if over else set()
    went = set(_own(work, declared)) if over else set()
    days = [base] if over and base is not None else []
    category = declared.policy.category if over else ""
    for name in sorted(set(declared.retain.values()) - set(kept)):
        ended = last[name]
        if ended is not None and ended < today:
            columns.update(n for n, c in declared.retain.items() if c == name)
            days.append(ended)
            went.update(law.called(work, declared, name))
            category = category or name
    if not columns and not (over and declared.deletes):
        return None
    return Expired(
        declared.name, key, record.place, category, max(days), frozenset(columns), over,
        at_once(work, record, went),
    )  # fmt: skip


def _unended(
    work: Work,
    declared: Declared,
    record: Record,
    last: _Days,
    said: Mapping[str, Reason],
    empty: frozenset[str],
) -> frozenset[str]:
    """Return why nobody can say when parts of a row may go; nothing when that is known of all.

    :param last: the last day of each part of it.
    :param said: category -> why the law keeps it today.
    :param empty: categories of which it holds nothing; empty for what nothing retains.
    """
    words = set[str]()
    for name in last.keys() - empty:
        if name in said:
            words.update(said[name].open)
        elif last[name] is None and name:
            words.add(Open.NO_RULE.value)
        elif last[name] is None:
            words.update(_undue(work, record, _own(work, declared)))
    return frozenset(words)


def starting(work: Work, declared: Declared) -> frozenset[str]:
    """Return the events of a table that start a period: when a row was made often starts none.

    :param work: the open transaction.
    :param declared: the table.
    """
    wanted = {
        event
        for _, rule in law.rules_everywhere(work)
        if rule.category == declared.policy.category
        for event in rule.clock
    }
    found = frozenset(ways(work.datamap, declared).events)
    return found & wanted or found - {"created"} or found


def _undue(work: Work, record: Record, names: Collection[str]) -> Iterator[str]:
    """Yield why no ceiling of a category that has one anywhere makes a row go."""
    ceilings = {r.category for _, r in law.rules_everywhere(work) if r.ceiling is not None}
    rules = law.rules_at(work, record.place)
    for name in ceilings.intersection(names):
        yield from (word.value for word in undue(rules, name, record.facts))


def at_once(work: Work, record: Record, names: Iterable[str]) -> bool:
    """Return whether a copy for the recovery window would outlive a number in the law.

    :param work: the open transaction.
    :param record: what the host says of the record.
    :param names: its categories.
    """
    today = today_at(work.settings, work.now, record.place)
    last = today + timedelta(days=work.settings.recovery_days)
    rules = law.rules_about(work, record)
    found = [due(rules, name, record.facts) for name in sorted(names)]
    return any(
        each.kind is Kind.HARD and not each.draft and each.day is not None and each.day < last
        for each in found
    )


def _ceiling(work: Work, declared: Declared, record: Record) -> date | None:
    """Return the last day of a row by its own category."""
    names = _own(work, declared)
    return _latest(work, record, names) if names else None


def ahead(work: Work, declared: Declared, keys: Sequence[Key]) -> set[Key]:
    """Return which of these rows have a ceiling of their own, known and not over yet.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys.
    """
    found = set[Key]()
    for key, record in law.facts(work, declared, keys).items():
        last = _ceiling(work, declared, record) if record.place else None
        if last is not None and last >= today_at(work.settings, work.now, record.place):
            found.add(key)
    return found


def _own(work: Work, declared: Declared) -> frozenset[str]:
    """Return the category of a table's rows, and what it was called before."""
    if not declared.policy.category:
        return frozenset()
    return frozenset({declared.policy.category, *rulebook.labels(work, declared.name, "")})


def _latest(work: Work, record: Record, names: Collection[str]) -> date | None:
    """Return the last day by the ceilings of a category; of several names the latest."""
    found: list[Due] = [
        due(law.rules_at(work, record.place), name, record.facts) for name in sorted(names)
    ]
    days = [each.day for each in found if each.day is not None and not each.draft]
    return max(days) if len(days) == len(names) else None


def waiting(work: Work, declared: Declared, keys: Sequence[Key]) -> list[Key]:
    """Return the subject rows that an open request is about: it decides what becomes of them.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys.
    """
    if declared.name not in work.datamap.subjects:
        return []
    texts = {key_text(key): key for key in keys}
    found: set[str] = set()
    for part in chunks(sorted(texts), MANY):
        rows, given = asked(_SAID, ("waiting",), _waiting, [(text,) for text in part])
        named = {**(given or {}), "table": declared.name}
        found.update(work.conn.execute(rows, named).scalars())
    return [key for text, key in texts.items() if text in found]


_SAID: Said = {}


def _waiting() -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of the rows of a table that open requests are about."""
    request, subject = tables.request, tables.subject
    both = subject.c.request == request.c.number
    return select(subject.c.row_key).join_from(subject, request, both).where(
        subject.c.table_name == bindparam("table"),
        subject.c.standing != Standing.LEFT.value,
        request.c.state.in_([state.value for state in OPEN]),
    ), [subject.c.row_key]


def _of(declared: Declared, category: str) -> list[str]:
    return [name for name, c in declared.retain.items() if c == category]
