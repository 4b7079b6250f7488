"""What others' erasures sealed of the same rows before: it stays of a later request as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from ...core.lifecycle import State
from ...core.plan import Key, Person, Plan, by_table, key_text
from .. import tables
from ..erasing.finder import owners
from ..mapping.declared import Declared
from ..retaining.law import SEALED
from ..statements.sql import MANY, chunks, one_of
from ..work import Work

BESIDE = "beside"
"""Under which word the boxes stand among what was decided about a request."""


def of(decisions: Mapping[str, Any] | None) -> list[str]:
    """Return the boxes of others in which something of a request's rows lay when it was done.

    :param decisions: what is written down of the request.
    """
    return list((decisions or {}).get(BESIDE, ()))


def known(work: Work, numbers: Iterable[str]) -> dict[str, list[str]]:
    """Return, per request, such boxes, for those that have any.

    :param work: the open transaction; a read-only one is enough.
    :param numbers: numbers of requests.
    """
    request = tables.request
    found: dict[str, list[str]] = {}
    for part in chunks(sorted(numbers), MANY):
        found |= _named(work, one_of(request.c.number, part))
    return found


def _named(work: Work, *which: ColumnElement[bool]) -> dict[str, list[str]]:
    request = tables.request
    wanted = select(request.c.number, request.c.decisions)
    said = request.c.decisions.like(f'%"{BESIDE}"%')
    rows = work.conn.execute(wanted.where(said, *which).order_by(request.c.id)).all()
    found = {row.number: of(json.loads(row.decisions)) for row in rows}
    return {number: boxes for number, boxes in found.items() if boxes}


def still(work: Work, boxes: Iterable[str]) -> set[str]:
    """Return those of some boxes in which something is still kept.

    :param work: the open transaction; a read-only one is enough.
    :param boxes: identifiers of boxes.
    """
    kept, found = tables.kept, set[str]()
    for part in chunks(sorted(set(boxes)), MANY):
        wanted = select(kept.c.box).where(one_of(kept.c.box, part), kept.c.ended_at.is_(None))
        found.update(work.conn.execute(wanted).scalars())
    return found


def over(work: Work) -> list[str]:
    """Return the sealed requests that named such boxes, none of which keeps anything any more.

    :param work: the open transaction.
    """
    sealed = _named(work, tables.request.c.state == State.SEALED.value)
    living = still(work, (box for boxes in sealed.values() for box in boxes))
    return [number for number, boxes in sealed.items() if living.isdisjoint(boxes)]


def boxes(work: Work, number: str, drawn: Plan) -> list[str]:
    """Return the boxes in which others sealed something of the people of a plan.

    What of a row was sealed of another person is not told to these.

    :param work: the open transaction.
    :param number: number of the request, whose own boxes are none of them.
    :param drawn: the plan of its people as it is today.
    """
    who, found = frozenset(drawn.people), set[str]()
    for table, keys in by_table(drawn.rulings).items():
        declared = work.datamap.declared(table)
        if declared.retain:
            found.update(_theirs(work, number, declared, keys, who))
    return sorted(found)


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
