"""Where the law finds what it asks of a row: in a column behind hops, or by an expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import (
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    select,
)
from sqlalchemy.sql.visitors import iterate

from ...core.plan import Key
from ...core.policy import Policy
from ...core.whence import CLOCK, FACTS, PLACE, Paths
from ..statements.sql import asked, is_text, parts
from .datamap import DataMap
from .declared import Declared
from .hops import Hop
from .joins import blank
from .paths import Resolver
from .trail import Trail, crosses, legs, zoned


@dataclass(frozen=True)
class Reach:
    """A value found from a row: in a column at the end of hops, or by the vendor's expression.

    :param hops: steps in order; empty when the value is in the row itself.
    :param column: key of the column in the table the hops lead to, or empty.
    :param make: callable taking the table and returning the expression, or None.
    """

    hops: tuple[Hop, ...] = ()
    column: str = ""
    make: Callable[..., Any] | None = None

    @property
    def to_one(self) -> bool:
        """Return whether each row leads to one value at most."""
        return all(hop.to_one for hop in self.hops)

    @property
    def forks(self) -> int:
        """Return after how many steps there may be several rows; all where there is but one."""
        steps = enumerate(self.hops, 1)
        return next((step for step, hop in steps if not hop.to_one), len(self.hops))

    def reads(self, declared: Declared) -> list[Column[Any]]:
        """Return the columns of the host's tables that are read for it.

        :param declared: the table the hops begin at.
        """
        if self.make is not None:
            inside = iterate(self.make(declared.alias("t0")))
            named = [each for each in inside if isinstance(each, ColumnClause)]
            return [c for each in named for c in each.base_columns if isinstance(c, Column)]
        end = self.hops[-1].table if self.hops else declared.table
        passed = [column for hop in self.hops for column in (*hop.source, *hop.target)]
        return [*passed, end.c[self.column]]

    def dates(
        self, conn: Connection, declared: Declared, keys: Sequence[Key]
    ) -> dict[Key, tuple[Any, ...]]:
        """Return key -> the latest of several dates; of texts all, since the last may be no later.

        Nothing is there for a key without any.
        """
        found: dict[Key, Any] = {}
        texts: dict[Key, dict[str, None]] = {}
        for key, value in self.each(conn, declared, keys):
            if isinstance(value, str):
                texts.setdefault(key, {})[value] = None
            else:
                _latest(found, key, value)
        alone = {key: (value,) for key, value in found.items()}
        return alone | {key: (*alone.get(key, ()), *told) for key, told in texts.items()}

    def each(
        self, conn: Connection, declared: Declared, keys: Sequence[Key]
    ) -> Iterator[tuple[Key, Any]]:
        """Yield key and value, each of several, NULL among them."""
        for key, value, _ in self.ends(conn, declared, keys):
            yield key, value

    def ends(
        self,
        conn: Connection,
        declared: Declared,
        keys: Sequence[Key],
        names: Sequence[str] = (),
        passed: Sequence[tuple[int, str]] = (),
    ) -> Iterator[tuple[Key, Any, Key]]:
        """Yield key, value, and what these columns hold in the row that the hops lead to.

        :param conn: open transaction.
        :param declared: the table the hops begin at.
        :param keys: keys of its rows.
        :param names: keys of columns; none where the value is not behind hops.
        :param passed: columns of rows on the way, each with the steps that lead there, to be read
            as well, also where the way ends early: all behind that is None then. Nothing of them
            where it leads from one database to another.
        """
        if crosses(conn, declared.table, self.hops):
            way = legs(conn, declared.table, self.hops)
            end = partial(_end, (self.column, *names))
            trail = Trail(conn, way, declared.key, end, dated=True)
            for key, (value, *more) in trail.onward(keys):
                yield key, value, tuple(more)
            return
        width = len(declared.key)

        def made() -> tuple[Select[Any], Sequence[ColumnElement[Any]]]:
            start = declared.alias("t0")
            mine = [start.c[c.key] for c in declared.key]
            joined, way = self._walked(start, bool(passed))
            value = self.make(start) if self.make is not None else way[-1].c[self.column]
            more = *(way[-1].c[name] for name in names), *(way[at].c[name] for at, name in passed)
            return select(*mine, value, *more).select_from(joined), mine

        # What the vendor's expression means may be another thing tomorrow.
        said = declared.said if self.make is None else {}
        hops = ((hop.source, hop.target) for hop in self.hops)
        place = ("reach", self.column, *names, *passed, *hops)
        for part in parts(keys):
            rows, given = asked(said, place, made, part)
            for row in zoned(conn.execute(rows, given), width):
                yield row[:width], row[width], row[width + 1 :]

    def joined(self, start: FromClause) -> tuple[FromClause, ColumnElement[Any]]:
        """Return what to select from, and the expression of the value."""
        if self.make is not None:
            return start, self.make(start)
        joined, way = self._walked(start)
        return joined, way[-1].c[self.column]

    def _walked(
        self, start: FromClause, early: bool = False
    ) -> tuple[FromClause, list[FromClause]]:
        """Return what to select from, and the tables on the way.

        :param early: take rows in behind which the way ends early, from the first of several on.
        """
        joined, way = start, [start]
        for number, hop in enumerate(self.hops, 1):
            there, same = hop.step(way[-1], number)
            joined = joined.join(there, same, isouter=early and number > self.forks)
            way.append(there)
        return joined, way


def _end(
    names: Sequence[str], joined: FromClause, here: FromClause
) -> tuple[FromClause, FromClause, list[ColumnElement[Any]]]:
    return joined, here, [here.c[name] for name in names]


def _latest(found: dict[Key, Any], key: Key, got: Any) -> None:
    if got is not None and (key not in found or _later(got, found[key])):
        found[key] = got


def _later(one: Any, other: Any) -> bool:
    try:
        return bool(one > other)
    except TypeError:
        return str(one) > str(other)


@dataclass(frozen=True)
class Ways:
    """How the facts of one table's rows are read.

    :param events: event -> where its dates are; the latest counts.
    :param answers: what a rule may ask -> where the answer is.
    :param place: where the property's code is, or None: the owner's property.
    :param wrong: names the policy gives that lead nowhere.
    :param before: what a rule may ask -> where the answer was until lately: both must agree.
    :param places: where the property's code was until lately: both must agree.
    """

    events: Mapping[str, tuple[Reach, ...]] = field(default_factory=dict)
    answers: Mapping[str, Reach] = field(default_factory=dict)
    place: Reach | None = None
    wrong: tuple[str, ...] = ()
    before: Mapping[str, tuple[Reach, ...]] = field(default_factory=dict)
    places: tuple[Reach, ...] = ()


def ways(datamap: DataMap, declared: Declared) -> Ways:
    """Resolve what a policy says about clocks, facts and place."""
    place = ("ways", datamap.atlas)
    if place not in declared.said:
        declared.said[place] = _ways(datamap, declared)
    found: Ways = declared.said[place]
    return found


def _ways(datamap: DataMap, declared: Declared) -> Ways:
    wrong: list[str] = []

    def reach(wanted: Any) -> Reach | None:
        if callable(wanted):
            return Reach(make=wanted)
        found = _dotted(datamap, declared, str(wanted))
        if found is None:
            wrong.append(str(wanted))
        return found

    def all_of(wanted: Mapping[str, Any]) -> dict[str, Reach]:
        return {name: at for name, path in wanted.items() if (at := reach(path)) is not None}

    def dates_of(wanted: Any) -> tuple[Reach, ...]:
        return tuple(at for path in _several(wanted) if (at := reach(path)) is not None)

    policy = declared.policy
    events = {event: dates_of(wanted) for event, wanted in clock_of(policy).items()}
    answers = all_of(policy.facts)
    place = reach(policy.place) if policy.place else _own_place(datamap, declared)
    return Ways(events, answers, place, tuple(wrong))


def also(datamap: DataMap, declared: Declared, bound: Paths) -> Ways:
    """Return a table's ways with those by which its rows were read until lately.

    Of several dates the latest counts, so that another clock ends nothing earlier; of answers, or
    properties, that differ none is known. What has no clock any more is not given one back: nothing
    of it ends. Nor is a column that is gone: the host renamed it, and its dates are where the
    policy says now.

    :param datamap: the resolved data map.
    :param declared: the table.
    :param bound: where its rows are, and were, read (see `rulebook.paths`).
    """
    known, now = ways(datamap, declared), dict(paths_of(datamap, declared))
    read = {CLOCK: dict(known.events), FACTS: {}, PLACE: {}}
    for (what, name), told in bound.items():
        if (what == CLOCK and not known.events) or (what == FACTS and name not in known.answers):
            continue
        gone = (path for path in told if path not in now.get((what, name), ()))
        reached = (_dotted(datamap, declared, path) for path in gone)
        if found := tuple(at for at in reached if at is not None):
            read[what][name] = (*read[what].get(name, ()), *found)
    places = read[PLACE].get(_PROPERTY, ())
    return replace(known, events=read[CLOCK], before=read[FACTS], places=places)


_PROPERTY = "property"


def paths_of(
    datamap: DataMap, declared: Declared
) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Yield what the law asks of a table's rows, with the paths of the columns that say it.

    An expression of the vendor's is no path: what it says nobody can compare.

    :param datamap: the resolved data map.
    :param declared: the table.
    """
    policy, own = declared.policy, _own_place(datamap, declared)
    place = policy.place or (own.column if own is not None else ())
    asked = {CLOCK: clock_of(policy), FACTS: policy.facts, PLACE: {_PROPERTY: place}}
    for what, wanted in asked.items():
        for name, where in wanted.items():
            paths = tuple(str(path) for path in _several(where) if not callable(path))
            yield (what, name), paths


