"""What the clock brake reads before each erasure stays small however much was journaled."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import Connection, delete, event, insert, select

from flask_guesterase.core.events import ClockConfirmed, IntakeReceived
from flask_guesterase.core.log import read_entry, slug
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake, written
from flask_guesterase.store.certificates import certifying
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


def test_what_was_rolled_back_is_not_remembered(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another entry stands in the place of one that was read and never committed."""
    with hotel.begin() as office:
        brake.beat(office.work)
    journal(hotel)
    before = hotel.now
    hotel.now = before + timedelta(hours=30)
    with suppress(Dropped), hotel.begin() as office:
        office.work.events.append(IntakeReceived(slug("Pine Ltd"), "sh", grounds=("form",)))
        certifying.journaled(office.work)
        assert brake.doubt(office.work.conn, office.work.stamp) == ""
        raise Dropped
    hotel.now = before + timedelta(hours=1)
    journal(hotel)
    assert read(hotel, monkeypatch)[0] == ""


class Dropped(Exception):
    """What a test gives up a transaction with."""


@pytest.mark.parametrize("seed", range(4))
def test_what_is_remembered_is_what_reading_anew_says(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever is written, put back, rolled back, begun anew or confirmed by clocks that jump."""
    monkeypatch.setattr(written, "_BATCH", 3)
    monkeypatch.setattr(written, "_BATCHES", 4)
    chance, table = Random(seed), tables.entry
    sizes: dict[tuple[str, int], int] = {}
    heart, start = hotel.now.replace(tzinfo=None), hotel.now.replace(tzinfo=None)

    def moment() -> datetime:
        return start + timedelta(seconds=chance.randrange(40))

    def grow(conn: Connection, mine: dict[str, Any]) -> None:
        place = mine["controller"], mine["epoch"]
        for _ in range(chance.choice((1, 1, 2, 9))):
            at = sizes[place] = sizes.get(place, -1) + 1
            body = f'{{"at":"{moment().isoformat()}Z","index":{at},"n":{chance.random()}}}'
            action = chance.choice(("form",) * 9 + (ClockConfirmed.name,))
            row = {**mine, "position": at, "action": action, "body": body, "leaf": "0" * 64}
            conn.execute(insert(table), row)

    def said(conn: Connection, mine: dict[str, Any]) -> None:
        found = written.since(conn, SimpleNamespace(**mine), heart)
        with monkeypatch.context() as anew:
            anew.setattr(written, "_seen", WeakKeyDictionary())
            assert found == written.since(conn, SimpleNamespace(**mine), heart)

    for step in range(400):
        mine = {"controller": chance.choice("ab"), "epoch": step // 150}
        place = mine["controller"], mine["epoch"]
        what = chance.choice(("grow", "grow", "read", "read", "back", "drop", "beat"))
        with hotel.engine.connect() as conn:
            before = dict(sizes)
            if what == "beat":
                heart = moment()
            elif what == "back":
                sizes[place] = max(-1, sizes.get(place, -1) - chance.randrange(8))
                kept = table.c.position <= sizes[place]
                named = table.c.controller == place[0], table.c.epoch == place[1]
                conn.execute(delete(table).where(*named, ~kept))
            elif what != "read":
                grow(conn, mine)
            said(conn, mine)
            if what == "drop":
                sizes = before
                conn.rollback()
            conn.commit()
