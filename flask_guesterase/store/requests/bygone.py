"""Requests whose time is over, with everything that hangs on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, select, update

from ...core.lifecycle import State
from ...core.own import RECORDS, REFUSALS
from ...core.period import months_after
from ...core.standing import Standing
from .. import tables
from ..boxes import vault
from ..casework.cases import label
from ..certificates import beside
from ..holding import heldrequests
from ..mapping.revealing import revealing
from ..messages import outbox
from ..retaining import law
from ..retaining.vouching import NO_FACTS
from ..statements.sql import among, chunks
from ..work import Work

ENDED = "ended"
"""Under this word, instead of a request, stand tombstones whose request is gone."""

BATCH = 200

OVER = (
    State.ERASED, State.REFUSED, State.EXPIRED, State.WITHDRAWN, State.RESTORED,
    State.FETCHED,
)  # fmt: skip
"""States in which nothing happens to a request any more."""

_CLOSED = (*OVER, State.SEALED)

WAITING = frozenset({"open", "staff"})
"""States of a row that came back in which somebody has to act."""

Step = tuple[Counter[str], int]
"""Controller -> how many ended; and where to go on, 0 at the end."""


def cutoff(now: datetime, years: int = RECORDS.years) -> datetime:
    """Return the time before which what ended has been kept long enough."""
    day = months_after(now.date(), -12 * years)
    return datetime(day.year, day.month, day.day)


def close(work: Work, after: int) -> Step:
    """Let go of what only an open request needs: rows of others, and the mark of the question.

    A refused request is open to a complaint as long as the key of its case lives.

    :param work: the open transaction.
    :param after: number of the last row that was looked at.
    """
    request = tables.request
    rows = work.conn.execute(
        select(request.c.id, request.c.number, request.c.state, request.c.controller)
        .where(
            request.c.id > after,
            request.c.state.in_([state.value for state in _CLOSED]),
            request.c.subject_mark.is_not(None),
        )
        .order_by(request.c.id)
        .limit(BATCH)
    ).all()
    living = work.custodian.labels() if rows else frozenset()
    done = [row for row in rows if label(row.number) not in living]
    numbers = [row.number for row in done]
    counts: Counter[str] = Counter()
    if numbers:
        subject = tables.subject
        work.conn.execute(delete(subject).where(
            subject.c.request.in_(numbers), subject.c.standing != Standing.TAKEN.value
        ))  # fmt: skip
        work.conn.execute(
            update(request).where(request.c.number.in_(numbers)).values(subject_mark=None)
        )
        _untell(work, [row.number for row in done if row.state != State.SEALED.value])
        counts.update(row.controller for row in done)
    return counts, rows[-1].id if len(rows) == BATCH else 0


def _untell(work: Work, numbers: Collection[str]) -> None:
    """Drop tombstones whose key says who it was: no row has that key any more."""
    telling, subject = revealing(work.datamap), tables.subject
    if telling and numbers:
        work.conn.execute(delete(subject).where(
            subject.c.request.in_(numbers),
            subject.c.table_name.in_(telling),
            subject.c.erased_at.is_not(None),
        ))  # fmt: skip


def end(work: Work, after: int) -> Step:
    """End requests whose time is over, with everything that hangs on them.

    :param work: the open transaction.
    :param after: number of the last row that was looked at.
    """
    request = tables.request
    rows = work.conn.execute(
        select(
            request.c.id, request.c.number, request.c.state, request.c.property,
            request.c.controller, request.c.ended_at,
        )
        .where(
            request.c.id > after,
            request.c.state.in_([state.value for state in OVER]),
            request.c.ended_at < cutoff(work.now),
        )
        .order_by(request.c.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    due = [r for r in rows if not _longer(work, r.state, r.property, r.ended_at)]
    stays = _stays(work, [row.number for row in due])
    gone = [row for row in due if row.number not in stays]
    if gone:
        _drop(work, [row.number for row in gone])
    return (
        Counter(row.controller for row in gone),
        rows[-1].id if len(rows) == BATCH else 0,
    )


def _longer(work: Work, state: str, code: str, ended: datetime) -> bool:
    """Return whether the law of the place wants a refusal kept longer."""
    hotel = work.settings.properties.get(code)
    if state != State.REFUSED.value or hotel is None or hotel.country not in REFUSALS:
        return False
    return ended >= cutoff(work.now, REFUSALS[hotel.country].years)


def _stays(work: Work, numbers: list[str]) -> set[str]:
    """Return the requests on which something hangs that has not ended."""
    if not numbers:
        return set()
    box, kept, out, back = tables.box, tables.kept, tables.outbox, tables.returned
    found = heldrequests.held_requests(work, numbers)
    hanging: list[tuple[Table, ColumnElement[bool]]] = [
        (box, box.c.forgotten_at.is_(None)),
        (kept, kept.c.ended_at.is_(None)),
        (out, (out.c.state != outbox.SENT) & (out.c.kind != outbox.MESSAGE)),
        (back, back.c.state.in_(WAITING)),
    ]
    for table, open_ in hanging:
        mine = select(table.c.request).where(table.c.request.in_(numbers), open_)
        found |= set(work.conn.execute(mine).scalars())
    others = beside.known(work, numbers)
    still = beside.still(work, (each for boxes in others.values() for each in boxes))
    found |= {number for number, boxes in others.items() if not still.isdisjoint(boxes)}
    living = work.custodian.labels()
    keyed = {number for number in numbers if label(number) in living}
    vault.mark_labels(work.conn, [label(number) for number in keyed], work.stamp)
    return found | keyed


_HANGING = (
    tables.contact, tables.token, tables.outbox, tables.delivery, tables.search,
    tables.returned, tables.box, tables.feedback, tables.copy,
    tables.objection,
)  # fmt: skip


def names_one(of: ColumnElement[str]) -> ColumnElement[bool]:
    """Return whether there is a request whose key a label names."""
    request = tables.request
    number = func.substr(of, len(label("")) + 1)
    same = request.c.number == number, of.startswith(label(""))
    return select(request.c.id).where(*same).exists()


def _drop(work: Work, numbers: list[str]) -> None:
    """Delete requests; what must outlive them goes on without their number."""
    conn, subject, kept, request = work.conn, tables.subject, tables.kept, tables.request
    for table in _HANGING:
        conn.execute(delete(table).where(table.c.request.in_(numbers)))
    for table in (tables.mark, tables.canary):
        conn.execute(update(table).where(table.c.request.in_(numbers)).values(request=None))
    conn.execute(delete(subject).where(
        subject.c.request.in_(numbers), subject.c.erased_at.is_(None)
    ))  # fmt: skip
    _nameless(work, numbers)
    conn.execute(delete(kept).where(kept.c.request.in_(numbers), kept.c.mode != law.SEALED))
    conn.execute(
        update(kept).where(kept.c.request.in_(numbers)).values(request=None, facts=NO_FACTS)
    )
    labels = [label(number) for number in numbers]
    conn.execute(delete(tables.day).where(tables.day.c.label.in_(labels)))
    conn.execute(delete(request).where(request.c.number.in_(numbers)))


"""What stands instead of the facts of a kept row that went long ago."""


def _nameless(work: Work, numbers: Iterable[str]) -> None:
    """Let tombstones stand without the number of their request, one for each row of the host's."""
    conn, subject = work.conn, tables.subject
    rows = conn.execute(
        select(subject.c.id, subject.c.table_name, subject.c.row_key)
        .where(subject.c.request.in_(numbers))
        .order_by(subject.c.erased_at)
    ).all()
    newest = {(row.table_name, row.row_key): row.id for row in rows}
    extra = [row.id for row in rows if newest[row.table_name, row.row_key] != row.id]
    for part in chunks(newest):
        places = among([subject.c.table_name, subject.c.row_key], part)
        conn.execute(delete(subject).where(subject.c.request == ENDED, places))
    for ids in chunks(extra):
        conn.execute(delete(subject).where(subject.c.id.in_(ids)))
    for ids in chunks(newest.values()):
        nameless = update(subject).where(subject.c.id.in_(ids))
        conn.execute(nameless.values(request=ENDED, why=ENDED))
