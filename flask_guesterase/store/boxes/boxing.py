"""Things sealed in boxes, many at once: their keys are durable before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, text

from ...core.errors import SealError
from ...core.seal import Custodian, Terms, close
from ..statements.failure import too_large
from ..statements.listed import Listed
from ..tables import box as boxes
from ..tables import day as days
from ..transaction import MARIADB

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


def put(conn: Connection, custodian: Custodian, items: Sequence[Item], today: str) -> list[str]:
    """Seal many things in boxes; their keys are durable before this returns.

    :param conn: open transaction.
    :param custodian: who holds the keys.
    :param items: what to seal.
    :param today: ``YYYY-MM-DD``; no box may have ended before.
    :return: identifiers of the boxes, in the order of `items`.
    :raises SealError: a last day is over, or its key is being forgotten.
    """
    labels = sorted({item.terms.label for item in items})
    if any(item.terms.last_day < today for item in items) or is_ending(conn, labels):
        raise SealError("This box would have ended before it was closed.", "Give a later day.")
    for label in labels:
        custodian.ensure(label)
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
        conn.execute(insert(boxes), rows)
    return [box.id for box in closed]


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


def is_ending(conn: Connection, labels: Sequence[str]) -> bool:
    """Tell whether a key is being forgotten; the lock makes `mark` wait for who asks."""
    if not labels:
        return False
    return conn.execute(_ENDING, {"labels": labels}).first() is not None


_ENDING = (
    select(days.c.label).where(Listed(days.c.label, given="labels")).with_for_update(read=True)
)
