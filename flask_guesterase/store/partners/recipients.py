"""Who else holds copies: each is told of an erased guest by what is queued with the erasure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import insert, select

from ...core.certificate import Told
from ...core.errors import ONCE, PolicyError
from ...core.finding import Finding, Severity
from ...core.log import slug
from ...core.plan import Person, key_text
from ...core.recipient import Identity, Recipient, Stage
from ...core.seal import Terms
from .. import tables
from ..boxes import safe
from ..casework import tasks
from ..casework.cases import day_at
from ..messages import outbox
from ..retaining import keeping
from ..settings import Settings
from ..work import Work
from .giving import Known

SYSTEM, PERSON = "system", "person"
"""How a recipient is told."""

NOTHING = "no-identity"
"""Why a person must tell a system: there is no value by which it would know this guest alone."""

AFTER = 14
"""Days after an answer is due for which a person can still tell what could not be delivered."""

def check(recipient: Recipient, others: Iterable[Recipient]) -> None:
    """Refuse a second recipient of the same name.

    :raises PolicyError: there is one.
    """
    if any(recipient.name == other.name for other in others):
        raise PolicyError(
            f"There is a recipient '{recipient.name}' already.",
            f"Give this one another name. {ONCE}",
        )


def mute(recipients: Iterable[Recipient], settings: Settings) -> list[Finding]:
    """Return which recipients would answer and are not told where."""
    return [
        Finding(
            "recipient-mute",
            "",
            each.name,
            "The recipient is not told where to answer, so nothing is ever acknowledged.",
            "Set GUESTERASE_BASE_URL to the address of the guest pages.",
            Severity.WARN,
        )
        for each in recipients
        if hasattr(each.adapter, "verifies") and not settings.base_url
    ]


# queued with the erasure


def queue(
    work: Work,
    origin: keeping.Origin,
    known: Known | None,
    again: bool = False,
    invented: bool = False,
) -> int:
    """Queue what each recipient must be told; return how many are to be told.

    :param work: the open transaction, in which the erasure was carried out.
    :param origin: on whose behalf.
    :param known: what was read before, None for nothing.
    :param again: they were told of this person before; only new values are worth a notice.
    :param invented: the guest never was; nobody is called, and no authority asked, about them.
    """
    count = 0
    if known is None:
        return 0
    for each in work.recipients:
        if not any(map(each.concerns, known.houses)):
            continue
        identities = known.values.get(each.name, ())
        worth = identities or (each.wants_rows() and known.people)
        if invented and (each.manual() or not worth):
            continue
        if (again or origin.number is None) and not worth:
            continue
        _queue(work, _at(work, origin, each), each, identities, known.people)
        count += 1
    return count


def _at(work: Work, origin: keeping.Origin, recipient: Recipient) -> keeping.Origin:
    """Return on whose behalf a recipient is told: of its own house, where it knows one alone."""
    hotel = work.settings.properties.get(recipient.property or origin.property)
    if hotel is None or hotel.code == origin.property:
        return origin
    return replace(origin, controller=slug(hotel.controller), property=hotel.code)


def untold(work: Work, number: str) -> bool:
    """Return whether this database knows nothing of anybody being told of a request."""
    table = tables.delivery
    told_ = select(table.c.id).where(table.c.request == number).limit(1)
    return work.conn.execute(told_).first() is None


def _queue(
    work: Work,
    origin: keeping.Origin,
    recipient: Recipient,
    identities: Sequence[Identity],
    people: Sequence[Person],
) -> None:
    reference = str(uuid.uuid4())
    rows = [[table, key_text(key)] for table, key in people] if recipient.wants_rows() else []
    by_person = recipient.manual() or not (identities or recipient.wants_rows())
    content = {
        "identities": [[each.type, each.value] for each in identities],
        "on": _today(work, origin).isoformat(),
        "rows": rows,
    }
    parcel = None
    if identities or rows:
        parcel = _parcel(work, origin, recipient, reference, content, by_person)
    asked = _task(work, origin, recipient, reference) if by_person else None
    work.conn.execute(
        insert(tables.delivery).values(
            request=origin.number,
            controller=origin.controller,
            property=origin.property,
            recipient=recipient.name,
            how=PERSON if by_person else SYSTEM,
            reference=reference,
            outbox=parcel,
            task=asked,
            state=Stage.QUEUED.value,
            problem=NOTHING if by_person and not recipient.manual() else None,
            queued_at=work.stamp,
            due_at=work.stamp + recipient.due,
        )
    )


def _parcel(
    work: Work,
    origin: keeping.Origin,
    recipient: Recipient,
    reference: str,
    content: Mapping[str, object],
    by_person: bool,
) -> int:
    """Seal what is told until it was told, and put it into the outbox."""
    days = max(outbox.BOX_DAYS, recipient.due.days + AFTER)
    ends = (work.now.date() + timedelta(days=days)).isoformat()
    terms = Terms(origin.controller, outbox.RECIPIENT, ends)
    box = safe.keep(work, terms, content, origin.number)
    made = work.conn.execute(
        insert(tables.outbox).values(
            request=origin.number,
            property=origin.property,
            kind=outbox.RECIPIENT,
            channel=PERSON if by_person else SYSTEM,
            template=recipient.name,
            dedupe=f"{outbox.RECIPIENT}:{reference}",
            box=box,
            state=outbox.READY if by_person else outbox.QUEUED,
            attempts=0,
            next_at=work.stamp,
        )
    )
    return int(cast(Any, made.inserted_primary_key)[0])


def _task(
    work: Work, origin: keeping.Origin, recipient: Recipient, reference: str
) -> int:
    """Ask a person; for guests nobody asked about, once a month and recipient."""
    today = _today(work, origin)
    which = reference if origin.number is not None else f"{today:%Y-%m}"
    name = f"{origin.property}/{recipient.name}/{which}"
    return tasks.ask(work, origin.property, name, today + recipient.due, 1, origin.controller)


def _today(work: Work, origin: keeping.Origin) -> date:
    return _on(work, origin.property, work.now)


def _on(work: Work, code: str, moment: datetime) -> date:
    hotel = work.settings.properties.get(code)
    # A replay makes erasures again of a house that was taken out of the settings since, and what
    # other houses of a group erased together with it ends later than it.
    return day_at(hotel, moment) if hotel is not None else moment.date()


# what a certificate says of it


def told(work: Work, number: str) -> tuple[Told, ...]:
    """Return who else was told of a request, and how far each got."""
    table = tables.delivery
    rows = work.conn.execute(
        select(table).where(table.c.request == number).order_by(table.c.recipient, table.c.id)
    ).all()
    return tuple(
        Told(row.recipient, row.how, _WORDS[Stage(row.state)], _day(work, row)) for row in rows
    )


_WORDS = {stage: stage.value for stage in Stage} | {Stage.RECEIVED: Stage.SENT.value}
"""Words of a certificate: that a recipient received a notice is no more than that it was sent."""


def _day(work: Work, row: Any) -> str:
    final = row.state in (Stage.ACKNOWLEDGED, Stage.DONE)
    moment: datetime = (row.answered_at if final else row.sent_at) or row.queued_at
    return _on(work, row.property, moment.replace(tzinfo=UTC)).isoformat()
