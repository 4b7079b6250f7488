"""Safety copies of which only a look tells whom they hold: of what sweeps left, of shared rows.

Nothing outside a copy says whose rows it holds. What a request took is found by whom it is about,
but for rows of somebody living as well: its copies are opened for them, later than a hold is
placed, and each request waits for its own alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, or_, select

from ...core.holding import Scope
from .. import tables
from ..messages import outbox
from ..retaining.living import Hold
from ..statements.sql import chunks
from ..work import Work
from . import evident, formerly

COPIES = ("recovery", "recovery-file", outbox.FILE)
"""Purposes of what is sealed for a request: rows, bytes of files, and names of files."""

SWEEPS = ""
"""Stands for what sweeps left where another lot has the number of its request."""

_BOX, _REQUEST = tables.box.c, tables.request.c

_SHARES = _REQUEST.decisions.contains('"touched":["')
"""A request took rows that are those of somebody living as well."""

_FREE = _BOX.forgotten_at.is_(None) & _BOX.label.not_like("hold:%")
"""It is there, and lies under no hold."""

_SWEPT = _BOX.request.is_(None) & _BOX.purpose.in_(["recovery", outbox.FILE])

_FROM = tables.box.outerjoin(
    tables.request,
    and_(_REQUEST.number == _BOX.request, _BOX.purpose.in_(COPIES), _SHARES),
)

_LOT = case((_SWEPT, SWEEPS), else_=_REQUEST.number).label("lot")


@dataclass(frozen=True)
class Lot:
    """What sweeps left, or what one request did.

    Which of the copies a file goes with is not known: where one is reached, none of them goes.

    :param number: number of the request, or `SWEEPS`.
    :param copies: boxes of its safety copies of rows.
    :param files: boxes of names and bytes of files.
    """

    number: str
    copies: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    @property
    def boxes(self) -> frozenset[str]:
        """Everything."""
        return self.copies | self.files


def boxes(*columns: ColumnElement[Any]) -> Select[Any]:
    """Return a select of boxes that are there, each with its `lot`, or None where all is told.

    :param columns: columns of a box.
    """
    return select(*columns, _LOT).select_from(_FROM).where(_BOX.forgotten_at.is_(None))


def every(work: Work) -> Mapping[str, Lot]:
    """Return all that are there, by their numbers."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    wanted = boxes(_BOX.id, _BOX.purpose).where(or_(_SWEPT, _REQUEST.number.is_not(None)))
    for row in work.conn.execute(wanted):
        copies, files = found.setdefault(row.lot, (set(), set()))
        (copies if row.purpose == "recovery" else files).add(row.id)
    return {number: Lot(number, *map(frozenset, each)) for number, each in found.items()}


def of(work: Work, boxes: Collection[str]) -> list[Lot]:
    """Return the lots to which some boxes belong.

    :param work: the open transaction.
    :param boxes: identifiers of boxes.
    """
    mine = frozenset(boxes)
    return [lot for lot in every(work).values() if not mine.isdisjoint(lot.boxes)]


def free(work: Work) -> list[str]:
    """Return the numbers of requests with shared rows of which something lies under no hold."""
    wanted = (
        select(_REQUEST.number).select_from(_FROM).distinct().order_by(_REQUEST.number)
        .where(_FREE, _SHARES)
    )  # fmt: skip
    return list(work.conn.execute(wanted).scalars())


def left(work: Work, boxes: Iterable[str]) -> set[str]:
    """Return the requests of files whose names are among some boxes and lie under no hold.

    :param work: the open transaction.
    :param boxes: identifiers of boxes.
    """
    named = select(_BOX.request).where(
        _FREE, _BOX.request.is_not(None), _BOX.purpose == outbox.FILE
    )
    parts = (named.where(_BOX.id.in_(part)) for part in chunks(sorted(boxes)))
    return {number for each in parts for number in work.conn.execute(each).scalars()}


def of_files(work: Work, numbers: Iterable[str]) -> dict[str, Lot]:
    """Return the names of files of requests that took no shared rows: no copy is opened for them.

    :param work: the open transaction.
    :param numbers: numbers of the requests.
    """
    found = dict[str, set[str]]()
    named = select(_BOX.request, _BOX.id).where(
        _BOX.purpose == outbox.FILE, _BOX.forgotten_at.is_(None)
    )
    for part in chunks(sorted(numbers)):
        for row in work.conn.execute(named.where(_BOX.request.in_(part))):
            found.setdefault(row.request, set()).add(row.id)
    return {number: Lot(number, files=frozenset(ids)) for number, ids in found.items()}


def asking(work: Work, holds: Iterable[Hold], number: str) -> list[Hold]:
    """Return those of some holds of which only a look tells whether they reach a lot.

    Whom a request is about, and a row that is named, are found at once (`reach.at_once`).

    :param work: the open transaction.
    :param holds: the holds.
    :param number: the lot's.
    """
    if number == SWEEPS:
        return [hold for hold in holds if in_sweeps(work, hold)]
    return [hold for hold in holds if formerly.asks(hold)]


def in_sweeps(work: Work, hold: Hold) -> bool:
    """Return whether a hold may reach what sweeps left."""
    return hold.scope != Scope.EVIDENCE or evident.copied(work, hold) is not None
