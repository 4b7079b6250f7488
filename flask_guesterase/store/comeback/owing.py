"""Rows of a request in which an erased person came back and nothing is settled yet."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, func, or_, select

from ...core.certificate import Left
from ...core.plan import Person, key_text
from .. import tables
from ..work import Work

GOES = "open"
"""State of a row that is erased again by itself, once nothing stands in its way."""

SEEN, THERE = "seen", "there"
"""States of a row that was seen in the host's own transaction and not judged yet: it is a new one;
or it was there before, or may have been, and was written to."""

HOLDING = (GOES, SEEN, THERE)
"""States of a row that may still be erased again by itself."""

ASKED = "staff"
"""State of a row of which staff are to say whose it is."""

_REASONS = {GOES: "came-back", ASKED: "perhaps-back"}
"""State of a row that came back -> why a request is not complete while it stands."""

LIVES = "lives"
"""State of a row that is another person's, or of a new stay."""

WAITING = tuple(_REASONS)
"""States of a row that came back as long as it is neither erased again nor let live."""


def left(work: Work, number: str) -> list[Left]:
    """Return what of a request came back and is neither erased again nor let live.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.returned
    found = work.conn.execute(
        select(table.c.table_name, table.c.state, func.count())
        .where(table.c.request == number, table.c.state.in_(WAITING))
        .group_by(table.c.table_name, table.c.state)
        .order_by(table.c.table_name, table.c.state)
    )
    return [Left(name, rows, _REASONS[state]) for name, state, rows in found]


def goes(work: Work, number: str) -> bool:
    """Return whether a row of a request that came back is still to be erased again by itself.

    One that was seen and not judged yet may be. A profile that several requests erased keeps each
    of them, whichever its line names.

    :param work: the open transaction.
    :param number: number of the request.
    """
    table = tables.returned
    mine = table.c.request == number, theirs().where(tables.subject.c.request == number).exists()
    found = select(table.c.id).where(table.c.state.in_(HOLDING), or_(*mine))
    return work.conn.execute(found.limit(1)).first() is not None


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
