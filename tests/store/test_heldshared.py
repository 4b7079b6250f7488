"""A row that went with one of two guests is held with the other, as long as its copy is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, update

from flask_guesterase.core.errors import BusyError, SealError, SetupError
from flask_guesterase.core.policy import Blocker, Equal, Policy
from flask_guesterase.core.treatment import File, delete, keep, null
from flask_guesterase.store import worker
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.holding import heldcopies, lots, reach, unsearched
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.retaining.living import living
from flask_guesterase.store.upkeep import dispatch
from flask_guesterase.store.upkeep.uninstall import uninstall
from tests.store.test_heldhome import Kept
from tests.store.test_still_needed import night

SHARED, WALKS = (
    Table(
        name, MetaData(), Column("id", Integer, primary_key=True), Column("one", Integer),
        Column("other", Integer), Column("text", String(80)), Column("state", String(10)),
        Column("dated", Date), Column("scan", String(80)),
    )
    for name in ("shared", "walks")
)  # fmt: skip


def policy(files: Path) -> Policy:
    """Return what is declared of the notes, whose scans are in a folder."""
    return Policy(
        {
            "text": null, "state": keep("open or paid"), "dated": keep("statistics"),
            "scan": File(str(files)),
        },
        via={Equal({"one": "id"}, to="people"): [], Equal({"other": "id"}, to="people"): []},
        rows=delete,
    )  # fmt: skip


class House(Kept):
    """A hotel with notes and walks of two guests each, which go with the first of them."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        known = [(each.table, each.policy) for each in self.datamap.tables.values()]
        for table in (SHARED, WALKS):
            table.create(self.engine)
            known.append((table, policy(self.files)))
        self.datamap = resolve(known, [table for table, _ in known], [])
        for id in range(1, 5):
            self.person(id, date(2026, 3, 1), visa=None)

    def noted(self, id: int, *whose: int, table: Table = SHARED, **values: Any) -> None:
        """Put a note about two guests on file, or a walk of theirs."""
        one, other = whose
        row = {"id": id, "one": one, "other": other, "text": "Berg and Lind", **values}
        with self.engine.begin() as conn:
            conn.execute(insert(table).values(row))

    def notes(self) -> set[int]:
        """Return the numbers of the notes there are."""
        with self.engine.connect() as conn:
            return set(conn.execute(select(SHARED.c.id)).scalars())

    def erase(self, id: int) -> str:
        """Erase a guest at their wish; return the number of the request."""
        number = self.approved(email=f"p{id}@mail.example")
        self.erased(number)
        return number

    def copies(self, number: str) -> set[str]:
        """Return under which keys the safety copies of a request lie that are there."""
        return {row["label"] for row in self.ours("box") if self.is_copy(row, number)}

    def is_copy(self, row: dict[str, Any], number: str) -> bool:
        """Return whether a box is a safety copy of a request that is there."""
        mine = row["purpose"] == "recovery" and row["request"] == number
        return mine and row["forgotten_at"] is None

    def past(self, *problems: type[Exception]) -> None:
        """Let so many days pass that every window is over, whatever goes wrong of these."""
        for _ in range(10):
            self.later(days=1)
            with suppress(*problems):
                forgetting.forget(self.run)

    def problems(self) -> Mapping[str, str]:
        """Let the worker do a round; return what went wrong."""
        return worker.work(self.run, lambda *_: ("", ""), {}).problems

    def damaged(self, label: str) -> tuple[Path, bytes]:
        """Have a key damaged; return its file, and what was in it."""
        key = self.custodian.path / f"key-{label.replace(':', '-')}.json"
        whole = key.read_bytes()
        key.write_bytes(b"")
        self.custodian = FolderCustodian(self.custodian.path)
        return key, whole

    @contextmanager
    def away(self) -> Iterator[None]:
        """Have the table of the notes away for a while."""
        with self.engine.begin() as conn:
            conn.exec_driver_sql("ALTER TABLE shared RENAME TO shared_before")
        yield
        with self.engine.begin() as conn:
            conn.exec_driver_sql("ALTER TABLE shared_before RENAME TO shared")


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The hotel on SQLite."""
    made = House(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """The hotel on each of the three engines in turn."""
    made = House(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_what_went_with_another_guest_is_held_with_who_lives(any_house: House) -> None:
    """It was theirs as well; the copies of guests with whom they shared nothing end on their day,
    and so does this one once two people have lifted the hold."""
    house = any_house
    house.noted(1, 1, 2)
    house.noted(2, 3, 4)
    number, other, alone = house.erase(1), house.erase(3), house.erase(4)
    assert house.notes() == set()
    id = house.whose(2)
    house.round()
    assert house.copies(number) == {f"hold:{id}"}
    assert all("day:" in each for each in house.copies(other) | house.copies(alone))
    house.past()
    assert (house.copies(number), house.copies(other)) == ({f"hold:{id}"}, set())
    house.lift(id)
    assert house.copies(number) == set()


def test_what_went_with_another_guest_is_held_where_a_query_names_who_lives(
    house: House,
) -> None:
    """Their own row is there, and is asked; of whom it does not name nothing is held."""
    house.noted(1, 1, 2)
    house.noted(2, 3, 4)
    number, other = house.erase(1), house.erase(3)
    id = house.query("people", 2)
    house.round()
    assert house.copies(number) == {f"hold:{id}"}
    house.past()
    assert (house.copies(number), house.copies(other)) == ({f"hold:{id}"}, set())


def test_what_went_later_with_another_guest_is_held_with_who_lives(house: House) -> None:
    """A precondition kept it while the request was carried out; the copy of it is younger."""
    house.blockers = (
        Blocker(
            "open-note", "shared", lambda table, today: table.c.state == "open",
            needs={"shared": ["text"]},
        ),
    )  # fmt: skip
    house.noted(1, 1, 2, state="open")
    number = house.erase(1)
    assert house.notes() == {1}
    with house.engine.begin() as conn:
        conn.execute(update(SHARED).values(state="paid"))
    house.later(days=1)
    night(house)
    assert house.notes() == set()
    id = house.whose(2)
    house.round()
    assert f"hold:{id}" in house.copies(number)
    house.past()
    assert house.copies(number) == {f"hold:{id}"}


@pytest.mark.parametrize("decided", [False, True])
def test_what_a_replay_took_with_another_guest_is_held_with_who_lives(
    house: House, decided: bool
) -> None:
    """An older database is put in place; what it knows of the request was not carried out."""
    house.noted(1, 1, 2)
    number = house.approved(email="p1@mail.example") if decided else ""
    with house.copied() as restore:
        if decided:
            house.erased(number)
        else:
            number = house.erase(1)
        restore()
        assert house.notes() == set()
        id = house.whose(2)
        house.round()
        assert house.copies(number) == {f"hold:{id}"}


def test_nobody_waits_until_copies_were_opened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who places a hold or lifts one opens none; the worker opens those of shared rows alone."""
    house.noted(1, 1, 2)
    number, _ = house.erase(1), house.erase(3)
    (box,) = [row["id"] for row in house.ours("box") if house.is_copy(row, number)]
    opened, unseal = list[str](), vault.unseal

    def opening(conn: Any, custodian: Any, ids: list[str]) -> list[bytes]:
        opened.extend(ids)
        return unseal(conn, custodian, ids)

    monkeypatch.setattr(vault, "unseal", opening)
    id, other = house.whose(2), house.query("people", 4)
    house.lift(other)
    assert opened == []
    house.round()
    assert opened == [box]
    second = house.whose(2)
    house.lift(id)
    assert opened == [box]
    house.round()
    assert set(opened) == {box}
    assert house.copies(number) == {f"hold:{second}"}


