"""Whose rows: from subject rows to every row that belongs to them, set by set."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Select,
    TypeDecorator,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.exc import StatementError

from ..core.errors import MatchError
from ..core.identity import kind_of, spellings
from ..core.plan import Key, Person, Row, key_text
from . import tables
from .binds.crossing import at
from .datamap import Contacts, DataMap, Declared
from .failure import is_misfit
from .paths import Path
from .sql import (
    MANY,
    among,
    chunks,
    host_values,
    in_order,
    is_text,
    one_of,
    parts,
)
from .traces import holding, tells
from .walking import pairs, together, trail_of, walked

Owners = dict[Key, set[tuple[Person, int]]]


@dataclass(frozen=True)
class Candidate:
    """A subject row that carries what was asked for.

    :param person: subject table and key.
    :param name: the name on file, parts joined by a space.
    :param contacts: contact column -> value on file, empty ones left out.
    :param property: code of the property the row belongs to, or an empty string.
    :param values: match key -> value on file, for keys that are columns.
    """

    person: Person
    name: str
    contacts: Mapping[str, str]
    property: str
    values: Mapping[str, str]


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
    at_once = together(conn, datamap, wanted, without)
    for name, declared in datamap.tables.items():
        if len(declared.paths) == 1 and declared.paths[0].to_one:
            keys = wanted.get(declared.paths[0].subject.fullname)
            lines: Iterable[Key] = at_once.get(name, ())
            if keys and name not in at_once and name not in without:
                lines = pairs(conn, datamap, declared, declared.paths[0], in_order(keys))
            rows = _of_one(declared, lines)
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


def _of_one(declared: Declared, lines: Iterable[Key]) -> list[Row]:
    """Return the rows of a table whose rows belong to nobody but one person by one path.

    :param declared: the table.
    :param lines: key of each row, and its person's behind it.
    """
    subject, width = declared.paths[0].subject.fullname, len(declared.key)
    whose: dict[Key, frozenset[tuple[Person, int]]] = {}
    rows: dict[Key, Row] = {}
    for line in lines:
        key, person = line[:width], line[width:]
        owner = whose.get(person)
        if owner is None:
            owner = whose[person] = frozenset({((subject, person), 0)})
        if key in rows and rows[key].owners != owner:
            owner |= rows[key].owners
        rows[key] = Row(key, owner)
    return [rows[key] for key in in_order(rows)]


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


def _rows(
    conn: Connection,
    datamap: DataMap,
    declared: Declared,
    mine: Owners,
    wanted: Mapping[str, set[Key]],
) -> list[Row]:
    others: Owners = {}
    if len(declared.paths) > 1 or not declared.paths[0].to_one:
        everyone = _everyone(conn, datamap, declared, list(mine))
        for key, owners in everyone.items():
            foreign = {(p, i) for p, i in owners if p[1] not in wanted.get(p[0], ())}
            if foreign:
                others[key] = foreign
        gone = erased_before(conn, datamap, {p for owners in others.values() for p, _ in owners})
        others = {k: {(p, i) for p, i in v if p not in gone} for k, v in others.items()}
    return [
        Row(key, frozenset(owners), frozenset(others.get(key, ())))
        for key, owners in sorted(mine.items(), key=lambda item: key_text(item[0]))
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


def _everyone(
    conn: Connection, datamap: DataMap, declared: Declared, keys: Sequence[Key]
) -> Owners:
    """Return all owners of these rows, by every path."""
    owners: Owners = {}
    width = len(declared.key)
    for index, path in enumerate(declared.paths):
        trail = trail_of(conn, datamap, declared, path, whole=True)
        if trail is not None:
            _note(trail.onward(keys), path, index, owners)
        for part in parts(keys) if trail is None else ():
            statement, given = walked(datamap, declared, path, part, whole=True)
            rows = conn.execute(statement, given).all()
            _note(((line[:width], line[width:]) for line in map(tuple, rows)), path, index, owners)
    return owners


def _note(found: Iterable[tuple[Key, Key]], path: Path, index: int, into: Owners) -> None:
    for row, person in found:
        into.setdefault(row, set()).add(((path.subject.fullname, person), index))


def erased_before(
    conn: Connection, datamap: DataMap, people: Iterable[Person]
) -> set[Person]:
    """Return which of these subject rows are shells: erased before, and not filled again since."""
    by_table: dict[str, dict[str, Person]] = {}
    for person in people:
        by_table.setdefault(person[0], {})[key_text(person[1])] = person
    gone = set()
    table = tables.subject
    for name, texts in by_table.items():
        for part in chunks(sorted(texts), MANY):
            rows = conn.execute(
                select(table.c.row_key).where(
                    table.c.table_name == name,
                    one_of(table.c.row_key, part),
                    table.c.erased_at.is_not(None),
                )
            )
            shells = {row.row_key for row in rows}
            shells -= filled_again(conn, datamap.tables.get(name), shells, texts)
            gone |= {texts[text] for text in shells}
    return gone


def filled_again(
    conn: Connection,
    declared: Declared | None,
    shells: Collection[str],
    texts: Mapping[str, Person],
) -> set[str]:
    """Return which erased rows the host has written somebody into since.

    :param conn: open transaction.
    :param declared: their table, or None when nothing is declared about it any more.
    :param shells: their keys, as text.
    :param texts: key as text -> table and key.
    """
    if declared is None or not shells:
        return set()
    # Of a value that a host's type writes, SQL cannot tell whether it is the mark.
    names = {
        name
        for name in declared.erase
        if tells(declared, [name]) and not isinstance(declared.column(name).type, TypeDecorator)
    }
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
        or (not declared.deletes and holding(conn, declared, [key], names - kept[text]))
    }


def candidates(
    conn: Connection,
    datamap: DataMap,
    key: str,
    value: str,
    property_: str | None,
    region: str = "",
) -> list[Candidate]:
    """Return the subject rows that carry a value under a match key.

    :param key: match key, as `Subject` names it.
    :param value: what was asked for, in any spelling.
    :param property_: code of the property asked, or None for all.
    :param region: ISO country code that gives national phone numbers a meaning.
    :raises MatchError: the key is unknown, the value could be anybody's, or no column that is
        looked into can hold it.
    """
    datamap.check_key(key)
    found = []
    for name, contacts in datamap.subjects.items():
        wanted = contacts.match.get(key)
        if wanted is None:
            continue
        declared = datamap.tables[name]
        table = declared.alias("s")
        condition = _carries(table, wanted, key, value, region)
        found += _read(conn, declared, contacts, table, condition, property_, typed=True)
    return found


def carriers(conn: Connection, datamap: DataMap, kind: str, value: str) -> set[Person]:
    """Return the subject rows that carry a value as a contact or under a match key of its kind.

    :param kind: a `core.identity.Kind`.
    :param value: as somebody wrote it.
    :raises MatchError: the value could be anybody's.
    """
    found: set[Person] = set()
    for name, contacts in datamap.subjects.items():
        declared = datamap.tables[name]
        table = declared.alias("s")
        columns = {c.name: c for key, c in contacts.match.items()
                   if isinstance(c, Column) and kind_of(key) == kind}  # fmt: skip
        columns |= {c: declared.column(c) for c, is_ in contacts.contact.items() if is_ == kind}
        if columns:
            condition = or_(*(_carries(table, c, kind, value, "") for c in columns.values()))
            found |= {
                each.person for each in _read(conn, declared, contacts, table, condition, None)
            }
    return found


def known(
    conn: Connection, datamap: DataMap, people: Iterable[Person]
) -> dict[Person, Candidate]:
    """Return what is on file for these subject rows, those that are still there."""
    result = {}
    by_table: dict[str, list[Key]] = {}
    for name, key in people:
        by_table.setdefault(name, []).append(key)
    for name, keys in by_table.items():
        declared = datamap.declared(name)
        table = declared.alias("s")
        columns = [table.c[c.key] for c in declared.key]
        for part in parts(keys):
            condition = among(columns, part)
            for one in _read(conn, declared, datamap.subjects[name], table, condition, None):
                result[one.person] = one
    return result


def _carries(
    table: FromClause, wanted: Any, key: str, value: str, region: str
) -> ColumnElement[bool]:
    if not isinstance(wanted, Column):
        return _asked(wanted, table, key, value)
    column = table.c[wanted.key]
    kind = kind_of(key)
    texts = sorted(spellings(kind, value, region))
    if not is_text(column.type):
        return or_(false(), *(column == v for v in host_values(column.type, [value, *texts])))
    if kind == "phone":
        bare: ColumnElement[Any] = column
        for mark in (" ", "-", "(", ")", ".", "/"):
            bare = func.replace(bare, mark, "")
        return bare.in_(texts)
    return func.lower(column).in_([text.lower() for text in texts])


def _asked(
    wanted: Callable[..., Any], table: FromClause, key: str, value: str
) -> ColumnElement[bool]:
    """Return the vendor's own condition; what it says about the value is not passed on."""
    try:
        condition: ColumnElement[bool] = wanted(table, value)
    except Exception as raised:
        raise MatchError(
            f"This value cannot be looked for as '{key}' ({type(raised).__name__}).",
            "Look at its spelling.",
        ) from None
    return condition


