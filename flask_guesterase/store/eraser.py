"""The one way to erase: draw the plan, lock, keep images, overwrite or delete, check by key."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy import Connection

from ..core.errors import BlockedError, ErasureError, RetryableError
from ..core.image import Cell
from ..core.plan import Block, Decision, Key, Outcome, Person, Plan, Step, draw, key_text
from .catalog.shape import LiveSchema
from .datamap import DataMap
from .finder import find
from .gaps import reached, unreadable
from .links import links, referenced
from .masks import Entropy
from .proof import stands
from .raw import Reader, reader
from .surgery import Erased, Surgery


def plan(
    conn: Connection,
    datamap: DataMap,
    people: Iterable[Person],
    live: LiveSchema | None = None,
) -> Plan:
    """Draw the plan for these people from the database as it is now.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param people: subject rows.
    :param live: the live database as read, for what it would do by itself.
    """
    wanted = tuple(people)
    found = find(conn, datamap, wanted, unreadable(datamap))
    drawn = draw(datamap.shapes(), found, wanted, datamap.version)
    known = links(datamap, live)
    blocked = referenced(conn, datamap, drawn, known) + reached(conn, datamap, found, known)
    return Plan(drawn.people, drawn.steps, tuple(blocked), drawn.policy)


def erase(
    conn: Connection,
    datamap: DataMap,
    approved: Plan,
    live: LiveSchema | None = None,
    entropy: Entropy = secrets.token_bytes,
) -> Erased:
    """Do what the plan says, in the transaction of `conn`; all of it or, by rollback, nothing.

    Rows that appear because of it under decisions of the plan (a trigger that copies into a
    declared history table) are erased in a second round.

    :param conn: open transaction; the caller commits it.
    :param datamap: the resolved data map.
    :param approved: the plan, drawn in this transaction.
    :param live: the live database as read.
    :param entropy: where the randomness of placeholders comes from.
    :raises BlockedError: something stands in the way of the plan.
    :raises BusyError: rows of the plan changed while it was being carried out.
    :raises ErasureError: the database did not do what the plan says.
    """
    if approved.blocked:
        raise BlockedError(
            "Something stands in the way of this erasure.",
            "Read the plan: it says what, and in which table.",
            tuple(sorted({block.reason for block in approved.blocked})),
        )
    done = Erased()
    surgery = Surgery(conn, datamap, live, entropy, done)
    before = surgery.lock(approved)
    if _rows(plan(conn, datamap, approved.people, live)) != _rows(approved):
        raise RetryableError(
            "Rows of this plan changed while they were being locked.",
            "Try again; nothing was changed.",
        )
    surgery.carry_out(approved, before)
    rest = _appeared(plan(conn, datamap, approved.people, live), surgery.moved, approved)
    if rest.steps:
        surgery.carry_out(rest, surgery.lock(rest))
        left = _appeared(
            plan(conn, datamap, approved.people, live), surgery.moved, approved, rest
        )
        if left.steps:
            raise ErasureError(
                f"Rows keep appearing in {left.steps[0].decision.table} while it is erased.",
                "Look at the triggers of that table.",
            )
    return done


def remains(
    conn: Connection, datamap: DataMap, people: Iterable[Person], live: LiveSchema | None = None
) -> tuple[Block, ...]:
    """Return what is left of these people that the policy says should be gone.

    :return: one block per table, with how many rows; empty when nothing is left.
    """
    left = []
    for step in plan(conn, datamap, people, live).changing():
        declared = datamap.declared(step.decision.table)
        rows = len(step.rows)
        if step.decision.outcome is Outcome.OVERWRITE:
            reads = reader(conn, declared, live)
            read = reads.read([row.key for row in step.rows], step.decision.columns)
            rows = sum(not all(_is_gone(reads, c) for c in cells) for cells in read.values())
        if rows:
            left.append(Block(
                declared.name, "left", rows, f"{rows} rows of {declared.name} are still as before."
            ))
    return tuple(left)


def _is_gone(reads: Reader, now: Cell) -> bool:
    declared = reads.declared
    return stands(
        declared.rules[now.name], declared.column(now.name), now, reads.room(now.name)
    )


def _appeared(now: Plan, moved: set[tuple[str, Key]], *before: Plan) -> Plan:
    """Return the steps of `now` limited to rows that no earlier plan held.

    :param moved: rows of earlier plans that have no key of their own, as they are now.
    """
    seen = {
        (step.decision.table, key_text(row.key))
        for each in before
        for step in each.steps
        for row in step.rows
    }
    decisions = {step.decision for step in before[0].steps}
    steps = []
    for step in now.changing():
        table = step.decision.table
        rows = tuple(
            r for r in step.rows
            if (table, key_text(r.key)) not in seen and (table, r.key) not in moved
        )
        if rows and step.decision in decisions:
            steps.append(Step(step.decision, rows))
        elif rows:
            raise ErasureError(
                f"Rows appeared in {step.decision.table} while it was being erased, under no "
                "decision of the plan.",
                "Draw the plan again; if a trigger writes them, declare or drop it.",
            )
    return Plan(now.people, tuple(steps), (), now.policy)


def _rows(plan_: Plan) -> set[tuple[Decision, str]]:
    return {(s.decision, key_text(row.key)) for s in plan_.changing() for row in s.rows}
