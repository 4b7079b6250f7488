"""The end of a context: it compares a clock, wakes one thread, and is never in anybody's way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from flask_guesterase.core.errors import BusyError, ForbiddenError, SweepingError
from flask_guesterase.store.sweeping import doors, runs
from flask_guesterase.store.sweeping.report import SweepReport
from flask_guesterase.web.joining import rounds, teardown
from flask_guesterase.web.joining.teardown import Bell
from tests import child
from tests.web.test_sweep import OLD, Front

ROOT = Path(__file__).parent.parent.parent
SECRET = "Ann Zebrafinch"


def until(done: Callable[[], Any]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)


@pytest.fixture
def bells() -> Iterator[list[Bell]]:
    """Bells whose threads end with the test."""
    made: list[Bell] = []
    yield made
    for bell in made:
        bell.end(10)


def bell(bells: list[Bell], turn: Callable[[Bell], None], every: float = 0.0) -> Bell:
    made = Bell(turn, every, lambda: True)
    bells.append(made)
    return made


def test_before_it_is_time_nothing_is_started(bells: list[Bell]) -> None:
    """The first round comes one pause after the start, and one pause after another."""
    done: list[int] = []
    made = bell(bells, lambda _: done.append(1), every=3600)
    before = threading.active_count()
    for _ in range(100):
        made.ring()
    assert (threading.active_count(), done) == (before, [])


def test_one_thread_does_all_rounds_and_what_raises_stays_there(
    bells: list[Bell], caplog: pytest.LogCaptureFixture
) -> None:
    """A turn that raises is told by its class and disturbs neither host nor the next turn."""
    seen: list[int] = []

    def turn(_: Bell) -> None:
        seen.append(threading.get_ident())
        raise ValueError(SECRET)

    made = bell(bells, turn)
    with caplog.at_level(logging.ERROR):
        for count in (1, 2, 3):
            made.ring(RuntimeError(SECRET))
            until(lambda count=count: len(seen) == count)  # type: ignore[misc]
    assert len(set(seen)) == 1
    assert seen[0] != threading.get_ident()
    assert "ValueError in the background" in caplog.text
    assert SECRET not in caplog.text


def test_a_long_round_is_not_woken_twice_over_nor_by_itself(bells: list[Bell]) -> None:
    """Contexts that end meanwhile wake it once more; its own context wakes nothing."""
    seen, go = list[int](), threading.Event()

    def turn(mine: Bell) -> None:
        seen.append(1)
        mine.ring()
        go.wait(30)

    made = bell(bells, turn)
    made.ring()
    until(lambda: seen)
    for _ in range(50):
        made.ring()
    go.set()
    until(lambda: len(seen) == 2)
    made.end(10)
    assert len(seen) == 2


def test_a_host_without_threads_goes_on(
    bells: list[Bell], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no thread can be started the request ends all the same."""

    def none(_: threading.Thread) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(threading.Thread, "start", none)
    bell(bells, lambda _: None).ring()
    assert "RuntimeError where a context ended" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("every", "testing", "command", "woken"),
    [
        (None, False, None, True),
        (None, True, None, False),
        (0.001, True, None, True),
        (0.001, False, "worker", False),
        (0.001, False, "run", True),
    ],
)
def test_commands_and_tests_have_no_thread_unless_asked(
    bells: list[Bell], every: float | None, testing: bool, command: str | None, woken: bool
) -> None:
    """By default not in tests; never in a command, but in the one that serves."""
    app, done = Flask(__name__), list[int]()
    app.testing = testing
    made = teardown.install(app, lambda _: done.append(1), every)
    assert made is not None
    bells.append(made)
    made._due = 0.0
    if command is None:
        with app.app_context():
            pass
    else:
        with click.Context(click.Command(command)), app.app_context():
            pass
    assert (made._thread is not None) == woken


def test_a_person_need_not_wait_until_it_is_time(bells: list[Bell]) -> None:
    """The thread is woken at once, and the next round is one pause after."""
    done: list[int] = []
    made = bell(bells, lambda _: done.append(1), every=3600)
    assert made.now()
    until(lambda: done)
    made.ring()
    assert done == [1]
    assert made._due > time.monotonic() + 3000


def test_where_no_rounds_are_done_a_person_wakes_none(bells: list[Bell]) -> None:
    """Neither in a command nor in a process that ends."""
    made = Bell(lambda _: None, 3600.0, lambda: False)
    ended = bell(bells, lambda _: None, 3600.0)
    ended.end()
    assert not made.now()
    assert not ended.now()
    for each in (made, ended):
        each._due = 0.0
        each.ring()
        assert each._thread is None


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    """With 0 nothing is registered where contexts end."""
    app = Flask(__name__)
    before = list(app.teardown_appcontext_funcs)
    assert teardown.install(app, lambda _: None, 0) is None
    assert app.teardown_appcontext_funcs == before


FORKED = """
import os, sys, time
from flask_guesterase.web.joining.teardown import Bell

def turn(_):
    os.write(1, b"%d\\n" % os.getpid())
    done.append(1)

def wait():
    end = time.monotonic() + 20
    while not done and time.monotonic() < end:
        time.sleep(0.005)

done = []
bell = Bell(turn, 0.0, lambda: True)
if sys.argv[1] == "held":
    bell._taken.acquire()
else:
    bell.ring()
    wait()
child = os.fork()
if not child:
    done.clear()
    bell.ring()
    wait()
    os._exit(0)
os.waitpid(child, 0)
print(f"child {child}", flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("lock", ["held", "free"])
def test_a_forked_process_starts_a_thread_of_its_own(lock: str) -> None:
    """A thread, or a lock that was held in the moment of the fork, does not leave it dumb."""
    said = child.printed(FORKED, lock)
    assert said[-1] in said[:-2], said


ENDING = """
import threading, time
from flask_guesterase.web.joining.teardown import Bell
begun = threading.Event()
bell = Bell(lambda _: (begun.set(), time.sleep(600)), 0.0, lambda: True)
bell.ring()
begun.wait()
print("end", flush=True)
"""


def test_a_round_at_work_keeps_no_process_alive() -> None:
    """The process ends within seconds and cleanly."""
    done = subprocess.run(
        [sys.executable, "-c", ENDING], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


# rounds


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Two hotels, a form due at each."""
    made = Front(tmp_path)
    made.forms.form(1, OLD)
    made.forms.form(2, OLD, "be")
    yield made
    made.forms.engine.dispose()


