"""A gap stops the erasures of the people who reach it, and of nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    select,
)

from flask_guesterase.core.errors import BlockedError
from flask_guesterase.core.plan import Person
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import exempt, keep, null, redact
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.transaction import transaction
from tests.store.inn import Policies, datamap, draw, erase, host, whole

AINO: Person = ("guests", (1,))
BO: Person = ("guests", (2,))
GUEST = Policy(
    {"name": redact, "email": keep("not in this test"), "room": keep("planning")},
    subject=Subject(match=["name"]),
)
NOTE = Policy({"text": null}, via="guest_id")
RIGHT: Policies = {"guests": GUEST, "notes": NOTE, "rooms": exempt("rooms are nobody")}


def hotel() -> MetaData:
    """Guests in rooms, and notes about them."""
    metadata = MetaData()
    Table("rooms", metadata, Column("number", Integer, primary_key=True, autoincrement=False))
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", String(40)), Column("email", String(40)),
        Column("room", ForeignKey("rooms.number")),
    )
    Table(
        "notes", metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("text", String(40)),
    )
    return metadata


def waits(
    url: str, script: str = "", policies: Policies = RIGHT, metadata: MetaData | None = None
) -> dict[str, list[tuple[str, int]]]:
    """Return who waits, for what and for how many rows; Aino has a note and a room, Bo has not.

    :param script: what makes the gap, run before the rows are put in.
    """
    mapped = metadata or hotel()
    declared = datamap(mapped, policies)
    with host(url, hotel(), script) as engine:
        with engine.begin() as conn:
            conn.execute(insert(mapped.tables["rooms"]), {"number": 7})
            conn.execute(insert(mapped.tables["guests"]), [
                {"id": 1, "name": "Aino", "email": "a@x.org", "room": 7},
                {"id": 2, "name": "Bo", "email": "b@x.org", "room": None},
            ])
            if inspect(conn).has_table("notes"):
                conn.execute(insert(hotel().tables["notes"]), {"id": 1, "guest_id": 1, "text": "x"})
        return {
            person[0] + str(person[1][0]): [(b.table, b.rows) for b in blocks]
            for person in (AINO, BO)
            if (blocks := draw(engine, declared, person).blocked)
        }


def test_without_a_gap_nobody_waits(database_url: str) -> None:
    """A complete map keeps nobody waiting."""
    assert waits(database_url) == {}


def test_a_column_only_the_database_has_is_reached_by_whoever_has_a_row(database_url: str) -> None:
    """The guest with a note waits for the notes' column; the other does not."""
    script = "ALTER TABLE notes ADD COLUMN voice VARCHAR(40)"
    assert waits(database_url, script) == {"guests1": [("notes", 1)]}


def test_a_column_is_a_gap_where_all_others_stay(database_url: str) -> None:
    """A table of which nothing is erased still keeps its people waiting for an unknown column."""
    note = Policy({"text": keep("a template")}, via="guest_id")
    script = "ALTER TABLE notes ADD COLUMN voice VARCHAR(40)"
    policies = {**RIGHT, "notes": note}
    assert waits(database_url, script, policies) == {"guests1": [("notes", 1)]}


@pytest.mark.parametrize("mapped", [True, False])
def test_an_undeclared_child_is_reached_by_whom_it_points_at(
    database_url: str, mapped: bool
) -> None:
    """A table nobody declared, mapped or not, is a gap for the guests its rows point at."""
    full, metadata = hotel(), MetaData()
    for table in full.sorted_tables:
        if mapped or table.name != "notes":
            table.to_metadata(metadata)
    declared = datamap(metadata, {k: p for k, p in RIGHT.items() if k != "notes"})
    with host(database_url, full) as engine:
        with engine.begin() as conn:
            for name, rows in (
                ("guests", [{"id": 1, "name": "Aino"}, {"id": 2, "name": "Bo"}]),
                ("notes", [{"id": n, "guest_id": 1, "text": "x"} for n in (1, 2, 3)]),
            ):
                conn.execute(insert(full.tables[name]), rows)
        (block,) = draw(engine, declared, AINO).blocked
        assert (block.table, block.reason, block.rows) == ("notes", "gap", 3)
        assert "table-uncovered" in block.detail
        assert draw(engine, declared, BO).blocked == ()
        erase(engine, declared, BO)


def test_an_unclassified_table_is_reached_by_who_points_at_it(database_url: str) -> None:
    """What a guest's row names may tell about the guest, until somebody says that it does not."""
    policies = dict(RIGHT)
    del policies["rooms"]
    assert waits(database_url, "", policies) == {"guests1": [("rooms", 1)]}


DOTTED = "(id INTEGER PRIMARY KEY, guest_id INTEGER, FOREIGN KEY (guest_id) REFERENCES guests (id))"


@pytest.mark.parametrize("name", ["log.2024", "a.b.c"])
def test_a_dot_in_the_name_of_an_undeclared_table_stops_nobody(
    database_url: str, name: str
) -> None:
    """It was looked for in a schema of that name, and no erasure of anybody could be drawn."""
    quote = "`" if database_url.startswith(("mysql", "mariadb")) else '"'
    assert waits(database_url, f"CREATE TABLE {quote}{name}{quote} {DOTTED}") == {}


