"""What the live database has or does that the data map does not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    make_url,
)
from sqlalchemy.dialects.postgresql import OID

from flask_guesterase.core.finding import Finding, Severity
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import (
    delete,
    delete_when_last_owner,
    exempt,
    keep,
    null,
    redact,
    retain,
)
from flask_guesterase.store.catalog.shape import LiveSchema, LiveTrigger
from flask_guesterase.store.checking.drift import drift
from flask_guesterase.store.checking.fired import beyond, emptied
from flask_guesterase.store.checking.live import read
from flask_guesterase.store.mapping.datamap import resolve
from tests import engines
from tests.kinds import Case, Cases
from tests.store.inn import Policies, host, run

CASES = Cases()
ALL = engines.ENGINES
SERVERS = engines.SERVERS
GUEST = Policy(
    {"name": redact, "phone": null, "vip": keep("planning")}, subject=Subject(match=["name"])
)
NOTE = Policy({"text": null}, via="guest_id")
RIGHT: Policies = {"guests": GUEST, "notes": NOTE}

Attempt = Callable[[Connection], None]


def hotel() -> MetaData:
    """Guests, and notes that belong to them."""
    metadata = MetaData()
    Table(
        "guests", metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(80), nullable=False),
        Column("phone", String(20)),
        Column("vip", Integer),
    )
    Table(
        "notes", metadata,
        Column("id", Integer, primary_key=True),
        Column("guest_id", ForeignKey("guests.id"), nullable=False, index=True),
        Column("text", String(200)),
    )
    return metadata


def find(
    engine: str,
    script: str = "",
    policies: Policies = RIGHT,
    before: Attempt | None = None,
    mapped: MetaData | None = None,
) -> list[Finding]:
    """Return how a database differs from the map after a script ran in it.

    :param script: statements separated by ";;"; an empty one changes nothing.
    :param before: done on the connection that reads.
    :param mapped: what the host maps, the hotel as it was made by default.
    """
    metadata = hotel()
    declared = resolve(policies.items(), (mapped or metadata).tables.values(), ())
    with (
        engines.fresh_database(engine) as url,
        host(url, metadata, script) as made,
        made.connect() as conn,
    ):
        if before is not None:
            before(conn)
        return drift(declared, read(conn))


@pytest.mark.parametrize("engine", ALL)
def test_a_database_as_it_was_mapped_has_no_finding(engine: str) -> None:
    """What create_all makes is what the mapping says, on every engine."""
    assert find(engine) == []


@CASES.of("cascade", *ALL)
def cascade(wrong: bool, engine: str) -> list[Finding]:
    going: Policies = {
        "guests": Policy({}, subject=Subject(match=["name"]), rows=delete),
        "notes": Policy({}, via="guest_id", rows=delete),
    }
    action = "ON DELETE CASCADE" if wrong else ""
    return find(
        engine,
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, guest_id INTEGER, "
        f"FOREIGN KEY (guest_id) REFERENCES guests (id) {action})",
        going,
    )


@CASES.of("cascade", *ALL)
def cascade_into_a_mapped_table(wrong: bool, engine: str) -> list[Finding]:
    action = "ON DELETE CASCADE" if engine != "sqlite" else ""
    script = {
        "sqlite": """DROP TABLE notes;; CREATE TABLE notes (id INTEGER PRIMARY KEY, guest_id
            INTEGER REFERENCES guests (id) ON DELETE SET NULL, text VARCHAR(200))""",
        "postgresql": """ALTER TABLE notes DROP CONSTRAINT notes_guest_id_fkey;;
            ALTER TABLE notes ADD FOREIGN KEY (guest_id) REFERENCES guests (id) {}""",
        "mariadb": """ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1;;
            ALTER TABLE notes ADD FOREIGN KEY (guest_id) REFERENCES guests (id) {}""",
    }[engine].format(action)
    going = Policy({}, subject=Subject(match=["name"]), rows=delete)
    return find(engine, script, {"guests": going} if wrong else {"guests": going, "notes": NOTE})


@CASES.of("column-missing", *ALL)
def column_missing(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "ALTER TABLE guests DROP COLUMN phone" if wrong else "")


@CASES.of("column-unmapped", *ALL)
def column_unmapped(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "ALTER TABLE guests ADD COLUMN passport VARCHAR(20)" if wrong else "")


@CASES.of("column-unmapped", *ALL)
def column_unmapped_in_rows_that_may_stay(wrong: bool, engine: str) -> list[Finding]:
    rows = delete_when_last_owner if wrong else delete
    notes = Policy({"text": null}, via="guest_id", rows=rows)
    script = "ALTER TABLE notes ADD COLUMN seen VARCHAR(20)"
    return find(engine, script, {**RIGHT, "notes": notes})


@CASES.of("database-read-only", *ALL)
def database_read_only(wrong: bool, engine: str) -> list[Finding]:
    switch = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET default_transaction_read_only = on",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
    }[engine]
    return find(engine, before=(lambda conn: run(conn, switch)) if wrong else None)


@CASES.of("materialised", "postgresql")
def materialised(wrong: bool, engine: str) -> list[Finding]:
    kind = "MATERIALIZED VIEW" if wrong else "VIEW"
    return find(engine, f"CREATE {kind} names AS SELECT name FROM guests")


@CASES.of("not-transactional", "mariadb")
def not_transactional(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1;;"
                f"ALTER TABLE notes ENGINE = {'MyISAM' if wrong else 'InnoDB'}")


@CASES.of("savepoint-refused", "mariadb")
def savepoint_refused(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1;;"
                f"ALTER TABLE notes ENGINE = {'Aria' if wrong else 'InnoDB'}")


@CASES.of("partitioned", "mariadb", "postgresql")
def partitioned(wrong: bool, engine: str) -> list[Finding]:
    if engine == "mariadb":
        parts = "PARTITION BY HASH (id) PARTITIONS 2" if wrong else ""
        script = f"""ALTER TABLE notes DROP FOREIGN KEY notes_ibfk_1;;
            ALTER TABLE notes COMMENT = 'front desk' {parts}"""
    else:
        parts = "PARTITION BY HASH (id)" if wrong else ""
        script = f"""DROP TABLE notes;;
            CREATE TABLE notes (id int PRIMARY KEY, guest_id int REFERENCES guests, text text)
            {parts}"""
    return find(engine, script)


@CASES.of("row-security", "postgresql")
def row_security(wrong: bool, engine: str) -> list[Finding]:
    def as_clerk(conn: Connection) -> None:
        name = "clerk_" + str(conn.engine.url.database)[-12:]
        run(conn, f"CREATE ROLE {name};; GRANT ALL ON guests TO {name}")
        run(conn, f"SET LOCAL ROLE {name}")

    return find(
        engine, "ALTER TABLE guests ENABLE ROW LEVEL SECURITY" if wrong else "", before=as_clerk
    )


@CASES.of("rule-misfit", *ALL)
def misfit_of_a_unique_index(wrong: bool, engine: str) -> list[Finding]:
    """An index that no model names: the second guest could not be erased any more."""
    return find(engine, f"CREATE {'UNIQUE' if wrong else ''} INDEX one_name ON guests (name)")


@CASES.of("rule-misfit", *ALL)
def misfit_of_a_unique_index_of_two(wrong: bool, engine: str) -> list[Finding]:
    """With the key beside it two guests differ; with the name again, they do not."""
    beside = "remark" if wrong else "id"
    script = "ALTER TABLE guests ADD COLUMN remark VARCHAR(20)"
    metadata = hotel()
    Table("guests", metadata, Column("remark", String(20)), extend_existing=True)
    columns = {**GUEST.columns, "remark": redact}
    guests = Policy(columns, subject=Subject(match=["name"]))
    index = f"CREATE UNIQUE INDEX one_name ON guests (name, {beside})"
    return find(engine, f"{script};; {index}", {**RIGHT, "guests": guests}, mapped=metadata)


@CASES.of("rule-misfit", "postgresql", "sqlite")
def misfit_of_a_unique_expression(wrong: bool, engine: str) -> list[Finding]:
    """One that folds the case, and one that has the key beside it."""
    beside = "" if wrong else ", id"
    return find(engine, f"CREATE UNIQUE INDEX one_name ON guests (lower(name){beside})")


@CASES.of("rule-misfit", "postgresql", "sqlite")
def misfit_of_a_unique_index_over_some_rows(wrong: bool, engine: str) -> list[Finding]:
    """Erased guests can be left out of it, and need not."""
    unique = "UNIQUE" if wrong else ""
    return find(engine, f"CREATE {unique} INDEX one_name ON guests (name) WHERE vip = 1")


@CASES.of("rule-misfit", *ALL)
def misfit_of_a_unique_index_beside_what_stays(wrong: bool, engine: str) -> list[Finding]:
    """Two guests that agree in what stays would agree in all once they are erased."""
    unique = "UNIQUE" if wrong else ""
    return find(engine, f"CREATE {unique} INDEX one_name ON guests (vip, name)")


@CASES.of("rule-misfit", "postgresql")
def misfit_of_a_unique_index_to_which_null_is_a_value(wrong: bool, engine: str) -> list[Finding]:
    nulls = "NULLS NOT DISTINCT" if wrong else ""
    return find(engine, f"CREATE UNIQUE INDEX one_phone ON guests (phone) {nulls}")


@CASES.of("rule-misfit", *ALL)
def misfit_of_a_unique_column_that_is_computed(wrong: bool, engine: str) -> list[Finding]:
    """Made of a name alone it is the same in each erased row, with the key beside it it is not."""
    made = "lower(name)" if wrong else "lower(name) || id"
    if engine == "mariadb":
        # It lets no key that counts by itself into a computed column.
        made = "lower(name)" if wrong else "concat(lower(name), phone)"
    metadata = hotel()
    Table("guests", metadata, Column("lower", String(90), Computed(made)), extend_existing=True)
    stored = "VIRTUAL" if engine == "sqlite" else "STORED"
    script = f"ALTER TABLE guests ADD COLUMN lower VARCHAR(90) GENERATED ALWAYS AS ({made}) " \
        f"{stored};; CREATE UNIQUE INDEX one_name ON guests (lower)"
    return find(engine, script, mapped=metadata)


@CASES.of("rule-misfit", "postgresql")
def misfit_of_a_part_of_a_key_that_is_whole_or_not_there(wrong: bool, engine: str) -> list[Finding]:
    """By MATCH FULL a row points with all columns of a key or with none; else one is enough."""
    match = "MATCH FULL" if wrong else ""
    script = f"""CREATE TABLE rooms (house INT, no INT, PRIMARY KEY (house, no));;
        ALTER TABLE notes ADD COLUMN house INT, ADD COLUMN no INT,
        ADD FOREIGN KEY (house, no) REFERENCES rooms (house, no) {match}"""
    metadata = hotel()
    Table("notes", metadata, Column("house", Integer), Column("no", Integer), extend_existing=True)
    notes = Policy({"text": null, "house": keep("which house"), "no": null}, via="guest_id")
    declared = {**RIGHT, "notes": notes, "rooms": exempt("rooms")}
    return find(engine, script, declared, mapped=metadata)


@CASES.of("rule-misfit", *ALL)
def rule_misfit_in_the_database(wrong: bool, engine: str) -> list[Finding]:
    if engine == "sqlite":
        script = """DROP TABLE notes;; CREATE TABLE notes (id INTEGER PRIMARY KEY,
            guest_id INTEGER REFERENCES guests (id), text VARCHAR(200) NOT NULL)"""
    elif engine == "mariadb":
        script = "ALTER TABLE notes MODIFY text VARCHAR(200) NOT NULL"
    else:
        script = "ALTER TABLE notes ALTER text SET NOT NULL"
    return find(engine, script if wrong else "")


@CASES.of("rule-misfit", "mariadb", "postgresql")
def misfit_of_a_short_fraction_in_rows_without_a_key(wrong: bool, engine: str) -> list[Finding]:
    """0.1 of four bytes is not equal to the 0.1 that was read, so that the row is never found."""
    metadata = hotel()
    Table("tips", metadata, Column("guest_id", ForeignKey("guests.id")), Column("share", Float))
    type_ = {"mariadb": "FLOAT", "postgresql": "REAL"}[engine] if wrong else "DOUBLE PRECISION"
    script = f"CREATE TABLE tips (guest_id INTEGER REFERENCES guests (id), share {type_})"
    tips = Policy({"share": null}, via="guest_id")
    return find(engine, script, {**RIGHT, "tips": tips}, mapped=metadata)


@CASES.of("rule-misfit", "mariadb", "postgresql")
def rule_for_a_column_that_is_computed(wrong: bool, engine: str) -> list[Finding]:
    computed = "ALTER TABLE guests DROP COLUMN phone;; ALTER TABLE guests ADD COLUMN phone " \
        "VARCHAR(20) GENERATED ALWAYS AS ('0') STORED"
    return find(engine, computed if wrong else "")


@CASES.of("table-missing", *ALL)
def table_missing(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "DROP TABLE notes" if wrong else "")


@CASES.of("table-uncovered", *ALL)
def table_uncovered(wrong: bool, engine: str) -> list[Finding]:
    reference = ", FOREIGN KEY (n) REFERENCES notes (id)" if wrong else ""
    script = f"CREATE TABLE old_answers (id INTEGER PRIMARY KEY, n INTEGER{reference})"
    return find(engine, script)


@CASES.of("table-unclassified", *ALL)
def table_unclassified(wrong: bool, engine: str) -> list[Finding]:
    declared: Policies = {} if wrong else {"old_import": exempt("emptied every night")}
    return find(engine, "CREATE TABLE old_import (line VARCHAR(200))", {**RIGHT, **declared})


@CASES.of("table-unknown", *ALL)
def exemption_of_a_table_that_is_nowhere(wrong: bool, engine: str) -> list[Finding]:
    script = "" if wrong else "CREATE TABLE old_import (line VARCHAR(200))"
    return find(engine, script, {**RIGHT, "old_import": exempt("emptied every night")})


def trigger_on(engine: str, name: str, event: str, column: str) -> str:
    """Return the statement of a trigger on guests that copies a column of the old row."""
    insert = f"INSERT INTO notes_log (was) VALUES (OLD.{column})"
    table = "CREATE TABLE IF NOT EXISTS notes_log (was VARCHAR(80));;"
    if engine == "postgresql":
        return f"""{table} CREATE OR REPLACE FUNCTION f_{name}() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN {insert}; RETURN NULL; END $$;;
            CREATE TRIGGER {name} AFTER {event} ON guests FOR EACH ROW
            EXECUTE FUNCTION f_{name}()"""
    body = f"BEGIN {insert}; END" if engine == "sqlite" else insert
    return f"{table} CREATE TRIGGER {name} AFTER {event} ON guests FOR EACH ROW {body}"


def trigger_on_notes(engine: str, statement: str) -> str:
    """Return the statement of a trigger on notes that does what is given."""
    script = trigger_on(engine, "keeps", "UPDATE", "vip").replace("ON guests", "ON notes")
    return script.replace("INSERT INTO notes_log (was) VALUES (OLD.vip)", statement)


LOG: Policies = {**RIGHT, "notes_log": exempt("only in this test")}


@CASES.of("trigger", *ALL)
def trigger(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, trigger_on(engine, "keeps", "UPDATE", "name" if wrong else "vip"), LOG)


@CASES.of("trigger", *ALL)
def trigger_that_copies_from_another_table(wrong: bool, engine: str) -> list[Finding]:
    """The note of a guest goes, and with it the guest's name goes into a log."""
    column = "name" if wrong else "count(*)"
    insert = f"INSERT INTO notes_log (was) SELECT {column} FROM guests WHERE id = NEW.guest_id"
    return find(engine, trigger_on_notes(engine, insert), LOG)