def turn(front: Front, bells: list[Bell]) -> None:
    """Do a round in this thread."""
    rounds.turn(front.extension, front.app, bell(bells, lambda _: None, 60.0))


def test_a_round_sweeps_as_any_sweep_does_when_one_is_due(
    front: Front, bells: list[Bell]
) -> None:
    """The first shows, a person confirms, a later one erases."""
    turn(front, bells)
    assert None not in front.forms.names().values()
    with front.app.app_context(), front.extension.begin() as office:
        assert sorted(office.confirm_sweep("officer")) == ["be", "mu"]
    front.forms.later(hours=26)
    turn(front, bells)
    assert set(front.forms.names().values()) == {None}
    with front.app.app_context(), front.extension.begin(write=False) as office:
        found = office.sweeps()
    assert found["doors"]["teardown"] is not None
    assert (found["leading"], found["failed"]) == (None, "")


def swept(front: Front) -> dict[str, Any]:
    """Return how the sweeps stand."""
    with front.app.app_context(), front.extension.begin(write=False) as office:
        return dict(office.sweeps())


def test_what_a_person_asked_for_is_swept_once_though_it_is_not_time(
    front: Front, bells: list[Bell]
) -> None:
    """Neither the night nor the pause between two rounds is waited for; a sweep uses it up."""
    turn(front, bells)
    with front.app.app_context(), front.extension.begin() as office:
        office.confirm_sweep("officer")
    front.forms.later(minutes=2)
    turn(front, bells)
    assert set(front.forms.names().values()) == {None}
    front.forms.later(minutes=2)
    turn(front, bells)
    before = swept(front)
    assert before["doors"]["page"] is None
    front.forms.later(seconds=1)
    with front.app.app_context(), front.extension.begin() as office:
        office.ask_sweep("officer")
    turn(front, bells)
    after = swept(front)
    assert after["last"]["ended"] > before["last"]["ended"]
    assert after["doors"]["page"] is not None
    front.forms.later(minutes=2)
    turn(front, bells)
    assert swept(front)["last"] == after["last"]


def test_who_may_not_decide_about_the_law_asks_for_no_sweep(front: Front) -> None:
    """A porter, say, whose house it is all the same."""
    with (
        front.app.app_context(), pytest.raises(ForbiddenError),
        front.extension.begin() as office,
    ):
        office.ask_sweep("porter")


def test_what_fails_is_counted_by_class_and_told_by_check(
    front: Front, bells: list[Bell], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What the host's code raises never holds a value; the lead is given back."""

    def broken() -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr(front.extension, "work", broken)
    turn(front, bells)
    front.forms.later(minutes=2)
    turn(front, bells)
    (found,) = [each for each in front.check() if each.id == "round-failed"]
    assert "LookupError 2." in found.message
    assert SECRET not in caplog.text + found.message
    monkeypatch.undo()
    front.extension._now = front._moved
    for days, told in ((0, [found]), (7, [])):
        # Nobody may have looked between two rounds; a week later it is over.
        front.forms.later(days=days, minutes=2)
        turn(front, bells)
        assert [each for each in front.check() if each.id == "round-failed"] == told


def test_a_sweep_that_is_at_work_elsewhere_is_left_alone(
    front: Front, bells: list[Bell], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes up what is due, so that there is nothing to tell of."""
    swept: list[str] = []
    sweep = front.extension.sweep

    def tried(**limits: object) -> SweepReport:
        try:
            return sweep(**limits)  # type: ignore[arg-type]
        except SweepingError as problem:
            swept.append(type(problem).__name__)
            raise

    with front.app.app_context():
        front.extension.run(lambda office: runs.start(office.work))
    monkeypatch.setattr(front.extension, "sweep", tried)
    turn(front, bells)
    assert swept == ["SweepingError"]
    assert not [each for each in front.check() if each.id == "round-failed"]


def test_a_lock_that_kept_a_sweep_from_beginning_is_told(
    front: Front, bells: list[Bell], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody swept, and nobody else will."""

    def locked(*_: object, **__: object) -> SweepReport:
        raise BusyError("Another transaction holds the rows.", "Wait.")

    monkeypatch.setattr(front.extension, "sweep", locked)
    turn(front, bells)
    (found,) = [each for each in front.check() if each.id == "round-failed"]
    assert "BusyError 1." in found.message


def test_without_our_tables_keys_or_a_connection_nothing_is_tried(
    front: Front, bells: list[Bell], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A host that has not upgraded yet, or shares its one connection, sees no trace of it."""
    with front.forms.engine.begin() as conn:
        conn.exec_driver_sql("DROP TABLE guesterase_version")
    turn(front, bells)
    shared = create_engine("sqlite://", poolclass=StaticPool)
    monkeypatch.setattr(front.extension.host, "engine", lambda: shared)
    turn(front, bells)
    assert caplog.records == []
    with front.forms.engine.connect() as conn:
        assert set(doors.last(conn).values()) == {None}
    shared.dispose()
