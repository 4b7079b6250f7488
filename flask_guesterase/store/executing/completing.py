"""A request of which nothing is kept any more, or something again: it ends, with a supplement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from ...core.certificate import CONTENT_MARK, Content
from ...core.errors import SealError, UnknownError
from ...core.events import SYSTEM, CheckCompleted
from ...core.lifecycle import State
from ...core.plan import Outcome
from .. import tables
from ..casework.cases import Case, load, step, tell
from ..certificates import beside, certifying, laternotice, reply, restated, staying
from ..comeback import owing
from ..depth import deepening
from ..messages import unremoved
from ..retaining import keeping
from ..work import Work
from . import supplementing

Items = Iterable[Mapping[str, Any]]
"""What was done, as `deeds.did` has it."""


def complete(work: Work, number: str) -> bool:
    """End a request of which nothing is kept any more, with a supplement to its certificate.

    A file that is not removed yet is something that is left, and so is a row that came back: one
    that goes once nothing stands in its way, and one of which a person has yet to say whose it is.
    A guest who asked for it is told; where their contact cannot be read now, it ends another time.

    :return: whether it ended now.
    """
    if not _over(work, number):
        return False
    try:
        case = load(work, number, lock=True)
    except UnknownError:
        # Somebody took its row away, which the audit tells; what is others' ends all the same.
        return False
    # Whoever erased again meanwhile, and keeps something of it, was waited for.
    if case.state is not State.SEALED or not _over(work, number) or owing.holds(work, number):
        return False
    decisions = deepening.noted(case.decisions or {}, None)
    sealed = any(item["outcome"] == Outcome.SEAL.value for item in decisions.get("did", ()))
    if sealed or beside.of(decisions) or laternotice.last_day(work, number):
        # The days of the boxes go with what stayed; their keys were there until today at most.
        decisions[laternotice.UNSEALED] = work.today
    decisions["did"] = _gone(work, number, decisions.get("did", ()))
    try:
        contact = laternotice.take(work, case)
    except SealError:
        return False
    if contact is not None:
        decisions[laternotice.WISH] = laternotice.Standing.TOLD.value
    case, said = _certify(work, case, decisions, State.ERASED)
    params = {} if contact is None else reply.done(work, case, said)
    laternotice.send(work, case, contact, params)
    return True


def _over(work: Work, number: str) -> bool:
    """Return whether nothing is kept of a request, and none of its files is there."""
    if keeping.living(work, number):
        return False
    # What another erasure sealed of the same rows stays of this request as well.
    if beside.still(work, beside.known(work, [number]).get(number, ())):
        return False
    files = unremoved.removing(work, [number], queued=True) or unremoved.staying(work, number)
    return not files


def waiting(work: Work) -> list[str]:
    """Return the requests of which nothing is kept, and that may end now.

    What they waited for may be a file that is gone, a word about a row, or a row that was seen and
    is nobody's, of which no line stands any more. Those of which a row still goes again, or may,
    wait, and so do those of which another's box keeps something.

    :param work: the open transaction.
    """
    request, kept, back = tables.request, tables.kept, tables.returned
    came = select(back.c.request).where(back.c.request.is_not(None))
    holding = back.c.state.in_(owing.HOLDING)
    living = select(kept.c.id).where(
        kept.c.request == request.c.number, kept.c.ended_at.is_(None)
    )
    rows = select(request.c.number).where(
        request.c.state == State.SEALED.value,
        *(request.c.number.not_in(each.where(holding)) for each in (came, owing.theirs())),
        ~living.exists(),
    )
    found = list(work.conn.execute(rows.order_by(request.c.id)).scalars())
    # The sweep that empties the boxes of others ends what waits for them, years later perhaps.
    others = beside.known(work, found)
    still = beside.still(work, (box for boxes in others.values() for box in boxes))
    return [number for number in found if still.isdisjoint(others.get(number, ()))]


def _gone(work: Work, number: str, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was done in all, now that what stayed is gone but for what is shared."""
    done = list(items)
    went = [item for item in done if item["outcome"] not in staying.OUTCOMES]
    stayed = [item for item in done if item["outcome"] in staying.OUTCOMES]
    return [*went, *restated.gone(stayed, restated.shared(work, number))]


def keep_again(work: Work, number: str | None, kept: Items) -> None:
    """Let an erased request of which something stays again be sealed, with a supplement.

    A row came back and was erased once more, and a part of what came with it has to stay this
    time. It ends again once that has gone, as does what kept something from the first. Of that
    one a supplement says it too, at most one a day as long as it says nothing else.

    :param work: the open transaction, in which that was written down.
    :param number: number of the request; None for what had its time by the law's ceiling.
    :param kept: what stays that did not before, as `deeds.did` has it.
    :raises TamperedError: the journal does not prove itself.
    """
    if number is None or not kept:
        return
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        if case.state is State.ERASED:
            decisions = deepening.noted(case.decisions or {}, None)
            told = restated.restated(work, number, decisions)
            _certify(work, case, decisions, State.SEALED, told)
        elif case.state in (State.SEALED, State.PARTIAL) and not _said(work, case, kept):
            supplementing.supplement(work, case)


def name_again(work: Work, number: str) -> None:
    """Issue a supplement of a request of which something stays that its certificate does not name.

    It stays by somebody's word of today; or a database was restored, whose certificates are of
    before, and keeps what they say nothing of.

    :param work: the open transaction.
    :param number: number of the request.
    :raises TamperedError: the journal does not prove itself.
    """
    with suppress(UnknownError):
        case = load(work, number, lock=True)
        if case.state in (State.SEALED, State.PARTIAL):
            now = staying.lines(work, number, beside.of(case.decisions))
            said = certifying.newest(work, number)["content"]["stays"]
            if not {_kind(each) for each in now} <= {_kind(each) for each in said}:
                supplementing.supplement(work, case)


def _said(work: Work, case: Case, kept: Items) -> bool:
    """Return whether a certificate of today names every table and reason of what stays."""
    if not certifying.issued_today(work, case):
        return False
    said = certifying.newest(work, case.number)["content"]["stays"]
    return {_kind(each) for each in kept} <= {_kind(each) for each in said}


def _kind(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["table"], item["category"]


def _certify(
    work: Work, case: Case, decisions: dict[str, Any], end: State,
    told: Mapping[str, Any] | None = None,
) -> tuple[Case, Content]:
    said = certifying.content(work, case, end, told or decisions)
    later = deepening.again(work, decisions)
    path = [State.CHECKING] if end is State.SEALED else []
    values = {"decisions": decisions, "ended_at": work.stamp, "try_at": later}
    case = step(work, case, *path, end, **values)
    marks = {CONTENT_MARK: said.mark()}
    tell(work, CheckCompleted, case, SYSTEM, {"left": 0}, (end.value,), marks)
    certifying.certify(work, case, said)
    return case, said
