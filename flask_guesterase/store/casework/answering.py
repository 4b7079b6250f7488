"""Which law an answer is given under at a property: its periods, its grounds, its texts."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date

from ...core.complaining import Complaining
from ...core.deadlines import USUAL, Answering
from ...core.grounds import law_of
from ...core.incidents import HOUSE, Alarm
from ...core.pack import Pack
from ...core.wish import Kind
from ..lawbook import packs
from ..settings import Property, Settings
from ..work import Work


def periods(work: Work, property_: Property, kind: str = Kind.ERASURE) -> Answering:
    """Return the periods that count at a property: its packs', or a month where none says any.

    A pack that nobody signed counts too: an answer in time harms nobody.

    :param work: the open transaction.
    :param property_: the property.
    :param kind: what is asked for, one of `core.wish.Kind`.
    """
    given = (pack.answering for pack in _chain(work.settings, property_))
    found = next((each for each in given if each is not None), None)
    if found is None:
        return USUAL
    return found.for_copy() if kind == Kind.COPY else found


def law(settings: Settings, property_: Property) -> str:
    """Return the law whose grounds count at a property; empty when none of it is recorded."""
    return law_of(pack.code for pack in _chain(settings, property_))


def laws(settings: Settings, property_: Property) -> frozenset[str]:
    """Return the codes of all laws that count at a property, of the region it names in any case."""
    # Where no country is given no pack counts, and what the region forbids is forbidden still.
    return frozenset({property_.region, *(pack.code for pack in _chain(settings, property_))})


def complaint(settings: Settings, property_: Property, lang: str) -> str:
    """Return how and where a guest complains there, or an empty string."""
    return _text([p.complaint for p in _chain(settings, property_)], lang)


def cannot_recall(settings: Settings, property_: Property, lang: str) -> str:
    """Return what was reported to authorities there and stays with them, or an empty string."""
    return _text([p.cannot_recall for p in _chain(settings, property_)], lang)


def complaining(settings: Settings, property_: Property) -> Complaining | None:
    """Return what the law at a property says of complaints to the hotel, or None: nothing."""
    given = (pack.complaining for pack in _chain(settings, property_))
    return next((found for found in given if found is not None), None)


def alarms(settings: Settings, property_: Property) -> tuple[Alarm, ...]:
    """Return who must be told of an incident there, and how fast; the house's where no law says.

    A law that is recorded of an authority alone leaves what guests are told to the house.
    """
    found = tuple(alarm for pack in _chain(settings, property_) for alarm in pack.alarms)
    known = {alarm.whom for alarm in found}
    return (*found, *(alarm for alarm in HOUSE if alarm.whom not in known))


def holidays(work: Work, property_: Property, day: date) -> frozenset[date]:
    """Return the days of this year and the next that are no working days, as the host tells."""
    if work.holidays is None:
        return frozenset()
    years = (day.year, day.year + 1)
    return frozenset(free for year in years for free in work.holidays(property_.code, year))


def _chain(settings: Settings, property_: Property) -> tuple[Pack, ...]:
    marks = tuple(pack.mark for pack in packs.load(settings.packs).values())
    return _counting(tuple(settings.packs), property_, marks)


@functools.lru_cache(maxsize=256)
def _counting(
    paths: tuple[str, ...], property_: Property, marks: tuple[str, ...]
) -> tuple[Pack, ...]:
    """Return the packs that count; found once for each text of them, as lists ask for every line.

    :param paths: the operator's own files.
    :param property_: the property.
    :param marks: marks of all packs, by which a changed text is another question.
    """
    return packs.chain(packs.load(paths), property_)


def _text(texts: list[Mapping[str, str]], lang: str) -> str:
    """Return the nearest text in a language; no other language, which a guest could not read."""
    return next((text[lang] for text in texts if lang in text), "")
