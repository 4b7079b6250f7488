"""A trigger that calls a function somebody made is not taken for a harmless one; others may be."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null
from flask_guesterase.store.catalog import called
from flask_guesterase.store.catalog.called import Call, calls
from flask_guesterase.store.catalog.copying import copies_old
from flask_guesterase.store.catalog.inborn import GRAMMAR, PLACES, WORDS
from flask_guesterase.store.checking import live
from tests.store import inn

GUESTS = MetaData()
Table(
    "guests", GUESTS,
    Column("id", Integer, primary_key=True, autoincrement=False), Column("name", String(40)),
    Column("stamp", String(200)),
)  # fmt: skip

# The function is told a key alone, and reads the name where it still stands.
SNAPSHOT = {
    "postgresql": """
CREATE TABLE history (name text);;
CREATE FUNCTION snapshot(one int) RETURNS void LANGUAGE sql AS
$$ INSERT INTO history SELECT name FROM guests WHERE id = one $$;;
CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM snapshot(NEW.id); RETURN NEW; END $$;;
CREATE TRIGGER keeps BEFORE UPDATE ON guests FOR EACH ROW EXECUTE FUNCTION keeps()""",
    "mariadb": """
CREATE TABLE history (name text);;
CREATE FUNCTION snapshot(one int) RETURNS int MODIFIES SQL DATA BEGIN
INSERT INTO history SELECT name FROM guests WHERE id = one; RETURN 1; END;;
CREATE TRIGGER keeps BEFORE UPDATE ON guests FOR EACH ROW SET @kept = snapshot(NEW.id)""",
}


@pytest.mark.parametrize("kind", SNAPSHOT)
def test_a_function_that_reads_the_row_stops_the_erasure(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """It would write the name elsewhere, so whoever declares the tables names its trigger first."""
    subject = Subject(match=["name"], name="name")
    policy = Policy({"name": null, "stamp": keep("a mark")}, subject=subject)
    declared = inn.datamap(GUESTS, {"guests": policy})
    with inn.host(request.getfixturevalue(f"{kind}_url"), GUESTS, SNAPSHOT[kind]) as engine:
        with engine.begin() as conn:
            conn.execute(insert(GUESTS.tables["guests"]), {"id": 1, "name": "Ann Berg"})
        plan = inn.draw(engine, declared, ("guests", (1,)))
        assert [(block.table, block.reason) for block in plan.blocked] == [("guests", "gap")]
        assert "snapshot()" in plan.blocked[0].detail
        with engine.begin() as conn:
            conn.execute(text("UPDATE guests SET name = NULL"))
            assert conn.scalar(text("SELECT name FROM history")) == "Ann Berg"


COMMON = {
    "sqlite": [
        "SELECT total(NEW.id), changes(), json_patch('{}', '{}'), sqrt(NEW.id)",
        "INSERT INTO log (mark) VALUES (hex(NEW.id))",
    ],
    "postgresql": [
        "NEW.stamp = timezone('utc', now())",
        "NEW.stamp = current_database() || current_schema() || pg_current_xact_id()::text",
        "NEW.stamp = hashtext(NEW.name)",
        "NEW.stamp = concat(inet_client_addr(), make_timestamptz(2026, 1, 1, 0, 0, 0))",
        "NEW.stamp = date_bin('15 minutes', now(), now() - interval '1 day')",
        "NEW.stamp = to_hex(NEW.id) || array_upper(ARRAY[1], 1) || pg_typeof(NEW.id)",
        "SELECT jsonb_object_agg('id', NEW.id) INTO NEW.stamp",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY NEW.id) INTO NEW.stamp",
        "IF NEW.name SIMILAR TO ('A%') THEN NEW.stamp := 'a'; END IF",
        "NEW.stamp = encode(digest(coalesce(NEW.name, ''), 'md5'), 'hex')",
        "NEW.stamp = far.unaccent(NEW.name)",
    ],
    "mariadb": [
        "SET NEW.stamp = CONVERT_TZ(NOW(), '+00:00', '+02:00')",
        "SET NEW.stamp = FIELD(NEW.name, 'a', 'b')",
        "SET NEW.stamp = CONCAT(DATABASE(), SHA(NEW.name), CONV(NEW.id, 10, 16))",
        "SET NEW.stamp = ELT(1, NEW.name, TO_DAYS(NOW()))",
        "SET NEW.stamp = JSON_KEYS(JSON_OBJECT('name', NEW.name))",
        "SET NEW.stamp = (SELECT CONCAT(JSON_ARRAYAGG(NEW.id), JSON_OBJECTAGG('id', NEW.id)))",
        "SET NEW.stamp = CONCAT (INET_NTOA(NEW.id), ST_X(ST_GeomFromText('POINT(1 2)')))",
        "SET NEW.stamp = IF (NEW.id IN (1, 2), CAST(NEW.id AS CHAR(9)), TRIM(' ' FROM NEW.name))",
        "INSERT INTO log (mark) VALUE (NEW.id)",
        'SET NEW.stamp = CONCAT(NEW.id, "see snapshot(1)")',
    ],
}
FIRES = {
    "sqlite": "CREATE TRIGGER t{at} BEFORE UPDATE ON guests BEGIN {body}; END",
    "postgresql": "CREATE FUNCTION t{at}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; "
    "RETURN NEW; END $$;;CREATE TRIGGER t{at} BEFORE UPDATE ON guests FOR EACH ROW "
    "EXECUTE FUNCTION t{at}()",
    "mariadb": "CREATE TRIGGER t{at} BEFORE UPDATE ON guests FOR EACH ROW {body}",
}
EXTENSIONS = "CREATE EXTENSION pgcrypto;;CREATE SCHEMA far;;CREATE EXTENSION unaccent SCHEMA far;;"


def fired(url: str, bodies: list[str], script: str = "") -> dict[str, Any]:
    """Return the triggers of these bodies, all of which have fired once, by their text."""
    kind = make_url(url).get_backend_name()
    triggers = ";;".join(FIRES[kind].format(at=at, body=body) for at, body in enumerate(bodies))
    with inn.host(url, GUESTS, script + triggers) as engine, engine.begin() as conn:
        conn.execute(insert(GUESTS.tables["guests"]), {"id": 1, "name": "Ann Berg"})
        conn.execute(text("UPDATE guests SET name = 'Ann'"))
        found = live.read(conn).tables["guests"].triggers
    return {bodies[int(trigger.name[1:])]: trigger for trigger in found}


def test_what_hosts_write_every_day_stops_nothing(database_url: str) -> None:
    """Functions that came with the engine, or with its extensions, read no row by themselves."""
    kind = make_url(database_url).get_backend_name()
    script = "CREATE TABLE log (mark text);;" + (EXTENSIONS if kind == "postgresql" else "")
    found = fired(database_url, COMMON[kind], script)
    assert {body for body, trigger in found.items() if trigger.copies_old} == set()
    assert len(found) == len(COMMON[kind])


# Name of a function somebody made -> how a trigger calls it.
MADE = {
    "postgresql": {
        "field": "field(NEW.id)", "convert_tz": "public . convert_tz (NEW.id)",
        "lower": "lower(NEW.id)", '"Snapshot"': '"Snapshot"(NEW.id)', '"a""b"': '"a""b"(NEW.id)',
        "my$snapshot": "my$snapshot(NEW.id)", "pg_catalog.snapshot": "snapshot(NEW.id)",
        "far.abs": "far.abs(NEW.id)", "said": "said /* it's a \\ */ (NEW.id)",
    },
    "mariadb": {
        "timezone": "timezone(NEW.id)", "to_hex": "TO_HEX (NEW.id)", "date_bin": "date_bin(NEW.id)",
        "`count`": "`count`(NEW.id)", "sum ": "sum (NEW.id)", "`date`": "`date`(NEW.id)",
        "$snapshot": "$snapshot(NEW.id)", "`a``b`": "`a``b`(NEW.id)", "abs": "{here}.abs(NEW.id)",
        "account": "{here} . account (NEW.id)",
    },
}  # fmt: skip
MAKES = {
    "postgresql": "CREATE FUNCTION {name}(one int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "mariadb": "CREATE FUNCTION {name}(one int) RETURNS int RETURN 1",
}
SETS = {"postgresql": "NEW.stamp = {call}", "mariadb": "SET NEW.stamp = {call}"}


@pytest.mark.parametrize("kind", MADE)
def test_what_somebody_made_is_seen_under_any_name(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Also under the name of a function that another engine has, in quotes and in any schema."""
    url = request.getfixturevalue(f"{kind}_url")
    here = make_url(url).database or ""
    calling = {name: SETS[kind].format(call=call.replace("{here}", here))
               for name, call in MADE[kind].items()}
    makes = ";;".join(MAKES[kind].format(name=name) for name in calling) + ";;"
    before = "CREATE SCHEMA far;;" if kind == "postgresql" else ""
    found = fired(url, list(calling.values()), before + makes)
    assert [name for name, body in calling.items() if not found[body].calls] == []
    assert all(trigger.copies_old and trigger.old_columns is None for trigger in found.values())


