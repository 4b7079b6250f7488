"""What was decided to go of who is back, and what today's policy leaves: it is not called gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...core.covering import Decided
from ...core.image import Cell, Form
from ...core.plan import Decision, Key, Outcome, Plan, Row, Step
from ..erasing.eraser import Scope
from ..executing import meanwhile
from ..mapping.declared import Declared
from ..mapping.masks import looks_invented, looks_redacted
from ..mapping.raw import reader
from ..retaining import remainder
from ..statements.sql import text_length
from ..work import Work


def left(
    work: Work, number: str | None, before: Decided | None, about: Scope, plan: Plan
) -> tuple[Step, ...]:
    """Return what stays, though it was to go, and is not written down as kept yet.

    The host filled it again, or a restored database brought it back, and no rule takes it today.
    Nothing is asked of the database unless the policy has changed so.

    :param work: the open transaction.
    :param number: number of the request; None for what had its time, by today's policy.
    :param before: what was decided.
    :param about: whose rows they are.
    :param plan: the plan drawn today.
    """
    known = {} if number is None or before is None else before.columns
    tables = [work.datamap.tables[name] for name in sorted(known) if name in work.datamap.tables]
    names = {each.name: remainder.without_rule(each, known[each.name]) for each in tables}
    if not any(names.values()):
        return ()
    found, stays = about.find(), _kept(plan)
    steps = [
        step for each in tables if names[each.name]
        for step in _steps(work, each, sorted(names[each.name]), found.get(each.name, ()), stays)
    ]
    new = meanwhile.unwritten(work, number, replace(plan, steps=tuple(steps)))
    return tuple(step for step in new.steps if step.rows)


_Stays = dict[tuple[str, Key], set[str]]


def _kept(plan: Plan) -> _Stays:
    """Return (table, key) -> the columns of which the plan says itself that they stay."""
    found: _Stays = {}
    for step in plan.keeping():
        for row in step.rows:
            found.setdefault((step.decision.table, row.key), set()).update(step.decision.columns)
    return found


def _steps(
    work: Work, declared: Declared, names: Sequence[str], rows: Sequence[Row], stays: _Stays
) -> Iterator[Step]:
    mine = {row.key: row for row in rows if not row.others}
    full: dict[tuple[str, ...], list[Row]] = {}
    for key, cells in reader(work.conn, declared, work.live()).read(list(mine), names).items():
        there = {each.name for each in cells if _says(declared, each)}
        if columns := tuple(sorted(there - stays.get((declared.name, key), set()))):
            full.setdefault(columns, []).append(mine[key])
    for columns, theirs in sorted(full.items()):
        yield Step(Decision(declared.name, Outcome.RETAIN, columns), tuple(theirs))


def _says(declared: Declared, cell: Cell) -> bool:
    """Return whether something stands in a column, and not what an erasure once left there."""
    if cell.form is Form.NULL or not cell.value:
        return False
    text, room = cell.value.rstrip(), text_length(declared.column(cell.name).type)
    return not (looks_redacted(text) or looks_invented(cell.name, room, text))
