"""What the host writes of a guest between the erasure and its check: kept by law, it is named."""

from __future__ import annotations

from typing import Any

from flask_guesterase.core.holding import Wanted
from tests.store.hotel import Booking, Hotel, Invoice


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
