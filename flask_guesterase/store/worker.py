"""What happens by itself: look at what came in, carry out what is due, send, end, forget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TypeVar

from ..core.errors import (
    BlockedError,
    BusyError,
    FullError,
    GuesteraseError,
    MovedError,
    TransitionError,
)
from ..core.lifecycle import State
from .access import brake
from .binds import forward
from .casework.cases import plain_number
from .comeback import sightings
from .depth import deepening, refresh
from .executing import completing, execution, forgetting
from .executing.execution import Ending
from .holding import heldcopies
from .journaling import journal
from .messages.channels import Channel, Render
from .office import Office, use_case
from .remembrance import remembering
from .requests import intake
from .returning import returned
from .returning.again import Again, Fate
from .returning.promised import Register
from .search import queued, rescan, residue
from .search.reading import Progress
from .sweeping.claiming import Shift
from .sweeping.narrowing import is_of_a_row
from .sweeping.report import Report
from .unit import HasWork, Run
from .upkeep import sending

_Result = TypeVar("_Result")


def carry_out(
    run: Run, number: str, by: str | None = None, seconds: float | None = None
) -> State:
    """Erase an approved request and check it: the one way, for pages, commands and worker.

    :param run: runs a unit of work.
    :param number: number of the request, as people write it.
    :param by: the host's id of who asks for it, or None for the worker and the console.
    :param seconds: how long a reader may wait for the search by value; when the time is over it
        is left to the worker, and the request is being checked.
    :return: the state it is in now; of a request that was erased before, that state.
    :raises MovedError: it went back to review.
    :raises BlockedError: it waits, or the clock is in doubt: what the law keeps goes by its day.
    """
    # What files, values and searches are found by is the number as it was given out.
    number = plain_number(number)
    state = _erase_one(run, number, by)
    if state is State.CHECKING:
        try:
            if sending.remove_files(run, [number], Report()):
                return state
            refresh.after(run, [number])
            residue.searched(run, [number], seconds)
        except BusyError:
            if seconds is None:
                raise
            return state
        deepening.after(run, [number])
        state = run(use_case(lambda office: office.check(number)))
    return state


def _erase_one(run: Run, number: str, by: str | None = None) -> State:
    def erase(office: Office) -> Ending:
        brake.require(office.work)
        return office.erase(number, by)

    state = run(use_case(erase)).settled()
    return forward.reached(run, number) if state is State.ERASING else state


def carry_all(
    run: Run, numbers: Iterable[str], report: Report, again: Sequence[str] = ()
) -> None:
    """Erase many approved requests, then look for all their people in one reading and check each.

    One that fails does not keep the others waiting, and is tried later by the worker.

    :param run: runs a unit of work.
    :param numbers: numbers of the requests; what is not approved any more is passed over.
    :param report: where to count what was done, and note what was not.
    :param again: requests that left something and wait for another look.
    """
    erased = []
    for number in numbers:
        with _trying(run, number, report):
            try:
                state = _erase_one(run, number)
                erased += [number] if state is State.CHECKING else []
            except BlockedError:
                report.add("waiting")
            except MovedError:
                report.add("reviewed-again")
            except TransitionError:
                # Somebody decided otherwise since these numbers were read.
                continue
    check_all(run, erased, report, again)


def check_all(
    run: Run, numbers: Sequence[str], report: Report, again: Sequence[str] = ()
) -> None:
    """Look for the people of many requests in one reading, then check each.

    :param run: runs a unit of work.
    :param numbers: numbers of the requests; without any, nothing is read.
    :param report: where to count what was done, and note what was not.
    :param again: requests that left something and wait for another look.
    """
    if not numbers and not again:
        return
    looked, failed = False, dict[str, Exception]()
    with report.trying("search"):
        waiting = sending.remove_files(run, [*numbers, *again], report)
        numbers = [number for number in numbers if number not in waiting]
        if not numbers and not again:
            return
        refresh.after(run, [*numbers, *again])
        residue.searched(run, [*numbers, *again], failed=failed)
        deepening.after(run, numbers)
        looked = True
    for number, problem in failed.items():
        with _trying(run, number, report):
            raise problem
    for number in [each for each in (*numbers, *again) if each not in failed] if looked else ():
        with _trying(run, number, report):
            run(use_case(partial(_check, number)))
            report.add("looked-again" if number in again else "erased")


@contextmanager
def _trying(run: Run, number: str, report: Report) -> Iterator[None]:
    """Let one request fail without the others; what may be its own fault puts it off."""
    with report.trying(number):
        try:
            yield
        except Exception as problem:
            if is_of_a_row(problem):
                with suppress(GuesteraseError):
                    run(partial(_later, number))
            raise


def _later(number: str, office: HasWork) -> None:
    execution.postpone(office.work, number)


def _check(number: str, office: Office) -> State:
    return office.check(number)


def look_again(
    run: Run,
    number: str,
    by: str | None = None,
    scope: str = "",
    progress: Progress | None = None,
    folders: Sequence[str] = (),
    seconds: float | None = None,
) -> bool:
    """Make the search by value of a request once more; one that left something is checked again.

    :param run: runs a unit of work.
    :param number: number of the request, as people write it.
    :param by: the host's id of who asks for it, or None at a console.
    :param scope: everything or mapped; as before when empty.
    :param progress: told about each piece that is read.
    :param folders: further folders whose file names are looked at.
    :param seconds: how long a reader may wait; when the time is over it is left to the worker.
    :return: whether it was made.
    :raises ForbiddenError: they may not verify at this property.
    :raises UnknownError: nothing was erased, or the values have ended.
    """
    number = plain_number(number)
    run(use_case(lambda office: office.look_again(number, by, scope)))
    try:
        waits = sending.remove_files(run, [number], Report())
        refresh.after(run, [number])
        residue.searched(run, [number], seconds, progress, folders)
    except BusyError:
        if seconds is None:
            raise
        return False
    if not waits:
        run(use_case(partial(_settle, number)))
    return True


def _settle(number: str, office: Office) -> None:
    if office.show(number)["state"] in (State.PARTIAL, State.CHECKING):
        office.check(number)


def work(
    run: Run, render: Render, channels: Mapping[str, Channel], skip: frozenset[str] = frozenset()
) -> Report:
    """Do one round of everything that is due.

    A step, or a request, that fails does not keep the others waiting. While the clock is in
    doubt nothing ends: what came in is looked at and messages leave.

    :param run: runs a unit of work.
    :param render: makes subject and body of a message.
    :param channels: name -> channel, mail included where it is set.
    :param skip: steps to leave out.
    """
    report, run = Report(), Shift().gentle(run)
    steps: dict[str, Callable[[], None]] = {
        # First of all: what a restored database tells before that forks its journals.
        "register": lambda: _register(run, report),
        "clock": lambda: _clock(run, report),
        "intake": lambda: _intake(run, report),
        "expire": lambda: report.add("expired", run(use_case(Office.expire))),
        "forward": lambda: _forward(run, report),
        "erase": lambda: _erase(run, report),
        "sightings": lambda: _sightings(run, report),
        "returned": lambda: _returned(run, report),
        "held": lambda: heldcopies.find(run),
        "lifted": lambda: report.add("forgotten", heldcopies.release(run)),
        "sequence": lambda: run(_sequence),
        "deliver": lambda: sending.deliver(run, render, channels, report),
        "recipients": lambda: sending.tell(run, report),
        "release": lambda: sending.release(run, report),
        "forget": lambda: report.add("forgotten", forgetting.forget(run)),
    }
    for name, step in steps.items():
        if name in skip or name in _stopped(report):
            continue
        try:
            step()
        except Exception as problem:
            # It may be the host's own code that raises; its text may hold a value.
            report.problems[name] = type(problem).__name__
    return report


_BY_DAY = frozenset({"expire", "erase", "returned", "lifted", "forget"})
"""Steps that end something because a day has come."""

NOT_DELIVERING = frozenset(
    {
        "clock", "intake", "expire", "forward", "erase", "sightings", "returned", "held",
        "lifted", "sequence", "release", "forget",
    }
)
"""Steps that send nothing, for a round that only sends; it looks at the register all the same."""

_OUT = frozenset({"deliver", "recipients", "release"})
"""Steps by which something leaves the house."""


def _stopped(report: Report) -> frozenset[str]:
    """Return the steps that wait: for the clock, or until a restored database has caught up."""
    if report.problems.get("register") == remembering.RESTORED:
        return _BY_DAY | _OUT | {"forward", "sequence"}
    return _BY_DAY if {"clock", "register"} & set(report.problems) else frozenset()


def _register(run: Run, report: Report) -> None:
    """Notice a restored database, and a register that is not where it was."""
    if run(lambda office: remembering.notice(office.work)):
        report.problems["register"] = remembering.RESTORED
        return
    run(lambda office: remembering.finish(office.work))
    found = run(lambda office: remembering.standing(office.work))
    if found is not None and (found.missing or found.holds):
        report.problems["register"] = "missing" if found.missing else remembering.HOLDS


def _clock(run: Run, report: Report) -> None:
    """Beat the heart; say why not when the clock cannot be believed."""
    doubt = run(_beat)
    if doubt:
        report.problems["clock"] = doubt


def _beat(office: HasWork) -> str:
    doubt = brake.hold_back(office.work)
    if not doubt:
        brake.beat(office.work)
    return doubt


def _sequence(office: HasWork) -> None:
    """Put into the journal what others' transactions left: at a quiet house nothing else does."""
    work = office.work
    journal.sequence(work.conn, journal.stamp(work.now), work.custodian.public_key())


