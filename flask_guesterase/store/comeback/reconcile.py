"""Looking for who came back where no listener could see it: one bounded pass by the sweep.

A session's bulk methods, statements on a connection, other processes and raw drivers write past
every listener. The pass reads the watched tables in short pieces, makes the marks of what stands
there and asks which of them are marks of an erased person. A row that nobody can read is passed
over, and keeps no other from being looked at.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Column, Select, and_, or_, select

from ...core.log import canonical
from ...core.plan import Key, Person
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..sweeping.claiming import Shift
from ..sweeping.narrowing import Way
from ..unit import HasWork, Run
from ..work import Work
from . import arrived, known, marks, sightings
from .judging import Judge, Judged
from .known import Mark
from .watched import Watched, watched

PULSE = "returns"
"""Name of the pulse that says when the last whole pass began."""

BATCH = 500
"""Rows one transaction reads; fewer while others wait for its lock."""

WHOLE = 200_000
"""Marks up to which the pass keeps the first half of each in memory; beyond, it asks by piece."""

_HALF = 16


@dataclass(frozen=True)
class _Pass:
    """What one pass goes by.

    :param since: when the last whole pass began, naive UTC, or None; what was erased before then
        and is seen only now has appeared since.
    :param heads: the first halves of all marks, or None when there are too many.
    :param last: table -> the last number that pass read in it, where keys are numbers.
    """

    since: datetime | None
    heads: frozenset[str] | None
    last: Mapping[str, int]

    def appeared(self, mark: Mark) -> bool:
        return self.since is not None and mark.erased_at < self.since


def reconcile(
    run: Run, shift: Shift | None = None, told: MutableMapping[str, str] | None = None
) -> dict[str, int]:
    """Find rows in which erased people are back; return word -> how many that were not known.

    :param run: runs a unit of work.
    :param shift: whose room is left to the host between the pieces; a new one when None.
    :param told: where to say that a row of a table could not be read.
    :raises SealError: a key by which they would be known again cannot be read now.
    """
    shift, counts, failed = shift or Shift(), Counter[str](), dict[str, str]()
    begun, going = run(_begin)
    if going is None:
        return {}
    last = _through(run, shift, going, failed, counts)
    if not failed:
        run(partial(_end, begun, last))
    elif told is not None:
        # Nobody saw what these rows hold, so of it nobody may say that it appeared since this pass.
        told.update(failed)
    counts["unclear-no-more"] += run(lambda office: sightings.look_again(office.work))
    return _worded(counts)


def look(run: Run) -> dict[str, int]:
    """Find the same rows at any time; return word -> how many that were not known.

    It ends no pass: marks may still be put back of people whose rows were there all the time, and
    the next pass must not take those for rows that appeared since.

    :param run: runs a unit of work.
    :raises SealError: a key by which they would be known again cannot be read now.
    """
    counts = Counter[str]()
    going: _Pass | None = run(_begin)[1]
    if going is not None:
        _through(run, Shift(), going, {}, counts)
    return _worded(counts)


def _through(
    run: Run, shift: Shift, going: _Pass, failed: MutableMapping[str, str], counts: Counter[str]
) -> dict[str, Key | None]:
    """Look through every watched table and count what is found; return the last key of each."""
    last: dict[str, Key | None] = {}
    for name in run(lambda office: sorted(watched(office.work.datamap))):
        found, last[name] = _table(Way(run, name, shift, failed, BATCH), going)
        counts.update(found)
    return last


def _worded(counts: Counter[str]) -> dict[str, int]:
    return {_WORDS.get(word, word): count for word, count in counts.items() if count}


_WORDS = {"open": "returned", "staff": "returned-unclear", "lives": "returned-new-life"}


def _begin(office: HasWork) -> tuple[datetime, _Pass | None]:
    """Read what the pass goes by; without a single mark there is nothing to look for."""
    work = office.work
    before = pulse.look(work.conn, PULSE)
    heads: frozenset[str] | None = frozenset(_heads(work))
    if heads is not None and not heads:
        return work.stamp, None
    # Where they cannot be read that is no row's fault.
    marks.seals(work.custodian, work.now.date())
    if heads is not None and len(heads) > WHOLE:
        heads = None
    # Of a column that no pass has read yet nobody knows since when it holds what it holds.
    known = before is not None and before.note == _shape(work)
    since = before.at if before is not None and known else None
    return work.stamp, _Pass(since, heads, arrived.ends(work.conn, watched(work.datamap)))


def _end(begun: datetime, last: Mapping[str, Key | None], office: HasWork) -> None:
    """Write down that a whole pass was made, and how far each table went."""
    conn = office.work.conn
    pulse.put(conn, PULSE, Pulse(begun, _shape(office.work)))
    arrived.put_ends(conn, last, office.work.stamp)


def _shape(work: Work) -> str:
    """Return a fingerprint of what a pass reads: the tables and their columns."""
    read = [[name, *one.read] for name, one in sorted(watched(work.datamap).items())]
    return hashlib.sha256(canonical(read)).hexdigest()


def _heads(work: Work) -> Iterator[str]:
    table = tables.mark
    wanted = select(table.c.mark).where(table.c.kind.not_in((*marks.NAMES, marks.OBJECTION)))
    for (mark,) in work.conn.execute(wanted.limit(WHOLE + 1)):
        yield mark[:_HALF]


@dataclass(frozen=True)
class _Step:
    """What one piece found.

    :param last: key of the last row that was read, or None at the beginning of the table.
    :param ended: it was the last piece.
    """

    counts: Counter[str]
    last: Key | None = None
    ended: bool = False


def _table(way: Way, going: _Pass) -> tuple[Counter[str], Key | None]:
    """Look through one table; return word -> how many rows that were not known, and the last."""
    counts, here = Counter[str](), _Step(Counter())
    while not here.ended:
        at = (way.name, here.last)
        here = way.go(partial(_piece, going, at), partial(_pass, at), _Step(Counter(), here.last))
        counts.update(here.counts)
    return counts, here.last


def _pass(place: tuple[str, Key | None], word: str, office: HasWork) -> _Step:
    """Pass over one row, of which the key alone is read."""
    one = watched(office.work.datamap)[place[0]]
    key = list(one.declared.key)
    row = office.work.conn.execute(_beyond(select(*key), key, place[1]).limit(1)).first()
    return _Step(Counter(), place[1] if row is None else tuple(row), row is None)


def _piece(
    going: _Pass, place: tuple[str, Key | None], many: int, office: HasWork
) -> _Step:
    work, (name, after) = office.work, place
    one = watched(work.datamap)[name]
    rows = _read(work, one, after, many)
    judge = Judge(work, going.appeared, going.last)
    keys = _known(work, judge, going, one, rows)
    judged = judge.rows(name, keys) if keys else {}
    found: dict[Person, Judged] = {(name, key): each for key, each in judged.items()}
    counts = sightings.put(work, judge, found, sightings.SWEEP)
    last = tuple(rows[-1])[: len(one.declared.key)] if rows else after
    return _Step(counts, last, len(rows) < many)


def _read(work: Work, one: Watched, after: Key | None, many: int) -> Sequence[Any]:
    key = list(one.declared.key)
    columns = [one.declared.column(name) for name in one.read]
    place = [one.place] if one.place is not None else []
    wanted = _beyond(select(*key, *columns, *place), key, after)
    return work.conn.execute(wanted.limit(many)).all()


def _beyond(wanted: Select[Any], key: Sequence[Column[Any]], after: Key | None) -> Select[Any]:
    """Return a question about rows in the order of their keys, behind one of them."""
    wanted = wanted.order_by(*key)
    if after is None:
        return wanted
    return wanted.where(or_(*(
        and_(*(c == v for c, v in zip(key[:i], after[:i], strict=True)), key[i] > after[i])
        for i in range(len(key))
    )))  # fmt: skip


def _known(
    work: Work, judge: Judge, going: _Pass, one: Watched, rows: Sequence[Any]
) -> list[Key]:
    """Return the keys of the rows that carry a mark of somebody erased."""
    width = len(one.declared.key)
    wanted: dict[str, list[Key]] = {}
    for row in rows:
        cells = tuple(row)
        key = cells[:width]
        values = dict(zip(one.read, cells[width:], strict=False))
        place = str(cells[-1]).strip() if one.place is not None else ""
        texts = marks.texts(one, values, marks.regions(work.settings, place))
        for kind, text in {(marks.KEY, marks.row_text(one.name, key)), *texts}:
            for mark in judge.seals.of(kind, text).values():
                if going.heads is None or mark[:_HALF] in going.heads:
                    wanted.setdefault(mark, []).append(key)
    found = known.find(work.conn, wanted, work.today)
    return list(dict.fromkeys(key for mark in found for key in wanted[mark.mark]))
