"""One pass of the worker: look at what came in, carry out what is due, deliver, forget."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ..core.errors import BusyError, DeliveryError, GuesteraseError
from ..core.events import BackupForgotten
from ..core.log import slug
from ..store import outbox, removal, vault
from ..store.channels import Channel, Message, built_in, message_id
from ..store.office import Office
from ..store.outbox import Parcel
from .letters import render

if TYPE_CHECKING:
    from .extension import Guesterase

_log = logging.getLogger("flask_guesterase")

MOST = 200
"""Requests one pass carries out at most; the next pass goes on."""


@dataclass
class Pass:
    """What one pass did, in numbers.

    :param problems: enumerated problems, for example "delivery" or an error's class name.
    """

    looked_at: int = 0
    erased: int = 0
    checked: int = 0
    waiting: int = 0
    delivered: int = 0
    expired: int = 0
    forgotten: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Return whether there was nothing to do."""
        numbers = (self.looked_at, self.erased, self.checked, self.delivered, self.forgotten)
        return not any(numbers)


def work(extension: Guesterase) -> Pass:
    """Make one pass; a step that fails is noted and does not stop the others.

    :param extension: the extension, inside an application context.
    """
    done = Pass()
    for step in (_intake, _due, _deliver, _forget):
        try:
            step(extension, done)
        except GuesteraseError as problem:
            done.problems.append(type(problem).__name__)
            _log.warning("The worker could not finish a step: %s", problem.message)
    return done


def _intake(extension: Guesterase, done: Pass) -> None:
    while True:
        ended = extension.run(Office.work_intake)
        done.looked_at += ended
        if not ended:
            break
    done.expired += extension.run(Office.expire)


def _due(extension: Guesterase, done: Pass) -> None:
    numbers = list(extension.run(Office.due))
    for number in numbers[:MOST]:
        try:
            _carry_out(extension, number, done)
        except GuesteraseError as problem:
            done.problems.append(type(problem).__name__)
            _log.warning("Request %s could not be carried out: %s", number, problem.message)
            if isinstance(problem, BusyError):
                continue


def _carry_out(extension: Guesterase, number: str, done: Pass) -> None:
    state = extension.run(lambda office: office.show(number))["state"]
    if state != "checking":
        ending = extension.run(lambda office: office.erase(number))
        if ending.state != "checking":
            done.waiting += 1
            return
        done.erased += 1
    extension.run(lambda office: office.check(number))
    done.checked += 1


def _deliver(extension: Guesterase, done: Pass) -> None:
    settings = extension.settings
    channels = {**built_in(settings.mail, settings.sender), **extension.channels}
    while True:
        parcels = extension.run(lambda office: outbox.claim(office.work, frozenset(channels)))
        if not parcels:
            return
        for parcel in parcels:
            problem = _send(parcel, channels)
            if problem:
                done.problems.append("delivery")
                extension.run(partial(_failed, parcel, problem))
            else:
                done.delivered += 1
                extension.run(partial(_done, parcel))


def _failed(parcel: Parcel, problem: str, office: Office) -> None:
    outbox.failed(office.work, parcel, problem)


def _done(parcel: Parcel, office: Office) -> None:
    outbox.done(office.work, parcel)


def _send(parcel: Parcel, channels: dict[str, Channel]) -> str:
    """Do what a parcel asks; return the word for what went wrong, or an empty string."""
    try:
        if parcel.kind == outbox.FILE:
            removal.remove(parcel.content["root"], parcel.content["name"])
        else:
            channels[parcel.channel].send(_message(parcel))
    except DeliveryError as problem:
        return problem.message[:80]
    except GuesteraseError as problem:
        return type(problem).__name__
    return ""


def _message(parcel: Parcel) -> Message:
    lang, params = str(parcel.content["lang"]), parcel.content["params"]
    subject, body = render(parcel.template, lang, params)
    return Message(
        message_id(parcel.dedupe), str(parcel.content["to"]), lang, parcel.template, params,
        subject, body,
    )  # fmt: skip


def _forget(extension: Guesterase, done: Pass) -> None:
    """Destroy the keys whose day is over: mark, destroy, record, each resumable."""
    custodian = extension.custodian

    def marked(office: Office) -> tuple[str, ...]:
        w = office.work
        done.forgotten += vault.expire(w.conn, w.today, w.stamp)
        return vault.mark(w.conn, w.today, w.stamp, custodian.labels())

    labels = extension.run(marked)
    if not labels:
        return
    vault.destroy(custodian, labels)

    def recorded(office: Office) -> int:
        boxes = vault.record(office.work.conn, labels, office.work.stamp)
        if boxes:
            for controller in {slug(p.controller) for p in extension.settings.properties.values()}:
                office.work.events.append(
                    BackupForgotten(controller, counts={"keys": len(labels)})
                )
        return boxes

    done.forgotten += extension.run(recorded)
