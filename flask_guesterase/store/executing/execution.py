"""An approved erasure carried out: plan again, seal, erase; then look again, and certify."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from ...core.canary import KIND
from ...core.decided import decisions_of, differences
from ...core.errors import BlockedError, MovedError, TransitionError
from ...core.events import SYSTEM, ErasureBegun, RequestReviewedAgain, RequestWaiting, SubjectErased
from ...core.lifecycle import DONE, State
from ...core.log import Draft
from ...core.permissions import Permission
from ...core.plan import ANOTHER, NEEDED, Block, Person, Plan
from ...core.standing import Standing
from ...core.wish import Kind
from .. import tables
from ..access import actors, brake
from ..binds import besides
from ..casework.cases import Case, load, reconsider, secret, step, tell
from ..certificates import beside, planning
from ..certificates.deeds import did, unmoved
from ..comeback import marks, objections, stays
from ..copying import shelved
from ..depth import deepening
from ..erasing import people
from ..erasing.doubles import doubles
from ..erasing.eraser import Locked, Scope
from ..erasing.finder import buried
from ..identity import objecting
from ..invented import canaries
from ..journaling import approvals
from ..messages import outbox
from ..partners import giving, recipients
from ..recovery.window import boxes, unkept
from ..remembrance import remembering
from ..requests import outside, same, waiting
from ..retaining import keeping, law
from ..search import sought
from ..search.spared import THEIRS, left_to_others
from ..sweeping.putoff import ahead, astray, come
from ..upkeep import upgrade
from ..work import Work
from . import anewwords, earlier, wholly

RETRY_MINUTES = (15, 60, 180, 360, 720, 1440)
"""How long a blocked erasure waits before it is tried again; the last one goes on for ever."""

_RUNNING = (State.APPROVED, State.WAITING)


@dataclass(frozen=True)
class Ending:
    """How an attempt to erase ended, kept whatever the door makes of it.

    :param state: the state the request is in now.
    :param reasons: what it waits for, when it waits.
    :param differences: what is not as it was approved, when it went back to review.
    """

    state: State
    reasons: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()

    def settled(self) -> State:
        """Return the state of a request that was erased; call it after the commit.

        :raises MovedError: it went back to review.
        :raises BlockedError: it waits.
        """
        if self.state is State.REVIEW:
            raise MovedError(
                "What was approved is not what would be done today; it is in review again.",
                "Read the plan and approve it again, or refuse.",
                self.differences,
            )
        if self.state is State.WAITING:
            raise BlockedError(
                f"The erasure waits: {', '.join(self.reasons)}.",
                "It goes on by itself when nothing stands in the way any more.",
                self.reasons,
            )
        return self.state


def erase(work: Work, number: str, by: str | None = None) -> Ending:
    """Carry out an approved erasure, all of it or nothing, in this transaction.

    The request's row is locked first: of two that try at once, the second finds it done. It
    raises nothing for a request that cannot be carried out now, since what is written about that
    must be kept; the door asks `Ending.settled` after the commit.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who asks for it now, or None for the worker and the console.
    :raises ForbiddenError: they may not erase at this property.
    :raises TransitionError: it was never approved.
    :raises BlockedError: the clock is in doubt, by which floors are judged, or this database was
        restored and has not caught up with the register of erasures.
    :raises SetupError: the register of erasures is not there, or cannot be written; or a newer
        version of the package made our tables.
    :raises BusyError: somebody else's transaction holds the rows.
    :raises ErasureError: the database did not do what the plan says.
    """
    case = load(work, number, lock=True)
    actor = SYSTEM
    if by is not None:
        actor = actors.allow(work, by, Permission.ERASE, case.property)
    if case.state in DONE or case.state in (State.ERASING, State.CHECKING):
        return Ending(case.state)
    if case.state not in _RUNNING or case.kind == Kind.COPY:
        raise TransitionError(
            f"A request that is '{case.state}' cannot be erased.", "It must be approved first."
        )
    brake.require(work)
    upgrade.require(work.conn)
    remembering.require(work)
    if ahead(work, case.decided_at):
        return _review_again(work, case, actor, (anewwords.AHEAD,))
    if case.waiting_for == "grace" and case.try_at is not None and case.try_at > work.stamp:
        return Ending(State.WAITING, ("grace",))
    said = approvals.entries(work, case, (*approvals.DECIDING, *objecting.OBJECTING))
    approval = approvals.standing(work, case, said)
    why = _doubted(work, case, approval, said)
    if approval is None or why:
        return _review_again(work, case, actor, (why,))
    if outbox.OUTSIDE in approval.grounds and outside.waits(work, case):
        return Ending(State.WAITING, (outbox.OUTSIDE,))
    taken = people.subjects(work, case.number, Standing.TAKEN)
    whose = people.named(work, taken)
    scope = planning.scope(work, whose, lock=True, house=case.property)
    held = planning.locked(work, scope)
    plan = held.plan
    canaries.require(work, case, plan)
    moved = same.moved(work, case, taken)
    moved += differences(case.decisions or {}, decisions_of(plan, secret(work, case)))
    if moved:
        # Whoever decides anew is told of it, and reads who is there now before they approve.
        return _review_again(work, case, actor, moved, same.unnoted(work, case))
    blocked = plan.blocked or all_kept(plan)
    if blocked:
        return _wait(work, case, blocked, whose)
    if booked := stays.since_approved(work, case, whose):
        return _review_again(work, case, actor, booked)
    return _erase(work, case, actor, held, scope)


def _doubted(
    work: Work, case: Case, approval: Draft | None, said: Sequence[Draft]
) -> str:
    """Return why an approval does not stand any more; empty where it does.

    :param approval: as the journal has it, or None.
    :param said: what the journal says of the request.
    """
    if approval is None:
        return anewwords.UNKNOWN
    if objecting.is_open(work, case.number, said):
        return anewwords.OBJECTED
    if outbox.OUTSIDE not in approval.grounds:
        return ""
    if outside.failed(work, case):
        return anewwords.UNSENT
    return anewwords.LEFT_AHEAD if outside.left_ahead(work, case) else ""


def all_kept(plan: Plan) -> tuple[Block, ...]:
    """Return why nothing can be done now, where holds or preconditions keep all of it."""
    if plan.changing():
        return ()
    return tuple(
        Block(s.decision.table, s.decision.ground.removeprefix(keeping.BLOCKER), len(s.rows), "")
        for s in plan.keeping()
        if keeping.mode_of(s.decision) in (law.HELD, law.BLOCKED)
        # What another controller needs keeps this one from nothing that is its own to do.
        and s.decision.ground != f"{NEEDED}{ANOTHER}"
    )


def _review_again(
    work: Work, case: Case, actor: str, moved: tuple[str, ...], who: Mapping[str, str] | None = None
) -> Ending:
    case = reconsider(work, case)
    why, counts = anewwords.grounds(moved), {"differences": len(moved)}
    tell(work, RequestReviewedAgain, case, actor, counts, why, who)
    return Ending(State.REVIEW, (), moved)


def _wait(
    work: Work, case: Case, blocked: Sequence[Block], whose: Collection[Person]
) -> Ending:
    minutes = RETRY_MINUTES[min(case.attempts, len(RETRY_MINUTES) - 1)]
    reasons = waiting.reasons_of(blocked)
    noted, news = waiting.note(case, reasons, work.stamp)
    noted["waits"][stays.AHEAD] = stays.ahead(work, case, whose)
    case = step(
        work, case, *([State.WAITING] if case.state is not State.WAITING else []),
        waiting_for=reasons[0][:40], waiting_until=waiting.until(blocked), decisions=noted,
        attempts=case.attempts + 1, try_at=work.stamp + timedelta(minutes=minutes),
    )  # fmt: skip
    if news:
        tell(work, RequestWaiting, case, SYSTEM, grounds=reasons)
        waiting.tell_guest(work, case)
    return Ending(State.WAITING, reasons)


def postpone(work: Work, number: str) -> None:
    """Try a request later that failed now, later each time, so that it does not hold up others.

    One that is put off already stays so: nothing goes before its time to be taken back is over.

    :param work: the open transaction, not the one that failed.
    :param number: number of the request.
    """
    case = load(work, number, lock=True)
    if case.state not in (*_RUNNING, State.CHECKING):
        return
    if case.try_at is not None and case.try_at > work.stamp:
        return
    minutes = RETRY_MINUTES[min(case.attempts, len(RETRY_MINUTES) - 1)]
    later = work.stamp + timedelta(minutes=minutes)
    # Whoever carries it out before that is not told that its guest may still take it back.
    over = {"waiting_for": None, "waiting_until": None} if case.waiting_for == "grace" else {}
    step(work, case, attempts=case.attempts + 1, try_at=later, **over)


FAILING = 3
"""After so many tries that failed a person must look: one hour and a quarter after the first."""


def failing(work: Work) -> dict[str, int]:
    """Return how many approved requests of each property fail, and wait for nothing else.

    :param work: an open transaction; a read-only one is enough.
    """
    here = tables.request.c
    # What had its days to be taken back waits for nothing else behind them: only tries that fail
    # are counted then.
    free = or_(here.waiting_for.is_(None), here.waiting_for == outbox.OUTSIDE)
    found = work.conn.execute(
        select(here.property, func.count())
        .where(here.state.in_([*_RUNNING, State.CHECKING]), here.attempts >= FAILING, free)
        .group_by(here.property).order_by(here.property)
    )  # fmt: skip
    return {str(code): int(count) for code, count in found}


def _erase(work: Work, case: Case, actor: str, held: Locked, scope: Scope) -> Ending:
    plan = held.plan
    origin = keeping.Origin(case.number, case.controller, case.property)
    known, many = giving.gather(work, case.property, plan), doubles(work, plan)
    spared = unkept(work, plan)
    former = buried(work.conn, plan.people)
    before = {**earlier.noted(work, case, plan, former), **wholly.ahead(work, case, plan)}
    shelved.over(work, plan.people)
    if case.kind != KIND:
        # Who gets an invented guest's values into a living row must not make that row go.
        marks.take(work, origin, plan, outside=True, erased=former)
        objections.take(work, origin, plan)
    erased = planning.erase(work, origin, held, scope)
    keeping.record(work, origin, plan, erased)
    # The host's session must not go on showing what stays in its rows from now on.
    work.changed |= {step.decision.table for step in plan.keeping()}
    copies, recovery = boxes(work, origin, spared.strips(erased))
    sought.put(work, case, erased.whole, beside=copies)
    for root, name, until in spared.files(erased, recovery):
        outbox.queue_file(work, case, root, name, until, erased.owners([(root, name)]))
    recipients.queue(work, origin, known, invented=case.kind == KIND)
    over = "rows", beside.BESIDE, beside.SHELLS, THEIRS, besides.BESIDE
    decided = {name: value for name, value in (case.decisions or {}).items() if name not in over}
    lost = spared.naming(erased.naming).lost
    done = {
        **deepening.noted(decided, None),
        "did": [*did(erased.kept(plan), many, erased.same, lost), *unmoved(erased.others)],
        "touched": marks.touched(work, plan.touched()),
        "files": len(set(erased.files)),
        "recovery": recovery,
        **left_to_others(work, case.number, plan),
        **before,
        **besides.noted(erased),
    }
    files = {"files": len(set(erased.files))}
    waits = {"waiting_for": None, "waiting_until": None, "attempts": 0, "try_at": None}
    if work.begun:
        # Several databases: the others follow this commit, then the default one; see `forward`.
        case = step(work, case, State.ERASING, decisions=done, **waits)
        tell(work, ErasureBegun, case, actor, {**erased.counts, **files})
        return Ending(case.state)
    gone = people.bury(work, case.number, plan.spared())
    case = step(
        work, case, State.ERASING, State.CHECKING,
        decisions=done, erased_at=work.stamp, **waits,
    )  # fmt: skip
    counts = {**erased.counts, "people": gone, **files}
    tell(work, SubjectErased, case, actor, counts)
    return Ending(case.state)


def due(work: Work, most: int = 1000) -> list[str]:
    """Return the numbers of requests to carry out, or to check, now; the longest due first."""
    table = tables.request
    rows = work.conn.execute(
        select(table.c.number)
        .where(
            or_(
                and_(table.c.state.in_([state.value for state in _RUNNING]), _come(work)),
                and_(
                    table.c.state == State.CHECKING.value,
                    or_(table.c.try_at.is_(None), come(work, table.c.try_at)),
                ),
            )
        )
        .order_by(table.c.try_at, table.c.id)
        .limit(most)
    )
    return list(rows.scalars())


def _come(work: Work) -> ColumnElement[bool]:
    """Return the condition that an approved request is to be carried out, or decided anew, now.

    How long a hotel lets be taken back what it approved is its own to say; that an approval lies
    ahead is not.
    """
    table = tables.request
    what = func.coalesce(table.c.waiting_for, "")
    return or_(
        table.c.try_at <= work.stamp,
        astray(work, table.c.decided_at),
        and_(what.not_in(("grace", outbox.OUTSIDE)), astray(work, table.c.try_at)),
        and_(what == outbox.OUTSIDE, astray(work, table.c.try_at, outside.WAIT)),
    )
