"""In the long run: every fault on every scene, on MariaDB."""

from __future__ import annotations

import pytest

from tests.chaos import trials

ENGINE = "mariadb"
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("name", "kind"), [trial for trial in trials.TRIALS if trials.fits(ENGINE, *trial)]
)
def test_whatever_happens_it_is_before_or_after_and_ends_the_same(
    rehearsed: trials.Rehearsed, name: str, kind: str
) -> None:
    """A fault at each place; then before or after, and in the end what it is undisturbed."""
    trials.run(rehearsed.scene(name), kind)
