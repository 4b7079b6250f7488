"""Opening the books: who may read and correct what is kept in place, recorded before they do."""

from __future__ import annotations

from sqlalchemy import func, select

from ...core.events import BooksOpened
from ...core.permissions import Permission
from .. import tables
from ..access import actors
from ..work import Work
from .restricted import MODES


def open_books(work: Work, property_: str, by: str) -> int:
    """Record that somebody opens the books of a property; return how many rows are kept there.

    :param work: the open transaction.
    :param property_: code of the property.
    :param by: the host's id of the person.
    :raises UnknownError: there is no such property.
    :raises ForbiddenError: they may not read its books.
    """
    place = work.settings.property(property_)
    actor = actors.allow(work, by, Permission.BOOKS, place.code)
    kept = tables.kept
    rows: int = work.conn.execute(
        select(func.count()).where(
            kept.c.property == place.code, kept.c.mode.in_(MODES), kept.c.ended_at.is_(None)
        )
    ).scalar_one()
    work.events.append(
        BooksOpened(place.controller, place.code, actor=actor, counts={"rows": rows})
    )
    return rows
