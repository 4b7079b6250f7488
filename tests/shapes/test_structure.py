"""Promise: what a database keeps beside its rows (history, words, copies) goes, or is said."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, registry, sessionmaker, with_loader_criteria

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, exempt, keep, mentions, null, redact
from flask_guesterase.store import worker
from flask_guesterase.store.checking import live
from flask_guesterase.store.depth import refresh
from flask_guesterase.store.recovery.refusal import Old
from flask_guesterase.store.recovery.together import put_back
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.transaction import transaction
from tests.oracle.dump import assert_same, dump
from tests.store import inn
from tests.store.hotel import Hotel
from tests.store.test_residue import run_of

NAME = "Quillfeather"
STAMP = datetime(2026, 1, 2, 3, 4)
ADA, BORIS = ("guests", (1,)), ("guests", (2,))


def guests(*columns: Any) -> MetaData:
    """Return a mapping of guests with a remark, and whatever a test needs."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", String(40)), Column("remark", String(200)), *columns,
    )  # fmt: skip
    return metadata


def policy(**more: Any) -> Policy:
    """Return what is declared of them."""
    columns = {"name": redact, "remark": mentions, **more.pop("columns", {})}
    return Policy(columns, subject=Subject(match=["name"], name="name"), **more)


def fill(engine: Engine, metadata: MetaData) -> None:
    """Put two guests in."""
    with engine.begin() as conn:
        conn.execute(insert(metadata.tables["guests"]), [
            {"id": 1, "name": f"Ada {NAME}", "remark": f"Ms {NAME} and the parrot"},
            {"id": 2, "name": "Boris Umbra", "remark": "two pillows"},
        ])  # fmt: skip


def found(engine: Engine, declared: Any) -> list[Finding]:
    """Return what is said about the database."""
    with transaction(engine, write=False) as conn:
        full, _ = inn.whole(conn, declared)
    return list(full.findings)


def rows(engine: Engine, statement: str) -> list[Any]:
    """Return the first column of what a statement gives."""
    with engine.connect() as conn:
        return list(conn.execute(text(statement)).scalars())


# history the engine keeps


def test_the_history_of_a_versioned_table_ends(mariadb_url: str) -> None:
    """Every old version goes, the rows as they are stay; a rollback brings the history back."""
    metadata = guests()
    declared = inn.datamap(metadata, {"guests": policy(history=delete)})
    versions = f"SELECT count(*) FROM guests FOR SYSTEM_TIME ALL WHERE name LIKE '%{NAME}%'"
    with inn.host(mariadb_url, metadata, "ALTER TABLE guests ADD SYSTEM VERSIONING") as engine:
        fill(engine, metadata)
        with engine.begin() as conn:
            conn.execute(text("UPDATE guests SET remark = concat(remark, '!')"))
        assert rows(engine, versions) == [2]
        assert [f.id for f in found(engine, declared)] == []

        with transaction(engine, write=False) as conn:
            erase(conn, declared)
        assert rows(engine, versions) == [2]

        inn.erase(engine, declared, ADA)
        assert rows(engine, versions) == [0]
        assert rows(engine, "SELECT count(*) FROM guests FOR SYSTEM_TIME ALL") == [2]
        assert rows(engine, "SELECT remark FROM guests ORDER BY id") == [
            "Ms [erased] and the parrot!", "two pillows!",
        ]  # fmt: skip


def erase(conn: Connection, declared: Any) -> None:
    """Erase Ada in a transaction that somebody else ends."""
    full, live = inn.whole(conn, declared)
    plan = inn.eraser.plan(conn, full, [ADA], live)
    inn.eraser.erase(conn, full, plan, live)


