"""A view, or command, that met another transaction: begun anew as long as it committed nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from flask import g

from ..core.errors import BusyError, RetryableError
from ..store.transaction import again

_View = Callable[..., Any]
_Result = TypeVar("_Result")

_COUNT = "guesterase_committed"
_STEPS = "guesterase_steps"


@dataclass
class _Steps:
    """What was done apart by what runs: it is not done again where that begins anew."""

    results: list[Any] = field(default_factory=list)
    at: int = 0


def committed() -> None:
    """Note that something is done for good: what runs is not begun anew from here on."""
    setattr(g, _COUNT, _committed() + 1)


def _committed() -> int:
    return int(g.get(_COUNT, 0))


def apart(step: Callable[[], _Result]) -> _Result:
    """Do a step once, however often what runs begins anew; return what it gave.

    What is committed by it keeps nothing from beginning anew. Steps are told apart by their order.

    :param step: does it.
    """
    steps = g.get(_STEPS) or _Steps()
    if steps.at == len(steps.results):
        before = _committed()
        steps.results.append(step())
        setattr(g, _COUNT, before)
    steps.at += 1
    return cast(_Result, steps.results[steps.at - 1])


def anew(view: _View) -> _View:
    """Return a view that begins anew after a deadlock, as who presses its button again would.

    What is committed is never done twice: who meets somebody after that is told to try again.

    :param view: the view, or a command; it may be called more than once.
    """

    @wraps(view)
    def begun(**parts: Any) -> Any:
        before, steps = _committed(), _Steps()
        setattr(g, _STEPS, steps)

        def once() -> Any:
            steps.at = 0
            try:
                return view(**parts)
            except RetryableError as problem:
                if _committed() != before:
                    raise BusyError(problem.message, problem.hint) from None
                raise

        try:
            return again(once)
        finally:
            g.pop(_STEPS, None)

    return begun
