"""A file that a row names by the time it is to be removed is that row's, and goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Column, MetaData, String, Table

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import File, delete_when_last_owner
from flask_guesterase.store.erasing import shared as shared_
from flask_guesterase.store.messages.outbox import Parcel
from flask_guesterase.store.recovery import files, named
from flask_guesterase.store.upkeep import dispatch
from flask_guesterase.store.work import Work
from tests.store.hotel import Guest, Hotel, Scan, policies
from tests.store.test_files_left import swept
from tests.store.test_holds import Inn
from tests.store.test_outbox import Post, go, run
from tests.store.test_restored_parts import alter, propose, restore

THEIRS = [{"table": "scans", "rows": 1, "columns": ["path"]}]
"""What a certificate says of one file that is another's too."""


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """Two guests who share one scan, in a folder with another one."""
    yield from sharing(sqlite_url, tmp_path)


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The same on each engine, where rows are looked for by a statement or stand under a lock."""
    yield from sharing(database_url, tmp_path)


def sharing(url: str, folder: Path) -> Iterator[Inn]:
    """Make the two and what they share."""
    made = Inn(url, folder)
    for name in ("both.png", "nobody.png"):
        (made.files / name).write_bytes(b"page")
    for id in (1, 2):
        made.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
        made.put(Scan, id=id, guest_id=id, path="both.png")
    yield made
    made.engine.dispose()


def erase(hotel: Hotel, id: int) -> str:
    """Erase a guest and let the worker do a round; return the number of the request."""
    number = hotel.approved(email=f"g{id}@mail.example")
    run(hotel)(lambda office: office.erase(number))
    go(hotel, Post())
    return number


def waiting(hotel: Hotel) -> tuple[str, str, Path]:
    """Erase both, the second while the folder is away; return the requests, and the folder."""
    first = erase(hotel, 1)
    away = hotel.files.rename(hotel.files.with_name("away"))
    return first, erase(hotel, 2), away


def back(hotel: Hotel, away: Path) -> dict[str, int]:
    """Put the folder back and let the worker do a round; return what that did."""
    away.rename(hotel.files)
    hotel.later(minutes=5)
    return dict(go(hotel, Post()).counts)


def there(hotel: Hotel) -> bool:
    """Return whether the shared scan lies in its folder."""
    return (hotel.files / "both.png").exists()


def shared(hotel: Hotel, number: str) -> Any:
    """Return what the newest certificate of a request says is another's too."""
    with hotel.begin() as office:
        assert list(office.verify()) == []
        return office.certificate(number)["content"]["shared"]


def parcels(hotel: Hotel) -> list[str]:
    """Return the states of the removals there are."""
    return [row["state"] for row in hotel.ours("outbox") if row["kind"] == "file"]


def test_a_file_stays_with_whoever_came_back_while_it_waited_for_its_folder(any_inn: Inn) -> None:
    """It is not told as removed, the certificate says whose it is, and it goes with them."""
    inn = any_inn
    first, second, away = waiting(inn)
    restore(inn, first)
    assert "files" not in back(inn, away)
    assert there(inn)
    assert parcels(inn) == []
    assert (inn.events.count("file-left"), inn.events.count("file-removed")) == (1, 0)
    assert (inn.state(second), shared(inn, second)) == ("erased", THEIRS)
    again = erase(inn, 1)
    assert not there(inn)
    assert (inn.state(again), shared(inn, again)) == ("erased", [])


def test_a_file_stays_with_whoever_came_back_while_it_was_under_a_hold(inn: Inn) -> None:
    """Its certificate says so far that it is left; what it says then is that it is another's."""
    first, second, away = waiting(inn)
    hold = inn.hold("subject", "guests", "2")
    back(inn, away)
    inn.later(minutes=5)
    inn.round()
    assert inn.state(second) == "partial"
    restore(inn, first)
    inn.lift(hold)
    inn.later(minutes=5)
    inn.round()
    assert (there(inn), parcels(inn)) == (True, [])
    inn.later(days=1)
    inn.sweep()
    assert (inn.state(second), shared(inn, second)) == ("erased", THEIRS)