def test_a_history_nobody_said_anything_about_stops_the_erasure(mariadb_url: str) -> None:
    """The finding names the table and the cure."""
    metadata = guests()
    declared = inn.datamap(metadata, {"guests": policy()})
    with inn.host(mariadb_url, metadata, "ALTER TABLE guests ADD SYSTEM VERSIONING") as engine:
        fill(engine, metadata)
        (finding,) = found(engine, declared)
        plan = inn.draw(engine, declared, ADA)
    assert (finding.id, finding.table) == ("versioned", "guests")
    assert "history=delete" in finding.hint
    assert [block.reason for block in plan.blocked] == ["gap"]


# words of full-text indexes

INDEX = """
    CREATE VIRTUAL TABLE words USING fts5 (name, remark, content='guests', content_rowid='id');;
    CREATE TRIGGER words_in AFTER INSERT ON guests BEGIN
        INSERT INTO words (rowid, name, remark) VALUES (new.id, new.name, new.remark); END;;
    CREATE TRIGGER words_up AFTER UPDATE ON guests BEGIN
        INSERT INTO words (words, rowid, name, remark)
            VALUES ('delete', old.id, old.name, old.remark);
        INSERT INTO words (rowid, name, remark) VALUES (new.id, new.name, new.remark); END
"""
SECURE = "INSERT INTO words (words, rank) VALUES ('secure-delete', 1)"


@pytest.mark.parametrize("secure", [True, False])
def test_a_text_index_of_sqlite(sqlite_url: str, secure: bool) -> None:
    """Nothing is found any more; whether its storage keeps the word is said beforehand."""
    metadata = guests()
    declared = inn.datamap(metadata, {
        "guests": policy(triggers={"words_up": "the index forgets the old words"}),
        "words": exempt("an index of the guests, kept in step by triggers"),
    })  # fmt: skip
    script = INDEX + (f";; {SECURE}" if secure else "")
    with inn.host(sqlite_url, metadata, script) as engine:
        fill(engine, metadata)
        said = [f.id for f in found(engine, declared)]
        match = f"SELECT rowid FROM words WHERE words MATCH '{NAME.lower()}'"
        assert rows(engine, match) == [1]
        inn.erase(engine, declared, ADA)
        assert rows(engine, match) == []
        assert rows(engine, "SELECT rowid FROM words WHERE words MATCH 'parrot'") == [1]
        blocks = rows(engine, "SELECT block FROM words_data")
        kept = any(NAME.lower()[:8].encode() in block for block in blocks)
    assert (said, kept) == (([], False) if secure else (["fulltext"], True))


def test_an_index_without_triggers_stops_the_erasure(sqlite_url: str) -> None:
    """It would go on finding the guest."""
    metadata = guests()
    declared = inn.datamap(metadata, {"guests": policy(), "words": exempt("an index")})
    script = f"{INDEX.split(';;')[0]};; {SECURE}"
    with inn.host(sqlite_url, metadata, script) as engine:
        fill(engine, metadata)
        plan = inn.draw(engine, declared, ADA)
    assert [block.reason for block in plan.blocked] == ["gap"]
    assert "fulltext" in plan.blocked[0].detail


def test_a_text_index_that_holds_its_own_texts(sqlite_url: str) -> None:
    """It is a table without a key: declared, and erased like one."""
    metadata = guests()
    Table("pages", metadata, Column("guest_id", String), Column("body", String))
    declared = inn.datamap(metadata, {
        "guests": policy(),
        "pages": Policy({"guest_id": keep("a number"), "body": mentions},
                        via=Equal({"guest_id": "id"}, to="guests")),
    })  # fmt: skip
    script = "CREATE VIRTUAL TABLE pages USING fts5 (guest_id UNINDEXED, body);; " + (
        SECURE.replace("words", "pages")
    )
    with inn.host(sqlite_url, script=script) as engine:
        metadata.create_all(engine)
        fill(engine, metadata)
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["pages"]), [
                {"guest_id": "1", "body": f"{NAME} sings"}, {"guest_id": "2", "body": "silence"},
            ])  # fmt: skip
        assert [f.id for f in found(engine, declared)] == []
        inn.erase(engine, declared, ADA)
        assert rows(engine, "SELECT body FROM pages ORDER BY rowid") == [
            "[erased] sings", "silence",
        ]  # fmt: skip
        blocks = rows(engine, "SELECT block FROM pages_data")
        assert not any(NAME.lower()[:8].encode() in block for block in blocks)