@pytest.mark.parametrize("statement", [
    "INSERT INTO notes_log (was) SELECT g.name FROM notes n, guests g WHERE g.id = n.guest_id",
    "INSERT INTO notes_log (was) SELECT name FROM (SELECT 1 AS one) AS x, guests",
    "UPDATE notes_log SET was = (SELECT name FROM notes, guests LIMIT 1)",
])  # fmt: skip
def test_a_trigger_that_reads_one_table_of_several_is_seen(statement: str) -> None:
    """However they are joined: by commas the second one was never read."""
    script = trigger_on_notes("sqlite", statement)
    assert [f.place for f in find("sqlite", script, LOG) if f.id == "trigger"] == ["notes.keeps"]


@pytest.mark.parametrize("statement", [
    "UPDATE `guests`, `notes_log` SET `notes_log`.`was` = `guests`.`name`",
    "UPDATE `guests` g JOIN `notes_log` l ON 1 = 1 SET l.was = g.name",
    "UPDATE guests g LEFT OUTER JOIN notes_log l ON 1 = 1 SET l.was = g.name",
    "UPDATE guests g NATURAL JOIN notes_log l SET l.was = g.name",
])  # fmt: skip
def test_a_trigger_that_writes_into_a_join_reads_all_of_it(statement: str) -> None:
    """Whichever way its tables are quoted and joined (MariaDB)."""
    script = trigger_on_notes("mariadb", statement)
    assert [f.place for f in find("mariadb", script, LOG) if f.id == "trigger"] == ["notes.keeps"]


