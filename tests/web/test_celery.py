"""The Celery adapter with a real worker process and a real Redis: nobody's data in the broker."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from flask_guesterase.store import worker
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.tasks import DELIVER, SWEEP, WORK, schedule
from tests import engines, serve
from tests import partner as partners
from tests.partner import Partner
from tests.web import celeryhost

ROOT = Path(__file__).parent.parent.parent
ANN = ("Ann Zebrafinch", "ann@mail.example")
SECONDS = 60.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of this module's own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as address:
        yield address


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis; yield its address."""
    program = shutil.which("redis-server")
    if program is None:
        engines.missing("redis", "no redis-server on PATH")
    port = serve.free_port()
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port) as client:
            wait(lambda: _answers(client), process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def wait(done: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Wait until something is so, as long as the process that should make it so lives."""
    until = time.monotonic() + SECONDS
    while not done():
        assert process.poll() is None, "the process ended"
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


class Host:
    """The host of the tasks, with a guest whose erasure is approved.

    :param folder: where its database and keys lie.
    :param broker: address of Redis.
    :param partner: the channel manager.
    """

    def __init__(self, folder: Path, broker: str, partner: Partner) -> None:
        self.environment = {
            **os.environ,
            celeryhost.FOLDER: str(folder),
            celeryhost.BROKER: broker,
            celeryhost.PARTNER: partner.url,
            "PYTHONPATH": str(ROOT),
        }
        self.app, self.db, self.extension, self.celery = celeryhost.make(
            str(folder), broker, partner.url
        )
        with self.app.app_context():
            self.db.create_all()
            upgrade.upgrade(self.db.engine)
            FolderCustodian(folder / "keys").create()
            with self.db.engine.begin() as conn:
                conn.exec_driver_sql("INSERT INTO guests VALUES (1, ?, ?)", ANN)
        self.number = self._approved()

    def _approved(self) -> str:
        with self.app.app_context():
            run = self.extension.run
            number = str(run(lambda office: office.request({"email": ANN[1]})))
            self.extension.may = lambda *_: True  # type: ignore[method-assign]  # no log-ins here
            run(lambda office: office.confirm(number, "clerk"))
            run(lambda office: office.approve(number, "boss", office.preview(number).digest))
        return number

    def names(self) -> list[Any]:
        """Return the names in the guests' table."""
        with self.app.app_context(), self.db.engine.connect() as conn:
            return list(conn.execute(sa.text("SELECT name FROM guests")).scalars())

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.web.celeryhost", "worker",
             "--pool=solo", "--loglevel=warning", "--without-gossip", "--without-mingle"],
            cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            assert process.stdout is not None
            self.said = process.communicate()[0].decode()


@pytest.fixture
def partner() -> Iterator[Partner]:
    """The channel manager."""
    with partners.listening() as made:
        yield made


@pytest.fixture
def host(tmp_path: Path, broker: str, partner: Partner) -> Iterator[Host]:
    """A host with an erasure to carry out, and an empty broker."""
    with redis.Redis.from_url(broker) as client:
        client.flushall()
    made = Host(tmp_path, broker, partner)
    yield made
    made.celery.close()
    with made.app.app_context():
        made.db.session.remove()
        made.db.engine.dispose()


def _stored(broker: str) -> bytes:
    """Return everything Redis holds, of whatever type."""
    found = []
    with redis.Redis.from_url(broker) as client:
        for key in client.scan_iter():
            found += [key, client.dump(key) or b""]
            read = {
                b"list": lambda k: client.lrange(k, 0, -1),
                b"hash": lambda k: list(client.hgetall(k).values()),
                b"zset": lambda k: client.zrange(k, 0, -1),
                b"set": lambda k: list(client.smembers(k)),
                b"string": lambda k: [client.get(k)],
            }[client.type(key)]
            found += read(key)
    return b"\n".join(found)


def _is_left(broker: str) -> bool:
    """Return whether a task was taken so long ago that the broker gives it to another worker."""
    with redis.Redis.from_url(broker) as client:
        taken = client.zrange("unacked_index", 0, -1, withscores=True)
        return bool(taken) and all(time.time() - at > celeryhost.PATIENCE for _, at in taken)


def test_a_worker_erases_delivers_and_sweeps(host: Host, broker: str, partner: Partner) -> None:
    """Three tasks by their names, each twice, in a process of its own; the broker knows nothing."""
    results = [host.celery.send_task(name) for name in (WORK, DELIVER, SWEEP) * 2]
    before = _stored(broker)
    assert WORK.encode() in before
    with host.worker() as process:
        wait(lambda: all(result.ready() for result in results), process)
    counts = [result.get() for result in results]
    assert counts[0]["erased"] == 1
    assert counts[0]["told"] == 1
    assert "problems" not in counts[3]
    assert host.names() == [None]
    (came,) = partner.came
    assert came.json["subject_identities"][0]["identity_value"] == ANN[1]
    stored = before + _stored(broker) + host.said.encode()
    assert not any(value.encode() in stored for value in (*ANN, host.number, came.reference))


def test_two_sweeps_at_once_are_one(host: Host) -> None:
    """The second finds the first at work, takes part in what it found, and does not fail."""
    with host.app.app_context():
        task = host.celery.tasks[SWEEP]
        seen: list[Any] = []
        begun: list[str] = []

        def in_audit(code: str) -> bool:
            if not begun:
                begun.append(code)
                seen.append(task())
            return False

        host.extension._night_audit = in_audit
        assert host.extension.sweep().problems == {}
    assert seen == [{"joined": 1}]


def test_a_beat_schedule_names_every_task_and_spreads_nights(host: Host) -> None:
    """Each task once; a tick nobody took is dropped; houses sweep at minutes of their own."""
    made = schedule(host.app)
    assert sorted(line["task"] for line in made.values()) == sorted([WORK, SWEEP, DELIVER])
    assert schedule(host.app) == made
    for line in made.values():
        assert line["task"] in host.celery.tasks
        assert 0 < line["options"]["expires"] <= 24 * 3600
    state = host.app.extensions["guesterase"]
    minutes = set()
    for code in "abcdefgh":
        state.settings = replace(state.settings, properties={code: object()})
        minutes |= schedule(host.app)["guesterase-sweep"]["schedule"].minute
    assert len(minutes) > 3


def test_a_real_beat_sends_what_the_schedule_says(host: Host, broker: str) -> None:
    """Beat takes the schedule as it is; a worker that comes by this door is noted."""
    host.celery.conf.beat_schedule = schedule(host.app)
    beat = host.celery.Beat(schedule=str(Path(host.environment[celeryhost.FOLDER]) / "beat"))
    service = beat.Service(
        app=host.celery, max_interval=1, schedule_filename=beat.schedule,
        scheduler_cls="celery.beat:Scheduler",
    )  # fmt: skip
    scheduler = service.get_scheduler()
    for entry in scheduler.schedule.values():
        if entry.task.startswith("guesterase."):
            scheduler.apply_async(entry, producer=None, advance=False)
    stored = _stored(broker)
    for name in (WORK, SWEEP, DELIVER):
        assert name.encode() in stored
    with host.app.app_context():
        host.celery.tasks[WORK]()
        with host.extension.begin(write=False) as office:
            assert office.sweeps()["doors"]["task"] is not None


@pytest.mark.long
def test_a_task_of_a_worker_that_was_killed_runs_again(
    host: Host, broker: str, partner: Partner
) -> None:
    """Killed while it tells a recipient: another worker tells it again, under one reference."""
    with host.app.app_context():
        worker.carry_out(host.extension.run, host.number)
    partner.plan = [partners.HANG]
    result = host.celery.send_task(DELIVER)
    with host.worker() as process:
        wait(lambda: bool(partner.came), process)
        # Whoever starts earlier looks for what was left behind once, and again after 100 seconds.
        wait(lambda: _is_left(broker), process)
        process.kill()
        process.wait()
    with host.app.app_context(), host.db.engine.begin() as conn:
        # The lease of ten minutes is over.
        conn.exec_driver_sql("UPDATE guesterase_outbox SET next_at = '2026-01-01 00:00:00.000000'")
    with host.worker() as process:
        wait(result.ready, process)
    assert result.get()["told"] == 1
    assert len(partner.came) == 2
    assert len({came.reference for came in partner.came}) == len(partner.erased) == 1
