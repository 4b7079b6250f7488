"""Paths over several databases: each stretch is a select of its own, joined by values read.

There are no joins between databases. What a stretch gave is looked for by `IN` in the next one,
in chunks; a value that means nobody (NULL, empty, 0 where nothing vouches for the link) goes
nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Select,
    Table,
    TypeDecorator,
    and_,
    false,
    or_,
    select,
)

from ...core.plan import Key
from ..statements.sql import MARIADB, among, chunks, folded, host_values, is_text, python_type
from .crossing import at, binds_of
from .hops import Hop

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Leg:
    """A stretch of a path within one database.

    :param table: where it begins.
    :param hops: its steps, all within that database.
    :param bridge: the step that led to it from another database, or None for the first one.
    """

    table: Table
    hops: tuple[Hop, ...] = ()
    bridge: Hop | None = None


def crosses(conn: Connection, start: Table, hops: Iterable[Hop]) -> bool:
    """Return whether a path leads from one database to another.

    :param conn: open transaction.
    :param start: table it begins at.
    :param hops: its steps.
    """
    binds = binds_of(conn)
    if not binds.engines:
        return False
    return len({binds.of(t.fullname) for t in (start, *(hop.table for hop in hops))}) > 1


def legs(conn: Connection, start: Table, hops: Iterable[Hop]) -> list[Leg]:
    """Return a path as stretches that each lie in one database."""
    binds = binds_of(conn)
    found = [Leg(start)]
    here = start
    for hop in hops:
        last = found[-1]
        if binds.of(here.fullname) == binds.of(hop.table.fullname):
            found[-1] = Leg(last.table, (*last.hops, hop), last.bridge)
        else:
            found.append(Leg(hop.table, (), hop))
        here = hop.table
    return found


Ends = Callable[
    [FromClause, FromClause], tuple[FromClause, FromClause, Sequence[ColumnElement[Any]]]
]
"""Takes what the last stretch selects from, and the table it ends at; returns both, further on if
need be, and what is read there."""

Narrow = Callable[[Select[Any], FromClause, FromClause], Select[Any]]
"""Limits the rows of one stretch: of its first table and of its last."""


@dataclass(frozen=True)
class Trail:
    """A path over several databases, from the keys of rows to what stands at its end.

    :param conn: open transaction.
    :param legs: its stretches.
    :param key: key columns of the table it begins at.
    :param ends: what is read at its end.
    :param first: limits the rows it begins at.
    :param last: limits the rows it ends at.
    :param dated: what is read at its end may be a moment, which is to name its zone.
    :param wide: what a database may take for the same text leads on alike, even where it does not.
    """

    conn: Connection
    legs: Sequence[Leg]
    key: Sequence[Column[Any]]
    ends: Ends
    first: Narrow | None = None
    last: Narrow | None = None
    dated: bool = False
    wide: bool = False

    def onward(self, keys: Iterable[Key]) -> Iterator[tuple[Key, Values]]:
        """Yield (key, what stands at the end) from rows that are known."""
        held: dict[Values, set[Values]] = {key: {key} for key in keys}
        for number, leg in enumerate(self.legs):
            asked = held if leg.bridge is None else admitted(leg.bridge, held)
            lookup = self._lookup(leg, leg.bridge, asked)
            reached: dict[Values, set[Values]] = {}
            for head, tail in self._read(number, heads=list(asked)):
                reached.setdefault(tail, set()).update(lookup.of(head))
            held = reached
        for tail, origins in held.items():
            for origin in origins:
                yield origin, tail

    def backward(self, ends: Iterable[Key]) -> Iterator[tuple[Key, Values]]:
        """Yield (key, what stands at the end) from ends that are known."""
        held: dict[Values, set[Values]] = {end: {end} for end in ends}
        for number in reversed(range(len(self.legs))):
            bridge = self._next_bridge(number)
            asked = held if bridge is None else _returned(bridge, held)
            lookup = self._lookup(self.legs[number], bridge, asked)
            reached: dict[Values, set[Values]] = {}
            for head, tail in self._read(number, tails=list(asked)):
                reached.setdefault(head, set()).update(lookup.of(tail))
            held = reached
        for key, found in held.items():
            for end in found:
                yield key, end

    def _lookup(
        self, leg: Leg, bridge: Hop | None, asked: dict[Values, set[Values]]
    ) -> _Lookup:
        folds = at(self.conn, leg.table.fullname).dialect.name in MARIADB
        fold = bridge is not None and (bridge.fold or self.wide)
        return _Lookup(asked, fold or (folds and bridge is not None), fold)

    def _next_bridge(self, number: int) -> Hop | None:
        return self.legs[number + 1].bridge if number + 1 < len(self.legs) else None

    def _read(
        self,
        number: int,
        heads: Sequence[Values] | None = None,
        tails: Sequence[Values] | None = None,
    ) -> Iterator[tuple[Values, Values]]:
        """Yield (head, tail) of one stretch, of known heads or of known tails."""
        leg, bridge = self.legs[number], self._next_bridge(number)
        start: FromClause = leg.table.alias("t0")
        here, joined = start, start
        for at_, hop in enumerate(leg.hops, 1):
            there, same = hop.step(here, at_)
            joined, here = joined.join(there, same), there
        begins = self.key if leg.bridge is None else leg.bridge.target
        first = [start.c[c.key] for c in begins]
        if bridge is None:
            joined, here, last = self.ends(joined, here)
        else:
            last = [here.c[c.key] for c in bridge.source]
        known, columns = (heads, first) if heads is not None else (tails or [], last)
        fold = self._folded(leg.bridge if heads is not None else bridge)
        names = [c.label(f"h{i}") for i, c in enumerate(first)]
        names += [c.label(f"e{i}") for i, c in enumerate(last)]
        statement = select(*names).select_from(joined)
        if bridge is not None:
            statement = statement.where(*(c.is_not(None) for c in last))
        if number == 0 and self.first is not None:
            statement = self.first(statement, start, here)
        if bridge is None and self.last is not None:
            statement = self.last(statement, start, here)
        width = len(first)
        for part in chunks(known):
            found = self.conn.execute(statement.where(_among(columns, part, fold)))
            ended = self.dated and bridge is None
            for values in zoned(found, width) if ended else map(tuple, found):
                yield values[:width], values[width:]

    @staticmethod
    def _folded(bridge: Hop | None) -> bool:
        return bridge is not None and bridge.fold


_TIMESTAMP = 7
"""What MariaDB's protocol calls a moment, which is told in the zone of the session that asks."""


