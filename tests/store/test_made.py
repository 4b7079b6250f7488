"""Promise: what a database computes is known by all that it is made of."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Computed, Integer, MetaData, String, Table, func

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
])  # fmt: skip
def test_what_a_column_is_computed_of_is_what_its_expression_names(
    expression: Any, columns: set[str]
) -> None:
    """However it is spelled, and not by a part of a longer word."""
    assert made_of(table(Column("made", String(90), Computed(expression)))) == {"made": columns}


def test_what_is_computed_of_something_computed_is_made_of_what_that_is_made_of() -> None:
    """In whichever order they stand; a function that is called as its column leads nowhere."""
    made = table(
        Column("loud", String(90), Computed("upper(lower)")),
        Column("lower", String(90), Computed("lower(name)")),
    )
    assert made_of(made) == {"loud": {"name"}, "lower": {"name"}}
    assert named("loud || total", made) == {"name", "total"}