@pytest.mark.parametrize("noted", [True, False], ids=["now", "by an earlier version"])
def test_nothing_ends_between_a_hold_and_the_look(any_house: House, noted: bool) -> None:
    """Nobody looked until the day of the copy was over, or a version placed it that did not ask."""
    house = any_house
    house.noted(1, 1, 2)
    house.noted(2, 3, 4)
    number, other = house.erase(1), house.erase(3)
    id = house.whose(2)
    if not noted:
        with house.engine.begin() as conn:
            unsearched.drop(conn, id)
    house.past()
    assert (house.copies(number), house.copies(other)) == ({f"hold:{id}"}, set())


def test_a_table_that_is_away_keeps_no_hold_from_being_placed_or_lifted(
    any_house: House,
) -> None:
    """What may be theirs waits until it can be told; what others shared with nobody ends."""
    house = any_house
    house.noted(1, 1, 2)
    number = house.erase(1)
    house.later(days=1)
    alone = house.erase(4)
    with house.away():
        lifted, id = house.whose(2), house.whose(2)
        house.lift(lifted)
        assert house.problems()["held"] == "SetupError"
        house.past(SetupError)
        (label,) = house.copies(number)
        assert label.startswith("day:")
        assert house.copies(alone) == set()
    house.round()
    assert house.copies(number) == {f"hold:{id}"}
    with house.away():
        second = house.whose(2)
        house.lift(id)
        assert house.problems()["lifted"] == "SetupError"
        assert house.copies(number) == {f"hold:{id}"}
        house.lift(second)
        assert "lifted" not in house.problems()
        assert house.copies(number) == set()


