"""Files whose removal is queued: those that leave, those that stay, those in hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from ...core.errors import GuesteraseError, SealError
from ...core.seal import day_label
from .. import tables
from ..boxes import rehoming, safe
from ..statements.sql import chunks
from ..work import Work
from .outbox import AWAY, BOX_DAYS, FAILED, FILE, HELD, QUEUED, SENDING, SENT, TRIES


def leaving(work: Work, number: str | None) -> list[tuple[str, str]]:
    """Return the files, folder and name, whose removal is queued and not yet done.

    Without one whose name cannot be read: it is found where it lies.

    :param work: the open transaction.
    :param number: number of the request; None for what ended without one.
    """
    table = tables.outbox
    rows = work.conn.execute(
        select(table.c.box).where(
            table.c.request == number, table.c.kind == FILE, table.c.state != SENT,
            table.c.box.is_not(None),
        )
    )  # fmt: skip
    contents = [safe.peek(work, box) for box in rows.scalars()]
    return [(content["root"], content["name"]) for content in contents if content is not None]


_LONG = tables.outbox.c.attempts >= TRIES
"""Tried as often as what is given up, for a folder or a key that is waited for, or was."""


def staying(work: Work, number: str) -> int:
    """Return how many files of a request are there and stay.

    Until a person looks, as long as they are held, or until they are gone from a folder that was
    away, or could be told to be free of a hold whose key could not be read, for days.
    """
    table = tables.outbox
    stays = or_(table.c.box.in_(HELD), _LONG)
    return work.conn.execute(
        select(func.count())
        .select_from(table)
        .where(
            table.c.request == number,
            table.c.kind == FILE,
            or_(table.c.state == FAILED, and_(table.c.state.in_([QUEUED, SENDING]), stays)),
        )
    ).scalar_one()


def removing(work: Work, numbers: Collection[str], queued: bool = False) -> set[str]:
    """Return which of these requests have a file that is being removed, or is tried again.

    One under a hold stays as long as that does; what a worker has in hand may not know of it yet.
    So does one whose folder was away for days (`staying`): it is tried, and nobody waits.

    :param work: the open transaction.
    :param numbers: numbers of requests.
    :param queued: also those of which one was not tried yet.
    """
    table = tables.outbox
    now = and_(table.c.state == SENDING, table.c.next_at > work.stamp)
    again = or_(
        table.c.state == SENDING,
        and_(table.c.state == QUEUED, table.c.attempts >= (0 if queued else 1)),
    )
    free = and_(or_(table.c.box.not_in(HELD), table.c.box.is_(None)), ~_LONG)
    rows = work.conn.execute(
        select(table.c.request).where(
            table.c.request.in_(numbers), table.c.kind == FILE, or_(now, and_(again, free))
        )
    )
    return set(rows.scalars())


def away(work: Work) -> str:
    """Return the folder for which the oldest removal waits that waits for one; empty without."""
    table = tables.outbox
    box = work.conn.execute(
        select(table.c.box)
        .where(table.c.kind == FILE, table.c.state == QUEUED, table.c.problem == AWAY)
        .order_by(table.c.id)
        .limit(1)
    ).scalar()
    return str((safe.peek(work, box) or {}).get("root", ""))


def outlived(work: Work, after: str, most: int) -> list[tuple[str, str | None]]:
    """Return files that are still to be removed and whose names' day is over, in batches.

    :param work: the open transaction.
    :param after: identifier of the last box of the batch before; empty for the first.
    :param most: how many at most.
    :return: identifier of the box, and the number of its request or None, by the former.
    """
    box = tables.box
    wanted = select(box.c.id, box.c.request).join(tables.outbox, tables.outbox.c.box == box.c.id)
    rows = work.conn.execute(
        wanted.where(*_over(work), box.c.id > after).order_by(box.c.id).limit(most)
    )
    return [(row.id, row.request) for row in rows]


def renew(work: Work, only: Collection[str] | None = None) -> dict[str, GuesteraseError]:
    """Give the names of files another day that are still to be removed when theirs is over.

    Each says no more than the file that lies there, and without it nobody can remove that.

    :param work: the open transaction, in which keys are marked to end after it.
    :param only: boxes; all of them when None.
    :return: label of a key that cannot be read now, or has nowhere to go, and so must not end
        -> why.
    """
    box = tables.box
    wanted = select(box.c.label, box.c.id).join(tables.outbox, tables.outbox.c.box == box.c.id)
    wanted = wanted.where(*_over(work))
    rows = work.conn.execute(wanted if only is None else wanted.where(box.c.id.in_(only)))
    over, closed = dict[str, list[str]](), dict[str, GuesteraseError]()
    for label, id in rows:
        over.setdefault(label, []).append(id)
    day, problem = _day(work) if over else ("", None)
    for label, ids in sorted(over.items()):
        if problem is not None:
            closed[label] = problem
            continue
        try:
            rehoming.rewrap(work, ids, day_label(day))
        except SealError as unread:
            closed[label] = unread
        for part in chunks(ids):
            moved = update(box).where(box.c.id.in_(part), box.c.label == day_label(day))
            work.conn.execute(moved.values(last_day=day))
    return closed


def _over(work: Work) -> tuple[ColumnElement[bool], ...]:
    out, box = tables.outbox, tables.box
    return (
        out.c.kind == FILE, out.c.state != SENT, box.c.label.like("day:%"),
        box.c.last_day < work.today, box.c.forgotten_at.is_(None),
    )  # fmt: skip


def _day(work: Work) -> tuple[str, GuesteraseError | None]:
    """Return the first day, a month from now or later, whose key can be had.

    What cannot be put under a key is no fault of its own, and is not lost for that.

    :return: the day, ISO, and why that of the last one that was tried cannot be had, if so.
    """
    day, problem = "", None
    for days in range(BOX_DAYS, 2 * BOX_DAYS):
        day = (work.now.date() + timedelta(days=days)).isoformat()
        problem = rehoming.closed(work, day_label(day))
        if problem is None:
            break
    return day, problem
