"""The rest of an erasure: what was kept goes when its floor, hold or precondition has ended."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row as Line
from sqlalchemy import false, or_, select, true, update

from ..core.certificate import CONTENT_MARK
from ..core.errors import BusyError, ErasureError, SealError, UnknownError
from ..core.events import SYSTEM, CheckCompleted, RetentionEnded
from ..core.lifecycle import State
from ..core.plan import Key, Outcome, Person, Plan, Reason, Row, key_text
from ..core.retention import Verdict
from . import (
    ageing,
    certifying,
    execution,
    keeping,
    law,
    outbox,
    people,
    planning,
    runs,
    shelf,
    tables,
    unheld,
    vault,
)
from .blockers import today_at
from .cases import Case, load, step, tell
from .claiming import Shift, work_off
from .comeback import marks, objections
from .datamap import Declared
from .depth import deepening
from .due import skips
from .eraser import Scope
from .finder import erased_before, find, owners
from .partners import recipients
from .recovery.window import recover, unkept
from .search import sought
from .sql import among, chunks
from .traces import holding
from .work import Work

if TYPE_CHECKING:
    from .office import Office

Run = Callable[[Callable[["Office"], Any]], Any]
"""Runs a unit of work in a transaction of its own."""

BATCH = 100
"""Sealed rows that one transaction looks at."""

MANY = 1000
"""Kept rows whose day one transaction finds again without a look at the host's."""

SOON = 2
"""Days before its last one on which a box is judged again, so that a longer floor is in time."""


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
    counts.update(settled(run))
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
        reason = law.reason(verdict(work, line))
        if (reason.until or None) != line.until:
            _note(work, line, reason)
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
    return counts | {"ended": int(complete(work, number))}


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
    keys = {line.id: found for line in lines if (found := _keys(work, line, who)) is not None}
    lines = [line for line in lines if line.id in keys]
    only = _only(work, lines, keys)
    scope = planning.bounded(work, _scope(work, only, who), lock=True, only=only)
    plan = planning.plan(work, scope)
    if plan.blocked:
        return {"waiting": len(lines)}
    if not plan.changing() and _same(work, lines, plan):
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
        recovery = recover(work, origin, spared.images(erased))
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
    return _only(work, kept, keys)


