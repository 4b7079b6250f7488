"""What is due and not gone: how much, how old, and what was tried in vain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, update

from .. import tables
from ..work import Work


@dataclass(frozen=True)
class Backlog:
    """What is due and not gone.

    :param property: code of the property.
    :param table: table of the rows.
    :param category: category by which they go.
    :param rows: how many.
    :param oldest: the earliest day on which one of them should have gone, ISO.
    :param failing: how many of them were tried in vain.
    """

    property: str
    table: str
    category: str
    rows: int
    oldest: str
    failing: int


@dataclass(frozen=True)
class Failing:
    """A row that cannot be erased.

    :param id: its number in our table.
    :param property: code of the property.
    :param table: table of the row.
    :param category: category by which it goes.
    :param day: last day on which it might be there, ISO.
    :param tries: how often it was tried.
    :param try_at: naive UTC, when it is tried again; None when a person has to look.
    :param problem: name of the error's class.
    """

    id: int
    property: str
    table: str
    category: str
    day: str
    tries: int
    try_at: datetime | None
    problem: str


def backlog(work: Work, places: Collection[str] | None = None) -> Sequence[Backlog]:
    """Return what is due and not gone by property, table and category, the oldest first.

    :param work: the open transaction.
    :param places: properties to look at; None for all.
    """
    due = tables.due
    vain = func.sum(case((due.c.tries > 0, 1), else_=0))
    kind = due.c.property, due.c.table_name, due.c.category
    wanted = (
        select(*kind, func.count(), func.min(due.c.day), vain)
        .where(due.c.day < work.today)
        .group_by(*kind)
        .order_by(func.min(due.c.day), *kind)
    )
    if places is not None:
        wanted = wanted.where(due.c.property.in_(sorted(places)))
    rows = work.conn.execute(wanted)
    return [Backlog(p, t, c, int(n), oldest, int(f or 0)) for p, t, c, n, oldest, f in rows]


def ready(work: Work, places: Collection[str]) -> bool:
    """Return whether a row could be claimed now at one of some properties.

    :param work: the open transaction.
    :param places: codes of the properties.
    """
    due = tables.due
    free = due.c.property.in_(sorted(places)), due.c.day < work.today, due.c.try_at <= work.stamp
    return work.conn.execute(select(due.c.id).where(*free).limit(1)).first() is not None


def failing(work: Work, places: Collection[str] | None = None, most: int = 100) -> list[Failing]:
    """Return rows that were tried in vain, those that wait for a person first.

    :param work: the open transaction.
    :param places: properties to look at; None for all.
    :param most: how many at most.
    """
    due = tables.due
    wanted = select(due).where(due.c.tries > 0).order_by(due.c.tries.desc(), due.c.id).limit(most)
    if places is not None:
        wanted = wanted.where(due.c.property.in_(sorted(places)))
    return [
        Failing(
            r.id, r.property, r.table_name, r.category, r.day, r.tries, r.try_at, r.problem or "",
        )
        for r in work.conn.execute(wanted)
    ]  # fmt: skip


def given_up(work: Work) -> dict[str, int]:
    """Return property -> how many rows are not tried any more until a person has looked."""
    due = tables.due
    rows = work.conn.execute(
        select(due.c.property, func.count())
        .where(due.c.try_at.is_(None))
        .group_by(due.c.property)
        .order_by(due.c.property)
    )
    return {row[0]: row[1] for row in rows}


def retry(work: Work) -> int:
    """Let every row that failed be tried by the next sweep, from the beginning; return how many.

    :param work: the open transaction.
    """
    due = tables.due
    mine = update(due).where(due.c.tries > 0)
    return work.conn.execute(mine.values(tries=0, try_at=work.stamp, problem=None)).rowcount
