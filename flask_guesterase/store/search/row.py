"""The row that is kept of a request's search: found, and written into."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from ...core.log import canonical
from ...core.seal import fingerprint
from .. import tables
from ..work import Work


def row_of(work: Work, number: str, lock: bool = False) -> Any:
    """Return the row of a request's search, or None.

    :param work: the open transaction.
    :param number: number of the request.
    :param lock: keep others from changing it.
    """
    table = tables.search
    wanted = select(table).where(table.c.request == number)
    return work.conn.execute(wanted.with_for_update() if lock else wanted).one_or_none()


def write(work: Work, number: str, **values: Any) -> None:
    """Write into the row of a request's search.

    :param work: the open transaction.
    :param number: number of the request.
    :param values: column -> what it holds from now on.
    """
    table = tables.search
    work.conn.execute(update(table).where(table.c.request == number).values(**values))


def mark(work: Work, number: str, *parts: str) -> str:
    """Return the keyed mark of one row of one place of one request.

    :param work: the open transaction.
    :param number: number of the request.
    :param parts: the place and the row's key, as text.
    """
    key = work.custodian.pepper("search")
    return fingerprint(key, "row", canonical([number, *parts]).decode())[:16]
