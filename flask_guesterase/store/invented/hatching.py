"""An invented guest on its way: booked by the host, erased by the one engine, looked for after."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, insert, inspect, select
from sqlalchemy.orm import scoped_session

from ...core.canary import KIND, Canary, Invented, Sighting, invent
from ...core.decided import decisions_of, digest
from ...core.errors import BlockedError, ErasureError, GuesteraseError, InputError
from ...core.events import SYSTEM, ErasureApproved, ErasureRequested, IdentityVerified
from ...core.lifecycle import OPEN, State
from ...core.plan import Person, key_text
from ...core.standing import Standing
from .. import tables
from ..casework import cases
from ..casework.cases import Case, Opening, day_at, load, secret, step, tell
from ..certificates import planning
from ..deciding.review import Shown, withdraw
from ..erasing import people
from ..journaling.approvals import DIGEST
from ..mapping.host import Host
from ..statements.sql import among, chunks
from ..transaction import transaction
from ..unit import HasWork, Run
from ..work import Work
from ..worker import carry_out
from . import canaries
from .canaries import Bird
from .sighting import Scratch, look

Drill = Callable[[], AbstractContextManager[Scratch | None]]
"""Makes a backup when it is entered, before the erasure; gives the copy that was restored."""


def no_drill() -> AbstractContextManager[Scratch | None]:
    """Return no backup and no copy."""
    return nullcontext(None)


def send(
    run: Run, host: Host, canary: Canary, drill: Drill = no_drill, at_once: bool = False
) -> str:
    """Send a new invented guest through a property, when it is time, or go on with the last one.

    :param run: runs a unit of work.
    :param host: the host, whose code books the guest.
    :param canary: what the host declared.
    :param drill: makes backup and restored copy.
    :param at_once: do not wait until it is time again.
    :return: what became of it, a state of `canaries`, or nothing when there was nothing to do.
    :raises InputError: what the host's callable made is not the canary's alone; nothing is left
        of it.
    """
    begun = run(partial(_begin, canary, at_once))
    if begun is None:
        return ""
    id, number, invented = begun
    if number is None:
        try:
            booked = run(partial(_booked, id))
            who, rows = booked or _hatched(run, host, canary, (id, invented))
        except Exception:
            run(partial(_unmade, id))
            raise
        try:
            number = run(partial(_request, id, who, rows, invented))
        except ErasureError:
            run(partial(_stopped, id, ""))
            return canaries.STOPPED
    return _away(run, canary, drill, (id, number))


def again(run: Run, canary: Canary) -> int:
    """Look once more for canaries that are gone, before the next one takes their place.

    :return: how many were looked for.
    """
    found = run(partial(_gone, canary))
    for bird in found:
        seen = look(run, canary, bird, None)
        run(partial(_told, bird.id, seen))
    return len(found)


def _begin(
    canary: Canary, at_once: bool, office: HasWork
) -> tuple[int, str | None, Invented] | None:
    """Return number, request and values of the canary that is to go on, or None."""
    work = office.work
    if canaries.approvers(work, canary.property) is None:
        return None
    last = canaries.newest(work, canary.property)
    known = None if last is None else canaries.bird(work, last)
    if known is not None and (known.state == canaries.WAITING or _is_left(known)):
        return known.id, known.request, known.invented
    if last is not None and not at_once and work.stamp - last.born_at < canary.every:
        return None
    if known is not None and (who := _staying(work, known)):
        # One that is in the house is tried again before another one comes in.
        canaries.anew(work, known, who)
        return known.id, None, known.invented
    canaries.end(work, canaries.open_rows(work, canary.property))
    invented = invent(os.urandom)
    return canaries.begin(work, canary, invented), None, invented


def _is_left(bird: Bird) -> bool:
    """Return whether a guest was booked, and whoever did it died before the request."""
    return bird.state == canaries.BORN and bool(bird.people)


def _staying(work: Work, bird: Bird) -> list[Person]:
    """Return the people of a canary that was stopped and of which a row is still there."""
    if bird.state != canaries.STOPPED:
        return []
    who = [(name, people.read_key(work, name, key)) for name, key in sorted(bird.people)]
    who = who or list(people.taken(work, bird.request or ""))
    there = [
        each for each in who
        if _there(work, work.conn, each[0], [each[1]]) and _carries(work, *each, bird.invented)
    ]  # fmt: skip
    return who if there else []


def _booked(id: int, office: HasWork) -> tuple[list[Person], set[tuple[str, str]]] | None:
    """Return who was booked before, and their rows, or None of a canary that is not booked yet."""
    bird = _bird(id, office)
    if not bird.people:
        return None
    who = [(name, people.read_key(office.work, name, key)) for name, key in sorted(bird.people)]
    return who, set(bird.rows)


def _unmade(id: int, office: HasWork) -> None:
    """Note that nobody was booked; who was committed all the same goes with the next try."""
    if not _bird(id, office).people:
        _stopped(id, "", office)


def _gone(canary: Canary, office: HasWork) -> list[Bird]:
    """Return the canary that was looked for before and is due again, its time being over."""
    work = office.work
    last = canaries.newest(work, canary.property)
    if last is None or last.state not in (canaries.GONE, canaries.BACK):
        return []
    known = canaries.bird(work, last)
    due = last.looked_at is None or work.stamp - last.looked_at >= canary.every
    return [known] if known is not None and due else []


# booked by the host


def _hatched(
    run: Run, host: Host, canary: Canary, who_it_is: tuple[int, Invented]
) -> tuple[list[Person], set[tuple[str, str]]]:
    """Let the host book the guest, and commit that when every row of it is new and its own."""
    id, invented = who_it_is
    work: Work = run(lambda office: office.work)
    session = _session(host)
    try:
        who = _people(work, canary.make(session, invented))
        if session.new or session.dirty or session.deleted:
            raise _refused("make() must flush what it adds to the session.")
        conn = session.connection()
        rows = _its_own(work, conn, host.engine(), who, invented)
        canaries.booked(work.over(conn), id, invented, rows, who)
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()
    return who, rows


def _session(host: Host) -> Any:
    """Return a session of the host of our own, so that nothing of somebody else's is in it."""
    found = host.session
    scoped = isinstance(found, scoped_session)
    maker = found.session_factory if scoped else getattr(host.db, "sessionmaker", None)
    if maker is None:
        raise _refused("Nobody can tell how this host makes a session.")
    return maker()


