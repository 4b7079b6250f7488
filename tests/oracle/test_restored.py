"""On random hosts an erasure that is taken back leaves the database as it was, byte for byte."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Interval, insert

from flask_guesterase.core.image import Images
from flask_guesterase.core.payload import decode, encode, keys_in
from flask_guesterase.core.plan import Key, Plan, key_text
from flask_guesterase.store import tables as own
from flask_guesterase.store.checking import live
from flask_guesterase.store.erasing.eraser import erase, plan
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.mapping.hostkeys import keys_told
from flask_guesterase.store.recovery.refusal import Fate, Old
from flask_guesterase.store.recovery.together import put_back

from .dump import assert_same, dump
from .hosts import drawn, memory, server
from .world import World

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize(
    ("number", "cases"), [(0, 12), *(pytest.param(n, 150, marks=pytest.mark.long) for n in (1, 2))]
)
def test_what_was_erased_comes_back_on_sqlite(number: int, cases: int) -> None:
    """Erase, then take back: the dump of the whole schema is the one from before."""
    assert drawn(cases, number, memory, there_and_back) >= cases


@pytest.mark.parametrize("cases", [4, pytest.param(50, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_what_was_erased_comes_back_on_servers(kind: str, cases: int) -> None:
    """The same on real servers."""
    with server(kind) as opened:
        assert drawn(cases, 3, opened, there_and_back) >= cases


def there_and_back(conn: Connection, world: World) -> None:
    """Carry out the requests of a world one by one, then take them back, the last one first."""
    tables = world.build(conn.dialect.name)
    registry, mappers = world.map()
    try:
        datamap = resolve(world.policies.items(), tables.values(), mappers)
        if conn.dialect.name == "sqlite" and world.enforced:
            conn.exec_driver_sql("PRAGMA foreign_keys = ON")
        world.metadata.create_all(conn)
        own.metadata.create_all(conn, [own.subject, own.kept])
        world.fill(conn, tables)
        conn.commit()
        schema, done = live.read(conn), []
        for number, people in enumerate(world.requests):
            before = dump(conn)
            drawn = plan(conn, datamap, people, schema)
            if drawn.blocked:
                continue
            images = erase(conn, datamap, drawn, schema).images
            done.append((before, number, encode(Images(schema.dialect, "", tuple(images)))))
            assert_told(conn, datamap, drawn, done[-1][2])
            for table, key in people:
                conn.execute(insert(own.subject).values(
                    request=f"R{number}", table_name=table, row_key=key_text(key),
                    standing="taken", why="match",
                ))
            conn.commit()
        for before, number, payload in reversed(done):
            old = [Old(image, f"b{number}") for image in reversed(decode(payload).rows)]
            if conn.dialect.name == "sqlite":
                # Its driver begins with the first write, too late for foreign keys to wait.
                conn.exec_driver_sql("BEGIN")
            back = put_back(conn, datamap, schema, old)
            conn.commit()
            assert_same(before, dump(conn))
            # A row that was empty anyway, or equal to its mask, is as before already.
            assert {each.fate for each in back} <= {Fate.RESTORED, Fate.ALREADY}
            assert len(back) == len(old)
    finally:
        if registry is not None:
            registry.dispose()


def assert_told(conn: Connection, datamap: DataMap, drawn: Plan, payload: bytes) -> None:
    """Assert that a box tells of the rows whose images it holds, by the keys of the host."""
    planned: dict[str, set[Key]] = {}
    for step in drawn.changing():
        planned.setdefault(step.decision.table, set()).update(row.key for row in step.rows)
    for table, columns, rows in keys_in(payload):
        declared = datamap.declared(table)
        unread = any(isinstance(c.type, Interval) for c in declared.key)
        if declared.keyed and not (unread and conn.dialect.name == "postgresql"):
            told = list(keys_told(declared, columns, rows, conn.dialect))
            assert len(told) == len(rows)
            assert set(told) <= planned[table], table
