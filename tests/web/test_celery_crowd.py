"""Two Celery workers over a real Redis sweep one hotel; one of them is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from flask_guesterase.tasks import SWEEP
from tests import engines
from tests.store.crowd import NEW, OLD, Crowd
from tests.store.test_resumed import assert_told
from tests.web import celerycrowd
from tests.web.test_celery import ROOT, redis_server, wait

pytestmark = pytest.mark.long

DUE = 300
LIVING = set(range(1, 11))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this module's own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as address:
        yield address


class Fleet:
    """A hotel with many guests whose time is over, and the workers over it.

    :param url: address of an empty database.
    :param folder: where its keys are.
    :param broker: address of Redis.
    :param patience: seconds after which Redis gives a task to another worker.
    """

    def __init__(self, url: str, folder: Path, broker: str, patience: int) -> None:
        self.hotel = Crowd(url, folder)
        self.hotel.now = datetime.now(UTC)
        self.hotel.build()
        self.environment = {
            **os.environ,
            celerycrowd.FOLDER: str(folder), celerycrowd.BROKER: broker,
            celerycrowd.DATABASE: url, celerycrowd.PATIENCE: str(patience),
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        app, extension, self.celery = celerycrowd.make(self.environment)
        extension.may = lambda *_: True  # type: ignore[method-assign]  # no log-ins here
        with app.app_context():
            extension.sweep()
            extension.sweep("officer")
            extension.host.engine().dispose()
        self.hotel.fill(LIVING, NEW)
        self.hotel.fill(range(11, DUE + 11), OLD)

    def send(self) -> Any:
        """Send a sweep."""
        return self.celery.send_task(SWEEP)

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.web.celerycrowd", "worker",
             "--pool=solo", "--loglevel=warning", "--without-gossip", "--without-mingle"],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def fleet(kind: str, folder: Path, broker: str, patience: int) -> Iterator[Fleet]:
    """Yield a hotel on an engine, and an empty broker."""
    with redis.Redis.from_url(broker) as client:
        client.flushall()
    with engines.fresh_database(kind) as url:
        made = Fleet(url, folder, broker, patience)
        try:
            yield made
        finally:
            made.celery.close()
            made.hotel.engine.dispose()


@pytest.mark.parametrize("kind", engines.SERVERS)
def test_two_workers_take_nobody_twice(kind: str, tmp_path: Path, broker: str) -> None:
    """A second task joins the first in another process; what they did is each guest once."""
    with fleet(kind, tmp_path, broker, 3600) as made, made.worker() as one:
        first = made.send()
        wait(lambda: made.hotel.dues() > 0, one)
        second = made.send()
        with made.worker() as two:
            wait(lambda: first.ready() and second.ready(), two)
        counts = [first.get(), second.get()]
        assert not [each for each in counts if "problems" in each]
        assert sum(each.get("people", 0) for each in counts) == DUE
        assert made.hotel.there() == LIVING
        assert_told(made.hotel, DUE)


@pytest.mark.parametrize("kind", engines.SERVERS)
def test_what_a_killed_worker_left_another_one_does(
    kind: str, tmp_path: Path, broker: str
) -> None:
    """Redis gives the task again, for it was never acknowledged; nothing is half or twice done."""
    with fleet(kind, tmp_path, broker, 1) as made, ExitStack() as stack:
        result = made.send()
        one = stack.enter_context(made.worker())
        wait(lambda: len(made.hotel.there()) < DUE + len(LIVING), one)
        one.kill()
        one.wait()
        assert made.hotel.halves() == []
        assert made.hotel.there() > LIVING, "it was over before it was killed"
        two = stack.enter_context(made.worker())
        wait(result.ready, two)
        assert "problems" not in result.get()
        assert made.hotel.there() == LIVING
        assert_told(made.hotel, DUE)