def _people(work: Work, made: Any) -> list[Person]:
    """Return the people that rows of the host's session are.

    :raises InputError: something else was returned.
    """
    given = made if isinstance(made, list | tuple | set) else [made]
    found = []
    for row in given:
        state = inspect(row, raiseerr=False)
        mapper = getattr(state, "mapper", None)
        if mapper is None:
            raise _refused("make() must return subject rows of the session it was given.")
        name = mapper.local_table.fullname
        if name not in work.datamap.subjects:
            raise _refused("make() must return rows of a table whose rows stand for people.")
        found.append((name, tuple(mapper.primary_key_from_instance(row))))
    if not found:
        raise _refused("make() returned nobody.")
    return found


def _refused(why: str) -> InputError:
    return InputError(why, "Nothing of the canary was kept; see the how-to of canaries.")


def _its_own(
    work: Work, conn: Connection, engine: Engine, who: Sequence[Person], invented: Invented
) -> set[tuple[str, str]]:
    """Return the rows that would go with the guest, all of which nobody else can see yet.

    They were written in a transaction that is open: a row that another connection sees was there
    before, or was committed on the way.

    :raises InputError: a row was there before, is another's too, or does not carry the values.
    """
    here = work.over(conn)
    plan = planning.plan(here, tuple(who))
    if canaries.strangers(plan, who):
        raise _refused("A row the canary would take along is somebody else's too.")
    rows = canaries.rows_of(plan)
    keys = {(s.decision.table, row.key) for s in plan.steps for row in s.rows} | set(who)
    with transaction(engine, write=False) as outside:
        for name in sorted({table for table, _ in keys}):
            mine = [key for table, key in keys if table == name]
            if _there(work, outside, name, mine):
                raise _refused("A row the canary would take along was there before it.")
    for name, key in who:
        if not _carries(here, name, key, invented):
            raise _refused("A row that make() returned does not carry the canary's values.")
    return rows


