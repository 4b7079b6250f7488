"""A folder of scans was put back from a copy: what an erasure removed from it is removed again."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.treatment import File
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.comeback import files, marks
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.work import Work
from tests.store.hotel import Guest, Hotel, Scan, policies
from tests.store.test_outbox import Post, go, run
from tests.store.test_property_removed import without

OLD = time.time() - 86_400


def scan(hotel: Hotel, name: str, at: float = OLD) -> Path:
    """Put a scan into the folder, as a copy of it does."""
    file = hotel.files / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"a passport")
    os.utime(file, (at, at))
    return file


def look(hotel: Hotel) -> dict[str, int]:
    """Look through the folders once."""
    return files.look(run(hotel), Shift())


@pytest.fixture
def gone(hotel: Hotel) -> Hotel:
    """A hotel with two guests' scans, one of whom was erased."""
    for id, name in ((1, "ann.png"), (2, "bo.png")):
        hotel.guest(id, name=name[:2], email=f"g{id}@mail.example")
        hotel.put(Scan, id=id, guest_id=id, path=name)
        scan(hotel, name)
    number = hotel.approved(email="g1@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    assert go(hotel, Post()).counts["files"] == 1
    assert os.listdir(hotel.files) == ["bo.png"]
    return hotel


def test_a_scan_that_is_back_is_removed_again_and_no_other(gone: Hotel) -> None:
    assert look(gone) == {}
    scan(gone, "ann.png")
    other = scan(gone, "old list.png")
    assert look(gone) == {"files-again": 1}
    assert look(gone) == {"files-again": 1}, "it waits, and is not queued twice"
    assert go(gone, Post()).counts["files"] == 1
    assert sorted(os.listdir(gone.files)) == ["bo.png", other.name]
    assert look(gone) == {}
    assert gone.events.count("subject-returned") == 1
    assert gone.events.count("file-removed") == 2


def test_a_scan_of_somebody_whose_time_was_over_is_removed_again_too(gone: Hotel) -> None:
    """Nobody asked for that erasure: it has no number."""
    files_ = tables.mark.c.kind == marks.FILE
    with gone.engine.begin() as conn:
        conn.execute(update(tables.mark).where(files_).values(request=None))
    scan(gone, "ann.png")
    assert look(gone) == {"files-again": 1}
    assert look(gone) == {"files-again": 1}, "it waits, and is not queued twice"
    assert go(gone, Post()).counts["files"] == 1
    assert os.listdir(gone.files) == ["bo.png"]
    assert look(gone) == {}
    assert gone.events.count("subject-returned") == 1


def test_what_the_mark_is_made_of_tells_no_name(gone: Hotel) -> None:
    (mark,) = [row for row in gone.ours("mark") if row["kind"] == marks.FILE]
    assert "ann" not in str(mark)
    assert mark["ends_on"] == "2028-03-10"


def test_a_name_that_a_row_has_by_now_is_somebody_elses(gone: Hotel) -> None:
    """A file may be called after the number of a row, which is given again."""
    gone.guest(3, name="Cy", email="c@mail.example")
    gone.put(Scan, id=3, guest_id=3, path=str(gone.files / "ann.png"))
    scan(gone, "ann.png")
    assert look(gone) == {}


def test_a_name_that_a_row_has_from_another_folder_on_is_somebody_elses(gone: Hotel) -> None:
    """One declared folder may lie in another."""
    every = policies(str(gone.files))
    rules = {**every[0][1].columns, "document_no": File(str(gone.files.parent))}
    every[0] = (Guest, replace(every[0][1], columns=rules))
    gone.datamap = gone.mapped(every)
    gone.guest(3, name="Cy", email="c@mail.example", document_no=f"{gone.files.name}/ann.png")
    scan(gone, "ann.png")
    assert look(gone) == {}


def test_a_file_that_was_just_written_waits_for_its_row(gone: Hotel) -> None:
    scan(gone, "ann.png", time.time())
    assert look(gone) == {}


def test_a_mark_that_ended_removes_nothing(gone: Hotel) -> None:
    gone.later(days=800)
    scan(gone, "ann.png")
    assert look(gone) == {}


def test_while_a_hold_stands_at_its_hotel_a_file_stays(gone: Hotel) -> None:
    """Nobody can tell whether it is what was to be kept: no row says whose it is."""
    for who in ("officer", "second"):
        gone.grants[who] |= {"freeze", "hold"}
    file = scan(gone, "ann.png")
    with gone.begin() as office:
        number = office.freeze("sh", "officer")
    assert look(gone) == {}
    go(gone, Post())
    assert file.exists()
    for who in ("officer", "second"):
        with gone.begin() as office:
            office.lift(number, who)
    assert look(gone) == {"files-again": 1}


def test_a_hold_at_the_only_hotel_is_about_its_files_whatever_its_code_was(
    gone: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark says the code of then."""
    pine = replace(gone.settings.properties["sh"], code="pine")
    gone.settings = replace(gone.settings, properties={"pine": pine})
    monkeypatch.setattr(gone, "may", lambda *_: True)
    scan(gone, "ann.png")
    with gone.begin() as office:
        office.freeze("pine", "officer")
    assert look(gone) == {}


def test_where_rows_cannot_be_read_no_file_goes(
    gone: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that nobody sees may name it."""
    scan(gone, "ann.png")
    monkeypatch.setattr(files, "unreadable", lambda datamap: frozenset({"scans"}))
    assert look(gone) == {}


def test_while_the_clock_is_in_doubt_no_file_goes(gone: Hotel) -> None:
    scan(gone, "ann.png")
    gone.now += timedelta(days=30)
    assert look(gone) == {}


def test_what_waits_to_be_removed_is_opened_once_however_many_files_are_back(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of thousands of scans comes back at once."""
    names = [f"{id}.png" for id in range(1, 21)]
    hotel.guest(1, name="Ann", email="g1@mail.example")
    for id, name in enumerate(names):
        hotel.put(Scan, id=id, guest_id=1, path=name)
        scan(hotel, name)
    hotel.erased(hotel.approved(email="g1@mail.example"))
    go(hotel, Post())
    for name in names:
        scan(hotel, name)
    assert look(hotel) == {"files-again": 20}
    opened, peek = list[str](), safe.peek

    def counted(work: Work, box: str) -> dict[str, Any] | None:
        opened.append(box)
        return peek(work, box)

    monkeypatch.setattr(safe, "peek", counted)
    assert look(hotel) == {"files-again": 20}
    assert len(opened) == len(set(opened)) == 20


def test_a_table_that_is_declared_later_and_names_files_there_changes_no_mark(gone: Hotel) -> None:
    """Its name may come first, by which marks of the folder are made from then on."""
    more = [
        (model, replace(policy, columns={**policy.columns, "document_no": File(str(gone.files))})
         if model is Guest else policy)
        for model, policy in policies(str(gone.files))
    ]  # fmt: skip
    gone.datamap = gone.mapped(more)
    scan(gone, "ann.png")
    assert look(gone) == {"files-again": 1}
    assert go(gone, Post()).counts["files"] == 1
    assert os.listdir(gone.files) == ["bo.png"]


def test_a_folder_that_is_mounted_elsewhere_is_the_same(gone: Hotel, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    gone.files.rename(moved)
    gone.files = moved
    gone.datamap = gone.mapped(policies(str(moved)))
    scan(gone, "ann.png")
    assert look(gone) == {"files-again": 1}
    assert go(gone, Post()).counts["files"] == 1
    assert os.listdir(moved) == ["bo.png"]


@pytest.mark.parametrize("meanwhile", ["its hotel", "its rule", "its year"])
def test_a_scan_goes_whatever_was_taken_out_before_its_turn(hotel: Hotel, meanwhile: str) -> None:
    """Its row is gone and nobody would look for it again: the hotel is named no more, no policy
    names the folder, or a year has begun of which there is no key yet."""
    if meanwhile == "its year":
        hotel.now = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    hotel.guest(1, name="Ann", email="g1@mail.example")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    file = scan(hotel, "ann.png")
    number = hotel.approved(email="g1@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    if meanwhile == "its hotel":
        hotel.settings = without(hotel.settings, "sh")
    elif meanwhile == "its rule":
        plain = [(m, p) for m, p in policies(str(hotel.files)) if m is not Scan]
        hotel.datamap = hotel.mapped(plain)
    hotel.later(minutes=5)
    assert go(hotel, Post()).counts["files"] == 1
    assert not file.exists()
    marked = [row["ends_on"] for row in hotel.ours("mark") if row["kind"] == marks.FILE]
    assert marked == (["2029-01-01"] if meanwhile == "its year" else [])


def test_a_scan_that_was_removed_twice_is_known_once(gone: Hotel) -> None:
    """The guest came back, was scanned under the same name, and was erased anew: the newer counts.
    """
    gone.later(days=3)
    gone.guest(4, name="Ann", email="g4@mail.example")
    gone.put(Scan, id=4, guest_id=4, path="ann.png")
    scan(gone, "ann.png")
    number = gone.approved(email="g4@mail.example")
    with gone.begin() as office:
        office.erase(number)
    go(gone, Post())
    told = [r for r in gone.ours("mark") if r["kind"] == marks.FILE]
    assert [(row["request"], row["ends_on"]) for row in told] == [(number, "2028-03-13")]


def test_an_erasure_that_was_taken_back_is_over(hotel: Hotel) -> None:
    """Whoever is there again has their scan, whether a row names it or not."""
    hotel.guest(1, name="Ann", email="g1@mail.example")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    file = scan(hotel, "ann.png")
    number = hotel.approved(email="g1@mail.example")
    hotel.erased(number)
    go(hotel, Post())
    assert not file.exists()
    with hotel.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with hotel.begin() as office:
        office.restore(number, "second")
    go(hotel, Post())
    assert file.exists()
    os.utime(file, (OLD, OLD))
    with hotel.engine.begin() as conn:
        conn.execute(Scan.__table__.delete())
    assert look(hotel) == {}
