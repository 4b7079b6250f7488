"""Safety copies that holds reach by their rows: looked through one by one, each by itself.

A copy of many rows takes as long as a batch to look through, and there may be thousands of them.
Where their day is over, those of few rows are looked into together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ...core.errors import BusyError, GuesteraseError, SealError, SetupError
from ..access import brake
from ..boxes import vault
from ..journaling import binding
from ..retaining.living import Hold, living
from ..unit import HasWork, Run
from ..work import Work
from . import heldkeys, lots, unsearched
from .heldkeys import Held
from .lots import SWEEPS, Lot
from .reach import TOGETHER, Holders, at_once, holders, holders_of

_UNTOLD = (SealError, SetupError, BusyError)
"""Why nobody can tell now what a copy holds: its key is closed, or a table or database is away."""

_About = Mapping[int, Collection[str]]
"""Living holds, each with the boxes of requests that it reaches without a look."""


@dataclass(frozen=True)
class _Question:
    """What is still to be looked through, and for which holds.

    :param lot: the copies, and what may go with them.
    :param marks: numbers of holds, or of the request, each with the mark of what was asked.
    :param holds: numbers of the holds; those that were answered before are not asked again.
    """

    lot: Lot
    marks: Mapping[int, str] | Mapping[str, str]
    holds: frozenset[int]


def find(run: Run) -> None:
    """Put under holds that were placed lately what they reach by the rows in safety copies.

    Nothing says whose file it is; where one copy of a lot is reached, none of its files is removed.
    What is cut off is begun again by the next round, and so is what could not be read, or not be
    put under its hold: until then that lot is still asked, and no file of it goes.

    :param run: runs a unit of work.
    :raises GuesteraseError: of a copy nobody can tell now, or it cannot be kept; the others were
        looked through.
    """
    closed = list[GuesteraseError]()
    for asked in run(_asked):
        try:
            _search(run, asked)
        except _UNTOLD as problem:
            closed.append(problem)
    if closed:
        raise closed[0]


def _asked(office: HasWork) -> list[_Question]:
    work = office.work
    holds, requests = unsearched.asked(work.conn), unsearched.asked_of(work.conn)
    every, alive = (lots.every(work), living(work)) if holds or requests else ({}, [])
    plain = lots.of_files(work, requests.keys() - every.keys())
    found = [_Question(every.get(SWEEPS, Lot(SWEEPS)), holds, frozenset(holds))] if holds else []
    for number, said in requests.items():
        ids = (hold.id for hold in alive if hold.since is None or hold.since >= said.at)
        lot = every.get(number) or plain.get(number, Lot(number))
        found.append(_Question(lot, {number: said.note}, frozenset(ids)))
    return found


def _search(run: Run, asked: _Question) -> None:
    """Look through a lot for the holds that are asked about."""
    reached, closed = set[int](), list[GuesteraseError]()
    for copy in sorted(asked.lot.copies):
        try:
            reached |= run(partial(_take, asked, copy))
        except _UNTOLD as problem:
            closed.append(problem)
    why = closed[0] if closed else run(partial(_answer, asked, reached))
    if why is not None:
        raise why


def _take(asked: _Question, copy: str, office: HasWork) -> frozenset[int]:
    """Put a copy under the oldest hold that reaches it and still lives; return all that do."""
    work = office.work
    found = holders(work, _meant(work, asked.lot, asked.holds), copy)
    if found:
        # Now that it is known what it holds: who lifts one of them waits no longer than for this.
        binding.turn(work, binding.HOLDS)
        problem = heldkeys.keep(work, [copy], found & _alive(work))
        if problem is not None:
            raise problem
    return found


def _alive(work: Work) -> frozenset[int]:
    return frozenset(hold.id for hold in living(work))


def _meant(work: Work, lot: Lot, asked: Collection[int] | None = None) -> list[Hold]:
    """Return the living holds, or those among them that are asked about, that may reach a lot."""
    holds = [hold for hold in living(work) if asked is None or hold.id in asked]
    return lots.asking(work, holds, lot.number)


def _answer(
    asked: _Question, reached: Collection[int], office: HasWork
) -> GuesteraseError | None:
    """Put the files of a lot under the oldest hold that reaches a copy of it, or let go of them.

    Return why that cannot be done now: then it is still asked.
    """
    work = office.work
    binding.turn(work, binding.HOLDS)
    problem = heldkeys.keep(work, asked.lot.files, _alive(work) & set(reached))
    problem = problem or _named(work, asked)
    for of, mark in asked.marks.items() if problem is None else ():
        unsearched.drop(work.conn, of, mark)
    return problem


def _named(work: Work, asked: _Question) -> GuesteraseError | None:
    """Put under a hold what it reaches without a look of the files of a request.

    Their key, or that of the hold, could not be read when it was placed.

    :return: why that cannot be done now.
    """
    files = asked.lot.files if asked.lot.number != SWEEPS else frozenset[str]()
    for hold in living(work) if files else ():
        mine = files & at_once(work, hold, files) if hold.id in asked.holds else ()
        problem = heldkeys.keep(work, mine, [hold.id]) if mine else None
        if problem is not None:
            return problem
    return None


def release(run: Run) -> int:
    """Take boxes from the keys of holds that were lifted, and mark those keys.

    What another hold reaches goes under the key of that one; all files of a lot do where one of its
    copies is reached.

    :param run: runs a unit of work.
    :return: how many boxes ended, because their day was over.
    :raises BlockedError: the clock is in doubt.
    :raises GuesteraseError: of a copy nobody can tell now; all else was let go.
    """
    ended, closed, (lifted, going) = 0, list[GuesteraseError](), run(_lifted)
    about = _about(run, going, closed)
    for each in going:
        ended += _let_go(run, each, about, closed)
    for hold in lifted:
        try:
            ended += run(partial(_end, hold))
        except _UNTOLD as problem:
            closed.append(problem)
    if closed:
        raise closed[0]
    return ended


@dataclass(frozen=True)
class _Going:
    """What of a lot lies under the key of a hold that was lifted."""

    hold: int
    lot: Lot
    boxes: frozenset[str]


def _lifted(office: HasWork) -> tuple[list[int], list[_Going]]:
    work = office.work
    lifted = heldkeys.lifted(work.conn)
    every = lots.every(work).values() if lifted else ()
    under = {hold: frozenset(box.id for box in heldkeys.under(work, hold)) for hold in lifted}
    found = [_Going(hold, lot, mine & lot.boxes) for hold, mine in under.items() for lot in every]
    return lifted, [each for each in found if each.boxes]


def _about(run: Run, going: Sequence[_Going], closed: list[GuesteraseError]) -> _About:
    """Ask each living hold once, by itself, which of all boxes of requests it reaches at once."""
    boxes = {box for each in going if each.lot.number != SWEEPS for box in each.boxes}
    try:
        holds = run(lambda office: sorted(_alive(office.work))) if boxes else []
        return {hold: run(partial(_at_once, hold, boxes)) for hold in holds}
    except _UNTOLD as problem:
        closed.append(problem)
        return {}


def _at_once(hold: int, boxes: Collection[str], office: HasWork) -> frozenset[str]:
    work = office.work
    mine = (each for each in living(work) if each.id == hold)
    return frozenset(box for each in mine for box in at_once(work, each, boxes))


def _let_go(
    run: Run, going: _Going, about: _About, closed: list[GuesteraseError]
) -> int:
    """Let go of what can be told of a lot: of files only where all copies could be looked into."""
    lot, ended, reached, before = going.lot, 0, set[int](), len(closed)
    files = going.boxes & lot.files
    for copy in sorted(lot.copies if files else lot.copies & going.boxes):
        try:
            found, count = run(partial(_copy_goes, going, about, copy))
            reached |= found
            ended += count
        except _UNTOLD as problem:
            closed.append(problem)
    if files and len(closed) == before:
        try:
            ended += run(partial(_files_go, going, about, reached))
        except _UNTOLD as problem:
            closed.append(problem)
    return ended


def _copy_goes(
    going: _Going, about: _About, copy: str, office: HasWork
) -> tuple[frozenset[int], int]:
    """Put a copy under the oldest hold that reaches it, or home; return these, and what ended."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    rows = heldkeys.under(work, going.hold, [copy])
    known, found = _known(work, going, about, rows), holders(work, _meant(work, going.lot), copy)
    return found, _moved(work, rows, found | known)


