"""One connection for a whole run on SQLite: who wrote is told of others, not of ourselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from flask_guesterase.core.errors import BusyError, ErasureError
from flask_guesterase.store.statements.connection import one
from flask_guesterase.store.sweeping.room import Room
from flask_guesterase.store.transaction import transaction
from tests.store.crowd import GUESTS, NEW, Crowd
from tests.store.test_room import write

POOLS: dict[str, dict[str, Any]] = {
    "none": {"poolclass": NullPool},
    "several": {"poolclass": QueuePool, "pool_size": 3},
    "a single one": {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": 0},
}


@pytest.fixture
def url(sqlite_url: str, tmp_path: Path) -> str:
    """A hotel with one guest."""
    made = Crowd(sqlite_url, tmp_path)
    made.build()
    made.fill(range(1, 2), NEW)
    made.engine.dispose()
    return made.url


@pytest.fixture(params=POOLS)
def engine(request: pytest.FixtureRequest, url: str) -> Iterator[Engine]:
    """An engine of a host; each connection its pool may keep was in use once."""
    made = create_engine(url, **POOLS[request.param])
    with ExitStack() as opened:
        for _ in range(getattr(made.pool, "size", lambda: 0)()):
            opened.enter_context(made.connect())
    yield made
    made.dispose()


def unit(engine: Engine, found: Room, word: str = "") -> None:
    """Do what a unit of a sweep does: look who wrote, and write."""
    with transaction(engine) as conn:
        found.look(conn)
        conn.execute(GUESTS.update().where(GUESTS.c.id == 1).values(name=word))


def test_what_we_wrote_is_ours_and_what_the_host_wrote_is_seen(engine: Engine, url: str) -> None:
    """Whatever pool the host has: several connections handed round, or a new one each time."""
    host, found = create_engine(url), Room()
    with one(engine):
        for number in range(4):
            unit(engine, found, str(number))
            assert not found.shared()
        write(host, "host")
        unit(engine, found)
        assert found.shared()
    host.dispose()


def test_without_it_a_pool_makes_our_own_writes_somebody_elses(url: str) -> None:
    """Why it is needed."""
    made, found = create_engine(url, **POOLS["several"]), Room()
    with made.connect(), made.connect():
        pass
    for number in range(4):
        unit(made, found, str(number))
    assert found.shared()
    made.dispose()


def test_the_host_has_as_many_connections_as_before(engine: Engine) -> None:
    """Ours is none of the pool's, not even of a pool that has but one."""
    with one(engine):
        unit(engine, Room(), "ours")
        with engine.connect() as conn:
            assert conn.execute(select(GUESTS.c.name)).scalar() == "ours"


def test_the_host_has_set_it_up_as_any_other(url: str) -> None:
    """A key of the file's, foreign keys, functions: what a listener of the host's does."""
    made, opened, closed = create_engine(url, poolclass=NullPool), [], []
    event.listen(made, "connect", lambda raw, record: opened.append(id(raw)))
    event.listen(made, "close_detached", lambda raw: closed.append(id(raw)))
    with one(made):
        for _ in range(3):
            unit(made, Room())
        assert (len(opened), closed) == (1, [])
    assert closed == opened
    made.dispose()


def test_a_transaction_within_another_has_a_connection_of_its_own(url: str) -> None:
    """As without it: what the outer one wrote is not yet there for it."""
    made = create_engine(url, poolclass=NullPool)
    with one(made), transaction(made) as outer:
        outer.execute(GUESTS.update().values(name="pending"))
        with transaction(made, write=False) as inner:
            assert inner is not outer
            assert inner.execute(select(GUESTS.c.name)).scalar() == "Guest 1"
    made.dispose()


def test_a_failure_leaves_nothing_open(engine: Engine) -> None:
    """The next transaction begins as on any other connection."""

    def half() -> None:
        with transaction(engine) as conn:
            conn.execute(GUESTS.update().values(name="half"))
            conn.execute(GUESTS.update().values(seen=1))

    with one(engine):
        with pytest.raises(ErasureError):
            half()
        with transaction(engine, write=False) as conn:
            assert conn.execute(select(GUESTS.c.name)).scalar() == "Guest 1"


def test_a_connection_that_was_given_up_is_not_taken_again(url: str) -> None:
    """A driver that says a connection is dead is believed; the pool gives another."""
    made = create_engine(url, poolclass=NullPool)
    with one(made):
        with transaction(made, write=False) as conn:
            first = conn.connection.dbapi_connection
            conn.invalidate()
        for _ in range(2):
            with transaction(made) as conn:
                assert conn.connection.dbapi_connection is not first
                conn.execute(GUESTS.update().values(name="after"))
        with transaction(made, write=False) as conn:
            assert conn.execute(select(GUESTS.c.name)).scalar() == "after"
    made.dispose()


def test_another_thread_has_its_own(url: str) -> None:
    """SQLite's driver refuses a connection of another thread's."""
    made, seen = create_engine(url, poolclass=NullPool), []

    def elsewhere() -> None:
        with transaction(made) as conn:
            seen.append(conn.connection.dbapi_connection)

    with one(made):
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
        with transaction(made) as conn:
            seen.append(conn.connection.dbapi_connection)
    assert len(set(map(id, seen))) == 2
    made.dispose()


def test_one_within_another_is_the_outer_one(url: str) -> None:
    """A sweep does a round of the worker's; its connection outlives it."""
    made, seen = create_engine(url, poolclass=NullPool), []
    with one(made):
        for _ in range(2):
            with one(made), transaction(made) as conn:
                seen.append(conn.connection.dbapi_connection)
    assert seen[0] is seen[1]
    made.dispose()


def test_where_there_is_but_one_connection_for_everybody_it_stays_the_hosts(url: str) -> None:
    """Taking it away would lose a database that lives in memory."""
    made = create_engine(url, poolclass=StaticPool)
    with one(made), made.connect() as hosts:
        hosts.execute(GUESTS.update().values(name="pending"))
        with pytest.raises(BusyError, match="shares one connection"), transaction(made):
            raise AssertionError("the host has something pending")
    made.dispose()


def test_a_pool_that_has_none_left_is_asked_again_by_each_transaction(url: str) -> None:
    """A run begins all the same, and says what was missing."""
    made = create_engine(url, **POOLS["a single one"])
    with made.connect() as hosts:
        with one(made):
            with pytest.raises(BusyError, match="No database connection"), transaction(made):
                raise AssertionError("the host has the only one")
            hosts.close()
            unit(made, Room(), "later")
        assert made.connect().execute(select(GUESTS.c.name)).scalar() == "later"
    made.dispose()
