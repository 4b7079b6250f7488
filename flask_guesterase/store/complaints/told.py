"""What a guest reads of their complaints on the page of their case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from .. import tables
from ..access import tokens
from ..access.tokens import Purpose
from ..boxes import safe
from ..work import Work


@dataclass(frozen=True)
class Heard:
    """A complaint as the guest of its request reads it; what was written in it is not repeated.

    :param number: number of the complaint.
    :param about: what it is about.
    :param lang: language of the answer.
    :param received_at: naive UTC.
    :param due_on: last day for the answer, ISO.
    :param answered_at: naive UTC, or None as long as there is no answer.
    :param outcome: how it was answered, or empty.
    :param words: what the answer said besides; empty when nothing, None when its day is over.
    """

    number: str
    about: str
    lang: str
    received_at: datetime
    due_on: str
    answered_at: datetime | None
    outcome: str
    words: str | None


def heard(work: Work, code: str) -> tuple[Heard, ...]:
    """Return the complaints about the request that a case code opens, the newest first.

    :param work: the open transaction.
    :param code: the guest's case code.
    :raises TokenError: the code is unknown or expired.
    """
    number = str(tokens.look(work, Purpose.CASE, tokens.plain(code)).request)
    table = tables.complaint
    rows = work.conn.execute(
        select(table).where(table.c.request == number).order_by(table.c.id.desc())
    ).all()
    return tuple(
        Heard(
            row.number, row.about, row.lang, row.received_at, row.due_on, row.ended_at,
            row.outcome or "", _words(work, row.answer_box),
        )
        for row in rows
    )  # fmt: skip


def _words(work: Work, box: str | None) -> str | None:
    if box is None:
        return ""
    said = safe.peek(work, box)
    return None if said is None else str(said.get("text", ""))