@pytest.mark.parametrize(("kind", "seen"), [("VOLATILE", "field"), ("IMMUTABLE", "")])
def test_what_an_extension_brings_in_sql_may_write(
    postgresql_url: str, kind: str, seen: str
) -> None:
    """A house may keep its own functions in an extension; what changes nothing is harmless."""
    makes = MAKES["postgresql"].format(name="field")
    script = f"{makes} {kind};;ALTER EXTENSION plpgsql ADD FUNCTION field(int);;"
    (trigger,) = fired(postgresql_url, ["NEW.stamp = field(NEW.id)"], script).values()
    assert (trigger.copies_old, trigger.calls) == (bool(seen), seen)


SAYS = 4711


def calling(conn: Connection, spelt: str) -> bool:
    """Return whether what is called so is the function that somebody made."""
    try:
        return conn.scalar(text(f"SELECT {spelt}(1)")) == SAYS
    except DBAPIError:
        return False


def test_mariadb_calls_no_function_somebody_made_that_is_not_seen(mariadb_url: str) -> None:
    """Each word and function of the server is made once more, and called in each spelling."""
    asked = "SELECT WORD FROM information_schema.KEYWORDS UNION " \
        "SELECT `FUNCTION` FROM information_schema.SQL_FUNCTIONS"
    with inn.host(mariadb_url) as engine, engine.connect() as conn:
        made = called.mariadb(conn)
        names = {name.lower() for name in conn.scalars(text(asked)) if name.isidentifier()}
        missed = []
        for name in sorted(names | WORDS | PLACES | GRAMMAR):
            inn.run(conn, f"CREATE FUNCTION `{name}`(one int) RETURNS int RETURN {SAYS}")
            for spelt in (name, f"{name} ", f"`{name}`"):
                (call,) = calls(f"{spelt}(1)")
                missed += [spelt] if calling(conn, spelt) and not made(call) else []
            inn.run(conn, f"DROP FUNCTION `{name}`")
    assert missed == []


