"""Guests whose keys are longer in the database than the mapping says are not taken for others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    CHAR,
    Column,
    Connection,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    Table,
    TypeDecorator,
    insert,
    literal_column,
    select,
)

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import null
from flask_guesterase.store.boxes.reading import by_the_host
from flask_guesterase.store.erasing.finder import find, owners
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.transaction import transaction
from tests.store import inn

LIVING, ASKING = "HOTEL-12", "HOTEL-123"


def tables(key: Any) -> MetaData:
    """Return guests and their notes, with a key of this type."""
    metadata = MetaData()
    Table("guests", metadata, Column("code", key, primary_key=True), Column("name", String(40)))
    Table(
        "notes", metadata,
        Column("number", key, primary_key=True),
        Column("guest", ForeignKey("guests.code"), index=True), Column("said", String(40)),
    )  # fmt: skip
    return metadata


def declared(key: Any) -> DataMap:
    """Return the data map of a host whose models give the key this type."""
    return inn.datamap(tables(key), {
        "guests": Policy({"name": null}, subject=Subject(match=["name"], name="name")),
        "notes": Policy({"said": null}, via="guest"),
    })  # fmt: skip


def fill(conn: Connection, metadata: MetaData) -> None:
    """Put in two guests with a note each."""
    guests, notes = metadata.tables["guests"], metadata.tables["notes"]
    conn.execute(insert(guests), [
        {"code": LIVING, "name": "Bea Lund"}, {"code": ASKING, "name": "Ann Berg"},
    ])  # fmt: skip
    conn.execute(insert(notes), [
        {"number": code, "guest": code, "said": "tea"} for code in (LIVING, ASKING)
    ])


@pytest.mark.parametrize("mapped", [String(8), CHAR(8), String()], ids=str)
def test_who_asks_is_erased_and_nobody_whose_key_begins_alike(
    database_url: str, mapped: Any
) -> None:
    """Rows are found and go by the whole key, however short the mapping says that it is."""
    there, host = tables(String(20)), declared(mapped)
    with inn.host(database_url, there) as engine:
        with engine.begin() as conn:
            fill(conn, there)
        asking = ("guests", (ASKING,))
        with transaction(engine, write=False) as conn:
            found = find(conn, host, [asking])
            whose = owners(conn, host, host.tables["notes"], [(ASKING,)])
        assert {name: [row.key for row in rows] for name, rows in found.items()} == {
            "guests": [(ASKING,)], "notes": [(ASKING,)],
        }  # fmt: skip
        assert whose == {(ASKING,): {(asking, 0)}}
        inn.erase(engine, host, asking)
        with engine.connect() as conn:
            guests, notes = there.tables["guests"], there.tables["notes"]
            assert conn.execute(select(guests.c.name).order_by(guests.c.code)).scalars().all() == [
                "Bea Lund", None,
            ]  # fmt: skip
            assert conn.execute(select(notes.c.said).order_by(notes.c.number)).scalars().all() == [
                "tea", None,
            ]  # fmt: skip


class Cut(TypeDecorator[str]):
    """A host's type that looks for no more than eight letters."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cut what is looked for."""
        return value if value is None else value[:8]


def test_rows_that_were_not_asked_for_are_refused(database_url: str) -> None:
    """Whatever changes a key on its way, the row of another guest is planned for nobody."""
    there, host = tables(String(20)), declared(Cut)
    with inn.host(database_url, there) as engine:
        with engine.begin() as conn:
            fill(conn, there)
        with transaction(engine, write=False) as conn:
            assert list(find(conn, host, [("guests", (LIVING,))])) == ["guests", "notes"]
            with pytest.raises(ErasureError, match="guests") as raised:
                find(conn, host, [("guests", (ASKING,))])
        assert LIVING not in str(raised.value)


class Turned(TypeDecorator[str]):
    """A host's type that SQL reads, of fewer letters than its column may hold."""

    impl = String(8)
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        """Write it in front of a dot."""
        return column.concat(literal_column("'.'"))


def test_what_sql_reads_is_read_whole(database_url: str) -> None:
    """A sealed value that is longer than the mapping says is read to its end."""
    with inn.host(database_url) as engine, transaction(engine, write=False) as conn:
        assert by_the_host(Turned(), ASKING, conn) == f"{ASKING}."
