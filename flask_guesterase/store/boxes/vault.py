"""Boxes in our tables: opened, put under other keys, and forgotten in three steps.

Forgetting is `mark` (in a transaction), `destroy` (the key, after its commit) and `record` (in
another transaction). Whatever is interrupted, the next run begins with what is marked already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, String, cast, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import KeyMissingError, SealError, UnknownError
from ...core.seal import Box, Custodian, open_box, wrap_aad
from ...core.seal import rewrap as rewrap_box
from ..statements.sql import one_of
from ..tables import box as boxes
from ..tables import day as days
from ..tables import hold as holds
from .boxing import ENDED, ENDING, MANY, ensure, is_ending, is_lost

if TYPE_CHECKING:
    from ..keys.custodian import FolderCustodian

HOLDS = select(literal("hold:") + cast(holds.c.id, String))
"""Labels of the keys of holds, as a condition that an index answers: of what a label begins with
SQLite knows none, nor PostgreSQL where it sorts by a language."""

_HOLD = "hold:"
_NOWHERE: dict[str, Any] = {"home": None, "spare": None}
_EMPTY: dict[str, Any] = {"wrapped": None, "payload": None, **_NOWHERE}

# What came through the form lives 24 hours, so its key lives one day longer than its name says.
_DATED = {"day": timedelta(0), "intake": timedelta(days=1)}


def fetch(conn: Connection, ids: Sequence[str]) -> list[Box]:
    """Return boxes, closed, in the order of `ids`.

    :raises UnknownError: there is no such box.
    :raises KeyMissingError: one was forgotten.
    """
    return [_box(row) for row in _rows(conn, ids)]


def openable(conn: Connection, custodian: Custodian, ids: Sequence[str]) -> list[Box]:
    """Return boxes as they can be opened, in the order of `ids`.

    One that a hold keeps lies under the key it had before as well, as long as that key lives. In
    a copy of the database from before the hold was lifted that is the only one there is.

    :raises UnknownError: there is no such box.
    :raises KeyMissingError: one was forgotten.
    """
    return [_openable(row, custodian) for row in _rows(conn, ids)]


def holding(conn: Connection, custodian: Custodian, ids: Sequence[str]) -> list[Box]:
    """Return boxes as they can be opened, without those that were emptied meanwhile."""
    rows = (row for row in _rows(conn, ids) if row is not None and row.wrapped is not None)
    return [_openable(row, custodian) for row in rows]


def _rows(conn: Connection, ids: Sequence[str], lock: bool = False) -> list[Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(ids), MANY):
        part = ids[start : start + MANY]
        wanted = select(boxes).where(boxes.c.id.in_(part)).order_by(boxes.c.id)
        for row in conn.execute(wanted.with_for_update() if lock else wanted):
            found[row.id] = row
    return [found.get(box_id) for box_id in ids]


def _openable(row: Any, custodian: Custodian) -> Box:
    box = _box(row)
    if row.spare is None:
        return box
    home = replace(box, label=row.home, wrapped=bytes(row.spare))
    return next((each for each in (box, home) if _unwraps(each, custodian)), box)


def _unwraps(box: Box, custodian: Custodian) -> bool:
    try:
        custodian.unwrap(box.label, box.wrapped, wrap_aad(box.id, box.label))
    except SealError:
        return False
    return True


def _box(row: Any) -> Box:
    if row is None:
        raise UnknownError("There is no such box.", "It was never part of this database.")
    if row.payload is None or row.wrapped is None:
        raise KeyMissingError("This box was forgotten.", "What it held cannot be had any more.")
    return Box(
        id=row.id,
        controller=row.controller,
        purpose=row.purpose,
        last_day=row.last_day,
        label=row.label,
        wrapped=bytes(row.wrapped),
        payload=bytes(row.payload),
    )


def parted(conn: Connection, ids: Collection[str], most: int) -> list[list[str]]:
    """Return boxes in parts that hold so many bytes at most, closed, or are a single one.

    :param ids: identifiers of boxes.
    :param most: bytes.
    """
    found: list[list[str]] = []
    sizes, size = _sizes(conn, sorted(ids)), 0
    for box_id in sorted(ids, key=lambda each: sizes.get(each, 0)):
        size += sizes.get(box_id, 0)
        if not found or size > most:
            found.append([])
            size = sizes.get(box_id, 0)
        found[-1].append(box_id)
    return found


def _sizes(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return how many bytes boxes hold; without those that were forgotten."""
    found = dict[str, int]()
    for start in range(0, len(ids), MANY):
        part = ids[start : start + MANY]
        wanted = select(boxes.c.id, func.length(boxes.c.payload)).where(
            boxes.c.id.in_(part), boxes.c.payload.is_not(None)
        )
        found.update((row[0], row[1]) for row in conn.execute(wanted))
    return found


