"""The end of our own data: each night what has had its time goes, in batches, again without harm.

What each table holds and when it goes is said in `core.owntables`; here it is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, or_, select, update

from ...core.events import SYSTEM, OwnDataEnded
from ...core.lifecycle import OPEN
from ...core.log import slug
from ...core.own import WEEKS
from .. import tables
from ..access import brake, pulse
from ..binds import intents
from ..boxes import boxing
from ..executing.forgetting import keys_back
from ..incidents import noticing
from ..messages import outbox, unheard
from ..requests import bygone
from ..requests.bygone import BATCH, WAITING, Step, cutoff
from ..requests.tombstones import LOOKUPS
from ..retaining import law
from ..retaining.vouching import NO_FACTS
from ..statements.sql import one_of
from ..unit import HasWork, Run
from ..work import Work

LOOKS = 10
"""Batches of rows that one night looks up at the host, so that a night stays short."""


def end(run: Run) -> int:
    """End what has had its time, one short transaction after another.

    :param run: runs a unit of work.
    :return: how many rows and requests ended.
    """
    total, waiting = 0, dict.fromkeys(STEPS, 0)
    while waiting:
        ended, waiting = run(partial(_batches, waiting))
        total += ended
    for _ in range(LOOKS):
        ended, more = run(_look)
        total += ended
        if not more:
            break
    return total


def _batches(waiting: Mapping[str, int], office: HasWork) -> tuple[int, dict[str, int]]:
    """Take the next batch of each step; return how many ended, and which steps go on where."""
    total, following = 0, {}
    for name, after in waiting.items():
        counts, onward = STEPS[name](office.work, after)
        _tell(office.work, name, counts)
        total += counts.total()
        if onward:
            following[name] = onward
    return total, following


def _look(office: HasWork) -> tuple[int, bool]:
    """Look at the next rows of what is too long for one night; remember where it ended."""
    work, total, more = office.work, 0, False
    for name, look in LOOKUPS.items():
        last = pulse.look(work.conn, f"own-{name}")
        after = int(last.note) if last is not None and last.note else 0
        counts, following = look(work, after)
        pulse.put(work.conn, f"own-{name}", pulse.Pulse(work.stamp, str(following)))
        _tell(work, name, counts)
        total, more = total + counts.total(), more or bool(following)
    return total, more


def _tell(work: Work, name: str, counts: Counter[str]) -> None:
    """Note what ended, for its controller; of what concerns the house, for each."""
    for controller, count in sorted(counts.items()):
        for who in [controller] if controller else brake.controllers(work):
            work.events.append(OwnDataEnded(who, actor=SYSTEM, counts={name: count}))


# what an age alone decides


def _aged(table: Table, condition: Callable[[Work], ColumnElement[bool]]) -> Any:
    """Return a step that deletes the rows of a table under a condition."""
    (key,) = table.primary_key.columns

    def step(work: Work, after: int) -> Step:
        columns = [key, *_owner(table)]
        rows = work.conn.execute(
            select(*columns).where(condition(work)).limit(BATCH)
        ).all()
        if rows:
            work.conn.execute(delete(table).where(key.in_([row[0] for row in rows])))
        return _counted(work, table, rows), int(len(rows) == BATCH)

    return step


def _owner(table: Table) -> list[Column[Any]]:
    return [table.c[name] for name in ("controller", "property") if name in table.c][:1]


def _counted(work: Work, table: Table, rows: Iterable[Sequence[Any]]) -> Counter[str]:
    """Return controller -> how many rows; of what no property that is known names, the house's."""
    if "controller" in table.c:
        return Counter(row[1] for row in rows)
    places = {code: slug(p.controller) for code, p in work.settings.properties.items()}
    return Counter(places.get(row[1], "") if len(row) > 1 else "" for row in rows)


def _weeks(work: Work) -> datetime:
    return work.stamp - timedelta(days=WEEKS.days)


def _outbox(work: Work) -> ColumnElement[bool]:
    out, sent = tables.outbox, tables.delivery
    named = select(sent.c.outbox).where(sent.c.outbox.is_not(None))
    needed = or_(noticing.marked(), unheard.needed())
    over = out.c.state == outbox.SENT, out.c.done_at < _weeks(work), ~needed
    return and_(*over, out.c.id.not_in(named))


def _box(work: Work) -> ColumnElement[bool]:
    box, kept = tables.box, tables.kept
    named = select(kept.c.id).where(kept.c.box == box.c.id, kept.c.ended_at.is_(None))
    return and_(box.c.forgotten_at < _weeks(work), ~named.exists())


def _day(work: Work) -> ColumnElement[bool]:
    day, box = tables.day, tables.box
    named = select(box.c.label).where(box.c.forgotten_at.is_(None))
    return and_(
        day.c.state == boxing.ENDED,
        day.c.at < _weeks(work),
        ~bygone.names_one(day.c.label),
        day.c.label.not_in(named),
        ~one_of(day.c.label, sorted(work.custodian.labels())),
    )


