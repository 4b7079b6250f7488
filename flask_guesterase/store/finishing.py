"""The rest of an erasure: what was kept goes when its floor, hold or precondition has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row as Line
from sqlalchemy import or_, select, true

from ..core.errors import BusyError, ErasureError, SealError, UnknownError
from ..core.events import SYSTEM, RetentionEnded
from ..core.lifecycle import State
from ..core.plan import Key, Person
from . import (
    ageing,
    completing,
    keeping,
    law,
    outbox,
    people,
    planning,
    remainder,
    runs,
    settling,
    tables,
    unheld,
)
from .cases import load
from .claiming import Shift, work_off
from .comeback import marks, objections
from .due import skips
from .partners import recipients
from .recovery.window import recover, unkept
from .search import sought
from .work import Work

if TYPE_CHECKING:
    from .office import Office

Run = Callable[[Callable[["Office"], Any]], Any]
"""Runs a unit of work in a transaction of its own."""


MANY = 1000
"""Kept rows whose day one transaction finds again without a look at the host's."""


def finish(
    run: Run, skip: frozenset[str] = frozenset(), shift: Shift | None = None
) -> dict[str, int]:
    """Let go of everything whose time has come, one short transaction after another.

    :param run: runs a unit of work.
    :param skip: properties at which nothing goes now.
    :param shift: what may be taken; everything when None.
    :return: finished rows, requests that ended, and what waits or failed.
    """
    shift = Shift() if shift is None else shift
    counts: Counter[str] = Counter()
    _looked_over(run)
    lifted = run(lambda office: unheld.since(office.work))
    for number in run(lambda office: _requests(office.work, skip, bool(lifted))):
        if shift.over():
            break
        _tried(counts, run, partial(_request, number, skip))
    counts.update(finish_unasked(run, shift, skip, bool(lifted)))
    if lifted and not shift.over():
        run(lambda office: unheld.note(office.work, lifted))
    counts.update(settling.settled(run))
    return {word: count for word, count in counts.items() if count}


def finish_unasked(
    run: Run, shift: Shift, skip: frozenset[str] = frozenset(), held: bool = False
) -> dict[str, int]:
    """Let go of what was kept without a request; several processes may do so at once.

    :param run: runs a unit of work.
    :param shift: what may be taken.
    :param skip: properties at which nothing goes now.
    :param held: also look at what a hold kept.
    :return: finished rows, and what waits or failed.
    """
    counts = work_off(run, _Unasked(skip, held), shift)
    return {word: count for word, count in counts.items() if count}


class _Unasked:
    """Kept rows without a request: those whose day is over, then those whose day nobody knows.

    :param skip: properties at which nothing goes now.
    :param held: also those a hold kept.
    """

    def __init__(self, skip: frozenset[str], held: bool) -> None:
        self._skip = skip
        self._held = held
        self._known = True
        self._after = ("", 0)

    def claim(self, work: Work, size: int) -> Sequence[Line[Any]]:
        kept = tables.kept
        day, id = self._after
        due = _due(work, self._skip, self._held)
        wanted = select(kept).where(due, kept.c.request.is_(None))
        if self._known:
            later = (kept.c.until > day) | ((kept.c.until == day) & (kept.c.id > id))
            wanted = wanted.where(kept.c.until.is_not(None), later)
            wanted = wanted.order_by(kept.c.until, kept.c.id)
        else:
            wanted = wanted.where(kept.c.until.is_(None), kept.c.id > id).order_by(kept.c.id)
        return self._locked(work, wanted.limit(size))

    def claim_again(self, work: Work, items: Sequence[Line[Any]]) -> Sequence[Line[Any]]:
        kept = tables.kept
        ids = [line.id for line in items]
        mine = select(kept).where(_due(work), kept.c.id.in_(ids)).order_by(kept.c.id)
        return self._locked(work, mine)

    def _locked(self, work: Work, wanted: Any) -> Sequence[Line[Any]]:
        return work.conn.execute(wanted.with_for_update(skip_locked=skips(work.conn))).all()

    def do(self, office: Office, items: Sequence[Line[Any]]) -> Mapping[str, int]:
        return _rows(items, office)

    def done(self, items: Sequence[Line[Any]]) -> None:
        self._after = max([self._after, *((line.until or "", line.id) for line in items)])

    def failed(self, work: Work, item: Line[Any], problem: str, met: bool) -> None:
        self.done([item])

    def again(self) -> bool:
        begun, self._known, self._after = self._known, False, ("", 0)
        return begun


def _tried(
    counts: Counter[str], run: Run, unit: Callable[[Office], dict[str, int]]
) -> None:
    """Run one unit; one that cannot be done now is counted and tried by the next sweep."""
    try:
        counts.update(run(unit))
    except (BusyError, ErasureError, SealError, UnknownError):
        counts["unfinished"] += 1


def _due(work: Work, skip: frozenset[str] = frozenset(), held: bool = True) -> Any:
    """Return the condition of what may be due: its day is over, or nobody knew its day.

    :param held: also what a hold kept, whose end nobody knows either.
    """
    kept = tables.kept
    return (true() if held else kept.c.mode != law.HELD) & (
        kept.c.ended_at.is_(None)
        & (kept.c.mode != law.SEALED)
        & or_(kept.c.until.is_(None), kept.c.until <= work.today)
        & kept.c.property.not_in(skip)
    )