def test_text_vectors_of_postgresql(postgresql_url: str) -> None:
    """A generated vector and one that a trigger writes follow the row."""
    generated = Column(
        "made", postgresql.TSVECTOR, Computed("to_tsvector('simple', name)", persisted=True)
    )
    metadata = guests(generated, Column("kept", postgresql.TSVECTOR))
    declared = inn.datamap(metadata, {
        "guests": policy(columns={"kept": keep("the trigger makes it of the other columns")})
    })  # fmt: skip
    script = """CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION
        tsvector_update_trigger(kept, 'pg_catalog.simple', name, remark);;
        CREATE INDEX ON guests USING gin (made);; CREATE INDEX ON guests USING gin (kept)"""
    with inn.host(postgresql_url, metadata, script) as engine:
        fill(engine, metadata)
        asked = "SELECT id FROM guests WHERE made @@ to_tsquery('simple', '{0}') OR kept @@ " \
            "to_tsquery('simple', '{0}')"
        assert rows(engine, asked.format(NAME)) == [1]
        inn.erase(engine, declared, ADA)
        assert rows(engine, asked.format(NAME)) == []
        assert rows(engine, asked.format("parrot")) == [1]


def test_a_text_index_of_mariadb(mariadb_url: str) -> None:
    """InnoDB's index follows with the commit."""
    metadata = guests()
    declared = inn.datamap(metadata, {"guests": policy()})
    script = "CREATE FULLTEXT INDEX words ON guests (name, remark)"
    with inn.host(mariadb_url, metadata, script) as engine:
        fill(engine, metadata)
        asked = "SELECT id FROM guests WHERE MATCH (name, remark) AGAINST ('{}')"
        assert rows(engine, asked.format(NAME)) == [1]
        inn.erase(engine, declared, ADA)
        assert rows(engine, asked.format(NAME)) == []
        assert rows(engine, asked.format("parrot")) == [1]


# columns the database computes


def test_columns_the_database_computes_follow(database_url: str) -> None:
    """Nobody declares them: they are made of what was erased."""
    upper = Column("upper_name", String(40), Computed("upper(name)", persisted=True))
    metadata = guests(upper)
    declared = inn.datamap(metadata, {"guests": policy()})
    with inn.host(database_url, metadata) as engine:
        fill(engine, metadata)
        inn.erase(engine, declared, ADA)
        assert rows(engine, "SELECT upper_name FROM guests ORDER BY id") == [
            "[ERASED]", "BORIS UMBRA",
        ]  # fmt: skip


def test_rows_known_by_all_they_hold_follow_what_the_database_computes(database_url: str) -> None:
    """What is made of an erased column tells no row of a table without a key, and comes back."""
    metadata = guests()
    joined = "concat(body, '!')" if "mariadb" in database_url else "body || '!'"
    notes = Table(
        "notes", metadata, Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("body", String(40)), Column("loud", String(60), Computed(joined, persisted=True)),
    )  # fmt: skip
    declared = inn.datamap(metadata, {
        "guests": policy(), "notes": Policy({"body": redact}, via="guest_id"),
    })
    assert not declared.declared("notes").keyed
    with inn.host(database_url, metadata) as engine:
        fill(engine, metadata)
        with engine.begin() as conn:
            conn.execute(insert(notes), [
                {"guest_id": n, "body": body} for n, body in ((1, "hi"), (1, "hi"), (2, "hi"))
            ])  # fmt: skip
            before = dump(conn)
        images = inn.erase(engine, declared, ADA).images
        said = rows(engine, "SELECT loud FROM notes ORDER BY guest_id")
        assert said == ["[erased]!", "[erased]!", "hi!"]
        assert inn.remains(engine, declared, ADA) == []
        with transaction(engine) as conn:
            put_back(conn, declared, live.read(conn), [Old(i, "b") for i in reversed(images)])
        with engine.connect() as conn:
            assert_same(before, dump(conn))


