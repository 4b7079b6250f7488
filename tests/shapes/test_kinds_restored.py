"""Columns of every type a dialect has: deleted or emptied, and brought back byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    text,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from flask_guesterase.core.image import Images
from flask_guesterase.core.payload import decode, encode
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, redact
from flask_guesterase.store import tables
from flask_guesterase.store.checking import live
from flask_guesterase.store.erasing.eraser import erase, plan
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.recovery.refusal import Fate, Old
from flask_guesterase.store.recovery.together import put_back
from flask_guesterase.store.transaction import transaction
from tests.engines import ENGINES, fresh_database
from tests.oracle.dump import assert_same, dump

Kinds = Mapping[str, Sequence[str]]
"""Type of a column -> values as SQL."""

POSTGRESQL: Kinds = {
    "smallint": ["-32768", "32767"], "integer": ["-2147483648", "0"],
    "bigint": ["9223372036854775807", "-9223372036854775808"],
    "numeric": ["1.10", "'NaN'", "123456789012345678901234567890.000001"],
    "numeric(10,2)": ["1.10", "-0.01"],
    "real": ["0.1", "'-0'", "'NaN'"], "double precision": ["0.1", "'-0'", "'Infinity'", "1e308"],
    "money": ["'1.10'", "-2"], "text": ["'Zoë  王 '", "''", "E'a\\nb\\\\'"],
    "varchar(9)": ["'ab  '"], "char(5)": ["'ab'"], '"char"': ["'x'"],
    "name": ["'ann'"], "bytea": ["'\\x00ff27'", "''"],
    "boolean": ["true", "false"], "date": ["'0044-03-15 BC'", "'infinity'", "'2026-02-28'"],
    "time": ["'23:59:59.999999'", "'24:00'"], "timetz": ["'04:05:06.7+08'"],
    "timestamp": ["'-infinity'", "'2026-01-02 03:04:05.000006'"],
    "timestamptz": ["'2026-01-02 03:04:05.6+08'", "'0001-01-01 00:00+00 BC'"],
    "timestamp(0)": ["'2026-01-02 03:04:05'"],
    "interval": ["'1 year -2 mons 3 days -04:05:06.7'", "'-1 day'"],
    "interval day to second(3)": ["'1 02:03:04.567'"],
    "uuid": ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
    "json": ["'{\"b\": 1,  \"a\" : [1.10,null], \"b\":2}'", "'null'"],
    "jsonb": ["'{\"b\": 1,  \"a\" : [1.10,null]}'", "'null'"], "xml": ["'<a  b=\"1\"> x</a>'"],
    "inet": ["'192.168.0.1/24'", "'::1'"], "cidr": ["'10.0.0.0/8'"],
    "macaddr": ["'08:00:2b:01:02:03'"], "macaddr8": ["'08:00:2b:01:02:03:04:05'"],
    "bit(3)": ["B'101'"], "bit varying(5)": ["B'10'", "B''"],
    "int[]": ["'{1,NULL,3}'", "'[0:1]={1,2}'", "'{}'"],
    "text[]": ["ARRAY['a,b','\"q\"',NULL,'NULL','']", "'{{a,b},{c,d}}'"],
    "varchar(3)[]": ["ARRAY['abc']"], "numeric(5,2)[]": ["'{1.10}'"],
    "int4range": ["'[1,5)'", "'empty'", "'(,3]'"], "tstzrange": ["'[2026-01-01 00:00+02,)'"],
    "nummultirange": ["'{[1,2),[3.10,4]}'"],
    "point": ["'(1.5,-0)'"], "line": ["'{1,2,3}'"], "lseg": ["'[(0,0),(1,1)]'"],
    "box": ["'(1,1),(0,0)'"], "path": ["'[(0,0),(1,1)]'", "'((0,0),(1,1))'"],
    "polygon": ["'((0,0),(1,1),(1,0))'"], "circle": ["'<(1,2),3>'"],
    "tsvector": ["'a:1A b:2'"], "tsquery": ["'a & !b'"], "pg_lsn": ["'16/B374D848'"],
    "oid": ["4294967295"], "mood": ["'so so'"], "short": ["'abc'"],
    "pair": ["ROW(1,'a \"b\"')"], "pair[]": ["ARRAY[ROW(1,'x')::pair]"],
}  # fmt: skip

MARIADB: Kinds = {
    "tinyint": ["-128"], "tinyint unsigned": ["255"], "boolean": ["true"],
    "smallint": ["-32768"], "mediumint": ["-8388608"], "int unsigned": ["4294967295"],
    "bigint": ["-9223372036854775808"], "bigint unsigned": ["18446744073709551615"],
    "int(5) zerofill": ["42"], "decimal(10,2)": ["1.10", "-0.01"],
    "decimal(65,30)": ["12345678901234567890123456789012345.123456789012345678901234567890"],
    "float": ["0.1", "3.4e38", "16777217"], "double": ["0.1", "1e308", "-0.0"],
    "bit(1)": ["b'1'"], "bit(12)": ["b'101010101010'", "b'0'"],
    "char(5)": ["'ab'"], "varchar(9)": ["'ab  '", "''"], "binary(5)": ["x'ff00'"],
    "varbinary(9)": ["x'00ff2720'", "x''"], "tinyblob": ["x'00'"], "blob": ["x'00ff5c27'"],
    "longblob": ["x'0102'"], "tinytext": ["'a'"], "text": ["'Zoë  王 \\n\\\\ '"],
    "longtext": ["'a%b:c'"], "varchar(9) character set latin1": ["'Zoë'"],
    "varchar(9) collate utf8mb4_bin": ["'AbC'"],
    "enum('so so','good')": ["'so so'"], "set('a','b','c')": ["'a,c'", "''"],
    "json": ["'{\"b\": 1,  \"a\" : [1.10,null], \"b\":2}'"],
    "date": ["'2026-02-28'", "'1000-01-01'"], "datetime": ["'2026-01-02 03:04:05'"],
    "datetime(6)": ["'2026-01-02 03:04:05.000006'"],
    "timestamp(6) null": ["'2026-01-02 03:04:05.000006'"], "timestamp null": ["'2026-01-02 03:04'"],
    "time": ["'-838:59:59'"], "time(6)": ["'23:59:59.999999'"], "year": ["2026", "0"],
    "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"], "inet6": ["'::1'"],
    "inet4": ["'192.0.2.1'"],
    "geometry": ["ST_GeomFromText('POINT(1.5 -0)', 4326)"],
    "point": ["ST_GeomFromText('POINT(1 2)')"],
    "polygon": ["ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')"],
    "linestring": ["ST_GeomFromText('LINESTRING(0 0,1 1)')"],
}  # fmt: skip

SQLITE: Kinds = {
    "INTEGER": ["9223372036854775807", "-9223372036854775808", "'word'", "x'00'", "1.5"],
    "REAL": ["0.1", "-0.0", "9e999", "1", "'word'", "9007199254740993"],
    "TEXT": ["'Zoë  王 '", "12", "x'00ff'", "''", "'a' || char(0) || 'b'"],
    "BLOB": ["x'00ff'", "'text'", "1", "1.0", "x''"],
    "NUMERIC": ["'1.10'", "1e400", "'abc'", "9223372036854775807", "x'61'"],
    "DECIMAL(10,2)": ["1.10"], "VARCHAR(9)": ["'ab  '", "7"], "BOOLEAN": ["true", "'yes'"],
    "DATE": ["'2026-02-28'", "20260228"], "DATETIME": ["'2026-01-02 03:04:05.000006'"],
    "JSON": ["'{\"b\": 1,  \"a\" : [1.10,null]}'"], "": ["1", "'1'", "1.0", "x'31'"],
    "STRING": ["'007'"], "TIMESTAMP": ["'2026-01-02 03:04:05'"],
}  # fmt: skip

KINDS = {"postgresql": POSTGRESQL, "mariadb": MARIADB, "sqlite": SQLITE}

FIRST = {
    "postgresql": [
        "CREATE TYPE mood AS ENUM ('so so', 'good')",
        "CREATE DOMAIN short AS varchar(5) CHECK (value <> 'bad')",
        "CREATE TYPE pair AS (one int, two text)",
    ],
}
NUMBER = {
    "postgresql": "integer GENERATED ALWAYS AS IDENTITY", "mariadb": "integer auto_increment",
    "sqlite": "integer",
}  # fmt: skip
COMPUTED = {
    "postgresql": "twice integer GENERATED ALWAYS AS (guest_id * 2) STORED",
    "mariadb": "twice integer AS (guest_id * 2) STORED, "
    "seen timestamp NOT NULL DEFAULT current_timestamp ON UPDATE current_timestamp",
    "sqlite": "twice integer AS (guest_id * 2)",
}


def _made(conn: Connection, kind: str) -> None:
    """Create the tables with a column of each type, and fill each column with each value."""
    conn.execute(text("CREATE TABLE guests (id integer PRIMARY KEY, ref varchar(20))"))
    for statement in FIRST.get(kind, ()):
        conn.execute(text(statement))
    conn.execute(insert(GUESTS), [{"id": 1, "ref": "R1"}, {"id": 2, "ref": "R2"}])
    kinds = KINDS[kind]
    columns = ", ".join(f'{_quoted(kind, n)} {type_}' for n, type_ in enumerate(kinds))
    over = "OVERRIDING SYSTEM VALUE " if kind == "postgresql" else ""
    for name in ("gone", "emptied"):
        conn.execute(text(_escaped(
            f"CREATE TABLE {name} (id {NUMBER[kind]} PRIMARY KEY, guest_id integer REFERENCES "
            f"guests (id), {COMPUTED[kind]}, {columns})"
        )))
        for row in range(max(map(len, kinds.values()))):
            for guest in (1, 2):
                names, values = ["id", "guest_id"], [str(row * 2 + guest), str(guest)]
                for n, told in enumerate(kinds.values()):
                    if row < len(told):
                        names.append(_quoted(kind, n))
                        values.append(told[row])
                conn.execute(text(_escaped(
                    f"INSERT INTO {name} ({', '.join(names)}) {over}VALUES ({', '.join(values)})"
                )))


def _quoted(kind: str, number: int) -> str:
    return f'`K {number}`' if kind == "mariadb" else f'"K {number}"'


def _escaped(statement: str) -> str:
    return statement.replace(":", "\\:")


METADATA = MetaData()
GUESTS = Table(
    "guests", METADATA, Column("id", Integer, primary_key=True), Column("ref", String(20))
)


def _mapped(kind: str) -> tuple[dict[str, Any], list[Table]]:
    metadata = MetaData()
    guests = GUESTS.to_metadata(metadata)
    names = [f"K {n}" for n in range(len(KINDS[kind]))]
    made = [
        Table(
            name, metadata, Column("id", Integer, primary_key=True),
            Column("guest_id", Integer, ForeignKey("guests.id")),
            *(Column(each, NullType) for each in names),
            *([Column("seen", DateTime)] if kind == "mariadb" else []),
        )
        for name in ("gone", "emptied")
    ]
    stays = {"seen": keep("when it changed")} if kind == "mariadb" else {}
    policies = {
        "guests": Policy({"ref": redact}, subject=Subject(match=["ref"])),
        "gone": Policy(stays | dict.fromkeys(names, keep("whole rows")), via=VIA, rows=delete),
        "emptied": Policy(stays | dict.fromkeys(names, null), via=VIA),
    }
    return policies, [guests, *made]


VIA = "guest_id"


@pytest.mark.filterwarnings("ignore:Did not recognize type")
@pytest.mark.parametrize("kind", ENGINES)
def test_every_type_of_a_dialect_comes_back(kind: str) -> None:
    """Deleted rows and emptied columns: the dump of the whole schema is the one from before."""
    with fresh_database(kind) as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as conn:
            if kind == "mariadb":
                # What an older, laxer mode let in must come back as well.
                conn.execute(text("SET SESSION sql_mode = ''"))
            _made(conn, kind)
            if kind == "mariadb":
                zero = f"SET {_quoted(kind, list(MARIADB).index('date'))} = '0000-00-00'"
                for name in ("gone", "emptied"):
                    conn.execute(text(f"UPDATE {name} {zero} WHERE id = 3"))
            tables.metadata.create_all(conn, [tables.subject, tables.kept])
        policies, mapped = _mapped(kind)
        datamap = resolve(policies.items(), mapped, [])
        assert not datamap.findings, datamap.findings
        with engine.connect() as conn:
            before = dump(conn)
        with transaction(engine) as conn:
            schema = live.read(conn)
            drawn = plan(conn, datamap, [("guests", (1,))], schema)
            assert not drawn.blocked
            images = erase(conn, datamap, drawn, schema).images
        payload = encode(Images(kind, "", tuple(images)))
        with engine.connect() as conn:
            assert {n for n, each in dump(conn).items() if each != before[n]} == {
                "guests", "gone", "emptied",
            }  # fmt: skip
        with transaction(engine) as conn:
            rows = [Old(image, "b") for image in reversed(decode(payload).rows)]
            back = put_back(conn, datamap, live.read(conn), rows)
        assert {each.fate for each in back} == {Fate.RESTORED}
        with engine.connect() as conn:
            assert_same(before, dump(conn))
        engine.dispose()
