"""In the short run: each state that a killed process can leave behind, on SQLite."""

from __future__ import annotations

import pytest

from tests.chaos.drill import Stage, drilling


@pytest.mark.parametrize("name", ["erase", "forget", "rotate"])
def test_a_killed_process_leaves_before_or_after_and_the_next_one_ends_it(
    stage: Stage, name: str
) -> None:
    """Killed at each commit and at each kind of effect on disk, the end is always the same."""
    with drilling("sqlite", name, stage) as drill:
        for at in drill.moments(few=name != "rotate"):
            drill.kill(at)
        drill.assert_whole()
        assert drill.toll.tried["kill"] == len(drill.moments(few=name != "rotate"))
        rows = [state["host"] for state in drill.states]
        # What is compared with before and after has a before and an after, and nothing between.
        assert len({tuple(lines) for lines in rows}) == 1 + (name == "erase")
        assert (rows[0] == drill.end["host"]) is (name != "erase")
