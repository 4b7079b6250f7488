"""On random hosts nothing left tells which values the erased people had, and nothing else moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import assume, given, note, seed, settings
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.store import tables as own
from flask_guesterase.store.mapping.datamap import resolve

from . import SEED
from .hosts import QUIET
from .oracle import Oracle
from .schemas import worlds
from .twin import twin_run
from .world import World

pytestmark = pytest.mark.timeout(900)

CASES, FEW = 60, 20
"""How many twins the long run draws at once, and how many the short one."""


@pytest.mark.parametrize(
    ("number", "cases"),
    [(0, FEW), *(pytest.param(number, CASES, marks=pytest.mark.long) for number in (0, 1))],
)
def test_random_twins_are_equal_once_erased(number: int, cases: int) -> None:
    """Two hosts that differ in what is erased are byte for byte equal after the erasure."""
    differed = []

    @seed(SEED + number)
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=QUIET)
    @given(worlds())
    def compare(world: World) -> None:
        assume(world.requests)
        people = world.requests[0]
        assume(not Oracle(world).plan(people)[1])
        note(world.describe())
        with _pair(world) as (first, second, datamap):
            run = twin_run(first, second, datamap, people, spared=_links(world))
            differed.append(bool(run.varied))

    compare()
    assert sum(differed) > cases / 2, "too few of these twins differed at all"


@contextmanager
def _pair(world: World) -> Iterator[tuple[Connection, Connection, Any]]:
    """Two databases with the same rows, and the data map."""
    tables = world.build("sqlite")
    registry, mappers = world.map()
    first, second = (create_engine("sqlite://", poolclass=NullPool).connect() for _ in range(2))
    try:
        world.metadata.create_all(first)
        own.metadata.create_all(first, [own.subject, own.kept])
        world.fill(first, tables)
        first.commit()
        raw: Any = first.connection.dbapi_connection
        raw.backup(second.connection.dbapi_connection)
        first.rollback()
        yield first, second, resolve(world.policies.items(), tables.values(), mappers)
    finally:
        first.close()
        second.close()
        if registry is not None:
            registry.dispose()


def _links(world: World) -> set[str]:
    """Columns the twins agree in: what links rows without a foreign key, and who counts."""
    found = {f"{name}.role" for name in world.specs}
    for name, policy in world.policies.items():
        vias = policy.via if isinstance(policy, Policy) else None
        for via in vias if isinstance(vias, list | dict) else [vias]:
            if isinstance(via, Equal):
                found |= {f"{name}.{world.specs[name].field(n).name}" for n in via.columns}
                there = world.specs[via.to]
                found |= {f"{via.to}.{there.field(n).name}" for n in via.columns.values()}
    return found
