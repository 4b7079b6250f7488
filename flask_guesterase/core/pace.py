"""How fast a sweep goes: batches as large as a short transaction holds, smaller under pressure."""

from __future__ import annotations

from dataclasses import dataclass, replace

TARGET = 0.25
"""Seconds that one transaction may take."""

FIRST, MOST = 100, 1000
"""Rows of the first batch, and of the largest one."""

SHORTEST_REST, LONGEST_REST = 0.1, 2.0
"""Seconds between two batches under pressure."""

SLOW = 3.0
"""How many times longer than usual a row takes when the database has become slow."""

_WEIGHT = 0.2
"""How much the last batch says about what is usual."""


@dataclass(frozen=True)
class Pace:
    """How large the next batch is, and how long to rest before it.

    :param size: rows.
    :param rest: seconds.
    :param usual: seconds that one row usually takes, or None before the first batch.
    """

    size: int = FIRST
    rest: float = 0.0
    usual: float | None = None

    def after(self, rows: int, seconds: float, pressed: bool = False) -> Pace:
        """Return the pace that follows a batch.

        :param rows: how many it had.
        :param seconds: how long its transaction took, the commit included.
        :param pressed: the host, or a lock that was not given, asks to make room.
        """
        cost = max(seconds, 1e-6) / max(rows, 1)
        before = cost if self.usual is None else self.usual
        now = replace(self, usual=before + _WEIGHT * (cost - before))
        if pressed or (seconds > TARGET and cost > SLOW * before):
            rest = min(LONGEST_REST, max(SHORTEST_REST, 2 * self.rest))
            return replace(now, size=max(1, self.size // 2), rest=rest)
        rest = self.rest / 2 if self.rest > SHORTEST_REST else 0.0
        wanted = int(TARGET / cost)
        if rows < self.size:
            # What was left over at the end says nothing about a full batch that is larger.
            wanted = min(wanted, self.size)
        size = max(self.size // 2, min(wanted, 2 * self.size))
        return replace(now, size=max(1, min(size, MOST)), rest=rest)
