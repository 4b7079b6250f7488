"""Files that rows name again which came back, and that lie nowhere: they are told as missing.

Where two guests had one, it may have gone with the other one, whose safety copy it lies in then:
that guest asked for it to go, and it comes back with their erasure alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy import TypeDecorator, select

from ...core.errors import DeliveryError, SealError, UnknownError
from ...core.treatment import File
from .. import tables
from ..boxes import safe
from ..boxes.reading import by_the_host
from ..erasing import shared
from ..erasing.taking import path_of
from ..mapping.crossing import at
from ..messages import outbox, removal
from ..work import Work
from . import filesback
from .refusal import CAME, Back

File_ = tuple[str, str]
"""Root folder and name."""


def expected(work: Work, backs: Iterable[Back]) -> set[File_]:
    """Return the files that rows name again, and let nobody remove one until this is committed.

    Whoever is about to would not see the row that names it, nor be seen.

    :param work: the open transaction, in which the rows are back.
    :param backs: what became of the rows of the safety copies.
    """
    found, table = {*_named(work, backs)}, tables.outbox
    if found:
        waits = table.c.kind == outbox.FILE, table.c.state.in_([outbox.QUEUED, outbox.SENDING])
        work.conn.execute(
            select(table.c.id).where(*waits).order_by(table.c.id).with_for_update()
        ).all()
    return found


def count(work: Work, number: str, wanted: Iterable[File_]) -> int:
    """Return how many of these files neither lie there nor are on their way back.

    :param work: the open transaction, in which what is put back was queued.
    :param number: number of the request.
    :param wanted: the files that rows named as they came back.
    """
    places = {spot: file for file in wanted if (spot := _spot(file)) is not None}
    lost = {spot: file for spot, file in places.items() if not os.path.exists(spot)}
    for spot in _coming(work, number) if lost else ():
        lost.pop(spot, None)
    # Of what came back before somebody may have written another name since.
    named = shared.named(work.conn, work.whole(), lost.values()) if lost else ()
    return sum(path_of(file) in named for file in lost.values())


def _named(work: Work, backs: Iterable[Back]) -> Iterator[File_]:
    """Yield the files that columns of these rows name; what is made from one can be made again."""
    for back in backs:
        declared = work.datamap.tables.get(back.old.image.table)
        if declared is None or back.fate not in CAME:
            continue
        conn = at(work.conn, declared.name)
        for cell in back.old.image.columns:
            rule, value = declared.rules.get(cell.name), cell.native()
            if isinstance(rule, File) and value and cell.name not in back.gone:
                type_ = declared.column(cell.name).type
                hosts = type_ if isinstance(type_, TypeDecorator) else None
                yield rule.root, by_the_host(hosts, value, conn) if hosts else str(value)


def _spot(file: File_) -> Path | None:
    """Return where a file is named; None where it cannot be one that is removed."""
    with suppress(DeliveryError):
        return removal.locate(*file)[1]
    return None


def _coming(work: Work, number: str) -> Iterator[Path]:
    """Yield where files of a request will be named that are on their way back."""
    table = tables.outbox.c
    mine = table.request == number, table.kind == outbox.BACK
    waits = table.state.in_([outbox.QUEUED, outbox.SENDING])
    for box in work.conn.execute(select(table.box).where(*mine, waits)).scalars():
        with suppress(SealError, UnknownError):
            yield filesback.named_at(work, safe.read(work, box)["removal"])
