"""Rows in which the guard, or the sweep, saw something of an erased person; then judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select, update

from ...core.events import SYSTEM, SubjectReturned
from ...core.plan import Key, Person, key_text
from ...core.returning import PERHAPS_ANOTHER, Sign, Verdict
from .. import tables
from ..access import pulse
from ..access.pulse import Pulse
from ..erasing import people
from ..remembrance.forgotten import shells
from ..returning import refilled
from ..returning.again import Fate
from ..returning.relook import REPLAY
from ..returning.returned import Seen, note, recheck
from ..statements.failure import is_unread
from ..statements.sql import among, chunks
from ..work import Work
from .judging import Judge, Judged
from .known import Mark
from .marks import KEY, REFERENCE
from .owing import SEEN, THERE
from .stays import DOOR, PART

FLUSH, BULK, SWEEP = "flush", "bulk", "sweep"
"""Doors: a flush of the session, a statement through it, the reconciliation of the sweep."""

MOST = 500
"""Rows one transaction judges."""

LOOKED = "unclear"
"""Name of the pulse that holds the last row that waits for staff and was looked at again."""

FATES = {Verdict.RESYNC: Fate.OPEN, Verdict.UNCLEAR: Fate.STAFF, Verdict.LIVES: Fate.LIVES}

_ASIDE = (REPLAY, refilled.DOOR, DOOR, PART)
"""Doors of rows that no mark tells of: they are done with once a request emptied them."""

_WAITING = (SEEN, THERE, Fate.OPEN.value, Fate.STAFF.value)


def leave(
    conn: Connection, table: str, hits: Mapping[Key, Mark], door: str, now: datetime,
    state: str = SEEN,
) -> int:
    """Write rows down in somebody else's transaction, to be judged in one of ours.

    :param conn: the host's connection, in its transaction.
    :param table: name of their table.
    :param hits: key -> the newest mark the row carries.
    :param door: who saw it.
    :param now: naive UTC.
    :param state: SEEN of new rows, THERE of those that may have been there.
    :return: how many rows were not written down before.
    """
    news = unknown(conn, table, hits)
    if news:
        conn.execute(insert(tables.returned), [
            {
                "request": mark.origin.number,
                "controller": mark.origin.controller,
                "property": mark.origin.property,
                "table_name": table,
                "row_key": key_text(key),
                "why": _sign(mark).value,
                "door": door,
                "state": state,
                "seen_at": now,
                "attempts": 0,
            }
            for key, mark in news.items()
        ])  # fmt: skip
    return len(news)


def unknown(conn: Connection, table: str, hits: Mapping[Key, Mark]) -> dict[Key, Mark]:
    """Return the rows that neither wait nor were let live since what they carry was erased.

    What a replay noted is about the number of a row alone, and says nothing of another request.
    """
    returned = tables.returned
    texts = {key_text(key): key for key in hits}
    news = dict(hits)
    for part in chunks(sorted(texts)):
        rows = conn.execute(
            select(
                returned.c.row_key, returned.c.state, returned.c.seen_at, returned.c.door,
                returned.c.request,
            ).where(
                returned.c.table_name == table,
                returned.c.row_key.in_(part),
                returned.c.state.in_((*_WAITING, Fate.LIVES.value)),
            )
        )  # fmt: skip
        for row in rows:
            # MariaDB finds keys also that end in more blanks, or fewer.
            key = texts.get(row.row_key)
            if not key or (row.door == REPLAY and row.request != hits[key].origin.number):
                continue
            if row.state in _WAITING or row.seen_at >= hits[key].erased_at:
                news.pop(key, None)
    return news


def _sign(mark: Mark) -> Sign:
    if mark.kind == KEY:
        return Sign.KEY
    return Sign.REFERENCE if mark.kind == REFERENCE else Sign.CONTACT


def judge(work: Work) -> dict[str, int]:
    """Judge what was seen in the host's transactions; return word -> how many rows.

    :param work: the open transaction.
    """
    return some(work)[1]


def some(work: Work) -> tuple[int, dict[str, int]]:
    """Judge some of what was seen; return how many rows, and word -> how many became that.

    Of many nobody is back, and so nothing is counted: there may be others behind them.

    :param work: the open transaction.
    """
    table = tables.returned
    lines = work.conn.execute(
        select(table)
        .where(table.c.state.in_((SEEN, THERE)))
        .order_by(table.c.id)
        .limit(MOST)
        .with_for_update(skip_locked=True)
    ).all()
    counts: Counter[str] = Counter()
    at = min((line.seen_at for line in lines), default=work.stamp)
    judges = {
        SEEN: Judge(work, lambda mark: True, at=at),
        THERE: Judge(work, lambda mark: False, at=at, written=True),
    }  # fmt: skip
    for name, state in sorted({(line.table_name, line.state) for line in lines}):
        mine = [line for line in lines if (line.table_name, line.state) == (name, state)]
        counts.update(_judge(work, judges[state], name, mine))
    return len(lines), dict(counts)


def _judge(work: Work, judge: Judge, name: str, lines: Sequence[Any]) -> Counter[str]:
    keys, unnamed = people.keys_of(work, lines if name in judge.known else ())
    judged, unread = _readable(partial(judge.rows, name), keys.values())
    counts: Counter[str] = Counter()
    table = tables.returned
    for line in lines:
        if line.id in unnamed or keys.get(line.id) in unread:
            counts[Fate.STAFF.value] += _ask(work, line)
            continue
        found = judged.get(keys.get(line.id, ()))
        fate = FATES.get(found.verdict) if found is not None else None
        if found is None or fate is None:
            work.conn.execute(delete(table).where(table.c.id == line.id))
            continue
        work.conn.execute(update(table).where(table.c.id == line.id).values(
            state=fate.value, try_at=work.stamp if fate is Fate.OPEN else None,
            why=_why(found, fate),
        ))  # fmt: skip
        _tell(work, found, line.door, fate)
        counts[fate.value] += 1
        if name not in work.datamap.subjects and fate is Fate.OPEN:
            counts.update(along(work, judge, name, keys[line.id], line.door))
    return counts


_Row = TypeVar("_Row")
_Said = TypeVar("_Said")


def _readable(
    ask: Callable[[Sequence[_Row]], Mapping[_Row, _Said]], rows: Iterable[_Row]
) -> tuple[dict[_Row, _Said], frozenset[_Row]]:
    """Return what is found out about rows, and which of them nobody can read.

    :param ask: finds it out about some rows at once.
    :param rows: the rows.
    """
    wanted = list(dict.fromkeys(rows))
    if not wanted:
        return {}, frozenset()
    try:
        return dict(ask(wanted)), frozenset()
    except Exception as problem:
        # One that nobody can read keeps nobody from judging the others.
        if not is_unread(problem):
            raise
        if len(wanted) == 1:
            return {}, frozenset(wanted)
    half = len(wanted) // 2
    (one, unread), (other, more) = (_readable(ask, w) for w in (wanted[:half], wanted[half:]))
    return one | other, unread | more


def _ask(work: Work, line: Any) -> int:
    """Lay a row before staff that nobody can read; return how many that is."""
    table, other = tables.returned, line.state == THERE and line.why != Sign.KEY.value
    work.conn.execute(
        update(table).where(table.c.id == line.id).values(
            state=Fate.STAFF.value, why=PERHAPS_ANOTHER if other else line.why
        )
    )
    work.events.append(SubjectReturned(
        line.controller, line.property, line.request or "", SYSTEM, {"rows": 1},
        (line.why, line.door),
    ))  # fmt: skip
    return 1


def _tell(work: Work, found: Judged, door: str, fate: Fate) -> None:
    if fate is Fate.LIVES or found.mark is None:
        return
    origin = found.mark.origin
    work.events.append(SubjectReturned(
        origin.controller, origin.property, origin.number or "", SYSTEM, {"rows": 1},
        (found.sign.value, door),
    ))  # fmt: skip


def _why(found: Judged, fate: Fate) -> str:
    return PERHAPS_ANOTHER if found.apart and fate is Fate.STAFF else found.sign.value


def put(
    work: Work, judge: Judge, judged: Mapping[Person, Judged], door: str
) -> Counter[str]:
    """Write down rows that were judged where they were found; return word -> how many.

    :param work: the open transaction.
    :param judge: who judged them.
    :param judged: table and key -> what is thought of the row.
    :param door: who saw it.
    """
    counts: Counter[str] = Counter()
    for (table, key), found in judged.items():
        fate = FATES.get(found.verdict)
        if fate is None or found.mark is None or not unknown(work.conn, table, {key: found.mark}):
            continue
        seen = Seen(found.mark.origin, table, key_text(key), _why(found, fate), door, fate)
        counts[fate.value] += note(work, seen)
        if table not in work.datamap.subjects and fate is Fate.OPEN:
            counts.update(along(work, judge, table, key, door))
    return counts


def along(work: Work, judge: Judge, table: str, key: Key, door: str) -> Counter[str]:
    """Write down the people who came back with a booking, so that all of theirs goes again."""
    whose: Iterable[tuple[Person, Judged]] = judge.owners(table, key).items()
    back = {person: found for person, found in whose if found.verdict is Verdict.RESYNC}
    return put(work, judge, back, door)


def _unclear(work: Work) -> Sequence[Row[Any]]:
    """Return the next rows that wait for staff: many may wait for years, and all have turns."""
    table, last = tables.returned, pulse.look(work.conn, LOOKED)
    after = 0 if last is None else int(last.note)
    wanted = (
        select(table)
        .where(table.c.state == Fate.STAFF.value, table.c.door.in_((FLUSH, BULK, SWEEP, *_ASIDE)))
        .order_by(table.c.id)
    )
    lines = list(work.conn.execute(wanted.where(table.c.id > after).limit(MOST)))
    if after and len(lines) < MOST:
        before = wanted.where(table.c.id <= after).limit(MOST - len(lines))
        lines += work.conn.execute(before)
    if len(lines) == MOST:
        pulse.put(work.conn, LOOKED, Pulse(work.stamp, str(lines[-1].id)))
    return lines


def _kept(work: Work, who: Iterable[Person]) -> set[Person]:
    """Return those of some rows of which a part is kept: what stands in it is no sign of life."""
    kept, texts = tables.kept.c, {(name, key_text(key)): (name, key) for name, key in who}
    found = set[Person]()
    for part in chunks(sorted(texts)):
        wanted = select(kept.table_name, kept.row_key).where(
            among([kept.table_name, kept.row_key], part), kept.ended_at.is_(None)
        )
        found |= {texts[name, key] for name, key in work.conn.execute(wanted)}
    return found


def look_again(work: Work) -> int:
    """Let live what was unclear and shows a new life by now, and forget what is empty by now.

    A person often books some time after the profile was made. Of rows that no mark tells of only
    those are done with that a request erased meanwhile; return how many rows that is.

    :param work: the open transaction.
    """
    table, lines = tables.returned, _unclear(work)
    judge = Judge(work, lambda mark: False)
    keys, _ = people.keys_of(work, lines)
    whose = {line.id: (line.table_name, keys[line.id]) for line in lines if line.id in keys}
    aside = [w for line in lines if (w := whose.get(line.id)) and line.door in _ASIDE]
    empty, _ = _readable(lambda some: dict.fromkeys(shells(work, some), True), aside)
    back = [whose[line.id] for line in lines if line.door == refilled.DOOR and line.id in whose]
    empty |= _readable(lambda some: dict.fromkeys(refilled.emptied(work, some), True), back)[0]
    parts = [whose[line.id] for line in lines if line.door == PART and whose.get(line.id) in empty]
    empty = {who: True for who in empty if who not in _kept(work, parts)}
    done = 0
    for line in lines:
        who = whose.get(line.id)
        if who is None or (line.door in _ASIDE and who not in empty):
            continue
        key, known = who[1], line.table_name in judge.known and line.door not in _ASIDE
        judged, unread = _readable(partial(judge.rows, line.table_name), [key] if known else [])
        if unread:
            continue
        found, state = judged.get(key), None
        if found is None or found.verdict is Verdict.STRANGER:
            state = Fate.GONE
        elif found.verdict is Verdict.LIVES:
            state = Fate.LIVES
        # What staff decided since it was read stands.
        still = update(table).where(table.c.id == line.id, table.c.state == Fate.STAFF.value)
        if state is not None and work.conn.execute(still.values(state=state.value)).rowcount:
            recheck(work, line.request)
            done += 1
    return done
