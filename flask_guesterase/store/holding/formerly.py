"""Whose the rows in a safety copy were: by what they held, where the host's tables do not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from ...core.holding import Scope
from ...core.payload import Told
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
from ..retaining.living import Hold
from ..statements.sql import among, parts
from ..work import Work
from . import ownerless


@dataclass(frozen=True)
class _Row:
    """A row as a copy tells of it.

    :param key: its key.
    :param said: what it held in the columns that are told, by their names.
    :param lost: those of them that the erasure took.
    :param copy: the copy.
    """

    key: Key
    said: Mapping[str, Any]
    lost: frozenset[str]
    copy: str


_Copied = Mapping[str, Sequence[_Row]]

_Whose = Mapping[Key, str]
"""Key of a row of one table -> the copy in which it lies, and in no other of those asked about."""


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


def past(work: Work, told: Mapping[str, Iterable[Told]]) -> dict[str, Past]:
    """Return whose rows were, by what each copy tells and by the host's tables.

    What one copy tells says nothing of another's rows.

    :param work: the open transaction.
    :param told: copy -> its rows, with what it has of their `links`; no row is in two of them.
    """
    copied = _copied(work, told)
    found: dict[str, dict[str, Owners]] = {copy: {} for copy in told}
    gone, lost = ({copy: set[str]() for copy in told} for _ in range(2))
    for table, rows in copied.items():
        declared = work.datamap.declared(table)
        whose = {row.key: row.copy for row in rows}
        there = ownerless.there(work, declared, list(whose))
        mine = owners(work.conn, work.datamap, declared, list(whose))
        for index, path in enumerate(declared.paths):
            cut = [row for row in rows if _is_cut(row, path, there)]
            owned = {key for key, those in mine.items() if index in {i for _, i in those}}
            loose = there - owned - {row.key for row in cut}
            standing = _standing(work, declared, path, {key: whose[key] for key in loose})
            pairs, unsure = _led(work, path, [*cut, *standing], whose, copied)
            for key in unsure:
                lost[whose[key]].add(table)
            for key, person in pairs:
                mine.setdefault(key, set()).add(((path.subject.fullname, person), index))
        for key, copy in whose.items():
            found[copy].setdefault(table, {})
            if key in mine:
                found[copy][table][key] = mine[key]
            if key not in there:
                gone[copy].add(table)
    return {
        copy: Past(each, frozenset(gone[copy]), frozenset(lost[copy]))
        for copy, each in found.items()
    }


def _copied(work: Work, told: Mapping[str, Iterable[Told]]) -> _Copied:
    known, found = links(work.datamap), dict[str, list[_Row]]()
    for copy, table, columns, rows in ((c, *each) for c, mine in told.items() for each in mine):
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
                found.setdefault(table, []).append(_Row(values[:width], said, lost, copy))
    return found


def _is_cut(row: _Row, path: Path, there: Collection[Key]) -> bool:
    """Return whether the host's tables do not tell any more whose a row is by a path."""
    return row.key not in there or (
        bool(path.hops) and not row.lost.isdisjoint(c.name for c in path.hops[0].source)
    )


def _standing(work: Work, declared: Declared, path: Path, whose: _Whose) -> list[_Row]:
    """Return rows that stand and are nobody's by a path, with what they hold where it begins."""
    names = [c.name for c in path.hops[0].source] if path.hops else []
    columns, width = [*declared.key, *(declared.column(n) for n in names)], len(declared.key)
    rows = (
        tuple(row)
        for part in parts(sorted(whose, key=key_text) if names else ())
        for row in work.conn.execute(select(*columns).where(among(columns[:width], part)))
    )
    return [
        _Row(r[:width], dict(zip(names, r[width:], strict=True)), frozenset(), whose[r[:width]])
        for r in rows
    ]


def _led(
    work: Work, path: Path, rows: Sequence[_Row], whose: _Whose, copied: _Copied
) -> tuple[list[tuple[Key, Key]], set[Key]]:
    """Return whose rows were by a path, each with the person's key, and those nobody can tell."""
    keys = {row.key for row in rows}
    if not path.hops:
        itself = path.select is None
        return [(key, key) for key in keys if itself], set() if itself else keys
    names = [c.name for c in path.hops[0].source]
    held: dict[Key, set[Key]] = {}
    for row in rows:
        if row.said.keys() >= set(names):
            held.setdefault(tuple(row.said[name] for name in names), set()).add(row.key)
    said = Counter(key for mine in held.values() for key in mine)
    unsure = {key for key in keys if said[key] != 1}
    pairs, hops = list[tuple[Key, Key]](), path.hops
    while held and hops:
        found = list(led(work.conn, work.datamap, replace(path, hops=hops), held))
        pairs += [(key, person) for values, person in found for key in held[values]]
        owned = {values for values, _ in found}
        held = {values: mine for values, mine in held.items() if values not in owned}
        unsure |= _ended(work, hops[0], held, whose, copied)
        # What leads to nobody may end further on, at a row behind one that is there.
        held, hops = _onward(work, hops, held), hops[1:]
    return pairs, unsure


def _onward(
    work: Work, hops: Sequence[Hop], held: Mapping[Key, set[Key]]
) -> dict[Key, set[Key]]:
    """Return what the rows behind a step hold for the next one, each with where it came from."""
    further: dict[Key, set[Key]] = {}
    if held and hops[1:]:
        for values, link in met(work.conn, hops[0], held, hops[1].source):
            further.setdefault(link, set()).update(held[values])
    return further


def _ended(
    work: Work, hop: Hop, held: Mapping[Key, set[Key]], whose: _Whose, copied: _Copied
) -> set[Key]:
    """Return the rows that a step leads to a row that is gone, and not in their copy either."""
    if not hop.vouched and set(hop.target) != set(hop.table.primary_key.columns):
        # Such a value names somebody, or nobody, and no row.
        return set()
    names = [c.name for c in hop.target]
    here: dict[Key, set[str]] = {}
    for row in copied.get(hop.table.fullname, ()):
        here.setdefault(tuple(row.said.get(name) for name in names), set()).add(row.copy)
    left: dict[Key, set[Key]] = {}
    for theirs, mine in admitted(hop, {each: {each} for each in held}).items():
        for each in mine:
            away = {key for key in held[each] if whose[key] not in here.get(theirs, ())}
            left.setdefault(each, set()).update(away)
    left = {each: away for each, away in left.items() if away}
    there = {each for each, _ in met(work.conn, hop, left, hop.target)} if left else set()
    return set().union(*(away for each, away in left.items() if each not in there))
