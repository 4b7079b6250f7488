"""A certificate issued anew: of a request that goes on as it is, or keeps something again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict

from ...core.certificate import Content
from ...core.errors import UnknownError
from ...core.lifecycle import State
from ..casework.cases import Case, load, step
from ..certificates import certifying
from ..certificates.restated import restated
from ..depth import deepening
from ..retaining import keeping
from ..work import Work
from . import completing


def supplement(work: Work, case: Case) -> None:
    """Issue a certificate anew that says what is so today; nothing of the request changes.

    What has ended of what stayed is among what went, and what stays has its day of today. How far
    it reaches that something ended nobody has measured: it begins at the first level again.

    :param work: the open transaction.
    :param case: the request, locked, in its end state.
    :raises TamperedError: the journal does not prove itself.
    """
    decisions = case.decisions or {}
    said = certifying.content(work, case, case.state, restated(work, case.number, decisions))
    before = certifying.newest(work, case.number)["content"]
    if "depth" in decisions and _went(said) != before["went"]:
        decisions = deepening.noted(decisions, None)
        case = step(work, case, decisions=decisions, try_at=deepening.again(work, decisions))
        told = restated(work, case.number, decisions)
        said = certifying.content(work, case, case.state, told)
    certifying.reissue(work, case, said)


def keep_again(work: Work, number: str | None) -> None:
    """Let an erased request of which something stays again be sealed, with a supplement.

    A row came back and was erased once more, and a part of what came with it has to stay this
    time. It ends again once that has gone, as does what kept something from the first.

    :param work: the open transaction, in which that was written down.
    :param number: number of the request; None for what had its time by the law's ceiling.
    :raises TamperedError: the journal does not prove itself.
    """
    if number is None or not keeping.living(work, number):
        return
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        if case.state is State.ERASED:
            decisions = deepening.noted(case.decisions or {}, None)
            completing.certify(work, case, restated(work, number, decisions), State.SEALED)


def _went(said: Content) -> object:
    """Return what went as a certificate that was issued has it."""
    return json.loads(json.dumps([asdict(each) for each in said.went]))
