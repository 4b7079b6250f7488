"""What an earlier erasure sealed of a guest who asks again, told from what was of somebody else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from ...core.plan import Key, Person, Plan, by_table, key_text
from .. import tables
from ..certificates import beside
from ..copying import whose
from ..erasing.finder import erased_before, owners
from ..mapping.declared import Declared
from ..retaining.law import SEALED
from ..statements.sql import MANY, chunks, one_of
from ..work import Work


def noted(work: Work, number: str, drawn: Plan) -> dict[str, Any]:
    """Return what is written down of it about a request: nothing where its rows were not empty.

    Of who was in a row the host has written into since nobody tells the next guest. What was
    sealed of one of two who share a row is not told to the other.

    :param work: the open transaction, in which the plan is not carried out yet.
    :param number: number of the request, whose own boxes are none of them.
    :param drawn: the plan that will be.
    """
    shells = erased_before(work.conn, work.datamap, drawn.people)
    who = frozenset(_same(work, sorted(shells, key=repr))) if shells else frozenset()
    found = set[str]()
    for table, keys in by_table(drawn.rulings if who else ()).items():
        declared = work.datamap.declared(table)
        if declared.retain:
            found.update(_theirs(work, number, declared, keys, who))
    if found or (drawn.people and who.issuperset(drawn.people)):
        return {beside.BESIDE: sorted(found)}
    return {}


def _same(work: Work, shells: Sequence[Person]) -> list[Person]:
    """Return the empty rows in which nobody was but who was erased there first.

    Who asked again while a row was empty was nobody else.
    """
    known = whose.burials(work, shells)
    later: dict[Person, set[str]] = {}
    for person in shells:
        found = known.get((person[0], key_text(person[1])), [])
        theirs = whose.parted(found)[0] if found else []
        later[person] = {each.number for each in found if each not in theirs}
    empty = beside.known(work, set[str]().union(*later.values()))
    return [person for person, numbers in later.items() if numbers <= empty.keys()]


def _theirs(
    work: Work, number: str, declared: Declared, keys: Iterable[Key], who: frozenset[Person]
) -> Iterator[str]:
    texts = {key_text(key): key for key in keys}
    lines = list(_lines(work, number, declared.name, texts))
    if not lines:
        return
    known = sorted({text for text, _, _ in lines})
    whose = owners(work.conn, work.datamap, declared, [texts[text] for text in known])
    for text, columns, box in lines:
        owning = whose.get(texts[text], set())
        others = {path for person, path in owning if person not in who}
        mine = {path for person, path in owning if person in who} - others
        if mine and (not others or columns <= _alone(declared, mine) - _alone(declared, others)):
            yield box


def _lines(
    work: Work, number: str, table: str, texts: Mapping[str, Key]
) -> Iterator[tuple[str, set[str], str]]:
    """Yield what others sealed of these rows: key text, columns and box."""
    kept = tables.kept
    others = or_(kept.c.request.is_(None), kept.c.request != number)
    living = kept.c.mode == SEALED, kept.c.ended_at.is_(None), kept.c.box.is_not(None)
    for part in chunks(sorted(texts), MANY):
        mine = kept.c.table_name == table, one_of(kept.c.row_key, part)
        wanted = select(kept.c.row_key, kept.c.columns, kept.c.box).where(*mine, *living, others)
        for row in work.conn.execute(wanted):
            yield row.row_key, set(json.loads(row.columns)), row.box


def _alone(declared: Declared, paths: Iterable[int]) -> set[str]:
    """Return the columns that are these owners' alone."""
    alone: Sequence[frozenset[str] | None] = declared.alone
    return {column for path in paths for column in alone[path] or ()}
