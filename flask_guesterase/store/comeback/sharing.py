"""What a request says of the living people whose shared rows went later than the others."""

from __future__ import annotations

from ...core.errors import UnknownError
from ...core.plan import Plan
from ..casework.cases import load, step
from ..work import Work
from . import marks


def note(work: Work, number: str | None, plan: Plan) -> None:
    """Write down with a request whose shared rows a later plan of it changes as well.

    :param work: the open transaction.
    :param number: number of the request; None where nobody asked.
    :param plan: what is carried out.
    """
    people = plan.touched()
    if number is None or not people:
        return
    try:
        case = load(work, number, lock=True)
    except UnknownError:
        return
    said = case.decisions or {}
    known = set(said.get("touched", ()))
    if more := set(marks.touched(work, people)) - known:
        step(work, case, decisions={**said, "touched": sorted(known | more)})
