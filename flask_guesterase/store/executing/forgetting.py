"""Keys whose day is over are destroyed, and with them what lies under them: marked, gone, noted."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select

from ...core.errors import GuesteraseError
from ...core.events import BackupForgotten
from ...core.log import slug
from .. import tables
from ..access import brake
from ..boxes import boxing, shelf, vault
from ..certificates import laternotice
from ..comeback import years
from ..holding import heldcopies, heldkeys, stillheld
from ..holding.heldcopies import Looked
from ..holding.reach import at_once
from ..journaling import binding
from ..keys.wrapped import is_label
from ..messages import unremoved
from ..remembrance import months, orphaned
from ..requests.bygone import Step
from ..retaining.living import living
from ..statements.sql import chunks
from ..sweeping.steady import Believed
from ..unit import HasWork, Run
from ..work import Work
from . import settling, underway


def forget(run: Run) -> int:
    """Destroy the keys whose day is over, each step by itself and resumable; return the boxes.

    The clock is judged in each transaction that believes it: a key cannot be had back. One under
    which something may be held that nobody can read now ends later, and keeps no other.

    :param run: runs a unit of work.
    :raises GuesteraseError: there is such a key; the others are destroyed.
    """
    settling.settled(Believed(run, run(_trusted)), unknown=False)
    ended = run(_empty)
    _renew(run)
    labels, closed = _marked(run)
    if labels:
        vault.destroy(run(lambda office: office.work.custodian), labels)
        ended += run(partial(_record, labels))
    if closed is not None:
        raise closed
    return ended


def _trusted(office: HasWork) -> datetime:
    brake.require(office.work)
    return office.work.stamp


def _empty(office: HasWork) -> int:
    work = office.work
    if brake.hold_back(work):
        return 0
    orphaned.end(work)
    boxes = vault.expire(work.conn, work.today, work.stamp)
    if boxes:
        shelf.forget(work)
    return boxes


_BATCH = 100
"""Names of files that one transaction gives another day."""


def _renew(run: Run) -> None:
    """Give names of files another day in short transactions, before one that marks keys."""
    last: str | None = ""
    while last is not None:
        last = run(partial(_renewed, last))


def _renewed(after: str, office: HasWork) -> str | None:
    """Do it with a batch; return the last of them, or None at the end.

    What a hold may reach is left: whether it does is looked for where keys are marked.
    """
    work = office.work
    found = [] if brake.hold_back(work) else unremoved.outlived(work, after, _BATCH)
    if not found:
        return None
    # Nobody places a hold from here on.
    binding.turn(work, binding.HOLDS)
    holds = living(work)
    ids = {box for box, request in found if request is not None or not holds}
    for hold in holds:
        ids -= at_once(work, hold, ids)
    unremoved.renew(work, ids)
    return found[-1][0]


_LOOKS = 3
"""How often copies are looked through where holds are placed meanwhile, until the next round."""


_Marked = tuple[tuple[str, ...], GuesteraseError | None]
"""Labels of keys that end, and why one of the others does not end yet."""


def _marked(run: Run) -> _Marked:
    """Say which keys end; none do where holds were placed again and again."""
    for _ in range(_LOOKS):
        marked = run(partial(_mark, heldcopies.look(run)))
        if marked is not None:
            return marked
    return (), None


def _mark(looked: Looked, office: HasWork) -> _Marked | None:
    """Say which keys end, or return None where a hold was placed since the look."""
    work = office.work
    if brake.hold_back(work):
        return (), None
    if not heldcopies.stands(work, looked):
        return None
    heldkeys.homeward(work)
    closed = heldkeys.closed(work, looked.closed)
    heldkeys.rescue(work, looked.copies, closed)
    closed |= unremoved.renew(work)
    vault.mark_labels(work.conn, months.outlived(work), work.stamp)
    labels = work.custodian.labels()
    marked = vault.mark(work.conn, work.today, work.stamp, labels, closed)
    return _meant(work, marked), next(iter(closed.values()), None)


def _meant(work: Work, marked: tuple[str, ...]) -> tuple[str, ...]:
    """Return these labels but for those whose day, hold or request is not over; their marks go.

    None of ours comes before that: it takes one row, and no key, to let the last copy of what the
    law keeps die. What is no label at all would stop every night here.
    """
    labels = [label for label in marked if is_label(label)]
    early = {label for label in labels if _early(work, label)}
    early |= stillheld.among(work.conn, [each for each in labels if each.startswith("hold:")])
    early |= underway.among(work.conn, labels, work.today)
    spared = [*(label for label in marked if not is_label(label)), *sorted(early)]
    if spared:
        day = tables.day
        work.conn.execute(delete(day).where(day.c.label.in_(spared)))
    return tuple(label for label in labels if label not in early)


def _early(work: Work, label: str) -> bool:
    """Return whether the day, the month of backups or the year of marks of a label is not over."""
    kind, _, month = label.partition(":")
    if kind == months.LABEL:
        return not months.is_over(work, month)
    if label.startswith(years.BEGIN):
        return not years.is_over(work, label)
    return label.startswith(_LASTING) and not vault.is_over(label, work.today)


_LASTING = (*boxing.LASTING, "intake:")
"""How labels begin that end by their day alone."""


def _record(labels: tuple[str, ...], office: HasWork) -> int:
    work = office.work
    boxes = vault.record(work.conn, labels, work.stamp)
    shelf.forget(work)
    if boxes:
        controllers = {slug(p.controller) for p in work.settings.properties.values()}
        for controller in sorted(controllers):
            work.events.append(BackupForgotten(controller, counts={"keys": len(labels)}))
    return boxes


def keys_back(work: Work, after: int) -> Step:
    """Mark keys again that were destroyed and are back, with an old copy of their folder.

    So are those of which a row has another word: where their day is to come they lose it
    (`_meant`). So is a key for a later notice that nothing lies under, and one of no request.
    """
    day, there = tables.day, sorted(work.custodian.labels())
    back: list[str] = []
    for part in chunks(there):
        ended = select(day.c.label).where(day.c.label.in_(part), day.c.state != boxing.ENDING)
        back += work.conn.execute(ended).scalars()
    loose = {*laternotice.idle(work, there), *orphaned.requests(work, there)}
    back = sorted({*back, *loose.difference(vault.ending(work.conn))})
    vault.mark_labels(work.conn, back, work.stamp)
    return Counter({"": len(back)} if back else {}), 0
