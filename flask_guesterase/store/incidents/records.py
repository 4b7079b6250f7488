"""Incidents as rows: read, locked, written, told of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from ...core.errors import ForbiddenError, TransitionError
from ...core.events import Event
from ...core.incidents import CLOSED, Severity
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..casework.numbered import Numbered
from ..work import Work

Incident = Row[Any]
"""A row of the table of incidents."""

PURPOSE = "incident"
"""What the boxes of incidents are kept for."""

_ROWS = Numbered(tables.incident, "GI", "incident", Permission.INCIDENT)
load, allowed, add, change = _ROWS.load, _ROWS.allowed, _ROWS.add, _ROWS.change


def at_work(work: Work, number: str, by: str, lock: bool = True) -> tuple[Incident, str]:
    """Return an incident that is not closed, locked, and the number of who may deal with it.

    :param work: the open transaction.
    :param number: number of the incident.
    :param by: the host's id of the person.
    :param lock: keep others from acting on it until the transaction ends.
    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises TransitionError: it is closed.
    """
    row, actor = allowed(work, number, by, lock)
    if row.state == CLOSED:
        raise TransitionError("This incident is closed.", "Open a new one.")
    return row, actor


def on_duty(work: Work, by: str, code: str) -> str:
    """Return the opaque number of anybody whom the host lets do anything at a property.

    :raises ForbiddenError: they may do nothing there, or several people share this login.
    """
    if actors.works(work, by, code):
        return actors.acting(work, by)
    raise actors.refusal(work, by, code, "This needs a permission at this property.")


def severity(row: Incident) -> Severity | None:
    """Return how grave an incident is, or None as long as nobody said."""
    return None if row.severity is None else Severity(row.severity)


def columns(row: Incident) -> list[tuple[str, str]]:
    """Return which columns of the data map it is about: table and column."""
    return [(table, column) for table, column in json.loads(row.columns or "[]")]


def places(work: Work, by: str | None, property_: str = "") -> list[str]:
    """Return the properties at which a person may deal with incidents; all at a console.

    :raises ForbiddenError: they may nowhere.
    """
    codes = [code for code in work.settings.properties if property_ in ("", code)]
    if by is None:
        return codes
    mine = [code for code in codes if actors.may(work, by, Permission.INCIDENT, code)]
    if not mine:
        raise ForbiddenError(
            f"This needs the permission '{Permission.INCIDENT}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    return mine


def tell(
    work: Work,
    event: type[Event],
    row: Incident,
    actor: str,
    grounds: Sequence[str] = (),
    counts: Mapping[str, int] | None = None,
) -> None:
    """Note that something happened to an incident, for the journal and the signals."""
    work.events.append(
        event(row.controller, row.property, row.number, actor, dict(counts or {}), tuple(grounds))
    )
