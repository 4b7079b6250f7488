"""What is evidence of an incident: the journal, and safety copies where they may be the way back.

Guests' own requests go on: no row of the host's is held, only boxes that would end.
"""

from __future__ import annotations

from contextlib import suppress

from .. import placing
from ..holds import living
from ..work import Work
from .records import Incident


def hold(work: Work, row: Incident, actor: str) -> int:
    """Hold what is evidence of an incident; return the number of the hold."""
    return placing.hold_evidence(work, row.property, row.number, actor)


def more(work: Work, row: Incident) -> None:
    """Hold what has become evidence since: the incident is of another kind than was reported."""
    if row.hold in {each.id for each in living(work)}:
        with suppress(StopIteration):
            placing.wrap_evidence(work, row.hold)


def end(work: Work, row: Incident, actor: str) -> None:
    """Let go of the evidence of an incident that is closed."""
    if row.hold is not None:
        placing.end_evidence(work, row.hold, actor)
