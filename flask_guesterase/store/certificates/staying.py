"""What stays of a request today: laws, holds and periods change once its certificate is issued."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select

from ...core.certificate import BOX, LATER, Stay
from ...core.lifecycle import State
from ...core.plan import LEGAL_DUTY, Outcome
from .. import tables
from ..casework.cases import Case
from ..lawbook.blockers import today_at
from ..retaining import law, remainder
from ..retaining.keeping import FOREVER
from ..statements.sql import MANY, chunks, one_of
from ..work import Work
from . import beside, laternotice

OUTCOMES = frozenset({Outcome.SEAL.value, Outcome.RETAIN.value, Outcome.HOLD.value})
"""Outcomes of what stays for a while, in its row or in a box."""


def kept(work: Work, case: Case) -> tuple[dict[str, str], ...]:
    """Return what stays of a request today: category, basis and last day, each once.

    :param work: the open transaction.
    :param case: the request.
    """
    names = ("category", "basis", "until")
    found = lines(work, case.number, beside.of(case.decisions))
    told = {tuple(each[name] for name in names) for each in found}
    return tuple(dict(zip(names, each, strict=True)) for each in sorted(told))


def lines(work: Work, number: str, boxes: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what stays of a request today as `deeds.did` has it, in an order of its own.

    Of what a hold keeps, in its row or longer than its day in its box, a duty of law is told.

    :param work: the open transaction.
    :param number: number of the request; empty for what lies in the boxes alone.
    :param boxes: boxes of others in which something of its rows lies, as `beside.of` tells.
    """
    line, box = tables.kept, tables.box
    wanted = (
        line.c.table_name, line.c.columns, line.c.property, line.c.mode, line.c.category,
        line.c.basis, line.c.until, line.c.open, line.c.grade, box.c.label,
    )  # fmt: skip
    living = (
        select(*wanted, func.count().label("rows"))
        .join_from(line, box, line.c.box == box.c.id, isouter=True)
        .where(line.c.ended_at.is_(None))
        .group_by(*wanted)
    )
    counts: Counter[tuple[Any, ...]] = Counter()
    for mine in _whose(number, boxes):
        for row in work.conn.execute(living.where(mine)):
            counts[(row.table_name, row.columns, *_told(work, row))] += row.rows
    return [_item(each, many) for each, many in sorted(counts.items())]


def _whose(number: str, boxes: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of what is kept for a request, and of what lies in others' boxes."""
    line = tables.kept
    if number:
        yield line.c.request == number
    yield from within(line.c.box, boxes)


def within(column: Column[str], boxes: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a column names some boxes, each for no more than a statement takes.

    :param column: the column.
    :param boxes: identifiers of boxes.
    """
    for part in chunks(sorted(boxes), MANY):
        yield one_of(column, part)


def _item(told: tuple[Any, ...], rows: int) -> dict[str, Any]:
    table, columns, outcome, category, basis, until, grade, words = told
    return {
        "table": table, "outcome": outcome, "columns": json.loads(columns), "rows": rows,
        "category": category, "until": until, "basis": basis, "grade": grade,
        "open": words.split(",") if words else [],
    }  # fmt: skip


def all_of(work: Work, case: Case, held: bool) -> list[dict[str, str]]:
    """Return the same with what is not a row's: a contact to tell the guest later, a held copy.

    :param work: the open transaction.
    :param case: the request.
    :param held: whether a hold keeps its safety copy, as `copies_held` tells.
    """
    found = list(kept(work, case))
    if case.state is State.SEALED and (last := laternotice.last_day(work, case.number)):
        until = laternotice.day_of(work, case, last)
        found.append({"category": LATER, "basis": "", "until": until})
    if held:
        found.append({"category": LEGAL_DUTY, "basis": "", "until": ""})
    return found


def copies_held(work: Work, number: str) -> int:
    """Return how many safety copies of a request holds keep longer than their day.

    :param work: the open transaction.
    :param number: number of the request.
    """
    box = tables.box
    mine = box.c.request == number, box.c.purpose == "recovery", box.c.forgotten_at.is_(None)
    held = box.c.label.like("hold:%"), box.c.last_day < work.today
    return work.conn.execute(select(func.count()).where(*mine, *held)).scalar_one()


def copies(many: int) -> tuple[Stay, ...]:
    """Return the line of a certificate that says a duty of law keeps safety copies.

    :param many: how many, as `copies_held` tells.
    """
    return (Stay(BOX, many, ("payload",), LEGAL_DUTY, "", ""),) if many else ()


def held_keys(work: Work, number: str, boxes: Collection[str] = ()) -> list[str]:
    """Return until when keys of holds open boxes of a request; nothing where nobody knows.

    Until its day a box counts as if nobody held it, and where its hold was lifted after that, until
    then.

    :param work: the open transaction.
    :param number: number of the request.
    :param boxes: boxes of others in which something of its rows lies.
    """
    box = tables.box
    sealed = box.c.purpose.in_(_SEALED), box.c.label.like("hold:%")
    held = select(box.c.last_day, box.c.forgotten_at).where(*sealed)
    whose = box.c.request == number, *within(box.c.id, boxes)
    return [_until(work, *row) for mine in whose for row in work.conn.execute(held.where(mine))]


_SEALED = ("recovery", "recovery-file", "retention")
"""Purposes of boxes that hold something of who was erased."""


def _until(work: Work, last: str, forgotten: datetime | None) -> str:
    if forgotten is not None:
        return forgotten.date().isoformat()
    return last if work.today <= last < FOREVER else ""


def _told(work: Work, row: Any) -> tuple[str, ...]:
    """Return how something stays, as what, by which article, until when, how sure, and why open."""
    if row.mode in (law.BLOCKED, law.ANEW):
        return Outcome.RETAIN.value, row.open, "", "", "", ""
    today = today_at(work.settings, work.now, row.property).isoformat()
    outlives = (row.label or "").startswith("hold:") and (row.until or today) < today
    if row.mode == law.HELD and remainder.is_left(work, row):
        # Its hold has ended, or changes nothing: the policy leaves it there, by no law.
        return Outcome.RETAIN.value, "", "", "", "", "no-replacement"
    if row.mode == law.HELD or outlives:
        return Outcome.HOLD.value, LEGAL_DUTY, "", "", "", ""
    how = Outcome.SEAL if row.mode == law.SEALED else Outcome.RETAIN
    return how.value, row.category, row.basis, row.until or "", row.grade, row.open
