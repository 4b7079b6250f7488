"""What a guest says of the later notice: that they want one, or want none any more."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.asking import Asker
from ...core.errors import TokenError, TransitionError
from ...core.events import GUEST, LaterNoticeAsked, LaterNoticeWithdrawn
from ...core.lifecycle import State
from ...core.permissions import Permission
from ...core.wish import Kind
from ..access import actors, tokens
from ..access.tokens import Purpose
from ..casework import proving
from ..casework.cases import Case, load, step, tell
from ..work import Work
from .laternotice import UNSEALED, WISH, Standing, day_of, drop, kept_box, proved

_OPEN = frozenset({
    State.VERIFIED, State.REVIEW, State.APPROVED, State.WAITING, State.ERASING, State.CHECKING,
    State.PARTIAL, State.COMPLAINT,
})  # fmt: skip
"""States in which it was shown who asks, and there is no last answer yet."""


@dataclass(frozen=True)
class Later:
    """What a guest is told about the later notice.

    :param standing: how it stands.
    :param until: last day at the hotel on which the contact is kept for it, ISO, or empty.
    """

    standing: Standing
    until: str = ""


def look(work: Work, case: Case) -> Later:
    """Return how it stands with the later notice of a request.

    :param work: the open transaction; a read-only one is enough.
    :param case: the request.
    """
    if case.kind != Kind.ERASURE or case.verified_at is None:
        return Later(Standing.NONE)
    if case.state in _OPEN:
        return Later(_open(work, case))
    if case.state not in (State.SEALED, State.ERASED):
        return Later(Standing.NONE)
    box = kept_box(work, case.number)
    if box is not None:
        return Later(Standing.KEPT, day_of(work, case, box.last_day))
    word = (case.decisions or {}).get(WISH, "")
    if case.state is State.ERASED:
        return Later(Standing.TOLD if word == Standing.TOLD else Standing.NONE)
    return Later(Standing.TOO_LONG if word == Standing.TOO_LONG else Standing.NOT_KEPT)


def _open(work: Work, case: Case) -> Standing:
    """Return how it stands before the answer; of who died nobody is written to."""
    _, value = proved(work, case, lock=False)
    if value is None or case.asked_by == Asker.RELATIVE:
        return Standing.NO_CONTACT
    return Standing.ASKED if value.get(WISH) else Standing.OFFERED


def ask(work: Work, number: str, by: str | None, code: str | None) -> None:
    """Note that the guest of a request wants to be told later; again without harm.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who notes it for the guest, or None.
    :param code: the guest's case code, or None.
    :raises TokenError: the code is not this request's.
    :raises ForbiddenError: the clerk may not file at its property.
    :raises TransitionError: no contact was proved, or it was answered already.
    """
    case = load(work, number, lock=True)
    actor = _actor(work, case, by, code)
    standing = look(work, case).standing
    if standing is Standing.ASKED:
        return
    if standing is not Standing.OFFERED:
        raise TransitionError(
            "Nobody can be told later of this request.",
            "It needs a contact that was proved in it, and is asked for before the answer.",
        )
    _note(work, case, True)
    tell(work, LaterNoticeAsked, case, actor)


def withdraw(work: Work, number: str, by: str | None, code: str | None) -> Standing:
    """Note that the guest of a request does not want to be told later; again without harm.

    A contact that is kept for it is dropped, and its key is marked to be destroyed.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the clerk who notes it for the guest, or None.
    :param code: the guest's case code, or None.
    :return: how it stood before.
    :raises TokenError: the code is not this request's.
    :raises ForbiddenError: the clerk may not file at its property.
    """
    case = load(work, number, lock=True)
    actor = _actor(work, case, by, code)
    standing = look(work, case).standing
    if standing is Standing.ASKED:
        _note(work, case, False)
    elif standing is Standing.KEPT:
        drop(work, case.number)
        case = step(work, case, decisions={**(case.decisions or {}), UNSEALED: work.today})
    else:
        return standing
    tell(work, LaterNoticeWithdrawn, case, actor)
    return standing


def _actor(work: Work, case: Case, by: str | None, code: str | None) -> str:
    if by is not None:
        return actors.allow(work, by, Permission.FILE, case.property)
    found = tokens.look(work, Purpose.CASE, tokens.plain(code or ""))
    if found.request != case.number:
        raise TokenError("This code is not the code of this request.", "Type it again.")
    return GUEST


def _note(work: Work, case: Case, wanted: bool) -> None:
    row, value = proved(work, case)
    if row is not None and value is not None:
        rest = {name: each for name, each in value.items() if name != WISH}
        proving.seal(work, case, row, {**rest, WISH: True} if wanted else rest)