def _forward(run: Run, report: Report) -> None:
    """Carry on erasures over several databases that were cut off, or that waited for one."""
    for number in run(lambda office: forward.due(office.work)):
        problem = forward.tried(run, number)
        if problem:
            report.problems[f"forward:{number}"] = problem
        else:
            report.add("forward")


def _intake(run: Run, report: Report) -> None:
    while ended := run(use_case(Office.work_intake)):
        report.add("intake", ended)
    if run(lambda office: intake.passed_over(office.work)):
        report.problems["intake"] = intake.UNREAD


def _erase(run: Run, report: Report) -> None:
    again = run(lambda office: queued.asked_again(office.work))
    carry_all(run, run(use_case(Office.due)), report, again)
    for number in run(lambda office: completing.waiting(office.work)):
        with report.trying(number):
            report.add("ended", run(partial(_complete, number)))
    if run(lambda office: rescan.waits(office.work)):
        with report.trying("search"):
            residue.searched(run)


def _complete(number: str, office: HasWork) -> bool:
    return completing.complete(office.work, number)


def _sightings(run: Run, report: Report) -> None:
    """Judge rows in which the guard saw something of an erased person."""
    many = 1
    while many:
        many, found = run(lambda office: sightings.some(office.work))
        for fate, count in found.items():
            report.add(_SIGHTED.get(fate, fate), count)


