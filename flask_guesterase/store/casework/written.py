"""What people write in complaints and incidents: sealed until a day, later while it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, select, update

from ...core.seal import Terms
from .. import tables
from ..boxes import safe
from ..work import Work

DAYS = 400
"""How long words outlive the day on which they were written."""

EARLY = 60
"""Days before their end at which words of something that is still open are sealed anew."""


def seal(work: Work, controller: str, purpose: str, value: object) -> str:
    """Seal a value until its day and return the id of its box.

    :param work: the open transaction.
    :param controller: slug of who answers for the data.
    :param purpose: what it is kept for.
    :param value: anything with a canonical form.
    """
    ends = (work.now.date() + timedelta(days=DAYS)).isoformat()
    return safe.keep(work, Terms(controller, purpose, ends), value)


def renew(
    work: Work, table: Table, columns: Sequence[str], open_: ColumnElement[bool], purpose: str
) -> int:
    """Seal anew what would end soon though it belongs to something open; return how many.

    :param work: the open transaction.
    :param table: a table of ours with numbered rows that name a controller.
    :param columns: its columns with ids of boxes.
    :param open_: which of its rows are open.
    :param purpose: what it is kept for.
    """
    soon = (work.now.date() + timedelta(days=EARLY)).isoformat()
    count = 0
    for column in columns:
        rows = work.conn.execute(
            select(table.c.id, table.c.controller, table.c[column])
            .join(tables.box, tables.box.c.id == table.c[column])
            .where(open_, tables.box.c.forgotten_at.is_(None), tables.box.c.last_day < soon)
        ).all()
        for row in rows:
            value = safe.peek(work, row[2])
            if value is None:
                continue
            box = seal(work, row.controller, purpose, value)
            mine = update(table).where(table.c.id == row.id)
            work.conn.execute(mine.values({column: box}))
            safe.drop(work, row[2])
            count += 1
    return count
