"""Files whose removal is queued: those that leave, those that stay, those in hand."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import and_, func, or_, select

from .. import tables
from ..boxes import safe
from ..work import Work
from .outbox import FAILED, FILE, HELD, QUEUED, SENDING, SENT


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


def staying(work: Work, number: str) -> int:
    """Return how many files of a request are there and stay: until a person looks, or held."""
    table = tables.outbox
    held = and_(table.c.state.in_([QUEUED, SENDING]), table.c.box.in_(HELD))
    return work.conn.execute(
        select(func.count())
        .select_from(table)
        .where(
            table.c.request == number,
            table.c.kind == FILE,
            or_(table.c.state == FAILED, held),
        )
    ).scalar_one()


def removing(work: Work, numbers: Collection[str], queued: bool = False) -> set[str]:
    """Return which of these requests have a file that is being removed, or is tried again.

    One under a hold stays as long as that does; what a worker has in hand may not know of it yet.

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
    free = or_(table.c.box.not_in(HELD), table.c.box.is_(None))
    rows = work.conn.execute(
        select(table.c.request).where(
            table.c.request.in_(numbers), table.c.kind == FILE, or_(now, and_(again, free))
        )
    )
    return set(rows.scalars())
