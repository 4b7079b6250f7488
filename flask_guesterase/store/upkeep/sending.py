"""What leaves the house, and what goes from its disk: claimed, done outside of any transaction.

At least once: what a process that died had claimed is done again after ten minutes; a message has
the same id then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ...core.errors import BusyError
from ..messages import unremoved
from ..messages.channels import Channel, Message, Render, message_id
from ..messages.outbox import BACK, FILE, Parcel
from ..partners import delivering
from ..recovery import files, filesback
from ..release import releasing
from ..sweeping.report import Report
from ..unit import HasWork, Run
from . import dispatch


def deliver(run: Run, render: Render, channels: Mapping[str, Channel], report: Report) -> None:
    """Send what is due, remove files and put files back.

    :param run: runs a unit of work.
    :param render: makes subject and body of a message.
    :param channels: name -> channel.
    :param report: where to count what was done, and note what was not.
    """
    names = frozenset(channels)
    _each(
        run, lambda office: dispatch.claim(office.work, names),
        partial(_do, run, render, channels), report,
    )  # fmt: skip


def remove_files(run: Run, numbers: Sequence[str], report: Report) -> set[str]:
    """Remove the files of erased requests before anybody is told that these are erased.

    What cannot be removed is tried again with whatever leaves the house; then a person looks.

    :param run: runs a unit of work.
    :param numbers: numbers of the requests.
    :param report: where to count what was removed, and note what was not.
    :return: the requests that wait for one of theirs.
    """
    _each(
        run, lambda office: dispatch.claim(office.work, frozenset(), files_of=numbers),
        partial(_remove, run), report,
    )  # fmt: skip
    return run(lambda office: unremoved.removing(office.work, numbers, queued=True))


def tell(run: Run, report: Report) -> None:
    """Tell other systems; what cannot be told is counted under the recipient's name.

    :param run: runs a unit of work.
    :param report: where to count what was told, and note what was not.
    """

    def note(name: str, problem: str) -> None:
        report.problems[f"recipient:{name}"] = problem

    report.add("told", delivering.tell(run, note))


def release(run: Run, report: Report, at_once: bool = False) -> None:
    """Bring checkpoints to the places outside; a place is told of by its way alone.

    :param run: runs a unit of work.
    :param report: where to count what arrived, and note what did not.
    :param at_once: do not wait until it is time again.
    """

    def note(way: str, problem: str) -> None:
        report.problems[f"checkpoint:{way}"] = problem

    report.add("released", releasing.release(run, note, at_once))


def _each(
    run: Run, claim: Callable[[HasWork], Sequence[Parcel]], do: Callable[[Parcel], None],
    report: Report,
) -> None:
    """Do each parcel that can be claimed; one that fails keeps no other.

    What was put off may be due again before all others were tried: that the next round takes up.
    Where a database that may name a file does not answer, it is not asked again about each other
    file of the same folder: that may take minutes for each. Those that lie there no more are gone.
    Where somebody just holds what is needed, the others were not tried, and do not count as tried.
    """
    seen, parcels = set[int](), run(claim)
    busy: dict[str, BusyError] = {}
    while parcels:
        for parcel in parcels:
            root = parcel.content["root"] if parcel.kind == FILE else ""
            known = busy.get(root)
            if known is not None and not known.away:
                _tried(partial(_put_off, run), parcel)
                continue
            problem = _tried(partial(_taken, known, run) if known else do, parcel)
            if root and type(problem) is BusyError:
                busy[root] = problem
            if isinstance(problem, _Passed):
                continue
            if problem is not None:
                name = type(problem).__name__
                report.problems[f"{parcel.request}:{parcel.kind}"] = name
                # What cannot be noted is taken up again like the parcel of a process that died.
                _tried(partial(_noted, run, name), parcel)
            else:
                report.add(_SENT.get(parcel.kind, "sent"))
        again = seen.issuperset(parcel.id for parcel in parcels)
        seen.update(parcel.id for parcel in parcels)
        parcels = () if again else run(claim)


class _Passed(Exception):
    """A parcel was not dealt with, and none of it failed.

    It is put off, was taken back or given up, or another worker has it, since this one kept it for
    longer than one that died would.
    """


_SENT = {FILE: "files", BACK: "files-back"}
"""Kinds of parcels that go to the disk, and what is counted of them."""


def _tried(do: Callable[[Parcel], None], parcel: Parcel) -> Exception | None:
    """Return what went wrong, or None.

    A channel may be the host's own code: whatever it raises, its text may hold an address, so
    the name of the class is all that is kept.
    """
    try:
        do(parcel)
    except Exception as problem:
        return problem
    return None


def _put_off(run: Run, parcel: Parcel) -> None:
    run(partial(_later, parcel))


def _later(parcel: Parcel, office: HasWork) -> None:
    if dispatch.hold_still(office.work, parcel):
        dispatch.later(office.work, parcel)


def _noted(run: Run, problem: str, parcel: Parcel) -> None:
    run(partial(_failed, parcel, problem))


def _failed(parcel: Parcel, problem: str, office: HasWork) -> None:
    dispatch.failed(office.work, parcel, problem)


def _kept(parcel: Parcel, office: HasWork) -> bool:
    return dispatch.keep_on(office.work, parcel)


def _done(parcel: Parcel, office: HasWork) -> None:
    dispatch.done(office.work, parcel)


def _do(run: Run, render: Render, channels: Mapping[str, Channel], parcel: Parcel) -> None:
    if parcel.kind == FILE:
        _remove(run, parcel)
    elif parcel.kind == BACK:
        if not filesback.put_back(run, parcel):
            raise _Passed
    else:
        if not run(partial(_kept, parcel)):
            raise _Passed
        _send(parcel, render, channels)
        run(partial(_done, parcel))


def _remove(run: Run, parcel: Parcel) -> None:
    if not files.remove(run, parcel):
        raise _Passed


def _taken(problem: BusyError, run: Run, parcel: Parcel) -> None:
    if not files.taken(problem, run, parcel):
        raise _Passed


def _send(parcel: Parcel, render: Render, channels: Mapping[str, Channel]) -> None:
    content = parcel.content
    subject, body = render(parcel.template, content["lang"], content["params"])
    channels[parcel.channel].send(
        Message(
            message_id(parcel.dedupe),
            content["to"],
            content["lang"],
            parcel.template,
            content["params"],
            subject,
            body,
        )
    )
