"""What the host's rows say to the law: when things happened, to whom, and at which property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import JSON, Connection

from ...core.conditions import apart, beside, several, unsaid
from ...core.finding import Finding, Severity
from ...core.plan import Key
from ...core.rule import CATEGORIES, EVENTS, Facts
from ..erasing.finder import owners
from ..mapping.datamap import DataMap
from ..mapping.days import DAYLESS, NUMBERS, day_of, is_unread, latest, moment_of
from ..mapping.declared import Declared
from ..mapping.ways import Reach, Ways, clock_of, ways
from ..settings import Settings
from .said import codes_of, is_left, is_lost, is_untold, left_in, said_of, told_of


@dataclass(frozen=True)
class Record:
    """What the law may ask of one row.

    :param place: code of the property, or empty when nobody can tell.
    :param facts: events and answers, as the host knows them.
    :param several: events and answers of several people, of whom some may be gone.
    :param silent: answer -> marks of those of them who gave none; an empty one is nobody known.
    """

    place: str
    facts: Facts
    several: frozenset[str] = frozenset()
    silent: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def under(self, now: Record, heard: Mapping[str, frozenset[str]] | None = None) -> Record:
        """Return what the row tells now, with what was written down where it tells nothing.

        :param now: what it tells.
        :param heard: answer -> marks of those who give one now.
        """
        old, new = self.facts, now.facts
        answers, silent = {**old.answers, **new.answers}, dict(self.silent)
        for name in now.several & new.answers.keys():
            unheard = silent.get(name, frozenset({""} if unsaid(old.answers, name) else ()))
            silent[name] = unheard - (heard or {}).get(name, frozenset())
            answers |= beside(old.answers, name, new.answers[name], bool(silent[name]))
        last = {
            event: max(day, old.events.get(event, day)) if event in now.several else day
            for event, day in new.events.items()
        }
        facts = Facts(
            {**old.events, **last},
            answers,
            new.country or old.country,
            new.fiscal if now.place else old.fiscal,
        )
        still = {name: marks for name, marks in silent.items() if marks}
        return Record(now.place or self.place, facts, silent=still)


def facts_of(
    conn: Connection,
    datamap: DataMap,
    settings: Settings,
    name: str,
    keys: Iterable[Key],
    found: Ways | None = None,
) -> dict[Key, Record]:
    """Return what the law may ask of rows of one table.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param settings: the properties with their zones, countries and fiscal years.
    :param name: name of a declared table.
    :param keys: keys of its rows.
    :param found: how they are read; as the policy says when None.
    """
    declared = datamap.declared(name)
    wanted = list(keys)
    found = ways(datamap, declared) if found is None else found
    if is_untold(datamap, declared, found):
        return dict.fromkeys(wanted, _record(declared, settings, "", {}, {}))
    places = places_of(conn, datamap, settings, declared, wanted, found)
    events = {
        event: [_dates(conn, datamap, declared, at, wanted) for at in where]
        for event, where in found.events.items()
    }
    answers = {
        name: said_of(told_of(conn, datamap, declared, at, wanted))
        for name, at in found.answers.items()
    }
    before = {
        name: [said_of(told_of(conn, datamap, declared, at, wanted)) for at in where]
        for name, where in found.before.items()
    }
    # Nothing that is there tells of whom an erasure took away, with the row that led to them.
    reaches = {**found.events, **{name: (at,) for name, at in found.answers.items()}}
    many = frozenset(name for name, where in reaches.items() if not all(at.to_one for at in where))
    records: dict[Key, Record] = {}
    # What rows say is the same for many of them, and judged once.
    made: dict[tuple[object, ...], Record] = {}
    for key in wanted:
        code = places.get(key, "")
        seen = [
            tuple(value for dates in read for value in dates.get(key, ()))
            for read in events.values()
        ]
        said = {n: v[key] for n, v in answers.items() if key in v}
        said = {n: v for n, v in said.items() if all(b.get(key) == v for b in before.get(n, ()))}
        alike = code, *map(_exactly, chain(said, said.values())), *map(_each_exactly, seen)
        if alike not in made:
            days = dict(zip(events, seen, strict=True))
            record = _record(declared, settings, code, days, said)
            made[alike] = replace(record, several=many)
        records[key] = made[alike]
    return records


def _exactly(value: Any) -> object:
    """Return what tells a value from any other that does not mean exactly the same."""
    return value if value is None or type(value) in (str, date) else (type(value), repr(value))


def _each_exactly(values: tuple[Any, ...]) -> object:
    return tuple(map(_exactly, values))


def _record(
    declared: Declared,
    settings: Settings,
    code: str,
    events: Mapping[str, Iterable[Any]],
    answers: Mapping[str, Any],
) -> Record:
    """Return what the law may ask of a row that says this."""
    place = settings.properties.get(code)
    zone = ZoneInfo(place.zone) if place is not None else ZoneInfo("UTC")
    naive = ZoneInfo(declared.policy.zone or "UTC")
    days = {event: latest(values, naive, zone) for event, values in events.items()}
    said = dict(answers)
    born = several(birth(each) for each in apart(said.pop("birth", None)))
    if born is not None:
        said["birth"] = born
    return Record(
        place.code if place is not None else "",
        Facts(
            {event: day for event, day in days.items() if day is not None},
            said,
            place.country if place is not None else "",
            place.fiscal if place is not None else (12, 31),
        ),
    )


def birth(value: Any) -> date | None:
    """Return the day of birth as it is written, or None when it cannot be read."""
    read = moment_of(value, ZoneInfo("UTC"))
    return read.date() if isinstance(read, datetime) else read


def _dates(
    conn: Connection, datamap: DataMap, declared: Declared, at: Reach, keys: Sequence[Key]
) -> dict[Key, tuple[Any, ...]]:
    """Return key -> its dates (see `Reach.dates`), without what an erasure leaves in the column."""
    found, left = at.dates(conn, declared, keys), left_in(datamap, declared, at)
    if left is None:
        return found
    told = {key: tuple(v for v in dates if not is_left(v, left)) for key, dates in found.items()}
    return {key: dates for key, dates in told.items() if dates}


def every_day(
    conn: Connection, datamap: DataMap, name: str, keys: Iterable[Key], zone: ZoneInfo
) -> dict[Key, set[date]]:
    """Return all days on which something happened to rows of one table, not the latest alone.

    None is told of a row where one of them cannot be read: it may be any day.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param name: name of a declared table.
    :param keys: keys of its rows.
    :param zone: zone of the property whose days they are.
    """
    declared = datamap.declared(name)
    naive = ZoneInfo(declared.policy.zone or "UTC")
    found: dict[Key, set[date]] = {key: set() for key in keys}
    unread = set[Key]()
    for at in chain.from_iterable(ways(datamap, declared).events.values()):
        left = left_in(datamap, declared, at)
        for key, value in at.each(conn, declared, list(found)):
            day = None if value is None or is_left(value, left) else day_of(value, naive, zone)
            if day is not None:
                found[key].add(day)
            elif is_unread(value, naive):
                unread.add(key)
    return found | {key: set() for key in unread}


def days_of(
    conn: Connection,
    datamap: DataMap,
    settings: Settings,
    name: str,
    keys: Iterable[Key],
    event: str,
) -> dict[Key, set[date]]:
    """Return all days, at its property, on which an event happened to each row, not the latest.

    What cannot be read, and what has an open end, is no day.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param settings: the properties with their zones.
    :param name: name of a declared table.
    :param keys: keys of its rows.
    :param event: name of the event.
    """
    declared = datamap.declared(name)
    found: dict[Key, set[date]] = {key: set() for key in keys}
    naive = ZoneInfo(declared.policy.zone or "UTC")
    places = places_of(conn, datamap, settings, declared, list(found))
    zones = {code: ZoneInfo(place.zone) for code, place in settings.properties.items()}
    for at in ways(datamap, declared).events.get(event, ()):
        left = left_in(datamap, declared, at)
        for key, value in at.each(conn, declared, list(found)):
            zone = zones.get(places.get(key, ""), ZoneInfo("UTC"))
            day = None if value is None or is_left(value, left) else day_of(value, naive, zone)
            if day is not None:
                found[key].add(day)
    return found


def births_of(
    conn: Connection, datamap: DataMap, name: str, keys: Iterable[Key]
) -> dict[Key, set[date]]:
    """Return key -> all days of birth that rows of one table tell, where several differ each.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param name: name of a declared table.
    :param keys: keys of its rows.
    """
    declared = datamap.declared(name)
    found: dict[Key, set[date]] = {key: set() for key in keys}
    at = ways(datamap, declared).answers.get("birth")
    if at is None:
        return found
    left = left_in(datamap, declared, at)
    for key, value in at.each(conn, declared, list(found)):
        born = None if is_left(value, left) else birth(value)
        if born is not None:
            found[key].add(born)
    return found


def moments_of(
    conn: Connection, datamap: DataMap, name: str, keys: Iterable[Key]
) -> dict[Key, dict[str, list[date | datetime]]]:
    """Return when things happened to rows of one table: key -> event -> days, or aware times.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param name: name of a declared table.
    :param keys: keys of its rows.
    """
    declared = datamap.declared(name)
    wanted = list(keys)
    naive = ZoneInfo(declared.policy.zone or "UTC")
    found: dict[Key, dict[str, list[date | datetime]]] = {key: {} for key in wanted}
    for event, where in ways(datamap, declared).events.items():
        for at in where:
            for key, dates in _dates(conn, datamap, declared, at, wanted).items():
                for moment in (moment_of(value, naive) for value in dates):
                    if moment is not None and day_of(moment, naive, naive) is not None:
                        found[key].setdefault(event, []).append(moment)
    return found


def places_of(
    conn: Connection, datamap: DataMap, settings: Settings, declared: Declared,
    keys: Sequence[Key], found: Ways | None = None,
) -> dict[Key, str]:
    """Return key -> code of the property the row belongs to; rows nobody can place are left out.

    It is the row's own, else its owner's when all owners agree, else the only one there is. Where
    what it leads to differs, or it was read elsewhere until lately and that says another, nobody
    can place it.
    """
    found = ways(datamap, declared) if found is None else found
    if is_lost(datamap, declared, [found.place, *found.places]):
        return {}
    places = _places(conn, datamap, settings, declared, keys, found.place)
    for at in found.places:
        before = codes_of(conn, datamap, settings, declared, at, keys)
        places = {key: code for key, code in places.items() if before.get(key, {code}) == {code}}
    return places


def _places(
    conn: Connection, datamap: DataMap, settings: Settings, declared: Declared,
    keys: Sequence[Key], at: Reach | None,
) -> dict[Key, str]:
    if at is not None:
        return _agreed(codes_of(conn, datamap, settings, declared, at, keys))
    only = list(settings.properties)
    if len(only) == 1:
        return dict.fromkeys(keys, only[0])
    result = {}
    known: dict[str, dict[Key, str]] = {}
    by_key = owners(conn, datamap, declared, keys)
    people: dict[str, set[Key]] = {}
    for each in by_key.values():
        for (table, key), _ in each:
            people.setdefault(table, set()).add(key)
    for table, theirs in people.items():
        subject = datamap.declared(table)
        mine = ways(datamap, subject).place
        mine = None if is_lost(datamap, subject, [mine]) else mine
        told = codes_of(conn, datamap, settings, subject, mine, list(theirs)) if mine else {}
        known[table] = _agreed(told)
    for key, each in by_key.items():
        codes = {known[table].get(person, "") for (table, person), _ in each}
        if len(codes) == 1 and (code := codes.pop()):
            result[key] = code
    return result


def _agreed(codes: Mapping[Key, set[str]]) -> dict[Key, str]:
    """Return key -> code of a property, where all that a row leads to says the same one."""
    return {key: min(told) for key, told in codes.items() if len(told) == 1}


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _dayless(datamap: DataMap, declared: Declared) -> dict[str, str]:
    """Return the columns of a table's clock that tell no day, each with what it holds, and why."""
    found: dict[str, str] = {}
    for at in chain.from_iterable(ways(datamap, declared).events.values()):
        table = at.hops[-1].table if at.hops else declared.table
        held = table.c[at.column].type if at.column else None
        if isinstance(held, JSON):
            found[at.column] = "JSON: by it a row ends only where it is the text of a day alone."
        elif isinstance(held, DAYLESS):
            what = "a number" if isinstance(held, NUMBERS) else type(held).__name__
            found[at.column] = f"{what}, which tells no day: by it nothing ends."
    return found


