"""Promise: a member that the policy keeps within the guest's own document is no residue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import inside, keep, null
from flask_guesterase.store import worker
from flask_guesterase.store.search import reading
from tests.store.hotel import Booking, Hotel, policies
from tests.store.test_many_finds import put
from tests.store.test_residue import found, places, run_of

ANN = {"name": "Ann Berg", "email": "ann@post.example", "document_no": "E12345678"}
MIXED = inside({"$.mail": keep("whom the travel agency writes to"), "$.n": null})


def keeping(hotel: Hotel) -> Hotel:
    """Declare that a member of each booking's remark stays."""
    declared = policies(str(hotel.files))
    declared[1] = (Booking, Policy({"number": keep("bookkeeping"), "remark": MIXED}, via="guest"))
    hotel.datamap = hotel.mapped(declared)
    return hotel


def remarked(hotel: Hotel, *said: Any, guest: int = 1) -> None:
    """Let a guest have bookings with these documents."""
    first = 100 * guest
    put(hotel, Booking, *(
        {"id": n, "number": f"B{n}", "guest_id": guest, "remark": json.dumps(each)}
        for n, each in enumerate(said, first)
    ))  # fmt: skip


def erased(hotel: Hotel) -> tuple[str, dict[str, set[str]]]:
    """Erase Ann; return how that ended and what was left where."""
    number = hotel.approved(document_no=ANN["document_no"])
    state = str(worker.carry_out(run_of(hotel), number))
    return state, places(hotel, number)


def test_what_a_document_keeps_of_the_guest_is_not_left(any_hotel: Hotel) -> None:
    """Their own mailbox in a member under keep(reason): ERASED, as for a column under it."""
    keeping(any_hotel).guest(1, **ANN)
    remarked(any_hotel, {"mail": ANN["email"], "n": "late"}, {"n": 1, "mail": [ANN["email"]]})
    assert erased(any_hotel) == ("erased", {})
    with any_hotel.engine.connect() as conn:
        texts = conn.exec_driver_sql("SELECT remark FROM bookings ORDER BY id").scalars().all()
    assert [json.loads(text) for text in texts] == [
        {"mail": ANN["email"], "n": None}, {"n": None, "mail": [ANN["email"]]}
    ]  # fmt: skip


@pytest.mark.parametrize("document", [
    {"mail": "ann@post.example", "n": "x", "old": "ann@post.example"},
    {"n": "x", "ann@post.example": True},
])  # fmt: skip
def test_the_rest_of_the_document_is_looked_into(any_hotel: Hotel, document: Any) -> None:
    """A member of which nobody said anything, and a key, hold a copy of the mailbox."""
    keeping(any_hotel).guest(1, **ANN)
    remarked(any_hotel, document)
    assert erased(any_hotel) == ("partial", {"bookings.remark": {"email"}})


def test_in_somebody_elses_document_it_is_a_copy(any_hotel: Hotel) -> None:
    """What the policy keeps there it keeps of them."""
    keeping(any_hotel).guest(1, **ANN)
    any_hotel.guest(2, name="Bo Lind", email="bo@post.example")
    remarked(any_hotel, {"mail": ANN["email"], "n": "late"}, guest=2)
    assert erased(any_hotel) == ("partial", {"bookings.remark": {"email"}})


def test_of_many_documents_each_is_judged(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that are not remembered."""
    monkeypatch.setattr(reading, "KEYS", 4)
    monkeypatch.setattr(reading, "LARGEST", 5)
    keeping(hotel).guest(1, **ANN)
    kept, left = {"mail": ANN["email"]}, {"mail": ANN["email"], "old": ANN["email"]}
    remarked(hotel, *[kept] * 13, left, *[kept] * 9, left)
    number = hotel.approved(document_no=ANN["document_no"])
    assert worker.carry_out(run_of(hotel), number) == "partial"
    assert [item["rows"] for item in found(hotel, number)["left"]] == [2]
