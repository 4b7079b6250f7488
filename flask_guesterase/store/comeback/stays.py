"""Who booked a stay since a moment, of people whom nothing of ours has erased yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ...core.plan import LEGAL_DUTY, Person, by_table
from ...core.returning import Life, active, life
from ..casework.cases import Case
from ..lawbook.clocks import moments_of
from ..work import Work
from .judging import Judge

DOOR = "kept"
"""Through which door a profile was seen that something kept until now."""

PART = "needed"
"""Through which door a row was seen of which a part is kept, and something else stands in it."""

BOOKED = "a stay was booked since it was approved, while a duty of law kept it waiting"
"""What is not as it was approved of who booked anew meanwhile."""


def later(
    work: Work, case: Case, who: Collection[Person], at: datetime, happened: bool = False
) -> set[Person]:
    """Return those of some people who booked a stay after a moment.

    :param work: the open transaction.
    :param case: their request: a day is one at its hotel.
    :param who: people of whom nothing was erased.
    :param at: the moment, naive UTC.
    :param happened: whether it counts too that a stay ended, booked whenever.
    """
    if not who:
        return set()
    hotel, since = work.settings.properties.get(case.property), at.replace(tzinfo=UTC)
    zone, found = ZoneInfo(hotel.zone if hotel is not None else "UTC"), set[Person]()

    def shows(made: Sequence[Any], moments: Mapping[str, Sequence[Any]]) -> bool:
        # Who asks for erasure withdraws a consent and cancels, too: that is no stay.
        ended = moments.get("departed", ()) if happened else ()
        return life(made, (), since, zone) is Life.NEW or active(ended, since, zone)

    mine = Judge(work, lambda mark: True).bookings(list(who), case.property)
    for person, records in mine.items():
        # What carries something erased was sent once more, and is of before.
        new = (r for r in records if not r.signs and shows(r.moments.get("created", ()), r.moments))
        found |= {person for _ in new}
    for name, keys in by_table(who if happened else ()).items():
        own = moments_of(work.conn, work.datamap, name, keys)
        found |= {(name, key) for key in keys if shows((), own.get(key, {}))}
    return found


def since_approved(work: Work, case: Case, who: Collection[Person]) -> tuple[str, ...]:
    """Return why a request that a hold kept waiting must be decided anew; empty where nothing is.

    What was approved was the life of then, and the plan takes a stay that was booked since with it.

    :param work: the open transaction.
    :param case: the request, locked, of which nothing keeps anything any more.
    :param who: its people.
    """
    waits = (case.decisions or {}).get("waits", {})
    if LEGAL_DUTY not in waits.get("told", ()) or case.decided_at is None:
        return ()
    return (BOOKED,) if later(work, case, who, case.decided_at) else ()
