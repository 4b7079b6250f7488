"""Complaints as rows: read, locked, written, told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from ...core.errors import ForbiddenError, FourEyesError, UnknownError
from ...core.events import Event
from ...core.lifecycle import State
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework import cases
from ..casework.cases import Case
from ..casework.numbered import Numbered
from ..work import Work

Complaint = Row[Any]
"""A row of the table of complaints."""

PURPOSE = "complaint"
"""What the boxes of complaints are kept for."""

_ROWS = Numbered(tables.complaint, "GC", "complaint", Permission.COMPLAINT)
load, allowed, add, change = _ROWS.load, _ROWS.allowed, _ROWS.add, _ROWS.change


def case_of(work: Work, row: Complaint, lock: bool = False) -> Case | None:
    """Return the request a complaint is about, or None: there is none, or its time is over."""
    if row.request is None:
        return None
    try:
        return cases.load(work, row.request, lock)
    except UnknownError:
        return None


def contested(case: Case | None) -> bool:
    """Return whether a refusal is contested, which stands or does not."""
    return case is not None and case.state is State.COMPLAINT


def other(work: Work, case: Case | None, actor: str) -> None:
    """Go on only when somebody did not decide what is complained about.

    :raises FourEyesError: they decided it.
    """
    if case is not None and case.decided_by and same(work.conn, actor, case.decided_by, work.stamp):
        raise FourEyesError(
            "Whoever decided a request does not decide about the complaint.",
            "Ask another person, or invite a reviewer from outside.",
        )


def receives(work: Work, by: str, code: str) -> str:
    """Return the opaque number of who may file a complaint at a property.

    :raises ForbiddenError: they may neither file nor deal with complaints there, or several
        people share this login.
    """
    try:
        if not actors.may(work, by, Permission.COMPLAINT, code):
            actors.require(work, by, Permission.FILE, code)
    except ForbiddenError:
        what = f"This needs the permission '{Permission.FILE}' or '{Permission.COMPLAINT}'."
        raise actors.refusal(work, by, code, what) from None
    return actors.acting(work, by)


def tell(
    work: Work,
    event: type[Event],
    row: Complaint,
    actor: str,
    grounds: tuple[str, ...] = (),
    counts: Mapping[str, int] | None = None,
) -> None:
    """Note that something happened to a complaint, for the journal and the signals."""
    work.events.append(
        event(row.controller, row.property, row.number, actor, dict(counts or {}), grounds)
    )
