"""Who may approve a request, and what they approve: today's plan, by a second person or alone.

Who filed or verified a request approves it only where somebody outside is told (see `outside`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ...core.decided import decisions_of, differences, digest
from ...core.errors import ForbiddenError, MovedError, TransitionError
from ...core.events import ErasureApproved
from ...core.lifecycle import State
from ...core.permissions import Permission
from ...core.plan import Person, Plan
from ...core.standing import Standing
from ...core.wish import Kind as Asked
from ..access import actors
from ..access.sameness import same as same_person
from ..casework import minors
from ..casework.cases import Case, day_at, load, secret, step, tell
from ..certificates import planning
from ..erasing import people
from ..identity import objecting
from ..journaling import approvals
from ..lawbook import blockers
from ..messages.outbox import OUTSIDE
from ..requests import meant, outside, same
from ..work import Work


def plan_of(work: Work, case: Case) -> Plan:
    """Draw the plan for the rows that are taken, from the database as it is now."""
    about = people.taken(work, case.number)
    # What waits for the answer to a complaint is any other request; this one is its subject.
    found = blockers.standing(work, about)
    known = [f for f in found if (f.name, f.key) != (blockers.OPEN_REQUEST, (case.number,))]
    return planning.plan(work, planning.scope(work, about, known=known, house=case.property))


def approve(
    work: Work, number: str, by: str, digest_seen: str, grounds: tuple[str, ...] = ()
) -> None:
    """Approve what the plan decides, by a second person.

    What stands in the way does not prevent approval: the erasure waits for it.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the person.
    :param digest_seen: digest of the plan they read.
    :param grounds: words for the journal about how it was approved.
    :raises ForbiddenError: they may not approve at this property, or a minor is concerned and
        they are not the privacy officer.
    :raises FourEyesError: they filed or verified the request, or took rows for it, or it is about
        them, and no notice can go to somebody outside (see `outside`).
    :raises MovedError: today's plan decides something else than what they read, or a row that is
        taken holds another name or contact than when it was said whose it is, and they did not
        read the plan with names.
    :raises TransitionError: the request does not wait for this, nobody's rows are taken, or nobody
        said of a row that perhaps is theirs whether it is.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.APPROVE, case.property)
    if case.kind == Asked.COPY:
        raise TransitionError(
            "This request is for a copy; nothing is erased by it.", "Release the copy, or refuse."
        )
    undecided(case)
    objecting.require(work, case)
    alone = took_part(work, case, actor, by)
    if alone:
        outside.require(work, case, by)
    plan = plan_of(work, case)
    required(plan.people)
    officer(work, case, by, plan.people)
    today, mark = _as_read(work, case, plan, digest_seen, same.require(work, case))
    settled(work, case)
    hotel, grace = work.settings.home(case.property), timedelta(hours=work.settings.grace_hours)
    if alone:
        grace, grounds = max(grace, outside.WAIT), (*grounds, OUTSIDE)
    waits = {
        "waiting_for": OUTSIDE if alone else "grace",
        "waiting_until": day_at(hotel, work.now + grace).isoformat(),
    }
    case = step(
        work, case, State.APPROVED, *([State.WAITING] if grace else []),
        decided_by=actor, decided_at=work.stamp, digest=mark, decisions=today,
        try_at=work.stamp + grace, attempts=0, **(waits if grace else {}),
    )  # fmt: skip
    rows = sum(len(s.rows) for s in plan.changing())
    marks = {
        approvals.DIGEST: mark, **approvals.who(work, case, by),
        **approvals.given(work, case, grounds), **same.noted(work, case, plan.people),
    }  # fmt: skip
    counts = {"rows": rows, "people": len(plan.people)}
    tell(work, ErasureApproved, case, actor, counts, grounds, marks)
    if alone:
        outside.announce(work, case)


