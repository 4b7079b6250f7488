"""Which law an answer is given under at a property: its periods, its grounds, its texts."""

from __future__ import annotations

from datetime import date

from ..core.deadlines import USUAL, Answering
from ..core.grounds import law_of
from .settings import Property
from .work import Work


def periods(work: Work, property_: Property) -> Answering:
    """Return the periods that count at a property: its packs', or a month where none says any."""
    return USUAL


def law(work: Work, property_: Property) -> str:
    """Return the law whose grounds count at a property; empty when none of it is recorded."""
    return law_of((property_.region, property_.country))


def holidays(work: Work, property_: Property, day: date) -> frozenset[date]:
    """Return the days near a day that are no working days, as far as the host tells."""
    return frozenset()
