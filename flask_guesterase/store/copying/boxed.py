"""What lies sealed of a guest: boxes of the law and safety copies, opened for a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select

from ...core.copying import Term
from ...core.errors import SealError
from ...core.image import Image
from ...core.payload import decode
from ...core.plan import Key, Row
from .. import tables
from ..boxes import vault
from ..casework import purview
from ..erasing.people import plain_key
from ..mapping.crossing import at
from ..mapping.hostkeys import keys_told
from ..retaining import law
from ..statements.sql import chunks
from ..work import Work
from .whose import Whose
from .whose import lines as kept_of

RECOVERY = "recovery"
"""Purpose of the boxes that hold a safety copy."""


@dataclass(frozen=True)
class Sealed:
    """One sealed row.

    :param image: what lies in the box.
    :param key: the key the row has since, or had.
    :param term: why it is kept and until when.
    :param sure: whether it was sealed when this guest was erased; otherwise the row tells whose
        it is, as long as nobody has written into it since.
    :param anothers: whether it was sealed when somebody else was erased.
    """

    image: Image
    key: Key
    term: Term
    sure: bool = True
    anothers: bool = False


@dataclass(frozen=True)
class Opened:
    """What was found in boxes.

    :param rows: the sealed rows.
    :param boxes: how many boxes were opened.
    :param unopened: tables of boxes that did not open, one for each.
    """

    rows: tuple[Sealed, ...]
    boxes: int
    unopened: tuple[str, ...]


def opened(
    work: Work,
    house: str,
    found: Mapping[str, Sequence[Row]],
    whose: Whose,
) -> Opened:
    """Open every box in which something of these people lies.

    :param work: the open transaction.
    :param house: code of the property that was asked; boxes of other controllers are theirs.
    :param found: table -> the guest's rows, those that are another person's too included.
    :param whose: what of the rows that were taken is the guest's.
    """
    others, requests = purview.foreign(work, house), whose.erasures
    known = (*kept_of(work, found, *_sealed()), *_of_requests(work, requests))
    lines = {line.id: line for line in known if line.property not in others}
    ended = _only_held(work, (line.box for line in lines.values()))
    rows: list[Sealed] = []
    unopened: list[str] = []
    done: set[str] = set()
    for line in lines.values():
        if line.box in ended:
            continue
        images = _images(work, line.box)
        if images is None:
            unopened.append(line.table_name)
            continue
        done.add(line.box)
        sure = line.request in requests
        place = line.table_name, line.row_key
        anothers = not sure and (line.request is not None or whose.is_before(place, line))
        rows += [
            Sealed(image, _key(work, image, line.row_key), _term(line, image), sure, anothers)
            for image in images
        ]
    for box in _safety(work, requests):
        images = _images(work, box)
        done |= {box} if images is not None else set()
        last = vault.fetch(work.conn, [box])[0].last_day if images else ""
        rows += [
            Sealed(image, _key(work, image), Term(_columns(image), RECOVERY, last))
            for image in images or ()
        ]
    return Opened(tuple(rows), len(done), tuple(unopened))


def _of_requests(work: Work, numbers: Iterable[str]) -> Iterator[Any]:
    kept = tables.kept
    for part in chunks(sorted(numbers)):
        mine = kept.c.request.in_(part), kept.c.ended_at.is_(None)
        yield from work.conn.execute(select(kept).where(*mine, *_sealed()))


def _sealed() -> tuple[ColumnElement[bool], ...]:
    kept = tables.kept
    return kept.c.mode == law.SEALED, kept.c.box.is_not(None)


def _safety(work: Work, numbers: Iterable[str]) -> list[str]:
    boxes = [box for each in numbers for box in vault.of_request(work.conn, each, RECOVERY)]
    ended = _only_held(work, boxes)
    return [box for box in boxes if box not in ended]


def _only_held(work: Work, boxes: Iterable[str]) -> set[str]:
    """Return the boxes whose day is over and that a hold alone keeps: it may be a silent one."""
    box = tables.box
    return {
        name
        for part in chunks(sorted(set(boxes)))
        for name in work.conn.execute(
            select(box.c.id).where(
                box.c.id.in_(part), box.c.last_day < work.today, box.c.label.like("hold:%")
            )
        ).scalars()
    }


def _images(work: Work, box: str) -> Sequence[Image] | None:
    """Return what a box holds, or None where it does not open: its key may have ended today."""
    try:
        return decode(vault.unseal(work.conn, work.custodian, [box])[0]).rows
    except SealError:
        return None


def _key(work: Work, image: Image, text: str = "") -> Key:
    """Return the key of a row as the host writes it, or as it was sealed where that is none.

    :param text: the same as text, where it is written down.
    """
    cells, declared = image.now(), work.datamap.tables.get(image.table)
    key = tuple(each.native() for each in cells)
    if declared is None:
        return key
    columns = tuple((each.name, each.type) for each in cells)
    told = keys_told(declared, columns, [key], at(work.conn, declared.name).dialect)
    return (plain_key(declared, text) if text else None) or next(iter(told), key)


def _columns(image: Image) -> tuple[str, ...]:
    return tuple(cell.name for cell in image.columns)


def _term(line: Any, image: Image) -> Term:
    open_ = tuple(word for word in line.open.split(",") if word)
    return Term(_columns(image), line.category, line.until or "", line.basis, open_, keeps=True)
