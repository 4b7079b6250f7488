"""Who reads the letter that an erasure was taken back: the guest, and no travel desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.hotel import Hotel
from tests.store.test_restore import restore
from tests.store.test_restored_others import told

DESK, OURS, PHONE = "trips@firm.example", "Front@pine.example", "+86 139 5555 0000"


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel with a mailbox of its own beside the one that guests write to."""
    made = Hotel(database_url, tmp_path)
    places = made.settings.properties
    own = replace(places["sh"], own=[OURS.lower()])
    made.settings = replace(made.settings, properties={**places, "sh": own})
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("phone", ["", PHONE])
@pytest.mark.parametrize(("first", "fellows", "own"), [
    (DESK, 9, True), (DESK, 10, False), (OURS, 0, False),
])  # fmt: skip
def test_no_travel_desk_reads_that_an_erasure_was_taken_back(
    hotel: Hotel, first: str, fellows: int, own: bool, phone: str
) -> None:
    """What comes back may begin with the address of a travel desk, or with the hotel's own: it is
    said at another contact of theirs, or on paper."""
    for id in range(20, 20 + fellows):
        hotel.guest(id, name=f"Traveller {id}", email=DESK)
    hotel.guest(50, name="Eve Ames", email=first, document_no="D50", phone=phone)
    number = hotel.approved(document_no="D50")
    assert hotel.erased(number) in ("erased", "sealed")
    assert restore(hotel, number).restored
    to = first if own else phone
    assert [address for _, address in told(hotel)] == [to]
