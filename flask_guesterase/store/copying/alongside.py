"""A copy and an erasure that one guest asked for, each in a request of its own."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from ...core.asking import Asker
from ...core.plan import by_table, key_text
from ...core.standing import Standing
from ...core.wish import Kind
from .. import tables
from ..casework.cases import Case
from ..erasing import people, successors
from ..identity import objecting
from ..work import Work


def goes(work: Work, case: Case) -> bool:
    """Return whether a copy goes with an erasure of the same guest, of which this is one.

    The other one is told only where somebody showed that they may ask for it, and only a guest who
    asked for both: what anybody sent by the form, what a relative wants, or what somebody objected
    to, is no news for the page of who may be another.

    :param work: the open transaction.
    :param case: the request for the copy, or that for the erasure.
    """
    copying, erasing = tables.request, tables.request.alias()
    subject, theirs = tables.subject, tables.subject.alias()
    copy = case.kind == Kind.COPY
    other = erasing if copy else copying
    # A copy that was over before goes with nothing; one that was taken back meanwhile is told of.
    later = copying.c.ended_at > erasing.c.received_at
    guest = Asker.GUEST.value
    after = successors.asked_after().label("after")
    rows = work.conn.execute(
        select(subject.c.table_name, subject.c.row_key, other.c.number, after)
        .join_from(subject, copying, copying.c.number == subject.c.request)
        .join(tables.copy, tables.copy.c.request == copying.c.number)
        .join(
            theirs,
            (theirs.c.table_name == subject.c.table_name) & (theirs.c.row_key == subject.c.row_key),
        )
        .join(erasing, erasing.c.number == theirs.c.request)
        .where(
            (copying if copy else erasing).c.number == case.number,
            copying.c.kind == Kind.COPY.value,
            erasing.c.kind == Kind.ERASURE.value,
            subject.c.standing == Standing.TAKEN.value,
            theirs.c.standing == Standing.TAKEN.value,
            erasing.c.erased_at.is_(None),
            other.c.ended_at.is_(None),
            other.c.verified_at.is_not(None),
            or_(copying.c.ended_at.is_(None), later),
            # Two relatives, or two who act for the guest, may be two people.
            func.coalesce(copying.c.asked_by, guest) == guest,
            func.coalesce(erasing.c.asked_by, guest) == guest,
        )
    ).all()
    if not rows or objecting.is_open(work, case.number):
        return False
    numbers = {row.number for row in rows}
    undoubted = {number for number in numbers if not objecting.is_open(work, number)}
    for name, keys in by_table(people.taken(work, case.number)).items():
        texts = {key_text(key): (name, key) for key in keys}
        here = [row for row in rows if row.table_name == name and row.row_key in texts]
        mine = [row for row in here if row.number in undoubted]
        if successors.without(work, name, mine, texts):
            return True
    return False
