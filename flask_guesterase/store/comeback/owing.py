"""Rows of a request in which an erased person came back and nothing is settled yet."""

from __future__ import annotations

from sqlalchemy import func, select

from ...core.certificate import Left
from .. import tables
from ..work import Work

_REASONS = {"open": "came-back", "staff": "perhaps-back"}
"""State of a row that came back -> why a request is not complete while it stands."""

WAITING = tuple(_REASONS)
"""States of a row that came back as long as it is neither erased again nor let live."""


def left(work: Work, number: str) -> list[Left]:
    """Return what of a request came back and is neither erased again nor let live.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.returned
    found = work.conn.execute(
        select(table.c.table_name, table.c.state, func.count())
        .where(table.c.request == number, table.c.state.in_(WAITING))
        .group_by(table.c.table_name, table.c.state)
        .order_by(table.c.table_name, table.c.state)
    )
    return [Left(name, rows, _REASONS[state]) for name, state, rows in found]