def _holds(work: Work, after: int) -> Step:
    """Delete holds that were lifted long ago; silent ones are not among those that are counted."""
    hold = tables.hold
    # Its number names a key that was destroyed, so the newest one stays: no engine gives it again.
    newest = work.conn.execute(select(func.max(hold.c.id))).scalar() or 0
    over = hold.c.lifted_at < cutoff(work.now), hold.c.id < newest
    wanted = select(hold.c.id, hold.c.controller, hold.c.silent).where(*over).limit(BATCH)
    rows = work.conn.execute(wanted).all()
    if rows:
        work.conn.execute(delete(hold).where(hold.c.id.in_([row.id for row in rows])))
    told = Counter(str(row.controller) for row in rows if not row.silent)
    return told, int(len(rows) == BATCH)


def _run(work: Work) -> ColumnElement[bool]:
    run = tables.run
    last = select(func.max(run.c.id)).group_by(run.c.kind, run.c.property)
    newest = list(work.conn.execute(last).scalars())
    return and_(run.c.started_at < cutoff(work.now), run.c.id.not_in(newest))


def _disclosure(work: Work) -> ColumnElement[bool]:
    table, box = tables.disclosure, tables.box
    open_ = select(box.c.id).where(box.c.forgotten_at.is_(None), box.c.id == table.c.box)
    return and_(
        table.c.made_at < cutoff(work.now), table.c.reviewed_at.is_not(None), ~open_.exists()
    )


def _task(work: Work) -> ColumnElement[bool]:
    task, sent = tables.task, tables.delivery
    named = select(sent.c.task).where(sent.c.task.is_not(None))
    return and_(task.c.done_at < cutoff(work.now), task.c.id.not_in(named))


def _copy(work: Work) -> ColumnElement[bool]:
    copy, request = tables.copy, tables.request
    known = select(request.c.id).where(request.c.number == copy.c.request)
    return and_(copy.c.offered_at < cutoff(work.now), ~known.exists())


def _objection(work: Work) -> ColumnElement[bool]:
    table, request = tables.objection, tables.request
    known = select(request.c.id).where(request.c.number == table.c.request)
    return and_(table.c.objected_at < cutoff(work.now), ~known.exists())


def _apitoken(work: Work) -> ColumnElement[bool]:
    table = tables.apitoken
    return or_(
        table.c.ends_on < cutoff(work.now).date().isoformat(),
        table.c.revoked_at < cutoff(work.now),
    )


def _mark(work: Work) -> ColumnElement[bool]:
    return tables.mark.c.ends_on < work.today


def _returned(work: Work) -> ColumnElement[bool]:
    back = tables.returned
    settled = func.coalesce(back.c.decided_at, back.c.seen_at)
    return and_(
        back.c.request.is_(None), back.c.state.not_in(WAITING), settled < cutoff(work.now)
    )


def _delivery(work: Work) -> ColumnElement[bool]:
    sent = tables.delivery
    return and_(sent.c.request.is_(None), sent.c.queued_at < cutoff(work.now))


def _search(work: Work) -> ColumnElement[bool]:
    search, request = tables.search, tables.request
    known = select(request.c.id).where(request.c.number == search.c.request)
    return and_(search.c.ended_at < cutoff(work.now), ~known.exists())


def _canary(work: Work) -> ColumnElement[bool]:
    return tables.canary.c.ended_at < cutoff(work.now)


def _restoration(work: Work) -> ColumnElement[bool]:
    table, request = tables.restoration, tables.request
    known = select(request.c.id).where(request.c.number == table.c.request)
    return and_(table.c.proposed_at < cutoff(work.now), ~known.exists())


def _intent(work: Work) -> ColumnElement[bool]:
    intent, other = tables.intent, tables.intent.alias()
    # Without the line of a database that is done, nobody can go on with the rest.
    same = other.c.number == intent.c.number
    waits = select(other.c.id).where(same, other.c.state == intents.OPEN)
    return and_(intent.c.ended_at < _weeks(work), ~waits.exists())


def _census(work: Work) -> ColumnElement[bool]:
    table = tables.census
    last = select(func.max(table.c.id)).group_by(table.c.property, table.c.table_name)
    newest = list(work.conn.execute(last).scalars())
    return and_(table.c.at < _weeks(work), table.c.id.not_in(newest))


def _departed(work: Work) -> ColumnElement[bool]:
    # Whoever counts takes those it has counted; these stayed because nobody counts any more.
    return tables.departed.c.at < _weeks(work)


def _due(work: Work) -> ColumnElement[bool]:
    return tables.due.c.looked_at < _weeks(work)


def _look_row(work: Work) -> ColumnElement[bool]:
    return tables.look.c.whole_at < _weeks(work)
def _complaint(work: Work) -> ColumnElement[bool]:
    return tables.complaint.c.ended_at < cutoff(work.now)


def _feedback(work: Work) -> ColumnElement[bool]:
    return tables.feedback.c.at < cutoff(work.now)


def _incident(work: Work) -> ColumnElement[bool]:
    return tables.incident.c.closed_at < cutoff(work.now)


