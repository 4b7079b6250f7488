"""What the journal says of earlier counts, and of the steps since that may explain what left."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select

from ...core.census import LAWFUL, Step
from ...core.events import RegisterCounted
from ...core.log import Draft, Entry, read_entry, word
from .. import tables
from ..work import Work

PAGE = 500


def newest(work: Work, controller: str, code: str, table: str) -> Draft | None:
    """Return what the journal says of the last count of a table, or None where there is none.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param code: code of the property.
    :param table: name of the table.
    """
    wanted = word(code), (word(table),)
    for entry in backwards(work, controller, {RegisterCounted.name}):
        if (entry.draft.facts.get("property"), entry.draft.grounds) == wanted:
            return entry.draft
    return None


def steps(work: Work, controller: str, table: str, since: datetime) -> list[Step]:
    """Return the steps since a time that may have taken lines of a table, the oldest first.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param table: name of the table.
    :param since: naive UTC.
    """
    found = []
    for entry in backwards(work, controller, LAWFUL):
        at = at_of(entry)
        if at < since:
            break
        rows = entry.draft.counts.get(word(table), 0)
        if rows:
            found.append(
                Step(entry.draft.action, entry.index, at, entry.draft.request or "", rows)
            )
    return found[::-1]


def at_of(entry: Entry) -> datetime:
    """Return when an entry was written, naive UTC."""
    return datetime.fromisoformat(entry.draft.at).replace(tzinfo=None)


def backwards(work: Work, controller: str, actions: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a journal with these actions, the newest first."""
    table = tables.entry
    mine = select(table.c.epoch, table.c.position, table.c.body).where(
        table.c.controller == controller, table.c.action.in_(sorted(actions))
    )
    epochs = select(table.c.epoch).where(table.c.controller == controller).distinct()
    for epoch in sorted(work.conn.execute(epochs).scalars(), reverse=True):
        newest_first = (
            mine.where(table.c.epoch == epoch).order_by(table.c.position.desc()).limit(PAGE)
        )
        page = work.conn.execute(newest_first).all()
        while page:
            for row in page:
                yield read_entry(row.body.encode())
            page = work.conn.execute(
                newest_first.where(table.c.position < page[-1].position)
            ).all()
