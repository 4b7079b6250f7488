"""The twin run: two hotels that differ only in what is erased are equal after the erasure."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Enum, ForeignKeyConstraint, Table, and_, select

from flask_guesterase.core.plan import Outcome, Person, Plan
from flask_guesterase.store.catalog.shape import LiveSchema
from flask_guesterase.store.erasing.eraser import erase, plan
from flask_guesterase.store.erasing.taking import Erased
from flask_guesterase.store.mapping.datamap import DataMap

from .dump import Changes, Dump, Line, as_text, assert_same, changes, dump

Entropy = Callable[[int], bytes]
Spared = Collection[str]
"""Columns that keep their value, as "table.column": a CHECK allows few values, or they are keys
of a link without a foreign key."""


def entropy(seed: str) -> Entropy:
    """Randomness that is the same for the same seed; for two runs that must be equal."""
    count = iter(range(10**9))

    def draw(size: int) -> bytes:
        made = b""
        while len(made) < size:
            made += hashlib.sha256(f"{seed} {next(count)}".encode()).digest()
        return made[:size]

    return draw


@dataclass
class Run:
    """What a twin run saw.

    :param plan: the plan, drawn on the first hotel.
    :param before: the first hotel before the erasure.
    :param after: the first hotel after it.
    :param erased: what the eraser said it did in the first hotel.
    :param varied: "table.column" places in which the twins differed before.
    """

    plan: Plan
    before: Dump
    after: Dump
    erased: Erased = field(default_factory=Erased)
    varied: set[str] = field(default_factory=set)

    @property
    def changes(self) -> Changes:
        return changes(self.before, self.after)


def twin_run(
    first: Connection,
    second: Connection,
    datamap: DataMap,
    people: Iterable[Person],
    live: LiveSchema | None = None,
    spared: Spared = (),
    schemas: Iterable[str | None] = (None,),
) -> Run:
    """Erase the same people in two equal hotels of which one holds other values of theirs.

    Asserts that both are equal afterwards, byte for byte over the whole schema (P1), and that
    nothing changed but the rows and columns the plan names (P2).

    :param first: connection to a hotel.
    :param second: connection to a copy of it; what is to be erased is varied there first.
    :param datamap: the resolved data map.
    :param people: subject rows.
    :param live: the live database, as read.
    :param spared: columns not to be varied.
    :param schemas: schemas to compare.
    """
    who, every = list(people), list(schemas)
    drawn = plan(first, datamap, who, live)
    assert not drawn.blocked, drawn.blocked
    before = dump(first, every)
    assert_same(before, dump(second, every))
    vary(second, datamap, drawn, spared)
    difference = changes(before, dump(second, every))
    assert not (difference.gone or difference.new) or _keyless(difference, datamap), str(difference)
    named = planned(first, datamap, drawn)
    again = plan(second, datamap, who, live)
    if not difference.new:
        assert again == drawn, "the twins' plans differ: a link is made of what was varied"
    erased = erase(first, datamap, drawn, live, entropy("twin"))
    erase(second, datamap, again, live, entropy("twin"))
    after = dump(first, every)
    assert_same(after, dump(second, every))
    assert_only(changes(before, after), named)
    varied = {f"{t}.{c}" for t, columns in difference.columns().items() for c in columns}
    return Run(drawn, before, after, erased, varied)


def _keyless(difference: Changes, datamap: DataMap) -> bool:
    """Whether rows came and went only where a changed row is another row."""
    return not any(
        datamap.declared(name).table.primary_key.columns
        for name in {*difference.gone, *difference.new}
    )


Named = dict[str, dict[Line, set[str] | None]]
"""Table -> row, as a dump names it -> columns that may change, None when the row goes."""


def planned(conn: Connection, datamap: DataMap, drawn: Plan) -> Named:
    """Return what a plan names, in the words of a dump; call it before the erasure."""
    named: Named = {}
    for step in drawn.changing():
        declared = datamap.declared(step.decision.table)
        table = declared.table
        rows = named.setdefault(declared.name, {})
        own = [c.name for c in (declared.key if declared.keyed else table.c)]
        order = [declared.column(n) for n in own]
        for row in step.rows:
            at = and_(*(table.c[c.key] == v if v is not None else table.c[c.key].is_(None)
                        for c, v in zip(declared.key, row.key, strict=True)))
            line = conn.execute(
                select(*(as_text(conn, c) for c in order)).select_from(table).where(at)
            ).first()
            assert line is not None, f"{declared.name}: no row {row.key}"
            gone = step.decision.outcome is Outcome.DELETE
            columns = rows.setdefault(tuple(line), set())
            if gone or columns is None:
                rows[tuple(line)] = None
            else:
                columns |= set(step.decision.columns)
                # What the database makes of them follows.
                columns |= {c.name for c in table.c if c.computed is not None}
    return named


def assert_only(found: Changes, named: Mapping[str, Mapping[Line, set[str] | None]]) -> None:
    """Assert that nothing changed but what a plan named, and that all it deletes is gone (P2).

    Rows of a table without a key cannot be told from others: they are counted.
    """
    for table, rows in found.changed.items():
        for key, change in rows.items():
            allowed = named.get(table, {}).get(key) or set()
            assert change.keys() <= allowed, f"{table} {key}: {change}, the plan names {allowed}"
    for table in {*found.gone, *found.new, *named}:
        gone, new = len(found.gone.get(table, ())), len(found.new.get(table, ()))
        whole = {line for line, columns in named.get(table, {}).items() if columns is None}
        # A row without a key that stands there twice is named once.
        wanted = max(len(whole), sum(line in whole for line in found.gone.get(table, ())))
        keyless = table not in found.changed and new > 0
        if keyless:
            assert gone - new >= wanted, f"{table}: {gone} rows gone, {new} new"
        else:
            assert (gone, new) == (wanted, 0), f"{table}: {gone} gone, {new} new, planned {wanted}"


def vary(conn: Connection, datamap: DataMap, drawn: Plan, spared: Spared = ()) -> None:
    """Give every value a plan erases another content and, where it fits, another length.

    The same old value becomes the same new one everywhere, so that copies stay copies.
    """
    places = list(_places(datamap, drawn, spared))
    known: dict[Any, int] = {}
    values: dict[tuple[int, str], Any] = {}
    for number, (table, at, names) in enumerate(places):
        columns = [_named(table, n) for n in names]
        row = conn.execute(select(*columns).where(at)).first() if columns else None
        for column, value in zip(columns, row or (), strict=False):
            values[number, column.name] = value
            if isinstance(value, str):
                room = _room(column.type)
                known[value] = min(known.get(value, room), room)
    for number, (table, at, names) in enumerate(places):
        fresh = {
            _named(table, n): other(value, known)
            for n in names
            if (value := values.get((number, n))) is not None
        }
        if fresh:
            conn.execute(table.update().where(at).values(fresh))


def _places(
    datamap: DataMap, drawn: Plan, spared: Spared
) -> Iterator[tuple[Table, Any, list[str]]]:
    """Yield table, condition of one row, and the columns of it that may differ."""
    for step in drawn.changing():
        declared = datamap.declared(step.decision.table)
        table = declared.table
        links = _linking(table)
        deletes = step.decision.outcome is Outcome.DELETE
        names = [c.name for c in table.c] if deletes else list(step.decision.columns)
        own = {c.name for c in declared.key} if table.primary_key.columns else set()
        free = [
            n for n in names
            if n not in links | own and f"{declared.name}.{n}" not in spared
            and not isinstance(_named(table, n).type, Enum) and not _named(table, n).computed
        ]
        for row in step.rows:
            at = and_(*(table.c[c.key] == v if v is not None else table.c[c.key].is_(None)
                        for c, v in zip(declared.key, row.key, strict=True)))
            yield table, at, free


def _linking(table: Table) -> set[str]:
    """The columns of a table that foreign keys leave from or lead to."""
    elements = [
        element
        for each in table.metadata.tables.values() for c in each.constraints
        if isinstance(c, ForeignKeyConstraint) for element in c.elements
    ]
    return {
        column.name for e in elements for column in (e.parent, e.column) if column.table is table
    }


def _named(table: Table, name: str) -> Any:
    return next(c for c in table.c if c.name == name)


def _room(type_: Any) -> int:
    inner = getattr(type_, "impl", type_)
    return getattr(inner, "length", None) or 10**6


def other(value: Any, room: Mapping[Any, int]) -> Any:
    """Return another value of the same kind: letters and digits move on, texts get longer.

    :param room: text -> the characters it may have.
    """
    if isinstance(value, str):
        return _other_text(value, room.get(value, 10**6))
    if isinstance(value, bool):
        return not value
    if isinstance(value, dt.date | dt.datetime):
        return value + dt.timedelta(days=1)
    if isinstance(value, int | float | decimal.Decimal):
        return value + 1
    if isinstance(value, bytes):
        return value[::-1] + b"+"
    if isinstance(value, Mapping):
        return {k: other(v, room) for k, v in value.items()} | {"more": "twin"}
    if isinstance(value, list):
        return [other(v, room) for v in value] + ["twin"]
    return value


def _other_text(value: str, room: int) -> str:
    moved = "".join(map(_next, value))
    first = next((i for i, c in enumerate(moved) if c.isalnum()), None)
    if first is None or len(moved) >= room:
        return moved
    return moved[: first + 1] + moved[first] + moved[first + 1 :]


def _next(letter: str) -> str:
    """Move a letter or digit on by one; everything else, '@' included, stays."""
    for low, high in ("az", "AZ", "09", ("一", "龥")):
        if low <= letter <= high:
            return low if letter == high else chr(ord(letter) + 1)
    return letter
