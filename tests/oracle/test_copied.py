"""On random hosts a copy holds every declared and every sealed column of a guest, and no other's.

Whose a column is is worked out by the oracle, which walks rows by hand and shares no code with us.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import Phase, event, given, note, seed, settings
from sqlalchemy import Connection, and_, insert, null, update

from flask_guesterase.core.context import MASK
from flask_guesterase.core.copying import Copy
from flask_guesterase.core.image import Change, Image, Images
from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.payload import encode
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.seal import Terms
from flask_guesterase.core.treatment import overwrite
from flask_guesterase.store import tables as own
from flask_guesterase.store.boxes import boxing
from flask_guesterase.store.casework.cases import Case
from flask_guesterase.store.copying.gathering import gather
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.mapping.raw import reader
from flask_guesterase.store.settings import Property, Settings
from flask_guesterase.store.work import Work

from . import SEED
from .hosts import QUIET, Opened, memory, server
from .oracle import Oracle, _erasing, _paths, _rules
from .schemas import worlds
from .world import Row, Who, World

pytestmark = pytest.mark.timeout(900)

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOTEL = Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh")
CASE = Case(
    "GR-2A3B4C5D", "sh", "pine-ltd", "copy", State.REVIEW, "desk", "en",
    NOW.replace(tzinfo=None), "2026-04-10", 1,
)  # fmt: skip


@pytest.mark.parametrize("cases", [4, pytest.param(60, marks=pytest.mark.long)])
def test_random_hosts_on_sqlite(cases: int) -> None:
    """Everything of the guest, nothing of anybody else."""
    _run(cases, memory)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_random_hosts_on_servers(kind: str) -> None:
    """On real servers too."""
    with server(kind) as opened:
        _run(4, opened)


def _run(cases: int, opened: Opened) -> None:
    with tempfile.TemporaryDirectory() as folder:
        custodian = FolderCustodian(Path(folder) / "keys")
        custodian.create()

        @seed(SEED + 7)
        @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=QUIET,
                  phases=(Phase.explicit, Phase.generate))
        @given(worlds())
        def compare(world: World) -> None:
            note(world.describe())
            with opened() as conn:
                _compare(conn, world, custodian)

        compare()


@dataclass
class Expected:
    """What the oracle says of one guest.

    :param cells: table -> one mapping of column -> value for each row that has any of theirs.
    :param theirs: texts in cells that are only somebody else's.
    """

    cells: dict[str, list[Row]] = field(default_factory=dict)
    theirs: set[str] = field(default_factory=set)


def _compare(conn: Connection, world: World, custodian: FolderCustodian) -> None:
    tables = world.build(conn.dialect.name)
    registry, mappers = world.map()
    try:
        datamap = resolve(world.policies.items(), tables.values(), mappers)
        world.metadata.create_all(conn)
        own.metadata.create_all(conn)
        world.fill(conn, tables)
        work = Work(conn, NOW, Settings({"sh": HOTEL}), datamap, custodian, lambda *_: False)
        for people in world.requests[:1]:
            oracle = Oracle(world)
            expected = _expected(oracle, people)
            _seal(conn, work, datamap, oracle, people)
            copy, _ = gather(work, CASE, people)
            _same(copy, expected, world)
    finally:
        if registry is not None:
            registry.dispose()


def _expected(oracle: Oracle, people: list[Who]) -> Expected:
    result, mine = Expected(), set[str]()
    for name, rows in oracle.rows.items():
        policy = oracle.world.policies[name]
        if not oracle.world.specs[name].key:
            # Rows that are what they hold are one when they hold the same.
            rows = [row for at, row in enumerate(rows) if row not in rows[:at]]
        for row in rows:
            free = _free(oracle, name, row, people) if isinstance(policy, Policy) else set()
            if free:
                result.cells.setdefault(name, []).append({c: row[c] for c in free})
            # What stands within a document of theirs is theirs too.
            mine |= {str(v) for c, v in row.items() if c in free and v is not None}
            result.theirs |= {
                v for c, v in row.items() if c not in free and isinstance(v, str) and len(v) > 5
            }
    result.theirs = {v for v in result.theirs if not any(v in other for other in mine)}
    return result


def _free(oracle: Oracle, name: str, row: Row, people: list[Who]) -> set[str]:
    """Return the declared columns of a row that are these people's."""
    policy, spec = oracle.world.policies[name], oracle.world.specs[name]
    assert isinstance(policy, Policy)
    found = oracle._found(name, row, set(people))
    if not found.mine:
        return set()
    declared = {spec.field(column).name for column in policy.columns}
    if policy.rows is not overwrite:
        # Where whole rows go no column needs a rule.
        carried = {c for ref in spec.refs for c in ref.columns}
        declared |= {f.name for f in spec.fields} - carried - set(spec.key)
    declared |= _telling(oracle.world, name)
    if not found.others:
        return declared
    if not isinstance(policy.via, Mapping):
        return set()
    listed = [{spec.field(c).name for c in columns} for columns in policy.via.values()]
    living = {path for _, path in found.others}
    alone = set().union(*(listed[path] for path in {p for _, p in found.mine} - living))
    return set(alone - set().union(*(listed[path] for path in living)))


