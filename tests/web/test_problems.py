"""Every failure has a status and words for the person at that desk."""

from __future__ import annotations

import inspect

import pytest

from flask_guesterase.core import errors
from flask_guesterase.web.problems import problem_of

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.GuesteraseError)
]

STATUS = {
    "InputError": 422, "MatchError": 422, "UnknownError": 404, "TokenError": 410,
    "ForbiddenError": 403, "FourEyesError": 403, "LimitError": 429, "TransitionError": 409,
    "MovedError": 409, "BlockedError": 409, "BusyError": 503, "RetryableError": 503,
    "SweepingError": 503, "SetupError": 503, "PolicyError": 503, "GapError": 503, "PackError": 503,
    "VeiledError": 403,
}  # fmt: skip
"""Error -> status; the others are 500."""


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_has_a_status_and_a_next_step_at_both_desks(
    kind: type[errors.GuesteraseError],
) -> None:
    """Guest and staff are told what happened and what to do; "try later" says when."""
    problem = problem_of(kind("cause"))
    assert problem.status == STATUS.get(kind.__name__, 500)
    assert all(problem.guest)
    assert all(problem.staff)
    assert bool(problem.retry_after) == (problem.status in (429, 503))


def test_a_guest_is_not_told_the_words_of_the_machine() -> None:
    """What is said to guests names no command, no database and no map."""
    for kind in ALL:
        said = " ".join(problem_of(kind("cause")).guest).casefold()
        assert not any(word in said for word in ("flask", "database", "map", "table", "journal"))
