"""Whether a trigger may keep the value that an erasure is about to remove."""

from __future__ import annotations

import pytest

from flask_guesterase.store.catalog.copying import copies_old

BOTH = ("UPDATE", "DELETE")
COPIES = {
    "INSERT INTO h VALUES (OLD.name);": {"name"},
    'INSERT INTO h VALUES (old."Full Name", OLD . `a b`);': {"Full Name", "a b"},
    "INSERT INTO h SELECT OLD.*;": None,
    "INSERT INTO h VALUES (to_jsonb(OLD));": None,
    "v := OLD.name; INSERT INTO h VALUES (v);": {"name"},
    "NEW.previous := OLD.name; RETURN NEW;": {"name"},
    "SET NEW.previous = OLD.name": {"name"},
    "SELECT OLD.name INTO v;": {"name"},
    "PERFORM keep(OLD.name);": {"name"},
    "CALL keep(OLD.name)": None,
    "EXECUTE 'INSERT INTO h SELECT ($1).name' USING NEW;": None,
    "RAISE EXCEPTION 'no %', OLD.name;": {"name"},
    "IF keep(OLD.name) THEN RETURN NEW; END IF;": {"name"},
    "DELETE FROM h WHERE keep(OLD.id);": {"id"},
    "WITH g AS (DELETE FROM h WHERE id = OLD.id RETURNING *) INSERT INTO k SELECT * FROM g;": {
        "id"
    },
    "INSERT INTO h VALUES (CASE WHEN OLD.a = 1 THEN OLD.b END);": {"b"},
    "/*! INSERT INTO h VALUES (OLD.a) */;": {"a"},
    "INSERT INTO h VALUES ('/*', OLD.a, '*/');": {"a"},
    "INSERT INTO h VALUES ('\\'/*', OLD.a, '*/');": {"a"},
    "": None,
}
HARMLESS = (
    "RETURN OLD;",
    "IF NEW.name IS DISTINCT FROM OLD.name THEN NEW.stamp := now(); END IF; RETURN NEW;",
    "IF EXISTS (SELECT 1 FROM x WHERE x.id = OLD.id) THEN SIGNAL SQLSTATE '45000'; END IF;",
    "DELETE FROM fts WHERE rowid = OLD.id;",
    "DELETE FROM fts WHERE rowid = OLD.id",
    "INSERT INTO fts(fts, rowid, n) VALUES('delete', old.id, old.n);",
    "-- the old value is not kept\nNEW.stamp := now(); RETURN NEW;",
    "/* OLD */ INSERT INTO h VALUES (NEW.id);",
    "INSERT INTO h VALUES (t.old_name, holder.old);",
)


@pytest.mark.parametrize("body", COPIES)
def test_a_body_that_can_keep_the_old_value_is_a_copy(body: str) -> None:
    """Whatever passes the old row on, or cannot be read, counts; its columns are named."""
    copies, columns = copies_old(body, table="guests", events=BOTH, before=False)
    assert copies
    assert columns == COPIES[body]


@pytest.mark.parametrize("body", HARMLESS)
def test_a_body_that_only_looks_at_the_old_value_is_none(body: str) -> None:
    """Comparing, returning, deleting by it and commenting on it keep nothing."""
    assert copies_old(body, table="guests", events=BOTH, before=False) == (False, frozenset())


def test_reading_the_own_table_before_the_change_is_a_copy() -> None:
    """A BEFORE trigger that reads its own table sees the old row without naming OLD."""
    body = "INSERT INTO h SELECT name FROM guests WHERE id = NEW.id;"
    assert copies_old(body, table="guests", events=BOTH, before=True) == (True, None)
    assert copies_old(body, table="guests", events=BOTH, before=False)[0] is False
    assert copies_old(body, table="rooms", events=BOTH, before=True)[0] is False
    clean = "DELETE FROM guests WHERE id = NEW.twin; INSERT INTO h VALUES (1);"
    assert copies_old(clean, table="guests", events=BOTH, before=True)[0] is False


def test_inserting_has_no_old_value() -> None:
    """A trigger on INSERT alone cannot copy what was there before."""
    body = "EXECUTE anything;"
    assert copies_old(body, table="guests", events=("INSERT",), before=True)[0] is False
    assert copies_old(body, table="guests", events=("INSERT", "DELETE"), before=True)[0]


def test_a_transition_table_is_the_old_rows() -> None:
    """The name a trigger gives to the old rows counts as OLD."""
    body = "INSERT INTO h SELECT n FROM gone;"
    found = copies_old(body, table="g", events=BOTH, before=False, aliases=("gone",))
    assert found == (True, None)
    assert copies_old(body, table="g", events=BOTH, before=False)[0] is False
