"""Boxes judged again: those whose end nobody knew, those that end soon, and what was forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import Select, select, union_all, update

from ...core.errors import SealError
from ...core.log import slug
from ...core.retention import Verdict
from ...core.rule import Open
from ...core.ruling import Reason
from .. import tables
from ..boxes import boxing, shelf, vault
from ..certificates import beside
from ..holding import heldkeys
from ..journaling import binding
from ..lawbook.blockers import today_at
from ..lawbook.clocks import Record
from ..retaining import keeping, law, prolonged, vouching
from ..retaining.living import living
from ..sweeping import runs
from ..unit import HasWork, Run
from ..work import Work
from . import completing

BATCH = 100
"""Sealed rows that one transaction looks at."""

SOON = 2
"""Days before its last one on which a box is judged again, so that a longer floor is in time."""


LOOKED = "boxes-looked"
"""Under which name it is noted by which rules all boxes were judged."""


def settled(
    run: Run, unknown: bool = True, counts: Counter[str] | None = None
) -> dict[str, int]:
    """Judge boxes again whose end nobody knew, or that end soon; close what was forgotten.

    After a change of the law all of them are.

    :param run: runs a unit of work.
    :param unknown: also those whose end nobody knew; False before keys are destroyed, where only
        a floor that was lengthened matters.
    :param counts: where to count what is returned, also what was done before something is raised.
    """
    counts = Counter() if counts is None else counts
    last, mark = 0, run(lambda office: runs.unseen(office.work, LOOKED)) if unknown else ""
    while True:
        last, done = run(partial(_settle, last, unknown, bool(mark)))
        counts.update(done)
        if not last:
            break
    for number in run(lambda office: beside.over(office.work)):
        counts["ended"] += run(partial(_end, number))
    if mark:
        run(lambda office: runs.see(office.work, LOOKED, mark))
    return dict(counts)


def _end(number: str, office: HasWork) -> int:
    """End a request that said to the end what another's box kept of its rows."""
    return int(completing.complete(office.work, number))


def _settle(
    last: int, unknown: bool, everything: bool, office: HasWork
) -> tuple[int, dict[str, int]]:
    work = office.work
    due = _due(work, last, unknown, everything).subquery()
    lines = work.conn.execute(
        _boxed().join(due, tables.kept.c.id == due.c.id).order_by(due.c.id).limit(BATCH)
    ).all()
    if lines and living(work):
        # Before a box is locked, as whoever places a hold does.
        binding.turn(work, binding.HOLDS)
    reached = cache(lambda: heldkeys.reached(work, {line.box for line in lines}))
    counts: Counter[str] = Counter()
    asking = _asking(work, lines)
    there = prolonged.telling(work, [line for line in lines if line.id in asking])
    for line in lines:
        counts[_judge(work, _followed(work, line, there), reached)] += 1
    counts.pop("", None)
    counts["ended"] += _close(work, lines)
    return (lines[-1].id if lines else 0), dict(counts)


def _boxed() -> Select[Any]:
    kept, box = tables.kept, tables.box
    label, day = box.c.label.label("box_label"), box.c.last_day.label("box_day")
    return select(kept, box.c.forgotten_at, label, day).join_from(kept, box, kept.c.box == box.c.id)


def _followed(
    work: Work, line: Line[Any], there: Mapping[int, prolonged.Telling]
) -> Line[Any]:
    """Return a line with what its row tells now, where its end depends on that."""
    if not prolonged.follow(work, line, there):
        return line
    return work.conn.execute(_boxed().where(tables.kept.c.id == line.id)).one()


def _asking(work: Work, lines: Iterable[Line[Any]]) -> set[int]:
    """Return the numbers of lines whose rows are read, for what they may tell only now."""
    asking, waiting = set[int](), list[tuple[Line[Any], Record]]()
    for line in lines:
        if line.forgotten_at is not None:
            continue
        found = None if _is_near(work, line) else verdict(work, line)
        if found is None or _asks_row(work, found):
            asking.add(line.id)
        elif Open.UNKNOWN_FACT in found.open:
            waiting.append((line, vouching.read_facts(work, line)))
    # Where nobody can tell who said nothing, there is none to be heard.
    known = [(line, told) for line, told in waiting if any(map(any, told.silent.values()))]
    return asking | prolonged.speaking(work, known)


def _is_near(work: Work, line: Line[Any]) -> bool:
    return line.until is not None and line.until <= _soon(work)


def _asks_row(work: Work, found: Verdict) -> bool:
    """Return whether a box may end before it is judged again, or waits for what its row may tell.

    Whose end nobody knew, or which a longer rule kept, may be over at once by today's rules.
    """
    soon = work.now.date() + timedelta(days=SOON)
    return not found.kept(soon + timedelta(days=1)) or not _ROWS.isdisjoint(found.open)


_ROWS = frozenset({Open.NO_CLOCK, Open.NO_PLACE})
"""Why nobody knows an end where the host's row alone can tell it."""


def _soon(work: Work) -> str:
    return (work.now.date() + timedelta(days=SOON)).isoformat()


