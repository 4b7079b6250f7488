"""Small sealed values of a case or a message: put away, read again, dropped."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete

from ...core.errors import SealError, UnknownError
from ...core.log import canonical
from ...core.seal import Terms
from .. import tables
from ..work import Work
from . import boxing, vault


def keep(work: Work, terms: Terms, value: object, request: str | None = None) -> str:
    """Seal a value and return the id of its box.

    :param work: the open transaction.
    :param terms: controller, purpose, last day and label.
    :param value: anything with a canonical form.
    :param request: number of the request it belongs to.
    """
    item = boxing.Item(canonical(value), terms, request)
    return boxing.put(work.conn, work.custodian, [item], work.today)[0]


def read(work: Work, box_id: str) -> Any:
    """Return what a box holds.

    :raises UnknownError: there is no such box.
    :raises SealError: it was forgotten or does not open.
    """
    return json.loads(vault.unseal(work.conn, work.custodian, [box_id])[0])


def peek(work: Work, box_id: str | None) -> Any:
    """Return what a box holds, or None when there is none or its day is over."""
    if box_id is None:
        return None
    try:
        return read(work, box_id)
    except (SealError, UnknownError):
        return None


def drop(work: Work, box_id: str | None) -> None:
    """Delete a box whose content is not needed any more."""
    if box_id is not None:
        work.conn.execute(delete(tables.box).where(tables.box.c.id == box_id))