def test_a_damaged_key_keeps_no_other_copy_from_its_hold(house: House) -> None:
    """Theirs waits until somebody brings the key back; the one of another day is held at once."""
    house.noted(1, 1, 2)
    house.noted(2, 3, 2)
    number = house.erase(1)
    house.later(days=1)
    later = house.erase(3)
    (label,) = house.copies(number)
    key, whole = house.damaged(label)
    id = house.whose(2)
    assert house.problems()["held"] == "SealError"
    assert (house.copies(number), house.copies(later)) == ({label}, {f"hold:{id}"})
    house.past(SealError)
    assert house.copies(number) == {label}
    key.write_bytes(whole)
    house.round()
    assert house.copies(number) == house.copies(later) == {f"hold:{id}"}


def test_what_a_lifted_hold_kept_stays_with_another_that_reaches_it(any_house: House) -> None:
    """By a row in it, or because the request is about whom that one holds; then it goes home."""
    house = any_house
    house.noted(1, 1, 2)
    number = house.erase(1)
    (day,) = house.copies(number)
    first, second = house.whose(2), house.whose(2)
    house.round()
    house.lift(first)
    assert house.copies(number) == {f"hold:{first}"}
    house.round()
    assert house.copies(number) == {f"hold:{second}"}
    third, fourth = house.whose(1), house.query("people", 3)
    house.lift(second)
    house.round()
    assert house.copies(number) == {f"hold:{third}"}
    house.lift(third)
    house.round()
    assert house.copies(number) == {day}
    house.lift(fourth)
    house.past()
    assert house.copies(number) == set()


@pytest.mark.parametrize("sealed", [True, False], ids=["removed", "not yet"])
def test_the_file_of_a_shared_row_is_held_with_who_lives(any_house: House, sealed: bool) -> None:
    """It is not removed until it is known whose it is, and then not while they are held; once it
    was removed, the bytes of it are kept for them."""
    house = any_house
    file = house.files / "note.png"
    file.write_bytes(b"scan")
    house.noted(1, 1, 2, scan="note.png")
    number = house.erase(1)
    if sealed:
        house.round()
    id = house.whose(2)
    assert house.run(lambda office: dispatch.claim(office.work, frozenset())) == []
    house.round()
    assert file.exists() is not sealed
    purpose = "recovery-file" if sealed else outbox.FILE
    for _ in range(40):
        house.later(days=1)
        house.round()
    held = [row["label"] for row in house.ours("box") if row["purpose"] == purpose]
    assert held == [f"hold:{id}"]
    assert file.exists() is not sealed
    house.lift(id)
    house.round()
    assert not file.exists()
    assert house.copies(number) == set()


def test_a_file_of_a_request_that_shared_nothing_does_not_wait(house: House) -> None:
    """Nobody else can be meant by it, whatever is still to be looked through."""
    file = house.files / "note.png"
    file.write_bytes(b"scan")
    house.noted(1, 1, 1, scan="note.png")
    house.erase(1)
    house.whose(2)
    (parcel,) = house.run(lambda office: dispatch.claim(office.work, frozenset()))
    assert parcel.kind == outbox.FILE


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "theirs alone"])
def test_a_file_stays_of_who_was_held_while_the_key_of_its_name_was_damaged(
    house: House, shared: bool
) -> None:
    """It could not be put under the hold then; that of a guest whom nobody holds goes."""
    for id, one, other in ((1, 1, 2 if shared else 1), (2, 3, 3)):
        (house.files / f"{id}.png").write_bytes(b"scan")
        house.noted(id, one, other, scan=f"{id}.png")
    number = house.erase(1)
    house.later(days=1)
    house.erase(3)
    names = [row for row in house.ours("box") if row["purpose"] == outbox.FILE]
    (mine,) = (row for row in names if row["request"] == number)
    key, whole = house.damaged(mine["label"])
    id = house.whose(1)
    house.problems()
    assert [(house.files / f"{each}.png").exists() for each in (1, 2)] == [True, False]
    key.write_bytes(whole)
    house.later(days=1)
    house.round()
    assert (house.where(mine["id"])[0], (house.files / "1.png").exists()) == (f"hold:{id}", True)
    house.lift(id)
    house.round()
    assert not (house.files / "1.png").exists()


