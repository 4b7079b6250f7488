"""What is known of one person who may be back: their row, and their bookings, by whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ...core.identity import Readings
from ...core.plan import Key, by_table
from ...core.returning import Life, Sign, life
from ..casework import purview
from ..work import Work
from .known import Mark

Signs = Sequence[tuple[Sign, Mark]]
"""By what a row is known, and of which erasure."""

Away = Mapping[str, frozenset[tuple[str, Key]]]
"""Code of a property -> bookings at hotels of another company than its own."""


@dataclass(frozen=True)
class Record:
    """A booking: when things happened to it, and what it carries of somebody erased."""

    table: str
    key: Key
    moments: Mapping[str, list[Any]]
    signs: tuple[tuple[Sign, Mark], ...]


@dataclass(frozen=True)
class Facts:
    """What is known of one subject row."""

    name: Readings
    documents: frozenset[str]
    own: Mapping[str, list[Any]]
    records: Sequence[Record]
    away: Away
    came: bool | None
    here: bool
    erased_at: datetime | None
    counted: bool

    def near(self, mark: Mark) -> list[Record]:
        """Return the bookings, but for those of another company than the one that was asked.

        :param mark: what the row carries of the erasure that it was asked for.
        """
        away = self.away.get(mark.origin.property, frozenset())
        return [each for each in self.records if (each.table, each.key) not in away]


def far(
    work: Work, carried: Iterable[Signs], records: Iterable[Sequence[Record]]
) -> Away:
    """Return which bookings lie at another company's hotels than the properties that were asked.

    :param work: the open transaction.
    :param carried: what rows carry of erasures.
    :param records: the bookings of their people.
    """
    tables = by_table(dict.fromkeys((each.table, each.key) for some in records for each in some))
    houses = {mark.origin.property for signs in carried for _, mark in signs}
    return {
        house: frozenset(
            (name, key) for name, keys in tables.items()
            for key in purview.elsewhere(work, house, work.datamap.declared(name), list(keys))
        )
        for house in houses
    }  # fmt: skip


def life_of(moments: Mapping[str, list[Any]], erased: datetime, zone: ZoneInfo) -> Life:
    """Return on which side of an erasure a row is by its own moments.

    :param moments: event -> when it happened to the row.
    :param erased: aware time of the erasure.
    :param zone: zone of the property, in which dates are days.
    """
    return life(moments.get("created", []), happened(moments), erased, zone)


def happened(moments: Mapping[str, list[Any]]) -> list[Any]:
    """Return when anything else happened to a row than that it was made."""
    return [at for event, each in moments.items() if event != "created" for at in each]
