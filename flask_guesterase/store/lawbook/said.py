"""What the rows say that a row leads to: each for itself, but for those of people who are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...core.conditions import several
from ...core.log import canonical
from ...core.plan import Key, Person, by_table, key_text
from ..checking.gaps import lacks, missing
from ..erasing.finder import buried, erased_before, owners
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Hop
from ..mapping.masks import fixed_value
from ..mapping.ways import Reach, Ways
from ..settings import Settings
from ..statements.sql import in_order


def said_of(told: Mapping[Key, list[Any]]) -> dict[Key, Any]:
    """Return key -> what all say alike, or a tuple of what each says; nothing where none does.

    :param told: key -> values (see `told_of`).
    """
    found = {key: several(values) for key, values in told.items()}
    return {key: said for key, said in found.items() if said is not None}


def told_of(
    conn: Connection,
    datamap: DataMap,
    declared: Declared,
    at: Reach,
    keys: Sequence[Key],
    alone: bool = False,
) -> dict[Key, list[Any]]:
    """Return key -> values, without those of rows of erased people.

    None among the values stands for somebody who is there and says nothing, also where the way to
    them ends early. What an erasure leaves in a column is no such word, nor is a row of somebody of
    whom another one says it.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param declared: the table.
    :param at: where the values stand.
    :param keys: keys of its rows.
    :param alone: whether all rows of one owner speak for one, and none is missed; else those behind
        a profile do.
    """
    rows = _read(conn, datamap, declared, at, keys, early=not alone)
    found = {key: [each.value for each in told] for key, told in rows.spoken.items()}
    # Where nobody says anything it does not matter who was erased.
    mixed = {key: each for key, each in rows.silent.items() if key in found}
    asked = {each.row for key, told in mixed.items() for each in (*told, *rows.spoken[key])}
    people = _people(conn, datamap, asked)
    gone = erased_before(conn, datamap, _whose(people, chain.from_iterable(mixed.values())))
    for key, told in mixed.items():
        # Rows of one who booked may be those of others, who have no profile of their own.
        heard = _whose(people, rows.spoken[key])
        known = all(
            each.row in people
            and people[each.row] <= gone | (heard if alone or each.stop.one else set())
            for each in told
        )
        found[key] += [] if known else [None]
    return found


@dataclass(frozen=True)
class Voice:
    """Somebody who is asked.

    :param who: a text that is the same whatever they say.
    :param sure: whether it stands for nobody else among others; not where nobody can tell, or where
        an erased person's row holds somebody again.
    :param value: what they say, or None.
    :param by: the texts for whoever was behind the rows that lead to them.
    """

    who: str
    sure: bool
    value: Any
    by: tuple[str, ...] = ()


def voices(
    conn: Connection, datamap: DataMap, declared: Declared, at: Reach, keys: Sequence[Key]
) -> dict[Key, list[Voice]]:
    """Return key -> who says what, without those who are heard anyway.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param declared: the table.
    :param at: where the values stand.
    :param keys: keys of its rows.
    """
    rows = _read(conn, datamap, declared, at, keys)
    told = {key: (*rows.spoken.get(key, ()), *rows.silent.get(key, ())) for key in keys}
    every = {each.row for mine in told.values() for each in mine}
    people = _people(conn, datamap, every)
    theirs = _whose(people, chain.from_iterable(told.values()))
    gone = erased_before(conn, datamap, theirs)
    others = set(buried(conn, theirs)) - gone
    found: dict[Key, list[Voice]] = {}
    for key in keys:
        heard = _whose(people, rows.spoken.get(key, ()))
        asked = [*rows.spoken.get(key, ())]
        asked += [
            each for each in rows.silent.get(key, ())
            if each.row not in people
            or not people[each.row] <= gone | (heard if each.stop.one else set())
        ]  # fmt: skip
        found[key] = [_voice(each, people.get(each.row, set()), others) for each in asked]
    return found


def _voice(said: _Said, people: set[Person], others: set[Person]) -> Voice:
    """Return who speaks in a row: its people, and the row itself where it may be another's."""
    end = said.stop.declared
    whole = said.stop.one and bool(people)
    place = [] if whole or end is None else [end.name, key_text(said.row[1])]
    # Whoever is behind a pointer that is empty does not own the row that holds it.
    mine = people if whole or said.stop.last else set[Person]()
    # What is numbered within another row is somebody else once the lines before it are gone.
    sure = end is not None and not people & others and (whole or _lasts(end))
    return Voice(_who(place, mine), sure, said.value, said.by)