def test_a_copy_that_cannot_be_opened_keeps_no_other_request(house: House) -> None:
    """Its own file waits; that of the other one goes."""
    for id, one, other in ((1, 1, 2), (2, 3, 4)):
        (house.files / f"{id}.png").write_bytes(b"scan")
        house.noted(id, one, other, scan=f"{id}.png")
    number = house.erase(1)
    house.later(days=1)
    house.erase(3)
    (label,) = house.copies(number)
    key, whole = house.damaged(label)
    id = house.whose(2)
    assert house.problems()["held"] == "SealError"
    assert [(house.files / f"{id}.png").exists() for id in (1, 2)] == [True, False]
    key.write_bytes(whole)
    house.round()
    assert house.copies(number) == {f"hold:{id}"}
    assert (house.files / "1.png").exists()


def test_a_lifted_hold_lets_go_of_each_request_by_itself(house: House) -> None:
    """Of the notes nobody can tell now whose they were; what the walks were goes on to the hold
    that reaches it, and another living one is asked for all of them once."""
    house.noted(1, 1, 2)
    house.noted(1, 3, 2, table=WALKS)
    noted, walked = house.erase(1), house.erase(3)
    first = house.whose(2)
    house.round()
    second = house.whose(2)
    assert house.copies(noted) == house.copies(walked) == {f"hold:{first}"}
    with house.away():
        house.lift(first)
        assert house.problems()["lifted"] == "SetupError"
        assert house.copies(noted) == {f"hold:{first}"}
        assert house.copies(walked) == {f"hold:{second}"}
    house.round()
    assert house.copies(noted) == {f"hold:{second}"}
    assert f"hold:{first}" not in house.custodian.labels()


def test_each_hold_is_asked_once_for_all_that_a_lifted_one_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests that are; and what there is to look through is read once."""
    house.noted(1, 1, 2)
    house.noted(2, 3, 2)
    for id in (1, 3):
        house.erase(id)
    first = house.whose(2)
    house.round()
    mine = {row["id"] for row in house.ours("box") if row["label"] == f"hold:{first}"}
    second, third = house.whose(2), house.whose(4)
    house.lift(first)
    asked, read = list[tuple[int, set[str]]](), list[int]()
    asking, reading = heldcopies.at_once, lots.every

    def at_once(work: Any, hold: Any, boxes: Any) -> set[str]:
        asked.append((hold.id, set(boxes)))
        return asking(work, hold, boxes)

    def every(work: Any) -> Any:
        read.append(1)
        return reading(work)

    monkeypatch.setattr(heldcopies, "at_once", at_once)
    monkeypatch.setattr(lots, "every", every)
    heldcopies.release(house.run)
    assert (asked, len(read)) == ([(second, mine), (third, mine)], 1)
    assert {r["label"] for r in house.ours("box") if r["id"] in mine} == {f"hold:{second}"}


def test_a_hold_that_was_answered_is_not_asked_again_for_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may be many, and requests by the thousand; one that was not answered is asked on, also
    where the clock was set back before the next was placed."""
    house.noted(1, 1, 2)
    number = house.erase(1)
    (day,) = house.copies(number)
    asked, holders = list[set[int]](), reach.holders

    def asking(work: Any, holds: Any, copy: str) -> Any:
        asked.append({hold.id for hold in holds})
        return holders(work, holds, copy)

    monkeypatch.setattr(heldcopies, "holders", asking)
    first = house.whose(3)
    heldcopies.find(house.run)
    house.later(hours=1)
    second = house.whose(4)
    heldcopies.find(house.run)
    key, whole = house.damaged(day)
    house.later(hours=1)
    third = house.whose(2)
    with pytest.raises(SealError):
        heldcopies.find(house.run)
    house.later(minutes=-30)
    fourth = house.whose(4)
    key.write_bytes(whole)
    heldcopies.find(house.run)
    heldcopies.find(house.run)
    assert asked == [{first}, {second}, {third}, {third, fourth}]
    assert house.copies(number) == {f"hold:{third}"}


class Asked(list[str]):
    """Boxes that are asked about, which are counted each time they are read."""

    read = 0

    def __iter__(self) -> Iterator[str]:
        self.read += 1
        return super().__iter__()


