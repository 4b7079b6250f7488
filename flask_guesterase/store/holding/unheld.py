"""Whether what holds kept may have become free: it is not read again every night without need."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import select

from ...core.holding import Scope
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..retaining.living import living
from ..sweeping import basis
from ..work import Work

PULSE = "unheld"

WEEK = timedelta(days=7)
"""How old the last look at everything that is held may be."""


def since(work: Work) -> Pulse | None:
    """Return what to write down when everything held was looked at; None when that is no use.

    It is when a hold was lifted since, the rules or the host's queries changed, a hold is on a
    query, whose rows change by themselves, or a week has passed.

    :param work: the open transaction.
    """
    now = Pulse(work.stamp, _mark(work))
    last = pulse.look(work.conn, PULSE)
    if last is None or last.note != now.note or abs(work.stamp - last.at) >= WEEK:
        return now
    hold = tables.hold
    lifted = select(hold.c.id).where(hold.c.lifted_at >= last.at).limit(1)
    if work.conn.execute(lifted).first() is not None:
        return now
    return now if any(each.scope == Scope.QUERY for each in living(work)) else None


def note(work: Work, looked: Pulse) -> None:
    """Write down that everything held was looked at.

    :param work: the open transaction.
    :param looked: what `since` returned before.
    """
    pulse.put(work.conn, PULSE, looked)


def _mark(work: Work) -> str:
    said = "|".join([basis.whole(work), *sorted(work.queries)])
    return hashlib.sha256(said.encode()).hexdigest()
