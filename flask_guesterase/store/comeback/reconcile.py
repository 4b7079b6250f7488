"""Looking for who came back where no listener could see it: one bounded pass by the sweep.

A session's bulk methods, statements on a connection, other processes and raw drivers write past
every listener. The pass reads the watched tables in short pieces, makes the marks of what stands
there and asks which of them are marks of an erased person.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from ...core.log import canonical
from ...core.plan import Key, Person
from .. import pulse, tables
from ..claiming import Shift
from ..pulse import Pulse
from ..room import Room
from ..unit import Run
from ..work import Work
from . import marks, sightings
from .judging import Judge, Judged
from .marks import Mark
from .watched import Watched, watched

if TYPE_CHECKING:
    from ..office import Office

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
    """

    since: datetime | None
    heads: frozenset[str] | None

    def appeared(self, mark: Mark) -> bool:
        return self.since is not None and mark.erased_at < self.since


def reconcile(run: Run, shift: Shift | None = None) -> dict[str, int]:
    """Find rows in which erased people are back; return word -> how many that were not known.

    :param run: runs a unit of work.
    :param shift: whose room is left to the host between the pieces; a new one when None.
    """
    shift, counts = shift or Shift(), Counter[str]()
    begun, going = run(_begin)
    if going is None:
        return {}
    for name in run(lambda office: sorted(watched(office.work.datamap))):
        last: Key | None = None
        while True:
            step = shift.paced(run, partial(_piece, going, (name, last), shift.room))
            counts.update(step.counts)
            if step.last is None:
                break
            last = step.last
    run(lambda office: pulse.put(office.work.conn, PULSE, Pulse(begun, _shape(office.work))))
    counts["unclear-no-more"] += run(lambda office: sightings.look_again(office.work))
    return {_WORDS.get(word, word): count for word, count in counts.items() if count}


_WORDS = {"open": "returned", "staff": "returned-unclear", "lives": "returned-new-life"}


def _begin(office: Office) -> tuple[datetime, _Pass | None]:
    """Read what the pass goes by; without a single mark there is nothing to look for."""
    work = office.work
    before = pulse.look(work.conn, PULSE)
    heads: frozenset[str] | None = frozenset(_heads(work))
    if heads is not None and not heads:
        return work.stamp, None
    if heads is not None and len(heads) > WHOLE:
        heads = None
    # Of a column that no pass has read yet nobody knows since when it holds what it holds.
    known = before is not None and before.note == _shape(work)
    return work.stamp, _Pass(before.at if before is not None and known else None, heads)


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

    :param last: key of the last row that was read, or None at the end of the table.
    """

    counts: Counter[str]
    last: Key | None


def _piece(
    going: _Pass, place: tuple[str, Key | None], room: Room, office: Office
) -> _Step:
    work, (name, after), many = office.work, place, room.part(BATCH)
    one = watched(work.datamap)[name]
    rows = _read(work, one, after, many)
    judge = Judge(work, going.appeared)
    keys = _known(work, judge, going, one, rows)
    judged = judge.rows(name, keys) if keys else {}
    found: dict[Person, Judged] = {(name, key): each for key, each in judged.items()}
    counts = sightings.put(work, judge, found, sightings.SWEEP)
    last = tuple(rows[-1])[: len(one.declared.key)] if len(rows) == many else None
    return _Step(counts, last)


def _read(work: Work, one: Watched, after: Key | None, many: int) -> Sequence[Any]:
    key = list(one.declared.key)
    columns = [one.declared.column(name) for name in one.read]
    place = [one.place] if one.place is not None else []
    wanted = select(*key, *columns, *place).order_by(*key).limit(many)
    if after is not None:
        wanted = wanted.where(or_(*(
            and_(*(c == v for c, v in zip(key[:i], after[:i], strict=True)), key[i] > after[i])
            for i in range(len(key))
        )))  # fmt: skip
    return work.conn.execute(wanted).all()


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
    found = marks.find(work.conn, wanted, work.today)
    return list(dict.fromkeys(key for mark in found for key in wanted[mark.mark]))
