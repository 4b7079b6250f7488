"""What has had its time and is still there: how much of what, and since when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from .ageing import ageing, expired
from .work import Work


@dataclass(frozen=True)
class Backlog:
    """Rows of one category in one table at one property whose day has come.

    :param property: code of the property.
    :param table: name of the table.
    :param category: category by which they go.
    :param rows: how many.
    :param oldest: the first of their last days, ISO.
    :param failing: rows that were tried in vain.
    """

    property: str
    table: str
    category: str
    rows: int
    oldest: str
    failing: int = 0


def backlog(work: Work, places: Collection[str] | None = None) -> Sequence[Backlog]:
    """Return what has had its time, the oldest first.

    :param work: the open transaction.
    :param places: codes of the properties to look at; None for all.
    """
    days: dict[tuple[str, str, str], list[date]] = {}
    for declared in ageing(work):
        for item in expired(work, declared):
            days.setdefault((item.place, item.table, item.category), []).append(item.day)
    found = [
        Backlog(*what, len(each), min(each).isoformat())
        for what, each in days.items()
        if places is None or what[0] in places
    ]
    return sorted(found, key=lambda each: (each.oldest, each.property, each.table))
