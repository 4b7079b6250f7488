"""A request ends when nothing is kept of it, whatever is being done about it at that moment."""

from __future__ import annotations

import threading

from sqlalchemy import insert, select, update

from flask_guesterase.store import completing, tables
from flask_guesterase.store.cases import load
from tests.store.hotel import Booking, Hotel, Invoice


def test_a_request_of_which_something_is_kept_again_meanwhile_does_not_end(
    any_hotel: Hotel,
) -> None:
    """Its guest came back and is being erased again, and the law keeps an invoice of that stay."""
    hotel, kept = any_hotel, tables.kept
    hotel.guest(1, name="Ann", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann", total=90)
    number = hotel.approved(email="ann@example.com")
    assert hotel.erased(number) == "sealed"
    with hotel.engine.begin() as conn:
        line = dict(conn.execute(select(kept)).mappings().one())
        conn.execute(update(kept).values(ended_at=hotel.now.replace(tzinfo=None)))
    ends: list[bool] = []

    def end() -> None:
        with hotel.begin() as office:
            ends.append(completing.complete(office.work, number))

    worker = threading.Thread(target=end)
    with hotel.begin() as office:
        load(office.work, number, lock=True)
        del line["id"]
        office.work.conn.execute(insert(kept).values(line))
        worker.start()
        worker.join(0.5)
    worker.join()
    assert ends == [False]
    assert hotel.state(number) == "sealed"