def _only(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> dict[tuple[str, Key], frozenset[str]]:
    """Return (table, key) -> the columns that were kept."""
    only: dict[tuple[str, Key], frozenset[str]] = {}
    for line in lines:
        columns = frozenset(json.loads(line.columns)) or _all(work, line.table_name)
        for key in keys[line.id]:
            place = line.table_name, key
            only[place] = only.get(place, frozenset()) | columns
    return only


def _keys(work: Work, line: Line[Any], who: frozenset[Person] | None) -> list[Key] | None:
    """Return the keys of a kept row as they are now, or None where nobody can say: then it stays.

    A row without a key of its own is another one once a column of it changed, and so is one whose
    key was to go; it is found by whose it is, as long as somebody asked.
    """
    declared = work.datamap.tables.get(line.table_name)
    if declared is None:
        return None
    if declared.keyed and line.row_key:
        try:
            return [people.read_key(work, line.table_name, line.row_key)]
        except UnknownError:
            return []
    if who is None:
        return None
    rows = find(work.conn, work.datamap, who, set(work.datamap.tables) - {declared.name})
    keys = [row.key for row in rows.get(declared.name, ())]
    columns = json.loads(line.columns) or sorted(_all(work, declared.name))
    return sorted(holding(work.conn, declared, keys, columns), key=key_text)


def _all(work: Work, table: str) -> frozenset[str]:
    declared = work.datamap.declared(table)
    return frozenset({*declared.erase, *declared.retain})


def _scope(
    work: Work, only: dict[tuple[str, Key], frozenset[str]], who: frozenset[Person] | None
) -> Scope:
    """Return the scope of these rows, as their owners are now."""
    by_table: dict[str, list[Key]] = {}
    for table, key in only:
        by_table.setdefault(table, []).append(key)

    def find() -> dict[str, list[Row]]:
        found = {}
        for table, keys in by_table.items():
            rows = rows_of(work, work.datamap.declared(table), keys, who)
            if rows:
                found[table] = rows
        return found

    return Scope(tuple(sorted(who or (), key=lambda p: (p[0], key_text(p[1])))), find)


def rows_of(
    work: Work, declared: Declared, keys: Sequence[Key], who: frozenset[Person] | None
) -> list[Row]:
    """Return rows that are still there, with their owners and the living others.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys.
    :param who: the people they are erased for; None when the record itself has ended, which is
        then nobody's to keep.
    """
    columns = [declared.table.c[c.key] for c in declared.key]
    there = [
        tuple(row)
        for part in chunks(keys)
        for row in work.conn.execute(select(*columns).where(among(columns, part)))
    ]
    known = owners(work.conn, work.datamap, declared, there)
    if who is None:
        return [Row(key, frozenset(known.get(key, ()))) for key in there]
    strangers = {p for each in known.values() for p, _ in each} - who
    living = strangers - erased_before(work.conn, work.datamap, strangers)
    return [
        Row(
            key,
            frozenset(o for o in known.get(key, ()) if o[0] in who),
            frozenset(o for o in known.get(key, ()) if o[0] in living),
        )
        for key in there
    ]


def _same(work: Work, lines: Sequence[Line[Any]], plan: Plan) -> bool:
    """Return whether a plan keeps exactly what is written down, for the same reasons."""
    before = {
        (line.table_name, line.row_key, line.mode, line.category, line.until or "", line.open)
        for line in lines
    }
    return before == keeping.outline(work, plan)


def complete(work: Work, number: str) -> bool:
    """End a request of which nothing is kept any more, with a supplement to its certificate.

    :return: whether it ended now.
    """
    if keeping.living(work, number):
        return False
    case = load(work, number, lock=True)
    if case.state is not State.SEALED:
        return False
    decisions = deepening.noted(case.decisions or {}, None)
    decisions["did"] = _gone(decisions.get("did", ()), _shared(work, number))
    _certify(work, case, decisions)
    return True


def _shared(work: Work, number: str) -> list[dict[str, Any]]:
    """Return what was kept of a request and stays, because it is another living person's too."""
    kept = tables.kept
    mine = select(kept).where(kept.c.request == number, kept.c.mode != law.SEALED)
    who = frozenset(people.taken(work, number))
    lines = [line for line in work.conn.execute(mine) if line.table_name in work.datamap.tables]
    only = _only(work, lines, {line.id: _keys(work, line, who) or [] for line in lines})
    plan = planning.plan(work, planning.bounded(work, _scope(work, only, who), only=only))
    return [i for i in execution.did(plan) if i["outcome"] == Outcome.SHARE.value]


def _gone(
    items: Iterable[dict[str, Any]], shared: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what was done in all, now that what stayed is gone but for what is shared."""
    left = [(each["table"], set(each["columns"]), each["rows"]) for each in shared]
    result = []
    for item in items:
        if item["outcome"] not in certifying.STAYING:
            result.append(item)
            continue
        went = {**item, "outcome": Outcome.OVERWRITE.value, "until": "", "open": []}
        rows, columns = item["rows"], set(item["columns"])
        for number, (table, theirs, many) in enumerate(left):
            if table != item["table"] or not columns & theirs:
                continue
            both = min(rows, many)
            rows, left[number] = rows - both, (table, theirs, many - both)
            if both and columns - theirs:
                result.append({**went, "rows": both, "columns": sorted(columns - theirs)})
        if rows:
            result.append({**went, "rows": rows})
    return [*result, *shared]


def _certify(work: Work, case: Case, decisions: dict[str, Any]) -> None:
    end = State.ERASED
    said = certifying.content(work, case, end, decisions)
    later = deepening.again(work, decisions)
    case = step(work, case, end, decisions=decisions, ended_at=work.stamp, try_at=later)
    marks = {CONTENT_MARK: said.mark()}
    tell(work, CheckCompleted, case, SYSTEM, {"left": 0}, (end.value,), marks)
    certifying.certify(work, case, said)


# boxes


def settled(run: Run, unknown: bool = True) -> dict[str, int]:
    """Judge boxes again whose end nobody knew, or that end soon; close what was forgotten.

    After a change of the law all of them are.

    :param run: runs a unit of work.
    :param unknown: also those whose end nobody knew; False before keys are destroyed, where only
        a floor that was lengthened matters.
    """
    counts: Counter[str] = Counter()
    last, everything = 0, unknown and run(lambda office: runs.changed(office.work))
    while True:
        last, done = run(partial(_settle, last, unknown, everything))
        counts.update(done)
        if not last:
            break
    return dict(counts)


def _settle(
    last: int, unknown: bool, everything: bool, office: Office
) -> tuple[int, dict[str, int]]:
    work, kept, box = office.work, tables.kept, tables.box
    day = (work.now.date() + timedelta(days=SOON)).isoformat()
    lines = work.conn.execute(
        select(
            kept, box.c.forgotten_at, box.c.label.label("box_label"),
            box.c.last_day.label("box_day"),
        )
        .join_from(kept, box, kept.c.box == box.c.id)
        .where(
            kept.c.id > last,
            kept.c.mode == law.SEALED,
            kept.c.ended_at.is_(None),
            or_(
                true() if everything else false(),
                kept.c.until.is_(None) if unknown else false(),
                kept.c.until <= day,
                box.c.forgotten_at.is_not(None),
            ),
        )
        .order_by(kept.c.id)
        .limit(BATCH)
    ).all()
    counts: Counter[str] = Counter()
    for line in lines:
        counts[_judge(work, line)] += 1
    counts.pop("", None)
    counts["ended"] += _close(work, lines)
    return (lines[-1].id if lines else 0), dict(counts)


def _judge(work: Work, line: Line[Any]) -> str:
    """Bring one sealed row up to date; return what became of it in a word, or nothing."""
    found = verdict(work, line)
    if line.forgotten_at is not None:
        today = today_at(work.settings, work.now, line.property)
        keeping.end(work, [line.id], early=found.kept(today))
        return "forgotten"
    reason = law.reason(found)
    words, until = ",".join(reason.open)[:120], reason.until or None
    if (words, until) == (line.open, line.until):
        _move(work, line, until)
        return ""
    if not found.kept(today_at(work.settings, work.now, line.property)):
        if line.box_label.startswith("hold:"):
            return ""
        vault.empty(work.conn, [line.box], work.stamp)
        shelf.forget(work)
        keeping.end(work, [line.id])
        return "forgotten"
    _move(work, line, until)
    _note(work, line, reason)
    return "settled"


def verdict(work: Work, line: Line[Any]) -> Verdict:
    """Return how long the law keeps a kept row, by what was written down about it."""
    facts = law.read_facts(work, line)
    return law.judge(work, facts, law.names_of(work, line))


def _note(work: Work, line: Line[Any], reason: Reason) -> None:
    work.conn.execute(
        update(tables.kept)
        .where(tables.kept.c.id == line.id)
        .values(
            open=",".join(reason.open)[:120], until=reason.until or None,
            rule=reason.rule[:80], basis=reason.basis[:250], grade=reason.grade,
        )
    )  # fmt: skip


def _move(work: Work, line: Line[Any], until: str | None) -> None:
    """Put a box under the key of the day it ends now; one under a hold keeps the hold's key."""
    terms = keeping.terms_of(work, line.controller, line.property, until)
    box = tables.box
    kept_for = line.box_label if line.box_label.startswith("hold:") else terms.label
    if (line.box_day, line.box_label) == (terms.last_day, kept_for):
        return
    work.conn.execute(update(box).where(box.c.id == line.box).values(last_day=terms.last_day))
    if not line.box_label.startswith("hold:") and terms.label != line.box_label:
        vault.rewrap(work.conn, work.custodian, [line.box], terms.label)
        shelf.remark(work, [line.box])


def _close(work: Work, lines: Iterable[Line[Any]]) -> int:
    numbers = {line.request for line in lines if line.request is not None}
    return sum(complete(work, number) for number in sorted(numbers))
