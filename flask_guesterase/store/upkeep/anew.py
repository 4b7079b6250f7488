"""Keys in the place of those that are lost: a person says that nobody has a copy of them."""

from __future__ import annotations

from sqlalchemy import select

from ...core.events import KeysReplaced
from .. import tables
from ..access import brake
from ..boxes import boxing, vault
from ..work import Work


def replace(work: Work, by: str) -> list[str]:
    """Make keys anew that boxes lie under and the folder lacks; return their labels.

    One person is enough: what lies under those that are lost did not open before, and stays closed.
    Until then nothing more is sealed under these labels, nor put under them, as a key that is made
    anew would be overwritten by the one that somebody brings back.

    :param work: the open transaction.
    :param by: the host's id of who says so.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises KeyMissingError: the folder is not there, or holds no keys.
    """
    actor = brake.lawyer(work, by)
    labels = lost(work)
    for label in labels:
        work.custodian.ensure(label)
    if labels:
        counts = {"keys": len(labels)}
        work.events += [
            KeysReplaced(name, actor=actor, counts=counts) for name in brake.controllers(work)
        ]
    return labels


def lost(work: Work) -> list[str]:
    """Return the labels of lost keys of days to come, and of no day yet, that boxes lie under.

    :param work: the open transaction; a read-only one is enough.
    """
    box, day = tables.box, tables.day
    living = box.c.forgotten_at.is_(None), box.c.label.not_in(select(day.c.label))
    known = set(work.conn.execute(select(box.c.label).where(*living).distinct()).scalars())
    return sorted(
        label
        for label in known - work.custodian.labels()
        if label.startswith(boxing.LASTING) and not vault.is_over(label, work.today)
    )
