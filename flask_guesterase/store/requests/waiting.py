"""A request that waits for the hotel: what its guest is told, and who hears when it is stuck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update

from ...core.certificate import Left
from ...core.events import SYSTEM, RequestStuck
from ...core.lifecycle import State
from ...core.plan import Block
from .. import tables
from ..casework.cases import Case, tell, where
from ..comeback import owing
from ..messages import unheard
from ..messages.outbox import LOST
from ..messages.post import write
from ..retaining import keeping
from ..retaining.law import ANEW, BLOCKED
from ..work import Work

STUCK = timedelta(days=90)
"""A request that waits longer than this goes to the officer."""

AGAIN = timedelta(days=30)
"""How long after the officer looked at it they are asked again."""

TASK, ROWS = "stuck", "stuck-rows"
"""Kinds of the tasks to look at a request, and at rows that came back of which no request is."""

_TECHNICAL = frozenset({"gap", "referenced"})
"""What staff must cure, and a guest can make nothing of."""


def reasons_of(blocked: Iterable[Block]) -> tuple[str, ...]:
    """Return why something waits, each reason once, sorted."""
    return tuple(sorted({block.reason for block in blocked}))


def last_first(blocked: Iterable[Block]) -> tuple[str, ...]:
    """Return why something waits, each reason once, what ends last before the others.

    What nobody knows the end of may be the last.
    """
    ends: dict[str, str] = {}
    for block in blocked:
        ends[block.reason] = max(ends.get(block.reason, ""), block.until or _NO_DAY)
    return tuple(sorted(sorted(ends), key=ends.__getitem__, reverse=True))


_NO_DAY = "9999-12-31"


def until(blocked: Iterable[Block]) -> str | None:
    """Return the day on which all of it is expected to have ended, or None when nobody knows.

    It is the last of the days, not the first: nothing is erased before.
    """
    days = [block.until for block in blocked]
    return max(days) if days and all(days) else None


def note(
    case: Case, reasons: tuple[str, ...], at: datetime
) -> tuple[dict[str, Any], bool]:
    """Return the request's decisions with why it waits, and whether any of that is new.

    :param case: the request.
    :param reasons: why it waits now.
    :param at: now, naive UTC.
    """
    told = set(_waits(case).get("told", ()))
    waits = {
        "now": list(reasons), "told": sorted(told | set(reasons)),
        "at": at.isoformat(timespec="seconds"),
    }  # fmt: skip
    return {**(case.decisions or {}), "waits": waits}, not set(reasons) <= told


def _waits(case: Case) -> Mapping[str, Any]:
    waits = (case.decisions or {}).get("waits", {})
    return waits if isinstance(waits, Mapping) else {}


def in_the_way(case: Case) -> tuple[str, ...]:
    """Return what a guest is told their waiting request waits for."""
    if case.state is not State.WAITING:
        return ()
    return for_guests(_waits(case).get("now", ()))


def reasons(work: Work, case: Case) -> tuple[str, ...]:
    """Return what a guest is told their request waits for, or of one that would end else, why a
    row came back.

    As long as something is kept it waits for that, and a row may be another guest's.
    """
    if case.state is not State.SEALED:
        return in_the_way(case)
    over = not keeping.living(work, case.number)
    return tuple(sorted({each.reason for each in back(work, case)})) if over else ()


def back(work: Work, case: Case) -> list[Left]:
    """Return the rows that came back and keep a request from ending, once nothing else does."""
    return owing.left(work, case.number, others=True) if case.state is State.SEALED else []


def looked_at(case: Case) -> str:
    """Return when it was found last what a request waits for, naive UTC, ISO; else empty."""
    return str(_waits(case).get("at", ""))


def told(work: Work, case: Case) -> bool:
    """Return whether a guest was told what their request waits for, or waited for."""
    return bool(for_guests(_waits(case).get("told", ()))) and not _untold(work, case)


def knows(work: Work, case: Case) -> bool:
    """Return whether a guest was told what their waiting request waits for."""
    return bool(in_the_way(case)) and not _untold(work, case)


def _untold(work: Work, case: Case) -> bool:
    """Return whether no letter that says what a request waits for reached its guest.

    One that reached them told them that it waits, whatever became of those after it.
    """
    return unheard.is_lost(work, case.number, unheard.WAITING)


def given_up(work: Work) -> list[tuple[str, datetime]]:
    """Return of which request a letter that says so reached nobody, and since when that is known.

    The newest come first.
    """
    out = tables.outbox.c
    lost = out.template == unheard.WAITING, out.state.in_(LOST), out.done_at.is_not(None)
    wanted = select(out.request, out.done_at).where(*lost).order_by(out.id.desc())
    return [(row.request, row.done_at) for row in work.conn.execute(wanted)]


def for_guests(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return the reasons of these that a guest is told."""
    return tuple(reason for reason in reasons if reason not in _TECHNICAL)


def tell_guest(work: Work, case: Case) -> None:
    """Write to the guest what stands in the way and until when, once for each new reason."""
    reasons = in_the_way(case)
    if reasons:
        params = {"reasons": ",".join(reasons), "until": case.waiting_until or ""}
        # Counting reasons would begin anew with each approval, and so pass some over.
        write(work, case, unheard.WAITING, params, f":{case.version}")


