"""Working off what is due: claimed batches, each a short transaction, until time or work is over.

A batch that fails is halved until the row that fails stands alone; that one is put off and the
others go on. A lock that was not given in time makes the batches smaller, as the host does when
it asks for room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic, sleep
from typing import Any, Generic, Protocol, TypeVar

from ...core.errors import (
    BusyError,
    ErasureError,
    FullError,
    GuesteraseError,
    SealError,
    UnknownError,
)
from ...core.pace import FEW, Pace
from ..statements import estimates
from ..unit import HasWork, Run
from ..work import Work
from . import halting
from .room import BREATH, Room

_Item = TypeVar("_Item")

TIME, ROWS, HALTED, FULL, BUSY, BROKEN = "time", "rows", "halted", "full", "busy", "broken"
"""Why a run ended although something is left."""

_WENT = ("finished", "expired")
"""Words for rows that went: what was only looked at takes nothing of what a run may take."""

PATIENCE = 5
"""How often in a row a transaction that could not even claim is tried."""

HOPELESS = 10
"""Rows in a row that fail alone, without one that goes, after which the fault is not theirs."""

ROOMLESS = 3
"""How many in a row find no room, each by itself, before the disk is taken for full: one may only
be larger than the room that is left."""

Pressure = Callable[[], bool]
"""The host's answer to whether it needs the database for itself just now."""


def _calm() -> bool:
    return False


def _quiet(rows: int) -> None:
    pass


@dataclass
class Shift:
    """What one run may take, and what it has done so far.

    :param seconds: how long it may claim further batches; None for as long as there are any.
    :param rows: how many rows may go; None for all.
    :param pressure: the host's answer to whether it needs the database for itself.
    :param progress: told after each batch how many rows it had.
    """

    seconds: float | None = None
    rows: int | None = None
    pressure: Pressure = _calm
    progress: Callable[[int], None] = _quiet
    taken: int = 0
    batches: int = 0
    splits: int = 0
    met: int = 0
    rested: float = 0.0
    stopped: str = ""
    full: bool = False
    room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        self._began = monotonic()
        self._owed = 0.0
        self._roomless = 0

    @property
    def elapsed(self) -> float:
        """Return how many seconds ago it began."""
        return monotonic() - self._began

    def over(self) -> bool:
        """Return whether it may claim nothing further."""
        if self.stopped:
            return True
        if self.seconds is not None and self.elapsed >= self.seconds:
            self.stopped = TIME
        elif self.rows is not None and self.taken >= self.rows:
            self.stopped = ROWS
        return bool(self.stopped)

    def found(self, problem: Exception | None = None) -> None:
        """Note whether something found room; where several in a row did not, no other is tried.

        :param problem: what went wrong with one row, or one request; None where something went.
        """
        full = isinstance(problem, FullError)
        self.full = self.full or full
        self._roomless = self._roomless + 1 if full else 0
        if self._roomless >= ROOMLESS:
            self.stopped = FULL

    def most(self, size: int) -> int:
        """Return how many rows the next batch may have."""
        return size if self.rows is None else max(1, min(size, self.rows - self.taken))

    def rest(self, seconds: float) -> None:
        """Leave the database to the host for a moment."""
        if seconds:
            self.rested += seconds
            sleep(seconds)

    def gentle(self, run: Run) -> Run:
        """Return what runs each unit as `run` does, and leaves room behind it.

        :param run: runs a unit of work.
        """
        return self._leaving(run, self.room.after_step)

    def paced(self, run: Run, unit: Callable[[HasWork], _Item], /) -> _Item:
        """Run one unit of several that follow each other, and leave room before the next.

        :raises BusyError: a lock was not given however often it was tried.
        """
        leaving, tried = self._leaving(run, self.room.after_page), 0
        while True:
            try:
                return leaving(unit)
            except BusyError:
                tried += 1
                self.met += 1
                if tried >= PATIENCE or self.over():
                    raise
            self.rest(BREATH)

    def _leaving(self, run: Run, after: Callable[[float], float]) -> Run:
        def one(unit: Callable[[HasWork], _Item], /) -> _Item:
            def looked(office: HasWork) -> _Item:
                self.room.look(office.work.conn)
                return unit(office)

            self.rest(self._owed)
            self._owed, began = 0.0, monotonic()
            try:
                return run(looked)
            finally:
                self._owed = after(monotonic() - began)

        return one


class Step(Protocol[_Item]):
    """One kind of work that is claimed in batches."""

    def claim(self, work: Work, size: int) -> Sequence[_Item]:
        """Claim the next rows for this transaction."""
        ...

    def claim_again(self, work: Work, items: Sequence[_Item]) -> Sequence[_Item]:
        """Claim the same rows once more, as far as they are still there."""
        ...

    def do(self, office: HasWork, items: Sequence[_Item]) -> Mapping[str, int]:
        """Do what is due about claimed rows; return word -> how many."""
        ...

    def done(self, items: Sequence[_Item]) -> None:
        """Note that the transaction of a batch was committed."""
        ...

    def failed(self, work: Work, item: _Item, problem: str, met: bool) -> None:
        """Put off a row that cannot be dealt with."""
        ...

    def again(self) -> bool:
        """Return whether to begin once more, for what others had claimed and let go."""
        ...


