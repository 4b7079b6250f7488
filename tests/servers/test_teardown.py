"""Traffic wakes what is due, in one process, behind the response: on three real servers."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_guesterase.store import tables
from flask_guesterase.store.upkeep import upgrade
from tests import engines, serve
from tests.servers import host as hosts
from tests.store.forms import Forms

ROOT = Path(__file__).parent.parent.parent
OLD = date(2025, 2, 1)
SECONDS = 60.0
WORKERS = 3

WSGI = "tests.servers.host:create_app()"


class Site:
    """A host behind a real server, with a registration form that is due.

    :param url: address of an empty database.
    :param folder: where keys and marks go.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.forms = Forms(url, folder, datetime.now(UTC))
        upgrade.upgrade(self.forms.engine)
        self.forms.confirmed()
        self.forms.form(1, OLD)
        self._long_ago()

    def _long_ago(self) -> None:
        """Let the last sweep have ended so long ago that the next one is due."""
        ago = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=26)
        with self.forms.engine.begin() as conn:
            conn.execute(update(tables.run).values(ended_at=ago))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ, hosts.FOLDER: str(self.folder), hosts.URL: self.url,
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    @contextmanager
    def server(self, kind: str, every: float) -> Iterator[Server]:
        """Run a server for a while; `every` seconds between rounds, 0 for none."""
        port = serve.free_port()
        process = subprocess.Popen(
            _command(kind, port), cwd=ROOT, env=self.environment | {hosts.EVERY: str(every)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        running = Server(process, port)
        try:
            wait(running.answers, running)
            yield running
        finally:
            self.go_on()
            running.kill()

    def hold(self) -> None:
        """Keep each sweep that begins waiting."""
        (self.folder / hosts.WAIT).touch()

    def go_on(self) -> None:
        """Let sweeps go on."""
        (self.folder / hosts.WAIT).unlink(missing_ok=True)

    def began(self, what: str = hosts.ASKED) -> list[int]:
        """Return the processes in which a sweep, or a round, began, in order."""
        asked = self.folder / what
        return [int(line) for line in asked.read_text().split()] if asked.exists() else []

    def gone(self) -> bool:
        """Return whether the form that was due is erased."""
        return self.forms.names()[1] is None

    def ended(self) -> bool:
        """Return whether the round gave the lead back."""
        lead = self.pulse("round-lead")
        return lead is not None and not lead["note"]

    def pulse(self, name: str) -> dict[str, Any] | None:
        """Return one of our pulses."""
        return next((row for row in self.forms.ours("pulse") if row["name"] == name), None)

    def age(self, *names: str, **time: float) -> None:
        """Let pulses be older than they are, as if nobody had said anything since."""
        with self.forms.engine.connect() as conn:
            mine = select(tables.pulse).where(tables.pulse.c.name.in_(names))
            rows = conn.execute(mine).all()
        # SQLite lets no transaction that has read wait for its turn to write.
        with self.forms.engine.begin() as conn:
            for row in rows:
                conn.execute(
                    update(tables.pulse)
                    .where(tables.pulse.c.name == row.name)
                    .values(at=row.at - timedelta(**time))
                )

    def check(self) -> list[str]:
        """Return the findings of `flask guesterase check`, run as cron would run it."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", WSGI, "guesterase", "check", "--json"],
            cwd=ROOT, env=self.environment | {hosts.EVERY: "0.1"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return [finding["id"] for finding in json.loads(done.stdout)]


def _command(kind: str, port: int) -> list[str]:
    if kind == "development":
        serving = ["flask", "--app", WSGI, "run", "--port", str(port)]
    else:
        serving = [
            "gunicorn", "-k", kind, "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}",
            "--threads", "4" if kind == "gthread" else "1", "--graceful-timeout", "40",
            "--preload", "--no-control-socket", WSGI,
        ]  # fmt: skip
    return [sys.executable, "-m", *serving]


class Server:
    """A server process, and ways to ask it.

    :param process: it, the first of its group.
    :param port: where it listens on loopback.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        self.said = ""

    def answers(self) -> bool:
        """Return whether it takes connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def raw(self, path: str) -> bytes:
        """Return all bytes of an answer until the server closes, its date left out."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as line:
            request = f"GET {path} HTTP/1.1\r\nHost: pine.example\r\nConnection: close\r\n\r\n"
            line.sendall(request.encode())
            found = b""
            while part := line.recv(65536):
                found += part
        return re.sub(rb"\r\nDate: [^\r]+", b"", found)

    def twice(self, path: str) -> list[tuple[int, list[tuple[str, str]], bytes]]:
        """Return two answers over one connection that is left open, where the server lets it."""
        line, found = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS), []
        for _ in range(2):
            line.request("GET", path)
            answer = line.getresponse()
            headers = [(n, v) for n, v in answer.getheaders() if n != "Date"]
            found.append((answer.status, headers, answer.read()))
        line.close()
        return found

    def process_of(self, pause: float = 0.0) -> tuple[int, bool]:
        """Return which process answers, and whether its background thread is there."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        line.request("GET", f"/process?pause={pause}")
        told = json.loads(line.getresponse().read())
        line.close()
        return told["pid"], bool(told["threads"])

    def threads(self, into: dict[int, bool]) -> dict[int, bool]:
        """Ask several at once; note of each process that answered whether its thread is there."""
        with ThreadPoolExecutor(2 * WORKERS) as pool:
            into.update(pool.map(self.process_of, [0.05] * 2 * WORKERS))
        return into

    def kill(self) -> None:
        """End it and all its processes at once, and keep what they said."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.said += self.process.communicate(timeout=SECONDS)[0].decode()

    def stop(self, how: signal.Signals) -> float:
        """End it as an operator would; return how many seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(how)
        self.said += self.process.communicate(timeout=SECONDS)[0].decode()
        return time.monotonic() - begun


def wait(done: Callable[[], Any], server: Server) -> None:
    """Wait until something is so, as long as the server lives."""
    until = time.monotonic() + SECONDS
    while not done():
        assert server.process.poll() is None, server.process.communicate()[0].decode()
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    """A host on SQLite."""
    made = Site(sqlite_url, tmp_path)
    yield made
    made.forms.engine.dispose()


@pytest.mark.parametrize("kind", [
    pytest.param("sync", marks=pytest.mark.long), pytest.param("gthread", marks=pytest.mark.long),
    "development",
])  # fmt: skip
def test_answers_are_the_same_and_do_not_wait_for_the_round(site: Site, kind: str) -> None:
    """Byte for byte, to the end of the connection, while the round they woke stands still."""
    with site.server(kind, 0) as without:
        bare = {path: without.raw(path) for path in ("/stream", "/whole")}
        kept = {path: without.twice(path) for path in bare}
        assert not any(there for there in without.threads({}).values())
    assert site.began() == []
    site.hold()
    with site.server(kind, 0.2) as server:
        wait(lambda: server.raw("/whole") and site.began(), server)
        # The round waits until this test lets it; whatever is answered now did not wait for it.
        for path, expected in bare.items():
            assert server.raw(path) == expected
            assert server.twice(path) == kept[path]
        assert not site.gone()
        assert len(site.began()) == 1
        site.go_on()
        wait(lambda: server.raw("/whole") and site.gone() and site.ended(), server)
    assert "Traceback" not in server.said, server.said
    assert site.pulse("door-teardown") is not None


@pytest.mark.parametrize("kind", [pytest.param("sync", marks=pytest.mark.long), "gthread"])
def test_one_process_of_several_sweeps_and_the_next_takes_up(site: Site, kind: str) -> None:
    """All workers are woken, one leads; killed with its round, another one does it."""
    site.hold()
    with site.server(kind, 0.2) as server:
        seen: dict[int, bool] = {}
        wait(lambda: sum(server.threads(seen).values()) == WORKERS and site.began(), server)
        for _ in range(20):
            server.threads(seen)
        (leader,) = site.began()
        assert leader in seen
        assert site.began(hosts.WORKED) == [leader]
        os.kill(leader, signal.SIGKILL)
        for _ in range(10):
            server.threads(seen)
        assert site.began() == [leader], "the lease of the dead one is not over"
        assert not site.gone()
        site.age("round-lead", "sweep", minutes=15)
        wait(lambda: server.threads(seen) and len(site.began()) == 2, server)
        assert site.began()[1] != leader
        site.go_on()
        wait(lambda: server.threads(seen) and site.gone() and site.ended(), server)
        # Not due any more: woken again, nobody sweeps.
        for _ in range(10):
            server.threads(seen)
        assert len(site.began()) == 2
    assert "Traceback" not in server.said, server.said


@pytest.mark.long
@pytest.mark.parametrize(("kind", "how"), [
    ("gthread", signal.SIGTERM), ("sync", signal.SIGTERM), ("development", signal.SIGINT),
])  # fmt: skip
def test_a_server_ends_although_a_round_is_at_work(
    site: Site, kind: str, how: signal.Signals
) -> None:
    """The thread keeps no process alive; what it had begun is as it was before."""
    site.hold()
    with site.server(kind, 0.2) as server:
        wait(lambda: server.raw("/whole") and site.began(), server)
        assert server.stop(how) < 30
        assert "SIGKILL" not in server.said
    assert not site.gone()
    site.age("round-lead", "sweep", minutes=15)
    with site.server(kind, 0.2) as server:
        wait(lambda: server.raw("/whole") and site.gone(), server)


@pytest.mark.long
def test_without_traffic_the_heartbeat_goes_stale_and_check_says_so(site: Site) -> None:
    """A round beats the heart; a day without visitors later `check` names what is missing."""
    site.age("heartbeat", hours=27)
    with site.server("development", 0.2) as server:
        wait(lambda: server.raw("/whole") and site.gone() and site.ended(), server)
    heart = site.pulse("heartbeat")
    assert heart is not None
    assert datetime.now(UTC).replace(tzinfo=None) - heart["at"] < timedelta(hours=1)
    site.age("heartbeat", hours=27)
    assert "heartbeat-stale" in site.check()
    assert site.pulse("door-command") is None, "a command that only looks wakes nothing"


@pytest.mark.long
@pytest.mark.parametrize("engine", engines.SERVERS)
def test_on_database_servers_three_workers_lead_one_by_one(engine: str, tmp_path: Path) -> None:
    """The lease holds where several processes really write at once, from the very first round."""
    with engines.fresh_database(engine) as url:
        site = Site(url, tmp_path)
        site.hold()
        with site.forms.engine.begin() as conn:
            conn.execute(tables.pulse.delete().where(tables.pulse.c.name == "round-lead"))
        with site.server("gthread", 0.2) as server:
            seen: dict[int, bool] = {}
            wait(lambda: sum(server.threads(seen).values()) == WORKERS and site.began(), server)
            for _ in range(20):
                server.threads(seen)
            assert site.began(hosts.WORKED) == site.began() == site.began()[:1]
            site.go_on()
            wait(lambda: server.threads(seen) and site.gone() and site.ended(), server)
        site.forms.engine.dispose()
