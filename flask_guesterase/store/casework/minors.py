"""Whether a minor is concerned: such a request is decided by the officer alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ...core.conditions import age
from ...core.plan import Key, Person, by_table
from ..checking.gaps import unreadable
from ..erasing.finder import owned, owners
from ..lawbook.blockers import today_at
from ..lawbook.clocks import births_of, days_of, places_of
from ..mapping.declared import Declared
from ..mapping.ways import clock_of
from ..work import Work

ADULT = 18
"""Age from which nobody is a minor any more, in whole years."""

_STAYED, _BIRTH = "departed", "birth"

_Stayed = dict[Person, set[date | None]]


def involved(work: Work, people: Iterable[Person]) -> bool:
    """Return whether these people, or who stayed with them, were under 18 at the stay.

    A birth nobody recorded says nothing. A stay that has not ended counts as one of today; where
    nothing says when somebody stayed with them, each stay of theirs counts.

    :param work: the open transaction.
    :param people: subject rows.
    """
    subjects = map(work.datamap.declared, work.datamap.subjects)
    if not any(_BIRTH in subject.policy.facts for subject in subjects):
        return False
    wanted, telling = set(people), _telling(work)
    stayed: _Stayed = {person: set() for person in wanted}
    for declared in telling:
        rows = list(owned(work.conn, work.datamap, declared, wanted))
        days = _days(work, declared, rows)
        for key, whose in owners(work.conn, work.datamap, declared, rows).items():
            for person, _ in whose:
                stayed.setdefault(person, set()).update(days.get(key, ()))
    with_them = [person for person, days in stayed.items() if not days and person not in wanted]
    for declared in filter(_is_dated, telling):
        _add_own(work, declared, with_them, stayed)
    return any(_minor(work, table, keys, stayed) for table, keys in by_table(stayed).items())


def _add_own(
    work: Work, declared: Declared, people: Sequence[Person], stayed: _Stayed
) -> None:
    """Add the days of the stays of people of whom no row says when they were with somebody."""
    rows = owned(work.conn, work.datamap, declared, people)
    days = _days(work, declared, list(rows))
    for key, whose in rows.items():
        for person, _ in whose:
            stayed[person].update(days[key])


def _days(work: Work, declared: Declared, keys: Sequence[Key]) -> dict[Key, set[date | None]]:
    """Return on which days the stay of each row ended, None where it has none; of others nothing.

    The latest alone would be a grown-up's who was here as a child.
    """
    if not _is_dated(declared):
        return {}
    found = days_of(work.conn, work.datamap, work.settings, declared.name, keys, _STAYED)
    return {key: {*days} or {None} for key, days in found.items()}


def _is_dated(declared: Declared) -> bool:
    return _STAYED in clock_of(declared.policy)


def _telling(work: Work) -> list[Declared]:
    """Return the tables that tell a stay: when it ended, or whom else a row of it belongs to."""
    hidden = unreadable(work.whole())
    found = {
        name: declared
        for name, declared in work.datamap.tables.items()
        if name not in hidden and (_is_dated(declared) or _is_shared(declared))
    }
    return [each for each in found.values() if _is_dated(each) or not _hangs(each, found)]


def _is_shared(declared: Declared) -> bool:
    """Return whether a row may belong to several people, as far as declared paths tell."""
    # A lone select of the vendor's mostly leads from a log: dear to walk, and nobody stayed in it.
    several = (path for path in declared.paths if path.select is None and not path.to_one)
    return len(declared.paths) > 1 or any(several)


def _hangs(declared: Declared, others: dict[str, Declared]) -> bool:
    """Return whether each row has the owners of the one row of another table it points at."""
    first, *more = declared.paths
    for place, hop in enumerate(first.hops, 1):
        if not hop.to_one:
            break
        table = hop.table.fullname
        known = others[table].paths if table in others else ()
        ends = [(way.hops, way.select) for way in known]
        if all(
            path.hops[:place] == first.hops[:place] and (path.hops[place:], path.select) in ends
            for path in (first, *more)
        ):
            return True
    return False


def _minor(work: Work, table: str, keys: list[Key], stayed: _Stayed) -> bool:
    declared = work.datamap.declared(table)
    if _BIRTH not in declared.policy.facts:
        return False
    births = births_of(work.conn, work.datamap, table, keys)
    places = places_of(work.conn, work.datamap, work.settings, declared, keys)
    for key, born in births.items():
        today = today_at(work.settings, work.now, places.get(key, ""))
        for day in stayed[table, key] or {None}:
            ages = (age(each, min(day or today, today)) for each in born)
            if any(years is not None and years < ADULT for years in ages):
                return True
    return False
