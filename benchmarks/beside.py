"""How long a host's requests take while a sweep runs in another process, and while none does.

A host (`bare`, the extension installed) listens on the loopback; threads here ask it over HTTP for
guests who are not due, without a pause. Quiet, a sweep that only erases, and whole nights take
turns in one run.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.engines import fresh_database

from .estate import Estate, built
from .figures import load, quantile, say, version
from .rows import Shape

ROOT = Path(__file__).resolve().parents[1]
THREADS, SECONDS, ROUNDS, NIGHTS = 4, 4.0, 6, 3
"""Threads of the load, seconds of a turn, turns of each kind, and whole nights after them: these
look for who came back as well, and do everything else that belongs to a day."""

SHAPE = Shape(20_000, 0.8, 64)
MIX = ("read", "read", "write", "kept", "read", "static")
"""Requests in the order in which each thread makes them."""

_SWEEP = """
import sys, time
from pathlib import Path
from benchmarks.beside import SHAPE
from benchmarks.estate import Estate
if __name__ == "__main__":
    estate, day = Estate.opened({url!r}, Path({folder!r}), SHAPE), 0
    print("ready", flush=True)
    for line in sys.stdin:
        people = 0
        if line.strip() == "night":
            people = estate.sweep().counts.get("people", 0)
            estate.next_day()
            line, day = "0", day + 1
        until = time.perf_counter() + float(line)
        while time.perf_counter() < until and day < SHAPE.days:
            people += estate.expire()
            estate.next_day()
            day += 1
        print(people, SHAPE.days - day, flush=True)
"""

Child = subprocess.Popen[str]


class Load:
    """Threads that ask the host, and note how long each answer took.

    :param port: where the host listens.
    :param ids: numbers of the guests who are asked for.
    """

    def __init__(self, port: int, ids: Sequence[int]) -> None:
        self.port = port
        self.ids = ids
        self.took: list[float] = []
        self.failed: Counter[str] = Counter()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(THREADS)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def since(self, start: int) -> list[float]:
        """Return the milliseconds of the answers since there were so many."""
        return self.took[start:]

    def _ask(self, number: int) -> None:
        kinds = itertools.cycle(MIX)
        for id in itertools.cycle(self.ids[number::THREADS]):
            if self._over.is_set():
                return
            start = time.perf_counter()
            kind = next(kinds)
            path = "/static" if kind == "static" else f"/{kind}/{id}"
            conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            conn.request("GET", path)
            answer = conn.getresponse()
            answer.read()
            conn.close()
            if answer.status != 200:
                self.failed[kind] += 1
            self.took.append((time.perf_counter() - start) * 1000)


@contextmanager
def stage(kind: str, shape: Shape = SHAPE) -> Iterator[tuple[int, Child, str]]:
    """Start a host and a process that sweeps; yield port, process, and name of the engine."""
    with fresh_database(kind, durable=True) as url, tempfile.TemporaryDirectory() as folder:
        built(url, shape)
        estate = Estate(url, Path(folder), shape)
        estate.confirm()
        estate.engine.dispose()
        # The host writes a line for each request; a sweep that ends by itself says why.
        host = _child("-m", "benchmarks.bare", url, folder, "http", stderr=subprocess.DEVNULL)
        sweeping = _child("-c", _SWEEP.format(url=url, folder=folder))
        try:
            port = int(_heard(host))
            _heard(sweeping)
            yield port, sweeping, version(url)
        finally:
            host.terminate()
            for child in (host, sweeping):
                child.communicate()


def _child(*arguments: str, stderr: int | None = None) -> Child:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
    )  # fmt: skip


def _heard(child: Child) -> str:
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise RuntimeError("a process of the measurement ended by itself")
    return line


def report(given: argparse.Namespace) -> None:
    """Measure and print."""
    for kind in given.engine:
        if kind == "sqlite":
            say("sqlite: one writer at a time; a host that writes waits for each batch to end")
        with stage(kind) as (port, sweeping, name):
            ids = [id for id, day in enumerate(SHAPE.day_of(), 1) if day < 0]
            took, people = _turns(port, sweeping, ids)
            say(f"{name}, {THREADS} threads, {people:,} guests swept meanwhile, {load()}")
            for word, each in took.items():
                said = ", ".join(f"p{int(at * 100)} {quantile(each, at):.1f}" for at in _AT)
                say(f"  {word}: {said} ms of {len(each):,} requests, at most {max(each):.0f}")
            for word in ("sweep", "night"):
                ratios = ", ".join(
                    f"p{int(at * 100)} {quantile(took[word], at) / quantile(took['quiet'], at):.2f}"
                    for at in _AT
                )
                say(f"  {word} to quiet: {ratios}")


_AT = (0.5, 0.95, 0.99)


def _turns(
    port: int, sweeping: Child, ids: Sequence[int]
) -> tuple[dict[str, list[float]], int]:
    """Return the milliseconds without and with a sweep or a night, and how many were erased."""
    took: dict[str, list[float]] = {"quiet": [], "sweep": [], "night": []}
    people = 0
    with Load(port, ids) as asked:
        # The first answers fill caches.
        time.sleep(SECONDS / 2)
        for word in ["sweep"] * ROUNDS + ["night"] * NIGHTS:
            start = len(asked.took)
            time.sleep(SECONDS)
            took["quiet"] += asked.since(start)
            start = len(asked.took)
            assert sweeping.stdin is not None  # noqa: S101 - it was opened above
            sweeping.stdin.write("night\n" if word == "night" else f"{SECONDS}\n")
            sweeping.stdin.flush()
            people += int(_heard(sweeping).split()[0])
            took[word] += asked.since(start)
    if asked.failed:
        raise RuntimeError(f"requests failed: {dict(asked.failed)}")
    return took, people
