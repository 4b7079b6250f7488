"""How a complaint comes in: from the case page, without a case, or filed by a clerk."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from ...core import complaining
from ...core.asking import receivable, spoken
from ...core.complaining import OPEN, Clock
from ...core.errors import InputError, MatchError, SealError, TransitionError
from ...core.events import GUEST, ComplaintReceived, RefusalContested
from ...core.identity import Kind, normal
from ...core.lifecycle import State
from .. import tables
from ..access import limits, tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..casework import answering, cases, written
from ..casework.cases import Case, day_at, noon
from ..casework.matching import Contact
from ..messages import outbox
from ..messages.post import write
from ..requests.intake import CHANNELS
from ..settings import Property
from ..work import Work
from . import records
from .records import Complaint

_ADDRESS = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")

RECEIPT = "complained"
"""Text of the letter that says that a complaint was received."""


@dataclass(frozen=True)
class Grievance:
    """What somebody complains about.

    :param about: one of `core.complaining.About`.
    :param text: in their own words; it is sealed.
    :param property: code of the property; that of the request when there is one.
    :param request: number of the request, or empty.
    :param channel: how it came: form, desk, mail, phone, letter or cli.
    :param received: day of receipt at the property; today if None.
    :param lang: language of the answer; the request's, or the property's, when empty.
    :param contact: e-mail address or phone number for the answer, or empty; sealed too.
    """

    about: str
    text: str
    property: str = ""
    request: str = ""
    channel: str = "form"
    received: date | None = None
    lang: str = ""
    contact: str = ""


def from_guest(work: Work, code: str, about: str, text: str) -> str:
    """Take a complaint from the page of a case; return its number, twice where it is sent twice.

    :param work: the open transaction.
    :param code: the guest's case code.
    :param about: one of `core.complaining.About`.
    :param text: in the guest's own words.
    :raises TokenError: the code is unknown or expired.
    :raises InputError: nothing is written, or there is no such word.
    :raises TransitionError: another complaint about this request is open.
    """
    number = str(tokens.look(work, Purpose.CASE, tokens.plain(code)).request)
    case = cases.load(work, number, lock=True)
    before = _open(work, number)
    if before is not None and _says(work, before, about, text):
        return str(before.number)
    hotel = work.settings.home(case.property)
    given = Grievance(about, text, case.property, number, lang=case.lang)
    row = _receive(work, hotel, given, None, case)
    # The page they read next says that it was received, and by when there is an answer.
    row = records.change(work, row, acknowledged_at=work.stamp)
    _told(work, row, case, GUEST)
    return str(row.number)


def without_case(work: Work, given: Grievance, remote: str) -> str:
    """Take a complaint from the privacy page; nobody is looked for, so that nothing is told.

    :param work: the open transaction.
    :param given: what is said; a request's number in it is passed over.
    :param remote: where it came from; counted as a keyed mark.
    :return: number of the complaint.
    :raises LimitError: too much came from there.
    :raises InputError: nothing is written, there is no such word, or that is no contact.
    """
    limits.attempt(work, "complaint", remote)
    hotel = work.settings.property(given.property)
    plain = Grievance(given.about, given.text, hotel.code, lang=given.lang, contact=given.contact)
    row = _receive(work, hotel, plain, None, None)
    row = records.change(work, row, acknowledged_at=work.stamp)
    _told(work, row, None, GUEST)
    return str(row.number)


def file(work: Work, given: Grievance, by: str) -> str:
    """Record a complaint that came by mail, phone, letter or at the desk; return its number.

    :param work: the open transaction.
    :param given: what is said.
    :param by: the host's id of the clerk.
    :raises ForbiddenError: they may neither file nor deal with complaints at the property.
    :raises UnknownError: there is no such request or property.
    :raises InputError: the day of receipt lies ahead, or what was given means nothing.
    :raises TransitionError: a complaint about this request is open.
    """
    if given.channel not in CHANNELS:
        known = ", ".join(sorted(CHANNELS))
        raise InputError("There is no such channel.", f"Use one of: {known}.")
    case = cases.load(work, given.request, lock=True) if given.request else None
    hotel = work.settings.property(case.property if case is not None else given.property)
    actor = records.receives(work, by, hotel.code)
    row = _receive(work, hotel, given, actor, case)
    _told(work, row, case, actor)
    _receipt(work, row, case)
    return str(row.number)


def acknowledge(work: Work, number: str, by: str) -> None:
    """Note that who complained has the word that it was received.

    :raises ForbiddenError: they may neither file nor deal with complaints at the property.
    """
    row = records.load(work, number, lock=True)
    records.receives(work, by, row.property)
    if row.acknowledged_at is None:
        records.change(work, row, acknowledged_at=work.stamp)


def _receive(
    work: Work, hotel: Property, given: Grievance, actor: str | None, case: Case | None
) -> Complaint:
    about = complaining.about(given.about)
    text = complaining.wording(given.text)
    contact = contact_from(given.contact, hotel)
    if case is not None and _open(work, case.number) is not None:
        raise TransitionError(
            "A complaint about this request is being looked at.", "Wait for its answer."
        )
    today = day_at(hotel, work.now)
    day = given.received or today
    receivable(day, today)
    times = clock_of(work, hotel, day)
    said: dict[str, Any] = {"text": text}
    if contact is not None:
        said |= {"kind": contact.kind, "value": contact.value}
    values = {
        "request": None if case is None else case.number,
        "about": about.value,
        "channel": given.channel,
        "lang": spoken(given.lang) or (hotel.lang if case is None else case.lang),
        "state": OPEN,
        "received_at": work.stamp if day == today else noon(hotel, day),
        "due_on": times.answer_by.isoformat(),
        "house": times.house,
        "receipt_on": None if times.receipt_by is None else times.receipt_by.isoformat(),
        "filed_by": actor,
    }
    row = records.add(work, hotel, values)
    box = written.seal(work, row.controller, records.PURPOSE, said)
    return records.change(work, row, box=box)


def clock_of(work: Work, hotel: Property, day: date) -> Clock:
    """Return by when a complaint that came on a day is acknowledged and answered."""
    law = answering.complaining(work.settings, hotel)
    return complaining.clock(day, law, answering.holidays(work, hotel, day))


def _open(work: Work, request: str) -> Row[Any] | None:
    table = tables.complaint
    mine = select(table).where(table.c.request == request, table.c.state == OPEN)
    return work.conn.execute(mine).first()


def _says(work: Work, row: Row[Any], about: str, text: str) -> bool:
    """Return whether a complaint says just this: a button was pressed twice."""
    said = safe.peek(work, row.box) or {}
    return row.about == about and said.get("text") == complaining.wording(text)


def contact_from(text: str, hotel: Property) -> Contact | None:
    """Return a contact as it was given, or None when there is none.

    :raises InputError: it is neither an e-mail address nor a telephone number.
    """
    value = text.replace("\0", "").strip()
    if not value:
        return None
    kind = Kind.EMAIL if "@" in value else Kind.PHONE
    try:
        normal(kind, value, hotel.country)
        if kind is Kind.EMAIL and not _ADDRESS.fullmatch(value):
            raise MatchError("This is more than one address.")
    except MatchError:
        raise InputError(
            "This is neither an e-mail address nor a phone number.",
            "Correct it, or leave it empty.",
        ) from None
    return Contact(kind.value, value)


def _told(work: Work, row: Complaint, case: Case | None, actor: str) -> None:
    """Note that it came; a refusal is contested from here on."""
    records.tell(work, ComplaintReceived, row, actor, (row.about, row.channel))
    if case is not None and case.state is State.REFUSED:
        case = cases.step(work, case, State.COMPLAINT)
        cases.tell(work, RefusalContested, case, actor, grounds=(row.about,))


def _receipt(work: Work, row: Complaint, case: Case | None) -> None:
    """Queue the word that it was received, where there is a way to write."""
    params = {"complaint": row.number, "due": row.due_on}
    if case is not None:
        # A contact that cannot be read now is no reason not to take the complaint.
        with suppress(SealError):
            write(work, case, RECEIPT, params, f":{row.number}")
        return
    said = safe.peek(work, row.box) or {}
    if "value" in said:
        post = outbox.Post(row.controller, row.property, row.lang, said["kind"], said["value"])
        outbox.queue_post(work, post, RECEIPT, {**params, "number": row.number}, receipt_mark(row))


def receipt_mark(row: Complaint) -> str:
    """Return the mark of the letter that says that a complaint was received."""
    return f"{RECEIPT}:{row.request or ''}:{row.number}"
