"""Which keys of requests are needed still, whatever a row of ours says of their end."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from ...core.certificate import LATER
from ...core.lifecycle import COPIES, UNANSWERED, State
from .. import tables
from ..binds import intents
from ..casework import cases
from ..casework.contacts import CONTACT_DAYS
from ..certificates import laternotice
from ..statements.sql import chunks

_WAITS = sorted(state.value for state in UNANSWERED | {State.PARTIAL})
_COPIES = sorted(state.value for state in COPIES)


def among(conn: Connection, labels: Collection[str], today: str) -> set[str]:
    """Return those of requests that are not over, and of what is kept or decided for one.

    :param conn: open transaction; a read-only one is enough.
    :param labels: labels of keys, of whatever kind.
    :param today: ``YYYY-MM-DD``; by an empty one no day is over: the clock is in doubt.
    """
    request, intent = tables.request.c, tables.intent.c
    found = {
        *(cases.label(each) for each in _there(
            conn, request.number, labels, cases.label(""), _open(today)
        )),
        *(intents.label(each) for each in _there(
            conn, intent.number, labels, intents.label(""), intent.state == intents.OPEN
        )),
    }  # fmt: skip
    box = tables.box.c
    living = box.purpose == LATER, box.forgotten_at.is_(None), box.last_day >= today
    for part in chunks(sorted(each for each in labels if each.startswith(laternotice.label("")))):
        found |= set(conn.execute(select(box.label).where(box.label.in_(part), *living)).scalars())
    return found.intersection(labels)


def _open(today: str) -> ColumnElement[bool]:
    """Return the condition of requests whose guest may be written to still, or may complain yet."""
    request = tables.request.c
    refused = [request.state == State.REFUSED.value]
    if today:
        # What was refused earlier on that day is over in the course of this one.
        last = date.fromisoformat(today) - timedelta(days=CONTACT_DAYS - 1)
        refused.append(request.ended_at >= datetime.combine(last, time()))
    return or_(
        request.state.in_(_WAITS),
        and_(request.state.in_(_COPIES), request.ended_at.is_(None)),
        and_(*refused),
    )


def _there(
    conn: Connection, number: ColumnElement[str], labels: Collection[str], begin: str,
    *conditions: ColumnElement[bool],
) -> set[str]:
    """Return which numbers that labels name stand in a table, under conditions."""
    named = sorted(each.removeprefix(begin) for each in labels if each.startswith(begin))
    found = set[str]()
    for part in chunks(named):
        found |= set(conn.execute(select(number).where(number.in_(part), *conditions)).scalars())
    return found
