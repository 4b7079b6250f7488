"""Rows of holds and freezes: who may act on them, how they are written, and what is journaled."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row, insert, select, update

from ...core.errors import InputError, LiftedError, UnknownError
from ...core.events import Event
from ...core.holding import SILENT
from ...core.lifecycle import State
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..journaling import binding
from ..remembrance import tracing
from ..retaining.living import living
from ..settings import Property
from ..statements.sql import chunks
from ..work import Work
from . import heldkeys

_RUNNING = (State.APPROVED, State.WAITING, State.ERASING, State.CHECKING)


def homes(work: Work, code: str) -> list[Property]:
    """Return the property of a hold, or all there are when nobody runs one of its code any more."""
    known = work.settings.properties
    return [known[code]] if code in known else list(known.values())


def may(work: Work, by: str, permission: Permission, code: str) -> bool:
    """Return whether somebody may do this about a hold: at each property that it can be of."""
    places = homes(work, code)
    return bool(places) and all(actors.may(work, by, permission, each.code) for each in places)


def load(work: Work, id: int, by: str) -> Row[Any]:
    """Return a living hold, locked; to who may not lift it there is none.

    :raises LiftedError: it was lifted, and they could have.
    :raises UnknownError: there is none for them.
    """
    table = tables.hold
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None or not may(work, by, Permission.HOLD, row.property):
        raise UnknownError("There is no such hold.", "Look at the list.")
    if row.lifted_at is not None:
        raise LiftedError("It was lifted already.", "There is nothing left to do.")
    return row


def put(
    work: Work,
    kind: str,
    hotel: Property,
    actor: str,
    values: dict[str, Any],
    remembered: bool = True,
) -> int:
    """Write down a hold or a freeze; return its number.

    :param work: the open transaction.
    :param kind: HOLD or FREEZE.
    :param hotel: the property.
    :param actor: opaque number of who places it.
    :param values: what is held.
    :param remembered: whether the register of erasures is told of it.
    """
    alone(work)
    binding.touch(work, binding.HOLDS)
    done = work.conn.execute(
        insert(tables.hold).values(
            kind=kind,
            controller=slug(hotel.controller),
            property=hotel.code,
            placed_by=actor,
            placed_at=work.stamp,
            **values,
        )
    )
    id = int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one
    if work.settings.register and remembered:
        placed = work.conn.execute(select(tables.hold).where(tables.hold.c.id == id)).one()
        work.remember.append(tracing.held(work, placed))
    return id


def alone(work: Work) -> None:
    """Let nobody else place a hold, or commit an erasure, until this transaction ends.

    Who erases on request has locked that first: what runs now ends before this goes on. Who erases
    without one looks again at its end, and waits for this then.
    """
    wait(work)
    binding.turn(work, binding.HOLDS)


def wait(work: Work) -> None:
    """Wait for who erases on request just now, and let nobody else begin.

    Call it before a row of the host's is locked: who erases locks the request first, then rows.
    """
    running = [state.value for state in _RUNNING]
    table = tables.request
    # Found by its index and locked at once, MariaDB locks the index's entry before the row: who
    # erases has the row, and writes that entry next.
    found = work.conn.execute(select(table.c.id).where(table.c.state.in_(running))).scalars()
    for part in chunks(sorted(found)):
        mine = select(table.c.id).where(table.c.id.in_(part)).order_by(table.c.id)
        work.conn.execute(mine.with_for_update()).all()


def wrap(work: Work, id: int) -> int:
    """Put under the key of a living hold what it reaches by now; return how many boxes."""
    hold = next(hold for hold in living(work) if hold.id == id)
    return heldkeys.wrap(work, hold)


def write(work: Work, id: int, **values: object) -> None:
    """Change columns of a hold, which the journal then vouches for."""
    binding.touch(work, binding.HOLDS)
    work.conn.execute(update(tables.hold).where(tables.hold.c.id == id).values(**values))


def silence(silent: bool) -> tuple[str, ...]:
    """Return the word of the journal for a hold of which only few may know, or nothing."""
    return (SILENT,) if silent else ()


def tell(
    work: Work,
    event: type[Event],
    hotel: Property,
    actor: str,
    counts: dict[str, int] | None = None,
    grounds: tuple[str, ...] = (),
) -> None:
    """Journal what was done about a hold."""
    controller = slug(hotel.controller)
    work.events.append(event(controller, hotel.code, "", actor, counts or {}, grounds))


def day(text: str) -> str:
    """Return a day in the one form in which days are compared as texts."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError("This is no day.", "Write it as YYYY-MM-DD.") from None
