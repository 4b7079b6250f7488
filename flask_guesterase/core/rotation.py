"""How long a root key lives: pure arithmetic on days, for the sweep and for certificates."""

from __future__ import annotations

from datetime import date, timedelta

LIFE = timedelta(days=30)
"""How long keys lie under one root."""

AHEAD = timedelta(days=7)
"""How long before its first day the next root is made, so that people can copy it."""

CLEARING = timedelta(days=7)
"""How long people have to destroy the copies of a root that ended."""


def ends(since: date) -> date:
    """Return the day on which a root ends: from then on nothing lies under it.

    :param since: the first day on which keys lay under it.
    """
    return since + LIFE


def announced(since: date) -> date:
    """Return the day on which the root that comes after it is made.

    :param since: the first day on which keys lay under the root in use.
    """
    return ends(since) - AHEAD


def worthless(last_day: date) -> date:
    """Return the day from which an old copy of the key folder opens nothing of a box any more.

    The box's own key is destroyed on the day after its last one. A copy of the folder made until
    then has it under a root that is in use on that day: one that began on it lives longest. Then
    people destroy their copies of that root.

    :param last_day: last day on which the box can be opened.
    """
    return ends(last_day + timedelta(days=1)) + CLEARING
