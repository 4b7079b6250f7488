"""Room for the host beside a sweep: the one lock of SQLite, and a core that others want."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select, update
from sqlalchemy.pool import StaticPool

from flask_guesterase.core import pace
from flask_guesterase.core.pace import AT_MOST, CROWDED, FEW, FIRST, LEAVES, LONG, SHORT, TARGET
from flask_guesterase.store import sweep, worker
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.executing import expiry, turns
from flask_guesterase.store.office import Office
from flask_guesterase.store.sweeping import claiming, looking, room
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.sweeping.room import BREATH, HELD, SHARE, STEPS, Room
from flask_guesterase.store.unit import Run
from tests.store.crowd import GUESTS, NEW, OLD, Crowd

LEFT = max(BREATH, LEAVES * SHORT)
"""Seconds for which the lock is left alone after work that took as long as may be waited for."""


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[Crowd]:
    """A hotel on SQLite in which one guest lives and 300 are due."""
    yield from filled(Crowd(sqlite_url, tmp_path), 300)


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Crowd]:
    """A hotel on SQLite in which one guest lives and 40 are due: a few batches, and their rests."""
    yield from filled(Crowd(sqlite_url, tmp_path), 40)


def filled(made: Crowd, due: int) -> Iterator[Crowd]:
    """Yield a hotel in which one guest lives and so many are due."""
    made.build()
    made.confirmed()
    made.fill(range(1, 2), NEW)
    made.fill(range(2, due + 2), OLD)
    yield made
    made.engine.dispose()


def write(engine: Engine, word: str) -> None:
    """Let the host write what it writes all day, in a transaction of its own."""
    with engine.begin() as conn:
        conn.execute(update(GUESTS).where(GUESTS.c.id == 1).values(name=word))


def test_who_writes_on_another_connection_is_seen_and_the_own_commits_are_not(
    hotel: Crowd,
) -> None:
    """Only one can write on SQLite: shorter transactions, and longer rests, for two seconds."""
    own, found = create_engine(hotel.url, poolclass=StaticPool), Room()
    for word in ("once", "again"):
        with own.connect() as conn:
            found.look(conn)
        write(own, word)
        assert not found.shared()
    assert (found.target(), found.part(1000), found.rest(0.2)) == (TARGET, 1000, 0.0)
    write(hotel.engine, "host")
    with own.connect() as conn:
        found.look(conn)
    assert found.shared()
    assert (found.target(), found.part(1000)) == (SHORT, 1000 // SHARE)
    assert found.rest(0.2) == pytest.approx(LEAVES * 0.2)
    assert found.rest(0.001) == BREATH
    assert (found.rest(60), found.after_step(60)) == (AT_MOST, AT_MOST)
    own.dispose()


def test_who_writes_is_forgotten_again(hotel: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds after the last write of somebody else a sweep has its speed back."""
    own, found = create_engine(hotel.url, poolclass=StaticPool), Room()
    with own.connect() as conn:
        found.look(conn)
    write(hotel.engine, "host")
    with own.connect() as conn:
        found.look(conn)
    assert found.shared()
    later = time.monotonic() + room.LATELY + 0.1
    monkeypatch.setattr(room, "monotonic", lambda: later)
    assert not found.shared()
    own.dispose()


def test_where_nobody_seems_to_write_the_lock_is_let_go_now_and_then(hotel: Crowd) -> None:
    """Who waits for the lock has written nothing yet: it is left alone soon, then at times."""
    found = Room()
    with hotel.engine.connect() as conn:
        found.look(conn)
    rests = [found.rest(STEPS) for _ in range(9)]
    assert HELD == 4 * STEPS
    assert rests == [BREATH, 0.0, 0.0, 0.0, BREATH, 0.0, 0.0, 0.0, BREATH]


def test_short_steps_leave_the_lock_alone_as_well(hotel: Crowd) -> None:
    """After half a second of them; after twenty milliseconds once somebody was seen to write."""
    own, found = create_engine(hotel.url, poolclass=StaticPool), Room()
    with own.connect() as conn:
        found.look(conn)
    assert [found.after_step(STEPS / 2) for _ in range(4)] == [0.0, BREATH] * 2
    write(hotel.engine, "host")
    with own.connect() as conn:
        found.look(conn)
    assert [found.after_step(SHORT / 2) for _ in range(4)] == [0.0, LEFT] * 2
    assert found.after_step(0.5) == LEAVES * 0.5
    own.dispose()


