"""Things sealed in boxes, many at once: their keys are durable before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, or_, select, text

from ...core.errors import KeyMissingError, SealError
from ...core.seal import Terms, close, day_label
from ..statements.failure import too_large
from ..statements.listed import Listed
from ..statements.sql import MARIADB
from ..tables import box as boxes
from ..tables import day as days

if TYPE_CHECKING:
    from ..keys.custodian import FolderCustodian

ENDING, ENDED = "ending", "ended"
MANY = 500
"""Boxes that one statement names at most."""


@dataclass(frozen=True)
class Item:
    """Something to be sealed.

    :param payload: what to seal.
    :param terms: controller, purpose, last day, label.
    :param request: number of the request it belongs to, or None.
    :param id: identifier of the box, a new one when empty; for what must be found without a list.
    """

    payload: bytes
    terms: Terms
    request: str | None = None
    id: str = ""


def put(
    conn: Connection, custodian: FolderCustodian, items: Sequence[Item], today: str
) -> list[str]:
    """Seal many things in boxes; their keys are durable before this returns.

    :param conn: open transaction.
    :param custodian: who holds the keys.
    :param items: what to seal.
    :param today: ``YYYY-MM-DD``; no box may have ended before.
    :return: identifiers of the boxes, in the order of `items`.
    :raises SealError: a last day is over, or its key is being forgotten, or said to be.
    :raises KeyMissingError: the key of a day is lost, under which other boxes lie.
    """
    labels = sorted({item.terms.label for item in items})
    told = _told(conn, labels)
    if coming := [label for label in told if _is_to_come(label, today)]:
        raise early(coming[0])
    if told or any(item.terms.last_day < today for item in items):
        raise SealError("This box would have ended before it was closed.", "Give a later day.")
    for label in labels:
        ensure(conn, custodian, label)
    closed = [close(item.payload, item.terms, custodian, item.id) for item in items]
    rows = [
        {
            "id": box.id,
            "controller": box.controller,
            "purpose": box.purpose,
            "request": item.request,
            "label": box.label,
            "last_day": box.last_day,
            "wrapped": box.wrapped,
            "payload": box.payload,
        }
        for box, item in zip(closed, items, strict=True)
    ]
    if rows:
        _fits(conn, max(len(box.payload) for box in closed))
        conn.execute(_PUT, rows)
    return [box.id for box in closed]


_PUT = insert(boxes)


def ensure(conn: Connection, custodian: FolderCustodian, label: str) -> None:
    """Make the key of a label if there is none, but no second one in the place of a lost one.

    :param conn: open transaction; a read-only one is enough.
    :param custodian: who holds the keys.
    :param label: label of the key.
    :raises KeyMissingError: it is lost, and other boxes lie under it.
    """
    require(conn, custodian, label)
    custodian.ensure(label)


def require(conn: Connection, custodian: FolderCustodian, label: str) -> None:
    """Go on only where the key of a label is there, or one can be made in nobody's place.

    :param conn: open transaction; a read-only one is enough.
    :param custodian: who holds the keys.
    :param label: label of the key.
    :raises KeyMissingError: it is lost, and other boxes lie under it.
    """
    if is_lost(conn, custodian, label):
        raise KeyMissingError(
            f"The key of {label} is lost, under which other boxes lie.",
            "Bring back the newest copy of the key folder. If no copy has it, "
            "`flask guesterase keys anew` lets another take its place.",
        )


def _fits(conn: Connection, size: int) -> None:
    """Go on only where the server takes a payload of this size.

    MariaDB hangs up in the middle of one that it does not take, as if it were away.

    :raises ErasureError: it does not.
    """
    if size < _LARGE or conn.dialect.name not in MARIADB:
        return
    most = conn.execute(text("SELECT @@max_allowed_packet")).scalar_one()
    # Its driver writes some bytes as two.
    if size + size // 32 + _BESIDE > most:
        raise too_large(f"{size} of {most} bytes")


_LARGE, _BESIDE = 2**19, 2**12
"""Bytes of a payload from which the server is asked, and of a statement beside it."""


def is_lost(conn: Connection, custodian: FolderCustodian, label: str) -> bool:
    """Return whether boxes lie under the key of a day, or of no day yet, and the folder lacks it.

    Keys of cases, holds and forms end before what a copy of the database says, and are made anew.

    :param conn: open transaction; a read-only one is enough.
    :param custodian: who holds the keys.
    :param label: label of the key.
    """
    if not label.startswith(LASTING) or not custodian.lost(label):
        return False
    under = select(boxes.c.id).where(boxes.c.label == label, boxes.c.forgotten_at.is_(None))
    # Another process may have made it, and sealed with it, in the meantime.
    return conn.execute(under.limit(1)).first() is not None and custodian.lost(label)


LASTING = ("day:", "open:")
"""How labels begin whose keys last as long as what lies under them must be had."""


def is_ending(conn: Connection, labels: Sequence[str]) -> bool:
    """Tell whether a key is being forgotten; the lock makes `mark` wait for who asks."""
    return bool(_told(conn, labels))


def _told(conn: Connection, labels: Sequence[str]) -> list[str]:
    return sorted(conn.execute(_ENDING, {"labels": labels}).scalars()) if labels else []


_ENDING = (
    select(days.c.label).where(Listed(days.c.label, given="labels")).with_for_update(read=True)
)


def ended_early(conn: Connection, today: str) -> list[str]:
    """Return the labels of keys that a row calls ended though their day is to come, or none is set.

    :param conn: open transaction; a read-only one is enough.
    :param today: ``YYYY-MM-DD``.
    """
    lasting = or_(*(days.c.label.like(f"{kind}%") for kind in LASTING))
    told = conn.execute(select(days.c.label).where(lasting)).scalars()
    return sorted(label for label in told if _is_to_come(label, today))


def _is_to_come(label: str, today: str) -> bool:
    """Return whether the end of a key is to come, so that no row of ours can say that it ended."""
    kind = label.partition(":")[0]
    return kind == "open" or (kind == "day" and label > day_label(today))


def early(label: str) -> SealError:
    """Return what is said where a row calls a key ended whose day is to come.

    :param label: label of the key.
    """
    return SealError(
        f"The database says that the key of {label} has ended, though its time is to come.",
        "Where the key folder lacks it, bring back its newest copy: sweeps take that word back "
        "within two nights. If no copy has it, `flask guesterase keys anew` lets another take its "
        "place.",
    )