def test_a_function_of_the_name_of_a_condition_is_none() -> None:
    """What IF(...) copies is seen where a CASE follows it (MariaDB)."""
    statement = (
        "INSERT INTO notes_log (was) VALUES (IF(OLD.name = '', 'nobody', "
        "CASE WHEN OLD.vip THEN OLD.name ELSE 'no' END))"
    )
    script = trigger_on("mariadb", "keeps", "UPDATE", "vip")
    script = script.replace("INSERT INTO notes_log (was) VALUES (OLD.vip)", statement)
    assert [f.place for f in find("mariadb", script, LOG) if f.id == "trigger"] == ["guests.keeps"]


def test_a_trigger_that_writes_into_guests_copies_nothing_of_them() -> None:
    """Its condition names the table it writes into, and reads no other row."""
    statement = "UPDATE guests SET name = 'x' WHERE guests.id = NEW.guest_id"
    script = trigger_on_notes("sqlite", statement)
    assert not [f for f in find("sqlite", script, LOG) if f.id == "trigger"]


@CASES.of("trigger", *ALL)
def trigger_spelled_otherwise(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, trigger_on(engine, "keeps", "UPDATE", "NAME" if wrong else "VIP"), LOG)


@CASES.of("trigger", *ALL)
def trigger_that_the_policy_names(wrong: bool, engine: str) -> list[Finding]:
    named = {} if wrong else {"keeps": "notes_log is declared"}
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers=named)
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    return find(engine, script, {**LOG, "guests": guests})