def test_what_was_written_before_a_night_may_have_been_written_long_before(hotel: Crowd) -> None:
    """The steps of a night do not go slowly for it; pages and transactions that erase do."""
    own = create_engine(hotel.url, poolclass=StaticPool)
    with own.connect() as conn:
        Room().look(conn)
    write(hotel.engine, "host")
    found = Room()
    with own.connect() as conn:
        found.look(conn)
    assert found.shared()
    assert found.after_step(SHORT / 2) == 0.0
    assert found.after_page(SHORT / 4) == 0.0
    assert found.after_page(SHORT / 4) == LEFT
    own.dispose()


def test_what_another_connection_of_the_pool_wrote_may_be_our_own(hotel: Crowd) -> None:
    """A pool hands its connections round: a unit finds what the one before has written."""
    own, found = create_engine(hotel.url), Room()
    with own.connect() as first, own.connect() as second:
        for conn in (first, second):
            found.look(conn)
            conn.rollback()
        write(hotel.engine, "unit")
        for conn in (first, second):
            found.look(conn)
            conn.rollback()
            assert found.after_step(SHORT) == 0.0
        write(hotel.engine, "host")
        found.look(second)
        assert found.after_step(SHORT) == pytest.approx(LEAVES * 3 * SHORT)
    own.dispose()


