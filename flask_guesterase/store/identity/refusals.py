"""What somebody tried and was refused: noted where it is refused, journaled after the rollback.

An entry says at which hotel, of which request, by whom of the staff, and what; never about whom.
The same is written once an hour, so that nobody fills the journal by trying.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from ...core.events import GUEST, DeedRefused
from ...core.log import canonical, slug
from ...core.seal import fingerprint
from .. import tables
from ..access import actors
from ..certificates import certifying

if TYPE_CHECKING:
    from ..noted import Refusal
    from ..work import Work

EVERY = timedelta(hours=1)
"""How long the same refusal is not written again."""


def journal(work: Work, refused: Iterable[Refusal]) -> None:
    """Write down what was refused, in a transaction after the one that was rolled back.

    :param work: the open transaction.
    :param refused: what was noted in the one before.
    """
    for each in dict.fromkeys(refused):
        if _told(work, each):
            continue
        place = each.property or next(iter(work.settings.properties))
        if place not in work.settings.properties:
            continue
        hotel = work.settings.property(place)
        actor = GUEST if each.user is None else actors.number(work, each.user)
        event = DeedRefused(slug(hotel.controller), hotel.code, each.number, actor, {}, each.what)
        certifying.left(work, event)


def _told(work: Work, refused: Refusal) -> bool:
    """Return whether the same was written within the hour; otherwise it is noted that it is now."""
    table = tables.attempt
    text = canonical(list(astuple(refused))).decode()
    mark = fingerprint(work.custodian.pepper("attempt"), "refused", text)
    mine = (table.c.action == "refused", table.c.mark == mark, table.c.at > work.stamp - EVERY)
    if work.conn.execute(select(table.c.id).where(*mine)).first() is not None:
        return True
    work.conn.execute(insert(table).values(action="refused", mark=mark, at=work.stamp))
    return False
