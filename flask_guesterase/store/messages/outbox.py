"""What must leave the house: queued in the transaction that causes it, done at least once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, select, update

from ...core.asking import Asker
from ...core.errors import (
    AwayError,
    BusyError,
    ClosedError,
    FullError,
    RetryableError,
    UnknownError,
)
from ...core.seal import Terms
from .. import tables
from ..boxes import safe, vault
from ..casework.cases import Case
from ..sweeping.putoff import come
from ..work import Work
from .channels import PHONES

if TYPE_CHECKING:
    from ..casework.matching import Contact

MESSAGE, FILE, RECIPIENT, BACK = "message", "file", "recipient", "file-back"

QUEUED, SENDING, READY, SENT, FAILED = "queued", "sending", "ready", "sent", "failed"
OVERTAKEN = "overtaken"
"""States: waiting to be sent, being sent, waiting to be printed, done, given up, and not to be sent
any more, as a newer letter says how it ended."""

LOST = (FAILED, OVERTAKEN)
"""States of a letter that reached nobody."""

BACK_OFF = (1, 5, 30, 60, 180, 360, 720, 1440)
"""Minutes to wait after each failure; after the last one a person must look."""

TRIES = len(BACK_OFF) + 1
"""How often something is tried before it is given up."""

AWAY = AwayError.__name__
"""Problem of a file whose folder is away."""

WAITED = (AWAY, *(each.__name__ for each in (BusyError, FullError, RetryableError, ClosedError)))
"""Problems of a file that end by themselves, as a database that is away, or full, and may name it,
or a key: it is tried until they do, once a day in the end. What fails otherwise after days of it is
tried as often as anything else."""

LEASE = timedelta(minutes=10)
"""After this time a message whose sender died is sent again."""

SHOWN = frozenset({"print", "page"})
"""Channels that a person at the desk serves, not the worker."""

BOX_DAYS = 31
"""For how long a box is kept at most; that of a file as long as it is still to be removed."""

HELD = select(tables.box.c.id).where(tables.box.c.label.in_(vault.HOLDS))
"""Boxes under a hold: a file whose name lies in one waits until that is lifted."""

PROOFS = ("confirm", "copyconfirm")
"""Texts of the messages that hold the link by which a guest proves a contact: of an erasure, and
of a copy."""

OPENS = "copylink"
"""Text of the message that holds the link by which a copy is opened."""

OFFICER = "deadline"
"""Text of the reminder that an answer is due, which goes to the privacy officer."""

LATE = "recipient"
"""Text of the reminder that a recipient did not answer, likewise."""

ALERT = "alert"
"""Text of the word that something is wrong, to who looks after it; all others go to guests."""

OBJECTION = "objection"
"""Text of the notice to a guest's other contacts, which names neither hotel nor request."""

OUTSIDE = "outside-notice"
"""Text of the notice that one person decided alone; the journal says by this word that it left."""

LATER = "later"
"""Text of the word to a guest who asked for it that the last of what stayed has gone."""

NO_ANSWER = frozenset({OFFICER, LATE, ALERT, "complained", "complaint", OBJECTION, OUTSIDE})
"""Texts that are no answer to a request: reminders, and what is said of a complaint."""


@dataclass(frozen=True)
class Parcel:
    """One thing to be done outside the database, opened.

    :param id: number of its row.
    :param kind: "message", "file" or "file-back".
    :param channel: smtp, print, page, sms, or disk for files.
    :param request: number of the request.
    :param template: name of the message's text.
    :param dedupe: the same for the same message, so that it can be told it came twice.
    :param attempts: tries that failed before; beyond `TRIES` those since its folder was back.
    :param content: what the box held: to, lang and params of a message; root and name of a file.
    :param until: naive UTC, when whoever claimed it is taken for dead; None before that.
    """

    id: int
    kind: str
    channel: str
    request: str
    template: str
    dedupe: str
    attempts: int
    content: Mapping[str, Any]
    until: datetime | None = None


def queue_message(
    work: Work,
    case: Case,
    contact: Contact,
    template: str,
    params: Mapping[str, str],
    dedupe: str,
    last: str = "",
) -> None:
    """Queue a message to a guest.

    :param work: the open transaction.
    :param case: the request it is about.
    :param contact: whom it goes to.
    :param template: name of its text; the text is chosen in the guest's language when it is sent.
    :param params: what the text needs beyond the request's number and property.
    :param dedupe: a second message with the same mark is not queued.
    :param last: last day on which the contact may be kept, ISO, where that is sooner than usual.
    """
    content = {"to": contact.value, "lang": case.lang, "params": about(case, params)}
    channel = channel_for(work, contact.kind)
    _queue(work, case, MESSAGE, channel, template, dedupe, content, last)


