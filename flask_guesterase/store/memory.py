"""Memory: what a function returned for the very same arguments, and when Python tidies up."""

from __future__ import annotations

import gc
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

_MOST = 16
"""Results one function remembers; an installation has one data map and one schema."""


def by_identity(function: _Function) -> _Function:
    """Return a function that remembers its last results by which objects it was given.

    For arguments that never change and are too large to be compared.

    :param function: what depends on nothing but its arguments.
    """
    known: OrderedDict[tuple[int, ...], tuple[tuple[object, ...], Any]] = OrderedDict()

    @wraps(function)
    def remembering(*given: object) -> Any:
        place = tuple(map(id, given))
        found = known.get(place)
        if found is None:
            # The arguments are kept, so that their numbers stay theirs.
            found = known[place] = (given, function(*given))
            while len(known) > _MOST:
                known.popitem(last=False)
        return found[1]

    return cast(_Function, remembering)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python look for circles among objects after a batch, not again and again within it.

    Of several threads the last one out leaves it as the first one found it.
    """
    with _turn:
        _found.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _turn:
            # A process that was forked within a batch is in none.
            if _found and _found.pop():
                gc.enable()


_turn = Lock()
_found: list[bool] = []
"""Whether Python looked, as each who is inside found it: where others are already, it does not."""


def _renew() -> None:
    """Leave Python as a parent's first batch found it: a fork copies no thread that would."""
    if _found and _found[0]:
        gc.enable()
    _found.clear()
    _turn.release()


if hasattr(os, "register_at_fork"):
    # Nobody is between two steps of a batch's beginning or end in the moment of the fork.
    os.register_at_fork(
        before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_renew
    )