def _who(place: Sequence[str], people: Iterable[Person] = ()) -> str:
    whose = sorted([table, key_text(key)] for table, key in people)
    return canonical([list(place), whose]).decode()


def _lasts(end: Declared) -> bool:
    """Return whether a table's key is of its own, and not a place within another row."""
    return len(end.key) == 1 and not end.key[0].foreign_keys


@dataclass(frozen=True)
class _Stop:
    """A table on the way at which a way may end.

    :param declared: the table, or None where nothing is declared about it.
    :param one: whether a profile was passed, so that what is there is that person's.
    :param step: how many steps lead there.
    :param last: whether the values stand there.
    :param counts: whether somebody is there where the way ends here.
    :param onward: columns of the next table that a row of it has.
    """

    declared: Declared | None
    one: bool
    step: int
    last: bool = True
    counts: bool = True
    onward: tuple[str, ...] = ()

    @property
    def columns(self) -> list[tuple[int, str]]:
        """Return what is read of it: the columns of the next table, then its own key."""
        own = self.declared.key if self.declared is not None else ()
        ahead = [(self.step + 1, name) for name in self.onward]
        return [*ahead, *((self.step, column.key) for column in own)]


class _Said(NamedTuple):
    """What is said at the end of one way.

    :param stop: the table it ends at.
    :param key: key of the row there.
    :param value: what is said, or None.
    :param by: the texts for whoever is behind the rows that lead there.
    """

    stop: _Stop
    key: Key
    value: Any = None
    by: tuple[str, ...] = ()

    @property
    def row(self) -> _Place:
        """Return the name of the table, and the key."""
        return self.stop.declared.name if self.stop.declared is not None else "", self.key


_Place = tuple[str, Key]


@dataclass(frozen=True)
class _Rows:
    """What rows say that others lead to, without what erasures left there.

    :param spoken: key -> what is said.
    :param silent: key -> where nothing is.
    """

    spoken: dict[Key, list[_Said]] = field(default_factory=dict)
    silent: dict[Key, list[_Said]] = field(default_factory=dict)


def _read(
    conn: Connection, datamap: DataMap, declared: Declared, at: Reach, keys: Sequence[Key],
    early: bool = True,
) -> _Rows:
    """Return what rows say.

    :param early: whether somebody may be where a way ends early.
    """
    stop = _end(datamap, declared, at)
    names = [column.key for column in stop.declared.key] if stop.declared is not None else []
    stops = list(_stops(datamap, declared, at)) if early else []
    left, rows = left_in(datamap, declared, at), _Rows()
    passed = [column for each in stops for column in each.columns]
    for key, value, found in at.ends(conn, declared, keys, names, passed):
        row, by = found[: len(names)], list[str]()
        if len(found) > len(names):
            short = _short(stops, found[len(names):], by)
            if short is not None:
                if short.stop.counts:
                    rows.silent.setdefault(key, []).append(short)
                continue
        if left is not None and is_left(value, left):
            continue
        silent = stop.declared is not None and (value is None or not str(value).strip())
        said = _Said(stop, row, None if silent else value, tuple(by))
        (rows.silent if silent else rows.spoken).setdefault(key, []).append(said)
    return rows


def _short(stops: Sequence[_Stop], found: Sequence[Any], by: list[str]) -> _Said | None:
    """Return where a way ends early, or None.

    :param found: what was read of the rows on the way.
    :param by: takes the texts for whoever is behind these rows.
    """
    rest = list(found)
    for stop in stops:
        width, ahead = len(stop.columns), len(stop.onward)
        mine, rest = rest[:width], rest[width:]
        key = tuple(mine[ahead:])
        if None in mine[:ahead]:
            return _Said(stop, key)
        if stop.declared is not None and not stop.one and _lasts(stop.declared):
            by.append(_who([stop.declared.name, key_text(key)]))
    return None


def _end(datamap: DataMap, declared: Declared, at: Reach) -> _Stop:
    end = datamap.tables.get(at.hops[-1].table.fullname) if at.hops else None
    return _Stop(end, _personal(datamap, declared, at.hops), len(at.hops))


