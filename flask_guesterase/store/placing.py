"""What people do with holds and freezes: place, confirm, lift, look through, be reminded."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from ..core.errors import ForbiddenError, FourEyesError, InputError, SealError, UnknownError
from ..core.events import (
    Event,
    FreezeConfirmed,
    Frozen,
    HoldLifted,
    HoldPlaced,
    HoldReviewed,
    LiftProposed,
)
from ..core.holding import FREEZE, HOLD, SILENT, Cause, Scope, Wanted
from ..core.lifecycle import State
from ..core.log import slug
from ..core.permissions import Permission
from ..core.plan import Key, key_text
from ..core.seal import Terms
from ..core.standing import Standing
from . import actors, binding, heldkeys, people, reach, safe, tables
from .cases import day_at, load
from .clocks import places_of
from .datamap import Declared
from .holds import living, read
from .keeping import FOREVER
from .outbox import OUTSIDE
from .remembrance import tracing
from .sameness import same
from .settings import Property
from .sql import among, host_values, is_text
from .work import Work

_RUNNING = (State.APPROVED, State.WAITING, State.ERASING, State.CHECKING)


def place(work: Work, wanted: Wanted, by: str) -> int:
    """Place a hold; return its number.

    An erasure that is running ends first, or begins anew and finds the hold, as those after it do.

    :param work: the open transaction.
    :param wanted: what is to be held, and why.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not place holds at the property of the query, or anywhere.
    :raises InputError: scope, reason, query or day mean nothing.
    :raises UnknownError: there is no such row, table or property; a row of a property at which
        they may not place holds is none to them.
    """
    if not any(actors.may(work, by, Permission.HOLD, c) for c in work.settings.properties):
        raise ForbiddenError(
            "This needs the permission 'hold' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    _understand(work, wanted)
    row, places = _row_of(work, wanted)
    known = [code for code in places if code in work.settings.properties]
    # A row of a property nobody runs any more can be held by whoever may at the one they name.
    codes = known or [work.settings.property(wanted.property).code]
    if row and not all(actors.may(work, by, Permission.HOLD, code) for code in codes):
        raise _no_row(wanted.table)
    actor = ""
    for code in codes:
        actor = actors.allow(work, by, Permission.HOLD, code)
    place_ = work.settings.property(codes[0])
    values = {
        "scope": wanted.scope,
        "table_name": _table_of(work, wanted),
        "row_key": row or None,
        "query": wanted.query or None,
        "silent": wanted.silent,
        "why": wanted.why,
        "review_on": _day(wanted.review_on) if wanted.review_on else None,
    }
    id = _insert(work, HOLD, place_, actor, values)
    if wanted.reference:
        _seal(work, id, place_, wanted.reference)
    boxes = _wrap(work, id)
    grounds = (wanted.why, *silence(wanted.silent))
    tell(work, HoldPlaced, place_, actor, {"boxes": boxes}, grounds)
    return id


def _understand(work: Work, wanted: Wanted) -> None:
    scopes = [Scope.SUBJECT.value, Scope.RECORD.value, Scope.QUERY.value]
    if wanted.scope not in scopes:
        raise InputError("There is nothing of this kind to hold.", f"Use {', '.join(scopes)}.")
    causes = [cause.value for cause in Cause]
    if wanted.why not in causes:
        raise InputError("There is no such reason for a hold.", f"Use {', '.join(causes)}.")
    if wanted.scope == Scope.QUERY and wanted.query not in work.queries:
        raise InputError(
            "The host registered no such query.", f"Known are: {', '.join(sorted(work.queries))}."
        )
    if wanted.scope == Scope.QUERY:
        work.datamap.declared(work.queries[wanted.query].on)
    if wanted.scope == Scope.SUBJECT and wanted.table not in work.datamap.subjects:
        raise InputError("Rows of this table are nobody.", "Hold the record instead.")
    if wanted.review_on:
        _day(wanted.review_on)


def _day(text: str) -> str:
    """Return a day in the one form in which days are compared as texts."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError("This is no day.", "Write it as YYYY-MM-DD.") from None


def _table_of(work: Work, wanted: Wanted) -> str:
    if wanted.scope == Scope.QUERY:
        return work.queries[wanted.query].on
    return wanted.table