def clock_findings(datamap: DataMap) -> list[Finding]:
    """Return what policies say about clocks, facts and categories that means nothing."""
    found = []
    for declared in datamap.tables.values():
        for wrong in ways(datamap, declared).wrong:
            found.append(Finding(
                "clock-unknown", declared.name, wrong, f"The path '{wrong}' leads to no column.",
                "Write relationships or foreign-key columns, then a column; or a callable.",
            ))
        for column, held in _dayless(datamap, declared).items():
            found.append(Finding(
                "clock-unknown", declared.name, column, f"The column '{column}' holds {held}",
                "Give a callable that makes a date of it.", Severity.WARN,
            ))
        if not _is_zone(declared.policy.zone or "UTC"):
            found.append(Finding(
                "clock-unknown", declared.name, declared.policy.zone, "The policy's zone is no "
                "time zone that is known here.", "Give an IANA name, for example Europe/Berlin.",
            ))
        for event in clock_of(declared.policy):
            if event not in EVENTS:
                found.append(Finding(
                    "clock-unknown", declared.name, event, f"'{event}' is no event of a clock.",
                    f"Use one of: {', '.join(sorted(EVENTS))}.", Severity.WARN,
                ))
        for category in sorted({declared.policy.category, *declared.retain.values()} - {""}):
            if category not in CATEGORIES:
                found.append(Finding(
                    "category-unknown", declared.name, category, f"No law is known about "
                    f"'{category}'; what is retained under it stays.",
                    f"Use one of: {', '.join(sorted(CATEGORIES))}.", Severity.WARN,
                ))
    return found
