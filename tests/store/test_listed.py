"""Many values in one parameter mean what many parameters mean, and a catalogue is read when new."""

from __future__ import annotations

import datetime as dt
import uuid
from types import ModuleType
from typing import Any

import pymysql
import pytest
from pymysql.connections import Connection
from pymysql.converters import escape_string
from sqlalchemy import (
    CHAR,
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    insert,
    make_url,
    not_,
    select,
    text,
)
from sqlalchemy.exc import DataError

from flask_guesterase.store import tables
from flask_guesterase.store.checking import live
from flask_guesterase.store.statements.given import put, spread
from flask_guesterase.store.statements.sql import among, one_of

METADATA = MetaData()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("word", String(40), index=True),
    Column("mark", Uuid),
    Column("at", DateTime),
)
WORDS = ["plain", "O'Neil", "back\\slash", 'quo"te', "王小明", "%s :x", " padded ", "", "1", "[1]"]
AT = dt.datetime(2026, 3, 10, 12)
MARKS = [uuid.UUID(int=number) for number in range(len(WORDS))]


def fill(url: str) -> Any:
    """Return an engine over a table with one row a word."""
    engine = create_engine(url)
    METADATA.create_all(engine)
    with engine.begin() as conn:
        conn.execute(insert(THINGS), [
            {"id": number, "word": word, "mark": mark}
            for number, (word, mark) in enumerate(zip(WORDS, MARKS, strict=True), 1)
        ])
    return engine


def test_a_list_finds_what_each_of_its_values_finds(database_url: str) -> None:
    """Numbers, texts and UUIDs are found alike in one parameter and one by one, and not at all."""
    engine = fill(database_url)
    with engine.connect() as conn:
        for column, values in (
            (THINGS.c.id, [1, 3, 99, 2**31 - 1]), (THINGS.c.word, [*WORDS[::2], "nobody"]),
            (THINGS.c.mark, [*MARKS[1::2], uuid.UUID(int=77)]),
        ):  # fmt: skip
            wanted = select(THINGS.c.id).order_by(THINGS.c.id)
            listed = one_of(column, values)
            assert "IN (__[" not in str(listed.compile(engine)), "one parameter a value"
            apart = {id for v in values for id in conn.execute(wanted.where(column == v)).scalars()}
            assert conn.execute(wanted.where(listed)).scalars().all() == sorted(apart)
            assert among([column], [(v,) for v in values]) is not None
            rest = conn.execute(wanted.where(not_(column.in_(values)))).scalars().all()
            assert sorted([*apart, *rest]) == list(range(1, len(WORDS) + 1))
    engine.dispose()


def test_rows_given_together_are_written_as_they_are(database_url: str) -> None:
    """Texts of every kind and NULL arrive in their rows, whether inserted or overwritten."""
    engine = fill(database_url)
    turned: list[str | None] = [*reversed(WORDS[1:]), None]
    with engine.begin() as conn:
        rows = {number: {THINGS.c.word: word} for number, word in enumerate(turned, 1)}
        statement = spread(conn.dialect, THINGS.c.id, rows)
        assert statement is not None
        conn.execute(statement)
        tables.subject.create(conn)
        put(conn, tables.subject, [
            {"request": "r1", "table_name": "things", "row_key": word, "standing": "taken",
             "why": "", "erased_at": at}
            for word, at in zip(WORDS, [AT, None] * 5, strict=True)
        ])  # fmt: skip
        found = dict(conn.execute(select(THINGS.c.id, THINGS.c.word)).all())
        ours = tables.subject.c
        kept = conn.execute(select(ours.row_key, ours.request).order_by(ours.id)).all()
    assert found == dict(enumerate(turned, 1))
    assert kept == [(word, "r1") for word in WORDS]
    engine.dispose()


@pytest.mark.parametrize("mapped", [String(4), CHAR(4), CHAR(9), String()], ids=str)
@pytest.mark.parametrize("kept", [String(9), CHAR(9)], ids=str)
def test_a_list_compares_texts_as_single_values_do(
    database_url: str, mapped: Any, kept: Any
) -> None:
    """Texts longer than the mapping says are not cut, and blanks at an end count as in one."""
    there, told = (
        Table("rooms", MetaData(), Column("id", Integer, primary_key=True), Column("code", kind))
        for kind in (kept, mapped)
    )
    codes = ["Sea", "Sea ", "Sea 1", "Sea 12", "Sea 123"]
    engine = create_engine(database_url)
    with engine.begin() as conn:
        there.create(conn)
        conn.execute(insert(there), [{"id": n, "code": code} for n, code in enumerate(codes, 1)])
        read = conn.execute(select(there.c.code).order_by(there.c.id)).scalars().all()
        wanted = select(told.c.id).order_by(told.c.id)
        for values in (codes[::2], codes[1::2], [*read], ["Sea 1234", "Se"]):
            apart = {n for v in values for n in conn.scalars(wanted.where(told.c.code == v))}
            found = conn.scalars(wanted.where(one_of(told.c.code, values))).all()
            assert found == sorted(apart), values
        assert conn.scalars(wanted.where(one_of(told.c.code, ["Sea 123", "x"]))).all() == [5]
    engine.dispose()


