"""Who is told that something is wrong: the owner at once, the deputy when nobody looks after it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Row, select, update

from ...core.alert import DEPUTY_AFTER
from ...core.log import slug
from .. import tables
from ..messages import outbox
from ..settings import Property, Settings
from ..work import Work

OWNER, DEPUTY = "owner", "deputy"


@dataclass(frozen=True)
class _House:
    """A property as who writes a notice."""

    property: str
    controller: str
    number: str | None = None


def owners(settings: Settings, code: str) -> list[Property]:
    """Return the properties whose officers look after an alert: of the house, all of them once.

    :param settings: the operator's settings.
    :param code: code of the property, or empty for the house.
    """
    if code:
        hotel = settings.properties.get(code)
        return [] if hotel is None else [hotel]
    found: dict[tuple[str, str], Property] = {}
    for hotel in settings.properties.values():
        found.setdefault((hotel.officer, hotel.deputy), hotel)
    return list(found.values())


def tell(work: Work) -> int:
    """Tell owners of what is new, and deputies of what nobody took in time; return how many.

    What closed meanwhile is not told any more. A notice holds a number, a kind and a day.

    :param work: the open transaction.
    """
    table = tables.alert
    rows = work.conn.execute(
        select(table).where(table.c.closed_at.is_(None), table.c.deputy_at.is_(None))
        .order_by(table.c.id)
    ).all()  # fmt: skip
    told = 0
    for row in rows:
        if row.told_at is None:
            told += _send(work, row, OWNER)
            note(work, row.id, told_at=work.stamp)
        elif row.taken_at is None and work.stamp - row.told_at >= DEPUTY_AFTER:
            told += _send(work, row, DEPUTY)
            note(work, row.id, deputy_at=work.stamp)
    return told


def _send(work: Work, row: Row[tuple[object, ...]], whom: str) -> int:
    params = {
        "alert": str(row.id),
        "kind": row.kind,
        "since": row.since.date().isoformat(),
        "whom": whom,
    }
    told = 0
    for hotel in owners(work.settings, row.property):
        to = hotel.officer if whom == OWNER else hotel.deputy
        if to:
            sender = _House(hotel.code, slug(hotel.controller))
            dedupe = f"{outbox.ALERT}:{row.id}:{whom}:{hotel.code}"[:80]
            outbox.queue_notice(work, sender, to, hotel.lang, params, dedupe)
            told += 1
    return told


def note(work: Work, id: int, **values: object) -> None:
    """Write down what became of an alert."""
    table = tables.alert
    work.conn.execute(update(table).where(table.c.id == id).values(**values))
