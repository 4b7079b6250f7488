"""Where sealed lines of the guest register are found, although nobody can read them there.

A line on the shelf says property, room and nights, and carries keyed marks of name and document.
The marks are made with a key derived from that of the box's label, so they die with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, insert, or_, select, update

from ...core.errors import SealError
from ...core.image import Image
from ...core.payload import decode
from ...core.register import Asked, document_form, name_form, name_forms
from ...core.seal import Box, fingerprint, open_box
from .. import tables
from ..mapping.crossing import at
from ..mapping.lines import Lines, registers
from ..statements.sql import chunks, one_of
from ..work import Work
from . import vault
from .reading import texts

SEALED = "sealed"
"""Mode of what is kept in a box, as `law` writes it."""

PURPOSE = "register"
"""What the marks are for; part of what their key is derived from."""

_ROOM = 40
_ANY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Laid:
    """One line of the register that lies in a box now.

    :param box: identifier of the box.
    :param label: label of its wrapping key; it exists.
    :param property: code of the property.
    :param table: name of the table the row is of.
    :param room: the room.
    :param first_night: first night, ISO; empty when nobody knows.
    :param last_night: last night slept, ISO; empty when nobody knows.
    :param names: the name, or its parts in the order they were declared.
    :param document: the document's number.
    """

    box: str
    label: str
    property: str
    table: str
    room: str
    first_night: str
    last_night: str
    names: tuple[str, ...]
    document: str


def lay(work: Work, items: Sequence[Laid]) -> None:
    """Put lines on the shelf, in the transaction that seals them.

    :param work: the open transaction.
    :param items: the lines; the labels' keys exist.
    """
    rows = [
        {
            "box": item.box,
            "label": item.label,
            "property": item.property,
            "table_name": item.table,
            "room": item.room[:_ROOM],
            "first_night": item.first_night,
            "last_night": item.last_night,
            "name_mark": name_mark(work, item.label, name_form(item.names)),
            "document_mark": document_mark(work, item.label, item.document),
        }
        for item in items
    ]
    if rows:
        work.conn.execute(insert(tables.shelf), rows)


def name_mark(work: Work, label: str, form: str) -> str | None:
    """Return the mark of a name (see `core.register.name_form`), or None of an empty one.

    :raises KeyMissingError: the label's key is gone.
    """
    key = work.custodian.mortal(label, PURPOSE)
    return fingerprint(key, "name", form) if form else None


def document_mark(work: Work, label: str, document: str) -> str | None:
    """Return the mark of a document's number, or None of an empty one.

    :raises KeyMissingError: the label's key is gone.
    """
    key, form = work.custodian.mortal(label, PURPOSE), document_form(document)
    return fingerprint(key, "document", form) if form else None


def boxes(work: Work, asked: Asked, names: Sequence[str]) -> list[str]:
    """Return the boxes of sealed lines that may answer; none whose last day is over.

    A box that a hold keeps beyond its day is kept for that hold, and is no register any more. One
    whose key does not open may be meant, and so may one of a table that is declared to be no
    register any more: whoever opens the boxes says that these do not answer.

    :param work: the open transaction.
    :param asked: the question.
    :param names: tables whose rows are lines of the register; of what was sealed while they were
        not declared so, nothing outside tells the night.
    """
    shelf, box = tables.shelf, tables.box
    wanted = (
        select(shelf.c.box)
        .join(box, box.c.id == shelf.c.box)
        .where(
            shelf.c.property == asked.place,
            box.c.forgotten_at.is_(None),
            box.c.last_day >= work.today,
        )
        .distinct()
    )
    if asked.nights is not None:
        # Its day is the row's own, which may be another one than the property's by then; which of
        # them a line is of, and whether it answers where no night is known, the box says.
        first, last = (_beside(asked.nights[0], -1), _beside(asked.nights[1], 1))
        begun, slept = shelf.c.first_night, shelf.c.last_night
        wanted = wanted.where(
            or_(begun <= last, begun == ""), or_(slept >= first, begun >= first, slept == "")
        )
    asked_marks, closed = _asked_marks(work, asked)
    for column, marks in asked_marks.items():
        found: set[str] = set()
        for name, told in ((column, marks), ("label", closed)):
            for part in chunks(sorted(told)):
                found.update(work.conn.execute(wanted.where(shelf.c[name].in_(part))).scalars())
        wanted = wanted.where(one_of(shelf.c.box, sorted(found)))
    kept = tables.kept
    beside = (
        select(kept.c.box)
        .join(box, box.c.id == kept.c.box)
        .where(*unlaid(names), kept.c.property == asked.place)
        .where(box.c.forgotten_at.is_(None), box.c.last_day >= work.today)
    )
    return sorted({*work.conn.execute(wanted).scalars(), *work.conn.execute(beside).scalars()})


@dataclass(frozen=True)
class Place:
    """Under what a sealed line lies on the shelf, as it was when it was sealed.

    :param room: the room.
    :param first_night: first night, as its column writes the day, ISO; empty when nobody knew.
    :param last_night: last night slept, likewise.
    """

    room: str
    first_night: str
    last_night: str


def places(work: Work, ids: Iterable[str]) -> dict[tuple[str, str], Place]:
    """Return box and table -> under what the line of it lies; of several nobody knows which.

    :param work: the open transaction.
    :param ids: identifiers of boxes.
    """
    shelf = tables.shelf.c
    found: dict[tuple[str, str], set[Place]] = {}
    said = shelf.room, shelf.first_night, shelf.last_night
    for part in chunks(ids):
        rows = work.conn.execute(
            select(shelf.box, shelf.table_name, *said).where(shelf.box.in_(part))
        )
        for box, table, *words in rows:
            found.setdefault((box, table), set()).add(Place(*words))
    return {each: lying.pop() for each, lying in found.items() if len(lying) == 1}


def same_room(room: str, laid: str) -> bool:
    """Tell whether a room is the one that lies on the shelf."""
    return name_form(room[:_ROOM]) == name_form(laid)


def unlaid(names: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of sealed lines that do not lie on the shelf.

    Their table was declared to be no register when they were sealed, or somebody took them away.

    :param names: tables whose rows are lines of the register.
    """
    shelf, kept = tables.shelf, tables.kept
    there = exists().where(shelf.c.box == kept.c.box)
    living = kept.c.ended_at.is_(None), kept.c.box.is_not(None)
    return kept.c.table_name.in_(names), kept.c.mode == SEALED, *living, ~there


