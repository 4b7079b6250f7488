"""Counts of rows that have had their time, by property, table and category."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from .ageing import Expired

Tally = dict[tuple[str, str, str], tuple[int, date]]
"""(Property, table, category) -> how many rows, and the latest last day of one of them."""


def tally(items: Iterable[Expired]) -> Tally:
    """Return how many rows of each kind there are."""
    counts: Tally = {}
    for item in items:
        kind = item.place, item.table, item.category
        rows, day = counts.get(kind, (0, item.day))
        counts[kind] = rows + 1, max(day, item.day)
    return counts


def add(counts: Tally, more: Tally) -> None:
    """Add counts to others."""
    for kind, (rows, day) in more.items():
        before, last = counts.get(kind, (0, day))
        counts[kind] = before + rows, max(last, day)


def lines(counts: Tally) -> list[dict[str, Any]]:
    """Return counts as lines: property, table, category, rows and the last day."""
    return [
        {
            "property": place,
            "table": table,
            "category": category,
            "rows": rows,
            "until_before": day.isoformat(),
        }
        for (place, table, category), (rows, day) in sorted(counts.items())
    ]