@pytest.mark.parametrize("there", [True, False], ids=["fewer", "none"])
def test_an_older_mariadb_that_names_fewer_of_its_own_stops_no_common_trigger(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """COALESCE is grammar there, and the first servers of a line have no such list at all."""
    fewer = "SELECT 'lower' WHERE FALSE" if there else "SELECT 1 FROM information_schema.MISSING"
    monkeypatch.setattr(called, "_MARIADB", text(fewer))
    body = "SET NEW.stamp = COALESCE(MOD(NEW.id, 7), DATABASE(), WEEK(CURRENT_DATE()), NEW.name)"
    unknown = "SET NEW.stamp = snapshot(NEW.id)"
    makes = MAKES["mariadb"].format(name="snapshot") + ";;"
    found = fired(mariadb_url, [body, unknown], makes)
    assert (found[body].copies_old, found[body].calls) == (False, "")
    assert found[unknown].calls == "snapshot"


def test_what_runs_a_text_as_a_statement_is_unclear(postgresql_url: str) -> None:
    """Some functions of the server and of its extensions do whatever a text tells them to."""
    bodies = [
        "NEW.stamp = query_to_xml('SELECT ' || NEW.id, true, false, '')",
        "NEW.stamp = lo_from_bytea(0, NEW.id::text::bytea)",
        "SELECT word FROM ts_stat('SELECT to_tsvector(''a'')') WHERE NEW.id = 1 INTO NEW.stamp",
    ]
    found = fired(postgresql_url, bodies)
    assert [found[body].calls for body in bodies] == ["query_to_xml", "lo_from_bytea", "ts_stat"]


def test_a_function_that_the_account_may_not_see_is_not_taken_for_the_engines(
    mariadb_url: str,
) -> None:
    """A trigger acts with the rights of who made it, and calls what who asks may not even see."""
    url = make_url(mariadb_url)
    clerk = f"c_{(url.database or '')[-12:]}"
    limited = url.set(username=clerk, password="front-desk").render_as_string(False)
    with inn.host(mariadb_url, GUESTS, SNAPSHOT["mariadb"]) as engine, engine.connect() as conn:
        inn.run(conn, f"CREATE USER {clerk} IDENTIFIED BY 'front-desk'")
        asking = create_engine(limited)
        try:
            inn.run(conn, f"GRANT SELECT, UPDATE, TRIGGER ON `{url.database}`.* TO {clerk}")
            with asking.connect() as clerks:
                routines = "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_NAME = "
                assert clerks.scalar(text(routines + "'snapshot'")) == 0
                (trigger,) = live.read(clerks).tables["guests"].triggers
        finally:
            asking.dispose()
            inn.run(conn, f"DROP USER {clerk}")
    assert (trigger.copies_old, trigger.calls) == (True, "snapshot")


def told(body: str) -> tuple[bool, frozenset[str] | None]:
    """Return what is said of a body that runs before guests are updated, where two were made."""
    said = copies_old(
        body, table="guests", events={"UPDATE"}, before=True,
        made=lambda call: call.name == "snapshot" or call.schema == "audit",
    )  # fmt: skip
    return said.copies_old, said.old_columns


def test_a_call_is_told_from_a_list_of_columns() -> None:
    """What stands before a bracket is told with its schema, in small letters, and as spelt."""
    body = 'INSERT INTO audit.log (a) SELECT Lower (x), "Far"."B""c"(1) FROM t'
    assert list(calls(body)) == [
        Call("", "lower", quoted=False, apart=True), Call("far", 'b"c', quoted=True, apart=False),
    ]  # fmt: skip


@pytest.mark.parametrize("body", [
    "BEGIN PERFORM snapshot(NEW.id); RETURN NEW; END",
    "DECLARE v int := NEW.id; BEGIN PERFORM snapshot (v); RETURN NEW; END",
    "BEGIN NEW.stamp := snapshot(NEW.id); RETURN NEW; END",
    "BEGIN IF snapshot(NEW.id) THEN NEW.stamp := 1; END IF; RETURN NEW; END",
    "BEGIN INSERT INTO log (mark) VALUES (snapshot(NEW.id)); RETURN NEW; END",
    'BEGIN PERFORM "Snapshot"(NEW.id); RETURN NEW; END',
    "BEGIN PERFORM audit.lower(NEW.id); RETURN NEW; END",
    "SET @kept = snapshot(NEW.id)",
    "SET @kept = `snapshot`(NEW.id)",
    "DO snapshot(NEW.id)",
    "BEGIN # don't\n SET @kept = snapshot(NEW.id); # won't\nEND",
    "BEGIN SELECT snapshot(NEW.id); END",
])  # fmt: skip
def test_a_call_of_the_hosts_function_is_unclear(body: str) -> None:
    """Whatever a function that nobody looked into is called by, any column may be copied."""
    assert told(body) == (True, None)


@pytest.mark.parametrize("body", [
    "BEGIN NEW.changed_at := now(); RETURN NEW; END",
    "BEGIN NEW.words := setweight(to_tsvector('simple', coalesce(NEW.name, '')), 'A'); "
    "RETURN NEW; END",
    "DECLARE v VARCHAR(20); BEGIN SET NEW.name = CONCAT(UPPER(NEW.name), ' see snapshot(1)'); END",
    "BEGIN UPDATE t SET (a, b) = (SELECT 1, 2) WHERE id IN (NEW.a); /* snapshot(1) */ END",
    "BEGIN INSERT INTO audit.log (guest) VALUES (NEW.id) ON CONFLICT (guest) DO NOTHING; "
    "RETURN NEW; END",
    "BEGIN SELECT RAISE(ABORT, 'no') WHERE NEW.adults > 9; END",
    "INSERT INTO words (words, rowid, t) VALUES ('delete', OLD.id, OLD.t); "
    "INSERT INTO words (rowid, t) VALUES (NEW.id, NEW.t)",
    "WITH RECURSIVE t(n) AS (SELECT 1) INSERT INTO log SELECT pg_catalog.lower(NEW.name) FROM t",
    "BEGIN RAISE EXCEPTION 'no (%)', NEW.id USING HINT = format('%s', 1); END",
])  # fmt: skip
def test_what_comes_with_the_engine_is_harmless(body: str) -> None:
    """Functions of the engine's read no row, and brackets behind a table hold its columns."""
    assert told(body) == (False, frozenset())


def test_a_quote_in_a_comment_hides_nothing() -> None:
    """After one it is unclear what is a text and what a comment, so that both are read."""
    body = "BEGIN # don't\nSET @was = 'x -- y', @{} = {}; END"
    assert told(body.format("kept", "OLD.name")) == (True, {"name"})
    assert told(body.format("kept", "snapshot(NEW.id)")) == (True, None)
