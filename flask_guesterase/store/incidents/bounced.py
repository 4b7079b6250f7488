"""Letters of an incident that were given up: nobody was told by them."""

from __future__ import annotations

from sqlalchemy import select, update

from ...core.incidents import CLOSED, SENDING, SENT, Whom
from .. import tables
from ..messages.outbox import FAILED
from ..work import Work

LETTER = "incident"
"""Text of the letter that tells a guest of an incident."""


def given_up(work: Work, number: str) -> set[str]:
    """Return the marks of the letters of an incident that were given up.

    :param work: the open transaction.
    :param number: number of the incident.
    """
    table = tables.outbox
    mine = table.c.dedupe.startswith(f"{LETTER}:{number}:", autoescape=True)
    found = work.conn.execute(select(table.c.dedupe).where(mine, table.c.state == FAILED))
    return set(found.scalars())


def count(work: Work, template: str, mark: str, left: bool) -> None:
    """Count who got no letter of an incident among those who are told otherwise, or no more.

    Whether what was told otherwise reaches them too is read anew, as long as it is open. Of letters
    that are still being written the ones that wait count whose letter was given up by then.

    :param work: the open transaction.
    :param template: name of the text of what was given up, or left after all.
    :param mark: what it is known by.
    :param left: it left after all.
    """
    if template != LETTER:
        return
    number, more = mark.split(":")[1], -1 if left else 1
    table, incident = tables.notice, tables.incident
    # Nobody confirms or closes by a count that is about to change.
    work.conn.execute(select(incident.c.id).where(incident.c.number == number).with_for_update())
    states = (SENT,) if left else (SENDING, SENT)
    mine = (
        table.c.incident == number, table.c.whom == Whom.GUESTS.value, table.c.state.in_(states),
        (table.c.untold if left else table.c.told) > 0,
    )  # fmt: skip
    counts = {"told": table.c.told - more, "untold": table.c.untold + more}
    work.conn.execute(update(table).where(*mine).values(**counts))
    if not left:
        open_ = select(incident.c.id).where(incident.c.number == number, incident.c.state != CLOSED)
        anew = update(table).where(*mine[:3], open_.exists())
        work.conn.execute(anew.values(confirmed_by=None, confirmed_at=None))
