"""An erasure taken back: everything as it was, what hangs on it undone, each refusal named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from flask_guesterase.core.errors import (
    BlockedError,
    ForbiddenError,
    FourEyesError,
    InputError,
    KeyMissingError,
    SealError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.core.restoring import Report, Table, read_report
from flask_guesterase.store import outbox, pulse, tables, vault, worker
from flask_guesterase.store.office import Office
from flask_guesterase.store.recovery import files
from flask_guesterase.store.remembrance import remembering
from tests.oracle.dump import assert_same, dump
from tests.store.hotel import Booking, Companion, Guest, Hotel, Scan


def run(hotel: Hotel, unit: Callable[[Office], Any], /) -> Any:
    with hotel.begin() as office:
        return unit(office)


def deliver(hotel: Hotel) -> worker.Report:
    """Let the worker send and remove what is due."""
    report = worker.Report()
    worker._deliver(partial(run, hotel), lambda *_: ("", ""), {}, report)
    return report


def filled(hotel: Hotel) -> str:
    """Put a guest with rows and files of every rule into the hotel; return her request."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com", phone="+86 1", document_no="P1234567")
    hotel.guest(2, name="Bo Lind", email="bo@example.com")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Booking, id=2, number="B2", guest_id=2, remark="early")
    hotel.put(Companion, booking_id=2, guest_id=1)
    for name in ("ann.png", "ann2.png"):
        (hotel.files / name).write_bytes(name.encode() * 1000)
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    hotel.put(Scan, id=2, guest_id=1, path="ann2.png")
    return hotel.approved(email="ann@example.com")


def restore(hotel: Hotel, number: str, ground: str = "wrong-person") -> Report:
    with hotel.begin() as office:
        office.propose_restore(number, "officer", ground)
    with hotel.begin() as office:
        return office.restore(number, "second")


def host(hotel: Hotel) -> Any:
    with hotel.engine.connect() as conn:
        return dump(conn)


def test_everything_comes_back_byte_for_byte_with_its_files(any_hotel: Hotel) -> None:
    """Rows of every rule and files whose removal was done: the dump is the one from before."""
    hotel = any_hotel
    number, before = filled(hotel), host(hotel)
    assert hotel.erased(number) == "erased"
    assert deliver(hotel).counts["files"] == 2
    assert list(hotel.files.iterdir()) == []
    report = restore(hotel, number)
    assert_same(before, host(hotel))
    assert report.files == {"back": 2}
    assert {t: each.refused for t, each in report.tables.items() if each.refused} == {}
    assert deliver(hotel).counts == {"files-back": 2}
    assert {f.name: f.read_bytes() for f in hotel.files.iterdir()} == {
        name: name.encode() * 1000 for name in ("ann.png", "ann2.png")
    }
    assert hotel.state(number) == "restored"
    assert hotel.events.count("file-restored") == 2


def test_a_removal_that_was_not_done_is_called_off(hotel: Hotel) -> None:
    """A file that still lies there stays, and the worker finds nothing to remove."""
    number = filled(hotel)
    hotel.erased(number)
    report = restore(hotel, number)
    assert report.files == {"kept": 2}
    assert deliver(hotel).counts == {}
    assert {f.name for f in hotel.files.iterdir()} == {"ann.png", "ann2.png"}
