"""Complaints as rows: read, locked, written, told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import ForbiddenError, FourEyesError, TransitionError, UnknownError
from ...core.events import Event
from ...core.lifecycle import State
from ...core.log import slug
from ...core.permissions import Permission
from .. import actors, cases, tables, written
from ..cases import Case
from ..settings import Property
from ..work import Work

Complaint = Row[Any]
"""A row of the table of complaints."""

PURPOSE = "complaint"
"""What the boxes of complaints are kept for."""


def load(work: Work, number: str, lock: bool = False) -> Complaint:
    """Return a complaint.

    :param work: the open transaction.
    :param number: its number, as people write it.
    :param lock: keep others from acting on it until the transaction ends.
    :raises UnknownError: there is none.
    """
    table = tables.complaint
    wanted = select(table).where(table.c.number == number.strip().upper())
    row = work.conn.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise UnknownError("There is no complaint with this number.", "Look it up in the list.")
    return row


def allowed(work: Work, number: str, by: str, lock: bool = False) -> tuple[Complaint, str]:
    """Return a complaint and the opaque number of who may deal with it.

    :raises UnknownError: there is none.
    :raises ForbiddenError: they may not deal with complaints at its property.
    """
    row = load(work, number, lock)
    return row, actors.allow(work, by, Permission.COMPLAINT, row.property)


def add(work: Work, hotel: Property, values: Mapping[str, Any]) -> Complaint:
    """Insert a complaint under a number of its own and return it."""
    while True:
        number = written.numbered("GC")
        try:
            with work.conn.begin_nested():
                work.conn.execute(
                    insert(tables.complaint).values(
                        number=number, property=hotel.code, controller=slug(hotel.controller),
                        version=1, **values,
                    )
                )  # fmt: skip
        except IntegrityError:
            continue
        return load(work, number)


def change(work: Work, row: Complaint, **values: Any) -> Complaint:
    """Write what changed of a complaint, and return it.

    :raises TransitionError: somebody else acted on it in the meantime.
    """
    table = tables.complaint
    done = work.conn.execute(
        update(table)
        .where(table.c.id == row.id, table.c.version == row.version)
        .values(version=row.version + 1, **values)
    )
    if done.rowcount != 1:
        raise TransitionError(
            "Somebody else acted on this complaint in the meantime.", "Look at it again."
        )
    return load(work, row.number)


def case_of(work: Work, row: Complaint, lock: bool = False) -> Case | None:
    """Return the request a complaint is about, or None: there is none, or its time is over."""
    if row.request is None:
        return None
    try:
        return cases.load(work, row.request, lock)
    except UnknownError:
        return None


def contested(case: Case | None) -> bool:
    """Return whether a refusal is contested, which stands or does not."""
    return case is not None and case.state is State.COMPLAINT


def other(row: Complaint, case: Case | None, actor: str) -> None:
    """Go on only when somebody did not decide what is complained about.

    :raises FourEyesError: they decided it.
    """
    if case is not None and actor == case.decided_by:
        raise FourEyesError(
            "Whoever decided a request does not decide about the complaint.",
            "Ask another person, or invite a reviewer from outside.",
        )


def receives(work: Work, by: str, code: str) -> str:
    """Return the opaque number of who may file a complaint at a property.

    :raises ForbiddenError: they may neither file nor deal with complaints there.
    """
    if actors.may(work, by, Permission.COMPLAINT, code):
        return actors.number(work, by)
    try:
        return actors.allow(work, by, Permission.FILE, code)
    except ForbiddenError:
        raise ForbiddenError(
            f"This needs the permission '{Permission.FILE}' or '{Permission.COMPLAINT}'.",
            "Ask whoever gives permissions at your hotel.",
        ) from None


def tell(
    work: Work,
    event: type[Event],
    row: Complaint,
    actor: str,
    grounds: tuple[str, ...] = (),
    counts: Mapping[str, int] | None = None,
) -> None:
    """Note that something happened to a complaint, for the journal and the signals."""
    work.events.append(
        event(row.controller, row.property, row.number, actor, dict(counts or {}), grounds)
    )