def _files_go(
    going: _Going, about: _About, reached: Collection[int], office: HasWork
) -> int:
    """Put the files of a lot under the oldest hold that reaches a copy of it, or home."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    rows = heldkeys.under(work, going.hold, going.boxes & going.lot.files)
    return _moved(work, rows, (_alive(work) & set(reached)) | _known(work, going, about, rows))


def _known(
    work: Work, going: _Going, about: _About, rows: Sequence[Held]
) -> frozenset[int]:
    """Return the living holds that reach boxes without a look.

    :raises BusyError: one was placed since they were asked.
    """
    if going.lot.number == SWEEPS or not rows:
        return frozenset()
    alive, boxes = _alive(work), {row.id for row in rows}
    if not alive <= about.keys():
        raise BusyError("A hold was placed just now.", "The next round of the worker asks it too.")
    return frozenset(hold for hold in alive if not boxes.isdisjoint(about[hold]))


def _moved(work: Work, boxes: Sequence[Held], found: Collection[int]) -> int:
    """Put boxes under the oldest of these holds, or home where there is none."""
    if not found:
        return heldkeys.home(work, boxes)
    heldkeys.move(work, [box.id for box in boxes], min(found))
    return 0


def _end(hold: int, office: HasWork) -> int:
    """Let go of what is told at once under a hold's key, and mark it to be destroyed."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    ended = heldkeys.share(work, [row for row in heldkeys.under(work, hold) if row.lot is None])
    heldkeys.end(work, hold)
    return ended


