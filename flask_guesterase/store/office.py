"""The office: one method for each thing a person can do; every door is thin and leads here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .census import departing
from .certificates import certifying
from .desks.complaints import Complaints
from .desks.copying import Copying
from .desks.evidence import Evidence
from .desks.failures import Failures
from .desks.guests import Guests
from .desks.holding import Holding
from .desks.identity import Identity
from .desks.improvement import Improvement
from .desks.incidents import Incidents
from .desks.keys import Keys
from .desks.machines import Machines
from .desks.officers import Officers
from .desks.partners import Partners
from .desks.police import Police
from .desks.reception import Reception
from .desks.recovery import Recovery
from .desks.requests import Requests
from .desks.returns import Returns
from .desks.rules import Rules
from .desks.schooling import Schooling
from .desks.upkeep import Upkeep
from .desks.witnesses import Witnesses
from .journaling import binding
from .lawbook.unchanged import unchanged
from .unit import HasWork

_Result = TypeVar("_Result")


class Office(
    Guests, Requests, Evidence, Police, Upkeep, Partners,
    Returns, Rules, Holding, Keys, Witnesses, Recovery, Improvement,
    Complaints, Incidents,
    Failures, Schooling,
    Copying, Machines, Reception,
    Identity, Officers,
):
    """Everything that can be done, in one transaction; whoever opened it commits it.

    Errors are those of `core.errors`. A door that checks a secret calls `attempt` in a
    transaction of its own first, so that the try counts when the check fails.

    :param work: the open transaction and what it may rely on.
    """

    def close(self) -> None:
        """Journal what happened, as the last statements before the commit.

        :raises RetryableError: somebody placed a hold on what may have been erased.
        """
        departing.settle(self.work)
        binding.stand(self.work, unchanged)
        binding.seal(self.work)
        certifying.journaled(self.work)


def use_case(case: Callable[[Office], _Result]) -> Callable[[HasWork], _Result]:
    """Return a unit of work that is one use case of the office.

    :param case: callable that takes the office.
    """
    return lambda opened: case(Office(opened.work))
