"""What is wrong now, computed from what exists; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from sqlalchemy import Row, func, select

from ...core.alert import FOUND, AlertKind, Cause
from ...core.errors import BusyError, SealError, SetupError
from .. import tables
from ..access import brake
from ..executing import execution
from ..identity import objecting
from ..mapping.crossing import away_of
from ..mapping.declared import Declared
from ..messages import outbox
from ..requests import deadlines
from ..retaining import holds
from ..sweeping import due, runs
from ..sweeping.ageing import PAGE, ageing, expired
from ..training import records
from ..upkeep import watch
from ..work import Work
from . import backups, emergency, heads

GRACE = timedelta(days=2)
"""How long after its day something may still wait for the next night."""

_SILENT = timedelta(days=1)
_FAILED = {
    outbox.MESSAGE: AlertKind.MESSAGE_FAILED,
    outbox.FILE: AlertKind.FILE_FAILED,
    outbox.BACK: AlertKind.FILE_FAILED,
    outbox.RECIPIENT: AlertKind.RECIPIENT_FAILED,
}


def look(work: Work, doubt: str | None = None) -> list[Cause]:
    """Return everything that is wrong now, each once.

    Of several databases one that is left out is told, and all else looked at without it.

    :param work: an open transaction; a read-only one is enough.
    :param doubt: why the clock cannot be believed, where that was asked a moment ago.
    """
    found: dict[tuple[str, str, str], Cause] = {}
    for cause in _all(work, brake.doubted(work) if doubt is None else doubt):
        found.setdefault(cause.same(), cause)
    return sorted(found.values(), key=lambda cause: cause.same())


_KEYLESS = frozenset({"keys-foreign", "keys-closed"})
"""About what is said where the keys keep everybody from looking at the rest of `check`."""

_BY_ROWS = frozenset({AlertKind.PAST_DUE.value, AlertKind.FILES_AWAY.value})
"""What the host's rows tell, which may lie in a database that does not answer."""


def unseen(found: Iterable[Cause]) -> frozenset[str]:
    """Return the kinds of which nobody can tell now whether they are gone.

    :param found: what `look` returned.
    """
    found = list(found)
    keyless = any(cause.about in _KEYLESS for cause in found)
    away = any(cause.kind == AlertKind.DATABASE_AWAY for cause in found)
    return frozenset(FOUND.values() if keyless else ()) | (_BY_ROWS if away else frozenset())


def _all(work: Work, doubt: str) -> Iterator[Cause]:
    if doubt:
        yield Cause(AlertKind.CLOCK_DOUBTED, "", "clock-doubted", work.stamp)
        return
    for name in away_of(work.conn):
        yield Cause(AlertKind.DATABASE_AWAY, "", name[:120], work.stamp)
    yield from _findings(work)
    yield from _past_due(work)
    yield from _answers(work)
    yield from _failing(work)
    yield from _boxes(work)
    yield from _outbox(work)
    yield from _objected(work)
    yield from heads.causes(work)
    yield from backups.causes(work)
    yield from emergency.causes(work)
    yield from records.causes(work)


def _findings(work: Work) -> Iterator[Cause]:
    """Yield what `check` finds about clock, sweep, keys, register, checkpoints and journal."""
    try:
        found = watch.findings(work, doubt="")
    except SealError:
        yield Cause(AlertKind.KEYS_UNSOUND, "", "keys-foreign", work.stamp)
        return
    except SetupError:
        if not work.custodian.closed():
            raise
        yield Cause(AlertKind.KEYS_UNSOUND, "", "keys-closed", work.stamp)
        return
    for each in found:
        kind = FOUND.get(each.id)
        if kind is not None:
            # Of a guest register the finding names the property; other findings name other things.
            code = each.column if kind is AlertKind.REGISTER_BROKEN else ""
            place = code if code in work.settings.properties else ""
            yield Cause(kind, place, each.id, work.stamp)


def _past_due(work: Work) -> Iterator[Cause]:
    """Yield what has had its time and is still there, two nights later."""
    days: dict[tuple[str, str], list[date]] = {}
    for declared in ageing(work):
        try:
            late = list(_late(work, declared))
        except BusyError:
            # Where or when a row is may be told by one of a database that does not answer.
            if not away_of(work.conn):
                raise
            continue
        for place, category, day in late:
            if place in work.settings.properties:
                days.setdefault((place, f"{declared.name}/{category}"), []).append(day)
    for (place, about), mine in days.items():
        yield Cause(AlertKind.PAST_DUE, place, about[:120], _midnight(min(mine)), len(mine))