def _row_of(work: Work, wanted: Wanted) -> tuple[str, list[str]]:
    """Return the key text of the row, locked, and the properties it may belong to."""
    if wanted.scope == Scope.QUERY:
        return "", [wanted.property]
    declared = work.datamap.declared(wanted.table)
    for key in _keys(work, declared, wanted.key):
        columns = list(declared.key)
        there = select(*columns).where(among(columns, [key])).with_for_update()
        row = work.conn.execute(there).first()
        if row is not None:
            own = places_of(
                work.conn, work.datamap, work.settings, declared, [tuple(row)]
            ).get(tuple(row))
            return key_text(tuple(row)), [own or wanted.property]
        if places := _remembered(work, wanted.table, key):
            return key_text(key), places
    raise _no_row(declared.name)


def _no_row(table: str) -> UnknownError:
    return UnknownError(
        f"There is no such row in {table}.", "It may have been deleted as planned."
    )


def _keys(work: Work, declared: Declared, text: str) -> list[Key]:
    """Return what a text may mean: a key as people write it, or as `key_text` does."""
    found: list[Key] = []
    parts = text.split("|") if len(declared.key) > 1 else [text]
    if len(parts) == len(declared.key):
        values = [
            [part] if is_text(column.type) else host_values(column.type, [part])
            for column, part in zip(declared.key, parts, strict=True)
        ]
        if all(values):
            found.append(tuple(each[0] for each in values))
    if ":" in text:
        with suppress(UnknownError):
            found.append(people.read_key(work, declared.name, text))
    return found


def _remembered(work: Work, table: str, key: Key) -> list[str]:
    """Return the properties at which a row that is gone is still kept, or was erased.

    :raises SealError: nobody can tell, because a safety copy cannot be read now.
    """
    kept, subject, request = tables.kept, tables.subject, tables.request
    text, (copied, closed) = key_text(key), reach.in_copies(work, table, key)
    wanted = (
        select(kept.c.property).where(
            kept.c.table_name == table, kept.c.row_key == text, kept.c.ended_at.is_(None)
        ),
        select(request.c.property)
        .join(subject, subject.c.request == request.c.number)
        .where(subject.c.table_name == table, subject.c.row_key == text),
        select(request.c.property).where(request.c.number.in_(copied)),
    )
    found = sorted({code for each in wanted for code in work.conn.execute(each).scalars()})
    if closed and not found:
        raise SealError(
            "This row is gone, and a safety copy that may hold it cannot be read now.",
            "Freeze the property, then look at what `flask guesterase check` says of the keys.",
        )
    return found


def rows_of(work: Work, number: str, by: str) -> list[tuple[str, str]]:
    """Return (table, key text) of the people a request is about, to place a hold on each.

    :raises ForbiddenError: they may not place holds at its property.
    """
    case = load(work, number)
    actors.require(work, by, Permission.HOLD, case.property)
    return [(s.table, s.key) for s in people.subjects(work, case.number, Standing.TAKEN)]


def freeze(
    work: Work, property_: str, by: str, night: str | None = None, room: str | None = None
) -> int:
    """Freeze a property, a night, a room or a room of one night, without a reason.

    The same place twice is one freeze; the second time takes back what somebody said for lifting
    it. It stays until two people lift it.

    :param work: the open transaction.
    :param property_: code of the property.
    :param by: the host's id of the person on duty.
    :param night: the night, ISO, or None for all.
    :param room: the room, or None for all.
    :return: number of the freeze.
    :raises ForbiddenError: they may not freeze there.
    :raises InputError: the night is no day.
    """
    hotel = work.settings.property(property_)
    actor = actors.allow(work, by, Permission.FREEZE, hotel.code)
    night, room = (night or "").strip(), (room or "").strip()[:40]
    night = _day(night) if night else ""
    frozen = _frozen(work, hotel.code, night, room)
    if frozen is None:
        _alone(work)
        frozen = _frozen(work, hotel.code, night, room)
    if frozen is not None:
        if frozen.lift_by is not None:
            write(work, frozen.id, lift_by=None, lift_at=None)
            tell(work, Frozen, hotel, actor)
        return int(frozen.id)
    values = {
        "scope": Scope.PLACE.value,
        "room": room or None,
        "first_night": night or None,
        "last_night": night or None,
        "silent": False,
        "why": "",
    }
    id = _insert(work, FREEZE, hotel, actor, values)
    boxes = _wrap(work, id)
    tell(work, Frozen, hotel, actor, {"boxes": boxes})
    return id


