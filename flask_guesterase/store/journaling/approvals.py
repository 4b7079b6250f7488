"""Whether a decision is one that two people took: the journal is asked, and no row of ours.

A row can be written by whoever reaches the database. An entry cannot be changed without being seen,
but one can be appended as our own code does; so an approval has a mark under the key of its case.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, select

from ...core.canary import KIND
from ...core.decided import digest_of
from ...core.errors import FourEyesError, KeyMissingError
from ...core.events import (
    GUEST,
    SYSTEM,
    ApprovalStopped,
    DataCopyRequested,
    ErasureApproved,
    ErasureRefused,
    ErasureRequested,
    ErasureWithdrawn,
    IdentityVerified,
    RequestFiledAgain,
    RequestReviewedAgain,
    SubjectTaken,
)
from ...core.log import Draft, canonical, read_entry
from ...core.seal import fingerprint
from ...core.standing import Standing
from ...core.wish import Kind
from .. import tables
from ..access import actors
from ..access.sameness import same
from ..casework.cases import Case, secret
from ..messages.outbox import OUTSIDE
from ..noted import Refusal
from ..statements.listed import Listed
from ..work import Work

WHO, DIGEST, GIVEN = "who", "digest", "given"
"""Marks of an entry: the person who acted, under the key of the case; what was approved; that it
was, by whom and when: who can only write into the database gives no approval, and none again."""

LEFT = "left"
"""Mark of an entry: the notice of this very approval left."""

TOO_LATE = "too-late"
"""Ground of a stop that came when there was nothing to stop: it decides nothing."""

_FIRST = (
    ErasureRequested.name, IdentityVerified.name, SubjectTaken.name, DataCopyRequested.name,
    RequestFiledAgain.name,
)  # fmt: skip
_DECIDED = (
    ErasureApproved.name, ErasureRefused.name, ErasureWithdrawn.name, RequestReviewedAgain.name,
    ApprovalStopped.name,
)  # fmt: skip
_NOBODY = (GUEST, SYSTEM)
DECIDING = (*_FIRST, *_DECIDED)
"""Names of the events by which `standing` knows an approval."""


def who(work: Work, case: Case, by: str | None) -> dict[str, str]:
    """Return the mark of a person who acts on a request; it dies with the request's key.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the person, or None.
    """
    return {} if by is None else {WHO: fingerprint(secret(work, case), "actor", by)}


def second(work: Work, case: Case, by: str) -> None:
    """Go on only when a person took no part before, under whatever number they acted.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of who is about to decide.
    :raises FourEyesError: they filed or verified the request, or took rows for it.
    """
    if took_part(work, case, by):
        raise twice(work, case, by)


def took_part(work: Work, case: Case, by: str) -> bool:
    """Return whether a person filed or verified a request, or took rows for it.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the person.
    """
    actor = actors.known(work, by) or ""
    try:
        mine = who(work, case, by)[WHO]
    except KeyMissingError:
        # The key ended with the case, whose objection may come later: the numbers are left.
        mine = ""
    return any(
        (mine and hmac.compare_digest(draft.marks.get(WHO, ""), mine))
        or same(work.conn, draft.actor, actor, work.stamp)
        for draft in _before(entries(work, case, _FIRST))
    )


def twice(
    work: Work, case: Case, by: str, next_step: str = "Ask a second person."
) -> FourEyesError:
    """Return the error for one person who would be both; that they tried is journaled.

    :param work: the open transaction.
    :param case: the request.
    :param by: the host's id of the person.
    :param next_step: what can be done instead.
    """
    work.refused.append(Refusal(case.property, ("four-eyes",), case.number, by))
    return FourEyesError(
        "Whoever filed or verified a request, or took rows for it, or is who it is about, does not "
        "approve it; nor does who issued them a token or a code for a PIN, and could have been "
        "them.",
        next_step,
    )


def standing(work: Work, case: Case, said: Sequence[Draft] | None = None) -> Draft | None:
    """Return the approval that a request says it has, where the journal has it.

    :param work: the open transaction.
    :param case: the request, about to be carried out.
    :param said: what the journal says of it, `DECIDING` and more, where that was read.
    """
    known = entries(work, case, DECIDING) if said is None else said
    if case.kind == Kind.COPY or any(each.action == DataCopyRequested.name for each in known):
        # Who asked for a copy asked for nothing to be erased, whatever a row says.
        return None
    decided = [each for each in known if each.action in _DECIDED and TOO_LATE not in each.grounds]
    last = decided[-1] if decided else None
    if last is None or last.action != ErasureApproved.name:
        return None
    if last.marks.get(DIGEST, case.digest) != case.digest or not _fits(work, case):
        return None
    if KIND in last.grounds or case.kind == KIND:
        return last if KIND in last.grounds and case.kind == KIND else None
    if not _given(work, case, known, last) or last.actor != case.decided_by:
        return None
    return last if OUTSIDE in last.grounds or not _alone(known, last) else None


def _alone(known: Sequence[Draft], last: Draft) -> bool:
    """Return whether who approved a request is also who filed or verified it."""
    # Who files once more what was approved before is told how it stands, and decided nothing.
    earlier = known[: max(place for place, each in enumerate(known) if each is last)]
    first = [draft for draft in _before(earlier) if draft.actor not in _NOBODY]
    marks = {draft.marks[WHO] for draft in first if WHO in draft.marks}
    return last.actor in {draft.actor for draft in first} or last.marks.get(WHO) in marks


def given(work: Work, case: Case, grounds: tuple[str, ...]) -> dict[str, str]:
    """Return the mark by which a new approval of a request is known again.

    :param work: the open transaction.
    :param case: the request, approved.
    :param grounds: words of the entry.
    """
    before = entries(work, case, (ErasureApproved.name,))
    return {GIVEN: _mark(work, case, grounds, len(before))}


def _mark(work: Work, case: Case, grounds: tuple[str, ...], before: int) -> str:
    at = "" if case.decided_at is None else case.decided_at.isoformat(timespec="seconds")
    said = canonical([case.digest, case.decided_by, at, list(grounds), before]).decode()
    return fingerprint(secret(work, case), GIVEN, said)


def left(work: Work, case: Case) -> dict[str, str]:
    """Return the mark by which it is known that the notice of an approval left.

    :param work: the open transaction.
    :param case: the request, approved by one person alone.
    :return: nothing where the key ended with the case, of which nothing waits then.
    """
    try:
        key = secret(work, case)
    except KeyMissingError:
        return {}
    at = "" if case.decided_at is None else case.decided_at.isoformat(timespec="seconds")
    said = canonical([case.digest, case.decided_by, at]).decode()
    return {LEFT: fingerprint(key, LEFT, said)}


def _given(work: Work, case: Case, known: Iterable[Draft], last: Draft) -> bool:
    """Return whether an approval was given as its entry and its row say, after those before it."""
    before = sum(each.action == ErasureApproved.name for each in known) - 1
    made = _mark(work, case, last.grounds, before)
    return hmac.compare_digest(last.marks.get(GIVEN, ""), made)


def _fits(work: Work, case: Case) -> bool:
    """Return whether what is stored as decided is what the digest was made of."""
    if case.decisions is None or case.digest is None:
        return True
    made = digest_of(case.decisions, secret(work, case))
    return hmac.compare_digest(made.encode(), case.digest.encode())


def by_one(work: Work, case: Case) -> bool:
    """Return whether one person alone approved a request, of which somebody outside was told.

    :param work: the open transaction.
    :param case: the request.
    """
    approved = entries(work, case, (ErasureApproved.name,))
    return bool(approved) and OUTSIDE in approved[-1].grounds


def _before(known: Iterable[Draft]) -> list[Draft]:
    """Return what was done before a request was decided; who leaves a row out takes no part."""
    left = Standing.LEFT.value
    return [each for each in known if each.action in _FIRST and left not in each.grounds]


_ENTRY = tables.entry.c
_SAID = (
    select(_ENTRY.body)
    .where(_ENTRY.request == bindparam("wanted"), Listed(_ENTRY.action, given="actions"))
    .order_by(_ENTRY.epoch, _ENTRY.position)
)


def entries(work: Work, case: Case, actions: tuple[str, ...]) -> list[Draft]:
    """Return what the journal says of a request, the oldest first.

    :param work: the open transaction.
    :param case: the request.
    :param actions: names of the events.
    """
    return entries_of(work, case.number, actions)


def entries_of(work: Work, number: str, actions: tuple[str, ...]) -> list[Draft]:
    """Return what the journal says of a request, the oldest first.

    :param work: the open transaction.
    :param number: number of the request.
    :param actions: names of the events.
    """
    bodies = work.conn.execute(_SAID, {"wanted": number, "actions": actions}).scalars()
    return [read_entry(body.encode()).draft for body in bodies]
