"""A request ends when nothing is kept of it, whatever is being done about it at that moment."""

from __future__ import annotations

import threading
from datetime import date

from sqlalchemy import insert, select, update

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.executing import completing, finishing
from flask_guesterase.store.transaction import again
from tests.store.hotel import Booking, Hotel, Invoice
from tests.store.test_expiry import PEOPLE, Inn, any_inn

__all__ = ["any_inn"]


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


def test_a_request_that_ends_while_a_hold_is_placed_keeps_nobody_from_placing_it(
    any_inn: Inn,
) -> None:
    """The certificate of its end takes the journal's head early; who holds has their turn first."""
    inn, problems = any_inn, list[Exception]()
    inn.grants["officer"].add("hold")
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    inn.person(5, date(2028, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    inn.later(days=3 * 366)

    def finish() -> None:
        try:
            finishing.finish(lambda unit: again(lambda: inn.run(unit)))
        except Exception as problem:
            problems.append(problem)

    sweep = threading.Thread(target=finish)
    with inn.begin() as office:
        office.place_hold(Wanted("subject", "court-order", PEOPLE.name, "5"), "officer")
        sweep.start()
        sweep.join(0.5)
    sweep.join()
    assert problems == []
    assert (inn.state(number), len(inn.ours("hold"))) == ("erased", 1)
