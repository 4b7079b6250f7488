"""Whose the rows in a safety copy were: by what they held, where the host's tables do not tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from ...core.holding import Scope
from ...core.image import Told
from ...core.plan import Key, key_text
from ..erasing.finder import Owners, owners
from ..erasing.walking import led, met
from ..mapping.crossing import at
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.hops import Hop, Path
from ..mapping.hostkeys import values_told
from ..mapping.lines import registers
from ..mapping.trail import admitted
from ..retaining.holds import Hold
from ..statements.sql import among, parts
from ..work import Work
from . import ownerless


@dataclass(frozen=True)
class _Row:
    """A row as a copy tells of it.

    :param key: its key.
    :param said: what it held in the columns that are told, by their names.
    :param lost: those of them that the erasure took.
    """

    key: Key
    said: Mapping[str, Any]
    lost: frozenset[str]


_Copied = Mapping[str, Sequence[_Row]]


@dataclass(frozen=True)
class Past:
    """Whose rows were that a copy holds.

    :param owners: table -> all owners of its rows, also where the host's tables do not tell them.
    :param gone: tables of which rows are not there any more.
    :param lost: tables with rows of which nobody can tell whose they were.
    """

    owners: Mapping[str, Owners]
    gone: frozenset[str]
    lost: frozenset[str]

    def may_reach(self, work: Work, hold: Hold) -> bool:
        """Return whether a hold may have covered a row of which nobody can tell that any more.

        :param work: the open transaction.
        :param hold: the hold.
        """
        lost = bool(self.lost)
        if hold.scope == Scope.QUERY:
            return hold.table in self.gone or (lost and hold.table in work.datamap.subjects)
        if hold.scope == Scope.PLACE:
            lines = self.gone & registers(work.datamap).keys()
            return asks(hold) and (lost or bool(lines))
        return lost and asks(hold)


NOTHING = Past({}, frozenset(), frozenset())
"""All is told by the host's tables."""


def asks(hold: Hold) -> bool:
    """Return whether it matters to a hold whose a row was."""
    narrow = hold.scope == Scope.PLACE and bool(hold.room or hold.night)
    return narrow or hold.scope in (Scope.SUBJECT, Scope.QUERY)


def links(datamap: DataMap) -> dict[str, set[str]]:
    """Return table -> names of the columns by which rows lead to their owners, or are led to."""
    found: dict[str, set[str]] = {}
    for declared in datamap.tables.values():
        for hop in (path.hops[0] for path in declared.paths if path.hops):
            found.setdefault(declared.name, set()).update(c.name for c in hop.source)
            found.setdefault(hop.table.fullname, set()).update(c.name for c in hop.target)
    return found


def past(work: Work, told: Iterable[Told]) -> Past:
    """Return whose rows were, by what a copy tells and by the host's tables.

    :param work: the open transaction.
    :param told: the copy's rows, with what it has of their `links`.
    """
    copied = _copied(work, told)
    found, gone, lost = dict[str, Owners](), set[str](), set[str]()
    for table, rows in copied.items():
        declared = work.datamap.declared(table)
        keys = list(dict.fromkeys(row.key for row in rows))
        there = ownerless.there(work, declared, keys)
        gone |= {table} if len(there) < len(keys) else set()
        found[table] = owners(work.conn, work.datamap, declared, keys)
        for index, path in enumerate(declared.paths):
            cut = [row for row in rows if _is_cut(row, path, there)]
            owned = {key for key, whose in found[table].items() if index in {i for _, i in whose}}
            loose = there - owned - {row.key for row in cut}
            pairs, sure = _led(work, path, [*cut, *_standing(work, declared, path, loose)], copied)
            lost |= set() if sure else {table}
            for key, person in pairs:
                whose = (path.subject.fullname, person), index
                found[table].setdefault(key, set()).add(whose)
    return Past(found, frozenset(gone), frozenset(lost))


