"""The end of a hold or a freeze, by two people; until then somebody looks at it by a day."""

from __future__ import annotations

from sqlalchemy import update

from ...core.errors import FourEyesError, InputError
from ...core.events import HoldLifted, HoldReviewed, LiftProposed
from ...core.lifecycle import State
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework.cases import day_at
from ..journaling import binding
from ..messages.outbox import OUTSIDE
from ..remembrance import tracing
from ..retaining import heldqueries
from ..retaining.living import read
from ..work import Work
from . import heldkeys, heldlost, heldrows


def review(work: Work, id: int, by: str, on: str) -> None:
    """Say that a hold is still needed, and on which day somebody must look again.

    :param work: the open transaction.
    :param id: its number.
    :param by: the host's id of the person.
    :param on: the day, ISO.
    :raises UnknownError: there is no such hold, or they may not place holds at its property.
    :raises InputError: this is no day, or none that is still to come.
    """
    row = heldrows.load(work, id, by)
    hotel = heldrows.homes(work, row.property)[0]
    day = heldrows.day(on)
    if day <= day_at(hotel, work.now).isoformat():
        raise InputError("This day is past.", "Give a day that is still to come.")
    actor = actors.acting(work, by)
    heldrows.write(work, id, review_on=day)
    heldlost.note(work, read(row))
    heldrows.tell(work, HoldReviewed, hotel, actor, {}, heldrows.silence(row.silent))


def place_of(work: Work, id: int, by: str) -> str:
    """Return the property at which a living hold is lifted.

    :raises UnknownError: there is no such hold, or they may not lift holds at its property.
    """
    return heldrows.homes(work, str(heldrows.load(work, id, by).property))[0].code


def lift(work: Work, id: int, by: str) -> bool:
    """Agree that a hold or a freeze ends; the second person who does lifts it.

    What it kept goes on by itself: requests that waited for it are tried again at once.

    :return: whether it is lifted now.
    :raises UnknownError: there is no such hold, or they may not lift holds at its property.
    :raises FourEyesError: they proposed it themselves.
    """
    row = heldrows.load(work, id, by)
    hotel = heldrows.homes(work, row.property)[0]
    actor = actors.acting(work, by)
    # The first word may have been written past us; then this one is the first.
    if row.lift_by is None or binding.strayed(work, binding.HOLDS):
        heldrows.write(work, id, lift_by=actor, lift_at=work.stamp)
        heldrows.tell(work, LiftProposed, hotel, actor, {}, heldrows.silence(row.silent))
        return False
    if same(work.conn, row.lift_by, actor, work.stamp):
        raise FourEyesError("Two people lift a hold.", "Ask a second person.")
    heldrows.write(work, id, lifted_by=actor, lifted_at=work.stamp)
    work.remember.append(tracing.lifted(row))
    # First: who erases on request holds the request, and takes the turn that `unwrap` takes after.
    _resume(work)
    ended = heldkeys.unwrap(work, read(row))
    heldqueries.forget(work, id)
    heldlost.forget(work, id)
    heldrows.tell(work, HoldLifted, hotel, actor, {"boxes": ended}, heldrows.silence(row.silent))
    return True


def _resume(work: Work) -> None:
    """Try requests again at once that may have waited for what was held.

    One that waits because a held row hangs on a parent that was to go names that, not the hold.
    """
    table = tables.request
    work.conn.execute(
        update(table)
        .where(table.c.state == State.WAITING.value, table.c.waiting_for.not_in(("grace", OUTSIDE)))
        .values(try_at=work.stamp)
    )
