"""By which doors work comes in: a request that ended, a command, a task, a person; or by none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from ...core.finding import Finding, Severity
from ..access import brake, pulse
from ..access.pulse import Pulse

if TYPE_CHECKING:
    from ..unit import HasWork
from ..work import Work

SILENCE = timedelta(hours=26)
"""How long nothing may run by itself: a night's job, and the hour a clock is set back.

Ten hours later the clock itself would count as in doubt, and two people would be needed.
"""

LEAD = "round-lead"
"""Name of the pulse: who works in the background and since when; when a round ended, no note."""

FAILED = "round-failed"
"""Name of the pulse that holds what went wrong in the background, and when it last did."""

SHOWN = timedelta(days=7)
"""How long after the last time that is told. What fails in a night's sweep is tried again in the
next one, and rounds that find nothing to do go well five minutes later."""


class Door(StrEnum):
    """What lets work that is due begin."""

    TEARDOWN = "teardown"
    COMMAND = "command"
    TASK = "task"
    PAGE = "page"


_NAMES = {
    Door.TEARDOWN: "the end of requests",
    Door.COMMAND: "a command (cron, systemd)",
    Door.TASK: "a Celery task",
    Door.PAGE: "a person on the page of the sweep",
}

_ADD = {
    Door.TEARDOWN: "let requests of the host reach it, with teardown= not switched off",
    Door.COMMAND: "let cron or a systemd timer run `flask guesterase worker --once` and `flask "
    "guesterase sweep`",
    Door.TASK: "put `flask_guesterase.tasks.schedule(app)` into the beat schedule of a Celery "
    "that runs",
}


def enter(door: Door, office: HasWork) -> None:
    """Note that work came in by a door; at most once a minute.

    :param door: which one.
    :param office: the open office.
    """
    work, name = office.work, f"door-{door}"
    last = pulse.look(work.conn, name)
    if last is None or abs(work.stamp - last.at) >= brake.BEAT:
        pulse.put(work.conn, name, Pulse(work.stamp))


def last(conn: Connection) -> Mapping[Door, datetime | None]:
    """Return when work came in by each door, naive UTC; None where it never did.

    :param conn: open transaction.
    """
    seen = {door: pulse.look(conn, f"door-{door}") for door in Door}
    return {door: None if known is None else known.at for door, known in seen.items()}


def heartbeat(conn: Connection) -> datetime | None:
    """Return when something last ran by itself, or the journal began, naive UTC.

    :param conn: open transaction.
    """
    heart = pulse.look(conn, brake.HEART)
    return brake.began(conn) if heart is None else heart.at


def silent(work: Work) -> bool:
    """Return whether nothing ran by itself for longer than a night's job would be silent.

    :param work: an open transaction; a read-only one is enough.
    """
    since = heartbeat(work.conn)
    return since is not None and work.stamp - since > SILENCE


def status(work: Work) -> dict[str, Any]:
    """Return when something last ran, by which doors work came in, and who works behind one.

    :param work: an open transaction; a read-only one is enough.
    """
    lead, failed = pulse.look(work.conn, LEAD), _failed(work)
    return {
        "heartbeat": heartbeat(work.conn),
        "silent": silent(work),
        "doors": {door.value: at for door, at in last(work.conn).items()},
        "leading": lead.at if lead is not None and lead.note else None,
        "failed": "" if failed is None else f"{failed.note}, at last on {failed.at:%Y-%m-%d %H:%M}",
    }


def findings(work: Work) -> list[Finding]:
    """Return that nothing runs by itself, with the doors there are, and what failed behind one.

    :param work: an open transaction; a read-only one is enough.
    """
    found = []
    if silent(work):
        seen = last(work.conn)
        told = [f"{_NAMES[door]} {_when(at)}" for door, at in seen.items()]
        cure = "; or ".join(_ADD[door] for door in (Door.COMMAND, Door.TASK))
        found.append(Finding(
            "heartbeat-stale", "", "", "Nothing has run by itself for more than a day: nothing is "
            f"erased, sent or forgotten. Last came {', '.join(told)}.",
            f"Add a door that does not need traffic: {cure}.", Severity.WARN,
        ))
    failed = _failed(work)
    if failed is not None:
        found.append(Finding(
            FAILED, "", "", "Background work that requests wake ended with an error, at last on "
            f"{failed.at:%Y-%m-%d %H:%M}: {failed.note}.",
            "Run `flask guesterase worker --once`, or `sweep`, and read what it says. This is told "
            f"for {SHOWN.days} days, whatever went well since.", Severity.WARN,
        ))
    return found


def _failed(work: Work) -> Pulse | None:
    """Return what went wrong lately; what did before may never be forgotten by a round.

    A host that lets cron do the work instead has none any more.
    """
    failed = pulse.look(work.conn, FAILED)
    return None if failed is None or abs(work.stamp - failed.at) >= SHOWN else failed


def _when(at: datetime | None) -> str:
    return "never" if at is None else f"on {at:%Y-%m-%d}"
