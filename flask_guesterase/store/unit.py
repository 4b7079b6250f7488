"""A unit of work: what is done in one transaction, which others open and commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from .work import Work

_Result = TypeVar("_Result")


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
