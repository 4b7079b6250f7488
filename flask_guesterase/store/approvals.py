"""Whether a decision is one that two people took: the journal is asked, and no row of ours.

A row can be written by whoever reaches the database; an entry cannot be, without being seen.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from sqlalchemy import select

from ..core.canary import KIND
from ..core.errors import FourEyesError
from ..core.events import (
    GUEST,
    SYSTEM,
    DataCopyRequested,
    ErasureApproved,
    ErasureRefused,
    ErasureRequested,
    ErasureWithdrawn,
    IdentityVerified,
    RequestReviewedAgain,
    SubjectTaken,
)
from ..core.log import Draft, read_entry
from ..core.seal import fingerprint
from ..core.standing import Standing
from ..core.wish import Kind
from . import actors, tables
from .cases import Case, secret
from .noted import Refusal
from .sameness import same
from .work import Work

WHO, DIGEST = "who", "digest"
"""Marks of an entry: the person who acted, under the key of the case; what was approved."""

_FIRST = (
    ErasureRequested.name, IdentityVerified.name, SubjectTaken.name, DataCopyRequested.name,
)  # fmt: skip
_DECIDED = (
    ErasureApproved.name, ErasureRefused.name, ErasureWithdrawn.name, RequestReviewedAgain.name,
)  # fmt: skip
_NOBODY = (GUEST, SYSTEM)


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
    mine, actor = who(work, case, by)[WHO], actors.known(work, by) or ""
    for draft in _before(_entries(work, case, _FIRST)):
        marked = hmac.compare_digest(draft.marks.get(WHO, ""), mine)
        if marked or same(work.conn, draft.actor, actor):
            work.refused.append(Refusal(case.property, ("four-eyes",), case.number, by))
            raise FourEyesError(
                "Whoever filed or verified a request, or took rows for it, does not approve it.",
                "Ask a second person.",
            )


def stands(work: Work, case: Case) -> bool:
    """Return whether the journal has the approval that a request says it has.

    :param work: the open transaction.
    :param case: the request, about to be carried out.
    """
    known = _entries(work, case, (*_FIRST, *_DECIDED))
    if case.kind == Kind.COPY or any(each.action == DataCopyRequested.name for each in known):
        # Who asked for a copy asked for nothing to be erased, whatever a row says.
        return False
    decided = [each for each in known if each.action in _DECIDED]
    last = decided[-1] if decided else None
    if last is None or last.action != ErasureApproved.name:
        return False
    if last.marks.get(DIGEST, case.digest) != case.digest:
        return False
    if KIND in last.grounds or case.kind == KIND:
        return KIND in last.grounds and case.kind == KIND
    first = [draft for draft in _before(known) if draft.actor not in _NOBODY]
    people = {draft.actor for draft in first}
    marks = {draft.marks[WHO] for draft in first if WHO in draft.marks}
    alone = last.actor in people or last.marks.get(WHO) in marks
    return last.actor == case.decided_by and not alone


def _before(known: Iterable[Draft]) -> list[Draft]:
    """Return what was done before a request was decided; who leaves a row out takes no part."""
    left = Standing.LEFT.value
    return [each for each in known if each.action in _FIRST and left not in each.grounds]


def _entries(work: Work, case: Case, actions: tuple[str, ...]) -> list[Draft]:
    """Return what the journal says of a request, the oldest first."""
    table = tables.entry
    bodies = work.conn.execute(
        select(table.c.body)
        .where(table.c.request == case.number, table.c.action.in_(actions))
        .order_by(table.c.epoch, table.c.position)
    ).scalars()
    return [read_entry(body.encode()).draft for body in bodies]
