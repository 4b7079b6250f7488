"""What the rows say that a row leads to: each for itself, but for those of people who are gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from ...core.conditions import several
from ...core.log import canonical
from ...core.plan import Key, Person, key_text
from ..erasing.finder import buried, erased_before, owners
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.masks import fixed_value
from ..mapping.ways import Reach
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

    None among the values stands for somebody who is there and says nothing. What an erasure leaves
    in a column is no such word, nor is a row of somebody of whom another one says it.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param declared: the table.
    :param at: where the values stand.
    :param keys: keys of its rows.
    :param alone: whether all rows of one owner speak for one; else those behind a profile do.
    """
    rows = _read(conn, datamap, declared, at, keys)
    found = {key: [value for value, _ in each] for key, each in rows.spoken.items()}
    # Where nobody says anything it does not matter who was erased.
    mixed = {key: each for key, each in rows.silent.items() if key in found}
    asked = {row for key, each in mixed.items() for row in (*each, *rows.speaking(key))}
    people = _people(conn, datamap, rows.end, asked)
    gone = erased_before(conn, datamap, _whose(people, chain.from_iterable(mixed.values())))
    # Rows of one who booked may be those of others, who have no profile of their own.
    one = alone or _personal(datamap, declared, at)
    for key, each in mixed.items():
        heard = gone | (_whose(people, rows.speaking(key)) if one else set())
        known = all(row in people and people[row] <= heard for row in each)
        found[key] += [] if known else [None]
    return found


@dataclass(frozen=True)
class Voice:
    """Somebody who is asked.

    :param who: a text that is the same whatever they say.
    :param sure: whether it stands for nobody else among others; not where nobody can tell, or where
        an erased person's row holds somebody again.
    :param value: what they say, or None.
    """

    who: str
    sure: bool
    value: Any


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
    every = {row for key in keys for row in (*rows.speaking(key), *rows.silent.get(key, ()))}
    people = _people(conn, datamap, rows.end, every)
    theirs = _whose(people, every)
    gone, one = erased_before(conn, datamap, theirs), _personal(datamap, declared, at)
    others = set(buried(conn, theirs)) - gone
    found: dict[Key, list[Voice]] = {}
    for key in keys:
        heard = gone | (_whose(people, rows.speaking(key)) if one else set())
        told = [*rows.spoken.get(key, ())]
        told += [
            (None, row) for row in rows.silent.get(key, ())
            if row not in people or not people[row] <= heard
        ]  # fmt: skip
        found[key] = [
            _voice(rows.end, row, people.get(row, set()), others, one, value)
            for value, row in told
        ]
    return found


def _voice(
    end: Declared | None, row: Key, people: set[Person], others: set[Person], one: bool, value: Any
) -> Voice:
    """Return who speaks in a row: its people, and the row itself where it may be another's."""
    whole = one and bool(people)
    place = [] if whole or end is None else [end.name, key_text(row)]
    who = [place, sorted([table, key_text(key)] for table, key in people)]
    # What is numbered within another row is somebody else once the lines before it are gone.
    sure = end is not None and not people & others and (whole or _lasts(end))
    return Voice(canonical(who).decode(), sure, value)


def _lasts(end: Declared) -> bool:
    """Return whether a table's key is of its own, and not a place within another row."""
    return len(end.key) == 1 and not end.key[0].foreign_keys


@dataclass(frozen=True)
class _Rows:
    """What rows say that others lead to, without what erasures left there.

    :param end: their table, or None where nothing is declared about it.
    :param spoken: key -> value, and the row it stands in.
    :param silent: key -> the rows that say nothing.
    """

    end: Declared | None
    spoken: dict[Key, list[tuple[Any, Key]]] = field(default_factory=dict)
    silent: dict[Key, list[Key]] = field(default_factory=dict)

    def speaking(self, key: Key) -> list[Key]:
        """Return the rows that say something."""
        return [row for _, row in self.spoken.get(key, ())]


def _read(
    conn: Connection, datamap: DataMap, declared: Declared, at: Reach, keys: Sequence[Key]
) -> _Rows:
    end = datamap.tables.get(at.hops[-1].table.fullname) if at.hops else None
    names = [column.key for column in end.key] if end is not None else []
    left, rows = left_in(datamap, declared, at), _Rows(end)
    for key, value, row in at.ends(conn, declared, keys, names):
        if left is not None and is_left(value, left):
            continue
        if end is not None and (value is None or not str(value).strip()):
            rows.silent.setdefault(key, []).append(row)
        else:
            rows.spoken.setdefault(key, []).append((value, row))
    return rows


def _people(
    conn: Connection, datamap: DataMap, declared: Declared | None, keys: set[Key]
) -> dict[Key, set[Person]]:
    """Return key -> who owns the row; nothing for a row of nobody."""
    if declared is None or not keys:
        return {}
    known = owners(conn, datamap, declared, in_order(keys))
    return {key: {who for who, _ in each} for key, each in known.items() if each}


def _whose(people: Mapping[Key, set[Person]], rows: Iterable[Key]) -> set[Person]:
    return {who for row in rows for who in people.get(row, ())}


def _personal(datamap: DataMap, declared: Declared, at: Reach) -> bool:
    """Return whether a way leads by a profile: what is behind it is that person's."""
    passed = {declared.name, *(hop.table.fullname for hop in at.hops)}
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
