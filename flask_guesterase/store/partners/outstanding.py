"""Notices to recipients as staff see them: those that are not settled, and those of a request."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, case, select

from ...core.errors import SealError, UnknownError
from ...core.lifecycle import State
from ...core.permissions import Permission
from ...core.recipient import FINAL, OPEN, Stage
from .. import tables
from ..access import actors
from ..boxes import safe
from ..messages.outbox import FAILED
from ..statements.paging import paged
from ..work import Work

UNSETTLED = [stage.value for stage in OPEN]


PAGE = 50
"""Notices on a page: a recipient that does not answer has one of every night and guest."""


def listed(
    work: Work, by: str | None, property_: str | None = None, page: int = 0, first: int = 0
) -> list[dict[str, Any]]:
    """Return the notices that are not settled: failed and late ones first.

    :param work: the open transaction.
    :param by: the host's id of who asks; only properties at which they may verify are shown. None
        at a console, which is not shown what may be told.
    :param property_: code of one property, or None for all of them.
    :param page: number of a page of `PAGE`, of which one more says that another one follows; 0 for
        all of them.
    :param first: number of a notice that comes before all others, where it is among them.
    :raises InputError: there is no such page.
    """
    table = tables.delivery
    codes = [
        code
        for code in work.settings.properties
        if property_ in (None, code)
        and (by is None or actors.may(work, by, Permission.VERIFY, code))
    ]
    urgency = case(
        (table.c.id == first, 0), (table.c.state == Stage.FAILED.value, 1),
        (table.c.due_at <= work.stamp, 2), else_=3,
    )  # fmt: skip
    wanted = (
        select(table)
        .where(table.c.state.in_(UNSETTLED), table.c.property.in_(codes), standing())
        .order_by(urgency, table.c.id)
    )
    rows = work.conn.execute(paged(wanted, page, PAGE)).all()
    return [_shown(work, row, by is not None) for row in rows]


def standing() -> ColumnElement[bool]:
    """Return the condition that what a notice is about was not taken back since.

    Then nobody is to erase it any more; a task asks to tell who was told.
    """
    request, table = tables.request, tables.delivery
    back = select(request.c.id).where(
        request.c.number == table.c.request, request.c.state == State.RESTORED.value
    )
    return ~back.exists()


def of_request(work: Work, number: str) -> list[dict[str, Any]]:
    """Return who was told of a request and how far each got, without what it was told."""
    table = tables.delivery
    rows = work.conn.execute(
        select(table).where(table.c.request == number).order_by(table.c.recipient, table.c.id)
    ).all()
    return [_shown(work, row, False) for row in rows]


def _shown(work: Work, row: Row[Any], opened: bool) -> dict[str, Any]:
    known = {each.name: each for each in work.recipients}
    recipient = known.get(row.recipient)
    shown = {
        "id": row.id,
        "number": row.request,
        "property": row.property,
        "recipient": row.recipient,
        "how": row.how,
        "state": row.state,
        "problem": row.problem,
        "queued_at": row.queued_at,
        "sent_at": row.sent_at,
        "answered_at": row.answered_at,
        "due_at": row.due_at,
        "late": late(work, row),
        "instruction": recipient.instruction() if recipient is not None else "",
        "identities": [],
        "again": False,
    }
    return shown | (to_tell(work, row) if opened and row.outbox is not None else {})


def to_tell(work: Work, row: Row[Any]) -> dict[str, Any]:
    """Return what a person needs to tell it themselves, as long as it was not told."""
    parcel = work.conn.execute(
        select(tables.outbox).where(tables.outbox.c.id == row.outbox)
    ).one()
    try:
        content = safe.read(work, parcel.box) if parcel.box is not None else {}
    except (SealError, UnknownError):
        content = {}
    failed = parcel.state == FAILED
    shown = row.how == "person" or failed
    return {
        "identities": content.get("identities", []) if shown else [],
        "again": bool(content) and failed,
    }


def late(work: Work, row: Row[Any]) -> bool:
    """Return whether an answer is late; nothing but an answer ends that."""
    return row.state not in FINAL and row.due_at is not None and row.due_at <= work.stamp
