"""Rows are read in the engine's own form, and that form brings back exactly what was there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    text,
)

from flask_guesterase.core.image import Cell, Form
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.mapping.raw import Reader, reader
from flask_guesterase.store.transaction import transaction
from tests import engines
from tests.store.inn import datamap, host, run

POSTGRESQL: dict[str, Sequence[str]] = {
    "numeric(10,2)": ["1.10", "-0.00", "99999999.99"],
    "numeric": ["1.100", "NaN", "123456789012345678901234567890.000000000000000001"],
    "double precision": ["0.1", "1e308", "-Infinity", "NaN", "0.30000000000000004", "-0"],
    "real": ["0.1", "3.4028235e38", "1e-45"],
    "bigint": ["9223372036854775807", "-9223372036854775808"],
    "boolean": ["t", "f"],
    "json": ['{"b":1, "a": 1.10, "a": 2}', "null", '"\\u0041"', "{ }"],
    "jsonb": ['{"b": 1.10, "a": [1, null]}', "null", "123456789012345678901234567890"],
    "timestamptz": ["2024-03-31 02:30:00.123456+02", "infinity", "0044-03-15 00:00:00+00 BC"],
    "timestamp": ["2024-02-29 23:59:59.999999", "-infinity", "294276-12-31 23:59:59"],
    "date": ["2024-02-29", "infinity", "0001-01-01 BC"],
    "time": ["24:00:00", "00:00:00.000001"],
    "timetz": ["12:00:00+05:30"],
    "interval": ["1 year 2 mons -3 days +04:05:06.789", "-00:00:01", "1000000 days"],
    "text[]": ['{a,"b c",NULL,"NULL","q\\"uote"}', "{}", "{{a,b},{c,d}}"],
    "int[]": ["[2:3]={5,6}"],
    "bytea": ["\\x00ff27", "\\x"],
    "uuid": ["00000000-0000-4000-8000-00000000abcd"],
    "inet": ["10.0.0.1/24", "2001:db8::1"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "text": ["", " two  spaces ", "line\nbreak", "李伟 Ж é 😀", "quote ' and \\ and %s :x"],
    "varchar(20)": ["trailing  "],
    "character(5)": ["ab"],
    "bit(5)": ["10101"],
    "bit varying": ["1"],
    "int4range": ["[1,5)", "empty"],
    "tstzrange": ['["2024-01-01 00:00:00+00",)'],
    "point": ["(1.5,-2)"],
    "money": ["$1,234.56"],
    "tsvector": ["'a':1 'b c':2"],
    "xml": ["<a>b &amp; c</a>"],
    "oid": ["4294967295"],
}

MARIADB: dict[str, Sequence[str]] = {
    "DECIMAL(10,2)": ["1.10", "-99999999.99", "0.00"],
    "DECIMAL(65,30)": ["12345678901234567890123456789012345.000000000000000000000000000001"],
    "DOUBLE": ["0.1", "1.7976931348623157e308", "0.30000000000000004", "5e-324", "100000"],
    "FLOAT": ["0.1", "3.40282e38", "16777217", "1.17549e-38"],
    "FLOAT(7,3)": ["1234.567"],
    "BIGINT UNSIGNED": ["18446744073709551615"],
    "TINYINT": ["-128"],
    "INT(8) ZEROFILL": ["42"],
    "JSON": ['{"b":1, "a": 1.10}', '"x"'],
    "TIMESTAMP(6) NULL": ["2024-03-31 02:30:00.123456"],
    "DATETIME(3)": ["1000-01-01 00:00:00.001", "9999-12-31 23:59:59.999"],
    "DATE": ["2024-02-29"],
    "TIME(6)": ["-838:59:59.000001", "00:00:00.000001"],
    "YEAR": ["2024", "0000"],
    "BIT(9)": ["b'101010101'", "b'0'"],
    "BLOB": ["x'00ff27'", "x''"],
    "LONGBLOB": ["x'e28282'"],
    "BINARY(4)": ["x'0001'"],
    "VARBINARY(8)": ["x'ff00'"],
    "ENUM('a','b c','ü')": ["b c", "ü"],
    "SET('x','y','z')": ["x,z", ""],
    "CHAR(5)": ["ab"],
    "VARCHAR(40)": ["", " two  spaces  ", "line\nbreak", "李伟 Ж é 😀", "quote ' and \\ and %s :x"],
    "VARCHAR(40) CHARACTER SET latin1": ["Müller € ÿ"],
    "TEXT": ["long"],
    "UUID": ["00000000-0000-4000-8000-00000000abcd"],
    "INET6": ["2001:db8::1"],
    "INET4": ["10.0.0.1"],
}

SQLITE: dict[str, Sequence[str]] = {
    "INTEGER": ["9223372036854775807", "-9223372036854775808", "'text here'", "1.5", "x'00ff'"],
    "REAL": ["0.1", "1e308", "9e999", "-0.0", "5e-324", "3"],
    "TEXT": ["''", "' two  spaces '", "'李伟 😀'", "'it''s'", "12", "1.10", "x'27'"],
    "BLOB": ["x''", "x'00ff27'", "'text'", "1"],
    "NUMERIC(10,2)": ["1.10", "'1.10'", "12345678901234567890", "'x'"],
    "JSON": ["'{\"b\":1, \"a\": 1.10}'", "'null'"],
    "VARCHAR(3)": ["'longer than three'"],
    "TIMESTAMP": ["'2024-02-29 23:59:59.999999'", "1709251199"],
    "BOOLEAN": ["1", "'yes'"],
    "DATE": ["'not a date'"],
}


def literal(dialect: str, value: str) -> str:
    """Write a value down in SQL: MariaDB's and SQLite's own literals stand as they are."""
    if dialect == "sqlite" or value[:2] in ("x'", "b'"):
        return value
    if dialect == "mariadb":
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + value.replace("'", "''") + "'"


def exact(dialect: str, type_: str) -> str:
    """Return an expression that tells a value apart from every other, by its binary form."""
    if dialect == "sqlite":
        return "typeof(v) || quote(v)"
    if dialect == "postgresql":
        return "encode(record_send(ROW(v)), 'hex')"
    if type_.startswith("FLOAT"):
        return "CONCAT('', CAST(v AS DOUBLE))"
    return "CONCAT(HEX(v), ' ', LENGTH(v), ' ', v)"


def brought_back(cell: Cell, dialect: str) -> tuple[str, Any]:
    """Return the expression and the parameter that write a cell back."""
    if dialect == "postgresql":
        return f"CAST(:v AS {cell.type})", cell.native()
    return ":v", cell.native()


def round_trip(engine: Engine, type_: str, values: Sequence[str]) -> None:
    """Write values, read them as cells, write the cells into new rows and compare those."""
    dialect = engine.dialect.name
    with engine.begin() as conn:
        run(conn, "DROP TABLE IF EXISTS guests")
        run(conn, f"CREATE TABLE guests (id INTEGER PRIMARY KEY, v {type_})")
        for number, value in enumerate(values, 1):
            run(conn, f"INSERT INTO guests VALUES ({number}, {literal(dialect, value)})")
        run(conn, "INSERT INTO guests VALUES (0, NULL)")
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), Column("v", String))
    declared = datamap(metadata, {"guests": Policy({}, subject=Subject(match=["id"]))})
    with transaction(engine) as conn:
        found = reader(conn, declared.declared("guests"), read(conn)).read(
            [(n,) for n in range(len(values) + 1)], ["v"]
        )
        assert len(found) == len(values) + 1
        for number in range(len(found)):
            (cell,) = found[(number,)]
            assert cell.name == "v"
            assert (cell.form is Form.NULL) == (number == 0)
            expression, value = brought_back(cell, dialect)
            conn.execute(
                text(f"INSERT INTO guests VALUES (:id, {expression})"),
                {"id": 100 + number, "v": value},
            )
        tell = text(f"SELECT id, {exact(dialect, type_)} FROM guests".replace(":", "\\:"))
        told = {row[0]: row[1] for row in conn.execute(tell)}
    for number in range(len(values) + 1):
        assert told[number] == told[100 + number], (type_, number, told)


@pytest.fixture(scope="module")
def one_postgresql() -> Iterator[Engine]:
    """One database for all types, each of which has the table for itself."""
    with engines.fresh_database("postgresql") as url, host(url) as engine:
        yield engine


@pytest.fixture(scope="module")
def one_mariadb() -> Iterator[Engine]:
    """One database for all types, each of which has the table for itself."""
    with engines.fresh_database("mariadb") as url, host(url) as engine:
        yield engine


@pytest.mark.parametrize("type_", POSTGRESQL)
def test_postgresql_types_come_back_exactly(one_postgresql: Engine, type_: str) -> None:
    """Every value of the type that PostgreSQL can hold is brought back bit by bit."""
    round_trip(one_postgresql, type_, POSTGRESQL[type_])


@pytest.mark.parametrize("type_", MARIADB)
def test_mariadb_types_come_back_exactly(one_mariadb: Engine, type_: str) -> None:
    """Every value of the type that MariaDB can hold is brought back byte by byte."""
    round_trip(one_mariadb, type_, MARIADB[type_])


@pytest.mark.parametrize("type_", SQLITE)
def test_sqlite_values_come_back_exactly(sqlite_url: str, type_: str) -> None:
    """SQLite keeps values of any kind in any column; each is brought back with its kind."""
    with host(sqlite_url) as engine:
        round_trip(engine, type_, SQLITE[type_])


class Secret(TypeDecorator[str]):
    """The host keeps this text upside down in the database."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value and value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return value and value[::-1]


