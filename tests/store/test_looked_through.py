"""Sealed lines are looked through in pages, and what does not fit is told as it is all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_guesterase.store import tables
from flask_guesterase.store.failures import alerts
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import consistency
from tests.resistance.conftest import NEW, Pine
from tests.store import forms


@pytest.fixture
def pine(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pine]:
    """A hotel with five sealed lines of its register, of which the third was given another day."""
    monkeypatch.setitem(forms.GRANTS, "desk", {"mu": {"view", "file", "verify"}})
    made = Pine(sqlite_url, tmp_path)
    for id in range(1, 6):
        made.form(id, NEW)
    made.sweep()
    made.seal(*range(1, 6))
    third = made.ours("kept")[2]["id"]
    made.raw(update(tables.kept).where(tables.kept.c.id == third).values(until="2026-03-12"))
    yield made
    made.engine.dispose()


def kinds(pine: Pine) -> dict[str, int]:
    """Return what is open by its word, each with how many there are."""
    return {f"{row['kind']}:{row['about']}": row["count"] for row in pine.ours("alert")}


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_a_line_that_was_changed_is_found_on_whatever_page_it_stands(
    pine: Pine, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consistency, "_BATCH", size)
    units: list[int] = []

    def run(unit: Callable[[Office], Any]) -> Any:
        with pine.begin() as office:
            said = unit(office)
            units.append(len(said[0]) if isinstance(said, tuple) else -1)
            return said

    with pine.engine.connect() as conn:
        third = conn.execute(select(tables.kept.c.id).offset(2).limit(1)).scalar_one()
    assert [number for number, _ in consistency.unfit(run)] == [third]
    assert (len(units), sum(units)) == (5 // size + 1, 1)
    pine.run(lambda office: office.look_over())
    at_once = kinds(pine)
    pine.raw(tables.alert.delete())
    pages, reading = list[int](), consistency._read
    monkeypatch.setattr(
        consistency, "_read", lambda work, after: pages.append(after) or reading(work, after)
    )
    alerts.look_over(pine.run)
    assert kinds(pine) == at_once
    assert len(pages) == len(units)
    assert any("records-differ" in word for word in at_once), at_once


def test_nothing_is_looked_through_by_a_clock_that_nobody_believes(
    pine: Pine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(consistency, "_read")
    pine.leap(days=800)
    alerts.look_over(pine.run)
    assert "clock-doubted:clock-doubted" in kinds(pine)
