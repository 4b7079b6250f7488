"""What was done is asked of the journal, however long it is; nobody reads all of it for that."""

from __future__ import annotations

import json

from sqlalchemy import insert, select

from flask_guesterase.core.events import RegisterCounted, SweepHalted
from flask_guesterase.core.log import canonical
from flask_guesterase.store import tables
from flask_guesterase.store.census import told
from flask_guesterase.store.sweeping import halting
from tests.store.hotel import Hotel
from tests.store.meter import reading

LONG = 3000
KINDS = "frozen", "rules-changed", "rule-proposed"


def test_what_was_done_is_asked_without_reading_the_journal(hotel: Hotel) -> None:
    """A sweep asks before it begins whether somebody stopped it, and when it counted last."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.file(email="ann@example.com")
    table = tables.entry
    with hotel.engine.begin() as conn:
        one = dict(conn.execute(select(table).limit(1)).one()._mapping)
        rows = [{**one, "position": 10_000 + place} for place in range(LONG)]
        conn.execute(insert(table), rows)
    actions = {RegisterCounted.name, SweepHalted.name}
    with hotel.begin() as office, reading(hotel.engine) as read:
        assert not halting.stands(office.work)
        assert list(told.backwards(office.work, one["controller"], actions)) == []
    assert read["guesterase_entry"] == 0
    assert 0 < read[""] < LONG


def test_entries_are_told_from_the_newest_epoch_backwards(hotel: Hotel) -> None:
    """After a restore a journal goes on in an epoch of its own; both are read."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.file(email="ann@example.com")
    table = tables.entry
    with hotel.engine.begin() as conn:
        first = [dict(row._mapping) for row in conn.execute(select(table))]
        later = [{**row, "epoch": row["epoch"] + 3} for row in first]
        conn.execute(insert(table), later)
    actions = {row["action"] for row in first}
    with hotel.begin() as office:
        found = [
            (entry.draft.action, entry.index)
            for entry in told.backwards(office.work, first[0]["controller"], actions)
        ]
    mine = [row for row in first if row["controller"] == first[0]["controller"]]
    told_once = [(row["action"], row["position"]) for row in mine]
    assert found == [*reversed(told_once), *reversed(told_once)]


def test_more_than_a_page_of_several_kinds_is_told_in_its_order(deep_hotel: Hotel) -> None:
    """The newest of each kind are read at once, and the rest of each by itself."""
    hotel, table = deep_hotel, tables.entry
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    hotel.file(email="ann@example.com")
    with hotel.engine.begin() as conn:
        one = json.loads(conn.execute(select(table.c.body).limit(1)).scalar_one())
        rows = [
            {
                "controller": name, "epoch": epoch, "position": place, "leaf": "",
                "action": KINDS[place % 7 % 3], "body": canonical({**one, "index": place}).decode(),
            }
            for name in ("fir", "elm") for epoch in (1, 4) for place in range(2 * told.PAGE)
        ]  # fmt: skip
        conn.execute(insert(table), rows)
    wanted = [row["position"] for row in rows if row["action"] in KINDS[1:]][-1::-1]
    with hotel.begin() as office:
        found = [entry.index for entry in told.backwards(office.work, "fir", KINDS[1:])]
    assert found == wanted[: len(wanted) // 2]
