"""The later notice: a guest who asked for it is told once that the last of what stayed has gone.

The wish lies beside the contact, in the box of the case, and ends with it. Where something stays
with the answer, the contact that was proved goes, for this alone, into a box under a key of its
own. That key is destroyed with the notice, when the guest wants none any more, or on its day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, insert, select

from ..core.asking import Asker
from ..core.certificate import LATER, Stay
from ..core.copying import Part, Record, Term
from ..core.errors import TokenError, TransitionError
from ..core.events import (
    GUEST,
    SYSTEM,
    LaterNoticeAsked,
    LaterNoticeEnded,
    LaterNoticeWithdrawn,
)
from ..core.lifecycle import State
from ..core.period import months_after
from ..core.permissions import Permission
from ..core.seal import Terms
from ..core.wish import Kind
from . import actors, approvals, brake, outbox, proving, safe, tables, tokens, vault
from .cases import Case, load, step, tell
from .days import last_whole_day
from .matching import Contact
from .sql import chunks
from .tokens import Purpose
from .work import Work

MONTHS = 24
"""For how long after the answer a contact may be kept for it."""

WISH = "later"
"""Beside the contact of a request, and in its decisions: what became of the wish."""

_OPEN = frozenset({
    State.VERIFIED, State.REVIEW, State.APPROVED, State.WAITING, State.ERASING, State.CHECKING,
    State.PARTIAL, State.COMPLAINT,
})  # fmt: skip
"""States in which it was shown who asks, and there is no last answer yet."""

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


@dataclass(frozen=True)
class Later:
    """What a guest is told about the later notice.

    :param standing: how it stands.
    :param until: last day at the hotel on which the contact is kept for it, ISO, or empty.
    """

    standing: Standing
    until: str = ""


def label(number: str) -> str:
    """Return the label of the key under which a contact is kept for this alone."""
    return f"later:{number}"


# what a guest does


def look(work: Work, case: Case) -> Later:
    """Return how it stands with the later notice of a request.

    :param work: the open transaction; a read-only one is enough.
    :param case: the request.
    """
    if case.kind != Kind.ERASURE or case.verified_at is None:
        return Later(Standing.NONE)
    if case.state in _OPEN:
        return Later(_open(work, case))
    if case.state not in (State.SEALED, State.ERASED):
        return Later(Standing.NONE)
    box = _box(work, case.number)
    if box is not None:
        return Later(Standing.KEPT, _day(work, case, box.last_day))
    word = (case.decisions or {}).get(WISH, "")
    if case.state is State.ERASED:
        return Later(Standing.TOLD if word == Standing.TOLD else Standing.NONE)
    return Later(Standing.TOO_LONG if word == Standing.TOO_LONG else Standing.NOT_KEPT)


def _open(work: Work, case: Case) -> Standing:
    """Return how it stands before the answer; of who died nobody is written to."""
    _, value = _proved(work, case, lock=False)
    if value is None or case.asked_by == Asker.RELATIVE:
        return Standing.NO_CONTACT
    return Standing.ASKED if value.get(WISH) else Standing.OFFERED


def _proved(
    work: Work, case: Case, lock: bool = True
) -> tuple[Row[Any] | None, dict[str, Any] | None]:
    """Return which box holds the contact of a request, and what; a box of another's is none."""
    row, value = proving.known(work, case, lock)
    mine = row is not None and value.get("request", case.number) == case.number
    return (row, value) if mine else (None, None)


def ask(work: Work, number: str, by: str | None, code: str | None) -> None:
    """Note that the guest of a request wants to be told later; again without harm.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who notes it for the guest, or None.
    :param code: the guest's case code, or None.
    :raises TokenError: the code is not this request's.
    :raises ForbiddenError: the clerk may not file at its property.
    :raises TransitionError: no contact was proved, or it was answered already.
    """
    case = load(work, number, lock=True)
    actor = _actor(work, case, by, code)
    standing = look(work, case).standing
    if standing is Standing.ASKED:
        return
    if standing is not Standing.OFFERED:
        raise TransitionError(
            "Nobody can be told later of this request.",
            "It needs a contact that was proved in it, and is asked for before the answer.",
        )
    _note(work, case, True)
    tell(work, LaterNoticeAsked, case, actor)


def withdraw(work: Work, number: str, by: str | None, code: str | None) -> str:
    """Note that the guest of a request does not want to be told later; again without harm.

    A contact that is kept for it is dropped, and its key is marked to be destroyed.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who notes it for the guest, or None.
    :param code: the guest's case code, or None.
    :return: how it stood before.
    :raises TokenError: the code is not this request's.
    :raises ForbiddenError: the clerk may not file at its property.
    """
    case = load(work, number, lock=True)
    actor = _actor(work, case, by, code)
    standing = look(work, case).standing
    if standing is Standing.ASKED:
        _note(work, case, False)
    elif standing is Standing.KEPT:
        _drop(work, case.number)
        case = step(work, case, decisions={**(case.decisions or {}), UNSEALED: work.today})
    else:
        return standing
    tell(work, LaterNoticeWithdrawn, case, actor)
    return standing


