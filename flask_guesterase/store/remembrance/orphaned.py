"""The keys of holds that a restored database has forgotten, which nothing else would ever end."""

from __future__ import annotations

from sqlalchemy import select

from ...core.events import SYSTEM, BackupForgotten
from .. import tables
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..journaling import binding
from ..work import Work
from . import months, remembering

PLACED = "holds-placed"
"""Name under which it stands when the forgotten holds were last said to be placed again."""

_KIND = "hold"


def placed(work: Work) -> None:
    """Say that what a restored database had forgotten to hold is held again.

    :param work: the open transaction.
    """
    pulse.put(work.conn, PLACED, Pulse(work.stamp))


def end(work: Work) -> None:
    """Destroy the keys of holds that no row tells of and no copy of the database can bring back.

    A later copy that is put back after an earlier one knows those holds, and has boxes that open
    by such a key alone. So they wait for as long as backups are kept; where nobody said how
    long that is they stay.

    :param work: the open transaction, of a clock that is believed.
    """
    said = pulse.look(work.conn, PLACED)
    if said is None or not months.is_over(work, said.at.date().isoformat()[:7]):
        return
    # Whoever places a hold waits here, so that no key goes under which a box is being put. So they
    # are destroyed before the commit: where that fails the next round finds none, and counts none.
    binding.turn(work, binding.HOLDS)
    known = remembering.standing(work)
    if known is None or known.missing or known.restored or known.holds:
        return
    there = set(work.conn.execute(select(tables.hold.c.id)).scalars())
    labels = [each for each in sorted(work.custodian.labels()) if _is_orphan(each, there)]
    for label in labels:
        work.custodian.forget(label)
    # Nothing is forgotten anew before the next restore: until then no round looks again.
    pulse.take(work.conn, PLACED)
    if labels:
        counts = {"keys": len(labels)}
        work.events += [
            BackupForgotten(name, actor=SYSTEM, counts=counts) for name in brake.controllers(work)
        ]


def _is_orphan(label: str, there: set[int]) -> bool:
    kind, _, number = label.partition(":")
    return kind == _KIND and number.isdecimal() and int(number) not in there
