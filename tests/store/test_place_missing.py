"""Where the database lacks a column the law asks, rows of that table stay and others go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from flask_guesterase.core.log import canonical
from flask_guesterase.core.rule import Open
from flask_guesterase.store import tables
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.retaining import holds, law, vouching
from flask_guesterase.store.retaining.living import Hold
from flask_guesterase.store.sweeping import looking
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.work import Work
from tests import engines
from tests.store import kept
from tests.store.night import Night
from tests.store.test_expiry import Inn


@pytest.fixture(params=engines.DEEP)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database on SQLite; on each of the three engines at full depth."""
    with engines.fresh_database(request.param) as made:
        yield made


def lose(hotel: Inn | Night, table: str, column: str) -> None:
    """Let the host take a column away."""
    with hotel.engine.begin() as conn:
        conn.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))


def opened(work: Work, table: str) -> set[str]:
    """Return why nobody knows until when what the law wants of rows of a table stays."""
    declared = work.datamap.declared(table)
    records = law.records_of(work, declared, [(1,)])
    kept = law.reasons(work, declared, records)
    return {word for said in kept.values() for reason in said.values() for word in reason.open}


@pytest.mark.parametrize(("table", "column"), [("people", "hotel"), ("bills", "dated")])
def test_rows_of_which_the_law_is_told_nothing_any_more_stay(
    url: str, tmp_path: Path, table: str, column: str
) -> None:
    """Where they lie, or since when, nobody can tell; what is known of another table counts."""
    inn = Inn(url, tmp_path)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    lose(inn, table, column)
    other = "bills" if table == "people" else "people"
    with inn.begin() as office:
        assert opened(office.work, table) == {Open.NO_PLACE}
        assert Open.NO_PLACE not in opened(office.work, other)
        found = [(each.id, each.table) for each in office.work.whole().findings]
    assert ("column-missing", table) in found
    inn.engine.dispose()


@pytest.mark.parametrize("column", ["", "role", "dated"])
def test_what_was_written_down_ends_no_row_of_which_a_column_is_missing(
    url: str, tmp_path: Path, column: str
) -> None:
    """A bill was kept for a day of long ago, and says a later one by now: in a column that is gone,
    or in one that is there."""
    inn = Inn(url, tmp_path)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    kept.note(inn.engine, "bills", "int:1", '["payer"]')
    with inn.begin() as office:
        (line,) = office.work.conn.execute(select(tables.kept)).all()
        told = {"events": {"document": "2020-01-01"}, "answers": {"role": "main"}, "place": "sh"}
        said = vouching.vouched(office.work, dict(line._mapping), told)
        office.work.conn.execute(update(tables.kept).values(facts=canonical(said).decode()))
    if column:
        lose(inn, "bills", column)
    with inn.begin() as office:
        declared = office.work.datamap.declared("bills")
        records = law.records_of(office.work, declared, [(1,)])
        assert "invoice_accounting" in law.reasons(office.work, declared, records)[1,]
    inn.engine.dispose()


@pytest.mark.parametrize(
    ("table", "column"), [("people", "hotel"), ("people", "seen"), ("bills", "dated")]
)
def test_a_night_names_the_table_that_lacks_a_column_and_goes_on_with_others(
    url: str, tmp_path: Path, table: str, column: str
) -> None:
    """What it cannot read it leaves as it is."""
    inn = Inn(url, tmp_path)
    inn.person(1, date(2020, 3, 1))
    inn.bill(1, dated=date(2020, 1, 1))
    lose(inn, table, column)
    told: dict[str, str] = {}
    looking.look(inn.run, Shift(), told)
    expiry.erase_due(inn.run, expiry.Bounds(frozenset()), Shift(), {})
    assert told == {f"look:{table}": "SetupError"}
    with inn.engine.connect() as conn:
        named = conn.execute(text("SELECT name FROM people")).scalar_one()
        payer = conn.execute(text("SELECT payer FROM bills")).scalar_one()
    assert (named == "Ann Berg", payer == "Ann Berg") == (table == "people", table == "bills")
    inn.engine.dispose()


@pytest.fixture
def night(url: str, tmp_path: Path) -> Iterator[Night]:
    """A guest register that lost the column of the hotel's code, and nothing else."""
    made = Night(url, tmp_path)
    made.stay(1)
    lose(made, "registrations", "hotel")
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("table", "place", "held"),
    [("registrations", "sh", True), ("registrations", "mu", True), ("guests", "sh", True),
     ("guests", "mu", False)],
)  # fmt: skip
def test_a_line_of_which_nobody_can_tell_where_it_lies_is_held_wherever_a_hold_is(
    night: Night, table: str, place: str, held: bool
) -> None:
    """Rows of other tables are held where they lie, as ever."""
    hold = Hold(1, "place", place)
    found = night.run(lambda office: holds.covered(office.work, [hold], table, [(1,)], None))
    assert bool(found) is held