def _there(work: Work, conn: Connection, name: str, keys: Sequence[Any]) -> bool:
    declared = work.datamap.declared(name)
    columns = [declared.table.c[c.key] for c in declared.key]
    return any(
        conn.execute(select(*columns).where(among(columns, part)).limit(1)).first() is not None
        for part in chunks(keys)
    )


def _carries(work: Work, name: str, key: Any, invented: Invented) -> bool:
    """Return whether a subject row holds an unguessable value of the guest."""
    declared = work.datamap.declared(name)
    columns = [declared.table.c[c.key] for c in declared.key]
    row = work.conn.execute(select(declared.table).where(among(columns, [key]))).one()
    said = " ".join(str(value) for value in row if isinstance(value, str)).lower()
    return any(token in said for token in invented.tokens())


# erased as anybody


def _request(
    id: int, who: Sequence[Person], rows: set[tuple[str, str]], invented: Invented, office: HasWork
) -> str:
    """Record the request, approved by the two people who switched canaries on."""
    work = office.work
    mine = select(tables.canary).where(tables.canary.c.id == id).with_for_update()
    row = work.conn.execute(mine).one()
    if row.request is not None:
        # Somebody else found it booked, and was faster.
        return str(row.request)
    place = work.settings.home(row.property)
    approved = canaries.approvers(work, place.code)
    if approved is None:
        raise _refused("Canaries were stopped meanwhile.")
    opening = Opening(
        place, "cli", place.lang, day_at(place, work.now), work.stamp, None, "", reason=""
    )
    case = cases.record(work, opening)
    work.conn.execute(insert(tables.subject), [
        {"request": case.number, "table_name": table, "row_key": key_text(key),
         "standing": Standing.TAKEN.value, "why": KIND}
        for table, key in who
    ])  # fmt: skip
    canaries.made(work, id, case.number, invented, rows)
    _approve(work, case, approved)
    return case.number


def _approve(work: Work, case: Case, approved: tuple[str, str]) -> None:
    first, second = approved
    case = step(work, case, kind=KIND, subject_mark=None)
    case = load(work, case.number)
    plan = planning.plan(work, people.taken(work, case.number), case.property)
    canaries.require(work, case, plan)
    key = secret(work, case)
    case = step(
        work, case, State.VERIFIED, State.REVIEW, State.APPROVED,
        verified_by=first, verified_how=Shown.KNOWN.value, verified_at=work.stamp,
        decided_by=second, decided_at=work.stamp, digest=digest(plan, key),
        decisions=decisions_of(plan, key), try_at=work.stamp, attempts=0,
        acknowledged_at=work.stamp,
    )  # fmt: skip
    tell(work, ErasureRequested, case, SYSTEM, {"taken": len(plan.people)}, (KIND,))
    tell(work, IdentityVerified, case, SYSTEM, grounds=(KIND,))
    changes = sum(len(s.rows) for s in plan.changing())
    marks = {DIGEST: digest(plan, key)}
    tell(work, ErasureApproved, case, SYSTEM, {"rows": changes}, (KIND,), marks)


def _away(run: Run, canary: Canary, drill: Drill, which: tuple[int, str]) -> str:
    """Erase the guest, look for it everywhere, and write down where it was seen."""
    id, number = which
    with drill() as scratch:
        try:
            carry_out(run, number)
        except BlockedError:
            return canaries.WAITING
        except ErasureError:
            run(partial(_stopped, id, number))
            return canaries.STOPPED
        except GuesteraseError:
            return canaries.WAITING
        bird = run(partial(_bird, id))
        seen = look(run, canary, bird, scratch)
    run(partial(_told, id, seen))
    return canaries.BACK if seen.back else canaries.GONE


def _told(id: int, seen: Sighting, office: HasWork) -> None:
    canaries.tell(office.work, id, seen)


def _bird(id: int, office: HasWork) -> Bird:
    work = office.work
    row = work.conn.execute(select(tables.canary).where(tables.canary.c.id == id)).one()
    found = canaries.bird(work, row)
    if found is None:
        raise ErasureError("The values of this canary are gone.", "Send another one.")
    return found


def _stopped(id: int, number: str, office: HasWork) -> None:
    """Take back a canary with which something else would have gone."""
    canaries.note(office.work, id, state=canaries.STOPPED)
    if number and load(office.work, number).state in OPEN:
        withdraw(office.work, number, None, None)
