"""The rest of an erasure: what was kept goes when its floor, hold or precondition has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select

from ...core.errors import UnknownError
from ...core.events import SYSTEM, RetentionEnded
from ...core.plan import ANOTHER, Key, Person, Plan, key_text
from .. import tables
from ..binds import besides
from ..casework.cases import Case, load
from ..certificates import planning
from ..comeback import marks, objections, parted, sharing
from ..erasing import people
from ..erasing.eraser import Scope
from ..erasing.traces import holding, tells
from ..holding import unheld
from ..invented import canaries
from ..lawbook.blockers import Found
from ..messages import outbox
from ..partners import giving, recipients
from ..recovery.window import recover, unkept
from ..retaining import keeping, law, remainder, vouching
from ..search import queued
from ..sweeping import ageing, runs
from ..sweeping.claiming import Shift, work_off
from ..unit import HasWork, Run
from ..work import Work
from . import anew, completing, meanwhile, needed, newstay, settling
from .turns import Acts, Round, Unasked, Which, may_end

MANY = 1000
"""Kept rows whose day one transaction finds again without a look at the host's."""


LOOKED = "kept-looked"
"""Under which name it is noted by which rules the days of what is kept were found."""

HELD_ON = "held-on"
"""How many rows that a hold kept wait for something else; nobody is told of it."""


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
    look_over(run)
    counts = Counter(finish_dated(run, skip, shift))
    counts.update(finish_undated(run, skip, shift))
    return dict(counts)