def queue_print(
    work: Work, case: Case, template: str, params: Mapping[str, str], dedupe: str
) -> None:
    """Queue a letter that goes to nobody by itself: it is printed at the desk.

    :param work: the open transaction.
    :param case: the request it is about.
    :param template: name of its text.
    :param params: what the text needs beyond the request's number and property.
    :param dedupe: a second letter with the same mark is not queued.
    """
    channel = work.settings.mail if work.settings.mail in SHOWN else "print"
    content = {"to": "", "lang": case.lang, "params": about(case, params, True)}
    _queue(work, case, MESSAGE, channel, template, dedupe, content)


@dataclass(frozen=True)
class Post:
    """To whom a letter goes that no request asked for.

    :param controller: slug of who answers for the data.
    :param property: code of the property.
    :param lang: language of the letter.
    :param kind: "email" or "phone".
    :param value: the contact; empty for a letter that is printed.
    :param number: no request's.
    :param person: table and key of whose it is, where somebody asks what became of it.
    """

    controller: str
    property: str
    lang: str
    kind: str = "email"
    value: str = ""
    number: str | None = None
    person: tuple[str, str] | None = None


def queue_post(
    work: Work, post: Post, template: str, params: Mapping[str, str], dedupe: str
) -> None:
    """Queue a letter that no request asked for.

    :param work: the open transaction.
    :param post: to whom it goes.
    :param template: name of its text.
    :param params: what the text needs beyond the property; what it is about, "number", among it.
    :param dedupe: a second letter with the same mark is not queued.
    """
    channel = channel_for(work, post.kind)
    if not post.value and channel not in SHOWN:
        channel = "print"
    content: dict[str, Any] = {
        "to": post.value, "lang": post.lang, "params": {**params, "property": post.property},
    } | ({} if post.person is None else {PERSON: list(post.person)})
    _queue(work, post, MESSAGE, channel, template, dedupe, content)


def about(case: Case, params: Mapping[str, str], printed: bool = False) -> dict[str, str]:
    """Return what the text of a letter needs, with what each about this request says besides.

    :param case: the request.
    :param params: what this text needs beyond that.
    :param printed: whether it goes to no contact of the guest, and so to who asked.
    """
    said = {**params, "number": case.number, "property": case.property, "kind": case.kind}
    # Of whom it speaks is not who reads it.
    other = case.asked_by == Asker.RELATIVE or (printed and case.asked_by != Asker.GUEST)
    return said | ({"asker": case.asked_by} if other and case.asked_by else {})


def queue_notice(
    work: Work, sender: Sender, to: str, lang: str, params: Mapping[str, str], dedupe: str
) -> None:
    """Queue the word that something is wrong to a person of the operator; no request asked for it.

    :param work: the open transaction.
    :param sender: the property on whose behalf it goes; its number is None.
    :param to: their address.
    :param lang: language they read.
    :param params: what the text needs; nobody's data.
    :param dedupe: a second notice with the same mark is not queued.
    """
    content = {"to": to, "lang": lang, "params": {**params, "property": sender.property}}
    _queue(work, sender, MESSAGE, channel_for(work, "email"), ALERT, dedupe, content)


class Sender(Protocol):
    """On whose behalf something leaves the house: a request, or what ended by itself."""

    @property
    def number(self) -> str | None:
        """Return the number of the request, or None."""

    @property
    def controller(self) -> str:
        """Return the slug of who answers for the data."""

    @property
    def property(self) -> str:
        """Return the code of the property."""


def queue_file(
    work: Work, case: Sender, root: str, name: str, until: str = "", beside: Iterable[str] = ()
) -> None:
    """Queue the removal of a file.

    :param work: the open transaction.
    :param case: the request it is about, or what ended by itself.
    :param root: the declared folder.
    :param name: name of the file in it; may tell who somebody is, so it is sealed.
    :param until: last day on which it can be had back; empty when its bytes are not kept.
    :param beside: requests, and people of none, that may have left it to this one; it is held with
        those as well.
    """
    # Parcels are deleted in their time, so a number that counts them is given a second time.
    dedupe = f"{FILE}:{case.number or ''}:{secrets.token_hex(16)}"
    content: dict[str, Any] = {"root": root, "name": name, "until": until if case.number else ""}
    content |= work.filed.get((root, name), {})
    content |= {"beside": whose} if (whose := list(beside)) else {}
    _queue(work, case, FILE, "disk", "remove", dedupe, content)


