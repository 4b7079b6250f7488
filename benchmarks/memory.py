"""How much memory a sweep over everything takes, in a process of its own, as it goes on."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.engines import fresh_database

from .estate import Estate, built
from .figures import load, say, version
from .rows import Shape

ROOT = Path(__file__).resolve().parents[1]
AGAIN = 0.25
"""Seconds between two looks."""

# It imports what a sweep needs and nothing of the measurement, whose modules are large.
_RUN = """
import sys, threading, time
from pathlib import Path
from benchmarks.estate import Estate
from benchmarks.figures import resident
from benchmarks.rows import Shape
def look():
    while not over.wait({again}):
        seen.append(resident())
if __name__ == "__main__":
    estate = Estate.opened({url!r}, Path({folder!r}), Shape({guests}, 1.0))
    seen, over = [resident()], threading.Event()
    looking = threading.Thread(target=look)
    looking.start()
    start = time.perf_counter()
    people = estate.expire()
    took = time.perf_counter() - start
    over.set()
    looking.join()
    seen.append(resident())
    part = [max(seen[len(seen) * n // 4 : len(seen) * (n + 1) // 4] or seen) for n in range(4)]
    print(people, took, resident("VmHWM"), *part)
"""


def report(given: argparse.Namespace) -> None:
    """Sweep a hotel in which everybody is due, and print the memory it took."""
    for kind in given.engine:
        for guests in given.guests:
            with fresh_database(kind) as url, tempfile.TemporaryDirectory() as folder:
                shape = Shape(guests, 1.0)
                built(url, shape)
                estate = Estate(url, Path(folder), shape)
                estate.engine.dispose()
                code = _RUN.format(url=url, folder=folder, guests=guests, again=AGAIN)
                done = subprocess.run(
                    [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True,
                    text=True,
                )  # fmt: skip
                people, took, most, *quarters = map(float, done.stdout.split())
                say(
                    f"{version(url)}, {guests:,} guests: {people:,.0f} swept in {took:,.0f} s, at "
                    f"most {most:.0f} MiB resident; most in each quarter of the time "
                    f"{', '.join(f'{each:.0f}' for each in quarters)} ({load()})"
                )
