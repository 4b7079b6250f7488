"""Requests that took rows of people who lived: whose they were is written down with each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from sqlalchemy import select

from ...core.errors import SealError
from ...core.holding import Scope
from ...core.plan import Person
from .. import tables
from ..comeback import marks
from ..retaining.holds import Hold, keys_of
from ..statements.sql import chunks
from ..work import Work


def requests(work: Work, hold: Hold, among: Collection[str]) -> set[str]:
    """Return the requests that took a shared row of somebody living, whom a hold may be about.

    Of a hold on a person that is told by the marks; any other may be about whoever it was.

    :param work: the open transaction.
    :param hold: the hold.
    :param among: numbers of the requests that are asked about.
    """
    request, found = tables.request.c, dict[str, list[str]]()
    for part in chunks(sorted(among)):
        wanted = select(request.number, request.decisions).where(request.number.in_(part))
        for row in work.conn.execute(wanted):
            touched = json.loads(row.decisions or "{}").get("touched")
            if touched:
                found[row.number] = touched
    if hold.scope != Scope.SUBJECT:
        return set(found)
    people = [(hold.table, key) for key in keys_of(work, hold.table, [hold.row]).values()]
    return {number for number, touched in found.items() if _may_be(work, people, touched)}


def _may_be(work: Work, people: Iterable[Person], touched: Collection[str]) -> bool:
    try:
        return any(marks.was_touched(work, person, touched) for person in people)
    except SealError:
        # A year's key cannot be read now: nobody can tell whose marks these are.
        return True
