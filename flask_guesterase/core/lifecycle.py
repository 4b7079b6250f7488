"""The life of a request: one table of moves, and one function that makes them."""

from __future__ import annotations

from enum import StrEnum

from .errors import TransitionError


class State(StrEnum):
    """Where a request stands; the guest sees five words for these (see `WORDS`)."""

    RECEIVED = "received"
    VERIFIED = "verified"
    REVIEW = "review"
    APPROVED = "approved"
    WAITING = "waiting"
    ERASING = "erasing"
    CHECKING = "checking"
    ERASED = "erased"
    SEALED = "sealed"
    PARTIAL = "partial"
    EXPIRED = "expired"
    REFUSED = "refused"
    COMPLAINT = "complaint"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"
    OFFERED = "offered"
    FETCHED = "fetched"


MOVES: dict[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.VERIFIED, State.EXPIRED, State.REFUSED, State.WITHDRAWN}),
    State.VERIFIED: frozenset({State.REVIEW, State.REFUSED, State.WITHDRAWN}),
    State.REVIEW: frozenset({State.APPROVED, State.OFFERED, State.REFUSED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.WAITING, State.ERASING, State.REVIEW, State.WITHDRAWN}),
    State.WAITING: frozenset({State.ERASING, State.REVIEW, State.WITHDRAWN}),
    State.ERASING: frozenset({State.CHECKING}),
    State.CHECKING: frozenset({State.ERASED, State.SEALED, State.PARTIAL}),
    State.PARTIAL: frozenset({State.CHECKING, State.RESTORED}),
    State.SEALED: frozenset({State.ERASED, State.RESTORED}),
    State.ERASED: frozenset({State.CHECKING, State.RESTORED}),
    State.EXPIRED: frozenset(),
    State.REFUSED: frozenset({State.COMPLAINT}),
    State.COMPLAINT: frozenset({State.REFUSED, State.REVIEW, State.RECEIVED}),
    State.WITHDRAWN: frozenset(),
    State.RESTORED: frozenset(),
    State.OFFERED: frozenset({State.FETCHED, State.EXPIRED, State.WITHDRAWN}),
    State.FETCHED: frozenset({State.WITHDRAWN}),
}
"""From each state, the states that may follow. ERASING lasts only inside one transaction, except
where an erasure goes over several databases. ERASED is checked again where a row came back, and of
it something stays this time. A refusal that a complaint overturned is decided anew;
where it was never shown who asks, that comes first. OFFERED and FETCHED are those of a request for
a copy (see `COPIES`), which never becomes APPROVED: what is not approved is never erased."""

COPIES = frozenset({State.OFFERED, State.FETCHED})
"""States in which a copy lies ready; only a request for a copy reaches them."""

OPEN = frozenset(
    {State.RECEIVED, State.VERIFIED, State.REVIEW, State.APPROVED, State.WAITING, State.COMPLAINT}
)
"""States in which a person or a clock still has to act before anything is erased."""

UNANSWERED = OPEN | {State.ERASING, State.CHECKING}
"""States in which a guest has no certificate yet, nor was the request ended without one; some of
them were told what it waits for."""

DONE = frozenset({State.ERASED, State.SEALED, State.PARTIAL})
"""States in which a certificate can be issued."""

WORDS: dict[State, str] = {
    State.RECEIVED: "identity",
    State.VERIFIED: "deciding",
    State.REVIEW: "deciding",
    State.APPROVED: "waiting",
    State.WAITING: "waiting",
    State.ERASING: "waiting",
    State.CHECKING: "waiting",
    State.ERASED: "done",
    State.SEALED: "done",
    State.PARTIAL: "done",
    State.EXPIRED: "done",
    State.REFUSED: "done",
    State.COMPLAINT: "deciding",
    State.WITHDRAWN: "done",
    State.RESTORED: "done",
    State.OFFERED: "done",
    State.FETCHED: "done",
}
"""What the guest is told: received (the form's own answer), identity, deciding, waiting, done."""


class Ground(StrEnum):
    """Why a request may be refused; never free text, which would carry personal data."""

    IDENTITY = "identity-not-shown"
    LAW = "kept-by-law"
    CLAIM = "legal-claim"
    NOTHING = "nothing-held"
    FOREIGN = "another-persons-data"
    UNFOUNDED = "manifestly-unfounded"
    ARRANGED = "arranged-otherwise"


def move(now: State, to: State) -> State:
    """Make one step in the life of a request.

    :param now: the state the request is in.
    :param to: the state it should be in.
    :raises TransitionError: the table of moves does not allow the step.
    """
    if to not in MOVES[now]:
        raise TransitionError(
            f"A request that is '{now}' cannot become '{to}'.",
            "Look at the request again; somebody may have acted in the meantime.",
        )
    return to
