"""How fast a sweep goes: batches as large as a short transaction holds, smaller under pressure.

A transaction costs something by itself, and something for each row. Both are learnt from the
batches before, for a batch that is too small spends its time on beginning and ending.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

TARGET, SHORT, LONG = 0.25, 0.02, 0.75
"""Seconds that one transaction may take; one for which everybody who writes would wait; and one
that keeps nobody waiting, where only the rows of who is due are locked and no core is wanted."""

GIVES_BACK, RESTS = 4.0, 2.0
"""Seconds of rest for each second that a batch had to wait for a core, and how many times as long
as the batch at most. The server computes for the batch as well, and how long its threads wait for
a core is not told, so that more is given back than was waited for."""

CROWDED = 0.1
"""Part of a batch's time that was spent waiting for a core, from which on others want it."""

LEAVES, AT_MOST = 12.0, 10.0
"""How many times as long as a batch the one lock of SQLite is left to others who write, and for
how many seconds at most: whoever rests keeps the lease of its round meanwhile."""

FIRST, FEW, MOST = 100, 15, 550
"""Rows of the first batch, of the first one for which others would wait, and of the largest: more
take memory and hardly save time."""

SHORTEST_REST, LONGEST_REST = 0.1, 2.0
"""Seconds between two batches under pressure."""

SLOW = 3.0
"""How many times longer than expected a batch takes when the database has become slow."""

_WORTH = 0.5
"""A batch has rows that cost at least as much as it costs without any; while others wait for it,
this part of that."""

_KEEPS = 0.8
"""How much of what was learnt counts beside the next batch."""

_SPREAD = 0.05
"""How much sizes must differ, as a part of their mean, to tell a row's cost from a batch's."""


@dataclass(frozen=True)
class Pace:
    """How large the next batch is, and how long to rest before it.

    :param size: rows.
    :param rest: seconds.
    :param fixed: seconds that a transaction takes without any row.
    :param each: seconds that a row adds, or None before the first batch.
    :param sums: batches, rows, seconds, rows squared, rows by seconds; older ones weigh less.
    """

    size: int = FIRST
    rest: float = 0.0
    fixed: float = 0.0
    each: float | None = None
    sums: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)

    def after(
        self, rows: int, seconds: float, pressed: bool = False, target: float = TARGET
    ) -> Pace:
        """Return the pace that follows a batch.

        :param rows: how many it had; 0 when it could claim none.
        :param seconds: how long its transaction took, the commit included.
        :param pressed: the host, or a lock that was not given, asks to make room.
        :param target: seconds that the next transaction may take.
        """
        # One row of a few that are left is met again in each larger batch.
        had = min(rows, self.size) if rows else self.size
        rows, seconds = max(rows, 1), max(seconds, 1e-6)
        now = self if pressed else self._learnt(rows, seconds)
        if pressed or self._is_slow(rows, seconds):
            rest = min(LONGEST_REST, max(SHORTEST_REST, 2 * self.rest))
            return replace(now, size=max(1, had // 2), rest=rest)
        rest = self.rest / 2 if self.rest > SHORTEST_REST else 0.0
        wanted = now._wanted(target)
        if rows < self.size:
            # What was left over at the end says nothing about a full batch that is larger.
            wanted = min(wanted, self.size)
        size = max(self.size // 2, min(wanted, 2 * self.size))
        return replace(now, size=max(1, min(size, MOST)), rest=rest)

    def _is_slow(self, rows: int, seconds: float) -> bool:
        if self.each is None:
            return False
        return seconds > TARGET and seconds > SLOW * (self.fixed + self.each * rows)

    def _wanted(self, target: float) -> int:
        """Return the rows that take the target, but no fewer than are worth a batch."""
        each = self.each or 1e-9
        worth = self.fixed * (_WORTH if target < TARGET else 1)
        return int(min(MOST, max(target - self.fixed, worth) / each))

    def _learnt(self, rows: int, seconds: float) -> Pace:
        seen = (1.0, rows, seconds, rows * rows, rows * seconds)
        sums = [_KEEPS * old + new for old, new in zip(self.sums, seen, strict=True)]
        count, x, y, xx, xy = sums
        mean, took = x / count, y / count
        spread = xx / count - mean * mean
        fixed = self.fixed
        if spread > (_SPREAD * mean) ** 2:
            fixed = took - mean * max(0.0, (xy / count - mean * took) / spread)
        fixed = min(max(fixed, 0.0), took)
        each = max((took - fixed) / mean, 1e-9)
        return replace(self, fixed=fixed, each=each, sums=(count, x, y, xx, xy))
