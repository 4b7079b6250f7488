"""What the extension costs a host that erases nothing: each kind of request, in turns with the
bare host, microseconds at the median."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.engines import clone_database, fresh_database

from . import cores, hooks
from .bare import ROUTES
from .estate import built
from .figures import load, middle, quantile, say, version
from .rows import Shape

ROOT = Path(__file__).resolve().parents[1]
GUESTS, TURNS, WARM, BLOCK, PAIRS = 1000, 100, 3, 5, 9
"""Guests of the hotel; turns a pair of hosts takes; requests of a turn that are not counted, and
those that are; pairs of processes.

Turns are short, and what the same request took is subtracted pair by pair: what a machine does
beside changes within a second by more than what is measured here. With the first requests of a turn
the core's caches are those of the other host, which no host under load would meet.
"""

Child = subprocess.Popen[str]
Took = dict[str, dict[str, list[tuple[float, float]]]]
"""Route -> "bare" or "installed" -> microseconds of each request, and those computed."""


@contextmanager
def hosts(kind: str) -> Iterator[dict[str, Child]]:
    """Start a bare host and one with the extension, each over a hotel of its own."""
    shape = Shape(GUESTS)
    with fresh_database(kind) as url, tempfile.TemporaryDirectory() as folder:
        built(url, shape)
        with clone_database(url) as copy:
            children: dict[str, Child] = {}
            try:
                for name, address in (("bare", url), ("installed", copy)):
                    place = Path(folder) / name
                    place.mkdir()
                    # One that erases first: who answers the host's guests did so rarely.
                    _started(address, place, name).communicate()
                    children[name] = _started(address, place, name)
                for child in children.values():
                    _heard(child)
                yield children
            finally:
                for child in children.values():
                    child.communicate()


def _started(url: str, place: Path, name: str) -> Child:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", url, str(place), name],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _heard(child: Child) -> str:
    line = child.stdout.readline() if child.stdout else ""
    if not line:
        raise RuntimeError("a host of the measurement ended by itself")
    return line


def ask(child: Child, route: str, first: int, count: int) -> list[tuple[float, float]]:
    """Let a host answer some requests; return of each the microseconds, and those computed."""
    if child.stdin is None:
        raise RuntimeError("a host that cannot be asked")
    child.stdin.write(f"{route} {first} {WARM + count}\n")
    child.stdin.flush()
    pairs = (word.split("/") for word in _heard(child).split()[WARM:])
    return [(float(wall), float(own)) for wall, own in pairs]


def measure(kind: str, turns: int = TURNS) -> Took:
    """Ask both hosts in turns.

    :param kind: the engine, as `tests.engines` names it.
    :param turns: how often each is asked for a block of each kind of request.
    """
    took: Took = {route: {"bare": [], "installed": []} for route in ROUTES}
    with hosts(kind) as children:
        for turn in range(-2, turns):
            for route, mine in took.items():
                first = 2 + turn % 30 * BLOCK
                for name in ("bare", "installed") if turn % 2 else ("installed", "bare"):
                    found = ask(children[name], route, first, BLOCK)
                    # The first turns fill caches that a host keeps as long as it runs.
                    mine[name] += found if turn >= 0 else []
    return took


def report(given: argparse.Namespace) -> None:
    """Measure and print."""
    for kind in given.engine:
        with fresh_database(kind) as url:
            cores.others()
            say(f"{version(url)}, microseconds a request, {load()}")
        pairs = [measure(kind) for _ in range(PAIRS)]
        for route, what in ROUTES.items():
            say(f"  {route}: {what}")
            for place, word in enumerate(("by the clock", "computing")):
                say(f"    {word:<12} {_told(pairs, route, place)}")
        hooks.report(kind)


def _told(pairs: Sequence[Took], route: str, place: int) -> str:
    """Return what one kind of request took, by the clock (0) or of computing alone (1)."""
    one = [
        {name: [each[place] for each in found] for name, found in pair[route].items()}
        for pair in pairs
    ]
    bare = [middle(pair["bare"]) for pair in one]
    more = [
        middle([b - a for a, b in zip(pair["bare"], pair["installed"], strict=True)])
        for pair in one
    ]
    every = [each for pair in one for each in pair["bare"]]
    low, high = quantile(every, 0.25), quantile(every, 0.75)
    return (
        f"bare {middle(bare):6.0f} ({low:.0f}-{high:.0f}), installed {middle(more):+5.0f} "
        f"({min(more):+.0f} to {max(more):+.0f}), {middle(more) / middle(bare):+.1%}"
    )