def guests(*columns: Column[Any]) -> MetaData:
    """Return a mapping of a table of guests."""
    metadata = MetaData()
    Table("guests", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def reading(conn: Connection, metadata: MetaData) -> Reader:
    """Return the reader of the table of guests."""
    declared = datamap(metadata, {"guests": Policy({}, subject=Subject(match=["id"]))})
    return reader(conn, declared.declared("guests"), read(conn))


def test_the_hosts_types_do_not_change_what_is_kept(database_url: str) -> None:
    """Cells hold what is in the database; the host's own value comes beside it when asked for."""
    metadata = guests(Column("name", Secret(40)), Column("wishes", JSON))
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(metadata.tables["guests"].insert().values(
                id=1, name="Aino", wishes={"b": 1, "a": "quiet"}
            ))
        with transaction(engine) as conn:
            ((_, cells, typed),) = reading(conn, metadata).rows(
                [(1,)], ["name", "wishes"], ["name", "wishes"]
            )
    assert [c.value for c in cells] == ["oniA", '{"b": 1, "a": "quiet"}']
    assert typed == {"name": "Aino", "wishes": {"b": 1, "a": "quiet"}}


def test_columns_that_only_the_database_has_are_read(database_url: str) -> None:
    """A row that is deleted is kept whole, with columns nobody mapped, whatever their names."""
    quote = "`" if database_url.startswith("mariadb") else '"'
    script = f"ALTER TABLE guests ADD COLUMN {quote}订单 Order{quote} VARCHAR(20) DEFAULT 'kept'"
    metadata = guests(Column("name", String(40)))
    with host(database_url, metadata, script) as engine:
        with engine.begin() as conn:
            conn.execute(metadata.tables["guests"].insert().values(id=1, name="Aino"))
        with transaction(engine) as conn:
            reads = reading(conn, metadata)
            (cells,) = reads.read([(1,)], reads.names()).values()
    assert {c.name: c.value for c in cells} == {"id": "1", "name": "Aino", "订单 Order": "kept"}


@pytest.mark.parametrize("url", ["sqlite_url", "mariadb_url"])
def test_a_name_in_another_case_is_the_same_column(
    url: str, request: pytest.FixtureRequest
) -> None:
    """Where the engine folds case, a column mapped in another case keeps its binary form."""
    script = "CREATE TABLE guests (id INTEGER PRIMARY KEY, PHOTO BLOB);;" \
        "INSERT INTO guests VALUES (1, x'ff00e2')"
    metadata = guests(Column("photo", LargeBinary))
    with host(request.getfixturevalue(url), None, script) as engine, transaction(engine) as conn:
        (cells,) = reading(conn, metadata).read([(1,)], ["photo"]).values()
    assert (cells[0].form, cells[0].value) == (Form.HEX, "ff00e2")


@pytest.mark.filterwarnings("ignore:The default date converter is deprecated:DeprecationWarning")
def test_a_driver_that_converts_by_declared_type_is_not_asked_to(sqlite_url: str) -> None:
    """The converters of sqlite3 (PARSE_DECLTYPES) would change a value; it is read without."""
    engine = create_engine(
        sqlite_url, connect_args={"detect_types": 1}, native_datetime=True
    )
    metadata = guests(Column("arrived", String))
    script = """CREATE TABLE guests (id INTEGER PRIMARY KEY, arrived date);;
        INSERT INTO guests VALUES (1, '2024-02-29')"""
    with engine.begin() as conn:
        run(conn, script)
    with transaction(engine) as conn:
        plain = conn.exec_driver_sql("SELECT arrived FROM guests").scalar_one()
        assert plain == dt.date(2024, 2, 29)
        (cells,) = reading(conn, metadata).read([(1,)], ["arrived"]).values()
    engine.dispose()
    assert cells[0].value == "2024-02-29"


@pytest.mark.parametrize("url", ["postgresql_url", "mariadb_url"])
def test_a_locking_read_locks_the_rows_and_no_others(
    url: str, request: pytest.FixtureRequest
) -> None:
    """What was read with lock=True cannot be changed by anybody else; the row beside it can."""
    metadata = guests(Column("name", String(40)))
    with host(request.getfixturevalue(url), metadata) as engine:
        with engine.begin() as conn:
            conn.execute(metadata.tables["guests"].insert(), [
                {"id": n, "name": "Aino"} for n in range(1, 50)
            ])
        with transaction(engine) as conn, engine.connect() as other:
            list(reading(conn, metadata).lines([(1,), (2,)], ["name"], lock=True))
            free = "SELECT id FROM guests WHERE id IN (1, 2, 3) FOR UPDATE SKIP LOCKED"
            assert other.exec_driver_sql(free).scalars().all() == [3]
