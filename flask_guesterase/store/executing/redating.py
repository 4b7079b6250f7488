"""Certificates that name another day than today's until which something stays, or none.

A period that two people set, another text of a law, or what the hotel wrote since gives what is
kept a day, or another one. The pages say it at once; the certificate gets a supplement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, and_, func, select
from sqlalchemy import Row as Line

from ...core.lifecycle import State
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..casework.cases import load
from ..certificates import beside, certifying
from ..lawbook.blockers import today_at
from ..retaining import law
from ..statements.sql import chunks
from ..unit import HasWork, Run
from ..work import Work
from . import supplementing

TOGETHER = 500
"""Requests whose certificates one transaction reads."""

LOOKS = 20_000
"""Requests one sweep looks at; the next one goes on after them."""

MOST = 2000
"""Supplements after which a sweep looks at no more requests."""

LOOKED = "redated"
"""Name of the pulse that holds the last request that was looked at."""

Days = set[tuple[str, str, str]]
"""Table, category and last day of what stays; an empty day where nobody knows it."""

_STATES = (State.SEALED, State.PARTIAL)


def nightly(run: Run) -> int:
    """Issue supplements where a day became known, moved, or is known no more; return how many.

    :param run: runs a unit of work.
    """
    looked, issued = 0, 0
    while looked < LOOKS and issued < MOST:
        many, numbers = run(_behind)
        for number in numbers:
            issued += int(run(partial(_supplement, number)))
        looked += many
        if many < TOGETHER:
            break
    return issued


def _behind(office: HasWork) -> tuple[int, list[str]]:
    """Return how many requests were looked at now, and those whose certificate says another day.

    The place is noted before they get theirs: one that cannot be issued stops no later one.
    """
    work, request = office.work, tables.request
    last = pulse.look(work.conn, LOOKED)
    rows = work.conn.execute(
        select(request.c.id, request.c.number)
        .where(
            request.c.id > (int(last.note) if last else 0),
            request.c.state.in_([state.value for state in _STATES]),
            request.c.property.in_(sorted(work.settings.properties)),
        )
        .order_by(request.c.id)
        .limit(TOGETHER)
    ).all()
    place = rows[-1].id if len(rows) == TOGETHER else 0
    pulse.put(work.conn, LOOKED, Pulse(work.stamp, str(place)))
    return len(rows), moved(work, [row.number for row in rows])


def moved(work: Work, numbers: Sequence[str]) -> list[str]:
    """Return the requests whose newest certificate does not say a day of something that stays.

    :param work: the open transaction; a read-only one is enough.
    :param numbers: numbers of requests.
    """
    today = _days(work, numbers)
    if not today:
        return []
    said = _said(work, today)
    return [n for n in numbers if n in said and not today.get(n, set()) <= said[n]]


def _days(work: Work, numbers: Sequence[str]) -> dict[str, Days]:
    """Return, per request, until when the law keeps something of it today.

    What a hold or the hotel keeps has no day of its own. What is kept though its day is over goes
    with the next sweep, or a hold keeps it.
    """
    kept = tables.kept
    others: dict[str, set[str]] = {}
    for number, boxes in beside.known(work, numbers).items():
        for box in boxes:
            others.setdefault(box, set()).add(number)
    found: dict[str, Days] = {}
    for row in _lasting(work, kept.c.request, numbers):
        _note(work, found, {row.whose}, row)
    for part in chunks(sorted(others)):
        for row in _lasting(work, kept.c.box, part):
            _note(work, found, others[row.whose], row)
    return found


def _lasting(work: Work, whose: Column[Any], among: Sequence[str]) -> Sequence[Any]:
    """Return what the law keeps today for some requests, or in some boxes."""
    kept = tables.kept
    said = kept.c.property, kept.c.table_name, kept.c.category, kept.c.until
    lasting = kept.c.ended_at.is_(None), kept.c.mode.in_([law.SEALED, law.PLACE])
    wanted = select(whose.label("whose"), *said).where(whose.in_(among), *lasting)
    return work.conn.execute(wanted.group_by(whose, *said)).all()


def _note(work: Work, found: dict[str, Days], numbers: Iterable[str], row: Line[Any]) -> None:
    until = row.until or ""
    if not until or until >= today_at(work.settings, work.now, row.property).isoformat():
        for number in numbers:
            found.setdefault(number, set()).add((row.table_name, row.category, until))


def _said(work: Work, numbers: Iterable[str]) -> dict[str, Days]:
    """Return, per request, what its newest certificate says of that."""
    issued = tables.certificate
    newest = (
        select(issued.c.request, func.max(issued.c.supplement).label("last"))
        .where(issued.c.request.in_(sorted(numbers)))
        .group_by(issued.c.request)
        .subquery()
    )
    mine = and_(issued.c.request == newest.c.request, issued.c.supplement == newest.c.last)
    rows = work.conn.execute(select(issued.c.request, issued.c.body).join(newest, mine))
    return {row.request: _stays(json.loads(row.body)) for row in rows}


def _stays(certificate: dict[str, Any]) -> Days:
    stays = certificate["content"]["stays"]
    return {(each["table"], each["category"], each["until"]) for each in stays}


def _supplement(number: str, office: HasWork) -> bool:
    """Issue a supplement that says what is so today, at most one a day and request."""
    work = office.work
    case = load(work, number, lock=True)
    if case.state not in _STATES or certifying.issued_today(work, case):
        return False
    if not moved(work, [number]):
        return False
    supplementing.supplement(work, case)
    return True