def _stops(datamap: DataMap, declared: Declared, at: Reach) -> Iterator[_Stop]:
    """Yield the tables at which a way may end early, from the first of several rows on."""
    for step in range(at.forks, len(at.hops)):
        passed, hop = at.hops[:step], at.hops[step]
        here = datamap.tables.get(passed[-1].table.fullname)
        one = _personal(datamap, declared, passed)
        counts = one or (hop.to_one and not _lets_go(datamap, here, hop))
        ahead = tuple(column.key for column in hop.target)
        yield _Stop(here, one, step, False, counts, ahead)


def _lets_go(datamap: DataMap, here: Declared | None, hop: Hop) -> bool:
    """Return whether a step may lead nowhere because somebody was erased."""
    there = datamap.tables.get(hop.table.fullname)
    if there is not None and there.deletes:
        return True
    return here is not None and any(here.overwrites(column.name) for column in hop.source)


def _people(
    conn: Connection, datamap: DataMap, rows: Iterable[_Place]
) -> dict[_Place, set[Person]]:
    """Return table and key -> who owns the row; nothing for a row of nobody."""
    found: dict[_Place, set[Person]] = {}
    for name, keys in by_table(rows).items():
        declared = datamap.tables.get(name)
        known = owners(conn, datamap, declared, in_order(keys)) if declared is not None else {}
        found |= {(name, key): {who for who, _ in each} for key, each in known.items() if each}
    return found


def _whose(people: Mapping[_Place, set[Person]], told: Iterable[_Said]) -> set[Person]:
    return {who for each in told for who in people.get(each.row, ())}


def _personal(datamap: DataMap, declared: Declared, hops: Sequence[Hop]) -> bool:
    """Return whether a way leads by a profile: what is behind it is that person's."""
    passed = {declared.name, *(hop.table.fullname for hop in hops)}
    return not passed.isdisjoint(datamap.subjects)


def codes_of(
    conn: Connection,
    datamap: DataMap,
    settings: Settings,
    declared: Declared,
    at: Reach,
    keys: Sequence[Key],
) -> dict[Key, set[str]]:
    """Return key -> the codes of properties that rows lead to, without outer blanks.

    One of them is empty where a row says none and there is not one property alone; nothing is there
    for a key of which none does.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param settings: the properties.
    :param declared: the table.
    :param at: where the code stands.
    :param keys: keys of its rows.
    """
    told = told_of(conn, datamap, declared, at, keys, alone=True)
    # CHAR columns are filled up with blanks, and a blank code places as little as none.
    found = {k: {"" if v is None else str(v).strip() for v in each} for k, each in told.items()}
    only = next(iter(settings.properties)) if len(settings.properties) == 1 else ""
    return {key: {code or only for code in codes} for key, codes in found.items() if any(codes)}


def is_lost(datamap: DataMap, declared: Declared, reaches: Iterable[Reach | None]) -> bool:
    """Return whether the database lacks a column in which something is read: nobody can tell it.

    :param datamap: the data map; as far as it has findings about the live database.
    :param declared: the table that the ways begin at.
    :param reaches: the ways.
    """
    if not missing(datamap):
        return False
    known = [at for at in reaches if at is not None]
    return lacks(datamap, [column for at in known for column in at.reads(declared)])


def is_untold(datamap: DataMap, declared: Declared, found: Ways) -> bool:
    """Return whether rows of a table may say something to the law that nobody can read.

    Of several days the last one may have stood in a column that the database lacks.

    :param datamap: the data map; as far as it has findings about the live database.
    :param declared: the table.
    :param found: how its rows are read.
    """
    asked = chain(*found.events.values(), found.answers.values(), *found.before.values())
    return is_lost(datamap, declared, [*asked, found.place, *found.places])


def left_in(datamap: DataMap, declared: Declared, at: Reach) -> Any:
    """Return what an erasure leaves in the column a value is read from, or None."""
    table = at.hops[-1].table if at.hops else declared.table
    owner = datamap.tables.get(table.fullname) if at.column else None
    column = table.c[at.column] if owner is not None else None
    if owner is None or column is None or column.name not in owner.rules:
        return None
    return fixed_value(owner.written(column.name), column)


def is_left(value: Any, left: Any) -> bool:
    """Return whether a value is what an erasure leaves, which names a zone only where types do."""
    bare = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    return bool(value == left) or bool(bare == left)
