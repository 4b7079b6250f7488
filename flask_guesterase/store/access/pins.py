"""Personal PINs of people who act through a login that several share.

A person is somebody the host's user loader knows, whether or not they can log in themselves; they
act under the same number at a shared desk as anywhere else, so that one person is one person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core import pin as pins
from ...core.errors import ForbiddenError, InputError, TokenError, UnknownError
from ...core.events import Event, PinGiven, PinLocked, PinSet
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..settings import Property
from ..work import Work
from . import actors, limits, sameness, tokens
from .tokens import Purpose

MOST = 10
"""Wrong tries in a row after which a PIN is locked until its person gets a new code."""

LASTING = timedelta(hours=24)
"""How long a code for a new PIN is good for."""

KEPT = timedelta(days=366)
"""How long a PIN that nobody uses is kept."""

_GIVERS = 20


def give(work: Work, person: str, by: str, property_: str) -> str:
    """Return a code with which a person sets a new PIN, shown once; the one they had ends.

    :param work: the open transaction.
    :param person: the host's id of the person.
    :param by: the host's id of the officer.
    :param property_: code of the property at which both work.
    :raises ForbiddenError: the officer may not issue there, or gives themselves one.
    :raises InputError: the person may do nothing there, or is a login that several share.
    """
    hotel = work.settings.property(property_)
    officer = actors.allow(work, by, Permission.ISSUE, hotel.code)
    if not _works(work, person, hotel):
        raise InputError("Nobody at this property has this name.", "Give their id at the host.")
    actor = actors.number(work, person)
    if actor == officer:
        raise ForbiddenError("This would be your own PIN.", "Set it on the page 'My PIN'.")
    row, table = _row(work, actor), tables.pin
    known = str(row.given_by or "").split()
    givers = " ".join([*(g for g in known if g != officer), officer][-_GIVERS:])
    fresh = {
        "hash": None, "failures": 0, "locked_at": None, "given_by": givers,
        "used_on": work.today,
    }  # fmt: skip
    work.conn.execute(update(table).where(table.c.actor == actor).values(fresh))
    _tell(work, PinGiven, hotel, officer, sameness.mark(actor))
    return tokens.code(work, actor, Purpose.PIN, LASTING)


def begin(work: Work, person: str, code: str, pin: str) -> None:
    """Set a PIN with a code that an officer gave.

    :param work: the open transaction.
    :param person: the host's id of the person.
    :param code: the code.
    :param pin: the PIN they chose.
    :raises InputError: it is no PIN, or the first anybody would try.
    :raises TokenError: the code is not theirs, was used, or is over.
    """
    chosen = pins.chosen(pin)
    actor = actors.known(work, person)
    if actor is None:
        raise TokenError("This code is not known.", "Ask an officer for a new one.")
    # Who gives another code locks it before the one it ends.
    _look(work, actor, lock=True)
    tokens.use(work, Purpose.PIN, f"{actor}:{tokens.plain(code)}")
    limits.succeed(work, "code", person)
    _set(work, person, actor, chosen)


def change(work: Work, person: str, pin: str, old: str) -> None:
    """Set the PIN of a person who is logged in by themselves.

    :param work: the open transaction.
    :param person: the host's id of the person.
    :param pin: the PIN they chose.
    :param old: the one they have, where they have one.
    :raises InputError: it is no PIN, or the first anybody would try.
    :raises ForbiddenError: the old one is another, or is locked; the login is shared.
    """
    chosen = pins.chosen(pin)
    if work.shared(person):
        raise ForbiddenError("This login is shared.", "A PIN is one person's; use their name.")
    actor = actors.number(work, person)
    row = _row(work, actor)
    pepper = work.custodian.pepper("pin")
    if row.hash and (row.locked_at or not pins.fits(old, row.hash, pepper, actor)):
        raise ForbiddenError("The old PIN is another.", "Ask an officer for a code for a new one.")
    _set(work, person, actor, chosen)


def has(work: Work, person: str) -> bool:
    """Return whether a person has a PIN that works."""
    actor = actors.known(work, person)
    row = None if actor is None else _look(work, actor)
    return row is not None and bool(row.hash) and row.locked_at is None


def check(work: Work, person: str, pin: str) -> bool:
    """Return whether a PIN is the person's, and count a wrong one; what it counts must be kept.

    It is one answer and one time for a wrong PIN, none, a locked one, and a person nobody knows.

    :param work: a transaction of its own, committed whatever the answer.
    :param person: the host's id of the person, or whatever was typed.
    :param pin: as it was typed.
    """
    actor = actors.known(work, person) or ""
    row = _look(work, actor, lock=True)
    kept = "" if row is None or row.locked_at is not None else str(row.hash or "")
    right = pins.fits(pin, kept, work.custodian.pepper("pin"), actor)
    if row is not None and kept:
        _counted(work, row, person, right)
    return right


def _counted(work: Work, row: Row[tuple[object, ...]], person: str, right: bool) -> None:
    table, failures = tables.pin, 0 if right else int(row.failures) + 1
    values: dict[str, object] = {"failures": failures}
    if right:
        values["used_on"] = work.today
        limits.succeed(work, "pin", person)
    elif failures >= MOST:
        values["locked_at"] = work.stamp
        for hotel in _places(work, person)[:1]:
            _tell(work, PinLocked, hotel, row.actor)
    work.conn.execute(update(table).where(table.c.actor == row.actor).values(values))


def forget(work: Work) -> int:
    """Delete PINs that nobody used for a year; return how many.

    Who gave a code for one might have acted with it, and is known for longer.
    """
    table = tables.pin
    year, over = ((work.now - span).date().isoformat() for span in (KEPT, sameness.KNOWN))
    unused, given = table.c.used_on < year, table.c.given_by.is_not(None)
    gone = work.conn.execute(
        delete(table).where(unused, ~given | (table.c.used_on < over))
    ).rowcount
    bare = {"hash": None, "failures": 0, "locked_at": None}
    return gone + work.conn.execute(
        update(table).where(unused, table.c.hash.is_not(None)).values(bare)
    ).rowcount


def _set(work: Work, person: str, actor: str, chosen: str) -> None:
    places = _places(work, person)
    if not places or work.shared(person):
        raise ForbiddenError(
            "A PIN is for a person who may do something at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    table = tables.pin
    kept = pins.keep(chosen, work.custodian.pepper("pin"), actor)
    work.conn.execute(
        update(table)
        .where(table.c.actor == actor)
        .values(hash=kept, set_at=work.stamp, used_on=work.today, failures=0, locked_at=None)
    )
    _tell(work, PinSet, places[0], actor)


def _row(work: Work, actor: str) -> Row[tuple[object, ...]]:
    """Return the row of a person, made now where there is none, locked."""
    found = _look(work, actor, lock=True)
    if found is None:
        try:
            with work.conn.begin_nested():
                work.conn.execute(
                    insert(tables.pin).values(actor=actor, failures=0, used_on=work.today)
                )
        except IntegrityError:
            # Somebody else's transaction made it first.
            pass
        found = _look(work, actor, lock=True)
    if found is None:
        raise UnknownError("There is no row for this PIN.", "Try again.")
    return found


def _look(work: Work, actor: str, lock: bool = False) -> Row[tuple[object, ...]] | None:
    statement = select(tables.pin).where(tables.pin.c.actor == actor)
    return work.conn.execute(statement.with_for_update() if lock else statement).one_or_none()


def _places(work: Work, person: str) -> list[Property]:
    return [hotel for hotel in work.settings.properties.values() if _works(work, person, hotel)]


def _works(work: Work, person: str, hotel: Property) -> bool:
    """Return whether a person may do anything at a property, and is one person."""
    return actors.works(work, person, hotel.code) and not work.shared(person)


def _tell(
    work: Work, event: type[Event], hotel: Property, actor: str,
    marks: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    told = event(slug(hotel.controller), hotel.code, "", actor, marks=marks or {})
    work.events.append(told)
