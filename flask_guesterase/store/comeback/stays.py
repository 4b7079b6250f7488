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
from ..mapping.hops import Path
from ..mapping.ways import clock_of
from ..work import Work
from .judging import Judge

DOOR = "kept"
"""Through which door a profile was seen that something kept until now."""

PART = "needed"
"""Through which door a row was seen of which a part is kept, and something else stands in it."""

BOOKED = "a stay was booked since it was approved, while the request waited"
"""What is not as it was approved of who booked anew meanwhile."""

AHEAD = "ahead"
"""Under which word it is noted of a request that waits what `ahead` returns."""


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
        ended, booked = moments.get("departed", ()), life(made, (), since, zone)
        # One that was booked before is of before, whenever it ended.
        after = happened and booked is not Life.OLD and active(ended, since, zone)
        return booked is Life.NEW or after

    mine = Judge(work, lambda mark: True).bookings(list(who), case.property)
    without = _written_of(work)
    for person, records in mine.items():
        for each in records:
            # What carries something erased was sent once more, and is of before.
            counts = not each.signs and each.table not in without
            if counts and shows(each.moments.get("created", ()), each.moments):
                found.add(person)
    for name, keys in by_table(who if happened else ()).items():
        own = moments_of(work.conn, work.datamap, name, keys)
        found |= {(name, key) for key in keys if shows((), own.get(key, {}))}
    return found


def _written_of(work: Work) -> set[str]:
    """Return the tables of what is written of bookings, each of which says when it was made.

    What a guest eats in the house, or a room that they move to, is no other stay.
    """
    tables = work.datamap.tables
    dated = {
        name for name, each in tables.items()
        if name not in work.datamap.subjects and "created" in clock_of(each.policy)
    }  # fmt: skip

    def over(path: Path) -> bool:
        return any(
            hop.table.fullname in dated and all(step.to_one for step in path.hops[:place])
            and any(
                (path.hops[place:], path.select) == (each.hops, each.select)
                for each in tables[hop.table.fullname].paths
            )
            for place, hop in enumerate(path.hops, 1)
        )  # fmt: skip

    return {name for name in dated if all(over(path) for path in tables[name].paths)}


def since_approved(work: Work, case: Case, who: Collection[Person]) -> tuple[str, ...]:
    """Return why a request that something kept waiting must be decided anew; empty if nothing is.

    What was approved was the life of then, and the plan takes a stay that was booked since with it:
    a contract of its own, whether a hold was waited for, a bill, or the end of the stay before it.

    :param work: the open transaction.
    :param case: the request, locked, of which nothing keeps anything any more.
    :param who: its people.
    """
    waits = _waits(case)
    told = waits.get("told", ())
    if not told or case.decided_at is None or (waits.get(AHEAD) and LEGAL_DUTY not in told):
        return ()
    return (BOOKED,) if later(work, case, who, case.decided_at) else ()


def ahead(work: Work, case: Case, who: Collection[Person]) -> bool:
    """Return whether a request waits for a stay that says of itself that it is booked some day to
    come, as where the day of arrival stands for that.

    Then a later one cannot be told from it.

    :param work: the open transaction.
    :param case: the request, locked, which waits from now on, or waited before under its approval.
    :param who: its people.
    """
    if case.decided_at is None:
        return False
    waits, at = _waits(case), case.decided_at.isoformat(timespec="seconds")
    if AHEAD in waits and str(waits.get("at", "")) >= at:
        return bool(waits[AHEAD])
    return bool(later(work, case, who, work.stamp))


def _waits(case: Case) -> Mapping[str, Any]:
    waits: Mapping[str, Any] = (case.decisions or {}).get("waits", {})
    return waits
