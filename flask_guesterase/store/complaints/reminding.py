"""The clock of complaints: who is reminded, every night, and what must not end meanwhile."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from ...core.complaining import OPEN
from ...core.deadlines import days_left, reminds
from ...core.errors import TransitionError
from ...core.events import SYSTEM, ComplaintOverdue, ComplaintReminded
from .. import tables
from ..casework import written
from ..messages import outbox
from ..settings import Property
from ..work import Work
from . import looking, records
from .records import Complaint

REMINDER = "complaintdue"
"""Text of the reminder that an answer to a complaint is due."""


def remind(work: Work) -> int:
    """Remind those whose complaint must be answered soon, or is late; return how many complaints.

    Seven, three and one day before the officer is reminded, and every day once it is late, then
    the deputy too. What is open keeps what was written.
    """
    table = tables.complaint
    open_ = table.c.state == OPEN
    written.renew(work, table, ("box", "advice_box"), open_, records.PURPOSE)
    rows = work.conn.execute(
        select(table)
        .where(open_, table.c.property.in_(list(work.settings.properties)))
        .order_by(table.c.due_on, table.c.id)
    ).all()
    return sum(_remind(work, row) for row in rows)


def _remind(work: Work, row: Complaint) -> bool:
    today, overdue = looking.day_of(work, row), looking.late(work, row)
    last = date.fromisoformat(row.reminded_on) if row.reminded_on else None
    receipt = None if looking.acknowledged(work, row) else row.receipt_on
    days = {looking.ANSWER: date.fromisoformat(row.due_on)}
    if receipt:
        days[looking.RECEIPT] = date.fromisoformat(receipt)
    if not any(reminds(day, today, last) for day in days.values()):
        return False
    try:
        row = records.change(work, row, reminded_on=today.isoformat())
    except TransitionError:
        # Somebody acts on it right now; of what stays open the next sweep reminds.
        return False
    what = min(days, key=lambda word: days[word])
    left = days_left(days[what], today)
    hotel = work.settings.home(row.property)
    params = {"what": what, "due": days[what].isoformat(), "left": str(left), "number": row.number}
    for role, address in (("officer", hotel.officer), ("deputy", hotel.deputy if overdue else "")):
        if address:
            _write(work, row, hotel, address, (params, f"{role}:{today.isoformat()}"))
    event = ComplaintOverdue if overdue else ComplaintReminded
    records.tell(work, event, row, SYSTEM, overdue, {"days": abs(left)})
    return True


def _write(
    work: Work, row: Complaint, hotel: Property, to: str, said: tuple[dict[str, str], str]
) -> None:
    post = outbox.Post(row.controller, row.property, hotel.lang, "email", to)
    outbox.queue_post(work, post, REMINDER, said[0], f"{REMINDER}:{row.number}:{said[1]}")
