"""Safety copies that are evidence of an incident: of what was erased while it went on unnoticed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from ...core.holding import Scope
from ...core.incidents import COPIED
from .. import tables
from ..incidents import gone
from ..retaining.holds import everywhere
from ..retaining.living import Hold
from ..statements.sql import chunks
from ..work import Work


def as_place(hold: Hold) -> Hold:
    """Return a hold on evidence as it covers what ended without a request: by its place."""
    return replace(hold, scope=Scope.PLACE.value, query="")


def copied(work: Work, hold: Hold) -> Row[Any] | None:
    """Return the incident of which safety copies are evidence, or None.

    :param work: the open transaction.
    :param hold: a hold on evidence.
    """
    table = tables.incident
    row = work.conn.execute(select(table).where(table.c.number == hold.query)).one_or_none()
    return None if row is None or row.kind not in COPIED else row


def copies(work: Work, hold: Hold) -> set[str]:
    """Return the safety copies of requests that are evidence of an incident.

    Who asked at another hotel of the same company, or at one that the settings do not name any
    more, may have been a guest of this one.

    :param work: the open transaction.
    :param hold: a hold on evidence.
    """
    box, request = tables.box, tables.request
    row = copied(work, hold)
    if row is None:
        return set()
    wanted = (
        select(box.c.id, box.c.request, request.c.property)
        .join(request, request.c.number == box.c.request)
        .where(
            request.c.erased_at <= row.opened_at,
            box.c.forgotten_at.is_(None),
            box.c.purpose.in_(["recovery", "recovery-file"]),
        )
    )
    alone = everywhere(work, hold.property)
    if not alone:
        wanted = wanted.where(gone.asked(work, hold.property, row.controller))
    if row.happened_at is not None:
        # Whoever reports it rarely knows the minute.
        wanted = wanted.where(request.c.erased_at >= row.happened_at - timedelta(days=1))
    rows = work.conn.execute(wanted).all()
    others = {each.request for each in rows if not alone and each.property != hold.property}
    mine = _here(work, hold.property, others)
    return {each.id for each in rows if each.request not in others or each.request in mine}


def _here(work: Work, code: str, numbers: Collection[str]) -> set[str]:
    """Return the requests of people who may have been guests of a hotel though they asked another.

    :param code: code of the hotel.
    :param numbers: numbers of requests at other hotels.
    """
    subject, found = tables.subject, set[str]()
    whose: dict[str, dict[str, set[str]]] = {}
    for part in chunks(sorted(numbers)):
        rows = select(subject.c.table_name, subject.c.row_key, subject.c.request).where(
            subject.c.request.in_(part), subject.c.erased_at.is_not(None)
        )
        for table, text, number in work.conn.execute(rows):
            whose.setdefault(table, {}).setdefault(text, set()).add(number)
    for table, texts in whose.items():
        found |= {n for text in gone.here(work, code, table, texts) for n in texts[text]}
    return found