_SIGHTED = {
    Fate.OPEN.value: "returned",
    Fate.STAFF.value: "returned-unclear",
    Fate.LIVES.value: "returned-new-life",
}


def _returned(run: Run, report: Report) -> None:
    """Erase again the rows in which somebody is back whose erasure was decided before."""
    ids = run(lambda office: returned.due(office.work))
    lines = run(lambda office: returned.register(office.work, ids))
    for id in ids:
        try:
            done = run(partial(_erase_again, id, lines))
        except Exception as problem:
            # The host's own code may read the row, and its text may hold a value.
            busy = isinstance(problem, BusyError) and not isinstance(problem, FullError)
            run(partial(_postpone, id, returned.BUSY if busy else returned.FAILED))
            report.problems[f"returned:{id}"] = type(problem).__name__
        else:
            report.add(_FATES.get(done.fate, "returned-waiting"))


_FATES = {
    Fate.ERASED: "erased-again", Fate.GONE: "gone", Fate.STAFF: "returned-unclear",
    Fate.LIVES: "returned-new-life",
}  # fmt: skip


def _erase_again(id: int, lines: Register, office: HasWork) -> Again:
    return returned.erase(office.work, id, lines)


def _postpone(id: int, why: str, office: HasWork) -> None:
    returned.postpone(office.work, id, why)
