"""What people see of the counts: the last ones, what is missed, what is not counted any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from ...core.events import RegisterMissed, TaskDone
from ...core.finding import Finding, Severity
from ...core.log import Draft, word
from ...core.permissions import Permission
from .. import tables
from ..access import actors, brake
from ..casework import tasks
from ..work import Work
from . import told

STALE = timedelta(hours=72)
"""How long ago a table was counted last before somebody should look."""

LATELY = timedelta(days=400)
"""How far back the journal is read for lines that are missed."""


def last(work: Work, by: str | None = None) -> Sequence[Mapping[str, Any]]:
    """Return the last count of each property and table: night, rows, time.

    :param work: the open transaction.
    :param by: the host's id of who asks, for the properties whose law they decide about; None at
        a console, for all.
    """
    missed = unsettled(work)
    return [
        {
            "property": row.property, "table": row.table_name, "night": row.night,
            "rows": row.rows, "missed": bool(missed[row.property]),
            "stale": _stale(work, row),
        }
        for row in _rows(work)
        if by is None or actors.may(work, by, Permission.LAW, row.property)
    ]  # fmt: skip


def _rows(work: Work) -> Sequence[Any]:
    table = tables.census
    newest = select(func.max(table.c.id)).group_by(table.c.property, table.c.table_name)
    return work.conn.execute(
        select(
            table.c.controller, table.c.property, table.c.table_name, table.c.night,
            table.c.count.label("rows"),
        )
        .where(table.c.id.in_(newest))
        .order_by(table.c.property, table.c.table_name)
    ).all()  # fmt: skip


def _stale(work: Work, row: Any) -> bool:
    """Return whether a register was not counted lately; a row that no entry knows is no count."""
    said = told.newest(work, row.controller, row.property, row.table_name)
    if said is None:
        return True
    return abs(work.stamp - datetime.fromisoformat(said.at).replace(tzinfo=None)) > STALE


def unsettled(work: Work) -> Counter[str]:
    """Return how often lines of a property were missed that nobody has looked into yet.

    The journal is asked, and no table that a line could be taken from.
    """
    names = {word(code): code for code in work.settings.properties}
    counts: Counter[str] = Counter()
    for controller in brake.controllers(work):
        for code, count in _unsettled(work, controller).items():
            counts[names.get(code, code)] += count
    return Counter({code: count for code, count in counts.items() if count > 0})


def _unsettled(work: Work, controller: str) -> Counter[str]:
    """Return the same of one journal, by the words by which it names properties."""
    since, said = work.stamp - LATELY, list[Draft]()
    for entry in told.backwards(work, controller, {RegisterMissed.name, TaskDone.name}):
        if told.at_of(entry) < since:
            break
        said.append(entry.draft)
    counts: Counter[str] = Counter()
    for draft in reversed(said):
        code = str(draft.facts.get("property", ""))
        if draft.action == RegisterMissed.name:
            counts[code] += 1
        elif tasks.REGISTER in draft.grounds:
            # What was signed settles what was missed before, and is no credit for later.
            counts[code] = max(0, counts[code] - 1)
    return counts


def findings(work: Work) -> list[Finding]:
    """Return which registers miss lines, and which are not counted any more.

    :param work: the open transaction.
    """
    found = [
        Finding(
            "register-missed", "", code, "Lines of the guest register are gone, or their boxes are "
            "others, and no lawful step did that; or the list of a count before was lost, so that "
            "nobody can tell which lines went since.",
            "Compare with a backup and with who had access; then sign the task. Where it was the "
            "list, the entry 'register-missed' of the journal says list-lost.", Severity.WARN,
        )
        for code in sorted(unsettled(work))
    ]  # fmt: skip
    for row in _rows(work):
        if _stale(work, row):
            found.append(Finding(
                "register-uncounted", row.table_name, row.property, "This guest register was "
                f"counted last on {row.night}.",
                "Let the sweep run; a table, property or declaration that went is looked into.",
                Severity.WARN,
            ))  # fmt: skip
    return found
