"""Complaints, incidents and training month by month, read from the journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ...core.course import HELD
from ...core.events import (
    ComplaintAnswered,
    ComplaintOverdue,
    ComplaintReceived,
    IncidentClosed,
    IncidentOpened,
    IncidentOverdue,
    RefusalOverturned,
    TrainingMissed,
    TrainingPassed,
)
from ...core.figures import Handled
from ..settings import Property
from ..work import Work
from .journaled import entries

COUNTED = {
    ComplaintReceived.name: "complaints",
    ComplaintAnswered.name: "answered",
    RefusalOverturned.name: "overturned",
    ComplaintOverdue.name: "complaints_late",
    IncidentOpened.name: "incidents",
    IncidentClosed.name: "closed",
    IncidentOverdue.name: "incidents_late",
    TrainingPassed.name: "trained",
    TrainingMissed.name: "untrained",
}
"""Action of the journal -> the figure it counts in."""


def handled(work: Work, hotel: Property, wanted: Sequence[str]) -> dict[str, Handled]:
    """Return month -> what happened in it at a property beside requests.

    :param work: the open transaction.
    :param hotel: the property.
    :param wanted: months in order, ``YYYY-MM``, as the hotel's days have them.
    """
    counts: dict[str, Counter[str]] = {month: Counter() for month in wanted}
    late: set[tuple[str, str, str, str]] = set()
    for month, draft in entries(work, hotel, COUNTED, wanted):
        # Who reads the journal without a hold's entries would count that there is one.
        if draft.action == TrainingMissed.name and not HELD.isdisjoint(draft.grounds):
            continue
        if draft.action in _DAILY:
            late |= {(month, draft.action, draft.request or "", what) for what in draft.grounds}
            continue
        counts[month][COUNTED[draft.action]] += 1
    for month, action, _, _ in late:
        counts[month][COUNTED[action]] += 1
    return {month: Handled(**each) for month, each in counts.items()}


_DAILY = frozenset({ComplaintOverdue.name, IncidentOverdue.name})
"""What the journal says anew on each day on which people are reminded."""
