"""Safety copies that holds reach by their rows alone: of what sweeps left, and of shared rows.

Nothing outside a copy says whose rows it holds, so it is opened, and later than a hold is placed.
Of a request it is written down whose shared rows it took of those who live: no others are opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, Select, and_, select

from ...core.errors import SealError, SetupError
from ...core.holding import Scope
from .. import tables
from ..comeback import marks
from ..messages import outbox
from ..retaining.holds import Hold, keys_of
from ..statements.sql import chunks
from ..work import Work
from . import evident, formerly

SWEPT = ("recovery", outbox.FILE)
"""Purposes of what a sweep seals: rows, and names of files."""

COPIES = ("recovery", "recovery-file", outbox.FILE)
"""Purposes of what is sealed for a request: rows, bytes of files, and names of files."""

_SHARES = tables.request.c.decisions.contains('"touched":["')
"""A request took rows that are those of somebody living as well."""


@dataclass(frozen=True)
class Lot:
    """What sweeps left, or what one request did.

    :param copies: boxes of its safety copies of rows.
    :param files: boxes of names and bytes of files; which copy they go with is not known.
    :param request: number of the request; None of what sweeps left.
    :param touched: marks of those who live and whose rows the request took as well.
    """

    copies: frozenset[str]
    files: frozenset[str]
    request: str | None = None
    touched: frozenset[str] = frozenset()

    @property
    def boxes(self) -> frozenset[str]:
        """Everything."""
        return self.copies | self.files


def sharing(number: ColumnElement[str | None]) -> Select[tuple[str]]:
    """Return the select of a request where it took rows of somebody living as well.

    :param number: its number.
    """
    request = tables.request.c
    return select(request.number).where(request.number == number, _SHARES)


def every(work: Work, *which: ColumnElement[bool]) -> list[Lot]:
    """Return all of them, what sweeps left first.

    :param work: the open transaction.
    :param which: only boxes that fulfil these conditions.
    """
    box = tables.box.c
    wanted = select(box.id, box.purpose, box.request).where(box.forgotten_at.is_(None), *which)
    swept = wanted.where(box.request.is_(None), box.purpose.in_(SWEPT))
    shared = wanted.join(tables.request, and_(tables.request.c.number == box.request, _SHARES))
    found: dict[str | None, tuple[set[str], set[str]]] = {None: (set(), set())}
    for each in (swept, shared.where(box.purpose.in_(COPIES))):
        for row in work.conn.execute(each):
            copies, files = found.setdefault(row.request, (set(), set()))
            (copies if row.purpose == "recovery" else files).add(row.id)
    touched = _touched(work, [number for number in found if number is not None])
    return [
        Lot(frozenset(copies), frozenset(files), number, touched.get(number, frozenset()))
        for number, (copies, files) in found.items()
    ]


def _touched(work: Work, numbers: Iterable[str]) -> Mapping[str | None, frozenset[str]]:
    request, found = tables.request.c, dict[str | None, frozenset[str]]()
    for part in chunks(sorted(numbers)):
        wanted = select(request.number, request.decisions).where(request.number.in_(part))
        for row in work.conn.execute(wanted):
            found[row.number] = frozenset(json.loads(row.decisions or "{}").get("touched", ()))
    return found


def asked_of(work: Work, holds: Iterable[Hold]) -> Callable[[Lot], list[Hold]]:
    """Return what tells which of some holds may reach a copy of a lot by one of its rows.

    Whom a request is about, and a row that is named, are found at once (`reach.at_once`).

    :param work: the open transaction.
    :param holds: the holds.
    """
    every_, known = list(holds), cache(lambda hold: _marks(work, hold))
    swept = [hold for hold in every_ if in_sweeps(work, hold)]

    def of(lot: Lot) -> list[Hold]:
        if lot.request is None:
            return swept
        return [
            hold for hold in every_ if formerly.asks(hold)
            and ((mine := known(hold)) is None or not mine.isdisjoint(lot.touched))
        ]  # fmt: skip

    return of


def in_sweeps(work: Work, hold: Hold) -> bool:
    """Return whether a hold may reach what sweeps left."""
    return hold.scope != Scope.EVIDENCE or evident.copied(work, hold) is not None


def _marks(work: Work, hold: Hold) -> frozenset[str] | None:
    """Return the marks of whom a hold is about, or None where it may be about anybody."""
    if hold.scope != Scope.SUBJECT:
        return None
    people = [(hold.table, key) for key in keys_of(work, hold.table, [hold.row]).values()]
    try:
        return frozenset(mark for person in people for mark in marks.touching(work, person))
    except (SealError, SetupError):
        # A year's key cannot be read now: nobody can tell whose the marks of requests are.
        return None


def open_to(work: Work, holds: Iterable[Hold], label: str) -> frozenset[str]:
    """Return the boxes under a key of which only a look tells whether some holds reach them.

    :param work: the open transaction.
    :param holds: the holds.
    :param label: label of the key.
    """
    some = list(holds)
    if not some:
        return frozenset()
    asked = asked_of(work, some)
    mine = every(work, tables.box.c.label == label)
    return frozenset(box for lot in mine if asked(lot) for box in lot.boxes)
