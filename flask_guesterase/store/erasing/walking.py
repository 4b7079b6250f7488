"""The ways that lead from rows to people, as selects that are made once and asked again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Uuid,
    and_,
    literal_column,
    select,
    union_all,
)

from ...core.errors import ErasureError
from ...core.plan import Key
from ..mapping.crossing import binds_of
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Hop, Path
from ..mapping.trail import Leg, Trail, admitted, crosses, legs, loosely
from ..statements.listed import GIVEN, Listed
from ..statements.sql import asked, chunks, in_order, parts

_MOST = 50
"""Tables one statement asks at most."""


def together(
    conn: Connection,
    datamap: DataMap,
    people: Mapping[str, Collection[Key]],
    without: Collection[str] = (),
) -> dict[str, list[Key]]:
    """Return rows of many tables by one statement: table -> keys, each with its person's behind it.

    Only of tables whose rows belong to one person by one way, where both have a whole number as
    key; the others are left out, and are to be asked one by one.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param people: subject table -> keys of its rows.
    :param without: tables that are not looked at, because they cannot be.
    """
    found: dict[str, list[Key]] = {}
    if binds_of(conn).engines:
        return found
    for subject, keys in people.items():
        if (place := f"plain {subject}") not in datamap.said:
            datamap.said[place] = {
                name: declared
                for name, declared in datamap.tables.items()
                if _is_plain(datamap, declared, subject)
            }
        every: Mapping[str, Declared] = datamap.said[place]
        ways = {name: each for name, each in every.items() if name not in without}
        whole = all(len(key) == 1 and type(key[0]) is int for key in keys)
        if len(ways) < 2 or not keys or not whole:
            continue
        for some in chunks(ways, _MOST):
            found |= {name: [] for name in some}
            lines = [found[name] for name in some]
            statement = _united(datamap, subject, {name: ways[name] for name in some})
            for part in parts(in_order(keys)):
                rows = conn.execute(statement, {GIVEN: [key[0] for key in part]}).all()
                for way, row, person in rows:
                    lines[way].append((row, person))
    return found


def _is_plain(datamap: DataMap, declared: Declared, subject: str) -> bool:
    path = declared.paths[0] if len(declared.paths) == 1 else None
    if path is None or not path.to_one or path.select is not None:
        return False
    end = datamap.tables[path.subject.fullname]
    # A condition of the vendor's may mean another day tomorrow.
    lasting = declared.policy.where is None and end.policy.where is None
    columns = [*declared.key, *end.key]
    whole = all(isinstance(c.type, Integer) for c in columns) and len(columns) == 2
    return lasting and whole and path.subject.fullname == subject


def _united(datamap: DataMap, subject: str, ways: Mapping[str, Declared]) -> Any:
    """Return the select of (number of the way, row key, person's key) by many ways, made once."""
    said, place = datamap.tables[subject].said, ("together", *ways)
    paths = [declared.paths[0] for declared in ways.values()]
    known = said.get(place)
    if known is None or any(a is not b for a, b in zip(known[0], paths, strict=True)):
        selects = []
        for number, declared in enumerate(ways.values()):
            statement, ends = route(datamap, declared, declared.paths[0], False)
            row, person = list(statement.selected_columns)
            way = literal_column(str(number), Integer())
            columns = way.label("way"), row.label("row_"), person.label("person")
            selects.append(statement.with_only_columns(*columns).where(Listed(ends[0])))
        known = said[place] = (paths, union_all(*selects))
    return known[1]


def pairs(
    conn: Connection, datamap: DataMap, declared: Declared, path: Path, keys: Sequence[Key]
) -> Iterator[Key]:
    """Yield the key of each row that a path leads from to these people, and theirs behind it.

    :raises ErasureError: it is their own table, and has others under these keys.
    """
    itself = not path.hops and path.select is None
    if (trail := trail_of(conn, datamap, declared, path)) is not None:
        yield from (row + person for row, person in trail.backward(keys))
        return
    for part in parts(keys):
        statement, given = walked(datamap, declared, path, part)
        found = [tuple(row) for row in conn.execute(statement, given).all()]
        if itself:
            _require_asked(declared, part, found)
        yield from found


def _require_asked(declared: Declared, keys: Sequence[Key], found: Sequence[Key]) -> None:
    # Where a key is changed on its way to the database, all that follows would fit: to the other.
    asked = {loosely(key) for key in keys}
    if any(loosely(line[len(declared.key) :]) not in asked for line in found):
        raise ErasureError(
            f"The database gives rows of {declared.name} under keys that it was not asked for.",
            "Nothing was changed; give the key the type in the mapping that the column has.",
        )


def trail_of(
    conn: Connection, datamap: DataMap, declared: Declared, path: Path, whole: bool = False
) -> Trail | None:
    """Return a path that leads over several databases, or None: one select can follow it.

    :param whole: go as far as the subject table even where its key can be read one step before.
    """
    end = datamap.tables[path.subject.fullname]
    hops = path.hops
    last = hops[-1] if hops and path.select is None else None
    short = not whole and last is not None and _tells_key(last, end)
    hops = hops[:-1] if short else hops
    if not crosses(conn, declared.table, hops):
        return None

    def ends(
        joined: FromClause, here: FromClause
    ) -> tuple[FromClause, FromClause, Sequence[ColumnElement[Any]]]:
        if path.select is not None:
            home = datamap.tables[path.hops[-1].table.fullname]
            return _by_select(path.select, home, joined, here, end)
        if short and last is not None:
            order = [last.source[last.target.index(c)] for c in end.key]
            return joined, here, [here.c[c.key] for c in order]
        return joined, here, [here.c[c.key] for c in end.key]

    def first(statement: Select[Any], start: FromClause, _: FromClause) -> Select[Any]:
        where = declared.policy.where
        return statement if where is None else statement.where(where(start))

    def bound(statement: Select[Any], _: FromClause, here: FromClause) -> Select[Any]:
        if short and last is not None:
            return statement.where(*last.named(here))
        where = end.policy.where if whole else None
        return statement if where is None else statement.where(where(here))

    stretches = legs(conn, declared.table, hops)
    return Trail(conn, stretches, declared.key, ends, first, bound)


def led(
    conn: Connection, datamap: DataMap, path: Path, values: Iterable[Key]
) -> Iterator[tuple[Key, Key]]:
    """Yield what rows hold, or held, where a path begins, each with the key of a person it means.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param path: a path that begins with a step.
    :param values: what they hold in the columns of that step; what means nobody leads nowhere.
    """
    end = datamap.tables[path.subject.fullname]
    first, *rest = path.hops
    if not rest and path.select is None and _tells_key(first, end):
        order = [first.target.index(c) for c in end.key]
        for theirs, found in admitted(first, {each: {each} for each in values}).items():
            yield from ((each, tuple(theirs[place] for place in order)) for each in found)
        return

    def ends(
        joined: FromClause, here: FromClause
    ) -> tuple[FromClause, FromClause, Sequence[ColumnElement[Any]]]:
        if path.select is None:
            return joined, here, [here.c[c.key] for c in end.key]
        home = datamap.tables[path.hops[-1].table.fullname]
        return _by_select(path.select, home, joined, here, end)

    near, *far = legs(conn, first.table, rest)
    stretches = replace(near, bridge=first), *far
    # By which of its values a database found a row, it does not say.
    yield from Trail(conn, stretches, first.target, ends, wide=True).onward(values)


def met(
    conn: Connection, hop: Hop, values: Iterable[Key], columns: Sequence[Column[Any]]
) -> Iterator[tuple[Key, Key]]:
    """Yield those of some values by which a step leads to a row that is there, and what it holds.

    :param conn: open transaction.
    :param hop: the step.
    :param values: what is held on its near side.
    :param columns: which columns of that row are read.
    """

    def ends(
        joined: FromClause, here: FromClause
    ) -> tuple[FromClause, FromClause, Sequence[ColumnElement[Any]]]:
        return joined, here, [here.c[c.key] for c in columns]

    trail = Trail(conn, [Leg(hop.table, (), hop)], hop.target, ends, wide=True)
    yield from trail.onward(values)


def walked(
    datamap: DataMap, declared: Declared, path: Path, keys: Sequence[Key], whole: bool = False
) -> tuple[Select[Any], dict[str, Any] | None]:
    """Return the select of (row key, subject key) by a path, of these people, and its parameters.

    :param keys: keys of the people; with `whole` those of the rows.
    :param whole: go as far as the subject table even where its key can be read one hop before.
    """

    def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
        statement, ends = route(datamap, declared, path, whole)
        return statement, list(statement.selected_columns)[: len(declared.key)] if whole else ends

    end = datamap.tables[path.subject.fullname]
    # A condition of the vendor's may mean another day tomorrow.
    lasting = declared.policy.where is None and end.policy.where is None
    return asked(declared.said if lasting else {}, ("walk", id(path), whole), made, keys)


def route(
    datamap: DataMap, declared: Declared, path: Path, whole: bool
) -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of (row key, subject key) by a path, of everybody, and its last columns.

    :param whole: go as far as the subject table even where its key can be read one hop before.
    """
    end = datamap.tables[path.subject.fullname]
    here: FromClause = declared.alias("t0")
    start, joined = here, here
    itself = not path.hops and path.select is None
    ends: list[ColumnElement[Any]] = [here.c[c.key] for c in end.key] if itself else []
    named: list[ColumnElement[bool]] = []
    for number, hop in enumerate(path.hops, 1):
        last = number == len(path.hops) and path.select is None
        if last and not whole and _tells_key(hop, end):
            ends = [here.c[hop.source[hop.target.index(c)].key] for c in end.key]
            named = hop.named(here)
            break
        there, same = hop.step(here, number)
        joined = joined.join(there, same)
        here = there
        ends = [there.c[c.key] for c in end.key] if last else []
    if path.select is not None:
        home = datamap.tables[path.hops[-1].table.fullname] if path.hops else declared
        joined, here, ends = _by_select(path.select, home, joined, here, end)
    heads = [start.c[c.key] for c in declared.key]
    statement = select(*heads, *ends).select_from(joined).where(*named)
    if declared.policy.where is not None:
        statement = statement.where(declared.policy.where(start))
    if whole and here is not start and end.policy.where is not None:
        statement = statement.where(end.policy.where(here))
    return statement, ends


def _by_select(
    owned: Select[Any], home: Declared, joined: FromClause, here: FromClause, end: Declared
) -> tuple[FromClause, FromClause, list[ColumnElement[Any]]]:
    """Join the vendor's own select, which leads from rows of `home` to the subject table."""
    columns = list(owned.subquery("owned").c)
    width = len(home.key)
    there = end.alias("subject_")
    names: list[ColumnElement[Any]] = [there.c[c.key] for c in end.key]
    mine = [here.c[c.key] for c in home.key]
    first = and_(*(a == b for a, b in zip(mine, columns[:width], strict=True)))
    then = and_(*(a == b for a, b in zip(names, columns[width:], strict=True)))
    return joined.join(columns[0].table, first).join(there, then), there, names


def _tells_key(hop: Hop, end: Declared) -> bool:
    """Return whether what leads to a row is its key as the row itself has it.

    Texts that are equal to the database need not be: 'ADA' finds 'Ada' where case does not count.
    """
    # A foreign key is of its target's type; any other column may hold numbers as text.
    compared = end.key if hop.vouched else (*hop.source, *end.key)
    return not hop.copied and set(hop.target) == set(end.key) and all(
        isinstance(column.type, Integer) or (isinstance(column.type, Uuid) and column.type.as_uuid)
        for column in compared
    )
