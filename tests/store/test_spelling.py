"""What a text of SQL names, by its words."""

from __future__ import annotations

import pytest

from flask_guesterase.store.statements.spelling import spelled

COLUMNS = {"bills": {"payer", "tax"}, "crm.cards": {"holder"}}


@pytest.mark.parametrize("text", [
    "SELECT payer FROM bills",
    'select "payer" from "bills"',
    "SELECT `bills`.`payer` FROM `bills`",
    "SELECT [payer] FROM [bills]",
    "SELECT B.PAYER FROM BILLS b",
    "SELECT x.payer FROM rooms r JOIN bills AS x ON x.id = r.id",
    "SELECT total FROM bills ORDER BY payer",
    "UPDATE bills SET payer = 'x'",
    "DELETE FROM bills WHERE payer LIKE 'A%'",
    "INSERT INTO notes (text) SELECT payer FROM bills",
    "INSERT INTO bills (id, payer) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET payer = 'x'",
    "WITH b AS (SELECT * FROM bills) SELECT count(*) FROM b",
    "SELECT b.* FROM bills b",
    "SELECT count(*), * FROM bills",
    "SELECT /*+ hint */ * FROM bills",
    "SELECT -- all of it\n* FROM bills",
    "SELECT b.payer FROM bills /* of guests */ b",
    "SELECT DISTINCT ON (lower(kind)) * FROM bills",
    "TABLE bills",
    "SELECT SQL_CALC_FOUND_ROWS * FROM bills",
    "CREATE TABLE copy AS SELECT * FROM bills",
    "CREATE TEMPORARY TABLE copy AS SELECT payer FROM bills",
    "SELECT 'it\\'s', payer, 'due' FROM bills",
])
def test_a_column_is_found_however_it_is_written(text: str) -> None:
    """Quoted, qualified, by an alias, in any case, in any part, or by a star."""
    assert "payer" in spelled(text, COLUMNS)["bills"]


@pytest.mark.parametrize("text", [
    "SELECT sum(total) FROM bills",
    "SELECT count(*) FROM bills",
    "SELECT total * 2 FROM bills",
    "SELECT total /* twice */ * 2 FROM bills",
    "SELECT 'a' * total FROM bills",
    "SELECT g.payer FROM guests g JOIN bills b ON b.id = g.id",
    "SELECT payer FROM guests",
    "SELECT payer_id FROM bills",
    "SELECT total FROM bills WHERE kind = 'payer'",
    "SELECT total FROM bills -- by payer",
    "SELECT total /* not payer */ FROM bills",
    "INSERT INTO bills (id, payer) VALUES (1, 'x')",
    "CREATE INDEX i ON bills (payer)",
    "CREATE TABLE bills (payer TEXT)",
    "CREATE VIEW payers AS SELECT payer FROM bills",
    "SELECT total FROM bills WHERE path = 'C:\\' AND kind = 'x'",
])
def test_other_words_are_no_name(text: str) -> None:
    """Another table's column, a value, a comment, a new row, a change of the structure."""
    assert spelled(text, COLUMNS) == {}


def test_a_part_is_judged_by_the_statement_around_it() -> None:
    """A condition names a column of the tables it stands among, and of no others."""
    assert spelled("payer > 'A'", COLUMNS, here={"bills"}) == {"bills": {"payer"}}
    assert spelled("payer > 'A'", COLUMNS) == {}
    assert spelled("SELECT * FROM bills", COLUMNS, loads=True) == {}
    assert spelled("SELECT holder FROM crm.cards", COLUMNS) == {"crm.cards": {"holder"}}
