"""A host's other driver of PostgreSQL: what the server answers means the same by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError

from flask_guesterase.core.errors import (
    BusyError,
    ErasureError,
    FullError,
    GuesteraseError,
    RetryableError,
    SetupError,
)
from flask_guesterase.store.recovery.refusal import Fate, reason
from flask_guesterase.store.statements.failure import checked, is_missing, translated


@pytest.fixture
def engine(postgresql_url: str) -> Iterator[Engine]:
    """An engine by psycopg2 to an empty database."""
    made = create_engine(make_url(postgresql_url).set(drivername="postgresql+psycopg2"))
    yield made
    made.dispose()


def refused(engine: Engine, statement: str) -> DBAPIError:
    """Return what is raised for a statement."""
    with engine.connect() as conn, pytest.raises(DBAPIError) as raised:
        conn.exec_driver_sql(statement)
    return raised.value


def test_a_state_means_the_same(engine: Engine) -> None:
    """Who met another is to try again, who waits is told for what; neither server is away."""
    meant: list[tuple[str, type[GuesteraseError], str]] = [
        ("55P03", BusyError, "holds the rows"),
        ("40001", RetryableError, "met at the same rows"),
        ("40P01", RetryableError, "met at the same rows"),
        ("42501", SetupError, "does not let this account"),
        ("42P01", SetupError, "not in the database"),
        ("53100", FullError, "is full"),
        ("38000", ErasureError, "refused a statement"),
    ]
    for state, kind, words in meant:
        told = translated(refused(engine, f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))
        assert type(told) is kind, state
        assert words in told.message, state
        assert kind is not ErasureError or state in told.message


def test_what_is_not_there_is_seen(engine: Engine) -> None:
    """A table that is not there is no broken connection."""
    assert is_missing(refused(engine, "SELECT 1 FROM nowhere"))


def test_a_refused_row_tells_why(engine: Engine) -> None:
    """The condition that refused a row is named, and why one cannot be put back."""
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE rooms (id int UNIQUE CONSTRAINT few CHECK (id < 9))")
        conn.exec_driver_sql("INSERT INTO rooms VALUES (1)")
    assert checked(refused(engine, "INSERT INTO rooms VALUES (9)")) == "few"
    assert reason(refused(engine, "INSERT INTO rooms VALUES (1)")) is Fate.UNIQUE