@pytest.mark.parametrize("spelt", ["{}/both.png", "./both.png"])
def test_a_file_stays_with_a_row_that_was_written_while_it_waited(any_inn: Inn, spelt: str) -> None:
    """Whoever it is about, and however it writes the name."""
    inn = any_inn
    _, second, away = waiting(inn)
    inn.guest(3, name="G3", email="g3@mail.example")
    inn.put(Scan, id=3, guest_id=3, path=spelt.format(inn.files))
    back(inn, away)
    assert there(inn)
    assert shared(inn, second) == THEIRS
    erase(inn, 3)
    assert not there(inn)


@pytest.mark.parametrize("others", [False, True])
def test_a_file_that_its_own_guests_row_names_again_is_told_as_anothers_only_where_it_is(
    inn: Inn, others: bool
) -> None:
    """The host wrote that row again: it is dealt with as what came back, and the file with it."""
    _, second, away = waiting(inn)
    inn.put(Scan, id=4, guest_id=2, path="both.png")
    if others:
        inn.guest(3, name="G3", email="g3@mail.example")
        inn.put(Scan, id=3, guest_id=3, path="both.png")
    back(inn, away)
    assert (there(inn), shared(inn, second)) == (True, THEIRS if others else [])
    if not others:
        inn.later(days=1)
        inn.sweep()
        assert [row["row_key"] for row in inn.ours("returned")] == ["int:4"]


@pytest.mark.parametrize("meanwhile", ["hotel = 'mu'", "email = 'new@mail.example', name = 'N'"])
def test_a_file_that_the_row_of_another_one_names_under_its_guests_key_is_told_as_anothers(
    any_inn: Inn, meanwhile: str
) -> None:
    """The profile lies at a hotel of another company by now, or holds somebody again."""
    inn = any_inn
    _, second, away = waiting(inn)
    inn.put(Scan, id=4, guest_id=2, path="both.png")
    alter(inn, f"UPDATE guests SET {meanwhile} WHERE id = 2")
    back(inn, away)
    assert (there(inn), shared(inn, second)) == (True, THEIRS)


def test_a_file_that_nobody_names_goes_once_its_folder_is_back(any_inn: Inn) -> None:
    """An erased row names nothing any more, and that of a guest who came back another file."""
    inn = any_inn
    first, second, away = waiting(inn)
    restore(inn, first)
    alter(inn, "UPDATE scans SET path = 'other.png'")
    assert back(inn, away)["files"] == 1
    assert not there(inn)
    assert (inn.state(second), shared(inn, second)) == ("erased", [])


