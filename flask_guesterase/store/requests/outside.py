"""Where a property has nobody second: time, and somebody outside who is told and can stop it.

An approval by one person alone waits 72 hours from the moment at which the notice left; that it
left is read from the journal. As long as it cannot leave, nothing is carried out.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from ...core.events import ApprovalStopped, ErasureApproved, MessageSent
from ...core.finding import Finding, Severity
from ...core.identity import Kind
from ...core.lifecycle import State
from ...core.log import Draft
from ...core.remembrance import Kind as Said
from .. import tables
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..casework.cases import Case, day_at, load, reconsider, step, tell
from ..casework.matching import Contact
from ..journaling import approvals
from ..messages import outbox
from ..messages.outbox import OUTSIDE
from ..remembrance import tracing
from ..settings import Settings
from ..sweeping.putoff import ahead
from ..work import Work

WAIT = timedelta(hours=72)
"""How long somebody outside has to stop what one person decided alone."""

_LATER = timedelta(hours=1)


@dataclass(frozen=True)
class Overseen:
    """What somebody outside has to do with a request.

    :param alone: who looks would decide it alone, and somebody outside be told.
    :param stopped: its newest approval was stopped from outside.
    :param barred: who looks took part before, and another person decides.
    """

    alone: bool
    stopped: bool
    barred: bool


def untold(settings: Settings) -> list[Finding]:
    """Return a finding for each property that names somebody outside whom no mail can reach.

    :param settings: the operator's settings.
    """
    if settings.mail not in outbox.SHOWN:
        return []
    return [
        Finding(
            "overseer-untold", "", hotel.code, "The property names somebody outside who could "
            "stop an approval, and no mail leaves: whoever filed a request cannot approve it.",
            "Set GUESTERASE_MAIL, or take overseer= from its Property.", Severity.WARN,
        )
        for hotel in settings.properties.values()
        if hotel.overseer
    ]  # fmt: skip


def offered(work: Work, case: Case) -> bool:
    """Return whether one person alone may decide a request, by a notice to somebody outside.

    :param work: the open transaction.
    :param case: the request.
    """
    # A notice that the same person would have to carry tells nobody.
    leaves = outbox.channel_for(work, Kind.EMAIL) not in outbox.SHOWN
    return leaves and bool(work.settings.home(case.property).overseer)


def require(work: Work, case: Case, by: str) -> None:
    """Go on only where one person alone may decide.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of who filed or verified it, and would approve it now.
    :raises FourEyesError: somebody second must.
    """
    if offered(work, case):
        return
    if work.settings.home(case.property).overseer:
        raise approvals.twice(
            work, case, by, "Ask a second person, or set GUESTERASE_MAIL: the notice cannot leave."
        )
    raise approvals.twice(work, case, by)


def announce(work: Work, case: Case) -> None:
    """Tell somebody outside that one person approved a request alone, and how to stop it.

    :param work: the open transaction.
    :param case: the request that was just approved.
    """
    hotel = work.settings.home(case.property)
    params = {"token": tokens.objection(work, case.number, Purpose.STOP)}
    read = replace(case, lang=hotel.lang, asked_by=None)
    contact = Contact(Kind.EMAIL.value, hotel.overseer)
    dedupe = f"{OUTSIDE}:{case.number}:{case.version}"
    outbox.queue_message(work, read, contact, OUTSIDE, params, dedupe)


def ends(work: Work, case: Case) -> datetime | None:
    """Return when the time to stop the newest approval ends, naive UTC; None while none runs.

    :param work: the open transaction.
    :param case: the request.
    """
    left: str | None = None
    for draft in approvals.entries(work, case, (ErasureApproved.name, MessageSent.name)):
        if draft.action == ErasureApproved.name:
            left = None
        elif left is None and OUTSIDE in draft.grounds and _is_left(work, case, draft):
            left = draft.at
    if left is None:
        return None
    return datetime.fromisoformat(left).astimezone(UTC).replace(tzinfo=None) + WAIT


def _is_left(work: Work, case: Case, draft: Draft) -> bool:
    """Return whether it was the notice of the approval that stands: an entry needs no key."""
    made = approvals.left(work, case).get(approvals.LEFT, "")
    return bool(made) and hmac.compare_digest(draft.marks.get(approvals.LEFT, ""), made)


def failed(work: Work, case: Case) -> bool:
    """Return whether the notice of the newest approval did not leave and never will by itself.

    So it is when it was given up, turned into a letter, or dealt with by a person in another way.

    :param work: the open transaction.
    :param case: the request.
    """
    if ends(work, case) is not None:
        return False
    table = tables.outbox
    newest = (
        select(table.c.state)
        .where(table.c.request == case.number, table.c.template == OUTSIDE)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return work.conn.execute(newest).scalar() not in (outbox.QUEUED, outbox.SENDING)


def left_ahead(work: Work, case: Case) -> bool:
    """Return whether the notice of the newest approval left by a clock that ran ahead.

    :param work: the open transaction.
    :param case: the request.
    """
    until = ends(work, case)
    return until is not None and ahead(work, until - WAIT)


def waits(work: Work, case: Case) -> bool:
    """Return whether somebody outside may still stop it; the request is then tried again later.

    :param work: the open transaction.
    :param case: the request, locked, approved by one person alone.
    """
    until = ends(work, case)
    if until is not None and until <= work.stamp:
        return False
    hotel = work.settings.home(case.property)
    day = None if until is None else day_at(hotel, until.replace(tzinfo=UTC)).isoformat()
    step(work, case, waiting_until=day, try_at=until or work.stamp + _LATER)
    return True


def stopped(work: Work, case: Case) -> bool:
    """Return whether the newest approval of a request was stopped from outside.

    :param work: the open transaction.
    :param case: the request.
    """
    said = approvals.entries(work, case, (ErasureApproved.name, ApprovalStopped.name))
    early = [each for each in said if approvals.TOO_LATE not in each.grounds]
    return bool(early) and early[-1].action == ApprovalStopped.name


def by_link(work: Work, token: str) -> Case:
    """Return what a link stops, without using it.

    :raises TokenError: it is unknown, used or expired.
    """
    return load(work, str(tokens.look(work, Purpose.STOP, token).request))


def stop(work: Work, token: str) -> bool:
    """Use such a link up: what was approved alone is to be decided again.

    A button that is pressed twice stops once, and says so twice.

    :param work: the open transaction.
    :param token: secret of the link.
    :return: whether it was early enough.
    :raises TokenError: it is unknown, used longer ago or expired.
    """
    number, first = tokens.press(work, Purpose.STOP, token)
    if not first:
        return _was_early(work, number)
    case = load(work, number, lock=True)
    # What a second person approved since is not theirs to stop.
    early = case.state in (State.APPROVED, State.WAITING) and approvals.by_one(work, case)
    if early:
        # A database restored to the day of the approval must not carry it out.
        work.remember.append(tracing.undone(case, Said.OVERTURNED, "stopped"))
        case = reconsider(work, case)
    # Somebody outside has a number of their own, as everybody has who acts.
    actor = actors.number(work, f"overseer:{case.number}")
    tell(work, ApprovalStopped, case, actor, grounds=("stopped" if early else approvals.TOO_LATE,))
    return early


def _was_early(work: Work, number: str) -> bool:
    """Return what the newest stop of a request led to; it may have been decided anew since."""
    said = approvals.entries_of(work, number, (ApprovalStopped.name,))
    return bool(said) and approvals.TOO_LATE not in said[-1].grounds
