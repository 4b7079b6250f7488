"""Checkpoints leave the house: signed after the commits they cover, queued, brought at least once.

A note is signed in a transaction that appends nothing and leaves the house after its commit, so no
checkpoint vouches for an entry that was rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, insert, select, update

from ...core.checkpoint import read_note
from ...core.errors import TamperedError
from ...core.events import SYSTEM, CheckpointFailed, CheckpointReleased, JournalWitnessed
from ..access import brake
from ..journaling import signing
from ..messages.outbox import BACK_OFF, FAILED, LEASE, QUEUED, SENDING, SENT
from ..remembrance import heads, remembering
from ..tables import entry as entries
from ..tables import released, tree
from ..unit import HasWork, Run
from ..work import Work
from .place import Place
from .places import Release

ITS_OWN = frozenset({CheckpointReleased.name, CheckpointFailed.name, JournalWitnessed.name})
"""Entries about releases, ours and those of others that are witnessed here.

They move the head too, and would make it leave again and again; two houses that witness each
other would never come to rest.
"""

LATE = timedelta(hours=25)
"""After this time without a checkpoint outside somebody must look."""


def release(
    run: Run, note: Callable[[str, str], None] = lambda place, problem: None, at_once: bool = False
) -> int:
    """Bring the heads of the journals to the places outside, where they moved.

    :param run: runs a unit of work.
    :param note: told the way of a place that could not be reached, and what went wrong.
    :param at_once: do not wait until it is time again.
    :return: how many arrived.
    :raises BlockedError: this database was restored and has not caught up.
    """
    known: dict[str, Place] = {
        place.name: place for place in run(lambda office: office.work.places)
    }
    if not known:
        return 0
    run(partial(_queue, at_once))
    count = 0
    while claimed := run(partial(_claim, known)):
        for row in claimed:
            count += _bring(run, known[row.destination], row, note)
    return count


def _bring(run: Run, place: Place, row: Row[Any], note: Callable[[str, str], None]) -> int:
    """Bring one checkpoint to its place; nothing is held open meanwhile."""
    parcel = Release(
        row.controller, row.epoch, row.size, bytes.fromhex(row.root), row.note, run
    )
    try:
        signed = place.take(parcel)
    except Exception as problem:
        # A callable is the host's own code: the name of the class is all that is kept.
        run(partial(_failed, row, place, type(problem).__name__))
        note(place.way.value, type(problem).__name__)
        return 0
    run(partial(_done, row, place, signed))
    return 1


def _queue(at_once: bool, office: HasWork) -> None:
    work = office.work
    remembering.still(work)
    for row in work.conn.execute(select(tree).where(tree.c.open)).all():
        last = {place.name: _last(work, row, place) for place in work.places}
        due = [place for place in work.places if _due(work, row, place, last[place.name], at_once)]
        if due:
            text = signing.checkpoint(work, row.controller)
            for place in due:
                _put(work, text, place, last[place.name], at_once)


def _last(work: Work, row: Row[Any], place: Place) -> Row[Any] | None:
    """Return the newest checkpoint of a journal that was queued for a place."""
    return work.conn.execute(
        select(released)
        .where(released.c.controller == row.controller, released.c.destination == place.name)
        .order_by(released.c.id.desc())
        .limit(1)
    ).first()


def _due(
    work: Work, row: Row[Any], place: Place, last: Row[Any] | None, at_once: bool
) -> bool:
    """Return whether another checkpoint is due at a place."""
    if last is None:
        return True
    if last.state == SENDING or (last.state == SENT and not _moved(work, row, last)):
        return False
    signed = datetime.fromisoformat(read_note(last.note).at).astimezone(UTC)
    return at_once or abs(work.now - signed) >= place.every


def _moved(work: Work, row: Row[Any], last: Row[Any]) -> bool:
    """Return whether something happened since a checkpoint that is not about checkpoints."""
    if last.epoch != row.epoch:
        return True
    found = work.conn.execute(
        select(entries.c.position)
        .where(
            entries.c.controller == row.controller, entries.c.epoch == row.epoch,
            entries.c.position >= last.size, entries.c.action.not_in(ITS_OWN),
        )
        .limit(1)
    )  # fmt: skip
    return found.first() is not None


def _put(work: Work, text: str, place: Place, last: Row[Any] | None, at_once: bool) -> None:
    """Queue a checkpoint for a place; one that still waits there is replaced, and waits on."""
    head = read_note(text)
    values: dict[str, Any] = {
        "epoch": head.epoch, "size": head.size, "root": head.root.hex(), "note": text,
    }  # fmt: skip
    if last is not None and last.state == QUEUED:
        if at_once:
            values["next_at"] = work.stamp
        # One that was taken meanwhile is being brought as it was; the next round sees to the rest.
        waits = (released.c.id == last.id, released.c.state == QUEUED)
        work.conn.execute(update(released).where(*waits).values(values))
        return
    work.conn.execute(
        insert(released).values(
            controller=head.controller, destination=place.name, state=QUEUED, attempts=0,
            next_at=work.stamp, **values,
        )
    )  # fmt: skip


def _claim(known: dict[str, Place], office: HasWork) -> list[Row[Any]]:
    """Take what is due, so that nobody else takes it."""
    work = office.work
    remembering.still(work)
    rows = work.conn.execute(
        select(released)
        .where(
            released.c.state.in_([QUEUED, SENDING]), released.c.next_at <= work.stamp,
            released.c.destination.in_(sorted(known)),
        )
        .order_by(released.c.id)
        .limit(10)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    for row in rows:
        _set(work, row, state=SENDING, next_at=work.stamp + LEASE)
    return list(rows)


def _done(row: Row[Any], place: Place, signed: str | None, office: HasWork) -> None:
    work = office.work
    # What was brought, also where it took so long that another one was tried meanwhile.
    brought = {
        "epoch": row.epoch, "size": row.size, "root": row.root, "note": signed or row.note,
    }  # fmt: skip
    _set(work, row, state=SENT, sent_at=work.stamp, problem=None, **brought)
    if place.folder is None:
        heads.shows(work, row.note)
    _tell(work, CheckpointReleased, row, place)


def _failed(row: Row[Any], place: Place, problem: str, office: HasWork) -> None:
    work, attempts = office.work, row.attempts + 1
    state = select(released.c.state).where(released.c.id == row.id)
    if work.conn.execute(state).scalar() == SENT:
        return
    if attempts > len(BACK_OFF):
        _set(work, row, state=FAILED, attempts=attempts, problem=problem[:80])
        _tell(work, CheckpointFailed, row, place)
        return
    wait = timedelta(minutes=BACK_OFF[attempts - 1])
    _set(
        work, row, state=QUEUED, attempts=attempts, next_at=work.stamp + wait,
        problem=problem[:80],
    )  # fmt: skip


def _set(work: Work, row: Row[Any], **values: object) -> None:
    work.conn.execute(update(released).where(released.c.id == row.id).values(**values))


def _tell(
    work: Work, kind: type[CheckpointReleased | CheckpointFailed], row: Row[Any], place: Place
) -> None:
    work.events.append(
        kind(
            row.controller, actor=SYSTEM, counts={"entries": row.size},
            grounds=(place.way.value,), marks={"root": row.root},
        )
    )  # fmt: skip


def late(work: Work) -> bool:
    """Return whether there is a journal that no place outside took a checkpoint of for a day."""
    for row in work.conn.execute(select(tree).where(tree.c.open)).all():
        sent = work.conn.execute(
            select(released)
            .where(released.c.controller == row.controller, released.c.state == SENT)
            .order_by(released.c.id.desc())
            .limit(1)
        ).first()
        if sent is None:
            if brake.aged(work, LATE):
                return True
        elif work.stamp - sent.sent_at > LATE and _moved(work, row, sent):
            return True
    return False


def refused(work: Work) -> bool:
    """Return whether a place refused a checkpoint because it has seen something else."""
    found = select(released.c.id).where(
        released.c.state != SENT, released.c.problem == TamperedError.__name__
    )
    return work.conn.execute(found.limit(1)).first() is not None
