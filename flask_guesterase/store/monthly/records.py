"""Monthly reviews and their points as rows: read, locked, written, told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from ...core.errors import TransitionError
from ...core.events import Event
from ...core.monthly import CLOSED, OPEN, Point
from ...core.permissions import Permission
from .. import tables
from ..boxes import safe
from ..casework import written
from ..casework.numbered import Numbered
from ..settings import Property
from ..work import Work

Monthly = Row[Any]
"""A row of the table of monthly reviews."""

PURPOSE = "monthly"
"""What the boxes of reviews are kept for."""

_ROWS = Numbered(tables.monthly, "GM", "review", Permission.IMPROVE)
load, allowed, change = _ROWS.load, _ROWS.allowed, _ROWS.change


def known(work: Work, code: str, month: str) -> bool:
    """Return whether a property has a review of a month."""
    table = tables.monthly
    mine = select(table.c.id).where(table.c.property == code, table.c.month == month)
    return work.conn.execute(mine).first() is not None


def add(work: Work, hotel: Property, values: Mapping[str, Any]) -> Monthly:
    """Insert a review under a random number and return it.

    :raises TransitionError: there is one of this month.
    """

    def require() -> None:
        if known(work, hotel.code, values["month"]):
            raise TransitionError("There is a review of this month.", "Go on with that one.")

    return _ROWS.add(work, hotel, values, require)


def at_work(work: Work, number: str, by: str) -> tuple[Monthly, str]:
    """Return a review that is open, locked, and the number of who may hold it.

    :raises ForbiddenError: they may not hold reviews at its property.
    :raises TransitionError: it is closed.
    """
    row, actor = allowed(work, number, by, lock=True)
    if row.state == CLOSED:
        raise TransitionError("This review is closed.", "Open that of the next month.")
    return row, actor


def note(
    work: Work, row: Monthly, actor: str, kind: Point, said: Mapping[str, str], **values: Any
) -> int:
    """Write a point of a review down; return its number.

    :param work: the open transaction.
    :param row: the review, locked.
    :param actor: opaque number of who writes.
    :param kind: member, finding or action.
    :param said: what is sealed: words, and logins.
    :param values: further columns.
    """
    box = written.seal(work, row.controller, PURPOSE, dict(said))
    done = work.conn.execute(
        insert(tables.point).values(
            monthly=row.number, controller=row.controller, property=row.property,
            kind=kind.value, box=box, made_by=actor, made_at=work.stamp, **values,
        )
    )  # fmt: skip
    return int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def points(work: Work, number: str, kind: Point | None = None) -> Sequence[Row[Any]]:
    """Return the points of a review, in the order in which they were written."""
    table = tables.point
    wanted = select(table).where(table.c.monthly == number).order_by(table.c.id)
    if kind is not None:
        wanted = wanted.where(table.c.kind == kind.value)
    return work.conn.execute(wanted).all()


def words(work: Work, box: str | None) -> dict[str, str]:
    """Return what lies in a box of a review, or nothing once its day is over."""
    return dict(safe.peek(work, box) or {})


def tell(
    work: Work,
    event: type[Event],
    row: Monthly,
    actor: str,
    said: tuple[tuple[str, ...], Mapping[str, int], Mapping[str, str]] = ((), {}, {}),
) -> None:
    """Note that something happened to a review, for the journal and the signals.

    :param said: grounds, counts and marks.
    """
    grounds, counts, marks = said
    work.events.append(
        event(row.controller, row.property, row.number, actor, dict(counts), grounds, dict(marks))
    )


def renew(work: Work) -> int:
    """Seal anew what reviews say that are open, or whose actions are; return how many."""
    table, point = tables.monthly, tables.point
    mine = select(table.c.number).where(table.c.state == OPEN)
    undone = (point.c.kind == Point.ACTION.value) & point.c.done_at.is_(None)
    return written.renew(work, point, ("box",), point.c.monthly.in_(mine) | undone, PURPOSE)
