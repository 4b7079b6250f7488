"""After a replay: rows of an erased guest that a restore brought back under another key."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from flask_guesterase.store.access import pulse
from flask_guesterase.store.comeback import reconcile
from tests.store.hotel import Guest
from tests.store.test_replayed import Copied
from tests.store.test_replayed_others import ANN, copied

__all__ = ["copied"]


def loaded_anew(copied: Copied, knew: bool, key: int = 9) -> str:
    """Erase a guest, load the copy of before into other keys, and replay; return the request."""
    hotel = copied.hotel
    if not knew:
        copied.copy()
    number = hotel.approved(email=ANN["email"])
    if knew:
        copied.copy()
    assert hotel.erased(number) == "erased"
    copied.restore()
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(id=key))
    return number


@pytest.mark.parametrize("knew", [True, False])
def test_no_certificate_says_erased_while_a_guest_stands_under_another_key(
    copied: Copied, knew: bool
) -> None:
    """Nothing lies under the erased key; by marks the row is laid before staff before the request
    is checked, and what a person says of it ends the request."""
    hotel = copied.hotel
    number = loaded_anew(copied, knew)
    counts = copied.replay().counts
    assert (counts["gone"], counts["returned-unclear"]) == (1, 1)
    copied.work()
    assert hotel.row(9)["email"] == ANN["email"]
    assert hotel.state(number) == "partial"
    [left] = copied.certified(number)["partial"]
    assert (left["table"], left["reason"]) == ("guests", "perhaps-back")
    copied.settle(theirs=False)
    copied.work()
    assert hotel.state(number) == "erased"
    assert copied.certified(number)["partial"] == []


def test_a_look_after_a_replay_is_no_whole_pass(copied: Copied) -> None:
    """Marks may be put back after it of rows that were there: to the next pass of the night they
    are not rows that appeared since, which go without a word of anybody."""
    loaded_anew(copied, knew=True)
    assert copied.replay().counts["returned-unclear"] == 1
    with copied.hotel.engine.connect() as conn:
        assert pulse.look(conn, reconcile.PULSE) is None


def test_a_replay_ends_where_nobody_can_look_by_marks(copied: Copied) -> None:
    """The key of a year's marks is away: rows are found by their keys all the same, the alarm
    ends, and the night says which key it is."""
    loaded_anew(copied, knew=True)
    copied.hotel.custodian.forget("returning:2026")
    told = copied.replay()
    assert not told.restored
    assert "returned-unclear" not in told.counts
    assert copied.alarm() == ""