def test_every_step_of_a_night_lets_who_waits_for_the_lock_get_in(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host writes in each rest, without waiting, and hardly a unit of work goes by without."""
    seen: list[str] = []
    impatient = create_engine(hotel.url, connect_args={"timeout": 0})

    def rest(seconds: float) -> None:
        seen.append("rest")
        write(impatient, str(len(seen)))

    def piece(*given: Any) -> Any:
        seen.append("piece")
        return looked(*given)

    def step(run: Run) -> int:
        for _ in range(3):
            run(lambda office: seen.append("step"))
        return 0

    hotel.sweep()
    looked = reconcile._piece
    monkeypatch.setattr(reconcile, "_piece", piece)
    monkeypatch.setitem(sweep.STEPS, "holds", step)
    monkeypatch.setattr(claiming, "sleep", rest)
    monkeypatch.setattr(room, "STEPS", 0.0)
    monkeypatch.setattr(pace, "SHORT", 0.0)
    report = hotel.sweep()
    assert report.problems == {}
    assert seen.count("step") == 3
    # Fewer rows at a time, while somebody writes: 301 guests, and two tables of theirs.
    assert seen.count("piece") > 301 * SHARE // reconcile.BATCH
    for word in ("piece", "step"):
        assert all(
            after == "rest" for now, after in pairwise(seen) if now == word
        )
    impatient.dispose()


def test_so_does_the_worker_between_two_requests(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls it: a queue of requests is as long as a night."""
    seen = _rests(monkeypatch)

    def step(run: Run, report: Report) -> None:
        for _ in range(3):
            run(lambda office: seen.append("unit"))

    monkeypatch.setattr(worker, "_intake", step)
    assert worker.work(hotel.run, lambda *_: ("", ""), {}).problems == {}
    assert [after for now, after in pairwise(seen) if now == "unit"] == ["rest"] * 3


def test_so_does_what_was_kept_for_requests(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the first of January thousands of requests have a register that ends."""
    seen = _rests(monkeypatch)

    def finish(number: str, skip: frozenset[str], office: Office) -> dict[str, int]:
        seen.append(number)
        return {"finished": 1}

    monkeypatch.setattr(turns, "_requests", lambda work, which: ["a", "b", "c"])
    which, acts = turns.Which(frozenset(), True), turns.Acts(finish, lambda lines, office: {})
    assert turns.Round(hotel.run, which, Shift(), acts).work() == {"finished": 3}
    assert [word for word in seen if word != "rest"] == ["a", "b", "c"]
    assert [after for now, after in pairwise(seen) if now in "ab"] == ["rest"] * 2


def test_what_reads_many_rows_leaves_room_by_the_page(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look for what is due, and for who came back; everything else by the step."""
    seen: list[str] = []
    for name in ("after_page", "after_step"):
        monkeypatch.setattr(Room, name, lambda self, seconds, name=name: seen.append(name) or 0.0)
    Shift().gentle(hotel.run)(lambda office: None)
    assert seen == ["after_step"]
    hotel.sweep()
    for read in (looking.look, reconcile.reconcile):
        seen.clear()
        read(hotel.run, Shift())
        assert set(seen) == {"after_page"}


def _rests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where each rest is noted; there is one after every unit that leaves room."""
    seen: list[str] = []
    monkeypatch.setattr(claiming, "sleep", lambda seconds: seen.append("rest"))
    monkeypatch.setattr(room, "STEPS", 0.0)
    return seen


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), max_size=20))
def test_on_a_server_the_core_that_was_waited_for_is_given_back(
    batches: list[tuple[float, float]],
) -> None:
    """Four times what was waited, at most twice what the batch took, nothing when one was free."""
    waits = iter([0.0, *_sums(wait for _, wait in batches)])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(room, "waited", lambda: next(waits))
        found = Room()
        for seconds, wait in batches:
            rest = found.rest(seconds)
            assert 0 <= rest <= 2 * seconds
            # Nothing keeps the transactions short where no core was wanted.
            assert found.target() in (TARGET, LONG)
            assert wait <= CROWDED * seconds + 1e-6 or found.target() == TARGET
            assert rest == pytest.approx(min(4 * wait, 2 * seconds), abs=1e-6)


def test_short_steps_give_back_what_they_waited_for_on_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of half a second together: a step by itself is over before anybody could use the core."""
    waits = iter([0.0, 0.01, 0.2])
    monkeypatch.setattr(room, "waited", lambda: next(waits))
    found = Room()
    rests = [found.after_step(STEPS / 4) for _ in range(8)]
    assert rests == pytest.approx([0.0, 0.0, 0.0, 0.04, 0.0, 0.0, 0.0, 0.76])


def test_each_page_gives_back_what_it_waited_for_on_a_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A look has many of them, and a host that waits for half a second notices."""
    waits = iter([0.0, 0.01, 0.01, 0.1])
    monkeypatch.setattr(room, "waited", lambda: next(waits))
    found = Room()
    rests = [found.after_page(0.05) for _ in range(3)]
    assert rests == pytest.approx([0.04, 0.0, 0.1])


def _sums(waits: Iterator[float]) -> Iterator[float]:
    total = 0.0
    for wait in waits:
        total += wait
        yield total


def test_what_the_system_tells_of_waiting_grows_where_threads_want_the_same_core() -> None:
    """The counter of Linux; elsewhere 0, and nothing is given back."""
    before, over = room.waited(), threading.Event()
    others = [threading.Thread(target=_spin, args=(over,)) for _ in range(3)]
    for each in others:
        each.start()
    until = time.monotonic() + 10
    while room.waited() == before and time.monotonic() < until and room._SCHEDULED.exists():
        sum(range(1000))
    over.set()
    for each in others:
        each.join()
    assert (room.waited() > before) == room._SCHEDULED.exists()


def _spin(over: threading.Event) -> None:
    while not over.is_set():
        sum(range(1000))


def test_a_system_that_does_not_tell_is_asked_for_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No such file, an empty one, or words in it."""
    monkeypatch.setattr(room, "_SCHEDULED", tmp_path / "none")
    assert room.waited() == 0.0
    for text in ("", "1", "a b c"):
        (tmp_path / "none").write_text(text)
        assert room.waited() == 0.0


def test_a_host_that_writes_beside_a_sweep_on_sqlite_is_let_in(small: Crowd) -> None:
    """Small batches from the first on, and most of the time the lock is the host's."""
    other, over = create_engine(small.url), threading.Event()
    looking.look(small.run)
    held, written, began = Batches(), 0, threading.Event()

    def host() -> None:
        nonlocal written
        # One that never lets go of the lock itself keeps a sweep, and this test, waiting for long.
        while not over.wait(0.005):
            write(other, f"w{written}")
            written += 1
            began.set()

    writing = threading.Thread(target=host)
    writing.start()
    try:
        assert began.wait(30)
        before = written
        counts = expiry.expire(small.run, shift=held)
        during = written - before
    finally:
        over.set()
        writing.join()
    other.dispose()
    assert counts["people"] == 40
    assert held.sizes[0] <= FEW < FIRST
    assert during > len(held.sizes)
    with small.engine.connect() as conn:
        name = conn.execute(select(GUESTS.c.name).where(GUESTS.c.id == 1)).scalar()
    assert name == f"w{written - 1}"
    assert held.rested >= BREATH


class Batches(Shift):
    """A run that notes how many rows its batches had."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        super().__init__(progress=self.sizes.append)
