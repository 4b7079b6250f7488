"""Who else needs the machine or the database just now, as far as the system tells."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection

from ...core import pace

_VERSION = "guesterase_data_version"
_SCHEDULED = Path("/proc/thread-self/schedstat")

LATELY = 2.0
"""Seconds for which the last write of somebody else counts."""

SHARE = 10
"""How many times fewer rows are looked at while others wait."""

HELD, BREATH = 2.0, 0.11
"""Seconds of writing after which SQLite's one lock is left alone, and for how long: who waits for
it looks again at least every tenth of a second (sqlite3_busy_timeout)."""

STEPS = 0.5
"""Seconds of short steps, one after another, after which it is left alone as well: most of them
only read, so that who waits need not wait for long."""


def waited() -> float:
    """Return the seconds this thread has waited for a core, 0 where the system does not tell.

    Source: Linux, Documentation/scheduler/sched-stats.rst.
    """
    try:
        return int(_SCHEDULED.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _left(held: float) -> float:
    """Return for how many seconds SQLite's lock is left to others who wait for it."""
    return max(BREATH, min(pace.AT_MOST, pace.LEAVES * held))


def _lately(at: float | None) -> bool:
    return at is not None and monotonic() - at < LATELY


class Room:
    """How much room the host needs beside a sweep, told after each batch.

    On SQLite one writes and all others who would wait; whether anybody did write is told by
    ``PRAGMA data_version``. On a server the rows of who is not due are free, so what counts is
    the core that this thread had to wait for.
    """

    def __init__(self) -> None:
        self._waited = waited()
        self._written: float | None = None
        # Who writes all the time is seen at the first breath, which is therefore soon.
        self._held, self._stepped = HELD - STEPS, 0.0
        self._noticed: float | None = None
        self._last: Any = None
        self._alone = False
        self._crowded = True

    def look(self, conn: Connection) -> None:
        """Look whether somebody else wrote since the last look.

        :param conn: the transaction of a batch, before it does anything.
        """
        self._alone = conn.dialect.name == "sqlite"
        if not self._alone:
            return
        before, self._last = self._last, conn.connection.dbapi_connection
        # By the driver, which is ten times as quick: every batch and step comes by here.
        version = self._last.execute("PRAGMA data_version").fetchone()[0]
        if conn.info.setdefault(_VERSION, version) != version:
            conn.info[_VERSION] = version
            self._written = monotonic()
            # Before the first look it may have been long ago, and on another connection of the
            # pool it may have been the unit before.
            if before is self._last:
                self._noticed = self._written

    def shared(self) -> bool:
        """Return whether somebody else, as far as can be told, wrote lately where only one can."""
        return _lately(self._written)

    def target(self) -> float:
        """Return the seconds that the next transaction may take."""
        if self.shared():
            return pace.SHORT
        return pace.TARGET if self._alone or self._crowded else pace.LONG

    def part(self, size: int) -> int:
        """Return how many of so many rows one transaction may look at."""
        return max(1, size // SHARE) if self.shared() else size

    def after_page(self, seconds: float) -> float:
        """Return for how many seconds to leave room after one of many pages that were read.

        :param seconds: how long it took.
        """
        return self._gap(seconds, self.shared()) if self._alone else self.rest(seconds)

    def after_step(self, seconds: float) -> float:
        """Return for how many seconds to leave room after a step that is one of many short ones.

        :param seconds: how long it took.
        """
        return self._gap(seconds, self._alone and _lately(self._noticed))

    def _gap(self, seconds: float, crowded: bool) -> float:
        """Gather what lasts too short to be worth a rest: one after another it leaves no room."""
        self._stepped += seconds
        if self._stepped < (pace.SHORT if crowded else STEPS):
            return 0.0
        held, self._stepped = self._stepped, 0.0
        if not self._alone:
            return self.rest(held)
        self._held = 0.0
        return _left(held) if crowded else BREATH

    def rest(self, seconds: float) -> float:
        """Return for how many seconds to leave machine and database to others now.

        :param seconds: how long the batch before took.
        """
        before, self._waited = self._waited, waited()
        if not self._alone:
            wanted = max(0.0, self._waited - before)
            self._crowded = not self._waited or wanted > pace.CROWDED * seconds
            return min(pace.GIVES_BACK * wanted, pace.RESTS * seconds)
        if self.shared():
            self._held = 0.0
            return _left(seconds)
        self._held += seconds
        if self._held < HELD:
            return 0.0
        self._held = 0.0
        return BREATH
