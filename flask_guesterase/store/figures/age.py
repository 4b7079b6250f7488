"""How old the oldest record of a guest is that the installation still holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import String, cast, func, select

from ...core.brake import stale
from ...core.figures import full_months
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..checking.gaps import unreadable
from ..erasing.traces import holds
from ..mapping.days import day_of
from ..mapping.declared import Declared
from ..mapping.trail import crosses
from ..mapping.ways import Reach, ways
from ..statements.failure import is_unread
from ..work import Work

_GAUGE = "oldest"
_FIRST = (
    "departed", "document", "recorded", "transmitted", "last_activity", "cancelled", "no_show",
    "lapsed", "created",
)  # fmt: skip
"""The event by which a record's age is told: the first of these that its table has."""


def oldest(work: Work) -> date | None:
    """Return the day of the oldest record that still holds something, or None of none.

    Sealed lines of the guest register count by their first night. Rows whose clock cannot be
    read here, in another database for example, are left out; so are those with a date that is
    none, and those alone.

    :param work: the open transaction.
    """
    hidden = unreadable(work.whole())
    found = [
        day
        for name, declared in work.datamap.tables.items()
        if name not in hidden and (day := _of(work, declared)) is not None
    ]
    shelf = tables.shelf
    night = work.conn.execute(
        select(func.min(shelf.c.first_night)).where(shelf.c.first_night != "")
    ).scalar()
    if night:
        found.append(date.fromisoformat(night[:10]))
    return min(found, default=None)


def _of(work: Work, declared: Declared) -> date | None:
    events = ways(work.datamap, declared).events
    event = next((name for name in _FIRST if events.get(name)), None)
    columns = [*declared.erase, *declared.retain]
    if event is None or not columns:
        return None
    days = [_oldest(work, declared, at, columns) for at in events[event]]
    return min((day for day in days if day is not None), default=None)


def _oldest(work: Work, declared: Declared, at: Reach, columns: Sequence[str]) -> date | None:
    if crosses(work.conn, declared.table, at.hops):
        return None
    start = declared.alias("t0")
    joined, value = at.joined(start)
    wanted = select(func.min(value)).select_from(joined).where(holds(declared, start, columns))
    if declared.policy.where is not None:
        wanted = wanted.where(declared.policy.where(start))
    utc = ZoneInfo("UTC")
    try:
        least = work.conn.execute(wanted).scalar()
    except Exception as raised:
        if not is_unread(raised):
            raise
    else:
        day = day_of(least, utc, utc)
        if day is not None or least is None:
            return day
    # What sorts first is no day: the first one that is, as the database writes them.
    text = cast(value, String(40))
    written = work.conn.execute(
        wanted.with_only_columns(text, maintain_column_froms=True).distinct().order_by(text)
    )
    days = (day_of(each, utc, utc) for each in written.scalars())
    return next((day for day in days if day is not None), None)


def note(work: Work) -> int:
    """Write down how old the oldest record is today, for a page that must not search for it.

    :return: 0, since a report counts nothing of it.
    """
    day = oldest(work)
    pulse.put(work.conn, _GAUGE, Pulse(work.stamp, day.isoformat() if day is not None else ""))
    return 0


def told(work: Work) -> int | None:
    """Return the whole months of the oldest record as it was last noted.

    None where nothing is held, or where the note is older than a sweep may be.
    """
    last = pulse.look(work.conn, _GAUGE)
    if last is None or not last.note or stale(work.stamp, last.at):
        return None
    # Where stays are dated by what is planned, the oldest may lie ahead: it is no month old.
    return max(0, full_months(date.fromisoformat(last.note), work.now.date()))