@CASES.of("trigger", *SERVERS)
def trigger_named_that_writes_where_nobody_looks(wrong: bool, engine: str) -> list[Finding]:
    """Naming it says that its table is declared, which a table of a schema not read cannot be."""
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers={"keeps": "our history"})
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    into = "`exports`.notes_log" if engine == "mariadb" else "exports . notes_log"
    if wrong:
        script = script.replace("INTO notes_log", f"INTO {into}")
    return find(engine, script, {**LOG, "guests": guests})


@CASES.of("trigger-exempt", *ALL)
def trigger_named_that_writes_into_an_exempt_table(wrong: bool, engine: str) -> list[Finding]:
    """Its name is given because the table is declared; as exempt it is where names stay."""
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers={"keeps": "our history"})
    said = "INSERT INTO notes_log (was) VALUES ('somebody went')"
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    if not wrong:
        script = script.replace("INSERT INTO notes_log (was) VALUES (OLD.name)", said)
    return find(engine, script, {**LOG, "guests": guests})


def find_named(engine: str, statement: str, before: str = "") -> list[Finding]:
    """Return what is found where the policy of guests names a trigger that does what is given.

    :param before: statements separated by ";;" that stand before it.
    """
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers={"keeps": "our history"})
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    script = script.replace("INSERT INTO notes_log (was) VALUES (OLD.name)", statement)
    return find(engine, f"{before} {script}", {**LOG, "guests": guests})


@CASES.of("match-unknown", *ALL)
def known_by_what_only_the_database_says_that_it_computes(
    wrong: bool, engine: str
) -> list[Finding]:
    """A mapping that calls it a plain column, kept, and never looked for by what it held."""
    mapped = hotel()
    mapped.tables["guests"].append_column(Column("full_name", String(80)))
    kind = "STORED" if engine == "postgresql" else "VIRTUAL"
    script = ("ALTER TABLE guests ADD COLUMN full_name VARCHAR(80) GENERATED ALWAYS AS "
              f"(upper(name)) {kind}")  # fmt: skip
    subject = Subject(match=["phone"], name="full_name" if wrong else ["full_name", "name"])
    guests = Policy({**GUEST.columns, "full_name": keep("computed")}, subject=subject)
    return find(engine, script, {**RIGHT, "guests": guests}, mapped=mapped)


def test_who_is_known_by_a_number_that_the_database_counts_is_not_named() -> None:
    """PostgreSQL says of an identity that nobody may write it, as of what is computed."""
    mapped = hotel()
    mapped.tables["guests"].append_column(Column("number", Integer))
    who = Subject(match=["number"])
    guests = Policy({**GUEST.columns, "number": keep("a number")}, subject=who)
    script = "ALTER TABLE guests ADD COLUMN number INT GENERATED ALWAYS AS IDENTITY"
    given = {**RIGHT, "guests": guests}
    assert "match-unknown" not in {f.id for f in find("postgresql", script, given, mapped=mapped)}


@pytest.mark.parametrize("engine", ALL)
def test_a_named_trigger_that_changes_rows_of_an_exempt_table_is_named(engine: str) -> None:
    """A name stays there as well as one that goes in with a row of its own."""
    found = find_named(engine, "UPDATE notes_log SET was = OLD.name")
    assert [(each.id, each.place) for each in found] == [("trigger-exempt", "guests.keeps")]


@pytest.mark.parametrize(("engine", "statement"), [
    ("sqlite", "INSERT OR IGNORE INTO notes_log (was) VALUES (OLD.name)"),
    ("sqlite", "INSERT OR REPLACE INTO notes_log (was) VALUES (OLD.name)"),
    ("sqlite", "UPDATE OR IGNORE notes_log SET was = OLD.name"),
    ("mariadb", "UPDATE notes n JOIN notes_log l ON 1 = 1 SET l.was = OLD.name"),
    ("mariadb", "UPDATE notes, notes_log SET notes_log.was = OLD.name"),
])  # fmt: skip
def test_a_named_trigger_that_writes_otherwise_into_an_exempt_table_is_named(
    engine: str, statement: str
) -> None:
    """Each engine has words of its own between a verb and the table that it writes into."""
    found = find_named(engine, statement)
    assert [(each.id, each.place) for each in found] == [("trigger-exempt", "guests.keeps")]


@pytest.mark.parametrize(("schema", "told"), [("public.", []), ("", []), ("hr.", ["hr.log"])])
def test_a_table_of_the_same_name_in_another_schema_is_another(
    schema: str, told: list[str]
) -> None:
    """What goes into the log that is declared stays in none of the house's other one."""
    mapped = hotel()
    for at in ("hr", None):
        Table("log", mapped, Column("id", Integer, primary_key=True),
              Column("was", String(80)), Column("guest_id", Integer), schema=at)  # fmt: skip
    log = Policy({"was": redact}, via=Equal({"guest_id": "id"}, to="guests"))
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers={"keeps": "our history"})
    script = trigger_on("postgresql", "keeps", "UPDATE", "name").replace("INTO notes_log (was) "
             "VALUES (OLD.name)", f"INTO {schema}log (was, guest_id) VALUES (OLD.name, OLD.id)")
    script = ("CREATE SCHEMA hr;; CREATE TABLE log (id serial, was text, guest_id int);; "
              f"CREATE TABLE hr.log (id serial, was text, guest_id int);; {script}")  # fmt: skip
    given = {**LOG, "guests": guests, "log": log, "hr.log": exempt("only in this test")}
    declared = resolve(given.items(), mapped.tables.values(), ())
    with (
        engines.fresh_database("postgresql") as url,
        host(url, hotel(), script) as made,
        made.connect() as conn,
    ):
        found = drift(declared, read(conn, schemas=declared.schemas()))
    about = [each for each in found if each.id == "trigger-exempt"]
    assert [name for name in ("hr.log",) if any(name in each.message for each in about)] == told


