"""A request of which nothing is kept any more: it ends, with a supplement to its certificate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from ...core.certificate import CONTENT_MARK, Content
from ...core.errors import SealError
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


def complete(work: Work, number: str) -> bool:
    """End a request of which nothing is kept any more, with a supplement to its certificate.

    A file that is not removed yet is something that is left, and so is a row that came back and
    goes once nothing stands in its way. A guest who asked for it is told; where their contact
    cannot be read now, it ends another time.

    :return: whether it ended now.
    """
    if not _over(work, number):
        return False
    case = load(work, number, lock=True)
    # Whoever erased again meanwhile, and keeps something of it, was waited for.
    if case.state is not State.SEALED or not _over(work, number) or owing.goes(work, number):
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
    case, said = certify(work, case, decisions, State.ERASED)
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

    What they waited for may be a file that is gone, or a row that was seen and is nobody's, of
    which no line stands any more. Those of which a row still goes again, or may, wait, and so do
    those of which another's box keeps something.

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


def certify(
    work: Work, case: Case, decisions: dict[str, Any], end: State
) -> tuple[Case, Content]:
    """Let a request end in another way than it did, with a supplement; return it, and what it says.

    :param work: the open transaction.
    :param case: the request, locked, in its end state.
    :param decisions: what was decided, done and found left, as it is today.
    :param end: how it ends now: ERASED what was SEALED, and the other way round.
    """
    said = certifying.content(work, case, end, decisions)
    later = deepening.again(work, decisions)
    path = [State.CHECKING] if end is State.SEALED else []
    values = {"decisions": decisions, "ended_at": work.stamp, "try_at": later}
    case = step(work, case, *path, end, **values)
    marks = {CONTENT_MARK: said.mark()}
    tell(work, CheckCompleted, case, SYSTEM, {"left": 0}, (end.value,), marks)
    certifying.certify(work, case, said)
    return case, said
