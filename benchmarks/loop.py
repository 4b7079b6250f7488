"""The naive loop: one guest after another through the ORM, as most hosts write it; erases only."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from .byhand import ERASED
from .schema import (
    MASKED,
    Access,
    Consent,
    Folio,
    Guest,
    Invoice,
    Loyalty,
    Message,
    Payment,
    Reservation,
    Scan,
    Stay,
)

THEIRS = (Stay, Message, Scan, Consent, Access, Loyalty)


def erase(engine: Engine, ids: Iterable[int]) -> None:
    """Erase guests one by one, without holds, images, vault, journal or check.

    :param engine: the database.
    :param ids: numbers of the guests.
    """
    for id in ids:
        with Session(engine) as session:
            guest = session.get_one(Guest, id)
            for model in THEIRS:
                for row in session.scalars(select(model).where(model.guest_id == id)):
                    session.delete(row)
            _mask(guest)
            for booking in session.scalars(select(Reservation).where(Reservation.guest_id == id)):
                _mask(booking)
                bills = select(Folio).where(Folio.reservation_id == booking.id)
                for folio in session.scalars(bills):
                    for kind in (Invoice, Payment):
                        for row in session.scalars(select(kind).where(kind.folio_id == folio.id)):
                            _mask(row)
            session.commit()


def _mask(row: Guest | Reservation | Invoice | Payment) -> None:
    for name in MASKED[row.__tablename__]:
        setattr(row, name, ERASED if name == "name" else None)