@pytest.mark.parametrize(("engine", "statement"), [
    ("mariadb", "INSERT INTO notes_log (was) VALUES (OLD.name) ON DUPLICATE KEY UPDATE "
     "notes_log.was = OLD.name"),
    ("mariadb", "BEGIN # insert into old.log, don't\n SET @x = \"insert into x.y\"; "
     "INSERT INTO notes_log (was) VALUES (OLD.name); END"),
    ("postgresql", "INSERT INTO PUBLIC.\"notes_log\" (was) VALUES (OLD.name)"),
    ("postgresql", "CREATE TEMP TABLE x (y text); INSERT INTO pg_temp.x VALUES (OLD.name)"),
])  # fmt: skip
def test_a_named_trigger_that_writes_where_we_look_stops_nothing(
    engine: str, statement: str
) -> None:
    """A column behind its table, a word in a comment and a table of the session name no schema."""
    assert {f.id for f in find_named(engine, statement)} <= {"trigger-exempt"}


@pytest.mark.parametrize("statement", [
    "MERGE INTO exports.x USING (SELECT OLD.name AS n) s ON false WHEN NOT MATCHED THEN "
    "INSERT VALUES (s.n)",
    "INSERT INTO \"x-y\".x VALUES (OLD.name)",
])  # fmt: skip
def test_a_named_trigger_writes_astray_in_whatever_form(statement: str) -> None:
    assert [f.place for f in find_named("postgresql", statement)] == ["guests.keeps"]


@CASES.of("trigger", "postgresql")
def trigger_named_whose_function_looks_in_another_schema(wrong: bool, engine: str) -> list[Finding]:
    """What it names without a schema lies where its own search_path leads."""
    path = "exports" if wrong else "exports, public"
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers={"keeps": "our history"})
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    script = script.replace("LANGUAGE plpgsql", f"LANGUAGE plpgsql SET search_path = {path}")
    there = "CREATE SCHEMA exports;; CREATE TABLE exports.notes_log (was text)"
    return find(engine, f"{there};; {script}", {**LOG, "guests": guests})


@CASES.of("trigger", *SERVERS)
def trigger_of_a_history_that_passes_it_on(wrong: bool, engine: str) -> list[Finding]:
    """What goes into a declared table goes on from there into one that nobody reads."""
    passed = f"INSERT INTO exports.x VALUES (NEW.{'text' if wrong else 'id'})"
    onward = trigger_on_notes(engine, passed).replace("AFTER UPDATE", "AFTER INSERT")
    onward = onward.replace("keeps", "onward")
    return find_named(
        engine, "INSERT INTO notes (guest_id, text) VALUES (OLD.id, OLD.name)", f"{onward};;"
    )


@CASES.of("trigger", *ALL)
def trigger_when_rows_are_deleted(wrong: bool, engine: str) -> list[Finding]:
    rows: Any = {"rows": delete} if wrong else {}
    guests = Policy(GUEST.columns, subject=GUEST.subject, **rows)
    script = trigger_on(engine, "keeps", "DELETE", "name")
    return find(engine, script, {**LOG, "guests": guests})


@CASES.of("triggers-unknown", "postgresql")
def trigger_named_that_puts_its_statement_together(wrong: bool, engine: str) -> list[Finding]:
    """Whoever named it may know where it writes; from its text nobody does."""
    built = "EXECUTE format('INSERT INTO %I.log VALUES ($1)', TG_TABLE_SCHEMA) USING OLD.name"
    plain = "INSERT INTO notes_log (was) VALUES (OLD.name || ' EXECUTE') -- EXECUTE\n"
    return find_named(engine, built if wrong else plain)


@pytest.mark.parametrize(("statement", "far"), [
    ("UPDATE notes_log l JOIN elsewhere.b ON coalesce(l.was, b.x) SET b.x = OLD.name", True),
    ("UPDATE notes_log, `elsewhere` . b AS o SET notes_log.was = 1, o.x = OLD.name", True),
    ("UPDATE notes_log JOIN (notes n, elsewhere.b) SET x = OLD.name", True),
    ("UPDATE notes_log l JOIN elsewhere.b ON l.was = b.x SET l.was = OLD.name", False),
    ("UPDATE notes_log l JOIN notes ON coalesce(l.was, notes.text) SET notes.text = OLD.name",
     False),
])  # fmt: skip
def test_a_named_trigger_that_writes_into_the_second_table_of_a_join_is_seen(
    statement: str, far: bool
) -> None:
    """MariaDB changes whichever table of a join the column is of; a table that is read is none."""
    found = [f.message for f in find_named("mariadb", statement) if f.id == "trigger"]
    assert [" elsewhere.b," in each for each in found] == [True] * far


@pytest.mark.parametrize(("statement", "far"), [
    ("DELETE FROM elsewhere.b WHERE id = OLD.id", True),
    ("DELETE elsewhere.b FROM notes n JOIN elsewhere.b ON coalesce(n.id, b.id)", True),
    ("DELETE o.* FROM notes n JOIN elsewhere.b AS o WHERE n.id = 1", True),
    ("DELETE FROM o USING notes n LEFT JOIN elsewhere.b o ON o.id = n.id", True),
    ("DELETE n FROM notes n JOIN elsewhere.b ON b.id = n.id", False),
])  # fmt: skip
def test_a_trigger_that_deletes_rows_of_a_schema_nobody_read_is_seen(
    statement: str, far: bool
) -> None:
    """No plan names these rows either, and no safety copy has them (MariaDB)."""
    script = trigger_that_deletes("mariadb", "UPDATE", statement)
    found = [f.message for f in find("mariadb", script, PAID) if f.id == "trigger-deletes"]
    assert any(" elsewhere.b " in each for each in found) is far


