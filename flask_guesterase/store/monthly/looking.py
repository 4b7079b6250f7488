"""What people read of monthly reviews: the list, and one with its figures as they were."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select

from ...core.errors import ForbiddenError
from ...core.events import MonthlyOpened
from ...core.log import read_entry
from ...core.monthly import CLOSED, Point
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..casework.cases import day_at
from ..work import Work
from . import published, records, reviewing
from .records import Monthly


def listed(work: Work, by: str) -> list[dict[str, Any]]:
    """Return the reviews of the properties at which a person holds them, the newest first.

    :raises ForbiddenError: they may nowhere.
    """
    table = tables.monthly
    codes = [c for c in work.settings.properties if actors.may(work, by, Permission.IMPROVE, c)]
    if not codes:
        raise ForbiddenError(
            f"This needs the permission '{Permission.IMPROVE}' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    rows = work.conn.execute(
        select(table)
        .where(table.c.property.in_(codes))
        .order_by(table.c.month.desc(), table.c.property)
    ).all()
    return [_line(work, row) for row in rows]


def _line(work: Work, row: Monthly) -> dict[str, Any]:
    actions = records.points(work, row.number, Point.ACTION)
    undone = [each for each in actions if each.done_at is None]
    today = _day(work, row.property, work.stamp)
    return {
        "number": row.number,
        "property": row.property,
        "month": row.month,
        "state": row.state,
        "opened_at": row.opened_at,
        "opened_by": row.opened_by,
        "closed_at": row.closed_at,
        "closed_by": row.closed_by or "",
        "actions": len(actions),
        "undone": len(undone),
        "late": any((each.due_on or "") < today for each in undone),
    }


def show(work: Work, number: str, by: str) -> dict[str, Any]:
    """Return one review as it was, with only those figures that the reader may see.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not hold reviews at its property.
    """
    row, actor = records.allowed(work, number, by)
    frozen = json.loads(row.figures)
    seen = [
        c for c in frozen["own"]
        if c == row.property or actors.may(work, by, Permission.FIGURES, c)
    ]  # fmt: skip
    last = reviewing.before(work, row)
    return _line(work, row) | {
        "figures": [each for each in frozen["figures"] if each["property"] in seen],
        "own": {code: frozen["own"][code] for code in seen},
        "published": published.listed(work, seen, row.opened_at),
        "intact": intact(work, row),
        "members": [_point(work, row, e, by) for e in records.points(work, number, Point.MEMBER)],
        "findings": [_point(work, row, e, by) for e in records.points(work, number, Point.FINDING)],
        "todo": [_point(work, row, e, by) for e in records.points(work, number, Point.ACTION)],
        "last_month": "" if last is None else last.month,
        "last": _last(work, row, last, by),
        "missing": reviewing.missing(work, row) if row.state != CLOSED else (),
        "mine": row.opened_by == actor,
    }


def _last(work: Work, row: Monthly, last: Monthly | None, by: str) -> list[dict[str, Any]]:
    """Return the actions of the review before, as they stood when this one was closed."""
    if last is None:
        return []
    return [_point(work, row, each, by) for each in records.points(work, last.number, Point.ACTION)]


def _point(work: Work, row: Monthly, each: Row[Any], by: str) -> dict[str, Any]:
    said = records.words(work, each.box)
    done: datetime | None = each.done_at
    until = row.closed_at or work.stamp
    # What was done after a review was closed was not done when it was looked at.
    then = done is not None and done <= until
    day = _day(work, row.property, until)
    return {
        "id": each.id,
        "text": said.get("text", "") or each.owner or "",
        "owner": said.get("owner", "") or each.owner or "",
        "due_on": each.due_on or "",
        "done_at": done,
        "done": then,
        "late": not then and bool(each.due_on) and each.due_on < day,
    }


def owed(work: Work, by: str) -> list[dict[str, Any]]:
    """Return the actions that a person answers for and that are not done, the first due first.

    :param work: the open transaction.
    :param by: the host's id of the person.
    """
    table, actor = tables.point, actors.known(work, by)
    rows = work.conn.execute(
        select(table)
        .where(
            table.c.kind == Point.ACTION.value, table.c.owner == (actor or ""),
            table.c.done_at.is_(None), table.c.property.in_(list(work.settings.properties)),
        )
        .order_by(table.c.due_on, table.c.id)
    ).all()  # fmt: skip
    return [
        {
            "id": row.id, "property": row.property, "due_on": row.due_on or "",
            "text": records.words(work, row.box).get("text", ""),
            "late": (row.due_on or "") < _day(work, row.property, work.stamp),
        }
        for row in rows
    ]  # fmt: skip


def _day(work: Work, code: str, at: datetime) -> str:
    """Return the day at a property at a moment, naive UTC, as ISO text."""
    return day_at(work.settings.property(code), at.replace(tzinfo=UTC)).isoformat()


def intact(work: Work, row: Monthly) -> bool:
    """Return whether the figures are those of which the journal holds the hash."""
    table = tables.entry
    bodies: Sequence[str] = work.conn.execute(
        select(table.c.body).where(
            table.c.request == row.number, table.c.action == MonthlyOpened.name
        )
    ).scalars().all()  # fmt: skip
    marks = {read_entry(body.encode()).draft.marks.get(reviewing.FIGURES) for body in bodies}
    now = hashlib.sha256(row.figures.encode()).hexdigest()
    # Before the transaction that opened it ends, there is no entry yet.
    return now == row.mark and marks <= {now}
