"""A view whose transaction met another one: begun anew as long as it has committed nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g

from ..core.errors import BusyError, RetryableError
from ..store.transaction import again

_View = Callable[..., Any]

_COUNT = "guesterase_committed"


def committed() -> None:
    """Note that what this request wrote was committed: it is not begun anew from here on."""
    setattr(g, _COUNT, _committed() + 1)


def _committed() -> int:
    return int(g.get(_COUNT, 0))


def anew(view: _View) -> _View:
    """Return a view that begins anew after a deadlock, as who presses its button again would.

    What is committed is never done twice: who meets somebody after that is told to try again.

    :param view: the view; it may be called more than once.
    """

    @wraps(view)
    def begun(**parts: Any) -> Any:
        before = _committed()

        def once() -> Any:
            try:
                return view(**parts)
            except RetryableError as problem:
                if _committed() != before:
                    raise BusyError(problem.message, problem.hint) from None
                raise

        return again(once)

    return begun
