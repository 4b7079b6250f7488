"""What hangs on an erasure and goes with it when it is taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, or_, outerjoin, select, update
from sqlalchemy.exc import DBAPIError

from ...core.asking import Asker
from ...core.certificate import CONTENT_MARK
from ...core.certified import from_json
from ...core.errors import SealError
from ...core.events import CertificateRevoked
from ...core.identity import Kind
from ...core.image import Cell, Image
from ...core.log import canonical
from ...core.payload import decode
from ...core.plan import Person
from ...core.recipient import Stage
from ...core.seal import Box, open_box
from .. import tables
from ..boxes import shelf, vault
from ..casework import tasks
from ..casework.cases import Case, day_at, tell
from ..casework.matching import Contact, is_theirs
from ..erasing import people
from ..erasing.carrying import known
from ..messages import outbox, overtaken
from ..partners import deliveries
from ..retaining import keeping, law
from ..returning.again import Fate
from ..search import sought
from ..work import Work
from .refusal import CAME, Back
from .reused import shells

TELL_WITHIN = timedelta(days=7)
"""Days in which recipients should hear that an erasure was taken back."""


def rows(work: Work, case: Case, backs: Iterable[Back]) -> None:
    """End what was kept of an erasure; what is sealed and did not come back stays.

    :param work: the open transaction, in which the rows are back.
    :param case: the request.
    :param backs: what became of the rows of its safety copies.
    """
    kept, box = tables.kept, tables.box
    sealed = select(box.c.id).where(box.c.request == case.number, box.c.purpose == "retention")
    there = (box.c.id == kept.c.box) & box.c.forgotten_at.is_(None)
    lines = work.conn.execute(
        select(kept.c.id, kept.c.mode, box.c.id.label("box"))
        .select_from(outerjoin(kept, box, there))
        .where(
            or_(kept.c.request == case.number, kept.c.box.in_(sealed)), kept.c.ended_at.is_(None)
        )
    ).all()
    boxes = {line.box for line in lines if line.mode == law.SEALED and line.box}
    stay = _staying(work, sorted(boxes), backs)
    stays = {line.id for line in lines if line.box in stay}
    # What the law keeps of such a row stays in its box, on nobody's request any more.
    work.conn.execute(update(kept).where(kept.c.id.in_(sorted(stays))).values(request=None))
    vault.empty(
        work.conn, sorted({line.box for line in lines if line.box} - stay), work.stamp
    )
    shelf.forget(work)
    keeping.end(work, (line.id for line in lines if line.id not in stays), back=True)


_Value = tuple[str, bytes, Cell]
"""Table and key of a row, and what one of its columns held."""


def _staying(work: Work, boxes: Sequence[str], backs: Iterable[Back]) -> set[str]:
    """Return those of these boxes that hold something that did not come back."""
    if not boxes:
        return set()
    came, left = set[_Value](), set[_Value]()
    for back in backs:
        (came if back.fate in CAME else left).update(_values(back.old.image, back.gone))
    came -= left
    return {
        each.id
        for each in vault.openable(work.conn, work.custodian, boxes)
        if not _is_back(work, each, came)
    }


def _values(image: Image, gone: Collection[str] = ()) -> Iterator[_Value]:
    """Yield what a row held, without columns that its table does not have any more."""
    key = canonical([[c.name, c.form.value, c.value] for c in image.key])
    for each in image.columns:
        if each.name not in gone:
            yield image.table, key, each


def _is_back(work: Work, box: Box, came: Set[_Value]) -> bool:
    """Return whether all that a box holds stands in its row again."""
    try:
        images = decode(open_box(box, work.custodian)).rows
    except SealError:
        # Nobody can look into it now, and what the law keeps may be in it alone.
        return False
    return all(value in came for image in images for value in _values(image))


def traces(work: Work, case: Case, actor: str) -> None:
    """End all by which erased people are known again or looked for; objections stay.

    :param work: the open transaction.
    :param case: the request.
    :param actor: opaque number of who takes it back.
    """
    mark, subject, seen = tables.mark, tables.subject, tables.returned
    work.conn.execute(
        delete(mark).where(mark.c.request == case.number, mark.c.ends_on.is_not(None))
    )
    work.conn.execute(
        update(subject).where(subject.c.request == case.number).values(erased_at=None)
    )
    sought.end(work, case, "")
    work.conn.execute(
        update(seen)
        .where(
            seen.c.request == case.number,
            seen.c.state.in_([Fate.OPEN.value, Fate.STAFF.value]),
        )
        .values(
            state=Fate.LIVES.value, decided_by=actor, decided_at=work.stamp, try_at=None,
            waiting_for=None, waiting_until=None,
        )
    )  # fmt: skip


def recipients(work: Work, case: Case) -> tuple[str, ...]:
    """Return who was told of an erasure; a person is asked to tell each again.

    Who was not told yet is not told any more. Of a try that failed nobody knows whether it came.

    :param work: the open transaction.
    :param case: the request.
    """
    table, parcel = tables.delivery, tables.outbox
    lines = work.conn.execute(
        select(
            table.c.id, table.c.recipient, table.c.property, table.c.state, table.c.task,
            table.c.outbox,
        )
        .where(table.c.request == case.number)
        .order_by(table.c.id)
    ).all()
    told = []
    for line in lines:
        waits = line.outbox is None or work.conn.execute(
            select(parcel.c.id)
            .where(
                parcel.c.id == line.outbox, parcel.c.attempts == 0,
                parcel.c.state.in_([outbox.QUEUED, outbox.READY]),
            )
            .with_for_update()
        ).first()
        if line.state == Stage.QUEUED and waits:
            _untell(work, line)
        else:
            told.append((line.recipient, line.property))
            deliveries.call_off(work, line.outbox)
    due = day_at(work.settings.home(case.property), work.now) + TELL_WITHIN
    for name, place in dict.fromkeys(told):
        tasks.ask(work, place, f"{place}/{name}/restored-{case.number}", due, 1)
    return tuple(dict.fromkeys(name for name, _ in told))


def _untell(work: Work, line: Any) -> None:
    if line.outbox is not None:
        outbox.call_off(work, line.outbox)
    task = tables.task
    if line.task is not None:
        work.conn.execute(delete(task).where(task.c.id == line.task, task.c.done_at.is_(None)))
    work.conn.execute(delete(tables.delivery).where(tables.delivery.c.id == line.id))


def revoke(work: Work, case: Case, actor: str) -> None:
    """Revoke every certificate of a request; they can still be had, and say so.

    :param work: the open transaction.
    :param case: the request.
    :param actor: opaque number of who takes it back.
    """
    table = tables.certificate
    mine = (table.c.request == case.number, table.c.revoked_at.is_(None))
    for row in work.conn.execute(select(table).where(*mine).order_by(table.c.supplement)).all():
        issued = from_json(row.body)
        marks = {CONTENT_MARK: issued.content.mark(issued.format)}
        counts = {"supplement": row.supplement}
        tell(work, CertificateRevoked, case, actor, counts, (), marks)
    work.conn.execute(update(table).where(*mine).values(revoked_at=work.stamp))


# the guest


def write_guest(work: Work, case: Case, ground: str, backs: Iterable[Back]) -> None:
    """Tell the guest that it was taken back, at a contact that is on file again, or by a letter.

    Where a part of their own row did not come back, what stands in it may be somebody else's.

    :param work: the open transaction, in which the rows are back.
    :param case: the request.
    :param ground: one of `core.restoring.RestoreGround`.
    :param backs: what became of the rows of its safety copies.
    """
    left = shells(work, (back.old for back in backs if back.fate not in CAME))
    on = day_at(work.settings.home(case.property), work.now).isoformat()
    params, dedupe = {"ground": ground, "until": on}, f"restored:{case.number}"
    contact = _contact(work, case, left) if case.asked_by != Asker.RELATIVE else None
    if contact is None:
        outbox.queue_print(work, case, "restored", params, dedupe)
    else:
        outbox.queue_message(work, case, contact, "restored", params, dedupe)
    overtaken.take_back(work, case.number, "restored")


def _contact(work: Work, case: Case, left: Set[Person]) -> Contact | None:
    """Return the first address on file, or else the first number, of people who are back whole.

    The hotel's own, or a travel desk's, tells no guest.
    """
    found, hotel = list[Contact](), work.settings.home(case.property)
    # A column that is gone since, or a type that cannot read it, leaves a letter to print.
    with suppress(ValueError, LookupError, DBAPIError), work.conn.begin_nested():
        whole = [each for each in people.taken(work, case.number) if each not in left]
        for person, on_file in known(work.conn, work.datamap, whole).items():
            kinds = work.datamap.subjects[person[0]].contact
            found += [
                Contact(kinds[name], value.strip())
                for name, value in on_file.contacts.items()
                if value.strip()
                and is_theirs(work, (Kind(kinds[name]), value.strip(), on_file.name), hotel)
            ]
    return next(iter(_usable(found)), None)


def _usable(found: Sequence[Contact]) -> list[Contact]:
    mails = [c for c in found if c.kind == Kind.EMAIL and "@" in c.value and not _masked(c.value)]
    return mails + [c for c in found if c.kind == Kind.PHONE]


def _masked(value: str) -> bool:
    return value.endswith(".invalid")
