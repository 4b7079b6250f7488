"""Promise: in however many rows a value stays on purpose, none of them is called left."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import insert, update

from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import worker
from flask_guesterase.store.search import reading, residue, spared
from tests.store.hotel import Base, Booking, Hotel, Invoice, Scan
from tests.store.test_residue import found, run_of

ANN = {"name": "Ann Berg", "email": "ann@post.example", "document_no": "E12345678"}
MANY = reading.KEYS + 500


def put(hotel: Hotel, model: type[Base], *rows: dict[str, Any]) -> None:
    """Put many rows into one of the host's tables."""
    with hotel.engine.begin() as conn:
        conn.execute(insert(model), list(rows))


def invoiced(hotel: Hotel, guest: int, first: int, many: int) -> None:
    """Let a guest have bookings, each with an invoice to Ann's mailbox."""
    numbers = range(first, first + many)
    put(hotel, Booking, *({"id": n, "number": f"B{n}", "guest_id": guest} for n in numbers))
    put(hotel, Invoice, *(
        {"id": n, "booking_id": n, "billed_to": ANN["email"], "total": 1} for n in numbers
    ))  # fmt: skip


def carried_out(hotel: Hotel) -> tuple[str, str]:
    """Erase Ann as the worker does; return her request and its state."""
    number = hotel.approved(document_no=ANN["document_no"])
    return number, str(worker.carry_out(run_of(hotel), number))


def unsearched(hotel: Hotel, many: int) -> str:
    """Erase Ann, who has so many invoices, and search for nothing yet; return her request."""
    hotel.guest(1, **ANN)
    invoiced(hotel, 1, 1, many)
    number = hotel.approved(document_no=ANN["document_no"])
    with hotel.begin() as office:
        office.erase(number)
    return number


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are remembered, and few are asked about at once."""
    monkeypatch.setattr(reading, "KEYS", 4)
    monkeypatch.setattr(reading, "LARGEST", 5)


def test_what_the_law_keeps_in_many_rows_is_not_left(any_hotel: Hotel) -> None:
    """The guest's own mailbox in more rows than are remembered: SEALED, and nothing to look at."""
    any_hotel.guest(1, **ANN)
    invoiced(any_hotel, 1, 1, MANY)
    number, state = carried_out(any_hotel)
    assert (state, found(any_hotel, number)["left"]) == ("sealed", [])


@pytest.mark.usefixtures("few")
def test_of_many_rows_those_alone_are_left_that_nobody_keeps(any_hotel: Hotel) -> None:
    """Those that are not remembered too, each once, whatever was remembered of the others."""
    hotel = any_hotel
    hotel.guest(1, **ANN)
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    for guest, first, many in ((2, 1, 1), (1, 2, 11), (2, 13, 2), (1, 15, 9)):
        invoiced(hotel, guest, first, many)
    number, state = carried_out(hotel)
    (left,) = found(hotel, number)["left"]
    assert (state, left["place"], left["rows"]) == ("partial", "invoices.billed_to", 3)


@pytest.mark.usefixtures("few")
def test_many_rows_are_judged_within_one_transaction_as_well(hotel: Hotel) -> None:
    """A program that checks by itself, and reads in the transaction it has, says the same."""
    hotel.guest(1, **ANN)
    invoiced(hotel, 1, 1, 15)
    assert hotel.erased(hotel.approved(document_no=ANN["document_no"])) == "sealed"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("guest", [1, 2])
def test_rows_that_come_meanwhile_are_judged_as_they_are(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, guest: int
) -> None:
    """What stays on purpose since the first reading hides nothing that was left; what does not is
    left as well."""
    hotel.guest(1, **ANN)
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    invoiced(hotel, 1, 1, 15)
    invoiced(hotel, 2, 16, 1)
    many = residue.many

    def later(*given: Any) -> list[reading.Find]:
        invoiced(hotel, guest, 101, 3)
        return many(*given)

    monkeypatch.setattr(residue, "many", later)
    number, _ = carried_out(hotel)
    (left,) = found(hotel, number)["left"]
    assert left["rows"] == (1 if guest == 1 else 4)