def zoned(found: CursorResult[Any], place: int) -> Iterator[Values]:
    """Yield rows, a date-time with its zone where the engine and not the host knows it.

    Our transactions are in UTC, and the zone that a policy names is that of the host's sessions.

    :param found: what was asked.
    :param place: place of the column of the date-time.
    """
    told = found.cursor.description[place][1] if found.dialect.name in MARIADB else None
    moment = told == _TIMESTAMP
    for row in map(tuple, found.all()):
        if moment and isinstance(row[place], datetime):
            row = (*row[:place], row[place].replace(tzinfo=UTC), *row[place + 1 :])
        yield row


def _among(
    columns: Sequence[ColumnElement[Any]], keys: Sequence[Values], fold: bool
) -> ColumnElement[bool]:
    if not fold:
        return among(columns, keys)
    return or_(false(), *(
        and_(*(_alike(c, v) for c, v in zip(columns, key, strict=True))) for key in keys
    ))


def _alike(column: ColumnElement[Any], value: Any) -> ColumnElement[bool]:
    text = isinstance(value, str) and is_text(column.type)
    return folded(column, [value]) if text else column == value


def admitted(bridge: Hop, held: Mapping[Values, set[Values]]) -> dict[Values, set[Values]]:
    """Return what was read before a step as values of its far side; none of what means nobody.

    :param bridge: the step.
    :param held: what was read, each with where it came from.
    """
    return _turned(bridge, bridge.source, bridge.target, held)


def _returned(bridge: Hop, held: dict[Values, set[Values]]) -> dict[Values, set[Values]]:
    """Return what was read behind a step to another database, as values of its near side."""
    return _turned(bridge, bridge.target, bridge.source, held)


def _turned(
    bridge: Hop,
    given: Sequence[Column[Any]],
    wanted: Sequence[Column[Any]],
    held: Mapping[Values, set[Values]],
) -> dict[Values, set[Values]]:
    found: dict[Values, set[Values]] = {}
    for values, origins in held.items():
        if _means_nobody(bridge, values):
            continue
        turned = tuple(
            _as(column, old, value)
            for column, old, value in zip(wanted, given, values, strict=True)
        )
        if None not in turned:
            found.setdefault(turned, set()).update(origins)
    return found


def _means_nobody(bridge: Hop, values: Values) -> bool:
    return (
        any(value is None for value in values)
        or any(all(_is_blank(values[place]) for place in group) for group in bridge.blank)
        or any(
            _is_masked(bridge.fold, value, void)
            for value, void in zip(values, bridge.voids(), strict=True)
            if void
        )
    )


def _is_blank(value: Any) -> bool:
    return value in ("", "0") if isinstance(value, str) else bool(value == 0)


def _is_masked(fold: bool, value: Any, void: Sequence[Any]) -> bool:
    if not isinstance(value, str):
        return value in void
    # A mask of a column that holds numbers is written as a text holds it.
    masks = [str(mask) for mask in void]
    return value.lower() in map(str.lower, masks) if fold else value in masks


def _as(column: Column[Any], old: Column[Any], value: Any) -> Any:
    """Return a value read from one column as one of another column's type, or None: it is none."""
    if isinstance(column.type, TypeDecorator) or isinstance(old.type, TypeDecorator):
        return value
    if type(column.type) is type(old.type) or isinstance(value, python_type(column.type)):
        return value
    return next(iter(host_values(column.type, [str(value)])), None)


class _Lookup:
    """Finds who asked for a value that came back; the database's own rules of case decide.

    :param loose: whether the database may give other letters than it was asked for.
    """

    def __init__(self, asked: dict[Values, set[Values]], loose: bool, fold: bool) -> None:
        self._asked = asked
        self._fold = fold
        self._plain: dict[Values, set[Values]] = {}
        for key, origins in asked.items() if loose else ():
            self._plain.setdefault(loosely(key), set()).update(origins)

    def of(self, got: Values) -> set[Values]:
        """Return the origins of a value."""
        if self._plain and (self._fold or got not in self._asked):
            return self._plain.get(loosely(got), set())
        return self._asked.get(got, set())


def loosely(values: Values) -> Values:
    """Return values so that texts are equal that a database may take for the same."""
    return tuple(v.casefold().rstrip(" ") if isinstance(v, str) else v for v in values)
