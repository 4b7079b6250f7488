"""A freeze: one click holds a night, a room or a house, and somebody confirms it later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select

from ...core.errors import UnknownError
from ...core.events import FreezeConfirmed, Frozen
from ...core.holding import FREEZE, Scope
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..retaining import holds
from ..retaining.living import Hold
from ..work import Work
from . import heldrows


def freeze(
    work: Work, property_: str, by: str, night: str | None = None, room: str | None = None
) -> int:
    """Freeze a property, a night, a room or a room of one night, without a reason.

    The same place twice is one freeze; the second time takes back what somebody said for lifting
    it. It stays until two people lift it.

    :param work: the open transaction.
    :param property_: code of the property.
    :param by: the host's id of the person on duty.
    :param night: the night, ISO, or None for all.
    :param room: the room, or None for all.
    :return: number of the freeze.
    :raises ForbiddenError: they may not freeze there.
    :raises InputError: the night is no day.
    """
    hotel = work.settings.property(property_)
    actor = actors.allow(work, by, Permission.FREEZE, hotel.code)
    night, room = _written(night, room)
    frozen = _frozen(work, hotel.code, night, room)
    if frozen is None:
        heldrows.alone(work)
        frozen = _frozen(work, hotel.code, night, room)
    if frozen is not None:
        if frozen.lift_by is not None:
            heldrows.write(work, frozen.id, lift_by=None, lift_at=None)
            heldrows.tell(work, Frozen, hotel, actor)
        return int(frozen.id)
    values = {
        "scope": Scope.PLACE.value,
        "room": room or None,
        "first_night": night or None,
        "last_night": night or None,
        "silent": False,
        "why": "",
    }
    id = heldrows.put(work, FREEZE, hotel, actor, values)
    boxes = heldrows.wrap(work, id)
    heldrows.tell(work, Frozen, hotel, actor, {"boxes": boxes})
    return id


def is_listed(
    work: Work, property_: str, by: str, night: str | None = None, room: str | None = None
) -> bool:
    """Return whether the guest register names the room and night of a freeze.

    :param work: the open transaction.
    :param property_: code of the property.
    :param by: the host's id of the person on duty.
    :param night: the night, ISO, or None for all.
    :param room: the room, or None for all.
    :raises ForbiddenError: they may not freeze there.
    :raises InputError: the night is no day.
    """
    hotel = work.settings.property(property_)
    actors.require(work, by, Permission.FREEZE, hotel.code)
    night, room = _written(night, room)
    place = Hold(0, Scope.PLACE.value, hotel.code, room=room, night=night)
    return holds.is_listed(work, place)


def _written(night: str | None, room: str | None) -> tuple[str, str]:
    """Return a night and a room as a freeze holds them; empty for all."""
    night = (night or "").strip()
    return heldrows.day(night) if night else "", (room or "").strip()[:40]


def _frozen(work: Work, code: str, night: str, room: str) -> Row[Any] | None:
    """Return the living freeze of a place, locked, or None."""
    table = tables.hold
    return work.conn.execute(
        select(table)
        .where(
            table.c.scope == Scope.PLACE.value,
            table.c.property == code,
            func.coalesce(table.c.first_night, "") == night,
            func.coalesce(table.c.room, "") == room,
            table.c.lifted_at.is_(None),
        )
        .order_by(table.c.id)
        .with_for_update()
    ).first()


def confirm(work: Work, id: int, by: str) -> None:
    """Confirm a freeze, so that nobody is reminded of it any more.

    :raises UnknownError: there is no such freeze, or they may not place holds at its property.
    """
    row = heldrows.load(work, id, by)
    if row.kind != FREEZE:
        raise UnknownError("There is no such freeze.", "Look at the list.")
    if row.confirmed_at is None:
        hotel = heldrows.homes(work, row.property)[0]
        actor = actors.acting(work, by)
        heldrows.write(work, id, confirmed_by=actor, confirmed_at=work.stamp)
        heldrows.tell(work, FreezeConfirmed, hotel, actor)
