"""On random hosts whose tables lie in two or three databases, plan and result are the oracle's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, note, seed, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, Table, create_engine, event, insert
from sqlalchemy.pool import NullPool, StaticPool

from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Policy
from flask_guesterase.store import tables as own
from flask_guesterase.store.checking import live
from flask_guesterase.store.erasing.eraser import erase, left_of, plan
from flask_guesterase.store.mapping.crossing import Binds, Crossing
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.transaction import transaction
from tests.engines import fresh_database

from . import SEED
from .dump import assert_same, dump
from .hosts import QUIET, empty
from .oracle import Oracle
from .schemas import worlds
from .test_random import _differences, _fill_in, _steps, _twins
from .world import Who, World, put

pytestmark = pytest.mark.timeout(900)

NAMES = ("", "b1", "b2")

FEW = "too few of these hosts lay in several databases"


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
def test_random_hosts_over_sqlite_databases(number: int) -> None:
    """Two or three SQLite databases: plan and every database are as the oracle says."""
    cases = 100 if number else 6
    assert _run(cases, number, ["sqlite"] * 3) > cases / 3, FEW


@pytest.mark.long
@pytest.mark.parametrize(("kinds", "cases"), [
    (("postgresql", "sqlite"), 40),
    (("mariadb", "postgresql", "sqlite"), 40),
    (("postgresql", "mariadb", "sqlite"), 40),
], ids=["postgresql", "mariadb", "postgresql+mariadb"])  # fmt: skip
def test_random_hosts_over_servers(kinds: Sequence[str], cases: int) -> None:
    """PostgreSQL, MariaDB and SQLite side by side, each as the default one: the same."""
    assert _run(cases, 7, kinds) > cases / 3, FEW


def _run(cases: int, number: int, kinds: Sequence[str]) -> int:
    """Compare on random hosts; return how many of them lay in several databases."""
    spread: list[int] = []
    with ExitStack() as stack:
        engines = [stack.enter_context(_engine(kind)) for kind in kinds]

        @seed(SEED + number)
        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=QUIET)
        @given(worlds(), st.lists(st.integers(0, len(kinds) - 1), min_size=12, max_size=12))
        def compare(world: World, spots: list[int]) -> None:
            places = _places(world, spots)
            note(f"{places}\n{world.describe()}")
            assume(len(set(places.values())) > 1)
            spread.append(1)
            try:
                _compare(world, places, engines)
            finally:
                for engine in engines:
                    _clear(engine)

        compare()
    return len(spread)


@contextmanager
def _engine(kind: str) -> Iterator[Engine]:
    if kind == "sqlite":
        engine = create_engine("sqlite://", poolclass=StaticPool)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys = ON"))
        yield engine
        engine.dispose()
        return
    with fresh_database(kind) as url:
        yield create_engine(url, poolclass=NullPool)


def _clear(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        engine.dispose()
        return
    with engine.connect() as conn:
        empty(conn)


def _places(world: World, spots: list[int]) -> dict[str, str]:
    """Choose where each table lies; what a vendor's own select joins lies in one place."""
    places = {name: NAMES[spot] for name, spot in zip(world.specs, spots, strict=False)}
    for _ in world.specs:
        for name, policy in world.policies.items():
            vias = policy.via if isinstance(policy, Policy) else None
            for via in vias if isinstance(vias, list | dict) else [vias]:
                for step in getattr(via, "steps", ()):
                    places[name] = places[step.table] = min(places[name], places[step.table])
    return places


def _compare(world: World, places: Mapping[str, str], engines: Sequence[Engine]) -> None:
    others = dict(zip(NAMES[1:], engines[1:], strict=False))
    away = {name: place for name, place in places.items() if place}
    away |= {f"twin_{name}": place for name, place in away.items()}
    binds = Binds(others, away)
    tables = world.build(engines[0].dialect.name)
    registry, mappers = world.map()
    try:
        datamap = resolve(world.policies.items(), tables.values(), mappers)
        with _opened(engines[0], binds) as conn:
            own.metadata.create_all(conn, [own.subject, own.kept])
            for name in NAMES[: len(engines)]:
                _make(world, places, name, conn)
            world.fill(conn, tables)
            twins = _twin_tables(world, tables, conn)
        oracle = Oracle(world)
        for number, people in enumerate(world.requests):
            with _opened(engines[0], binds) as conn:
                _request(conn, datamap, oracle, people, number)
                _fill_in(conn, world, oracle, tables)
                _same(conn, world, oracle, twins, places)
    finally:
        if registry is not None:
            registry.dispose()


@contextmanager
def _opened(engine: Engine, binds: Binds) -> Iterator[Crossing]:
    with transaction(engine, True, binds) as conn:
        assert isinstance(conn, Crossing)
        for name in binds.engines:
            conn.write(name)
        yield conn


def _make(world: World, places: Mapping[str, str], place: str, conn: Crossing) -> None:
    """Create the tables of one database; no foreign key leads out of it."""
    specs = {
        name: replace(spec, refs=tuple(r for r in spec.refs if places[r.table] == place))
        for name, spec in world.specs.items() if places[name] == place
    }
    part = World(specs, {}, {}, [])
    part.build(conn.at(place).dialect.name)
    part.metadata.create_all(conn.at(place))


def _twin_tables(world: World, tables: Mapping[str, Table], conn: Crossing) -> MetaData:
    made = MetaData()
    for place in NAMES:
        here = {n: t for n, t in tables.items() if conn.binds.of(n) == place}
        if not here:
            continue
        for table in _twins(conn.at(place), world, here).tables.values():
            table.to_metadata(made)
    return made


def _request(
    conn: Crossing, datamap: DataMap, oracle: Oracle, people: list[Who], number: int
) -> None:
    steps, dangling = oracle.plan(people)
    known = live.read(conn) if number == 0 else None
    drawn = plan(conn, datamap, people, known)
    assert not (found := _differences(_steps(drawn), steps)), found
    blocked = {(b.table, b.reason, b.rows) for b in drawn.blocked}
    assert blocked == {(table, "referenced", rows) for table, rows in dangling}, blocked
    if dangling:
        return
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


def _same(
    conn: Crossing, world: World, oracle: Oracle, twins: MetaData, places: Mapping[str, str]
) -> None:
    for name, rows in oracle.rows.items():
        conn.execute(twins.tables[f"twin_{name}"].delete())
        put(conn, twins.tables[f"twin_{name}"], rows)
    for place in set(places.values()):
        whole = dump(conn.at(place))
        mine = [name for name in world.specs if places[name] == place]
        actual = {name: whole[name] for name in mine}
        expected: Any = {
            name: type(each)(each.columns, actual[name].key, each.lines)
            for name in mine for each in [whole[f"twin_{name}"]]
        }
        assert_same(expected, actual)