def _several(wanted: Any) -> Sequence[Any]:
    return [wanted] if isinstance(wanted, str) or callable(wanted) else list(wanted)


def clock_of(policy: Policy) -> Mapping[str, Any]:
    """Return a policy's clock as event -> where; a plain path dates the document."""
    if policy.clock is None:
        return {}
    return policy.clock if isinstance(policy.clock, Mapping) else {"document": policy.clock}


def _dotted(datamap: DataMap, declared: Declared, path: str) -> Reach | None:
    resolver = Resolver(datamap.atlas, {n: d.policy for n, d in datamap.tables.items()})
    *steps, last = path.split(".")
    here, hops = declared.table, list[Hop]()
    for part in steps:
        found = resolver.step(here, part)
        if not found:
            return None
        hops += (_told(resolver, hop) for hop in found)
        here = found[-1].table
    column = datamap.atlas.column(here, last)
    return Reach(tuple(hops), column.key) if column is not None else None


def _told(resolver: Resolver, hop: Hop) -> Hop:
    """Return a step to what the law asks, by which an empty text or a mask leads nowhere.

    0 is the number of a house or of a folio like any other: what is behind it is no person.
    """
    void = resolver.void(hop)
    alone = {place for place, *others in blank(hop, void) if not others}
    sides = zip(hop.source, hop.target, strict=True)
    spoken = [is_text(a.type) and is_text(b.type) for a, b in sides]
    told = tuple(
        ("", *masks) if masks is not None and place in alone and spoken[place] else masks
        for place, masks in enumerate(void)
    )
    return hop if told == hop.voids() else replace(hop, void=told)


def _own_place(datamap: DataMap, declared: Declared) -> Reach | None:
    """Return the table's own column of the name under which subjects carry their property."""
    names = {c.property.name for c in datamap.subjects.values() if c.property is not None}
    for column in declared.table.c:
        if column.name in names:
            return Reach((), column.key)
    return None
