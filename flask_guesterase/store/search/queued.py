"""Searches as rows: those that wait, that were asked for again, and what they look for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from ...core.errors import UnknownError
from ...core.image import Image, strips
from ...core.lifecycle import State
from ...core.log import canonical
from .. import tables
from ..boxes import boxing, safe
from ..casework.cases import load
from ..statements.sql import one_of
from ..work import Work
from . import outlived, sought
from .row import row_of, write
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
        .where(one_of(search.c.request, living))
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
    if row is None or sought.values(work, row.box) is None:
        raise UnknownError(
            "This search cannot be repeated: the values it looked for have ended.",
            "Look at the places it named yourself, and say on the page of the request what is "
            "gone. The guest can ask for a search of their own with the case code.",
        )
    wanted: dict[str, Any] = {"state": sought.WAITING}
    if scope:
        wanted["scope"] = Reach(scope).value
    write(work, case.number, **wanted)


def more(work: Work, number: str, images: Sequence[Image]) -> None:
    """Look for what was kept and went on its day as well; the request has ended or will.

    What was found of values that have ended since is told on: nobody can look for it again.

    :param work: the transaction that erased it.
    :param number: number of the request.
    :param images: the rows as they were.
    :raises SealError: what was looked for before cannot be read now.
    """
    try:
        case = load(work, number)
    except UnknownError:
        # Somebody took its row away: nobody is left to whom a look would be told.
        return
    region = work.settings.home(case.property).country
    fresh = sought.gather(work, strips(images), region)
    if not fresh:
        return
    row = row_of(work, number, lock=True)
    known = None if row is None else sought.values(work, row.box)
    wanted = sought.item(work, case, list(dict.fromkeys([*(known or ()), *fresh])))
    (box,) = boxing.put(work.conn, work.custodian, [wanted], work.today)
    values: dict[str, Any] = {"box": box, "state": sought.WAITING}
    if row is None:
        values |= {"request": number, "scope": Reach.EVERYTHING.value, "queued_at": work.stamp}
        work.conn.execute(insert(tables.search).values(values))
        return
    if known is None:
        values["found"] = canonical(outlived.carried(row.found)).decode()
    safe.drop(work, row.box)
    write(work, number, **values)
