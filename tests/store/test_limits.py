"""How often somebody may try, whoever else tries at the same time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flask_guesterase.core.errors import BusyError, LimitError
from flask_guesterase.store import limits
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
