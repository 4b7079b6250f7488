"""Looking over holds and freezes: who may know of which, and what is said again every day."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import Row, and_, literal, or_, select

from ...core.errors import ForbiddenError
from ...core.events import SYSTEM, FreezeUnconfirmed, HoldReviewDue
from ...core.holding import FREEZE, HOLD, Scope
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import day_at
from ..retaining import heldqueries
from ..work import Work
from . import heldlost, heldrows


def listed(work: Work, by: str) -> list[dict[str, Any]]:
    """Return the living holds and freezes a person may know of, the newest first.

    Who may place holds at a property sees all of its; who may freeze there, its freezes, without
    their numbers.

    :raises ForbiddenError: they may do neither anywhere.
    """
    codes = list(work.settings.properties)
    holding = {c for c in codes if actors.may(work, by, Permission.HOLD, c)}
    freezing = {c for c in codes if actors.may(work, by, Permission.FREEZE, c)}
    if not holding | freezing:
        raise ForbiddenError(
            "This needs the permission 'hold' or 'freeze' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    table = tables.hold
    rows = work.conn.execute(
        select(table).where(table.c.lifted_at.is_(None)).order_by(table.c.id.desc())
    )
    lines = []
    for row in rows:
        places = {hotel.code for hotel in heldrows.homes(work, row.property)}
        if places <= holding or (row.kind == FREEZE and places <= freezing):
            lines.append(_line(work, row, places <= holding))
    return lines


def lifted(work: Work, by: str, most: int = 20) -> list[dict[str, Any]]:
    """Return the holds and freezes that were lifted last, with who placed and who lifted them.

    :param work: the open transaction.
    :param by: the host's id of who asks: silent ones are for those who may hold there, as living
        ones are.
    :param most: how many at most.
    :raises ForbiddenError: they may place holds nowhere.
    """
    table, known = tables.hold, list(work.settings.properties)
    mine = [code for code in known if actors.may(work, by, Permission.HOLD, code)]
    if not mine:
        raise ForbiddenError(
            f"This needs the permission '{Permission.HOLD}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    # Of a property that nobody runs any more whoever may at each of the others.
    gone = and_(literal(mine == known), table.c.property.not_in(known))
    rows = work.conn.execute(
        select(table)
        .where(table.c.lifted_at.is_not(None), or_(table.c.property.in_(mine), gone))
        .order_by(table.c.lifted_at.desc(), table.c.id.desc())
        .limit(most)
    )
    return [
        {
            "id": row.id, "kind": row.kind, "scope": row.scope, "property": row.property,
            "why": row.why, "silent": bool(row.silent), "placed_at": row.placed_at,
            "placed_by": row.placed_by, "proposed_by": row.lift_by or "",
            "lifted_by": row.lifted_by or "", "lifted_at": row.lifted_at,
        }
        for row in rows
    ]  # fmt: skip


def _line(work: Work, row: Row[Any], whole: bool) -> dict[str, Any]:
    today = day_at(heldrows.homes(work, row.property)[0], work.now).isoformat()
    line = {
        "id": row.id,
        "kind": row.kind,
        "scope": row.scope,
        "property": row.property,
        "night": row.first_night or "",
        "room": row.room or "",
        "placed_at": row.placed_at,
        "confirmed": row.kind == HOLD or row.confirmed_at is not None,
        "lift_by": row.lift_by or "",
        "lift_at": row.lift_at,
    }
    if not whole:
        # Numbers count on over all holds, so that a gap would tell of a silent one.
        return line | {"id": None, "lift_by": "", "lift_at": None}
    return line | {
        "table": row.table_name or "",
        "row": row.row_key or "",
        "query": row.query or "",
        "why": row.why,
        "silent": bool(row.silent),
        "reference": str(safe.peek(work, row.box) or ""),
        "review_on": row.review_on or "",
        "late": _due(work, row, today),
        "strayed": _strayed(work, row),
        "placed_by": row.placed_by,
    }


def _due(work: Work, row: Row[Any], today: str) -> bool:
    """Return whether somebody must look at a hold: its day came, or it is not on what it was on."""
    return bool(row.review_on and row.review_on <= today) or _strayed(work, row)


def _strayed(work: Work, row: Row[Any]) -> bool:
    """Return whether rows left a hold past us, or its query says something else by now."""
    asked = row.id, row.table_name or "", row.query or ""
    if row.scope == Scope.QUERY:
        return heldqueries.meant(work, *asked) is None
    return heldlost.lost(work, row.id)


def escalate(work: Work) -> int:
    """Say again, once a day, which freezes nobody confirmed and which holds must be looked at.

    Nothing lapses by it.

    :return: how many that were, without silent holds: a sweep tells the number to others too.
    """
    table = tables.hold
    rows = work.conn.execute(
        select(table).where(table.c.lifted_at.is_(None)).with_for_update(skip_locked=True)
    ).all()
    count = 0
    for row in rows:
        hotel = next(iter(heldrows.homes(work, row.property)), None)
        if hotel is None:
            continue
        now = day_at(hotel, work.now)
        today = now.isoformat()
        days = (now - day_at(hotel, row.placed_at.replace(tzinfo=UTC))).days
        open_ = row.kind == FREEZE and row.confirmed_at is None and days > 0
        due = _due(work, row, today)
        if (row.reminded_on or "") >= today or not (open_ or due):
            continue
        heldrows.write(work, row.id, reminded_on=today)
        event = FreezeUnconfirmed if open_ else HoldReviewDue
        heldrows.tell(work, event, hotel, SYSTEM, {"days": days}, heldrows.silence(row.silent))
        count += not row.silent
    return count