def test_a_mapping_that_hides_what_the_database_computes_in_rows_without_a_key(
    database_url: str
) -> None:
    """Such rows would be others once overwritten: the finding names the column and the cure."""
    metadata = guests()
    joined = "concat(body, '!')" if "mariadb" in database_url else "body || '!'"
    Table("notes", metadata, Column("guest_id", ForeignKey("guests.id")),
          Column("body", String(40)), Column("loud", String(60)))  # fmt: skip
    declared = inn.datamap(metadata, {
        "guests": policy(),
        "notes": Policy({"body": redact, "loud": keep("made of body")}, via="guest_id"),
    })
    with inn.host(database_url, metadata) as engine, engine.begin() as conn:
        conn.execute(text("ALTER TABLE notes DROP COLUMN loud"))
        made = "STORED" if conn.dialect.name == "postgresql" else "VIRTUAL"
        conn.execute(text(
            f"ALTER TABLE notes ADD COLUMN loud VARCHAR(60) GENERATED ALWAYS AS ({joined}) {made}"
        ))
        stops = [f for f in inn.whole(conn, declared)[0].findings if f.column == "loud"]
    assert [f.id for f in stops] == ["rule-misfit"]
    assert "Computed" in stops[0].hint


# rows the host hides from itself


def test_what_the_host_hides_by_default_is_not_hidden_from_an_erasure(database_url: str) -> None:
    """A session that adds "not deleted" to each of its selects does not do so to ours."""
    metadata = guests(Column("deleted_at", DateTime))
    stays = Table(
        "stays", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), index=True), Column("wish", String(40)),
        Column("deleted_at", DateTime),
    )  # fmt: skip
    mapped = registry(metadata=metadata)
    stay: Any = type("Stay", (), {})
    mapped.map_imperatively(stay, stays)
    declared = inn.datamap(metadata, {
        "guests": policy(columns={"deleted_at": keep("statistics")}),
        stay: Policy({"wish": null, "deleted_at": keep("statistics")}, via="guest_id"),
    }, mapped.mappers)  # fmt: skip

    def hide(state: Any) -> None:
        state.statement = state.statement.options(
            with_loader_criteria(stay, lambda cls: cls.deleted_at.is_(None))
        )

    event.listen(Session, "do_orm_execute", hide)
    try:
        with inn.host(database_url, metadata) as engine:
            fill(engine, metadata)
            with engine.begin() as conn:
                conn.execute(insert(stays), [
                    {"id": 1, "guest_id": 1, "wish": "tea", "deleted_at": None},
                    {"id": 2, "guest_id": 1, "wish": "milk", "deleted_at": STAMP},
                ])  # fmt: skip
            with sessionmaker(engine)() as session:
                assert [one.id for one in session.query(stay)] == [1], "the host sees one"
            inn.erase(engine, declared, ADA)
            assert rows(engine, "SELECT wish FROM stays ORDER BY id") == [None, None]
    finally:
        event.remove(Session, "do_orm_execute", hide)


# stored views


def viewed(url: str, folder: Path) -> tuple[Hotel, str]:
    """A hotel with stored views over its guests, one upon the other, and an approved request."""
    hotel = Hotel(url, folder)
    hotel.guest(1, name=f"Ada {NAME}", email="ada@post.example")
    hotel.guest(2, name="Boris Umbra", email="boris@post.example")
    with hotel.engine.begin() as conn:
        for script in (
            "CREATE VIEW plain AS SELECT id, name, email FROM guests",
            "CREATE MATERIALIZED VIEW \"B names\" AS SELECT id, name, email FROM plain",
            "CREATE MATERIALIZED VIEW a_names AS SELECT id, upper(email) AS m FROM \"B names\"",
            "CREATE UNIQUE INDEX ON a_names (id)",
        ):
            conn.execute(text(script))
    return hotel, hotel.approved(email="ada@post.example")


