"""Whom an incident concerns where the database lacks a column: who nobody can tell is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store.incidents.affected import Asked
from flask_guesterase.store.incidents.opening import Report
from tests import engines
from tests.store.test_affected import JANUARY, Returning
from tests.store.watched import Watch


@pytest.fixture(params=engines.DEEP)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database on SQLite; on each of the three engines at full depth."""
    with engines.fresh_database(request.param) as made:
        yield made


def lose(hotel: Watch | Returning, table: str, column: str) -> None:
    """Let the host take a column away."""
    with hotel.engine.begin() as conn:
        conn.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))


@pytest.mark.parametrize("table", ["", "guests", "bookings"])
def test_who_is_of_no_hotel_anybody_can_tell_counts(watch: Watch, table: str) -> None:
    """The column of the hotel's code is gone: all of them may have been here."""
    lose(watch, "guests", "hotel")
    number = watch.report(happened=watch.now)
    with watch.begin() as office:
        found = office.measure_incident(number, Asked(table), "officer")
    # Max is of another hotel, as nobody can tell by now.
    assert found["living"] == (3 if table == "bookings" else 5)


@pytest.mark.parametrize("standing", [False, True])
def test_what_an_erasure_kept_counts_where_nobody_can_tell_where_it_lies(
    watch: Watch, standing: bool
) -> None:
    """It counts with who was erased, sealed or under a hold in its row."""
    watch.grants["officer"].add("hold")
    if standing:
        with watch.begin() as office:
            office.place_hold(Wanted("record", "court-order", "invoices", "1"), "officer")
    watch.erased(watch.approved(email="ann@example.com"))
    lose(watch, "guests", "hotel")
    with watch.begin() as office:
        number = office.open_incident(Report("sh", "leak", "A list was lost."), "officer")
        found = office.measure_incident(number, Asked(), "officer")
    assert (found["living"], found["sealed"]) == (4, 1)


def test_a_record_whose_day_nobody_can_tell_counts(database_url: str, tmp_path: Path) -> None:
    """The column of the day is gone: it may be of any."""
    returning = Returning(database_url, tmp_path)
    returning.person(1, date(2026, 1, 10))
    returning.person(2, date(2026, 3, 1))
    lose(returning, "stays", "left_on")
    assert returning.concerned(*JANUARY) == 2
    returning.engine.dispose()
