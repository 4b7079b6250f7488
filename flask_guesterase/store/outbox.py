"""What must leave the house: queued in the transaction that causes it, done at least once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import Row, delete, func, insert, or_, select, update

from ..core.errors import SealError, UnknownError
from ..core.events import Event, FileRemoved, FileRestored, MessageFailed, MessageSent
from ..core.log import slug
from ..core.permissions import Permission
from ..core.seal import Terms
from . import actors, safe, tables
from .cases import Case, acknowledge, load, tell
from .work import Work

if TYPE_CHECKING:
    from .matching import Contact

MESSAGE, FILE, RECIPIENT, BACK = "message", "file", "recipient", "file-back"

QUEUED, SENDING, READY, SENT, FAILED = "queued", "sending", "ready", "sent", "failed"
"""States: waiting to be sent, being sent, waiting to be printed, done, given up."""

BACK_OFF = (1, 5, 30, 60, 180, 360, 720, 1440)
"""Minutes to wait after each failure; after the last one a person must look."""

LEASE = timedelta(minutes=10)
"""After this time a message whose sender died is sent again."""

SHOWN = frozenset({"print", "page"})
"""Channels that a person at the desk serves, not the worker."""

BOX_DAYS = 31

PROOFS = ("confirm", "copyconfirm")
"""Texts of the messages that hold the link by which a guest proves a contact: of an erasure, and
of a copy."""

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
    :param attempts: tries that failed before.
    :param content: what the box held: to, lang and params of a message; root and name of a file.
    """

    id: int
    kind: str
    channel: str
    request: str
    template: str
    dedupe: str
    attempts: int
    content: Mapping[str, Any]


def queue_message(
    work: Work,
    case: Case,
    contact: Contact,
    template: str,
    params: Mapping[str, str],
    dedupe: str,
) -> None:
    """Queue a message to a guest.

    :param work: the open transaction.
    :param case: the request it is about.
    :param contact: whom it goes to.
    :param template: name of its text; the text is chosen in the guest's language when it is sent.
    :param params: what the text needs beyond the request's number and property.
    :param dedupe: a second message with the same mark is not queued.
    """
    channel = channel_for(work, contact.kind)
    _message(work, case, channel, contact.value, template, params, dedupe)


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
    _message(work, case, channel, "", template, params, dedupe)


@dataclass(frozen=True)
class Post:
    """To whom a letter goes that no request asked for.

    :param controller: slug of who answers for the data.
    :param property: code of the property.
    :param lang: language of the letter.
    :param kind: "email" or "phone".
    :param value: the contact; empty for a letter that is printed.
    :param number: no request's.
    """

    controller: str
    property: str
    lang: str
    kind: str = "email"
    value: str = ""
    number: str | None = None


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
    content = {
        "to": post.value,
        "lang": post.lang,
        "params": {**params, "property": post.property},
    }
    _queue(work, post, MESSAGE, channel, template, dedupe, content)


def _message(
    work: Work,
    case: Case,
    channel: str,
    to: str,
    template: str,
    params: Mapping[str, str],
    dedupe: str,
) -> None:
    content = {
        "to": to,
        "lang": case.lang,
        "params": {
            **params, "number": case.number, "property": case.property, "kind": case.kind,
        },
    }  # fmt: skip
    _queue(work, case, MESSAGE, channel, template, dedupe, content)


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


def queue_file(work: Work, case: Sender, root: str, name: str, until: str = "") -> None:
    """Queue the removal of a file.

    :param work: the open transaction.
    :param case: the request it is about, or what ended by itself.
    :param root: the declared folder.
    :param name: name of the file in it; may tell who somebody is, so it is sealed.
    :param until: last day on which it can be had back; empty when its bytes are not kept.
    """
    count = work.conn.execute(
        select(func.count())
        .select_from(tables.outbox)
        .where(tables.outbox.c.request == case.number, tables.outbox.c.kind == FILE)
    ).scalar_one()
    dedupe = f"file:{case.number or secrets.token_hex(8)}:{count + 1}"
    content = {"root": root, "name": name, "until": until if case.number else ""}
    _queue(work, case, FILE, "disk", "remove", dedupe, content)


def queue_back(work: Work, case: Sender, removal: str) -> None:
    """Queue a file's way back to where it was.

    :param work: the open transaction.
    :param case: the request it is about.
    :param removal: mark of the parcel that removed it, by which its bytes are found.
    """
    dedupe = f"{BACK}:{removal}"
    if queued(work, dedupe):
        again = update(tables.outbox).where(
            tables.outbox.c.dedupe == dedupe, tables.outbox.c.state == FAILED
        )
        work.conn.execute(again.values(state=QUEUED, attempts=0, next_at=work.stamp))
        return
    _queue(work, case, BACK, "disk", "put-back", dedupe, {"removal": removal})


