"""The stop switch: one person stops erasing by day at once, two let it go on.

Stopping loses nobody anything, so one is enough; but what has had its time must go, so it is
said every day until two people end it. Requests that two people decided go on, and so do days
that were promised: safety copies end when their certificate says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from ...core.errors import InputError, TransitionError
from ...core.events import SYSTEM, SweepHalted, SweepResumed, SweepStillHalted
from ...core.finding import Finding, Severity
from ...core.halting import CONFIRM, Stop
from ...core.log import read_entry
from .. import tables
from ..access import brake, firsts, pulse
from ..access.pulse import Pulse
from ..casework import tasks
from ..census import told

if TYPE_CHECKING:
    from ..work import Work

HALTED, GOES_ON, REMINDED = "halted", "halt-goes-on", "halt-reminded"

TASK = "halted"
"""Kind of the task to let erasing by day go on."""


def halted(conn: Connection) -> bool:
    """Return whether somebody stopped erasing by day.

    :param conn: open transaction.
    """
    return pulse.look(conn, HALTED) is not None


def stands(work: Work) -> bool:
    """Return whether erasing by day is stopped, by the journal's word where our row is gone.

    Who takes the row away is no second person, and a restored database may have lost it.

    :param work: the open transaction.
    """
    if not halted(work.conn):
        said = _said(work)
        if said is not None:
            pulse.put(work.conn, HALTED, said)
    return halted(work.conn)


def _said(work: Work) -> Pulse | None:
    """Return the stop that the journals know of and that nobody ended, or None."""
    table = tables.entry
    actions = [SweepHalted.name, SweepResumed.name]
    rows = work.conn.execute(
        select(table.c.controller, table.c.body)
        .where(table.c.action.in_(actions))
        .order_by(table.c.epoch, table.c.position)
    )
    # In one journal the last word counts, by its place: a clock that ran ahead was set back since.
    words = {row.controller: read_entry(row.body.encode()) for row in rows}
    # It is told to the journal of each controller there is; one that is no more was told no more.
    told_all = [words[name] for name in brake.controllers(work) if name in words]
    last = max(told_all or words.values(), key=told.at_of, default=None)
    if last is None or last.draft.action != SweepHalted.name:
        return None
    return Pulse(told.at_of(last), "".join(last.draft.grounds[:1]), last.draft.actor)


def standing(conn: Connection) -> Pulse | None:
    """Return since when it is stopped, on which ground and by whom, or None while it is not.

    :param conn: open transaction.
    """
    return pulse.look(conn, HALTED)


def halt(work: Work, by: str, ground: str) -> None:
    """Stop erasing by day for the whole house, from the next batch on.

    :param work: the open transaction.
    :param by: the host's id of who stops it.
    :param ground: one of `core.halting.Stop`.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises InputError: there is no such ground.
    :raises TransitionError: it is stopped already.
    """
    actor = brake.lawyer(work, by)
    if ground not in set(Stop):
        raise InputError("There is no such ground.", f"Use {', '.join(Stop)}.")
    if not pulse.first(work.conn, HALTED, Pulse(work.stamp, str(ground), actor)):
        raise TransitionError("Erasing by day is stopped already.", "Two people let it go on.")
    pulse.put(work.conn, REMINDED, Pulse(work.stamp))
    pulse.take(work.conn, GOES_ON)
    tasks.house(work, TASK, work.stamp.isoformat(), (work.now + timedelta(days=1)).date())
    work.events += [
        SweepHalted(name, actor=actor, grounds=(str(ground),)) for name in brake.controllers(work)
    ]


def resume(work: Work, by: str) -> bool:
    """Let erasing by day go on: the first person proposes, the second ends the stop.

    :param work: the open transaction.
    :param by: the host's id of who says it; who stopped it may be one of the two.
    :return: whether that was the second person.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises FourEyesError: they were the first person.
    :raises TransitionError: nothing is stopped.
    """
    actor = brake.lawyer(work, by)
    stopped = pulse.look(work.conn, HALTED, lock=True)
    if stopped is None:
        raise TransitionError("Erasing by day is not stopped.", "There is nothing to end.")
    before, mine = pulse.look(work.conn, GOES_ON, lock=True), Pulse(work.stamp, by=actor)
    if not firsts.second(work, GOES_ON, before, mine, CONFIRM):
        firsts.say(work, GOES_ON, mine)
        return False
    for name in (HALTED, GOES_ON, REMINDED):
        pulse.take(work.conn, name)
    tasks.close_house(work, TASK, actor)
    counts = {"days": _days(work, stopped.at)}
    work.events += [
        SweepResumed(name, actor=actor, counts=counts, grounds=(stopped.note,))
        for name in brake.controllers(work)
    ]
    return True


def proposed(work: Work) -> bool:
    """Return whether one person said that it may go on, and another one may say so now.

    :param work: the open transaction.
    """
    said = pulse.look(work.conn, GOES_ON)
    return said is not None and timedelta(0) <= work.stamp - said.at <= CONFIRM


def remind(work: Work) -> int:
    """Say again, once a day, that what has had its time does not go; return whether it was said.

    :param work: the open transaction.
    """
    stopped = pulse.look(work.conn, HALTED)
    if stopped is None:
        return 0
    last = pulse.look(work.conn, REMINDED, lock=True)
    if last is not None and last.at.date() >= work.stamp.date():
        return 0
    pulse.put(work.conn, REMINDED, Pulse(work.stamp))
    counts = {"days": _days(work, stopped.at)}
    work.events += [
        SweepStillHalted(name, actor=SYSTEM, counts=counts, grounds=(stopped.note,))
        for name in brake.controllers(work)
    ]
    return 1


def findings(work: Work) -> list[Finding]:
    """Return that erasing by day is stopped, where it is.

    :param work: an open transaction; a read-only one is enough.
    """
    stopped = pulse.look(work.conn, HALTED)
    if stopped is None:
        return []
    days = _days(work, stopped.at)
    return [
        Finding(
            "sweep-halted", "", "", f"Somebody stopped erasing by day {days} days ago: what has "
            "had its time stays, which the law does not allow for long.",
            "Put right why it was stopped; then let two people run `flask guesterase retention "
            "resume`.",
            Severity.WARN,
        )
    ]  # fmt: skip


def _days(work: Work, since: datetime) -> int:
    return max(0, (work.stamp - since).days)
