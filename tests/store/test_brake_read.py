"""What the clock brake reads before each erasure stays small however much was journaled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import event, insert, select

from flask_guesterase.core.events import IntakeReceived
from flask_guesterase.core.log import read_entry, slug
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake
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
