"""What lies sealed of a row that no link makes the guest's any more: it may be another guest's."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from flask_guesterase.core.copying import Copy, Record, Withheld
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import delete, keep, mentions, null, redact
from tests.store.hotel import Booking, Companion, Guest, Hotel, Invoice, policies
from tests.store.test_copied_others import ANN, BEA, after
from tests.store.test_copying import fetched, records, shown

NOTED = Policy(
    {"number": keep("bookkeeping"), "remark": mentions}, via=["guest", "companions.guest"]
)


def roomed(hotel: Hotel, remark: str, booking: Policy = NOTED) -> str:
    """Erase Ann, who had a booking and stayed under one of Bea's; return the number."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    hotel.datamap = hotel.mapped([*declared, (Booking, booking)])
    hotel.guest(1, **ANN)
    hotel.guest(2, **BEA)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="quiet")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark=remark)
    hotel.put(Companion, booking_id=2, guest_id=1)
    number = hotel.approved(email=ANN["email"])
    hotel.erased(number)
    assert hotel.rows(Companion) == []
    return number


def noted(copy: Copy) -> list[Record]:
    """Return what a copy has of bookings, but of her own."""
    return [each for each in records(copy, "bookings") if each.values.get("remark") != "quiet"]


def test_a_text_of_another_guests_row_comes_without_them_and_as_shared(any_hotel: Hotel) -> None:
    """The erasure took the link away by which Ann was in Bea's booking; the box has its whole text.
    """
    erasure = roomed(any_hotel, "Bea Lund is ill, room beside Ann Berg")
    (record,) = noted(fetched(any_hotel, after(any_hotel, erasure)))
    assert record.values == {"remark": "▇▇▇ is ill, room beside Ann Berg"}
    assert (record.shared, record.boxed) == (True, ("remark",))


def test_a_text_of_another_guests_row_that_does_not_name_the_guest_is_listed_only(
    any_hotel: Hotel,
) -> None:
    """It is about whose row it is, as far as anybody can tell."""
    erasure = roomed(any_hotel, "Bea Lund is ill")
    copy = fetched(any_hotel, after(any_hotel, erasure))
    assert noted(copy) == []
    assert "is ill" not in copy.to_json()
    assert copy.withheld == (Withheld("bookings", ("remark",), 1, "another-persons"),)


def test_what_the_vendor_said_is_the_guests_alone_is_theirs_in_another_guests_row(
    any_hotel: Hotel,
) -> None:
    """An erasure takes nothing else out of a shared row; others are struck out of it."""
    alone = Policy(
        {"number": keep("bookkeeping"), "remark": null},
        via={"guest": [], "companions.guest": ["remark"]},
    )
    erasure = roomed(any_hotel, "vegan, not beside Bea Lund", alone)
    (record,) = noted(fetched(any_hotel, after(any_hotel, erasure)))
    assert (record.values, record.shared) == ({"remark": "vegan, not beside ▇▇▇"}, True)


@pytest.mark.parametrize("joint", [[], ["total"]])
def test_of_a_row_that_went_whole_and_was_another_guests_too_each_has_what_they_had(
    any_hotel: Hotel, joint: list[str]
) -> None:
    """Of Ann's bills one is of Bea's booking, in which she stayed; both were deleted with Ann."""
    hotel = any_hotel
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Invoice]
    via = ["booking.guest", "booking.companions.guest"]
    goes = Policy({"billed_to": redact, "total": keep("bookkeeping")}, via=via, joint=joint,
                  rows=delete)  # fmt: skip
    hotel.datamap = hotel.mapped([*declared, (Invoice, goes)])
    hotel.guest(1, **ANN)
    hotel.guest(2, **BEA)
    for number in (1, 2):
        hotel.put(Booking, id=number, number=f"B{number}", guest_id=number)
    hotel.put(Companion, booking_id=2, guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Ann Berg", total=90)
    hotel.put(Invoice, id=2, booking_id=2, billed_to="Bea Lund", total=70)
    erasure = hotel.approved(email=ANN["email"])
    hotel.erased(erasure)
    assert hotel.rows(Invoice) == []
    copy = fetched(hotel, after(hotel, erasure))
    said = {each.values.get("billed_to"): each for each in records(copy, "invoices")}
    assert (said["Ann Berg"].shared, said["Ann Berg"].values["total"]) == (False, "90")
    assert [(each.values, each.shared) for name, each in said.items() if name != "Ann Berg"] == [
        ({"total": "70"}, True) for _ in joint
    ]
    left = tuple(sorted({"billed_to", "total"} - set(joint)))
    assert copy.withheld == (Withheld("invoices", left, 1, "another-persons"),)


def test_who_releases_reads_what_was_written_freely_in_boxes_too(hotel: Hotel) -> None:
    """The box says more than the row: a name that nobody knows stands in it still."""
    erasure = roomed(hotel, "beside Ann Berg; Dr Holm called about Bea")
    with hotel.begin() as office:
        number = office.copy_after(erasure, "clerk")
    shown(hotel, number)
    with hotel.begin() as office:
        seen, _ = office.outline(number, "officer")
        desk, _ = office.outline(number, "clerk")
    assert sorted(seen.texts) == [
        ("bookings", "remark", "beside Ann Berg; Dr Holm called about ▇▇▇"),
        ("bookings", "remark", "quiet"),
    ]
    assert desk.texts == ()


def test_a_text_of_the_guests_that_an_erasure_left_as_it_was_comes_once(hotel: Hotel) -> None:
    """Nobody was struck out of it: what the box says of it the row says itself."""
    erasure = roomed(hotel, "")
    copy = fetched(hotel, after(hotel, erasure))
    said = [each.values for each in records(copy, "bookings") if each.values.get("remark")]
    assert said == [{"number": "B1", "remark": "quiet"}]


def test_a_row_the_host_gave_away_is_the_erased_guests_in_its_box(hotel: Hotel) -> None:
    """Whoever has Ann's number now is no other owner of what was sealed of her."""
    erasure = roomed(hotel, "")
    with hotel.engine.begin() as conn:
        conn.execute(Guest.__table__.update().where(Guest.id == 1).values(
            name="Cem Oak", email="cem@mail.example"
        ))  # fmt: skip
    (record,) = records(fetched(hotel, after(hotel, erasure)), "guests")
    assert (dict(record.values), record.shared) == (ANN, False)


def test_whose_rows_are_is_asked_of_many_at_once(hotel: Hotel) -> None:
    """A guest who stayed under many bookings costs as many statements as who stayed under one."""
    declared = [(t, p) for t, p in policies(str(hotel.files)) if t is not Booking]
    hotel.datamap = hotel.mapped([*declared, (Booking, NOTED)])
    hotel.guest(3, name="Cem Oak", email="cem@mail.example")
    said: list[str] = []
    event.listen(hotel.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    counts, first = [], 10
    for guest, many in ((1, 1), (2, 30)):
        hotel.guest(guest, **(ANN, BEA)[guest - 1])
        for number in range(first, first + many):
            hotel.put(Booking, id=number, number=f"C{number}", guest_id=3, remark="two keys")
            hotel.put(Companion, booking_id=number, guest_id=guest)
        first += many
        erasure = hotel.approved(email=(ANN, BEA)[guest - 1]["email"])
        hotel.erased(erasure)
        with hotel.begin() as office:
            asked = office.copy_after(erasure, "clerk")
        shown(hotel, asked)
        said.clear()
        with hotel.begin() as office:
            seen, _ = office.outline(asked, "officer")
        counts.append(len(said))
        assert sum(each.rows for each in seen.withheld) == many
    assert counts[0] == counts[1]
