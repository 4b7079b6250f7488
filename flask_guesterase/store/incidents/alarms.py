"""The clocks of an incident: who must be told by when, what was, and who is reminded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from ...core.errors import TransitionError, UnknownError
from ...core.events import SYSTEM, IncidentOverdue, IncidentReminded
from ...core.incidents import CLOSED, SENT, Alarm, Whom
from .. import tables
from ..casework import answering, written
from ..casework.cases import day_at
from ..messages import outbox
from ..work import Work
from . import records
from .records import Incident

REMINDER = "incidentdue"
"""Text of the reminder that somebody must be told of an incident."""

UNREACHED = "not-public"
"""Word for what is missing where no letter reached some, and nobody says how they were told."""

EARLY = timedelta(hours=24)
"""Before which people are reminded once a day; after the last moment they are too."""


PROMPT = timedelta(hours=24)
"""After which what a law wants at once, without a number, is called late here."""


@dataclass(frozen=True)
class Ringing:
    """One duty to tell somebody of an incident.

    :param alarm: the duty.
    :param due_at: last moment, naive UTC.
    :param applies: whether it rings, as grave as the incident is by now.
    :param notice: what was recorded of it, or None.
    :param late: whether the moment is past and nobody was told.
    :param hours_left: whole hours until then, negative when it is past.
    """

    alarm: Alarm
    due_at: datetime
    applies: bool
    notice: Row[Any] | None
    late: bool
    hours_left: int

    @property
    def done(self) -> bool:
        """Return whether they were told."""
        return self.notice is not None and self.notice.state == SENT

    @property
    def unreached(self) -> bool:
        """Return whether letters went, and nobody confirmed how who got none was told otherwise.

        Source: GDPR Article 34(3)(c).
        """
        sent = self.notice if self.done else None
        return sent is not None and sent.untold > 0 and sent.confirmed_at is None


def ringing(work: Work, row: Incident) -> Sequence[Ringing]:
    """Return the duties of an incident, the most urgent first."""
    hotel = work.settings.properties.get(row.property)
    known = () if hotel is None else answering.alarms(work.settings, hotel)
    notices = {notice.alarm: notice for notice in _notices(work, row)}
    severity = records.severity(row)
    found = []
    for alarm in known:
        due, notice = alarm.due(row.noticed_at), notices.get(alarm.id)
        open_ = alarm.applies(severity) and (notice is None or notice.state != SENT)
        left = int((due - work.stamp).total_seconds() // 3600)
        late = open_ and missed(alarm, due, work.stamp) and row.state != CLOSED
        found.append(Ringing(alarm, due, alarm.applies(severity), notice, late, left))
    return sorted(found, key=lambda each: (each.due_at, each.alarm.id))


def missed(alarm: Alarm, due: datetime, at: datetime) -> bool:
    """Return whether who is told of a duty at this moment is told late.

    :param alarm: the duty.
    :param due: its last moment.
    :param at: when they are told.
    """
    return at > due + (PROMPT if alarm.hours == 0 else timedelta(0))


def duty(work: Work, row: Incident, id: str, whom: Whom) -> Ringing:
    """Return one duty of an incident.

    :raises UnknownError: there is none of this name at its property.
    """
    for each in ringing(work, row):
        if each.alarm.id == id and each.alarm.whom is whom:
            return each
    raise UnknownError("There is no such duty to tell somebody.", "Look at the incident again.")


def _notices(work: Work, row: Incident) -> Sequence[Row[Any]]:
    table = tables.notice
    return work.conn.execute(select(table).where(table.c.incident == row.number)).all()


def write(work: Work, notice: Row[Any], **values: object) -> None:
    """Write values into the row that says who was told of an incident.

    :param work: the open transaction.
    :param notice: the row.
    :param values: column -> value.
    """
    table = tables.notice
    work.conn.execute(update(table).where(table.c.id == notice.id).values(**values))


def remind(work: Work) -> int:
    """Remind those who must tell somebody of an incident within a day, or late; return how many.

    Each incident is said once a day. What is open keeps what was written. Once letters left nobody
    else to be told than whom none reached, they are reminded of those.
    """
    table = tables.incident
    open_ = table.c.state != CLOSED
    columns = ("box", "reach_box", "review_box")
    written.renew(work, table, columns, open_, records.PURPOSE)
    rows = work.conn.execute(
        select(table)
        .where(open_, table.c.property.in_(list(work.settings.properties)))
        .order_by(table.c.id)
    ).all()
    count = sum(_remind(work, row) for row in rows)
    # After all incidents: who counts a letter that was given up locks an incident first, too.
    mine = select(table.c.number).where(open_)
    for other, boxes in ((tables.notice, ("box", "public_box")), (tables.measure, ("box",))):
        written.renew(work, other, boxes, other.c.incident.in_(mine), records.PURPOSE)
    return count


def _remind(work: Work, row: Incident) -> bool:
    hotel = work.settings.home(row.property)
    today = day_at(hotel, work.now).isoformat()
    duties = [each for each in ringing(work, row) if each.applies]
    near = [each for each in duties if not each.done and each.due_at <= work.stamp + EARLY]
    unreached = [] if near else [each for each in duties if each.unreached]
    if not (near or unreached) or (row.reminded_on or "") >= today:
        return False
    try:
        row = records.change(work, row, reminded_on=today)
    except TransitionError:
        # Somebody acts on it right now; of what stays open the next sweep reminds.
        return False
    late = [each for each in near if each.late]
    first = (near or unreached)[0]
    params = {
        "number": row.number, "due": first.due_at.isoformat(),
        "what": first.alarm.whom.value if near else UNREACHED, "left": "-" if late else "",
    }  # fmt: skip
    for role, address in (("officer", hotel.officer), ("deputy", hotel.deputy if late else "")):
        if address:
            post = outbox.Post(row.controller, row.property, hotel.lang, "email", address)
            mark = f"{REMINDER}:{row.number}:{role}:{today}"
            outbox.queue_post(work, post, REMINDER, params, mark)
    event = IncidentOverdue if late else IncidentReminded
    said = late or near or unreached
    whom = sorted({each.alarm.whom.value for each in said}) if near else [UNREACHED]
    records.tell(work, event, row, SYSTEM, whom, {"duties": len(said)})
    return True
