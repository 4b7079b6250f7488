"""Keys in the place of those that are lost: a person says that nobody has a copy of them."""

from __future__ import annotations

from sqlalchemy import delete, select

from ...core.events import KeysReplaced
from .. import tables
from ..access import brake
from ..boxes import boxing, vault
from ..statements.sql import chunks
from ..work import Work


def replace(work: Work, by: str) -> list[str]:
    """Make keys anew that the folder lacks and boxes lie under, or are to; return their labels.

    One person is enough: what lies under those that are lost did not open before, and stays closed.
    Until then nothing more is sealed under these labels, nor put under them, as a key that is made
    anew would be overwritten by the one that somebody brings back. A row that calls one of them
    ended before its day goes.

    :param work: the open transaction.
    :param by: the host's id of who says so.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises KeyMissingError: the folder is not there, or holds no keys.
    """
    actor = brake.lawyer(work, by)
    labels, day = lost(work), tables.day
    for label in labels:
        work.custodian.ensure(label)
    for part in chunks(labels):
        work.conn.execute(delete(day).where(day.c.label.in_(part)))
    if labels:
        counts = {"keys": len(labels)}
        work.events += [
            KeysReplaced(name, actor=actor, counts=counts) for name in brake.controllers(work)
        ]
    return labels


def lost(work: Work) -> list[str]:
    """Return the labels of lost keys of days to come, and of no day yet, that boxes lie under.

    So are those that a row calls ended before their day: nothing can be sealed under them.

    :param work: the open transaction; a read-only one is enough.
    """
    box, day = tables.box, tables.day
    living = box.c.forgotten_at.is_(None), box.c.label.not_in(select(day.c.label))
    known = set(work.conn.execute(select(box.c.label).where(*living).distinct()).scalars())
    known.update(boxing.ended_early(work.conn, work.today))
    return sorted(
        label
        for label in known - work.custodian.labels()
        if label.startswith(boxing.LASTING) and not vault.is_over(label, work.today)
    )
