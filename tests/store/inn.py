"""A small host made for one test: its tables, its policies, and the way an erasure runs on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.orm import Mapper

from flask_guesterase.core.plan import Person, Plan
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import Exempt
from flask_guesterase.store import tables as own
from flask_guesterase.store.checking import live
from flask_guesterase.store.checking.coverage import coverage
from flask_guesterase.store.checking.drift import drift
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.erasing.taking import Erased
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.transaction import transaction

Policies = Mapping[Any, Policy | Exempt]


def datamap(
    metadata: MetaData, policies: Policies, mappers: Iterable[Mapper[Any]] = ()
) -> DataMap:
    """Resolve policies against tables, with what the mapping leaves open."""
    return resolve(policies.items(), metadata.tables.values(), mappers, coverage)


@contextmanager
def host(url: str, metadata: MetaData | None = None, script: str = "") -> Iterator[Engine]:
    """Create tables from metadata, then run a script; foreign keys are enforced.

    :param script: statements separated by ";;".
    """
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _enforce)
    try:
        with engine.begin() as conn:
            own.metadata.create_all(conn, [own.subject, own.kept])
            if metadata is not None:
                metadata.create_all(conn)
            run(conn, script)
        yield engine
    finally:
        engine.dispose()


def _enforce(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA foreign_keys = ON")


def run(conn: Connection, script: str) -> None:
    """Run statements separated by ";;"."""
    doubled = conn.dialect.name != "sqlite"
    for statement in script.split(";;"):
        if statement.strip():
            conn.exec_driver_sql(statement.replace("%", "%%") if doubled else statement)


def whole(conn: Connection, declared: DataMap) -> tuple[DataMap, live.LiveSchema]:
    """Return the data map with what the live database adds, and the live database."""
    found = live.read(conn, schemas=declared.schemas())
    return declared.with_findings(drift(declared, found)), found


def draw(engine: Engine, declared: DataMap, *people: Person) -> Plan:
    """Draw a plan the way the office does; nothing is changed."""
    with transaction(engine, write=False) as conn:
        full, found = whole(conn, declared)
        return eraser.plan(conn, full, people, found)


def erase(engine: Engine, declared: DataMap, *people: Person) -> Erased:
    """Erase people the way the office does: plan and execution in one transaction."""
    with transaction(engine) as conn:
        full, found = whole(conn, declared)
        plan = eraser.plan(conn, full, people, found)
        assert not plan.blocked, plan.blocked
        return eraser.erase(conn, full, plan, found)


def remains(engine: Engine, declared: DataMap, *people: Person) -> list[str]:
    """Return the tables in which something of these people is left."""
    with transaction(engine, write=False) as conn:
        full, found = whole(conn, declared)
        plan = eraser.plan(conn, full, people, found)
        return [block.table for block in eraser.left_of(conn, full, plan, found)]
