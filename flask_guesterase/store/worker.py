"""What happens by itself: look at what came in, carry out what is due, send, end, forget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from ..core.errors import (
    BlockedError,
    BusyError,
    DeliveryError,
    ErasureError,
    GuesteraseError,
    MovedError,
    SetupError,
)
from ..core.events import BackupForgotten
from ..core.lifecycle import State
from ..core.log import slug
from . import execution, outbox, removal, vault
from .channels import Channel, Message, Render, message_id
from .office import Office
from .outbox import FILE, Parcel

_Result = TypeVar("_Result")


class Run(Protocol):
    """Runs a unit of work in a transaction of its own, and again after a deadlock."""

    def __call__(self, unit: Callable[[Office], _Result], /) -> _Result:
        """Return what the unit returns, after the commit."""
        ...


@dataclass
class Report:
    """What one round of the worker did, and what it could not do.

    :param counts: word -> how many.
    :param problems: request number, or a word, -> name of the error; never its text.
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def add(self, word: str, count: int = 1) -> None:
        """Count something that was done."""
        if count:
            self.counts[word] = self.counts.get(word, 0) + count

    @property
    def idle(self) -> bool:
        """Return whether there was nothing to do."""
        return not self.counts


def carry_out(run: Run, number: str, by: str | None = None) -> State:
    """Erase an approved request and check it: the one way, for pages, commands and worker.

    :param run: runs a unit of work.
    :param number: number of the request.
    :param by: the host's id of who asks for it, or None for the worker and the console.
    :return: the state it is in now; of a request that was erased before, that state.
    :raises MovedError: it went back to review.
    :raises BlockedError: it waits.
    """
    state = run(lambda office: office.erase(number, by)).settled()
    if state is State.CHECKING:
        state = run(lambda office: office.check(number))
    return state


def work(run: Run, render: Render, channels: Mapping[str, Channel]) -> Report:
    """Do one round of everything that is due.

    A problem with one request does not keep the others waiting.

    :param run: runs a unit of work.
    :param render: makes subject and body of a message.
    :param channels: name -> channel, mail included where it is set.
    """
    report = Report()
    while ended := run(lambda office: office.work_intake()):
        report.add("intake", ended)
    report.add("expired", run(lambda office: office.expire()))
    for number in run(lambda office: office.due()):
        _try(run, number, report)
    deliver(run, render, channels, report)
    report.add("forgotten", forget(run))
    return report


def _try(run: Run, number: str, report: Report) -> None:
    try:
        carry_out(run, number)
        report.add("erased")
    except BlockedError:
        report.add("waiting")
    except MovedError:
        report.add("reviewed-again")
    except (BusyError, ErasureError) as problem:
        run(partial(_postpone, number))
        report.problems[number] = type(problem).__name__
    except GuesteraseError as problem:
        report.problems[number] = type(problem).__name__


def _postpone(number: str, office: Office) -> None:
    execution.postpone(office.work, number)


def deliver(run: Run, render: Render, channels: Mapping[str, Channel], report: Report) -> None:
    """Send what is due and remove files; nothing is sent inside a transaction.

    At least once: a worker that dies between sending and recording sends again after ten minutes,
    with the same message id.
    """
    names = frozenset(channels)
    while parcels := run(lambda office: outbox.claim(office.work, names)):
        for parcel in parcels:
            _deliver(run, parcel, render, channels, report)


def _deliver(
    run: Run, parcel: Parcel, render: Render, channels: Mapping[str, Channel], report: Report
) -> None:
    try:
        _send(parcel, render, channels)
    except (DeliveryError, SetupError) as problem:
        word = type(problem).__name__
    except Exception as problem:
        # A channel is the host's code: whatever it raises, its text may hold an address.
        word = type(problem).__name__
    else:
        run(lambda office: outbox.done(office.work, parcel))
        report.add("files" if parcel.kind == FILE else "sent")
        return
    run(lambda office: outbox.failed(office.work, parcel, word))
    report.problems[f"{parcel.request}:{parcel.kind}"] = word


def _send(parcel: Parcel, render: Render, channels: Mapping[str, Channel]) -> None:
    content = parcel.content
    if parcel.kind == FILE:
        removal.remove(content["root"], content["name"])
        return
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


def forget(run: Run) -> int:
    """Forget boxes whose day is over: mark, destroy, record, each step by itself."""
    custodian = run(lambda office: office.work.custodian)
    labels = run(_marked)
    if not labels:
        return 0
    vault.destroy(custodian, labels)
    return run(partial(_recorded, labels))


def _marked(office: Office) -> tuple[str, ...]:
    work_ = office.work
    vault.expire(work_.conn, work_.today, work_.stamp)
    return vault.mark(work_.conn, work_.today, work_.stamp, work_.custodian.labels())


def _recorded(labels: tuple[str, ...], office: Office) -> int:
    work_ = office.work
    boxes = vault.record(work_.conn, labels, work_.stamp)
    if boxes:
        for controller in sorted({slug(p.controller) for p in work_.settings.properties.values()}):
            work_.events.append(BackupForgotten(controller, counts={"keys": len(labels)}))
    return boxes