def _frozen(work: Work, code: str, night: str, room: str) -> Row[Any] | None:
    """Return the living freeze of a place, locked, or None."""
    table = tables.hold
    return work.conn.execute(
        select(table)
        .where(
            table.c.scope == Scope.PLACE.value,
            table.c.property == code,
            func.coalesce(table.c.first_night, "") == night,
            func.coalesce(table.c.room, "") == room,
            table.c.lifted_at.is_(None),
        )
        .order_by(table.c.id)
        .with_for_update()
    ).first()


def confirm(work: Work, id: int, by: str) -> None:
    """Confirm a freeze, so that nobody is reminded of it any more.

    :raises UnknownError: there is no such freeze, or they may not place holds at its property.
    """
    row = _load(work, id, by)
    if row.kind != FREEZE:
        raise UnknownError("There is no such freeze.", "Look at the list.")
    if row.confirmed_at is None:
        hotel = homes(work, row.property)[0]
        actor = actors.acting(work, by)
        write(work, id, confirmed_by=actor, confirmed_at=work.stamp)
        tell(work, FreezeConfirmed, hotel, actor)


def review(work: Work, id: int, by: str, on: str) -> None:
    """Say that a hold is still needed, and on which day somebody must look again.

    :param work: the open transaction.
    :param id: its number.
    :param by: the host's id of the person.
    :param on: the day, ISO.
    :raises UnknownError: there is no such hold, or they may not place holds at its property.
    :raises InputError: this is no day, or none that is still to come.
    """
    row = _load(work, id, by)
    hotel = homes(work, row.property)[0]
    day = _day(on)
    if day <= day_at(hotel, work.now).isoformat():
        raise InputError("This day is past.", "Give a day that is still to come.")
    actor = actors.acting(work, by)
    write(work, id, review_on=day)
    tell(work, HoldReviewed, hotel, actor, {}, silence(row.silent))


def place_of(work: Work, id: int, by: str) -> str:
    """Return the property at which a living hold is lifted.

    :raises UnknownError: there is no such hold, or they may not lift holds at its property.
    """
    return homes(work, str(_load(work, id, by).property))[0].code


def lift(work: Work, id: int, by: str) -> bool:
    """Agree that a hold or a freeze ends; the second person who does lifts it.

    What it kept goes on by itself: requests that waited for it are tried again at once.

    :return: whether it is lifted now.
    :raises UnknownError: there is no such hold, or they may not lift holds at its property.
    :raises FourEyesError: they proposed it themselves.
    """
    row = _load(work, id, by)
    hotel = homes(work, row.property)[0]
    actor = actors.acting(work, by)
    if row.lift_by is None:
        write(work, id, lift_by=actor, lift_at=work.stamp)
        tell(work, LiftProposed, hotel, actor, {}, silence(row.silent))
        return False
    if same(work.conn, row.lift_by, actor):
        raise FourEyesError("Two people lift a hold.", "Ask a second person.")
    write(work, id, lifted_by=actor, lifted_at=work.stamp)
    work.remember.append(tracing.lifted(row))
    # First: who erases on request holds the request, and takes the turn that `unwrap` takes after.
    _resume(work)
    ended = heldkeys.unwrap(work, read(row))
    tell(work, HoldLifted, hotel, actor, {"boxes": ended}, silence(row.silent))
    return True


def _resume(work: Work) -> None:
    """Try requests again at once that may have waited for what was held.

    One that waits because a held row hangs on a parent that was to go names that, not the hold.
    """
    table = tables.request
    work.conn.execute(
        update(table)
        .where(table.c.state == State.WAITING.value, table.c.waiting_for.not_in(("grace", OUTSIDE)))
        .values(try_at=work.stamp)
    )


def _load(work: Work, id: int, by: str) -> Row[Any]:
    """Return a living hold, locked; to who may not lift it there is none."""
    table = tables.hold
    row = work.conn.execute(
        select(table).where(table.c.id == id, table.c.lifted_at.is_(None)).with_for_update()
    ).one_or_none()
    if row is None or not may(work, by, Permission.HOLD, row.property):
        raise UnknownError("There is no such hold.", "Look at the list.")
    return row


