"""Any order of what can happen to due work, against a model: never early, never twice, never lost.

Guests run out, are imported with old dates, come back, are held and freed; workers look, claim,
commit and die; the clock goes on.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweeping import due, looking
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.claims import Bounds, Claimed
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests import engines
from tests.store.crowd import GUESTS, PLACE, Crowd

FIRST = 10_000
"""Numbers of guests from here on are new ones; imports take those below, where no look expects."""

DAYS = st.integers(min_value=-3, max_value=12)
MACHINES = {"sqlite": (5, 14), "postgresql": (10, 20), "mariadb": (5, 20)}
"""Engine -> how many runs, and how many steps of each."""


class Died(BaseException):
    """A process is gone in the middle of a transaction."""


class Claims(RuleBasedStateMachine):
    """Guests as they are, and what is known of each.

    :param origin: address of the hotel that each run begins with a copy of.
    """

    origin = ""
    home = Path()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        url = self.stack.enter_context(engines.clone_database(self.origin))
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        shutil.copytree(self.home, folder, dirs_exist_ok=True)
        self.hotel = Crowd(url, folder)
        self.stack.callback(self.hotel.engine.dispose)
        self.servers = self.hotel.engine.dialect.name != "sqlite"
        self.seen: dict[int, date] = {}
        self.held: dict[int, int] = {}
        self.gone: set[int] = set()
        self.newest, self.oldest = FIRST, FIRST - 5_000
        self.other: tuple[Any, Work, list[Any]] | None = None

    # the model

    def over(self, id: int) -> bool:
        """Return whether the law lets a guest go today, at the hotel."""
        today = self.hotel.now.astimezone(ZoneInfo(PLACE.zone)).date()
        seen = self.seen[id]
        return seen.replace(year=seen.year + 3) < today

    def ripe(self, days: int) -> date:
        """Return a day that is three years, and so many days, ago."""
        today = self.hotel.now.date() - timedelta(days=days)
        return today.replace(year=today.year - 3, day=min(today.day, 28))

    def pick(self, data: Any, among: set[int]) -> int:
        """Return one of these guests."""
        return int(data.draw(st.sampled_from(sorted(among))))

    def put(self, id: int, seen: date) -> None:
        """Put a guest in, who was last seen on a day."""
        self.hotel.fill([id], seen - timedelta(days=id % 7))
        self.seen[id] = seen

    @property
    def living(self) -> set[int]:
        """Return the guests who are on file."""
        return set(self.seen) - self.gone

    # the host

    @initialize()
    def opens(self) -> None:
        """Some guests are there already: over, nearly over, and of long ago."""
        for days in (-2, -1, 0, 5):
            self.arrives(days)
        self.is_imported(400)

    @rule(days=DAYS)
    def arrives(self, days: int) -> None:
        """Somebody is written down whose time is nearly over, or just over."""
        self.newest += 1
        self.put(self.newest, self.ripe(days))

    @rule(days=st.integers(min_value=30, max_value=4_000))
    def is_imported(self, days: int) -> None:
        """A row of long ago comes in under a number of long ago."""
        self.oldest -= 1
        self.put(self.oldest, self.ripe(days))

    @precondition(lambda self: self.living)
    @rule(data=st.data())
    def comes_back(self, data: Any) -> None:
        """A guest whose time was over is seen again today."""
        id, today = self.pick(data, self.living), self.hotel.now.date()
        with self.hotel.engine.begin() as conn:
            conn.execute(update(GUESTS).where(GUESTS.c.id == id).values(seen=today))
        self.seen[id] = today

    # the office

    @precondition(lambda self: self.living - set(self.held))
    @rule(data=st.data())
    def is_held(self, data: Any) -> None:
        """A court wants a guest's rows kept."""
        id = self.pick(data, self.living - set(self.held))
        wanted = Wanted("subject", "court-order", "guests", str(id))
        self.held[id] = self.hotel.run(lambda office: office.place_hold(wanted, "officer"))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def is_freed(self, data: Any) -> None:
        """Two people lift a hold."""
        self.lift(self.pick(data, set(self.held)))

    def lift(self, id: int) -> None:
        for by in ("officer", "second"):
            self.hotel.run(lambda office, by=by: office.lift(self.held[id], by))
        del self.held[id]

    # time and workers

    @rule(hours=st.sampled_from([1, 9, 25, 73]))
    def time_passes(self, hours: int) -> None:
        """The clock goes on."""
        self.hotel.later(hours=hours)

    @rule()
    def looks(self) -> None:
        """A sweep looks for what is due, and ends."""
        # Another worker may hold what it wants to write down anew.
        with suppress(BusyError):
            looking.look(self.hotel.run)

    @rule(rows=st.sampled_from([1, 3, None]))
    def works(self, rows: int | None) -> None:
        """A worker erases what is due, all of it or so many."""
        with suppress(BusyError):
            expiry.erase_due(self.hotel.run, Bounds(), Shift(rows=rows), {})

    @rule(units=st.integers(min_value=1, max_value=6))
    def dies(self, units: int) -> None:
        """A worker dies before a commit, with everything done that it would have committed."""
        left = [units]

        def run(unit: Any) -> Any:
            def one(office: Office) -> Any:
                result = unit(office)
                left[0] -= 1
                if not left[0]:
                    office.close()
                    raise Died
                return result

            return self.hotel.run(one)

        with suppress(Died, BusyError):
            expiry.expire(run, shift=Shift())

    @precondition(lambda self: self.servers and self.other is None)
    @rule(size=st.integers(min_value=1, max_value=3))
    def another_claims(self, size: int) -> None:
        """Another process claims rows, and is slow to do something about them."""
        hotel, opened = self.hotel, transaction(self.hotel.engine)
        work = Work(
            opened.__enter__(), hotel.now, hotel.settings, hotel.datamap, hotel.custodian,
            lambda *_: True,
        )  # fmt: skip
        self.other = opened, work, due.claim(work, "guests", size, ())

    @precondition(lambda self: self.other is not None)
    @rule()
    def the_other_commits(self) -> None:
        """The slow process erases what it had claimed."""
        assert self.other is not None
        (opened, work, claims), self.other = self.other, None
        office = Office(work)
        step = Claimed("guests", Bounds(), {}, expiry._erase)
        try:
            if claims:
                step.do(office, claims)
            office.close()
        except BaseException as problem:
            opened.__exit__(type(problem), problem, problem.__traceback__)
            raise
        opened.__exit__(None, None, None)

    @precondition(lambda self: self.other is not None)
    @rule()
    def the_other_dies(self) -> None:
        """The slow process is gone, and its claims with it."""
        assert self.other is not None
        (opened, *_), self.other = self.other, None
        with suppress(Died):
            opened.__exit__(Died, Died(), None)

    # what must always be so

    @invariant()
    def nobody_goes_early_or_by_half(self) -> None:
        """Who went since was over, and nobody's hold stood; and went whole."""
        there = self.hotel.there()
        went = self.living - there
        assert all(self.over(id) for id in went), "early"
        assert not went & set(self.held), "held"
        assert there == self.living - went, "somebody came back or is not known"
        self.gone |= went
        assert self.hotel.halves() == []

    def teardown(self) -> None:
        """Let everything be freed, and the hotel be swept for some nights: all who are over go."""
        try:
            if self.other is not None:
                self.the_other_dies()
            for id in list(self.held):
                self.lift(id)
            self.hotel.later(days=8)
            for _ in range(2):
                expiry.expire(self.hotel.run)
                self.nobody_goes_early_or_by_half()
                self.hotel.later(days=1)
            assert not {id for id in self.living if self.over(id) and not self.recent(id)}, "lost"
            self._told()
        finally:
            self.stack.close()

    def recent(self, id: int) -> bool:
        """Return whether a guest's time ended with the day that passed last."""
        self.hotel.now -= timedelta(days=1)
        over = self.over(id)
        self.hotel.now += timedelta(days=1)
        return not over

    def _told(self) -> None:
        """Assert that journal, boxes and shells know each who went, once."""
        many = len(self.gone)
        drafts = self.hotel.drafts("retention-ended")
        assert sum(draft.counts.get("guests", 0) for draft in drafts) == many, "twice"
        assert self.hotel.boxed() == 5 * many
        with self.hotel.engine.connect() as conn:
            shells = list(conn.execute(select(tables.subject.c.row_key)).scalars())
        assert len(shells) == len(set(shells)) == many
        assert self.hotel.verified() == []


@pytest.mark.parametrize("kind", engines.DEEP)
def test_claims_in_any_order(kind: str, tmp_path: Path) -> None:
    """Whatever happens in whatever order: never early, never twice, never lost."""
    runs, steps = MACHINES[kind]
    with engines.fresh_database(kind) as url:
        made = Crowd(url, tmp_path)
        made.build()
        made.engine.dispose()
        Claims.origin, Claims.home = url, tmp_path
        how = settings(
            max_examples=runs, stateful_step_count=steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
            # Each step is several transactions: what was found is told as it was found.
            phases=(Phase.generate,),
        )  # fmt: skip
        run_state_machine_as_test(Claims, settings=how)