@dataclass(frozen=True)
class Looked:
    """What was found in safety copies that were opened.

    :param holds: numbers of the holds that were looked for.
    :param copies: which of them cover a row in each copy that was opened.
    :param closed: the copies of which nobody can tell now, and the files that may go with them,
        each with the reason.
    """

    holds: frozenset[int]
    copies: Holders
    closed: Mapping[str, GuesteraseError] = field(default_factory=dict)


_Some = Sequence[tuple[Lot, str]]
"""Copies, each with its lot."""


def look(run: Run) -> Looked:
    """Look into the copies of which `heldkeys.rescue` has to know the rows.

    Those of few rows are looked into together; where nobody can tell of one, each by itself.

    :param run: runs a unit of work.
    """
    holds, over = run(_outlived)
    found, closed = dict[str, Collection[int]](), dict[str, GuesteraseError]()
    for some in over:
        _look(run, holds, some, found, closed)
    return Looked(holds, found, closed)


def _look(
    run: Run, holds: frozenset[int], some: _Some, found: dict[str, Collection[int]],
    closed: dict[str, GuesteraseError],
) -> None:
    try:
        found |= run(partial(_holding, some, holds))
    except _UNTOLD as problem:
        if len(some) > 1:
            for each in some:
                _look(run, holds, [each], found, closed)
            return
        lot, copy = some[0]
        found[copy] = ()
        closed |= dict.fromkeys((copy, *lot.files), problem)


def _outlived(office: HasWork) -> tuple[frozenset[int], list[_Some]]:
    work, holds = office.work, living(office.work)
    over, found = heldkeys.outlived(work) if holds else set[str](), list[tuple[Lot, str]]()
    for lot in lots.every(work).values() if over else ():
        # Where the name of a file ends, every copy says whether it may.
        copies = lot.copies if over & lot.files else lot.copies & over
        if copies and lots.asking(work, holds, lot.number):
            found += [(lot, copy) for copy in sorted(copies)]
    return frozenset(hold.id for hold in holds), _together(work, found)


def _together(work: Work, found: _Some) -> list[_Some]:
    """Return copies in parts that are looked into together: those of sweeps, and of requests."""
    lot_of = {copy: lot for lot, copy in found}
    swept = {copy for copy, lot in lot_of.items() if lot.number == SWEEPS}
    return [
        [(lot_of[copy], copy) for copy in part]
        for some in (swept, lot_of.keys() - swept)
        for part in vault.parted(work.conn, some, TOGETHER)
    ]


def _holding(
    some: _Some, asked: Collection[int], office: HasWork
) -> dict[str, frozenset[int]]:
    meant = _meant(office.work, some[0][0], asked)
    return holders_of(office.work, meant, [copy for _, copy in some])


def stands(work: Work, looked: Looked) -> bool:
    """Return whether no hold was placed since a look; none is until this transaction ends.

    :param work: the open transaction.
    :param looked: what was looked for.
    """
    binding.turn(work, binding.HOLDS)
    return looked.holds >= _alive(work)
