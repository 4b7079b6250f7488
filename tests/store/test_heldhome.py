"""A box under a hold lies under the key of its day as well: a copy of before the lifting opens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import KeyMissingError, SealError
from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.seal import day_label, open_box
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import shelf, vault
from flask_guesterase.store.executing import forgetting, settling
from flask_guesterase.store.holding import heldcopies, heldkeys
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.office import Office
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.upkeep.uninstall import uninstall
from tests.store.ashore import backed_up
from tests.store.night import Night
from tests.store.test_expiry import PEOPLE, Inn, boxed
from tests.store.test_register import any_night, families, night

__all__ = ["any_night", "night"]

LAST = "2026-05-01"
DAY = day_label(LAST)


class Kept(Inn):
    """A hotel with a register of erasures, whose officers hold, and whose database is copied."""

    def __init__(self, url: str, folder: Path) -> None:
        self.queries: dict[str, HoldQuery] = {}
        super().__init__(url, folder)
        self.settings = replace(self.settings, register=str(folder / "register"))
        for user in ("officer", "second"):
            self.grants[user] |= {"hold", "freeze"}
        boxed(self)

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office with what the host registered."""
        with super().begin() as office:
            office.work.queries = self.queries
            yield office

    def sealed(self, id: int = 1, seen: date = date(2025, 5, 1)) -> str:
        """Erase a guest whose line of the register is kept for a year; return its box."""
        self.person(id, seen)
        assert self.erased(self.approved(email=f"p{id}@mail.example")) == "sealed"
        (box,) = [
            row["box"] for row in self.ours("kept")
            if row["box"] and row["row_key"] == key_text((id,))
        ]  # fmt: skip
        return str(box)

    def hold(self, id: int = 1) -> int:
        """Hold a guest's record."""
        wanted = Wanted("record", "court-order", PEOPLE.name, str(id))
        return int(self.run(lambda office: office.place_hold(wanted, "officer")))

    def whose(self, id: int = 1) -> int:
        """Hold a person."""
        wanted = Wanted("subject", "court-order", "people", str(id))
        return int(self.run(lambda office: office.place_hold(wanted, "officer")))

    def query(self, table: str, id: int) -> int:
        """Hold what has a number in a table."""
        self.queries = {"some": HoldQuery("some", table, lambda t: t.c.id == id)}
        wanted = Wanted("query", "court-order", query="some", property="sh")
        return int(self.run(lambda office: office.place_hold(wanted, "officer")))

    def lift(self, id: int) -> None:
        """Let two people lift a hold."""
        for by in ("officer", "second"):
            self.run(lambda office, by=by: office.lift(id, by))

    def round(self) -> None:
        """Let the worker do a round."""
        report = worker.work(self.run, lambda *_: ("", ""), {})
        assert "forget" not in report.problems, report.problems

    def on(self, day: str) -> None:
        """Let it be a day, and forget what is over."""
        self.later(days=(date.fromisoformat(day) - self.now.date()).days)
        forgetting.forget(self.run)

    def box(self, id: str) -> dict[str, Any]:
        """Return the row of a box."""
        return next(row for row in self.ours("box") if row["id"] == id)

    def where(self, id: str) -> tuple[str, str | None]:
        """Return under which key a box lies, and under which besides."""
        row = self.box(id)
        return row["label"], row["home"]

    def opens(self, id: str) -> bool:
        """Return whether a box opens, by a custodian that remembers nothing."""
        keys = FolderCustodian(self.custodian.path)

        def unseal(office: Office) -> bool:
            try:
                return bool(vault.unseal(office.work.conn, keys, [id]))
            except SealError:
                return False

        return bool(self.run(unseal))

    @contextmanager
    def copied(self) -> Iterator[Callable[[], None]]:
        """Copy the database as it is now; yields what puts the copy in its place and replays."""
        with backed_up(self) as put_back:

            def restore() -> None:
                put_back()
                assert not replay(self.run).restored

            yield restore


