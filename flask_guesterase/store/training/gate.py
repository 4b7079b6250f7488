"""The look at a person's training before they act: it warns, and blocks where nothing waits."""

from __future__ import annotations

from datetime import date

from ...core.course import CALM, NEEDS, WAITING, Deed, Training
from ...core.errors import ForbiddenError
from ..access import actors
from ..casework.cases import Case
from ..requests import deadlines
from ..work import Work
from . import records


def ready(work: Work, by: str | None, deed: Deed, place: str, case: Case | None = None) -> None:
    """Note an act without training; where the host says so, and nothing waits, refuse it.

    Who may not do it at all is left to be refused for that.

    :param work: the open transaction, in which they act.
    :param by: the host's id of who acts; None at a console, where nobody is asked.
    :param deed: what they do.
    :param place: code of the property.
    :param case: the request it is about, or None.
    :raises ForbiddenError: the host lets a missing training block this, and no day is near.
    """
    course, right = NEEDS[deed]
    if work.training is Training.OFF or by is None or not actors.may(work, by, right, place):
        return
    actor = actors.number(work, by)
    if records.valid(work, actor, course):
        return
    if work.training is Training.BLOCK and deed in WAITING and not _pressing(work, case):
        raise ForbiddenError(
            f"This needs the training '{course}', which is missing or over.",
            "Take it under 'Training'; it takes about ten minutes.",
        )
    records.miss(work, actor, course, place, case.number if case else "", deed.value)


def _pressing(work: Work, case: Case | None) -> bool:
    """Return whether the day of an answer is near or past."""
    if case is None:
        return False
    days = [deadlines.due(work, case), deadlines.receipt_due(work, case)]
    near = [day for day in days if isinstance(day, date)]
    return bool(near) and (min(near) - deadlines.today(work, case)).days <= CALM
