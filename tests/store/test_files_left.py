"""A file that stays is told as left: nobody reads "erased" while a scan lies in its folder."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import worker
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.executing.concluding import FILE_STAYS
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from tests.store.hotel import Hotel, Scan
from tests.store.test_holds import Inn
from tests.store.test_outbox import Post, go, run


@pytest.fixture
def scanned(hotel: Hotel) -> tuple[Hotel, Path, str]:
    """A guest with a scan, whose erasure was approved."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    file = hotel.files / "ann.png"
    file.write_bytes(b"x")
    return hotel, file, hotel.approved(email="ann@mail.example")


def certified(hotel: Hotel) -> list[tuple[str, list[Any]]]:
    """Return state and remainder of each certificate, the oldest first."""
    bodies = sorted(hotel.ours("certificate"), key=lambda row: row["supplement"])
    said = [json.loads(row["body"])["content"] for row in bodies]
    return [(each["state"], each["partial"]) for each in said]


@pytest.mark.parametrize("door", ["worker", "page"])
def test_a_file_goes_before_anybody_says_that_all_is_gone(
    scanned: tuple[Hotel, Path, str], monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """When the certificate is issued the scan is not in its folder any more."""
    hotel, file, number = scanned
    there = []
    look = worker.residue.searched

    def searched(*given: Any, **named: Any) -> Any:
        there.append(file.exists())
        return look(*given, **named)

    monkeypatch.setattr(worker.residue, "searched", searched)
    if door == "page":
        assert worker.carry_out(run(hotel), number) == "erased"
    else:
        assert go(hotel, Post()).counts["files"] == 1
    assert there == [False]
    assert certified(hotel) == [("erased", [])]


def tried(hotel: Hotel, number: str, door: str) -> None:
    """Carry a request out, or go on with it."""
    if door == "page":
        worker.carry_out(run(hotel), number)
    else:
        go(hotel, Post())


def test_a_share_that_is_not_mounted_keeps_the_certificate_waiting(
    scanned: tuple[Hotel, Path, str]
) -> None:
    """A scan nobody can see now comes back with its share: it is removed before it is certified."""
    hotel, file, number = scanned
    away = hotel.files.rename(hotel.files.with_name("share"))
    assert worker.carry_out(run(hotel), number) == "checking"
    assert certified(hotel) == []
    away.rename(hotel.files)
    hotel.later(minutes=2)
    go(hotel, Post())
    assert not file.exists()
    assert certified(hotel) == [("erased", [])]


def test_a_file_whose_name_cannot_be_read_keeps_nobody_else_waiting(
    scanned: tuple[Hotel, Path, str]
) -> None:
    """Its key is damaged: its own certificate waits for it, another guest's search is made."""
    hotel, file, number = scanned
    with hotel.begin() as office:
        office.erase(number).settled()
    key = hotel.custodian.path / "key-day-2026-04-10.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    hotel.later(days=2)
    hotel.guest(2, name="Bea", email="bea@mail.example")
    other = hotel.approved(email="bea@mail.example")
    worker.carry_out(run(hotel), other)
    assert [hotel.state(n) for n in (number, other)] == ["checking", "erased"]
    key.write_bytes(whole)
    hotel.later(minutes=2)
    go(hotel, Post())
    assert not file.exists()
    assert hotel.state(number) == "erased"


@pytest.mark.parametrize("door", ["worker", "page"])
def test_a_file_that_is_tried_again_keeps_the_certificate_waiting(
    scanned: tuple[Hotel, Path, str], monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """The folder refuses for a minute: nothing is read or said meanwhile, then all is erased."""
    hotel, file, number = scanned
    file.unlink()
    file.mkdir()
    tried(hotel, number, door)
    with monkeypatch.context() as patched:
        patched.delattr(worker.residue, "searched")
        tried(hotel, number, door)
    assert (hotel.state(number), certified(hotel)) == ("checking", [])
    file.rmdir()
    file.write_bytes(b"x")
    hotel.later(minutes=1)
    tried(hotel, number, door)
    assert not file.exists()
    assert (hotel.state(number), certified(hotel)) == ("erased", [("erased", [])])


def test_a_worker_whose_clock_is_behind_certifies_nothing_while_the_file_is_there(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Two seconds behind who erased: the removal is not due for it, and it waits for that."""
    hotel, file, number = scanned
    with hotel.begin() as office:
        office.erase(number)
    hotel.now -= timedelta(seconds=2)
    go(hotel, Post())
    assert file.exists()
    assert (hotel.state(number), certified(hotel)) == ("checking", [])
    hotel.now += timedelta(seconds=2)
    go(hotel, Post())
    assert not file.exists()
    assert certified(hotel) == [("erased", [])]


def test_a_file_that_stays_is_told_as_left_until_a_person_looked(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """After the last try: not complete, with the reason; then the certificate that it is."""
    hotel, file, number = scanned
    file.unlink()
    file.mkdir()
    for minutes in (0, *outbox.BACK_OFF):
        hotel.later(minutes=minutes)
        assert hotel.state(number) != "erased"
        go(hotel, Post())
    go(hotel, Post())
    left = [{"table": "files", "rows": 1, "reason": FILE_STAYS}]
    assert (hotel.state(number), certified(hotel)) == ("partial", [("partial", left)])
    file.rmdir()
    (parcel,) = [row["id"] for row in hotel.ours("outbox") if row["kind"] == "file"]
    with hotel.begin() as office:
        office.printed(parcel, "clerk")
    assert worker.look_again(run(hotel), number)
    assert certified(hotel) == [("partial", left), ("erased", [])]


@pytest.mark.parametrize("refuses", [False, True])
def test_what_the_hotel_kept_is_gone_with_its_file_and_not_before(
    scanned: tuple[Hotel, Path, str], refuses: bool
) -> None:
    """The supplement that all is gone comes when the file is, be it that a person had to look."""
    hotel, file, number = scanned
    hotel.blockers = (
        Blocker("copied", "scans", lambda scans, today: scans.c.id == 1, needs={"scans": ["path"]}),
    )
    go(hotel, Post())
    hotel.blockers = ()
    if refuses:
        file.unlink()
        file.mkdir()
    hotel.later(days=1)
    finishing.finish(run(hotel))
    assert (hotel.state(number), certified(hotel)) == ("sealed", [("sealed", [])])
    for minutes in (0, *outbox.BACK_OFF, 0) if refuses else (0, 0):
        hotel.later(minutes=minutes)
        go(hotel, Post())
    if refuses:
        assert hotel.state(number) == "sealed"
        file.rmdir()
        (parcel,) = [row["id"] for row in hotel.ours("outbox") if row["kind"] == "file"]
        with hotel.begin() as office:
            office.printed(parcel, "clerk")
        go(hotel, Post())
    assert not file.exists()
    assert (hotel.state(number), certified(hotel)) == ("erased", [("sealed", []), ("erased", [])])


def test_a_file_whose_turn_comes_late_goes_when_what_went_before_it_is_forgotten(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One scan at once, two when their holds are lifted: parcels are kept for 90 days alone."""
    inn = Inn(sqlite_url, tmp_path)
    inn.guest(1, name="Ann", email="ann@mail.example")
    for id in (1, 2, 3):
        inn.put(Scan, id=id, guest_id=1, path=f"{id}.png")
        (inn.files / f"{id}.png").write_bytes(b"x")
    holds = {id: inn.hold("record", "scans", str(id)) for id in (2, 3)}
    number = inn.approved(email="ann@mail.example")
    inn.sweep()
    there = []
    for id, days in ((2, 60), (3, 36)):
        inn.later(days=days)
        inn.sweep()
        inn.lift(holds[id])
        for _ in range(2):
            inn.sweep()
            inn.later(days=1)
        there.append(sorted(path.name for path in inn.files.glob("*.png")))
    assert there == [["3.png"], []]
    assert inn.state(number) == "erased"
    inn.engine.dispose()
