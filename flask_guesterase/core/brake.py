"""Whether a clock can be believed: compared with everything that was written down before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

BACK = timedelta(minutes=5)
"""How far two clocks of one house may differ before one of them runs backwards."""

LEAP = timedelta(hours=36)
"""The longest silence that is still a silence; whatever erases by day runs at least daily."""

SLOW = 100
"""A clock may gain a hundredth on one that nobody sets: machines stand still for a backup."""

CONFIRM = timedelta(hours=24)
"""How long the word of the first person waits for the second one's."""

BACKWARDS, LEAPT = "backwards", "leap"


def judge(now: datetime, seen: Iterable[datetime], database: datetime | None = None) -> str:
    """Return why a clock cannot be believed: "backwards" or "leap", or an empty string.

    Entries of the journal are written by the same clock, so that one entry made after a leap
    would vouch for the leap. Therefore the way from what was seen first to now may nowhere be
    longer than 36 hours, instead of only its last step.

    :param now: the clock that is judged.
    :param seen: the last heartbeat and what was written since, in any order; nothing at the very
        first run. The earliest of them is believed.
    :param database: clock of the database server, or None where there is none. It only stops a
        clock that is ahead of it: one that is behind erases later, never earlier.
    """
    known = sorted(seen)
    if known and now < known[-1] - BACK:
        return BACKWARDS
    steps = pairwise([*known, max([now, *known])])
    if any(later - earlier > LEAP for earlier, later in steps):
        return LEAPT
    return LEAPT if database is not None and now - database > LEAP else ""


def gained(ahead: timedelta, ran: timedelta) -> bool:
    """Return whether a clock gained more on one that nobody sets than is still no leap.

    Both are compared with what they said at one moment before, however many looks lie between, so
    that a clock that goes in small steps is seen as well.

    :param ahead: by how much the clock went further than the other one since.
    :param ran: how long it was by the other one.
    """
    return ahead > LEAP + max(ran, timedelta(0)) / SLOW


def stale(now: datetime, last: datetime) -> bool:
    """Return whether what should come at least daily has not come for 36 hours.

    :param now: the time.
    :param last: when it came last.
    """
    return now - last > LEAP
