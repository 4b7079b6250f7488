"""Alerts: opened and closed as causes come and go, looked after and closed by people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, false, insert, select

from ...core.alert import BY_PEOPLE, SILENT_FOR, AlertKind, Cause, Closing
from ...core.errors import ForbiddenError, InputError, TransitionError, UnknownError
from ...core.events import SYSTEM, AlertClosed, AlertOpened, AlertTaken, Event
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors, brake, pulse
from ..access.pulse import Pulse
from ..binds import reaching
from ..boxes import safe
from ..mapping.crossing import binds_of
from ..sweeping.runs import is_stale
from ..unit import HasWork, Run
from ..upkeep import consistency
from ..work import Work
from . import causes, notices

LOOKED = "watch"
"""Name of the heartbeat that says when somebody looked last."""

_CLOSED_SHOWN = 50


def look_over(run: Run) -> dict[str, int]:
    """Look at everything, what is sealed in pages before; open, close and tell as `look` does.

    :param run: runs a unit of work.
    :return: opened, gone, told -> how many.
    """
    doubted, binds = run(lambda o: (bool(brake.doubted(o.work)), binds_of(o.work.conn)))
    unfit = [] if doubted else consistency.unfit(run)
    # While one is waited for nobody else could write.
    away = reaching.silent(binds)

    def unit(office: HasWork) -> dict[str, int]:
        office.work.unfit = unfit
        return look(office.work, away)

    return run(unit)


def look(work: Work, away: Collection[str] | None = None) -> dict[str, int]:
    """Look at everything: open what is new, close what is gone, tell who looks after it.

    While the clock is in doubt nothing else is judged by it, and nothing closes by itself; nor does
    what nobody can look at for want of keys, or of a database that does not answer.

    :param work: the open transaction.
    :param away: the databases that do not answer; None lets each be tried.
    :return: opened, gone, told -> how many.
    """
    doubt = brake.doubted(work)
    with reaching.left_out(work, () if doubt else away):
        found = {cause.same(): cause for cause in causes.look(work, doubt)}
    # Whoever looks at the same time waits here, so that nothing is opened twice.
    pulse.put(work.conn, LOOKED, Pulse(work.stamp))
    open_ = {(row.kind, row.property, row.about): row for row in _open(work)}
    quiet = _quiet(work)
    counts = {"opened": 0, "gone": 0}
    for same, cause in found.items():
        if same in open_:
            notices.note(work, open_[same].id, count=cause.count)
        elif same not in quiet:
            _insert(work, cause, SYSTEM)
            counts["opened"] += 1
    stays = {AlertKind.MISTAKE.value, *causes.unseen(found.values())}
    for same, row in open_.items():
        if same not in found and row.kind not in stays and not doubt:
            _close(work, row, SYSTEM, Closing.GONE)
            counts["gone"] += 1
    return {**counts, "told": notices.tell(work)}


def _open(work: Work) -> list[Row[Any]]:
    table = tables.alert
    wanted = select(table).where(table.c.closed_at.is_(None)).order_by(table.c.id)
    return list(work.conn.execute(wanted.with_for_update()))


def _quiet(work: Work) -> set[tuple[str, str, str]]:
    """Return what a person called no fault, or accepted, a short while ago."""
    table = tables.alert
    rows = work.conn.execute(
        select(table.c.kind, table.c.property, table.c.about).where(
            table.c.closed_at > work.stamp - SILENT_FOR,
            table.c.ground.in_([Closing.NO_FAULT.value, Closing.ACCEPTED.value]),
        )
    )
    return {(row.kind, row.property, row.about) for row in rows}


def _insert(work: Work, cause: Cause, by: str, box: str | None = None) -> int:
    table = tables.alert
    hotel = work.settings.properties.get(cause.property)
    made = work.conn.execute(
        insert(table).values(
            controller=slug(hotel.controller) if hotel else "",
            property=cause.property,
            kind=str(cause.kind),
            about=cause.about,
            count=cause.count,
            since=cause.since,
            noticed_at=work.stamp,
            noticed_by=by,
            box=box,
        )
    )
    number = int(cast(Any, made.inserted_primary_key)[0])
    tell(work, AlertOpened, cause.property, by, (str(cause.kind),), {"alert": number})
    return number


def tell(
    work: Work,
    event: type[Event],
    code: str,
    actor: str,
    grounds: tuple[str, ...],
    counts: Mapping[str, int],
) -> None:
    """Note an event of a property; one of the house goes to each journal."""
    hotel = work.settings.properties.get(code)
    names = [slug(hotel.controller)] if hotel else brake.controllers(work)
    work.events += [event(name, code, "", actor, counts, grounds) for name in names]


def report(work: Work, cause: Cause, by: str, box: str | None) -> int:
    """Open an alert that a person reports; return its number.

    :param work: the open transaction.
    :param cause: what is wrong.
    :param by: opaque number of who says so.
    :param box: box of what they wrote, or None.
    """
    number = _insert(work, cause, by, box)
    notices.tell(work)
    return number


def take(work: Work, id: int, by: str) -> None:
    """Say that somebody looks after an alert; the deputy is not told any more.

    :raises UnknownError: there is no such alert for them.
    :raises TransitionError: it is closed.
    """
    row = _load(work, id, by)
    actor = actors.acting(work, by)
    if row.taken_by != actor:
        notices.note(work, id, taken_by=actor, taken_at=work.stamp)
        tell(work, AlertTaken, row.property, actor, (row.kind,), {"alert": id})


def close(work: Work, id: int, by: str, ground: str) -> None:
    """Close an alert on a ground.

    What was fixed and is still there at the next look opens anew; what is no fault, or accepted,
    is left alone for 30 days.

    :param work: the open transaction.
    :param id: its number.
    :param by: the host's id of who closes it.
    :param ground: one of `core.alert.BY_PEOPLE`.
    :raises InputError: there is no such ground.
    :raises UnknownError: there is no such alert for them.
    :raises TransitionError: it is closed.
    """
    if ground not in {each.value for each in BY_PEOPLE}:
        raise InputError(
            "There is no such ground.", f"Use {', '.join(each.value for each in BY_PEOPLE)}."
        )
    row = _load(work, id, by)
    _close(work, row, actors.acting(work, by), Closing(ground))


def _close(work: Work, row: Row[Any], by: str, ground: Closing) -> None:
    safe.drop(work, row.box)
    notices.note(work, row.id, closed_at=work.stamp, closed_by=by, ground=ground.value, box=None)
    tell(work, AlertClosed, row.property, by, (row.kind, ground.value), {"alert": row.id})


def _load(work: Work, id: int, by: str) -> Row[Any]:
    table = tables.alert
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None or row.property not in places(work, by):
        raise UnknownError("There is no such alert.", "Look at the list.")
    if row.closed_at is not None:
        raise TransitionError("This alert is closed.", "There is nothing left to do.")
    return row


def places(work: Work, by: str) -> set[str]:
    """Return the properties whose alerts a person may see, and the house with any of them."""
    codes = work.settings.properties
    mine = {code for code in codes if actors.may(work, by, Permission.WATCH, code)}
    return mine | {""} if mine else set()


def listed(
    work: Work, by: str | None, property_: str = "", closed: bool = False
) -> list[dict[str, Any]]:
    """Return alerts: the open ones, the oldest first, or those that were closed last.

    :param work: the open transaction.
    :param by: the host's id of who asks; None at a console, who is shown no words.
    :param property_: only of this property and of the house; all of theirs when empty.
    :param closed: the closed ones instead.
    :raises ForbiddenError: they may not watch anywhere.
    """
    table = tables.alert
    mine = {*work.settings.properties, ""} if by is None else places(work, by)
    if not mine:
        raise ForbiddenError(
            f"This needs the permission '{Permission.WATCH}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    if property_:
        mine &= {property_, ""}
    wanted = select(table).where(table.c.property.in_(sorted(mine)) if mine else false())
    if closed:
        wanted = wanted.where(table.c.closed_at.is_not(None))
        wanted = wanted.order_by(table.c.closed_at.desc(), table.c.id.desc()).limit(_CLOSED_SHOWN)
    else:
        wanted = wanted.where(table.c.closed_at.is_(None)).order_by(table.c.since, table.c.id)
    return [_line(work, row, by is not None) for row in work.conn.execute(wanted).all()]


def _line(work: Work, row: Row[Any], words: bool) -> dict[str, Any]:
    hotels = notices.owners(work.settings, row.property)
    end: datetime = row.closed_at or work.stamp
    return {
        "id": row.id,
        "kind": row.kind,
        "property": row.property,
        "about": row.about,
        "count": row.count,
        "since": row.since,
        "age_days": max(0, (end - row.since).days),
        "noticed_at": row.noticed_at,
        "noticed_by": row.noticed_by,
        "owner": _addresses(hotel.officer for hotel in hotels),
        "deputy": _addresses(hotel.deputy for hotel in hotels),
        "told_at": row.told_at,
        "deputy_at": row.deputy_at,
        "taken_by": row.taken_by or "",
        "words": str(safe.peek(work, row.box) or "") if words else "",
        "closed_at": row.closed_at,
        "closed_by": row.closed_by or "",
        "ground": row.ground or "",
    }


def _addresses(given: Any) -> str:
    return ", ".join(dict.fromkeys(filter(None, given)))


def last_look(work: Work) -> tuple[datetime | None, bool]:
    """Return when everything was looked at last, aware, and whether the sweep is silent now."""
    seen = pulse.look(work.conn, LOOKED)
    return (seen.at.replace(tzinfo=UTC) if seen else None), is_stale(work)
