"""On random hosts the plan and the result equal those of an oracle that walks rows by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import currently_in_test_context, event
from sqlalchemy import Column, Connection, MetaData, Table, insert, select

from flask_guesterase.core.plan import Plan, key_text
from flask_guesterase.store import tables as own
from flask_guesterase.store.checking import live
from flask_guesterase.store.erasing.eraser import erase, left_of, plan
from flask_guesterase.store.mapping.datamap import DataMap, resolve

from .dump import assert_same, dump
from .hosts import drawn, memory, server
from .oracle import Expected, Invented, Oracle
from .world import Field, Row, Who, World, put

# Shrinking a failure may take five minutes.
pytestmark = pytest.mark.timeout(900)

SHARDS, CASES, ON_SERVERS = 10, 50, 50
"""500 cases on SQLite and 50 on each server; 20 and 8 in the short run."""

_PARTS = [(0, 20), *(pytest.param(number, CASES, marks=pytest.mark.long)
                    for number in range(SHARDS))]  # fmt: skip


@pytest.mark.parametrize(("number", "cases"), _PARTS)
def test_random_hosts_on_sqlite(number: int, cases: int) -> None:
    """On random hosts plan and database are the oracle's, over the whole schema."""
    assert drawn(cases, number, memory, compare_requests) >= cases


@pytest.mark.parametrize("cases", [8, pytest.param(ON_SERVERS, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_random_hosts_on_servers(kind: str, cases: int) -> None:
    """On random hosts plan and database are the oracle's, on real servers too."""
    with server(kind) as opened:
        assert drawn(cases, SHARDS, opened, compare_requests) >= cases


def compare_requests(conn: Connection, world: World) -> None:
    """Carry out the requests of one world and compare after each of them."""
    tables = world.build(conn.dialect.name)
    registry, mappers = world.map()
    try:
        datamap = resolve(world.policies.items(), tables.values(), mappers)
        assert not datamap.findings, datamap.findings
        if conn.dialect.name == "sqlite" and world.enforced:
            conn.exec_driver_sql("PRAGMA foreign_keys = ON")
        world.metadata.create_all(conn)
        own.metadata.create_all(conn, [own.subject, own.kept])
        world.fill(conn, tables)
        twins = _twins(conn, world, tables)
        conn.commit()
        oracle = Oracle(world)
        for number, people in enumerate(world.requests):
            _request(conn, world, datamap, oracle, people, number)
            _fill_in(conn, world, oracle, tables)
            _same(conn, world, oracle, twins)
    finally:
        if registry is not None:
            registry.dispose()


def _request(
    conn: Connection, world: World, datamap: DataMap, oracle: Oracle, people: list[Who],
    number: int,
) -> None:
    steps, dangling = oracle.plan(people)
    known = live.read(conn) if number == 0 else None
    drawn = plan(conn, datamap, people, known)
    assert not (found := _differences(_steps(drawn), steps)), found
    blocked = {(b.table, b.reason, b.rows) for b in drawn.blocked}
    assert blocked == {(table, "referenced", rows) for table, rows in dangling}, blocked
    if dangling:
        _tell("blocked")
        return
    _tell("erased, rows shared" if any(s.rows[0].others for s in drawn.steps) else "erased")
    erase(conn, datamap, drawn, known)
    again = plan(conn, datamap, people, known)
    left = {block.table for block in left_of(conn, datamap, again, known)}
    oracle.erase(people)
    sure, perhaps = oracle.left(people)
    assert sure <= left <= perhaps, left
    for table, key in people:
        conn.execute(insert(own.subject).values(
            request=f"R{number}", table_name=table, row_key=key_text(key), standing="taken",
            why="match", erased_at=dt.datetime(2024, 3, 1),
        ))
    conn.commit()


def _tell(what: str) -> None:
    if currently_in_test_context():
        event(what)


def _steps(drawn: Plan) -> Expected:
    found: Expected = {}
    for step in drawn.steps:
        d = step.decision
        rules = tuple(word.partition(":")[0] for word in d.rules)
        rows = found.setdefault((d.table, d.outcome.value, d.columns, rules, d.ground), set())
        rows |= {
            (r.key, frozenset(w for w, _ in r.owners), frozenset(w for w, _ in r.others))
            for r in step.rows
        }
    return found


def _differences(drawn: Expected, expected: Expected) -> str:
    lines = []
    for step in sorted({*drawn, *expected}):
        ours, theirs = drawn.get(step, set()), expected.get(step, set())
        lines += [f"only we: {step} {row}" for row in ours - theirs]
        lines += [f"only the oracle: {step} {row}" for row in theirs - ours]
    return "\n".join(lines)


def _fill_in(
    conn: Connection, world: World, oracle: Oracle, tables: Mapping[str, Table]
) -> None:
    """Put the random values that were written in the place of those the oracle left open."""
    for name, rows in oracle.rows.items():
        if not any(isinstance(v, Invented) for row in rows for v in row.values()):
            continue
        columns = list(tables[name].c)
        actual = [
            dict(zip((c.name for c in columns), line, strict=True))
            for line in conn.execute(select(*columns))
        ]
        for row in rows:
            fits = [a for a in actual if _fits(world, name, row, a)]
            assert fits, f"{name}: no row is as the oracle expects {row}"
            actual.remove(fits[0])
            oracle.invented |= {fits[0][k] for k, v in row.items() if isinstance(v, Invented)}
            row.update(fits[0])
        _unlike(world, name, rows)


def _fits(world: World, name: str, row: Row, actual: Row) -> bool:
    return all(
        _invented(one, row[one.name], actual[one.name])
        if isinstance(row[one.name], Invented) else row[one.name] == actual[one.name]
        for one in world.specs[name].fields
    )


def _invented(one: Field, wanted: Invented, there: Any) -> bool:
    """Whether a value may be the random one that was written: new, short enough, unmailable."""
    if there is None or there == wanted.old:
        return False
    if not isinstance(there, str):
        return True
    short = one.length is None or len(there) <= one.length
    return short and (not wanted.mail or there.endswith("@erased.invalid"))


def _unlike(world: World, name: str, rows: list[Row]) -> None:
    """Assert that random values of one column never meet (rows that were one row aside)."""
    for one in world.specs[name].fields:
        policy = world.policies[name]
        rule: Any = getattr(policy, "columns", {})
        word = type(rule.get(one.name, rule.get(one.attribute))).__name__
        if word == "Placeholder" and world.specs[name].key:
            made = [v for r in rows if str(v := r[one.name]).startswith("erased-")]
            assert len(set(made)) == len(made), f"{name}.{one.name}: {made}"


def _twins(conn: Connection, world: World, tables: Mapping[str, Table]) -> MetaData:
    """Make a second set of tables, without constraints, for the rows the oracle expects."""
    metadata = MetaData()
    for name, table in tables.items():
        Table(f"twin_{name}", metadata, *(
            Column(c.name, c.type, nullable=True) for c in table.c
        ))
    metadata.create_all(conn)
    return metadata


def _same(conn: Connection, world: World, oracle: Oracle, twins: MetaData) -> None:
    """Compare the whole schema with the oracle's rows, in the engine's own text."""
    for name, rows in oracle.rows.items():
        conn.execute(twins.tables[f"twin_{name}"].delete())
        put(conn, twins.tables[f"twin_{name}"], rows)
    conn.commit()
    whole = dump(conn)
    actual = {name: whole[name] for name in world.specs}
    expected = {
        name: type(each)(each.columns, actual[name].key, each.lines)
        for name in world.specs for each in [whole[f"twin_{name}"]]
    }
    assert_same(expected, actual)
