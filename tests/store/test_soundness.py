"""Lost, foreign, damaged and exchanged keys and boxes: each is named before somebody needs it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select, update

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.core.seal import Terms
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing, vault
from flask_guesterase.store.boxes.boxing import Item
from flask_guesterase.store.keys import installation
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import soundness
from flask_guesterase.store.upkeep.soundness import Sound
from tests.engines import DEEP, build
from tests.store.kept import note

pytestmark = pytest.mark.parametrize("database_url", DEEP, indirect=True)
NOW = datetime(2026, 11, 24, 10)
ONE, TWO = "day:2026-12-01", "day:2026-12-02"


class Safe:
    """A database with boxes under two days, and their keys.

    :param url: address of an empty database.
    :param folder: where the keys go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.engine: Engine = create_engine(url)
        self.folder = folder
        build(self.engine, tables.metadata)
        self.keeper = FolderCustodian(folder / "keys")
        self.keeper.create()
        items = [
            Item(f"row {n}".encode(), Terms("hotel-a", "retention", day))
            for day in ("2026-12-01", "2026-12-02")
            for n in range(3)
        ]
        with transaction(self.engine) as conn:
            installation.claim(conn, self.keeper, NOW)
            self.ids = boxing.put(conn, self.keeper, items, "2026-11-24")

    def look(
        self, keeper: FolderCustodian | None = None, sample: int | None = None,
        today: str = "2026-11-24",
    ) -> Sound:
        with transaction(self.engine, write=False) as conn:
            keys = keeper or FolderCustodian(self.keeper.path)
            return soundness.look(conn, keys, today, sample)

    def faults(self) -> list[tuple[str, str, str]]:
        found = self.look().faults
        assert all(f.hint.endswith(".") for f in found), found
        return [(f.id, f.place, f.message) for f in found]

    def key(self, label: str) -> Path:
        return self.keeper.path / f"key-{label.replace(':', '-')}.json"

    def set(self, id: str, **values: object) -> None:
        with transaction(self.engine) as conn:
            conn.execute(update(tables.box).where(tables.box.c.id == id).values(**values))

    def row(self, id: str) -> dict[str, object]:
        with transaction(self.engine, write=False) as conn:
            found = conn.execute(select(tables.box).where(tables.box.c.id == id)).one()
            return dict(found._mapping)


