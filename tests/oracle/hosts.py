"""Databases that random hosts are built in, one after another, and how many are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, note, seed, settings
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from tests.engines import fresh_database

from . import SEED
from .schemas import worlds
from .world import World

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

Opened = Callable[[], Any]
"""Opens an empty database, as a context manager that gives its connection."""


def drawn(
    cases: int, number: int, opened: Opened, look: Callable[[Connection, World], None]
) -> int:
    """Draw so many worlds, the same ones every time, and look at each; return at how many.

    :param number: by which these worlds differ from those of another run.
    """
    seen = 0

    @seed(SEED + number)
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=QUIET)
    @given(worlds())
    def each(world: World) -> None:
        nonlocal seen
        note(world.describe())
        with opened() as conn:
            look(conn, world)
        seen += 1

    each()
    return seen


@contextmanager
def memory() -> Iterator[Connection]:
    """Open a database of SQLite that is nowhere else."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    with engine.connect() as conn:
        yield conn


@contextmanager
def server(kind: str) -> Iterator[Opened]:
    """Give what opens the database of a server, which is emptied after each use.

    :param kind: postgresql or mariadb.
    """
    with fresh_database(kind) as url:
        engine = create_engine(url, poolclass=NullPool)

        @contextmanager
        def opened() -> Iterator[Connection]:
            with engine.connect() as conn:
                try:
                    yield conn
                finally:
                    conn.rollback()
                    empty(conn)

        yield opened


def empty(conn: Connection) -> None:
    """Drop every table of a server's database."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("DROP SCHEMA public CASCADE")
        conn.exec_driver_sql("CREATE SCHEMA public")
    else:
        conn.exec_driver_sql("SET foreign_key_checks = 0")
        for (name,) in conn.exec_driver_sql("SHOW TABLES").all():
            conn.exec_driver_sql(f"DROP TABLE `{name}`")
        conn.exec_driver_sql("SET foreign_key_checks = 1")
    conn.commit()
