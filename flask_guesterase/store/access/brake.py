"""The clock brake: a clock that cannot be believed erases and forgets nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    func,
    literal_column,
    null,
    select,
)

from ...core import brake
from ...core.errors import BlockedError, TransitionError
from ...core.events import SYSTEM, ClockConfirmed, ClockDoubted
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..statements.sql import MARIADB
from . import actors, boots, firsts, pulse, written
from .boots import Boot
from .pulse import Pulse
from .written import at as _at

if TYPE_CHECKING:
    from ..work import Work

HEART, CLOCK, DOUBT = "heartbeat", "clock", "clock-doubted"
BEAT = timedelta(minutes=1)
"""How far apart heartbeats are at least."""


def doubted(work: Work) -> str:
    """Return why the clock of this machine cannot be believed, or an empty string.

    :param work: the open transaction; a read-only one is enough.
    """
    return doubt(work.conn, work.stamp, work.boot())


def doubt(conn: Connection, now: datetime, boot: Boot | None = None) -> str:
    """Return why the clock cannot be believed, or an empty string; nothing is written.

    Once doubted it stays so until two people confirm it, even when it looks right again: nobody
    knows what the wrong hour left behind.

    :param conn: open transaction.
    :param now: naive UTC, the clock that is judged.
    :param boot: how long the machine of that clock runs, None where nobody knows.
    """
    said = pulse.look_at(conn, DOUBT, HEART, CLOCK, *boots.names(boot))
    if DOUBT in said:
        return said[DOUBT].note
    if boots.set_forward(boots.noted(said, boot), boot):
        return brake.LEAPT
    trees = conn.execute(_TREES[conn.dialect.name]).all()
    told = _moment(trees[0].told) if trees else _told(conn)
    seen = _seen(conn, trees, said.get(HEART))
    return brake.judge(now, seen, _server(told, said.get(CLOCK)))


def hold_back(work: Work) -> str:
    """Return why nothing may be erased or forgotten by day now, or an empty string.

    The first time this is so the journals say it, and the brake stays on.

    :param work: the open transaction; it may write.
    """
    why = doubted(work)
    if why and pulse.look(work.conn, DOUBT, lock=True) is None:
        # Two people may have let the brake go while this waited for them.
        why = doubted(work)
        if not why:
            return ""
        pulse.put(work.conn, DOUBT, Pulse(work.stamp, why))
        work.events += [
            ClockDoubted(name, actor=SYSTEM, grounds=(why,)) for name in controllers(work)
        ]
    return why


def require(work: Work) -> None:
    """Go on only when the clock is believed.

    :raises BlockedError: it is not.
    """
    why = doubted(work)
    if why:
        raise BlockedError(
            "The clock of this machine is in doubt, so nothing is erased by day.",
            "Set the clock right; then two people confirm it.",
            (DOUBT,),
        )


def beat(work: Work) -> None:
    """Note that things run, at most once a minute; only when `hold_back` said nothing."""
    boot = work.boot()
    said = pulse.look_at(work.conn, HEART, *boots.names(boot))
    last = said.get(HEART)
    if last is None or work.stamp - last.at >= BEAT:
        pulse.put(work.conn, HEART, Pulse(work.stamp))
    # Another machine may have beaten within the minute, again and again.
    boots.note(work.conn, boot, boots.noted(said, boot), work.stamp)


def meet(work: Work) -> None:
    """Note the first look at this run of the machine; only when `hold_back` said nothing."""
    boot = work.boot()
    if boot is not None:
        said = pulse.look_at(work.conn, *boots.names(boot))
        boots.note(work.conn, boot, boots.noted(said, boot), work.stamp)


def confirm(work: Work, by: str) -> bool:
    """Say that the clock is right: the first person proposes, the second lets the brake go.

    :param work: the open transaction.
    :param by: the host's id of who says it.
    :return: whether that was the second person.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises FourEyesError: they were the first person.
    :raises TransitionError: nobody doubts the clock.
    """
    actor = lawyer(work, by)
    before = pulse.look(work.conn, CLOCK, lock=True)
    if not hold_back(work):
        raise TransitionError("Nobody doubts the clock.", "There is nothing to confirm.")
    mine = Pulse(work.stamp, by=actor)
    if before is None or not firsts.second(work, CLOCK, before, mine, brake.CONFIRM):
        firsts.say(work, CLOCK, mine)
        return False
    ahead = str(_ahead(work))
    pulse.put(work.conn, CLOCK, replace(before, at=work.stamp, note=ahead, second=actor))
    pulse.put(work.conn, HEART, Pulse(work.stamp))
    pulse.take(work.conn, DOUBT)
    boots.forget(work.conn)
    work.events += [ClockConfirmed(name, actor=actor) for name in controllers(work)]
    return True


def lawyer(work: Work, by: str) -> str:
    """Return the opaque number of a person who may decide about the law at some property.

    :raises ForbiddenError: there is no such property.
    """
    require_lawyer(work, by)
    return actors.acting(work, by)


def require_lawyer(work: Work, by: str) -> None:
    """Go on only when a person may decide about the law at some property; nothing is written.

    :raises ForbiddenError: there is no such property.
    """
    places = work.settings.properties
    mine = [code for code in places if actors.may(work, by, Permission.LAW, code)]
    actors.require(work, by, Permission.LAW, (mine or [*places, ""])[0])


def proposed(work: Work) -> bool:
    """Return whether a first person said that the clock is right, and a second may say so now."""
    said = pulse.look(work.conn, CLOCK)
    waiting = said is not None and said.second is None
    return said is not None and waiting and abs(work.stamp - said.at) <= brake.CONFIRM


def controllers(work: Work) -> list[str]:
    """Return who has a journal, or will have one: what concerns the house goes to each."""
    known = {slug(place.controller) for place in work.settings.properties.values()}
    there = work.conn.execute(select(tables.tree.c.controller).where(tables.tree.c.open))
    return sorted({*known, *there.scalars()})


def began(conn: Connection) -> datetime | None:
    """Return when the first entry that is there was written, naive UTC, or None without any."""
    table, head = tables.entry, tables.tree
    first = select(table.c.body).where(
        table.c.controller == head.c.controller, table.c.epoch == head.c.epoch,
        table.c.position == func.coalesce(head.c.pruned, 0),
    )  # fmt: skip
    return min((_at(body) for body in conn.execute(first).scalars()), default=None)


def aged(work: Work, age: timedelta) -> bool:
    """Return whether the first entry that is there is older than an age."""
    since = began(work.conn)
    return since is not None and work.stamp - since > age


def _seen(conn: Connection, trees: Iterable[Any], heart: Pulse | None) -> list[datetime]:
    """Return the last heartbeat and when entries of open trees were written since."""
    since = None if heart is None else heart.at
    found = [] if since is None else [since]
    for row in trees:
        found += written.since(conn, row, since)
    return found


_CLOCKS: Mapping[str, ColumnElement[Any]] = {
    "postgresql": literal_column("clock_timestamp() AT TIME ZONE 'UTC'", DateTime()),
    **dict.fromkeys(MARIADB, literal_column("UTC_TIMESTAMP(6)", DateTime())),
    "sqlite": null(),
}
"""Engine -> the clock of its server, naive UTC; SQLite has none of its own."""
_TREES = {
    name: select(tables.tree.c.controller, tables.tree.c.epoch, clock.label("told"))
    .where(tables.tree.c.open)
    for name, clock in _CLOCKS.items()
}  # fmt: skip


def _ahead(work: Work) -> int:
    """Return by how many seconds this clock is ahead of the server's, 0 where it is not."""
    told = _told(work.conn)
    return 0 if told is None else max(0, int((work.stamp - told).total_seconds()))


def _server(told: datetime | None, agreed: Pulse | None) -> datetime | None:
    """Return what a server's clock told, moved by what two people found it to be behind."""
    if told is None or agreed is None or agreed.second is None:
        return told
    return told + timedelta(seconds=int(agreed.note or 0))


def _told(conn: Connection) -> datetime | None:
    """Return the clock of the database server, naive UTC, or None where there is none."""
    return _moment(conn.execute(select(_CLOCKS[conn.dialect.name])).scalar_one())


def _moment(told: Any) -> datetime | None:
    return told if told is None or isinstance(told, datetime) else datetime.fromisoformat(str(told))
