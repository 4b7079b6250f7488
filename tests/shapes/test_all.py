"""All host shapes in one schema, and nothing that tells two hotels apart once the guest is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import engines
from tests.oracle.dump import Dump, assert_same, changes
from tests.store import inn

from .hosts import SHAPES, built
from .hotel import ASKS, TWIN, Outcome, Values, check, erase


def run(kind: str, guest: Values, folder: Path) -> Outcome:
    """Build a hotel of all shapes, erase the guest from it and check what is left."""
    folder.mkdir()
    hotel = built(guest, folder, SHAPES)
    with engines.fresh_database(kind) as url, inn.host(url, hotel.metadata) as engine:
        outcome = erase(hotel, engine, hotel.datamap())
    check(hotel, outcome)
    return outcome


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_all_shapes_in_one_schema(kind: str, tmp_path: Path) -> None:
    """After erasing one guest, two hotels that differed in that guest alone are equal (P1)."""
    one = run(kind, ASKS, tmp_path / "one")
    two = run(kind, TWIN, tmp_path / "two")

    assert differing(one.before, two.before) > len(SHAPES)
    assert_same(one.after, two.after)
    assert one.erased.counts == two.erased.counts


def differing(one: Dump, two: Dump) -> int:
    """Return in how many tables two hotels differ."""
    found = changes(one, two)
    return len({*found.gone, *found.new, *found.changed})
