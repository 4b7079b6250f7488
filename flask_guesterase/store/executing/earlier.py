"""What an earlier erasure sealed of a guest who asks again, told from what was of somebody else."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import or_, select

from ...core.plan import Key, Person, Plan, by_table, key_text
from .. import tables
from ..casework import purview
from ..casework.cases import Case
from ..certificates import beside
from ..copying import whose
from ..copying.whose import Burial
from ..erasing.finder import owners, shells_of
from ..mapping.declared import Declared
from ..retaining.law import SEALED
from ..statements.sql import MANY, chunks, one_of
from ..work import Work


def noted(
    work: Work, case: Case, drawn: Plan, erased: Collection[Person]
) -> dict[str, Any]:
    """Return what is written down of it about a request: nothing where its rows were not empty.

    Of who was in a row the host has written into since nobody tells the next guest. What was
    sealed of one of two who share a row is not told to the other, nor what was sealed of a record
    that the host has written anew since for somebody else.

    :param work: the open transaction, in which the plan is not carried out yet.
    :param case: the request; its own boxes are none of them, nor are another controller's.
    :param drawn: the plan that will be.
    :param erased: who of its people was erased before.
    """
    shells = shells_of(work.conn, work.datamap, erased)
    who = _same(work, sorted(shells, key=repr)) if shells else {}
    found = set[str]()
    for table, keys in by_table(drawn.rulings if who else ()).items():
        declared = work.datamap.declared(table)
        if declared.retain:
            found.update(_theirs(work, case, declared, keys, who))
    said: dict[str, Any] = {beside.BESIDE: sorted(found)} if found else {}
    if drawn.people and who.keys() >= set(drawn.people):
        said[beside.SHELLS] = True
    return said


def _same(work: Work, shells: Sequence[Person]) -> dict[Person, list[Burial]]:
    """Return the empty rows in which nobody was but who was erased there first, by what they were.

    Who asked again while a row was empty was nobody else.
    """
    known = whose.burials(work, shells)
    all_of = {each: known[each[0], key_text(each[1])] for each in shells}
    later: dict[Person, set[str]] = {}
    for person, found in all_of.items():
        theirs = whose.parted(found)[0]
        later[person] = {each.number for each in found if each not in theirs}
    empty = beside.empty(work, set[str]().union(*later.values()))
    return {person: all_of[person] for person, numbers in later.items() if numbers <= empty}


def _theirs(
    work: Work, case: Case, declared: Declared, keys: Iterable[Key],
    who: Mapping[Person, list[Burial]],
) -> Iterator[str]:
    texts = {key_text(key): key for key in keys}
    lines = list(_lines(work, case, declared.name, texts))
    if not lines:
        return
    known = sorted({line.row_key for line in lines})
    owned = owners(work.conn, work.datamap, declared, [texts[text] for text in known])
    for line in lines:
        owning, columns = owned.get(texts[line.row_key], set()), set(json.loads(line.columns))
        others = {path for person, path in owning if person not in who}
        left = {path for person, path in owning if person in who and _left(who[person], line)}
        mine = left - others
        if mine and (not others or columns <= _alone(declared, mine) - _alone(declared, others)):
            yield line.box


def _left(found: Sequence[Burial], line: Line[Any]) -> bool:
    """Return whether something was sealed by one of these erasures, or by a sweep since the first.

    A sweep's tombstone tells the last of its times alone: who was in the row before, nobody knows.
    """
    if line.request is None:
        return bool(line.since >= found[0].first)
    return line.request in {each.number for each in found}


def _lines(
    work: Work, case: Case, table: str, texts: Mapping[str, Key]
) -> Iterator[Line[Any]]:
    """Yield what others sealed of these rows."""
    kept, foreign = tables.kept, purview.foreign(work, case.property)
    others = or_(kept.c.request.is_(None), kept.c.request != case.number)
    living = kept.c.mode == SEALED, kept.c.ended_at.is_(None), kept.c.box.is_not(None)
    for part in chunks(sorted(texts), MANY):
        mine = kept.c.table_name == table, one_of(kept.c.row_key, part)
        for line in work.conn.execute(select(kept).where(*mine, *living, others)):
            # MariaDB finds keys also that end in more blanks, or fewer.
            if line.row_key in texts and line.property not in foreign:
                yield line


def _alone(declared: Declared, paths: Iterable[int]) -> set[str]:
    """Return the columns that are these owners' alone."""
    alone: Sequence[frozenset[str] | None] = declared.alone
    return {column for path in paths for column in alone[path] or ()}
