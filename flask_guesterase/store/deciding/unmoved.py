"""Rows of a plan in which nothing would change, since they hold what would be written already."""

from __future__ import annotations

import secrets

from sqlalchemy import TypeDecorator

from ...core.image import Cell, Form
from ...core.plan import Decision, Key, Outcome, Plan, Step
from ...core.treatment import Constant, Null, Placeholder, Redact
from ..mapping.masks import beneath, is_invented, value_for
from ..mapping.raw import Reader, reader
from ..statements.sql import is_text
from ..work import Work


def unmoved(work: Work, plan: Plan) -> frozenset[tuple[Decision, Key]]:
    """Return decision and key of rows that are overwritten with what they surely hold already.

    Of columns from whose texts only a part goes this says nothing.

    :param work: the open transaction; a read-only one is enough.
    :param plan: the plan.
    """
    found = set[tuple[Decision, Key]]()
    for step in plan.changing():
        declared = work.datamap.declared(step.decision.table)
        rules = [beneath(declared.written(name)) for name in step.decision.columns]
        known = all(isinstance(each, Null | Redact | Placeholder | Constant) for each in rules)
        if known and step.decision.outcome is Outcome.OVERWRITE:
            reads = reader(work.conn, declared, work.live())
            found.update((step.decision, key) for key in _held(reads, step))
    return frozenset(found)


def _held(reads: Reader, step: Step) -> set[Key]:
    keys = [row.key for row in step.rows]
    read = reads.rows(keys, step.decision.columns)
    return {key for key, cells, _ in read if all(_holds(reads, cell) for cell in cells)}


def _holds(reads: Reader, now: Cell) -> bool:
    """Return whether a cell is what its rule would write; a form of the host's own is not read."""
    rule, column = reads.declared.written(now.name), reads.declared.column(now.name)
    inner, room = beneath(rule), reads.room(now.name)
    if isinstance(inner, Null) or now.form is Form.NULL:
        return isinstance(inner, Null) and now.form is Form.NULL
    if isinstance(inner, Placeholder):
        return is_invented(column, now.value, room)
    plain = is_text(column.type) and not isinstance(column.type, TypeDecorator)
    return plain and now.value == value_for(rule, column, None, secrets.token_bytes, room)
