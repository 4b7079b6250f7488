"""What leaves the house, parcel by parcel: claimed, dealt with, tried again or given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select, update

from ...core.errors import ClosedError, DeliveryError, KeyMissingError, SealError, UnknownError
from ...core.events import Event, FileLeft, FileRemoved, FileRestored, MessageFailed, MessageSent
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..boxes import safe, vault
from ..casework.cases import acknowledge, load, tell
from ..holding import heldkeys, heldrequests, unsearched
from ..incidents import bounced
from ..journaling import approvals, binding
from ..messages import removal
from ..messages.outbox import (
    BACK,
    BACK_OFF,
    FAILED,
    FILE,
    HELD,
    LATER,
    LEASE,
    MESSAGE,
    NO_ANSWER,
    OUTSIDE,
    OVERTAKEN,
    QUEUED,
    READY,
    RECIPIENT,
    SENDING,
    SENT,
    TRIES,
    WAITED,
    Parcel,
    call_off,
    is_due,
    read,
)
from ..messages.overtaken import is_behind, is_overtaken, overtake
from ..work import Work


def claim(
    work: Work, channels: frozenset[str], most: int = 10, files_of: Sequence[str] | None = None
) -> list[Parcel]:
    """Take what is due, so that no other worker takes it, and open it.

    A file whose name lies under a hold waits until that is lifted; one that a sweep left, or that
    went with shared rows, until it is known whether a hold that was placed since reaches it.

    :param work: the open transaction; what is claimed is sent after it.
    :param channels: names of the channels there are; a message for another one is printed.
    :param most: how many at most.
    :param files_of: requests whose files alone are taken; None for whatever is due.
    """
    table = tables.outbox
    wanted = table.c.kind != RECIPIENT
    if files_of is not None:
        wanted = and_(table.c.kind == FILE, table.c.request.in_(files_of))
    due = (
        select(table)
        .where(is_due(work), wanted, _FREE)
        .order_by(table.c.next_at, table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    parcels = []
    for row in _still(work, due, most):
        if row.kind == MESSAGE and row.channel not in channels:
            _set(work, row.id, state=READY, channel="print")
            continue
        try:
            parcels.append(replace(_open(work, row), until=work.stamp + LEASE))
        except (KeyMissingError, UnknownError):
            _fail(work, _closed(row), "unopened")
            continue
        except SealError:
            # A key service that does not answer now does so later.
            failed(work, _closed(row), "unopened")
            continue
        _set(work, row.id, state=SENDING, next_at=work.stamp + LEASE)
    return parcels


def _still(work: Work, due: Select[Any], most: int) -> list[Row[Any]]:
    """Return what is due of the first that are, and take back what is overtaken before them.

    Where all of them are, nothing would be claimed, and what is due behind them wait for a round.
    """
    for _ in range(_LOOKS):
        rows = work.conn.execute(due).all()
        left = [row for row in rows if not is_overtaken(work, row)]
        for id in {row.id for row in rows} - {row.id for row in left}:
            overtake(work, id)
        if left or len(rows) < most:
            return left
    return []


_LOOKS = 10
"""How often a transaction looks for what is due, which must not grow with what is overtaken."""


def _open(work: Work, row: Row[Any]) -> Parcel:
    if row.box is None:
        raise KeyMissingError("This message holds nothing any more.")
    return replace(_closed(row), content=read(work, row))


def _closed(row: Row[Any]) -> Parcel:
    return Parcel(
        row.id, row.kind, row.channel, row.request, row.template, row.dedupe, row.attempts, {}
    )


def keep_on(work: Work, parcel: Parcel) -> bool:
    """Return whether a message that was claimed is still to be sent by this worker, and keep it so.

    Several are claimed at once, and where a mail server is slow the last ones wait for so long that
    another worker takes this one for dead: their guests would read the same twice. One that says
    how a request stood is taken back where another worker sent meanwhile how that ended.

    :param work: the open transaction, before it is sent.
    """
    table = tables.outbox
    mine = table.c.id == parcel.id, table.c.state == SENDING, table.c.next_at == parcel.until
    longer = update(table).where(*mine).values(next_at=work.stamp + LEASE)
    if not work.conn.execute(longer).rowcount:
        return False
    if is_behind(work, parcel):
        overtake(work, parcel.id)
        return False
    return True


def hold_still(work: Work, parcel: Parcel) -> bool:
    """Return whether a parcel is still to be dealt with, and keep others from taking it back.

    :param work: the open transaction, in which it is dealt with.
    """
    table = tables.outbox
    row = work.conn.execute(
        select(table.c.state).where(table.c.id == parcel.id).with_for_update()
    ).one_or_none()
    return row is not None and row.state == SENDING


_FREE = or_(
    tables.outbox.c.kind != FILE,
    and_(
        or_(tables.outbox.c.box.not_in(HELD), tables.outbox.c.box.is_(None)),
        or_(tables.outbox.c.request.is_not(None), ~unsearched.ANY.exists()),
        ~unsearched.is_asked(tables.outbox.c.request),
    ),
)
"""What no hold keeps from leaving."""


def held(work: Work, parcel: Parcel) -> bool:
    """Return whether a hold that was placed since it was claimed keeps a parcel, which waits then.

    None is placed until this transaction ends.

    :param work: the open transaction, in which it is dealt with.
    """
    binding.turn(work, binding.HOLDS)
    table, untold = tables.outbox, _keep_beside(work, parcel)
    free = select(table.c.id).where(table.c.id == parcel.id, _FREE)
    if not untold and work.conn.execute(free).first() is not None:
        return False
    # Unlike what `_FREE` tells of, it would be claimed again at once, by a round that never ends.
    later(work, parcel, BACK_OFF[0] if untold else 0)
    return True


def later(work: Work, parcel: Parcel, minutes: int = BACK_OFF[0]) -> None:
    """Put off what was claimed and was not tried.

    :param work: the open transaction, in which it was to be dealt with.
    """
    _set(work, parcel.id, state=QUEUED, next_at=work.stamp + timedelta(minutes=minutes))


def _keep_beside(work: Work, parcel: Parcel) -> bool:
    """Put a file that others left to this request under the oldest hold that reaches one of them.

    :return: whether copies of one of them are still to be looked through for a hold.
    :raises ClosedError: it cannot be put there now.
    """
    if not (beside := parcel.content.get("beside")):
        return False
    table, holds = tables.outbox, heldrequests.holders(work, beside)
    box = work.conn.execute(select(table.c.box).where(table.c.id == parcel.id)).scalar_one()
    problem = heldkeys.keep(work, [box], holds)
    if problem is not None:
        raise ClosedError(problem.message, problem.hint)
    return not unsearched.asked_of(work.conn).keys().isdisjoint(beside)


def done(work: Work, parcel: Parcel) -> None:
    """Record that a message was sent or a file is gone; what was sealed for it is dropped."""
    box = _set(work, parcel.id, state=SENT, done_at=work.stamp, problem=None)
    _first_answer(work, parcel.request, parcel.kind, parcel.template)
    alone = parcel.template == OUTSIDE
    which = (OUTSIDE,) if alone else _which(parcel.template)
    marks = approvals.left(work, load(work, parcel.request)) if alone else {}
    _tell(work, _DONE[parcel.kind], parcel.id, "system", (parcel.channel, *which), marks)
    _drop(work, parcel.id, box)


def left(work: Work, parcel: Parcel) -> None:
    """Record that a file stays where it lies; what was sealed for its removal is dropped.

    :param work: the open transaction, in which it was to be removed.
    """
    _tell(work, FileLeft, parcel.id, "system", (parcel.channel,))
    call_off(work, parcel.id)


_DONE: Mapping[str, type[Event]] = {
    MESSAGE: MessageSent, FILE: FileRemoved, BACK: FileRestored,
}  # fmt: skip


def printed(work: Work, id: int, by: str) -> None:
    """Record that a person printed a letter, or dealt with what could not be done, once.

    A file is removed, or put back, again: whether it is gone is seen by that, and a person's word
    is taken only where nobody can do it by what was sealed for it.

    :raises UnknownError: there is no such letter waiting.
    :raises ForbiddenError: they may not verify at its property.
    """
    table = tables.outbox
    wanted = or_(table.c.state.in_([READY, FAILED, SENT]), table.c.kind.in_([FILE, BACK]))
    row = work.conn.execute(
        select(table).where(table.c.id == id, wanted).with_for_update()
    ).one_or_none()
    done = row is not None and row.state not in (READY, FAILED)
    if row is None or row.kind == RECIPIENT or (
        done and not actors.may(work, by, Permission.VERIFY, row.property)
    ):
        raise UnknownError("There is no such letter waiting.", "Look at the list again.")
    actor = actors.allow(work, by, Permission.VERIFY, row.property)
    if done:
        return
    if _again(work, row):
        _set(work, id, state=QUEUED, attempts=0, next_at=work.stamp, done_at=None)
        return
    box = _set(work, id, state=SENT, done_at=work.stamp)
    if row.state == FAILED:
        bounced.count(work, row.template, row.dedupe, left=True)
    _first_answer(work, row.request, row.kind, row.template)
    _tell(work, _DONE[row.kind], id, actor, ("print", *_which(row.template)))
    _drop(work, id, box)


def _again(work: Work, row: Row[Any]) -> bool:
    """Return whether what was given up is tried again, rather than a person believed."""
    if row.kind == FILE:
        return _removable(work, row)
    # What was given up before its last try cannot be had, or another file lies there.
    return bool(row.kind == BACK and row.attempts >= len(BACK_OFF))


def _removable(work: Work, row: Row[Any]) -> bool:
    """Return whether a file can be removed by what its box says, now or once that opens."""
    try:
        content = read(work, row)
        removal.locate(content["root"], content["name"])
    except (UnknownError, DeliveryError):
        return False
    except SealError:
        return _opens_later(work, row.box)
    return True


def _opens_later(work: Work, box: str) -> bool:
    try:
        vault.require_lost(work.conn, work.custodian, [box])
    except SealError:
        return True
    return False


def _which(template: str) -> tuple[str, ...]:
    """Return what the journal says of a message beside that it left: that a guest heard later."""
    return ("later-told",) if template == LATER else ()


def _first_answer(work: Work, number: str, kind: str, template: str) -> None:
    """Note that a guest was answered once a letter to them left the house."""
    if kind == MESSAGE and template not in NO_ANSWER:
        acknowledge(work, number)


def failed(work: Work, parcel: Parcel, problem: str) -> None:
    """Record a try that failed: it is tried again later, or a person must look.

    What waits for a folder that is away is not given up, nor a file for a database that may name
    it, or for a key; after as many tries it stays for now (`unremoved.staying`), and gets as many
    again of what fails otherwise then. Where the error came from the connection after the commit
    that says it is done, it is done.

    :param work: the open transaction.
    :param parcel: what could not be done.
    :param problem: an enumerated word or the name of an error class, never its text.
    """
    table = tables.outbox
    wanted = select(table.c.state, table.c.problem).where(table.c.id == parcel.id)
    row = work.conn.execute(wanted.with_for_update()).one_or_none()
    if row is not None and row.state in (SENT, OVERTAKEN):
        return
    ways = WAITED if parcel.kind == FILE else WAITED[:1]
    waits, waited = problem in ways, row is not None and row.problem in ways
    attempts = _count(parcel.attempts, waits, waited)
    if not waits and attempts in (TRIES, 2 * TRIES):
        _fail(work, parcel, problem)
        return
    _set(
        work, parcel.id, state=QUEUED, attempts=attempts, problem=problem[:80],
        next_at=work.stamp + _wait(attempts, waits),
    )  # fmt: skip


def _count(attempts: int, waits: bool, waited: bool) -> int:
    """Return how many tries have failed, beyond `TRIES` those since it waits for nothing more."""
    if waits:
        return max(attempts, min(attempts + 1, TRIES))
    if waited and attempts in (TRIES - 1, TRIES):
        return TRIES + 1
    return attempts + 1


def _wait(attempts: int, waits: bool) -> timedelta:
    since = attempts - TRIES if attempts > TRIES and not waits else attempts
    return timedelta(minutes=BACK_OFF[min(since, len(BACK_OFF)) - 1])


def give_up(work: Work, parcel: Parcel, problem: str) -> None:
    """Record that something can never be done as it was asked: a person must look.

    :param problem: an enumerated word.
    """
    _fail(work, parcel, problem)


def _fail(work: Work, parcel: Parcel, problem: str) -> None:
    _set(work, parcel.id, state=FAILED, problem=problem[:80], done_at=work.stamp)
    bounced.count(work, parcel.template, parcel.dedupe, left=False)
    _tell(work, MessageFailed, parcel.id, "system", (parcel.kind,))


def _tell(
    work: Work, event: type[Event], id: int, actor: str, grounds: tuple[str, ...],
    marks: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Note what became of a parcel; one that no request asked for names its property alone."""
    table = tables.outbox
    wanted = select(table.c.request, table.c.property, table.c.box).where(table.c.id == id)
    row = work.conn.execute(wanted).one()
    if row.request is not None:
        tell(work, event, load(work, row.request), actor, grounds=grounds, marks=marks)
        return
    controller = _controller(work, row.property, row.box)
    if controller:
        work.events.append(event(controller, row.property, "", actor, {}, grounds))


def _controller(work: Work, code: str, box: str | None) -> str:
    """Return who answers for a parcel; of a property that is gone what was sealed for it says so.

    :return: their slug, or nothing where nobody can tell any more.
    """
    hotel = work.settings.properties.get(code)
    if hotel is not None:
        return slug(hotel.controller)
    known = select(tables.box.c.controller).where(tables.box.c.id == box)
    return str(work.conn.execute(known).scalar() or "")


def _set(work: Work, id: int, **values: object) -> str | None:
    table = tables.outbox
    work.conn.execute(update(table).where(table.c.id == id).values(**values))
    box: str | None = work.conn.execute(select(table.c.box).where(table.c.id == id)).scalar()
    return box


def _drop(work: Work, id: int, box: str | None) -> None:
    safe.drop(work, box)
    work.conn.execute(update(tables.outbox).where(tables.outbox.c.id == id).values(box=None))