@pytest.mark.usefixtures("few")
def test_what_the_law_keeps_is_planned_once_for_all_rows(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each piece of them: a plan takes as long as all of the guest's rows are many."""
    number = unsearched(hotel, 300)
    plans, plan = [], spared.planning.plan
    monkeypatch.setattr(spared.planning, "plan", lambda *it: plans.append(1) or plan(*it))
    residue.searched(run_of(hotel), [number])
    assert (len(plans), found(hotel, number)["left"]) == (2, [])


@pytest.mark.usefixtures("few")
def test_a_table_is_read_once_more_for_all_the_values_in_it(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them stand in more rows than are remembered, and in however many columns."""
    hotel = any_hotel
    hotel.guest(1, **ANN, phone="+49 151 23456789")
    text = "ann@post.example E12345678 +49 151 23456789"
    hotel.guest(2, name="Bo Lind", email="bo@post.example")
    invoiced(hotel, 1, 1, 9)
    invoiced(hotel, 2, 11, 7)
    with hotel.engine.begin() as conn:
        conn.execute(update(Invoice).values(billed_to=text))
        conn.execute(update(Booking).where(Booking.guest_id == 2).values(remark=text))
    read, pieces = Counter[str](), reading.pieces

    def counted(opened: Any, place: Any) -> Any:
        read[place.name] += 1
        return pieces(opened, place)

    monkeypatch.setattr(reading, "pieces", counted)
    number, state = carried_out(hotel)
    assert state == "partial"
    places = sorted(item["place"] for item in found(hotel, number)["left"])
    assert places == ["bookings.remark", "invoices.billed_to"]
    assert (read["invoices"], read["bookings"], read["guests"]) == (2, 2, 1)


@pytest.mark.usefixtures("few")
def test_a_search_that_is_cut_while_many_rows_are_judged_says_nothing(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made anew, as one that is cut before."""
    number = unsearched(hotel, 15)
    look = residue.look

    def over(*given: Any) -> reading.Finds:
        finds = look(*given)
        monkeypatch.setattr(reading.time, "monotonic", lambda: 1e12)
        return finds

    monkeypatch.setattr(residue, "look", over)
    with pytest.raises(BusyError):
        residue.searched(run_of(hotel), [number], seconds=60)
    monkeypatch.undo()
    assert hotel.ours("search")[0]["found"] is None
    residue.searched(run_of(hotel), [number], seconds=60)
    assert found(hotel, number)["left"] == []


@pytest.mark.usefixtures("few")
def test_rows_about_which_nothing_is_declared_are_read_once(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay for no reason, so that their number alone counts."""
    hotel.guest(1, **ANN)
    with hotel.engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE loose (id INTEGER PRIMARY KEY, t VARCHAR(90))")
        for n in range(15):
            conn.exec_driver_sql(f"INSERT INTO loose VALUES ({n}, 'ann@post.example')")
    monkeypatch.setattr(residue, "beyond", None)
    number, state = carried_out(hotel)
    (left,) = found(hotel, number)["left"]
    assert (state, left["rows"]) == ("partial", 15)


@pytest.mark.usefixtures("few")
def test_many_files_that_stay_are_not_left(hotel: Hotel) -> None:
    """Each is named by a row that is held."""
    hotel.grants["officer"] |= {"hold"}
    hotel.guest(1, **ANN)
    for n in range(1, 9):
        name = f"E12345678_{n}.jpg"
        (hotel.files / name).write_bytes(b"x")
        hotel.put(Scan, id=n, guest_id=1, path=name)
        with hotel.begin() as office:
            office.place_hold(Wanted("record", "court-order", "scans", str(n)), "officer")
    number, _ = carried_out(hotel)
    assert found(hotel, number)["left"] == []