def homes(work: Work, code: str) -> list[Property]:
    """Return the property of a hold, or all there are when nobody runs one of its code any more."""
    known = work.settings.properties
    return [known[code]] if code in known else list(known.values())


def may(work: Work, by: str, permission: Permission, code: str) -> bool:
    """Return whether somebody may do this about a hold: at each property that it can be of."""
    places = homes(work, code)
    return bool(places) and all(actors.may(work, by, permission, each.code) for each in places)


def hold_evidence(work: Work, code: str, incident: str, actor: str) -> int:
    """Hold what is evidence of an incident; return the hold's number.

    The register is not told of it: a restored database has forgotten the incident too.

    :param work: the open transaction.
    :param code: code of the property.
    :param incident: number of the incident.
    :param actor: opaque number of who opened it.
    """
    hotel = work.settings.property(code)
    values = {
        "scope": Scope.EVIDENCE.value,
        "query": incident,
        "silent": False,
        "why": Cause.INTERNAL.value,
    }
    id = _insert(work, HOLD, hotel, actor, values, remembered=False)
    boxes = _wrap(work, id)
    tell(work, HoldPlaced, hotel, actor, {"boxes": boxes}, (Cause.INTERNAL.value,))
    return id


def wrap_evidence(work: Work, id: int) -> int:
    """Put under the key of a living hold what it reaches by now; return how many boxes."""
    return _wrap(work, id)


def end_evidence(work: Work, id: int, actor: str) -> None:
    """Lift the hold of an incident that two people brought to its end; again without harm.

    :param work: the open transaction.
    :param id: number of the hold.
    :param actor: opaque number of who closed the incident.
    """
    table = tables.hold
    row = work.conn.execute(
        select(table).where(table.c.id == id, table.c.lifted_at.is_(None)).with_for_update()
    ).one_or_none()
    if row is not None:
        write(work, id, lifted_by=actor, lifted_at=work.stamp)
        ended = heldkeys.unwrap(work, read(row))
        hotel = homes(work, row.property)[0]
        tell(work, HoldLifted, hotel, actor, {"boxes": ended})


def _insert(
    work: Work,
    kind: str,
    hotel: Property,
    actor: str,
    values: dict[str, Any],
    remembered: bool = True,
) -> int:
    _alone(work)
    work.bound.add(binding.HOLDS)
    done = work.conn.execute(
        insert(tables.hold).values(
            kind=kind,
            controller=slug(hotel.controller),
            property=hotel.code,
            placed_by=actor,
            placed_at=work.stamp,
            **values,
        )
    )
    id = int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one
    if work.settings.register and remembered:
        placed = work.conn.execute(select(tables.hold).where(tables.hold.c.id == id)).one()
        work.remember.append(tracing.held(work, placed))
    return id


def _alone(work: Work) -> None:
    """Let nobody else place a hold, or commit an erasure, until this transaction ends.

    Who erases on request has locked that first: what runs now ends before this goes on. Who erases
    without one looks again at its end, and waits for this then.
    """
    running = [state.value for state in _RUNNING]
    table = tables.request
    work.conn.execute(
        select(table.c.id)
        .where(table.c.state.in_(running))
        .order_by(table.c.id)
        .with_for_update()
    ).all()
    binding.turn(work, binding.HOLDS)


def _wrap(work: Work, id: int) -> int:
    hold = next(hold for hold in living(work) if hold.id == id)
    return heldkeys.wrap(work, hold)


def _seal(work: Work, id: int, hotel: Property, reference: str) -> None:
    terms = Terms(slug(hotel.controller), HOLD, FOREVER, heldkeys.label(id))
    write(work, id, box=safe.keep(work, terms, reference))


def write(work: Work, id: int, **values: object) -> None:
    work.bound.add(binding.HOLDS)
    work.conn.execute(update(tables.hold).where(tables.hold.c.id == id).values(**values))


def silence(silent: bool) -> tuple[str, ...]:
    return (SILENT,) if silent else ()


def tell(
    work: Work,
    event: type[Event],
    hotel: Property,
    actor: str,
    counts: dict[str, int] | None = None,
    grounds: tuple[str, ...] = (),
) -> None:
    controller = slug(hotel.controller)
    work.events.append(event(controller, hotel.code, "", actor, counts or {}, grounds))