def test_a_dot_in_schema_and_name_of_an_undeclared_table_stops_nobody(postgresql_url: str) -> None:
    """Where a schema that the mapping names holds a table that nobody mapped."""
    script = f'CREATE SCHEMA "s.t";; CREATE TABLE "s.t"."log.2024" {DOTTED}'
    assert waits(postgresql_url, script) == {}


def test_an_unclassified_table_apart_is_reached_by_nobody(database_url: str) -> None:
    """A table without any tie to a guest keeps nobody waiting."""
    assert waits(database_url, "CREATE TABLE weather (day VARCHAR(10))") == {}


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (Policy({"text": null}, via="guest"), {"guests1": [("notes", 1)]}),
        (Policy({"text": null}), {"guests1": [("notes", 1)]}),
    ],
)
def test_rows_whose_owner_nobody_can_tell_are_reached_by_their_key(
    database_url: str, note: Policy, expected: Any
) -> None:
    """A path that leads nowhere does not make the row nobody's: its foreign key tells."""
    assert waits(database_url, "", {**RIGHT, "notes": note}) == expected


def test_rows_without_owner_and_key_keep_everybody_waiting(database_url: str) -> None:
    """Where neither path nor key tells whose rows these are, they may be anybody's."""
    metadata = hotel()
    Table("calls", metadata, Column("id", Integer, primary_key=True), Column("mail", String(40)))
    calls = Policy({"mail": null}, via=Equal({"mial": "email"}, to="guests"))
    script = "CREATE TABLE calls (id INTEGER PRIMARY KEY, mail VARCHAR(40))"
    found = waits(database_url, script, {**RIGHT, "calls": calls}, metadata)
    assert found == {"guests1": [("calls", 0)], "guests2": [("calls", 0)]}


def test_a_missing_table_is_named(database_url: str) -> None:
    """A declared table that is not there keeps everybody waiting, and is named in words."""
    assert waits(database_url, "DROP TABLE notes") == {
        "guests1": [("notes", 0)], "guests2": [("notes", 0)],
    }
    declared = datamap(hotel(), RIGHT)
    with host(database_url, None, "SELECT 1") as engine:
        (block, *_) = draw(engine, declared, AINO).blocked
        assert block.detail == "table-missing notes: The table is declared but not there."
        with transaction(engine) as conn:
            full, found = whole(conn, declared)
            plan = eraser.plan(conn, full, [AINO], found)
            with pytest.raises(BlockedError) as raised:
                eraser.erase(conn, full, plan, found)
    assert raised.value.reasons == ("gap",)


def test_a_table_that_takes_no_savepoint_is_not_read(mariadb_url: str) -> None:
    """Everybody waits, for nobody could go on in a transaction that read it."""
    script = "ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1;; ALTER TABLE notes ENGINE = Aria"
    assert waits(mariadb_url, script) == {
        "guests1": [("notes", 0)], "guests2": [("notes", 0)],
    }


def test_a_missing_column_on_a_path_is_named(database_url: str) -> None:
    """Rows that cannot be looked for keep everybody waiting; the column is named."""
    metadata = hotel()
    metadata.tables["notes"].append_column(Column("stay", Integer))
    note = Policy({"text": null}, via=Equal({"stay": "id"}, to="guests"))
    declared = datamap(metadata, {**RIGHT, "notes": note})
    with host(database_url, hotel()) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), {"id": 1, "name": "Aino"})
        (block, *_) = draw(engine, declared, AINO).blocked
    assert block.detail.startswith("column-missing notes.stay:")


def test_row_security_keeps_everybody_waiting(postgresql_url: str) -> None:
    """Where rows are hidden nobody can say whose they are, so nobody is told that all is gone."""
    declared: DataMap = datamap(hotel(), RIGHT)
    script = "ALTER TABLE notes ENABLE ROW LEVEL SECURITY"
    with host(postgresql_url, hotel(), script) as engine:
        name = "clerk_" + str(engine.url.database)[-12:]
        with engine.begin() as conn:
            conn.exec_driver_sql(f"CREATE ROLE {name}")
            conn.exec_driver_sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
            conn.execute(insert(hotel().tables["guests"]), {"id": 1, "name": "Aino"})
            conn.execute(insert(hotel().tables["notes"]), {"id": 1, "guest_id": 1, "text": "x"})
        with transaction(engine, write=False) as conn:
            conn.exec_driver_sql(f"SET LOCAL ROLE {name}")
            full, found = whole(conn, declared)
            assert conn.scalars(select(hotel().tables["notes"].c.id)).all() == []
            plan = eraser.plan(conn, full, [AINO], found)
        with engine.begin() as conn:
            conn.exec_driver_sql(f"DROP OWNED BY {name}")
            conn.exec_driver_sql(f"DROP ROLE {name}")
    assert [(b.table, b.detail.split()[0]) for b in plan.blocked] == [("notes", "row-security")]


def test_what_is_only_a_warning_keeps_nobody_waiting(postgresql_url: str) -> None:
    """A materialised view over the guests is said, and does not stop anything."""
    assert waits(postgresql_url, "CREATE MATERIALIZED VIEW names AS SELECT name FROM guests") == {}
