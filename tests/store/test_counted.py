"""Promise: preview, journal and certificate count the rows that change, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.store.hotel import Booking, Hotel

ADA = {"name": "Ada Holm", "email": "ada@mail.example"}


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel with a guest who booked three times, and once had a wish."""
    made = Hotel(database_url, tmp_path)
    made.guest(1, **ADA)
    for number, remark in enumerate((None, "tea", None), 1):
        made.put(Booking, id=number, number=f"B{number}", guest_id=1, remark=remark)
    yield made
    made.engine.dispose()


def told(hotel: Hotel, number: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return what the preview of a confirmed request counts, and what its certificate does."""
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    with hotel.begin() as office:
        before = {line.table: line.rows for line in office.preview(number).erase}
    hotel.approve(number)
    assert hotel.erased(number) == "erased"
    with hotel.begin() as office:
        content: dict[str, Any] = office.certificate(number)["content"]
    return before, {each["table"]: each["rows"] for each in content["went"]}


def test_what_was_empty_is_not_counted_nor_is_a_shell(hotel: Hotel) -> None:
    """NULL becomes NULL in two of three bookings; of who asks again everything is empty."""
    changed = {"guests": 1, "bookings": 1}
    assert told(hotel, hotel.file(email=ADA["email"])) == (changed, changed)
    hotel.later(minutes=1)
    assert told(hotel, hotel.file(booking="B2")) == ({}, {})


def test_what_the_host_wrote_since_is_counted(hotel: Hotel) -> None:
    """A remark of later goes by a second request, and is all that goes."""
    told(hotel, hotel.file(email=ADA["email"]))
    hotel.later(minutes=1)
    hotel.put(Booking, id=9, number="B9", guest_id=1, remark="late tea")
    assert told(hotel, hotel.file(booking="B2")) == ({"bookings": 1}, {"bookings": 1})