def unseal(conn: Connection, custodian: Custodian, ids: Sequence[str]) -> list[bytes]:
    """Open boxes and return what they hold, in the order of `ids`.

    :raises UnknownError: there is no such box.
    :raises KeyMissingError: one was forgotten.
    :raises SealError: one is not as it was sealed.
    """
    return [open_box(box, custodian) for box in openable(conn, custodian, ids)]


def require_lost(conn: Connection, custodian: FolderCustodian, ids: Sequence[str]) -> None:
    """Go on only where boxes that did not open are lost: their key is gone, or they are damaged.

    :param conn: open transaction.
    :param custodian: who holds the keys.
    :param ids: identifiers of boxes that could not be opened together.
    :raises SealError: a key is there and cannot be read now, so that they may open later.
    """
    wanted = select(boxes.c.label, boxes.c.home).where(one_of(boxes.c.id, ids)).distinct()
    for label in sorted({name for row in conn.execute(wanted) for name in row if name}):
        if not custodian.lost(label):
            custodian.opens(label)


def of_request(conn: Connection, request: str, purpose: str | None = None) -> list[str]:
    """Return the identifiers of the boxes of a request that were not forgotten.

    :param purpose: only those kept for this.
    """
    wanted = select(boxes.c.id).where(boxes.c.request == request, boxes.c.forgotten_at.is_(None))
    if purpose is not None:
        wanted = wanted.where(boxes.c.purpose == purpose)
    return list(conn.execute(wanted.order_by(boxes.c.id)).scalars())


def rewrap(
    conn: Connection, custodian: FolderCustodian, ids: Sequence[str], label: str
) -> None:
    """Put boxes under another wrapping key, for example that of a hold.

    What a hold keeps goes on to lie under the key it had before too, until that one ends: of the
    hold's key nothing is left once it is lifted, and a copy of the database from before needs it.

    :param label: the new label; made when there is none.
    :raises KeyMissingError: a box was forgotten, or the key of a day is lost, under which others
        lie.
    """
    ensure(conn, custodian, label)
    for row in _rows(conn, ids, lock=True):
        box = _openable(row, custodian)
        moved = rewrap_box(box, label, custodian)
        values = {"label": moved.label, "wrapped": moved.wrapped, **_home(row, label)}
        conn.execute(update(boxes).where(boxes.c.id == box.id).values(values))


def _home(row: Any, label: str) -> dict[str, Any]:
    """Return under which key a box lies besides, when it goes under that of a label."""
    if not label.startswith(_HOLD):
        return _NOWHERE
    if row.label.startswith(_HOLD):
        return {"home": row.home, "spare": row.spare}
    return {"home": row.label, "spare": row.wrapped}


def rehome(
    conn: Connection, custodian: FolderCustodian, box_id: str, label: str, today: str
) -> None:
    """Let a box under a hold lie under another key besides: that of the day it has by now.

    It lies under none besides where it does not open, or where that key is lost, ends or has
    ended. A box that lies under no hold, or is forgotten, stays as it is.

    :param label: label of that key; made when there is none.
    :param today: ``YYYY-MM-DD``.
    """
    row = _rows(conn, [box_id], lock=True)[0]
    if row is None or row.wrapped is None or not row.label.startswith(_HOLD):
        return
    box, beside = _openable(row, custodian), dict(_NOWHERE)
    gone = is_over(label, today) or is_ending(conn, [label]) or is_lost(conn, custodian, label)
    if not gone and _unwraps(box, custodian):
        custodian.ensure(label)
        beside = {"home": label, "spare": rewrap_box(box, label, custodian).wrapped}
    conn.execute(update(boxes).where(boxes.c.id == box_id).values(beside))


def empty(conn: Connection, ids: Sequence[str], now: datetime) -> int:
    """Take the content of single boxes away before their day.

    The wrapped key goes with the row; old copies of the database keep both until the day's key
    ends.

    :param now: UTC time without a zone.
    :return: how many boxes that was.
    """
    if not ids:
        return 0
    return conn.execute(
        update(boxes)
        .where(one_of(boxes.c.id, ids), boxes.c.forgotten_at.is_(None))
        .values(**_EMPTY, forgotten_at=now)
    ).rowcount


def mark(
    conn: Connection, today: str, now: datetime, labels: Iterable[str] = (),
    spared: Collection[str] = (),
) -> tuple[str, ...]:
    """First step of forgetting: say which keys end; from now on nothing is sealed under them.

    :param conn: open transaction; commit it before `destroy`.
    :param today: ``YYYY-MM-DD``, by a clock that was checked; keys of earlier days end, those
        of holds and cases do not.
    :param now: UTC time without a zone.
    :param labels: labels of existing keys (`FolderCustodian.labels`), so that a key whose
        transaction was rolled back ends on its day too.
    :param spared: labels whose keys end later.
    :return: the labels to destroy, those that an interrupted run had marked included.
    """
    due = set(
        conn.execute(
            select(boxes.c.label)
            .where(boxes.c.forgotten_at.is_(None), boxes.c.last_day < today)
            .distinct()
        ).scalars()
    )
    due.update(labels)
    due.difference_update(spared)
    mark_labels(conn, (label for label in due if is_over(label, today)), now)
    return ending(conn)


