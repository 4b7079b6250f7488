"""Rows in which an erased person seems to be back: noted, erased again, let live, or decided."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import insert, select, update

from ...core.errors import TransitionError, UnknownError
from ...core.events import SYSTEM, ReturnSettled, SubjectReturned
from ...core.lifecycle import State
from ...core.permissions import Permission
from ...core.plan import LEGAL_DUTY, NEW_STAY, Person, key_text
from ...core.returning import ASKED_ALONE, ASKED_ANEW, NOT_DECIDED
from .. import tables
from ..access import actors
from ..casework.cases import load, step
from ..comeback import owing
from ..erasing import people
from ..erasing.carrying import known
from ..executing import completing
from ..executing.execution import RETRY_MINUTES
from ..retaining.keeping import Origin
from ..statements.sql import chunks
from ..sweeping.putoff import come
from ..work import Work
from . import again, promised, relook
from .again import Again, Fate, Noted, Warrant
from .promised import Register
from .relook import REPLAY

FAILED = "last-try-failed"
"""Why a row waits that could not be erased again, nor be judged."""

BUSY = "busy"
"""Why a row waits that somebody else's transaction held when it was tried."""

_WAITING = owing.WAITING


@dataclass(frozen=True)
class Seen:
    """A row in which an erased person seems to be back.

    :param origin: under which request (None for the law's ceiling), controller and property.
    :param table: name of the table.
    :param key: key of the row, as text.
    :param why: one word: what it was known by, or what is unclear.
    :param door: one word: who saw it, for example "replay".
    :param fate: OPEN to erase it again, STAFF to ask, LIVES when it is a new life.
    """

    origin: Origin
    table: str
    key: str
    why: str
    door: str
    fate: Fate


def note(work: Work, seen: Seen) -> bool:
    """Write a row down in which somebody seems to be back; return whether that is news.

    A row that waits already under the same request, or that lives although it was asked about
    there, is not written again. Of whom two requests erased, each waits for its own.

    :param work: the open transaction.
    :param seen: the row.
    """
    table = tables.returned
    before = work.conn.execute(
        select(table.c.id).where(
            table.c.table_name == seen.table,
            table.c.row_key == seen.key,
            table.c.request == seen.origin.number,
            table.c.state.in_((*_WAITING, Fate.LIVES.value)),
        )
    )
    if before.first() is not None:
        return False
    work.conn.execute(
        insert(table).values(
            request=seen.origin.number,
            controller=seen.origin.controller,
            property=seen.origin.property,
            table_name=seen.table,
            row_key=seen.key,
            why=seen.why,
            door=seen.door,
            state=seen.fate.value,
            seen_at=work.stamp,
            attempts=0,
            try_at=work.stamp if seen.fate is Fate.OPEN else None,
        )
    )
    work.events.append(SubjectReturned(
        seen.origin.controller, seen.origin.property, seen.origin.number or "", SYSTEM,
        {"rows": 1}, (seen.why, seen.door),
    ))  # fmt: skip
    return True


def due(work: Work, most: int = 50) -> list[int]:
    """Return the numbers of noted rows to erase again now, the longest due first."""
    table = tables.returned
    rows = work.conn.execute(
        select(table.c.id)
        .where(
            table.c.state == Fate.OPEN.value,
            come(work, table.c.try_at) | table.c.try_at.is_(None),
        )
        .order_by(table.c.try_at, table.c.id)
        .limit(most)
    )
    return list(rows.scalars())


def register(work: Work, ids: Sequence[int]) -> Register:
    """Return what the register remembers, read once for all rows; nothing where none asks for it.

    :param work: the open transaction.
    :param ids: numbers of noted rows.
    """
    table = tables.returned.c
    asks = any(
        work.conn.execute(
            select(table.id).where(table.id.in_(part), table.door == REPLAY).limit(1)
        ).first() is not None
        for part in chunks(ids)
    )  # fmt: skip
    return promised.read(work) if asks else Register()


