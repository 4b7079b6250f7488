"""Which holds and freezes live: those that nobody has lifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, select

from .. import tables

if TYPE_CHECKING:
    from ..work import Work


@dataclass(frozen=True)
class Hold:
    """A living hold or freeze, as far as what it covers goes.

    :param id: its number.
    :param scope: subject, record, query, place or evidence.
    :param property: code of the property.
    :param table: table of the row, or that a query is on.
    :param row: key of the row, as `core.plan.key_text` writes it.
    :param room: room that is frozen, or empty for all.
    :param night: night that is frozen, ISO, or empty for all.
    :param query: name of the query, or number of the incident.
    :param since: when it was placed, naive UTC; None where that does not matter.
    """

    id: int
    scope: str
    property: str
    table: str = ""
    row: str = ""
    room: str = ""
    night: str = ""
    query: str = ""
    since: datetime | None = None


def living(work: Work) -> list[Hold]:
    """Return the holds that are not lifted, the oldest first."""
    return [read(row) for row in work.conn.execute(_LIVING)]


_LIVING = (
    select(tables.hold).where(tables.hold.c.lifted_at.is_(None)).order_by(tables.hold.c.id)
)


def read(row: Row[Any]) -> Hold:
    """Return the hold that a row is."""
    return Hold(
        row.id,
        row.scope,
        row.property,
        row.table_name or "",
        row.row_key or "",
        row.room or "",
        row.first_night or "",
        row.query or "",
        row.placed_at,
    )