def is_over(label: str, today: str) -> bool:
    """Tell whether the day a label names is over; a label without a day ends when told to.

    :param today: ``YYYY-MM-DD``.
    """
    kind, _, day = label.partition(":")
    if kind not in _DATED:
        return False
    try:
        return date.fromisoformat(day) + _DATED[kind] < date.fromisoformat(today)
    except ValueError:
        return False


def mark_labels(conn: Connection, labels: Iterable[str], now: datetime) -> None:
    """Mark the keys of these labels, whatever their day: a hold that was lifted, a closed case.

    :param now: UTC time without a zone.
    """
    wanted = sorted(set(labels))
    known = set(
        conn.execute(
            select(days.c.label).where(one_of(days.c.label, wanted)).with_for_update()
        ).scalars()
    )
    again = [label for label in wanted if label in known]
    if again:
        conn.execute(update(days).where(one_of(days.c.label, again)).values(state=ENDING, at=now))
    for label in wanted:
        if label not in known:
            try:
                with conn.begin_nested():
                    conn.execute(insert(days).values(label=label, state=ENDING, at=now))
            except IntegrityError:
                continue  # another sweep marked it between our two statements


def is_destroyed(conn: Connection, custodian: FolderCustodian, label: str) -> bool:
    """Return whether the key of a label was destroyed, and is not only away for now.

    :param conn: open transaction; a read-only one is enough.
    :param custodian: who holds the keys.
    :param label: label of the key.
    :raises KeyMissingError: it ended, and the folder is not there that would still have it.
    """
    ended = select(days.c.label).where(days.c.label == label, days.c.state.in_([ENDING, ENDED]))
    return conn.execute(ended).first() is not None and custodian.lost(label)


def expire(conn: Connection, today: str, now: datetime) -> int:
    """Empty the boxes whose day is over but whose key lives on, that of an open case for example.

    Boxes under a hold stay.

    :param today: ``YYYY-MM-DD``.
    :param now: UTC time without a zone.
    :return: how many boxes that was.
    """
    return conn.execute(
        update(boxes)
        .where(
            boxes.c.last_day < today,
            boxes.c.forgotten_at.is_(None),
            *(boxes.c.label.not_like(f"{kind}:%") for kind in ("hold", *_DATED)),
        )
        .values(**_EMPTY, forgotten_at=now)
    ).rowcount


def ending(conn: Connection) -> tuple[str, ...]:
    """Return the labels that are marked and not yet recorded as ended."""
    wanted = select(days.c.label).where(days.c.state == ENDING).order_by(days.c.label)
    return tuple(conn.execute(wanted).scalars())


def destroy(custodian: Custodian, labels: Iterable[str]) -> None:
    """Second step: destroy the keys; only after the commit of `mark`, again without harm."""
    for label in labels:
        custodian.forget(label)


def record(conn: Connection, labels: Sequence[str], now: datetime) -> int:
    """Third step: empty the boxes of destroyed keys and note the keys as ended.

    :param conn: open transaction.
    :param labels: what `destroy` was given.
    :param now: UTC time without a zone.
    :return: how many boxes were forgotten.
    """
    if not labels:
        return 0
    gone = conn.execute(
        update(boxes)
        .where(one_of(boxes.c.label, labels), boxes.c.forgotten_at.is_(None))
        .values(**_EMPTY, forgotten_at=now)
    )
    _alone(conn, labels)
    conn.execute(update(days).where(one_of(days.c.label, labels)).values(state=ENDED, at=now))
    return gone.rowcount


def _alone(conn: Connection, labels: Sequence[str]) -> None:
    """Let boxes under a hold lie under its key alone where the one of before is destroyed."""
    wanted = select(boxes.c.id).where(boxes.c.label.in_(HOLDS), one_of(boxes.c.home, labels))
    held = sorted(conn.execute(wanted).scalars())
    for start in range(0, len(held), MANY):
        part = held[start : start + MANY]
        conn.execute(update(boxes).where(boxes.c.id.in_(part)).values(_NOWHERE))


def lines(conn: Connection, custodian: Custodian | None = None) -> Iterator[str]:
    """Yield every box that was not forgotten as a line of ``boxes.jsonl``.

    :param custodian: who holds the keys, where boxes are told as they can be opened.
    """
    wanted = select(boxes).where(boxes.c.forgotten_at.is_(None)).order_by(boxes.c.id)
    for row in conn.execute(wanted):
        yield (_box(row) if custodian is None else _openable(row, custodian)).to_json()