@pytest.fixture
def kept(sqlite_url: str, tmp_path: Path) -> Iterator[Kept]:
    """The hotel on SQLite."""
    made = Kept(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_kept(database_url: str, tmp_path: Path) -> Iterator[Kept]:
    """The hotel on each of the three engines in turn."""
    made = Kept(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_copy_from_under_a_hold_that_was_lifted_opens_until_its_day(any_kept: Kept) -> None:
    """What the law keeps for a year is there after the restore, and ends on its day (P3, P5)."""
    kept = any_kept
    box = kept.sealed()
    id = kept.hold()
    assert kept.where(box) == (f"hold:{id}", DAY)
    with kept.copied() as restore:
        kept.lift(id)
        kept.round()
        assert kept.where(box) == (DAY, None)
        assert f"hold:{id}" not in kept.custodian.labels()
        restore()
        assert kept.where(box) == (f"hold:{id}", DAY)
        assert kept.opens(box)
        kept.lift(id)
        kept.round()
        assert kept.where(box) == (DAY, None)
        kept.on(LAST)
        assert kept.opens(box)
        kept.on("2026-05-03")
        assert not kept.opens(box)
        assert kept.box(box)["payload"] is None
        assert DAY not in kept.custodian.labels()


def test_a_copy_in_which_the_hold_lives_on_is_held_beyond_the_day(any_kept: Kept) -> None:
    """Nobody lifted it once more, so it stands: its boxes outlive their day, and end with it."""
    kept = any_kept
    box, other = kept.sealed(), kept.sealed(2)
    id = kept.hold()
    with kept.copied() as restore:
        kept.lift(id)
        kept.round()
        restore()
        kept.on("2026-05-03")
        assert (kept.opens(box), kept.opens(other)) == (True, False)
        assert kept.where(box) == (f"hold:{id}", None)
        assert DAY not in kept.custodian.labels()
        kept.lift(id)
        kept.round()
        assert not kept.opens(box)
        assert kept.box(box)["payload"] is None
        assert f"hold:{id}" not in kept.custodian.labels()


def test_in_a_copy_what_a_second_hold_keeps_stays_for_that_one(kept: Kept) -> None:
    """The box lay under the older hold, which was lifted; the younger one never was."""
    box = kept.sealed()
    first, second = kept.hold(), kept.hold()
    assert kept.where(box) == (f"hold:{first}", DAY)
    with kept.copied() as restore:
        kept.lift(first)
        kept.round()
        assert kept.where(box) == (f"hold:{second}", DAY)
        restore()
        kept.lift(first)
        kept.round()
        assert kept.where(box) == (f"hold:{second}", DAY)
        kept.on("2026-05-03")
        assert kept.opens(box)
        assert kept.where(box) == (f"hold:{second}", None)
        kept.lift(second)
        assert not kept.opens(box)


def test_a_copy_from_after_the_day_opens_no_more_than_before(kept: Kept) -> None:
    """The key of the day is destroyed, and that of the hold: two wraps are none then (P5)."""
    box = kept.sealed()
    id = kept.hold()
    with kept.copied() as restore:
        kept.on("2026-05-03")
        assert kept.where(box) == (f"hold:{id}", None)
        assert kept.box(box)["spare"] is None
        kept.lift(id)
        kept.round()
        restore()
        assert kept.where(box) == (f"hold:{id}", DAY)
        assert not kept.opens(box)
        kept.lift(id)
        kept.round()
        assert kept.box(box)["payload"] is kept.box(box)["spare"] is None


def test_what_a_hold_keeps_besides_follows_a_later_day(any_kept: Kept) -> None:
    """The stay was made longer while it was held: the second key is that of the new day."""
    kept = any_kept
    box = kept.sealed()
    id = kept.hold()
    kept.set(PEOPLE, 1, seen=date(2025, 5, 20))
    kept.later(days=(date(2026, 4, 30) - kept.now.date()).days)
    settling.settled(kept.run)
    assert kept.where(box) == (f"hold:{id}", day_label("2026-05-20"))
    with kept.copied() as restore:
        kept.lift(id)
        kept.round()
        restore()
        kept.on("2026-05-03")
        assert kept.opens(box)
        assert DAY not in kept.custodian.labels()
        kept.lift(id)
        kept.round()
        assert kept.where(box) == (day_label("2026-05-20"), None)
        kept.on("2026-05-22")
        assert not kept.opens(box)


def test_an_earlier_day_leaves_nothing_under_the_one_before(kept: Kept) -> None:
    """Under the hold alone, and under the new day; on a day that is over, under none besides."""
    box = kept.sealed()
    id = kept.hold()

    def rehome(day: str) -> None:
        kept.run(lambda office: vault.rehome(
            office.work.conn, kept.custodian, box, day_label(day), office.work.today
        ))  # fmt: skip

    rehome("2026-04-20")
    assert kept.where(box) == (f"hold:{id}", day_label("2026-04-20"))
    whole = (kept.custodian.path / f"key-hold-{id}.json").read_bytes()
    kept.custodian.forget(f"hold:{id}")
    assert kept.opens(box)
    kept.custodian.forget(day_label("2026-04-20"))
    assert DAY in kept.custodian.labels()
    assert not kept.opens(box)
    rehome(LAST)
    assert kept.where(box) == (f"hold:{id}", None), "it does not open, so under nothing besides"
    (kept.custodian.path / f"key-hold-{id}.json").write_bytes(whole)
    rehome(LAST)
    assert kept.where(box) == (f"hold:{id}", DAY)
    rehome("2026-03-01")
    assert kept.where(box) == (f"hold:{id}", None)
    assert day_label("2026-03-01") not in kept.custodian.labels()
    kept.run(lambda office: vault.mark_labels(office.work.conn, [DAY], office.work.stamp))
    rehome(LAST)
    assert kept.where(box) == (f"hold:{id}", None), "nothing is sealed under a key that ends"
    assert kept.opens(box)


def test_a_box_that_was_emptied_leaves_no_key_behind(kept: Kept) -> None:
    """Whoever ends a single box ends both of its wraps."""
    box = kept.sealed()
    kept.hold()
    kept.run(lambda office: vault.empty(office.work.conn, [box], office.work.stamp))
    row = kept.box(box)
    assert (row["wrapped"], row["payload"], row["home"], row["spare"]) == (None,) * 4


@pytest.mark.parametrize("besides", [True, False], ids=["two-keys", "one-key"])
def test_a_key_made_anew_under_the_name_of_a_lost_one_ends_nothing(
    kept: Kept, besides: bool
) -> None:
    """The older hold goes first and its boxes move on to the one whose key is lost, which gets
    another: what the lost one holds is not emptied with that, and is found by its own marks."""
    box, other = kept.sealed(), kept.sealed(2)
    first, second = kept.hold(2), kept.run(lambda office: office.freeze("sh", "officer"))
    assert [kept.where(each) for each in (other, box)] == [
        (f"hold:{first}", DAY), (f"hold:{second}", DAY)
    ]  # fmt: skip
    key = kept.custodian.path / f"key-hold-{second}.json"
    whole = key.read_bytes()
    kept.custodian.forget(f"hold:{second}")
    if not besides:
        table = tables.box
        with kept.engine.begin() as conn:
            conn.execute(update(table).where(table.c.id == box).values(home=None, spare=None))
    kept.lift(first)
    assert kept.where(other) == (f"hold:{second}", DAY)
    assert (kept.opens(box), kept.opens(other)) == (besides, True)
    for id, moved in ((box, besides), (other, True)):
        (closed,) = kept.run(lambda office, id=id: vault.fetch(office.work.conn, [id]))
        with nullcontext() if moved else pytest.raises(SealError):
            assert open_box(closed, kept.custodian)
    kept.lift(second)
    kept.round()
    assert kept.where(other) == (DAY, None)
    if besides:
        assert kept.where(box) == (DAY, None)
    else:
        assert kept.where(box) == (f"hold:{second}", None)
        key.write_bytes(whole)
        kept.custodian = FolderCustodian(kept.custodian.path)
        kept.round()
    assert kept.where(box) == (DAY, None)
    assert kept.opens(box)
    assert not key.exists()


def test_what_a_hold_reaches_waits_for_its_key_that_cannot_be_read_now(kept: Kept) -> None:
    """On its day it is to go under that key: until the key is mended it stays, and no other."""
    box, other = kept.sealed(), kept.sealed(2, date(2025, 4, 20))
    id = kept.hold()
    kept.run(lambda office: vault.rewrap(office.work.conn, kept.custodian, [box], DAY))
    key = kept.custodian.path / f"key-hold-{id}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    kept.custodian = FolderCustodian(kept.custodian.path)
    with pytest.raises(SealError):
        kept.on("2026-05-03")
    assert (kept.opens(box), kept.opens(other)) == (True, False)
    key.write_bytes(whole)
    kept.custodian = FolderCustodian(kept.custodian.path)
    forgetting.forget(kept.run)
    assert kept.opens(box)
    assert kept.where(box) == (f"hold:{id}", None)


def test_what_another_hold_reaches_waits_for_the_key_of_that_one(kept: Kept) -> None:
    """Of two holds one is lifted while the key of the other cannot be read: nothing ends."""
    box = kept.sealed()
    lifted, other = kept.hold(), kept.whose()
    kept.on("2026-05-03")
    assert kept.where(box) == (f"hold:{lifted}", None)
    key = kept.custodian.path / f"key-hold-{other}.json"
    key.write_bytes(b"")
    kept.custodian = FolderCustodian(kept.custodian.path)
    kept.lift(lifted)
    for _ in range(2):
        forgetting.forget(kept.run)
        heldcopies.release(kept.run)
    assert kept.opens(box)
    key.unlink()
    kept.custodian = FolderCustodian(kept.custodian.path)
    heldcopies.release(kept.run)
    forgetting.forget(kept.run)
    assert (kept.where(box), kept.opens(box)) == ((f"hold:{other}", None), True)


@pytest.mark.parametrize("which", ["hold", "day"])
def test_a_key_that_cannot_be_read_now_ends_nothing(kept: Kept, which: str) -> None:
    """Of two keys the one is lost and the other damaged: it may be mended, so nothing is over."""
    box, other = kept.sealed(), kept.sealed(2, date(2025, 4, 20))
    id = kept.hold()
    gone, damaged = (DAY, f"hold:{id}") if which == "hold" else (f"hold:{id}", DAY)
    key = kept.custodian.path / f"key-{damaged.replace(':', '-', 1)}.json"
    whole = key.read_bytes()
    kept.custodian.forget(gone)
    key.write_bytes(b"")
    kept.custodian = FolderCustodian(kept.custodian.path)
    kept.later(days=(date(2026, 5, 3) - kept.now.date()).days)
    if which == "day":
        with pytest.raises(SealError):
            forgetting.forget(kept.run)
        assert key.exists()
    else:
        forgetting.forget(kept.run)
    assert not kept.opens(other), "it keeps no other"
    assert kept.box(other)["payload"] is None
    key.write_bytes(whole)
    kept.custodian = FolderCustodian(kept.custodian.path)
    forgetting.forget(kept.run)
    assert kept.opens(box)
    assert kept.where(box)[0] == f"hold:{id}"


def test_a_line_of_the_register_is_found_when_the_key_of_its_hold_is_lost(
    any_night: Night,
) -> None:
    """By night, name and document: at once, and when it went home, by marks of its day again."""
    night = any_night
    night.stay(1)
    box, = night.seal([1], last_day="2026-03-20")

    def wrap(label: str) -> None:
        with night.begin() as office:
            vault.rewrap(office.work.conn, night.custodian, [box], label)
            shelf.remark(office.work, [box])

    questions: tuple[dict[str, Any], ...] = (
        {}, {"night": None, "name": "Ann Zebrafinch1"}, {"night": None, "document": "E00000001"},
    )  # fmt: skip
    before = night.ours("shelf")
    wrap("hold:h1")
    night.custodian.forget("hold:h1")
    for asked in questions:
        assert families(night.produce(**asked)) == ["Zebrafinch1"]
    wrap("day:2026-03-20")
    assert night.ours("shelf") == before
    for asked in questions:
        assert families(night.produce(**asked)) == ["Zebrafinch1"]
    nobody = night.produce(night=None, name="Ann Sparrow")
    assert (nobody.lines, nobody.unopened) == ((), 0)


def test_who_leaves_after_such_a_restore_takes_along_what_opens(
    kept: Kept, tmp_path: Path
) -> None:
    """The box is given as it can be opened, and the README says on which day its key ends."""
    box = kept.sealed()
    id = kept.hold()
    kept.custodian.forget(f"hold:{id}")
    made = uninstall(kept.engine, kept.custodian, tmp_path / "export", drop=True)
    assert made.dropped
    lines = (tmp_path / "export" / "boxes.jsonl").read_text(encoding="utf-8").splitlines()
    (line,) = [each for each in map(json.loads, lines) if each["id"] == box]
    assert line["label"] == DAY
    readme = (tmp_path / "export" / "README.txt").read_text(encoding="utf-8")
    assert f"{LAST}  keys/key-day-{LAST}.json" in readme


def test_a_hold_that_was_placed_before_this_was_kept_gets_a_second_key(any_kept: Kept) -> None:
    """The night's sweep wraps what an earlier version held alone, and no box whose day is over."""
    kept = any_kept
    box, over = kept.sealed(), kept.sealed(2, date(2025, 4, 1))
    id, _ = kept.hold(), kept.hold(2)
    kept.on("2026-04-15")
    table = tables.box
    with kept.engine.begin() as conn:
        conn.execute(update(table).values(home=None, spare=None))
    heldkeys.nightly(kept.run)
    assert kept.where(box) == (f"hold:{id}", DAY)
    assert kept.where(over)[1] is None
    kept.custodian.forget(f"hold:{id}")
    assert kept.opens(box)


def test_forgetting_is_resumed_after_the_key_of_the_day_is_destroyed(kept: Kept) -> None:
    """Killed between the second step and the third: the second wrap goes with the record of it."""
    box = kept.sealed()
    id = kept.hold()
    kept.later(days=(date(2026, 5, 3) - kept.now.date()).days)
    marked = kept.run(lambda office: vault.mark(
        office.work.conn, office.work.today, office.work.stamp, kept.custodian.labels()
    ))  # fmt: skip
    assert DAY in marked
    vault.destroy(kept.custodian, marked)
    assert kept.where(box) == (f"hold:{id}", DAY)
    assert kept.opens(box)
    forgetting.forget(kept.run)
    assert kept.where(box) == (f"hold:{id}", None)
    assert kept.opens(box)


def test_a_wrap_of_another_box_opens_nothing(kept: Kept) -> None:
    """Who writes into the database can give a box the second wrap of another one: it is bound."""
    box, other = kept.sealed(), kept.sealed(2)
    ids = [kept.hold(), kept.hold(2)]
    spare = kept.box(other)["spare"]
    with kept.engine.begin() as conn:
        conn.execute(update(tables.box).where(tables.box.c.id == box).values(spare=spare))
    assert kept.opens(box)
    for id in ids:
        kept.custodian.forget(f"hold:{id}")
    assert (kept.opens(box), kept.opens(other)) == (False, True)
    with pytest.raises(KeyMissingError, match=f"key-hold-{ids[0]}"), kept.begin() as office:
        vault.unseal(office.work.conn, kept.custodian, [box])


def lost(kept: Kept) -> tuple[Path, bytes]:
    """Lose the key of a day under which somebody's line lies; return its file and what it held."""
    key = kept.custodian.path / f"key-day-{LAST}.json"
    whole = key.read_bytes()
    key.unlink()
    kept.custodian = FolderCustodian(kept.custodian.path)
    return key, whole


@pytest.mark.parametrize("back", [True, False], ids=["brought back", "never"])
def test_what_a_lifted_hold_kept_waits_for_the_lost_key_of_its_day(
    any_kept: Kept, back: bool
) -> None:
    """No second one is made, which that would overwrite; its day ends it all the same."""
    kept = any_kept
    box, other = kept.sealed(), kept.sealed(2)
    id = kept.hold()
    key, whole = lost(kept)
    kept.lift(id)
    kept.round()
    assert kept.where(box) == (f"hold:{id}", DAY)
    assert kept.opens(box)
    assert not key.exists()
    if back:
        key.write_bytes(whole)
        kept.custodian = FolderCustodian(kept.custodian.path)
        kept.round()
        assert kept.where(box) == (DAY, None)
        assert kept.opens(box)
        assert kept.opens(other)
    else:
        kept.on("2026-05-03")
        kept.round()
        assert not kept.opens(box)
        assert kept.box(box)["forgotten_at"] is not None
    assert f"hold:{id}" not in kept.custodian.labels()


def test_a_file_that_a_lifted_hold_kept_waits_for_a_lost_key_too(kept: Kept) -> None:
    """Its day is over and it is still to be removed, so its name is not ended with the hold."""
    box, other = kept.sealed(), kept.sealed(2, date(2025, 4, 20))
    id, table = kept.hold(), tables.box
    kept.on("2026-05-12")
    removed = (kept.now.date() + timedelta(days=outbox.BOX_DAYS)).isoformat()
    third = kept.sealed(3, date.fromisoformat(removed).replace(year=2025))
    assert kept.where(third)[0] == day_label(removed)
    (kept.custodian.path / f"key-day-{removed}.json").unlink()
    kept.custodian = FolderCustodian(kept.custodian.path)
    with kept.engine.begin() as conn:
        conn.execute(update(table).where(table.c.id == box).values(purpose="file"))
    kept.lift(id)
    for _ in range(2):
        heldcopies.release(kept.run)
    assert (kept.where(box)[0], kept.box(box)["last_day"]) == (f"hold:{id}", removed)
    assert kept.opens(box)
    assert not kept.opens(other)


def test_a_second_key_of_a_held_box_is_made_in_no_lost_ones_place(any_kept: Kept) -> None:
    """By night it lies under its hold's alone, and besides once the key of its day is back."""
    kept = any_kept
    box, _ = kept.sealed(), kept.sealed(2)
    id = kept.hold()
    table = tables.box
    with kept.engine.begin() as conn:
        conn.execute(update(table).where(table.c.id == box).values(home=None, spare=None))
    key, whole = lost(kept)
    heldkeys.nightly(kept.run)
    assert kept.where(box) == (f"hold:{id}", None)
    assert not key.exists()
    key.write_bytes(whole)
    kept.custodian = FolderCustodian(kept.custodian.path)
    heldkeys.nightly(kept.run)
    assert kept.where(box) == (f"hold:{id}", DAY)


def test_a_held_box_that_gets_a_day_whose_key_is_lost_lies_under_none_besides(
    kept: Kept,
) -> None:
    """Not under that of its day before either, which may be later."""
    kept.sealed()
    box = kept.sealed(2, date(2025, 4, 20))
    id = kept.hold(2)
    assert kept.where(box) == (f"hold:{id}", day_label("2026-04-20"))
    key, _ = lost(kept)
    with kept.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 2).values(seen=date(2025, 5, 1)))
    kept.later(days=(date(2026, 4, 19) - kept.now.date()).days)
    settling.settled(kept.run)
    assert (kept.where(box), kept.box(box)["last_day"]) == ((f"hold:{id}", None), LAST)
    assert not key.exists()
