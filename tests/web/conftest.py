"""A house with guests for the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import House


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with guests; its worker runs when a test says so."""
    made = House(sqlite_url, tmp_path)
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()
