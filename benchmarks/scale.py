"""What follows from the measured figures for ten thousand hotels and a hundred million guests.

``python -m benchmarks scale`` prints the tables of `docs/explanation/scale.md`; a test holds the
page to them. When figures are measured anew, write them below and run
``python -m benchmarks.scale``, which puts the tables into the page.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .figures import say

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "scale.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Speed:
    """What one process does.

    :param batch: guests a second in full batches.
    :param single: seconds that one group takes on top, however small.
    """

    batch: float
    single: float

    def hours(self, guests: float, groups: float) -> float:
        """Return how long guests take who come in so many groups."""
        return (guests / self.batch + groups * self.single) / 3600


@dataclass(frozen=True)
class Weight:
    """What one erased guest, or one entry, leaves in our tables (bytes unless said otherwise)."""

    vault: float
    marks: float
    entry: float


SPEEDS = {
    "this version": Speed(961, 0.03),
    "by hand": Speed(2_776, 0.008),
}
"""PostgreSQL, 10,000 guests, two cores and nothing beside (see performance.md)."""
WEIGHT = Weight(vault=2_800, marks=1_145, entry=365)
VERIFIED = 84_000
"""Entries of a journal that the one-file verifier checks in a second of computing."""
DURABLE = 1_160
"""Files, or commits, that one process makes durable in a second."""


@dataclass(frozen=True)
class Chain:
    """The hotels.

    :param hotels: how many.
    :param controllers: who answers for them; one journal and one key folder each.
    :param guests: profiles there are on the first day.
    :param years: in how many years they gathered, evenly.
    :param kept: years after which a profile goes.
    :param window: days for which a safety copy is kept.
    :param marks: years for which somebody who was erased would be known again.
    :param night: hours of a night in which a sweep may work.
    """

    hotels: int = 10_000
    controllers: int = 2_000
    guests: int = 100_000_000
    years: int = 8
    kept: int = 3
    window: int = 7
    marks: int = 2
    night: int = 4

    @property
    def backlog(self) -> float:
        """Return how many profiles are over their time on the first day."""
        return self.guests * (1 - self.kept / self.years)

    @property
    def daily(self) -> float:
        """Return how many fall due on each day."""
        return self.guests / self.years / 365

    def groups(self, shards: int) -> float:
        """Return at how many hotels of a shard somebody falls due on a day."""
        each = self.daily / self.hotels
        return self.hotels / shards * (1 - math.exp(-each))


def nights(chain: Chain, speed: Speed, shards: int) -> int:
    """Return after how many nights a shard with one process has no backlog left; -1 for never.

    Each night what falls due comes first; the rest of the night goes to the backlog, which is
    taken hotel by hotel, in full batches.

    :param chain: the hotels.
    :param speed: what one process does.
    :param shards: among how many databases the controllers are spread.
    """
    left, night = chain.backlog / shards, 0
    while left > 0:
        free = chain.night - speed.hours(chain.daily / shards, chain.groups(shards))
        if free <= 0:
            return -1
        left -= free * 3600 * speed.batch
        night += 1
    return night


def tables(chain: Chain | None = None) -> list[str]:
    """Return the lines of the page's tables."""
    return [*_speed(chain or Chain()), "", *_growth(chain or Chain())]


SHARDS = (1, 10, 100, 1000)


def _speed(chain: Chain) -> Iterator[str]:
    yield f"{chain.hotels:,} hotels of {chain.controllers:,} controllers, {chain.guests:,} guests"
    yield f"gathered in {chain.years} years, kept for {chain.kept}: {chain.backlog:,.0f} are over"
    yield f"their time on the first day, {chain.daily:,.0f} more fall due on each."
    yield ""
    yield "| databases | guests in each | hotels in each | due a night in each | speed | " \
          "a night's sweep, minutes | nights until the backlog is gone |"  # fmt: skip
    yield "|---|---|---|---|---|---|---|"
    for shards in SHARDS:
        for name, speed in SPEEDS.items():
            hours = speed.hours(chain.daily / shards, chain.groups(shards))
            took = nights(chain, speed, shards)
            yield (
                f"| {shards:,} | {chain.guests / shards:,.0f} | {chain.hotels / shards:,.0f} | "
                f"{chain.daily / shards:,.0f} | {name} | {hours * 60:,.1f} | "
                f"{f'{took:,}' if took > 0 else 'never'} |"
            )


def _growth(chain: Chain) -> Iterator[str]:
    yearly = chain.daily * 365
    entries = chain.groups(1) * 365
    mine = entries / chain.controllers
    days = chain.window + 1
    yield "| what grows | of all hotels | of one controller |"
    yield "|---|---|---|"
    for what, whole, unit in (
        ("journal, entries a year", entries, ""),
        ("journal, a year", entries * WEIGHT.entry, "B"),
        ("vault while safety copies live", chain.daily * chain.window * WEIGHT.vault, "B"),
        ("vault where the law keeps it sealed for a year more",
         yearly * WEIGHT.vault + chain.daily * chain.window * WEIGHT.vault, "B"),
        ("marks of who was erased, while they live", yearly * chain.marks * WEIGHT.marks, "B"),
        ("lines about who was erased, a year", yearly, ""),
    ):  # fmt: skip
        one = whole / chain.controllers
        yield f"| {what} | {_short(whole, unit)} | {_short(one, unit)} |"
    yield (
        f"| day keys that live, safety copies alone | {_short(days * chain.controllers)} | "
        f"{days} |"
    )
    law = 365 + days
    yield (
        f"| day keys that live, with a year's sealed retention | {_short(law * chain.controllers)} "
        f"| {law} |"
    )
    turn = law / DURABLE
    yield (
        f"| seconds to put them under a new root, each month | "
        f"{_short(turn * chain.controllers)} | {turn:.1f} |"
    )
    yield (
        f"| seconds to verify ten years of the journal | {_short(entries * 10 / VERIFIED)} | "
        f"{mine * 10 / VERIFIED:.1f} |"
    )


def _short(number: float, unit: str = "") -> str:
    """Return a number as people read it."""
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.1f} {letter}{unit}"
    return f"{number:.1f} {unit}".strip()


def report(given: argparse.Namespace) -> None:
    """Print the tables."""
    for line in tables():
        say(line)


def written(page: str) -> str:
    """Return a page with the tables of now between its two marks."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n" + "\n".join(tables()) + f"\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
