"""Letters that say how a request stood, and did not leave before one that says how it ended.

What arrives last is believed: a guest would read that something is left, and all is gone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, func, select, update

from .. import tables
from ..boxes import safe
from ..work import Work
from .outbox import FAILED, MESSAGE, OVERTAKEN, QUEUED, SENDING, SENT, Parcel

STANDING = ("waiting", "extended", "done")
"""Texts that say how a request stands, which is not so any more once a newer one says its end."""

ENDS = ("done", "refused", "withdrawn", "restored")
"""Texts that say how a request ended, or that its end was taken back."""


def is_overtaken(work: Work, row: Row[Any]) -> bool:
    """Return whether a letter that failed is older than one that says how its request ended.

    What was not tried yet goes first by itself.

    :param work: the open transaction.
    :param row: the letter.
    """
    tried = row.attempts > 0 or row.state == SENDING
    if row.kind != MESSAGE or row.template not in STANDING or not tried:
        return False
    return work.conn.execute(_newer(row)).first() is not None


def is_behind(work: Work, parcel: Parcel) -> bool:
    """Return whether a letter is older than one that left and says how its request ended.

    :param work: the open transaction.
    :param parcel: the letter, which waited in a worker's hands.
    """
    if parcel.template not in STANDING:
        return False
    sent = _newer(parcel).where(tables.outbox.c.state == SENT)
    return work.conn.execute(sent).first() is not None


def _newer(letter: Row[Any] | Parcel) -> Select[Any]:
    table = tables.outbox
    newer = table.c.request == letter.request, table.c.template.in_(ENDS), table.c.id > letter.id
    return select(table.c.id).where(*newer).limit(1)


def take_back(work: Work, number: str, template: str) -> None:
    """Take back what could not be sent of a request and is overtaken by what was queued now.

    What somebody has in hand is left to them; it is looked at again when it is tried again.

    :param work: the open transaction, in which that was queued.
    :param number: number of the request.
    :param template: name of its text.
    """
    if template not in ENDS:
        return
    table, newer = tables.outbox, tables.outbox.alias()
    ends = newer.c.request == number, newer.c.template.in_(ENDS), newer.c.id > table.c.id
    older = select(table.c.id).where(
        table.c.request == number, table.c.kind == MESSAGE, table.c.template.in_(STANDING),
        table.c.state.in_([QUEUED, FAILED]), table.c.attempts > 0,
        select(newer.c.id).where(*ends).correlate(table).exists(),
    )  # fmt: skip
    for id in work.conn.execute(older.with_for_update(skip_locked=True)).scalars().all():
        overtake(work, id)


def overtake(work: Work, id: int) -> None:
    """Let a letter not leave any more; that its guest was not told by it stays known.

    Its mark is free for another one that says the same later.

    :param work: the open transaction, in which its row is locked.
    """
    table = tables.outbox.c
    box = work.conn.execute(select(table.box).where(table.id == id)).scalar()
    work.conn.execute(
        update(tables.outbox)
        .where(table.id == id)
        .values(
            state=OVERTAKEN, box=None, dedupe=f"{OVERTAKEN}:{id}",
            done_at=func.coalesce(table.done_at, work.stamp),
        )
    )  # fmt: skip
    safe.drop(work, box)
