"""A copy on its way: read over and released by a second person, fetched once, ended on its day."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from sqlalchemy import select, update

from ...core.copying import Copy, Outline, decided, outline
from ...core.decided import mark
from ...core.errors import FourEyesError, MovedError, TokenError, TransitionError
from ...core.events import GUEST, DataCopyFetched, DataCopyHandedOut, DataCopyReleased
from ...core.lifecycle import COPIES, DONE, OPEN, State
from ...core.log import canonical
from ...core.permissions import Permission
from ...core.plan import Person
from ...core.seal import fingerprint
from ...core.wish import Kind
from .. import tables
from ..access import actors, limits, tokens
from ..access.sameness import same as same_person
from ..access.tokens import Purpose
from ..casework.cases import (
    Case,
    Opening,
    day_at,
    keyless,
    load,
    secret,
    step,
    tell,
    too_old,
)
from ..casework.contacts import contact_of
from ..deciding import approving
from ..erasing import people
from ..identity import objecting
from ..journaling import approvals
from ..lawbook.blockers import today_at
from ..messages.outbox import OPENS, queue_message
from ..messages.post import write
from ..noted import Refusal
from ..requests import same, views
from ..requests.intake import again, file_for, open_already
from ..work import Work
from . import shelved
from .gathering import gather
from .sheets import Texts


def after(work: Work, number: str, by: str) -> str:
    """Record a request for a copy of what is still kept of somebody who was erased.

    Nobody can be found by what is gone, so it is filed at the desk by the number of the erasure.

    :param work: the open transaction.
    :param number: number of the request by which they were erased.
    :param by: the host's id of the clerk.
    :return: number of the new request; that of the open one when it was filed before.
    :raises ForbiddenError: the clerk may not file at its property.
    :raises TransitionError: nothing was erased by it.
    """
    case = load(work, number)
    actor = actors.allow(work, by, Permission.FILE, case.property)
    if case.state not in DONE or case.kind == Kind.COPY:
        raise TransitionError("Nothing was erased by this request.", "File one for a copy.")
    whose = people.taken(work, case.number)
    hotel = work.settings.home(case.property)
    asked = Opening(
        hotel, "desk", case.lang, day_at(hotel, work.now), work.stamp, actor,
        fingerprint(work.custodian.pepper("subject"), "erased", case.number),
        kind=Kind.COPY,
    )  # fmt: skip
    known = open_already(work, asked)
    if known is not None:
        again(work, known, asked.channel, (actor, by))
        return known.number
    filed = file_for(work, asked, whose, (actor, by))
    # By this it is known what lies sealed of them: their rows' numbers may be others' by now.
    table = tables.copy
    work.conn.execute(
        update(table).where(table.c.request == filed.number).values(erasure=case.number)
    )
    return filed.number


def show(work: Work, number: str, by: str) -> tuple[Outline, str]:
    """Return what a copy would hold, without its values, and the digest that a release names.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who looks; who may approve reads what was written freely too.
    :raises ForbiddenError: they may not look at this property.
    :raises UnknownError: the request is not for a copy.
    :raises TransitionError: it is over, or so old that its key is destroyed.
    """
    case = load(work, number)
    actors.require(work, by, Permission.VIEW, case.property)
    shelved.row(work, case.number)
    if case.state not in OPEN:
        raise TransitionError("It is decided already.", "Nobody at the hotel reads it again.")
    if keyless(work, case):
        raise too_old()
    copy, texts, digest = _gathered(work, case)
    entitled = actors.may(work, by, Permission.APPROVE, case.property)
    return outline(copy, texts if entitled else ()), digest


def _gathered(work: Work, case: Case) -> tuple[Copy, Texts, str]:
    whose = people.taken(work, case.number)
    copy, texts = gather(work, case, whose)
    return copy, texts, _digest(work, case, copy, whose)


def _digest(work: Work, case: Case, copy: Copy, whose: tuple[Person, ...]) -> str:
    key = secret(work, case)
    told = {
        **decided(copy),
        "people": sorted(mark(key, person) for person in whose),
        # A row that is somebody else's by now is read anew: its columns are the same.
        "rows": same.marks(work, case, whose),
    }
    return fingerprint(key, "copy", canonical(told).decode())


def release(work: Work, number: str, by: str, digest_seen: str) -> str:
    """Release a copy, by a second person: read everything, open the boxes, seal it for the guest.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param digest_seen: digest of what they read.
    :return: the last day on which it lies ready, ISO.
    :raises ForbiddenError: they may not approve at this property, or a minor is concerned and
        they are not the privacy officer.
    :raises FourEyesError: they filed or verified the request, or took rows for it.
    :raises MovedError: it would hold something else than what they read.
    :raises UnknownError: the request is not for a copy.
    :raises TransitionError: it does not wait for this, nobody's rows are taken, or nobody said of a
        row that perhaps is theirs whether it is.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.APPROVE, case.property)
    shelved.row(work, case.number)
    approving.decidable(work, case, actor, by)
    whose = people.taken(work, case.number)
    approving.required(whose)
    approving.officer(work, case, by, whose)
    copy, _, digest = _gathered(work, case)
    if not hmac.compare_digest(digest.encode(), digest_seen.strip().lower().encode()):
        raise MovedError(
            "What would be handed out is not what you read.", "Look at it again and release that."
        )
    approving.settled(work, case)
    same.theirs(work, case, shelved.erased_by(work, case))
    ends = shelved.put(work, case, copy)
    case = step(
        work, case, State.OFFERED, decided_by=actor, decided_at=work.stamp, digest=digest
    )
    counts = {"rows": copy.rows(), "boxes": copy.boxes, "masked": copy.masked}
    marks = {approvals.DIGEST: digest, **approvals.who(work, case, by)}
    tell(work, DataCopyReleased, case, actor, counts, marks=marks)
    write(work, case, "copyready", {"until": ends})
    return ends


