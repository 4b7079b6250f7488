"""A certificate issued anew, about a request that goes on as it is."""

from __future__ import annotations

import json
from dataclasses import asdict

from ...core.certificate import Content
from ..casework.cases import Case, step
from ..certificates import certifying
from ..certificates.restated import restated
from ..depth import deepening
from ..work import Work


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


def _went(said: Content) -> object:
    """Return what went as a certificate that was issued has it."""
    return json.loads(json.dumps([asdict(each) for each in said.went]))
