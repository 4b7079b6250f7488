"""The keys of holds and requests that no row tells of, which nothing else would ever end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select

from ...core.events import SYSTEM, BackupForgotten
from .. import tables
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..casework import cases
from ..certificates import laternotice
from ..holding import stillheld
from ..journaling import binding
from ..statements.sql import chunks
from ..work import Work
from . import months, remembering

PLACED = "holds-placed"
"""Name under which it stands when the forgotten holds were last said to be placed again."""

_KIND = "hold"


def placed(work: Work) -> None:
    """Say that what a restored database had forgotten to hold is held again.

    :param work: the open transaction.
    """
    pulse.put(work.conn, PLACED, Pulse(work.stamp))


def end(work: Work) -> None:
    """Destroy the keys of holds that no row tells of and no copy of the database can bring back.

    A later copy that is put back after an earlier one knows those holds, and has boxes that open
    by such a key alone. So they wait for as long as backups are kept; where nobody said how
    long that is they stay. So does one under which boxes lie that the law keeps.

    :param work: the open transaction, of a clock that is believed.
    """
    said = pulse.look(work.conn, PLACED)
    if said is None or not months.is_over(work, _month(said.at)):
        return
    # Whoever places a hold waits here, so that no key goes under which a box is being put. So they
    # are destroyed before the commit: where that fails the next round finds none, and counts none.
    binding.turn(work, binding.HOLDS)
    known = remembering.standing(work)
    if known is None or known.missing or known.restored or known.holds:
        return
    there = set(work.conn.execute(select(tables.hold.c.id)).scalars())
    orphans = {each for each in work.custodian.labels() if _is_orphan(each, there)}
    # A copy from before a hold has no box under its key: somebody took the hold's row away.
    needing = stillheld.among(work.conn, orphans)
    labels = sorted(orphans - needing)
    for label in labels:
        work.custodian.forget(label)
    if not needing:
        # Nothing is forgotten anew before the next restore: until then no round looks again.
        pulse.take(work.conn, PLACED)
    if labels:
        counts = {"keys": len(labels)}
        work.events += [
            BackupForgotten(name, actor=SYSTEM, counts=counts) for name in brake.controllers(work)
        ]


def _is_orphan(label: str, there: set[int]) -> bool:
    kind, _, number = label.partition(":")
    return kind == _KIND and number.isdecimal() and int(number) not in there


# requests

_LOOSE = "loose:"
"""Begins the name under which it stands since when no request is there for a key."""


def requests(work: Work, labels: Iterable[str]) -> list[str]:
    """Return the keys of requests that are in no row and in no copy of the database any more.

    So are those of their later notices.

    Who was stopped while a request was filed leaves its key, and so does a restore: a later copy
    that is put back after it knows the request. So they wait from the night in which they were
    first seen for as long as backups are kept; where nobody said how long that is, or no register
    tells whether the database is restored, they stay.

    :param work: the open transaction, of a clock that is believed.
    :param labels: labels of the keys there are.
    """
    known = remembering.standing(work)
    if known is None or known.missing or known.restored:
        return []
    loose, seen = _loose(work, labels), _seen(work)
    _note(work, loose, seen)
    return [each for each in loose if each in seen and months.is_over(work, _month(seen[each]))]


def anew(work: Work) -> None:
    """Let the keys of requests wait from now on: a later copy may know what this database forgot.

    :param work: the open transaction.
    """
    work.conn.execute(delete(tables.pulse).where(tables.pulse.c.name.startswith(_LOOSE)))


def _loose(work: Work, labels: Iterable[str]) -> list[str]:
    """Return the keys of requests that no row tells of, and that no box lies under."""
    request, box = tables.request.c, tables.box.c
    kinds = cases.label(""), laternotice.label("")
    mine = {each: each.partition(":")[2] for each in labels if each.startswith(kinds)}
    there = set[str]()
    for part in chunks(sorted(mine)):
        numbers = select(request.number).where(request.number.in_([mine[each] for each in part]))
        known = set(work.conn.execute(numbers).scalars())
        there.update(each for each in part if mine[each] in known)
        living = select(box.label).where(box.label.in_(part), box.forgotten_at.is_(None))
        there |= set(work.conn.execute(living).scalars())
    return sorted(mine.keys() - there)


def _seen(work: Work) -> dict[str, datetime]:
    """Return since when each key is known to be of no request."""
    pulses = tables.pulse.c
    found = select(pulses.name, pulses.at).where(pulses.name.startswith(_LOOSE))
    return {row.name.removeprefix(_LOOSE): row.at for row in work.conn.execute(found)}


def _note(work: Work, loose: Iterable[str], seen: Mapping[str, datetime]) -> None:
    for each in loose:
        if each not in seen:
            pulse.put(work.conn, _LOOSE + each, Pulse(work.stamp))
    for each in seen.keys() - set(loose):
        pulse.take(work.conn, _LOOSE + each)


def _month(at: datetime) -> str:
    return at.date().isoformat()[:7]
