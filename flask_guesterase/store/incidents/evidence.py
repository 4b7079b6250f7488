"""What is evidence of an incident: the journal, and safety copies where they may be the way back.

Guests' own requests go on: no row of the host's is held, only boxes that would end.
"""

from __future__ import annotations

from sqlalchemy import select

from ...core.events import HoldLifted, HoldPlaced
from ...core.holding import HOLD, Cause, Scope
from ...core.incidents import COPIED
from .. import tables
from ..holding import heldkeys, heldrows
from ..retaining.living import living, read
from ..work import Work
from .records import Incident


def hold(work: Work, row: Incident, actor: str) -> int:
    """Hold what is evidence of an incident; return the number of the hold.

    The register is not told of it: a restored database has forgotten the incident too.

    :param work: the open transaction.
    :param row: the incident.
    :param actor: opaque number of who opened it.
    """
    hotel = work.settings.home(row.property)
    values = {
        "scope": Scope.EVIDENCE.value,
        "query": row.number,
        "silent": False,
        "why": Cause.INTERNAL.value,
    }
    id = heldrows.put(work, HOLD, hotel, actor, values, remembered=False)
    boxes = heldrows.wrap(work, id)
    heldrows.tell(work, HoldPlaced, hotel, actor, {"boxes": boxes}, (Cause.INTERNAL.value,))
    return id


def anew(work: Work, row: Incident) -> None:
    """Hold what is evidence now that the incident is of another kind, and nothing that is none.

    :param work: the open transaction.
    :param row: the incident, as it was classified last.
    """
    mine = next((each for each in living(work) if each.id == row.hold), None)
    if mine is None:
        return
    if row.kind in COPIED:
        heldrows.wrap(work, mine.id)
    else:
        heldkeys.loosen(work, mine)


def end(work: Work, row: Incident, actor: str) -> None:
    """Let go of the evidence of an incident that two people brought to its end; again without harm.

    :param work: the open transaction.
    :param row: the incident.
    :param actor: opaque number of who closed it.
    """
    table = tables.hold
    mine = select(table).where(table.c.id == row.hold, table.c.lifted_at.is_(None))
    found = work.conn.execute(mine.with_for_update()).one_or_none()
    if found is not None:
        heldrows.write(work, found.id, lifted_by=actor, lifted_at=work.stamp)
        ended = heldkeys.unwrap(work, read(found))
        hotel = heldrows.homes(work, found.property)[0]
        heldrows.tell(work, HoldLifted, hotel, actor, {"boxes": ended})
