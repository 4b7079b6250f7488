"""Keys of the host's own types, told from what an image keeps of them."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Time,
    TypeDecorator,
    Uuid,
    insert,
    select,
)
from sqlalchemy.dialects import mysql, postgresql

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep
from flask_guesterase.store.checking import live
from flask_guesterase.store.mapping.hostkeys import keys_told
from flask_guesterase.store.mapping.raw import reader
from tests.owntypes import Numbered, Packed
from tests.store import inn


class Tier(enum.Enum):
    """What the host's own class of few values is."""

    GOLD = "g"
    NONE = "n"


class Guid(TypeDecorator[uuid.UUID]):
    """The UUID of SQLAlchemy's own recipe: the engine's where it has one, or 32 digits."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if native else String(32))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Any) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.hex

    def process_result_value(self, value: Any, dialect: Any) -> uuid.UUID | None:
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(hex=value)


class Day(TypeDecorator[str]):
    """A day that the host writes as a word."""

    impl = Date
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> dt.date | None:
        return None if value is None else dt.date.fromisoformat(value[1:])

    def process_result_value(self, value: dt.date | None, dialect: Any) -> str | None:
        return None if value is None else f"d{value:%Y-%m-%d}"


class Counted(TypeDecorator[int]):
    """A whole number that the host keeps as another kind of one."""

    impl = Numeric(9, 0)
    cache_ok = True

    def process_result_value(self, value: decimal.Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value.to_integral_value())


MANY = uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
NOON = dt.datetime(2026, 1, 2, 12, 0, 3)
TYPES: Mapping[str, tuple[Any, Sequence[Any]]] = {
    "number": (Integer, [0, -7]), "text": (String(20), ["", "007", "x|y"]),
    "prefixed": (Numbered, ["gst_1", "gst_42"]), "packed": (Packed, [MANY]),
    "guid": (Guid, [MANY]), "uuid": (Uuid, [MANY]),
    "uuid as text": (Uuid(as_uuid=False), [str(MANY)]),
    "day": (Date, [NOON.date()]), "own day": (Day, ["d2026-01-02"]), "moment": (DateTime, [NOON]),
    "time": (Time, [dt.time(23, 5, 9)]), "span": (Interval, [dt.timedelta(days=1, seconds=5)]),
    "few": (Enum("a b", "c", name="few_"), ["a b"]),
    "own few": (Enum(Tier, name="tier_"), [Tier.GOLD]),
    "truth": (Boolean, [True, False]), "amount": (Numeric(9, 2), [decimal.Decimal("1.10")]),
    "bytes": (LargeBinary(9).with_variant(mysql.VARBINARY(9), "mysql", "mariadb"), [b"\0\xff"]),
    "real": (Double, [0.5]), "own real": (Counted, [7]),
}  # fmt: skip
NO_KEY = {("postgresql", "span")}
"""What PostgreSQL writes of a span no type of SQLAlchemy reads: such a row has no key here."""


@pytest.mark.parametrize("name", TYPES)
def test_a_key_is_told_as_the_host_writes_it(name: str, database_url: str) -> None:
    """Whatever its type makes of what is stored: by that key, and no other, the row is known."""
    type_, values = TYPES[name]
    metadata = MetaData()
    table = Table(
        "rows_of", metadata, Column("house", Integer, primary_key=True, autoincrement=False),
        Column("id", type_, primary_key=True, autoincrement=False), Column("ref", String(9)),
    )  # fmt: skip
    declared = inn.datamap(
        metadata, {table: Policy({"ref": keep("x")}, subject=Subject(match=["ref"]))}
    ).declared("rows_of")
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(insert(table), [{"house": 1, "id": value} for value in values])
        here = [tuple(row) for row in conn.execute(select(*declared.key))]
        assert sorted(map(str, here)) == sorted(str((1, value)) for value in values)
        for key, cells, _ in reader(conn, declared, live.read(conn)).rows(here, ["house", "id"]):
            columns = tuple((cell.name, cell.type) for cell in cells)
            row = [cell.native() for cell in cells]
            told = list(keys_told(declared, columns, [row], conn.dialect))
            assert told == ([] if (conn.dialect.name, name) in NO_KEY else [key])


def test_what_is_no_key_by_now_is_none(sqlite_url: str) -> None:
    """A column that was another one when it was sealed, or that is not there, names no row."""
    metadata = MetaData()
    key = Column("id", Numbered, primary_key=True)
    table = Table("rows_of", metadata, key, Column("ref", String(9)))
    declared = inn.datamap(
        metadata, {table: Policy({"ref": keep("x")}, subject=Subject(match=["ref"]))}
    ).declared("rows_of")
    with inn.host(sqlite_url, metadata) as engine:
        for name, value in (("id", "seven"), ("no", 7), ("id", None)):
            told = keys_told(declared, ((name, "INTEGER"),), [[value]], engine.dialect)
            assert list(told) == []
