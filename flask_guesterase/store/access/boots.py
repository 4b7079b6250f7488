"""How long a machine runs: a clock that nobody sets, beside which one that was set shows."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from ...core import brake
from .. import tables
from . import pulse
from .pulse import Pulse

KERNEL = Path("/proc/sys/kernel/random/boot_id")
"""Where Linux says which run of the machine this is: another number after each start."""

GONE = timedelta(days=7)
"""How long a run of a machine is remembered in which nothing of ours ran."""

UNSET = 946_684_800
"""No machine of a hotel began before 2000: its clock is not set yet, or is not the kernel's."""

_NAME, _DAILY = "boot-", timedelta(days=1)
_NOTE = re.compile(r"(\d{1,12}) (\d{1,12})")


@dataclass(frozen=True)
class Boot:
    """One run of a machine, as its kernel tells of it.

    :param mark: hash of the kernel's number of this run; the number itself stays there.
    :param ran: seconds since it began, those of a sleep included.
    :param clock: seconds since 1970 by the clock that can be set, read at the same moment.
    """

    mark: str
    ran: int
    clock: int


def read() -> Boot | None:
    """Return this run of this machine, or None where no kernel tells of it, as only Linux does."""
    try:
        number = KERNEL.read_text("ascii").strip()
        ran, clock = (
            int(time.clock_gettime(which)) for which in (time.CLOCK_BOOTTIME, time.CLOCK_REALTIME)
        )
    except (OSError, ValueError, AttributeError):
        return None
    mark = sha256(f"guesterase boot {number}".encode()).hexdigest()[:32]
    # A library laid before the process, as tests have, may answer for both clocks with one.
    return Boot(mark, ran, clock) if number and clock - ran >= UNSET else None


def unread() -> Boot | None:
    """Answer for a clock that is not the machine's: nothing is known beside it."""
    return None


def names(boot: Boot | None) -> list[str]:
    """Return under which names something may stand about a run of a machine: one, or none."""
    return [] if boot is None else [_NAME + boot.mark]


def noted(said: Mapping[str, Pulse], boot: Boot | None) -> Pulse | None:
    """Return what stands about a run of a machine among what stands under several names."""
    return next((said[name] for name in names(boot) if name in said), None)


def note(conn: Connection, boot: Boot | None, known: Pulse | None, at: datetime) -> None:
    """Note the first look at a run of a machine, which never moves, and each day that it goes on.

    :param conn: open transaction.
    :param boot: the run; nothing happens where nothing is known of it.
    :param known: what stands about it.
    :param at: naive UTC.
    """
    if boot is None:
        return
    (name,) = names(boot)
    if known is None:
        if pulse.first(conn, name, Pulse(at, f"{boot.ran} {boot.clock}")):
            forget(conn, at - GONE)
    elif at - known.at >= _DAILY:
        pulse.change(conn, name, known, replace(known, at=at))


def forget(conn: Connection, before: datetime | None = None) -> None:
    """Forget all runs of all machines, so that the next look at each is its first one again.

    :param conn: open transaction.
    :param before: only those in which nothing of ours ran since, naive UTC.
    """
    table = tables.pulse.c
    mine = select(table.name).where(table.name.startswith(_NAME))
    found = conn.execute(mine if before is None else mine.where(table.at < before))
    # One by one: a range would wait for what other machines that start now have written in it.
    for name in found.scalars().all():
        pulse.take(conn, name)


def set_forward(known: Pulse | None, boot: Boot | None) -> bool:
    """Return whether a machine's clock was set forward, in whatever steps, since the first look.

    :param known: what stands about this run of it; nothing is known before it is noted.
    :param boot: how it runs now.
    """
    if known is None or boot is None:
        return False
    first = _NOTE.fullmatch(known.note)
    if first is None:
        # Somebody else wrote here, and only people can say what was right.
        return True
    ran = timedelta(seconds=boot.ran - int(first[1]))
    return brake.gained(timedelta(seconds=boot.clock - int(first[2])) - ran, ran)


def stepped(before: Boot | None, now: Boot | None) -> bool:
    """Return whether a clock stepped forward since a moment, so that it has to be judged anew.

    :param before: how the machine ran then; nothing is known where its kernel tells nothing.
    :param now: how it runs now.
    """
    if before is None or now is None:
        return False
    return (now.clock - before.clock) - (now.ran - before.ran) > brake.BACK.total_seconds()
