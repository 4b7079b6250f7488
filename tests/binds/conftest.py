"""What holds for every group of several databases."""

from __future__ import annotations

import pytest

from flask_guesterase.core import pace
from flask_guesterase.store.sweeping import room


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a round leave SQLite's lock to nobody: nobody else is in these hotels."""
    monkeypatch.setattr(pace, "LEAVES", 0)
    monkeypatch.setattr(room, "BREATH", 0.0)