def _notice(work: Work) -> ColumnElement[bool]:
    table = tables.notice
    return and_(table.c.proposed_at < cutoff(work.now), ~_known(table.c.incident))


def _measure(work: Work) -> ColumnElement[bool]:
    table = tables.measure
    return and_(table.c.made_at < cutoff(work.now), ~_known(table.c.incident))


def _known(incident: Column[Any]) -> ColumnElement[bool]:
    table = tables.incident
    return select(table.c.id).where(table.c.number == incident).exists()
def _alert(work: Work) -> ColumnElement[bool]:
    return tables.alert.c.closed_at < cutoff(work.now)


def _training(work: Work) -> ColumnElement[bool]:
    table = tables.training
    ended = func.coalesce(table.c.ends_at, table.c.missed_at)
    return and_(ended < cutoff(work.now), or_(
        table.c.missed_at.is_(None), table.c.missed_at < cutoff(work.now)
    ))  # fmt: skip


def _reviewed(work: Work) -> ColumnElement[bool]:
    return tables.reviewed.c.day < cutoff(work.now).date().isoformat()


def _duty(work: Work) -> ColumnElement[bool]:
    duty, request = tables.duty, tables.request
    open_ = select(request.c.id).where(
        request.c.number == duty.c.request, request.c.state.in_([state.value for state in OPEN])
    )
    return and_(duty.c.since < _weeks(work), ~open_.exists())


def _handover(work: Work) -> ColumnElement[bool]:
    return tables.handover.c.given_at < cutoff(work.now)


def _monthly(work: Work) -> ColumnElement[bool]:
    return tables.monthly.c.closed_at < cutoff(work.now)


def _point(work: Work) -> ColumnElement[bool]:
    point, monthly = tables.point, tables.monthly
    known = select(monthly.c.id).where(monthly.c.number == point.c.monthly)
    return and_(point.c.made_at < cutoff(work.now), ~known.exists())


def _published(work: Work) -> ColumnElement[bool]:
    return tables.published.c.made_at < cutoff(work.now)


def _kept(work: Work) -> ColumnElement[bool]:
    kept = tables.kept
    return and_(
        kept.c.request.is_(None), kept.c.mode != law.SEALED, kept.c.ended_at < cutoff(work.now)
    )


def _pare(work: Work, after: int) -> Step:
    """Take the facts from sealed rows that went long ago; the row still says that it was sealed."""
    kept = tables.kept
    rows = work.conn.execute(
        select(kept.c.id, kept.c.controller)
        .where(
            kept.c.request.is_(None), kept.c.mode == law.SEALED,
            kept.c.ended_at < cutoff(work.now), kept.c.facts != NO_FACTS,
        )
        .order_by(kept.c.id)
        .limit(BATCH)
    ).all()  # fmt: skip
    if rows:
        ids = [row.id for row in rows]
        work.conn.execute(update(kept).where(kept.c.id.in_(ids)).values(facts=NO_FACTS))
    return _counted(work, kept, rows), int(len(rows) == BATCH)


STEPS: dict[str, Callable[[Work, int], Step]] = {
    "closed": bygone.close,
    "request": bygone.end,
    "outbox": _aged(tables.outbox, _outbox),
    "box": _aged(tables.box, _box),
    "keys": keys_back,
    "day": _aged(tables.day, _day),
    "hold": _holds,
    "run": _aged(tables.run, _run),
    "disclosure": _aged(tables.disclosure, _disclosure),
    "task": _aged(tables.task, _task),
    "mark": _aged(tables.mark, _mark),
    "returned": _aged(tables.returned, _returned),
    "delivery": _aged(tables.delivery, _delivery),
    "search": _aged(tables.search, _search),
    "canary": _aged(tables.canary, _canary),
    "restoration": _aged(tables.restoration, _restoration),
    "intent": _aged(tables.intent, _intent),
    "census": _aged(tables.census, _census),
    "departed": _aged(tables.departed, _departed),
    "due": _aged(tables.due, _due),
    "look": _aged(tables.look, _look_row),
    "alert": _aged(tables.alert, _alert),
    "training": _aged(tables.training, _training),
    "reviewed": _aged(tables.reviewed, _reviewed),
    "kept": _aged(tables.kept, _kept),
    "facts": _pare,
    "complaint": _aged(tables.complaint, _complaint),
    "feedback": _aged(tables.feedback, _feedback),
    "incident": _aged(tables.incident, _incident),
    "notice": _aged(tables.notice, _notice),
    "measure": _aged(tables.measure, _measure),
    "copy": _aged(tables.copy, _copy),
    "apitoken": _aged(tables.apitoken, _apitoken),
    "duty": _aged(tables.duty, _duty),
    "handover": _aged(tables.handover, _handover),
    "monthly": _aged(tables.monthly, _monthly),
    "point": _aged(tables.point, _point),
    "published": _aged(tables.published, _published),
    "objection": _aged(tables.objection, _objection),
}
"""Word of the journal -> step that ends one batch; in this order."""