@pytest.mark.parametrize(("engine", "statement"), [
    ("mariadb", "UPDATE notes_log l JOIN notes n ON n.id IN (1, NEW.id) SET was = NULL"),
    ("mariadb", "UPDATE notes_log JOIN (SELECT concat(b.x, 1) x FROM far.b b) f SET was = f.x"),
    ("mariadb", "UPDATE notes_log l JOIN far.b ON b.x SET l.was = IF(b.x = 1, b.y = 2, 3)"),
    ("mariadb", "DELETE FROM notes_log ORDER BY FIELD(was, OLD.name) LIMIT 1"),
    ("mariadb", "DELETE b FROM notes_log b JOIN (SELECT x FROM far.b WHERE x = 1) f ON f.x"),
    ("mariadb", "SET NEW.name = TRUNCATE (NEW.id, 2) # delete from far.b"),
    ("postgresql", "DELETE FROM notes_log b USING far.b AS c WHERE b.was = c.x"),
    ("postgresql", "WITH gone AS (DELETE FROM notes_log RETURNING id, was) "
     "SELECT g.x, g.id FROM gone g JOIN far.id ON true"),
])  # fmt: skip
def test_what_a_trigger_only_reads_in_a_schema_nobody_read_stops_nothing(
    engine: str, statement: str
) -> None:
    """A list of arguments, what is selected, and what stands behind USING lose no row."""
    live = LiveSchema(engine, "1", "hotel", tables={})
    trigger = LiveTrigger("t", "guests", frozenset({"UPDATE"}), statement, copies_old=True)
    assert beyond(live, live, trigger) in ([], ["hotel.notes_log"])
    assert emptied(live, live, trigger) == []


@CASES.of("unique-missing", *ALL)
def unique_by_the_mapping_alone(wrong: bool, engine: str) -> list[Finding]:
    """A phone two guests share would be taken for one's, and what hangs on it for theirs alone."""
    metadata = hotel()
    Table("guests", metadata, Column("phone", String(20), unique=True), extend_existing=True)
    Table("calls", metadata, Column("id", Integer, primary_key=True), Column("phone", String(20)))
    calls = Policy({"phone": null}, via=Equal({"phone": "phone"}, to="guests"))
    index = "UNIQUE INDEX" if not wrong else "INDEX"
    script = f"""CREATE TABLE calls (id INTEGER PRIMARY KEY, phone VARCHAR(20));;
        CREATE {index} one_phone ON guests (phone)"""
    return find(engine, script, {**RIGHT, "calls": calls}, mapped=metadata)


def trigger_that_deletes(engine: str, event: str, statement: str) -> str:
    """Return the statement of a trigger on guests that deletes rows of payments."""
    table = "CREATE TABLE payments (guest_id INTEGER, cents INTEGER);;"
    if engine == "postgresql":
        return f"""{table} CREATE FUNCTION f_drops() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN {statement}; RETURN NULL; END $$;;
            CREATE TRIGGER drops AFTER {event} ON guests FOR EACH ROW EXECUTE FUNCTION f_drops()"""
    body = f"BEGIN {statement}; END" if engine == "sqlite" else statement
    return f"{table} CREATE TRIGGER drops AFTER {event} ON guests FOR EACH ROW {body}"


PAID: Policies = {**RIGHT, "payments": exempt("only in this test")}
DROPS = "DELETE FROM payments WHERE guest_id = OLD.id"


@CASES.of("trigger-deletes", *ALL)
def trigger_that_deletes_when_rows_are_deleted(wrong: bool, engine: str) -> list[Finding]:
    rows: Any = {"rows": delete} if wrong else {}
    guests = Policy(GUEST.columns, subject=GUEST.subject, **rows)
    script = trigger_that_deletes(engine, "DELETE", DROPS)
    return find(engine, script, {**PAID, "guests": guests})


@CASES.of("trigger-deletes", *ALL)
def trigger_that_deletes_and_is_named(wrong: bool, engine: str) -> list[Finding]:
    named = {} if wrong else {"drops": "what was paid is in the books as well"}
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers=named)
    script = trigger_that_deletes(engine, "UPDATE", DROPS)
    return find(engine, script, {**PAID, "guests": guests})


@CASES.of("trigger-deletes", "mariadb")
def trigger_that_deletes_by_a_join(wrong: bool, engine: str) -> list[Finding]:
    where = "WHERE p.guest_id = NEW.id AND n.guest_id = NEW.id"
    statement = f"DELETE p FROM payments p JOIN notes n {where}" if wrong else (
        "INSERT INTO payments VALUES (NEW.id, 0) /* DELETE FROM payments */"
    )
    return find(engine, trigger_that_deletes(engine, "UPDATE", statement), PAID)


@pytest.mark.parametrize("statement", [
    "DELETE p FROM notes n JOIN payments p ON p.guest_id = n.guest_id",
    "DELETE FROM p USING notes AS n JOIN payments AS p WHERE p.guest_id = NEW.id",
])  # fmt: skip
def test_a_trigger_that_deletes_under_another_name_is_seen(statement: str) -> None:
    """MariaDB deletes from what a join calls otherwise; any table of it may be meant."""
    script = trigger_that_deletes("mariadb", "UPDATE", statement)
    places = [f for f in find("mariadb", script, PAID) if f.id == "trigger-deletes"]
    assert any("rows of payments" in f.message for f in places)


PARTITIONS = """DROP TABLE notes;; ALTER TABLE guests RENAME TO front;;
    CREATE TABLE guests (LIKE front) PARTITION BY LIST (id);;
    CREATE TABLE rest PARTITION OF guests DEFAULT PARTITION BY LIST (id);;
    CREATE TABLE notes_log (was VARCHAR(80));;
    DROP TABLE front;; CREATE TABLE front PARTITION OF rest FOR VALUES IN (1)"""
