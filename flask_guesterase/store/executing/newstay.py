"""Who booked anew while a hold kept what their request was to take: their profile stays for that.

The purpose of what was there is achieved; that of the new stay is not. So what is old goes as the
hold ends, and of the profile, which both need, staff are asked whose it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import select

from ...core.plan import NEEDED, NEW_STAY, Key, Person, Plan, key_text
from ...core.standing import Standing
from .. import tables
from ..casework.cases import load
from ..comeback import owing, stays
from ..erasing import people
from ..erasing.finder import erased_before
from ..lawbook.blockers import Found
from ..retaining.keeping import Origin
from ..returning import returned
from ..returning.again import Fate
from ..returning.returned import Seen
from ..statements.sql import among, chunks
from ..work import Work

_SEEN = (*owing.WAITING, owing.LIVES)


def needs(
    work: Work, number: str | None, lines: Sequence[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> list[Found]:
    """Return which profiles of a request a later stay needs, as a precondition of the hotel.

    Only of those that the request never emptied: of all others their marks tell who is back.

    :param work: the open transaction.
    :param number: number of the request; None where nobody asked.
    :param lines: what is kept.
    :param keys: by the number of each line, the keys of its rows.
    """
    subjects = work.datamap.subjects
    kept = [line for line in lines if line.table_name in subjects] if number is not None else []
    mine = {(line.table_name, key) for line in kept for key in keys[line.id]}
    if number is None or not mine:
        return []
    taken = people.subjects(work, number, Standing.TAKEN)
    full = set(people.named(work, [each for each in taken if each.erased_at is None])) & mine
    full -= erased_before(work.conn, work.datamap, full) if full else set()
    if not full:
        return []
    case, asked = load(work, number), _asked(work, number, full)
    anew = stays.later(work, case, full - asked, case.erased_at or work.stamp, happened=True)
    return [_found(work, each) for each in sorted(asked | anew, key=repr)]


def _asked(work: Work, number: str, who: Collection[Person]) -> set[Person]:
    """Return those of whom staff are asked already, or have said that they live."""
    back, texts = tables.returned.c, {(name, key_text(key)): (name, key) for name, key in who}
    found = set[Person]()
    for part in chunks(sorted(texts)):
        wanted = select(back.table_name, back.row_key).where(
            back.request == number, back.why == NEW_STAY, back.state.in_(_SEEN),
            among([back.table_name, back.row_key], part),
        )  # fmt: skip
        found |= {texts[name, key] for name, key in work.conn.execute(wanted)}
    return found


def _found(work: Work, who: Person) -> Found:
    declared = work.datamap.declared(who[0])
    own = {*declared.erase, *declared.retain} or {column.name for column in declared.table.c}
    return Found(NEW_STAY, "", (), frozenset({who}), {who[0]: frozenset(own)}, None, "", "")


def ask(work: Work, origin: Origin, plan: Plan) -> None:
    """Lay profiles that a plan leaves to a later stay before staff; once is enough.

    :param work: the open transaction, in which the plan was carried out.
    :param origin: on whose behalf.
    :param plan: the plan about what was kept.
    """
    for step in plan.steps:
        if step.decision.ground == f"{NEEDED}{NEW_STAY}":
            for row in step.rows:
                key, table = key_text(row.key), step.decision.table
                returned.note(work, Seen(origin, table, key, NEW_STAY, stays.DOOR, Fate.STAFF))