def _as_read(
    work: Work, case: Case, plan: Plan, digest_seen: str, changed: tuple[str, ...]
) -> tuple[dict[str, Any], str]:
    """Return what a plan decides and its digest, where that is what somebody read.

    :param changed: what they must have seen with names.
    :raises MovedError: it decides something else.
    """
    key, who = secret(work, case), same.marks(work, case, plan.people)
    today, mark = decisions_of(plan, key, who), digest(plan, key, who)
    read = same.looked(work, case, mark) if changed else mark
    if not hmac.compare_digest(read.encode(), digest_seen.strip().lower().encode()):
        more = differences(case.decisions, today) if case.decisions else ()
        raise MovedError(
            "What would be done is not what you read.",
            "Read it where the names of who is in the rows are shown, and approve that one."
            if changed
            else "Look at the plan again and approve that one.",
            (*changed, *more),
        )
    return today, mark


def decidable(work: Work, case: Case, actor: str, by: str) -> None:
    """Go on only when a request waits for a decision, and who decides is a second person.

    :param work: the open transaction.
    :param case: the request, locked.
    :param actor: their opaque number.
    :param by: the host's id of who decides.
    :raises FourEyesError: they filed or verified it, or took rows for it.
    :raises TransitionError: it does not wait for this, or somebody objected to it.
    """
    undecided(case)
    if took_part(work, case, actor, by):
        raise approvals.twice(work, case, by)
    objecting.require(work, case)


def undecided(case: Case) -> None:
    """Go on only when a request waits for a decision.

    :raises TransitionError: it does not.
    """
    if case.state is not State.REVIEW:
        raise TransitionError(
            f"A request that is '{case.state}' cannot be approved.",
            "First it must be shown who is asking."
            if case.state is State.RECEIVED
            else "Look at it again; somebody may have acted in the meantime.",
        )


def required(people: Iterable[Person]) -> None:
    """Go on only when it is known whose rows are meant.

    :raises TransitionError: none is taken.
    """
    if not tuple(people):
        raise TransitionError(
            "No row is taken yet.",
            "Say of each row that perhaps is theirs whether it is, or refuse with a ground.",
        )


def settled(work: Work, case: Case) -> None:
    """Go on only when of each row that perhaps is theirs somebody said whose it is.

    The guest is told that all of theirs that may go is erased.

    :param work: the open transaction.
    :param case: the request, locked.
    :raises TransitionError: a row still waits for that, or was written past us.
    """
    meant.require(work, case)
    open_ = [s for s in people.subjects(work, case.number, Standing.PERHAPS) if not s.erased_at]
    if open_:
        raise TransitionError(
            f"Nobody said of {len(open_)} rows that perhaps are theirs whose they are.",
            "Take each row that is the same person's, leave each that is somebody else's.",
        )


def took_part(work: Work, case: Case, actor: str, by: str) -> bool:
    """Return whether a person had a hand in a request, or is who it is about; nothing is noted.

    :param work: the open transaction.
    :param case: the request.
    :param actor: their opaque number.
    :param by: the host's id of the person.
    """
    took = {s.why for s in people.subjects(work, case.number, Standing.TAKEN)}
    first = [case.filed_by, case.verified_by]
    first += [why.removeprefix("by:") for why in took if why.startswith("by:")]
    if any(same_person(work.conn, each, actor, work.stamp) for each in first if each):
        return True
    # Whoever asks for their own data is one pair of eyes, whatever else they are.
    if work.own(by) in people.taken(work, case.number):
        return True
    return approvals.took_part(work, case, by)


def alone(work: Work, case: Case, by: str) -> bool:
    """Return whether a person would decide a request alone, and somebody outside be told.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the person.
    """
    if case.state is not State.REVIEW or case.kind == Asked.COPY or not outside.offered(work, case):
        return False
    return took_part(work, case, actors.known(work, by) or "", by)


def barred(work: Work, case: Case, by: str) -> bool:
    """Return whether a person may not decide a request, because they took part before.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the person.
    """
    if case.state is not State.REVIEW or alone(work, case, by):
        return False
    return took_part(work, case, actors.known(work, by) or "", by)


def officer(work: Work, case: Case, by: str, people: Iterable[Person]) -> None:
    """Go on only when no minor is concerned, or the privacy officer decides.

    :raises ForbiddenError: a minor is, and they are not.
    """
    if actors.may(work, by, Permission.LAW, case.property):
        return
    if minors.involved(work, people):
        raise ForbiddenError(
            "A minor is concerned: only the privacy officer approves this.",
            f"Ask somebody with the permission '{Permission.LAW}' at this property.",
        )
