"""Whatever happens to a journal, in whatever order: it proves itself, and the world can follow it.

Steps are drawn at random: entries, entries left in the host's transactions, checkpoints, plugs that
are pulled, copies that are put back, replays, pruning and a change of the signing key. An auditor
with every checkpoint and the one-file reader finds nothing wrong at any time.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import create_engine, select, update

from flask_guesterase.core.checkpoint import Checkpoint
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.core.errors import SetupError, TamperedError, UnknownError
from flask_guesterase.core.keychange import statement
from flask_guesterase.core.log import KEY_CHANGE, Draft, slug
from flask_guesterase.core.tree import verify_consistency
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, pulse
from flask_guesterase.store.access.pulse import Pulse
from flask_guesterase.store.journaling import audit, export, journal, pruning, signers, witness
from flask_guesterase.store.journaling.quotes import quotes
from flask_guesterase.store.release import continuing
from flask_guesterase.store.release.outside import seen
from flask_guesterase.store.release.places import places
from flask_guesterase.store.release.releasing import release
from flask_guesterase.store.settings import Settings
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests.engines import build
from tests.test_verify import ask

PINE = "pine"


class Keeper:
    """Holds one signing key, and another one after it was changed."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.past: list[bytes] = []

    def exists(self) -> bool:
        """There are keys."""
        return True

    def signing_key(self, public: str = "") -> Ed25519PrivateKey:
        """Return the key in use."""
        return self.key

    def public_key(self) -> bytes:
        """Return its public half."""
        return self.key.public_key().public_bytes_raw()

    def past_keys(self) -> tuple[bytes, ...]:
        """Return the public halves of keys before it."""
        return tuple(self.past)


class _Office:
    """An office with nothing but its open transaction."""

    def __init__(self, work: Any) -> None:
        self.work = work

    def count_files(self, controller: str) -> list[tuple[str, bytes]]:
        """No register is counted here."""
        return []


