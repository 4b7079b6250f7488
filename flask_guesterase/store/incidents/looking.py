"""What staff read of incidents: the list with its clocks, one incident, and the notice's facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from ...core.incidents import CLOSED, QUEUED, Whom
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import day_at
from ..statements.paging import paged
from ..work import Work
from . import alarms, curing, noticing, publicly, records
from .affected import RECORDS
from .alarms import Ringing
from .records import Incident

PAGE = 50
"""Incidents on one page of the list: a house keeps those it closed for years."""


def listed(
    work: Work, by: str | None, property_: str = "", page: int = 0
) -> Sequence[dict[str, Any]]:
    """Return incidents, open ones first, the most urgent before the others, then the last closed.

    :param work: the open transaction.
    :param by: the host's id of who asks; None at a console.
    :param property_: code of one property, or empty.
    :param page: number of a page of `PAGE`, of which one more says that another one follows; 0 for
        all of them.
    :raises ForbiddenError: they may deal with incidents nowhere.
    :raises InputError: there is no such page.
    """
    table = tables.incident
    mine = select(table).where(table.c.property.in_(records.places(work, by, property_)))
    # Whose clock is next no column says, so all open ones are looked at.
    rows = work.conn.execute(mine.where(table.c.state != CLOSED)).all()
    open_ = sorted(
        (line(work, row) for row in rows), key=lambda each: each["next_at"] or each["noticed_at"]
    )
    closed = mine.where(table.c.state == CLOSED).order_by(table.c.closed_at.desc(), table.c.id)
    wanted = paged(closed, page, PAGE, before=len(open_))
    first = (page - 1) * PAGE
    shown = open_[first : first + PAGE + 1] if page else open_
    return [*shown, *(line(work, row) for row in work.conn.execute(wanted).all())]


def line(work: Work, row: Incident) -> dict[str, Any]:
    """Return one incident as lists show it: numbers, times and words."""
    open_ = row.state != CLOSED
    ringing = [r for r in alarms.ringing(work, row) if r.applies] if open_ else []
    waiting = [r for r in ringing if not r.done]
    return {
        "number": row.number,
        "property": row.property,
        "kind": row.kind,
        "state": row.state,
        "severity": row.severity or "",
        "cause": row.cause or "",
        "noticed_at": row.noticed_at,
        "happened_at": row.happened_at,
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
        "living": row.living,
        "sealed": row.sealed,
        "erased": row.erased,
        "next_at": waiting[0].due_at if waiting else None,
        "late": any(each.late for each in waiting),
        "unreached": any(each.unreached for each in ringing),
    }


def show(work: Work, number: str, by: str) -> dict[str, Any]:
    """Return one incident, opened for who may deal with it; it names no guest.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not deal with incidents at its property.
    """
    row, actor = records.allowed(work, number, by)
    asked = json.loads(row.asked) if row.asked else {}
    return line(work, row) | {
        RECORDS: asked.pop(RECORDS, {}),
        "text": _text(work, row.box),
        "review": _text(work, row.review_box),
        "columns": [f"{table}.{column}" for table, column in records.columns(row)],
        "asked": asked,
        "reached_at": row.reached_at,
        # Numbers of holds count on over all of them, silent ones too.
        "hold": _hold(work, row) if actors.may(work, by, Permission.HOLD, row.property) else None,
        "opened_by": row.opened_by,
        "classified_by": row.classified_by or "",
        "classified_at": row.classified_at,
        "reviewed_by": row.reviewed_by or "",
        "closed_by": row.closed_by or "",
        "duties": [_duty(work, row, each, actor) for each in alarms.ringing(work, row)],
        "measures": _measures(work, row),
        "missing": curing.missing(work, row) if row.state != CLOSED else (),
        "mine": row.reviewed_by == actor,
    }


def _hold(work: Work, row: Incident) -> int | None:
    """Return the number of the hold on its evidence, as long as that stands."""
    table = tables.hold
    mine = select(table.c.id).where(table.c.id == row.hold, table.c.lifted_at.is_(None))
    return work.conn.execute(mine).scalar()


def _text(work: Work, box: str | None) -> str:
    return str((safe.peek(work, box) or {}).get("text", ""))


def _duty(work: Work, row: Incident, each: Ringing, actor: str) -> dict[str, Any]:
    notice, alarm = each.notice, each.alarm
    waits = notice if notice is not None and notice.state == QUEUED else None
    return {
        "id": alarm.id,
        "whom": alarm.whom.value,
        "hours": alarm.hours,
        "article": alarm.article,
        "source": alarm.source,
        "grade": alarm.grade.value,
        "note": alarm.note,
        "due_at": each.due_at,
        "applies": each.applies,
        "late": each.late,
        "hours_left": each.hours_left,
        "state": "" if notice is None else notice.state,
        "words": "" if notice is None else _text(work, notice.box),
        "digest": "" if waits is None else noticing.digest(work, row, waits),
        "sent_at": None if notice is None else notice.sent_at,
        "sent_by": "" if notice is None else notice.sent_by or "",
        "told": 0 if notice is None else notice.told,
        "untold": 0 if notice is None else notice.untold,
        "mine": notice is not None and notice.proposed_by == actor,
        "unreached": each.applies and each.unreached,
        "public": None if notice is None else publicly.shown(work, notice, actor),
    }


def owed(work: Work, by: str) -> list[dict[str, Any]]:
    """Return the measures that a person answers for and that are not done, the first due first.

    They name their incident, and say nothing else of it.

    :param work: the open transaction.
    :param by: the host's id of the person.
    """
    table, actor = tables.measure, actors.known(work, by)
    places = [code for code in work.settings.properties if actors.works(work, by, code)]
    rows = work.conn.execute(
        select(table)
        .where(
            table.c.owner == (actor or ""), table.c.done_at.is_(None),
            table.c.property.in_(places),
        )
        .order_by(table.c.due_on, table.c.id)
    ).all()  # fmt: skip
    return [
        {
            "id": row.id, "incident": row.incident, "property": row.property,
            "text": _text(work, row.box), "due_on": row.due_on,
            "late": row.due_on < _day(work, row),
        }
        for row in rows
    ]  # fmt: skip


def _day(work: Work, row: Row[Any]) -> str:
    return day_at(work.settings.home(row.property), work.now).isoformat()


def _measures(work: Work, row: Incident) -> list[dict[str, Any]]:
    table = tables.measure
    today = _day(work, row)
    rows = work.conn.execute(
        select(table).where(table.c.incident == row.number).order_by(table.c.due_on, table.c.id)
    ).all()
    found = []
    for each in rows:
        said = safe.peek(work, each.box) or {}
        found.append(
            {
                "id": each.id,
                "text": said.get("text", ""),
                "owner": said.get("owner", "") or each.owner,
                "due_on": each.due_on,
                "late": each.done_at is None and each.due_on < today,
                "done_at": each.done_at,
                "done_by": each.done_by or "",
            }
        )
    return found


def notice(work: Work, number: str, alarm: str, by: str) -> dict[str, Any]:
    """Return what the notice to an authority says: facts, counts, measures; no guest's name.

    :raises ForbiddenError: they may not deal with incidents at its property.
    :raises UnknownError: there is no such duty at its property.

    Source: GDPR Article 33(3), PIPL Article 57.
    """
    row, actor = records.allowed(work, number, by)
    duty = alarms.duty(work, row, alarm, Whom.AUTHORITY)
    known = [each for each in records.columns(row) if each[0] in work.datamap.tables]
    kept = {work.datamap.declared(table).retain.get(column, "") for table, column in known}
    return line(work, row) | {
        RECORDS: json.loads(row.asked or "{}").get(RECORDS, {}),
        "text": _text(work, row.box),
        "columns": [f"{table}.{column}" for table, column in records.columns(row)],
        "categories": sorted(filter(None, kept)),
        "duty": _duty(work, row, duty, actor),
        "measures": _measures(work, row),
        "delayed": duty.due_at < work.stamp and duty.alarm.hours > 0 and not duty.done,
    }
