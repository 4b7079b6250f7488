"""Erasing a guest reads that guest's rows, however many others there are, or were before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, make_url

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables, worker
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining.vouching import NO_FACTS
from flask_guesterase.store.sweeping import looking
from tests import engines
from tests.store.crowd import GUESTS, NEW, OLD, Crowd
from tests.store.meter import reading

LONG = pytest.mark.long
HUGE = (pytest.mark.huge, pytest.mark.timeout(3000))
SIZES = [
    ("sqlite", 100, 1_000, 20),
    # Of a table of which it wants a twentieth PostgreSQL reads the whole, because that is cheaper.
    ("postgresql", 1_500, 6_000, 10),
    pytest.param("mariadb", 1_000, 10_000, 20, marks=LONG),
    pytest.param("sqlite", 10_000, 100_000, 500, marks=LONG),
    pytest.param("postgresql", 20_000, 200_000, 500, marks=LONG),
    pytest.param("mariadb", 10_000, 100_000, 500, marks=LONG),
    pytest.param("sqlite", 10_000, 1_000_000, 500, marks=HUGE),
    pytest.param("postgresql", 20_000, 1_000_000, 500, marks=HUGE),
    pytest.param("mariadb", 10_000, 1_000_000, 500, marks=HUGE),
]
"""Engine, living guests of a small and of a big hotel, and how many guests are due in both."""
YEARS = [
    ("sqlite", 360, 10),
    # Each look passes over the last thousand numbers again: little a guest when many are due.
    pytest.param("postgresql", 8_000, 160, marks=LONG),
    pytest.param("mariadb", 8_000, 160, marks=LONG),
]
"""Engine, living guests, and how many are due before and after as many as live went."""
WHOLE = {"guesterase_pulse": 40, "guesterase_subject": 40}
"""Rows that are read for a guest at most of a table of ours that was (nearly) empty before: a
server reads it whole while it takes a page or few, once a batch, and a batch's size follows the
clock. What it holds are the guests of this sweep, never the hotel's."""


@contextmanager
def hotel(
    kind: str, folder: Path, living: int, due: int, quick: bool = False
) -> Iterator[Crowd]:
    """Yield a hotel in which so many live and so many are due.

    :param quick: have PostgreSQL plan for a disk that reads anywhere as fast as in a row, so that
        tables need not be as large before it is cheaper not to read them whole.
    """
    folder.mkdir()
    with engines.fresh_database(kind) as url:
        if quick and kind == "postgresql":
            name = make_url(url).database
            _say(url, f'ALTER DATABASE "{name}" SET random_page_cost = 1.1')
        made = Crowd(url, folder)
        try:
            made.build()
            made.confirmed()
            made.fill(range(1, living + 1), NEW)
            # What is new in a table is looked at once, by the sweep that follows.
            looking.look(made.run)
            made.fill(range(living + 1, living + due + 1), OLD)
            made.analyse()
            yield made
        finally:
            made.engine.dispose()


