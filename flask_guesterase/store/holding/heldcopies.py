"""Safety copies of sweeps that holds reach: looked through one by one, each in its own transaction.

A copy of many rows takes as long as a batch to look through, and there may be thousands of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ...core.errors import BusyError, GuesteraseError, SealError, SetupError
from ..access import brake
from ..journaling import binding
from ..retaining.holds import Hold, living
from ..unit import HasWork, Run
from ..work import Work
from . import heldkeys, unsearched
from .heldkeys import Held
from .reach import Holders, holders, in_sweeps, swept

_UNTOLD = (SealError, SetupError, BusyError)
"""Why nobody can tell now what a copy holds: its key is closed, or a table or database is away."""

Asked = Mapping[int, str]
"""Numbers of holds that were placed, each with the mark of what was asked for it."""


def find(run: Run) -> None:
    """Put under holds that were placed lately what they reach of what sweeps left.

    Nothing says whose file it is that a sweep left; where one copy is reached, none is removed.
    What is cut off is begun again by the next round, and so is what could not be read, or not be
    put under its hold: until then it is still asked, and no such file goes.

    :param run: runs a unit of work.
    :raises GuesteraseError: of a copy nobody can tell now, or it cannot be kept; the others were
        looked through.
    """
    asked = run(_asked)
    if not asked:
        return
    reached, closed = set[int](), list[GuesteraseError]()
    for copy in run(_copies):
        try:
            reached |= run(partial(_take, asked, copy))
        except _UNTOLD as problem:
            closed.append(problem)
    why = closed[0] if closed else run(partial(_answer, asked, reached))
    if why is not None:
        raise why


def _asked(office: HasWork) -> Asked:
    return unsearched.asked(office.work.conn)


def _copies(office: HasWork) -> list[str]:
    return sorted(swept(office.work).copies)


def _take(asked: Asked, copy: str, office: HasWork) -> frozenset[int]:
    """Put a copy under the oldest hold that reaches it and still lives; return all that do."""
    work = office.work
    found = holders(work, _meant(work, asked), copy)
    if found:
        # Now that it is known what it holds: who lifts one of them waits no longer than for this.
        binding.turn(work, binding.HOLDS)
        problem = heldkeys.keep(work, [copy], found & {hold.id for hold in living(work)})
        if problem is not None:
            raise problem
    return found


def _meant(work: Work, asked: Collection[int] | None = None) -> list[Hold]:
    """Return the living holds, or those among them that are asked about."""
    holds = [hold for hold in living(work) if asked is None or hold.id in asked]
    return [hold for hold in holds if in_sweeps(work, hold)]


def _answer(
    asked: Asked, reached: Collection[int], office: HasWork
) -> GuesteraseError | None:
    """Put the names of files under the oldest hold that reaches a copy, or let go of them.

    Return why that cannot be done now: then it is still asked.
    """
    work = office.work
    binding.turn(work, binding.HOLDS)
    reaching = [hold.id for hold in _meant(work, asked) if hold.id in reached]
    problem = heldkeys.keep(work, swept(work).files, reaching)
    for hold, mark in asked.items() if problem is None else ():
        unsearched.drop(work.conn, hold, mark)
    return problem


def release(run: Run) -> int:
    """Take boxes from the keys of holds that were lifted, and mark those keys.

    What another hold reaches goes under the key of that one; all files that sweeps left do where
    one of their copies is reached.

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
    copies, more = run(partial(_under, hold))
    reaching, ended = set[int](), 0
    for copy in copies:
        found, count = run(partial(_let_go, hold, copy))
        reaching |= found
        ended += count
    for copy in more:
        reaching |= run(partial(_holding, None, copy))
    return ended + run(partial(_end, hold, reaching))


def _under(hold: int, office: HasWork) -> tuple[list[str], list[str]]:
    """Return the copies under a hold's key, and the others where it has names of files."""
    boxes, every = heldkeys.under(office.work, hold), swept(office.work)
    mine = sorted(box.id for box in boxes if box.id in every.copies)
    files = any(box.id in every.files for box in boxes)
    return mine, sorted(every.copies - set(mine)) if files else []


def _let_go(hold: int, copy: str, office: HasWork) -> tuple[frozenset[int], int]:
    """Put a copy under the oldest hold that reaches it, or home; return these, and what ended."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    found = holders(work, _meant(work), copy)
    return found, _moved(work, heldkeys.under(work, hold, copy), found)


def _moved(work: Work, boxes: Sequence[Held], found: Collection[int]) -> int:
    """Put boxes under the oldest of these holds, or home where there is none."""
    if not found:
        return heldkeys.home(work, boxes)
    heldkeys.move(work, [box.id for box in boxes], min(found))
    return 0


def _end(hold: int, found: Collection[int], office: HasWork) -> int:
    """Let go of what is left under a hold's key, and mark it to be destroyed."""
    work = office.work
    brake.require(work)
    binding.turn(work, binding.HOLDS)
    rows = heldkeys.under(work, hold)
    ended = heldkeys.share(work, [row for row in rows if not row.swept])
    still = {each.id for each in _meant(work)} & set(found)
    ended += _moved(work, [row for row in rows if row.swept], still)
    heldkeys.end(work, hold)
    return ended


@dataclass(frozen=True)
class Looked:
    """What was found in safety copies of sweeps.

    :param holds: numbers of the holds that were looked for.
    :param copies: which of them cover a row in each copy that was opened.
    :param closed: the copies of which nobody can tell now, each with the reason.
    """

    holds: frozenset[int]
    copies: Holders
    closed: Mapping[str, GuesteraseError] = field(default_factory=dict)


def look(run: Run) -> Looked:
    """Look into the copies of which `heldkeys.rescue` has to know the rows.

    :param run: runs a unit of work.
    """
    holds, copies = run(_outlived)
    found, closed = dict[str, Collection[int]](), dict[str, GuesteraseError]()
    for copy in copies:
        try:
            found[copy] = run(partial(_holding, holds, copy))
        except _UNTOLD as problem:
            found[copy], closed[copy] = (), problem
    return Looked(holds, found, closed)


def _outlived(office: HasWork) -> tuple[frozenset[int], list[str]]:
    work = office.work
    holds = frozenset(hold.id for hold in living(work))
    over = heldkeys.outlived(work) if holds else set()
    if not over:
        return holds, []
    boxes = swept(work)
    # Where the name of a file ends, every copy says whether it may.
    return holds, sorted(boxes.copies if over & boxes.files else over & boxes.copies)


def _holding(asked: Collection[int] | None, copy: str, office: HasWork) -> frozenset[int]:
    return holders(office.work, _meant(office.work, asked), copy)


def stands(work: Work, looked: Looked) -> bool:
    """Return whether no hold was placed since a look; none is until this transaction ends.

    :param work: the open transaction.
    :param looked: what was looked for.
    """
    binding.turn(work, binding.HOLDS)
    return looked.holds >= {hold.id for hold in living(work)}