def remind(work: Work, most: int = 50) -> int:
    """Lay requests that wait for more than 90 days, or a part of which does, before the officer.

    A row that came back and waits for the hotel, or for a word, is such a part. Those of no request
    are laid before them by property. Tasks about what does not wait any more are closed.

    :return: how many were laid before them.
    """
    _close(work)
    request, task = tables.request, tables.task
    whole = and_(request.c.state == State.WAITING.value, request.c.decided_at <= work.stamp - STUCK)
    part = _needed().where(tables.kept.c.since <= work.stamp - STUCK)
    back = _back(work).where(tables.returned.c.seen_at <= work.stamp - STUCK)
    found = where(
        work,
        or_(whole, request.c.number.in_(part), request.c.number.in_(back)),
        request.c.number.not_in(select(task.c.name).where(task.c.kind == TASK, _asked(work))),
        most=most,
    )
    for case in found:
        _task(work, TASK, case.controller, case.property, case.number)
        grounds = _grounds(work, case)
        days = (work.stamp - (case.decided_at or work.stamp)).days
        tell(work, RequestStuck, case, SYSTEM, {"days": days}, grounds)
    return len(found) + _remind_of_rows(work)


def _asked(work: Work) -> ColumnElement[bool]:
    """Return the condition on tasks for which it is too early to ask the officer again."""
    task = tables.task.c
    return or_(task.done_at.is_(None), task.done_at > work.stamp - AGAIN)


def _remind_of_rows(work: Work) -> int:
    """Lay rows that came back, of which no request is, before the officer; a task each property."""
    back, task = tables.returned.c, tables.task.c
    known = select(task.name).where(task.kind == ROWS, _asked(work))
    long = work.conn.execute(
        select(
            back.controller, back.property, func.count().label("rows"),
            func.min(back.seen_at).label("first"),
        )
        .where(
            back.request.is_(None), _waiting(work), back.seen_at <= work.stamp - STUCK,
            back.property.not_in(known),
        )
        .group_by(back.controller, back.property)
        .order_by(back.property)
    ).all()
    for line in long:
        _task(work, ROWS, line.controller, line.property, line.property, line.rows)
        mine = back.request.is_(None), _waiting(work), back.property == line.property
        counts = {"days": (work.stamp - line.first).days, "rows": line.rows}
        work.events.append(RequestStuck(
            line.controller, line.property, "", SYSTEM, counts, tuple(sorted(_words(work, *mine))),
        ))  # fmt: skip
    return len(long)


def _needed() -> Select[Any]:
    """Return the select of the requests a part of which the hotel still needs.

    Of what a new stay needs, as long as nobody has said whose it is.
    """
    kept, back = tables.kept, tables.returned
    asked = select(back.c.id).where(
        back.c.request == kept.c.request, back.c.table_name == kept.c.table_name,
        back.c.row_key == kept.c.row_key, back.c.state == owing.ASKED,
    )  # fmt: skip
    needed = (kept.c.mode == BLOCKED) | ((kept.c.mode == ANEW) & asked.exists())
    return select(kept.c.request).where(
        needed, kept.c.ended_at.is_(None), kept.c.request.is_not(None)
    )


def _back(work: Work) -> Select[Any]:
    """Return the select of the requests of which a row that came back waits for somebody."""
    back = tables.returned
    return select(back.c.request).where(_waiting(work), back.c.request.is_not(None))


def _waiting(work: Work) -> ColumnElement[bool]:
    """Return the condition on rows that came back and wait for the hotel, or for a word."""
    back, names = tables.returned.c, {each.name[:40] for each in work.blockers}
    hotel = and_(back.state == owing.GOES, back.waiting_for.in_(names))
    return or_(hotel, back.state == owing.ASKED)


def _words(work: Work, *mine: ColumnElement[bool]) -> set[str]:
    """Return what rows that came back wait for."""
    back = tables.returned.c
    rows = work.conn.execute(select(back.state, back.waiting_for).where(*mine).distinct())
    return {owing.REASONS[state] if state == owing.ASKED else word for state, word in rows}


def _grounds(work: Work, case: Case) -> tuple[str, ...]:
    if case.state is State.WAITING:
        return tuple(_waits(case).get("now", ())) or (str(case.waiting_for),)
    kept = tables.kept
    words = _needed().with_only_columns(kept.c.open).where(kept.c.request == case.number)
    found = {word for text in work.conn.scalars(words) for word in text.split(",")}
    mine = _waiting(work), tables.returned.c.request == case.number
    return tuple(sorted(found | _words(work, *mine)))


def _task(
    work: Work, kind: str, controller: str, property: str, name: str, count: int | None = None
) -> None:
    task = tables.task
    open_again = {
        "due_on": work.today, "made_at": work.stamp, "done_by": None, "done_at": None,
        "count": count,
    }  # fmt: skip
    mine = task.c.kind == kind, task.c.name == name
    if work.conn.execute(update(task).where(*mine).values(**open_again)).rowcount:
        return
    work.conn.execute(
        insert(task).values(
            controller=controller, property=property, kind=kind, name=name, **open_again
        )
    )


def _close(work: Work) -> None:
    request, task, back = tables.request, tables.task.c, tables.returned.c
    waiting = select(request.c.number).where(request.c.state == State.WAITING.value)
    rows = select(back.property).where(back.request.is_(None), _waiting(work))
    of_requests = and_(
        task.kind == TASK, task.name.not_in(waiting), task.name.not_in(_needed()),
        task.name.not_in(_back(work)),
    )
    of_rows = and_(task.kind == ROWS, task.name.not_in(rows))
    work.conn.execute(
        update(tables.task)
        .where(task.done_at.is_(None), or_(of_requests, of_rows))
        .values(done_at=work.stamp, done_by=SYSTEM)
    )
