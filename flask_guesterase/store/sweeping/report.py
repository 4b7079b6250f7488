"""What a round of the worker and a sweep did, and what they could not do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """What one round of the worker did, and what it could not do.

    :param counts: word -> how many.
    :param problems: request number, or a word, -> name of the error; never its text.
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def add(self, word: str, count: int = 1) -> None:
        """Count something that was done."""
        if count:
            self.counts[word] = self.counts.get(word, 0) + count

    def add_all(self, counts: Mapping[str, int]) -> None:
        """Count several things that were done: word -> how often."""
        for word, count in counts.items():
            self.add(word, count)

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """Count what a step does, also what it did before something is raised."""
        counts: Counter[str] = Counter()
        try:
            yield counts
        finally:
            self.add_all(counts)

    @contextmanager
    def trying(self, word: str) -> Iterator[None]:
        """Let one step fail without the others.

        A step may run code of the host: whatever it raises, its text may hold a value, so the
        name of the class is all that is kept.
        """
        try:
            yield
        except Exception as problem:
            self.problems[word] = type(problem).__name__

    @property
    def idle(self) -> bool:
        """Return whether there was nothing to do."""
        return not self.counts


@dataclass
class SweepReport(Report):
    """What a sweep did, showed, and left alone.

    :param doubt: why the clock, or a restored database, is not believed; then nothing was done.
    :param previews: number of the preview, property, table, category, rows and last day of what
        waits to be confirmed.
    :param unconfirmed: properties at which nobody confirmed what would go.
    :param paused: properties in their night audit.
    :param confirmed: properties that were confirmed with this sweep.
    :param halted: somebody stopped erasing by day.
    :param erased: property, table, category, rows and last day of what went by its day.
    :param backlog: what is due and not gone: property, table, category, rows, the oldest day, and
        how many rows were tried in vain.
    :param oldest: the oldest day of the backlog where something may go, ISO, or empty.
    :param failing: rows that cannot be erased, with the name of the error's class.
    :param seconds: how long it took.
    :param batches: how many transactions erased by day.
    :param splits: how often one was halved because a row failed.
    :param met: how often one met a lock and was tried again.
    :param rested: seconds that it left to the host.
    :param stopped: why it ended before everything was done: time, rows, halted or full; or empty.
    :param joined: another sweep leads, and this one took part in erasing.
    """

    doubt: str = ""
    previews: list[dict[str, Any]] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    halted: bool = False
    erased: list[dict[str, Any]] = field(default_factory=list)
    backlog: list[dict[str, Any]] = field(default_factory=list)
    oldest: str = ""
    failing: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    batches: int = 0
    splits: int = 0
    met: int = 0
    rested: float = 0.0
    stopped: str = ""
    joined: bool = False
