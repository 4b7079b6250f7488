"""What the clock brake reads before each erasure stays small however much was journaled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, select

from flask_guesterase.core.events import IntakeReceived
from flask_guesterase.core.log import read_entry, slug
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, written
from tests.store.hotel import Hotel

MANY = 1500


def busy(hotel: Hotel) -> None:
    """Journal one entry, and write down as many as a busy day has behind it."""
    with hotel.begin() as office:
        brake.beat(office.work)
    with hotel.begin() as office:
        office.work.events.append(IntakeReceived(slug("Pine Ltd"), "sh", grounds=("form",)))
    table = tables.entry
    with hotel.engine.begin() as conn:
        row = dict(conn.execute(select(table).order_by(table.c.position.desc())).first()._mapping)
        after = row["position"] + 1
        conn.execute(insert(table), [{**row, "position": after + n} for n in range(MANY)])
    hotel.now += timedelta(hours=1)


def test_a_busy_day_is_read_in_few_statements(hotel: Hotel) -> None:
    """The newest entries first; where they do not reach the heartbeat, the rest at once."""
    busy(hotel)
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
        seen.append(statement)

    event.listen(hotel.engine, "before_cursor_execute", note)
    with hotel.begin() as office:
        assert brake.doubt(office.work.conn, office.work.stamp) == ""
    bodies = [each for each in seen if "guesterase_entry.body" in each]
    assert 1 <= len(bodies) <= 3


def test_the_time_of_an_entry_is_read_without_the_rest_of_it(hotel: Hotel) -> None:
    """It is the one the whole entry says; a text that is written otherwise is read as a whole."""
    busy(hotel)
    with hotel.engine.connect() as conn:
        body = conn.execute(select(tables.entry.c.body).limit(1)).scalar_one()
    told = read_entry(body.encode()).draft.at
    assert brake._at(body).isoformat() + "Z" == told


def test_an_entry_written_by_a_clock_that_leapt_is_still_seen(hotel: Hotel) -> None:
    """However many came before and after it."""
    busy(hotel)
    hotel.now += timedelta(days=3)
    with hotel.begin() as office:
        assert brake.doubt(office.work.conn, office.work.stamp) == "leap"


def read(hotel: Hotel, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Return what the brake says, and of how many entries it read the time for that."""
    times: list[str] = []
    reading = written.at

    def noting(body: str) -> Any:
        times.append(body)
        return reading(body)

    with monkeypatch.context() as patched, hotel.begin() as office:
        patched.setattr(written, "at", noting)
        return brake.doubt(office.work.conn, office.work.stamp), len(times)


def journal(hotel: Hotel) -> None:
    """Write one entry by the hotel's clock."""
    with hotel.begin() as office:
        office.work.events.append(IntakeReceived(slug("Pine Ltd"), "sh", grounds=("form",)))


def test_a_process_reads_each_entry_once(
    any_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it read is known again by the newest entry of then, until a heart beats."""
    busy(any_hotel)
    assert read(any_hotel, monkeypatch)[1] >= MANY
    assert read(any_hotel, monkeypatch) == ("", 0)
    busy_since = any_hotel.now
    table = tables.entry
    with any_hotel.engine.begin() as conn:
        row = dict(conn.execute(select(table).order_by(table.c.position.desc())).first()._mapping)
        body = row["body"].replace(str(row["position"]), str(row["position"] + 1))
        conn.execute(insert(table), {**row, "position": row["position"] + 1, "body": body})
    assert read(any_hotel, monkeypatch) == ("", 1)
    with any_hotel.begin() as office:
        brake.beat(office.work)
    assert any_hotel.now == busy_since
    assert read(any_hotel, monkeypatch) == ("", 1)


def test_what_is_remembered_of_a_leap_still_stops(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that ran ahead stands below others that were written since."""
    with hotel.begin() as office:
        brake.beat(office.work)
    before = hotel.now
    hotel.now = before + timedelta(hours=30)
    journal(hotel)
    assert read(hotel, monkeypatch)[0] == ""
    hotel.now = before + timedelta(hours=1)
    assert read(hotel, monkeypatch) == ("backwards", 0)
    journal(hotel)
    assert read(hotel, monkeypatch) == ("backwards", 1)


def test_a_database_that_was_put_back_is_read_anew(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an entry that is gone counts, nor is one passed over that stands in its place."""
    with hotel.begin() as office:
        brake.beat(office.work)
    before = hotel.now
    for _ in range(3):
        journal(hotel)
    hotel.now = before + timedelta(hours=30)
    journal(hotel)
    assert read(hotel, monkeypatch)[0] == ""
    table = tables.entry
    with hotel.engine.begin() as conn:
        rows = conn.execute(select(table).order_by(table.c.position.desc())).all()
        last, *rest = [row for row in rows if row.controller == slug("Pine Ltd")]
        gone = table.c.controller == last.controller, table.c.position == last.position
        conn.execute(delete(table).where(*gone))
    hotel.now = before + timedelta(hours=1)
    assert read(hotel, monkeypatch) == ("", len(rest))
    with hotel.engine.begin() as conn:
        again = {**last._mapping, "body": last.body.replace("form", "desk")}
        conn.execute(insert(table), again)
    assert read(hotel, monkeypatch)[0] == "backwards"
