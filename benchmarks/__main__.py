"""Measure: ``python -m benchmarks [PART ...] [--guests 10k ...] [--engine NAME ...]``.

Parts: sweep (sweep, single erasure and naive loop beside hand-written SQL, in turns), growth (the
same from the smallest to the largest of ``--guests``, in key order and scattered), chain (a sweep
in a database of many hotels), memory (of one sweep over everything), idle (what the extension costs
a host that erases nothing), beside (a load on the example while a sweep runs), residue (the search
by value), journal (the one-file verifier), shares (whose code computes during a sweep), peers
(other packages on the same rows), scale (what follows for ten thousand hotels).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from benchmarks import beside, idle, journal, memory, peers, residue, scale, shares
from benchmarks.compare import compare, sides
from benchmarks.estate import OF_ONE
from benchmarks.figures import machine, middle, say, short, size
from benchmarks.rows import Shape
from tests.engines import ENGINES

HOUSES = (1, 100, 1_000)
"""Hotels of a chain in one database."""

SWEPT, DAYS, SINGLES = 8_000, 4, 24
"""Guests who are swept in a comparison, on so many days; and how many are erased one by one."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--guests", type=size, action="append", help="10k, 100k, 1M")
    parser.add_argument("--subjects", type=int, default=100, help="people searched for (residue)")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--unmarked", action="store_true", help="sweep without keeping marks")
    parser.add_argument("--journal", action="store_true", help="the same as the part journal")
    given = parser.parse_args()
    given.guests = sorted(given.guests or [10_000])
    given.engine = given.engine or list(ENGINES)
    parts = given.parts or (["journal"] if given.journal else list(USUAL))
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    say(f"machine: {machine()}")
    for name in parts:
        say(f"\n== {name}")
        PARTS[name](given)
    return 0


def _shape(guests: int, scattered: bool) -> Shape:
    return Shape(guests, min(0.8, SWEPT / guests), DAYS, scattered)


def sweeping(given: argparse.Namespace) -> None:
    """Print sweeps, single erasures and the naive loop beside hand-written SQL."""
    for kind in given.engine:
        for guests in given.guests:
            with sides(kind, _shape(guests, False)) as pair:
                found = compare(pair, SINGLES, marked=not given.unmarked)
                say("\n".join(found.lines()))


def growth(given: argparse.Namespace) -> None:
    """Print how the cost of a thousand guests grows with the tables."""
    for kind in given.engine:
        for scattered in (False, True):
            cost: dict[str, list[float]] = {}
            for guests in given.guests:
                with sides(kind, _shape(guests, scattered)) as pair:
                    found = compare(pair)
                say("\n".join(found.lines()))
                for who in ("ours", "sets"):
                    cost.setdefault(who, []).append(1000 / middle(found.sweep[who]))
            order = "scattered" if scattered else "in key order"
            say(f"{kind}, {order}, cost of a thousand guests, "
                f"{' -> '.join(map(short, given.guests))}:")  # fmt: skip
            for who, spent in cost.items():
                told = " -> ".join(f"{each / spent[0]:.2f}" for each in spent)
                say(f"  {who:<6} {told}   ({spent[0] * 1000:,.0f} ms at first)")
            more = cost["ours"][-1] / cost["ours"][0] / (cost["sets"][-1] / cost["sets"][0])
            say(f"  growth to that of hand-written SQL: {more:.2f}")


def chain(given: argparse.Namespace) -> None:
    """Print what a sweep costs in a database of many hotels."""
    for kind in given.engine:
        for houses in HOUSES:
            shape = replace(_shape(given.guests[-1], False), houses=houses)
            with sides(kind, shape) as pair:
                found = compare(pair)
            say(f"{houses:,} hotels of {max(1, houses // OF_ONE):,} controllers")
            say("\n".join(found.lines()))


def searching(given: argparse.Namespace) -> None:
    """Print what the search by value costs."""
    for kind in given.engine:
        residue.report(kind, given.guests[-1], given.subjects)


def verifying(given: argparse.Namespace) -> None:
    """Print what verifying a long journal costs."""
    journal.report()


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "sweep": sweeping,
    "growth": growth,
    "chain": chain,
    "memory": memory.report,
    "idle": idle.report,
    "beside": beside.report,
    "residue": searching,
    "journal": verifying,
    "shares": shares.report,
    "peers": peers.report,
    "scale": scale.report,
}
USUAL = ("sweep", "growth", "chain", "memory", "idle", "beside", "residue", "journal")
"""What is measured when nothing is named."""

if __name__ == "__main__":
    sys.exit(main())