@pytest.mark.parametrize("many", [1, 20])
def test_a_text_that_is_too_long_is_never_cut(database_url: str, many: int) -> None:
    """However many rows go in together, it is refused, or lies there to its last letter."""
    engine = create_engine(database_url)
    long = [f"{number:02}{'k' * 400}" for number in range(many)]
    with engine.begin() as conn:
        tables.subject.create(conn)
    rows = [
        {"request": "r1", "table_name": "things", "row_key": key, "standing": "taken", "why": ""}
        for key in long
    ]
    if engine.dialect.name == "sqlite":
        with engine.begin() as conn:
            put(conn, tables.subject, rows)
            assert conn.scalars(select(tables.subject.c.row_key)).all() == long
    else:
        with pytest.raises(DataError), engine.begin() as conn:
            put(conn, tables.subject, rows)
    engine.dispose()


class Older(Connection):
    """PyMySQL before 1.2.4: what is in a list is escaped by backslashes, whatever the mode."""

    def escape(self, obj: Any, mapping: Any = None) -> str:
        """Return a value as it is written into a statement."""
        if isinstance(obj, list):
            return "(" + ",".join(f"'{escape_string(each)}'" for each in obj) + ")"
        return str(super().escape(obj, mapping))


def older() -> ModuleType:
    """Return the driver as it was."""
    module = ModuleType("pymysql")
    vars(module).update(vars(pymysql), VERSION=(1, 2, 3, "final"), connect=Older, Connect=Older)
    return module


@pytest.mark.filterwarnings("ignore:'(db|passwd)' is deprecated")
@pytest.mark.parametrize("name", ["pymysql", "mysqldb"])
@pytest.mark.parametrize("driver", [pymysql, older()], ids=["as it is", "older"])
def test_a_text_in_a_list_is_no_piece_of_the_statement(
    mariadb_url: str, driver: ModuleType, name: str
) -> None:
    """Nor where a session says that backslashes escape nothing, of whom PyMySQL did not know."""
    fill(mariadb_url).dispose()
    url = make_url(mariadb_url).set(drivername=f"mariadb+{name}")
    # What was compiled for another driver is none of this one's.
    engine = create_engine(url, module=driver, query_cache_size=0)
    odd = ["x') OR 1=1 -- ", "back\\slash", "O'Neil"]
    with engine.begin() as conn:
        conn.execute(text("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')"))
        conn.execute(delete(THINGS).where(one_of(THINGS.c.word, odd)))
        left = conn.scalars(select(THINGS.c.word).order_by(THINGS.c.id)).all()
    assert left == [word for word in WORDS if word not in odd]
    engine.dispose()


def test_the_catalogue_is_read_again_when_it_changed(database_url: str) -> None:
    """A column and a trigger that come between two transactions are known to the second."""
    engine = fill(database_url)
    with engine.begin() as conn:
        before = live.known(conn)
        assert live.known(conn) == before
    with engine.begin() as conn:
        conn.execute(text("ALTER TABLE things ADD COLUMN more INTEGER"))
    with engine.connect() as conn:
        found = live.known(conn).table("things")
        assert found is not None
        assert "more" in found.columns
    with engine.begin() as conn:
        if engine.dialect.name == "postgresql":
            conn.execute(text(
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RETURN NEW; END $$"
            ))
            conn.execute(text(
                "CREATE TRIGGER late BEFORE UPDATE ON things FOR EACH ROW "
                "EXECUTE FUNCTION nothing()"
            ))
        elif engine.dialect.name == "sqlite":
            conn.execute(text(
                "CREATE TRIGGER late BEFORE UPDATE ON things BEGIN SELECT 1; END"
            ))
        else:
            conn.execute(text(
                "CREATE TRIGGER late BEFORE UPDATE ON things FOR EACH ROW SET @late = 1"
            ))
    with engine.connect() as conn:
        found = live.known(conn).table("things")
        assert found is not None
        assert [trigger.name for trigger in found.triggers] == ["late"]
    engine.dispose()