def test_whoever_takes_back_what_waits_for_its_file_meets_nobody_who_leaves_that(
    any_inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it back has the request and asks for the removal; who leaves the file, likewise."""
    inn = any_inn
    first, second, away = waiting(inn)
    hold = inn.hold("subject", "guests", "2")
    back(inn, away)
    inn.later(minutes=5)
    inn.round()
    restore(inn, first)
    inn.lift(hold)
    propose(inn, second)
    came, look = list[Any](), named.is_named
    other = Thread(
        target=lambda: came.append(run(inn)(lambda office: office.restore(second, "second")))
    )

    def is_named(work: Work, parcel: Parcel, catalogue: bool) -> bool:
        if other.ident is None:
            other.start()
            other.join(0.5)
        return look(work, parcel, catalogue)

    monkeypatch.setattr(named, "is_named", is_named)
    inn.later(minutes=5)
    assert go(inn, Post()).problems == {}
    other.join()
    assert (len(came), inn.state(second), there(inn)) == (1, "restored", True)


def test_what_was_sealed_of_a_file_that_stays_is_dropped(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process died between the two; who it was sealed for finds the file where it lay."""
    first, second, away = waiting(inn)
    with monkeypatch.context() as died:
        died.setattr(files, "_remove", lambda *_: 1 / 0)
        back(inn, away)
    restore(inn, first)
    assert "recovery-file" in {row["purpose"] for row in inn.ours("box")}
    inn.later(minutes=15)
    go(inn, Post())
    assert "recovery-file" not in {row["purpose"] for row in inn.ours("box")}
    assert restore(inn, second).files == {}
    go(inn, Post())
    assert there(inn)


def test_a_file_of_a_sweep_stays_with_a_row_that_names_it(inn: Inn) -> None:
    """No request asked for it."""
    swept(inn, "both.png")
    assert "files" not in go(inn, Post()).counts
    assert (there(inn), parcels(inn)) == (True, [])
    assert inn.events.count("file-left") == 1


def with_thumbs(hotel: Hotel) -> None:
    """Let a smaller picture be made from each scan, and one lie beside the shared one."""
    every = policies(str(hotel.files))
    thumbs = File(str(hotel.files), also=["{stem}.thumb{suffix}"])
    every[-1] = (Scan, Policy({"path": thumbs}, via="guest", rows=delete_when_last_owner))
    hotel.datamap = hotel.mapped(every)
    (hotel.files / "both.thumb.png").write_bytes(b"page")


def test_a_file_of_which_one_of_several_names_is_anothers_counts_one_row(
    inn: Inn,
) -> None:
    """What was made from a scan stays beside it, and it is one row of one person."""
    with_thumbs(inn)
    first, second, away = waiting(inn)
    restore(inn, first)
    back(inn, away)
    assert (there(inn), (inn.files / "both.thumb.png").exists()) == (True, True)
    assert shared(inn, second) == THEIRS


def test_what_was_made_from_a_file_is_told_where_it_stays_alone(inn: Inn) -> None:
    """A living guest names the smaller picture: the certificate says so, and the scan goes."""
    with_thumbs(inn)
    _, second, away = waiting(inn)
    inn.guest(3, name="G3", email="g3@mail.example")
    inn.put(Scan, id=3, guest_id=3, path="both.thumb.png")
    back(inn, away)
    assert (there(inn), (inn.files / "both.thumb.png").exists()) == (False, True)
    assert shared(inn, second) == THEIRS


def with_papers(hotel: Hotel) -> list[Any]:
    """Return what is declared with a table that may name files, which is not there."""
    every = policies(str(hotel.files))
    papers = Table(
        "papers", MetaData(), Column("id", String(8), primary_key=True),
        Column("scan", String(80)), Column("guest_no", String(8)),
    )  # fmt: skip
    return [*every, (papers, Policy({"scan": File(str(hotel.files))}, via={}))]


def test_a_file_goes_although_a_table_that_may_name_one_is_not_there(
    any_inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declared but not made yet: it is asked for which there are, and nobody waits for it."""
    inn = any_inn
    every = with_papers(inn)
    swept(inn, "nobody.png")
    inn.datamap = inn.mapped(every)
    looked, look = list[bool](), named.is_named

    def is_named(work: Work, parcel: Parcel, catalogue: bool) -> bool:
        looked.append(catalogue)
        return look(work, parcel, catalogue)

    monkeypatch.setattr(named, "is_named", is_named)
    assert go(inn, Post()).counts["files"] == 1
    assert looked == [False, True]


def test_a_file_stays_with_a_row_whose_key_cannot_be_read(any_inn: Inn) -> None:
    """The host is half through a migration: nobody can tell whose the row is, but it names it."""
    inn = any_inn
    every = with_papers(inn)
    swept(inn, "nobody.png")
    alter(
        inn, "CREATE TABLE papers (no VARCHAR(8), scan VARCHAR(80), guest_no VARCHAR(8))",
        "INSERT INTO papers VALUES ('1', 'nobody.png', '1')",
    )  # fmt: skip
    inn.datamap = inn.mapped(every)
    assert "files" not in go(inn, Post()).counts
    assert ((inn.files / "nobody.png").exists(), parcels(inn)) == (True, [])


def test_a_file_that_is_held_by_the_time_it_would_go_is_not_told_as_removed(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits."""
    swept(inn, "nobody.png")

    def held(work: Work, parcel: Parcel) -> bool:
        dispatch.later(work, parcel)
        return True

    monkeypatch.setattr(dispatch, "held", held)
    assert "files" not in go(inn, Post()).counts
    assert (parcels(inn), (inn.files / "nobody.png").exists()) == (["queued"], True)


def test_a_file_is_asked_about_in_one_statement_for_each_column(
    any_inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are looked for where a folder is that it may lie in, and once."""
    inn = any_inn
    swept(inn, "nobody.png")
    every, elsewhere = policies(str(inn.files)), File(str(inn.files.parent / "elsewhere"))
    rules = {**every[0][1].columns, "document_no": elsewhere}
    every[0] = (Guest, replace(every[0][1], columns=rules))
    inn.datamap = inn.mapped(every)
    asked, look = list[str](), shared_._Column._rows

    def rows(self: Any, *given: Any) -> Any:
        asked.append(self.cell.name)
        return look(self, *given)

    monkeypatch.setattr(shared_._Column, "_rows", rows)
    assert go(inn, Post()).counts["files"] == 1
    assert asked == ["path"]


def test_a_file_that_is_still_to_be_put_back_goes_when_its_guest_is_erased_anew(inn: Inn) -> None:
    """It lies nowhere yet: it would be told as removed, and come back for nobody."""
    alter(inn, "DELETE FROM scans WHERE id = 2")
    restore(inn, erase(inn, 1))
    number = erase(inn, 1)
    for minutes in (1, 5):
        inn.later(minutes=minutes)
        go(inn, Post())
    assert (there(inn), parcels(inn), inn.state(number)) == (False, ["sent"] * 2, "erased")


def test_a_file_that_went_with_another_guest_is_missing_when_its_row_comes_back(
    any_inn: Inn,
) -> None:
    """It lies in that one's safety copy, and comes back with their erasure alone."""
    inn = any_inn
    first, second = erase(inn, 1), erase(inn, 2)
    assert not there(inn)
    report = restore(inn, first)
    assert (report.files, report.unfound) == ({}, 1)
    report = restore(inn, second)
    assert (report.files, report.unfound) == ({"back": 1}, 0)
    go(inn, Post())
    assert there(inn)


def test_a_file_that_is_removed_in_the_moment_in_which_its_row_comes_back_is_missing(
    any_inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the two sees what the other one does before it is done."""
    inn = any_inn
    first, second = erase(inn, 1), inn.approved(email="g2@mail.example")
    propose(inn, first)
    came, look = list[Any](), named.is_named
    other = Thread(
        target=lambda: came.append(run(inn)(lambda office: office.restore(first, "second")))
    )

    def is_named(work: Work, parcel: Parcel, catalogue: bool) -> bool:
        found = look(work, parcel, catalogue)
        other.start()
        other.join(0.5)
        return found

    monkeypatch.setattr(named, "is_named", is_named)
    run(inn)(lambda office: office.erase(second))
    assert go(inn, Post()).counts["files"] == 1
    other.join()
    assert (there(inn), [report.unfound for report in came]) == (False, [1])


@pytest.mark.parametrize("theirs", [True, False])
def test_what_a_link_leads_to_stays_with_a_row_that_names_it(inn: Inn, theirs: bool) -> None:
    """The link goes with whose it is, and what lies there with the last who names it."""
    inn.guest(3, name="G3", email="g3@mail.example")
    (inn.files / "store").mkdir()
    kept, link = inn.files / "store" / "x.png", inn.files / "link.png"
    kept.write_bytes(b"page")
    link.symlink_to(kept)
    inn.put(Scan, id=3, guest_id=3, path="link.png")
    if theirs:
        inn.guest(4, name="G4", email="g4@mail.example")
        inn.put(Scan, id=4, guest_id=4, path="./store/x.png")
    number = erase(inn, 3)
    assert (kept.exists(), link.is_symlink()) == (theirs, False)
    assert shared(inn, number) == (THEIRS if theirs else [])
    if theirs:
        erase(inn, 4)
    assert not kept.exists()


def test_what_lies_in_a_linked_folder_stays_with_a_row_that_names_it(inn: Inn) -> None:
    """Two names of one file, neither of which is a link."""
    inn.guest(3, name="G3", email="g3@mail.example")
    (inn.files / "store").mkdir()
    (inn.files / "alias").symlink_to(inn.files / "store")
    (inn.files / "store" / "x.png").write_bytes(b"page")
    inn.put(Scan, id=3, guest_id=3, path="alias/x.png")
    inn.put(Scan, id=4, guest_id=2, path="store/x.png")
    assert shared(inn, erase(inn, 3)) == THEIRS
    assert (inn.files / "alias" / "x.png").exists()
    erase(inn, 2)
    assert not (inn.files / "store" / "x.png").exists()
