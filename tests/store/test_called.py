"""A trigger that hands the row to a function of the host's is not taken for a harmless one."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, text

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import null
from flask_guesterase.store.catalog.copying import copies_old
from tests.store import inn

GUESTS = MetaData()
Table(
    "guests", GUESTS,
    Column("id", Integer, primary_key=True, autoincrement=False), Column("name", String(40)),
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
    policy = Policy({"name": null}, subject=Subject(match=["name"], name="name"))
    declared = inn.datamap(GUESTS, {"guests": policy})
    with inn.host(request.getfixturevalue(f"{kind}_url"), GUESTS, SNAPSHOT[kind]) as engine:
        with engine.begin() as conn:
            conn.execute(insert(GUESTS.tables["guests"]), {"id": 1, "name": "Ann Berg"})
        plan = inn.draw(engine, declared, ("guests", (1,)))
        assert [(block.table, block.reason) for block in plan.blocked] == [("guests", "gap")]
        assert "trigger" in plan.blocked[0].detail
        with engine.begin() as conn:
            conn.execute(text("UPDATE guests SET name = NULL"))
            assert conn.scalar(text("SELECT name FROM history")) == "Ann Berg"


def told(body: str) -> tuple[bool, frozenset[str] | None]:
    """Return what is said of a body that runs before guests are updated."""
    return copies_old(body, table="guests", events={"UPDATE"}, before=True)


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
