"""A unit of work: what is done in one transaction, which others open and commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, TypeVar

from ..core.errors import GuesteraseError
from .work import Work

_Result = TypeVar("_Result")

_log = logging.getLogger("flask_guesterase")


class HasWork(Protocol):
    """What a unit of work is given: an office, of which it needs the open transaction alone."""

    @property
    def work(self) -> Work:
        """Return the open transaction and what it may rely on."""
        ...


class Run(Protocol):
    """Runs a unit of work in a transaction of its own, and again after a deadlock."""

    def __call__(self, unit: Callable[[HasWork], _Result], /) -> _Result:
        """Return what the unit returns, after the commit."""
        ...


def outlast(
    run: Run, unit: Callable[[HasWork], _Result], instead: Callable[[HasWork], _Result]
) -> _Result:
    """Run a unit, once more where it failed by an error that is not ours, and then another one.

    A connection that was cut off fails once; a row that the host's own type cannot read each time.

    :param run: runs a unit of work.
    :param unit: the unit.
    :param instead: what is done where it fails each time.
    :raises GuesteraseError: the unit refused.
    """
    for _ in range(2):
        try:
            return run(unit)
        except GuesteraseError:
            raise
        except Exception as problem:
            # It may be the host's own code that raises; its text may hold a value.
            _log.warning("guesterase: %s in a unit of work", type(problem).__name__)
    return run(instead)