def _requests(work: Work, skip: frozenset[str], held: bool) -> list[str]:
    kept = tables.kept
    asked = select(kept.c.request).where(_due(work, skip, held), kept.c.request.is_not(None))
    return sorted({*work.conn.execute(asked.distinct()).scalars(), *_over(work, skip)})


def _over(work: Work, skip: frozenset[str]) -> list[str]:
    """Return the requests whose last kept row went before their check said that it stays."""
    kept, request = tables.kept, tables.request
    mine = select(kept.c.id).where(kept.c.request == request.c.number)
    rows = select(request.c.number).where(
        request.c.state == State.SEALED.value,
        request.c.property.not_in(skip),
        mine.exists(),
        ~mine.where(kept.c.ended_at.is_(None)).exists(),
    )
    return list(work.conn.execute(rows).scalars())


def _looked_over(run: Run) -> None:
    """After a change of the law, find the day of what is kept again, so that none stays longer.

    Rows are only looked at: those whose day is over now go with the others.
    """
    last = 0
    while run(lambda office: runs.changed(office.work)):
        last = run(partial(_look_over, last))
        if not last:
            break


def _look_over(last: int, office: Office) -> int:
    work, kept = office.work, tables.kept
    lines = work.conn.execute(
        select(kept)
        .where(
            kept.c.id > last,
            kept.c.mode == law.PLACE,
            kept.c.until.is_not(None),
            kept.c.ended_at.is_(None),
        )
        .order_by(kept.c.id)
        .limit(MANY)
    ).all()
    for line in lines:
        reason = law.reason(settling.verdict(work, line))
        if (reason.until or None) != line.until:
            settling.note(work, line, reason)
    return lines[-1].id if lines else 0


def _request(number: str, skip: frozenset[str], office: Office) -> dict[str, int]:
    work = office.work
    case = load(work, number, lock=True)
    kept = tables.kept
    mine = select(kept).where(_due(work, skip), kept.c.request == number)
    lines = work.conn.execute(mine).all()
    who = frozenset(people.taken(work, number))
    origin = keeping.Origin(number, case.controller, case.property)
    counts = _finish(work, origin, lines, who)
    return counts | {"ended": int(completing.complete(work, number))}


def _rows(lines: Sequence[Line[Any]], office: Office) -> dict[str, int]:
    work = office.work
    counts: Counter[str] = Counter()
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in lines:
        groups.setdefault((line.controller, line.property), []).append(line)
    for (controller, place), group in sorted(groups.items()):
        counts.update(_finish(work, keeping.Origin(None, controller, place), group, None))
    return dict(counts)


def _finish(
    work: Work, origin: keeping.Origin, lines: Sequence[Line[Any]], who: frozenset[Person] | None
) -> dict[str, int]:
    """Erase of these kept rows what may go now, and write down anew what stays.

    :param work: the open transaction.
    :param origin: on whose behalf they are kept.
    :param lines: rows of our table.
    :param who: the people of the request; None when the rows ended by themselves.
    """
    known_keys = ((line.id, remainder.keys_of(work, line, who)) for line in lines)
    keys = {id: found for id, found in known_keys if found is not None}
    lines = [line for line in lines if line.id in keys]
    only = remainder.kept_columns(work, lines, keys)
    scope = planning.bounded(work, remainder.scope(work, only, who), lock=True, only=only)
    plan = planning.plan(work, scope)
    if plan.blocked:
        return {"waiting": len(lines)}
    if not plan.changing() and remainder.is_same(work, lines, plan):
        return {}
    known = recipients.gather(work, origin.property, plan, _untold(work, lines, keys))
    spared = unkept(work, plan)
    if origin.number is not None:
        marks.take(work, origin, plan)
        objections.take(work, origin, plan)
    erased = planning.erase(work, origin, plan, scope)
    keeping.end(work, keys)
    keeping.record(work, origin, plan, erased)
    if origin.number is not None:
        people.bury(work, origin.number, plan.untouched())
    recovery = ""
    if not any(_at_once(work, line) for line in lines if line.until):
        recovery = recover(work, origin, spared.strips(erased))
    if origin.number is not None:
        sought.more(work, origin.number, erased.images)
    for root, name, until in spared.files(erased, recovery):
        outbox.queue_file(work, origin, root, name, until)
    recipients.queue(work, origin, known, again=True)
    if erased.counts:
        work.events.append(RetentionEnded(
            origin.controller, origin.property, origin.number or "", SYSTEM, erased.counts
        ))
    return {"finished": sum(erased.counts.values())}


def _at_once(work: Work, line: Line[Any]) -> bool:
    record = law.read_facts(work, line)
    return ageing.at_once(work, record, law.names_of(work, line))


def _untold(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> recipients.Only:
    """Return the columns that nobody was told of, because a hold or the hotel kept them."""
    kept = [line for line in lines if line.mode in (law.HELD, law.BLOCKED)]
    return remainder.kept_columns(work, kept, keys)
