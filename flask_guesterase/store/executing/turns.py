"""Kept rows in turn: each once a round, and a round goes on where the last one was ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import or_, select, true

from ...core.errors import BusyError
from ...core.lifecycle import State
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..retaining import law
from ..statements.bynumber import by_number
from ..statements.sql import skips
from ..sweeping import halting
from ..sweeping.claiming import HALTED, Shift, is_theirs, work_off
from ..sweeping.narrowing import VAIN
from ..unit import HasWork, Run
from ..work import Work

DATED, UNDATED = "kept-dated", "kept-undated"
"""Under which names it is noted where a round goes on."""


@dataclass(frozen=True)
class Which:
    """Which kept rows a round is about.

    :param skip: properties at which nothing goes now.
    :param dated: those whose day is over, or those whose day nobody knows.
    :param held: also those a hold kept.
    """

    skip: frozenset[str]
    dated: bool
    held: bool = False

    def condition(self, work: Work) -> Any:
        """Return the condition of the rows."""
        until = tables.kept.c.until
        return may_end(work, self.skip, self.held) & (
            until.is_not(None) if self.dated else until.is_(None)
        )


Finish = Callable[[Sequence[Line[Any]], HasWork], Mapping[str, int]]
"""Finishes rows without a request; returns word -> how many."""


@dataclass(frozen=True)
class Acts:
    """What is done about kept rows.

    :param request: finishes those of a request, but for those at some properties.
    :param rows: finishes those without a request.
    """

    request: Callable[[str, frozenset[str], HasWork], dict[str, int]]
    rows: Finish


@dataclass
class Round:
    """All kept rows of one kind, those of requests and the others.

    It goes on where the last one was ended, or what stands first and stays would be all that is
    ever looked at by sweeps that have little time.

    :param run: runs a unit of work.
    :param which: which rows.
    :param shift: what may be taken.
    :param acts: what is done about them.
    :param said: where to say what failed: number of the request -> name of the error's class.
    :param counts: where to count, word -> how many, also what was done before something is raised.
    """

    run: Run
    which: Which
    shift: Shift
    acts: Acts
    said: MutableMapping[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._vain = 0
        self._name = DATED if self.which.dated else UNDATED
        self._numbers: list[str] = []

    def work(self) -> Counter[str]:
        """Look at each once, as far as the shift lasts; return word -> how many."""
        begun = self.run(self._begin)
        last: str | None = ""
        for asked, after, upto in _parts(begun):
            last = self._asked(after, upto) if asked else self._unasked(after, upto)
            if last is not None:
                break
        if (last or "") != begun:
            self.run(partial(self._note, last or ""))
        return self.counts

    def _begin(self, office: HasWork) -> str:
        self._numbers = _requests(office.work, self.which)
        known = pulse.look(office.work.conn, self._name)
        return "" if known is None else known.note

    def _note(self, last: str, office: HasWork) -> None:
        pulse.put(office.work.conn, self._name, Pulse(office.work.stamp, last))

    def _asked(self, after: str, upto: str) -> str | None:
        """Finish requests; return the last one, or None where none is left."""
        for number in self._numbers:
            if number <= after or (upto and number > upto):
                continue
            # Where so many fail, one after the other, the fault may be the database's.
            if self.shift.over() or self._vain >= VAIN:
                return after
            self._tried(number)
            after = number
        return None

    def _unasked(self, after: str, upto: str) -> str | None:
        """Finish what nobody asked for; return the place of the last row, or None at the end."""
        last = _place(upto) if upto else None
        step = Unasked(self.which, self.acts.rows, _place(after), last)
        work_off(self.run, step, self.shift, self.counts)
        day, id = step.after
        return None if step.ended else f"{day}#{id}"

    def _tried(self, number: str) -> None:
        """Finish one request; one that cannot be now is counted and tried by the next sweep."""

        def unless_halted(office: HasWork) -> dict[str, int]:
            if halting.halted(office.work.conn):
                self.shift.stopped = HALTED
                return {}
            return self.acts.request(number, self.which.skip, office)

        try:
            done = self.shift.gentle(self.run)(unless_halted)
        except Exception as problem:
            if not is_theirs(problem):
                raise
            self.counts["unfinished"] += 1
            self.shift.found(problem)
            if not isinstance(problem, BusyError):
                self._vain += 1
                self.said[number] = type(problem).__name__
            return
        self._vain = 0
        self.shift.found()
        self.counts.update(done)
        self.shift.taken += done.get("finished", 0)


def _parts(begun: str) -> list[tuple[bool, str, str]]:
    """Return the parts of a round from a place on: of requests or not, after what, up to what.

    :param begun: the place: number of a request, or day and number of another row.
    """
    if "#" in begun:
        return [(False, begun, ""), (True, "", ""), (False, "#0", begun)]
    first = [(True, begun, ""), (False, "#0", "")]
    return [*first, (True, "", begun)] if begun else first


def _place(text: str) -> tuple[str, int]:
    day, _, id = text.partition("#")
    return day, int(id)


class Unasked:
    """Kept rows without a request, by their days and numbers.

    :param which: which of them.
    :param rows: finishes some of them.
    :param after: day and number of the row before the first.
    :param upto: day and number of the last row; None for all.
    """

    def __init__(
        self, which: Which, rows: Finish, after: tuple[str, int] = ("", 0),
        upto: tuple[str, int] | None = None,
    ) -> None:
        self._which = which
        self._rows = rows
        self._upto = upto
        self.after = after
        self.ended = False
        """There is nothing after the last row."""

    def claim(self, work: Work, size: int) -> Sequence[Line[Any]]:
        kept = tables.kept
        wanted = select(kept).where(self._which.condition(work), kept.c.request.is_(None))
        wanted = wanted.where(_later(self.after, self._which.dated))
        if self._upto is not None:
            wanted = wanted.where(~_later(self._upto, self._which.dated))
        found = self._locked(work, wanted.order_by(kept.c.until, kept.c.id).limit(size))
        self.ended = not found
        return found

    def claim_again(self, work: Work, items: Sequence[Line[Any]]) -> Sequence[Line[Any]]:
        kept = tables.kept
        ids = [line.id for line in items]
        mine = by_number(select(kept).where(may_end(work)), kept, ids).order_by(kept.c.id)
        return self._locked(work, mine)

    def _locked(self, work: Work, wanted: Any) -> Sequence[Line[Any]]:
        return work.conn.execute(wanted.with_for_update(skip_locked=skips(work.conn))).all()

    def do(self, office: HasWork, items: Sequence[Line[Any]]) -> Mapping[str, int]:
        return self._rows(items, office)

    def done(self, items: Sequence[Line[Any]]) -> None:
        self.after = max([self.after, *((line.until or "", line.id) for line in items)])

    def failed(self, work: Work, item: Line[Any], problem: str, met: bool) -> None:
        self.done([item])

    def again(self) -> bool:
        return False


def _later(place: tuple[str, int], dated: bool) -> Any:
    """Return the condition of what comes after a place."""
    kept, (day, id) = tables.kept, place
    if not dated:
        return kept.c.id > id
    return (kept.c.until > day) | ((kept.c.until == day) & (kept.c.id > id))


def may_end(work: Work, skip: frozenset[str] = frozenset(), held: bool = True) -> Any:
    """Return the condition of what may have ended: its day is over, or nobody knew its day.

    :param held: also what a hold kept, whose end nobody knows either.
    """
    kept = tables.kept
    return (true() if held else kept.c.mode != law.HELD) & (
        kept.c.ended_at.is_(None)
        & (kept.c.mode != law.SEALED)
        & or_(kept.c.until.is_(None), kept.c.until <= work.today)
        & kept.c.property.not_in(skip)
    )


def _requests(work: Work, which: Which) -> list[str]:
    kept = tables.kept
    asked = select(kept.c.request).where(which.condition(work), kept.c.request.is_not(None))
    over = _over(work, which.skip) if which.dated else ()
    return sorted({*work.conn.execute(asked.distinct()).scalars(), *over})


def _over(work: Work, skip: frozenset[str]) -> list[str]:
    """Return the requests whose last kept row went before their check said that it stays."""
    kept, request = tables.kept, tables.request
    mine = select(kept.c.id).where(kept.c.request == request.c.number)
    rows = select(request.c.number).where(
        request.c.state == State.SEALED.value,
        request.c.property.not_in(skip),
        mine.exists(),
        ~mine.where(kept.c.ended_at.is_(None)).exists(),
    )
    return list(work.conn.execute(rows).scalars())