def test_what_is_asked_about_is_not_read_for_each_request(house: House) -> None:
    """Thousands may end in a night, of thousands of requests, and each hold is asked; a request of
    which none is asked about is left out from the beginning."""
    house.noted(1, 1, 2)
    house.noted(2, 3, 2)
    number, _ = house.erase(1), house.erase(3)
    id, read = house.whose(2), list[int]()
    with house.begin() as office:
        (hold,) = living(office.work)
        every = list(lots.every(office.work).values())
        mine = {box for lot in every for box in lot.boxes}
        for many in (1, 50):
            asked = Asked(mine)
            known = dict.fromkeys(mine, (id,))
            assert reach.reach(office.work, hold, asked, every * many, known) == mine
            read.append(asked.read)
        (one,) = (lot for lot in every if lot.number == number)
        assert lots.of(office.work, one.copies) == [one]
    assert read[0] == read[1]


@pytest.mark.parametrize("shared", [True, False], ids=["held", "somebody else's"])
@pytest.mark.parametrize("gone", [True, False], ids=["gone", "damaged"])
def test_where_nobody_can_tell_whom_a_request_touched_the_rows_tell(
    house: House, shared: bool, gone: bool
) -> None:
    """The key of the year's marks is damaged, or gone: a hold is placed all the same, and every
    copy of a shared row opened; those of whom it is about are held."""
    house.noted(1, 1, 2)
    number = house.erase(1)
    (day,) = house.copies(number)
    key, _ = house.damaged("returning:2026")
    if gone:
        key.unlink()
    id = house.whose(2 if shared else 3)
    heldcopies.find(house.run)
    assert house.copies(number) == {f"hold:{id}" if shared else day}
    house.past()
    assert house.copies(number) == ({f"hold:{id}"} if shared else set())


def test_an_incident_that_turns_out_a_leak_gives_a_shared_copy_to_who_holds_it(
    house: House,
) -> None:
    """The other guest was held meanwhile; whose it is by a row in it is looked for again."""
    house.grants["officer"].add("incident")
    house.noted(1, 1, 2)
    number = house.erase(1)
    report = Report("sh", "wrong-erasure", "A note is gone.", happened=house.now)
    incident = house.run(lambda office: office.open_incident(report, "officer"))
    id = house.whose(2)
    house.round()
    assert house.copies(number).isdisjoint({f"hold:{id}"})
    leak = Class("risk-likely", "theft", "lost-device")
    house.run(lambda office: office.classify_incident(incident, leak, "officer"))
    house.round()
    assert house.copies(number) == {f"hold:{id}"}


def test_a_file_that_a_lifted_hold_kept_stays_with_another_that_reaches_a_copy(
    house: House,
) -> None:
    """The copy lies under its day's key again; it is asked all the same before the file goes."""
    file = house.files / "note.png"
    file.write_bytes(b"scan")
    house.noted(1, 1, 2, scan="note.png")
    number = house.erase(1)
    (day,) = house.copies(number)
    (copy,) = [row["id"] for row in house.ours("box") if house.is_copy(row, number)]
    first, second = house.whose(2), house.whose(2)
    house.round()
    with house.begin() as office:
        vault.rewrap(office.work.conn, house.custodian, [copy], day)
    house.lift(first)
    house.round()
    (held,) = [row["label"] for row in house.ours("box") if row["purpose"] == outbox.FILE]
    assert (held, file.exists()) == (f"hold:{second}", True)


def test_nothing_is_given_back_while_a_shared_copy_is_still_to_be_looked_through(
    house: House, tmp_path: Path
) -> None:
    """Else the files would tell people to destroy the key of a day on which it is held."""
    house.noted(1, 1, 2)
    house.erase(1)
    house.whose(2)
    with pytest.raises(BusyError, match="looked through"):
        uninstall(house.engine, house.custodian, tmp_path / "export")
    house.round()
    assert uninstall(house.engine, house.custodian, tmp_path / "export").counts["boxes.jsonl"]


def test_the_name_of_a_file_waits_for_a_copy_that_cannot_be_read(house: House) -> None:
    """Its own day comes while the key of the copy is damaged: that may say whose the file is."""
    file = house.files / "note.png"
    file.write_bytes(b"scan")
    house.noted(1, 1, 2, scan="note.png")
    (label,) = house.copies(house.erase(1))
    key, whole = house.damaged(label)
    id = house.whose(2)
    for _ in range(outbox.BOX_DAYS + 2):
        house.later(days=1)
        assert set(house.problems().values()) <= {"SealError"}
    key.write_bytes(whole)
    house.round()
    (held,) = [row["label"] for row in house.ours("box") if row["purpose"] == outbox.FILE]
    assert (held, file.exists()) == (f"hold:{id}", True)