def call_off(work: Work, id: int) -> None:
    """Take a parcel back that was not dealt with, with what is sealed for it.

    :param work: the open transaction, in which its row is locked.
    """
    table = tables.outbox
    safe.drop(work, work.conn.execute(select(table.c.box).where(table.c.id == id)).scalar())
    work.conn.execute(delete(table).where(table.c.id == id))


def hold_still(work: Work, parcel: Parcel) -> bool:
    """Return whether a parcel is still to be dealt with, and keep others from taking it back.

    :param work: the open transaction, in which it is dealt with.
    """
    table = tables.outbox
    row = work.conn.execute(
        select(table.c.state).where(table.c.id == parcel.id).with_for_update()
    ).one_or_none()
    return row is not None and row.state == SENDING


def leaving(work: Work, number: str) -> list[tuple[str, str]]:
    """Return the files of a request, folder and name, whose removal is queued and not yet done."""
    table = tables.outbox
    rows = work.conn.execute(
        select(table.c.box).where(
            table.c.request == number, table.c.kind == FILE, table.c.state != SENT,
            table.c.box.is_not(None),
        )
    )  # fmt: skip
    contents = [safe.read(work, box) for box in rows.scalars()]
    return [(content["root"], content["name"]) for content in contents]


def channel_for(work: Work, kind: str) -> str:
    """Return the channel by which contacts of a kind are reached."""
    mail = work.settings.mail
    if mail in SHOWN:
        return mail
    return "smtp" if kind == "email" else "sms"


def _queue(
    work: Work,
    case: Sender,
    kind: str,
    channel: str,
    template: str,
    dedupe: str,
    content: Mapping[str, Any],
) -> None:
    table = tables.outbox
    if queued(work, dedupe):
        return
    ends = (work.now.date() + timedelta(days=BOX_DAYS)).isoformat()
    box = safe.keep(work, Terms(case.controller, kind, ends), content, case.number)
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


_HELD = select(tables.box.c.id).where(tables.box.c.label.like("hold:%"))


