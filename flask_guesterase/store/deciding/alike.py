"""Requests that are alike and leave nothing to weigh, approved together, each by its own entry.

What makes a request one of low risk is strict, so that nobody approves unread what somebody
should have read: its guest asked and proved it; every row carries all that was given and is as
it was found; nobody else's row, no text with mentions, no minor, no hold, no precondition of the
hotel, no doubt about a rule is in its plan; and nobody complained about it or decided it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from ...core.asking import Asker
from ...core.decided import digest
from ...core.errors import InputError, KeyMissingError, TransitionError
from ...core.lifecycle import State
from ...core.likeness import BATCH, MOST, shape, simple
from ...core.permissions import Permission
from ...core.plan import Outcome, Plan
from ...core.standing import MOST as MOST_ROWS
from ...core.standing import Standing, Why
from ...core.wish import Kind
from .. import tables
from ..access import actors
from ..casework import minors
from ..casework.cases import Case, columns, load, read, secret
from ..certificates.deeds import did, uncopied
from ..erasing import people
from ..identity import objecting
from ..recovery import window
from ..requests import same
from ..texts.struck import struck
from ..work import Work
from . import approving
from .preview import Line, lines
from .review import Shown

LOOK = 60
"""Requests that one look considers, those due first before the others."""

_PROVED = frozenset({Shown.LINK.value, Shown.DESK.value, Shown.SLIP.value})


@dataclass(frozen=True)
class One:
    """One request of a group.

    :param number: its number.
    :param due_on: day by which there is an answer, ISO.
    :param how: how its guest showed who they are.
    :param rows: how many rows go.
    :param digest: digest of its plan, which an approval names.
    """

    number: str
    due_on: str
    how: str
    rows: int
    digest: str


@dataclass(frozen=True)
class Group:
    """Requests about which exactly the same is decided.

    :param property: code of their property.
    :param mark: hash of what is decided.
    :param erase: what goes, without counts.
    :param retain: what stays and why, without counts and days.
    :param cases: the requests, those due first before the others.
    """

    property: str
    mark: str
    erase: tuple[Line, ...]
    retain: tuple[Line, ...]
    cases: tuple[One, ...]


def groups(work: Work, by: str) -> list[Group]:
    """Return the groups of at least two requests that a person may approve together.

    :param work: the open transaction.
    :param by: the host's id of the person.
    """
    codes = work.settings.properties
    mine = [c for c in codes if actors.may(work, by, Permission.APPROVE, c)]
    found: dict[tuple[str, str], list[tuple[One, Plan]]] = {}
    for property_, one, plan in _candidates(work, by, mine):
        found.setdefault((property_, shape(plan)), []).append((one, plan))
    return [
        Group(
            code, mark, *_told(work, [plan for _, plan in ones]),
            tuple(one for one, _ in ones[:MOST]),
        )
        for (code, mark), ones in found.items()
        if len(ones) > 1
    ]


def _candidates(work: Work, by: str, codes: Sequence[str]) -> Iterator[tuple[str, One, Plan]]:
    table = tables.request
    rows = work.conn.execute(
        select(*columns())
        .where(table.c.property.in_(codes), table.c.state == State.REVIEW.value)
        .order_by(table.c.due_on, table.c.id)
        .limit(LOOK)
    ).all()
    actor = actors.known(work, by) or ""
    for case in map(read, rows):
        if approving.took_part(work, case, actor, by) or objecting.is_open(work, case.number):
            continue
        try:
            plan = _low(work, case)
            if plan is not None:
                yield case.property, _one(work, case, plan), plan
        except KeyMissingError:
            # Of this one nothing can be read; its own page says so.
            continue


def _low(work: Work, case: Case) -> Plan | None:
    """Return the plan of a request that leaves nothing to weigh, or None where a person must."""
    asked = case.kind == Kind.ERASURE and case.asked_by in (None, Asker.GUEST.value)
    if not asked or case.verified_how not in _PROVED or case.decisions is not None:
        return None
    if not _rows_are_clear(work, case) or _contested(work, case):
        return None
    plan = approving.plan_of(work, case)
    if not plan.changing() or not simple(plan, did(plan)) or struck_any(work, plan):
        return None
    return None if minors.involved(work, plan.people) else plan


def _rows_are_clear(work: Work, case: Case) -> bool:
    subjects = people.subjects(work, case.number)
    taken = [s for s in subjects if s.standing is Standing.TAKEN and s.why == Why.ALL]
    sure = 0 < len(taken) == len(subjects) <= MOST_ROWS
    return sure and not same.since(work, case, taken)


def _contested(work: Work, case: Case) -> bool:
    table = tables.complaint
    about = select(table.c.id).where(table.c.request == case.number)
    return work.conn.execute(about).first() is not None


def struck_any(work: Work, plan: Plan) -> bool:
    """Return whether any text would lose a part, which a person reads before it goes."""
    return any(each.spans or each.whole for each in struck(work, plan, show=False).mentions)


def _one(work: Work, case: Case, plan: Plan) -> One:
    rows = sum(len(step.rows) for step in plan.changing())
    mark = digest(plan, secret(work, case), same.marks(work, case, plan.people))
    return One(case.number, case.due_on, case.verified_how or "", rows, mark)


def _told(work: Work, plans: Sequence[Plan]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Return what goes and what stays of a group, each line once.

    What of one of them no safety copy is made of is told of all.
    """
    done = (item for plan in plans for item in did(plan, lost=window.foretold(work, plan).lost))
    lost = uncopied(done)
    erase, retain = lines({**item, "rows": 0, "until": ""} for item in did(plans[0]))
    going = (_lacking(line, lost) for line in erase)
    staying = (_lacking(line, lost) if line.outcome == Outcome.SEAL else line for line in retain)
    return tuple(dict.fromkeys(going)), tuple(dict.fromkeys(staying))


def _lacking(line: Line, lost: Mapping[str, Sequence[str]]) -> Line:
    mine = line.columns or lost.get(line.table, ())
    return replace(line, uncopied=tuple(n for n in lost.get(line.table, ()) if n in mine))


def approve(work: Work, chosen: Mapping[str, str], by: str) -> int:
    """Approve requests that are alike, all of them or none; each has its own entry.

    Everything is looked at again: what was alike on the page must be alike now.

    :param work: the open transaction.
    :param chosen: number of each request -> digest of the plan that was read.
    :param by: the host's id of the person.
    :return: how many.
    :raises ForbiddenError: they may not approve at a property.
    :raises FourEyesError: they filed or verified one of them, or took rows for it.
    :raises InputError: none or too many are chosen, or they are not alike.
    :raises MovedError: today's plan of one decides something else than what they read.
    :raises TransitionError: one of them must be decided by itself.
    """
    if not 0 < len(chosen) <= MOST:
        raise InputError(
            f"Between 1 and {MOST} requests are approved at once.", "Choose fewer of them."
        )
    found = set()
    for number in sorted(chosen):
        case = load(work, number, lock=True)
        actor = actors.allow(work, by, Permission.APPROVE, case.property)
        approving.decidable(work, case, actor, by)
        plan = _low(work, case)
        if plan is None:
            raise TransitionError(
                f"Request {case.number} must be decided by itself.", "Open it and read its plan."
            )
        found.add((case.property, shape(plan)))
    if len(found) > 1:
        raise InputError(
            "What would be done is not the same for all of them.", "Look at the groups again."
        )
    for number in sorted(chosen):
        approving.approve(work, number, by, chosen[number], (BATCH,))
    return len(chosen)
