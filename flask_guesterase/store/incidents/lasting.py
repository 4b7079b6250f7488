"""Which records are of some days: by each day of theirs, and a stay by all days that it lasted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import chain
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_, select

from ...core.plan import Key
from ..boxes.reading import moments
from ..lawbook.clocks import days_of, every_day
from ..lawbook.said import is_lost
from ..mapping.crossing import at
from ..mapping.declared import Declared
from ..mapping.lines import Lines, registers
from ..mapping.nights import Night, unsaid
from ..mapping.ways import Reach, ways
from ..statements.failure import is_unread
from ..statements.sql import among, parts
from ..work import Work

_ENDS = frozenset({"departed", "cancelled", "no_show"})
"""Events with which a stay ends. None says when one began: its guest may be in the house."""


def within(
    work: Work, declared: Declared, keys: Sequence[Key], code: str, span: tuple[date, date]
) -> list[Key]:
    """Return the rows that are of some days, or may be.

    A row without a day may be of any, and each may where the database lacks a column of days. One
    that tells of a single stay is of all days from its first to its last, and of all later ones as
    long as the stay has not ended. A line of the guest register is of its nights as well; one that
    has no last night, of those until the stay ended.

    :param work: the open transaction.
    :param declared: the table.
    :param keys: keys of rows.
    :param code: code of the property whose days they are.
    :param span: the first and the last day in question.
    """
    zone = work.settings.property(code).zone
    dated = chain.from_iterable(ways(work.datamap, declared).events.values())
    lines = registers(work.datamap).get(declared.name)
    slept = (lines.first_night, lines.last_night) if lines else ()
    if is_lost(work.whole(), declared, [*dated, *(Reach(column=each.key) for each in slept)]):
        return list(keys)
    told = _told(work, declared, keys, ZoneInfo(zone))
    there, unended = _slept(work, lines, keys, zone, span) if lines else (set[Key](), set[Key]())
    there |= {key for key in unended if key not in told or _is_there(*told[key], span)}
    return [
        key for key in keys if key not in told or key in there or _is_of(*told[key], span)
    ]


def _slept(
    work: Work, lines: Lines, keys: Sequence[Key], zone: str, span: tuple[date, date]
) -> tuple[set[Key], set[Key]]:
    """Return the lines of the guest register that are of a night of some days.

    :return: those that say so, and those that say of no last night and began before.
    """
    declared = lines.declared
    naive, told = declared.policy.zone, moments(work, lines)
    since, until = (Night(day, zone, naive, told) for day in span)
    # Of who slept no night the last one lies before the first.
    first, last = lines.first_night, lines.last_night
    there = or_(since.lasting(last), since.lasting(first))
    # Who came on a day that nobody wrote down may have been there on any before the last night.
    before, begun = and_(unsaid(first), since.lasting(last)), until.begun(first)
    sure, unended = or_(and_(begun, there), before), and_(or_(begun, unsaid(first)), unsaid(last))
    return _where(work, declared, keys, sure), _where(work, declared, keys, unended)


def _where(
    work: Work, declared: Declared, keys: Sequence[Key], condition: ColumnElement[bool]
) -> set[Key]:
    """Return which of these rows are so."""
    conn, wanted = at(work.conn, declared.name), select(*declared.key).where(condition)
    mine = (wanted.where(among(list(declared.key), part)) for part in parts(keys))
    return {tuple(row) for each in mine for row in conn.execute(each)}


def _told(
    work: Work, declared: Declared, keys: Sequence[Key], zone: ZoneInfo
) -> dict[Key, tuple[Collection[date], bool | None]]:
    """Return the days of rows, and of what is a single stay whether it has not ended.

    One that nobody can read tells nothing, and keeps no other from it.
    """
    try:
        days = every_day(work.conn, work.datamap, declared.name, keys, zone)
        lasting = _lasting(work, declared, keys)
    except Exception as raised:
        if not is_unread(raised):
            raise
    else:
        return {key: (days[key], lasting.get(key)) for key in keys}
    half = len(keys) // 2
    parts = (keys[:half], keys[half:]) if half else ()
    return {k: v for part in parts for k, v in _told(work, declared, part, zone).items()}


def _lasting(work: Work, declared: Declared, keys: Sequence[Key]) -> dict[Key, bool]:
    events = ways(work.datamap, declared).events
    ends = sorted(events.keys() & _ENDS)
    if not ends or not all(at.to_one for some in events.values() for at in some):
        return {}
    name, settings = declared.name, work.settings
    over = [days_of(work.conn, work.whole(), settings, name, keys, event) for event in ends]
    return {key: not any(each[key] for each in over) for key in keys}


def _is_of(days: Collection[date], lasts: bool | None, span: tuple[date, date]) -> bool:
    since, until = span
    if lasts is None or not days:
        return not days or any(since <= day <= until for day in days)
    return min(days) <= until and (lasts or since <= max(days))


def _is_there(days: Collection[date], lasts: bool | None, span: tuple[date, date]) -> bool:
    """Tell whether who came before may be there still: nothing says that the stay ended before."""
    return lasts is not False or not days or span[0] <= max(days)