def work_off(
    run: Run, step: Step[Any], shift: Shift, counts: Counter[str] | None = None
) -> Counter[str]:
    """Work off everything that is due of one kind, batch after batch; return word -> how many.

    :param run: runs a unit of work.
    :param step: the kind of work.
    :param shift: what may be taken, and where what was done is counted.
    :param counts: where to count, word -> how many, also what was done before something is raised.
    """
    return _Loop(run, step, shift, Counter() if counts is None else counts).work()


class _Halted(Exception):
    """Somebody pulled the stop switch."""


@dataclass
class _Loop(Generic[_Item]):
    run: Run
    step: Step[_Item]
    shift: Shift
    counts: Counter[str]
    pace: Pace = field(default_factory=Pace)
    vain: int = 0

    def work(self) -> Counter[str]:
        idle = 0
        while not self.shift.over():
            claimed, problem = self._tried(self._next)
            if problem is not None and not claimed:
                idle += 1
                if idle >= PATIENCE:
                    self.shift.stopped = FULL if isinstance(problem, FullError) else BUSY
                continue
            idle = 0
            if not claimed:
                if not self.step.again():
                    break
            elif problem is not None:
                self._troubled(claimed, problem)
        if self.shift.stopped in (BUSY, BROKEN):
            # The fault is of this kind of work alone; the next kind may go on.
            self.shift.stopped = ""
            self.counts["unfinished"] += 1
        return self.counts

    def _next(self, work: Work) -> Sequence[_Item]:
        return self.step.claim(work, self.shift.most(self.pace.size))

    def _tried(
        self, claim: Callable[[Work], Sequence[_Item]]
    ) -> tuple[Sequence[_Item], Exception | None]:
        """Run one transaction; return what it claimed, and what went wrong when it did."""
        claimed: list[_Item] = []

        def unit(office: HasWork) -> Mapping[str, int]:
            if halting.halted(office.work.conn):
                raise _Halted
            self.shift.room.look(office.work.conn)
            if self.pace.each is None and self.shift.room.shared():
                self.pace = replace(self.pace, size=FEW)
            claimed[:] = claim(office.work)
            return self.step.do(office, claimed) if claimed else {}

        began, problem = monotonic(), None
        try:
            done = self.run(unit)
            self.counts.update(done)
            self.shift.taken += sum(done.get(word, 0) for word in _WENT)
        except _Halted:
            self.shift.stopped = HALTED
            return [], None
        except Exception as raised:
            if not is_theirs(raised):
                raise
            problem = raised
        self._paced(len(claimed), monotonic() - began, isinstance(problem, BusyError))
        if claimed and problem is None:
            self.vain = 0
            self.shift.found()
            self.shift.batches += 1
            self.shift.progress(len(claimed))
            self.step.done(claimed)
            if self.shift.batches.bit_count() == 1:
                self._learn()
        return claimed, problem

    def _learn(self) -> None:
        """Let the database count what was filled, after 1, 2, 4, 8 ... batches."""
        with suppress(BusyError):
            self.run(lambda office: estimates.learn(office.work.conn))

    def _paced(self, rows: int, seconds: float, met: bool) -> None:
        self.shift.met += met
        rest = self.shift.room.rest(seconds)
        if rows or met:
            full = rows >= self.pace.size
            pressed = met or self.shift.pressure()
            self.pace = self.pace.after(rows, seconds, pressed, self.shift.room.target())
            # What was no full batch was the last one, unless it is pressed.
            self.shift.rest(max(self.pace.rest, rest if full else 0.0))

    def _troubled(self, claimed: Sequence[_Item], problem: Exception) -> None:
        """Find the rows that fail among those of a batch; what meets a lock is tried again."""
        waiting = [claimed]
        while waiting and not self.shift.over():
            part = waiting.pop()
            if part is not claimed:
                found, raised = self._tried(partial(self._claim_again, part))
                if raised is None or not found:
                    continue
                part, problem = found, raised
            if isinstance(problem, BusyError) and len(part) > 1:
                # Smaller batches meet fewer locks; it stays due, and is claimed anew.
                continue
            if len(part) == 1:
                self._alone(part[0], problem)
                continue
            self.shift.splits += 1
            half = len(part) // 2
            waiting += [part[half:], part[:half]]

    def _claim_again(self, part: Sequence[_Item], work: Work) -> Sequence[_Item]:
        return self.step.claim_again(work, part)

    def _alone(self, item: _Item, problem: Exception) -> None:
        met, name = isinstance(problem, BusyError), type(problem).__name__
        self.shift.found(problem)
        try:
            self.run(lambda office: self.step.failed(office.work, item, name, met))
        except FullError:
            # It cannot even be put off: the disk is full, whoever's row it is.
            self.shift.stopped = FULL
            return
        self.counts["unfinished"] += 1
        self.shift.taken += 1
        self.vain += not met
        if self.vain >= HOPELESS:
            self.shift.stopped = BROKEN


def is_theirs(problem: Exception) -> bool:
    """Return whether a failure may be one row's: a refusal, a lock, or code of the vendor's."""
    own = isinstance(problem, GuesteraseError)
    return not own or isinstance(problem, BusyError | ErasureError | SealError | UnknownError)
