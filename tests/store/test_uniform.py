"""How rows are filled is the same whether one table is asked or many at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, event

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.erasing import uniform
from flask_guesterase.store.mapping.raw import reader
from flask_guesterase.store.transaction import transaction
from tests import engines
from tests.store.inn import datamap, host, run
from tests.store.test_raw import MARIADB, POSTGRESQL, SQLITE, literal

TYPES = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mariadb": MARIADB}


def filled(conn: Connection, kind: str) -> list[uniform.Asked]:
    """Make a table of each type the engine has, with its values, twice the first; ask of all."""
    policies, metadata, keys = {}, MetaData(), {}
    for number, (type_, values) in enumerate(TYPES[kind].items()):
        name, rows = f"t{number}", [*values, values[0]]
        more = ", w VARCHAR(9)" if number % 2 else ""
        run(conn, f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, v {type_}{more})")
        for id, value in enumerate(rows, 1):
            run(conn, f"INSERT INTO {name} (id, v) VALUES ({id}, {literal(kind, value)})")
        run(conn, f"INSERT INTO {name} (id) VALUES (0)")
        columns = [Column("id", Integer, primary_key=True), Column("v", String)]
        Table(name, metadata, *columns, *([Column("w", String)] if more else []))
        policies[name] = Policy({}, subject=Subject(match=["id"]))
        keys[name] = [(id,) for id in range(len(rows) + 1)], ["v", "w"] if more else ["v"]
    found, declared = read(conn), datamap(metadata, policies)
    return [
        (reader(conn, declared.declared(name), found), *wanted) for name, wanted in keys.items()
    ]


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_many_tables_say_what_each_says(kind: str) -> None:
    """Of every type, NULL among them, to the letter; and in one statement but for raw bytes."""
    with (
        engines.fresh_database(kind) as url, host(url) as engine, transaction(engine) as conn
    ):
        asked = filled(conn, kind)
        each = [reads.alike(keys, names) for reads, keys, names in asked]
        seen: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *more: Any) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        told = uniform.filled(conn, asked)
    assert [sorted(ways, key=repr) for ways in told] == [sorted(ways, key=repr) for ways in each]
    assert all(sum(many for _, many in ways) == len(keys) for ways, (_, keys, _) in zip(
        told, asked, strict=True
    ))  # fmt: skip
    assert len(seen) < len(asked) / 2
