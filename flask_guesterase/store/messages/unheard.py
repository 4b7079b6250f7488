"""Which letters never reached the guest of a request: given up, or overtaken before they left.

Who was told nothing was not told in time, whatever state the request is in. One that a person
prints after all has reached them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from ...core.lifecycle import DONE, UNANSWERED, State
from ...core.own import WEEKS
from .. import tables
from ..work import Work
from .outbox import LOST

WAITING, EXTENDED = "waiting", "extended"
"""Texts of the letters that say what a request waits for, and that its answer takes longer."""

COMPLAINT, TIMED = "complaint", ":due"
"""Text of the letter that answers a complaint, and how its mark ends where it tells of a time that
was lengthened before."""

ANSWERS = ("done", "refused")
"""Texts of the letters that say what became of a request."""

_KINDS = ((WAITING,), (EXTENDED,), ANSWERS)


def is_lost(work: Work, number: str, *texts: str) -> bool:
    """Return whether letters of these texts were written to a guest, and none reached them.

    :param work: the open transaction.
    :param number: number of the request.
    """
    out = tables.outbox.c
    mine = select(out.template, out.state).where(out.request == number, _says(out, texts))
    found = work.conn.execute(mine).all()
    written = any(row.template in texts for row in found)
    return written and {row.state for row in found} <= set(LOST)


def lost(*texts: str) -> ColumnElement[bool]:
    """Return the condition that a parcel is such a letter, and none of its request reached them."""
    out, other = tables.outbox.c, tables.outbox.alias()
    mine = other.c.request == out.request, _says(other.c, texts)
    reached = select(other.c.id).where(*mine, other.c.state.not_in(LOST))
    return and_(out.template.in_(texts), out.state.in_(LOST), ~reached.exists())


def _says(of: Any, texts: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a parcel is a letter of these texts, or tells what one does.

    Where a complaint was right its answer names the day that holds now. That it is lost takes
    nothing from what another letter told.
    """
    said: ColumnElement[bool] = of.template.in_(texts)
    if EXTENDED in texts:
        said |= and_(of.template == COMPLAINT, of.dedupe.endswith(TIMED))
    return said


def needed() -> ColumnElement[bool]:
    """Return the condition that a parcel is a letter of which another one reached nobody, or may.

    Without it none of them would have: of what has no answer yet the next word may be given up.
    """
    out, other, request = tables.outbox.c, tables.outbox.alias(), tables.request.c
    mine = select(request.number).where(
        request.number == out.request, request.state.in_([state.value for state in UNANSWERED])
    )
    still = and_(out.template == WAITING, mine.exists())

    def beside(texts: Sequence[str]) -> ColumnElement[bool]:
        mine = other.c.request == out.request, other.c.template.in_(texts)
        found = select(other.c.id).where(*mine, other.c.state.in_(LOST))
        return and_(_says(out, texts), found.exists())

    return or_(still, *(beside(texts) for texts in _KINDS))


def unanswered(work: Work, number: str | None = None) -> set[str]:
    """Return the requests that ended, and of which no letter that says how reached their guest.

    What was written long after the answer, that the rest has gone for example, is none of it: the
    letter of then had its time, and is known no more.

    :param work: the open transaction.
    :param number: number of the one that is asked about; None for all of the known properties.
    """
    out, request, first = tables.outbox.c, tables.request.c, tables.certificate.c
    ended = request.state.in_([state.value for state in (*DONE, State.REFUSED)])
    answered = func.coalesce(first.issued_at, request.decided_at, request.received_at)
    mine = and_(first.request == request.number, first.supplement == 0)
    found = (
        select(request.number, out.done_at, answered.label("answered"))
        .select_from(tables.outbox.join(tables.request, request.number == out.request))
        .outerjoin(tables.certificate, mine)
        .where(lost(*ANSWERS), ended, request.property.in_(list(work.settings.properties)))
    )
    if number is not None:
        found = found.where(request.number == number)
    kept = timedelta(days=WEEKS.days)
    rows = work.conn.execute(found)
    return {row.number for row in rows if row.done_at < row.answered + kept}
