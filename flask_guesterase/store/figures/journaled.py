"""What the journal says of one property within some months."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC

from ...core.log import Draft, slug, word
from ..casework.cases import day_at
from ..census.told import at_of, backwards
from ..settings import Property
from ..work import Work


def entries(
    work: Work, hotel: Property, actions: Collection[str], wanted: Sequence[str]
) -> Iterator[tuple[str, Draft]]:
    """Yield month and draft of each entry of a property with one of these actions, newest first.

    :param work: the open transaction.
    :param hotel: the property.
    :param actions: names of events.
    :param wanted: months in order, ``YYYY-MM``, as the hotel's days have them.
    """
    for entry in backwards(work, slug(hotel.controller), actions):
        # By the hotel's wall, as requests are counted: a month ends there and not in Greenwich.
        month = day_at(hotel, at_of(entry).replace(tzinfo=UTC)).isoformat()[:7]
        if month < wanted[0]:
            return
        if month in wanted and entry.draft.facts.get("property") == word(hotel.code):
            yield month, entry.draft
