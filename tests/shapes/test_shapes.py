"""Each host shape of the design works without a change to the host, policies given from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store import inn

from .hosts import SHAPES, built
from .hotel import ASKS, Outcome, check, erase


def erased(url: str, folder: Path, name: str) -> Outcome:
    """Build a host of one shape, erase the guest and check what is left."""
    hotel = built(ASKS, folder, [name])
    declared = hotel.datamap()
    with inn.host(url, hotel.metadata) as engine:
        outcome = erase(hotel, engine, declared)
    check(hotel, outcome)
    return outcome


@pytest.mark.parametrize("name", SHAPES)
def test_shape(name: str, database_url: str, tmp_path: Path) -> None:
    """What is the guest's goes, whole schema searched; the neighbours' rows are as they were."""
    erased(database_url, tmp_path, name)
