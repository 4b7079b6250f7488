"""How often somebody may try, whoever else tries at the same time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_guesterase.core.errors import BusyError, LimitError
from flask_guesterase.store.access import limits
from tests.store.hotel import Hotel


@pytest.mark.usefixtures("impatient")
def test_of_two_tries_at_once_one_waits_for_the_other(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither would see the other's before it is committed, and both would be the last one."""
    hotel = any_hotel
    monkeypatch.setitem(limits.LIMITS, "code", (2, timedelta(minutes=10)))
    with hotel.begin() as office:
        office.attempt("code", "officer")
    with hotel.begin() as first:
        first.attempt("code", "officer")
        with pytest.raises(BusyError), hotel.begin() as second:
            second.attempt("code", "officer")
    with pytest.raises(LimitError), hotel.begin() as office:
        office.attempt("code", "officer")
    assert len(hotel.ours("attempt")) == 2


def test_tries_by_a_clock_that_ran_ahead_lock_nobody_out_once_it_is_right(hotel: Hotel) -> None:
    """All guests of a hotel come from one address, and a clerk has one name: not for a year."""
    hotel.later(days=365)
    most, _ = limits.LIMITS["code"]
    for _ in range(most):
        with hotel.begin() as office:
            office.attempt("code", "officer")
    hotel.later(days=-365)
    with hotel.begin() as office:
        office.attempt("code", "officer")
        limits.forget(office.work)
    assert len(hotel.ours("attempt")) == 1


def test_a_clock_that_is_set_back_a_little_gives_no_further_tries(hotel: Hotel) -> None:
    """Nobody tries more often than the limit lets them because an hour was corrected by minutes."""
    most, _ = limits.LIMITS["code"]
    for _ in range(most):
        with hotel.begin() as office:
            office.attempt("code", "officer")
    hotel.later(minutes=-5)
    with pytest.raises(LimitError), hotel.begin() as office:
        office.attempt("code", "officer")


def test_who_was_right_has_all_tries_again_and_nobody_else(hotel: Hotel) -> None:
    """Neither a colleague nor another door: who has a right code gives no tries to who has none."""
    tried = [("code", "officer"), ("code", "clerk"), ("pin", "officer")]
    for action, who in tried:
        for _ in range(limits.LIMITS[action][0]):
            with hotel.begin() as office:
                office.attempt(action, who)
    with hotel.begin() as office:
        limits.succeed(office.work, "code", "officer")
        office.attempt("code", "officer")
    for action, who in tried[1:]:
        with pytest.raises(LimitError), hotel.begin() as office:
            office.attempt(action, who)
