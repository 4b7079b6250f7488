"""Whose code computes during a sweep: our own, the database and its driver, or libraries."""

from __future__ import annotations

import argparse
import signal
import time
from collections import Counter
from types import FrameType

from .compare import sides
from .figures import load, say
from .rows import Shape

EVERY = 0.002
"""Seconds of computing between two samples."""

DRIVERS = ("psycopg", "pymysql", "sqlite3")
"""Folders of what talks to a database."""

ASKING = ("do_execute", "do_executemany", "do_commit", "do_execute_no_params")
"""Functions of SQLAlchemy in which nothing is done but to wait for the driver."""

FETCHING = "cursor.py"


def whose(frame: FrameType) -> str:
    """Return to whom a moment belongs, by the innermost function that was being run."""
    code = frame.f_code
    path = code.co_filename.replace("\\", "/")
    if "/flask_guesterase/" in path or path == "<string>":
        # Data classes compare, hash and make their instances in code of no file.
        return "our own code"
    if any(f"/{name}/" in path for name in DRIVERS) or code.co_name in ASKING:
        return "the database and its driver"
    if "/sqlalchemy/" in path:
        return "the database and its driver" if path.endswith(FETCHING) else "SQLAlchemy"
    return "other libraries"


def report(given: argparse.Namespace) -> None:
    """Print the shares of a sweep over the guests of four days."""
    for kind in given.engine:
        shape = Shape(given.guests[0], min(0.8, 8_000 / given.guests[0]), 4, False)
        with sides(kind, shape) as pair:
            pair.estate.confirm()
            samples: Counter[str] = Counter()

            def sample(_: int, frame: FrameType | None, samples: Counter[str] = samples) -> None:
                if frame is not None:
                    samples[whose(frame)] += 1

            before = signal.signal(signal.SIGPROF, sample)
            people, wall, computed = 0, time.perf_counter(), time.process_time()
            signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
            try:
                for _ in range(shape.days):
                    people += pair.estate.expire(not given.unmarked)
                    pair.estate.next_day()
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.signal(signal.SIGPROF, before)
            wall, computed = time.perf_counter() - wall, time.process_time() - computed
        each, mine = wall / people * 1e6, computed / people * 1e6
        say(f"{kind}, {people:,} guests, {load()}: {each:,.0f} microseconds a guest, of which this")
        say(f"  process computes {mine:,.0f}:")
        for name, many in samples.most_common():
            share = many / samples.total()
            say(f"  {name}: {share:.0%}, {mine * share:,.0f} microseconds")
