"""What stays of a request today: laws, holds and periods change once its certificate is issued."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..core.certificate import LATER
from ..core.lifecycle import State
from ..core.plan import LEGAL_DUTY
from . import laternotice, law, tables
from .blockers import today_at
from .cases import Case
from .work import Work


def kept(work: Work, number: str) -> tuple[dict[str, str], ...]:
    """Return what stays of a request today: category, basis and last day, each once.

    Of what a hold keeps, in its row or longer than its day in its box, a duty of law is told.

    :param work: the open transaction.
    :param number: number of the request.
    """
    line, box = tables.kept, tables.box
    wanted = line.c.property, line.c.mode, line.c.category, line.c.basis, line.c.until, line.c.open
    rows = work.conn.execute(
        select(*wanted, box.c.label)
        .join_from(line, box, line.c.box == box.c.id, isouter=True)
        .where(line.c.request == number, line.c.ended_at.is_(None))
        .distinct()
    )
    told = {_told(work, row) for row in rows}
    names = ("category", "basis", "until")
    return tuple(dict(zip(names, each, strict=True)) for each in sorted(told))


def all_of(work: Work, case: Case) -> list[dict[str, str]]:
    """Return the same with what is not a row's: a contact to tell the guest later, a held copy.

    :param work: the open transaction.
    :param case: the request.
    """
    found = list(kept(work, case.number))
    if case.state is State.SEALED and (last := laternotice.last_day(work, case.number)):
        until = laternotice.day_of(work, case, last)
        found.append({"category": LATER, "basis": "", "until": until})
    if copy_held(work, case.number):
        found.append({"category": LEGAL_DUTY, "basis": "", "until": ""})
    return found


def copy_held(work: Work, number: str) -> bool:
    """Return whether a hold keeps a safety copy of a request longer than its day.

    :param work: the open transaction.
    :param number: number of the request.
    """
    box = tables.box
    mine = box.c.request == number, box.c.purpose == "recovery", box.c.forgotten_at.is_(None)
    held = box.c.label.like("hold:%"), box.c.last_day < work.today
    return work.conn.execute(select(box.c.id).where(*mine, *held).limit(1)).first() is not None


def _told(work: Work, row: Any) -> tuple[str, str, str]:
    if row.mode == law.BLOCKED:
        return row.open, "", ""
    today = today_at(work.settings, work.now, row.property).isoformat()
    outlives = (row.label or "").startswith("hold:") and (row.until or today) < today
    if row.mode == law.HELD or outlives:
        return LEGAL_DUTY, "", ""
    return row.category, row.basis, row.until or ""