def queue_back(work: Work, case: Sender, removal: str, root: str) -> None:
    """Queue a file's way back to where it was.

    :param work: the open transaction.
    :param case: the request it is about.
    :param removal: mark of the parcel that removed it, by which its bytes are found.
    :param root: the declared folder it goes back to.
    """
    dedupe = f"{BACK}:{removal}"
    if queued(work, dedupe):
        again = update(tables.outbox).where(
            tables.outbox.c.dedupe == dedupe, tables.outbox.c.state == FAILED
        )
        work.conn.execute(again.values(state=QUEUED, attempts=0, next_at=work.stamp))
        return
    _queue(work, case, BACK, "disk", "put-back", dedupe, {"removal": removal, "root": root})


def call_off(work: Work, id: int) -> None:
    """Take a parcel back that was not dealt with, with what is sealed for it.

    :param work: the open transaction, in which its row is locked.
    """
    table = tables.outbox
    safe.drop(work, work.conn.execute(select(table.c.box).where(table.c.id == id)).scalar())
    work.conn.execute(delete(table).where(table.c.id == id))


def is_due(work: Work) -> ColumnElement[bool]:
    """Return the condition that something may be taken now."""
    table = tables.outbox
    return and_(table.c.state.in_([QUEUED, SENDING]), come(work, table.c.next_at))


def channel_for(work: Work, kind: str) -> str:
    """Return the channel by which contacts of a kind are reached.

    What the host itself sends to telephone numbers goes by itself where letters are printed, too.
    """
    mail = work.settings.mail
    if kind == "email":
        return mail if mail in SHOWN else "smtp"
    shown = mail == "page" or (mail == "print" and not work.settings.texts)
    return mail if shown else PHONES


def _queue(
    work: Work,
    case: Sender,
    kind: str,
    channel: str,
    template: str,
    dedupe: str,
    content: Mapping[str, Any],
    last: str = "",
) -> None:
    table = tables.outbox
    if queued(work, dedupe):
        return
    usual = (work.now.date() + timedelta(days=BOX_DAYS)).isoformat()
    ends = min(usual, last or usual)
    sealed = {**content, _OF: [kind, template, dedupe, case.number, case.property]}
    box = safe.keep(work, Terms(case.controller, kind, ends), sealed, case.number)
    work.conn.execute(
        insert(table).values(
            request=case.number,
            property=case.property,
            kind=kind,
            channel=channel,
            template=template,
            dedupe=dedupe,
            box=box,
            state=READY if channel in SHOWN else QUEUED,
            attempts=0,
            next_at=work.stamp,
        )
    )


PERSON = "person"
"""In a box: whose letter it is, where no request says so."""

_OF = "of"
"""In a box: whose it is. A row can be written by whoever reaches the database, a box cannot."""


def read(work: Work, row: Row[Any]) -> Mapping[str, Any]:
    """Return what the box of a parcel holds, where it was sealed for what the row says it is.

    :param work: the open transaction.
    :param row: the parcel.
    :raises UnknownError: there is no box, or it is another parcel's.
    :raises SealError: it was forgotten or does not open.
    """
    content = dict(safe.read(work, row.box))
    # What was queued before boxes said whose they are is gone within a month.
    mine = [row.kind, row.template, row.dedupe, row.request, row.property]
    if content.pop(_OF, mine) != mine:
        raise UnknownError("This box is another parcel's.", "Somebody wrote into the database.")
    return content


def queued(work: Work, dedupe: str) -> bool:
    """Return whether something with this mark was queued before."""
    table = tables.outbox
    return work.conn.execute(select(table.c.id).where(table.c.dedupe == dedupe)).first() is not None


def queued_today(work: Work, number: str, template: str) -> int:
    """Return how many messages of one text were queued today for a request."""
    table = tables.outbox
    return work.conn.execute(
        select(func.count())
        .select_from(table)
        .where(table.c.dedupe.startswith(f"{template}:{number}:{work.today}:", autoescape=True))
    ).scalar_one()


def pending(work: Work, number: str) -> Sequence[str]:
    """Return the kinds of things of a request that are not done yet."""
    table = tables.outbox
    return [
        row.kind
        for row in work.conn.execute(
            select(table.c.kind)
            .where(table.c.request == number, table.c.state.not_in([SENT, OVERTAKEN]))
            .order_by(table.c.id)
        )
    ]