def _say(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(statement)
    engine.dispose()


def swept(made: Crowd) -> Counter[str]:
    """Erase whose time is over; return the rows read for one of them."""
    before = made.count(GUESTS, GUESTS.c.email.is_(None))
    with reading(made.engine) as read:
        done = expiry.expire(made.run)
    many = made.count(GUESTS, GUESTS.c.email.is_(None)) - before
    assert done["people"] == many > 0, done
    return Counter({name: count // many for name, count in read.items()})


def asked(made: Crowd) -> Counter[str]:
    """Erase a guest who asks; return the rows read for it."""
    last = made.count(GUESTS)
    ask = {"email": f"g{last}@mail.example"}
    number = made.run(lambda office: office.request(ask, property="sh", by="clerk"))
    made.run(lambda office: office.confirm(number, "clerk", "desk"))
    made.run(lambda office: office.approve(number, "officer", office.preview(number).digest))
    # A table with one row nobody counted yet is read this way or that.
    made.analyse()
    with reading(made.engine) as read:
        made.run(lambda office: office.erase(number))
    assert last not in made.there()
    return read


def assert_same(small: Counter[str], big: Counter[str]) -> None:
    """Assert that a guest of the big hotel cost as many rows of each table as one of the small."""
    # A higher tree has a row more; SQLite's steps also tell how many guests shared a batch.
    slack = {name: 1.3 if not name else 1.15 for name in big}
    least = small | Counter(WHOLE)
    more = {
        name: (small[name], big[name])
        for name in big
        if big[name] > least[name] * slack[name] + 6
    }
    assert not more, more


@pytest.mark.parametrize(("kind", "few", "many", "due"), SIZES)
def test_a_guest_costs_as_many_rows_in_a_big_hotel(
    kind: str, few: int, many: int, due: int, tmp_path: Path
) -> None:
    """In a batch of a sweep, and by a request: rows read per guest do not grow with the hotel."""
    found = {}
    for living in (few, many):
        with hotel(kind, tmp_path / str(living), living, due) as made:
            found[living] = asked(made), swept(made)
    for small, big in zip(found[few], found[many], strict=True):
        assert_same(small, big)


@pytest.mark.parametrize(("kind", "living", "due"), YEARS)
def test_a_guest_costs_as_many_rows_after_years_of_sweeps(
    kind: str, living: int, due: int, tmp_path: Path
) -> None:
    """What is remembered of others who went is not read again for each who goes."""
    with hotel(kind, tmp_path / "hotel", living, due, quick=True) as made:
        first = swept(made)
        made.fill(range(100_000, 100_000 + living), OLD)
        swept(made)
        made.fill(range(200_000, 200_000 + due), OLD)
        made.analyse()
        last = swept(made)
    assert_same(first, last)


SEALED = [
    ("sqlite", 100, 3_000, False),
    ("sqlite", 100, 3_000, True),
    ("postgresql", 1_000, 8_000, True),
    pytest.param("mariadb", 1_000, 8_000, True, marks=LONG),
    pytest.param("sqlite", 1_000, 60_000, False, marks=LONG),
    pytest.param("postgresql", 4_000, 60_000, True, marks=LONG),
]
"""Engine, sealed lines of a small and of a big hotel, and whether the engine counted its rows."""


def seal(made: Crowd, count: int) -> None:
    """Put sealed lines in whose days are to come, with boxes as large as they are in practice."""
    stamp = made.now.replace(tzinfo=None)
    boxes, lines = [], []
    for n in range(count):
        day = (stamp.date() + timedelta(days=30 + n % 900)).isoformat()
        boxes.append({
            "id": f"b{n:032x}", "controller": "fir", "purpose": "retention", "label": f"day:{day}",
            "last_day": day, "wrapped": bytes(60), "payload": bytes(2_800), "request": f"E-{n}",
        })
        lines.append({
            "controller": "fir", "property": "sh", "table_name": "guests", "columns": "[]",
            "row_key": f"int:{10**6 + n}", "category": "register", "mode": "sealed", "open": "",
            "box": f"b{n:032x}", "request": f"E-{n}", "until": day, "rule": "", "basis": "",
            "grade": "A", "facts": NO_FACTS, "since": stamp,
        })  # fmt: skip
    with made.engine.begin() as conn:
        conn.execute(insert(tables.box), boxes)
        conn.execute(insert(tables.kept), lines)


@pytest.mark.parametrize(("kind", "few", "many", "counted"), SEALED)
def test_a_round_reads_as_much_however_much_is_sealed(
    kind: str, few: int, many: int, counted: bool, tmp_path: Path
) -> None:
    """What is sealed until another day is not read each minute; a hold is lifted and one stands."""
    found = {}
    for count in (few, many):
        with hotel(kind, tmp_path / str(count), 20, 0) as made:
            seal(made, count)
            for id, lifted in ((1, True), (2, False)):
                made.run(partial(_held, id, lifted))
            if counted:
                made.analyse()
            report = worker.work(made.run, lambda *_: ("", ""), {})
            with reading(made.engine) as read:
                again = worker.work(made.run, lambda *_: ("", ""), {})
            assert (report.problems, again.problems) == ({}, {})
            found[count] = read
    assert_same(found[few], found[many])


def _held(guest: int, lifted: bool, office: Office) -> None:
    id = office.place_hold(Wanted("subject", "court-order", "guests", str(guest)), "officer")
    for who in ("officer", "second") if lifted else ():
        office.lift(id, who)