class Chronicle(RuleBasedStateMachine):
    """One journal, a folder outside, and copies of the database."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp(prefix="guesterase-"))
        self.file = self.path / "test.sqlite"
        self.outside = self.path / "outside"
        self.outside.mkdir()
        self.engine = create_engine(f"sqlite:///{self.file}")
        build(self.engine, tables.metadata)
        self.keeper = Keeper()
        # Years go by in leaps, and nothing is taken out ahead of the day on which it is read.
        self.now = datetime(1980, 1, 1, tzinfo=UTC)
        self.number = 0
        self.behind = False
        self.places = places([Destination(Way.FILE, str(self.outside))], {})
        self.released: dict[tuple[str, int], Checkpoint] = {}
        self.notes: dict[str, None] = {}
        self.letters: list[str] = []
        self.happens(1)

    def teardown(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self.path)

    def run(self, unit: Any) -> Any:
        """Run a unit of work in a transaction of its own."""
        with transaction(self.engine) as conn:
            work = Work(
                conn, self.now, Settings(), None, self.keeper, lambda *_: False,  # type: ignore[arg-type]
                places=self.places,
            )  # fmt: skip
            result = unit(_Office(work))
            if work.events:
                journal.append(
                    conn, journal.drafts(work.events, self.now), self.keeper.public_key()
                )
        return result

    def draft(self) -> Draft:
        self.number += 1
        self.now += timedelta(minutes=1)
        return Draft(PINE, journal.stamp(self.now), "subject-erased", request=f"E-{self.number}")

    @rule(count=st.integers(1, 9))
    def happens(self, count: int) -> None:
        with transaction(self.engine) as conn:
            journal.append(conn, [self.draft() for _ in range(count)], self.keeper.public_key())

    @rule(count=st.integers(1, 3), in_order=st.booleans())
    def the_host_leaves(self, count: int, in_order: bool) -> None:
        with transaction(self.engine) as conn:
            for _ in range(count):
                journal.leave(conn, self.draft())
        if in_order:
            with transaction(self.engine) as conn:
                at, key = journal.stamp(self.now), self.keeper.public_key()
                assert journal.sequence(conn, at, key) >= count

    @rule(count=st.integers(1, 5))
    def the_plug_is_pulled(self, count: int) -> None:
        def failing() -> None:
            with transaction(self.engine) as conn:
                items = [self.draft() for _ in range(count)]
                journal.append(conn, items, self.keeper.public_key())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()

    @rule()
    def time_goes_by(self) -> None:
        self.now += timedelta(days=900)

    @precondition(lambda self: not self.behind)
    @rule(torn=st.booleans())
    def a_checkpoint_leaves(self, torn: bool) -> None:
        before = len(list(self.outside.iterdir()))
        problems: dict[str, str] = {}
        release(self.run, problems.__setitem__, at_once=True)
        assert problems == {}
        for head in self.run(lambda office: seen(office.work)):
            known = self.released.setdefault((head.origin, head.size), head)
            assert known.root == head.root, "the world is shown one journal"
        for place in self.places:
            assert place.folder is not None
            self.notes |= dict.fromkeys(place.folder.notes(PINE))
        if torn and before:
            for path in self.outside.glob("*.jsonl"):
                with path.open("a") as file:
                    file.write('{"half a li')

    @rule()
    def a_copy_is_made(self) -> None:
        self.engine.dispose()
        shutil.copyfile(self.file, self.path / "copy")
        (self.path / "key").write_bytes(self.keeper.key.private_bytes_raw())

    @precondition(lambda self: (self.path / "copy").exists())
    @rule(then=st.integers(0, 2), lost=st.booleans())
    def a_copy_is_put_back(self, then: int, lost: bool) -> None:
        self.engine.dispose()
        shutil.copyfile(self.path / "copy", self.file)
        if then:
            # Nobody noticed yet, so it goes into the tree; the key in use may be another one.
            with transaction(self.engine) as conn:
                items = [self.draft() for _ in range(then)]
                journal.append(conn, items, self.keeper.public_key())
        if lost:
            for path in self.outside.glob("*.jsonl"):
                path.unlink()
        self.behind = True

    @precondition(lambda self: self.behind)
    @rule()
    def it_is_replayed(self) -> None:
        try:
            continuing.resume(self.run, self.letters)
        except SetupError:
            # The folder is lost for good, so it is out of the setting until it takes more.
            assert not list(self.outside.glob("*.checkpoints"))
            settled, self.places = self.places, ()
            continuing.resume(self.run, self.letters)
            self.places = settled
        self.behind = False
        assert continuing.resume(self.run) == {}

    @precondition(lambda self: self.notes and (self.path / "copy").exists())
    @rule(then=st.integers(0, 2))
    def letters_are_brought(self, then: int) -> None:
        """Database and folder outside are gone; the checkpoints were mailed as well."""
        self.a_copy_is_put_back(then, lost=True)
        for path in self.outside.iterdir():
            path.unlink()
        self.letters = list(self.notes)
        self.it_is_replayed()
        assert continuing.resume(self.run, self.letters) == {}

    @precondition(lambda self: not self.behind)
    @rule()
    def old_entries_go(self) -> None:
        """Two people have said that the clock is right, however long it took."""
        before = date.fromordinal(self.now.date().toordinal() - 2200)
        with transaction(self.engine) as conn:
            pulse.put(conn, brake.HEART, Pulse(self.now.replace(tzinfo=None)))
        pruning.prune(self.run, pruning.Wish(slug(PINE), before, "a1"))

    @precondition(lambda self: not self.behind)
    @rule()
    def the_key_changes(self) -> None:
        old, new = self.keeper.key, Ed25519PrivateKey.generate()
        public = new.public_key().public_bytes_raw()
        with transaction(self.engine) as conn:
            epoch, _, current = journal.head(conn, PINE)
            if current != self.keeper.public_key().hex():
                return
            signed = old.sign(statement(PINE, epoch, public.hex())).hex()
            marks = {"public-key": public.hex(), "signature": signed}
            said = Draft(PINE, journal.stamp(self.now), KEY_CHANGE, marks=marks)
            journal.append(conn, [said], self.keeper.public_key())
            mine = (tables.tree.c.controller == PINE) & (tables.tree.c.epoch == epoch)
            conn.execute(update(tables.tree).where(mine).values(public_key=public.hex()))
        self.keeper.past.append(self.keeper.public_key())
        self.keeper.key = new

    @precondition(lambda self: self.notes and not self.behind)
    @rule()
    def an_auditor_looks(self) -> None:
        """With the export, and all that ever left the house, nothing is wrong."""
        assert self.audited() == []

    def wrong(self) -> list[Any]:
        """Return what the house, the world that keeps checkpoints, or an auditor finds wrong."""
        self.the_world_can_follow()
        with transaction(self.engine, write=False) as conn:
            found = [*audit.verify(conn), *audit.verify(conn, self.released.values())]
        return [*found, *(self.audited() if self.notes else [])]

    def audited(self) -> list[Any]:
        """Return what an auditor finds wrong in the export and all that ever left the house."""
        journal_, notes = self.path / "journal.jsonl", self.path / "notes.txt"
        with transaction(self.engine, write=False) as conn:
            journal_.write_text("".join(f"{line}\n" for line in export.lines(conn)))
        notes.write_text("\n".join(self.notes))
        code, answer = ask(journal_, "--checkpoint", notes)
        wrong = [item for item in answer["findings"] if item["shown"] is False]
        assert bool(wrong) == bool(code)
        return wrong

    @invariant()
    def it_proves_itself(self) -> None:
        with transaction(self.engine, write=False) as conn:
            assert audit.verify(conn) == []

    @invariant()
    def the_world_can_follow(self) -> None:
        """Each checkpoint outside is a beginning of its tree, or an epoch quotes the gap."""
        if self.behind:
            return
        with transaction(self.engine, write=False) as conn:
            assert audit.verify(conn, self.released.values()) == []
            told = quotes(conn, PINE)
            rows = {row.epoch: row for row in conn.execute(select(tables.tree))}
            for head in self.released.values():
                row = rows.get(head.epoch)
                follows = False
                if row is not None and head.size <= row.size:
                    with suppress(UnknownError, TamperedError):
                        path = witness.continues(conn, PINE, head.epoch, head.size, row.size)
                        root = journal.edge(row).root()
                        follows = verify_consistency(head.size, row.size, head.root, root, path)
                assert follows or head in told, head
                if row is not None and follows:
                    assert signers.signers(conn, row)


def _play(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Chronicle,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=examples < 50, database=None,
        ),
    )  # fmt: skip


def test_a_checkpoint_is_known_again_though_its_key_came_and_went_after_the_backup() -> None:
    """Of two keys since, the first signed what the world has, and its entries are lost outside."""
    told = Chronicle()
    told.a_copy_is_made()
    told.the_key_changes()
    told.happens(3)
    told.a_checkpoint_leaves(torn=False)
    told.the_key_changes()
    told.a_copy_is_put_back(then=0, lost=True)
    told.it_is_replayed()
    assert told.wrong() == []
    told.teardown()


def test_a_database_of_before_a_change_of_keys_goes_on_in_another_epoch() -> None:
    """Nobody outside has seen anything, but the key folder has had a later key."""
    told = Chronicle()
    told.a_copy_is_made()
    told.the_key_changes()
    told.a_copy_is_put_back(then=0, lost=False)
    told.it_is_replayed()
    told.a_checkpoint_leaves(torn=False)
    assert told.wrong() == []
    told.teardown()


@pytest.mark.parametrize("then", [0, 2])
def test_a_database_of_before_a_change_of_keys_goes_on_where_the_world_knows_no_more(
    then: int,
) -> None:
    """The newest checkpoint outside is of before the change, and agrees with what is restored."""
    told = Chronicle()
    told.a_copy_is_made()
    told.a_checkpoint_leaves(torn=False)
    told.the_key_changes()
    told.a_copy_is_put_back(then=then, lost=True)
    told.it_is_replayed()
    told.a_checkpoint_leaves(torn=False)
    assert told.wrong() == []
    told.teardown()


def test_a_letter_of_a_lost_epoch_is_known_by_the_key_of_its_time() -> None:
    """The copy knows that key from the epoch before, and not that it signed on in the next."""
    told = Chronicle()
    told.a_copy_is_made()
    told.happens(3)
    told.a_checkpoint_leaves(torn=False)
    told.a_copy_is_put_back(then=2, lost=True)
    told.it_is_replayed()
    told.a_checkpoint_leaves(torn=False)
    told.the_key_changes()
    told.letters_are_brought(then=0)
    assert told.wrong() == []
    told.teardown()


def test_a_letter_of_lost_entries_is_known_by_the_key_of_its_time() -> None:
    """What named its key is lost, and an opening since names that key for another epoch."""
    told = Chronicle()
    told.a_copy_is_made()
    told.the_key_changes()
    told.happens(5)
    told.a_checkpoint_leaves(torn=False)
    told.letters_are_brought(then=0)
    told.the_key_changes()
    told.a_copy_is_made()
    told.letters_are_brought(then=0)
    assert told.wrong() == []
    told.teardown()


def test_a_letter_that_an_epoch_quotes_is_known_by_the_key_of_its_time() -> None:
    """What it saw was written over since: the same place is of another key now."""
    told = Chronicle()
    told.a_copy_is_made()
    told.the_key_changes()
    told.a_checkpoint_leaves(torn=False)
    told.a_copy_is_put_back(then=2, lost=False)
    told.it_is_replayed()
    told.a_copy_is_made()
    told.the_key_changes()
    told.letters_are_brought(then=0)
    assert told.wrong() == []
    told.teardown()


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("again", [False, True])
def test_the_same_copy_is_put_back_twice(torn: bool, again: bool) -> None:
    """The epoch that told what the first restore lost may be lost itself by the second."""
    told = Chronicle()
    told.a_copy_is_made()
    told.the_key_changes()
    for lost in (True, again):
        told.happens(3)
        told.a_checkpoint_leaves(torn=torn)
        told.a_copy_is_put_back(then=2, lost=lost)
        told.it_is_replayed()
        assert told.wrong() == []
    told.teardown()


@pytest.mark.parametrize("before", [0, 3])
def test_what_a_restore_lost_is_told_when_its_entry_was_taken_out(before: int) -> None:
    """After six years the entry that quotes goes, and twelve years later who repeated it."""
    told = Chronicle()
    told.happens(3)
    if before:
        told.a_checkpoint_leaves(torn=False)
    told.a_copy_is_made()
    told.happens(3)
    told.a_checkpoint_leaves(torn=False)
    told.a_copy_is_put_back(then=2, lost=True)
    told.it_is_replayed()
    for _ in range(9):
        told.happens(6)
        told.a_checkpoint_leaves(torn=False)
        told.time_goes_by()
        told.old_entries_go()
        assert told.wrong() == []
    told.teardown()


def test_a_journal_stays_one_whatever_happens() -> None:
    """A few chronicles, the same ones each time."""
    _play(4, 14)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_journal_stays_one_in_many_chronicles() -> None:
    """Many chronicles, and longer ones; the same each time."""
    _play(24, 40)