def send(work: Work, code: str) -> None:
    """Send the contact on file a link that opens the copy once; earlier links end.

    :param work: the open transaction.
    :param code: the guest's case code.
    :raises TokenError: the code is unknown or expired.
    :raises TransitionError: no copy lies ready.
    :raises LimitError: it was asked for too often.
    """
    case = views.by_code(work, code)
    _ready(work, case)
    limits.attempt(work, "copy", case.number)
    contact = contact_of(work, case.number)
    if contact is None:
        raise TransitionError(
            "The hotel has no contact to send a link to.", "Ask at the reception for a code."
        )
    tokens.end(work, case.number, Purpose.FETCH)
    link = tokens.link(work, case.number, Purpose.FETCH)
    dedupe = f"copylink:{case.number}:{secrets.token_hex(4)}"
    queue_message(work, case, contact, OPENS, {"token": link}, dedupe)


def hand_out(work: Work, number: str, by: str) -> str:
    """Return a code on paper that opens the copy once, for a guest at the desk; earlier ones end.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk.
    :raises ForbiddenError: the clerk may not verify at this property.
    :raises FourEyesError: they released it.
    :raises UnknownError: the request is not for a copy.
    :raises TransitionError: no copy lies ready.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    shelved.row(work, case.number)
    _ready(work, case)
    if case.decided_by and same_person(work.conn, case.decided_by, actor, work.stamp):
        raise FourEyesError(
            "Whoever released a copy does not hand it out.", "Ask a colleague at the desk."
        )
    tell(work, DataCopyHandedOut, case, actor)
    tokens.end(work, case.number, Purpose.FETCH)
    return tokens.slip(work, case.number)


def _ready(work: Work, case: Case) -> None:
    objecting.require(work, case)
    if case.state not in COPIES or shelved.row(work, case.number).box is None:
        raise TransitionError("No copy lies ready.", "Look at the case: it says what comes next.")


def look(work: Work, secret_: str) -> Case:
    """Return the request whose copy a link or a code opens, without using it.

    :raises TokenError: it is unknown, used or expired.
    """
    return load(work, str(_token(work, secret_)[1].request))


def _token(work: Work, secret_: str) -> tuple[str, tokens.Token]:
    try:
        return secret_, tokens.look(work, Purpose.FETCH, secret_)
    except TokenError:
        typed = tokens.plain(secret_)
        return typed, tokens.look(work, Purpose.FETCH, typed)


def fetch(work: Work, secret_: str, ticket: str = "") -> str:
    """Use a link or a code up; return the ticket by which this browser reads the copy for a while.

    :param work: the open transaction.
    :param secret_: secret of the link, or the code as it was typed.
    :param ticket: the ticket to give; a random one where it is empty.
    :raises TokenError: it is unknown, used or expired, or the copy is not there any more.
    """
    try:
        name, _ = _token(work, secret_)
    except TokenError:
        work.refused.append(Refusal("", ("link-or-code", Purpose.FETCH.value)))
        raise
    number = str(tokens.use(work, Purpose.FETCH, name).request)
    case = load(work, number, lock=True)
    objecting.require(work, case)
    copy = shelved.read(work, case.number)
    table = tables.copy
    work.conn.execute(
        update(table)
        .where(table.c.request == case.number)
        .values(fetched_at=work.stamp, fetches=table.c.fetches + 1)
    )
    states = [State.FETCHED] if case.state is State.OFFERED else []
    case = step(work, case, *states)
    tell(work, DataCopyFetched, case, GUEST, {"rows": copy.rows()})
    _go_on(work, case)
    return tokens.ticket(work, case.number, ticket)


def _go_on(work: Work, case: Case) -> None:
    """Let the erasure that waits for this copy be tried once its guest has had time to read it."""
    erasure = shelved.row(work, case.number).erasure
    request = tables.request
    if erasure is not None:
        work.conn.execute(
            update(request)
            .where(request.c.number == erasure, request.c.state == State.WAITING.value)
            .values(try_at=work.stamp + timedelta(minutes=tokens.TICKET_MINUTES))
        )


def read(work: Work, ticket: str) -> tuple[Case, Copy]:
    """Return the copy that a ticket reads.

    :raises TokenError: its half hour is over, or the copy is not there any more.
    """
    number = str(tokens.look(work, Purpose.TICKET, ticket).request)
    return load(work, number), shelved.read(work, number)


PART = 50
"""Copies that end in one transaction."""


def end(work: Work) -> int:
    """End some of the copies whose day is over; return how many those were.

    :param work: the open transaction.
    """
    table, request = tables.copy, tables.request
    rows = work.conn.execute(
        select(table.c.request, table.c.ends_on, request.c.property)
        .join(request, request.c.number == table.c.request)
        .where(
            request.c.kind == Kind.COPY.value,
            request.c.state.in_([state.value for state in COPIES]),
            request.c.ended_at.is_(None),
            # East of Greenwich a day is over while it is not in UTC.
            table.c.ends_on <= work.today,
        )
        .order_by(table.c.ends_on, table.c.request)
        .limit(PART)
    )
    done = [
        row.request for row in rows
        if row.ends_on < today_at(work.settings, work.now, row.property).isoformat()
    ]  # fmt: skip
    for number in done:
        shelved.close(work, load(work, number, lock=True), "day-over")
    return len(done)