def _telling(world: World, name: str) -> set[str]:
    """Return the columns of a text key that say who somebody is, which no rule can be given."""
    policy, spec = world.policies[name], world.specs[name]
    assert isinstance(policy, Policy)
    found = set[str]()
    if policy.subject is not None:
        found |= {spec.field(str(each)).name for each in policy.subject.match}
    ways = {tuple(via.split(".")[:1]) if isinstance(via, str) else via for via in _paths(policy)}
    for ref in spec.refs:
        parent = world.policies[ref.table]
        if ref.columns in ways and isinstance(parent, Policy):
            gone = _erasing(_rules(world.specs[ref.table], parent))
            found |= {a for a, b in zip(ref.columns, ref.targets, strict=True) if b in gone}
    return {c for c in found & set(spec.key) if spec.field(c).kind == "text"}


def _seal(
    conn: Connection, work: Work, datamap: DataMap, oracle: Oracle, people: list[Who]
) -> None:
    """Take a nullable value of the guest out of its row and into a box, here and there."""
    dice = random.Random(len(datamap.tables))
    for name, rows in oracle.rows.items():
        spec, declared = oracle.world.specs[name], datamap.tables.get(name)
        carried = {c for ref in spec.refs for c in ref.columns} | {"copied", "role"}
        carried |= _targets(oracle.world, name)
        carried |= {name for f in spec.fields if f.of for name in (f.name, f.of)}
        for row in rows if declared is not None and spec.key else ():
            assert declared is not None
            names = [
                c for c in sorted(_free(oracle, name, row, people))
                if spec.field(c).nullable and row[c] is not None and c not in carried
            ]  # fmt: skip
            key = tuple(row[c] for c in spec.key)
            if not names or dice.random() < 0.4:
                continue
            cells = reader(conn, declared, None).read([key], [*names, *spec.key])[key]
            # As an erasure writes it: some keys cannot be read back from their text.
            told, lost = cells[len(names) :], cells[: len(names)]
            image = Image(name, told, Change.OVERWRITTEN, lost, 0)
            payload = encode(Images(conn.dialect.name, "", (image,)))
            (box,) = boxing.put(
                conn, work.custodian,
                [boxing.Item(payload, Terms("pine-ltd", "retention", "2027-01-01"))], work.today,
            )  # fmt: skip
            conn.execute(insert(own.kept).values(
                controller="pine-ltd", property="sh", table_name=name, row_key=key_text(key),
                columns="[]", category="guest_register", mode="sealed", box=box,
                until="2027-01-01", open="", rule="", basis="Article 1", grade="A", facts="{}",
                since=work.stamp,
            ))  # fmt: skip
            table = declared.table
            at = {c.name: c for c in table.c}
            conn.execute(update(table).where(and_(*(at[c] == row[c] for c in spec.key))).values(
                {at[c].key: null() for c in names}
            ))  # fmt: skip
            event("sealed")


def _targets(world: World, name: str) -> set[str]:
    """Return the columns by whose copies rows elsewhere find their owner."""
    policies = (p for p in world.policies.values() if isinstance(p, Policy))
    ways = [via for policy in policies for via in _paths(policy) if isinstance(via, Equal)]
    named = {column for via in ways if via.to == name for column in via.columns.values()}
    return {world.specs[name].field(column).name for column in named}


def _same(copy: Copy, expected: Expected, world: World) -> None:
    held = {part.table: part.records for part in copy.parts}
    for name, rows in expected.cells.items():
        records = list(held.pop(name, ()))
        assert len(records) == len(rows), name
        for row in rows:
            fits = [r for r in records if _fits(world, name, row, r.values)]
            assert fits, f"{name}: nothing in the copy says {row}"
            records.remove(fits[0])
    assert held == {}
    said = copy.to_json()
    assert [value for value in sorted(expected.theirs) if value in said] == []


def _fits(world: World, name: str, row: Row, values: Mapping[str, str | None]) -> bool:
    if set(values) != set(row):
        return False
    for column, value in row.items():
        text, kind = values[column], world.specs[name].field(column).kind
        if (value is None) != (text is None) and value not in ({}, []):
            return False
        if text is not None and MASK not in text and kind in ("text", "int") and text != str(value):
            return False
    return True
