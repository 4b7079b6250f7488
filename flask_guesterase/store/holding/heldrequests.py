"""Which requests living holds reach."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import select

from ...core.lifecycle import OPEN, State
from ...core.standing import Standing
from .. import tables
from ..boxes import safe, vault
from ..messages import outbox
from ..retaining.living import Hold, living
from ..statements.sql import chunks
from ..work import Work
from . import heldkeys
from .reach import at_once, covered_in


def held_requests(work: Work, numbers: Sequence[str] | None = None) -> set[str]:
    """Return the requests of which a living hold covers a subject row, a kept row or a box.

    :param numbers: only among these; by default among those that are open, or keep something.
    """
    holds = living(work)
    if not holds:
        return set()
    rows: dict[tuple[str, str], set[str]] = {}
    for number, table, text in _rows_of_requests(work, numbers):
        rows.setdefault((table, text), set()).add(number)
    box = tables.box
    boxed = select(box.c.request).where(
        box.c.label.in_(vault.HOLDS), box.c.forgotten_at.is_(None), box.c.request.is_not(None)
    )
    found = {n for n in work.conn.execute(boxed).scalars() if numbers is None or n in numbers}
    for hold in holds:
        found |= covered_in(work, hold, rows)
    return found


def holders(work: Work, beside: Collection[str]) -> list[int]:
    """Return the living holds that cover a subject row, a kept row or a box of some requests.

    :param work: the open transaction.
    :param beside: numbers of the requests, and people of none as text, as a parcel has them.
    """
    people = [who for who in beside if who.startswith("[")]
    numbers = sorted({*beside}.difference(people))
    box = tables.box
    wanted = select(box.c.id, box.c.label, box.c.purpose).where(
        box.c.request.in_(numbers), box.c.label.in_(vault.HOLDS), box.c.forgotten_at.is_(None)
    )
    rows = {(table, text): {number} for number, table, text in _rows_of_requests(work, numbers)}
    rows |= {(table, text): {who} for who in people for table, text in [json.loads(who)]}
    labels, files = set[str](), dict[str, set[str]]()
    for row in work.conn.execute(wanted):
        if row.purpose == outbox.FILE:
            # It may be held with somebody else who had it as well, and say nothing of the others.
            files.setdefault(row.label, set()).add(row.id)
        else:
            labels.add(row.label)
    names = {hold: heldkeys.label(hold.id) for hold in living(work)}
    return [
        hold.id for hold, name in names.items()
        if name in labels or covered_in(work, hold, rows)
        or (name in files and _by_themselves(work, hold, files[name]))
    ]


def _by_themselves(work: Work, hold: Hold, files: Collection[str]) -> bool:
    """Return whether a hold reaches one of these files, all under it, for whose request has it."""
    if {*files} & at_once(work, hold, files):
        return True
    # Nobody had it as well; by what it was reached then, may be gone.
    return any(not (safe.peek(work, box) or {}).get("beside") for box in sorted(files))


def _rows_of_requests(work: Work, numbers: Sequence[str] | None) -> list[tuple[str, str, str]]:
    request, subject, kept = tables.request, tables.subject, tables.kept
    people = select(subject.c.request, subject.c.table_name, subject.c.row_key).where(
        subject.c.standing == Standing.TAKEN.value
    )
    keeps = select(kept.c.request, kept.c.table_name, kept.c.row_key).where(
        kept.c.ended_at.is_(None), kept.c.request.is_not(None)
    )
    found: list[tuple[str, str, str]] = []
    if numbers is None:
        states = [s.value for s in (*OPEN, State.CHECKING, State.SEALED)]
        among = people.join(request, request.c.number == subject.c.request).where(
            request.c.state.in_(states)
        )
        return [tuple(row) for each in (among, keeps) for row in work.conn.execute(each)]
    for part in chunks(sorted(numbers)):
        for each in (
            people.where(subject.c.request.in_(part)), keeps.where(kept.c.request.in_(part))
        ):
            found += [tuple(row) for row in work.conn.execute(each)]
    return found
