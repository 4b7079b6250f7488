"""How many rows an engine really read, table by table, while something was done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine.cursor import CursorFetchStrategy

_PLANNED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT.*\bSELECT\b)", re.I | re.S)
_SCAN = re.compile(
    r"^(?:SCAN (?!CONSTANT|\()(\w+)(?! VIRTUAL)|SEARCH (\w+) USING AUTOMATIC)"
)

_STATS = """
    SELECT t.relname, t.seq_tup_read + greatest(coalesce(t.idx_tup_fetch, 0), coalesce(
        (SELECT sum(i.idx_tup_read) FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0))
    FROM pg_stat_user_tables t
"""


@contextmanager
def reading(engine: Engine) -> Iterator[Counter[str]]:
    """Yield a counter of table -> rows read by anybody in this database; full after the block.

    PostgreSQL counts rows and index entries, MariaDB rows. SQLite counts nothing: there each
    table that a statement reads from end to end counts with all its rows, by the engine's own
    plan, and "" are steps of its machine, of which each row read takes some.
    """
    read = Counter[str]()
    ways = {"postgresql": _postgresql, "sqlite": _sqlite}
    with ways.get(engine.dialect.name, _mariadb)(engine, read):
        yield read


@contextmanager
def _postgresql(engine: Engine, read: Counter[str]) -> Iterator[None]:
    def flush(conn: Any) -> None:
        raw = conn.connection.dbapi_connection
        # A session tells its counts once a second, unless it is asked to at its next commit.
        if raw.info.transaction_status.name == "INTRANS":
            raw.execute("SELECT pg_stat_force_next_flush()")

    for name in ("commit", "rollback"):
        event.listen(engine, name, flush)
    before = _asked(engine, _STATS)
    try:
        yield
    finally:
        for name in ("commit", "rollback"):
            event.remove(engine, name, flush)
    read.update(_asked(engine, _STATS))
    read.subtract(before)


@contextmanager
def _mariadb(engine: Engine, read: Counter[str]) -> Iterator[None]:
    database = make_url(engine.url).database
    query = (
        "SELECT TABLE_NAME, ROWS_READ FROM information_schema.TABLE_STATISTICS "
        f"WHERE TABLE_SCHEMA = '{database}'"
    )
    with engine.connect() as conn:
        conn.exec_driver_sql("SET GLOBAL userstat = ON")
    before = _asked(engine, query)
    yield
    read.update(_asked(engine, query))
    read.subtract(before)


def _asked(engine: Engine, query: str) -> Counter[str]:
    with engine.connect() as conn:
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            conn.commit()
        found = {name: int(count) for name, count in conn.exec_driver_sql(query)}
    return Counter(found)


@contextmanager
def _sqlite(engine: Engine, read: Counter[str]) -> Iterator[None]:
    plans: dict[str, list[str]] = {}

    def before(
        conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        raw = conn.connection.dbapi_connection
        raw.set_progress_handler(None, 0)
        if _PLANNED.match(statement):
            if statement not in plans:
                plans[statement] = _scanned(raw, statement, parameters[0] if many else parameters)
            for table in plans[statement]:
                (count,) = raw.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                read[table] += count
        raw.set_progress_handler(step, 20)

    def step() -> int:
        read[""] += 20
        return 0

    def put_back(raw: Any, record: Any) -> None:
        raw.set_progress_handler(None, 0)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "checkin", put_back)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "checkin", put_back)


def _scanned(raw: Any, statement: str, parameters: Any) -> list[str]:
    """Return the tables that a statement reads from end to end, by the engine's own plan."""
    known = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = []
    for *_, detail in raw.execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall():
        scan = _SCAN.match(detail)
        if scan is None:
            continue
        name = scan.group(1) or scan.group(2)
        called = re.findall(rf'"?(\w+)"? (?:AS )?"?{re.escape(name)}"?(?!\w)', statement)
        name = next((each for each in [name, *called] if each in known), name)
        if name in known:
            found.append(name)
    return found


@contextmanager
def fetched() -> Iterator[list[int]]:
    """Yield how many rows each fetch brought into this process, from any engine."""
    found: list[int] = []

    def counting(real: Any) -> Any:
        def fetch(*given: Any) -> Any:
            rows = real(*given)
            found.append(len(rows) if isinstance(rows, list) else int(rows is not None))
            return rows

        return fetch

    with pytest.MonkeyPatch.context() as patch:
        for name in ("fetchone", "fetchmany", "fetchall"):
            real = getattr(CursorFetchStrategy, name)
            patch.setattr(CursorFetchStrategy, name, counting(real))
        yield found