HEIRS = """CREATE TABLE rest () INHERITS (guests);; CREATE TABLE front () INHERITS (rest)"""


@pytest.mark.parametrize("made", [PARTITIONS, HEIRS])
def test_a_stored_view_of_a_part_is_one_of_the_whole(made: str) -> None:
    """It shows what an erasure of the whole table changes, and is made anew after it."""
    if "notes_log" not in made:
        made += ";; CREATE TABLE notes_log (was VARCHAR(80))"
    policies = {**LOG, **dict.fromkeys(("notes", "rest", "front"), exempt("parts"))}
    found = find("postgresql", f"{made};; CREATE MATERIALIZED VIEW names AS SELECT name FROM front",
                 policies)
    assert [f.place for f in found if f.id == "materialised"] == ["guests.names"]


@pytest.mark.parametrize("made", [PARTITIONS, HEIRS])
def test_a_trigger_of_a_part_is_one_of_the_whole(made: str) -> None:
    """An erasure writes to the whole table, and fires what its partitions and heirs have."""
    policies = {**LOG, **dict.fromkeys(("notes", "rest", "front"), exempt("parts"))}

    def said(column: str) -> list[str]:
        script = trigger_on("postgresql", "keeps", "UPDATE", column)
        script = script.replace("ON guests", "ON front")
        found = find("postgresql", f"{made};; {script}", policies)
        return [f.place for f in found if f.id == "trigger"]

    assert (said("name"), said("vip")) == (["guests.keeps"], [])


def test_what_is_declared_reaches_what_inherits_and_not_what_it_has_of_its_own() -> None:
    """Rows of an heir are seen and erased in the table above it, as those of a partition are."""
    assert find("postgresql", HEIRS) == []
    more = f"{HEIRS};; CREATE TABLE past (since DATE) INHERITS (front);; CREATE TABLE a () INHERITS"
    found = find("postgresql", f"{more} (past);; CREATE TABLE b (x text);; CREATE TABLE c () "
                 "INHERITS (rest, b)")  # fmt: skip
    assert [(f.id, f.table) for f in found] == [
        ("table-unclassified", "b"), ("table-unclassified", "c"), ("table-unclassified", "past"),
    ]  # fmt: skip
    told = {f.table: f.message for f in found}
    assert told["past"].startswith("It inherits from front: ")
    assert "(since)" in told["past"]
    assert told["b"] == told["c"]


@CASES.of("rule-misfit", "mariadb", "postgresql")
def misfit_of_a_native_type(wrong: bool, engine: str) -> list[Finding]:
    """The mapping calls an address or a UUID text; to the database it is none."""
    native = {"mariadb": "inet6", "postgresql": "uuid"}[engine]
    policy = Policy({**GUEST.columns, "phone": redact if wrong else null}, subject=GUEST.subject)
    script = f"ALTER TABLE guests DROP COLUMN phone;; ALTER TABLE guests ADD phone {native}"
    return find(engine, script, {**RIGHT, "guests": policy})


@CASES.of("rule-misfit", "mariadb")
def rule_misfit_of_a_list_of_values(wrong: bool, engine: str) -> list[Finding]:
    rule = redact if wrong else null
    script = "ALTER TABLE guests MODIFY phone SET('desk', 'room')"
    guests = Policy({**GUEST.columns, "phone": rule}, subject=GUEST.subject)
    return find(engine, script, {**RIGHT, "guests": guests})


PARTS = """ALTER TABLE notes RENAME TO before;; CREATE TABLE notes
(id int, guest_id int REFERENCES guests (id), text varchar(200)) PARTITION BY LIST ({by});;
CREATE TABLE these PARTITION OF notes FOR VALUES IN ({one}) PARTITION BY LIST (guest_id);;
CREATE TABLE those PARTITION OF notes DEFAULT;; CREATE TABLE ours PARTITION OF these DEFAULT;;
DROP TABLE before;;
CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO log_ (was) VALUES (OLD.text); RETURN OLD; END $$;;
CREATE TRIGGER keeps AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION keeps()"""
"""Notes in partitions of partitions, with a trigger that keeps what a row was."""


@CASES.of("trigger", "postgresql")
def trigger_of_a_row_that_moves_to_another_partition(wrong: bool, engine: str) -> list[Finding]:
    by, one = ("text", "'a'") if wrong else ("id", "1")
    return find(engine, PARTS.format(by=by, one=one, event="DELETE", table="notes"), LOG)


@CASES.of("trigger", "postgresql")
def trigger_of_a_partition_of_a_partition(wrong: bool, engine: str) -> list[Finding]:
    event = "UPDATE" if wrong else "INSERT"
    return find(engine, PARTS.format(by="id", one=1, event=event, table="ours"), LOG)


@CASES.of("trigger-stale", *ALL)
def trigger_stale(wrong: bool, engine: str) -> list[Finding]:
    named = {"keep" if wrong else "keeps": "notes_log is declared"}
    guests = Policy(GUEST.columns, subject=GUEST.subject, triggers=named)
    script = trigger_on(engine, "keeps", "UPDATE", "name")
    return find(engine, script, {**LOG, "guests": guests})


@CASES.of("triggers-unknown", "mariadb")
def triggers_unknown(wrong: bool, engine: str) -> list[Finding]:
    metadata = hotel()
    declared = resolve(RIGHT.items(), metadata.tables.values(), ())
    with engines.fresh_database(engine) as url, host(url, metadata) as made:
        clerk = "c_" + str(make_url(url).database)[-12:]
        limited = create_engine(make_url(url).set(username=clerk, password="front-desk"))
        rights = "SELECT" if wrong else "SELECT, TRIGGER"
        with made.begin() as conn:
            run(conn, f"CREATE USER {clerk} IDENTIFIED BY 'front-desk';;"
                f"GRANT {rights} ON `{conn.engine.url.database}`.* TO {clerk}")
        try:
            with limited.connect() as conn:
                return drift(declared, read(conn))
        finally:
            limited.dispose()
            with made.begin() as conn:
                run(conn, f"DROP USER {clerk}")


