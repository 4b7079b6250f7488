"""The worker's round about recipients: told outside any transaction, at least once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ...core.recipient import Answer, Said
from ..unit import HasWork, Run
from . import deliveries
from .deliveries import Sending

Note = Callable[[str, str], None]
"""Takes what was told, or the reason why it was not, and of whom."""


def tell(run: Run, note: Note) -> int:
    """Tell every recipient what is due; return how many notices were taken.

    What a worker that died had claimed is told again after ten minutes, under the same reference.
    A recipient that did not answer once is left alone for the rest of the round, so that the
    others need not wait for it again and again.

    :param run: runs a unit of work.
    :param note: is told the name of a recipient and why it could not be told.
    """
    silent: set[str] = set()
    count = 0
    while claimed := run(partial(_claim, frozenset(silent))):
        for sending in claimed:
            if sending.recipient.name in silent:
                run(partial(_later, sending))
                continue
            answer = _try(sending)
            run(partial(_told, sending, answer))
            if answer.said in (Said.SENT, Said.DONE):
                count += 1
                continue
            note(sending.recipient.name, answer.problem)
            if answer.said is Said.LATER:
                silent.add(sending.recipient.name)
    return count


def _try(sending: Sending) -> Answer:
    """Tell one recipient; code of the host may raise anything, and its text may hold a value."""
    system = sending.recipient.system()
    if system is None:
        return Answer(Said.REFUSED, "not-declared")
    try:
        answer: object = system.tell(sending.notice)
    except Exception as problem:
        return Answer(Said.LATER, type(problem).__name__)
    if isinstance(answer, str) and answer in frozenset(Said):
        return Answer(Said(answer))
    return answer if isinstance(answer, Answer) else Answer(Said.REFUSED, "no-answer")


def _claim(silent: frozenset[str], office: HasWork) -> list[Sending]:
    return deliveries.claim(office.work, silent)


def _told(sending: Sending, answer: Answer, office: HasWork) -> None:
    deliveries.told(office.work, sending, answer)


def _later(sending: Sending, office: HasWork) -> None:
    deliveries.later(office.work, sending)
