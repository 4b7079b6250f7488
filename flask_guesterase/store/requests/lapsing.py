"""Requests that nobody confirmed: which of them a clock ends, and which a person answers."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, select

from ...core.lifecycle import State
from .. import tables
from ..access.tokens import Purpose
from ..casework.cases import Case
from ..work import Work

UNCONFIRMED = timedelta(days=7)
"""How long a request from the form waits for its guest to show who they are."""


def by_itself() -> ColumnElement[bool]:
    """Return which requests a clock ends when nobody confirms them, whatever the day.

    What reached the hotel otherwise is answered by a person, and so is a refusal that a complaint
    overturned.
    """
    table, complaint = tables.request, tables.complaint
    contested = select(complaint.c.id).where(complaint.c.request == table.c.number)
    return and_(
        table.c.state == State.RECEIVED.value, table.c.channel == "form", ~contested.exists()
    )


def linked(work: Work) -> ColumnElement[bool]:
    """Return which requests have a link that is good: who holds it was told until when.

    :param work: the open transaction.
    """
    token = tables.token
    good = select(token.c.hash).where(
        token.c.request == tables.request.c.number,
        token.c.purpose.in_([Purpose.CONFIRM.value, Purpose.COPY.value]),
        token.c.used_at.is_(None),
        token.c.ends_at > work.stamp,
    )
    return good.exists()


def lapses(work: Work, case: Case) -> bool:
    """Return whether a request ends by itself when nobody confirms it, as its link then says.

    :param work: the open transaction.
    :param case: the request.
    """
    if case.state is not State.RECEIVED:
        return False
    table = tables.request
    mine = select(table.c.id).where(table.c.number == case.number, by_itself())
    return work.conn.execute(mine).first() is not None
