"""What becomes of a notice: claimed, told, answered, failed, tried again, or done by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, select, update

from ...core.errors import KeyMissingError, SealError, TransitionError, UnknownError
from ...core.events import SYSTEM, Event, RecipientAnswered, RecipientFailed, RecipientTold
from ...core.permissions import Permission
from ...core.recipient import FINAL, Answer, Identity, Notice, Recipient, Said, Stage
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework import tasks
from ..erasing import people
from ..messages import outbox
from ..messages.outbox import BACK_OFF, FAILED, LEASE, QUEUED, SENDING, SENT
from ..work import Work
from .outstanding import UNSETTLED, to_tell

UNOPENED = "unopened"
"""Why a notice is not told: what it says cannot be opened."""


@dataclass(frozen=True)
class Sending:
    """One notice that this worker tells now, opened.

    :param id: number of its row.
    :param parcel: number of its row in the outbox.
    :param attempts: tries that failed before.
    :param recipient: who is told.
    :param notice: what it is told.
    """

    id: int
    parcel: int
    attempts: int
    recipient: Recipient
    notice: Notice


# the worker


def claim(work: Work, skip: Iterable[str] = (), most: int = 10) -> list[Sending]:
    """Take notices that are due, so that no other worker takes them, and open them.

    :param work: the open transaction; what is claimed is told after it.
    :param skip: names of recipients that did not answer in this round.
    :param most: how many at most.
    """
    table, delivery = tables.outbox, tables.delivery
    parcels = work.conn.execute(
        select(table)
        .where(table.c.kind == outbox.RECIPIENT, outbox.is_due(work))
        .where(table.c.template.not_in(list(skip)))
        .order_by(table.c.next_at, table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    ids = [parcel.id for parcel in parcels]
    mine = select(delivery).where(delivery.c.outbox.in_(ids))
    rows = {row.outbox: row for row in work.conn.execute(mine)}
    known = {each.name: each for each in work.recipients}
    claimed = []
    for parcel in parcels:
        row = rows.get(parcel.id)
        if row is None:
            # What it was about ended, by its own schedule, before it could be told.
            _end(work, parcel.id)
            continue
        recipient = known.get(row.recipient)
        if recipient is None or recipient.manual():
            _fail(work, row, "not-declared")
            continue
        try:
            notice = _open(work, parcel, row)
        except (KeyMissingError, UnknownError):
            _fail(work, row, UNOPENED)
            continue
        except SealError:
            # A key service that does not answer now does so later.
            _wait(work, row, parcel.id, parcel.attempts, UNOPENED)
            continue
        _set(work, parcel.id, state=SENDING, next_at=work.stamp + LEASE)
        claimed.append(Sending(row.id, parcel.id, parcel.attempts, recipient, notice))
    return claimed


def _open(work: Work, parcel: Row[Any], row: Row[Any]) -> Notice:
    if parcel.box is None:
        raise KeyMissingError("This notice holds nothing any more.")
    content = safe.read(work, parcel.box)
    base = work.settings.base_url.rstrip("/")
    return Notice(
        row.reference,
        row.recipient,
        row.controller,
        row.property,
        content["on"],
        tuple(Identity(type_, value) for type_, value in content["identities"]),
        tuple((table, people.read_key(work, table, key)) for table, key in content["rows"]),
        f"{base}/recipients/{row.reference}" if base else "",
        signing_key(work).sign,
    )


def signing_key(work: Work) -> Ed25519PrivateKey:
    """Return the key that signs notices to recipients; it signs nothing else."""
    return Ed25519PrivateKey.from_private_bytes(work.custodian.pepper("recipients"))


def told(work: Work, sending: Sending, answer: Answer) -> None:
    """Record what came of a try; what was sealed for it is dropped once it was told."""
    row = _lock(work, sending.id)
    parcel = work.conn.execute(
        select(tables.outbox.c.state).where(tables.outbox.c.id == sending.parcel)
    ).scalar_one()
    if parcel != SENDING:
        # Another worker told it as well, after this one had been away for too long.
        return
    if answer.said is Said.REFUSED:
        _fail(work, row, answer.problem)
        return
    if answer.said is Said.LATER:
        _wait(work, row, sending.parcel, sending.attempts, answer.problem)
        return
    _end(work, sending.parcel)
    stage = Stage.ACKNOWLEDGED if answer.said is Said.DONE else Stage.SENT
    early = row.state not in (Stage.QUEUED, Stage.FAILED)
    state = row.state if early else stage.value
    values: dict[str, Any] = {"state": state, "sent_at": work.stamp, "problem": None}
    if stage is Stage.ACKNOWLEDGED:
        values["answered_at"] = work.stamp
    _note(work, row.id, **values)
    _tell(work, RecipientTold, row)
    if stage is Stage.ACKNOWLEDGED:
        _tell(work, RecipientAnswered, row, stage.value)


def _wait(work: Work, row: Row[Any], parcel: int, attempts: int, problem: str) -> None:
    """Try a notice again later; after the last try a person must look."""
    if attempts >= len(BACK_OFF):
        _fail(work, row, problem)
        return
    wait = timedelta(minutes=BACK_OFF[attempts])
    _set(work, parcel, state=QUEUED, attempts=attempts + 1, next_at=work.stamp + wait,
         problem=problem[:80])  # fmt: skip


def later(work: Work, sending: Sending) -> None:
    """Leave a notice for the next round without a try: its recipient does not answer now."""
    _set(work, sending.parcel, state=QUEUED, next_at=work.stamp + timedelta(minutes=BACK_OFF[0]))


# the recipient


def answered(work: Work, reference: str, stage: Stage) -> None:
    """Record what a recipient says became of its copies; the signature was looked at before.

    What is acknowledged, or was done by a person, stays so; the same answer again changes nothing.
    """
    row = find(work, reference)
    if row is None:
        raise UnknownError("There is no such notice.", "Answer to the address you were given.")
    row = _lock(work, row.id)
    if row.state in FINAL or row.state == stage:
        return
    if stage is Stage.FAILED:
        _note(work, row.id, state=stage.value, answered_at=work.stamp, problem="refused")
        _tell(work, RecipientFailed, row, "refused")
        return
    if row.state == Stage.FAILED and stage is Stage.RECEIVED:
        return
    _note(work, row.id, state=stage.value, answered_at=work.stamp, problem=None)
    if stage is Stage.ACKNOWLEDGED:
        # It may answer while the worker still waits for the reply, or after the last try failed.
        _end(work, row.outbox)
    _tell(work, RecipientAnswered, row, stage.value)


def find(work: Work, reference: str) -> Row[Any] | None:
    """Return the delivery with a reference, or None."""
    table = tables.delivery
    return work.conn.execute(select(table).where(table.c.reference == reference)).one_or_none()


def again(work: Work, id: int, by: str) -> None:
    """Try a notice again that could not be told.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not verify at its property.
    :raises TransitionError: it is not given up, or what it says is gone by now.
    """
    row = _lock(work, id)
    actors.allow(work, by, Permission.VERIFY, row.property)
    if row.outbox is None or not to_tell(work, row)["again"]:
        raise TransitionError(
            "This cannot be sent again.",
            "Tell the recipient yourself, and note that you did.",
        )
    _set(work, row.outbox, state=QUEUED, attempts=0, next_at=work.stamp, problem=None)
    _note(work, id, state=Stage.QUEUED.value, problem=None)


def done(work: Work, id: int, by: str) -> None:
    """Sign that somebody told a recipient, or learned from it, that its copies are gone.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not verify at its property.
    :raises TransitionError: it is settled already.
    """
    row = _lock(work, id)
    actor = actors.allow(work, by, Permission.VERIFY, row.property)
    if row.state in FINAL:
        raise TransitionError("This is settled already.", "There is nothing left to do.")
    _done(work, row, actor)
    if row.task is not None:
        open_ = select(tables.delivery.c.id).where(
            tables.delivery.c.task == row.task, tables.delivery.c.state.in_(UNSETTLED)
        )
        if work.conn.execute(open_).first() is None:
            tasks.close(work, row.task, actor)


def signed(work: Work, task: int, by: str) -> None:
    """Settle what a task asked for, now that a person signed it."""
    table = tables.delivery
    rows = work.conn.execute(
        select(table).where(table.c.task == task, table.c.state.in_(UNSETTLED)).with_for_update()
    ).all()
    for row in rows:
        _done(work, row, actors.acting(work, by))


def _done(work: Work, row: Row[Any], actor: str) -> None:
    _note(work, row.id, state=Stage.DONE.value, answered_at=work.stamp, problem=None)
    _end(work, row.outbox)
    _tell(work, RecipientAnswered, row, Stage.DONE.value, actor)


# an erasure that was taken back


def call_off(work: Work, parcel: int | None) -> None:
    """Tell nobody any more, and again, what was to be told of an erasure that was taken back.

    :param work: the open transaction.
    :param parcel: number of its row in the outbox, or None; it may be being told right now.
    """
    table = tables.outbox
    wanted = table.c.id == parcel, table.c.state != SENT
    if work.conn.execute(select(table.c.id).where(*wanted).with_for_update()).first() is not None:
        _end(work, parcel)


# rows


def _lock(work: Work, id: int) -> Row[Any]:
    table = tables.delivery
    row = work.conn.execute(
        select(table).where(table.c.id == id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownError("There is no such notice.", "Look at the list again.")
    return row


def _note(work: Work, id: int, **values: object) -> None:
    table = tables.delivery
    work.conn.execute(update(table).where(table.c.id == id).values(**values))


def _set(work: Work, parcel: int, **values: object) -> None:
    table = tables.outbox
    work.conn.execute(update(table).where(table.c.id == parcel).values(**values))


def _end(work: Work, parcel: int | None) -> None:
    """Note that nothing is left to be sent, and drop what was sealed for it."""
    if parcel is None:
        return
    table = tables.outbox
    box = work.conn.execute(select(table.c.box).where(table.c.id == parcel)).scalar()
    safe.drop(work, box)
    _set(work, parcel, state=SENT, box=None, done_at=work.stamp, problem=None)


def _fail(work: Work, row: Row[Any], problem: str) -> None:
    _set(work, row.outbox, state=FAILED, problem=problem[:80], done_at=work.stamp)
    if row.state not in FINAL:
        _note(work, row.id, state=Stage.FAILED.value, problem=problem[:80])
        _tell(work, RecipientFailed, row, problem[:80])


def _tell(
    work: Work, event: type[Event], row: Row[Any], ground: str = "", actor: str = SYSTEM
) -> None:
    grounds: Sequence[str] = [row.recipient, *([ground] if ground else [])]
    counts: Mapping[str, int] = {}
    work.events.append(event(
        row.controller, row.property, row.request or "", actor, counts, tuple(grounds)
    ))  # fmt: skip
