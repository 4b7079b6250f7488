"""Profiles of which preconditions need all that an erasure empties: nothing of them went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select

from ...core.plan import ANOTHER, NEEDED, Person, Plan
from .. import tables
from ..casework.cases import Case
from ..comeback.stays import AHEAD, later
from ..retaining import keeping, law, remainder
from ..work import Work


def whole(work: Work, lines: Sequence[Line[Any]]) -> set[int]:
    """Return the lines of profiles of which preconditions keep all that an erasure empties."""
    rows: dict[tuple[str, str], list[Line[Any]]] = {}
    for line in lines:
        if line.table_name in work.datamap.subjects:
            rows.setdefault((line.table_name, line.row_key), []).append(line)
    found = set[int]()
    for (table, _), mine in rows.items():
        # What the law alone kept goes on its day, also where it is all that there is.
        needed = [each for each in mine if not by_law(work, each)]
        if _all_of(work, table, (remainder.columns_of(work, each) or () for each in needed)):
            found.update(line.id for line in mine)
    return found


def _all_of(work: Work, table: str, needed: Iterable[Iterable[str]]) -> bool:
    """Return whether parts of a profile are together all that an erasure empties of it."""
    parts = list(needed)
    kept = frozenset[str]().union(*parts)
    return bool(parts) and work.datamap.declared(table).erase.keys() <= kept


def ahead(work: Work, case: Case, plan: Plan) -> dict[str, bool]:
    """Return what is to be noted of a request of which a profile stays whole for a precondition:
    whether a stay says of itself that it is booked some day to come.

    Where the day of arrival stands for that, a later one cannot be told from it.

    :param work: the open transaction, in which the plan is carried out next.
    :param case: the request.
    :param plan: its plan.
    """
    needed: dict[Person, list[Sequence[str]]] = {}
    for step in plan.keeping():
        told, table = step.decision, step.decision.table
        ours = keeping.mode_of(told) == law.BLOCKED and told.ground != f"{NEEDED}{ANOTHER}"
        for row in step.rows if ours and table in work.datamap.subjects else ():
            needed.setdefault((table, row.key), []).append(told.columns)
    people = [who for who, parts in needed.items() if _all_of(work, who[0], parts)]
    return {AHEAD: True} if later(work, case, people, work.stamp) else {}


def by_law(work: Work, line: Line[Any]) -> bool:
    """Return whether the law alone kept a part, before a hold came over it if one did."""
    if line.mode != law.HELD:
        return bool(line.mode == law.PLACE)
    kept = tables.kept.c
    mine = (
        kept.request == line.request, kept.table_name == line.table_name,
        kept.row_key == line.row_key, kept.mode.in_((law.PLACE, law.BLOCKED)),
    )  # fmt: skip
    modes: dict[str, str] = {}
    wanted = select(kept.mode, kept.columns).where(*mine).order_by(kept.id)
    for mode, columns in work.conn.execute(wanted):
        modes.update(dict.fromkeys(json.loads(columns), mode))
    columns = remainder.columns_of(work, line) or ()
    return all(modes.get(name) == law.PLACE for name in columns)
