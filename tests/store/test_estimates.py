"""PostgreSQL is told how many rows a sweep has put into tables of ours that it took for empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, create_engine, insert, text

from flask_guesterase.store import tables
from flask_guesterase.store.statements.estimates import learn
from tests.engines import build

SUBJECT = tables.subject


def shells(first: int, last: int) -> list[dict[str, object]]:
    """Return the rows that tell of so many erased guests."""
    return [
        {
            "request": "expired", "table_name": "guests", "row_key": f"int:{id}",
            "standing": "taken", "why": "expired", "erased_at": datetime(2026, 3, 10),
        }
        for id in range(first, last)
    ]  # fmt: skip


def way(conn: Connection) -> str:
    """Return how ten of the guests are looked for."""
    keys = [f"int:{id}" for id in range(5_000, 5_010)]
    asked = f"SELECT id FROM {SUBJECT.name} WHERE table_name = 'guests' AND row_key = ANY (%s)"
    return "\n".join(line for (line,) in conn.exec_driver_sql(f"EXPLAIN {asked}", (keys,)))


def test_a_table_is_counted_again_when_it_has_doubled(postgresql_url: str) -> None:
    """Until then, guests are looked for by reading all of their table's; afterwards by key."""
    engine = create_engine(postgresql_url)
    build(engine, tables.metadata)
    with engine.begin() as conn:
        # Nobody else counts while this test looks.
        conn.execute(text(f"ALTER TABLE {SUBJECT.name} SET (autovacuum_enabled = off)"))
        conn.execute(insert(SUBJECT), shells(0, 300))
    with engine.begin() as conn:
        assert SUBJECT.name in learn(conn)
    with engine.begin() as conn:
        assert SUBJECT.name not in learn(conn)
        conn.execute(insert(SUBJECT), shells(300, 6_000))
    with engine.begin() as conn:
        assert SUBJECT.name in learn(conn)
        found = way(conn)
        assert "row_key" in found.partition("Index Cond")[2].partition("Filter")[0], found
    engine.dispose()


def test_the_other_engines_need_no_telling(sqlite_url: str) -> None:
    """Nothing is sent to them."""
    engine = create_engine(sqlite_url)
    build(engine, tables.metadata)
    with engine.begin() as conn:
        conn.execute(insert(SUBJECT), shells(0, 10))
        assert learn(conn) == []
    engine.dispose()
