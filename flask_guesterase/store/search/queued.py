"""Searches as rows: those that wait, that were asked for again, and what they look for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from ...core.errors import SealError, UnknownError
from ...core.lifecycle import State
from ...core.needle import Needle
from .. import tables
from ..boxes import vault
from ..casework.cases import load
from ..work import Work
from . import sought
from .space import Reach


def waiting(work: Work) -> list[str]:
    """Return the numbers of requests whose search is to be made."""
    table = tables.search
    rows = select(table.c.request).where(table.c.state == sought.WAITING)
    return list(work.conn.execute(rows.order_by(table.c.queued_at, table.c.request)).scalars())


def left_since(work: Work, moment: datetime) -> list[str]:
    """Return the requests that left something and were last looked at before a moment.

    Those whose values are still there wait for a search from now on.

    :param work: the open transaction.
    :param moment: naive UTC.
    """
    search, request = tables.search, tables.request
    rows = work.conn.execute(
        select(search.c.request, search.c.box)
        .join(request, request.c.number == search.c.request)
        .where(request.c.state == State.PARTIAL.value, search.c.ended_at < moment)
        .order_by(search.c.request)
    ).all()
    living = [row.request for row in rows if row.box is not None]
    work.conn.execute(
        update(search)
        .where(search.c.request.in_(living))
        .values(state=sought.WAITING)
    )
    return [row.request for row in rows]


def asked_again(work: Work) -> list[str]:
    """Return the requests that left something and for which somebody asked to look again."""
    search, request = tables.search, tables.request
    rows = (
        select(search.c.request)
        .join(request, request.c.number == search.c.request)
        .where(request.c.state == State.PARTIAL.value, search.c.state == sought.WAITING)
        .order_by(search.c.request)
    )
    return list(work.conn.execute(rows).scalars())


def again(work: Work, number: str, scope: str = "") -> None:
    """Let a search be made once more.

    :param work: the open transaction.
    :param number: number of the request.
    :param scope: how far, as before when empty.
    :raises UnknownError: nothing was erased, or the values have ended.
    """
    case = load(work, number, lock=True)
    if case.erased_at is None:
        raise UnknownError(
            "Nothing was erased under this request, so there is nothing to look for.",
            "The search follows the erasure by itself.",
        )
    row = row_of(work, case.number)
    if row is None or row.box is None or values(work, row.box) is None:
        raise UnknownError(
            "This search cannot be repeated: the values it looked for have ended.",
            "The guest can ask for a new one with the case code, by typing them in.",
        )
    wanted: dict[str, Any] = {"state": sought.WAITING}
    if scope:
        wanted["scope"] = Reach(scope).value
    table = tables.search
    work.conn.execute(update(table).where(table.c.request == case.number).values(**wanted))


def values(work: Work, box: str | None) -> tuple[Needle, ...] | None:
    """Return the values in a box, or None when their day is over.

    :param work: the open transaction.
    :param box: the box, or None.
    :raises SealError: their key is there and cannot be read now.
    """
    if box is None:
        return None
    try:
        return sought.read(work, box)
    except (SealError, UnknownError):
        vault.require_lost(work.conn, work.custodian, [box])
        return None


def row_of(work: Work, number: str) -> Any:
    """Return the row of a request's search, or None.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.search
    return work.conn.execute(select(table).where(table.c.request == number)).one_or_none()
