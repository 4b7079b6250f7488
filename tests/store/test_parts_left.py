"""A file on its way back that does not arrive leaves nothing of itself in the folder."""

from __future__ import annotations

import os

import pytest

from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.messages.removal import MARK
from flask_guesterase.store.recovery import files
from tests.store.hotel import Hotel
from tests.store.test_restore import deliver, filled, restore


@pytest.fixture
def coming(hotel: Hotel) -> Hotel:
    """A hotel with two files on their way back."""
    number = filled(hotel)
    hotel.erased(number)
    deliver(hotel)
    restore(hotel, number)
    return hotel


def test_a_full_disk_leaves_no_piece_of_a_file(
    coming: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, and comes back whole when there is room."""
    real = os.fsync

    def full(handle: int) -> None:
        if any(coming.files.glob(".*.part")):
            raise OSError(28, "No space left on device")
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", full)
        assert list(deliver(coming).problems.values()) == ["DeliveryError"]
    assert [each.name for each in coming.files.iterdir()] == [MARK]
    coming.later(minutes=BACK_OFF[0])
    deliver(coming)
    assert sorted(each.name for each in coming.files.iterdir()) == ["ann.png", "ann2.png"]


def test_a_window_that_ends_on_the_way_leaves_no_piece_of_a_file(
    coming: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first piece was written, the next cannot be had any more: neither is there."""
    monkeypatch.setattr(files, "pieces", lambda size: 2)

    deliver(coming)
    assert [each.name for each in coming.files.iterdir()] == [MARK]
    states = [(row["state"], row["problem"]) for row in coming.ours("outbox")
              if row["kind"] == "file-back"]  # fmt: skip
    assert states == [("failed", "ended")] * 2
