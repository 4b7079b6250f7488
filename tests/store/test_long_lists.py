"""Lists that grow with requests, boxes and keys are one parameter, however long they are."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine, Table, event, insert, select, update

from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import shelf, vault
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.search import residue, sought
from flask_guesterase.store.upkeep import owndata
from tests.store.hotel import Hotel
from tests.store.test_deadlines import filed, under

MANY = 700
MOST = 500
"""Parameters that a statement may have here: as if there were ten thousands of rows."""


@pytest.fixture
def narrow(hotel: Hotel) -> Hotel:
    """Return a hotel whose database takes few parameters in a statement."""
    limit(hotel.engine)
    return hotel


def limit(engine: Engine) -> None:
    """Let statements of an engine have few parameters."""
    @event.listens_for(engine, "checkout")
    def few(raw: Any, *rest: Any) -> None:
        raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, MOST)


def copied(hotel: Hotel, table: Table, **more: list[Any]) -> None:
    """Put many copies of the first row of a table beside it.

    :param more: values that differ, per column, as many as copies.
    """
    with hotel.engine.begin() as conn:
        row = dict(conn.execute(select(table).order_by(table.c.id).limit(1)).mappings().one())
        if isinstance(row["id"], int):
            del row["id"]
        conn.execute(insert(table), [
            {**row, **{name: values[each] for name, values in more.items()}}
            for each in range(MANY)
        ])


def numbered(name: str) -> list[str]:
    """Return names that differ, as many as copies."""
    return [f"{name}-{each}" for each in range(MANY)]


def test_ended_requests_whose_letters_reached_nobody_are_listed_and_counted(
    narrow: Hotel,
) -> None:
    """A house whose mail is refused for months has one such request a guest."""
    under(narrow, "DE", "Europe/Berlin")
    number = filed(narrow)
    with narrow.begin() as office:
        office.extend(number, "officer", "complex")
    out, request = tables.outbox, tables.request
    lost = {"state": outbox.FAILED, "box": None, "done_at": narrow.now.replace(tzinfo=None)}
    with narrow.engine.begin() as conn:
        conn.execute(out.delete().where(out.c.template != "extended"))
        conn.execute(update(out).values(lost))
        conn.execute(update(request).values(
            state="refused", ground="unfounded", decided_at=narrow.now.replace(tzinfo=None)
        ))  # fmt: skip
    numbers = numbered("E")
    copied(narrow, request, number=numbers)
    for template in ("extended", "refused"):
        copied(
            narrow, out, request=numbers, dedupe=numbered(template), template=[template] * MANY
        )
    narrow.later(days=100)
    with narrow.begin() as office:
        assert {row["number"] for row in office.list(state="overdue")} >= set(numbers)
        figures = next(each for each in office.figures() if each.property == "sh")
    assert sum(month.late for month in figures.months) >= MANY


def test_many_searches_that_wait_are_asked_together(narrow: Hotel) -> None:
    """After a weekend of erasures with the search stopped all of them wait."""
    with narrow.begin() as office:
        work = office.work
        work.conn.execute(insert(tables.search), [
            {"request": number, "state": sought.WAITING, "scope": "everything",
             "queued_at": work.stamp}
            for number in numbered("E")
        ])  # fmt: skip
        assert residue.ask(work, []).searches == []


def test_many_keys_end_at_once(narrow: Hotel) -> None:
    """A key dies with each closed case, and of each there may be boxes."""
    with narrow.begin() as office:
        work, labels = office.work, numbered("case:E")
        vault.mark_labels(work.conn, labels, work.stamp)
        vault.mark_labels(work.conn, labels, work.stamp)
        assert vault.ending(work.conn) == tuple(sorted(labels))
        assert vault.record(work.conn, labels, work.stamp) == 0
        assert vault.ending(work.conn) == ()


def test_days_are_forgotten_beside_many_living_keys(
    narrow: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was noted of a key that ended stays as long as the key is there, and goes then."""
    labels = numbered("day:E")
    with narrow.begin() as office:
        vault.mark_labels(office.work.conn, [*labels, "day:gone"], office.work.stamp)
        vault.record(office.work.conn, [*labels, "day:gone"], office.work.stamp)
    narrow.later(days=200)
    with narrow.begin() as office:
        monkeypatch.setattr(office.work.custodian, "labels", lambda: frozenset(labels))
        found = select(tables.day.c.label).where(owndata._day(office.work))
        assert list(office.work.conn.execute(found).scalars()) == ["day:gone"]


def test_many_lines_whose_key_is_away_may_be_meant_by_a_name(narrow: Hotel) -> None:
    """All that the register holds under one label may be: nobody can read whose they are."""
    ids = numbered("b")
    with narrow.begin() as office:
        work = office.work
        work.conn.execute(insert(tables.box), [
            {"id": each, "controller": "pine-ltd", "purpose": "retention", "label": "day:away",
             "last_day": "2099-01-01", "payload": b"", "wrapped": b""}
            for each in ids
        ])  # fmt: skip
        work.conn.execute(insert(tables.shelf), [
            {"box": each, "label": "day:away", "property": "sh", "table_name": "lines",
             "room": "", "first_night": "2026-03-09", "last_night": "2026-03-09"}
            for each in ids
        ])  # fmt: skip
        asked = Asked("sh", "Police", "4711", "A1", Basis.POLICE, None, name="Ann Zebrafinch")
        assert shelf.boxes(work, asked, ["lines"]) == sorted(ids)
