"""The generated hotel is the same every time, and both sides leave the same rows in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy import select, text

from benchmarks import compare, loop
from benchmarks.byhand import FORMS, Hand
from benchmarks.estate import built, engine_of, held_of
from benchmarks.rows import FIRST_DAY, Shape, part
from benchmarks.schema import DELETED, MASKED, Base
from flask_guesterase.store import tables
from tests.engines import DEEP, fresh_database

SMALL = Shape(200, 0.5, 2, scattered=True)


@pytest.mark.parametrize("scattered", [False, True])
def test_the_same_shape_gives_the_same_rows(scattered: bool) -> None:
    shape = Shape(300, 0.5, 3, scattered)
    days = shape.day_of()
    assert days == Shape(300, 0.5, 3, scattered).day_of()
    assert [days.count(day) for day in (-1, 0, 1, 2)] == [150, 50, 50, 50]
    one, other = (dict(part(range(1, 301), days)) for _ in range(2))
    assert one == other
    assert {len(rows) > 0 for rows in one.values()} == {True}
    assert len(one["reservations"]) == 300 * 8 // 5
    shared = {row["reservation_id"] for row in one["stays"] if row["id"] % 2}
    assert len(shared) > 20
    keys = [(name, row["id"]) for name, rows in one.items() for row in rows]
    assert len(keys) == len(set(keys))


def test_due_guests_lie_in_key_order_or_all_over() -> None:
    """The first fifth of the keys holds all of the first day's guests, or about a fifth."""
    low = {scattered: sum(
        id <= 200 for id in Shape(1000, 0.2, 1, scattered).due_on(0)
    ) for scattered in (False, True)}  # fmt: skip
    assert low[False] == 200
    assert 20 < low[True] < 70


@pytest.fixture(params=DEEP)
def pair(request: pytest.FixtureRequest) -> Iterator[compare.Sides]:
    """The small hotel twice on each engine."""
    with compare.sides(request.param, SMALL, durable=False) as found:
        yield found


def test_both_sides_leave_the_same_rows(pair: compare.Sides) -> None:
    """Sweep, single erasure, every form by hand and the naive loop end in the same hotel."""
    before = compare.prints(pair.engine)
    assert before == compare.prints(pair.estate.engine)
    found = compare.compare(pair, singles=4, looped=1)
    after = compare.prints(pair.engine)
    assert {name for name, mark in after.items() if mark != before[name]} == {*DELETED, *MASKED}
    assert all(after[name][0] < before[name][0] for name in DELETED)
    assert all(after[name][0] == before[name][0] for name in MASKED)
    assert set(found.single) == {"ours", *FORMS[pair.hand.sql.name]}
    # Neither side is the one that did nothing: every due guest is gone, or something stood by.
    with pair.engine.connect() as conn:
        guest = Base.metadata.tables["guests"].c
        gone = set(conn.execute(select(guest.id).where(guest.email.is_(None))).scalars())
        boxes = conn.execute(text("SELECT count(*) FROM hand_vault")).scalar_one()
    due = {id for day in (0, 1) for id in SMALL.due_on(day)}
    assert set(held_of(SMALL)) <= due - gone
    assert 80 < len(due & gone) < 100
    assert boxes > 0
    with pair.estate.engine.connect() as conn:
        assert conn.execute(select(tables.box.c.id)).all()


def test_a_difference_between_the_sides_is_noticed() -> None:
    with compare.sides("sqlite", Shape(20, 0.5), durable=False) as found:
        before = compare.totals(found.engine)
        compare.equal(found, before)
        with found.engine.begin() as conn:
            conn.execute(text("UPDATE messages SET body = 'x' WHERE id = 2"))
        with pytest.raises(RuntimeError, match="messages"):
            compare.equal(found, before)


@pytest.mark.parametrize("kind", DEEP)
def test_each_form_by_hand_does_every_service(kind: str) -> None:
    """Boxes open with the key, leaves are as many as guests, held and blocked guests stay."""
    shape = Shape(120, 1.0, len(FORMS[kind]), scattered=True)
    with fresh_database(kind) as url:
        built(url, shape)
        engine = engine_of(url)
        hand = Hand(engine, held_of(shape))
        since, erased = FIRST_DAY - timedelta(days=3650), 0
        for day, form in enumerate(FORMS[kind]):
            until = FIRST_DAY + timedelta(days=day)
            done = list(hand.sweep(since, until, cycle([form])))
            since = until + timedelta(days=1)
            assert {batch.form for batch in done} == {form}
            erased += sum(batch.guests for batch in done)
            wrote = hand.sql.all("SELECT guest_id, box FROM hand_vault ORDER BY id DESC")
            guest, box = wrote[0]
            opened = hand.key.decrypt(
                bytes(box[:12]), bytes(box[12:]), b"fir|%d|2026-03-17" % guest
            )
            assert opened.count(b'"_"') >= 10
            hand.sql.raw.rollback()
        with engine.connect() as conn:
            left = set(conn.execute(
                text("SELECT id FROM guests WHERE email IS NOT NULL")
            ).scalars())  # fmt: skip
        blocked = {id for id in range(1, 121) if id % 211 == 3 or id % 307 == 5}
        assert left == blocked | set(held_of(shape))
        assert erased == 120 - len(left)
        hand.sql.close()
        engine.dispose()


def test_the_naive_loop_erases() -> None:
    with fresh_database("sqlite") as url:
        built(url, Shape(10))
        engine = engine_of(url)
        loop.erase(engine, [4])
        with engine.connect() as conn:
            for table in DELETED:
                rows = conn.execute(text(f"SELECT count(*) FROM {table} WHERE guest_id = 4"))
                assert rows.scalar_one() == 0
            assert conn.execute(text("SELECT name FROM guests WHERE id = 4")).scalar() == "[erased]"
        engine.dispose()