def _beside(night: date, days: int) -> str:
    """Return the night before or after one, ISO; at the ends of the calendar itself."""
    try:
        return (night + timedelta(days=days)).isoformat()
    except OverflowError:
        return night.isoformat()


def _asked_marks(work: Work, asked: Asked) -> tuple[dict[str, set[str]], set[str]]:
    """Return the marks per column that is asked for, and the labels whose keys do not open."""
    shelf = tables.shelf
    forms = name_forms(asked.name)
    wanted: dict[str, set[str]] = {}
    if forms:
        wanted["name_mark"] = set()
    if document_form(asked.document):
        wanted["document_mark"] = set()
    closed: set[str] = set()
    if not wanted:
        return wanted, closed
    labels = select(shelf.c.label).where(shelf.c.property == asked.place).distinct()
    for label in work.conn.execute(labels).scalars():
        try:
            names = {name_mark(work, label, form) for form in forms}
            document = document_mark(work, label, asked.document)
        except SealError:
            closed.add(label)
            continue
        if forms:
            wanted["name_mark"] |= {mark for mark in names if mark}
        if document:
            wanted["document_mark"].add(document)
    return wanted, closed


def remark(work: Work, boxes: Sequence[str]) -> None:
    """Mark the lines of boxes anew, after they were put under another label.

    Call it while the key of the label before still exists: where a box has several lines, marks
    are exchanged one for one. Lines of which nobody can tell any more whose they are leave the
    shelf: in a copy of the database from before a hold was lifted that key is lost.

    :param work: the open transaction.
    :param boxes: boxes that were wrapped again; they are opened. One that is damaged keeps the
        marks it has, and is no hindrance to the others.
    :raises KeyMissingError: a box was forgotten.
    """
    known = registers(work.datamap)
    for box in vault.fetch(work.conn, list(dict.fromkeys(boxes))):
        before = _labels(work, box.id) - {box.label}
        images = _images(work, box) if before else ()
        for label in before:
            mine = [image for image in images if image.table in known]
            if len(mine) > 1 and work.custodian.lost(label):
                _drop(work, box.id, label)
                continue
            for image in mine:
                way = box.id, label, box.label
                _exchange(work, known[image.table], image, way, alone=len(mine) == 1)
            # What is sealed with its line only, and not in its name, has no mark to exchange.
            _move(work, box.id, label, {"label": box.label})


def _images(work: Work, box: Box) -> Sequence[Image]:
    try:
        return decode(open_box(box, work.custodian)).rows
    except SealError:
        return ()


def _labels(work: Work, box: str) -> set[str]:
    table = tables.shelf
    return set(work.conn.execute(select(table.c.label).where(table.c.box == box)).scalars())


def _exchange(
    work: Work, lines: Lines, image: Image, way: tuple[str, str, str], alone: bool
) -> None:
    box, before, after = way
    said = texts(lines, image.columns, at(work.conn, image.table))
    old = _ANY if alone else _marks(work, lines, said, before)
    _move(work, box, before, {**_marks(work, lines, said, after), "label": after}, old)


def _drop(work: Work, box: str, label: str) -> None:
    """Take lines off the shelf; their box answers to every question from then on."""
    table = tables.shelf
    work.conn.execute(delete(table).where(table.c.box == box, table.c.label == label))


def _move(
    work: Work, box: str, label: str, values: Mapping[str, Any], old: Mapping[str, Any] = _ANY
) -> None:
    table = tables.shelf
    work.conn.execute(
        update(table)
        .where(table.c.box == box, table.c.label == label)
        .where(*(table.c[name] == mark for name, mark in old.items()))
        .values(**values)
    )


def _marks(
    work: Work, lines: Lines, said: Mapping[str, str], label: str
) -> dict[str, str | None]:
    form = name_form([said.get(column.name, "") for column in lines.names])
    return {
        "name_mark": name_mark(work, label, form),
        "document_mark": document_mark(work, label, said.get(lines.document.name, "")),
    }


def forget(work: Work) -> int:
    """Take lines off the shelf whose box is empty or gone; return how many.

    :param work: the open transaction.
    """
    table, box = tables.shelf, tables.box
    there = exists().where(box.c.id == table.c.box, box.c.forgotten_at.is_(None))
    return work.conn.execute(delete(table).where(~there)).rowcount
