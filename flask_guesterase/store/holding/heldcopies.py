"""Safety copies that holds reach by their rows: looked through one by one, each by itself.

A copy of many rows takes as long as a batch to look through, and there may be thousands of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ...core.errors import BusyError, GuesteraseError, SealError, SetupError
from .. import tables
from ..access import brake
from ..journaling import binding
from ..retaining.holds import Hold, living
from ..unit import HasWork, Run
from ..work import Work
from . import heldkeys, lots, unsearched
from .heldkeys import Held
from .lots import Lot
from .reach import Holders, at_once, holders

_UNTOLD = (SealError, SetupError, BusyError)
"""Why nobody can tell now what a copy holds: its key is closed, or a table or database is away."""

Asked = Mapping[int, str]
"""Numbers of holds that were placed, each with the mark of what was asked for it."""


def find(run: Run) -> None:
    """Put under holds that were placed lately what they reach by the rows in safety copies.

    Nothing says whose file it is; where one copy of a lot is reached, none of its files is removed.
    What is cut off is begun again by the next round, and so is what could not be read.

    :param run: runs a unit of work.
    :raises GuesteraseError: of a copy nobody can tell now; the others were looked through.
    """
    asked = run(_asked)
    if not asked:
        return
    closed = list[GuesteraseError]()
    for lot in run(partial(_lots, asked)):
        reached = set[int]()
        for copy in sorted(lot.copies):
            try:
                reached |= run(partial(_take, asked, lot, copy))
            except _UNTOLD as problem:
                closed.append(problem)
        if reached:
            run(partial(_keep, lot, reached))
    if closed:
        raise closed[0]
    run(partial(_answer, asked))


def _asked(office: HasWork) -> Asked:
    return unsearched.asked(office.work.conn)


def _lots(asked: Asked, office: HasWork) -> list[Lot]:
    work = office.work
    of = lots.asked_of(work, [hold for hold in living(work) if hold.id in asked])
    return [lot for lot in lots.every(work) if of(lot)]


def _take(asked: Asked, lot: Lot, copy: str, office: HasWork) -> frozenset[int]:
    """Put a copy under the oldest hold that reaches it and still lives; return all that do."""
    work = office.work
    found = holders(work, _meant(work, lot, asked), copy)
    if found:
        # Now that it is known what it holds: who lifts one of them waits no longer than for this.
        binding.turn(work, binding.HOLDS)
        still = found & {hold.id for hold in living(work)}
        if still:
            heldkeys.take(work, [copy], min(still))
    return found


def _meant(work: Work, lot: Lot, asked: Collection[int] | None = None) -> list[Hold]:
    """Return the living holds, or those among them that are asked about, that may reach a lot."""
    holds = [hold for hold in living(work) if asked is None or hold.id in asked]
    return lots.asked_of(work, holds)(lot)


def _keep(lot: Lot, reached: Collection[int], office: HasWork) -> None:
    """Put the files of a lot under the oldest living hold that reaches a copy of it."""
    work = office.work
    binding.turn(work, binding.HOLDS)
    still = {hold.id for hold in living(work)} & set(reached)
    if still:
        heldkeys.take(work, _files(work, lot), min(still))


def _files(work: Work, lot: Lot) -> set[str]:
    """Return the files of a lot as they are by now: one may have gone, or its bytes been sealed."""
    mine = tables.box.c.request == lot.request
    return {box for each in lots.every(work, mine) for box in each.files}


def _answer(asked: Asked, office: HasWork) -> None:
    work = office.work
    binding.turn(work, binding.HOLDS)
    for hold, mark in asked.items():
        unsearched.drop(work.conn, hold, mark)


def release(run: Run) -> int:
    """Take boxes from the keys of holds that were lifted, and mark those keys.

    What another hold reaches goes under the key of that one; all files of a lot do where one of its
    copies is reached.

    :param run: runs a unit of work.
    :return: how many boxes ended, because their day was over.
    :raises BlockedError: the clock is in doubt.
    :raises GuesteraseError: of a copy nobody can tell now; what lies under other holds was let go.
    """
    ended, closed = 0, list[GuesteraseError]()
    for hold in run(_lifted):
        try:
            ended += _release(run, hold)
        except _UNTOLD as problem:
            closed.append(problem)
    if closed:
        raise closed[0]
    return ended


def _lifted(office: HasWork) -> list[int]:
    return heldkeys.lifted(office.work.conn)


def _release(run: Run, hold: int) -> int:
    reaching, ended = dict[str | None, set[int]](), 0
    closed = list[GuesteraseError]()
    for lot, mine in run(partial(_under, hold)):
        found = reaching.setdefault(lot.request, set())
        for copy in sorted(lot.copies & mine):
            try:
                holding, count = run(partial(_let_go, hold, lot, copy))
            except _UNTOLD as problem:
                closed.append(problem)
                continue
            found |= holding
            ended += count
        for copy in sorted(lot.copies - mine) if lot.files & mine else ():
            try:
                found |= run(partial(_holding, None, lot, copy))
            except _UNTOLD as problem:
                closed.append(problem)
    if closed:
        raise closed[0]
    return ended + run(partial(_end, hold, reaching))


def _under(hold: int, office: HasWork) -> list[tuple[Lot, frozenset[str]]]:
    """Return the lots of which there is something under a hold's key, each with what that is."""
    boxes = frozenset(box.id for box in heldkeys.under(office.work, hold))
    found = [(lot, lot.boxes & boxes) for lot in lots.every(office.work)]
    return [(lot, mine) for lot, mine in found if mine]


