"""Rows of erased guests that a restore brought back under another key, found before it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..comeback import reconcile
from ..remembrance import remembering
from ..remembrance.forgotten import Forgotten
from ..sweeping.narrowing import is_of_a_row
from ..unit import HasWork, Run

_Result = TypeVar("_Result")


def look(run: Run, known: Forgotten) -> dict[str, int]:
    """Lay rows before staff that carry a mark of somebody erased; return word -> how many.

    A replay finds rows by their keys alone. Whoever loaded the copy into new ones has the guest
    again, and the request would be checked and certified as if nothing were there. It looks while
    nothing is erased or ended yet.

    :param run: runs a unit of work.
    :param known: what the database had forgotten.
    """
    if not known.lines:
        return {}
    try:
        return reconcile.look(_in_turn(run))
    except Exception as problem:
        if not is_of_a_row(problem):
            raise
        # The night looks once more, and says what it cannot read; the replay ends without it.
        return {}


def _in_turn(run: Run) -> Run:
    """Return what runs one unit after another, also where two people began the replay at once.

    Both would find the same row unknown, and ask about it twice. A sweep waits for the replay.
    """

    def one(unit: Callable[[HasWork], _Result], /) -> _Result:
        def looked(office: HasWork) -> _Result:
            remembering.take_turns(office.work)
            return unit(office)

        return run(looked)

    return one
