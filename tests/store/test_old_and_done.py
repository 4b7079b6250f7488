"""A night, a check and a page cost what is open, however much is old and done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, insert

from flask_guesterase.core.period import months_after
from flask_guesterase.core.returning import MONTHS
from flask_guesterase.store import tables
from flask_guesterase.store.comeback import marks
from flask_guesterase.store.comeback.years import needed
from flask_guesterase.store.identity import codes
from flask_guesterase.store.sweeping import runs
from flask_guesterase.store.upkeep import consistency
from flask_guesterase.store.work import Work
from tests.store.hotel import Hotel
from tests.store.meter import fetched, reading

MANY = 3_000


def put(hotel: Hotel, table: str, *rows: dict[str, object]) -> None:
    """Write rows of ours."""
    with hotel.engine.begin() as conn:
        conn.execute(insert(tables.metadata.tables[f"guesterase_{table}"]), list(rows))


def steps(hotel: Hotel, look: Callable[[Work], object]) -> int:
    """Return how many steps of the engine's machine a look takes."""
    with hotel.begin() as office, reading(hotel.engine) as read:
        look(office.work)
    return read[""]


def test_the_last_sweep_is_found_among_years_of_them(hotel: Hotel) -> None:
    """A house that sweeps each hour has thousands of runs, and each round asks for the last."""
    at = hotel.now.replace(tzinfo=None)
    run = {
        "kind": runs.SWEEP, "property": "", "mark": "0" * 64, "started_at": at, "ended_at": at,
        "counts": "{}",
    }  # fmt: skip
    put(hotel, "run", run, run)
    few = steps(hotel, runs.last_sweep)
    put(hotel, "run", *[run] * MANY)
    assert steps(hotel, runs.last_sweep) <= few + 100


def test_marks_of_a_year_are_found_among_those_of_the_years_before(hotel: Hotel) -> None:
    """Five marks a guest, for two years: whether one of this year lives is asked each night."""
    number = 0

    def erased(days: int, count: int) -> None:
        nonlocal number
        at = (hotel.now - timedelta(days=days)).replace(tzinfo=None)
        rows = []
        for _ in range(count):
            number += 1
            rows.append(
                {
                    "request": None, "controller": "pine-ltd", "property": "sh", "kind": "key",
                    "table_name": "guests", "mark": f"{number:064x}", "row_mark": "0" * 64,
                    "erased_at": at, "ends_on": months_after(at.date(), MONTHS).isoformat(),
                }
            )  # fmt: skip
        put(hotel, "mark", *rows)

    erased(300, 2)
    erased(1, 2)
    with hotel.begin() as office:
        years = {marks.label(hotel.now.year), marks.label(hotel.now.year - 1)}
        assert needed(office.work) == years
    few = steps(hotel, needed)
    erased(300, MANY)
    erased(299, MANY)
    erased(1, 2)
    assert steps(hotel, needed) <= few + 200


def test_claim_codes_that_are_over_are_found_among_all_that_live(hotel: Hotel) -> None:
    """One is printed for each stay, and each minute those whose time is over go."""
    at = hotel.now.replace(tzinfo=None)
    printed = [
        {
            "hash": f"{each:064x}", "controller": "pine-ltd", "property": "sh", "mark": "0" * 64,
            "box": "", "tries": 0, "printed_by": "a1", "printed_at": at,
            "ends_at": at + timedelta(days=30 if each else -2), "used_at": None,
        }
        for each in range(MANY)
    ]  # fmt: skip
    put(hotel, "claim", *printed[:2])
    few = steps(hotel, codes_that_went)
    put(hotel, "claim", *printed[2:], {**printed[0], "hash": "f" * 64})
    assert steps(hotel, codes_that_went) <= few + 200


def codes_that_went(work: Work) -> None:
    """Let one code go."""
    assert codes.forget(work) == 1


def test_who_approved_is_asked_without_reading_each_approval(any_hotel: Hotel) -> None:
    """The journal has an entry of each for ten years, and few people decide."""
    any_hotel.guest(1, name="ann", email="ann@example.com")
    any_hotel.approved(email="ann@example.com")
    with any_hotel.engine.begin() as conn:
        entry = tables.entry
        row = conn.execute(entry.select().where(entry.c.action == "erasure-approved")).one()
        more = [{**row._mapping, "position": 1_000 + each} for each in range(300)]
        conn.execute(insert(entry), more)
    with any_hotel.begin() as office, fetched() as rows:
        assert consistency._unknown_actors(office.work) == []
    assert sum(rows) < 30
    with any_hotel.engine.begin() as conn:
        conn.execute(delete(tables.actor))
    with any_hotel.begin() as office:
        assert consistency._unknown_actors(office.work) == [row.body.split('"')[7]]
