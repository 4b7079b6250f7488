"""What others' erasures sealed of the same rows before: it stays of a later request as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select

from ...core.lifecycle import State
from .. import tables
from ..statements.sql import MANY, chunks, one_of
from ..work import Work

BESIDE = "beside"
"""Under which word the boxes stand among what was decided about a request."""

SHELLS = "shells"
"""Under which word stands that all of its rows were empty when a request was carried out."""


def of(decisions: Mapping[str, Any] | None) -> list[str]:
    """Return the boxes of others in which something of a request's rows lay when it was done.

    :param decisions: what is written down of the request.
    """
    return list((decisions or {}).get(BESIDE, ()))


def known(work: Work, numbers: Iterable[str]) -> dict[str, list[str]]:
    """Return such boxes per request that names any.

    :param work: the open transaction; a read-only one is enough.
    :param numbers: numbers of requests.
    """
    found: dict[str, list[str]] = {}
    for part in chunks(sorted(numbers), MANY):
        found |= _named(work, one_of(tables.request.c.number, part))
    return found


def empty(work: Work, numbers: Iterable[str]) -> set[str]:
    """Return those of some requests whose rows were all empty when they were carried out.

    :param work: the open transaction.
    :param numbers: numbers of requests.
    """
    found = set[str]()
    for part in chunks(sorted(numbers), MANY):
        found.update(_saying(work, SHELLS, one_of(tables.request.c.number, part)))
    return found


def _named(work: Work, which: ColumnElement[bool]) -> dict[str, list[str]]:
    return {number: of(said) for number, said in _saying(work, BESIDE, which).items()}


def _saying(work: Work, word: str, which: ColumnElement[bool]) -> dict[str, dict[str, Any]]:
    """Return number -> decisions of those requests of which this word tells something."""
    request = tables.request
    wanted = select(request.c.number, request.c.decisions)
    said = request.c.decisions.like(f'%"{word}"%')
    rows = work.conn.execute(wanted.where(said, which).order_by(request.c.id)).all()
    read = {row.number: json.loads(row.decisions) for row in rows}
    # A table or a column of the host's may be called like it.
    return {number: decisions for number, decisions in read.items() if decisions.get(word)}


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

    For a house that was taken out of the settings no certificate can be issued.

    :param work: the open transaction.
    """
    request, houses = tables.request, sorted(work.settings.properties)
    sealed = _named(
        work, (request.c.state == State.SEALED.value) & request.c.property.in_(houses)
    )
    living = still(work, (box for boxes in sealed.values() for box in boxes))
    return [number for number, boxes in sealed.items() if living.isdisjoint(boxes)]
