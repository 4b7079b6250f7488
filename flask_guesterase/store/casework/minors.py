"""Whether a minor is concerned: such a request is decided by the officer alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ...core.conditions import age
from ...core.plan import Key, Person, by_table
from ..erasing.finder import owned, owners
from ..lawbook.blockers import today_at
from ..lawbook.clocks import facts_of
from ..mapping.ways import clock_of
from ..work import Work

ADULT = 18
"""Age from which nobody is a minor any more, in whole years."""

_STAYED, _BIRTH = "departed", "birth"


def involved(work: Work, people: Iterable[Person]) -> bool:
    """Return whether these people, or who stayed with them, were under 18 at the stay.

    A birth nobody recorded says nothing. A stay that has not ended counts as one of today.

    :param work: the open transaction.
    :param people: subject rows.
    """
    subjects = map(work.datamap.declared, work.datamap.subjects)
    if not any(_BIRTH in subject.policy.facts for subject in subjects):
        return False
    wanted = tuple(people)
    stayed: dict[Person, set[date | None]] = {person: set() for person in wanted}
    for declared in work.datamap.tables.values():
        if _STAYED not in clock_of(declared.policy):
            continue
        rows = list(owned(work.conn, work.datamap, declared, wanted))
        records = facts_of(work.conn, work.datamap, work.settings, declared.name, rows)
        for key, whose in owners(work.conn, work.datamap, declared, rows).items():
            day = records[key].facts.events.get(_STAYED)
            for person, _ in whose:
                stayed.setdefault(person, set()).add(day)
    return any(_minor(work, table, keys, stayed) for table, keys in by_table(stayed).items())


def _minor(work: Work, table: str, keys: list[Key], stayed: dict[Person, set[date | None]]) -> bool:
    if _BIRTH not in work.datamap.declared(table).policy.facts:
        return False
    records = facts_of(work.conn, work.datamap, work.settings, table, keys)
    for key, record in records.items():
        today = today_at(work.settings, work.now, record.place)
        for day in stayed[table, key] or {None}:
            years = age(record.facts.answers.get(_BIRTH), min(day or today, today))
            if years is not None and years < ADULT:
                return True
    return False
