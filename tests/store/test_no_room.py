"""A sweep whose database is full, or gone: it ends soon, blames no row, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.core import pace
from flask_guesterase.core.errors import BusyError, FullError, MovedError
from flask_guesterase.store import tables
from flask_guesterase.store.depth import deepening
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.sweeping import claiming, claims, runs
from tests.store.crowd import OLD, Crowd
from tests.store.forms import Forms
from tests.store.test_nights import asked, state

DUE = 60
"""Guests who are due."""


FULL = {
    "postgresql": "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE SQLSTATE '53100'; END $$; CREATE TRIGGER noted BEFORE UPDATE ON guests FOR EACH ROW "
    "WHEN (OLD.id = 7) EXECUTE FUNCTION f()",
    "mariadb": "CREATE TRIGGER noted BEFORE UPDATE ON guests FOR EACH ROW BEGIN IF OLD.id = 7 "
    "THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114; END IF; END",
}
"""What answers on each server that there is no room, for one guest."""


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """A hotel with guests who are due in several batches, and nobody who waits between them."""
    return hotel_at(sqlite_url, tmp_path, monkeypatch)


def hotel_at(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    """Return such a hotel in a database."""
    monkeypatch.setattr(pace, "MOST", 10)
    monkeypatch.setattr(claiming, "sleep", abs)
    first = (10, *(pace.Pace.__init__.__defaults__ or ())[1:])
    monkeypatch.setattr(pace.Pace.__init__, "__defaults__", first)
    made = Crowd(url, folder)
    made.build()
    made.confirmed()
    made.fill(range(1, DUE + 1), OLD)
    return made


def filled(hotel: Crowd, left: int) -> Callable[[], None]:
    """Let there be room for so many further pages as soon as a guest goes; return what makes room.

    :param left: pages.
    """
    most = [1 << 30]

    def limit(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE OR ABORT guests") and most[0] == 1 << 30:
            most[0] = conn.exec_driver_sql("PRAGMA page_count").scalar() + left
        raw = conn.connection.dbapi_connection
        raw.execute(f"PRAGMA max_page_count = {most[0]}").fetchone()

    event.listen(hotel.engine, "before_cursor_execute", limit)

    def emptied() -> None:
        event.remove(hotel.engine, "before_cursor_execute", limit)
        hotel.engine.dispose()

    return emptied


def test_one_row_that_finds_no_room_keeps_none_of_the_others(hotel: Crowd) -> None:
    """What the host notes of it is larger than the room there is; it stays, and is tried soon."""
    with hotel.engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE log (what BLOB)")
        conn.exec_driver_sql(
            "CREATE TRIGGER noted AFTER UPDATE ON guests WHEN OLD.id = 7 "
            "BEGIN INSERT INTO log VALUES (zeroblob(1 << 22)); END"
        )
    emptied = filled(hotel, 200)
    report = hotel.sweep()
    assert hotel.there() == {7}
    assert (report.stopped, report.counts["people"]) == ("", DUE - 1)
    assert (report.counts["unfinished"], report.problems) == (1, {"room": "FullError"})
    emptied()
    hotel.later(minutes=15)
    assert hotel.sweep().problems == {}
    assert hotel.there() == set()


@pytest.mark.parametrize("kind", FULL)
def test_a_server_that_has_no_room_for_one_keeps_none_of_the_others(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction is taken back, and the others go in another."""
    hotel = hotel_at(request.getfixturevalue(f"{kind}_url"), tmp_path, monkeypatch)
    with hotel.engine.begin() as conn:
        conn.exec_driver_sql(FULL[kind])
    report = hotel.sweep()
    assert hotel.there() == {7}
    assert (report.stopped, report.problems) == ("", {"room": "FullError"})
    hotel.engine.dispose()


@pytest.mark.parametrize("left", [0, 4, 12])
def test_a_full_disk_ends_the_erasing(hotel: Crowd, left: int) -> None:
    """Not each row is tried alone, night after night; the few that were go soon."""
    emptied = filled(hotel, left)
    report = hotel.sweep()
    assert (report.stopped, report.problems) == ("full", {"room": "FullError"})
    assert report.counts["people"] == DUE - len(hotel.there())
    assert report.met < 30, "each row was tried alone"
    assert hotel.halves() == []
    assert hotel.verified() == []
    emptied()
    now, due = hotel.now.replace(tzinfo=None), tables.due.c
    assert hotel.count(tables.due, due.try_at > now) == claiming.ROOMLESS
    assert hotel.count(tables.due, due.tries > 0) == 0
    hotel.later(minutes=15)
    assert hotel.sweep().problems == {}
    assert hotel.there() == set()


def test_a_database_that_goes_at_the_end_takes_no_report_along(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was erased by then is told, where "nothing was changed" would be untrue."""
    def gone(*_: Any) -> None:
        raise BusyError("The database did not answer.", "Nothing was changed.")

    monkeypatch.setattr(runs, "stop", gone)
    report = hotel.sweep()
    assert report.counts["people"] == DUE
    assert report.problems == {"stop": "BusyError"}


def test_what_was_kept_for_requests_waits_for_room_as_well(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few of them meet the full disk, the sweep says so, and the next night they all end."""
    house, tried = Forms(sqlite_url, tmp_path), []
    house.confirmed()
    numbers = asked(house, 2, 3, 4, 5)

    def full(number: str, *_: Any) -> None:
        tried.append(number)
        raise FullError("The disk of the database is full.", "Give it room.")

    with monkeypatch.context() as filled:
        filled.setattr(finishing, "_request", full)
        house.later(days=20)
        report = house.tried()
    assert (report.stopped, report.problems) == ("full", {"room": "FullError"})
    assert len(tried) == claiming.ROOMLESS
    house.later(days=1)
    assert house.tried().problems == {}
    assert {state(house, number) for number in numbers} == {"erased"}
    house.engine.dispose()


def test_one_request_that_finds_no_room_keeps_nothing_else(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the other requests nor what goes because its day came."""
    house = Forms(sqlite_url, tmp_path)
    house.confirmed()
    first, *others = asked(house, 2, 3)
    finish = finishing._request

    def full(number: str, *more: Any) -> dict[str, int]:
        if number == first:
            raise FullError("The disk of the database is full.", "Give it room.")
        return finish(number, *more)

    monkeypatch.setattr(finishing, "_request", full)
    house.later(days=20)
    for _ in range(2):
        report = house.tried()
        assert (report.stopped, report.counts["unfinished"]) == ("", 1)
        assert report.problems == {"room": "FullError"}
        house.later(days=1)
    assert {state(house, number) for number in others} == {"erased"}
    house.engine.dispose()


def test_rules_that_changed_in_mid_sweep_take_no_count_along(
    hotel: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went before is told, and the files are rewritten for it."""
    require, batches = claims._require, []

    def changed(*given: Any) -> None:
        batches.append(given)
        if len(batches) > 2:
            raise MovedError("The rules changed.", "The next sweep shows what would go by them.")
        require(*given)

    monkeypatch.setattr(claims, "_require", changed)
    told: list[bool] = []
    monkeypatch.setattr(deepening, "nightly", lambda run, gone: int(told.append(gone) or 0))
    report = hotel.sweep()
    assert report.problems == {"expire": "MovedError"}
    assert report.counts["people"] == DUE - len(hotel.there()) > 0
    assert report.counts["expired"] > 0
    assert told == [True]
