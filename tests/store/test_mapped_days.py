"""Days by the mapping that are moments in the database: what ends by them is found in time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_guesterase.store.sweeping import looking
from tests import engines
from tests.store.forms import Forms

MOMENTS = {
    "postgresql": "ALTER TABLE forms ALTER left_on TYPE timestamptz",
    "mariadb": "ALTER TABLE forms MODIFY left_on DATETIME",
}
"""A column that the vendor's migration changed, and the model did not follow."""

BEHIND_MIDNIGHT = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
"""Half past midnight in Berlin, a day further than UTC."""


@pytest.mark.parametrize("moment", [False, True], ids=["day", "moment"])
@pytest.mark.parametrize("engine", MOMENTS)
def test_what_the_mapping_takes_for_a_day_ends_by_the_propertys_day(
    engine: str, moment: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the property a day may be over before it is over in UTC."""
    monkeypatch.setattr(looking, "OVERLAP", 0)
    with engines.fresh_database(engine) as url:
        house = Forms(url, tmp_path, BEHIND_MIDNIGHT)
        house.form(1, date(2025, 3, 9))
        house.form(2, date(2026, 3, 1))
        with house.engine.begin() as conn:
            if moment:
                conn.execute(text(MOMENTS[engine]))
                conn.execute(text("UPDATE forms SET left_on = '2025-03-09 15:00' WHERE id = 1"))
        days = []
        for _ in range(3):
            looking.look(house.run)
            days.append([row["row_key"] for row in house.ours("due")])
            house.later(days=1)
        assert days == [[], ["int:1"], ["int:1"]]
        house.engine.dispose()