def erase(work: Work, id: int, lines: Register | None = None) -> Again:
    """Erase a noted row again, in this transaction, and write down what became of it.

    What stands in the way is tried again, later each time; what was not decided before is laid
    before staff. Who booked anew while it waited lives.

    :param work: the open transaction.
    :param id: number of the noted row.
    :param lines: what `register` returned for it and others; read now when None.
    :raises UnknownError: there is no such row.
    """
    # Before the row is locked: the register grows with every erasure there ever was.
    lines = register(work, [id]) if lines is None else lines
    row = _load(work, id)
    if row.state != Fate.OPEN.value:
        return Again(Fate(row.state))
    origin = Origin(row.request, row.controller, row.property)
    try:
        who = (row.table_name, people.read_key(work, row.table_name, row.row_key))
    except UnknownError:
        done = Again(Fate.GONE)
    else:
        needed = {each.name[:40] for each in work.blockers if each.needs is not None}
        rested = row.waiting_for in {LEGAL_DUTY, *needed}
        done = relook.otherwise(work, row, who, lines) or again.again(
            work, origin, [who], _warrant(work, row, who, lines),
            Noted.RESTED if rested else Noted.NEW,
        )
    _write(work, row, done)
    recheck(work, row.request)
    completing.keep_again(work, row.request, done.kept)
    return done


def _warrant(work: Work, row: Line[Any], who: Person, register: Register) -> Warrant | None:
    """Return under what a row of a restored database may go; what its request decided when None.

    The copy knows the decision as it was then, or by the rules of its day.
    """
    if row.door != REPLAY or (before := again.warrant(work, row.request)) is None:
        return None
    made = promised.promises(work, register, row.request, *who)
    return replace(before, breaks=lambda plan: any(each.broken(plan) for each in made))


def recheck(work: Work, number: str | None) -> None:
    """Let a request of which something was left be checked again, once no row of it waits.

    :param work: the open transaction.
    :param number: number of the request; None for what had its time by the law's ceiling.
    """
    if number is None or owing.left(work, number):
        return
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        if case.state is State.PARTIAL:
            step(work, case, State.CHECKING)


def _write(work: Work, row: Line[Any], done: Again) -> None:
    values: dict[str, Any] = {
        "state": done.fate.value, "try_at": None, "waiting_for": None, "waiting_until": None,
    }  # fmt: skip
    if done.fate is Fate.OPEN:
        values |= _later(work, row, done)
    elif done.fate is Fate.STAFF and done.reasons:
        told = done.reasons != (LEGAL_DUTY,) or row.why == LEGAL_DUTY
        known = (why for why in done.reasons if why in (*ASKED_ANEW, *ASKED_ALONE))
        values["why"] = next(known, NOT_DECIDED) if told else LEGAL_DUTY
    table = tables.returned
    work.conn.execute(update(table).where(table.c.id == row.id).values(values))


def _later(work: Work, row: Line[Any], done: Again) -> dict[str, Any]:
    minutes = RETRY_MINUTES[min(row.attempts, len(RETRY_MINUTES) - 1)]
    return {
        "attempts": row.attempts + 1, "try_at": work.stamp + timedelta(minutes=minutes),
        "waiting_for": done.reasons[0][:40] if done.reasons else None, "waiting_until": done.until,
    }  # fmt: skip


def postpone(work: Work, id: int, why: str = FAILED) -> None:
    """Try a noted row later that failed now, so that it does not hold up others.

    :param work: the open transaction.
    :param id: number of the noted row.
    :param why: FAILED or BUSY.
    """
    row = _load(work, id)
    if row.state == Fate.OPEN.value:
        table, later = tables.returned, _later(work, row, Again(Fate.OPEN, (why,)))
        work.conn.execute(update(table).where(table.c.id == id).values(later))


def settle(work: Work, id: int, by: str, theirs: bool) -> None:
    """Decide about a row that was laid before staff: it is theirs and goes, or it lives.

    It is erased under what was decided and approved before, so one person is enough to say whose
    it is. What was not decided before, and who may be a person of their own, who was there all
    along, needs a request, which a second person approves.

    :param work: the open transaction.
    :param id: number of the noted row.
    :param by: the host's id of who decides.
    :param theirs: whether it is the erased person's; False lets it live.
    :raises UnknownError: there is no such row where they may verify.
    :raises TransitionError: it was decided before, was never approved, or may be another person;
        or it is theirs already, and waits.
    :raises TamperedError: the journal does not prove itself, where a supplement says what stays.
    """
    row = _load(work, id)
    if not actors.may(work, by, Permission.VERIFY, row.property):
        raise _no_row()
    if row.state not in _WAITING:
        raise TransitionError("This row was decided before.", "There is nothing left to do.")
    if theirs:
        relook.require(work, row)
    actor = actors.acting(work, by)
    fate = Fate.OPEN if theirs else Fate.LIVES
    table = tables.returned
    work.conn.execute(
        update(table)
        .where(table.c.id == id)
        .values(
            state=fate.value, decided_by=actor, decided_at=work.stamp,
            try_at=work.stamp if theirs else None, attempts=0, waiting_for=None,
            waiting_until=None,
        )
    )  # fmt: skip
    work.events.append(ReturnSettled(
        row.controller, row.property, row.request or "", actor, {"rows": 1},
        ("theirs" if theirs else "lives",),
    ))  # fmt: skip
    recheck(work, row.request)
    if not theirs and row.why == NEW_STAY:
        # Two people approved that it goes: by whose word it stays the journal tells, and that it
        # does the certificate.
        completing.name_again(work, row.request)


