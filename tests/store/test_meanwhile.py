"""What the host writes of a guest between the erasure and its check: kept by law, it is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.treatment import keep, placeholder
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Booking, Hotel, Invoice
from tests.store.test_expiry import BILLS, METADATA, PEOPLE, Inn, inn

__all__ = ["inn"]


def erased(hotel: Hotel) -> str:
    """Erase a guest with an invoice, and do not look again yet; return her request."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=9)
    number = hotel.approved(email="ann@example.com")
    with hotel.begin() as office:
        office.erase(number).settled()
    return number


def looked(hotel: Hotel, number: str) -> tuple[str, list[dict[str, Any]]]:
    """Let the erasure be checked; return the end state, and what its certificate says stays."""
    with hotel.begin() as office:
        state = office.check(number).value
    with hotel.begin() as office:
        stays: list[dict[str, Any]] = office.certificate(number)["content"]["stays"]
    return state, stays


def test_an_invoice_made_out_before_the_check_is_one_that_stays(any_hotel: Hotel) -> None:
    """It stays by the same law; a certificate that counts one of two would be untrue."""
    hotel = any_hotel
    number = erased(hotel)
    hotel.put(Invoice, id=2, booking_id=1, billed_to="Ann Berg", total=3)
    state, stays = looked(hotel, number)
    assert state == "sealed"
    assert [each["rows"] for each in stays] == [2]
    kept = [row for row in hotel.ours("kept") if row["request"] == number]
    assert {row["row_key"] for row in kept} == {"int:1", "int:2"}
    assert len({(row["mode"], row["until"], row["rule"]) for row in kept}) == 1


def test_the_first_invoice_made_out_before_the_check_keeps_it_from_being_all_gone(
    hotel: Hotel,
) -> None:
    """Nothing was kept until then, and "erased" says that nothing stays."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = hotel.approved(email="ann@example.com")
    with hotel.begin() as office:
        office.erase(number).settled()
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=9)
    state, stays = looked(hotel, number)
    assert state == "sealed"
    assert [each["rows"] for each in stays] == [1]
    with hotel.begin() as office:
        assert list(office.verify()) == []


def test_what_was_held_before_the_check_stays_until_the_hold_is_lifted(hotel: Hotel) -> None:
    """A remark written meanwhile was to go; a hold on it comes first, and says so."""
    hotel.grants["officer"] |= {"hold"}
    hotel.grants["second"] |= {"hold"}
    number = erased(hotel)
    hotel.put(Booking, id=2, number="B2", guest_id=1, remark="Ann again")
    with hotel.begin() as office:
        office.place_hold(Wanted("record", "court-order", "bookings", "2"), "officer")
    state, stays = looked(hotel, number)
    assert state == "sealed"
    assert sum(each["rows"] for each in stays) == 2
    assert [row["mode"] for row in hotel.ours("kept") if row["table_name"] == "bookings"] == [
        "held"
    ]


def test_what_is_kept_already_is_not_written_down_again(hotel: Hotel) -> None:
    """Nor what went: a hold that covers emptied rows keeps nothing of them."""
    hotel.grants["officer"] |= {"hold"}
    number = erased(hotel)
    with hotel.begin() as office:
        office.place_hold(Wanted("subject", "court-order", "guests", "1"), "officer")
    state, stays = looked(hotel, number)
    assert (state, [each["rows"] for each in stays]) == ("sealed", [1])
    assert [row["row_key"] for row in hotel.ours("kept")] == ["int:1"]


def billed(inn: Inn) -> str:
    """Erase a guest of whose bill the payer stays and the role is replaced; return the request."""
    for who in ("officer", "second"):
        inn.grants[who] |= {"hold"}
    people, bills = inn.datamap.tables["people"].policy, inn.datamap.tables["bills"].policy
    told = {"role": placeholder, "scan": keep("a drawer"), "letter": keep("a folder")}
    inn.datamap = resolve(
        [
            (PEOPLE, people),
            (BILLS, replace(bills, columns={**bills.columns, **told}, facts={})),
        ], METADATA.tables.values(), [],
    )  # fmt: skip
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, role="main@mail.example")
    number = inn.approved(email="p1@mail.example")
    with inn.begin() as office:
        office.erase(number).settled()
    return number


def held(inn: Inn) -> int:
    """Place a hold on the bill; return its number."""
    with inn.begin() as office:
        return office.place_hold(Wanted("record", "court-order", "bills", "1"), "officer")


def lifted(inn: Inn, id: int) -> None:
    """Lift a hold, by two people, and let the time go by until that acts."""
    for who in ("officer", "second"):
        with inn.begin() as office:
            office.lift(id, who)
    inn.later(hours=2)


def lines(inn: Inn) -> list[tuple[str, str, bool]]:
    """Return mode and columns of what is written down as kept, and whether it still is."""
    return [(row["mode"], row["columns"], row["ended_at"] is None) for row in inn.ours("kept")]


def test_a_hold_before_the_check_keeps_no_column_that_went(inn: Inn) -> None:
    """The payer stays by law and is written down; the role is gone and goes no second time."""
    number = billed(inn)
    role = inn.read(BILLS)["role"]
    id = held(inn)
    with inn.begin() as office:
        assert office.check(number).value == "sealed"
    assert [(each["table"], each["columns"]) for each in inn.content(number)["stays"]] == [
        ("bills", ["payer"])
    ]
    assert lines(inn) == [("place", '["payer"]', True)]
    lifted(inn, id)
    finishing.finish(inn.run)
    assert lines(inn) == [("place", '["payer"]', True)]
    assert inn.read(BILLS)["role"] == role


def test_of_a_row_that_is_held_what_was_filled_again_is_named_alone(inn: Inn) -> None:
    """The host writes a role again before the check: that is held, and the payer is kept once."""
    number = billed(inn)
    inn.set(BILLS, 1, role="main@mail.example")
    held(inn)
    with inn.begin() as office:
        office.check(number)
    assert lines(inn) == [("place", '["payer"]', True), ("held", '["role"]', True)]


def test_a_kept_row_that_is_held_on_its_day_keeps_what_was_kept(inn: Inn) -> None:
    """What went of it long ago is not held, nor written down, nor erased once more."""
    number = billed(inn)
    with inn.begin() as office:
        office.check(number)
    role = inn.read(BILLS)["role"]
    id = held(inn)
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert lines(inn) == [("place", '["payer"]', False), ("held", '["payer"]', True)]
    lifted(inn, id)
    finishing.finish(inn.run)
    assert (inn.read(BILLS)["payer"], inn.read(BILLS)["role"]) == (None, role)
    assert [each[2] for each in lines(inn)] == [False, False]