@CASES.of("fulltext", "sqlite")
def fulltext(wrong: bool, engine: str) -> list[Finding]:
    index = "CREATE VIRTUAL TABLE words USING fts5 (text, content='notes', content_rowid='id')"
    safe = "INSERT INTO words (words, rank) VALUES ('secure-delete', 1)"
    step = """CREATE TRIGGER words_of AFTER UPDATE ON notes BEGIN
        INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO words (rowid, text) VALUES (new.id, new.text); END"""
    policies = {**RIGHT, "words": exempt("an index of the notes, kept in step")}
    return find(engine, index if wrong else f"{index};; {safe};; {step}", policies)


@CASES.of("large-object", "postgresql")
def large_object(wrong: bool, engine: str) -> list[Finding]:
    mapped = hotel()
    mapped.tables["guests"].append_column(Column("scan0", OID))
    policy = Policy({**GUEST.columns, "scan0": null}, subject=Subject(match=["name"]))
    script = "CREATE EXTENSION lo;; ALTER TABLE guests ADD COLUMN scan0 lo"
    step = """CREATE TRIGGER scans BEFORE UPDATE OR DELETE ON guests FOR EACH ROW
        EXECUTE FUNCTION lo_manage(scan0)"""
    found = find(
        engine, script if wrong else f"{script};; {step}", {"guests": policy, "notes": NOTE},
        mapped=mapped,
    )  # fmt: skip
    assert [each.id for each in found] == (["large-object"] if wrong else [])
    return found


@CASES.of("versioned", "mariadb")
def versioned(wrong: bool, engine: str) -> list[Finding]:
    return find(engine, "ALTER TABLE notes ADD SYSTEM VERSIONING" if wrong else "")


@CASES.of("view", *ALL)
def view(wrong: bool, engine: str) -> list[Finding]:
    script = """DROP TABLE notes;; CREATE TABLE real_notes (id INTEGER PRIMARY KEY,
        guest_id INTEGER, text VARCHAR(200));; CREATE VIEW notes AS SELECT * FROM real_notes"""
    policies = {**RIGHT, "real_notes": exempt("only in this test")}
    return find(engine, script if wrong else "", policies)


@CASES.each()
def test_each_kind_is_found_where_it_is_and_only_there(case: Case) -> None:
    """The database that differs is reported with message and hint; the one put right is not."""
    case.check()


WARNINGS = frozenset({"triggers-unknown", "partitioned", "materialised"})


@pytest.mark.parametrize("case", [c for c in CASES.all if c.id in WARNINGS], ids=lambda c: c.id)
def test_what_warns_does_not_stop(case: Case) -> None:
    """Partitions, materialised views and hidden triggers are for people to weigh."""
    found = case.ask(True, case.engine)
    assert {f.severity for f in found if f.id == case.id} == {Severity.WARN}


@pytest.mark.parametrize("engine", ALL)
def test_views_and_tables_of_the_tools_need_no_declaration(engine: str) -> None:
    """A view holds nothing of its own; Alembic's table and ours are nobody's data."""
    script = """CREATE VIEW names AS SELECT name FROM guests;;
        CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"""
    assert find(engine, script) == []


def test_shadow_tables_of_a_text_index_need_no_declaration() -> None:
    """A full-text index is one table to declare; where SQLite keeps its content is not."""
    found = find("sqlite", "CREATE VIRTUAL TABLE found USING fts5 (name)")
    assert [(f.id, f.table) for f in found] == [("table-unclassified", "found")]


def test_the_database_is_named_by_its_default_schema_as_well(postgresql_url: str) -> None:
    """A mapping that spells out the default schema is the same table."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True), Column("name", String(80)),
        schema="public",
    )
    policy = Policy({"name": redact}, subject=Subject(match=["name"]))
    declared = resolve([(guests, policy)], metadata.tables.values(), ())
    with host(postgresql_url, metadata) as engine, engine.connect() as conn:
        assert drift(declared, read(conn, schemas=declared.schemas())) == []


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize("index", ["INDEX", "UNIQUE INDEX"])
def test_a_key_by_the_mapping_alone_is_told_of(index: str, engine: str) -> None:
    """A table without a key that a host maps by columns that it takes for one."""
    metadata = hotel()
    Table(
        "calls", metadata, Column("no", Integer, primary_key=True), Column("phone", String(20)),
        Column("guest_id", ForeignKey("guests.id"), index=True),
    )  # fmt: skip
    script = f"""CREATE TABLE calls (no INTEGER, phone VARCHAR(20), guest_id INTEGER);;
        CREATE INDEX whose ON calls (guest_id);; CREATE {index} once ON calls (no)"""
    calls = Policy({"phone": null}, via="guest_id")
    found = find(engine, script, {**RIGHT, "calls": calls}, mapped=metadata)
    said = [(f.place, f.severity) for f in found if f.id == "unique-missing"]
    assert said == ([("calls.no", Severity.WARN)] if index == "INDEX" else [])


@pytest.mark.parametrize("engine", ALL)
def test_a_rule_for_what_the_database_alone_computes_is_to_be_taken_out(engine: str) -> None:
    """Once the mapping says that it is computed it needs none, and goes with what it is made of."""
    metadata = hotel()
    Table("guests", metadata, Column("folded", String(90)), extend_existing=True)
    stored = "VIRTUAL" if engine == "sqlite" else "STORED"
    script = "ALTER TABLE guests ADD COLUMN folded VARCHAR(90) GENERATED ALWAYS AS " \
        f"(lower(name)) {stored}"
    columns = {**GUEST.columns, "folded": retain("invoice")}
    declared = {**RIGHT, "guests": replace(GUEST, columns=columns)}
    (finding,) = find(engine, script, declared, mapped=metadata)
    assert (finding.id, finding.place) == ("rule-misfit", "guests.folded")
    assert "map it with Computed(...)" in finding.hint