def _copied(work: Work, told: Iterable[Told]) -> _Copied:
    known, found = links(work.datamap), dict[str, list[_Row]]()
    for table, columns, rows in told:
        declared = work.datamap.tables.get(table)
        if declared is None:
            continue
        width, names = len(declared.key), [name for name, _ in columns]
        linking = [
            c for c in declared.table.c if c.name in known.get(table, ()) and c.name in names
        ]
        dialect, lost = at(work.conn, table).dialect, frozenset(names[width:])
        read = values_told([*declared.key, *linking], columns, rows, dialect)
        for values, row in zip(read, rows, strict=True):
            held = zip(linking, values[width:], strict=True)
            # What the host's type does not read by now tells nothing, as what is not there.
            said = {c.name: v for c, v in held if v is not None or row[names.index(c.name)] is None}
            if None not in values[:width]:
                found.setdefault(table, []).append(_Row(values[:width], said, lost))
    return found


def _is_cut(row: _Row, path: Path, there: Collection[Key]) -> bool:
    """Return whether the host's tables do not tell any more whose a row is by a path."""
    return row.key not in there or (
        bool(path.hops) and not row.lost.isdisjoint(c.name for c in path.hops[0].source)
    )


def _standing(
    work: Work, declared: Declared, path: Path, keys: Collection[Key]
) -> list[_Row]:
    """Return rows that stand and are nobody's by a path, with what they hold where it begins."""
    names = [c.name for c in path.hops[0].source] if path.hops else []
    columns, width = [*declared.key, *(declared.column(n) for n in names)], len(declared.key)
    rows = (
        tuple(row)
        for part in parts(sorted(keys, key=key_text) if names else ())
        for row in work.conn.execute(select(*columns).where(among(columns[:width], part)))
    )
    return [_Row(r[:width], dict(zip(names, r[width:], strict=True)), frozenset()) for r in rows]


def _led(
    work: Work, path: Path, rows: Sequence[_Row], copied: _Copied
) -> tuple[list[tuple[Key, Key]], bool]:
    """Return whose rows were by a path, each with the person's key, and whether all can be told."""
    if not path.hops:
        itself = path.select is None
        return [(row.key, row.key) for row in rows if itself], itself or not rows
    names = [c.name for c in path.hops[0].source]
    held: dict[Key, set[Key]] = {}
    for row in rows:
        if row.said.keys() >= set(names):
            held.setdefault(tuple(row.said[name] for name in names), set()).add(row.key)
    sure = sum(map(len, held.values())) == len({row.key for row in rows})
    pairs, hops = list[tuple[Key, Key]](), path.hops
    while held and hops:
        found = list(led(work.conn, work.datamap, replace(path, hops=hops), held))
        pairs += [(key, person) for values, person in found for key in held[values]]
        astray = held.keys() - {values for values, _ in found}
        sure = sure and not _ends(work, hops[0], astray, copied)
        # What leads to nobody may end further on, at a row behind one that is there.
        held, hops = _onward(work, hops, {each: held[each] for each in astray}), hops[1:]
    return pairs, sure


def _onward(
    work: Work, hops: Sequence[Hop], held: Mapping[Key, set[Key]]
) -> dict[Key, set[Key]]:
    """Return what the rows behind a step hold for the next one, each with where it came from."""
    further: dict[Key, set[Key]] = {}
    if held and hops[1:]:
        for values, link in met(work.conn, hops[0], held, hops[1].source):
            further.setdefault(link, set()).update(held[values])
    return further


def _ends(work: Work, hop: Hop, values: Collection[Key], copied: _Copied) -> bool:
    """Return whether a step leads to a row that is gone, and that lies in this copy neither."""
    if not hop.vouched and set(hop.target) != set(hop.table.primary_key.columns):
        # Such a value names somebody, or nobody, and no row.
        return False
    names = [c.name for c in hop.target]
    here = {
        tuple(row.said.get(name) for name in names) for row in copied.get(hop.table.fullname, ())
    }
    far = admitted(hop, {each: {each} for each in values})
    left = {each for theirs, mine in far.items() if theirs not in here for each in mine}
    there = met(work.conn, hop, left, hop.target) if left else ()
    return bool(left - {each for each, _ in there})
