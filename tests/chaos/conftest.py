"""The process that forks and the mail server, once for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.drill import Stage
from tests.chaos.trials import Rehearsed


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Return the process that forks a child for each fault."""
    made = Stage()
    yield made
    made.close()


@pytest.fixture(scope="module")
def rehearsed(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Rehearsed]:
    """Return the scenes on the engine that a file is about."""
    made = Rehearsed(request.module.ENGINE, stage)
    yield made
    made.close()
