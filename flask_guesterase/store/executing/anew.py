"""What a precondition needed of who was erased, and was written anew since: whose it is by now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select, update

from ...core.plan import ANOTHER, Key, Person, by_table, key_text
from ...core.returning import Sign
from .. import tables
from ..comeback import owing
from ..comeback.arrived import booked
from ..erasing.finder import owners
from ..erasing.traces import holding
from ..lawbook.blockers import today_at
from ..retaining import keeping, law, remainder, vouching
from ..returning.again import Fate
from ..returning.returned import Seen, note
from ..statements.bynumber import by_number
from ..statements.sql import among, chunks
from ..work import Work

DOOR = "needed"
"""Through which door such rows were seen."""


class _Word(StrEnum):
    """What becomes of a kept part, by what was said of its row since."""

    GOES = "goes"
    WAITS = "waits"
    LIVES = "lives"


_SAID = (Fate.LIVES.value, Fate.OPEN.value, Fate.ERASED.value)
"""States of a row about which something was said, or is clear."""

_PENDING = (Fate.OPEN.value, owing.SEEN, owing.THERE)
"""States of a row that is judged, or looked at once more, before it goes."""


def due(
    work: Work, lines: Sequence[Line[Any]], who: frozenset[Person] | None,
    erased: datetime | None = None,
) -> list[Line[Any]]:
    """Return kept rows without those that are with staff, and end those of rows that live.

    What was written anew into a kept part, by who booked again, is laid before staff as well.

    :param work: the open transaction.
    :param lines: rows of our table.
    :param who: the people of their request; None without one.
    :param erased: when their request was carried out, naive UTC; None without one.
    """
    known = _Known(work, erased)
    parts = {line.id: keys for line in lines if (keys := _parts(work, line, who))}
    mine = [line for line in lines if line.id in parts]
    known.learn((line.table_name, key) for line in mine for key in parts[line.id])
    words = {line.id: {_word(known, line, key) for key in parts[line.id]} for line in mine}
    lives = {id for id, said in words.items() if said == {_Word.LIVES}}
    if lives:
        keeping.end(work, lives, back=True)
        kept = tables.kept
        work.conn.execute(by_number(update(kept), kept, sorted(lives)).values(open=owing.STAYS))
    return [line for line in lines if words.get(line.id, {_Word.GOES}) == {_Word.GOES}]


def _parts(work: Work, line: Line[Any], who: frozenset[Person] | None) -> list[Key]:
    """Return the rows of which a precondition of this hotel's keeps the columns of a line."""
    if line.mode != law.BLOCKED or line.open == ANOTHER or not remainder.columns_of(work, line):
        return []
    return list(remainder.keys_of(work, line, who) or ())


@dataclass
class _Known:
    """What was said of rows that came back since their erasure.

    :param work: the open transaction.
    :param erased: when their request was carried out, naive UTC; None without one.
    """

    work: Work
    erased: datetime | None
    _lines: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def learn(self, rows: Iterable[Person]) -> None:
        """Read what is written down of rows that came back."""
        table = tables.returned.c
        told = table.table_name, table.row_key, table.state, table.seen_at, table.decided_at
        for part in chunks(sorted({(name, key_text(key)) for name, key in rows})):
            wanted = select(*told).where(among([table.table_name, table.row_key], part))
            for each in self.work.conn.execute(wanted.order_by(table.id)):
                self._lines.setdefault((each.table_name, each.row_key), []).append(each)

    def since(self, line: Line[Any]) -> datetime:
        """Return since when something said counts: of a request, since it was carried out."""
        kept: datetime = line.since
        return kept if self.erased is None else min(kept, self.erased)

    def of(self, line: Line[Any], rows: Iterable[Person]) -> list[Line[Any]]:
        """Return what was said of rows since the erasure that kept a line."""
        at = self.since(line)
        told = (self._lines.get((name, key_text(key)), ()) for name, key in rows)
        return [each for some in told for each in some if each.seen_at >= at]


def _word(known: _Known, line: Line[Any], key: Key) -> _Word:
    """Return what becomes of the kept part of one row."""
    row = line.table_name, key
    said = _told(known.of(line, [row]))
    if said is not None or line.request is None or not _changed(known.work, line, key):
        return said or _Word.GOES
    people = [row]
    if line.table_name not in known.work.datamap.subjects:
        people = _whose(known.work, line.table_name, key)
        known.learn(people)
        if (said := _told(known.of(line, people))) is not None:
            return said
    return _asked(known, line, row, people)


def _told(lines: Sequence[Line[Any]]) -> _Word | None:
    """Return what becomes of a part by what was said of its row; None where nothing was."""
    if any(each.state == Fate.STAFF for each in lines):
        return _Word.WAITS
    last = [each.state for each in lines if each.state in _SAID][-1:]
    return _Word.LIVES if last == [Fate.LIVES.value] else None


def _changed(work: Work, line: Line[Any], key: Key) -> bool:
    """Return whether something else stands in a part than when it was kept, or may."""
    declared = work.datamap.declared(line.table_name)
    columns = remainder.columns_of(work, line) or frozenset()
    ruled = columns <= declared.rules.keys()
    if ruled and not holding(work.conn, declared, [key], columns, whole=False):
        return False
    before = json.loads(line.facts).get(vouching.STOOD) if vouching.bound(work, line) else None
    now = vouching.stood(work, line.table_name, [key], columns).get(key)
    return before is None or before != now


def _whose(work: Work, table: str, key: Key) -> list[Person]:
    found = owners(work.conn, work.datamap, work.datamap.declared(table), [key])
    return list({person for person, _ in found.get(key, ())})


def _asked(
    known: _Known, line: Line[Any], row: Person, people: Sequence[Person]
) -> _Word:
    """Lay a part that was written anew before staff, where its guest booked again since.

    Without a stay of theirs it is for what needs the part, as the new address of an open bill.
    """
    work, told = known.work, known.of(line, {row, *people})
    # A word that the row is who was erased was said of the stays that there were.
    decided = (each.decided_at for each in told if each.state in _SAID and each.decided_at)
    at = max([known.since(line), *decided]).replace(tzinfo=UTC)
    day = today_at(work.settings, at, line.property)
    if not any(booked(work, name, keys, at, day) for name, keys in by_table(people).items()):
        return _Word.GOES
    if not any(each.state in _PENDING for each in told):
        origin = keeping.Origin(line.request, line.controller, line.property)
        why, (table, key) = Sign.KEY.value, row
        note(work, Seen(origin, table, key_text(key), why, DOOR, Fate.STAFF))
    return _Word.WAITS
