"""Which process of the fleet does background work: one at a time, by a lease in the database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from ..access import pulse
from ..access.pulse import Pulse
from . import doors

if TYPE_CHECKING:
    from ..work import Work

_LONGEST = 240


def take(work: Work, token: str, every: timedelta, lease: timedelta) -> bool:
    """Take the lead, unless another process is at work or a round ended lately.

    :param work: the open transaction.
    :param token: names this process.
    :param every: how far apart rounds are.
    :param lease: how long a process that says nothing is believed to be at work.
    """
    mine = Pulse(work.stamp, token)
    if pulse.first(work.conn, doors.LEAD, mine):
        return True
    held = pulse.look(work.conn, doors.LEAD, lock=True)
    if held is not None and abs(work.stamp - held.at) < (lease if held.note else every):
        return False
    pulse.put(work.conn, doors.LEAD, mine)
    return True


def leave(work: Work, token: str, problems: Iterable[str] = ()) -> None:
    """Give the lead back, and note what went wrong, which is told for a while (`doors.SHOWN`).

    :param work: the open transaction.
    :param token: what was taken with.
    :param problems: names of the classes of errors; never their texts.
    """
    held = pulse.look(work.conn, doors.LEAD, lock=True)
    if held is not None and held.note == token:
        pulse.put(work.conn, doors.LEAD, Pulse(work.stamp))
    _note(work, Counter(problems))


def _note(work: Work, problems: Counter[str]) -> None:
    before = pulse.look(work.conn, doors.FAILED, lock=True)
    if before is not None and abs(work.stamp - before.at) >= doors.SHOWN:
        pulse.take(work.conn, doors.FAILED)
        before = None
    if not problems:
        return
    for name, count in re.findall(r"(\w+) (\d+)", before.note if before is not None else ""):
        problems[name] += int(count)
    told = ", ".join(f"{name} {count}" for name, count in sorted(problems.items()))
    pulse.put(work.conn, doors.FAILED, Pulse(work.stamp, told[:_LONGEST]))