def finish_dated(
    run: Run, skip: frozenset[str], shift: Shift, said: MutableMapping[str, str] | None = None,
    counts: Counter[str] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Let go of what is kept until a day that is over.

    :param run: runs a unit of work.
    :param skip: properties at which nothing goes now.
    :param shift: what may be taken.
    :param said: where to say of which request something failed, and the name of the error's class.
    :param counts: where to count what is returned, also what was done before something is raised.
    :return: finished rows, requests that ended, and what waits or failed.
    """
    said = {} if said is None else said
    counts = Counter() if counts is None else counts
    with _telling(counts) as did:
        Round(run, Which(skip, dated=True), shift, _acts(), said, did).work()
    return dict(counts)


def finish_undated(
    run: Run, skip: frozenset[str], shift: Shift, said: MutableMapping[str, str] | None = None,
    counts: Counter[str] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Look again at what is kept until nobody knows when, and let go of what need not be kept.

    Most of it stays night after night: who has little time does it after what has a day.

    :param run: runs a unit of work.
    :param skip: properties at which nothing goes now.
    :param shift: what may be taken.
    :param said: where to say of which request something failed, and the name of the error's class.
    :param counts: where to count what is returned, also what was done before something is raised.
    :return: finished rows, requests that ended, and what waits or failed.
    """
    lifted = run(lambda office: unheld.since(office.work))
    which = Which(skip, dated=False, held=bool(lifted))
    counts = Counter() if counts is None else counts
    with _telling(counts) as did:
        Round(run, which, shift, _acts(), {} if said is None else said, did).work()
        if lifted and not (shift.over() or skip or did["unfinished"] or did[HELD_ON]):
            run(lambda office: unheld.note(office.work, lifted))
        # A box is ours: neither a night audit nor the limits of a sweep keep one from being closed.
        settling.settled(shift.gentle(run), counts=did)
    return dict(counts)


def finish_unasked(
    run: Run, shift: Shift, skip: frozenset[str], dated: bool, counts: Counter[str] | None = None
) -> dict[str, int]:
    """Let go of what was kept without a request; several processes may do so at once.

    :param run: runs a unit of work.
    :param shift: what may be taken.
    :param skip: properties at which nothing goes now.
    :param dated: what is kept until a day that is over, or what nobody knows the day of.
    :param counts: where to count what is returned, also what was done before something is raised.
    :return: finished rows, and what waits or failed.
    """
    counts = Counter() if counts is None else counts
    with _telling(counts) as did:
        work_off(run, Unasked(Which(skip, dated), _rows), shift, did)
    return dict(counts)


@contextmanager
def _telling(counts: Counter[str]) -> Iterator[Counter[str]]:
    """Count of what is done what is told, also where something is raised then."""
    did: Counter[str] = Counter()
    try:
        yield did
    finally:
        counts.update({word: many for word, many in did.items() if many and word != HELD_ON})


def _acts() -> Acts:
    return Acts(_request, _rows)


def look_over(run: Run) -> None:
    """After a change of the law, find the day of what is kept again, so that none stays longer.

    Rows are only looked at, also while nothing may go: those whose day is over now go with the
    others. One that is cut short begins anew the next time.

    :param run: runs a unit of work.
    """
    mark = run(lambda office: runs.unseen(office.work, LOOKED))
    if not mark:
        return
    last = run(partial(_look_over, 0))
    while last:
        last = run(partial(_look_over, last))
    run(lambda office: runs.see(office.work, LOOKED, mark))


def _look_over(last: int, office: HasWork) -> int:
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


def _request(number: str, skip: frozenset[str], office: HasWork) -> dict[str, int]:
    work = office.work
    case = _case(work, number)
    kept = tables.kept
    mine = select(kept).where(may_end(work, skip), kept.c.request == number)
    who = people.spelt(work, people.taken(work, number))
    lines = work.conn.execute(mine).all()
    going = anew.due(work, lines, who, None if case is None else case.erased_at)
    asked = lines[0] if case is None and lines else case
    if asked is None:
        return {}
    origin = keeping.Origin(number, asked.controller, asked.property)
    counts = Counter(_finish(work, origin, going, who))
    # Nobody looks at these again once it is noted that their hold was lifted.
    counts[HELD_ON] += sum(line.mode == law.HELD for line in lines if line not in going)
    return {**counts, "ended": int(completing.complete(work, number))}


def _case(work: Work, number: str) -> Case | None:
    """Return a request, or None where somebody took its row away: no day waits for that."""
    try:
        return load(work, number, lock=True)
    except UnknownError:
        return None


def _rows(lines: Sequence[Line[Any]], office: HasWork) -> dict[str, int]:
    work = office.work
    counts: Counter[str] = Counter()
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in anew.due(work, lines, None):
        groups.setdefault((line.controller, line.property), []).append(line)
    for (controller, place), group in sorted(groups.items()):
        counts.update(_group(work, keeping.Origin(None, controller, place), group))
    return dict(counts)


def _group(work: Work, origin: keeping.Origin, lines: Sequence[Line[Any]]) -> Mapping[str, int]:
    """Finish rows that nobody asked for, of which only those that are blocked wait.

    What blocks one of them is no reason to keep another: they only happen to end at one place.
    """
    lines = needed.due(work, lines)
    counts = _finish(work, origin, lines, None) if lines else {}
    if len(lines) <= 1 or not counts.get("waiting"):
        return counts
    half = len(lines) // 2
    found = Counter(_group(work, origin, lines[:half]))
    found.update(_group(work, origin, lines[half:]))
    return found


def _finish(
    work: Work, origin: keeping.Origin, lines: Sequence[Line[Any]], who: frozenset[Person] | None
) -> dict[str, int]:
    """Erase of these kept rows what may go now, and write down anew what stays.

    :param work: the open transaction.
    :param origin: on whose behalf they are kept.
    :param lines: rows of our table.
    :param who: the people of the request; None when the rows ended by themselves.
    """
    known_keys = ((line.id, _keys(work, line, who)) for line in lines)
    keys = {id: found for id, found in known_keys if found is not None}
    lines = [line for line in lines if line.id in keys]
    gone = [line for line in lines if not keys[line.id] and line.open != ANOTHER]
    others = parted.given(work, lines, keys) if origin.number is not None else set[Person]()
    keys = {
        line.id: [key for key in keys[line.id] if (line.table_name, key) not in others]
        for line in lines
    }
    only = remainder.kept_columns(work, lines, keys)
    held, stays = _held(lines, keys), newstay.needs(work, origin.number, lines, keys)
    scope, plan = _drawn(work, origin, only, who, held, stays)
    if going := remainder.whole(work, lines, only, plan):
        scope, plan = _drawn(work, origin, only | going, who, held, stays)
    if plan.blocked:
        return {"waiting": len(lines), HELD_ON: sum(line.mode == law.HELD for line in lines)}
    if not plan.changing() and remainder.is_same(work, lines, plan):
        return {}
    known = giving.gather(work, origin.property, plan, _untold(work, lines, keys))
    spared = unkept(work, plan)
    invented = canaries.is_one(work, origin.number)
    if origin.number is not None and not invented:
        last, full = parted.last(work, plan)
        marks.take(work, origin, plan, outside=True, last=last)
        parted.note(work, full | others)
        parted.free(work, gone)
        objections.take(work, origin, plan)
    erased = planning.erase(work, origin, plan, scope)
    erased.rest = [meanwhile.unwritten(work, origin.number, each) for each in erased.rest]
    _end(work, lines, keys)
    keeping.record(work, origin, plan, erased, _since(lines, keys), _stood(work, lines, keys))
    if origin.number is not None:
        newstay.ask(work, origin, plan)
        people.bury(work, origin.number, plan.spared() | _full(work, origin.number, who or ()))
        sharing.note(work, origin.number, plan)
        besides.note(work, origin.number, erased)
    recovery = ""
    if not any(_at_once(work, line) for line in lines if line.until):
        recovery = recover(work, origin, spared.strips(erased))
    if origin.number is not None:
        queued.more(work, origin.number, erased.images)
    for root, name, until in spared.files(erased, recovery):
        outbox.queue_file(work, origin, root, name, until, erased.owners([(root, name)]))
    recipients.queue(work, origin, known, again=True, invented=invented)
    if erased.taken:
        work.events.append(RetentionEnded(
            origin.controller, origin.property, origin.number or "", SYSTEM, erased.counts
        ))
    return {"finished": sum(erased.counts.values())}


def _end(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> None:
    """Note that kept rows have ended, but for what the policy leaves in them by now."""
    known = [(line, remainder.unruled(work, line)) for line in lines if keys[line.id]]
    left = {line.id: (line, names) for line, names in known if names}
    keeping.end(work, keys.keys() - left.keys())
    for line, names in left.values():
        keeping.narrow(work, line, names)


def _drawn(
    work: Work, origin: keeping.Origin, only: dict[tuple[str, Key], frozenset[str]],
    who: frozenset[Person] | None, held: keeping.Since, stays: Sequence[Found],
) -> tuple[Scope, Plan]:
    """Return the scope of these columns, locked, and the plan about them."""
    about = remainder.scope(work, only, who, held)
    house = origin.property
    scope = planning.bounded(work, about, lock=True, only=only, house=house, also=stays)
    return scope, planning.plan(work, scope)


def _keys(
    work: Work, line: Line[Any], who: frozenset[Person] | None
) -> list[Key] | None:
    """Return the keys of a kept row; none of a common profile that another request has taken.

    Overwritten once more it would be newer than that erasure, which could not be taken back.
    """
    keys, columns = remainder.keys_of(work, line, who), remainder.columns_of(work, line) or ()
    if not keys or (line.mode, line.open) != (law.BLOCKED, ANOTHER):
        return keys
    declared = work.datamap.declared(line.table_name)
    if not tells(declared, columns):
        return keys
    return sorted(holding(work.conn, declared, keys, columns), key=key_text)


def _since(lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]) -> keeping.Since:
    """Return since when rows are kept that nobody asked about: who was erased later is back.

    Of a request each reason counts from its own day, on which the officer may have to be told.
    """
    found: dict[tuple[str, Key], datetime] = {}
    for line in lines:
        for key in keys[line.id] if line.request is None else ():
            place = line.table_name, key
            found[place] = min(line.since, found.get(place, line.since))
    return found


def _stood(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> keeping.Stood:
    """Return the marks of what stood in rows as a precondition first kept it."""
    found: dict[tuple[str, Key], dict[str, str]] = {}
    for line in lines:
        marks = vouching.stood_before(work, line)
        for key in keys[line.id] if marks else ():
            found.setdefault((line.table_name, key), {}).update(marks)
    return found


def _held(lines: Sequence[Line[Any]], keys: Mapping[int, Sequence[Key]]) -> keeping.Since:
    """Return since when rows are kept that nobody asked about, of those that a hold alone kept."""
    held = _since([line for line in lines if line.mode == law.HELD], keys)
    others = _since([line for line in lines if line.mode != law.HELD], keys)
    return {place: at for place, at in held.items() if place not in others}


def _full(work: Work, number: str, who: Iterable[Person]) -> frozenset[Person]:
    """Return whose own row is kept as it was: also of those who are not looked at now."""
    kept, texts = tables.kept.c, {(name, key_text(key)): (name, key) for name, key in who}
    whole = kept.mode.in_([law.HELD, law.ANEW]) | (kept.open == ANOTHER)
    mine = kept.request == number, kept.ended_at.is_(None), whole
    found = (kept.table_name, kept.row_key, kept.columns, kept.category)
    rows = work.conn.execute(select(*found).where(*mine)).all()
    # Of who is kept by no more than what no rule takes, the rest is gone.
    full = (row for row in rows if not remainder.is_left(work, row))
    places = ((row.table_name, row.row_key) for row in full)
    return frozenset(texts[place] for place in places if place in texts)


def _at_once(work: Work, line: Line[Any]) -> bool:
    record = vouching.read_facts(work, line)
    return ageing.at_once(work, record, law.names_of(work, line))


def _untold(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> giving.Only:
    """Return the columns that nobody was told of, because a hold or the hotel kept them."""
    kept = [line for line in lines if line.mode in (law.HELD, law.BLOCKED, law.ANEW)]
    return remainder.kept_columns(work, kept, keys)
