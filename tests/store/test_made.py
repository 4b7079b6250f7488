"""Promise: what a database computes is known by all that it is made of."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Computed,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    func,
)

from flask_guesterase.store.mapping.made import made_of, named


def table(*columns: Column[Any]) -> Table:
    """A table with a name in two columns, one of which has to be quoted."""
    return Table(
        "slips", MetaData(), Column("id", Integer, primary_key=True), Column("name", String(40)),
        Column("Paid By", String(40)), Column("total", Integer), *columns,
    )  # fmt: skip


@pytest.mark.parametrize(("expression", "columns"), [
    ("lower(name || ' ' || total)", {"name", "total"}),
    ("upper(NAME)", {"name"}),
    ('lower("Paid By")', {"Paid By"}),
    ("lower(surname || name_of || total2)", set()),
    (func.lower(Column("name", String)), {"name"}),
    ("total = 'name' OR total = 'it''s his name (total'", {"total"}),
    ("lower((\"Paid By\")::name)", {"Paid By"}),
    ("cast(total AS name)", {"total"}),
    ("concat(\"it's \", name, ' his')", {"name"}),
    ("concat('\\'', name, '\\'')", {"name"}),
    ("total) virtual, name varchar(40", {"total"}),
    ("replace(total, ')', '')) stored, name varchar(40", {"total"}),
])  # fmt: skip
def test_what_a_column_is_computed_of_is_what_its_expression_names(
    expression: Any, columns: set[str]
) -> None:
    """However it is spelled, and not by a part of a longer word, a literal, a type or the rest."""
    assert made_of(table(Column("made", String(90), Computed(expression)))) == {"made": columns}


def test_what_is_computed_of_something_computed_is_made_of_what_that_is_made_of() -> None:
    """In whichever order they stand; a function that is called as its column leads nowhere."""
    made = table(
        Column("loud", String(90), Computed("upper(lower)")),
        Column("lower", String(90), Computed("lower(name)")),
    )
    assert made_of(made) == {"loud": {"name"}, "lower": {"name"}}
    assert named("loud || total", made) == {"name", "total"}


def test_what_is_read_off_a_file_is_made_of_no_column_that_follows_in_its_line(
    sqlite_url: str,
) -> None:
    """SQLite writes what is added to a table behind what is there; a reflection takes it all."""
    engine = create_engine(sqlite_url)
    with engine.begin() as conn:
        conn.exec_driver_sql("CREATE TABLE bills (id INTEGER PRIMARY KEY, net INT, vat INT)")
        conn.exec_driver_sql(
            "ALTER TABLE bills ADD COLUMN total INT GENERATED ALWAYS AS (net + vat) VIRTUAL"
        )
        conn.exec_driver_sql("ALTER TABLE bills ADD COLUMN billed_to VARCHAR(80)")
    bills = Table("bills", MetaData(), autoload_with=engine)
    engine.dispose()
    assert made_of(bills) == {"total": {"net", "vat"}}


def test_what_an_engine_writes_into_an_expression_names_no_column(database_url: str) -> None:
    """PostgreSQL adds types, MariaDB character sets; a literal stays what it was."""
    engine = create_engine(database_url)
    Table(
        "slips", metadata := MetaData(), Column("id", Integer, primary_key=True),
        Column("payer", String(40)), Column("text", String(40)), Column("kind", String(40)),
        Column(
            "due", Integer,
            Computed("case when kind = 'payer' then 1 else 0 end", persisted=True),
        ),
    )  # fmt: skip
    metadata.create_all(engine)
    slips = Table("slips", MetaData(), autoload_with=engine)
    engine.dispose()
    assert made_of(slips) == {"due": {"kind"}}
