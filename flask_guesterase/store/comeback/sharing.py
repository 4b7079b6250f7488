"""What a request says of the living people whose rows a later plan of it changes, or leaves."""

from __future__ import annotations

from ...core.errors import UnknownError
from ...core.plan import Plan
from ..casework.cases import load, step
from ..search.spared import left_to_others
from ..work import Work
from . import marks


def note(work: Work, number: str | None, plan: Plan) -> None:
    """Write down with a request whose shared rows a later plan of it changes as well, or leaves.

    :param work: the open transaction.
    :param number: number of the request; None where nobody asked.
    :param plan: what is carried out.
    """
    found = left_to_others(work, number, plan) if number is not None else {}
    if people := plan.touched():
        found["touched"] = list(marks.touched(work, people))
    if number is None or not found:
        return
    try:
        case = load(work, number, lock=True)
    except UnknownError:
        return
    said = case.decisions or {}
    told = {name: sorted({*said.get(name, ()), *more}) for name, more in found.items()}
    if told != {name: sorted(said.get(name, ())) for name in told}:
        step(work, case, decisions={**said, **told})
