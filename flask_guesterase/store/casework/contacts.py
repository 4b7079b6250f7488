"""The way to write to the guest of a request: sealed while it is open, dropped when it ends."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update

from ...core.certificate import LATER
from ...core.lifecycle import UNANSWERED, State
from ...core.seal import Terms
from .. import tables
from ..boxes import safe, vault
from ..work import Work
from .cases import Case, label
from .matching import Contact

CONTACT_DAYS = 400
"""How long the way to write to a guest is sealed; that of an open request is sealed anew then."""

EARLY = 60
"""Days before that end at which it is sealed anew: a hold, or a bill, lasts as long as it does."""

_WAITS = [state.value for state in UNANSWERED | {State.PARTIAL}]
"""States in which the guest is still to be written to."""


def keep_contact(work: Work, case: Case, contact: Contact) -> None:
    """Seal the way to write to the guest of a new request.

    :param work: the open transaction.
    :param case: the request.
    :param contact: as it is on file.
    """
    ends = (work.now.date() + timedelta(days=CONTACT_DAYS)).isoformat()
    terms = Terms(case.controller, "contact", ends, label(case.number))
    value = {
        "kind": contact.kind, "value": contact.value, "lang": case.lang, "request": case.number,
    }  # fmt: skip
    box = safe.keep(work, terms, value, case.number)
    work.conn.execute(insert(tables.contact).values(request=case.number, box=box, ends_on=ends))


def contact_of(work: Work, number: str, sure: bool = False) -> Contact | None:
    """Return the way to write to the guest of a request, or None when there is none (any more).

    :param work: the open transaction.
    :param number: number of the request.
    :param sure: None means that there is none; otherwise also that it cannot be read now.
    :raises SealError: it is there, cannot be read now, and that is to be sure.
    """
    box = _contact_box(work, number)
    value = safe.peek(work, box)
    if value is None and box is not None and sure:
        vault.require_lost(work.conn, work.custodian, [box])
    # A row can be written by whoever reaches the database, a box cannot; those of requests from
    # before boxes said so end with them.
    if value is None or value.get("request", number) != number:
        return None
    return Contact(value["kind"], value["value"])


def end_contact(work: Work, number: str) -> None:
    """Drop the contact of a request that ended; the case's own key is marked to be destroyed."""
    table = tables.contact
    safe.drop(work, _contact_box(work, number))
    work.conn.execute(delete(table).where(table.c.request == number))
    vault.mark_labels(work.conn, [label(number)], work.stamp)


def end_old_contacts(work: Work) -> None:
    """Drop contacts whose day is over, and what is left of refusals nobody complained about.

    That of a request which is still open is sealed anew before its day comes.
    """
    contact, request = tables.contact, tables.request
    soon = (work.now.date() + timedelta(days=EARLY)).isoformat()
    old = (
        select(contact.c.request, contact.c.ends_on, request.c.state, request.c.controller)
        .join(request, request.c.number == contact.c.request, isouter=True)
        .where(contact.c.ends_on < soon, ~_for_later())
    )
    for row in work.conn.execute(old).all():
        if row.state in _WAITS and _renewed(work, row.request, row.controller):
            continue
        if row.ends_on < work.today:
            safe.drop(work, _contact_box(work, row.request))
            work.conn.execute(delete(contact).where(contact.c.request == row.request))
    refused = select(request.c.number).where(
        request.c.state == State.REFUSED.value,
        request.c.ended_at < work.stamp - timedelta(days=CONTACT_DAYS),
    )
    living = work.custodian.labels()
    for number in list(work.conn.execute(refused).scalars()):
        if label(number) in living:
            end_contact(work, number)


def _renewed(work: Work, number: str, controller: str) -> bool:
    """Seal the contact of a request for longer; return False where it cannot be read now."""
    contact = tables.contact
    mine = contact.c.request == number
    box = work.conn.execute(select(contact.c.box).where(mine).with_for_update()).scalar()
    value = safe.peek(work, box)
    if value is None:
        return False
    ends = (work.now.date() + timedelta(days=CONTACT_DAYS)).isoformat()
    fresh = safe.keep(work, Terms(controller, "contact", ends, label(number)), value, number)
    work.conn.execute(update(contact).where(mine).values(box=fresh, ends_on=ends))
    safe.drop(work, box)
    return True


def _contact_box(work: Work, number: str) -> str | None:
    mine = select(tables.contact.c.box).where(tables.contact.c.request == number, ~_for_later())
    box: str | None = work.conn.execute(mine).scalar()
    return box


def _for_later() -> ColumnElement[bool]:
    """Return the condition that a contact is kept for a later notice, and for nothing else."""
    box = tables.box
    return select(box.c.id).where(box.c.id == tables.contact.c.box, box.c.purpose == LATER).exists()
