"""Rows of a plan in which nothing would change, since they hold what would be written already."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.plan import Decision, Key, Outcome, Plan, Step
from ...core.treatment import Constant, Null, Placeholder, Redact
from ..mapping.masks import beneath
from ..mapping.proof import holds
from ..mapping.raw import Reader, reader
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


def _held(reads: Reader, step: Step) -> Iterator[Key]:
    declared = reads.declared
    keys = [row.key for row in step.rows]
    for key, cells, _ in reads.rows(keys, step.decision.columns):
        if all(
            holds(declared.written(c.name), declared.column(c.name), c, reads.room(c.name))
            for c in cells
        ):
            yield key