@pytest.fixture
def safe(database_url: str, tmp_path: Path) -> Iterator[Safe]:
    """The database and its keys, on each of the three engines in turn."""
    made = Safe(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_whole_keys_are_said_to_be_whole(safe: Safe) -> None:
    """Every label and every box is counted; ended ones are not missed."""
    assert safe.look() == Sound(2, 2, 6, 6, 6)
    assert 1 <= safe.look(sample=3).sampled <= 3
    with transaction(safe.engine) as conn:
        vault.mark_labels(conn, [ONE], NOW)
    vault.destroy(safe.keeper, [ONE])
    assert safe.look(today="2026-12-02") == Sound(1, 1, 3, 3, 3)


@pytest.mark.parametrize("gone", ["folder", "files"])
def test_a_folder_that_is_not_mounted(safe: Safe, gone: str) -> None:
    """The folder is not there, or an empty one is in its place: cause and next step."""
    safe.keeper.path.rename(safe.folder / "away")
    if gone == "files":
        safe.keeper.path.mkdir(mode=0o700)
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("keys-missing", "")
    assert ("is not there" if gone == "folder" else "holds no keys") in said
    fresh = FolderCustodian(safe.keeper.path)
    for use in (fresh.public_key, lambda: fresh.ensure(ONE), lambda: fresh.pepper("a")):
        with pytest.raises(KeyMissingError, match="Mount the key folder"):
            use()


def test_a_folder_of_another_house(safe: Safe) -> None:
    """Another installation's folder in its place is told apart from damage."""
    shutil.rmtree(safe.keeper.path)
    FolderCustodian(safe.keeper.path).create()
    ((kind, _, said),) = safe.faults()
    assert kind == "keys-missing"
    assert "belongs to another installation" in said


def test_a_days_file_that_is_deleted(safe: Safe) -> None:
    """The day is named, and its boxes are not each listed; another copy brings it back."""
    safe.key(ONE).unlink()
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("key-missing", ONE)
    assert "key-day-2026-12-01.json is not there" in said
    assert (safe.look().keys, safe.look().opened) == (1, 3)


def test_a_key_that_ended_on_its_day_is_not_asked_for(safe: Safe) -> None:
    """A database of before its end does not know of it; nobody is told to bring it back."""
    safe.keeper.forget(ONE)

    def look(today: str) -> Sound:
        with transaction(safe.engine, write=False) as conn:
            return soundness.look(conn, safe.keeper, today, None)

    assert [(each.id, each.place) for each in look("2026-12-01").faults] == [("key-missing", ONE)]
    assert look("2026-12-02") == Sound(1, 1, 6, 6, 3)


def test_the_key_of_a_form_that_waits(safe: Safe) -> None:
    """What came through the form and was not looked at needs its key too."""
    safe.keeper.ensure("intake:2026-11-24")
    row = {
        "property": "sh", "channel": "form", "received_on": NOW, "sealed": b"x", "box": "b1",
        "label": "intake:2026-11-24", "ends_at": NOW,
    }  # fmt: skip
    with transaction(safe.engine) as conn:
        conn.execute(tables.intake.insert().values(**row))
    assert (safe.look().labels, safe.look().faults) == (3, [])
    safe.keeper.forget("intake:2026-11-24")
    assert [(kind, place) for kind, place, _ in safe.faults()] == [
        ("key-missing", "intake:2026-11-24")
    ]


def test_a_root_that_is_lost(safe: Safe) -> None:
    """Nothing opens; the root is named, and that its copy is outside."""
    next(safe.keeper.path.glob("root-*.key")).unlink()
    ((kind, _, said),) = safe.faults()
    assert kind == "keys-missing"
    assert "The root key" in said
    assert "no key under it opens" in said


def test_a_file_that_is_damaged(safe: Safe) -> None:
    """Cut off, or with other content: the file is named."""
    text = safe.key(ONE).read_bytes()
    safe.key(ONE).write_bytes(text[: len(text) // 2])
    assert [(kind, place) for kind, place, _ in safe.faults()] == [("key-damaged", ONE)]
    safe.key(ONE).write_bytes(text.replace(b'"wrapped":"', b'"wrapped":"00'))
    assert [(kind, place) for kind, place, _ in safe.faults()] == [("key-damaged", ONE)]


def test_a_damaged_file_that_no_box_needs(safe: Safe) -> None:
    """It keeps the root from ending, so it is named; one that is told to end is not."""
    safe.keeper.ensure("census:2026-11")
    assert safe.look() == Sound(2, 2, 6, 6, 6)
    safe.key("census:2026-11").write_bytes(b"")
    assert [(kind, place) for kind, place, _ in safe.faults()] == [
        ("key-damaged", "census:2026-11")
    ]
    with pytest.raises(SealError, match=r"key-census-2026-11\.json"):
        safe.keeper.rotate()
    with transaction(safe.engine) as conn:
        vault.mark_labels(conn, ["census:2026-11"], NOW)
    assert safe.faults() == []


@pytest.mark.parametrize("left", [b"", None])
def test_a_pointer_that_is_gone_or_damaged(safe: Safe, left: bytes | None) -> None:
    """Without it no key can be made, though every key that is there opens."""
    current = safe.keeper.path / "current.json"
    current.unlink()
    if left is not None:
        current.write_bytes(left)
    ((kind, _, said),) = safe.faults()
    assert kind == ("keys-missing" if left is None else "keys-damaged")
    assert "current.json" in said


def test_a_days_file_in_the_place_of_another(safe: Safe) -> None:
    """Copied over or exchanged, a file says whose key it holds."""
    shutil.copy(safe.key(TWO), safe.key(ONE))
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("key-damaged", ONE)
    assert said == f"The key file {safe.key(ONE).name} holds the key of {TWO}."


def test_a_box_that_was_copied_to_another_row(safe: Safe) -> None:
    """A row under another identifier does not open, and says which it is a copy of."""
    copy = safe.row(safe.ids[0]) | {"id": "b" + "0" * 32}
    with transaction(safe.engine) as conn:
        conn.execute(tables.box.insert().values(**copy))
        with pytest.raises(SealError, match="not as it was wrapped"):
            vault.unseal(conn, safe.keeper, ["b" + "0" * 32])
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("box-damaged", "b" + "0" * 32)
    assert said == f"The row of this box is a copy of that of {safe.ids[0]}."


def _swap(safe: Safe, column: str) -> None:
    one, two = (safe.row(id)[column] for id in safe.ids[:2])
    safe.set(safe.ids[0], **{column: two})
    safe.set(safe.ids[1], **{column: one})


@pytest.mark.parametrize(
    ("column", "said"), [("wrapped", "the wrapped key of"), ("payload", "the payload of")]
)
def test_rows_whose_content_was_exchanged(safe: Safe, column: str, said: str) -> None:
    """Both boxes are named, each with the other's identifier; the rest opens."""
    _swap(safe, column)
    one, two = safe.ids[:2]
    found = {place: text for kind, place, text in safe.faults() if kind == "box-damaged"}
    assert set(found) == {one, two}
    for mine, other in ((one, two), (two, one)):
        assert f"carries {said} {other}" in found[mine]
        with transaction(safe.engine, write=False) as conn, pytest.raises(SealError):
            vault.unseal(conn, safe.keeper, [mine])
    assert safe.look().opened == 4


def test_a_label_that_was_changed(safe: Safe) -> None:
    """A box put under a later day by hand does not open longer; the day it was sealed is named."""
    safe.set(safe.ids[0], label=TWO)
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("box-damaged", safe.ids[0])
    assert said == f"The label of this box was changed: it was sealed under {ONE}."


def test_a_payload_or_controller_that_was_changed(safe: Safe) -> None:
    """One byte, or another hotel's name, is enough."""
    payload = bytearray(safe.row(safe.ids[0])["payload"])  # type: ignore[call-overload]
    payload[20] ^= 1
    safe.set(safe.ids[0], payload=bytes(payload))
    safe.set(safe.ids[1], controller="hotel-b")
    found = safe.faults()
    assert {place for _, place, _ in found} == set(safe.ids[:2])
    assert {said for _, _, said in found} == {
        "The payload of this box, or its controller, was changed."
    }


def test_a_wrapped_key_that_is_noise(safe: Safe) -> None:
    """What cannot be explained is still named."""
    safe.set(safe.ids[0], wrapped=os.urandom(60))
    ((kind, place, said),) = safe.faults()
    assert (kind, place) == ("box-damaged", safe.ids[0])
    assert "not as it was wrapped" in said
    assert "whole" not in safe.look().faults[0].hint


# a key that was made anew in the place of a lost one


def sealed(safe: Safe, text: bytes = b"later", day: str = "2026-12-01") -> str:
    """Seal something more, which is written down as kept; return its box."""
    item = Item(text, Terms("hotel-a", "retention", day))
    with transaction(safe.engine) as conn:
        (box,) = boxing.put(conn, FolderCustodian(safe.keeper.path), [item], "2026-11-24")
    note(safe.engine, "guests", "int:1", "[]", mode="sealed", box=box)
    return box


def test_no_second_key_takes_the_place_of_a_lost_one(safe: Safe) -> None:
    """Whoever brings it back would overwrite the second; a day without boxes gets its key."""
    safe.key(ONE).unlink()
    with pytest.raises(KeyMissingError, match=f"{ONE} is lost") as told:
        sealed(safe)
    assert "newest copy" in told.value.hint
    assert "keys anew" in told.value.hint
    assert not safe.key(ONE).exists()
    sealed(safe, day="2026-12-04")
    with transaction(safe.engine) as conn:
        conn.execute(update(tables.box).where(tables.box.c.label == ONE).values(forgotten_at=NOW))
    sealed(safe)
    assert safe.key(ONE).exists()


@pytest.mark.parametrize("state", ["ending", "ended", "gone"])
def test_a_key_that_a_row_calls_ended_before_its_day(safe: Safe, state: str) -> None:
    """Nothing is sealed under it, and who tries and `check` say why; of a day that is over none."""
    over, lasting = "day:2026-11-23", "open:hotel-a"
    with transaction(safe.engine) as conn:
        for label in (ONE, over, lasting):
            conn.execute(insert(tables.day).values(label=label, state=state, at=NOW))
    with pytest.raises(SealError, match=f"the key of {ONE} has ended, though") as told:
        sealed(safe)
    assert "newest copy" in told.value.hint
    assert "keys anew" in told.value.hint
    assert [place for _, place, _ in safe.faults()] == [lasting], "its key is not lost"
    safe.key(ONE).unlink()
    faults = safe.faults()
    assert [place for _, place, _ in faults] == [ONE, lasting]
    assert all("has ended, though its time is to come" in said for _, _, said in faults)
    assert [each.place for each in safe.look(sample=0).faults] == [ONE, lasting]


def test_on_its_last_day_a_key_may_end_at_midnight_by_another_server(safe: Safe) -> None:
    """Who began before midnight is told that the box would have ended."""
    with transaction(safe.engine) as conn:
        vault.mark_labels(conn, ["day:2026-11-24"], NOW)
    with pytest.raises(SealError, match="would have ended"):
        sealed(safe, day="2026-11-24")
    assert safe.faults() == []


def test_a_key_that_another_process_makes_meanwhile_is_not_lost(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made, used and committed between our looks into the folder and the database."""
    day, lost = "day:2026-12-05", FolderCustodian.lost

    def late(keeper: FolderCustodian, label: str) -> bool:
        found = lost(keeper, label)
        if label == day and found:
            monkeypatch.undo()
            if safe.engine.dialect.name != "sqlite":
                sealed(safe, day="2026-12-05")
        return found

    monkeypatch.setattr(FolderCustodian, "lost", late)
    sealed(safe, day="2026-12-05")
    assert safe.look().faults == []


def test_another_key_in_the_place_of_a_lost_one_is_told(safe: Safe) -> None:
    """One fault for the label, which names neither the boxes nor the key as whole."""
    for id in safe.ids[:3]:
        note(safe.engine, "guests", "int:1", "[]", mode="sealed", box=id)
    safe.key(ONE).unlink()
    FolderCustodian(safe.keeper.path).ensure(ONE)
    for _ in range(3):
        for sample in (None, 0):
            (fault,) = safe.look(sample=sample).faults
            assert (fault.id, fault.place) == ("key-missing", ONE)
            assert "Another key took the place of a lost one" in fault.message
            assert "whole" not in fault.hint
        sealed(safe)


# a drill with a copy


def copied(safe: Safe, name: str, roots: bool) -> FolderCustodian:
    safe.keeper.copy(safe.folder / name, roots)
    return FolderCustodian(safe.folder / name)


def content(path: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in path.iterdir()}


def test_a_copy_opens_what_the_keys_open(safe: Safe) -> None:
    """The drill opens boxes with the copy alone, and writes nothing into it."""
    copy = copied(safe, "copy", roots=True)
    before = content(copy.path)
    safe.keeper.path.rename(safe.folder / "away")
    assert safe.look(copy) == Sound(2, 2, 6, 6, 6)
    assert content(copy.path) == before


def test_a_copy_without_the_root_opens_nothing(safe: Safe) -> None:
    """What travels with the nightly backup is worthless by itself, and whole with the root."""
    copy = copied(safe, "copy", roots=False)
    (fault,) = safe.look(copy).faults
    assert "The root key" in fault.message
    root = safe.keeper.root_id()
    shutil.copy(safe.keeper.path / f"root-{root}.key", copy.path)
    assert safe.look(FolderCustodian(copy.path)) == Sound(2, 2, 6, 6, 6)


def test_an_old_copy_misses_what_came_after_it(safe: Safe) -> None:
    """Days whose keys were made after the copy are named; taken again, nothing is missing."""
    copy = copied(safe, "copy", roots=True)
    with transaction(safe.engine) as conn:
        item = Item(b"later", Terms("hotel-a", "retention", "2026-12-03"))
        boxing.put(conn, safe.keeper, [item], "2026-11-24")
    found = safe.look(copy)
    assert [(f.id, f.place) for f in found.faults] == [("key-missing", "day:2026-12-03")]
    assert (found.opened, found.sampled) == (6, 7)
    safe.keeper.forget(ONE)
    safe.keeper.rotate()
    copy = copied(safe, "copy", roots=True)
    assert copy.labels() == {TWO, "day:2026-12-03"}
    assert len(list(copy.path.glob("root-*"))) == 1


def test_a_copy_is_taken_while_a_rotation_is_under_way(safe: Safe) -> None:
    """It waits for the folder, so that no copy is torn between two roots."""
    steps = safe.keeper._ring.rotating()
    next(steps)
    taken: list[FolderCustodian] = []
    taking = threading.Thread(target=lambda: taken.append(copied(safe, "copy", roots=True)))
    taking.start()
    taking.join(0.2)
    assert not taken
    for _ in steps:
        pass
    taking.join(60)
    assert safe.look(taken[0]).faults == []
