"""Small sealed values of a case or a message: put away, read again, dropped."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, insert, select

from ..core.errors import SealError
from ..core.log import canonical
from ..core.seal import Box, Terms, close, open_box
from . import tables
from .work import Work


def keep(work: Work, terms: Terms, value: object, request: str | None = None) -> str:
    """Seal a value and return the id of its box.

    :param work: the open transaction.
    :param terms: controller, purpose, last day and label.
    :param value: anything with a canonical form.
    :param request: number of the request it belongs to.
    """
    box = sealed(work, terms, value)
    work.conn.execute(
        insert(tables.box).values(
            id=box.id,
            controller=box.controller,
            purpose=box.purpose,
            request=request,
            label=box.label,
            last_day=box.last_day,
            wrapped=box.wrapped,
            payload=box.payload,
        )
    )
    return box.id


def sealed(work: Work, terms: Terms, value: object) -> Box:
    """Return a value in a box that the caller stores."""
    work.custodian.ensure(terms.label)
    return close(canonical(value), terms, work.custodian)


def read(work: Work, box_id: str) -> Any:
    """Return what a box holds.

    :raises SealError: the box is gone, was forgotten or does not open.
    """
    table = tables.box
    row = work.conn.execute(select(table).where(table.c.id == box_id)).one_or_none()
    if row is None or row.wrapped is None or row.payload is None:
        raise SealError("This box is gone.", "What it held cannot be had again.")
    box = Box(
        row.id, row.controller, row.purpose, row.last_day, row.label, row.wrapped, row.payload
    )
    return json.loads(open_box(box, work.custodian))


def drop(work: Work, box_id: str | None) -> None:
    """Delete a box whose content is not needed any more."""
    if box_id is not None:
        work.conn.execute(delete(tables.box).where(tables.box.c.id == box_id))
