"""Holds, days and restores in any order: boxes open until their day, and none after it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, select

from flask_guesterase.core.errors import SealError
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.seal import wrap_aad
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.holding import heldcopies, heldkeys
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.returning.replay import replay
from tests.store.test_heldhome import Kept

WHO = {1: (date(2025, 5, 1), "2026-05-01"), 2: (date(2025, 8, 1), "2026-08-01")}
"""Number of a guest -> when they left, and the last day of what the law keeps of them."""


@dataclass
class Copy:
    """A copy of the database.

    :param path: where it lies.
    :param spares: of each box under a hold its identifier, last day, second label and wrap.
    """

    path: Path
    spares: list[tuple[str, str, str, bytes]]


class Holds(RuleBasedStateMachine):
    """Two guests' lines of the register, under holds that come and go, in copies of every age."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        base = Path(self.folder.name)
        self.inn = Kept(f"sqlite:///{base / 'test.sqlite'}", base)
        self.boxes = {id: self.inn.sealed(id, left) for id, (left, _) in WHO.items()}
        self.copies: list[Copy] = []
        self.kept = dict.fromkeys(WHO, True)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.inn.engine.dispose()
            self.folder.cleanup()

    @property
    def here(self) -> Path:
        """Return where the database lies."""
        return Path(str(self.inn.engine.url.database))

    def living(self, guest: int | None = None) -> list[int]:
        """Return the holds that this database has, on one guest or on any."""
        whom = {key_text((each,)) for each in ([*WHO] if guest is None else [guest])}
        return [
            row["id"] for row in self.inn.ours("hold")
            if row["lifted_at"] is None and row["row_key"] in whom
        ]  # fmt: skip

    def over(self, guest: int) -> bool:
        return self.inn.now.date().isoformat() > WHO[guest][1]

    def work(self) -> None:
        """Let the worker and the night do what they do about keys."""
        heldcopies.find(self.inn.run)
        heldcopies.release(self.inn.run)
        forgetting.forget(self.inn.run)
        heldkeys.nightly(self.inn.run)

    @rule(guest=st.sampled_from([*WHO]))
    def hold(self, guest: int) -> None:
        self.inn.hold(guest)

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        self.inn.lift(data.draw(st.sampled_from(self.living())))
        self.work()
        self.end()

    @rule(count=st.sampled_from([1, 20, 60, 150]), killed_after=st.integers(0, 2))
    def days(self, count: int, killed_after: int) -> None:
        """Days pass; the worker may be killed when keys are marked, or when they are destroyed."""
        self.inn.later(days=count)
        marked = forgetting._marked(self.inn.run)[0] if killed_after else ()
        if killed_after > 1:
            vault.destroy(self.inn.custodian, marked)
        self.work()
        self.end()

    def end(self) -> None:
        """Note whose box ends, because its day is over and nothing holds it."""
        for guest in WHO:
            self.kept[guest] &= not self.over(guest) or bool(self.living(guest))

    @rule()
    def rotate(self) -> None:
        self.inn.custodian.rotate("2026-04-01")

    @rule()
    def restart(self) -> None:
        self.inn.custodian = FolderCustodian(self.inn.custodian.path)

    @rule()
    def copy(self) -> None:
        box = tables.box
        wanted = select(box.c.id, box.c.last_day, box.c.home, box.c.spare)
        with self.inn.engine.connect() as conn:
            rows = conn.execute(wanted.where(box.c.spare.is_not(None))).all()
        self.inn.engine.dispose()
        path = self.here.with_name(f"copy-{len(self.copies)}.sqlite")
        shutil.copyfile(self.here, path)
        self.copies.append(Copy(path, [(r[0], r[1], r[2], bytes(r[3])) for r in rows]))

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        copy = data.draw(st.sampled_from(self.copies))
        self.inn.engine.dispose()
        shutil.copyfile(copy.path, self.here)
        self.inn.engine = create_engine(self.inn.engine.url)
        self.inn.later(minutes=1)
        replay(self.inn.run)
        self.work()
        for guest, box in self.boxes.items():
            # What outlived its day under a hold that was lifted since is lost by right.
            self.kept[guest] = not self.over(guest) or self.inn.opens(box)

    @invariant()
    def what_the_law_keeps_opens_and_what_is_over_does_not(self) -> None:
        if not hasattr(self, "boxes"):
            return
        for guest, box in self.boxes.items():
            assert self.inn.opens(box) == self.kept[guest], guest

    @invariant()
    def no_copy_opens_by_a_day_that_is_over(self) -> None:
        if not hasattr(self, "boxes"):
            return
        keys = FolderCustodian(self.inn.custodian.path)
        today = self.inn.now.date().isoformat()
        for id, last, label, spare in (each for copy in self.copies for each in copy.spares):
            try:
                keys.unwrap(label, spare, wrap_aad(id, label))
            except SealError:
                assert today > last
            else:
                assert today <= last


TestHolds = Holds.TestCase
TestHolds.settings = settings(max_examples=5, stateful_step_count=10, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(900)
class TestHoldsLong(Holds.TestCase):  # type: ignore[name-defined, misc]
    """The same, deeper."""

    settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
