"""What staff read of complaints: the list with its days, and one complaint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import case as either
from sqlalchemy import select

from ...core import complaining
from ...core.complaining import OPEN, Mode
from ...core.deadlines import days_left
from ...core.errors import ForbiddenError
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import day_at
from ..messages import outbox
from ..statements.paging import paged
from ..work import Work
from . import records
from .receiving import receipt_mark
from .records import Complaint

ANSWER, RECEIPT = "answer", "receipt"
"""What is due: the answer itself, or the word that the complaint was received."""

PAGE = 50
"""Complaints on one page of the list: a house keeps those it answered for years."""


def listed(
    work: Work, by: str | None, property_: str = "", page: int = 0
) -> Sequence[dict[str, Any]]:
    """Return complaints, open ones first by their day, then the last due, without anybody's words.

    :param work: the open transaction.
    :param by: the host's id of who asks; None at a console.
    :param property_: code of one property, or empty.
    :param page: number of a page of `PAGE`, of which one more says that another one follows; 0 for
        all of them.
    :raises ForbiddenError: they may deal with complaints nowhere.
    :raises InputError: there is no such page.
    """
    codes = [code for code in work.settings.properties if property_ in ("", code)]
    if by is not None:
        codes = [c for c in codes if actors.may(work, by, Permission.COMPLAINT, c)]
        if not codes:
            raise ForbiddenError(
                f"This needs the permission '{Permission.COMPLAINT}' at a property.",
                "Ask whoever gives permissions at your hotel.",
            )
    table = tables.complaint
    ended = table.c.state != OPEN
    wanted = select(table).where(table.c.property.in_(codes)).order_by(
        ended, either((ended, ""), else_=table.c.due_on), table.c.due_on.desc(), table.c.number
    )  # fmt: skip
    return [line(work, row) for row in work.conn.execute(paged(wanted, page, PAGE)).all()]


def about(work: Work, number: str, by: str) -> Sequence[dict[str, Any]]:
    """Return the complaints about a request, the newest first; none to who may not deal with them.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who asks.
    """
    table = tables.complaint
    mine = select(table).where(table.c.request == number).order_by(table.c.id.desc())
    return [
        line(work, row)
        for row in work.conn.execute(mine).all()
        if actors.may(work, by, Permission.COMPLAINT, row.property)
    ]


def line(work: Work, row: Complaint) -> dict[str, Any]:
    """Return one complaint as lists show it: numbers, days and words."""
    today, overdue = day_of(work, row), late(work, row)
    return {
        "number": row.number,
        "property": row.property,
        "request": row.request or "",
        "about": row.about,
        "channel": row.channel,
        "lang": row.lang,
        "state": row.state,
        "outcome": row.outcome or "",
        "received_at": row.received_at,
        "due_on": row.due_on,
        "house": bool(row.house),
        "days_left": days_left(date.fromisoformat(row.due_on), today),
        "late": ANSWER in overdue,
        "receipt_due": "" if acknowledged(work, row) else row.receipt_on or "",
        "receipt_late": RECEIPT in overdue,
        "mode": row.mode or "",
        "advice": row.advice or "",
        "ended_at": row.ended_at,
    }


def show(work: Work, number: str, by: str) -> dict[str, Any]:
    """Return one complaint, opened for who may deal with it.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not deal with complaints at its property.
    """
    row, actor = records.allowed(work, number, by)
    case = records.case_of(work, row)
    said = safe.peek(work, row.box) or {}
    return line(work, row) | {
        "text": said.get("text", ""),
        "contact": said.get("value", ""),
        "filed_by": row.filed_by or "",
        "invited_by": row.invited_by or "",
        "invited_at": row.invited_at,
        "advised_at": row.advised_at,
        "advice_text": (safe.peek(work, row.advice_box) or {}).get("text", ""),
        "answer_text": (safe.peek(work, row.answer_box) or {}).get("text", ""),
        "decided_by": row.decided_by or "",
        "decided_outside": row.state != OPEN and row.mode == Mode.DECIDE and bool(row.advice),
        "case_state": "" if case is None else case.state.value,
        "acknowledged": acknowledged(work, row),
        "mine": case is not None and actor == case.decided_by,
        "outcomes": [each.value for each in complaining.outcomes(records.contested(case))],
    }


def day_of(work: Work, row: Complaint) -> date:
    """Return the day at the property of a complaint."""
    return day_at(work.settings.home(row.property), work.now)


def late(work: Work, row: Complaint) -> tuple[str, ...]:
    """Return what of an open complaint is overdue today."""
    if row.state != OPEN:
        return ()
    today = day_of(work, row).isoformat()
    found = [ANSWER] if row.due_on < today else []
    if row.receipt_on and row.receipt_on < today and not acknowledged(work, row):
        found.append(RECEIPT)
    return tuple(found)


def acknowledged(work: Work, row: Complaint) -> bool:
    """Return whether who complained has the word that it was received: a letter that left."""
    if row.acknowledged_at is not None:
        return True
    table = tables.outbox
    left = select(table.c.id).where(
        table.c.dedupe == receipt_mark(row), table.c.state == outbox.SENT
    )
    return work.conn.execute(left).first() is not None
