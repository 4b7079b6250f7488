"""What the host wrote of somebody while they were erased: of it, what is kept is written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from ...core.errors import UnknownError
from ...core.lifecycle import DONE, State
from ...core.plan import Outcome, Plan, Row, Step
from .. import tables
from ..casework.cases import Case, load, step
from ..certificates.deeds import UNASKED, added, did
from ..erasing import eraser
from ..erasing.doubles import doubles
from ..erasing.taking import Erased
from ..retaining import keeping
from ..retaining.keeping import Origin
from ..work import Work


def keep(work: Work, case: Case, drawn: Plan) -> Plan:
    """Write down what is kept of erased people and was not when they were erased.

    An invoice may be made out between the erasure and its check. Nobody decided about it, but a
    certificate that does not name it would be untrue, and nothing would end it on its day.

    :param work: the open transaction.
    :param case: the request, locked, about to be certified.
    :param drawn: the plan of its people as it is today.
    :return: what was written down, as a plan.
    """
    known = _known(work, case.number)
    steps = [late for step in drawn.keeping() for late in _late(work, drawn, step, known)]
    late = replace(drawn, steps=tuple(step for step in steps if step.rows))
    if late.steps:
        keeping.record(work, Origin(case.number, case.controller, case.property), late, Erased())
    return late


def note(work: Work, number: str | None, drawn: Iterable[Plan]) -> list[dict[str, Any]]:
    """Write down with a request what else is kept of it, so that its certificate names it.

    Nobody approved that: it is no reason to take anything else of the same table later.

    :param work: the open transaction.
    :param number: number of the request; None for what has none.
    :param drawn: plans that were carried out, of which is kept what was not before.
    :return: what was written down, as `deeds.did` has it.
    """
    kept = [replace(each, steps=each.keeping()) for each in drawn]
    more = [{**i, UNASKED: True} for p in kept if p.steps for i in did(p, doubles(work, p))]
    if number is None or not more:
        return []
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        if case.state in _CARRIED_OUT:
            said = case.decisions or {}
            step(work, case, decisions={**said, "did": added(said.get("did", ()), more)})
            return more
    return []


_CARRIED_OUT = (State.CHECKING, *DONE)


def unwritten(work: Work, number: str | None, drawn: Plan) -> Plan:
    """Return a plan without what stays in its row and is written down as kept already.

    Who is back is erased again under the same request; what stays of them was counted twice.

    :param work: the open transaction.
    :param number: number of the request, or None for what has none.
    :param drawn: the plan that is carried out again.
    """
    known = {} if number is None else _open(work, number)
    if not known:
        return drawn
    return replace(drawn, steps=tuple(_new(work, drawn, step, known) for step in drawn.steps))


def _open(work: Work, number: str) -> Mapping[tuple[str, str, str], set[str]]:
    """Return (mode, table, key text) -> the columns that stay for a request today."""
    kept = tables.kept
    wanted = select(kept.c.mode, kept.c.table_name, kept.c.row_key, kept.c.columns)
    still = kept.c.request == number, kept.c.ended_at.is_(None), kept.c.row_key != ""
    found: dict[tuple[str, str, str], set[str]] = {}
    for mode, table, key, columns in work.conn.execute(wanted.where(*still)):
        found.setdefault((mode, table, key), set()).update(json.loads(columns))
    return found


def _new(
    work: Work, drawn: Plan, step: Step, known: Mapping[tuple[str, str, str], set[str]]
) -> Step:
    """Return a step without rows of which all that is to stay in them is known to stay."""
    if step.decision.outcome not in (Outcome.RETAIN, Outcome.HOLD):
        return step
    mode, table = keeping.mode_of(step.decision), step.decision.table
    columns = set(step.decision.columns)
    texts = keeping.known_by(work, drawn, table, [row.key for row in step.rows])
    rows = (
        row for row in step.rows if columns - known.get((mode, table, texts[row.key]), set())
    )
    return replace(step, rows=tuple(rows))


_Known = Mapping[tuple[str, str], set[str]]


def _known(work: Work, number: str) -> _Known:
    """Return (table, key text) -> the columns that were written down as kept for a request."""
    kept = tables.kept
    rows = select(kept.c.table_name, kept.c.row_key, kept.c.columns).where(kept.c.request == number)
    found: dict[tuple[str, str], set[str]] = {}
    for row in work.conn.execute(rows):
        found.setdefault((row.table_name, row.row_key), set()).update(json.loads(row.columns))
    return found


def _late(work: Work, drawn: Plan, step: Step, known: _Known) -> Iterator[Step]:
    """Yield a step limited to rows, and to what they hold of which nothing is written down."""
    if step.decision.outcome is Outcome.SEAL:
        # What is to leave its row and stands there is left.
        return
    table, columns = step.decision.table, frozenset(step.decision.columns)
    texts = keeping.known_by(work, drawn, table, [row.key for row in step.rows])
    new: dict[frozenset[str], list[Row]] = {}
    for row in step.rows:
        place = table, texts[row.key]
        if place not in known or columns - known[place]:
            # What went of a row that is kept in part stays no more, though all of it is held now.
            new.setdefault(columns - known.get(place, set()), []).append(row)
    for more, rows in new.items():
        decision = replace(step.decision, columns=tuple(sorted(more)))
        wanted = Step(decision, tuple(rows))
        there = set(eraser.as_before(work.conn, work.whole(), wanted, work.live()))
        yield replace(wanted, rows=tuple(row for row in rows if row.key in there))