def _late(work: Work, declared: Declared) -> Iterator[tuple[str, str, date]]:
    """Yield property, category and day of rows of a table that are late and not held."""
    late = (work.now - GRACE).date()
    # What a sweep has just looked for is written down; where none did, or none could, everything
    # is read.
    last = runs.last_sweep(work) if _looked(work, declared.name, late) else None
    if last is None or runs.is_stale(work) or not due.remembers(work, declared):
        items = [item for item in expired(work, declared) if item.day < late]
        kept = holds.held(work, declared.name, [item.key for item in items])
        yield from ((e.place, e.category, e.day) for e in items if e.key not in kept)
        return
    page = due.page(work, declared.name, 0, PAGE)
    while page:
        claims = due.keys(declared, (e for e in page if e.day < late.isoformat()))
        kept = holds.held(work, declared.name, list(claims))
        for key, each in claims.items():
            if key not in kept:
                yield each.property, each.category, date.fromisoformat(each.day)
        page = due.page(work, declared.name, page[-1].id, PAGE)


def _looked(work: Work, name: str, since: date) -> bool:
    """Return whether a look at a table ended since a day, or one at all of it goes on in steps."""
    table = tables.look
    ended = table.c.after.is_(None) | table.c.after.startswith("@")
    goes_on = ~ended & (table.c.after != "")
    mine = table.c.table_name == name, goes_on | (ended & (table.c.day >= since.isoformat()))
    return work.conn.execute(select(table.c.day).where(*mine)).first() is not None


def _answers(work: Work) -> Iterator[Cause]:
    """Yield the properties at which an answer to a guest is late."""
    late: dict[str, list[date]] = {}
    for case in deadlines.watched(work):
        if deadlines.late(work, case):
            receipt = deadlines.receipt_due(work, case)
            day = min(filter(None, (deadlines.due(work, case), receipt)))
            late.setdefault(case.property, []).append(day)
    for case in deadlines.untold(work):
        late.setdefault(case.property, []).append(deadlines.due(work, case))
    for code, days in late.items():
        yield Cause(AlertKind.ANSWER_LATE, code, "", _midnight(min(days)), len(days))


def _failing(work: Work) -> Iterator[Cause]:
    """Yield the properties at which approved requests cannot be carried out, time after time."""
    for code, count in execution.failing(work).items():
        if code in work.settings.properties:
            yield Cause(AlertKind.REQUEST_FAILING, code, "", work.stamp, count)


def _boxes(work: Work) -> Iterator[Cause]:
    """Yield boxes that are past their day and were not forgotten; those under a hold wait."""
    box = tables.box
    day = (work.now - GRACE).date().isoformat()
    row = work.conn.execute(
        select(func.count(), func.min(box.c.last_day)).where(
            box.c.forgotten_at.is_(None), box.c.last_day < day, box.c.label.not_like("hold:%")
        )
    ).one()
    if row[0]:
        yield Cause(AlertKind.BOX_LATE, "", "", _midnight(date.fromisoformat(row[1])), row[0])


def _outbox(work: Work) -> Iterator[Cause]:
    """Yield what could not be sent or removed, and whether nobody sends at all."""
    out = tables.outbox
    failed = work.conn.execute(
        select(
            out.c.property, out.c.kind, func.min(out.c.done_at).label("since"),
            func.count().label("many"),
        )
        .where(out.c.state == outbox.FAILED)
        .group_by(out.c.property, out.c.kind)
    ).all()  # fmt: skip
    for row in failed:
        yield _undelivered(work, row)
    row = work.conn.execute(
        select(func.count(), func.min(out.c.next_at)).where(
            out.c.state.in_([outbox.QUEUED, outbox.SENDING]),
            out.c.next_at < work.stamp - _SILENT,
            out.c.kind != outbox.FILE,
        )
    ).one()
    if row[0]:
        yield Cause(AlertKind.WORKER_SILENT, "", "", row[1], row[0])


def _objected(work: Work) -> Iterator[Cause]:
    """Yield the requests to which somebody objected and that no step leads back to a person."""
    for code, number, at in objecting.late(work):
        if code in work.settings.properties:
            yield Cause(AlertKind.OBJECTED, code, number, at)


def _undelivered(work: Work, row: Row[tuple[str, str, datetime, int]]) -> Cause:
    code = row.property if row.property in work.settings.properties else ""
    kind = _FAILED.get(row.kind, AlertKind.MESSAGE_FAILED)
    return Cause(kind, code, row.kind, row.since or work.stamp, row.many)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