def claim(work: Work, channels: frozenset[str], most: int = 10) -> list[Parcel]:
    """Take what is due, so that no other worker takes it, and open it.

    A file whose name lies under a hold waits until that is lifted.

    :param work: the open transaction; what is claimed is sent after it.
    :param channels: names of the channels there are; a message for another one is printed.
    :param most: how many at most.
    """
    table = tables.outbox
    rows = work.conn.execute(
        select(table)
        .where(table.c.state.in_([QUEUED, SENDING]), table.c.next_at <= work.stamp)
        .where(table.c.kind != RECIPIENT)
        .where(or_(table.c.kind != FILE, table.c.box.not_in(_HELD), table.c.box.is_(None)))
        .order_by(table.c.next_at, table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    parcels = []
    for row in rows:
        if row.kind == MESSAGE and row.channel not in channels:
            _set(work, row.id, state=READY, channel="print")
            continue
        try:
            parcels.append(_open(work, row))
        except (SealError, UnknownError):
            _fail(work, row.id, row.kind, "unopened")
            continue
        _set(work, row.id, state=SENDING, next_at=work.stamp + LEASE)
    return parcels


def done(work: Work, parcel: Parcel) -> None:
    """Record that a message was sent or a file is gone; what was sealed for it is dropped."""
    box = _set(work, parcel.id, state=SENT, done_at=work.stamp, problem=None)
    _drop(work, parcel.id, box)
    _first_answer(work, parcel.request, parcel.kind, parcel.template)
    which = (OUTSIDE,) if parcel.template == OUTSIDE else ()
    _tell(work, _DONE[parcel.kind], parcel.id, "system", (parcel.channel, *which))


_DONE: Mapping[str, type[Event]] = {
    MESSAGE: MessageSent, FILE: FileRemoved, BACK: FileRestored,
}  # fmt: skip


def failed(work: Work, parcel: Parcel, problem: str) -> None:
    """Record a try that failed: it is tried again later, or a person must look.

    Where the error came from the connection after the commit that says it is done, it is done.

    :param work: the open transaction.
    :param parcel: what could not be done.
    :param problem: an enumerated word or the name of an error class, never its text.
    """
    state = select(tables.outbox.c.state).where(tables.outbox.c.id == parcel.id)
    if work.conn.execute(state.with_for_update()).scalar() == SENT:
        return
    attempts = parcel.attempts + 1
    if attempts > len(BACK_OFF):
        _fail(work, parcel.id, parcel.kind, problem)
        return
    wait = timedelta(minutes=BACK_OFF[attempts - 1])
    _set(
        work, parcel.id, state=QUEUED, attempts=attempts, next_at=work.stamp + wait,
        problem=problem[:80],
    )  # fmt: skip


def give_up(work: Work, parcel: Parcel, problem: str) -> None:
    """Record that something can never be done as it was asked: a person must look.

    :param problem: an enumerated word.
    """
    _fail(work, parcel.id, parcel.kind, problem)


def letters(work: Work, by: str, property_: str | None = None) -> list[dict[str, Any]]:
    """Return the messages a person must print or look at, opened, and failed file removals.

    A letter with the link by which a guest proves a contact is not shown to those who may
    approve: whoever holds the link could be both pairs of eyes.

    :param work: the open transaction.
    :param by: the host's id of who asks; only properties at which they may verify are shown.
    :param property_: code of one property, or None for all of them.
    """
    table = tables.outbox
    codes = [
        code
        for code in work.settings.properties
        if property_ in (None, code) and actors.may(work, by, Permission.VERIFY, code)
    ]
    rows = work.conn.execute(
        select(table)
        .where(table.c.state.in_([READY, FAILED]), table.c.property.in_(codes))
        .where(table.c.kind != RECIPIENT)
        .order_by(table.c.id.desc())
    ).all()
    deciding = {c for c in codes if actors.may(work, by, Permission.APPROVE, c)}
    return [
        _letter(work, row)
        for row in rows
        if row.template not in PROOFS or row.property not in deciding
    ]


def printed(work: Work, id: int, by: str) -> None:
    """Record that a person printed a letter, or dealt with what could not be done.

    :raises UnknownError: there is no such letter waiting.
    :raises ForbiddenError: they may not verify at its property.
    """
    table = tables.outbox
    row = work.conn.execute(
        select(table).where(table.c.id == id, table.c.state.in_([READY, FAILED])).with_for_update()
    ).one_or_none()
    if row is None or row.kind == RECIPIENT:
        raise UnknownError("There is no such letter waiting.", "Look at the list again.")
    actor = actors.allow(work, by, Permission.VERIFY, row.property)
    box = _set(work, id, state=SENT, done_at=work.stamp)
    _drop(work, id, box)
    _first_answer(work, row.request, row.kind, row.template)
    _tell(work, _DONE[row.kind], id, actor, ("print",))


def _first_answer(work: Work, number: str, kind: str, template: str) -> None:
    """Note that a guest was answered once a letter to them left the house."""
    if kind == MESSAGE and template not in NO_ANSWER:
        acknowledge(work, number)


def pending(work: Work, number: str) -> Sequence[str]:
    """Return the kinds of things of a request that are not done yet."""
    table = tables.outbox
    return [
        row.kind
        for row in work.conn.execute(
            select(table.c.kind)
            .where(table.c.request == number, table.c.state.not_in([SENT]))
            .order_by(table.c.id)
        )
    ]


def _letter(work: Work, row: Row[Any]) -> dict[str, Any]:
    letter: dict[str, Any] = {
        "id": row.id,
        "number": row.request,
        "property": row.property,
        "kind": row.kind,
        "channel": row.channel,
        "template": row.template,
        "state": row.state,
        "problem": row.problem,
        "to": "",
        "lang": "",
        "params": {},
    }
    try:
        content = safe.read(work, row.box) if row.box and row.kind == MESSAGE else {}
    except (SealError, UnknownError):
        content = {}
    letter |= {k: v for k, v in content.items() if k in letter}
    return letter | {"number": row.request or letter["params"].get("number", "")}


def _open(work: Work, row: Row[Any]) -> Parcel:
    if row.box is None:
        raise SealError("This message holds nothing any more.")
    parcel = Parcel(
        row.id, row.kind, row.channel, row.request, row.template, row.dedupe, row.attempts, {}
    )
    return replace(parcel, content=safe.read(work, row.box))


def _fail(work: Work, id: int, kind: str, problem: str) -> None:
    _set(work, id, state=FAILED, problem=problem[:80], done_at=work.stamp)
    _tell(work, MessageFailed, id, "system", (kind,))


def _tell(work: Work, event: type[Event], id: int, actor: str, grounds: tuple[str, ...]) -> None:
    """Note what became of a parcel; one that no request asked for names its property alone."""
    table = tables.outbox
    row = work.conn.execute(
        select(table.c.request, table.c.property).where(table.c.id == id)
    ).one()
    if row.request is not None:
        tell(work, event, load(work, row.request), actor, grounds=grounds)
        return
    controller = slug(work.settings.property(row.property).controller)
    work.events.append(event(controller, row.property, "", actor, {}, grounds))


def _set(work: Work, id: int, **values: object) -> str | None:
    table = tables.outbox
    work.conn.execute(update(table).where(table.c.id == id).values(**values))
    box: str | None = work.conn.execute(select(table.c.box).where(table.c.id == id)).scalar()
    return box


def _drop(work: Work, id: int, box: str | None) -> None:
    safe.drop(work, box)
    work.conn.execute(update(tables.outbox).where(tables.outbox.c.id == id).values(box=None))
