"""Whose rows: from subject rows to every row that belongs to them, set by set."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, select

from ...core.plan import Key, Person, Row, by_table, key_text
from .. import tables
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Path
from ..statements.sql import MANY, Said, asked, chunks, in_order, parts
from .traces import holding, tells
from .walking import pairs, together, trail_of, walked

Owners = dict[Key, set[tuple[Person, int]]]
Whose = Mapping[Key, Collection[tuple[Person, int]]]


def find(
    conn: Connection, datamap: DataMap, people: Iterable[Person], without: Collection[str] = ()
) -> dict[str, list[Row]]:
    """Return every row of every declared table that belongs to these people.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param people: subject rows.
    :param without: tables that are not looked at, because they cannot be.
    """
    wanted: dict[str, set[Key]] = {}
    for table, key in people:
        wanted.setdefault(table, set()).add(key)
    found = {}
    # One person has many rows, in many tables, all with the same owner: known by the key that was
    # asked for, and not by what stands for it in a column of another type.
    whose = {
        name: {key: frozenset({((name, key), 0)}) for key in keys} for name, keys in wanted.items()
    }
    at_once = together(conn, datamap, wanted, without)
    for name, declared in datamap.tables.items():
        if len(declared.paths) == 1 and declared.paths[0].to_one:
            keys = wanted.get(declared.paths[0].subject.fullname)
            lines: Iterable[Key] = at_once.get(name, ())
            if keys and name not in at_once and name not in without:
                lines = pairs(conn, datamap, declared, declared.paths[0], in_order(keys))
            rows = _of_one(declared, lines, whose) if keys else []
            if rows:
                found[name] = rows
            continue
        mine: Owners = {}
        for index, path in enumerate(declared.paths) if name not in without else ():
            keys = wanted.get(path.subject.fullname)
            if keys:
                _collect(conn, datamap, declared, index, keys, mine)
        if mine:
            found[name] = _rows(conn, datamap, declared, mine, wanted)
    return found


def _of_one(
    declared: Declared, lines: Iterable[Key],
    whose: Mapping[str, dict[Key, frozenset[tuple[Person, int]]]],
) -> list[Row]:
    """Return the rows of a table whose rows belong to nobody but one person by one path.

    :param declared: the table.
    :param lines: key of each row, and its person's behind it.
    :param whose: subject table -> a person's key -> the owners of a row of that person's alone;
        more are put in.
    """
    subject, width = declared.paths[0].subject.fullname, len(declared.key)
    alone, mine = whose[subject], dict[Key, frozenset[tuple[Person, int]]]()
    for line in lines:
        key, person = line[:width], line[width:]
        owner = alone.get(person)
        if owner is None:
            owner = alone[person] = frozenset({((subject, person), 0)})
        known = mine.get(key)
        mine[key] = owner if known is None else owner | known
    # Made without its names, which of all this takes longest.
    nobody = frozenset[tuple[Person, int]]()
    return [tuple.__new__(Row, (key, mine[key], nobody)) for key in in_order(mine)]


def owned(
    conn: Connection,
    datamap: DataMap,
    declared: Declared,
    people: Iterable[Person],
    by: Collection[str] = (),
) -> Owners:
    """Return the rows of one table that belong to these people: key -> (person, path's index).

    :param by: owner paths, as the policy writes them, that count; all when empty.
    """
    mine: Owners = {}
    wanted: dict[str, set[Key]] = {}
    for table, key in people:
        wanted.setdefault(table, set()).add(key)
    for index, path in enumerate(declared.paths):
        keys = wanted.get(path.subject.fullname)
        if keys and (not by or path.label in by):
            _collect(conn, datamap, declared, index, keys, mine)
    return mine


def owned_of(declared: Declared, rows: Iterable[Row], by: Collection[str] = ()) -> Owners:
    """Return what `owned` does of people of whom every row of the table was found.

    :param by: owner paths, as the policy writes them, that count; all when empty.
    """
    counts = {index for index, path in enumerate(declared.paths) if not by or path.label in by}
    owners = ((row.key, {each for each in row.owners if each[1] in counts}) for row in rows)
    return {key: mine for key, mine in owners if mine}


def _rows(
    conn: Connection,
    datamap: DataMap,
    declared: Declared,
    mine: Owners,
    wanted: Mapping[str, set[Key]],
) -> list[Row]:
    others: Owners = {}
    if len(declared.paths) > 1 or not declared.paths[0].to_one:
        for key, theirs in owners(conn, datamap, declared, list(mine)).items():
            foreign = {(p, i) for p, i in theirs if p[1] not in wanted.get(p[0], ())}
            if foreign:
                others[key] = foreign
        gone = erased_before(conn, datamap, {p for theirs in others.values() for p, _ in theirs})
        others = {k: {(p, i) for p, i in v if p not in gone} for k, v in others.items()}
    return [
        Row(key, frozenset(theirs), frozenset(others.get(key, ())))
        for key, theirs in sorted(mine.items(), key=lambda item: key_text(item[0]))
    ]


def _collect(
    conn: Connection,
    datamap: DataMap,
    declared: Declared,
    index: int,
    keys: set[Key],
    into: Owners,
) -> None:
    """Add the rows that one path leads from to the owners found so far."""
    path = declared.paths[index]
    subject, width = path.subject.fullname, len(declared.key)
    for line in pairs(conn, datamap, declared, path, in_order(keys)):
        into.setdefault(line[:width], set()).add(((subject, line[width:]), index))


def owners(
    conn: Connection, datamap: DataMap, declared: Declared, keys: Sequence[Key]
) -> Owners:
    """Return who owns these rows, each owner with the index of its path; erased ones included."""
    found: Owners = {}
    width = len(declared.key)
    for index, path in enumerate(declared.paths):
        trail = trail_of(conn, datamap, declared, path, whole=True)
        if trail is not None:
            _note(trail.onward(keys), path, index, found)
        for part in parts(keys) if trail is None else ():
            statement, given = walked(datamap, declared, path, part, whole=True)
            rows = conn.execute(statement, given).all()
            _note(((line[:width], line[width:]) for line in map(tuple, rows)), path, index, found)
    return found


def _note(found: Iterable[tuple[Key, Key]], path: Path, index: int, into: Owners) -> None:
    for row, person in found:
        into.setdefault(row, set()).add(((path.subject.fullname, person), index))


def buried(conn: Connection, people: Iterable[Person]) -> dict[Person, datetime]:
    """Return when these subject rows were erased last, whoever stands in them by now.

    :return: those that were erased, each with a time, naive UTC.
    """
    texts: dict[str, dict[str, Person]] = {}
    for person in people:
        texts.setdefault(person[0], {})[key_text(person[1])] = person
    found = dict[Person, datetime]()
    for name, mine in texts.items():
        for part in chunks(sorted(mine), MANY):
            rows, given = asked(_SAID, ("buried",), _buried, [(text,) for text in part])
            for text, at in conn.execute(rows, {**(given or {}), "table": name}):
                # MariaDB finds keys also that end in more blanks, or fewer.
                if text in mine:
                    found[mine[text]] = at
    return found


_SAID: Said = {}


def _buried() -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of rows of a table that were erased, and when, the last time last."""
    table = tables.subject.c
    mine = table.table_name == bindparam("table"), table.erased_at.is_not(None)
    return select(table.row_key, table.erased_at).where(*mine).order_by(table.erased_at), [
        table.row_key
    ]


def erased_before(
    conn: Connection, datamap: DataMap, people: Iterable[Person]
) -> set[Person]:
    """Return which of these subject rows are shells: erased before, and not filled again since."""
    return shells_of(conn, datamap, buried(conn, people))


def shells_of(conn: Connection, datamap: DataMap, erased: Iterable[Person]) -> set[Person]:
    """Return which of the subject rows that were erased are not filled again since."""
    gone = set[Person]()
    for name, keys in by_table(erased).items():
        texts = {key_text(key): (name, key) for key in keys}
        for part in chunks(sorted(texts), MANY):
            full = filled_again(conn, datamap.tables.get(name), part, texts)
            gone |= {texts[text] for text in part if text not in full}
    return gone


def filled_again(
    conn: Connection,
    declared: Declared | None,
    shells: Collection[str],
    texts: Mapping[str, Person],
    save: Collection[str] = (),
) -> set[str]:
    """Return which erased rows the host has written somebody into since.

    :param conn: open transaction.
    :param declared: their table, or None when nothing is declared about it any more.
    :param shells: their keys, as text.
    :param texts: key as text -> table and key.
    :param save: names of columns that alone make nobody of a row.
    """
    if declared is None or not shells:
        return set()
    names = {name for name in declared.erase if tells(declared, [name])}.difference(save)
    if not names and not declared.deletes:
        return set()
    keys = [texts[text][1] for text in sorted(shells)]
    full = {key_text(key): key for key in holding(conn, declared, keys, names)}
    if not full:
        return set()
    kept: dict[str, set[str]] = {}
    table = tables.kept
    for row in conn.execute(
        select(table.c.row_key, table.c.columns).where(
            table.c.table_name == declared.name,
            table.c.row_key.in_(sorted(full)),
            table.c.ended_at.is_(None),
        )
    ):
        kept.setdefault(row.row_key, set()).update(json.loads(row.columns) or names)
    return {
        text
        for text, key in full.items()
        if text not in kept
        or holding(conn, declared, [key], names - kept[text], whole=False)
    }
