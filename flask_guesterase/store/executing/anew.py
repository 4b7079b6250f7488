"""What a precondition needed of who was erased, and was written anew since: whose it is by now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select, update

from ...core.plan import ANOTHER, Key, Person, by_table, key_text
from ...core.returning import Sign
from .. import tables
from ..casework.cases import load
from ..comeback import owing, parted
from ..comeback.arrived import booked
from ..comeback.stays import AHEAD, PART, later
from ..erasing.finder import buried, owners
from ..erasing.traces import holding
from ..lawbook.blockers import today_at
from ..retaining import keeping, law, remainder, vouching
from ..returning.again import Fate
from ..returning.returned import Seen, note
from ..statements.bynumber import by_number
from ..statements.sql import among, chunks
from ..work import Work
from .wholly import by_law, whole


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
    known.anew = _anew(work, [line for line in mine if line.request is not None], parts)
    # Whose number was given again is another person: `finishing` leaves them alone.
    others = parted.given(work, mine, parts) if erased and (known.anew or known.heard) else ()
    words = dict[int, set[_Word]]()
    for line in mine:
        keys = [key for key in parts[line.id] if (line.table_name, key) not in others]
        words[line.id] = {_word(known, line, key) for key in keys} or {_Word.GOES}
    lives = {id for id, said in words.items() if said == {_Word.LIVES}}
    if lives:
        keeping.end(work, lives, back=True)
        kept = tables.kept
        work.conn.execute(by_number(update(kept), kept, sorted(lives)).values(open=owing.STAYS))
    return [line for line in lines if words.get(line.id, {_Word.GOES}) == {_Word.GOES}]


def _parts(work: Work, line: Line[Any], who: frozenset[Person] | None) -> list[Key]:
    """Return the rows of which a precondition of this hotel's keeps the columns of a line.

    A hold may have come over it since, and of a profile the law keeps some until its day.
    """
    needed = line.mode == law.BLOCKED and line.open != ANOTHER
    marked = line.mode in (law.HELD, law.PLACE) and vouching.stood_before(work, line)
    # Who lives is shown all of their row again, also what no rule takes by now.
    columns = remainder.columns_of(work, line) or remainder.unruled(work, line)
    if not (needed or marked) or not columns:
        return []
    return list(remainder.standing(work, line, who, columns) or ())


@dataclass
class _Known:
    """What was said of rows that came back since their erasure.

    :param work: the open transaction.
    :param erased: when their request was carried out, naive UTC; None without one.
    :param anew: what `_anew` found.
    """

    work: Work
    erased: datetime | None
    anew: Mapping[tuple[int, Key], bool] = field(default_factory=dict)
    _gone: dict[Person, datetime] = field(default_factory=dict)
    _lines: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    @property
    def heard(self) -> bool:
        """Return whether anything was said of the rows."""
        return bool(self._lines)

    def learn(self, rows: Iterable[Person]) -> None:
        """Read what is written down of rows that came back, and when people went last."""
        rows, table = set(rows), tables.returned.c
        people = (row for row in rows if row[0] in self.work.datamap.subjects)
        self._gone.update(buried(self.work.conn, people))
        told = table.table_name, table.row_key, table.state, table.seen_at, table.decided_at
        for part in chunks(sorted((name, key_text(key)) for name, key in rows)):
            wanted = select(*told).where(among([table.table_name, table.row_key], part))
            for each in self.work.conn.execute(wanted.order_by(table.id)):
                self._lines.setdefault((each.table_name, each.row_key), []).append(each)

    def since(self, line: Line[Any], rows: Iterable[Person]) -> datetime:
        """Return since when something said counts: of a request, since it was carried out.

        Whom another request has erased since then has written nothing anew before that.
        """
        kept: datetime = line.since
        if self.erased is None:
            return kept
        at = min(kept, self.erased)
        return max(at, min((self._gone.get(row, at) for row in rows), default=at))

    def of(self, line: Line[Any], rows: Collection[Person]) -> list[Line[Any]]:
        """Return what was said of rows since the erasure that kept a line."""
        at = self.since(line, rows)
        told = (self._lines.get((name, key_text(key)), ()) for name, key in rows)
        return [each for some in told for each in some if each.seen_at >= at]


def _word(known: _Known, line: Line[Any], key: Key) -> _Word:
    """Return what becomes of the kept part of one row."""
    row = line.table_name, key
    if (line.id, key) not in known.anew and by_law(known.work, line):
        # Nobody but the law kept it for so long.
        return _Word.GOES
    said = _told(known.of(line, [row]))
    if said is not None or (line.id, key) not in known.anew:
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


def _anew(
    work: Work, lines: Sequence[Line[Any]], parts: Mapping[int, Sequence[Key]]
) -> dict[tuple[int, Key], bool]:
    """Return lines and keys of rows that may be another life's, and whether something else stands
    there than when kept, or may.

    Of a profile of which nothing went all stands there as under a hold, for whoever it is by now.
    """
    every = whole(work, lines)
    alike: dict[tuple[str, frozenset[str]], list[Line[Any]]] = {}
    for line in lines:
        columns = remainder.columns_of(work, line) or frozenset()
        alike.setdefault((line.table_name, columns), []).append(line)
    found = dict[tuple[int, Key], bool]()
    for (table, columns), mine in alike.items():
        declared, keys = work.datamap.declared(table), {k for line in mine for k in parts[line.id]}
        if columns <= declared.rules.keys():
            keys = holding(work.conn, declared, list(keys), columns, whole=False)
        now = vouching.stood(work, table, list(keys), columns)
        for line in mine:
            before = vouching.stood_before(work, line)
            # What no rule takes by now says nothing of what does.
            before = {name: mark for name, mark in before.items() if name in columns}
            for key in (key for key in parts[line.id] if key in keys):
                new = not before or before != now.get(key)
                if new or line.id in every:
                    found[line.id, key] = new
    return found


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
    at = max([known.since(line, people), *decided]).replace(tzinfo=UTC)
    stayed = _booked if known.anew[line.id, row[1]] else _stayed
    if not stayed(work, line, people, at):
        return _Word.GOES
    if not any(each.state in _PENDING for each in told):
        origin = keeping.Origin(line.request, line.controller, line.property)
        why, (table, key) = Sign.KEY.value, row
        note(work, Seen(origin, table, key_text(key), why, PART, Fate.STAFF))
    return _Word.WAITS


def _booked(work: Work, line: Line[Any], people: Sequence[Person], at: datetime) -> bool:
    """Return whether something new of people was written since, in whose row is something new."""
    day, theirs = today_at(work.settings, at, line.property), by_table(people).items()
    return any(booked(work, name, keys, at, day, line.property) for name, keys in theirs)


def _stayed(work: Work, line: Line[Any], people: Sequence[Person], at: datetime) -> bool:
    """Return whether people booked a stay since, in whose row all is as it was.

    What was written of the stay that was waited for, such as its invoice, is none.
    """
    case = load(work, line.request)
    known = not (case.decisions or {}).get(AHEAD)
    return known and bool(later(work, case, people, at.replace(tzinfo=None)))
