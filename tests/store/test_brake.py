"""Two people let the clock brake go while others look at it, or press once more."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from flask_guesterase.core.errors import TransitionError
from flask_guesterase.store.access import brake, pulse
from flask_guesterase.store.office import Office
from tests.store.hotel import Hotel


@pytest.fixture
def doubted(any_hotel: Hotel) -> Hotel:
    """A hotel whose clock leapt, of which one of two people said that it is right."""
    for user in ("officer", "second"):
        any_hotel.grants[user].add("law")
    with any_hotel.begin() as office:
        brake.beat(office.work)
        office.acts_as("second")
    any_hotel.now = any_hotel.now.replace(year=any_hotel.now.year - 1)
    with any_hotel.begin() as office:
        assert office.confirm_clock("officer") is False
    return any_hotel


def beside(hotel: Hotel, act: Callable[[Office], object]) -> list[object]:
    """Let somebody act while the second person's word is about to be written; return the end."""
    ends: list[object] = []

    def other() -> None:
        try:
            with hotel.begin() as office:
                ends.append(act(office))
        except TransitionError as problem:
            ends.append(type(problem))

    acting = threading.Thread(target=other)
    with hotel.begin() as office:
        assert office.confirm_clock("second") is True
        acting.start()
        acting.join(0.5)
    acting.join()
    return ends


def test_a_worker_that_looks_meanwhile_does_not_put_the_brake_on_again(doubted: Hotel) -> None:
    """It read the doubt of before, and finds it gone once it may write."""
    assert beside(doubted, lambda office: brake.hold_back(office.work)) == [""]
    with doubted.begin() as office:
        assert brake.doubt(office.work.conn, office.work.stamp) == ""
    # Once in the journal of each house.
    assert doubted.events.count("clock-doubted") == 2


def test_who_presses_twice_does_not_take_back_what_two_people_said(doubted: Hotel) -> None:
    """There is nothing left to say, and by how much the clock is ahead stays agreed."""
    assert beside(doubted, lambda office: office.confirm_clock("second")) == [TransitionError]
    with doubted.begin() as office:
        agreed = pulse.look(office.work.conn, brake.CLOCK)
        assert agreed is not None
        assert agreed.second is not None