def _actor(work: Work, case: Case, by: str | None, code: str | None) -> str:
    if by is not None:
        return actors.allow(work, by, Permission.FILE, case.property)
    found = tokens.look(work, Purpose.CASE, tokens.plain(code or ""))
    if found.request != case.number:
        raise TokenError("This code is not the code of this request.", "Type it again.")
    return GUEST


def _note(work: Work, case: Case, wanted: bool) -> None:
    row, value = _proved(work, case)
    if row is not None and value is not None:
        rest = {name: each for name, each in value.items() if name != WISH}
        proving.seal(work, case, row, {**rest, WISH: True} if wanted else rest)


# the answer, and after it


def keep(work: Work, case: Case, last: str) -> str:
    """Keep the contact of a guest who asked for it, as something stays; return what became of it.

    :param work: the open transaction, in which the request is answered.
    :param case: the request, as it was before its end state.
    :param last: last day of what stays, as far as one is known, ISO.
    :return: a word of `Standing`; empty where nobody asked.
    """
    _, value = _proved(work, case)
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
    return Stay(tables.box.name, 1, ("payload",), LATER, "", _day(work, case, last))


def take(work: Work, case: Case) -> Contact | None:
    """Return to whom it is told that the last has gone, or None: to nobody.

    :param work: the open transaction, in which the request ends.
    :param case: the request, locked.
    :raises SealError: the contact is there and cannot be read now.
    """
    box = _box(work, case.number)
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
    box = _box(work, case.number)
    if box is None:
        return
    if contact is not None:
        text, dedupe = outbox.LATER, f"{outbox.LATER}:{case.number}"
        outbox.queue_message(work, case, contact, text, params, dedupe, box.last_day)
    end(work, case, "later-told" if contact is not None else "later-unreadable")


def end(work: Work, case: Case, why: str) -> None:
    """End what is kept for a later notice, where something is.

    :param work: the open transaction.
    :param case: the request.
    :param why: one word.
    """
    if _drop(work, case.number):
        tell(work, LaterNoticeEnded, case, SYSTEM, grounds=(why,))


def end_old(work: Work) -> None:
    """End contacts whose day is over, or whose key is gone, as it is in a restored copy."""
    found = work.conn.execute(_KEPT).all()
    if not found or brake.hold_back(work):
        return
    for row in found:
        over = row.last_day < work.today
        if over or work.custodian.lost(label(row.request)):
            why = "day-over" if over else "later-unreadable"
            end(work, load(work, row.request, lock=True), why)


def idle(work: Work, labels: Iterable[str]) -> list[str]:
    """Return the keys under which nothing lies: a transaction that failed, or a restore, left them.

    Who is answering now still has the contact of the case, until the other one takes its place.

    :param work: the open transaction.
    :param labels: labels of the keys there are.
    """
    ours = {each.removeprefix(label("")): each for each in labels if each.startswith(label(""))}
    contact, kept = tables.contact, set[str]()
    for part in chunks(sorted(ours)):
        known = select(contact.c.request).where(contact.c.request.in_(part))
        kept.update(work.conn.execute(known).scalars())
    return [each for number, each in ours.items() if number not in kept]


def part(work: Work, numbers: Iterable[str]) -> list[Part]:
    """Return what a copy of a guest's data says of the contacts that are kept to tell them later.

    :param work: the open transaction.
    :param numbers: the requests by which they were erased.
    """
    records = []
    for number in numbers:
        box = _box(work, number)
        value = None if box is None else safe.peek(work, box.id)
        if box is not None and value is not None and value["request"] == number:
            term = Term(_CONTACT, LATER, box.last_day)
            values = {name: value[name] for name in _CONTACT}
            records.append(Record(values, _CONTACT, False, (term,)))
    return [Part(tables.box.name, "", LATER, _CONTACT, tuple(records))] if records else []


def _drop(work: Work, number: str) -> bool:
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


def _box(work: Work, number: str) -> Any:
    """Return the box in which a contact is kept for it, as long as its day is not over."""
    box = tables.box
    living = box.c.last_day >= work.today, box.c.forgotten_at.is_(None)
    mine = _KEPT.where(tables.contact.c.request == number, *living)
    return work.conn.execute(mine).first()


def _day(work: Work, case: Case, last: str) -> str:
    hotel = work.settings.property(case.property)
    return last_whole_day(date.fromisoformat(last), hotel.zone).isoformat()