def settle_all(work: Work, table_name: str, door: str, last: int, by: str) -> int:
    """Say of rows of one table that were seen through one door that they are theirs and go.

    :param work: the open transaction.
    :param table_name: the table.
    :param door: who saw them.
    :param last: the highest id among those that were read: of what was noted since nobody has
        looked at any, and the next night notes more.
    :param by: the host's id of who decides: of rows at properties at which they may verify.
    :return: how many rows.
    """
    table, rows = tables.returned, dict[tuple[str, str, str], list[int]]()
    wanted = select(table.c.id, table.c.controller, table.c.property, table.c.request).where(
        table.c.table_name == table_name, table.c.door == door, table.c.why.not_in(ASKED_ANEW),
        table.c.state == Fate.STAFF.value,
    )  # fmt: skip
    for row in work.conn.execute(wanted.order_by(table.c.id).with_for_update()):
        if row.id <= last:
            rows.setdefault((row.controller, row.property, row.request or ""), []).append(row.id)
    mine = {at: ids for at, ids in rows.items() if actors.may(work, by, Permission.VERIFY, at[1])}
    actor = actors.acting(work, by) if mine else ""
    for part in chunks(id for ids in mine.values() for id in ids):
        work.conn.execute(
            update(table).where(table.c.id.in_(part)).values(
                state=Fate.OPEN.value, decided_by=actor, decided_at=work.stamp,
                try_at=work.stamp, attempts=0,
            )
        )  # fmt: skip
    for at, ids in mine.items():
        work.events.append(ReturnSettled(*at, actor, {"rows": len(ids)}, ("theirs",)))
    return sum(map(len, mine.values()))


def listed(work: Work, by: str | None, door: str = "") -> list[dict[str, Any]]:
    """Return noted rows that wait, the oldest first; a name only for who may look there.

    :param work: the open transaction.
    :param by: the host's id of who asks: only properties at which they may verify; None at a
        console, for all and without names.
    :param door: only of those who saw it through this door.
    """
    table = tables.returned
    wanted = select(table).where(table.c.state.in_(_WAITING))
    if door:
        wanted = wanted.where(table.c.door == door)
    rows = [
        row
        for row in work.conn.execute(wanted.order_by(table.c.id)).all()
        if by is None or actors.may(work, by, Permission.VERIFY, row.property)
    ]
    names = _names(work, [row for row in rows if by is not None and _may_look(work, by, row)])
    return [
        {
            "id": row.id,
            "number": row.request,
            "property": row.property,
            "table": row.table_name,
            "key": row.row_key,
            "why": row.why,
            "door": row.door,
            "state": row.state,
            "seen_at": row.seen_at,
            "attempts": row.attempts,
            "waiting_for": row.waiting_for,
            "waiting_until": row.waiting_until,
            "try_at": row.try_at,
            "name": names.get((row.table_name, row.row_key), ""),
        }
        for row in rows
    ]


def waiting(work: Work, door: str) -> int:
    """Return how many rows wait that were noted through a door."""
    table = tables.returned
    wanted = select(table.c.id).where(table.c.state.in_(_WAITING), table.c.door == door)
    return len(work.conn.execute(wanted).all())


def _may_look(work: Work, by: str, row: Line[Any]) -> bool:
    return actors.may(work, by, Permission.VIEW, row.property)


def _names(work: Work, rows: Sequence[Line[Any]]) -> dict[tuple[str, str], str]:
    mine = [row for row in rows if row.table_name in work.datamap.subjects]
    keys, _ = people.keys_of(work, mine)
    who = [(row.table_name, keys[row.id]) for row in mine if row.id in keys]
    found = known(work.conn, work.datamap, who)
    return {(name, key_text(key)): each.name for (name, key), each in found.items()}


def _load(work: Work, id: int) -> Line[Any]:
    table = tables.returned
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None:
        raise _no_row()
    return row


def _no_row() -> UnknownError:
    return UnknownError("There is no such row.", "Look at the list of rows that came back.")
