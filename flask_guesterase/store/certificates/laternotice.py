"""The later notice: a guest who asked for it is told once that the last of what stayed has gone.

The wish lies beside the contact, in the box of the case, and ends with it. Where something stays
with the answer, the contact that was proved goes, for this alone, into a box under a key of its
own. That key is destroyed with the notice, when the guest wants none any more, or on its day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, insert, select

from ...core.certificate import BOX, LATER, Stay
from ...core.copying import Part, Record, Term
from ...core.events import SYSTEM, LaterNoticeAsked, LaterNoticeEnded, LaterNoticeWithdrawn
from ...core.period import months_after
from ...core.seal import Terms
from .. import tables
from ..access import brake
from ..boxes import safe, vault
from ..casework import proving
from ..casework.cases import Case, load, step, tell
from ..casework.matching import Contact
from ..journaling import approvals
from ..mapping.days import last_whole_day
from ..messages import outbox
from ..statements.sql import chunks
from ..work import Work

MONTHS = 24
"""For how long after the answer a contact may be kept for it."""

WISH = "later"
"""Beside the contact of a request, and in its decisions: what became of the wish."""

_SAID = (LaterNoticeAsked.name, LaterNoticeWithdrawn.name, LaterNoticeEnded.name)

UNSEALED = "unsealed"
"""In the decisions of a request: the day until which its keys were there at most."""

_CONTACT = ("kind", "value")


class Standing(StrEnum):
    """How it stands with the later notice of a request."""

    NONE = "none"
    NO_CONTACT = "no-contact"
    OFFERED = "offered"
    ASKED = "asked"
    KEPT = "kept"
    TOO_LONG = "too-long"
    NOT_KEPT = "not-kept"
    TOLD = "told"


def label(number: str) -> str:
    """Return the label of the key under which a contact is kept for this alone."""
    return f"later:{number}"


def proved(
    work: Work, case: Case, lock: bool = True
) -> tuple[Row[Any] | None, dict[str, Any] | None]:
    """Return which box holds the contact of a request, and what; a box of another's is none.

    :param work: the open transaction.
    :param case: the request.
    :param lock: keep others from sealing it anew until the transaction ends.
    """
    row, value = proving.known(work, case, lock)
    mine = row is not None and value.get("request", case.number) == case.number
    return (row, value) if mine else (None, None)


def keep(work: Work, case: Case, last: str) -> str:
    """Keep the contact of a guest who asked for it, as something stays; return what became of it.

    :param work: the open transaction, in which the request is answered.
    :param case: the request, as it was before its end state.
    :param last: last day of what stays, as far as one is known, ISO.
    :return: a word of `Standing`; empty where nobody asked.
    """
    _, value = proved(work, case)
    if value is None or not value.get(WISH) or not _wanted(work, case.number):
        return ""
    ends = months_after(work.now.date(), MONTHS).isoformat()
    if last >= ends:
        tell(work, LaterNoticeEnded, case, SYSTEM, grounds=("later-too-long",))
        return Standing.TOO_LONG.value
    terms = Terms(case.controller, LATER, ends, label(case.number))
    told = {name: value[name] for name in _CONTACT}
    safe.keep(work, terms, {**told, "request": case.number}, case.number)
    return Standing.KEPT.value


def _wanted(work: Work, number: str) -> bool:
    """Return whether the journal has nothing later than the wish: a restored database may not."""
    mine = [event.name for event in work.events if event.number == number and event.name in _SAID]
    said = [*(each.action for each in approvals.entries_of(work, number, _SAID)), *mine]
    return not said or said[-1] == LaterNoticeAsked.name


def note_kept(work: Work, number: str) -> None:
    """Note which box that is, once the request's own contact has ended; nothing where none is.

    :param work: the open transaction.
    :param number: number of the request.
    """
    box = tables.box
    mine = select(box.c.id, box.c.last_day).where(box.c.request == number, box.c.purpose == LATER)
    for row in work.conn.execute(mine).all():
        work.conn.execute(
            insert(tables.contact).values(request=number, box=row.id, ends_on=row.last_day)
        )


def last_day(work: Work, number: str) -> str:
    """Return the UTC day with which the key of a contact that is kept for it dies; or nothing.

    :param work: the open transaction.
    :param number: number of the request.
    """
    box = tables.box
    mine = select(box.c.last_day).where(
        box.c.request == number, box.c.purpose == LATER, box.c.last_day >= work.today,
        box.c.forgotten_at.is_(None),
    )
    return work.conn.execute(mine).scalar() or ""


def stay(work: Work, case: Case, last: str) -> Stay:
    """Return the line of a certificate that says a contact is kept, and until when.

    :param work: the open transaction.
    :param case: the request.
    :param last: as `last_day` gave it.
    """
    return Stay(BOX, 1, ("payload",), LATER, "", day_of(work, case, last))


def take(work: Work, case: Case) -> Contact | None:
    """Return to whom it is told that the last has gone, or None: to nobody.

    :param work: the open transaction, in which the request ends.
    :param case: the request, locked.
    :raises SealError: the contact is there and cannot be read now.
    """
    box = kept_box(work, case.number)
    if box is None or not _wanted(work, case.number):
        return None
    value = safe.peek(work, box.id)
    if value is None:
        vault.require_lost(work.conn, work.custodian, [box.id])
    # A row can be written by whoever reaches the database, a box cannot.
    if value is None or value["request"] != case.number:
        return None
    return Contact(value["kind"], value["value"])


def send(work: Work, case: Case, contact: Contact | None, params: dict[str, str]) -> None:
    """Tell the guest, once, and end what was kept for it.

    :param work: the open transaction, in which the request ended.
    :param case: the request.
    :param contact: as `take` gave it.
    :param params: what the text needs.
    """
    box = kept_box(work, case.number)
    if box is None:
        return
    if contact is not None:
        text, dedupe = outbox.LATER, f"{outbox.LATER}:{case.number}"
        outbox.queue_message(work, case, contact, text, params, dedupe, box.last_day)
    end(work, case, "later-told" if contact is not None else "later-unreadable")


def end(work: Work, case: Case, why: str) -> bool:
    """End what is kept for a later notice, where something is; return whether something was.

    :param work: the open transaction.
    :param case: the request.
    :param why: one word.
    """
    dropped = drop(work, case.number)
    if dropped:
        tell(work, LaterNoticeEnded, case, SYSTEM, grounds=(why,))
    return dropped


def end_old(work: Work) -> None:
    """End contacts whose day is over, or whose key is gone, as it is in a restored copy."""
    found = work.conn.execute(_KEPT).all()
    if not found or brake.hold_back(work):
        return
    for row in found:
        over = row.last_day < work.today
        if over or work.custodian.lost(label(row.request)):
            case = load(work, row.request, lock=True)
            if end(work, case, "day-over" if over else "later-unreadable"):
                # The day goes with the box; its key was there until today at most.
                step(work, case, decisions={**(case.decisions or {}), UNSEALED: work.today})


def idle(work: Work, labels: Iterable[str]) -> list[str]:
    """Return the keys of requests under which nothing lies: a transaction that failed left them.

    Who is answering now still has the contact of the case, until the other one takes its place. Of
    those of no request nobody can tell (`orphaned.requests`).

    :param work: the open transaction.
    :param labels: labels of the keys there are.
    """
    ours = {each.removeprefix(label("")): each for each in labels if each.startswith(label(""))}
    request, contact, bare = tables.request.c.number, tables.contact.c.request, set[str]()
    for part in chunks(sorted(ours)):
        kept = select(contact).where(contact == request).exists()
        bare.update(work.conn.execute(select(request).where(request.in_(part), ~kept)).scalars())
    return [each for number, each in ours.items() if number in bare]


def part(work: Work, numbers: Iterable[str]) -> list[Part]:
    """Return what a copy of a guest's data says of the contacts that are kept to tell them later.

    :param work: the open transaction.
    :param numbers: the requests by which they were erased.
    """
    records = []
    for number in numbers:
        box = kept_box(work, number)
        value = None if box is None else safe.peek(work, box.id)
        if box is not None and value is not None and value["request"] == number:
            term = Term(_CONTACT, LATER, box.last_day)
            values = {name: value[name] for name in _CONTACT}
            records.append(Record(values, _CONTACT, False, (term,)))
    return [Part(tables.box.name, "", LATER, _CONTACT, tuple(records))] if records else []


def drop(work: Work, number: str) -> bool:
    """Drop a contact that is kept for it, and mark its key to be destroyed; return whether one was.

    :param work: the open transaction.
    :param number: number of the request.
    """
    found = work.conn.execute(_KEPT.where(tables.contact.c.request == number)).all()
    for row in found:
        safe.drop(work, row.id)
        work.conn.execute(delete(tables.contact).where(tables.contact.c.request == number))
        vault.mark_labels(work.conn, [label(number)], work.stamp)
    return bool(found)


_KEPT = (
    select(tables.contact.c.request, tables.box.c.id, tables.box.c.last_day,
           tables.box.c.forgotten_at)
    .join(tables.box, tables.box.c.id == tables.contact.c.box)
    .where(tables.box.c.purpose == LATER)
)  # fmt: skip
"""Contacts that are kept for it, of which there are few: what lies in all boxes is not read."""


def kept_box(work: Work, number: str) -> Any:
    """Return the box in which a contact is kept for it, as long as its day is not over, or None.

    :param work: the open transaction.
    :param number: number of the request.
    """
    box = tables.box
    living = box.c.last_day >= work.today, box.c.forgotten_at.is_(None)
    mine = _KEPT.where(tables.contact.c.request == number, *living)
    return work.conn.execute(mine).first()


def day_of(work: Work, case: Case, last: str) -> str:
    """Return the last whole day at the hotel on which a contact is kept.

    :param work: the open transaction.
    :param case: the request.
    :param last: the UTC day with which its key dies, ISO.
    """
    hotel = work.settings.home(case.property)
    return last_whole_day(date.fromisoformat(last), hotel.zone).isoformat()
