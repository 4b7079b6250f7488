"""What is done to a connection from outside: cut, crossed with another one, its disk filled."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pymysql
from sqlalchemy import create_engine, make_url, text

_address: dict[str, str] = {}


def at(url: str) -> None:
    """Say where the database of this process is."""
    _address["url"] = url


def _other() -> Any:
    """Open another connection to it, past every hook."""
    url = make_url(_address["url"])
    if url.get_backend_name() == "postgresql":
        return psycopg.connect(
            host=url.host, port=url.port, user=url.username, password=url.password,
            dbname=url.database, autocommit=True,
        )  # fmt: skip
    return pymysql.connect(
        host=url.host, port=url.port or 3306, user=url.username, password=url.password or "",
        database=url.database, autocommit=True,
    )  # fmt: skip


def cut(raw: Any) -> None:
    """End the session of a connection at the server, as a fallen network does."""
    with _other() as other, other.cursor() as cursor:
        if isinstance(raw, psycopg.Connection):
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (raw.info.backend_pid,))
        else:
            cursor.execute(f"KILL CONNECTION {raw.thread_id()}")


def fill(raw: Any) -> None:
    """Let the disk of an SQLite database be full from now on, for this connection."""
    assert isinstance(raw, sqlite3.Connection)
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")


def lift(raw: Any) -> None:
    """Let there be room again."""
    raw.execute("PRAGMA max_page_count = 1073741823")


def deadlock(raw: Any) -> None:
    """Let another transaction hold what this one wants next, and want what this one holds.

    This one has the row of the request, and goes on to the head of the journal. The other one has
    done more, so that the engine ends this one.
    """
    postgresql = isinstance(raw, psycopg.Connection)
    holds = threading.Event()

    def cross() -> None:
        with _other() as other, other.cursor() as cursor:
            if postgresql:
                # It never looks for the circle itself, so that this one is who finds it.
                cursor.execute("SET deadlock_timeout = '60s'")
            cursor.execute("BEGIN")
            # MariaDB ends who has written less.
            cursor.execute("UPDATE guesterase_entry SET request = NULL")
            cursor.execute("UPDATE guesterase_node SET hash = ''")
            if not postgresql:
                cursor.execute(
                    "INSERT INTO guesterase_attempt (action, mark, at) "
                    "SELECT 'crossing', seq, NOW() FROM seq_1_to_1000"
                )
            cursor.execute("SELECT * FROM guesterase_tree FOR UPDATE")
            holds.set()
            with suppress(psycopg.Error, pymysql.Error):
                cursor.execute("SELECT * FROM guesterase_request FOR UPDATE")
            cursor.execute("ROLLBACK")

    threading.Thread(target=cross, daemon=True).start()
    assert holds.wait(10)
    time.sleep(0.2)  # until the other one waits: either way the two meet


@contextmanager
def held(url: str, table: str) -> Iterator[None]:
    """Hold every row of a table, as somebody's forgotten transaction does."""
    engine = create_engine(url)
    try:
        with engine.connect() as conn:
            if engine.dialect.name == "sqlite":
                conn.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                conn.execute(text(f"SELECT * FROM {table} FOR UPDATE")).all()
            yield
            conn.rollback()
    finally:
        engine.dispose()
