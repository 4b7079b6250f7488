"""Copies that lie ready: put away, looked up, taken away again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select, update

from ...core.copying import DAYS, Copy, read_copy
from ...core.errors import SealError, TokenError, UnknownError
from ...core.events import SYSTEM, DataCopyEnded
from ...core.lifecycle import COPIES, State
from ...core.plan import Person, by_table, key_text
from ...core.seal import Terms
from ...core.standing import Standing
from ...core.wish import Kind
from .. import tables
from ..access import tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..casework.cases import Case, day_at, load, step, tell
from ..casework.contacts import end_contact
from ..erasing import successors
from ..mapping.days import last_utc_day
from ..statements.sql import MANY, Said, asked, chunks
from ..work import Work

PURPOSE = "copy"


def put(work: Work, case: Case, copy: Copy) -> str:
    """Seal a copy until its last day at the hotel, which is returned, ISO."""
    hotel = work.settings.home(case.property)
    last = day_at(hotel, work.now) + timedelta(days=DAYS)
    ends = last.isoformat()
    terms = Terms(case.controller, PURPOSE, last_utc_day(last, hotel.zone).isoformat())
    box = safe.keep(work, terms, copy.to_json(), case.number)
    table = tables.copy
    work.conn.execute(
        update(table)
        .where(table.c.request == case.number)
        .values(box=box, ends_on=ends, offered_at=work.stamp)
    )
    return ends


def row(work: Work, number: str) -> Row[Any]:
    """Return what is known of the copy of a request.

    :raises UnknownError: the request is not for a copy.
    """
    table = tables.copy
    found = work.conn.execute(select(table).where(table.c.request == number)).one_or_none()
    if found is None:
        raise UnknownError("This request is not for a copy.", "Look at the number again.")
    return found


def erased_by(work: Work, case: Case) -> str:
    """Return the number of the erasure after which a copy was asked for; empty where there is none.

    An erasure that waits for its copy is none: it comes after it.
    """
    copy, request = tables.copy, tables.request
    found: str | None = work.conn.execute(
        select(request.c.number)
        .join_from(copy, request, request.c.number == copy.c.erasure)
        .where(copy.c.request == case.number, request.c.erased_at <= case.received_at)
    ).scalar()
    return found or ""


def awaited(work: Work, case: Case) -> bool:
    """Return whether an erasure that is not over waits for this copy."""
    copy, request = tables.copy, tables.request
    found = work.conn.execute(
        select(request.c.number)
        .join_from(copy, request, request.c.number == copy.c.erasure)
        .where(copy.c.request == case.number, request.c.ended_at.is_(None))
    ).scalar()
    return found is not None


def read(work: Work, number: str) -> Copy:
    """Return a copy that lies ready.

    :raises TokenError: it lies there no longer.
    """
    found = row(work, number)
    try:
        if found.box is None:
            raise SealError("There is no copy any more.")
        copy = read_copy(safe.read(work, found.box))
        # A row can be written by whoever reaches the database, a box cannot.
        if copy.number != found.request:
            raise SealError("This is the copy of another request.")
        return copy
    except (SealError, UnknownError):
        raise TokenError(
            "This copy is not there any more.", "Ask for a new one if you still need it."
        ) from None


def clear(work: Work, number: str) -> None:
    """Take a copy away, with everything that opens it."""
    found = row(work, number)
    safe.drop(work, found.box)
    table = tables.copy
    work.conn.execute(update(table).where(table.c.request == number).values(box=None))
    tokens.end(work, number, Purpose.FETCH, Purpose.TICKET, Purpose.COPY)


def over(work: Work, people: Iterable[Person]) -> int:
    """Take away the copies of people who are about to be erased; return how many those were.

    A copy that nobody has fetched yet keeps an erasure waiting (see `blockers`); one that was
    fetched is in the guest's hands. That of who had the row before is none of theirs.

    :param work: the erasing transaction.
    :param people: subject rows.
    """
    found: set[str] = set()
    for table, keys in by_table(people).items():
        texts = {key_text(key): (table, key) for key in keys}
        for part in chunks(sorted(texts), MANY):
            statement, given = asked(_SAID, ("lying",), _lying, [(text,) for text in part])
            rows = work.conn.execute(statement, {**(given or {}), "table": table})
            found.update(row.request for row in successors.without(work, table, rows, texts))
    for number in sorted(found):
        close(work, load(work, number, lock=True), "erased")
    return len(found)


_SAID: Said = {}


def _lying() -> tuple[Select[Any], list[ColumnElement[Any]]]:
    """Return the select of the copies that lie ready for people of one table."""
    request, subject, copy = tables.request.c, tables.subject.c, tables.copy.c
    wanted = (
        select(subject.request, subject.row_key, successors.asked_after().label("after"))
        .join_from(tables.subject, tables.request, subject.request == request.number)
        .join(tables.copy, copy.request == request.number)
        .where(
            request.kind == Kind.COPY.value,
            copy.box.is_not(None),
            subject.table_name == bindparam("table"),
            subject.standing == Standing.TAKEN.value,
        )
    )
    return wanted, [subject.row_key]


def close(work: Work, case: Case, why: str) -> None:
    """End a request for a copy whose copy goes, and with it the way to write to its guest.

    :param work: the open transaction.
    :param case: the request.
    :param why: ``day-over`` or ``erased``.
    """
    clear(work, case.number)
    states = [State.EXPIRED] if case.state is State.OFFERED else []
    if case.state in COPIES:
        case = step(work, case, *states, ended_at=work.stamp)
    tell(work, DataCopyEnded, case, SYSTEM, grounds=(why,))
    end_contact(work, case.number)
