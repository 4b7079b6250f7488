"""A way through one table that passes over rows nobody can read, one by one, and says so."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ...core.errors import BusyError
from ..unit import HasWork, Run
from .claiming import Shift, is_theirs

VAIN = 100
"""Rows in a row that fail alone, after which the rest of a table is left to the next look."""

_Place = TypeVar("_Place")


@dataclass
class Way:
    """How one look goes through one table: fewer rows after a failure, more after a success.

    :param run: runs a unit of work.
    :param name: the table.
    :param shift: what may be taken.
    :param said: where to say what failed.
    :param full: how many rows one transaction may look at.
    """

    run: Run
    name: str
    shift: Shift
    said: MutableMapping[str, str]
    full: int

    def __post_init__(self) -> None:
        self._size = self.full
        self._vain = 0

    def go(
        self,
        unit: Callable[[int, HasWork], _Place],
        over: Callable[[str, HasWork], _Place],
        here: _Place,
    ) -> _Place:
        """Take one step; return where to go on, which is here when fewer rows are to be tried.

        :param unit: looks at so many rows; returns where to go on.
        :param over: passes over the next row; writes it down as failing under a word, if any.
        :param here: where this step begins.
        """
        many = self._size

        def looked(office: HasWork) -> _Place:
            nonlocal many
            many = min(many, self.shift.room.part(self.full))
            return unit(many, office)

        try:
            place = self.shift.paced(self.run, looked)
        except Exception as problem:
            if not is_of_a_row(problem):
                raise
            self._size = max(1, many // 2)
            return here if many > 1 else self._pass(over, problem)
        self._size, self._vain = min(self.full, max(self._size, 2 * many)), 0
        return place

    def _pass(self, over: Callable[[str, HasWork], _Place], problem: Exception) -> _Place:
        """Pass over the one row that fails, written down where it can be."""
        self._vain += 1
        if self._vain > VAIN:
            raise problem
        word = self.said[word_of(self.name)] = type(problem).__name__
        try:
            return self.shift.paced(self.run, partial(over, word))
        except Exception as raised:
            if not is_of_a_row(raised):
                raise
        return self.shift.paced(self.run, partial(over, ""))


def is_of_a_row(problem: Exception) -> bool:
    """Return whether a failure may be one row's; a lock that was not given is nobody's."""
    return is_theirs(problem) and not isinstance(problem, BusyError)


def word_of(name: str) -> str:
    """Return the word under which it is told what failed in a look at a table."""
    return f"look:{name}"
