"""Which rows a look reads: those with a date that came of age, that still hold something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import reduce
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    FromClause,
    Select,
    and_,
    exists,
    extract,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from ...core.maturity import Term, Window, windows
from ...core.plan import Key
from ...core.rule import Rule, Start
from ..erasing.traces import holds
from ..lawbook import rulebook
from ..lawbook.blockers import today_at
from ..mapping.days import FIRST, LAST, NOUGHT, NUMBERS
from ..mapping.declared import Declared
from ..mapping.trail import crosses
from ..mapping.ways import Reach, Ways
from ..retaining import law
from ..statements.legible import legible
from ..statements.sql import is_text
from ..work import Work

WIDE = 31
"""Days of a window from which on it is as good to read the table in the order of its keys."""


@dataclass(frozen=True)
class Part:
    """What may end of a table's rows by itself.

    :param columns: the columns that go then.
    :param terms: event -> the periods it starts.
    """

    columns: tuple[str, ...]
    terms: Mapping[str, frozenset[Term]]


def parts(work: Work, declared: Declared) -> list[Part]:
    """Return what may end of a table: the rows by their own ceiling, and what the law keeps.

    :param work: the open transaction.
    :param declared: the table.
    """
    base = {declared.policy.category, *rulebook.labels(work, declared.name, "")} - {""}
    ceilings = [(code, r) for code, r in _rules(work, base) if r.ceiling is not None]
    found = [Part(tuple(declared.erase), _terms(work, ceilings, floors=False))]
    for category in sorted(set(declared.retain.values())):
        named = _rules(work, set(law.called(work, declared, category)))
        columns = tuple(n for n, c in declared.retain.items() if c == category)
        found.append(Part(columns, _terms(work, [*named, *ceilings], floors=True)))
    return [part for part in found if part.terms and (part.columns or declared.deletes)]


def _rules(work: Work, categories: set[str]) -> list[tuple[str, Rule]]:
    return [
        (code, rule) for code, rule in law.rules_everywhere(work) if rule.category in categories
    ]


def _terms(
    work: Work, rules: Iterable[tuple[str, Rule]], floors: bool
) -> dict[str, frozenset[Term]]:
    found: dict[str, set[Term]] = {}
    for code, rule in rules:
        fiscal = work.settings.properties[code].fiscal
        for length in (rule.ceiling, rule.floor if floors else None):
            if length is None:
                continue
            at = rule.fiscal or fiscal if rule.start is Start.FISCAL_YEAR_END else (12, 31)
            for event in rule.clock:
                found.setdefault(event, set()).add(Term(length, rule.start, at))
    return {event: frozenset(terms) for event, terms in found.items()}


def acting(work: Work, rules: str) -> str:
    """Return a mark of the rules, and of those that waited for a day which has come.

    What ends on that day is as old as it was the night before, so that none of it comes of age.

    :param work: the open transaction.
    :param rules: mark of the rules whatever day it is, by which people confirm what goes.
    """
    come = sorted(
        f"{code} {rule.id} {rule.acts_on}"
        for code, rule in law.rules_everywhere(work)
        if rule.acts_on is not None and rule.acts_on <= today_at(work.settings, work.now, code)
    )
    return sha256("\n".join([rules, *come]).encode()).hexdigest() if come else rules


def old(work: Work, declared: Declared) -> Select[Any]:
    """Return a select of the keys of every row with a date that is old enough.

    :param work: the open transaction.
    :param declared: the table; it is ``t0`` in the statement.
    """
    here = declared.alias("t0")
    known = law.ways_of(work, declared)
    either = [
        and_(_ripe(work, declared, here, at, seen), holds(declared, here, part.columns))
        for part in parts(work, declared)
        for event, at, seen in _reaches(known, part, None, work.now.date())
    ]
    return _admitted(declared, here, here).where(or_(false(), *either))


def recent(work: Work, declared: Declared, last: date, day: date) -> Iterator[Select[Any]]:
    """Yield selects of the keys of rows with a date that came of age since a day.

    Each is driven by the dates, so that what it reads is what came of age. A clock in another
    database, and a date of a type that cannot be compared, are read whole; each row is judged.

    :param work: the open transaction.
    :param declared: the table.
    :param last: day of the last look, UTC.
    :param day: day of this look, UTC: the same statements follow for it on whatever day they are
        asked for.
    """
    known = law.ways_of(work, declared)
    for part in parts(work, declared):
        for _, at, seen in _reaches(known, part, last, day):
            start = declared.alias("t0")
            joined, condition = _joined(work, declared, start, at, seen)
            found = _admitted(declared, start, joined).where(
                condition, holds(declared, start, part.columns)
            )
            keys = [start.c[c.key] for c in declared.key]
            wide = sum((w.until - (w.after or date.min)).days for w in seen) > WIDE
            # An order that no index has lets the planner take the index on the date.
            yield found.order_by(*(keys if wide else [func.coalesce(key, key) for key in keys]))


def beyond(declared: Declared, statement: Select[Any], after: Key) -> Select[Any]:
    """Return the statement with only the keys that come after one."""
    here = statement.selected_columns
    columns = [here[c.key] for c in declared.key]
    return statement.where(greater(columns, after))


def greater(columns: Sequence[ColumnElement[Any]], key: Key) -> ColumnElement[bool]:
    """Return the condition that columns come after a key, in their order."""
    steps = [
        and_(*(c == v for c, v in zip(columns[:i], key[:i], strict=True)), columns[i] > key[i])
        for i in range(len(columns))
    ]
    return and_(columns[0] >= key[0], or_(*steps)) if len(columns) > 1 else steps[0]


def _reaches(
    known: Ways, part: Part, last: date | None, day: date
) -> Iterator[tuple[str, Reach, tuple[Window, ...]]]:
    for event in sorted(set(part.terms) & set(known.events)):
        seen = windows(part.terms[event], last, day)
        for at in known.events[event] if seen else ():
            yield event, at, seen


def _admitted(declared: Declared, start: FromClause, joined: FromClause) -> Select[Any]:
    found = select(*(start.c[c.key] for c in declared.key)).select_from(joined)
    if declared.policy.where is not None:
        found = found.where(declared.policy.where(start))
    return found


def _joined(
    work: Work, declared: Declared, start: FromClause, at: Reach, seen: Sequence[Window]
) -> tuple[FromClause, ColumnElement[bool]]:
    if crosses(work.conn, declared.table, at.hops):
        return start, true()
    joined, value = at.joined(start)
    return joined, or_(false(), *(_within(value, window) for window in seen))


def _ripe(
    work: Work, declared: Declared, here: FromClause, at: Reach, seen: Sequence[Window]
) -> ColumnElement[bool]:
    """Return the condition that a date of a row is in one of the windows, without a join."""
    if not at.hops or crosses(work.conn, declared.table, at.hops):
        return _joined(work, declared, here, at, seen)[1]
    start = declared.alias("t0_")
    joined, condition = _joined(work, declared, start, at, seen)
    same = and_(*(
        start.c[c.key].is_not_distinct_from(here.c[c.key])
        if c.nullable
        else start.c[c.key] == here.c[c.key]
        for c in declared.key
    ))  # fmt: skip
    return exists(select(literal(1)).select_from(joined).where(same, condition).correlate(here))


def _within(value: ColumnElement[Any], window: Window) -> ColumnElement[bool]:
    """Return the condition that a date is in a window; true where its type cannot tell."""
    until, after = window.until, window.after
    if until < FIRST:
        return false()
    # What stands for no day is read with the rest: a second bound would lead planners astray.
    known = after if after is not None and after >= FIRST else None
    if isinstance(value.type, DateTime):
        low: Any = None if known is None else datetime.combine(known, time.min)
        high: Any = datetime.combine(until, time.max)
    elif isinstance(value.type, Date):
        low, high = known, until
    elif is_text(value.type):
        plain = _between(value, known and f"{known:%Y%m%d}", f"{until:%Y%m%d}T99")
        signed = _between(value, known and known.isoformat(), f"{until.isoformat()}T99")
        # 20260309 is a day as well, and sorts behind all of its year that are written with signs.
        return or_(signed, and_(plain, value.not_like("____-%")))
    else:
        return true()
    return _between(value, low, high)


def _between(value: ColumnElement[Any], low: Any, high: Any) -> ColumnElement[bool]:
    return value <= high if low is None else and_(value > low, value <= high)


def dated(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that something can have happened on a date; of a text, as it looks."""
    if isinstance(value.type, DateTime):
        return value.between(datetime.combine(FIRST, time.min), datetime.combine(LAST, time.max))
    if isinstance(value.type, Date):
        return value.between(FIRST, LAST)
    if isinstance(value.type, NUMBERS):
        return false()
    if not is_text(value.type):
        return value.is_not(None)
    text = func.trim(value)
    inside = and_(text >= FIRST.isoformat(), text <= f"{LAST.isoformat()}T99")
    return and_(inside, legible(text))


def unread(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a value says something, and no day that can be read."""
    if isinstance(value.type, Date | DateTime):
        # MariaDB takes a month, or a year, for a day: 2019-05-00.
        parts = [extract(part, value) == 0 for part in ("month", "day")]
        return and_(extract("year", value) > 0, or_(*parts))
    if not is_text(value.type):
        return false()
    text = func.trim(value)
    return and_(~legible(text), text.not_in(["", "-", "0"]), ~_nought(text))


def _nought(text: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a text stands for no day: 0000-00-00, or a stroke."""
    return reduce(lambda rest, sign: func.replace(rest, sign, ""), NOUGHT, text) == ""


def endless(value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a date stands for an open end."""
    if isinstance(value.type, DateTime):
        return value > datetime.combine(LAST, time.max)
    if isinstance(value.type, Date):
        return value > LAST
    if not is_text(value.type):
        return false()
    return and_(value > f"{LAST.isoformat()}T99", value.like("____-__-__%"))
