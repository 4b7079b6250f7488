"""Rows of a request in which an erased person came back and nothing is settled yet."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, func, or_, select

from ...core.certificate import Left
from ...core.plan import Person, key_text
from .. import tables
from ..work import Work

GOES = "open"
"""State of a row that is erased again by itself, once nothing stands in its way."""

ASKED = "staff"
"""State of a row of which a person says whose it is."""

SEEN, THERE = "seen", "there"
"""States of a row that was seen in the host's own transaction and not judged yet: it is a new one;
or it was there before, or may have been, and was written to."""

HOLDING = (GOES, ASKED, SEEN, THERE)
"""States of a row in which somebody who was erased may stand."""

REASONS = {GOES: "came-back", ASKED: "perhaps-back"}
"""State of a row that came back -> why a request is not complete while it stands."""

LIVES = "lives"
"""State of a row that is another person's, or of a new stay."""

STAYS = "row:lives"
"""Why a kept row has ended that stands where it was, as its row lives; no precondition is so
called."""

WAITING = tuple(REASONS)
"""States of a row that came back as long as it is neither erased again nor let live."""


def left(work: Work, number: str, others: bool = False) -> list[Left]:
    """Return what of a request came back and is neither erased again nor let live.

    :param work: the open transaction.
    :param number: number of the request.
    :param others: also of profiles it erased whose line names another request.
    """
    table = tables.returned
    found = work.conn.execute(
        select(table.c.table_name, table.c.state, func.count())
        .where(_whose(number, others), table.c.state.in_(WAITING))
        .group_by(table.c.table_name, table.c.state)
        .order_by(table.c.table_name, table.c.state)
    )
    return [Left(name, rows, REASONS[state]) for name, state, rows in found]


def holds(work: Work, number: str) -> bool:
    """Return whether a row keeps a request from ending: one of the guest's may stand there.

    It goes again by itself, or a person says whose it is. A profile that several requests erased
    keeps each of them, whichever its line names.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.returned
    found = select(table.c.id).where(table.c.state.in_(HOLDING), _whose(number, others=True))
    return work.conn.execute(found.limit(1)).first() is not None


def _whose(number: str, others: bool) -> ColumnElement[bool]:
    mine = tables.returned.c.request == number
    if not others:
        return mine
    return or_(mine, theirs().where(tables.subject.c.request == number).exists())


def theirs() -> Select[tuple[str]]:
    """Return the requests that erased the profile a line about a row that came back is about."""
    back, subject = tables.returned.c, tables.subject.c
    return select(subject.request).where(
        subject.table_name == back.table_name, subject.row_key == back.row_key,
        subject.erased_at.is_not(None),
    )  # fmt: skip


def without_living(work: Work, number: str, who: Iterable[Person]) -> tuple[Person, ...]:
    """Return people without those whose row came back and lives: nothing of it is left undone.

    :param work: the open transaction.
    :param number: number of the request.
    :param who: the people it is about.
    """
    table = tables.returned
    found = work.conn.execute(
        select(table.c.table_name, table.c.row_key).where(
            table.c.request == number, table.c.state == LIVES
        )
    )
    living = {(row.table_name, row.row_key) for row in found}
    return tuple((name, key) for name, key in who if (name, key_text(key)) not in living)
