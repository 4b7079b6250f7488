"""Which engines a test meets in the long run only, so that the short one ends in ten minutes.

Every promise is tried in the short run too: on SQLite and one server, and on all three where
engines differ in what the promise rests on.
"""

from __future__ import annotations

from typing import Any

import pytest

LATER: dict[str, tuple[str, ...]] = {
    "tests/example/test_gap.py": ("mariadb",),
    "tests/example/test_replay.py": ("mariadb",),
    "tests/store/test_blockers.py": ("mariadb",),
    "tests/store/test_clocks.py": ("mariadb",),
    "tests/store/test_expiry.py": ("mariadb",),
    "tests/store/test_guard.py": ("postgresql",),
    "tests/store/test_holds.py": ("mariadb",),
    "tests/store/test_journal.py::test_eight_writers_append_without_fork_or_loss": ("postgresql",),
    "tests/store/test_mentions.py": ("postgresql",),
    "tests/store/test_owndata.py": ("mariadb",),
    "tests/store/test_recipients.py": ("mariadb", "postgresql"),
    "tests/store/test_register.py": ("mariadb",),
    "tests/store/test_rulebook.py": ("mariadb", "postgresql"),
    "tests/store/test_sweep.py": ("mariadb",),
    "tests/store/test_vault.py": ("mariadb",),
    "tests/store/test_waiting.py": ("postgresql",),
    "tests/store/test_uninstall.py": ("postgresql",),
    "tests/test_testing.py": ("mariadb", "postgresql"),
}
"""File, or file and test -> engines."""


def mark(items: list[pytest.Item]) -> None:
    """Mark as long what the table leaves to the long run."""
    for item in items:
        name = item.nodeid.partition("[")[0]
        later = (*LATER.get(name.partition("::")[0], ()), *LATER.get(name, ()))
        if later and not _engines(item).isdisjoint(later):
            item.add_marker(pytest.mark.long)


def _engines(item: pytest.Item) -> set[str]:
    """Return which engines a test is on, by the words of its parameters."""
    params: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    return {value for value in params.values() if isinstance(value, str)}
