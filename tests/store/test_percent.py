"""A per cent sign in the name of a table or a column is written as it is, on every way there."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    text,
)

from flask_guesterase.core.depth import Evidence
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, keep, null, redact
from flask_guesterase.store.checking import live
from flask_guesterase.store.checking.indexing import unindexed
from flask_guesterase.store.depth import mariadb, postgresql
from flask_guesterase.store.recovery.refusal import Fate, Old
from flask_guesterase.store.recovery.together import put_back
from flask_guesterase.store.transaction import outside, transaction
from tests.oracle.dump import assert_same, dump
from tests.store import inn
from tests.store.hotel import Hotel
from tests.store.test_physical import keeping_scrub
from tests.store.test_residue import places
from tests.store.test_residue_rows import ANN, erase_ann

METADATA = MetaData()
GUESTS = Table("guests", METADATA, Column("id", Integer, primary_key=True),
               Column("email", String(80)))  # fmt: skip
RATES = Table(
    "rates 100%", METADATA, Column("id", Integer, primary_key=True),
    Column("guest", ForeignKey("guests.id"), index=True), Column("off %", String(40)),
    Column("mail%", String(80)),
)  # fmt: skip
DECLARED = inn.datamap(METADATA, {
    "guests": Policy({"email": null}, subject=Subject(match=["email"])),
    "rates 100%": Policy({"off %": redact, "mail%": null}, via="guest", rows=delete),
})  # fmt: skip


def _fill(conn: Connection) -> None:
    conn.execute(insert(GUESTS), [{"id": 1, "email": "ada@post.example"}])
    conn.execute(insert(RATES), [{"id": 1, "guest": 1, "off %": "half", "mail%": "x"}])


def test_a_deleted_row_comes_back(database_url: str) -> None:
    """Its table and its columns are named as the database has them."""
    with inn.host(database_url, METADATA) as engine:
        with engine.begin() as conn:
            _fill(conn)
            before = dump(conn)
        images = inn.erase(engine, DECLARED, ("guests", (1,))).images
        with transaction(engine) as conn:
            back = put_back(conn, DECLARED, live.read(conn), [Old(i, "b") for i in images[::-1]])
        assert {each.fate for each in back} == {Fate.RESTORED}
        with engine.connect() as conn:
            assert_same(before, dump(conn))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_table_is_rewritten(kind: str, request: pytest.FixtureRequest) -> None:
    """Of the files of a server nothing is left out for the name of a table."""
    rewrite = {"postgresql": postgresql, "mariadb": mariadb}[kind].rewrite
    url = request.getfixturevalue(f"{kind}_url")
    with inn.host(url, METADATA) as engine, keeping_scrub(engine), outside(engine) as conn:
        assert Evidence.REWRITTEN in rewrite(conn, [RATES]).evidence


def test_a_statement_that_cures_can_be_copied(database_url: str) -> None:
    """What a person is to run is spelt as the engine wants it."""
    copied = {
        "guests": DECLARED.tables["guests"].policy,
        "rates 100%": Policy({"off %": redact, "mail%": keep("a link"), "guest": keep("a link")},
                             via=Equal({"mail%": "email"}, "guests")),
    }  # fmt: skip
    with inn.host(database_url, METADATA) as engine, engine.begin() as conn:
        found = unindexed(conn, inn.datamap(METADATA, copied), live.read(conn))
        hints = [each.hint for each in found if each.table == "rates 100%"]
    assert hints
    assert not any("%%" in hint for hint in hints), hints


def test_all_of_a_table_without_a_key_is_looked_through(
    postgresql_url: str, tmp_path: Path
) -> None:
    """PostgreSQL says how large it is only where it is named right."""
    hotel = Hotel(postgresql_url, tmp_path)
    hotel.guest(1, **ANN)
    with hotel.engine.begin() as conn:
        conn.execute(text('CREATE TABLE "loose %" (t TEXT)'))
        conn.execute(text(
            "INSERT INTO \"loose %\" SELECT repeat(md5(i::text), 3) FROM generate_series(1, 9999) i"
        ))
        conn.execute(text("INSERT INTO \"loose %\" VALUES (:t)"), {"t": ANN["email"]})
    assert places(hotel, erase_ann(hotel)) == {"loose %.t": {"email"}}
    hotel.engine.dispose()
