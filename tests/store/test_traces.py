"""What an erasure left is told from what it did not reach: nothing goes again each night."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, TypeDecorator, insert, update

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import null, placeholder, redact
from flask_guesterase.store.erasing.finder import erased_before
from flask_guesterase.store.erasing.traces import holding, tells
from tests.store.inn import datamap, erase, host
from tests.store.test_coverage import Salted


class Upper(TypeDecorator[str]):
    """A column the host writes in capitals."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value.upper()


@pytest.mark.parametrize("kind", [String(200), Salted(200), Upper(200)], ids=repr)
@pytest.mark.parametrize("rule", [redact, placeholder, "gone"], ids=repr)
def test_what_is_left_in_a_type_of_the_hosts_is_nobodys(
    database_url: str, kind: Any, rule: Any
) -> None:
    """A sweep finds the rows it did not reach yet, and no other a second time."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("email", kind),
    )  # fmt: skip
    policy = Policy({"name": redact, "email": rule}, subject=Subject(match=["name"]))
    declared = datamap(metadata, {"guests": policy})
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [
                {"id": n, "name": "Ada", "email": email}
                for n, email in enumerate(("ada@post.example", "bo@post.example", None), 1)
            ])
        erase(engine, declared, ("guests", (1,)))
        keys = [(1,), (2,), (3,)]
        with engine.connect() as conn:
            full = holding(conn, declared.declared("guests"), keys, ["email"])
    assert full == {(2,)}


@pytest.mark.parametrize("kind", [String(200), Salted(200), Upper(200)], ids=repr)
@pytest.mark.parametrize("rule", [redact, null, "gone"], ids=repr)
def test_who_is_written_into_a_type_of_the_hosts_is_somebody_again(
    database_url: str, kind: Any, rule: Any
) -> None:
    """A host that encrypts all it knows of its guests has them back as any other has."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", kind)
    )
    policy = Policy({"name": rule}, subject=Subject(match=["name"]))
    declared = datamap(metadata, {"guests": policy})
    ada, bo = ("guests", (1,)), ("guests", (2,))
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), [{"id": n, "name": f"Ada {n}"} for n in (1, 2)])
        erase(engine, declared, ada, bo)
        with engine.begin() as conn:
            for key in ("int:1", "int:2"):
                conn.exec_driver_sql(
                    "INSERT INTO guesterase_subject (request, table_name, row_key, standing, why,"
                    f" erased_at) VALUES ('A-1', 'guests', '{key}', 'taken', 'x', '2026-01-01')"
                )
            assert erased_before(conn, declared, [ada, bo]) == {ada, bo}
            conn.execute(update(guests).where(guests.c.id == 2).values(name="Bo"))
            assert erased_before(conn, declared, [ada, bo]) == {ada}


def test_whether_columns_tell_is_asked_of_one_other_name_of_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A night asks it of each shell and column; a new alias copies every column of the table."""
    people = Table(
        "people", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(40)),
    )  # fmt: skip
    policy = Policy({"name": null}, subject=Subject(match=["name"]))
    declared = datamap(people.metadata, {"people": policy}).declared("people")
    made: list[str] = []
    real = Table.alias

    def alias(table: Table, name: str) -> Any:
        made.append(name)
        return real(table, name)

    monkeypatch.setattr(Table, "alias", alias)

    assert all(tells(declared, ["name"]) for _ in range(3))

    assert len(made) == 1
