"""The same thing sent twice under one key, at the same moment."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from flask_guesterase.core.errors import BusyError
from tests.store.hotel import Hotel


def test_of_two_that_find_the_time_of_a_key_over_one_makes_it_anew(any_hotel: Hotel) -> None:
    """Who presses twice after a while presses once: the second waits for what the first made."""
    hotel = any_hotel
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return len(made)

    def press() -> str:
        with hotel.begin() as office:
            return office.once({}, make, whose="form", key="k", lasting=timedelta(minutes=1))

    def second() -> None:
        with suppress(BusyError):
            press()

    assert press() == "1"
    hotel.later(minutes=2)
    hotel.meet("UPDATE guesterase_filed", second)
    assert press() == press() == "2"
    assert made == [0, 1]
