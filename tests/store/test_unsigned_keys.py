"""Rows whose numbers need all 64 bits (BIGINT UNSIGNED, UUID_SHORT) go by their day like others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.store.forms import Forms
from tests.store.test_due import left

OLD, YOUNG, HIGH = date(2025, 2, 1), date(2026, 2, 1), 2**63
UNSIGNED = (
    "forms DROP FOREIGN KEY forms_ibfk_1",
    "guests MODIFY id BIGINT UNSIGNED NOT NULL",
    "forms MODIFY id BIGINT UNSIGNED NOT NULL, MODIFY guest_id BIGINT UNSIGNED NOT NULL",
    "forms ADD FOREIGN KEY (guest_id) REFERENCES guests (id)",
)


@pytest.fixture
def house(mariadb_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels whose forms are numbered without a sign."""
    made = Forms(mariadb_url, tmp_path)
    with made.engine.begin() as conn:
        for change in UNSIGNED:
            conn.exec_driver_sql(f"ALTER TABLE {change}")
    yield made
    made.engine.dispose()


def test_rows_are_found_on_their_day_and_when_they_are_new(house: Forms) -> None:
    """Also those of highest number, an import of old ones, and what came before a high number."""
    for id, day in ((7, OLD), (HIGH + 7, OLD), (HIGH + 9000, YOUNG)):
        house.form(id, day)
    house.confirmed()
    assert left(house) == {HIGH + 9000}
    house.form(HIGH + 9001, OLD)
    house.later(days=1)
    house.sweep()
    assert left(house) == {HIGH + 9000}
