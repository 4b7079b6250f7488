"""Who looks after which request, who stands in for them, and how a shift is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import InputError, TransitionError, UnknownError
from ...core.events import CaseLookedAfter, ShiftHandedOver, ShiftTakenOver
from ...core.handing import impersonal
from ...core.lifecycle import OPEN
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework import written
from ..casework.cases import Case, load, tell
from ..work import Work
from . import views

PURPOSE = "shift"
"""What the boxes of logins and notes are kept for."""

_RIGHTS = (Permission.VERIFY, Permission.APPROVE)
_SHOWN = 10


def look_after(work: Work, number: str, by: str, deputy: str = "") -> None:
    """Say that one looks after a request; the last who says so does.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param deputy: the host's id of who stands in for them, or empty.
    :raises ForbiddenError: they may neither verify nor approve at this property.
    :raises InputError: the deputy may not either, or is the same person.
    :raises TransitionError: the request has ended.
    """
    case = load(work, number, lock=True)
    _require(work, by, case.property)
    if case.state not in OPEN:
        raise TransitionError("This request has ended.", "There is nothing to look after.")
    if deputy and (deputy == by or not _may(work, deputy, case.property)):
        raise InputError(
            "Nobody else who may verify or approve at this property has this login.",
            "Name who stands in for you, or nobody.",
        )
    actor = actors.acting(work, by)
    _put(work, case, by, deputy)
    tell(work, CaseLookedAfter, case, actor, grounds=("deputy",) if deputy else ())


def _put(work: Work, case: Case, owner: str, deputy: str) -> None:
    table = tables.duty
    value = {"owner": owner, "deputy": deputy}
    values = {
        "owner": actors.number(work, owner),
        "deputy": actors.number(work, deputy) if deputy else None,
        "box": written.seal(work, case.controller, PURPOSE, value),
        "since": work.stamp,
    }
    old = work.conn.execute(select(table.c.box).where(table.c.request == case.number)).scalar()
    change = update(table).where(table.c.request == case.number).values(**values)
    if not work.conn.execute(change).rowcount:
        try:
            with work.conn.begin_nested():
                work.conn.execute(
                    insert(table).values(
                        request=case.number, controller=case.controller,
                        property=case.property, **values,
                    )
                )  # fmt: skip
        except IntegrityError:
            # Somebody else's transaction wrote it first.
            work.conn.execute(change)
    safe.drop(work, old)


def queue(work: Work, by: str, property_: str = "") -> list[dict[str, Any]]:
    """Return the open requests, those due first before the others, with who looks after each.

    :param work: the open transaction.
    :param by: the host's id of who asks: only properties at which they may verify or approve.
    :param property_: code of one property, or empty.
    """
    codes = [c for c in _codes(work, by) if property_ in ("", c)]
    lines = [
        line for line in views.listed(work, by, property_ or None, "open")
        if line["property"] in codes
    ]  # fmt: skip
    whose, me = _whose(work, codes), actors.known(work, by)
    return [line | _duty(work, whose.get(line["number"]), me) for line in lines]


def of(work: Work, number: str, by: str) -> dict[str, Any]:
    """Return who looks after a request, who stands in, and whether a person does themselves.

    :raises ForbiddenError: they may not look at this property.
    """
    case = load(work, number)
    actors.require(work, by, Permission.VIEW, case.property)
    table = tables.duty
    row = work.conn.execute(select(table).where(table.c.request == case.number)).one_or_none()
    return _duty(work, row, actors.known(work, by))


def _whose(work: Work, codes: list[str]) -> Mapping[str, Row[Any]]:
    table, request = tables.duty, tables.request
    rows = work.conn.execute(
        select(table)
        .join(request, request.c.number == table.c.request)
        .where(table.c.property.in_(codes), request.c.state.in_([s.value for s in OPEN]))
    )
    return {row.request: row for row in rows}


def _duty(work: Work, row: Row[Any] | None, me: str | None) -> dict[str, Any]:
    if row is None:
        return {"owner": "", "second": "", "mine": False}
    said = safe.peek(work, row.box) or {}
    return {
        "owner": said.get("owner") or row.owner,
        "second": said.get("deputy") or row.deputy or "",
        "mine": row.owner == me,
    }


def hand_over(work: Work, code: str, note: str, by: str) -> int:
    """End one's shift with a note; who takes it over looks after one's open requests then.

    :param work: the open transaction.
    :param code: code of the property.
    :param note: what the next one must know, without anybody's data; it is sealed.
    :param by: the host's id of who goes.
    :return: its number.
    :raises ForbiddenError: they may neither verify nor approve at this property.
    :raises InputError: nothing is written, or a contact or a long number stands in it.
    """
    hotel = work.settings.property(code)
    _require(work, by, hotel.code)
    text = impersonal(note)
    actor, controller = actors.acting(work, by), slug(hotel.controller)
    count = len(_mine(work, hotel.code, actor))
    box = written.seal(work, controller, PURPOSE, {"text": text, "from": by})
    done = work.conn.execute(
        insert(tables.handover).values(
            controller=controller, property=hotel.code, box=box, count=count,
            given_by=actor, given_at=work.stamp,
        )
    )  # fmt: skip
    work.events.append(ShiftHandedOver(controller, hotel.code, "", actor, {"requests": count}))
    return int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def take_over(work: Work, id: int, by: str) -> int:
    """Take a shift over: one looks after its open requests from now on; return how many.

    Who gave it stands in where nobody else is named.

    :param work: the open transaction.
    :param id: its number.
    :param by: the host's id of who comes.
    :raises UnknownError: there is none for them.
    :raises TransitionError: it is their own, or somebody took it before.
    """
    table = tables.handover
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None or not _may(work, by, row.property):
        raise UnknownError("There is no such hand-over.", "Look at the list again.")
    actor = actors.acting(work, by)
    if row.taken_by is not None or row.given_by == actor:
        raise TransitionError(
            "This shift was taken over before, or is your own.", "Look at the list again."
        )
    work.conn.execute(
        update(table).where(table.c.id == id).values(taken_by=actor, taken_at=work.stamp)
    )
    giver = str((safe.peek(work, row.box) or {}).get("from", ""))
    box = written.seal(work, row.controller, PURPOSE, _note(work, row) | {"to": by})
    work.conn.execute(update(table).where(table.c.id == id).values(box=box))
    safe.drop(work, row.box)
    numbers = _mine(work, row.property, row.given_by)
    for number, deputy in numbers.items():
        second = deputy if deputy and deputy != by else giver
        _put(work, load(work, number, lock=True), by, second)
    event = ShiftTakenOver(row.controller, row.property, "", actor, {"requests": len(numbers)})
    work.events.append(event)
    return len(numbers)


def _note(work: Work, row: Row[Any]) -> dict[str, str]:
    return dict(safe.peek(work, row.box) or {})


def _mine(work: Work, code: str, actor: str) -> dict[str, str]:
    """Return number -> login of the deputy, of the open requests that a person looks after."""
    table, request = tables.duty, tables.request
    rows = work.conn.execute(
        select(table.c.request, table.c.box)
        .join(request, request.c.number == table.c.request)
        .where(
            table.c.property == code, table.c.owner == actor,
            request.c.state.in_([state.value for state in OPEN]),
        )
        .order_by(table.c.request)
    ).all()  # fmt: skip
    return {row.request: str((safe.peek(work, row.box) or {}).get("deputy", "")) for row in rows}


def handovers(work: Work, by: str) -> list[dict[str, Any]]:
    """Return the hand-overs of one's properties: those nobody took yet, then the last ones.

    :param work: the open transaction.
    :param by: the host's id of who asks.
    """
    table, me = tables.handover, actors.known(work, by)
    mine = table.c.property.in_(_codes(work, by))
    open_ = select(table).where(mine, table.c.taken_by.is_(None)).order_by(table.c.id.desc())
    done = select(table).where(mine, table.c.taken_by.is_not(None)).order_by(table.c.id.desc())
    rows = [*work.conn.execute(open_), *work.conn.execute(done.limit(_SHOWN))]
    return [_given(work, row, me) for row in rows]


def _given(work: Work, row: Row[Any], me: str | None) -> dict[str, Any]:
    said = _note(work, row)
    return {
        "id": row.id,
        "property": row.property,
        "text": said.get("text", ""),
        "count": row.count,
        "given_by": said.get("from") or row.given_by,
        "given_at": row.given_at,
        "taken_by": said.get("to") or row.taken_by or "",
        "taken_at": row.taken_at,
        "mine": row.given_by == me,
    }


def waiting(work: Work, by: str) -> int:
    """Return how many shifts of others wait for somebody at one's properties."""
    table = tables.handover
    mine = table.c.property.in_(_codes(work, by))
    others = table.c.given_by != (actors.known(work, by) or "")
    count = select(func.count()).select_from(table).where(mine, others, table.c.taken_by.is_(None))
    return int(work.conn.execute(count).scalar_one())


def _codes(work: Work, by: str) -> list[str]:
    return [code for code in work.settings.properties if _may(work, by, code)]


def _may(work: Work, by: str, code: str) -> bool:
    return any(actors.may(work, by, right, code) for right in _RIGHTS)


def _require(work: Work, by: str, code: str) -> None:
    if not by or not _may(work, by, code):
        what = f"This needs the permission '{_RIGHTS[0]}' or '{_RIGHTS[1]}' at this property."
        raise actors.refusal(work, by, code, what)
