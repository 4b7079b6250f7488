"""Boxes in real tables: sealed in bulk, opened, forgotten in steps that can be resumed."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import create_engine, func, select, update

from flask_guesterase.core.errors import KeyMissingError, SealError, UnknownError
from flask_guesterase.core.seal import Box, Terms, open_box
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import boxing, vault
from flask_guesterase.store.boxes.boxing import Item
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction
from tests import engines

NOW = datetime(2026, 11, 24, 10, 0)
TODAY = "2026-11-24"


@pytest.fixture
def keeper(tmp_path):
    custodian = FolderCustodian(tmp_path / "keys")
    custodian.create()
    return custodian


@pytest.fixture
def engine(database_url):
    found = create_engine(database_url)
    engines.build(found, tables.metadata)
    yield found
    found.dispose()


def items(count=3, day="2026-12-01", label="", purpose="recovery", request="E-1"):
    terms = Terms("hotel-a", purpose, day, label)
    return [Item(f"row {n} of {day}".encode(), terms, request) for n in range(count)]


def put(engine, keeper, things, today=TODAY):
    with transaction(engine) as conn:
        return boxing.put(conn, keeper, things, today)


def forget(engine, keeper, today, stop_after=3):
    """Run the steps of forgetting, each in its transaction, and stop after some of them."""
    with transaction(engine) as conn:
        labels = vault.mark(conn, today, NOW, keeper.labels())
    if stop_after < 2:
        return 0
    vault.destroy(keeper, labels)
    if stop_after < 3:
        return 0
    with transaction(engine) as conn:
        return vault.record(conn, labels, NOW)


def count_open(engine):
    with transaction(engine, write=False) as conn:
        return conn.execute(
            select(func.count()).select_from(tables.box).where(tables.box.c.payload.is_not(None))
        ).scalar_one()


def test_boxes_open_in_order(engine, keeper):
    """What was put in bulk is opened in the order of the identifiers, by a fresh custodian."""
    ids = put(engine, keeper, items(1200))
    with transaction(engine, write=False) as conn:
        found = vault.unseal(conn, FolderCustodian(keeper.path), ids[::-1])
        assert found == [item.payload for item in items(1200)][::-1]
        assert vault.of_request(conn, "E-1") == sorted(ids)
        assert vault.of_request(conn, "E-1", "retention") == []
        assert vault.of_request(conn, "E-2") == []
        with pytest.raises(UnknownError):
            vault.fetch(conn, ["b" + "0" * 32])
        raw = conn.execute(select(tables.box.c.payload)).scalars().all()
    assert not any(b"row " in payload for payload in raw)


def test_nothing_to_put(engine, keeper):
    """Putting nothing touches neither tables nor keys."""
    assert put(engine, keeper, []) == []
    assert keeper.labels() == frozenset()


def test_keys_are_there_before_the_commit(engine, keeper):
    """The key of a box exists while its transaction is open, and ends by its day after a
    rollback."""

    def failing():
        with transaction(engine) as conn:
            boxing.put(conn, keeper, items(), TODAY)
            assert keeper.labels() == {"day:2026-12-01"}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert count_open(engine) == 0
    forget(engine, keeper, "2026-12-02")
    assert keeper.labels() == frozenset()


def test_forgetting_ends_a_day_and_no_other(engine, keeper):
    """The day after the last day its boxes are gone, bytes included, and others still open."""
    gone, stay = (put(engine, keeper, items(day=day)) for day in ("2026-12-01", "2026-12-02"))
    assert forget(engine, keeper, "2026-12-01") == 0
    assert forget(engine, keeper, "2026-12-02") == 3
    with transaction(engine, write=False) as conn:
        for box_id in gone:
            with pytest.raises(KeyMissingError, match="forgotten"):
                vault.unseal(conn, keeper, [box_id])
        assert len(vault.unseal(conn, keeper, stay)) == 3
        rows = conn.execute(select(tables.box).where(tables.box.c.id.in_(gone))).all()
        assert all(row.wrapped is None and row.payload is None for row in rows)
        assert {row.forgotten_at for row in rows} == {NOW}
    assert keeper.labels() == {"day:2026-12-02"}
    assert forget(engine, keeper, "2026-12-02") == 0


@pytest.mark.parametrize("stop_after", [1, 2])
def test_forgetting_is_finished_after_a_crash(engine, keeper, stop_after):
    """Killed after marking or after destroying, the next run ends what was begun."""
    ids = put(engine, keeper, items())
    forget(engine, keeper, "2026-12-02", stop_after)
    assert count_open(engine) == 3
    if stop_after == 1:
        with transaction(engine, write=False) as conn:
            assert len(vault.unseal(conn, keeper, ids)) == 3
    assert forget(engine, keeper, "2026-12-02") == 3
    assert count_open(engine) == 0


def test_a_crash_before_the_mark_is_committed_destroys_nothing(engine, keeper):
    """When marking is rolled back, every key and box is as before."""
    ids = put(engine, keeper, items())

    def failing():
        with transaction(engine) as conn:
            assert vault.mark(conn, "2026-12-02", NOW) == ("day:2026-12-01",)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with transaction(engine, write=False) as conn:
        assert vault.ending(conn) == ()
        assert len(vault.unseal(conn, keeper, ids)) == 3


def test_nothing_is_sealed_under_a_key_that_ends(engine, keeper):
    """Neither a day that is over nor a label that is being forgotten takes a new box."""
    with pytest.raises(SealError):
        put(engine, keeper, items(day="2026-11-23"))
    with transaction(engine) as conn:
        vault.mark_labels(conn, ["day:2026-12-01"], NOW)
    with pytest.raises(SealError):
        put(engine, keeper, items())
    forget(engine, keeper, TODAY)
    with pytest.raises(SealError):
        put(engine, keeper, items())
    assert keeper.labels() == frozenset()


def test_a_hold_outlives_its_day(engine, keeper):
    """A box put under a hold opens after its day, and ends when the hold is lifted."""
    held, other = put(engine, keeper, items(2))
    with transaction(engine) as conn:
        vault.rewrap(conn, keeper, [held], "hold:h1")
    assert forget(engine, keeper, "2026-12-02") == 1
    with transaction(engine) as conn:
        assert vault.unseal(conn, keeper, [held]) == [b"row 0 of 2026-12-01"]
        with pytest.raises(KeyMissingError):
            vault.unseal(conn, keeper, [other])
        assert vault.expire(conn, "2027-01-01", NOW) == 0
        vault.mark_labels(conn, ["hold:h1"], NOW)
    assert forget(engine, keeper, "2026-12-02") == 1
    with transaction(engine, write=False) as conn, pytest.raises(KeyMissingError):
        vault.unseal(conn, keeper, [held])


def test_intake_lives_a_day_longer_than_its_name(engine, keeper):
    """What came in before midnight can be worked on after it."""
    keeper.ensure("intake:2026-11-24")
    forget(engine, keeper, "2026-11-25")
    assert keeper.labels() == {"intake:2026-11-24"}
    forget(engine, keeper, "2026-11-26")
    assert keeper.labels() == frozenset()


def test_a_box_of_an_open_case_ends_without_its_key(engine, keeper):
    """A box under the key of a case is emptied on its day; the key goes on until the case ends."""
    ids = put(engine, keeper, items(label="case:E-1"))
    assert forget(engine, keeper, "2026-12-02") == 0
    with transaction(engine) as conn:
        assert vault.expire(conn, "2026-12-01", NOW) == 0
        assert vault.expire(conn, "2026-12-02", NOW) == 3
        with pytest.raises(KeyMissingError):
            vault.fetch(conn, ids)
    assert keeper.labels() == {"case:E-1"}


def test_single_boxes_can_be_emptied(engine, keeper):
    """One box is emptied before its day; the rest of the day is untouched."""
    ids = put(engine, keeper, items())
    with transaction(engine) as conn:
        assert vault.empty(conn, ids[:1], NOW) == 1
        assert vault.empty(conn, ids[:1], NOW) == 0
        assert vault.empty(conn, [], NOW) == 0
        assert len(vault.unseal(conn, keeper, ids[1:])) == 2
        with pytest.raises(KeyMissingError):
            vault.fetch(conn, ids[:1])


def test_rows_that_changed_places_do_not_open(engine, keeper):
    """Somebody who exchanges payloads in the database is noticed when a box is opened."""
    one, two = put(engine, keeper, items(2))
    with transaction(engine) as conn:
        boxes = vault.fetch(conn, [one, two])
        conn.execute(
            update(tables.box).where(tables.box.c.id == one).values(payload=boxes[1].payload)
        )
        with pytest.raises(SealError, match="not as it was sealed"):
            vault.unseal(conn, keeper, [one])


def test_lines_hold_every_living_box(engine, keeper):
    """An export has a line for every box that can still be opened, and each opens from it."""
    ids = put(engine, keeper, items())
    with transaction(engine) as conn:
        vault.empty(conn, ids[:1], NOW)
        exported = [Box.from_json(line) for line in vault.lines(conn)]
    assert [box.id for box in exported] == sorted(ids[1:])
    assert open_box(exported[0], keeper).startswith(b"row ")


def test_recording_nothing_changes_nothing(engine, keeper):
    """No label, no change."""
    put(engine, keeper, items())
    with transaction(engine) as conn:
        assert vault.record(conn, [], NOW) == 0
    assert count_open(engine) == 3
