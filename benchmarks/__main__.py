"""Measure: ``python -m benchmarks [--guests N] [--subjects N] [--engine NAME ...]``.

With ``--journal`` the one-file verifier is measured instead, over long journals.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks import journal
from benchmarks.residue import measure, short
from tests.engines import ENGINES, fresh_database


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Yield the address of an empty database."""
    with fresh_database(kind) as url:
        yield url


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--guests", type=int, default=100_000)
    parser.add_argument("--subjects", type=int, default=100)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--journal", action="store_true", help="only the one-file verifier")
    given = parser.parse_args()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    sys.stdout.write(f"machine: {machine}\n")
    if given.journal:
        journal.report()
        return 0
    for kind in given.engine or ENGINES:
        with database(kind) as url:
            report(measure(url, given.guests, given.subjects))
        small = given.guests // 100
        times = {}
        for guests in (small, given.guests):
            with database(kind) as url:
                times[guests] = short(url, guests)
        told = ", ".join(f"{guests:,}: {ms:.1f} ms" for guests, ms in times.items())
        sys.stdout.write(f"  erasing transaction, median, by guests: {told}\n")
    return 0


def report(found: dict[str, object]) -> None:
    """Print what was measured."""
    took: dict[str, float] = found["took"]  # type: ignore[assignment]
    rows, characters = int(str(found["rows"])), int(str(found["characters"]))
    before, after = found["memory"]  # type: ignore[misc]
    lines = [
        f"{found['engine']}: {found['guests']:,} guests, {found['subjects']:,} subjects, "
        f"{found['values']:,} values",
        f"  fill {took['fill']:.0f} s, erase {took['erase']:.1f} s "
        f"({took['erase'] / int(str(found['subjects'])) * 1000:.1f} ms each)",
        f"  one reading: {took['search']:.1f} s, {rows:,} rows, {characters / 1e6:,.0f} M "
        f"characters, {rows / took['search']:,.0f} rows/s, pieces {found['pieces']}",
        f"  the same columns read by hand and thrown away: {took['read']:.1f} s; "
        f"ratio {took['search'] / took['read']:.2f}; of computing alone "
        f"{took['search computing']:.1f} s and {took['read computing']:.1f} s, ratio "
        f"{took['search computing'] / took['read computing']:.2f}",
        f"  LIKE by hand: {took['like']:.1f} s a value, "
        f"{took['like'] * int(str(found['values'])):,.0f} s for all; "
        f"ratio {took['search'] / (took['like'] * int(str(found['values']))):.4f}",
        f"  memory at most {before:.0f} MiB before, {after:.0f} MiB after",
        f"  with every check and certificate {took['all']:.1f} s; partial {found['partial']}, "
        f"found in {found['found']}, problems {found['problems']}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
