"""Which law an answer is given under at a property: its periods, its grounds, its texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..core.deadlines import USUAL, Answering
from ..core.grounds import law_of
from ..core.pack import Pack
from . import packs
from .settings import Property, Settings
from .work import Work


def periods(work: Work, property_: Property) -> Answering:
    """Return the periods that count at a property: its packs', or a month where none says any.

    A pack that nobody signed counts too: an answer in time harms nobody.
    """
    given = (pack.answering for pack in _chain(work.settings, property_))
    return next((found for found in given if found is not None), USUAL)


def law(settings: Settings, property_: Property) -> str:
    """Return the law whose grounds count at a property; empty when none of it is recorded."""
    return law_of(pack.code for pack in _chain(settings, property_))


def complaint(settings: Settings, property_: Property, lang: str) -> str:
    """Return how and where a guest complains there, or an empty string."""
    return _text([p.complaint for p in _chain(settings, property_)], lang)


def cannot_recall(settings: Settings, property_: Property, lang: str) -> str:
    """Return what was reported to authorities there and stays with them, or an empty string."""
    return _text([p.cannot_recall for p in _chain(settings, property_)], lang)


def holidays(work: Work, property_: Property, day: date) -> frozenset[date]:
    """Return the days of this year and the next that are no working days, as the host tells."""
    if work.holidays is None:
        return frozenset()
    years = (day.year, day.year + 1)
    return frozenset(free for year in years for free in work.holidays(property_.code, year))


def _chain(settings: Settings, property_: Property) -> tuple[Pack, ...]:
    return packs.chain(packs.load(settings.packs), property_)


def _text(texts: list[Mapping[str, str]], lang: str) -> str:
    """Return the nearest text in a language; no other language, which a guest could not read."""
    return next((text[lang] for text in texts if lang in text), "")
