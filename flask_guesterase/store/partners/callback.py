"""Call-backs of recipients: believed only under their signature, about now, and once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from ...core.errors import TokenError
from ...core.recipient import Recipient
from ...core.webhook import WINDOW, Signed, holds, read_answer
from .. import tables
from ..work import Work
from . import deliveries

PURPOSE = "answer"
"""Under this word stand the marks of answers that were taken, until no one can send them again."""


def take(work: Work, reference: str, signed: Signed) -> None:
    """Take what a recipient says became of its copies.

    Whoever sends a forged, an old, a repeated or an unknown answer learns nothing from the refusal.

    :param work: the open transaction.
    :param reference: reference of the notice, from the address.
    :param signed: what came.
    :raises TokenError: nobody knows who said it, or it was said before.
    :raises InputError: it is signed, and says nothing that can be understood.
    """
    row = deliveries.find(work, reference)
    known = {each.name: each for each in work.recipients}
    recipient = known.get(row.recipient) if row is not None else None
    believed = _verified(recipient, signed)
    if not (signed.timely(work.now) and believed) or not _first(work, signed):
        raise TokenError("This answer is not believed.", "Sign each answer anew.")
    deliveries.answered(work, reference, read_answer(signed.body, reference))


def _verified(recipient: Recipient | None, signed: Signed) -> bool:
    """Look at the signature; of an unknown notice with a secret of nobody's, as long as ever."""
    verifies = getattr(recipient.adapter, "verifies", None) if recipient is not None else None
    if verifies is None:
        holds(signed, "", secrets.token_bytes(32), "")
        return False
    return verifies(signed) is True


def _first(work: Work, signed: Signed) -> bool:
    """Return whether an answer comes for the first time, and remember it."""
    table = tables.token
    mark = signed.mark()
    if work.conn.execute(select(table.c.hash).where(table.c.hash == mark)).first() is not None:
        return False
    try:
        with work.conn.begin_nested():
            work.conn.execute(
                insert(table).values(
                    hash=mark, purpose=PURPOSE, ends_at=work.stamp + 2 * WINDOW + timedelta(hours=1)
                )
            )
    except IntegrityError:
        return False
    return True