def _let_go(
    hold: int, lot: Lot, copy: str, office: HasWork
) -> tuple[frozenset[int], int]:
    """Put a copy under the oldest hold that reaches it, or home; return these, and what ended."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    found = holders(work, _meant(work, lot), copy)
    rows = heldkeys.under(work, hold, copy)
    return found, _moved(work, rows, found | _about(work, lot, rows))


def _about(work: Work, lot: Lot, rows: Sequence[Held]) -> frozenset[int]:
    """Return the living holds that reach boxes of a request without a look."""
    if lot.request is None:
        return frozenset()
    mine = {row.id for row in rows}
    found = (hold.id for hold in living(work) if not mine.isdisjoint(at_once(work, hold, mine)))
    return frozenset(found)


def _moved(work: Work, boxes: Sequence[Held], found: Collection[int]) -> int:
    """Put boxes under the oldest of these holds, or home where there is none."""
    if not found:
        return heldkeys.home(work, boxes)
    heldkeys.move(work, [box.id for box in boxes], min(found))
    return 0


def _end(hold: int, reaching: Mapping[str | None, Collection[int]], office: HasWork) -> int:
    """Let go of what is left under a hold's key, and mark it to be destroyed."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    rows, every = heldkeys.under(work, hold), lots.every(work)
    lotted = {box for lot in every for box in lot.boxes}
    ended = heldkeys.share(work, [row for row in rows if row.id not in lotted])
    alive = {each.id for each in living(work)}
    for lot in every:
        mine = [row for row in rows if row.id in lot.boxes]
        found = alive & set(reaching.get(lot.request, ()))
        ended += _moved(work, mine, found | _about(work, lot, mine)) if mine else 0
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


def look(run: Run) -> Looked:
    """Look into the copies of which `heldkeys.rescue` has to know the rows.

    :param run: runs a unit of work.
    """
    holds, over = run(_outlived)
    found, closed = dict[str, Collection[int]](), dict[str, GuesteraseError]()
    for lot, copies in over:
        for copy in sorted(copies):
            try:
                found[copy] = run(partial(_holding, holds, lot, copy))
            except _UNTOLD as problem:
                found[copy] = ()
                closed |= dict.fromkeys((copy, *lot.files), problem)
    return Looked(holds, found, closed)


def _outlived(office: HasWork) -> tuple[frozenset[int], list[tuple[Lot, frozenset[str]]]]:
    work, holds = office.work, living(office.work)
    numbers = frozenset(hold.id for hold in holds)
    over = heldkeys.outlived(work) if holds else set()
    if not over:
        return numbers, []
    of = lots.asked_of(work, holds)
    # Where the name of a file ends, every copy says whether it may.
    found = [
        (lot, lot.copies if over & lot.files else lot.copies & over) for lot in lots.every(work)
    ]
    return numbers, [(lot, copies) for lot, copies in found if copies and of(lot)]


def _holding(
    asked: Collection[int] | None, lot: Lot, copy: str, office: HasWork
) -> frozenset[int]:
    return holders(office.work, _meant(office.work, lot, asked), copy)


def stands(work: Work, looked: Looked) -> bool:
    """Return whether no hold was placed since a look; none is until this transaction ends.

    :param work: the open transaction.
    :param looked: what was looked for.
    """
    binding.turn(work, binding.HOLDS)
    return looked.holds >= {hold.id for hold in living(work)}