def _typed(conn: Connection, table: str, statement: Select[Any]) -> CursorResult[Any]:
    """Return the rows of a question about a value that anybody may have typed.

    :raises MatchError: the column cannot hold it, so nobody is on file under it.
    """
    there = at(conn, table)
    # After an error PostgreSQL answers nothing more of the transaction.
    nested = there.dialect.name == "postgresql"
    try:
        with there.begin_nested() if nested else nullcontext():
            return conn.execute(statement)
    except StatementError as raised:
        if not is_misfit(raised):
            raise
    raise MatchError("Nobody can be on file under this value.", "Look at its spelling.")


def _read(
    conn: Connection,
    declared: Declared,
    contacts: Contacts,
    table: FromClause,
    condition: ColumnElement[bool],
    property_: str | None,
    typed: bool = False,
) -> list[Candidate]:
    match = {k: c for k, c in contacts.match.items() if isinstance(c, Column)}
    statement = select(
        *(table.c[c.key] for c in declared.key),
        *(table.c[c.key].label(f"n{i}") for i, c in enumerate(contacts.names)),
        *(table.c[declared.column(n).key].label(f"c{i}") for i, n in enumerate(contacts.contact)),
        *(table.c[c.key].label(f"m{i}") for i, c in enumerate(match.values())),
        *([table.c[contacts.property.key].label("property_")] if contacts.property is not None
          else []),
    ).where(condition)
    if declared.policy.where is not None:
        statement = statement.where(declared.policy.where(table))
    if property_ is not None and contacts.property is not None:
        statement = statement.where(table.c[contacts.property.key] == property_)
    width = len(declared.key)
    result = []
    rows = _typed(conn, declared.name, statement) if typed else conn.execute(statement)
    for row in rows:
        values = row._mapping
        result.append(
            Candidate(
                (declared.name, tuple(row)[:width]),
                " ".join(str(v) for i in range(len(contacts.names)) if (v := values[f"n{i}"])),
                {n: str(v) for i, n in enumerate(contacts.contact) if (v := values[f"c{i}"])},
                str(values["property_"]).strip() if contacts.property is not None else "",
                {k: str(v) for i, k in enumerate(match) if (v := values[f"m{i}"])},
            )
        )
    return result


def owners(
    conn: Connection, datamap: DataMap, declared: Declared, keys: Sequence[Key]
) -> dict[Key, set[tuple[Person, int]]]:
    """Return who owns these rows, each owner with the index of its path; erased ones included."""
    return _everyone(conn, datamap, declared, keys)