def _due(
    work: Work, last: int, unknown: bool, everything: bool
) -> Select[tuple[int]]:
    """Return the numbers of the sealed rows to be judged, however many there are that are not."""
    kept, box = tables.kept, tables.box
    sealed = select(kept.c.id).where(kept.c.mode == law.SEALED, kept.c.ended_at.is_(None))
    if everything:
        return sealed.where(kept.c.id > last)
    # What is no plain column is no index to begin with, nor an order that is there already: for
    # either SQLite would read all that were kept.
    still = sealed.where(kept.c.id + 0 > last)
    gone = still.join(box, box.c.id + "" == kept.c.box).where(box.c.forgotten_at > datetime.min)
    parts = [still.where(kept.c.until <= _soon(work)), gone]
    if unknown:
        parts += [still.where(kept.c.until.is_(None)), _waiting(work, still)]
    number = union_all(*parts).subquery().c.id + 0
    return select(number.label("id")).group_by(number)


def _waiting(work: Work, sealed: Select[tuple[int]]) -> Select[tuple[int]]:
    """Return those of sealed rows whose day is known and whose box waits for the key of it."""
    kept, box = tables.kept, tables.box
    houses = work.settings.properties.values()
    labels = sorted({keeping.open_label(slug(house.controller)) for house in houses})
    return sealed.join(box, box.c.id + "" == kept.c.box).where(
        box.c.label.in_(labels), box.c.forgotten_at.is_(None), kept.c.until.is_not(None)
    )


def _judge(work: Work, line: Line[Any], reached: Callable[[], Mapping[str, int]]) -> str:
    """Bring one sealed row up to date; return what became of it in a word, or nothing."""
    found = verdict(work, line)
    if line.forgotten_at is not None:
        today = today_at(work.settings, work.now, line.property)
        keeping.end(work, [line.id], early=found.kept(today))
        return "forgotten"
    reason = law.reason(found)
    words, until = ",".join(reason.open)[:120], reason.until or None
    over = not found.kept(today_at(work.settings, work.now, line.property))
    # No key ends with the day of what waits for one: it is ended here, or held.
    waits = until is not None and line.box_label == keeping.open_label(line.controller)
    if (words, until) == (line.open, line.until) and not (over and waits):
        _move(work, line, until)
        return ""
    if over:
        if _label(work, line).startswith("hold:"):
            return ""
        if line.box in reached():
            # A query or a place may reach it by now, or its key could not be read when it was held.
            heldkeys.take(work, [line.box], reached()[line.box])
            return ""
        vault.empty(work.conn, [line.box], work.stamp)
        shelf.forget(work)
        keeping.end(work, [line.id])
        return "forgotten"
    if not _move(work, line, until):
        return ""
    note(work, line, reason)
    return "settled"


def verdict(work: Work, line: Line[Any]) -> Verdict:
    """Return how long the law keeps a kept row, by what was written down about it."""
    facts = vouching.read_facts(work, line)
    return law.judge(work, facts, law.names_of(work, line))


def note(work: Work, line: Line[Any], reason: Reason) -> None:
    work.conn.execute(
        update(tables.kept)
        .where(tables.kept.c.id == line.id)
        .values(
            open=",".join(reason.open)[:120], until=reason.until or None,
            rule=reason.rule[:80], basis=reason.basis[:250], grade=reason.grade,
        )
    )  # fmt: skip


def _move(work: Work, line: Line[Any], until: str | None) -> bool:
    """Put a box under the key of the day it ends now; return whether it could be.

    One under a hold keeps the hold's key.

    The key under which that one lies besides follows the day, so that no earlier one opens it.
    While the key of that day is lost, it waits under that of no day, and ends by its last day.
    """
    terms = keeping.terms_of(work, line.controller, line.property, until)
    box, free = tables.box, _free(work, line, terms.label)
    kept_for = line.box_label if line.box_label.startswith("hold:") else free
    if (line.box_day, line.box_label) == (terms.last_day, kept_for):
        return True
    label = _label(work, line)
    held = label.startswith("hold:")
    if label and not held and free != label and not _put(work, line.box, free):
        return False
    work.conn.execute(update(box).where(box.c.id == line.box).values(last_day=terms.last_day))
    if held:
        vault.rehome(work.conn, work.custodian, line.box, terms.label, work.today)
    return True


def _put(work: Work, box: str, label: str) -> bool:
    """Put a box under another key; return False for one that is lost, and keeps no other."""
    boxing.ensure(work.conn, work.custodian, label)
    try:
        vault.rewrap(work.conn, work.custodian, [box], label)
    except SealError:
        vault.require_lost(work.conn, work.custodian, [box])
        return False
    shelf.remark(work, [box])
    return True


def _free(work: Work, line: Line[Any], label: str) -> str:
    """Return the label of a box under no hold: that of no day while the key of its day is lost."""
    lost = line.box_label != label and boxing.is_lost(work.conn, work.custodian, label)
    return keeping.open_label(line.controller) if lost else label


def _label(work: Work, line: Line[Any]) -> str:
    """Return under which key a box lies, which nobody changes any more; empty when it is gone.

    Somebody may have placed a hold since the lines were read.
    """
    box = tables.box
    mine = select(box.c.label).where(box.c.id == line.box, box.c.forgotten_at.is_(None))
    return str(work.conn.execute(mine.with_for_update()).scalar() or "")


def _close(work: Work, lines: Iterable[Line[Any]]) -> int:
    numbers = {line.request for line in lines if line.request is not None}
    return sum(completing.complete(work, number) for number in sorted(numbers))
