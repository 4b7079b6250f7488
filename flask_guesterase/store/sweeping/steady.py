"""Units of work that go on as long as clock and tables are believed, and nobody took over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from ...core import brake as clock
from ..access import boots, brake
from ..access.boots import Boot
from ..unit import HasWork, Run
from ..upkeep import upgrade
from ..work import Work
from . import runs

_Result = TypeVar("_Result")


class Believed:
    """Runs each unit by a clock that goes on as it should, and by tables that this version knows.

    :param run: runs a unit of work.
    :param now: naive UTC, a time at which the clock was believed.
    """

    def __init__(self, run: Run, now: datetime) -> None:
        self._run = run
        self._now = now
        self._boot: Boot | None = None

    def __call__(self, unit: Callable[[HasWork], _Result], /) -> _Result:
        """Return what the unit returns.

        :raises BlockedError: the clock went wrong since the unit before.
        :raises SetupError: a newer version of the package has upgraded our tables since then.
        """

        def one(office: HasWork) -> _Result:
            stamp, boot = office.work.stamp, office.work.boot()
            if clock.judge(stamp, [self._now]) or boots.stepped(self._boot, boot):
                brake.require(office.work)
            self._go_on(office.work)
            self._now, self._boot = max(self._now, stamp), self._boot or boot
            return unit(office)

        return self._run(one)

    def _go_on(self, work: Work) -> None:
        upgrade.require(work.conn)


class Leased(Believed):
    """Runs each unit under the lease of this sweep as well.

    :param token: whose lease it is.
    """

    def __init__(self, run: Run, token: str, now: datetime) -> None:
        super().__init__(run, now)
        self._token = token

    def _go_on(self, work: Work) -> None:
        """Go on as long as no other sweep took over.

        :raises SweepingError: one did.
        """
        runs.go_on(work, self._token)
