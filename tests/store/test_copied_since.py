"""Whose a copy is when its guest was erased while it waited, and the host gave the row away."""

from __future__ import annotations

import pytest

from flask_guesterase.core.copying import Copy, Withheld
from flask_guesterase.store.access.tokens import Purpose, link
from flask_guesterase.store.complaints.receiving import Grievance
from tests.store.hotel import Booking, Hotel, Invoice
from tests.store.test_copied_others import ANN, BEA, moves_in, told
from tests.store.test_copying import asked, fetched, records, release, shown


def stays(hotel: Hotel) -> None:
    """Put Ann in, with a booking and an invoice that the law keeps where it is."""
    hotel.grants["second"].add("complaint")
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=90)


def refused(hotel: Hotel, wish: str = "copy", email: str = ANN["email"]) -> str:
    """Ask for a copy and refuse it; return its number, with the clock a minute later."""
    number = asked(hotel, wish, email)
    shown(hotel, number)
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(minutes=1)
    return number


def goes(hotel: Hotel, email: str) -> str:
    """Erase a guest; return the number, with the clock a minute later."""
    number = hotel.approved(email=email)
    assert hotel.erased(number) in ("erased", "sealed")
    hotel.later(minutes=1)
    return number


def upheld(hotel: Hotel, number: str) -> Copy:
    """Overturn the refusal of a copy and release it; return what the guest fetches."""
    said = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
    with hotel.begin() as office:
        complaint = office.file_complaint(said, "clerk")
    with hotel.begin() as office:
        office.answer_complaint(complaint, "second", "overturned", "You are right.")
    release(hotel, number)
    return fetched(hotel, number)


def overturned(hotel: Hotel, number: str) -> str:
    """Return the same as JSON."""
    return upheld(hotel, number).to_json()


@pytest.mark.parametrize("wish", ["copy", "copy-first"])
def test_a_copy_that_waited_for_its_answer_is_not_of_who_has_the_row_by_then(
    any_hotel: Hotel, wish: str
) -> None:
    """It was refused, its guest erased, their number given away; then the complaint is upheld."""
    hotel = any_hotel
    stays(hotel)
    number = refused(hotel, wish)
    if wish == "copy":
        goes(hotel, ANN["email"])
    else:
        erasure = hotel.ours("copy")[0]["erasure"]
        shown(hotel, erasure)
        hotel.approve(erasure)
        hotel.later(days=14)
        assert hotel.erased(erasure) == "sealed"
    moves_in(hotel)
    text = overturned(hotel, number)
    assert (told(BEA, text), "for Bea" in text, '"B9"' in text) == ([], False, False)
    assert told(ANN, text) == list(ANN.values())


def test_nor_of_who_had_the_row_after_them_and_was_erased_as_well(hotel: Hotel) -> None:
    """The row is empty again: neither what is sealed of the next guest, nor what stayed of them."""
    stays(hotel)
    number = refused(hotel)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    hotel.put(Booking, id=2, number="B2", guest_id=1)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bea Lund", total=70)
    goes(hotel, BEA["email"])
    text = overturned(hotel, number)
    assert (told(BEA, text), told(ANN, text)) == ([], list(ANN.values()))


def test_a_copy_after_an_erasure_has_nothing_that_stayed_of_the_next_guest(hotel: Hotel) -> None:
    """Who had the row after them was erased too; the law keeps an invoice of each in its place."""
    stays(hotel)
    first = goes(hotel, ANN["email"])
    moves_in(hotel)
    hotel.put(Booking, id=2, number="B2", guest_id=1)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bea Lund", total=70)
    goes(hotel, BEA["email"])
    with hotel.begin() as office:
        number = office.copy_after(first, "clerk")
    shown(hotel, number)
    release(hotel, number)
    text = fetched(hotel, number).to_json()
    assert (told(BEA, text), told(ANN, text)) == ([], list(ANN.values()))


