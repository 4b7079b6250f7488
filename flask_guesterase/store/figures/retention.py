"""What ended by its day, month by month, and what will end in the coming ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import func, select

from ...core.events import ErasureBegun, RetentionEnded
from ..settings import Property
from ..tables import kept
from ..work import Work
from .journaled import entries

OPEN_END = "open"
"""Where nobody knows yet when something ends."""


def ended(work: Work, hotel: Property, wanted: Sequence[str]) -> dict[str, int]:
    """Return month -> rows that went at a property because their day had come, by the journal.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``, as the hotel's days have them.
    """
    counts = Counter(dict.fromkeys(wanted, 0))
    for month, draft in entries(work, hotel, {RetentionEnded.name}, wanted):
        # What an erasure over several databases takes has not ended by its day.
        if ErasureBegun.name not in draft.grounds:
            counts[month] += sum(draft.counts.values())
    return dict(counts)


def coming(work: Work, hotel: Property, wanted: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return month -> category -> rows whose time to be kept ends in it.

    What should have ended before counts in the first month, what ends later is left out, and
    what has no day yet stands under `OPEN_END`.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    found: dict[str, dict[str, int]] = {month: {} for month in (*wanted, OPEN_END)}
    month = func.substr(kept.c.until, 1, 7)
    rows = work.conn.execute(
        select(month.label("month"), kept.c.category, kept.c.mode, func.count())
        .where(kept.c.property == hotel.code, kept.c.ended_at.is_(None))
        .group_by(month, kept.c.category, kept.c.mode)
    )
    for when, category, mode, many in rows:
        at = OPEN_END if not when else max(when, wanted[0])
        if at in found:
            name = category or mode
            found[at][name] = found[at].get(name, 0) + many
    return {at: dict(sorted(each.items())) for at, each in found.items()}
