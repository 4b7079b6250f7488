"""What was shown to authorities: looked at by a second person, or told of when it is late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, exists, select, update

from ...core.errors import FourEyesError, InputError, TransitionError, UnknownError
from ...core.events import DisclosureOverdue, DisclosureReviewed
from ...core.permissions import Permission
from ...core.register import Judgement
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..boxes import safe
from ..casework.cases import plain_number
from ..statements.paging import paged
from ..work import Work

PAGE = 50
"""Disclosures on a page; they are kept for three years."""


def review(work: Work, number: str, by: str, finding: str) -> None:
    """Record what a second person finds about a disclosure.

    :param work: the open transaction.
    :param number: its number.
    :param by: the host's id of the second person.
    :param finding: fine, excessive or unfounded.
    :raises UnknownError: there is no such disclosure.
    :raises ForbiddenError: they may neither produce the register nor audit at this property.
    :raises FourEyesError: they produced it.
    :raises TransitionError: it was reviewed before.
    :raises InputError: there is no such finding.
    """
    table = tables.disclosure
    row = work.conn.execute(
        select(table).where(table.c.number == plain_number(number)).with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownError("There is no disclosure with this number.", "Look it up in the list.")
    actor = actors.allow(work, by, _reviews(work, by, row.property), row.property)
    if same(work.conn, actor, row.made_by, work.stamp):
        raise FourEyesError("Whoever produced the register does not review it.", "Ask a colleague.")
    if row.reviewed_by is not None:
        raise TransitionError("This disclosure was reviewed already.", "Its finding stays.")
    if finding not in set(Judgement):
        raise InputError("There is no such finding.", f"Use one of: {', '.join(Judgement)}.")
    work.conn.execute(
        update(table)
        .where(table.c.number == row.number)
        .values(reviewed_by=actor, reviewed_at=work.stamp, finding=finding)
    )
    place = work.settings.home(row.property)
    work.events.append(DisclosureReviewed(
        place.controller, place.code, row.number, actor, grounds=(finding,)
    ))  # fmt: skip


def _reviews(work: Work, by: str, place: str) -> Permission:
    """Return the permission by which a person may review at a property."""
    if actors.may(work, by, Permission.REGISTER, place):
        return Permission.REGISTER
    return Permission.AUDIT


def listed(
    work: Work, by: str, property_: str | None = None, page: int = 0
) -> Sequence[dict[str, Any]]:
    """Return disclosures, those that wait for a second person first, opened for who may review.

    :param work: the open transaction.
    :param by: the host's id of who asks; only properties at which they may review.
    :param property_: code of one property, or None for all of them.
    :param page: number of a page of `PAGE`, of which one more says that another one follows; 0 for
        all of them.
    :raises ForbiddenError: they may review at no property.
    :raises InputError: there is no such page.
    """
    codes = [
        code
        for code in work.settings.properties
        if property_ in (None, code)
        and actors.may(work, by, _reviews(work, by, code), code)
    ]
    if not codes:
        actors.require(work, by, Permission.REGISTER, property_ or "")
    table = tables.disclosure
    wanted = (
        select(table)
        .where(table.c.property.in_(codes))
        .order_by(table.c.reviewed_at.is_not(None), table.c.made_at.desc(), table.c.number)
    )
    rows = work.conn.execute(paged(wanted, page, PAGE)).all()
    me = actors.number(work, by)
    return [_shown(work, row, me) for row in rows]


def _shown(work: Work, row: Row[Any], me: str) -> dict[str, Any]:
    content = safe.peek(work, row.box) or {}  # its three years may be over
    waits = row.reviewed_by is None
    return {
        "number": row.number,
        "property": row.property,
        "made_at": row.made_at,
        "basis": row.basis,
        "rows": row.rows,
        "sealed": row.sealed_rows,
        "review_due": row.review_due,
        "late": waits and row.review_due < work.stamp,
        "finding": row.finding,
        "mine": row.made_by == me,
        "asked": content,
    }


def overdue(work: Work) -> int:
    """Tell once of each disclosure that nobody reviewed in time; return how many those were.

    :param work: the open transaction.
    """
    table, entry = tables.disclosure, tables.entry
    told = exists().where(
        entry.c.request == table.c.number, entry.c.action == DisclosureOverdue.name
    )
    rows = work.conn.execute(
        select(table.c.number, table.c.property)
        .where(table.c.reviewed_at.is_(None), table.c.review_due < work.stamp, ~told)
        .order_by(table.c.number)
    ).all()
    for row in rows:
        place = work.settings.properties.get(row.property)
        if place is not None:
            work.events.append(DisclosureOverdue(place.controller, place.code, row.number))
    return len(rows)