def test_nor_of_who_had_the_row_before(hotel: Hotel) -> None:
    """Ann was erased before Bea, who has her number, asked; what is sealed of Ann is not Bea's."""
    hotel.grants["second"].add("complaint")
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    number = refused(hotel, email=BEA["email"])
    goes(hotel, BEA["email"])
    text = overturned(hotel, number)
    assert (told(ANN, text), told(BEA, text)) == ([], list(BEA.values()))


def test_what_stayed_of_who_had_the_row_before_is_not_in_the_next_guests_copy(
    any_hotel: Hotel,
) -> None:
    """The law keeps Ann's invoice where it is; it hangs on the row that is Bea's now."""
    hotel = any_hotel
    stays(hotel)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    hotel.put(Booking, id=2, number="B2", guest_id=1)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bea Lund", total=70)
    number = asked(hotel, email=BEA["email"])
    shown(hotel, number)
    release(hotel, number)
    copy = fetched(hotel, number)
    assert [record.values["billed_to"] for record in records(copy, "invoices")] == ["Bea Lund"]
    assert copy.withheld == (Withheld("invoices", (), 1, "another-persons"),)
    assert told(BEA, copy.to_json()) == list(BEA.values())
    assert told(ANN, copy.to_json()) == []


def test_who_is_found_by_a_booking_gets_no_safety_copy_of_one_of_two_in_a_row(
    hotel: Hotel
) -> None:
    """Two guests had the number one after the other; whose the booking was nobody can tell."""
    stays(hotel)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    goes(hotel, BEA["email"])
    with hotel.begin() as office:
        number = office.request({"booking": "B9"}, property="sh", by="clerk", wish="copy")
    shown(hotel, number)
    release(hotel, number)
    assert fetched(hotel, number).boxes == 0


def test_a_copy_of_a_form_that_was_confirmed_after_the_erasure_is_its_guests(
    hotel: Hotel
) -> None:
    """The link is good for a day; what was erased in it, and given away, is not in the copy."""
    stays(hotel)
    hotel.ask(name=ANN["name"], email=ANN["email"], wish="copy")
    hotel.look()
    (row,) = hotel.ours("request")
    hotel.later(minutes=1)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    with hotel.begin() as office:
        office.confirm_copy_link(link(office.work, row["number"], Purpose.COPY))
    release(hotel, row["number"])
    text = fetched(hotel, row["number"]).to_json()
    assert (told(BEA, text), told(ANN, text)) == ([], list(ANN.values()))


def test_two_requests_for_one_erasure_are_about_one_guest(hotel: Hotel) -> None:
    """Both came in before either was carried out: the row is still hers, and so is what stayed."""
    stays(hotel)
    hotel.guest(2, **{**ANN, "email": None})
    number = refused(hotel)
    both = [hotel.approved(email=ANN["email"]), hotel.approved(phone=ANN["phone"])]
    assert len({row["request"] for row in hotel.ours("subject") if row["row_key"] == "int:1"}) == 3
    for each in both:
        hotel.later(minutes=1)
        assert hotel.erased(each) in ("erased", "sealed")
    copy = upheld(hotel, number)
    assert [record.values["billed_to"] for record in records(copy, "invoices")] == ["Ann Berg"]
    assert told(ANN, copy.to_json()) == list(ANN.values())


def test_a_copy_of_which_nobody_can_tell_what_was_the_guests_does_not_say_that_nothing_is_held(
    hotel: Hotel
) -> None:
    """She was erased with a second profile that the copy is not about, and her row was given away.
    """
    stays(hotel)
    hotel.guest(2, **{**ANN, "document_no": "E7654321", "phone": "+8613800000009"})
    with hotel.begin() as office:
        match = {"document": ANN["document_no"]}
        number = office.request(match, property="sh", channel="letter", by="clerk", wish="copy")
    shown(hotel, number)
    with hotel.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    hotel.later(minutes=1)
    goes(hotel, ANN["email"])
    moves_in(hotel)
    copy = upheld(hotel, number)
    assert (copy.rows(), copy.boxes) == (0, 0)
    assert copy.withheld == (Withheld("guests", (), 1, "written-since"),)
