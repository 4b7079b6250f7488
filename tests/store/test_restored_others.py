"""An erasure that is taken back gives nothing of a guest to whoever has their row by now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.treatment import null, placeholder, retain
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.keys import copies
from tests.store.hotel import Booking, Companion, Guest, Hotel, Scan, policies
from tests.store.test_restore import refused
from tests.store.test_restored_parts import alter, guest, restore, sealed

BO = {"name": "Bo Lind", "email": "bo@mail.example", "phone": "+86 2"}


def render(template: str, lang: str, params: Any) -> tuple[str, str]:
    return template, lang


@pytest.fixture(autouse=True)
def sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hotels here seal what the law keeps."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)


def declared(hotel: Hotel, named: bool) -> None:
    """Let document numbers be of the register, and names be declared or not."""
    every = policies(str(hotel.files))
    rules = {**every[0][1].columns, "document_no": retain("guest_register", null)}
    subject = every[0][1].subject
    assert subject is not None
    subject = replace(subject, name="name" if named else ())
    every[0] = (Guest, replace(every[0][1], columns=rules, subject=subject))
    hotel.datamap = hotel.mapped(every)


def erased(hotel: Hotel) -> str:
    """Erase a guest who has two profiles and something that hangs on each."""
    for id in (1, 2):
        (hotel.files / f"{id}.png").write_bytes(b"page")
        hotel.guest(
            id, name="Ann Berg", email="ann@mail.example", phone=f"+86 1{id}", document_no=f"P{id}"
        )
        hotel.put(Booking, id=id, number=f"B{id}", guest_id=id, remark="late")
        hotel.put(Scan, id=id, guest_id=id, path=f"{id}.png")
    hotel.guest(3, name="Cy Holm", email="cy@mail.example")
    hotel.put(Booking, id=3, number="B3", guest_id=3, remark="cot")
    for id in (1, 2):
        hotel.put(Companion, booking_id=3, guest_id=id)
    number = hotel.approved(email="ann@mail.example")
    assert hotel.erased(number) == "sealed"
    return number


def moves_in(hotel: Hotel, id: int, **values: Any) -> dict[str, Any]:
    """Let the host write into a guest's row; return the row."""
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == id).values(**values))
    return hotel.row(id)


def told(hotel: Hotel) -> list[tuple[str, str]]:
    """Return by which way, and to whom, it was said that the erasure was taken back."""
    found = []
    for line in hotel.ours("outbox"):
        if line["template"] == "restored":
            with hotel.begin() as office:
                content = safe.read(office.work, line["box"])
            found.append((line["channel"], content.get("to", "")))
    return found


@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_who_came_in_since_gets_nothing_of_who_was_erased(any_hotel: Hotel, named: bool) -> None:
    """Neither a column that is empty, nor a remark, nor a scan; her other profile comes back, the
    law keeps what it keeps of the first, and the letter goes to her own address."""
    hotel = any_hotel
    declared(hotel, named)
    number = erased(hotel)
    bo = moves_in(hotel, 1, **BO)
    report = restore(hotel, number)
    assert hotel.row(1) == bo
    assert (hotel.row(2)["name"], hotel.row(2)["document_no"]) == ("Ann Berg", "P2")
    assert {row["id"]: row["remark"] for row in hotel.rows(Booking)} == {
        1: None, 2: "late", 3: "cot",
    }  # fmt: skip
    assert [row["guest_id"] for row in hotel.rows(Companion)] == [2]
    assert [row["guest_id"] for row in hotel.rows(Scan)] == [2]
    assert set(refused(report)) == {"guests", "bookings", "companions", "scans"}
    assert all(set(why) == {"reused-key"} for why in refused(report).values())
    assert sorted(sealed(hotel)) == [(False, True), (True, False)]
    assert told(hotel) == [("smtp", "ann@mail.example")]


def test_whom_a_contact_belongs_to_that_was_written_since_nobody_knows(hotel: Hotel) -> None:
    """A mailbox without a name stands in her row: the rest comes back, the letter is printed."""
    declared(hotel, named=True)
    hotel.guest(1, name="Ann Berg", email="ann@mail.example")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    number = hotel.approved(email="ann@mail.example")
    hotel.erased(number)
    moves_in(hotel, 1, email="bo@mail.example")
    report = restore(hotel, number)
    assert refused(report) == {"guests": {"newer": 1}}
    assert hotel.rows(Booking)[0]["remark"] == "late"
    assert [channel for channel, _ in told(hotel)] == ["print"]


def test_a_guest_whose_name_was_entered_again_is_that_guest(hotel: Hotel) -> None:
    """In other letters and with another blank: what is not newer comes back."""
    declared(hotel, named=True)
    number = erased(hotel)
    moves_in(hotel, 1, name="ANN  BERG")
    report = restore(hotel, number)
    assert refused(report) == {"guests": {"newer": 1}}
    assert [row["remark"] for row in hotel.rows(Booking)] == ["late", "late", "cot"]
    assert hotel.row(1)["document_no"] == "P1"


def test_who_came_in_after_it_was_taken_back_gets_nothing_of_what_is_tried_again(
    hotel: Hotel,
) -> None:
    """Her scan waited for its row, which the host deleted meanwhile and gave to somebody else."""
    declared(hotel, named=True)
    number = erased(hotel)
    hotel.put(Scan, id=1, guest_id=3, path="cy.png")
    assert refused(restore(hotel, number)) == {"scans": {"reused-key": 1}}
    alter(hotel, "DELETE FROM scans WHERE id = 1")
    moves_in(hotel, 1, **BO)
    assert refused(restore(hotel, number)) == {"scans": {"reused-key": 1}}
    assert [row["id"] for row in hotel.rows(Scan)] == [2]


def test_a_guest_who_was_asked_for_twice_is_put_back(any_hotel: Hotel) -> None:
    """The second request found her empty, and wrote nothing that would be newer than the copy."""
    hotel = any_hotel
    declared(hotel, named=True)
    number = guest(hotel, booking="B1")
    hotel.erased(hotel.approved(booking="B1"))
    assert restore(hotel, number).restored
    assert hotel.row(1)["name"] == "Ann Berg"


def test_what_a_guest_wrote_like_a_placeholder_goes(hotel: Hotel) -> None:
    """Only what an erasure wrote stays as it is."""
    every = policies(str(hotel.files))
    rules = {**every[0][1].columns, "name": placeholder, "phone": placeholder}
    every[0] = (Guest, replace(every[0][1], columns=rules))
    hotel.datamap = hotel.mapped(every)
    said = {"name": "erased-Ann Berg, passport P1", "phone": "+86 1@erased.invalid"}
    hotel.guest(1, email="ann@mail.example", **said)
    assert hotel.erased(hotel.approved(email="ann@mail.example")) == "erased"
    assert not set(said.values()) & set(hotel.row(1).values())
