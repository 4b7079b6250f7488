"""A unit of work: what is done with the office in one transaction, which others open and commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from .office import Office

_Result = TypeVar("_Result")


class Run(Protocol):
    """Runs a unit of work in a transaction of its own, and again after a deadlock."""

    def __call__(self, unit: Callable[[Office], _Result], /) -> _Result:
        """Return what the unit returns, after the commit."""
        ...