def test_stored_views_are_made_anew(postgresql_url: str, tmp_path: Path) -> None:
    """Also one that reads another, and before the search by value looks into them."""
    hotel, number = viewed(postgresql_url, tmp_path)
    try:
        assert worker.carry_out(run_of(hotel), number) == "erased"
        assert NAME not in str(rows(hotel.engine, 'SELECT name FROM "B names"'))
        left = rows(hotel.engine, "SELECT m FROM a_names ORDER BY m")
        assert left[0] == "BORIS@POST.EXAMPLE"
        assert "ADA@POST.EXAMPLE" not in left
    finally:
        hotel.engine.dispose()


@pytest.mark.parametrize("index", [
    "CREATE UNIQUE INDEX ON other (id, lower(name))",
    "CREATE UNIQUE INDEX ON other (id) WHERE id > 0",
])  # fmt: skip
def test_a_stored_view_whose_index_serves_for_no_quiet_refresh_is_made_anew(
    postgresql_url: str, tmp_path: Path, index: str
) -> None:
    """PostgreSQL asks for an index of columns alone, over all rows; without it readers wait."""
    hotel, number = viewed(postgresql_url, tmp_path)
    try:
        with hotel.engine.begin() as conn:
            conn.execute(text("CREATE MATERIALIZED VIEW other AS SELECT id, name FROM plain"))
            conn.execute(text(index))
        assert worker.carry_out(run_of(hotel), number) == "erased"
        assert NAME not in str(rows(hotel.engine, "SELECT name FROM other"))
    finally:
        hotel.engine.dispose()


def test_a_stored_view_in_a_schema_nobody_names_is_made_anew(
    postgresql_url: str, tmp_path: Path
) -> None:
    """The catalogue says that it copies the guests, wherever it lies, and over what view."""
    hotel, number = viewed(postgresql_url, tmp_path)
    try:
        with hotel.engine.begin() as conn:
            for script in (
                "CREATE SCHEMA reports",
                "CREATE VIEW reports.between AS SELECT name FROM guests",
                "CREATE MATERIALIZED VIEW reports.names AS SELECT name FROM reports.between",
            ):
                conn.execute(text(script))
        assert NAME in str(rows(hotel.engine, "SELECT name FROM reports.names"))
        assert worker.carry_out(run_of(hotel), number) == "erased"
        assert NAME not in str(rows(hotel.engine, "SELECT name FROM reports.names"))
    finally:
        hotel.engine.dispose()


def test_a_view_of_somebody_elses_is_named(postgresql_url: str, tmp_path: Path) -> None:
    """What may not be refreshed makes the request PARTIAL until somebody does."""
    hotel, number = viewed(postgresql_url, tmp_path)
    run = run_of(hotel)

    try:
        with hotel.engine.begin() as conn:
            conn.execute(text(
                "CREATE FUNCTION refuse() RETURNS int LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE insufficient_privilege; END $$"
            ))
            conn.execute(text("DROP MATERIALIZED VIEW a_names"))
            conn.execute(text(
                "CREATE MATERIALIZED VIEW a_names AS SELECT id, refuse() AS m FROM \"B names\" "
                "WITH NO DATA"
            ))
        assert worker.carry_out(run, number) == "partial"
        with hotel.begin() as office:
            left = office.show(number)["left"]
        assert left == [{"table": "a_names", "rows": 1, "reason": refresh.REASON}]

        with hotel.engine.begin() as conn:
            conn.execute(text("CREATE OR REPLACE FUNCTION refuse() RETURNS int LANGUAGE sql AS "
                              "'SELECT 1'"))  # fmt: skip
        report = Report()
        worker.check_all(run, [number], report)
        assert hotel.state(number) == "erased"
    finally:
        hotel.engine.dispose()
